//! What is wrong with an object: upstream's checks in its order and its words, a file for each kind or part of one.
//!
//! Objects come here with their defaults filled in and their types right; nothing here changes one or reads another.

pub mod apps;
pub mod autoscaling;
mod claim;
pub mod config;
mod containers;
pub mod cron_job;
pub mod endpoints;
mod env;
pub mod field;
mod internal;
pub mod job;
mod job_policies;
pub mod meta;
pub mod networking;
pub mod node;
pub mod pod;
mod pod_annotations;
mod pod_network;
pub mod pod_resize;
mod pod_update;
mod pod_warnings;
pub mod policy;
mod probes;
mod projected;
pub mod rbac;
mod resources;
mod scheduling;
mod security;
pub mod service;
mod service_ip;
pub mod sets;
pub mod status;
pub mod storage;
pub mod stored;
mod volume_kinds;
mod volume_sources;
mod volumes;
pub mod warnings;
mod windows;
