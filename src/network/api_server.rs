//! What the API server says to somebody who asks it by HTTP without being anybody: the way `curl -k https://kubernetes` goes.
//!
//! It hands out no objects; kubectl is the way to those.

use super::certificate::{self, Certificate};
use super::http::HttpResponse;
use super::request::Request;
use crate::store::settings::VERSION;
use crate::store::View;

/// The user that a request without a certificate or a token is.
const ANONYMOUS: &str = "system:anonymous";

/// Answers a request; anonymous users may ask for health and version, as the role system:public-info-viewer lets them.
///
/// Models staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters Forbidden.
pub fn respond(request: &Request) -> HttpResponse {
    let path = request.path.split('?').next().unwrap_or("/");
    match path {
        "/healthz" | "/livez" | "/readyz" => return HttpResponse::new(200, "text/plain; charset=utf-8", "ok"),
        "/version" | "/version/" => return HttpResponse::new(200, "application/json", version()),
        _ => {}
    }
    if request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
        return status(401, "Unauthorized", "Unauthorized", "{}");
    }
    let message = forbidden(&request.method, path);
    let details = match resource(path) {
        Some(resource) => resource.details(),
        None => "{}".to_owned(),
    };
    status(403, "Forbidden", &message, &details)
}

/// The certificate of the API server, which the cluster's own authority has signed.
pub fn certificate(view: &View) -> Certificate {
    let made = certificate::self_made(view.settings.epoch);
    Certificate { subject: "CN=kube-apiserver".to_owned(), issuer: "CN=kubernetes".to_owned(), ..made }
}

/// What a path of the API names.
struct Resource<'a> {
    group: &'a str,
    namespace: &'a str,
    plural: &'a str,
    name: &'a str,
}

impl Resource<'_> {
    fn details(&self) -> String {
        let mut fields = Vec::new();
        if !self.name.is_empty() {
            fields.push(format!("    \"name\": \"{}\"", self.name));
        }
        if !self.group.is_empty() {
            fields.push(format!("    \"group\": \"{}\"", self.group));
        }
        fields.push(format!("    \"kind\": \"{}\"", self.plural));
        format!("{{\n{}\n  }}", fields.join(",\n"))
    }
}

/// Reads `/api/v1/namespaces/NS/pods/NAME` and `/apis/GROUP/VERSION/...`.
fn resource(path: &str) -> Option<Resource<'_>> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, rest) = match parts.as_slice() {
        ["api", _, rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return None,
    };
    let (namespace, plural, name) = match rest {
        ["namespaces", namespace, plural, name, ..] => (*namespace, *plural, *name),
        ["namespaces", namespace, plural] => (*namespace, *plural, ""),
        ["namespaces", name] => (*name, "namespaces", *name),
        [plural, name, ..] => ("", *plural, *name),
        [plural] => ("", *plural, ""),
        [] => return None,
    };
    Some(Resource { group, namespace, plural, name })
}

fn forbidden(method: &str, path: &str) -> String {
    let Some(r) = resource(path) else {
        let verb = method.to_lowercase();
        return format!("forbidden: User \\\"{ANONYMOUS}\\\" cannot {verb} path \\\"{path}\\\"");
    };
    let verb = match (method, r.name) {
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", "") => "deletecollection",
        ("DELETE", _) => "delete",
        (_, "") => "list",
        _ => "get",
    };
    let whole = match (r.plural, r.group) {
        (plural, "") => plural.to_owned(),
        (plural, group) => format!("{plural}.{group}"),
    };
    let object = if r.name.is_empty() { whole } else { format!("{whole} \\\"{}\\\"", r.name) };
    let scope = match r.namespace {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace \\\"{namespace}\\\""),
    };
    format!(
        "{object} is forbidden: User \\\"{ANONYMOUS}\\\" cannot {verb} resource \\\"{}\\\" in API group \\\"{}\\\" {scope}",
        r.plural, r.group
    )
}

/// A metav1.Status as the API server writes it.
fn status(code: u16, reason: &str, message: &str, details: &str) -> HttpResponse {
    let details = if reason == "Unauthorized" { String::new() } else { format!("  \"details\": {details},\n") };
    let body = format!(
        "{{\n  \"kind\": \"Status\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {{}},\n  \"status\": \"Failure\",\n  \"message\": \"{message}\",\n  \"reason\": \"{reason}\",\n{details}  \"code\": {code}\n}}"
    );
    let mut response = HttpResponse::new(code, "application/json", body);
    response.headers.insert(0, ("Cache-Control".to_owned(), "no-cache, private".to_owned()));
    response.headers.push(("X-Content-Type-Options".to_owned(), "nosniff".to_owned()));
    response
}

fn version() -> String {
    let mut numbers = VERSION.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or("1"), numbers.next().unwrap_or("0"));
    format!("{{\n  \"major\": \"{major}\",\n  \"minor\": \"{minor}\",\n  \"gitVersion\": \"{VERSION}\",\n  \"gitTreeState\": \"clean\",\n  \"compiler\": \"gc\",\n  \"platform\": \"linux/amd64\"\n}}")
}
