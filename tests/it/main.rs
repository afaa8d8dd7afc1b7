//! One test binary for all that crosses modules: tests are data, and each module here reads one kind of it.

mod controllers;
mod cron;
mod decode;
mod defaults;
mod describe;
mod iptables;
mod jsonpath;
mod names;
mod network_cluster;
mod network_dns;
mod network_rules;
mod network_tools;
mod ownership;
mod patch;
mod pod_life;
mod printers;
mod qos;
mod quantity;
mod rejections;
mod selectors;
mod stories;
mod support;
mod tidy;
mod validation;
mod yaml;
