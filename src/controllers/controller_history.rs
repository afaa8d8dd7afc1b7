//! The history of StatefulSets and DaemonSets: ControllerRevisions, each with the pod template of its time.

use std::sync::Arc;

use super::claims;
use super::template_hash::safe_encode;
use crate::api::encode::json;
use crate::api::{kind, Object, Value};
use crate::base::order::Order;
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Plan, View};
use crate::value;

/// The label of a pod with the name (StatefulSet) or hash (DaemonSet) of its revision.
pub const REVISION_LABEL: &str = "controller-revision-hash";
/// The most characters of an owner's name in the name of its revision.
const LONGEST_PREFIX: usize = 223;

/// The revisions of an owner, oldest first; those that nobody owns are adopted.
///
/// Models pkg/controller/history ListControllerRevisions and SortControllerRevisions.
pub fn list(view: &View, owner: &Object, component: &'static str, plan: &mut Plan) -> Vec<Object> {
    let claims = claims::claim(view, owner, "ControllerRevision", component, |_| true);
    plan.visited += claims.visited;
    plan.actions.extend(claims.actions);
    let mut revisions = claims.owned;
    revisions.order_by_key(|r| (number(r), r.created(), r.name().to_owned()));
    revisions
}

/// The number of a revision.
pub fn number(revision: &Object) -> i64 {
    revision.at("revision").int()
}

/// The patch that gives an owner the pod template it has now.
///
/// Models pkg/controller/statefulset/stateful_set_utils.go getPatch and its sister of DaemonSets.
pub fn patch_of(owner: &Object) -> Value {
    let mut template = owner.at("spec.template").clone();
    template.map_mut().insert("$patch", "replace");
    value!({"spec": {"template": template}})
}

/// The pod template of a revision.
pub fn template_of(revision: &Object) -> Value {
    let mut template = revision.at("data.spec.template").clone();
    template.remove_key("$patch");
    template
}

/// FNV-1 of 32 bits over the JSON of a patch and the number of collisions, which tells revisions apart: as a StatefulSet
/// of a real cluster has it.
///
/// Models pkg/controller/history HashControllerRevision.
pub fn hash(patch: &Value, collisions: i64) -> String {
    let text = json(patch) + &collisions.to_string();
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(byte));
    safe_encode(&hash.to_string())
}

/// The name of a revision.
///
/// Models pkg/controller/history ControllerRevisionName.
pub fn name(owner: &str, hash: &str) -> String {
    format!("{}-{hash}", &owner[..owner.len().min(LONGEST_PREFIX)])
}

/// A new revision of `owner` as it is now, labels but for the hash's included.
///
/// Models pkg/controller/history NewControllerRevision.
pub fn new(owner: &Object, name: &str, number: i64) -> Object {
    let mut revision = Object::new(kind("ControllerRevision"), owner.namespace(), name);
    for (field, value) in
        [("labels", owner.at("spec.template.metadata.labels")), ("annotations", owner.at("metadata.annotations"))]
    {
        if !value.is_empty() {
            revision.value.slot("metadata").set(field, value.clone());
        }
    }
    revision.set("metadata.ownerReferences", Value::from(vec![owner.controller_reference()]));
    revision.set("data", patch_of(owner));
    revision.set("revision", number);
    revision
}

/// A revision under another number.
pub fn renumber(revision: &Object, number: i64, because: Arc<Because>) -> (Object, Action) {
    let mut object = revision.clone();
    object.set("revision", number);
    (object.clone(), Action::Update { object, because, success: None })
}

/// Deletes the oldest revisions that no pod has and that are more than the owner's limit.
///
/// Models pkg/controller/statefulset/stateful_set_control.go truncateHistory.
pub fn truncate(
    owner: &Object,
    revisions: &[Object],
    live: &dyn Fn(&Object) -> bool,
    who: &'static str,
) -> Vec<Action> {
    let past: Vec<&Object> = revisions.iter().filter(|revision| !live(revision)).collect();
    let limit = owner.at("spec.revisionHistoryLimit").int().max(0) as usize;
    let surplus = past.len().saturating_sub(limit);
    let rule = format!("{limit} revisions that no pod has are kept at most (revisionHistoryLimit)");
    let because = Arc::new(Because::of(who, owner, rule));
    let delete = |revision: &&Object| Action::Delete {
        kind: "ControllerRevision",
        key: revision.key(),
        uid: revision.uid().into(),
        options: DeleteOptions::default(),
        because: because.clone(),
        success: None,
    };
    past[..surplus].iter().map(delete).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_a_real_cluster() {
        let patch = value!({"spec": {"template": {"$patch": "replace", "metadata": {"labels": {"app": "db"}}, "spec": {
            "containers": [{"image": "nginx:1.25", "imagePullPolicy": "IfNotPresent", "name": "c",
                "ports": [{"containerPort": 80, "name": "web", "protocol": "TCP"}],
                "readinessProbe": {"exec": {"command": ["ready-after 3"]}, "failureThreshold": 3, "periodSeconds": 1,
                    "successThreshold": 1, "timeoutSeconds": 1},
                "resources": {}, "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                "volumeMounts": [{"mountPath": "/data", "name": "data"}]}],
            "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
            "securityContext": {}, "terminationGracePeriodSeconds": 30}}}});
        assert_eq!(name("db", &hash(&patch, 0)), "db-66b9df4bc8");
    }
}
