//! Services and their pods: which Services a changed pod belongs to, and what endpoints are made of.

use super::Key;
use crate::api::selector;
use crate::api::{Object, ObjectKey, Value};
use crate::store::{Change, Verb, View};

/// The key of the Service of a name.
pub fn service_key(namespace: &str, name: &str) -> Key {
    Key { kind: "Service", key: ObjectKey::new(namespace, name), uid: Default::default() }
}

/// A pod that a Service selects, with what endpoints are made of: read once, because a Service may have thousands.
pub(super) struct Candidate<'a> {
    /// The pod.
    pub pod: &'a Object,
    /// Its name.
    pub name: &'a Value,
    /// Its UID.
    pub uid: &'a str,
    /// Its address; empty while it has none.
    pub ip: &'a Value,
    /// Its node.
    pub node: &'a str,
    /// True once its containers will not run again.
    pub ended: bool,
    /// True once its deletion was asked for.
    pub deleting: bool,
    /// Its Ready condition; null where it has none.
    pub ready: &'a Value,
}

impl<'a> Candidate<'a> {
    fn of(pod: &'a Object, pairs: &Value) -> Option<Candidate<'a>> {
        static NULL: Value = Value::Null;
        if !selector::matches_pairs(pairs, pod.labels()) {
            return None;
        }
        let node = pod.spec().get("nodeName").str();
        let mut found =
            Candidate { pod, name: &NULL, uid: "", ip: &NULL, node, ended: false, deleting: false, ready: &NULL };
        for (key, value) in pod.metadata().entries() {
            match key.as_str() {
                "name" => found.name = value,
                "uid" => found.uid = value.str(),
                "deletionTimestamp" => found.deleting = !value.is_null(),
                _ => {}
            }
        }
        for (key, value) in pod.status().entries() {
            match key.as_str() {
                "phase" => found.ended = matches!(value.str(), "Succeeded" | "Failed"),
                "podIP" => found.ip = value,
                "conditions" => {
                    found.ready = value.list().iter().find(|c| c.get("type").str() == "Ready").unwrap_or(&NULL);
                }
                _ => {}
            }
        }
        Some(found)
    }

    /// True for a pod whose Ready condition is True.
    pub fn is_ready(&self) -> bool {
        self.ready.get("status").str() == "True"
    }

    /// True for a pod that belongs into endpoints at all.
    ///
    /// Models staging/src/k8s.io/endpointslice/util/controller_utils.go ShouldPodBeInEndpoints.
    pub fn belongs(&self, with_terminating: bool) -> bool {
        !self.ended && !self.ip.str().is_empty() && (with_terminating || !self.deleting)
    }
}

/// The pods that a Service selects, by name.
pub(super) fn candidates<'a>(view: &View<'a>, service: &Object) -> Vec<Candidate<'a>> {
    let pairs = service.spec().get("selector");
    let pods = view.store.list("Pod", service.namespace());
    pods.filter_map(|pod| Candidate::of(pod, pairs)).collect()
}

/// The Services whose endpoints a change of a pod may change.
///
/// Models staging/src/k8s.io/endpointslice/util/controller_utils.go GetServicesToUpdateOnPodChange.
pub fn services_of(change: &Change, view: &View) -> Vec<Key> {
    let pod = &change.object;
    let labels_changed = change.touches("metadata.labels");
    if !labels_changed && !endpoints_changed(change) {
        return Vec::new();
    }
    let services = view.store.list("Service", pod.namespace());
    let selected = services.filter(|service| {
        let pairs = service.spec().get("selector");
        let now = selector::matches_pairs(pairs, pod.labels());
        let before = change.old.as_ref().is_some_and(|old| selector::matches_pairs(pairs, old.labels()));
        now || (labels_changed && before)
    });
    selected.map(Key::of).collect()
}

/// Models staging/src/k8s.io/endpointslice/util/controller_utils.go podEndpointsChanged.
fn endpoints_changed(change: &Change) -> bool {
    let (Some(old), Verb::Modified) = (&change.old, change.verb) else { return true };
    let ended = |pod: &Object| super::pods::has_ended(pod);
    let ready = |pod: &Object| pod.condition("Ready").clone();
    ["metadata.deletionTimestamp", "status.podIP", "spec.nodeName", "spec.hostname"].iter().any(|p| change.touches(p))
        || ended(old) != ended(&change.object)
        || ready(old) != ready(&change.object)
}
