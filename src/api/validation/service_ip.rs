//! Validation of the addresses of a Service and of the families they belong to.

use super::field::{Errors, Path};
use super::service::headless;
use crate::api::{Object, Value};
use crate::base::names;

const SPEC: Path<'static> = Path::new("spec");

/// A client that changes only `clusterIP` means `clusterIPs` too, and one that leaves both out wants them as they were.
///
/// Models pkg/registry/core/service/storage normalizeClusterIPs and patchAllocatedValues.
pub fn follow_cluster_ip(new: &mut Object, old: &Object) {
    let one = |spec: &Value| spec.get("clusterIP").text();
    let (now, before) = (one(new.spec()), one(old.spec()));
    let external = |spec: &Value| spec.get("type").str() == "ExternalName";
    if external(new.spec()) || external(old.spec()) {
        return;
    }
    let all_same = new.spec().get("clusterIPs") == old.spec().get("clusterIPs");
    if now.is_empty() && new.spec().get("clusterIPs").list().is_empty() {
        for field in ["clusterIP", "clusterIPs"] {
            let value = old.spec().get(field).clone();
            if !value.is_null() {
                new.value.slot("spec").map_mut().insert(field, value);
            }
        }
    } else if now != before && all_same && !now.is_empty() {
        new.set("spec.clusterIPs", Value::from(vec![Value::from(now)]));
    } else if now == before && !all_same {
        let first = new.spec().get("clusterIPs").list().first().cloned().unwrap_or(Value::from(""));
        new.set("spec.clusterIP", first);
    }
}

/// The addresses of a Service. Those in `known` were good enough before and still are.
///
/// Models pkg/apis/core/validation ValidateServiceClusterIPsRelatedFields.
pub fn fields(spec: &Value, known: &[Value], errors: &mut Errors) {
    if spec.get("type").str() == "ExternalName" {
        return;
    }
    let (all, path) = (spec.get("clusterIPs"), SPEC.child("clusterIPs"));
    let (first, addresses) = (spec.get("clusterIP").str(), all.list());
    match addresses.first() {
        None if !first.is_empty() => errors.required(&path, ""),
        Some(_) if first.is_empty() => {
            errors.invalid(&path, all, "must be empty when `clusterIP` is not specified");
        }
        Some(address) if address.str() != first => errors.invalid(&path, all, "first value must match `clusterIP`"),
        _ => {}
    }
    families(spec, errors);
    if !well_formed(all, known, &path, errors) {
        return;
    }
    let families: Vec<bool> = addresses.iter().map(|address| names::is_ipv6(address.str())).collect();
    if let [a, b, ..] = families[..] {
        if a == b {
            errors.invalid(&path, all, "may specify no more than one IP for each IP family");
        }
    }
    if headless(spec) {
        return;
    }
    for (i, (six, family)) in families.iter().zip(spec.get("ipFamilies").list()).enumerate() {
        let wrong = match family.str() {
            "IPv4" => *six,
            "IPv6" => !*six,
            _ => false,
        };
        if wrong {
            let detail = format!("expected an {} value as indicated by `ipFamilies[{i}]`", family.str());
            errors.invalid(&path.index(i), &addresses[i], &detail);
        }
    }
}

fn families(spec: &Value, errors: &mut Errors) {
    let path = SPEC.child("ipFamilies");
    let mut seen: Vec<&Value> = Vec::new();
    for (i, family) in spec.get("ipFamilies").list().iter().enumerate() {
        if !["IPv4", "IPv6"].contains(&family.str()) {
            errors.not_supported(&path.index(i), family, &["IPv4", "IPv6"]);
        }
        if seen.contains(&family) {
            errors.duplicate(&path.index(i), family);
        }
        seen.push(family);
    }
    let policy = spec.get("ipFamilyPolicy");
    let known = ["PreferDualStack", "RequireDualStack", "SingleStack"];
    if !policy.is_null() && !known.contains(&policy.str()) {
        errors.not_supported(&SPEC.child("ipFamilyPolicy"), policy, &known);
    }
}

/// False where what follows would only repeat that an address is none.
fn well_formed(all: &Value, known: &[Value], path: &Path<'_>, errors: &mut Errors) -> bool {
    let before = errors.len();
    for (i, address) in all.list().iter().enumerate() {
        if i == 0 && address.str() == "None" {
            if all.list().len() > 1 {
                errors.invalid(path, all, "'None' must be the first and only value");
            }
            continue;
        }
        if !known.contains(address) {
            errors.malformed(&path.index(i), address.str(), names::ip(address.str()));
        }
    }
    let good = errors.len() == before;
    if all.list().len() > 2 {
        errors.invalid(path, all, "may only hold up to 2 values");
    }
    good
}

/// Models pkg/apis/core/validation validateUpgradeDowngradeClusterIPs and validateUpgradeDowngradeIPFamilies.
pub fn update(new: &Value, old: &Value, errors: &mut Errors) {
    let external = |spec: &Value| spec.get("type").str() == "ExternalName";
    if external(new) || external(old) {
        return;
    }
    if !(headless(new) && headless(old)) {
        released_or_added(new, old, "clusterIPs", "clusterIP", errors);
    }
    if !headless(new) && !headless(old) {
        released_or_added(new, old, "ipFamilies", "ipFamily", errors);
    }
}

fn released_or_added(new: &Value, old: &Value, field: &str, one: &str, errors: &mut Errors) {
    let (now, before) = (new.get(field).list(), old.get(field).list());
    let path = SPEC.child(field);
    let shown = if field == "clusterIPs" { "clusterIPs" } else { "ipFamilies" };
    if now.len() == before.len() {
        for (i, _) in before.iter().enumerate().filter(|(i, value)| now[*i] != **value) {
            let index = if field == "clusterIPs" { i } else { 0 };
            errors.invalid(&path.index(index), new.get(shown), "may not change once set");
        }
        return;
    }
    if now.len() < before.len() && new.get("clusterIPs").list().is_empty() {
        errors.invalid(&path.index(0), new.get(shown), &format!("primary {one} can not be unset"));
    }
    if let (Some(now), Some(before)) = (now.first(), before.first()) {
        if now != before {
            errors.invalid(&path.index(0), new.get("clusterIPs"), "may not change once set");
        }
    }
    if now.len() < before.len() && now.len() == 1 && new.get("ipFamilyPolicy").str() != "SingleStack" {
        let detail = format!("must be set to 'SingleStack' when releasing the secondary {one}");
        errors.invalid(&SPEC.child("ipFamilyPolicy"), new.get("ipFamilyPolicy"), &detail);
    }
}
