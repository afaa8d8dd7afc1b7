//! Revisions: the numbers and annotations that keep a Deployment's history on its ReplicaSets.

use super::deployment_arithmetic::{DESIRED_REPLICAS, MAX_REPLICAS};
use crate::api::{Object, Value};

/// Annotation with the number of a revision.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Annotation with the numbers a ReplicaSet had before it was rolled back to.
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// The most characters of the numbers kept there.
const HISTORY_LENGTH: usize = 2_000;
/// The longest name of an object.
pub const MAX_NAME: usize = 253;

/// The revision of a ReplicaSet; 0 where it has none.
///
/// Models pkg/controller/deployment/util Revision.
pub fn revision(set: &Object) -> i64 {
    set.annotation(REVISION).parse().unwrap_or(0)
}

/// The annotations of the new ReplicaSet and whether they are other than before: the Deployment's own, its revision, and
/// the revisions it had.
///
/// Models pkg/controller/deployment/util SetNewReplicaSetAnnotations for one that exists.
pub fn annotations_for(deployment: &Object, set: &Object, next: i64) -> (Value, bool) {
    let before = set.metadata().get("annotations");
    let mut annotations = if before.is_null() { Value::map() } else { before.clone() };
    for (key, value) in deployment.metadata().get("annotations").entries() {
        if !is_own(key) {
            annotations.map_mut().insert(key, value.clone());
        }
    }
    let old = set.annotation(REVISION);
    if !old.is_empty() && old.parse::<i64>().is_err() {
        let changed = annotations != *before;
        return (annotations, changed);
    }
    if revision(set) < next {
        annotations.map_mut().insert(REVISION, next.to_string());
        if !old.is_empty() {
            let history = history(annotations.get(HISTORY).str(), old);
            annotations.map_mut().insert(HISTORY, history);
        }
    }
    let changed = annotations != *before;
    (annotations, changed)
}

/// The history with one more number, without its first ones where it would become too long.
fn history(numbers: &str, last: &str) -> String {
    let mut all: Vec<&str> = numbers.split(',').filter(|n| !n.is_empty()).collect();
    all.push(last);
    while all.len() > 1 && all.iter().map(|n| n.len() + 1).sum::<usize>() > HISTORY_LENGTH {
        all.remove(0);
    }
    all.join(",")
}

/// True for annotations that belong to one object and are not copied to another.
///
/// Models pkg/controller/deployment/util skipCopyAnnotation.
fn is_own(key: &str) -> bool {
    let own = [
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
        "deprecated.deployment.rollback.to",
    ];
    own.contains(&key)
}
