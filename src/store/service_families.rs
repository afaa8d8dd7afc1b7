//! Which families of addresses a Service gets, in a cluster that has one: IPv4. It allocates nothing.

use crate::api::status::Cause;
use crate::api::{encode, Object, Status, Value};
use crate::value;

/// The family of the cluster's Service network.
const FAMILY: &str = "IPv4";

/// Completes policy and families, and refuses what asks for a family the cluster does not have.
///
/// Models pkg/registry/core/service/storage Allocators.initIPFamilyFields.
pub(super) fn complete(service: &mut Object, old: Option<&Object>) -> Result<(), Status> {
    let headless = service.at("spec.clusterIP").str() == "None" && service.at("spec.selector").is_empty();
    let before = old.map(|old| old.at("spec.ipFamilyPolicy")).filter(|policy| !policy.is_null()).cloned();
    let usual = if headless { "RequireDualStack" } else { "SingleStack" };
    service.value.set_default("spec.ipFamilyPolicy", before.unwrap_or_else(|| usual.into()));
    let policy = service.at("spec.ipFamilyPolicy").clone();
    let single = policy.str() == "SingleStack";
    if let (true, Some(old)) = (single, old) {
        keep_first(service, old);
    }
    let mut causes = mismatches(service, single, &policy);
    infer(service, &mut causes);
    refused(service, &mut causes)?;
    let mut families = service.at("spec.ipFamilies").list().to_vec();
    if headless {
        if families.is_empty() {
            families.push(FAMILY.into());
        }
        if let ([one], false) = (families.as_slice(), single) {
            let other = if one.str() == FAMILY { "IPv6" } else { FAMILY };
            families.push(other.into());
        }
        service.set("spec.ipFamilies", Value::from(families));
        return Ok(());
    }
    if policy.str() == "RequireDualStack" {
        causes.push(cause("spec.ipFamilyPolicy", &policy, "this cluster is not configured for dual-stack services"));
    }
    for (i, family) in families.iter().enumerate().filter(|(_, family)| family.str() != FAMILY) {
        causes.push(cause(&format!("spec.ipFamilies[{i}]"), family, "not configured on this cluster"));
    }
    refused(service, &mut causes)?;
    if families.is_empty() {
        service.set("spec.ipFamilies", value!([FAMILY]));
    }
    Ok(())
}

/// Who asks for one family only, and leaves the rest as it was, means the first of two.
fn keep_first(service: &mut Object, old: &Object) {
    for field in ["spec.clusterIPs", "spec.ipFamilies"] {
        let list = service.at(field);
        if let (true, [first, _, ..]) = (list == old.at(field), list.list()) {
            let first = first.clone();
            service.set(field, Value::from(vec![first]));
        }
    }
}

/// Two addresses or families where the policy says one.
fn mismatches(service: &Object, single: bool, policy: &Value) -> Vec<Cause> {
    let two = |field: &str| single && service.at(field).list().len() == 2;
    let both = [("spec.clusterIPs", "cluster IPs"), ("spec.ipFamilies", "IP families")];
    let of = |(_, what): (&str, &str)| {
        let detail = format!("must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} are specified");
        cause("spec.ipFamilyPolicy", policy, &detail)
    };
    both.into_iter().filter(|(field, _)| two(field)).map(of).collect()
}

/// Families that the addresses imply.
fn infer(service: &mut Object, causes: &mut Vec<Cause>) {
    let all = service.at("spec.clusterIPs").clone();
    let mut families = service.at("spec.ipFamilies").list().to_vec();
    for (i, ip) in all.list().iter().enumerate().skip(families.len()) {
        match ip.str() {
            "None" | "" => break,
            ip if ip.contains(':') => {
                causes.push(cause(&format!("spec.clusterIPs[{i}]"), &all, "IPv6 is not configured on this cluster"));
            }
            _ => families.push(FAMILY.into()),
        }
    }
    if !families.is_empty() {
        service.set("spec.ipFamilies", Value::from(families));
    }
}

fn refused(service: &Object, causes: &mut Vec<Cause>) -> Result<(), Status> {
    match causes.is_empty() {
        true => Ok(()),
        false => Err(Status::invalid(&service.kind.qualified_kind(), service.name(), std::mem::take(causes))),
    }
}

fn cause(field: &str, value: &Value, detail: &str) -> Cause {
    let message = format!("Invalid value: {}: {detail}", encode::json(value));
    Cause { field: field.to_owned(), reason: "Invalid value", message }
}
