//! The network commands of the shell: they ask the network for a trace and print what the real tool would.
//!
//! A tool runs in the cluster, like in a pod of the current namespace, unless a place is named: `from outside curl ...`,
//! `from node-1 ...`, `from pod/web-0 ...`, `ssh node-1 ...`, `kubectl exec web-0 -- ...`.

use std::collections::BTreeMap;

use super::background;
use super::call::{Poll, Run, Waiting};
use super::node_shell;
use super::output::Output;
use super::runners::run_inner;
use super::session::{Sent, Session, Shell};
use crate::api::ObjectKey;
use crate::base::time::{parse_duration, SimTime, Span};
use crate::cluster::World;
use crate::network::proxy::Mode;
use crate::network::{tools, Source, Trace};

/// What the help says of them.
pub const COMMANDS: &[(&str, &str)] = &[
    ("curl URL, wget -qO- URL", "asks a Service, a pod or a node by name or address"),
    ("nslookup NAME, dig NAME", "asks the cluster's name server"),
    ("ping HOST, nc -zv HOST PORT", "tries an address, or a port of it"),
    ("trace curl URL", "shows the way of a request, hop by hop, with the rules that decided"),
    ("stream COUNT COMMAND", "sends a request so many times and counts who answers"),
    ("from outside|NODE|pod/NAME COMMAND", "runs one of these somewhere else, as `kubectl exec POD -- COMMAND` does"),
    ("ssh NODE [COMMAND]", "a node's shell: iptables-save, iptables -t nat -L, ipvsadm -Ln, nft list ruleset, conntrack -L, ip addr, ip route, ss -lntp"),
    ("proxy-mode [iptables|ipvs|nftables] [--min-sync-period=1s]", "what kube-proxy balances with, and how often it writes its rules at most"),
];

/// A stream sends at most so many requests.
const MOST_STREAMED: u32 = 10_000;

/// So many traces are kept for those who show them.
const KEPT_TRACES: usize = 200;

/// Runs a network command where the terminal stands; none where the words are none.
pub fn run(words: &[String], world: &mut World, session: &mut Session, out: &mut Output) -> Option<Run> {
    let (name, args) = words.split_first()?;
    match name.as_str() {
        "from" => Some(from(args, world, session, out)),
        "trace" if args.first().is_some_and(|word| word == "from") && args.len() > 2 => {
            let words = [&args[1..2], std::slice::from_ref(name), &args[2..]].concat();
            Some(from(&words, world, session, out))
        }
        "stream" => Some(stream(args, world, session, out)),
        "ssh" => Some(ssh(args, world, session, out)),
        "proxy-mode" => Some(proxy_mode(args, world)),
        _ => match background::request(words, world, session, out) {
            None => run_at(Source::Shell(session.namespace.clone()), words, world, session),
            run => run,
        },
    }
}

/// Runs a network command at a place; none where it is none.
pub fn run_at(source: Source, words: &[String], world: &mut World, session: &mut Session) -> Option<Run> {
    let (name, args) = words.split_first()?;
    if !tools::TOOLS.contains(&name.as_str()) {
        return None;
    }
    let own = matches!(source, Source::Shell(_) | Source::Outside);
    let args = if own { with_hosts(name, args, session) } else { args.to_vec() };
    let result = world.run_tool(source, name, &args)?;
    for (path, text) in result.files {
        session.write(&path, text);
    }
    session.traces.extend(result.traces);
    let superfluous = session.traces.len().saturating_sub(KEPT_TRACES);
    session.traces.drain(..superfluous);
    let until = world.now() + Span::micros(result.took_us);
    let late = Late { stdout: result.stdout, stderr: result.stderr, until, code: result.exit_code as u8 };
    Some(Run::Wait(Box::new(late)))
}

/// The arguments of curl with what /etc/hosts of this terminal says of names.
fn with_hosts(name: &str, args: &[String], session: &Session) -> Vec<String> {
    let mut args = args.to_vec();
    let place = match (name, args.first().map(String::as_str)) {
        ("curl", _) => 0,
        ("trace", Some("curl")) => 1,
        _ => return args,
    };
    let text = session.file("/etc/hosts").unwrap_or_default();
    for line in text.lines().map(|line| line.split('#').next().unwrap_or("")) {
        let mut words = line.split_whitespace();
        let Some(ip) = words.next() else { continue };
        for host in words {
            args.insert(place, format!("{host}:80:{ip}"));
            args.insert(place, "--resolve".to_owned());
        }
    }
    args
}

/// `from outside curl ...`, `from node-1 curl ...`, `from pod/web-0 curl ...`.
fn from(args: &[String], world: &mut World, session: &mut Session, out: &mut Output) -> Run {
    let Some((place, words)) = args.split_first().filter(|(_, words)| !words.is_empty()) else {
        return complain("usage: from outside|NODE|pod/NAME COMMAND", 2, world);
    };
    if let (Some("stream"), [_, count, asked @ ..]) = (words.first().map(String::as_str), words) {
        let here = [&[count.clone(), "from".to_owned(), place.clone()], asked].concat();
        return stream(&here, world, session, out);
    }
    let source = match source(place, &session.namespace, world) {
        Ok(source) => source,
        Err(why) => return complain(&format!("from: {why}"), 1, world),
    };
    elsewhere(source, words, world, session)
}

/// A place that a command runs at, or why there is none.
pub(super) fn source(place: &str, namespace: &str, world: &World) -> Result<Source, String> {
    let is_node = |name: &str| world.store().find("Node", "", name).is_some();
    match place.split_once('/') {
        None if place == "outside" => Ok(Source::Outside),
        None if is_node(place) => Ok(Source::Node(place.to_owned())),
        Some(("node", name)) if is_node(name) => Ok(Source::Node(name.to_owned())),
        Some(("pod" | "po" | "pods", name)) => {
            let (namespace, name) = name.split_once('/').unwrap_or((namespace, name));
            match world.store().find("Pod", namespace, name) {
                Some(_) => Ok(Source::Pod(ObjectKey::new(namespace, name))),
                None => Err(format!("there is no pod {name} in namespace {namespace}")),
            }
        }
        _ => Err(format!("there is no {place}: name outside, a node, or pod/NAME of this namespace")),
    }
}

/// `stream 100 curl web`: the shares of those who answer, and the way of the last request.
fn stream(args: &[String], world: &mut World, session: &mut Session, out: &mut Output) -> Run {
    let asked = args.split_first().and_then(|(count, words)| Some((count.parse::<u32>().ok()?, words)));
    let Some((count, words)) = asked.filter(|(n, words)| (1..=MOST_STREAMED).contains(n) && !words.is_empty()) else {
        return complain(&format!("usage: stream COUNT COMMAND, with a COUNT of at most {MOST_STREAMED}"), 2, world);
    };
    let kept = std::mem::take(&mut session.traces);
    let (mut shares, mut last, mut took_us) = (BTreeMap::<String, u32>::new(), None, 0);
    for _ in 0..count {
        let is_request = !matches!(words[0].as_str(), "stream" | "ssh") && run(words, world, session, out).is_some();
        let traces = std::mem::take(&mut session.traces);
        if !is_request || traces.is_empty() {
            break;
        }
        for trace in traces {
            took_us += trace.time_us;
            *shares.entry(who(&trace)).or_default() += 1;
            last = Some(trace);
        }
    }
    session.traces = kept;
    let Some(trace) = last else {
        return complain(&format!("stream: {} sends no request", words.join(" ")), 1, world);
    };
    let count: u32 = shares.values().sum();
    let wide = shares.keys().map(String::len).max().unwrap_or(0).max(11);
    let mut stdout = format!("{:wide$}  REQUESTS  SHARE\n", "ANSWERED BY");
    for (who, n) in &shares {
        stdout.push_str(&format!("{who:wide$}  {n:<8}  {:.1}%\n", f64::from(*n) * 100.0 / f64::from(count)));
    }
    session.streams.push(Sent { trace, count, shares: shares.into_iter().collect() });
    Run::Wait(Box::new(Late { stdout, stderr: String::new(), until: world.now() + Span::micros(took_us), code: 0 }))
}

/// The pod that answered, or how it ended without one.
fn who(trace: &Trace) -> String {
    let listener = trace.hops.iter().rev().map(|hop| &hop.to).find(|place| place.kind == "pod");
    match trace.pod() {
        "" => match listener.filter(|_| trace.answered()) {
            Some(pod) => format!("{}/{}", pod.namespace, pod.name),
            None => trace.result(),
        },
        pod => pod.to_owned(),
    }
}

/// `ssh node-1`, `ssh node-1 iptables-save`.
fn ssh(args: &[String], world: &mut World, session: &mut Session, out: &mut Output) -> Run {
    let Some((host, words)) = args.split_first() else {
        return complain("usage: ssh destination [command [argument ...]]", 255, world);
    };
    let name = host.rsplit('@').next().unwrap_or(host);
    if world.store().find("Node", "", name).is_none() {
        let text = format!("ssh: Could not resolve hostname {name}: Name or service not known");
        return complain(&text, 255, world);
    }
    if words.is_empty() {
        session.shells.push(Shell { node: name.to_owned(), pod: None, inner: false, inside: None, command: None });
        return Run::Done(0);
    }
    let words: Vec<&str> = match words {
        [one] => one.split_whitespace().collect(),
        words => words.iter().map(String::as_str).collect(),
    };
    let words = words.strip_prefix(&["sudo"]).unwrap_or(&words);
    match node_shell::command(name, words, world, session, out) {
        Some(run) => run,
        None => {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            run_inner(&words, None, world, session, out)
        }
    }
}

fn elsewhere(source: Source, words: &[String], world: &mut World, session: &mut Session) -> Run {
    let words = words.strip_prefix(&["sudo".to_owned()]).unwrap_or(words);
    match run_at(source, words, world, session) {
        Some(run) => run,
        None => {
            let name = words.first().map_or("", String::as_str);
            let known = tools::TOOLS.join(", ");
            complain(&format!("sh: {name}: command not found\nwhat runs elsewhere: {known}"), 127, world)
        }
    }
}

/// Shows or changes what kube-proxy balances with, and how often it writes its rules at most.
fn proxy_mode(args: &[String], world: &mut World) -> Run {
    const USAGE: &str = "usage: proxy-mode [iptables|ipvs|nftables] [--min-sync-period=1s]";
    for arg in args {
        let period = arg.strip_prefix("--min-sync-period=");
        match (period.map(parse_duration), Mode::parse(arg)) {
            (Some(Some(period)), _) => world.set_min_sync_period(period),
            (None, Some(mode)) => world.set_proxy_mode(mode),
            _ => return complain(&format!("proxy-mode: {arg} is no mode\n{USAGE}"), 1, world),
        }
    }
    let period = world.settings().min_sync_period;
    let stdout = match (args.is_empty(), period == Span::ZERO) {
        (false, _) => String::new(),
        (true, true) => format!("{}\n", world.network().mode.name()),
        (true, false) => format!("{}, rules at most every {} ms\n", world.network().mode.name(), period.as_millis()),
    };
    Run::Wait(Box::new(Late { stdout, stderr: String::new(), until: world.now(), code: 0 }))
}

fn complain(text: &str, code: u8, world: &World) -> Run {
    Run::Wait(Box::new(Late { stdout: String::new(), stderr: text.to_owned(), until: world.now(), code }))
}

/// Prints what a tool found out once its time has passed.
pub(super) struct Late {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) until: SimTime,
    pub(super) code: u8,
}

impl Waiting for Late {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        if world.now() < self.until {
            return Poll::Pending(Some(self.until));
        }
        out.out(&self.stdout);
        if !self.stderr.is_empty() {
            out.err(self.stderr.trim_end_matches('\n'));
        }
        Poll::Done(self.code)
    }
}
