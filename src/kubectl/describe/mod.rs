//! `kubectl describe`: one file a kind. A description reads objects and writes text, nothing else.

mod certificate;
mod config_map;
mod containers;
mod daemon_set;
mod deployment;
mod endpoint_slice;
mod endpoints;
pub mod events;
mod generic;
mod horizontal_pod_autoscaler;
mod ingress;
mod job;
mod namespace;
mod network_policy;
mod node;
pub mod page;
mod pod;
mod pod_disruption_budget;
mod rbac;
mod replica_set;
mod secret;
mod service;
mod service_account;
mod stateful_set;
mod storage;
mod template;
mod volumes;

pub use self::containers::resource_value;
use self::page::Page;
pub use self::rbac::rule_rows;
use super::reader::Reader;
use crate::api::Object;

type Describer = fn(&mut Page, &Object, &dyn Reader);

/// The kinds with a description of their own. All others are described field by field.
const DESCRIBERS: &[(&str, Describer)] = &[
    ("CSINode", storage::print_drivers),
    ("CertificateSigningRequest", certificate::print),
    ("ClusterRole", rbac::print_role),
    ("ClusterRoleBinding", rbac::print_binding),
    ("ConfigMap", config_map::print),
    ("PriorityClass", rbac::print_priority),
    ("Role", rbac::print_role),
    ("RoleBinding", rbac::print_binding),
    ("CronJob", job::print_cron),
    ("DaemonSet", daemon_set::print),
    ("Deployment", deployment::print),
    ("EndpointSlice", endpoint_slice::print),
    ("Endpoints", endpoints::print),
    ("HorizontalPodAutoscaler", horizontal_pod_autoscaler::print),
    ("IPAddress", service::print_address),
    ("Ingress", ingress::print),
    ("IngressClass", ingress::print_class),
    ("Job", job::print),
    ("LimitRange", namespace::print_limit_range),
    ("Namespace", namespace::print),
    ("NetworkPolicy", network_policy::print),
    ("Node", node::print),
    ("PersistentVolume", storage::print_volume),
    ("PersistentVolumeClaim", storage::print_claim),
    ("Pod", pod::print),
    ("PodDisruptionBudget", pod_disruption_budget::print),
    ("ReplicaSet", replica_set::print),
    ("ResourceQuota", namespace::print_quota),
    ("ReplicationController", replica_set::print),
    ("Secret", secret::print),
    ("Service", service::print),
    ("ServiceAccount", service_account::print),
    ("ServiceCIDR", service::print_cidr),
    ("StorageClass", storage::print_class),
    ("StatefulSet", stateful_set::print),
    ("VolumeAttributesClass", storage::print_attributes_class),
];

/// The description of an object.
pub fn describe(object: &Object, reader: &dyn Reader, show_events: bool) -> String {
    let mut page = Page::default();
    let own = DESCRIBERS.iter().find(|(kind, _)| *kind == object.kind.kind);
    match own {
        Some((_, print)) => print(&mut page, object, reader),
        None => generic::print(&mut page, object, reader),
    }
    let has_events = !matches!(
        object.kind.kind,
        "Role"
            | "ClusterRole"
            | "RoleBinding"
            | "ClusterRoleBinding"
            | "Secret"
            | "Namespace"
            | "NetworkPolicy"
            | "LimitRange"
            | "ResourceQuota"
    );
    if show_events && has_events {
        let uids = match object.kind.kind {
            "Node" => vec![object.uid(), object.name()],
            _ => vec![object.uid()],
        };
        events::print(&mut page, object, &uids, reader);
    }
    page.finish()
}

/// A pod template as the history of a rollout prints it: with tabs, not in columns.
pub fn template_text(template: &crate::api::Value) -> String {
    let mut page = Page::default();
    template::print(&mut page, template);
    page.raw()
}
