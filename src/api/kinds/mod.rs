//! The kinds table: one file and one row a kind. Everything that lists kinds - `api-resources`, completion, the store,
//! the support table, tests - walks this table.

use super::custom::Custom;
use super::defaults;
use super::object::Object;
use super::status::Cause;
use super::validation;
use crate::base::time::Timestamp;

mod api_service;
pub mod catalog;
pub mod cells;
mod cluster_role;
mod cluster_role_binding;
mod config_map;
mod controller_revision;
mod cron_job;
mod daemon_set;
mod deployment;
mod endpoint_slice;
mod endpoints;
mod event;
mod horizontal_pod_autoscaler;
mod ingress;
mod ingress_class;
mod job;
mod lease;
mod limit_range;
mod namespace;
mod network_policy;
pub mod node;
mod persistent_volume;
mod persistent_volume_claim;
pub mod pod;
pub mod pod_columns;
mod pod_disruption_budget;
mod priority_class;
mod replica_set;
mod replication_controller;
mod resource_quota;
mod role;
mod role_binding;
mod secret;
pub mod service;
mod service_account;
mod stateful_set;
mod storage_class;
mod stored;
mod vertical_pod_autoscaler;

pub use catalog::Catalog;
pub use stored::signing_state;

/// What is known of one kind of object.
pub struct Kind {
    /// `Deployment`; of a custom kind with its group behind, `CronTab.stable.example.com`, so that no two kinds are the same.
    pub kind: &'static str,
    /// `apps`; empty for the core group.
    pub group: &'static str,
    /// `v1`.
    pub version: &'static str,
    /// `deployments`.
    pub plural: &'static str,
    /// `deployment`.
    pub singular: &'static str,
    /// `deploy`.
    pub short_names: &'static [&'static str],
    /// `all`: the groups of kinds it is listed under.
    pub categories: &'static [&'static str],
    /// False for what belongs to the whole cluster.
    pub namespaced: bool,
    /// True where `status` is a sub-resource: a write of the object leaves it, a write of the status leaves the rest.
    pub has_status: bool,
    /// True where `metadata.generation` counts the changes of `spec`.
    pub has_generation: bool,
    /// What a CustomResourceDefinition says of the kind; none for those of the table.
    pub custom: Option<Custom>,
    /// Fills in what the manifest leaves open, as the API server's SetDefaults functions do.
    pub defaults: fn(&mut Object),
    /// All that is wrong with a new object.
    pub validate: fn(&Object) -> Vec<Cause>,
    /// All that is wrong with a change, the new object first.
    pub validate_update: fn(&Object, &Object) -> Vec<Cause>,
    /// The columns of `kubectl get`.
    pub columns: &'static [Column],
    /// The cells of one object, one for each column.
    pub cells: fn(&Object, &PrintContext) -> Vec<String>,
    /// What Kubottle does with the kind and its notable fields.
    pub support: &'static [Support],
}

/// A column of `kubectl get`.
pub struct Column {
    /// The heading.
    pub name: &'static str,
    /// True for what only `-o wide` shows.
    pub wide: bool,
}

/// What a printer may know besides the object.
pub struct PrintContext {
    /// The present, for ages.
    pub now: Timestamp,
    /// True for `-o wide`: cells that are shortened otherwise are whole.
    pub wide: bool,
}

/// How far a kind or a field of it is carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    /// A controller acts on it as upstream's does.
    Modelled,
    /// Accepted, checked, kept and shown, but nothing acts on it.
    Stored,
    /// Not accepted.
    Refused,
}

/// One line of the support table.
pub struct Support {
    /// A field path; empty for the kind as a whole.
    pub field: &'static str,
    /// How far it is carried out.
    pub depth: Depth,
    /// What differs, in a sentence; empty where nothing does.
    pub note: &'static str,
}

/// The line of a kind that is kept and checked but that nothing acts on.
const STORED: Support = Support { field: "", depth: Depth::Stored, note: "" };

/// Every kind, in the order of `kubectl api-resources`: by group, then by plural name.
pub static KINDS: &[&Kind] = &[
    &stored::COMPONENT_STATUS,
    &config_map::KIND,
    &endpoints::KIND,
    &event::KIND,
    &limit_range::KIND,
    &namespace::KIND,
    &node::KIND,
    &persistent_volume_claim::KIND,
    &persistent_volume::KIND,
    &pod::KIND,
    &stored::POD_TEMPLATE,
    &replication_controller::KIND,
    &resource_quota::KIND,
    &secret::KIND,
    &service_account::KIND,
    &service::KIND,
    &stored::MUTATING_POLICY,
    &stored::MUTATING_BINDING,
    &stored::MUTATING_WEBHOOK,
    &stored::VALIDATING_POLICY,
    &stored::VALIDATING_BINDING,
    &stored::VALIDATING_WEBHOOK,
    &stored::CUSTOM_RESOURCE_DEFINITION,
    &api_service::KIND,
    &controller_revision::KIND,
    &daemon_set::KIND,
    &deployment::KIND,
    &replica_set::KIND,
    &stateful_set::KIND,
    &horizontal_pod_autoscaler::KIND,
    &vertical_pod_autoscaler::KIND,
    &stored::VPA_CHECKPOINT,
    &cron_job::KIND,
    &job::KIND,
    &stored::CERTIFICATE_SIGNING_REQUEST,
    &lease::KIND,
    &endpoint_slice::KIND,
    &stored::FLOW_SCHEMA,
    &stored::PRIORITY_LEVEL,
    &ingress_class::KIND,
    &ingress::KIND,
    &stored::IP_ADDRESS,
    &network_policy::KIND,
    &stored::SERVICE_CIDR,
    &stored::RUNTIME_CLASS,
    &pod_disruption_budget::KIND,
    &cluster_role_binding::KIND,
    &cluster_role::KIND,
    &role_binding::KIND,
    &role::KIND,
    &stored::DEVICE_CLASS,
    &stored::RESOURCE_CLAIM,
    &stored::RESOURCE_CLAIM_TEMPLATE,
    &stored::RESOURCE_SLICE,
    &priority_class::KIND,
    &stored::CSI_DRIVER,
    &stored::CSI_NODE,
    &stored::CSI_STORAGE_CAPACITY,
    &storage_class::KIND,
    &stored::VOLUME_ATTACHMENT,
    &stored::VOLUME_ATTRIBUTES_CLASS,
];

/// A resource that `kubectl api-resources` lists and that cannot be kept.
pub struct Unkept {
    /// `tokenreviews`.
    pub plural: &'static str,
    /// Short names, joined by commas.
    pub short: &'static str,
    /// `authentication.k8s.io/v1`.
    pub api_version: &'static str,
    /// False for what belongs to the whole cluster.
    pub namespaced: bool,
    /// `TokenReview`.
    pub kind: &'static str,
    /// What can be done with it.
    pub verbs: &'static str,
}

const fn review(plural: &'static str, api_version: &'static str, namespaced: bool, kind: &'static str) -> Unkept {
    Unkept { plural, short: "", api_version, namespaced, kind, verbs: "create" }
}

/// The resources that cannot be kept: questions to the API server, and views of what is kept elsewhere.
pub static UNKEPT: &[Unkept] = &[
    review("bindings", "v1", true, "Binding"),
    review("selfsubjectreviews", "authentication.k8s.io/v1", false, "SelfSubjectReview"),
    review("tokenreviews", "authentication.k8s.io/v1", false, "TokenReview"),
    review("localsubjectaccessreviews", "authorization.k8s.io/v1", true, "LocalSubjectAccessReview"),
    review("selfsubjectaccessreviews", "authorization.k8s.io/v1", false, "SelfSubjectAccessReview"),
    review("selfsubjectrulesreviews", "authorization.k8s.io/v1", false, "SelfSubjectRulesReview"),
    review("subjectaccessreviews", "authorization.k8s.io/v1", false, "SubjectAccessReview"),
    Unkept {
        plural: "events",
        short: "ev",
        api_version: "events.k8s.io/v1",
        namespaced: true,
        kind: "Event",
        verbs: "create,delete,deletecollection,get,list,patch,update,watch",
    },
];

impl Unkept {
    /// `authentication.k8s.io`; empty for the core group.
    pub fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl Kind {
    /// What can be done with its objects, with commas between.
    pub fn verbs(&self) -> &'static str {
        match self.kind {
            "ComponentStatus" => "get,list",
            "Namespace" => "create,delete,get,list,patch,update,watch",
            _ => "create,delete,deletecollection,get,list,patch,update,watch",
        }
    }

    /// `Deployment`, `CronTab`: the kind as objects and messages name it.
    pub fn name(&self) -> &'static str {
        self.kind.split_once('.').map_or(self.kind, |(name, _)| name)
    }

    /// `apps/v1`, `v1`.
    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `deployments.apps`, `pods`: the resource as error messages name it.
    pub fn resource(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// `deployment.apps`, `pod`: as kubectl's `created` lines name it.
    pub fn singular_resource(&self) -> String {
        match self.group {
            "" => self.singular.to_owned(),
            group => format!("{}.{group}", self.singular),
        }
    }

    /// `Deployment.apps`, `Pod`: the kind as validation errors name it.
    pub fn qualified_kind(&self) -> String {
        match self.group {
            "" => self.kind.to_owned(),
            group => format!("{}.{group}", self.name()),
        }
    }
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind)
    }
}

/// The row of a kind by its exact name, which must be in the table: for names in our own code.
pub fn kind(name: &str) -> &'static Kind {
    find_kind(name).unwrap_or_else(|| panic!("no row of the kinds table is named {name}"))
}

/// The row of a kind by its exact name.
pub fn find_kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|row| row.kind == name).copied()
}

/// What the kinds table calls the kind of a reference: a custom one has its group behind.
pub fn identity(api_version: &str, kind: &str) -> ecow::EcoString {
    match api_version.split_once('/') {
        Some((group, _)) if group.contains('.') && find_kind(kind).is_none_or(|row| row.group != group) => {
            ecow::eco_format!("{kind}.{group}")
        }
        _ => kind.into(),
    }
}

fn no_defaults(_: &mut Object) {}

/// The age of an object; `<unknown>` where it has no creation time.
pub fn age(object: &Object, context: &PrintContext) -> String {
    object.created().map_or_else(|| "<unknown>".to_owned(), |at| age_since(at, context.now))
}

/// The time since an instant as kubectl prints it.
///
/// Models pkg/printers/internalversion translateTimestampSince.
pub fn age_since(at: Timestamp, now: Timestamp) -> String {
    crate::base::time::human_duration(crate::base::time::Span((now.0 - at.0).max(0) as u64))
}

/// An address and a port: IPv6 addresses stand in brackets.
pub fn host_and_port(host: &str, port: i64) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}
