//! Which Services a changed pod belongs to: the keys of all controllers that make endpoints.

use super::Key;
use crate::api::selector;
use crate::api::{Object, ObjectKey};
use crate::store::{Change, Verb, View};

/// The key of the Service of a name.
pub fn service_key(namespace: &str, name: &str) -> Key {
    Key { kind: "Service", key: ObjectKey::new(namespace, name), uid: Default::default() }
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
