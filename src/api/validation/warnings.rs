//! What the API server takes but warns of.

use super::config;
use super::field::{quote, Path};
use super::pod::each_container;
use super::resources::quantity;
use super::service::headless;
use crate::api::{Object, Value};
use crate::base::names;

/// The warnings that a create brings, or an update of `old`, without the word `Warning` before them.
pub fn warnings(object: &Object, old: Option<&Object>) -> Vec<String> {
    let mut found = Vec::new();
    match object.kind.kind {
        "Pod" => {
            if old.is_none() {
                name_is_no_label(object, "the Pod's hostname", &mut found);
            }
            pod(&object.value, &Path::new(""), old.map(|old| &old.value), &mut found);
        }
        "Endpoints" => {
            found.push("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned());
        }
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => {
            if old.is_none() {
                name_is_no_label(object, "Pod names and hostnames", &mut found);
            }
            template(object, "spec.template", old, &mut found);
        }
        "CronJob" => {
            if old.is_none() {
                name_is_no_label(object, "Pod names and hostnames", &mut found);
            }
            template(object, "spec.jobTemplate.spec.template", old, &mut found);
        }
        "Secret" => secret(object, &mut found),
        "Service" => service(object.spec(), &mut found),
        "ReplicationController" => template(object, "spec.template", old, &mut found),
        _ => {}
    }
    found
}

/// Of a certificate and its key only the outermost shape is looked at.
///
/// Models pkg/api/secret GetWarningsForSecret.
fn secret(secret: &Object, found: &mut Vec<String>) {
    let has_pem =
        |key: &str| String::from_utf8_lossy(&config::decoded(secret.at("data").get(key))).contains("-----BEGIN ");
    if secret.at("type").str() == "kubernetes.io/tls" {
        for (key, input) in [("tls.crt", "certificate"), ("tls.key", "key")] {
            if !has_pem(key) {
                return found.push(format!("tls: failed to find any PEM data in {input} input"));
            }
        }
    }
}

/// Models pkg/api/service GetWarningsForService.
fn service(spec: &Value, found: &mut Vec<String>) {
    let mut ignored = |is_set: bool, field: &str| {
        if is_set {
            found.push(format!("spec.{field} is ignored for headless services"));
        }
    };
    let has_addresses = !spec.get("externalIPs").is_empty();
    if headless(spec) {
        ignored(!spec.get("loadBalancerIP").is_empty(), "loadBalancerIP");
        ignored(has_addresses, "externalIPs");
        ignored(spec.get("sessionAffinity").str() != "None", "SessionAffinity");
    }
    if has_addresses {
        let text = "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
        found.push(text.to_owned());
    }
}

/// A template that did not change brings no warnings again.
fn template(object: &Object, path: &str, old: Option<&Object>, found: &mut Vec<String>) {
    let before = old.map(|old| old.at(path));
    if before != Some(object.at(path)) {
        pod(object.at(path), &Path::new(path), before, found);
    }
}

fn name_is_no_label(object: &Object, used_in: &str, found: &mut Vec<String>) {
    let complaints = names::dns1123_label(object.name());
    if !complaints.is_empty() {
        found.push(format!(
            "metadata.name: this is used in {used_in}, which can result in surprising behavior; a DNS label is \
             recommended: [{}]",
            complaints.join(" ")
        ));
    }
}

/// Labels of nodes that have other names by now.
const OLD_LABELS: &[(&str, &str)] = &[
    ("beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"),
    ("beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    ("failure-domain.beta.kubernetes.io/zone", "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead"),
    ("beta.kubernetes.io/instance-type", "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead"),
];

/// Models pkg/api/pod warningsForPodSpecAndMeta.
fn pod(pod: &Value, root: &Path<'_>, old: Option<&Value>, found: &mut Vec<String>) {
    let prefix = match root.to_string() {
        text if text.is_empty() => "spec".to_owned(),
        text => format!("{text}.spec"),
    };
    let (spec, path) = (pod.get("spec"), Path::new(&prefix));
    for (key, _) in spec.get("nodeSelector").entries() {
        if let Some((_, message)) = OLD_LABELS.iter().find(|(label, _)| label == key) {
            found.push(format!("{}: {message}", path.child("nodeSelector").key(key)));
        }
    }
    let null_selector = "a null labelSelector results in matching no pod";
    for (i, constraint) in spec.get("topologySpreadConstraints").list().iter().enumerate() {
        if constraint.get("labelSelector").is_null() {
            let list = path.child("topologySpreadConstraints");
            found.push(format!("{}: {null_selector}", list.index(i).child("labelSelector")));
        }
    }
    for (i, secret) in spec.get("imagePullSecrets").list().iter().enumerate() {
        if secret.get("name").is_empty() {
            let list = path.child("imagePullSecrets");
            found.push(format!("{}: invalid empty name \"\"", list.index(i).child("name")));
        }
    }
    for (i, volume) in spec.get("volumes").list().iter().enumerate() {
        if !volume.get("gitRepo").is_null() {
            let list = path.child("volumes");
            found.push(format!("{}: deprecated in v1.11", list.index(i).child("gitRepo")));
        }
    }
    each_container(spec, &path, &mut |container, path| self::container(container, path, found));
    let grace = "terminationGracePeriodSeconds";
    let before = old.map_or(0, |old| old.get("spec").get(grace).int());
    if spec.get(grace).int() < 0 && before >= 0 {
        found
            .push(format!("{}: must be >= 0; negative values are invalid and will be treated as 1", path.child(grace)));
    }
}

fn container(container: &Value, path: &Path<'_>, found: &mut Vec<String>) {
    for field in ["limits", "requests"] {
        for resource in ["memory", "ephemeral-storage"] {
            let amount = container.get("resources").get(field).get(resource);
            if !quantity(amount).is_whole() {
                found.push(format!(
                    "{}: fractional byte value {} is invalid, must be an integer",
                    path.child("resources").child(field).key(resource),
                    quote(&quantity(amount).to_string())
                ));
            }
        }
    }
    let env = container.get("env").list();
    for (i, variable) in env.iter().enumerate() {
        if env[..i].iter().any(|other| other.get("name") == variable.get("name")) {
            let name = quote(variable.get("name").str());
            let path = path.child("env");
            found.push(format!(
                "{}: hides previous definition of {name}, which may be dropped when using apply",
                path.index(i)
            ));
        }
    }
    let ports = container.get("ports").list();
    let same = |a: &Value, b: &Value| {
        ["containerPort", "protocol", "hostPort", "hostIP"].iter().all(|field| a.get(field) == b.get(field))
    };
    for (i, port) in ports.iter().enumerate() {
        if let Some(first) = ports[..i].iter().position(|other| same(other, port)) {
            let path = path.child("ports");
            found.push(format!("{}: duplicate port definition with {}", path.index(i), path.index(first)));
        }
    }
}
