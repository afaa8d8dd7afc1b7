//! L2: the objects of the cluster. Revisions, generations, finalizers, owners, the watch log and snapshots; the API server's
//! write path with admission and the address and port allocators.
//!
//! It reacts to nothing by itself: what follows from a change is the controllers' to decide and the cluster's to carry out.

pub mod admission;
mod admission_storage;
pub mod allocator;
pub mod because;
pub mod change;
pub mod definitions;
pub mod deletion;
mod eviction;
pub mod ip_range;
mod kept_fields;
mod limit_ranger;
pub mod metrics;
pub mod objects;
pub mod plan;
mod pod_admission;
mod pod_security;
pub mod quota;
mod quota_admission;
pub mod rbac;
pub mod server;
mod service_allocation;
mod service_families;
mod service_fields;
pub mod settings;
pub mod tally;
pub mod view;
pub mod volume_data;
pub mod vpa_admission;

pub use because::{Because, CauseOf};
pub use change::{Change, Verb};
pub use objects::Store;
pub use plan::{Action, EventNote, Plan};
pub use server::Server;
pub use settings::Settings;
pub use view::View;
pub use volume_data::VolumeData;
