//! The conditions of a namespace that is going: what keeps it. They are made here and written elsewhere.

use std::collections::BTreeMap;

use crate::api::{Object, Value};
use crate::value;

/// What is left in a namespace.
#[derive(Default)]
pub(super) struct Remaining {
    /// How many objects, by `plural.group`.
    pub kinds: BTreeMap<String, i64>,
    /// How many objects wait for a finalizer.
    pub finalizers: BTreeMap<String, i64>,
    /// How many of them are pods.
    pub pods: i64,
}

impl Remaining {
    /// Counts an object that will not go at once.
    pub fn add(&mut self, object: &Object) {
        *self.kinds.entry(format!("{}.{}", object.kind.plural, object.kind.group)).or_default() += 1;
        self.pods += i64::from(object.kind.kind == "Pod");
        for finalizer in object.metadata().get("finalizers").list() {
            *self.finalizers.entry(finalizer.str().to_owned()).or_default() += 1;
        }
    }
}

/// The namespace with its conditions of now; none where nothing in them changes. `stuck` counts the pods that should be
/// gone and are not.
///
/// Models pkg/controller/namespace/deletion/status_condition_utils.go updateConditions and the texts around it.
pub(super) fn with_conditions(
    namespace: &Object,
    remaining: &Remaining,
    stuck: Option<i64>,
    now: &str,
) -> Option<Object> {
    let mut object = namespace.clone();
    for (kind, status, reason, message) in wanted(namespace.name(), remaining, stuck) {
        let new = value!({"type": kind, "status": status, "reason": reason, "message": (message.as_str()), "lastTransitionTime": now});
        let conditions = object.value.slot_at("status.conditions").list_mut();
        let Some(old) = conditions.make_mut().iter_mut().find(|c| c.get("type").str() == kind) else {
            conditions.push(new);
            continue;
        };
        let transition =
            if old.get("status").str() == status { old.get("lastTransitionTime").clone() } else { Value::from(now) };
        *old = new;
        old.set("lastTransitionTime", transition);
    }
    (object.value != namespace.value).then_some(object)
}

type Wanted = (&'static str, &'static str, &'static str, String);

fn wanted(namespace: &str, remaining: &Remaining, stuck: Option<i64>) -> [Wanted; 5] {
    let content = match stuck {
        Some(count) => {
            let text = format!(
                "Failed to delete all resource types, {count} remaining: unexpected items still remain in namespace: {namespace} for gvr: /v1, Resource=pods"
            );
            ("NamespaceDeletionContentFailure", "True", "ContentDeletionFailed", text)
        }
        None => {
            let text = "All content successfully deleted, may be waiting on finalization".to_owned();
            ("NamespaceDeletionContentFailure", "False", "ContentDeleted", text)
        }
    };
    [
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered".to_owned(),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".to_owned(),
        ),
        content,
        counted(
            "NamespaceContentRemaining",
            ("ContentRemoved", "All content successfully removed"),
            ("SomeResourcesRemain", "Some resources are remaining: ", " has "),
            &remaining.kinds,
        ),
        counted(
            "NamespaceFinalizersRemaining",
            ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
            ("SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: ", " in "),
            &remaining.finalizers,
        ),
    ]
}

fn counted(
    kind: &'static str,
    good: (&'static str, &str),
    bad: (&'static str, &str, &str),
    counts: &BTreeMap<String, i64>,
) -> Wanted {
    if counts.is_empty() {
        return (kind, "False", good.0, good.1.to_owned());
    }
    let texts = counts.iter().map(|(name, count)| format!("{name}{}{count} resource instances", bad.2));
    (kind, "True", bad.0, format!("{}{}", bad.1, texts.collect::<Vec<_>>().join(", ")))
}
