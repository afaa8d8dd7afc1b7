//! What the API server takes but warns of.

use super::config;
use super::field::{quote, Path};
use super::pod_warnings::{self, is_fraction, node_term, old_label, OLD_VOLUMES};
use super::resources::quantity;
use crate::api::{Object, Value};
use crate::base::names;

/// What the admission webhook of the VerticalPodAutoscaler says of its oldest mode.
const AUTO_MODE: &str = "UpdateMode \"Auto\" is deprecated and will be removed in a future API version. Use explicit update modes like \"Recreate\", \"Initial\", or \"InPlaceOrRecreate\" instead. See https://github.com/kubernetes/autoscaler/issues/8424 for more details.";
const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// The warnings that a create brings, or an update of `old`, without the word `Warning` before them.
pub fn warnings(object: &Object, old: Option<&Object>) -> Vec<String> {
    let mut found = Vec::new();
    if old.is_none() {
        name(object, &mut found);
    }
    match object.kind.kind {
        // People rarely change pods, so upstream does not look at their changes.
        "Pod" if old.is_none() => pod_warnings::pod(&object.value, "", &mut found),
        "Deployment" | "ReplicaSet" | "DaemonSet" | "ReplicationController" => {
            template(object, "spec.template", old, &mut found);
        }
        "PodTemplate" => template(object, "template", old, &mut found),
        "Job" => {
            job(object.spec(), &mut found);
            template(object, "spec.template", old, &mut found);
        }
        "CronJob" => {
            job(object.at("spec.jobTemplate.spec"), &mut found);
            template(object, "spec.jobTemplate.spec.template", old, &mut found);
        }
        "StatefulSet" => stateful_set(object, old, &mut found),
        "Endpoints" => {
            found.push("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned());
        }
        "Secret" => secret(object, &mut found),
        "Service" => service(object, &mut found),
        "Ingress" if old.is_none() => ingress(object, &mut found),
        "Node" => node(object.spec(), &mut found),
        "PersistentVolume" => volume(object, &mut found),
        "PersistentVolumeClaim" => {
            old_class(object, &mut found);
            claim(object.spec(), &Path::new("spec"), &mut found);
        }
        "VerticalPodAutoscaler" if object.at("spec.updatePolicy.updateMode").str() == "Auto" => {
            found.push(AUTO_MODE.to_owned());
        }
        "StorageClass" => topologies(object.at("allowedTopologies"), &mut found),
        "ServiceAccount" => {
            let key = "kubernetes.io/enforce-mountable-secrets";
            if !object.metadata().get("annotations").get(key).is_null() {
                let path = Path::new("metadata.annotations");
                let message = "prefer separate namespaces to isolate access to mounted secrets";
                found.push(format!("{}: deprecated in v1.32+; {message}", path.key(key)));
            }
        }
        _ => {}
    }
    found
}

fn name(object: &Object, found: &mut Vec<String>) {
    let used_in = match object.kind.kind {
        "Pod" => "the Pod's hostname",
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" => "Pod names and hostnames",
        _ => return,
    };
    let complaints = names::dns1123_label(object.name());
    if !complaints.is_empty() {
        found.push(format!(
            "metadata.name: this is used in {used_in}, which can result in surprising behavior; a DNS label is \
             recommended: [{}]",
            complaints.join(" ")
        ));
    }
}

/// The template of an object whose spec did not change brings no warnings again.
fn template(object: &Object, path: &str, old: Option<&Object>, found: &mut Vec<String>) {
    let same = |old: &Object| match object.kind.has_generation {
        true => old.generation() == object.generation(),
        false => old.at(path) == object.at(path),
    };
    if !old.is_some_and(same) {
        pod_warnings::pod(object.at(path), path, found);
    }
}

/// Models pkg/api/job WarningsForJobSpec.
fn job(spec: &Value, found: &mut Vec<String>) {
    let indexed = spec.get("completionMode").str() == "Indexed";
    if indexed && spec.get("completions").int() > 100_000 && spec.get("parallelism").int() > 10_000 {
        let message =
            "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, \
                       Kubernetes might not be able to track completedIndexes when a big number of indexes fail";
        found.push(message.to_owned());
    }
}

/// Models pkg/registry/apps/statefulset statefulSetStrategy.WarningsOnCreate.
fn stateful_set(object: &Object, old: Option<&Object>, found: &mut Vec<String>) {
    template(object, "spec.template", old, found);
    let list = Path::new("spec.volumeClaimTemplates");
    for (i, template) in object.at("spec.volumeClaimTemplates").list().iter().enumerate() {
        claim(template.get("spec"), &list.index(i).child("Spec"), found);
    }
    if object.at("spec.revisionHistoryLimit").int() < 0 {
        let message = "a negative value retains all historical revisions; a value >= 0 is recommended";
        found.push(format!("spec.revisionHistoryLimit: {message}"));
    }
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
fn service(service: &Object, found: &mut Vec<String>) {
    let (spec, external) = (service.spec(), service.at("spec.type").str() == "ExternalName");
    let headless = spec.get("type").str() == "ClusterIP" && spec.get("clusterIP").str() == "None";
    let (hints, mode) = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode");
    if !service.metadata().get("annotations").get(hints).is_null() {
        found.push(format!("annotation {hints} is deprecated, please use {mode} instead"));
    }
    let has_addresses = !spec.get("externalIPs").is_empty();
    let mut say = |is_so: bool, text: &str| {
        if is_so {
            found.push(text.to_owned());
        }
    };
    if headless {
        say(!spec.get("loadBalancerIP").is_empty(), "spec.loadBalancerIP is ignored for headless services");
        say(has_addresses, "spec.externalIPs is ignored for headless services");
        let affinity = spec.get("sessionAffinity").str() != "None";
        say(affinity, "spec.SessionAffinity is ignored for headless services");
    }
    for (field, one) in [("clusterIPs", ""), ("externalIPs", ""), ("", "loadBalancerIP")] {
        let list = Path::new("spec");
        let list = list.child(field);
        for (i, address) in spec.get(field).list().iter().enumerate() {
            ip(address.str(), &list.index(i), found);
        }
        ip(spec.get(one).str(), &Path::new("spec").child(one), found);
    }
    let mut say = |is_so: bool, text: &str| {
        if is_so {
            found.push(text.to_owned());
        }
    };
    let deprecated = "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
    say(has_addresses && !headless && !external, deprecated);
    say(has_addresses && external, "spec.externalIPs is ignored when spec.type is \"ExternalName\"");
    let named = !external && !spec.get("externalName").is_empty();
    say(named, "spec.externalName is ignored when spec.type is not \"ExternalName\"");
    let close = spec.get("trafficDistribution").str() == "PreferClose";
    say(close, "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"");
}

/// Models pkg/registry/networking/ingress ingressStrategy.WarningsOnCreate.
fn ingress(object: &Object, found: &mut Vec<String>) {
    let key = "kubernetes.io/ingress.class";
    if !object.metadata().get("annotations").get(key).is_null() {
        found.push(format!("annotation {} is deprecated, please use 'spec.ingressClassName' instead", quote(key)));
    }
}

/// Models pkg/registry/core/node fieldIsDeprecatedWarnings.
fn node(spec: &Value, found: &mut Vec<String>) {
    if !spec.get("configSource").is_null() {
        found.push("spec.configSource: the feature is no longer supported".to_owned());
    }
    if !spec.get("externalID").is_empty() {
        found.push("spec.externalID: this field is deprecated, and is unused by Kubernetes".to_owned());
    }
}

/// Models pkg/api/persistentvolume warningsForPersistentVolumeSpecAndMeta.
fn volume(object: &Object, found: &mut Vec<String>) {
    old_class(object, found);
    let options = "volume.beta.kubernetes.io/mount-options";
    if !object.metadata().get("annotations").get(options).is_null() {
        let path = Path::new("metadata.annotations");
        let message = "deprecated since v1.31; use \"mountOptions\" attribute instead";
        found.push(format!("{}: {message}", path.key(options)));
    }
    let spec = object.spec();
    if spec.get("persistentVolumeReclaimPolicy").str() == "Recycle" {
        let message = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic \
                       provisioning.";
        found.push(format!("spec.persistentVolumeReclaimPolicy: {message}"));
    }
    let terms = Path::new("spec.nodeAffinity.required.nodeSelectorTerms");
    for (i, term) in spec.at("nodeAffinity.required.nodeSelectorTerms").list().iter().enumerate() {
        node_term(term, false, &terms.index(i), found);
    }
    for (_, shown, message) in OLD_VOLUMES.iter().filter(|(kind, ..)| !spec.get(kind).is_null()) {
        found.push(format!("spec.{shown}: {message}"));
    }
}

fn old_class(object: &Object, found: &mut Vec<String>) {
    if !object.metadata().get("annotations").get(OLD_CLASS).is_null() {
        let path = Path::new("metadata.annotations");
        let message = "deprecated since v1.8; use \"storageClassName\" attribute instead";
        found.push(format!("{}: {message}", path.key(OLD_CLASS)));
    }
}

/// Models pkg/api/persistentvolumeclaim GetWarningsForPersistentVolumeClaimSpec.
pub fn claim(spec: &Value, path: &Path<'_>, found: &mut Vec<String>) {
    let resources = path.child("resources");
    for field in ["requests", "limits"] {
        whole_bytes(spec.get("resources").get(field), "storage", &resources.child(field), found);
    }
}

/// Models pkg/api/storage GetWarningsForStorageClass.
fn topologies(terms: &Value, found: &mut Vec<String>) {
    let list = Path::new("allowedTopologies");
    for (i, term) in terms.list().iter().enumerate() {
        let item = list.index(i);
        let path = item.child("matchLabelExpressions");
        for (j, expression) in term.get("matchLabelExpressions").list().iter().enumerate() {
            let key = expression.get("key").str();
            if let Some(message) = old_label(key) {
                found.push(format!("{}: {key} is {message}", path.index(j).child("key")));
            }
        }
    }
}

/// Of bytes there are no fractions.
pub fn whole_bytes(amounts: &Value, resource: &str, path: &Path<'_>, found: &mut Vec<String>) {
    let amount = amounts.get(resource);
    if is_fraction(amount) {
        let shown = quote(&quantity(amount).to_string());
        found.push(format!("{}: fractional byte value {shown} is invalid, must be an integer", path.key(resource)));
    }
}

/// Models staging/src/k8s.io/apimachinery/pkg/util/validation GetWarningsForIP, for the addresses that validation lets in.
pub fn ip(text: &str, path: &Path<'_>, found: &mut Vec<String>) {
    if let Ok(address) = text.parse::<core::net::Ipv6Addr>() {
        let canonical = address.to_string();
        if canonical != text {
            let form = "should be in RFC 5952 canonical format";
            found.push(format!("{path}: IPv6 address {} {form} ({})", quote(text), quote(&canonical)));
        }
    }
}
