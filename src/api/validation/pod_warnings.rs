//! What the API server warns of in a pod or in a template of pods.

use super::field::{quote, Path};
use super::pod::each_container;
use super::resources::quantity;
use super::warnings::{ip, whole_bytes};
use crate::api::Value;
use crate::base::names;

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

/// Annotations that nothing reads any more.
const OLD_ANNOTATIONS: &[(&str, &str)] = &[
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
];

/// Sources of volumes that are gone or will go, with the names their warnings give them.
pub const OLD_VOLUMES: &[(&str, &str, &str)] = &[
    ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "gitRepo", "deprecated in v1.11"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

const NULL_SELECTOR: &str = "a null labelSelector results in matching no pod";

/// The warning that a label of nodes deserves.
pub fn old_label(key: &str) -> Option<&'static str> {
    OLD_LABELS.iter().find(|(label, _)| *label == key).map(|(_, message)| *message)
}

/// Models pkg/api/node GetWarningsForNodeSelectorTerm.
pub fn node_term(term: &Value, checks_values: bool, path: &Path<'_>, found: &mut Vec<String>) {
    let list = path.child("matchExpressions");
    for (i, expression) in term.get("matchExpressions").list().iter().enumerate() {
        let (path, key) = (list.index(i), expression.get("key").str());
        if let Some(message) = old_label(key) {
            found.push(format!("{}: {key} is {message}", path.child("key")));
        }
        let values = path.child("values");
        for (j, value) in expression.get("values").list().iter().enumerate().filter(|_| checks_values) {
            for complaint in names::label_value(value.str()) {
                found.push(format!("{}: {}: {complaint}", values.index(j), value.str()));
            }
        }
    }
}

/// The warnings of a pod, or of the template at `root`.
///
/// Models pkg/api/pod warningsForPodSpecAndMeta.
pub fn pod(pod: &Value, root: &str, found: &mut Vec<String>) {
    let at = |part: &str| if root.is_empty() { part.to_owned() } else { format!("{root}.{part}") };
    let (spec_at, notes_at) = (at("spec"), at("metadata.annotations"));
    let (spec, path) = (pod.get("spec"), Path::new(&spec_at));
    let (notes, notes_path) = (pod.at("metadata.annotations"), Path::new(&notes_at));
    placement(spec, &path, found);
    for (key, message) in OLD_ANNOTATIONS.iter().filter(|(key, _)| !notes.get(key).is_null()) {
        found.push(format!("{}: {message}", notes_path.key(key)));
    }
    volumes(spec, &path, found);
    references(spec, &path, found);
    for resource in ["memory", "ephemeral-storage"] {
        whole_bytes(spec.get("overhead"), resource, &path.child("overhead"), found);
    }
    let mut old_profile = |key: String, message: &str| {
        if !notes.get(&key).is_null() {
            found.push(format!("{}: {message}", notes_path.key(&key)));
        }
    };
    let seccomp = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
    let app_armor = "deprecated since v1.30; use the \"appArmorProfile\" field instead";
    if spec.at("securityContext.seccompProfile").is_null() {
        old_profile("seccomp.security.alpha.kubernetes.io/pod".to_owned(), seccomp);
    }
    each_container(spec, &path, &mut |container, _| {
        let name = container.get("name").str();
        if container.at("securityContext.seccompProfile").is_null() {
            old_profile(format!("container.seccomp.security.alpha.kubernetes.io/{name}"), seccomp);
        }
        let profile = "securityContext.appArmorProfile";
        if container.at(profile).is_null() && spec.at(profile).is_null() {
            old_profile(format!("container.apparmor.security.beta.kubernetes.io/{name}"), app_armor);
        }
    });
    each_container(spec, &path, &mut |container, path| self::container(container, path, found));
    ports(spec, &path, found);
    let grace = "terminationGracePeriodSeconds";
    if spec.get(grace).int() < 0 {
        let message = "must be >= 0; negative values are invalid and will be treated as 1";
        found.push(format!("{}: {message}", path.child(grace)));
    }
    empty_selectors(spec, &path, found);
}

fn placement(spec: &Value, path: &Path<'_>, found: &mut Vec<String>) {
    for (key, _) in spec.get("nodeSelector").entries() {
        if let Some(message) = old_label(key) {
            found.push(format!("{}: {message}", path.child("nodeSelector").key(key)));
        }
    }
    let (node, path_of_node) = (spec.at("affinity.nodeAffinity"), path.child("affinity.nodeAffinity"));
    let required = path_of_node.child("requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
    let terms = node.at("requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms").list();
    terms.iter().enumerate().for_each(|(i, term)| node_term(term, false, &required.index(i), found));
    let preferred = path_of_node.child("preferredDuringSchedulingIgnoredDuringExecution");
    for (i, term) in node.get("preferredDuringSchedulingIgnoredDuringExecution").list().iter().enumerate() {
        node_term(term.get("preference"), true, &preferred.index(i).child("preference"), found);
    }
    let list = path.child("topologySpreadConstraints");
    for (i, constraint) in spec.get("topologySpreadConstraints").list().iter().enumerate() {
        let (path, key) = (list.index(i), constraint.get("topologyKey").str());
        if let Some(message) = old_label(key) {
            found.push(format!("{}: {key} is {message}", path.child("topologyKey")));
        }
        if constraint.get("labelSelector").is_null() {
            found.push(format!("{}: {NULL_SELECTOR}", path.child("labelSelector")));
        }
    }
}

fn volumes(spec: &Value, path: &Path<'_>, found: &mut Vec<String>) {
    let list = path.child("volumes");
    let volumes = spec.get("volumes").list();
    for (i, volume) in volumes.iter().enumerate() {
        let path = list.index(i);
        for (_, shown, message) in OLD_VOLUMES.iter().filter(|(kind, ..)| !volume.get(kind).is_null()) {
            found.push(format!("{}: {message}", path.child(shown)));
        }
        let claim = path.child("ephemeral.volumeClaimTemplate.spec");
        super::warnings::claim(volume.at("ephemeral.volumeClaimTemplate.spec"), &claim, found);
    }
    let sources = |volume: &'_ Value| volume.at("projected.sources").list().to_vec();
    let tokens: Vec<Value> =
        volumes.iter().flat_map(sources).map(|s| s.at("serviceAccountToken.path").clone()).collect();
    let taken = |file: &Value| !file.is_null() && tokens.contains(file);
    for (i, volume) in volumes.iter().enumerate() {
        let item = list.index(i);
        let path = item.child("projected.sources");
        for source in volume.at("projected.sources").list() {
            for (kind, shown) in [("configMap", "configMap"), ("secret", "secrets"), ("downwardAPI", "downwardAPI")] {
                for (j, file) in source.get(kind).get("items").list().iter().map(|f| f.get("path")).enumerate() {
                    if taken(file) {
                        let message = "has duplicated path with ServiceAccountToken";
                        found.push(format!("{}: {message} {}", path.child(shown).index(j), quote(file.str())));
                    }
                }
            }
            let bundle = source.at("clusterTrustBundle.path");
            if taken(bundle) {
                let path = path.child("ClusterTrustBundle");
                found.push(format!("{path}: has duplicated path with ServiceAccountToken {}", quote(bundle.str())));
            }
        }
    }
}

/// What is named twice, or not at all.
fn references(spec: &Value, path: &Path<'_>, found: &mut Vec<String>) {
    let servers = path.child("dnsConfig.nameservers");
    for (i, server) in spec.at("dnsConfig.nameservers").list().iter().enumerate() {
        ip(server.str(), &servers.index(i), found);
    }
    for (list, field) in [("hostAliases", "ip"), ("imagePullSecrets", "name")] {
        let (items, path) = (spec.get(list).list(), path.child(list));
        let text = |item: &'_ Value| item.get(field).text();
        for (i, item) in items.iter().enumerate() {
            let path = path.index(i);
            if field == "ip" {
                ip(item.get("ip").str(), &path.child("ip"), found);
            }
            if items[..i].iter().any(|other| text(other) == text(item)) {
                found.push(format!("{}: duplicate {field} {}", path.child(field), quote(&text(item))));
            }
        }
    }
    let list = path.child("imagePullSecrets");
    for (i, _) in spec.get("imagePullSecrets").list().iter().enumerate().filter(|(_, s)| s.get("name").is_empty()) {
        found.push(format!("{}: invalid empty name \"\"", list.index(i).child("name")));
    }
}

fn container(container: &Value, path: &Path<'_>, found: &mut Vec<String>) {
    let resources = path.child("resources");
    for resource in ["memory", "ephemeral-storage"] {
        for field in ["limits", "requests"] {
            whole_bytes(container.get("resources").get(field), resource, &resources.child(field), found);
        }
    }
    let env = container.get("env").list();
    for (i, variable) in env.iter().enumerate() {
        let (name, value) = (variable.get("name").str(), variable.get("value").str());
        let itself = format!("$({name})");
        let builds_on = variable.get("valueFrom").is_null() && value != itself && value.contains(&itself);
        if !builds_on && env[..i].iter().any(|other| other.get("name").str() == name) {
            let path = path.child("env");
            let message = "which may be dropped when using apply";
            found.push(format!("{}: hides previous definition of {}, {message}", path.index(i), quote(name)));
        }
    }
}

fn ports(spec: &Value, path: &Path<'_>, found: &mut Vec<String>) {
    let mut seen: Vec<(String, &Value)> = Vec::new();
    each_container(spec, path, &mut |container, path| {
        let list = path.child("ports");
        for (i, port) in container.get("ports").list().iter().enumerate() {
            let path = list.index(i).to_string();
            let (ip, number) = (port.get("hostIP").str(), port.get("hostPort").int());
            if !ip.is_empty() && number == 0 {
                let text = |field: &str| port.get(field).text();
                found.push(format!(
                    "{path}: hostIP set without hostPort: {{Name:{} HostPort:0 ContainerPort:{} Protocol:{} HostIP:{ip}}}",
                    text("name"),
                    port.get("containerPort").int(),
                    text("protocol")
                ));
            }
            let alike =
                |other: &Value| ["containerPort", "protocol"].iter().all(|field| other.get(field) == port.get(field));
            for (place, other) in seen.iter().filter(|(_, other)| alike(other)) {
                let (other_ip, other_number) = (other.get("hostIP").str(), other.get("hostPort").int());
                let what = if ip == other_ip && number == other_number {
                    "duplicate"
                } else if number == 0 || other_number == 0 {
                    "overlapping"
                } else if number == other_number && ip.is_empty() != other_ip.is_empty() {
                    "dangerously ambiguous"
                } else {
                    continue;
                };
                found.push(format!("{path}: {what} port definition with {place}"));
            }
            seen.push((path, port));
        }
    });
}

fn empty_selectors(spec: &Value, path: &Path<'_>, found: &mut Vec<String>) {
    for kind in ["affinity.podAffinity", "affinity.podAntiAffinity"] {
        for (list, inner) in [
            ("requiredDuringSchedulingIgnoredDuringExecution", ""),
            ("preferredDuringSchedulingIgnoredDuringExecution", "podAffinityTerm."),
        ] {
            let outer = path.child(kind);
            let path = outer.child(list);
            for (i, term) in spec.at(kind).get(list).list().iter().enumerate() {
                let field = format!("{inner}labelSelector");
                if term.at(&field).is_null() {
                    found.push(format!("{}: {NULL_SELECTOR}", path.index(i).child(&field)));
                }
            }
        }
    }
}

/// True where an amount is a fraction of a byte.
pub fn is_fraction(amount: &Value) -> bool {
    !amount.is_null() && quantity(amount).milli_value() % 1000 != 0
}
