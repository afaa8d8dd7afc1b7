//! Deleting: grace periods, finalizers and what a deletion leaves to the garbage collector.

use std::sync::Arc;

use super::plan::{DeleteOptions, Propagation};
use super::{Because, Server};
use crate::api::{Object, Status, Value};
use crate::base::time::{Span, Timestamp};

/// Finalizer of an owner that waits for its dependents.
pub const FOREGROUND: &str = "foregroundDeletion";
/// Finalizer of an owner whose dependents are to be set free.
pub const ORPHAN: &str = "orphan";

/// What a deletion came to.
#[derive(Clone, PartialEq, Debug)]
pub enum Deleted {
    /// The object is gone; this was its last state.
    Gone(Object),
    /// The object is marked and goes later.
    Marked(Object),
}

/// Carries out a deletion of `current`.
///
/// Models staging/src/k8s.io/apiserver/pkg/registry/generic/registry Store.Delete with BeforeDelete: a graceful deletion
/// only marks; finalizers hold; the rest goes at once.
pub(super) fn delete(
    server: &mut Server<'_>,
    current: Object,
    options: DeleteOptions,
    because: &Arc<Because>,
) -> Result<Deleted, Status> {
    let mut object = current.clone();
    let now = server.now();
    add_propagation_finalizer(&mut object, options.propagation);
    super::definitions::hold(&mut object, &now.rfc3339());
    let grace = grace_seconds(&object, options.grace_seconds);
    if object.kind.kind == "Namespace" && !object.is_deleting() {
        object.set("status.phase", "Terminating");
        mark(&mut object, now, 0);
        object.value.remove("metadata.deletionGracePeriodSeconds");
        return Ok(Deleted::Marked(server.store.put(object, server.at, because)));
    }
    if object.is_deleting() {
        let left = object.at("metadata.deletionGracePeriodSeconds").int();
        if grace > 0 && grace >= left {
            return Ok(Deleted::Marked(current));
        }
    }
    let held = !object.at("metadata.finalizers").list().is_empty() || held_by_namespace(&object);
    if grace > 0 || held {
        if !object.is_deleting() || grace < object.at("metadata.deletionGracePeriodSeconds").int() {
            mark(&mut object, now, grace);
        }
        if object == current {
            return Ok(Deleted::Marked(current));
        }
        return Ok(Deleted::Marked(server.store.put(object, server.at, because)));
    }
    if object.kind.kind == "Pod" && object.is_deleting() && object.at("metadata.deletionGracePeriodSeconds").int() > 0 {
        object.set("metadata.deletionGracePeriodSeconds", 0);
        object.set("metadata.deletionTimestamp", now.rfc3339());
        bump_generation(&mut object);
        object = server.store.put(object, server.at, because);
    }
    remove(server, &object, because);
    Ok(Deleted::Gone(object))
}

/// Takes an object out for good, once nothing holds it.
pub(super) fn remove(server: &mut Server<'_>, object: &Object, because: &Arc<Because>) {
    super::service_allocation::release(server.store, object);
    server.store.take(object.clone(), server.at, because);
    super::service_allocation::keep_addresses(server, None, Some(object), because);
}

/// True where a marked object may go: no grace left and no finalizer.
pub(super) fn may_go(object: &Object) -> bool {
    object.is_deleting()
        && object.at("metadata.finalizers").list().is_empty()
        && object.at("metadata.deletionGracePeriodSeconds").int() == 0
        && !held_by_namespace(object)
}

fn held_by_namespace(object: &Object) -> bool {
    object.kind.kind == "Namespace" && !object.at("spec.finalizers").list().is_empty()
}

fn mark(object: &mut Object, now: Timestamp, grace: i64) {
    let at = Timestamp(now.0 + Span::secs(grace as u64).0 as i64);
    object.set("metadata.deletionTimestamp", at.rfc3339());
    object.set("metadata.deletionGracePeriodSeconds", grace);
    bump_generation(object);
}

fn bump_generation(object: &mut Object) {
    if object.kind.has_generation && object.generation() > 0 {
        let generation = object.generation() + 1;
        object.set("metadata.generation", generation);
    }
}

/// Models pkg/registry/core/pod podStrategy.CheckGracefulDelete: a pod that no kubelet has, or that has ended, needs no grace.
fn grace_seconds(object: &Object, wanted: Option<i64>) -> i64 {
    if object.kind.kind != "Pod" {
        return 0;
    }
    let phase = object.at("status.phase").str();
    if object.at("spec.nodeName").str().is_empty() || phase == "Failed" || phase == "Succeeded" {
        return 0;
    }
    wanted.or_else(|| object.at("spec.terminationGracePeriodSeconds").opt_int()).unwrap_or(30).max(0)
}

fn add_propagation_finalizer(object: &mut Object, propagation: Propagation) {
    let finalizer = match propagation {
        Propagation::Background => return,
        Propagation::Foreground => FOREGROUND,
        Propagation::Orphan => ORPHAN,
    };
    if !object.at("metadata.finalizers").list().iter().any(|f| f.str() == finalizer) {
        object.value.slot_at("metadata.finalizers").list_mut().push(Value::from(finalizer));
    }
}
