//! Validation of PersistentVolumeClaims, PersistentVolumes and StorageClasses.

use super::field::{same, Errors, Path};
use super::{claim, internal, meta, resources, scheduling, volume_sources};
use crate::api::status::Cause;
use crate::api::{Object, Value};
use crate::base::names;

const SPEC: Path<'static> = Path::new("spec");

/// Models pkg/apis/core/validation ValidatePersistentVolumeClaim.
pub fn claim(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    claim::spec(object.spec(), &Value::Null, &SPEC, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidatePersistentVolumeClaimUpdate.
pub fn claim_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    meta::object_meta(new, names::dns1123_subdomain, &mut errors);
    claim::spec(new.spec(), old.spec(), &SPEC, &mut errors);
    let (mut now, mut before) = (new.spec().clone(), old.spec().clone());
    if before.get("volumeName").is_empty() && !now.get("volumeName").is_null() {
        before.set("volumeName", now.get("volumeName").clone());
    }
    storage_class(new, old, &mut now, &mut errors);
    if new.at("status.phase").str() == "Bound" {
        if !now.at("resources.requests").is_null() {
            now.set("resources.requests.storage", before.at("resources.requests.storage").clone());
        }
        let class = "volumeAttributesClassName";
        match before.get(class).clone() {
            Value::Null => drop(now.remove_key(class)),
            value => now.set(class, value),
        }
    }
    if !same(&now, &before) {
        let diff = internal::diff(&before, &now, "PersistentVolumeClaimSpec");
        let what =
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound \
                    claims";
        errors.forbidden(&SPEC, &format!("{what}\n{diff}"));
    }
    let size = |value: &Value| resources::quantity(value);
    let wanted = size(new.at("spec.resources.requests.storage"));
    if wanted < size(old.at("spec.resources.requests.storage")) && wanted <= size(old.at("status.capacity.storage")) {
        let path = SPEC.child("resources.requests.storage");
        errors.forbidden(&path, "field can not be less than status.capacity");
    }
    errors.immutable(&Path::new("volumeMode"), new.at("spec.volumeMode"), old.at("spec.volumeMode"));
    attributes_class(new, old, &mut errors);
    errors.into_causes()
}

/// A claim without a class may get one later, by field or by the annotation of old.
///
/// Models pkg/apis/core/validation validateStorageClassUpgradeFromAnnotation and validateStorageClassUpgradeFromNil.
fn storage_class(new: &Object, old: &Object, now: &mut Value, errors: &mut Errors) {
    let key = "volume.beta.kubernetes.io/storage-class";
    let annotation = |object: &Object| object.metadata().get("annotations").get(key).clone();
    let (said, before) = (annotation(new), annotation(old));
    let (class, old_class) = (now.get("storageClassName").clone(), old.at("spec.storageClassName"));
    let from_annotation = !before.is_null() && old_class.is_null() && class == before;
    if from_annotation && (said.is_null() || said == before) {
        now.remove_key("storageClassName");
        return;
    }
    if said.str() != before.str() {
        let path = Path::new("metadata.annotations");
        errors.invalid(&path.child(key), said.str(), "field is immutable");
    }
    if !class.is_null() && old_class.is_null() && (before.is_null() || class == before) {
        now.remove_key("storageClassName");
    }
}

fn attributes_class(new: &Object, old: &Object, errors: &mut Errors) {
    let field = "spec.volumeAttributesClassName";
    let (now, before) = (new.at(field), old.at(field));
    let in_use = !new.at("status.currentVolumeAttributesClassName").is_empty();
    if before.is_null() || now == before || !in_use {
        return;
    }
    match now.opt_str() {
        None => errors.forbidden(&Path::new(field), "update from non-nil value to nil is forbidden"),
        Some("") => errors.forbidden(&Path::new(field), "update from non-nil value to an empty string is forbidden"),
        Some(_) => {}
    }
}

/// Models pkg/apis/core/validation ValidatePersistentVolume.
pub fn volume(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    volume_errors(object, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidatePersistentVolumeUpdate.
pub fn volume_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    volume_errors(new, &mut errors);
    let (mut now, before) = (new.spec().clone(), old.spec());
    let secret = "csi.controllerExpandSecretRef";
    if !before.get("csi").is_null() && before.at(secret).is_null() && !now.at(secret).is_null() {
        now.remove(secret);
    }
    if volume_sources::OF_VOLUMES.iter().any(|(kind, _)| !same(now.get(kind), before.get(kind))) {
        let diff = internal::diff(before, &now, "PersistentVolumeSource");
        let detail = format!("spec.persistentvolumesource is immutable after creation\n{diff}");
        errors.forbidden(&SPEC.child("persistentvolumesource"), &detail);
    }
    errors.immutable(&Path::new("volumeMode"), now.get("volumeMode"), before.get("volumeMode"));
    let affinity = before.get("nodeAffinity");
    if !affinity.is_null() && !same(affinity, &with_old_labels(now.get("nodeAffinity"), affinity)) {
        let detail = "field is immutable, except for updating from beta label to GA";
        let printed = match now.get("nodeAffinity") {
            Value::Null => "null".to_owned(),
            affinity => internal::compact(affinity, "", "VolumeNodeAffinity"),
        };
        errors.invalid_printed(&Path::new("nodeAffinity"), printed, detail);
    }
    if !before.get("volumeAttributesClassName").is_null() && now.get("volumeAttributesClassName").is_null() {
        let detail = "update from non-nil value to nil is forbidden";
        errors.forbidden(&SPEC.child("volumeAttributesClassName"), detail);
    }
    errors.into_causes()
}

/// Labels of nodes that were renamed when they became stable.
const RENAMED: &[(&str, &str)] = &[
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("beta.kubernetes.io/os", "kubernetes.io/os"),
    ("beta.kubernetes.io/arch", "kubernetes.io/arch"),
    ("beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"),
];

/// An affinity with the old names where it has the new names of the same labels.
fn with_old_labels(affinity: &Value, before: &Value) -> Value {
    let mut renamed = affinity.clone();
    let terms = "required.nodeSelectorTerms";
    if affinity.at(terms).is_null() {
        return renamed;
    }
    for (term, was) in renamed.slot_at(terms).items_mut().iter_mut().zip(before.at(terms).list()) {
        for field in ["matchExpressions", "matchFields"] {
            if term.get(field).is_null() {
                continue;
            }
            for (requirement, was) in term.slot(field).items_mut().iter_mut().zip(was.get(field).list()) {
                if RENAMED.contains(&(was.get("key").str(), requirement.get("key").str())) {
                    *requirement.slot("key") = was.get("key").clone();
                }
            }
        }
    }
    renamed
}

/// Models pkg/apis/core/validation ValidatePersistentVolumeSpec.
fn volume_errors(object: &Object, errors: &mut Errors) {
    let spec = object.spec();
    meta::object_meta(object, names::dns1123_subdomain, errors);
    if spec.get("accessModes").is_empty() {
        errors.required(&SPEC.child("accessModes"), "");
    }
    claim::access_modes(spec, &SPEC, errors);
    capacity(spec.get("capacity"), errors);
    let policy = spec.get("persistentVolumeReclaimPolicy");
    let known = ["Delete", "Recycle", "Retain"];
    if !policy.is_empty() && !known.contains(&policy.str()) {
        errors.not_supported(&SPEC.child("persistentVolumeReclaimPolicy"), policy, &known);
    }
    let affinity = spec.get("nodeAffinity");
    if !affinity.is_null() {
        let path = SPEC.child("nodeAffinity");
        if affinity.get("required").is_null() {
            errors.required(&path.child("required"), "must specify required node constraints");
        } else {
            scheduling::node_selector(affinity.get("required"), &path.child("required"), errors);
        }
    }
    volume_sources::of_volume(spec, object.name(), &SPEC, errors);
    let root = spec.at("hostPath.path").str();
    if !root.is_empty() && root.trim_matches('/').is_empty() && policy.str() == "Recycle" {
        let detail = "may not be 'recycle' for a hostPath mount of '/'";
        errors.forbidden(&SPEC.child("persistentVolumeReclaimPolicy"), detail);
    }
    let class = spec.get("storageClassName").str();
    if !class.is_empty() {
        errors.malformed(&SPEC.child("storageClassName"), class, names::dns1123_subdomain(class));
    }
    claim::volume_mode(spec, &SPEC, errors);
    if let Some(class) = spec.get("volumeAttributesClassName").opt_str() {
        let path = SPEC.child("volumeAttributesClassName");
        if class.is_empty() {
            errors.required(&path, "an empty string is disallowed");
        } else {
            errors.malformed(&path, class, names::dns1123_subdomain(class));
        }
        if spec.get("csi").is_null() {
            errors.required(&SPEC.child("csi"), "has to be specified when using volumeAttributesClassName");
        }
    }
}

fn capacity(capacity: &Value, errors: &mut Errors) {
    let path = SPEC.child("capacity");
    if capacity.is_empty() {
        errors.required(&path, "");
    }
    if capacity.get("storage").is_null() || capacity.entries().len() > 1 {
        let shown = if capacity.is_empty() { &Value::Null } else { capacity };
        errors.not_supported(&path, shown, &["storage"]);
    }
    for (resource, amount) in capacity.entries() {
        let amount = resources::quantity(amount);
        if amount.value() < 0 {
            errors.invalid(&path.key(resource), amount.value(), "must be a valid resource quantity");
        }
        if amount.is_negative() || amount.is_zero() {
            errors.invalid(&path.key(resource), amount.to_string(), "must be greater than zero");
        }
    }
}

/// Models pkg/apis/storage/validation ValidateStorageClass.
pub fn class(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    let provisioner = object.at("provisioner").str();
    if provisioner.is_empty() {
        errors.required(&Path::new("provisioner"), "");
    } else {
        errors.malformed(&Path::new("provisioner"), provisioner, names::label_key(&provisioner.to_lowercase()));
    }
    let (parameters, path) = (object.at("parameters"), Path::new("parameters"));
    let mut bytes = 0;
    if parameters.entries().len() > 512 {
        errors.too_long(&path, 512);
    } else {
        for (key, value) in parameters.entries() {
            if key.is_empty() {
                errors.invalid(&path, key, "field can not be empty.");
            }
            bytes += key.len() + value.str().len();
        }
        if bytes > 256 * 1024 {
            errors.too_long(&path, 256 * 1024);
        }
    }
    let policy = object.at("reclaimPolicy").str();
    if !policy.is_empty() && !["Delete", "Retain"].contains(&policy) {
        errors.not_supported(&Path::new("reclaimPolicy"), policy, &["Delete", "Retain"]);
    }
    let (mode, known) = (object.at("volumeBindingMode"), ["Immediate", "WaitForFirstConsumer"]);
    if mode.is_null() {
        errors.required(&Path::new("volumeBindingMode"), "");
    } else if !known.contains(&mode.str()) {
        errors.not_supported(&Path::new("volumeBindingMode"), mode, &known);
    }
    topologies(object.at("allowedTopologies"), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidateTopologySelectorTerm.
fn topologies(terms: &Value, errors: &mut Errors) {
    let list = Path::new("allowedTopologies");
    let all = terms.list();
    for (i, term) in all.iter().enumerate() {
        let path = list.index(i);
        let mut keys: Vec<&str> = Vec::new();
        for (j, requirement) in term.get("matchLabelExpressions").list().iter().enumerate() {
            let expressions = path.child("matchLabelExpressions");
            let path = expressions.index(j);
            let (values, key) = (requirement.get("values").list(), requirement.get("key").str());
            if values.is_empty() {
                errors.required(&path.child("values"), "");
            }
            for (n, value) in values.iter().enumerate().filter(|(n, value)| values[..*n].contains(value)) {
                errors.duplicate(&path.child("values").index(n), value);
            }
            meta::label_name(key, &path.child("key"), errors);
            if keys.contains(&key) {
                errors.duplicate(&path.child("key"), key);
            }
            keys.push(key);
        }
        if all[..i].iter().any(|other| same(other, term)) {
            errors.duplicate(&path.child("matchLabelExpressions"), "");
        }
    }
}

/// Models pkg/apis/storage/validation ValidateStorageClassUpdate.
pub fn class_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    for field in ["parameters", "provisioner", "reclaimPolicy"] {
        if !same(new.at(field), old.at(field)) {
            errors.forbidden(&Path::new(field), &format!("updates to {field} are forbidden."));
        }
    }
    errors.immutable(&Path::new("volumeBindingMode"), new.at("volumeBindingMode"), old.at("volumeBindingMode"));
    errors.into_causes()
}
