//! Validation of Nodes.

use super::field::{Errors, Path};
use super::{meta, pod_annotations, resources, scheduling};
use crate::api::status::Cause;
use crate::api::{json, Object, Value};
use crate::base::names;

/// Models pkg/apis/core/validation ValidateNode.
pub fn create(node: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(node, names::dns1123_subdomain, &mut errors);
    annotations(node, &mut errors);
    scheduling::taints(node.at("spec.taints"), &Path::new("metadata.taints"), &mut errors);
    capacity(node, &mut errors);
    pod_cidrs(node.at("spec.podCIDRs"), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateNodeUpdate.
pub fn update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    annotations(new, &mut errors);
    capacity(new, &mut errors);
    let addresses = new.at("status.addresses").list();
    for (i, address) in addresses.iter().enumerate().filter(|(i, address)| addresses[..*i].contains(address)) {
        let printed = format!(
            "{{\"Type\":{},\"Address\":{}}}",
            super::field::quote(address.get("type").str()),
            super::field::quote(address.get("address").str())
        );
        errors.duplicate_printed(&Path::new("status.addresses").index(i), printed, "");
    }
    let (now, before) = (new.at("spec.podCIDRs").list(), old.at("spec.podCIDRs").list());
    let changed = if now.len() == before.len() { now.iter().zip(before).filter(|(a, b)| a != b).count() } else { 1 };
    for _ in 0..changed {
        if !before.is_empty() {
            let detail = "node updates may not change podCIDR except from \"\" to valid";
            errors.forbidden(&Path::new("spec.podCIDRs"), detail);
        }
    }
    let provider = "spec.providerID";
    if !old.at(provider).is_empty() && old.at(provider) != new.at(provider) {
        let detail = "node updates may not change providerID except from \"\" to valid";
        errors.forbidden(&Path::new(provider), detail);
    }
    scheduling::taints(new.at("spec.taints"), &Path::new("metadata.taints"), &mut errors);
    if new.at("spec.externalID") != old.at("spec.externalID") {
        errors.forbidden(&Path::new("spec.externalID"), "may not be updated");
    }
    errors.into_causes()
}

const TAINTS: &str = "scheduler.alpha.kubernetes.io/taints";
const AVOID: &str = "scheduler.alpha.kubernetes.io/preferAvoidPods";

/// Models pkg/apis/core/validation ValidateNodeSpecificAnnotations.
fn annotations(node: &Object, errors: &mut Errors) {
    let (found, path) = (node.metadata().get("annotations"), Path::new("metadata.annotations"));
    pod_annotations::listed(found, TAINTS, &path, scheduling::taints, errors);
    let avoided = match found.get(AVOID).str() {
        "" => return,
        text => json::parse(text),
    };
    let avoided = match avoided {
        Ok(avoided) => avoided,
        Err(why) => return errors.invalid(&path.child("AvoidPods"), AVOID, &why),
    };
    let list = path.child(AVOID);
    for (i, entry) in avoided.get("preferAvoidPods").list().iter().enumerate() {
        let item = list.index(i);
        let (path, controller) = (item.child("PodSignature"), entry.at("podSignature.podController"));
        if controller.is_null() {
            errors.required(&path, "");
        } else if !controller.get("controller").bool() {
            errors.invalid(&path.child("PodController.Controller"), false, "must point to a controller");
        }
    }
}

/// Models pkg/apis/coordination/validation ValidateLease.
pub fn lease(lease: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(lease, names::dns1123_subdomain, &mut errors);
    for (field, least, detail) in [
        ("spec.leaseDurationSeconds", 1, "must be greater than 0"),
        ("spec.leaseTransitions", 0, "must be greater than or equal to 0"),
    ] {
        if let Some(n) = lease.at(field).opt_int().filter(|n| *n < least) {
            errors.invalid(&Path::new(field), n, detail);
        }
    }
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateNodeResources.
fn capacity(node: &Object, errors: &mut Errors) {
    for field in ["status.capacity", "status.allocatable"] {
        for (resource, amount) in node.at(field).entries() {
            resources::amount(resource, amount, &Path::new(field).child(resource), errors);
        }
    }
}

fn pod_cidrs(cidrs: &Value, errors: &mut Errors) {
    let path = Path::new("spec.podCIDRs");
    let all = cidrs.list();
    for (i, cidr) in all.iter().enumerate() {
        errors.malformed(&path.index(i), cidr.str(), names::cidr(cidr.str()));
    }
    let six = |cidr: &Value| cidr.str().contains(':');
    if all.len() > 1 && (all.len() > 2 || six(&all[0]) == six(&all[1])) {
        errors.invalid(&path, cidrs, "may specify no more than one CIDR for each IP family");
    }
    for (i, cidr) in all.iter().enumerate().filter(|(i, cidr)| all[..*i].contains(cidr)) {
        errors.duplicate(&path.index(i), cidr);
    }
}
