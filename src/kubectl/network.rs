//! The network commands of the shell. They run on a machine outside the cluster that can reach the nodes' network, or, with
//! `kubectl exec`, in a pod.

use super::call::{Poll, Run, Waiting};
use super::output::Output;
use super::session::Session;
use crate::base::time::{SimTime, Span};
use crate::cluster::World;
use crate::network::{tools, Source};

/// What the help says of them.
pub const COMMANDS: &[(&str, &str)] = &[
    (
        "curl, wget -qO-, nc, ping",
        "requests, from the first node; `kubectl exec POD -- curl ...` sends them from a pod",
    ),
    ("nslookup, dig", "names, as the place they run at resolves them"),
    ("trace URL", "the way of a request, step by step"),
    ("iptables-save, ipvsadm -Ln", "the rules of a node"),
];

/// Runs a network command where the terminal stands: on the first node. None where the words are none.
pub fn run(words: &[String], world: &mut World, session: &mut Session) -> Option<Run> {
    let node = world.store().all("Node").next().map_or_else(String::new, |node| node.name().to_owned());
    run_at(Source::Node(node), words, world, session)
}

/// Runs a network command at a place.
pub fn run_at(source: Source, words: &[String], world: &mut World, session: &mut Session) -> Option<Run> {
    let (name, args) = words.split_first()?;
    if !tools::TOOLS.contains(&name.as_str()) {
        return None;
    }
    let result = world.run_tool(source, name, args)?;
    for (path, text) in result.files {
        session.write(&path, text);
    }
    session.traces.extend(result.traces);
    let until = world.now() + Span::micros(result.took_us);
    let late = Late { stdout: result.stdout, stderr: result.stderr, until, code: result.exit_code as u8 };
    Some(Run::Wait(Box::new(late)))
}

/// Prints what a tool found out once its time has passed.
struct Late {
    stdout: String,
    stderr: String,
    until: SimTime,
    code: u8,
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
