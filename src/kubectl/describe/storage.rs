//! PersistentVolumeClaim, PersistentVolume and StorageClass.

use super::page::{since, time_text, Page};
use super::volumes;
use crate::api::kinds::cells::{access_modes, labels_text};
use crate::api::{kind, volume_match, Object, Value};
use crate::kubectl::reader::Reader;

/// `[a b]`, as Go prints a list of texts.
fn go_list(items: &Value) -> String {
    format!("[{}]", items.list().iter().map(Value::str).collect::<Vec<_>>().join(" "))
}

fn phase(page: &mut Page, object: &Object, reader: &dyn Reader) {
    match object.is_deleting() {
        true => {
            let lasts = since(object.metadata().get("deletionTimestamp"), reader.now());
            page.line(0, &format!("Status:\tTerminating (lasts {lasts})"));
        }
        false => page.field(0, "Status", object.at("status.phase").str()),
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/describe describePersistentVolumeClaim.
pub(super) fn print_claim(page: &mut Page, claim: &Object, reader: &dyn Reader) {
    page.identity(claim.metadata());
    page.field(0, "StorageClass", volume_match::class_name(claim));
    phase(page, claim, reader);
    page.field(0, "Volume", claim.at("spec.volumeName").str());
    page.labels("Labels", claim.labels());
    page.annotations("Annotations", claim.metadata().get("annotations"));
    page.field(0, "Finalizers", go_list(claim.at("metadata.finalizers")));
    let bound = !claim.at("spec.volumeName").is_empty();
    let where_bound = |text: String| if bound { text } else { String::new() };
    page.field(0, "Capacity", where_bound(volumes::amount(claim.at("status.capacity.storage"))));
    page.field(0, "Access Modes", where_bound(access_modes(claim.at("status.accessModes"))));
    page.field_if(0, "VolumeMode", claim.at("spec.volumeMode").str());
    let source = claim.at("spec.dataSource");
    if !source.is_null() {
        page.line(0, "DataSource:");
        page.field_if(1, "APIGroup", source.get("apiGroup").str());
        page.field(1, "Kind", source.get("kind").str());
        page.field(1, "Name", source.get("name").str());
    }
    let uses = |pod: &Object| volume_match::claims_of_pod(pod).any(|(name, _)| name == claim.name());
    let pods = reader.list(kind("Pod"), claim.namespace()).into_iter().filter(uses);
    page.values("Used By", pods.map(|pod| pod.name().to_owned()).collect());
    let conditions = claim.at("status.conditions").list();
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for condition in conditions {
            let text = |field: &str| Value::str(condition.get(field)).to_owned();
            let time = |field: &str| time_text(condition.get(field));
            let cells =
                [text("type"), text("status"), time("lastProbeTime"), time("lastTransitionTime"), text("reason")];
            page.line(1, &format!("{} \t{}", cells.join(" \t"), text("message")));
        }
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/describe describePersistentVolume.
pub(super) fn print_volume(page: &mut Page, volume: &Object, reader: &dyn Reader) {
    page.field(0, "Name", volume.name());
    page.labels("Labels", volume.labels());
    page.annotations("Annotations", volume.metadata().get("annotations"));
    page.field(0, "Finalizers", go_list(volume.at("metadata.finalizers")));
    page.field(0, "StorageClass", volume_match::class_name(volume));
    phase(page, volume, reader);
    let claim = volume.at("spec.claimRef");
    let claim = match claim.is_null() {
        true => String::new(),
        false => format!("{}/{}", claim.get("namespace").str(), claim.get("name").str()),
    };
    page.field(0, "Claim", claim);
    page.field(0, "Reclaim Policy", volume.at("spec.persistentVolumeReclaimPolicy").str());
    page.field(0, "Access Modes", access_modes(volume.at("spec.accessModes")));
    page.field_if(0, "VolumeMode", volume.at("spec.volumeMode").str());
    page.field(0, "Capacity", volumes::amount(volume.at("spec.capacity.storage")));
    let required = volume.at("spec.nodeAffinity.required");
    if required.is_null() {
        page.field(0, "Node Affinity", "<none>");
    } else {
        page.field(0, "Node Affinity", "");
        let terms = required.get("nodeSelectorTerms").list();
        page.field(1, "Required Terms", if terms.is_empty() { "<none>" } else { "" });
        for (i, term) in terms.iter().enumerate() {
            let expressions = term.get("matchExpressions").list();
            let texts = expressions.iter().map(|e| expression(e, &e.get("operator").str().to_lowercase()));
            print_term(page, 2, i, texts.collect());
        }
    }
    page.field(0, "Message", volume.at("status.message").str());
    page.line(0, "Source:");
    match volume.spec().entries().iter().find(|(key, _)| volumes::is_source(key)) {
        Some((key, source)) => volumes::print_source(page, key, source, true),
        None => page.line(2, "<unknown>"),
    }
}

fn expression(expression: &Value, operator: &str) -> String {
    let values: Vec<&str> = expression.get("values").list().iter().map(Value::str).collect();
    let values = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
    format!("{} {operator}{values}", expression.get("key").str())
}

/// A term of a node selector: its expressions under each other.
fn print_term(page: &mut Page, level: usize, number: usize, expressions: Vec<String>) {
    if expressions.is_empty() {
        page.line(level, &format!("Term {number}:\t<none>"));
    }
    for (i, text) in expressions.iter().enumerate() {
        let head = if i == 0 { format!("Term {number}:") } else { String::new() };
        page.line(level, &format!("{head}\t{text}"));
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/describe describeStorageClass.
pub(super) fn print_class(page: &mut Page, class: &Object, _: &dyn Reader) {
    page.field(0, "Name", class.name());
    let annotations = class.metadata().get("annotations");
    let is_default = class.annotation("storageclass.kubernetes.io/is-default-class") == "true"
        || class.annotation("storageclass.beta.kubernetes.io/is-default-class") == "true";
    page.field(0, "IsDefaultClass", if is_default { "Yes" } else { "No" });
    page.field(0, "Annotations", labels_text(annotations));
    page.field(0, "Provisioner", class.at("provisioner").str());
    page.field(0, "Parameters", labels_text(class.at("parameters")));
    let expansion = match class.at("allowVolumeExpansion").opt_bool() {
        None => "<unset>",
        Some(true) => "True",
        Some(false) => "False",
    };
    page.field(0, "AllowVolumeExpansion", expansion);
    let options = class.at("mountOptions").list();
    if options.is_empty() {
        page.field(0, "MountOptions", "<none>");
    } else {
        page.line(0, "MountOptions:");
        for option in options {
            page.line(1, option.str());
        }
    }
    page.field_if(0, "ReclaimPolicy", class.at("reclaimPolicy").str());
    page.field_if(0, "VolumeBindingMode", class.at("volumeBindingMode").str());
    let topologies = class.at("allowedTopologies");
    if !topologies.is_null() {
        page.field(0, "AllowedTopologies", if topologies.list().is_empty() { "<none>" } else { "" });
        for (i, term) in topologies.list().iter().enumerate() {
            let expressions = term.get("matchLabelExpressions").list();
            print_term(page, 1, i, expressions.iter().map(|e| expression(e, "in")).collect());
        }
    }
}

/// VolumeAttributesClass.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe describeVolumeAttributesClass.
pub(super) fn print_attributes_class(page: &mut Page, class: &Object, _: &dyn Reader) {
    page.field(0, "Name", class.name());
    page.field(0, "Annotations", labels_text(class.metadata().get("annotations")));
    page.field(0, "DriverName", class.at("driverName").str());
    page.field(0, "Parameters", labels_text(class.at("parameters")));
}

/// CSINode.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe describeCSINode.
pub(super) fn print_drivers(page: &mut Page, node: &Object, _: &dyn Reader) {
    page.field(0, "Name", node.name());
    page.labels("Labels", node.labels());
    page.annotations("Annotations", node.metadata().get("annotations"));
    page.field(0, "CreationTimestamp", time_text(node.metadata().get("creationTimestamp")));
    page.line(0, "Spec:");
    let drivers = node.at("spec.drivers");
    if !drivers.is_null() {
        page.line(1, "Drivers:");
    }
    for driver in drivers.list() {
        page.line(2, &format!("{}:", driver.get("name").str()));
        page.field(3, "Node ID", driver.get("nodeID").str());
        if let Some(count) = driver.at("allocatable.count").opt_int() {
            page.line(3, "Allocatables:");
            page.field(4, "Count", count);
        }
        if !driver.get("topologyKeys").is_null() {
            let keys: Vec<&str> = driver.get("topologyKeys").list().iter().map(Value::str).collect();
            page.field(3, "Topology Keys", format!("[{}]", keys.join(" ")));
        }
    }
}
