//! The network's tools as a shell runs them: arguments and a source in, text, exit code and traces out.
//!
//! They print what the real ones print; what they do is [`super::request()`].

use super::dns_cache::Question;
use super::request::{Respond, Source};
use super::{proxy, State, Trace};
use crate::store::View;

pub mod curl;
mod curl_print;
pub mod dig;
pub mod dig_busybox;
pub mod explain;
pub mod interfaces;
pub mod iptables;
pub mod nc;
pub mod ping;
pub mod sockets;
pub mod wget;

/// The names of the tools, for completion and help.
pub const TOOLS: &[&str] = &[
    "conntrack",
    "curl",
    "dig",
    "host",
    "ifconfig",
    "ip",
    "iptables",
    "iptables-save",
    "ipvsadm",
    "nc",
    "netstat",
    "nft",
    "nslookup",
    "openssl",
    "ping",
    "ss",
    "telnet",
    "trace",
    "traceroute",
    "wget",
];

/// What a tool works with.
#[derive(Clone)]
pub struct Context<'a> {
    /// The cluster.
    pub view: &'a View<'a>,
    /// What the nodes know.
    pub state: &'a State,
    /// Where the tool runs.
    pub source: Source,
    /// Counts the requests: the key of every draw.
    pub n: u64,
    /// What containers answer.
    pub respond: Respond<'a>,
}

/// What came of running a tool.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// 0 for success.
    pub exit_code: i32,
    /// Files to write: path and content.
    pub files: Vec<(String, String)>,
    /// The requests that were made, for the map and for [`State::remember`].
    pub traces: Vec<Trace>,
    /// The names it asked the name server for.
    pub names: Vec<Question>,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

impl Output {
    /// Nothing done but a complaint.
    pub fn error(exit_code: i32, stderr: impl Into<String>) -> Output {
        Output { stderr: stderr.into(), exit_code, ..Output::default() }
    }

    /// Text alone.
    pub fn text(stdout: impl Into<String>) -> Output {
        Output { stdout: stdout.into(), ..Output::default() }
    }
}

/// Runs a tool by its name; none for what is no tool of the network. `args` are what follows the name.
pub fn run(context: &Context, name: &str, args: &[String]) -> Option<Output> {
    Some(match name {
        "curl" => curl::run(context, args),
        "wget" => wget::run(context, args),
        "nslookup" if busybox(context).is_some() => dig_busybox::nslookup(context, args),
        "nslookup" => dig::nslookup(context, args),
        "host" => dig_busybox::host(context, args),
        "dig" => dig::run(context, args),
        "ping" => ping::run(context, args),
        "nc" => nc::run(context, args),
        "telnet" => nc::telnet(context, args),
        "traceroute" => interfaces::traceroute(context, args),
        "trace" => explain::run(context, args),
        "ip" => interfaces::ip(context, args),
        "openssl" => openssl(context, args),
        "ifconfig" => interfaces::ip(context, &["address".to_owned()]),
        "ss" | "netstat" => sockets::listening(context, name, args),
        "iptables-save" => on_node(context, name, args, &iptables::save),
        "iptables" => on_node(context, name, args, &iptables::run),
        "nft" => on_node(context, name, args, &nft),
        "ipvsadm" => on_node(context, name, args, &ipvsadm),
        "conntrack" => on_node(context, name, args, &sockets::conntrack),
        _ => return None,
    })
}

/// The version of busybox a tool is of, where it runs in a pod with an image of it or of Alpine.
pub(super) fn busybox(context: &Context) -> Option<u32> {
    let Source::Pod(key) = &context.source else { return None };
    let pod = context.view.get("Pod", key)?;
    let image = pod.at("spec.containers").index(0).get("image").str();
    let (name, tag) = image.rsplit('/').next().unwrap_or(image).split_once(':').unwrap_or((image, ""));
    let minor = tag.strip_prefix("1.").and_then(|rest| rest.split(['.', '-']).next()?.parse().ok());
    match name {
        name if name.ends_with("busybox") => Some(minor.unwrap_or(36)),
        name if name.ends_with("alpine") => Some(36),
        _ => None,
    }
}

/// How a tool of a node is run.
type OnNode = dyn Fn(&Context, &str, &[String]) -> Option<Output>;

/// A tool that only a node has.
fn on_node(context: &Context, name: &str, args: &[String], run: &OnNode) -> Output {
    let Source::Node(node) = &context.source else {
        let hint = match context.source {
            Source::Shell(_) => format!(" (nodes have it: ssh node-1 {name})"),
            _ => String::new(),
        };
        return Output::error(127, format!("sh: {name}: command not found{hint}\n"));
    };
    run(context, node, args).unwrap_or_else(|| Output::error(1, format!("{name}: there is no node {node}\n")))
}

/// `nft list ruleset`, `nft list table ip kube-proxy`, `nft list chain ip kube-proxy NAME`.
fn nft(context: &Context, node: &str, args: &[String]) -> Option<Output> {
    let words: Vec<&str> = args.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let text = proxy::nft::ruleset(context.view, context.state, node)?;
    let missing = || Output::error(1, "Error: No such file or directory\n");
    Some(match words.as_slice() {
        ["list", "ruleset", ..] => Output::text(text),
        ["list", "tables", ..] if text.is_empty() => Output::default(),
        ["list", "tables", ..] => Output::text("table ip kube-proxy\n"),
        ["list", "table", "ip", "kube-proxy"] if !text.is_empty() => Output::text(text),
        ["list", kind @ ("chain" | "map" | "set"), "ip", "kube-proxy", name] => {
            let head = format!("\t{kind} {name} {{\n");
            let Some((_, block)) = text.split_once(&head) else { return Some(missing()) };
            let body = block.split("\n\t}\n").next().unwrap_or("");
            Output::text(format!("table ip kube-proxy {{\n{head}{body}\n\t}}\n}}\n"))
        }
        ["list", ..] => missing(),
        _ => Output::error(1, "nft: only `nft list ...` is possible here\n"),
    })
}

/// `openssl req -x509 ... -keyout FILE -out FILE -subj /CN=NAME`: a certificate for a Secret.
fn openssl(context: &Context, args: &[String]) -> Output {
    let of = |name: &str| {
        let at = args.iter().position(|word| word == name)?;
        args.get(at + 1).map(String::as_str)
    };
    let makes = args.first().is_some_and(|word| word == "req") && args.iter().any(|word| word == "-x509");
    let (Some(subject), true) = (of("-subj"), makes) else {
        return Output::error(1, "openssl: only `openssl req -x509 -nodes -newkey rsa:2048 -keyout tls.key -out tls.crt -subj \"/CN=foo.bar.com\"` is possible here\n");
    };
    let days = of("-days").and_then(|days| days.parse().ok()).unwrap_or(30);
    let (seed, now) = (context.view.settings.seed, context.view.timestamp());
    let (certificate, key) = super::certificate::make(seed, context.n, now, subject, days);
    let mut output = Output { stderr: format!("{}\n-----\n", ".".repeat(34) + "+++++"), ..Output::default() };
    output.files.push((of("-keyout").unwrap_or("privkey.pem").to_owned(), key));
    match of("-out") {
        Some(file) => output.files.push((file.to_owned(), certificate)),
        None => output.stdout = certificate,
    }
    output
}

/// `ipvsadm -Ln`: names are not looked up in any case.
fn ipvsadm(context: &Context, node: &str, _: &[String]) -> Option<Output> {
    proxy::ipvs::ipvsadm(context.view, context.state, node).map(Output::text)
}

/// Splits `-sSo` into `-s`, `-S`, `-o`; the last may take what is left as its value.
pub(super) struct Flags<'a> {
    rest: &'a [String],
    cluster: Option<&'a str>,
}

/// One thing on a command line.
pub(super) enum Flag<'a> {
    /// `-s`.
    Short(char),
    /// `--silent`, and what stands behind an equals sign.
    Long(&'a str, Option<&'a str>),
    /// What is no option.
    Plain(&'a str),
}

impl<'a> Flags<'a> {
    pub fn new(args: &'a [String]) -> Flags<'a> {
        Flags { rest: args, cluster: None }
    }

    /// The next option or argument.
    pub fn next(&mut self) -> Option<Flag<'a>> {
        if let Some(cluster) = self.cluster.take() {
            let mut chars = cluster.chars();
            if let Some(flag) = chars.next() {
                self.cluster = Some(chars.as_str());
                return Some(Flag::Short(flag));
            }
        }
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        if let Some(long) = first.strip_prefix("--").filter(|long| !long.is_empty()) {
            return Some(match long.split_once('=') {
                Some((name, value)) => Flag::Long(name, Some(value)),
                None => Flag::Long(long, None),
            });
        }
        match first.strip_prefix('-').filter(|short| !short.is_empty() && *short != "-") {
            Some(cluster) => {
                self.cluster = Some(cluster);
                self.next()
            }
            None => Some(Flag::Plain(first)),
        }
    }

    /// The value of the option just given: the rest of its cluster, or the next argument.
    pub fn value(&mut self) -> Option<&'a str> {
        match self.cluster.take() {
            Some(rest) if !rest.is_empty() => Some(rest),
            _ => {
                let (first, rest) = self.rest.split_first()?;
                self.rest = rest;
                Some(first)
            }
        }
    }
}

/// Seconds such as `2` or `0.5`, in microseconds.
pub(super) fn seconds_us(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: u64 = format!("{fraction:0<6}").parse().ok()?;
    Some(whole.parse::<u64>().ok()?.checked_mul(1_000_000)? + micros)
}
