//! The table of verbs: one row a verb, one file a verb. Parsing, help, completion and suggestions walk this table.

mod apply;
mod auth;
mod autoscale;
mod change;
pub mod config;
mod create;
mod create_batch;
mod create_ingress;
mod create_kinds;
mod create_secret;
mod create_service;
mod delete;
mod describe;
mod diff;
mod drain;
mod edit;
mod events;
mod exec;
mod explain;
mod expose;
mod get;
mod info;
mod label;
mod logs;
mod node;
mod patch;
mod replace;
mod rollout;
mod rollout_history;
mod run;
mod scale;
mod set;
mod set_env;
mod wait;

use super::call::{Call, Outcome};
use super::failure::Failure;
use super::flags::{switch, value, Flag};

/// A verb of kubectl, or one of a family such as `rollout status`.
pub struct Verb {
    /// The word that is typed.
    pub name: &'static str,
    /// Other words for it.
    pub aliases: &'static [&'static str],
    /// Where the help lists it.
    pub group: Group,
    /// What it does, in a line.
    pub summary: &'static str,
    /// How it is called.
    pub usage: &'static str,
    /// Its flags besides the global ones.
    pub flags: &'static [Flag],
    /// The family behind it.
    pub subverbs: &'static [&'static Verb],
    /// What it does; none for a family that does nothing by itself.
    pub run: Option<fn(&mut Call<'_>) -> Outcome>,
}

/// The sections of the help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// Basic commands for the beginner.
    Beginner,
    /// Basic commands.
    Intermediate,
    /// Deployment.
    Deploy,
    /// The cluster and its nodes.
    Cluster,
    /// Troubleshooting.
    Troubleshooting,
    /// Advanced commands.
    Advanced,
    /// Settings.
    Settings,
    /// All else.
    Other,
}

impl Group {
    /// All sections in the order of the help.
    pub const ALL: [Group; 8] = [
        Group::Beginner,
        Group::Intermediate,
        Group::Deploy,
        Group::Cluster,
        Group::Troubleshooting,
        Group::Advanced,
        Group::Settings,
        Group::Other,
    ];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Beginner => "Basic Commands (Beginner):",
            Group::Intermediate => "Basic Commands (Intermediate):",
            Group::Deploy => "Deploy Commands:",
            Group::Cluster => "Cluster Management Commands:",
            Group::Troubleshooting => "Troubleshooting and Debugging Commands:",
            Group::Advanced => "Advanced Commands:",
            Group::Settings => "Settings Commands:",
            Group::Other => "Other Commands:",
        }
    }
}

/// A row without anything, for rows to build on.
const PLAIN: Verb =
    Verb { name: "", aliases: &[], group: Group::Other, summary: "", usage: "", flags: &[], subverbs: &[], run: None };

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
    &node::CORDON,
    &node::UNCORDON,
    &drain::VERB,
    &node::TAINT,
    &describe::VERB,
    &logs::VERB,
    &exec::VERB,
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
];

/// Flags of every verb.
pub const GLOBAL: &[Flag] = &[
    value("namespace", "The namespace that is meant").short('n'),
    value("context", "The context of the configuration"),
    value("cluster", "The cluster of the configuration"),
    value("user", "The user of the configuration"),
    value("kubeconfig", "The file of the configuration"),
    value("server", "Address of the API server").short('s'),
    value("request-timeout", "How long a request may take"),
    value("v", "How much is logged").short('v'),
    switch("warnings-as-errors", "Fail where the server warns"),
    switch("help", "Print the help").short('h'),
];

const OUTPUT: Flag = value("output", "json, yaml, name, wide, jsonpath=... or custom-columns=...").short('o');
const SELECTOR: Flag = value("selector", "Only objects with these labels: app=web,tier!=db").short('l');
const FIELD_SELECTOR: Flag = value("field-selector", "Only objects with these fields: status.phase=Running");
const ALL_NAMESPACES: Flag = switch("all-namespaces", "Objects of all namespaces").short('A');
const FILENAME: Flag = value("filename", "A file, a folder, or - for what is piped in").short('f');
const RECURSIVE: Flag = switch("recursive", "Also the folders in a folder").short('R');
const CHUNK_SIZE: Flag = value("chunk-size", "How many objects are asked for at once");
const DRY_RUN: Flag = value("dry-run", "none, client or server: try it out").or("unchanged");
const VALIDATE: Flag = value("validate", "strict, warn or ignore: what becomes of unknown fields").or("strict");

/// The verb of a name among some.
pub fn find(verbs: &[&'static Verb], name: &str) -> Option<&'static Verb> {
    verbs.iter().copied().find(|verb| verb.name == name || verb.aliases.contains(&name))
}

/// What kubectl says of a duration that is none.
fn bad_duration(call: &Call<'_>, flag: &str, text: &str) -> Failure {
    Failure::Error(format!(
        "invalid argument \"{text}\" for \"--{flag}\" flag: time: invalid duration \"{text}\"\nSee '{} --help' for usage.",
        call.command
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_verb_has_two_flags_of_one_name() {
        let mut rows: Vec<&Verb> = VERBS.to_vec();
        while let Some(verb) = rows.pop() {
            rows.extend(verb.subverbs);
            let all: Vec<&Flag> = verb.flags.iter().chain(GLOBAL).collect();
            for (i, flag) in all.iter().enumerate() {
                let twice = all[..i]
                    .iter()
                    .any(|other| other.name == flag.name || (other.short.is_some() && other.short == flag.short));
                assert!(!twice, "kubectl {}: --{}", verb.name, flag.name);
            }
            assert!(verb.run.is_some() || !verb.subverbs.is_empty(), "kubectl {} does nothing", verb.name);
        }
    }
}
