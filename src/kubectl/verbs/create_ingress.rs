//! `kubectl create ingress`.

use super::create_kinds::{finish, new_object};
use super::Verb;
use crate::api::Value;
use crate::kubectl::call::{Call, Outcome};
use crate::kubectl::failure::error;
use crate::value;

/// Its row.
pub static VERB: Verb = Verb { name: "ingress", aliases: &["ing"], run: Some(run), ..super::PLAIN };

/// Models staging/src/k8s.io/kubectl/pkg/cmd/create CreateIngressOptions.createIngress.
fn run(call: &mut Call<'_>) -> Outcome {
    let name = call.only_name()?.to_owned();
    let (rules, backend) = (call.line.all("rule").to_vec(), call.line.get("default-backend").map(str::to_owned));
    if rules.is_empty() && backend.is_none() {
        return Err(error("not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)"));
    }
    let mut ingress = new_object(&name, "Ingress");
    for pair in call.line.all("annotation") {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| error(format!("annotation {pair} is invalid and should be in format key=[value]")))?;
        ingress.value.slot_at("metadata.annotations").map_mut().insert(key, value);
    }
    if let Some(class) = call.line.get("class") {
        ingress.set("spec.ingressClassName", class);
    }
    if let Some(text) = backend {
        let backend = service(&text)
            .ok_or_else(|| error("default-backend should be in format servicename:serviceport".to_owned()))?;
        ingress.set("spec.defaultBackend", backend);
    }
    let (mut hosts, mut secured): (Vec<Value>, Vec<Value>) = (Vec::new(), Vec::new());
    for rule in &rules {
        let invalid = || {
            error(format!("rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"))
        };
        add_rule(rule, &mut hosts, &mut secured).ok_or_else(invalid)?;
    }
    if !hosts.is_empty() {
        ingress.set("spec.rules", hosts);
    }
    if !secured.is_empty() {
        ingress.set("spec.tls", secured);
    }
    ingress.set("status.loadBalancer", Value::map());
    finish(call, ingress, "ingress")
}

/// Adds `foo.com/bar*=svc:8080,tls=secret` to the rules; none where it cannot be read.
fn add_rule(text: &str, hosts: &mut Vec<Value>, secured: &mut Vec<Value>) -> Option<()> {
    let (place, target) = text.split_once('=')?;
    let (host, path) = place.split_once('/')?;
    let (backend, tls) = target.split_once(',').map_or((target, None), |(backend, tls)| (backend, Some(tls)));
    let (path, kind) = match path.strip_suffix('*') {
        Some(prefix) => (prefix, "Prefix"),
        None => (path, "Exact"),
    };
    let path = value!({"backend": (service(backend)?), "path": (format!("/{path}")), "pathType": kind});
    match hosts.iter_mut().find(|rule| rule.get("host").str() == host) {
        Some(rule) => rule.slot_at("http.paths").list_mut().push(path),
        None => {
            let mut rule = value!({"http": {"paths": [path]}});
            if !host.is_empty() {
                rule.set("host", host);
            }
            hosts.push(rule);
        }
    }
    if let Some(tls) = tls {
        let mut entry = Value::map();
        if !host.is_empty() {
            entry.set("hosts", value!([host]));
        }
        match tls.split_once('=') {
            Some((_, "")) | None => {}
            Some((_, secret)) => entry.set("secretName", secret),
        }
        secured.push(entry);
    }
    Some(())
}

/// `svc:80` or `svc:http`.
fn service(text: &str) -> Option<Value> {
    let (name, port) = text.split_once(':')?;
    let port = port.parse::<i64>().map_or_else(|_| value!({"name": port}), |number| value!({"number": number}));
    (!name.is_empty()).then(|| value!({"service": {"name": name, "port": port}}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_host_path_service_and_secret() {
        let (mut hosts, mut secured) = (Vec::new(), Vec::new());
        assert!(add_rule("foo.com/bar*=svc:8080,tls=my-cert", &mut hosts, &mut secured).is_some());
        assert_eq!(hosts[0].at("http.paths").index(0).get("pathType").str(), "Prefix");
        assert_eq!(secured[0].get("secretName").str(), "my-cert");
        assert!(add_rule("foo", &mut hosts, &mut secured).is_none());
    }
}
