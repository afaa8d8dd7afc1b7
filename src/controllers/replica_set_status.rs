//! The status of a ReplicaSet: how many of its pods there are, are ready, are available. It only counts.

use super::pods;
use crate::api::{Object, Value};
use crate::base::time::{Span, Timestamp};
use crate::value;

/// The counts over a ReplicaSet's active pods.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Active pods.
    pub replicas: i64,
    /// Those with all labels of the template.
    pub fully_labeled: i64,
    /// Those that are ready.
    pub ready: i64,
    /// Those that have been ready for minReadySeconds.
    pub available: i64,
    /// Pods that are going.
    pub terminating: i64,
    /// When the next ready pod becomes available, where one waits for that.
    pub next_available: Option<Span>,
}

impl Counts {
    /// Models pkg/controller/replicaset/replica_set_utils.go calculateStatus, the counting.
    pub fn of(set: &Object, owned: &[Object], terminating: i64, now: Timestamp) -> Counts {
        let min_ready = set.spec().get("minReadySeconds").int();
        let template = set.at("spec.template.metadata").get("labels").entries();
        let mut counts = Counts { replicas: owned.len() as i64, terminating, ..Counts::default() };
        for pod in owned {
            let labels = pod.labels();
            let labeled = template.iter().all(|(key, value)| labels.get(key) == value);
            counts.fully_labeled += i64::from(labeled);
            if !pods::is_ready(pod) {
                continue;
            }
            counts.ready += 1;
            match pods::until_available(pod, min_ready, now) {
                Some(Span::ZERO) => counts.available += 1,
                Some(wait) => counts.next_available = Some(counts.next_available.map_or(wait, |other| other.min(wait))),
                None => {}
            }
        }
        counts
    }
}

/// The ReplicaSet with its status of now; none where nothing in it changes. `refusal` is why its last pod could not be
/// created or deleted.
///
/// Models pkg/controller/replicaset/replica_set_utils.go calculateStatus and updateReplicaSetStatus.
pub fn with_status(set: &Object, counts: &Counts, refusal: &str, now: &str) -> Option<Object> {
    let old = set.status();
    let mut status = Value::map();
    status.set("replicas", counts.replicas);
    for (field, count) in [
        ("fullyLabeledReplicas", counts.fully_labeled),
        ("readyReplicas", counts.ready),
        ("availableReplicas", counts.available),
    ] {
        if count != 0 {
            status.set(field, count);
        }
    }
    if set.kind.kind == "ReplicaSet" {
        status.set("terminatingReplicas", counts.terminating);
    }
    status.set("observedGeneration", set.generation());
    let conditions = conditions(set, counts, refusal, now);
    if !conditions.list().is_empty() {
        status.set("conditions", conditions);
    }
    if status == *old {
        return None;
    }
    let mut object = set.clone();
    object.set("status", status);
    object.value.remove("metadata.resourceVersion");
    Some(object)
}

fn conditions(set: &Object, counts: &Counts, refusal: &str, now: &str) -> Value {
    let old = set.status().get("conditions").list();
    let failing = old.iter().any(|c| c.get("type").str() == "ReplicaFailure");
    if refusal.is_empty() {
        return old.iter().filter(|c| c.get("type").str() != "ReplicaFailure").cloned().collect();
    }
    let mut conditions: Value = old.iter().cloned().collect();
    if !failing {
        let reason = if counts.replicas > set.spec().get("replicas").int() { "FailedDelete" } else { "FailedCreate" };
        conditions.list_mut().push(value!({
            "type": "ReplicaFailure", "status": "True", "reason": reason, "message": refusal, "lastTransitionTime": now
        }));
    }
    conditions
}
