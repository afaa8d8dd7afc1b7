//! L4: the composition root. One World holds the whole cluster as plain data; it hands events to those who decide and
//! carries out what they decide. It makes no decision about Kubernetes itself.

pub mod apply;
pub mod bootstrap;
mod bootstrap_table;
pub mod checkers;
mod checkers_storage;
mod checkers_workloads;
pub mod dispatch;
pub mod faults;
pub mod history;
pub mod load;
mod load_work;
pub mod metrics;
mod metrics_api;
pub mod node_autoscaler;
mod node_autoscaler_status;
pub mod node_removal;
pub mod nodes;
pub mod outside;
pub mod recorder;
pub mod requests;
pub mod series;
pub mod why;
pub mod work;
pub mod world;

pub use history::{BranchInfo, History};
pub use world::World;
