//! Kubottle's model: a whole Kubernetes cluster as a deterministic function of its settings, its seed and what was typed.
//!
//! Nothing here reads a clock, a random source, a file or the network; time, chance and order are arguments.

pub mod api;
pub mod base;
pub mod cluster;
pub mod controllers;
pub mod kernel;
pub mod kubectl;
pub mod kubelet;
pub mod lesson;
pub mod load;
pub mod network;
pub mod playground;
pub mod scheduler;
pub mod store;
pub mod view;
pub mod workload;
