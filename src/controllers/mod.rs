//! L3: the controllers of kube-controller-manager, one file and one row each. Each is a pure decision: what it sees in, a
//! plan out. They never write, and never import each other, the kernel or the cluster.

pub mod claims;
mod cluster_role_aggregation;
pub mod controller_history;
mod cron_job;
pub mod cron_job_time;
mod csi_host_path;
mod custom_resources;
mod daemon_set;
mod daemon_set_nodes;
mod daemon_set_update;
mod deployment;
pub mod deployment_arithmetic;
#[cfg(test)]
mod deployment_cases;
pub mod deployment_conditions;
mod deployment_revisions;
mod deployment_status;
mod deployment_sync;
mod disruption;
pub mod endpoint_ports;
mod endpoint_slice_mirroring;
mod endpoint_slices;
mod endpoints;
mod ephemeral_volume;
mod garbage_collector;
pub mod hpa;
pub mod hpa_calculator;
pub mod hpa_metrics;
pub mod hpa_requests;
pub mod hpa_rules;
pub mod hpa_scale;
mod hpa_status;
mod ingress_status;
mod job;
pub mod job_count;
pub mod job_finish;
pub mod job_indexes;
pub mod job_pods;
mod job_status;
mod local_path;
mod namespace;
mod namespace_conditions;
mod node_lifecycle;
mod persistent_volume;
mod pod_garbage_collector;
pub mod pods;
mod replica_set;
pub mod replica_set_ranking;
pub mod replica_set_status;
mod resource_quota;
mod root_ca;
mod service_account;
mod service_lb;
mod service_members;
mod slice_endpoint;
mod slice_packing;
mod stateful_set;
pub mod stateful_set_claims;
pub mod stateful_set_pods;
mod stateful_set_steps;
mod taint_eviction;
pub mod template_hash;
mod trigger_time;
mod ttl_after_finished;
mod volume_binding;
mod volume_expansion;
mod volume_protection;
mod volume_provisioning;
mod volume_reclaim;
mod vpa;
mod vpa_checkpoint;
pub mod vpa_estimate;
pub mod vpa_histogram;
mod vpa_updater;

use ecow::EcoString;

use crate::api::{Object, ObjectKey, Value};
use crate::store::{Change, Plan, View};

/// One row of the table of controllers.
pub struct Controller {
    /// `deployment`: as `kube-controller-manager --controllers` names it.
    pub name: &'static str,
    /// Which keys a delivered change calls for.
    pub keys: fn(&Change, &View) -> Vec<Key>,
    /// What to do about a key. The last argument is what the controller asked to be reminded of at its last reconcile of
    /// the key ([`Plan::memory`]), with `lastError` added where its last plan was refused.
    pub reconcile: fn(&View, &Key, &Value) -> Plan,
}

/// What a controller is asked about: an object, or what was one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Key {
    /// Kind of the object.
    pub kind: &'static str,
    /// Which object.
    pub key: ObjectKey,
    /// Its UID where a controller must tell objects of one name apart; empty otherwise.
    pub uid: EcoString,
}

impl Key {
    /// The key of an object, whatever its UID.
    pub fn of(object: &Object) -> Key {
        Key { kind: object.kind.kind, key: object.key(), uid: EcoString::new() }
    }
}

/// Every controller.
pub static CONTROLLERS: &[Controller] = &[
    cron_job::CONTROLLER,
    cluster_role_aggregation::CONTROLLER,
    custom_resources::CONTROLLER,
    daemon_set::CONTROLLER,
    deployment::CONTROLLER,
    disruption::CONTROLLER,
    endpoint_slice_mirroring::CONTROLLER,
    endpoint_slices::CONTROLLER,
    endpoints::CONTROLLER,
    job::CONTROLLER,
    ttl_after_finished::CONTROLLER,
    ephemeral_volume::CONTROLLER,
    garbage_collector::CONTROLLER,
    ingress_status::CONTROLLER,
    local_path::CONTROLLER,
    hpa::CONTROLLER,
    namespace::CONTROLLER,
    node_lifecycle::CONTROLLER,
    persistent_volume::CONTROLLER,
    pod_garbage_collector::CONTROLLER,
    replica_set::CONTROLLER,
    replica_set::REPLICATION,
    resource_quota::CONTROLLER,
    root_ca::CONTROLLER,
    service_account::CONTROLLER,
    service_lb::CONTROLLER,
    taint_eviction::CONTROLLER,
    vpa::CONTROLLER,
    volume_expansion::CONTROLLER,
    csi_host_path::CONTROLLER,
    volume_protection::CLAIMS,
    volume_protection::VOLUMES,
    stateful_set::CONTROLLER,
];
