//! The help of kubectl, made from the table of verbs.

use super::flags::{Flag, Takes};
use super::verbs::{Group, Verb, VERBS};

/// `kubectl` and `kubectl help`.
pub fn overview() -> String {
    let mut text = "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n\n".to_owned();
    for group in Group::ALL {
        let rows: Vec<&&Verb> = VERBS.iter().filter(|verb| verb.group == group).collect();
        text.push_str(&format!("{}\n{}\n", group.title(), listing(&rows)));
    }
    text.push_str("Usage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\n");
    text
}

/// `kubectl VERB --help`.
pub fn of(verb: &Verb, command: &str) -> String {
    let mut text = format!("{}.\n", verb.summary.trim_end_matches('.'));
    if !verb.aliases.is_empty() {
        text.push_str(&format!("\nAliases:\n{}, {}\n", verb.name, verb.aliases.join(", ")));
    }
    if !verb.subverbs.is_empty() {
        let rows: Vec<&&Verb> = verb.subverbs.iter().collect();
        text.push_str(&format!("\nAvailable Commands:\n{}", listing(&rows)));
    }
    if !verb.flags.is_empty() {
        text.push_str("\nOptions:\n");
        verb.flags.iter().for_each(|flag| text.push_str(&flag_text(flag)));
    }
    text.push_str(&format!("\nUsage:\n  {}\n", verb.usage));
    if !verb.subverbs.is_empty() {
        text.push_str(&format!("\nUse \"{command} <command> --help\" for more information about a given command.\n"));
    }
    text
}

fn listing(rows: &[&&Verb]) -> String {
    let width = rows.iter().map(|verb| verb.name.len()).max().unwrap_or(0).max(13);
    rows.iter().map(|verb| format!("  {:width$}   {}\n", verb.name, verb.summary)).collect()
}

fn flag_text(flag: &Flag) -> String {
    let short = flag.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
    let value = match flag.takes {
        Takes::Nothing => "=false",
        Takes::Value | Takes::Optional(_) => "=''",
    };
    format!("    {short}--{}{value}:\n\t{}\n\n", flag.name, flag.help)
}
