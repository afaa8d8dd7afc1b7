//! `kubectl create secret generic|tls|docker-registry`.

use super::create_kinds::{finish, new_object};
use super::Verb;
use crate::api::{Map, Value};
use crate::kubectl::call::{Call, Outcome};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::sources;
use base64::Engine;

/// Its row.
pub static VERB: Verb = Verb { name: "secret", subverbs: &[&DOCKER_REGISTRY, &GENERIC, &TLS], ..super::PLAIN };

static GENERIC: Verb = Verb { name: "generic", run: Some(generic), ..super::PLAIN };

static TLS: Verb = Verb { name: "tls", run: Some(tls), ..super::PLAIN };

static DOCKER_REGISTRY: Verb = Verb { name: "docker-registry", run: Some(docker_registry), ..super::PLAIN };

fn encoded(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn make(call: &mut Call<'_>, name: &str, kind: &str, data: Vec<(String, String)>) -> Outcome {
    let mut secret = new_object(name, "Secret");
    if !kind.is_empty() {
        secret.set("type", kind);
    }
    if !data.is_empty() {
        secret.set("data", data.iter().map(|(k, v)| (k, Value::from(encoded(v)))).collect::<Map>());
    }
    finish(call, secret, "secret")
}

fn generic(call: &mut Call<'_>) -> Outcome {
    let name = call.only_name()?.to_owned();
    let data = sources::read(call)?;
    let kind = call.line.text("type").to_owned();
    make(call, &name, &kind, data)
}

fn tls(call: &mut Call<'_>) -> Outcome {
    let name = call.only_name()?.to_owned();
    let (cert, key) = (call.line.text("cert"), call.line.text("key"));
    if cert.is_empty() || key.is_empty() {
        return Err(error("key and cert must be specified"));
    }
    let read = |path: &str| -> Result<String, Failure> {
        let missing = || error(format!("Cannot read file {path}, open {path}: no such file or directory"));
        call.session.file(path).map(str::to_owned).ok_or_else(missing)
    };
    let (cert, key) = (read(cert)?, read(key)?);
    check_pem(&cert, &key)?;
    let data = vec![("tls.crt".to_owned(), cert), ("tls.key".to_owned(), key)];
    make(call, &name, "kubernetes.io/tls", data)
}

/// Whether the two are what they are given for; that they belong together is not looked at.
///
/// Models crypto/tls X509KeyPair.
fn check_pem(cert: &str, key: &str) -> Result<(), Failure> {
    let holds =
        |text: &str, what: &str| text.lines().any(|line| line.starts_with("-----BEGIN ") && line.contains(what));
    let why = if !holds(cert, "") {
        "failed to find any PEM data in certificate input"
    } else if !holds(cert, "CERTIFICATE") && holds(cert, "PRIVATE KEY") {
        "failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched"
    } else if !holds(key, "") {
        "failed to find any PEM data in key input"
    } else if !holds(key, "PRIVATE KEY") && holds(key, "CERTIFICATE") {
        "found a certificate rather than a key in the PEM for the private key"
    } else {
        return Ok(());
    };
    Err(error(format!("tls: {why}")))
}

fn docker_registry(call: &mut Call<'_>) -> Outcome {
    let name = call.only_name()?.to_owned();
    let text = |flag: &str| call.line.text(flag).to_owned();
    let (user, password, email) = (text("docker-username"), text("docker-password"), text("docker-email"));
    let server = call.line.get("docker-server").unwrap_or("https://index.docker.io/v1/").to_owned();
    if call.line.has("from-file") && user.is_empty() {
        let mut data = crate::kubectl::sources::read(call)?;
        if let [(name, _)] = data.as_mut_slice() {
            *name = ".dockerconfigjson".to_owned();
        }
        return make(call, &name, "kubernetes.io/dockerconfigjson", data);
    }
    if user.is_empty() || password.is_empty() {
        return Err(error("either --from-file or the combination of --docker-username, --docker-password and --docker-server is required"));
    }
    let json = |text: &str| crate::api::encode::json(&Value::from(text));
    let mut fields = vec![format!("\"username\":{}", json(&user)), format!("\"password\":{}", json(&password))];
    if !email.is_empty() {
        fields.push(format!("\"email\":{}", json(&email)));
    }
    fields.push(format!("\"auth\":{}", json(&encoded(&format!("{user}:{password}")))));
    let config = format!("{{\"auths\":{{{}:{{{}}}}}}}", json(&server), fields.join(","));
    make(call, &name, "kubernetes.io/dockerconfigjson", vec![(".dockerconfigjson".to_owned(), config)])
}
