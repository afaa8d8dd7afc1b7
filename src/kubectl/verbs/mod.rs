//! The table of verbs: one row a verb, one file a verb. Parsing, help, completion and suggestions walk this table.

mod apply;
pub mod attach;
mod auth;
mod autoscale;
mod certificate;
pub mod change;
mod cluster_info_dump;
pub mod config;
pub mod config_check;
mod config_entries;
mod containers;
mod cp;
mod create;
mod create_batch;
mod create_ingress;
mod create_kinds;
mod create_policy;
mod create_rbac;
mod create_secret;
mod create_service;
mod create_token;
mod debug;
mod debug_node;
mod debug_pod;
mod debug_profile;
mod delete;
mod describe;
mod diff;
mod drain;
mod edit;
mod events;
pub mod exec;
mod explain;
mod explain_v2;
mod expose;
pub mod get;
pub mod info;
mod label;
mod logs;
pub mod machine;
mod node;
mod patch;
mod port_forward;
mod replace;
mod rollout;
mod rollout_history;
mod rollout_progress;
mod run;
mod scale;
mod server_side;
mod set;
mod set_env;
mod top;
mod wait;

use super::call::{Call, Outcome};
use super::failure::Failure;

/// A verb of kubectl, or one of a family such as `rollout status`.
pub struct Verb {
    /// The word that is typed.
    pub name: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// The family behind it.
    pub subverbs: &'static [&'static Verb],
    /// What it does; none for a family that does nothing by itself.
    pub run: Option<fn(&mut Call<'_>) -> Outcome>,
}

/// A row without anything, for rows to build on.
const PLAIN: Verb = Verb { name: "", aliases: &[], subverbs: &[], run: None };

/// All verbs, in the order of the help.
pub static VERBS: &[&Verb] = &[
    &create::VERB,
    &expose::VERB,
    &run::VERB,
    &set::VERB,
    &explain::VERB,
    &get::VERB,
    &edit::VERB,
    &delete::VERB,
    &rollout::VERB,
    &scale::VERB,
    &autoscale::VERB,
    &info::CLUSTER_INFO,
    &top::VERB,
    &node::CORDON,
    &node::UNCORDON,
    &drain::VERB,
    &node::TAINT,
    &describe::VERB,
    &logs::VERB,
    &exec::VERB,
    &debug::VERB,
    &auth::VERB,
    &events::VERB,
    &diff::VERB,
    &apply::VERB,
    &patch::VERB,
    &replace::VERB,
    &wait::VERB,
    &label::LABEL,
    &label::ANNOTATE,
    &info::API_RESOURCES,
    &info::API_VERSIONS,
    &config::VERB,
    &info::VERSION_VERB,
    &attach::VERB,
    &port_forward::PORT_FORWARD,
    &port_forward::PROXY,
    &cp::VERB,
    &machine::COMPLETION,
    &machine::PLUGIN,
    &machine::KUSTOMIZE,
    &certificate::VERB,
    &machine::OPTIONS,
];

/// The verb of a name among some.
pub fn find(verbs: &[&'static Verb], name: &str) -> Option<&'static Verb> {
    verbs.iter().copied().find(|verb| verb.name == name || verb.aliases.contains(&name))
}

/// True for a verb that only prints its help: `rollout`, `set`, `config`.
pub fn is_family(name: &str) -> bool {
    find(VERBS, name).is_some_and(|verb| verb.run.is_none())
}

/// What kubectl says of a duration that is none.
fn bad_duration(call: &Call<'_>, flag: &str, text: &str) -> Failure {
    Failure::Error(format!(
        "invalid argument \"{text}\" for \"--{flag}\" flag: time: invalid duration \"{text}\"\nSee '{} --help' for usage.",
        call.command
    ))
}
