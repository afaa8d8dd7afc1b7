//! What the API server fills in where a manifest leaves something open: upstream's SetDefaults functions, a file for each
//! family of kinds. Where nothing is open nothing is touched, so that what is shared between objects stays shared.
//!
//! It never reads other objects; what depends on them is admission's part.

mod config;
mod network;
mod pod;
mod policy;
mod storage;
mod stored;
mod workload;

pub use config::{namespace, node, secret};
pub use network::{endpoint_slice, endpoints, ingress_class, network_policy, service};
pub use pod::{image_tag, pod, pod_template};
pub use policy::{autoscaler, binding, priority_class};
pub use storage::{claim, limit_range, storage_class, volume};
pub use stored::stored;
pub use workload::{
    cron_job, daemon_set, deployment, job, job_selector, replica_set, replication_controller, stateful_set,
};

use super::Value;

/// Changes the value under `key`, where there is one, and leaves the whole untouched where that changes nothing.
fn within(value: &mut Value, key: &str, change: impl FnOnce(&mut Value)) {
    let mut inner = value.get(key).clone();
    if inner.is_null() {
        return;
    }
    change(&mut inner);
    if !inner.same(value.get(key)) {
        *value.slot(key) = inner;
    }
}

/// Changes each element of the list under `key`, and leaves the whole untouched where that changes nothing.
fn each(value: &mut Value, key: &str, change: impl Fn(&mut Value)) {
    within(value, key, |list| {
        for i in 0..list.list().len() {
            let mut item = list.list()[i].clone();
            change(&mut item);
            if !item.same(&list.list()[i]) {
                list.items_mut()[i] = item;
            }
        }
    });
}

/// Puts `default` under `key` where there is nothing, or what Go calls empty.
fn fill(value: &mut Value, key: &str, default: impl Into<Value>) {
    if value.get(key).is_empty() {
        *value.slot(key) = default.into();
    }
}
