//! `iptables -L`, `iptables -S` and `iptables-save -t`: the rules of a node as the tools of version 1.8.9 list them.

use super::{Context, Flag, Flags, Output};
use crate::network::proxy::iptables::{chains, iptables_save, iptables_save_counted, rules_of};
use crate::network::proxy::rules::Rule;

/// `iptables-save`, of one table where one is named.
pub fn save(context: &Context, node: &str, args: &[String]) -> Option<Output> {
    let counted = args.iter().any(|word| matches!(word.as_str(), "-c" | "--counters"));
    let print = if counted { iptables_save_counted } else { iptables_save };
    let text = print(context.view, context.state, node)?;
    let table = args.iter().position(|word| word == "-t").and_then(|at| args.get(at + 1));
    let Some(table) = table else { return Some(Output::text(text)) };
    let head = format!("\n*{table}\n");
    let mut parts = text.split("# Generated").filter(|part| part.contains(&head));
    Some(Output::text(parts.next().map(|part| format!("# Generated{part}")).unwrap_or_default()))
}

/// What was asked for on the command line.
struct Asked<'a> {
    table: &'a str,
    chain: Option<&'a str>,
    commands: bool,
    numeric: bool,
    verbose: bool,
    numbered: bool,
    exact: bool,
}

/// `iptables [-t TABLE] -L|-S [CHAIN] [-n] [-v] [--line-numbers]`.
pub fn run(context: &Context, node: &str, args: &[String]) -> Option<Output> {
    let mut asked = Asked {
        table: "filter",
        chain: None,
        commands: false,
        numeric: false,
        verbose: false,
        numbered: false,
        exact: false,
    };
    let (mut flags, mut lists) = (Flags::new(args), false);
    while let Some(flag) = flags.next() {
        match flag {
            Flag::Short('t') | Flag::Long("table", None) => asked.table = flags.value().unwrap_or(""),
            Flag::Long("table", Some(table)) => asked.table = table,
            Flag::Short('L') | Flag::Long("list", None) => lists = true,
            Flag::Short('S') | Flag::Long("list-rules", None) => (lists, asked.commands) = (true, true),
            Flag::Short('n') | Flag::Long("numeric", None) => asked.numeric = true,
            Flag::Short('v') | Flag::Long("verbose", None) => asked.verbose = true,
            Flag::Long("line-numbers" | "line-number", None) => asked.numbered = true,
            Flag::Short('x') | Flag::Long("exact", None) => asked.exact = true,
            Flag::Short('w') | Flag::Long("wait", _) => {}
            Flag::Plain(chain) if lists => asked.chain = Some(chain),
            _ => {
                return Some(Output::error(2, "iptables v1.8.9 (nf_tables): only listing (-L, -S) is possible here\n"))
            }
        }
    }
    if !lists {
        let text = "iptables v1.8.9 (nf_tables): no command specified\nTry `iptables -h' or 'iptables --help' for more information.\n";
        return Some(Output::error(2, text));
    }
    let all = rules_of(context.view, context.state, node)?;
    let chains = chains(&all, asked.table);
    if chains.is_empty() {
        let text = format!(
            "iptables v1.8.9 (nf_tables): table '{}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.\n",
            asked.table
        );
        return Some(Output::error(3, text));
    }
    let wanted: Vec<_> =
        chains.iter().filter(|(chain, ..)| asked.chain.is_none_or(|wanted| wanted == *chain)).collect();
    if wanted.is_empty() {
        return Some(Output::error(1, "iptables: No chain/target/match by that name.\n"));
    }
    let mut text = String::new();
    if asked.commands {
        for (chain, builtin, _) in &wanted {
            text.push_str(&if *builtin { format!("-P {chain} ACCEPT\n") } else { format!("-N {chain}\n") });
        }
        wanted.iter().flat_map(|(.., rules)| rules).for_each(|rule| text.push_str(&format!("{rule}\n")));
        return Some(Output::text(text));
    }
    for (i, (chain, builtin, rules)) in wanted.iter().enumerate() {
        let jump = format!("-j {chain}");
        let references = all.iter().filter(|rule| rule.table == asked.table && rule.spec.ends_with(&jump)).count();
        text.push_str(if i > 0 { "\n" } else { "" });
        text.push_str(&match (builtin, asked.verbose) {
            (true, false) => format!("Chain {chain} (policy ACCEPT)\n"),
            (true, true) => format!("Chain {chain} (policy ACCEPT 0 packets, 0 bytes)\n"),
            (false, _) => format!("Chain {chain} ({references} references)\n"),
        });
        text.push_str(if asked.numbered { "num  " } else { "" });
        text.push_str(match asked.verbose {
            true => " pkts bytes target     prot opt in     out     source               destination         \n",
            false => "target     prot opt source               destination         \n",
        });
        for (number, rule) in rules.iter().enumerate() {
            if asked.numbered {
                text.push_str(&format!("{:<4} ", number + 1));
            }
            text.push_str(&row(rule, &asked, context.state.counters.of(node, rule)));
        }
    }
    Some(Output::text(text))
}

/// A count in five columns: with K, M or G where it has more digits.
///
/// Models iptables/xshared.c xtables_print_num.
fn number(count: u64, exact: bool) -> String {
    match count {
        _ if exact => format!("{count:>8}"),
        0..=99_999 => format!("{count:>5}"),
        100_000..=9_999_499 => format!("{:>4}K", (count + 500) / 1_000),
        9_999_500..=9_999_499_999 => format!("{:>4}M", (count + 500_000) / 1_000_000),
        _ => format!("{:>4}G", (count + 500_000_000) / 1_000_000_000),
    }
}

/// One rule as a row.
///
/// Models iptables/xshared.c print_rule_details.
fn row(rule: &Rule, asked: &Asked, (packets, bytes): (u64, u64)) -> String {
    let words = words(&rule.spec);
    let mut row = Row { numeric: asked.numeric, ..Row::default() };
    let mut rest = words.as_slice();
    while let Some(eaten) = row.option(rest) {
        rest = &rest[eaten.min(rest.len())..];
    }
    let protocol = match (row.protocol.as_str(), asked.numeric) {
        ("", true) => "0",
        ("", false) => "all",
        ("tcp", true) => "6",
        ("udp", true) => "17",
        ("sctp", true) => "132",
        (name, _) => name,
    };
    let place = |(not, address): &(bool, String)| {
        let text = match (address.as_str(), asked.numeric) {
            ("", true) => "0.0.0.0/0",
            ("", false) => "anywhere",
            (address, _) => address.strip_suffix("/32").unwrap_or(address),
        };
        format!("{}{text:<19} ", if *not { '!' } else { ' ' })
    };
    let mut text = String::new();
    if asked.verbose {
        text.push_str(&format!("{} {} ", number(packets, asked.exact), number(bytes, asked.exact)));
    }
    text.push_str(&format!("{:<9}  {protocol:<4} --", row.target));
    text.push_str(if asked.verbose { "  *      *     " } else { " " });
    text.push_str(&place(&row.source));
    text.push_str(&place(&row.destination));
    row.matches.iter().chain(&row.extra).for_each(|part| text.push_str(&format!(" {part}")));
    text + "\n"
}

/// What stands in the columns of a row.
#[derive(Default)]
struct Row {
    numeric: bool,
    target: String,
    protocol: String,
    source: (bool, String),
    destination: (bool, String),
    matches: Vec<String>,
    extra: Vec<String>,
}

impl Row {
    /// Reads the next option; gives how many words it has, none at the end.
    fn option(&mut self, words: &[&str]) -> Option<usize> {
        let (not, words) = match words {
            ["!", rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let bang = if not { "! " } else { "" };
        let value = words.get(1).copied().unwrap_or("");
        let eaten = match *words.first()? {
            "-s" => {
                self.source = (not, value.to_owned());
                2
            }
            "-d" => {
                self.destination = (not, value.to_owned());
                2
            }
            "-p" => {
                self.protocol = value.to_owned();
                2
            }
            "-j" => {
                self.target = value.to_owned();
                2
            }
            "-m" => {
                match value {
                    "tcp" | "udp" | "sctp" if words.get(2) != Some(&"--dport") => self.matches.push(value.to_owned()),
                    "recent" => return Some(2 + self.recent(&words[2..])),
                    _ => {}
                }
                2
            }
            "--comment" => {
                self.matches.push(format!("/* {value} */"));
                2
            }
            "--dport" => {
                let port = match (value, self.numeric) {
                    ("443", false) => "https",
                    ("80", false) => "http",
                    ("53", false) => "domain",
                    (port, _) => port,
                };
                self.matches.push(format!("{} dpt:{port}", self.protocol));
                2
            }
            "--dst-type" | "--src-type" => {
                self.matches.push(format!("ADDRTYPE match {} {value}", &words[0][2..]));
                2
            }
            "--probability" => {
                self.matches.push(format!("statistic mode random probability {value}"));
                2
            }
            "--mark" => {
                self.matches.push(format!("mark match {bang}{value}"));
                2
            }
            "--ctstate" => {
                self.matches.push(format!("{bang}ctstate {value}"));
                2
            }
            "--nfacct-name" => {
                self.matches.push(format!("nfacct-name  {value}"));
                2
            }
            "--set-xmark" => {
                let (mark, mask) = value.split_once('/').unwrap_or((value, ""));
                self.extra.push(format!("MARK {} {mark}", if mark == mask { "or" } else { "xor" }));
                2
            }
            "--to-destination" => {
                self.extra.push(format!("to:{value}"));
                2
            }
            "--reject-with" => {
                self.extra.push(format!("reject-with {value}"));
                2
            }
            "--random-fully" => {
                self.extra.push("random-fully".to_owned());
                1
            }
            "--mode" => 2,
            _ => 1,
        };
        Some(eaten + usize::from(not))
    }

    fn recent(&mut self, words: &[&str]) -> usize {
        let of = |name: &str| words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1)).copied();
        let kind = if words.contains(&"--rcheck") { "CHECK" } else { "SET" };
        let seconds = of("--seconds").map(|secs| format!(" seconds: {secs}")).unwrap_or_default();
        let reap = if words.contains(&"--reap") { " reap" } else { "" };
        let (name, mask) = (of("--name").unwrap_or(""), of("--mask").unwrap_or("255.255.255.255"));
        self.matches.push(format!("recent: {kind}{seconds}{reap} name: {name} side: source mask: {mask}"));
        words.iter().position(|word| matches!(*word, "-j" | "-m")).unwrap_or(words.len())
    }
}

/// The words of a rule; quotes hold a comment together.
fn words(spec: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = spec.trim();
    while !rest.is_empty() {
        let (word, next) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        all.push(word);
        rest = next.trim_start();
    }
    all
}
