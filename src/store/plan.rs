//! What a controller decides: a list of actions and when to ask again. A plan changes nothing by itself.

use std::sync::Arc;

use super::Because;
use crate::api::{Object, ObjectKey, Value};
use crate::base::time::Span;

/// The decision of one reconcile.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What to do, in order. When one is refused the rest is not tried, and the key is reconciled again after a back-off.
    pub actions: Vec<Action>,
    /// The earliest time to ask again even if nothing changes; each reconcile says it anew.
    pub requeue_after: Option<Span>,
    /// What the controller wants to be reminded of at its next reconcile of the key; `None` leaves it as it is.
    pub memory: Option<Value>,
    /// How many objects were looked at: a reconcile over many takes longer in virtual time, as in reality.
    pub visited: u32,
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub enum Action {
    /// Create an object.
    Create {
        /// The new object, without uid; with `metadata.generateName` where the server is to name it.
        object: Object,
        /// Why.
        because: Arc<Because>,
        /// The event on success; `{name}` in the message becomes the name of what was created.
        success: Option<EventNote>,
        /// The event on refusal; `{error}` in the message becomes the refusal.
        failure: Option<EventNote>,
    },
    /// Replace an object but for its status; refused as a conflict when it has changed since it was read.
    Update {
        /// The whole object with the resourceVersion it was read at.
        object: Object,
        /// Why.
        because: Arc<Because>,
        /// The event on success.
        success: Option<EventNote>,
    },
    /// Replace the status of an object; refused as a conflict when it has changed since it was read.
    UpdateStatus {
        /// The whole object with its new status.
        object: Object,
        /// Why.
        because: Arc<Because>,
    },
    /// Merge a JSON merge patch into an object or its status, whatever its revision is.
    Patch {
        /// Kind of the object.
        kind: &'static str,
        /// Which object.
        key: ObjectKey,
        /// The UID it must have; empty for any.
        uid: ecow::EcoString,
        /// True for the status sub-resource.
        status: bool,
        /// The merge patch.
        patch: Value,
        /// Why.
        because: Arc<Because>,
    },
    /// Delete an object.
    Delete {
        /// Kind of the object.
        kind: &'static str,
        /// Which object.
        key: ObjectKey,
        /// The UID it must have; empty for any.
        uid: ecow::EcoString,
        /// How.
        options: DeleteOptions,
        /// Why.
        because: Arc<Because>,
        /// The event on success.
        success: Option<EventNote>,
    },
    /// Bind a pod to a node (the pods/binding sub-resource).
    Bind {
        /// The pod.
        key: ObjectKey,
        /// Its UID.
        uid: ecow::EcoString,
        /// The node's name.
        node: ecow::EcoString,
        /// Why.
        because: Arc<Because>,
        /// The event on success.
        success: Option<EventNote>,
    },
    /// Evict a pod (the pods/eviction sub-resource): its disruption budget may refuse.
    Evict {
        /// The pod.
        key: ObjectKey,
        /// Why.
        because: Arc<Because>,
        /// The event on success.
        success: Option<EventNote>,
    },
    /// Change the resources of a running pod (the pods/resize sub-resource).
    Resize {
        /// The pod.
        key: ObjectKey,
        /// Its containers as they are to be.
        containers: Value,
        /// Why.
        because: Arc<Because>,
        /// The event on success.
        success: Option<EventNote>,
    },
    /// Record an event.
    Note(EventNote),
}

/// An event to record; the cluster counts repetitions as upstream's correlator does.
#[derive(Clone, Debug, PartialEq)]
pub struct EventNote {
    /// The object it is about.
    pub regarding: Object,
    /// `spec.containers{web}` where it is about a part; empty otherwise.
    pub field_path: String,
    /// `Normal` or `Warning`.
    pub severity: &'static str,
    /// `SuccessfulCreate`.
    pub reason: &'static str,
    /// The text.
    pub message: String,
    /// `replicaset-controller`.
    pub component: &'static str,
}

/// How to delete.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DeleteOptions {
    /// Seconds of grace; the object's own default where it is not given.
    pub grace_seconds: Option<i64>,
    /// What becomes of what the object owns.
    pub propagation: Propagation,
}

/// What becomes of what a deleted object owns.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Propagation {
    /// The garbage collector deletes it afterwards.
    #[default]
    Background,
    /// The owner stays until it is gone.
    Foreground,
    /// It stays, without an owner.
    Orphan,
}

impl Plan {
    /// Nothing to do.
    pub fn nothing() -> Plan {
        Plan::default()
    }

    /// Adds an action.
    pub fn push(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Asks to be called again after `span` at the latest.
    pub fn again_after(&mut self, span: Span) {
        self.requeue_after = Some(self.requeue_after.map_or(span, |earlier| earlier.min(span)));
    }
}

impl EventNote {
    /// An event about an object as a whole.
    pub fn new(
        regarding: &Object,
        component: &'static str,
        severity: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> EventNote {
        let (regarding, message) = (regarding.clone(), message.into());
        EventNote { regarding, field_path: String::new(), severity, reason, message, component }
    }
}
