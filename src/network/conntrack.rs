//! What each node remembers of connections (conntrack): where the first packet of one went, all others go, and answers
//! find their way back. Plain data; it decides nothing.

use core::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use crate::base::time::{SimTime, Span};

/// The two ends of a connection in one direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Ends {
    /// Where packets come from.
    pub source: IpAddr,
    /// The port there.
    pub source_port: u16,
    /// Where they go.
    pub destination: IpAddr,
    /// The port there.
    pub port: u16,
}

impl Ends {
    /// The way back.
    pub fn reversed(self) -> Ends {
        let Ends { source, source_port, destination, port } = self;
        Ends { source: destination, source_port: port, destination: source, port: source_port }
    }
}

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum FlowState {
    /// Nothing has come back.
    Unreplied,
    /// It is open; for UDP, something has come back.
    Open,
    /// Both sides have closed it.
    Closed,
    /// It was reset.
    Reset,
}

/// A connection as one node knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Flow {
    /// The node.
    pub node: String,
    /// `tcp`, `udp` or `icmp`.
    pub protocol: &'static str,
    /// As its first packet came to the node.
    pub first: Ends,
    /// As answers come to the node.
    pub reply: Ends,
    /// How far it is.
    pub state: FlowState,
}

impl Flow {
    /// The word conntrack has for its state, empty for what has none, and for how long it is kept.
    ///
    /// Models the kernel's defaults, with the two that kube-proxy sets: `--conntrack-tcp-timeout-established=24h` and
    /// `--conntrack-tcp-timeout-close-wait=1h`.
    fn kept(&self) -> (&'static str, Span) {
        let (word, secs) = match (self.protocol, self.state) {
            ("tcp", FlowState::Unreplied) => ("SYN_SENT ", 120),
            ("tcp", FlowState::Open) => ("ESTABLISHED ", 86_400),
            ("tcp", FlowState::Closed) => ("TIME_WAIT ", 120),
            ("tcp", FlowState::Reset) => ("CLOSE ", 10),
            ("udp", FlowState::Open) => ("", 120),
            _ => ("", 30),
        };
        (word, Span::secs(secs))
    }
}

/// So many connections are remembered over all nodes; a real node has room for hundreds of thousands.
const KEPT: usize = 256;

/// The connections of all nodes.
#[derive(Clone, Default)]
pub struct Table {
    rows: Arc<Vec<(Flow, SimTime)>>,
}

impl Table {
    /// Enters connections; one that is there already begins its time anew.
    pub fn enter(&mut self, flows: &[Flow], now: SimTime) {
        if flows.is_empty() {
            return;
        }
        let rows = Arc::make_mut(&mut self.rows);
        for flow in flows {
            rows.retain(|(old, _)| {
                !(old.node == flow.node && old.protocol == flow.protocol && old.first == flow.first)
            });
            rows.push((flow.clone(), now));
        }
        if rows.len() > KEPT {
            rows.retain(|(flow, at)| *at + flow.kept().1 > now);
            let superfluous = rows.len().saturating_sub(KEPT);
            rows.drain(..superfluous);
        }
    }

    /// Those of a node that are not over.
    fn of<'a>(&'a self, node: &'a str, now: SimTime) -> impl Iterator<Item = &'a (Flow, SimTime)> {
        self.rows.iter().filter(move |(flow, at)| flow.node == node && *at + flow.kept().1 > now)
    }

    /// The UDP connection a packet belongs to: a TCP connection that is closed is none any more.
    pub fn find(&self, node: &str, protocol: &str, first: &Ends, now: SimTime) -> Option<Flow> {
        let mut rows = self.of(node, now).map(|(flow, _)| flow);
        rows.find(|flow| flow.protocol == "udp" && protocol == "udp" && flow.first == *first).cloned()
    }

    /// How many connections a node has sent from one address and port to another: those that are open, and the others.
    pub fn count(
        &self,
        node: &str,
        protocol: &str,
        (front, target): ((IpAddr, u16), (IpAddr, u16)),
        now: SimTime,
    ) -> (usize, usize) {
        let ours = |flow: &&Flow| {
            let reply = (flow.reply.source, flow.reply.source_port);
            flow.protocol == protocol && (flow.first.destination, flow.first.port) == front && reply == target
        };
        let all: Vec<&Flow> = self.of(node, now).map(|(flow, _)| flow).filter(ours).collect();
        let open = all.iter().filter(|flow| flow.protocol == "tcp" && flow.state == FlowState::Open).count();
        (open, all.len() - open)
    }

    /// The lines of `conntrack -L` for the connections that are `wanted`.
    pub fn lines(&self, node: &str, now: SimTime, wanted: impl Fn(&Flow) -> bool) -> Vec<String> {
        let rows = self.of(node, now).filter(|(flow, _)| wanted(flow));
        rows.map(|(flow, at)| line(flow, (*at + flow.kept().1).since(now).as_secs())).collect()
    }
}

fn line(flow: &Flow, secs: u64) -> String {
    let number = match flow.protocol {
        "tcp" => 6,
        "udp" => 17,
        _ => 1,
    };
    let ends = |ends: &Ends, kind: u8| match number {
        1 => format!("src={} dst={} type={kind} code=0 id={}", ends.source, ends.destination, flow.first.source_port),
        _ => format!("src={} dst={} sport={} dport={}", ends.source, ends.destination, ends.source_port, ends.port),
    };
    let unreplied = if flow.state == FlowState::Unreplied { "[UNREPLIED] " } else { "" };
    let assured = if number == 6 && flow.state != FlowState::Unreplied { "[ASSURED] " } else { "" };
    format!(
        "{:<8} {number} {secs} {}{} {unreplied}{} {assured}mark=0 use=1",
        flow.protocol,
        flow.kept().0,
        ends(&flow.first, 8),
        ends(&flow.reply, 0)
    )
}
