//! The kubelet: what becomes of a pod once it is bound to a node. It decides on a view and returns plans; it never writes
//! the store.

use ecow::EcoString;

use crate::api::ObjectKey;
use crate::store::{Plan, View};

/// What the kubelet and the container runtime know of one pod.
#[derive(Clone, Debug)]
pub struct PodRuntime {}

/// What is common to the pods of one node.
#[derive(Clone, Debug, Default)]
pub struct NodeRuntime {}

/// Which pod, on which node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PodRef {
    /// Its namespace and name.
    pub key: ObjectKey,
    /// Its UID: a later pod of the same name is another.
    pub uid: EcoString,
    /// The node it is bound to.
    pub node: EcoString,
}

/// Brings a pod a step on.
pub fn sync(
    _view: &View,
    _pod: &PodRef,
    runtime: Option<PodRuntime>,
    _node: &mut NodeRuntime,
) -> (Plan, Option<PodRuntime>) {
    (Plan::nothing(), runtime)
}
