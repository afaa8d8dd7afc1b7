//! The quota's part in a write: refused where a quota would be overstepped, charged where it is not.

use super::{limit_ranger, quota, Store};
use crate::api::amounts::Amounts;
use crate::api::{Object, Status};
use crate::base::order::Order;
use crate::base::time::Timestamp;

/// What pods must say where a quota limits it: a mistake that upstream has kept.
const MUST_SAY: [&str; 6] = ["cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory"];

/// Refuses what LimitRanges and ResourceQuotas do not allow; gives the quotas as they are once the object is stored.
///
/// Models staging/src/k8s.io/apiserver/pkg/admission/plugin/resourcequota CheckRequest.
pub(super) fn check(
    store: &Store,
    object: &Object,
    old: Option<&Object>,
    now: Timestamp,
) -> Result<Vec<Object>, Status> {
    if old.is_none() || object.kind.kind == "PersistentVolumeClaim" {
        limit_ranger::check(store, object)?;
    }
    let kind = object.kind;
    let handled = kind.namespaced && kind.kind != quota::IGNORED && (old.is_none() || quota::counts_changes(kind));
    if !handled || store.count("ResourceQuota") == 0 {
        return Ok(Vec::new());
    }
    let quotas = store.list("ResourceQuota", object.namespace()).filter(|quota| quota::matches(quota, object));
    let mut charged: Vec<Object> = quotas.cloned().collect();
    let refuse = |why: &str| Err(Status::forbidden(&kind.resource(), object.name(), why));
    for quota in &charged {
        let hard = quota.at("status.hard").entries().iter();
        let limited: Vec<&str> = hard.map(|(name, _)| name.as_str()).filter(|name| quota::uses(kind, name)).collect();
        if let Some(why) = unsaid(object, &limited) {
            return refuse(&format!("failed quota: {}: {why}", quota.name()));
        }
        if limited.iter().any(|name| quota.at("status.used").get(name).is_null()) {
            let names = limited.join(",");
            return refuse(&format!("status unknown for quota: {}, resources: {names}", quota.name()));
        }
    }
    let mut more = quota::usage(object, now);
    if let Some(old) = old {
        more.subtract(&quota::usage(old, now));
    }
    more.retain(|_, amount| !amount.is_zero() && !amount.is_negative());
    charged.retain(|quota| {
        let hard = quota.at("status.hard");
        more.iter().any(|(name, _)| !hard.get(name).is_null())
    });
    for quota in &mut charged {
        let hard = Amounts::read(quota.at("status.hard"));
        let mut asked = more.clone();
        asked.retain(|name, _| hard.get(name).is_some());
        let before = Amounts::read(quota.at("status.used"));
        let mut after = before.clone();
        after.add(&asked);
        let mut over = asked;
        over.retain(|name, _| after.get(name) > hard.get(name));
        if !over.is_empty() {
            let list = |from: &Amounts| {
                let amounts = over.iter().filter_map(|(name, _)| Some(format!("{name}={}", from.get(name)?)));
                amounts.collect::<Vec<_>>().join(",")
            };
            let (used, most) = (list(&before), list(&hard));
            let name = quota.name();
            return refuse(&format!(
                "exceeded quota: {name}, requested: {}, used: {used}, limited: {most}",
                list(&over)
            ));
        }
        quota.set("status.used", after.to_value());
    }
    Ok(charged)
}

/// What the containers of a pod leave open of what they must say.
///
/// Models pkg/quota/v1/evaluator/core podEvaluator.Constraints.
fn unsaid(pod: &Object, limited: &[&str]) -> Option<String> {
    if pod.kind.kind != "Pod" {
        return None;
    }
    let spec = pod.spec();
    let containers = || ["containers", "initContainers"].into_iter().flat_map(|list| spec.get(list).list());
    let lacking = MUST_SAY.iter().filter(|name| limited.contains(name)).filter_map(|name| {
        let mut names: Vec<&str> = containers()
            .filter(|container| {
                let part = |field: &str| Amounts::read(container.get("resources").get(field));
                quota::compute(&part("requests"), &part("limits")).get(name).is_none()
            })
            .map(|container| container.get("name").str())
            .collect();
        names.order();
        (!names.is_empty()).then(|| format!("{name} for: {}", names.join(",")))
    });
    let lacking: Vec<String> = lacking.collect();
    (!lacking.is_empty()).then(|| format!("must specify {}", lacking.join("; ")))
}
