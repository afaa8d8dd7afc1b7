//! A small reader of `iptables-save`: it knows nothing of Kubernetes, only what rules mean, and says what they do with the
//! first packet of a connection. The network's tests hold the model against it.

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};

/// The rules by table and chain.
pub struct Rules {
    chains: BTreeMap<(String, String), Vec<Vec<String>>>,
}

/// The first packet of a connection.
#[derive(Clone, Debug)]
pub struct Packet {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub port: u16,
    pub protocol: String,
}

/// All that may become of a packet: each destination it may get, or what ends it; and whether its source is rewritten.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct End {
    pub what: String,
    pub masquerade: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Fit {
    No,
    Yes,
    Perhaps,
}

impl Rules {
    pub fn parse(text: &str) -> Rules {
        let mut chains: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut table = String::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('*') {
                table = name.to_owned();
            } else if let Some(rest) = line.strip_prefix(':') {
                chains.entry((table.clone(), rest.split(' ').next().unwrap().to_owned())).or_default();
            } else if let Some(rest) = line.strip_prefix("-A ") {
                let words = words(rest);
                let chain =
                    chains.get_mut(&(table.clone(), words[0].clone())).expect("a chain is declared before its rules");
                chain.push(words[1..].to_vec());
            }
        }
        Rules { chains }
    }

    /// Every way a packet may go, with the node's own addresses given.
    pub fn ends(&self, packet: &Packet, own: &[IpAddr]) -> BTreeSet<End> {
        let local = |ip: IpAddr| ip.is_loopback() || own.contains(&ip);
        let from_node = local(packet.source);
        let mut translated = Vec::new();
        let start = if from_node { "OUTPUT" } else { "PREROUTING" };
        let through = self.run("nat", start, packet, own, false, &mut translated);
        translated.extend(through.into_iter().map(|mark| (String::new(), mark)));
        let mut ends = BTreeSet::new();
        for (target, mark) in translated {
            let mut packet = packet.clone();
            if let Some((ip, port)) = target.rsplit_once(':') {
                packet.destination = ip.trim_matches(['[', ']']).parse().unwrap();
                packet.port = port.parse().unwrap();
            }
            let hooks: &[&str] = match (from_node, local(packet.destination)) {
                (true, true) => &["OUTPUT", "INPUT"],
                (true, false) => &["OUTPUT"],
                (false, true) => &["INPUT"],
                (false, false) => &["FORWARD"],
            };
            let stopped = hooks.iter().find_map(|hook| {
                let mut stops = Vec::new();
                self.run("filter", hook, &packet, own, mark, &mut stops);
                stops.into_iter().next().map(|(what, _)| what)
            });
            let what = match stopped {
                Some(what) if what != "ACCEPT" || target.is_empty() => what,
                _ => target,
            };
            let delivered = what.contains(':');
            ends.insert(End { masquerade: delivered && mark, what });
        }
        ends
    }

    /// Runs a chain; gives the marks of packets that come out at its end, and puts the others among `stops`.
    fn run(
        &self,
        table: &str,
        chain: &str,
        packet: &Packet,
        own: &[IpAddr],
        mark: bool,
        stops: &mut Vec<(String, bool)>,
    ) -> Vec<bool> {
        let mut live = vec![mark];
        let mut returned = Vec::new();
        let rules = &self.chains[&(table.to_owned(), chain.to_owned())];
        for rule in rules {
            let mut next = Vec::new();
            for mark in live {
                let fit = fits(rule, packet, own, mark);
                if fit != Fit::Yes {
                    next.push(mark);
                }
                if fit == Fit::No {
                    continue;
                }
                let Some(at) = rule.iter().position(|word| word == "-j") else {
                    next.push(mark);
                    continue;
                };
                match rule[at + 1].as_str() {
                    "RETURN" => returned.push(mark),
                    "MARK" => next.push(rule[at + 3] == "0x4000/0x4000"),
                    "DNAT" => stops.push((rule[at + 3].clone(), mark)),
                    stop @ ("REJECT" | "DROP" | "ACCEPT") => stops.push((stop.to_owned(), mark)),
                    chain => next.extend(self.run(table, chain, packet, own, mark, stops)),
                }
            }
            live = next;
            live.sort_unstable();
            live.dedup();
        }
        live.extend(returned);
        live
    }
}

fn fits(rule: &[String], packet: &Packet, own: &[IpAddr], mark: bool) -> Fit {
    let local = |ip: IpAddr| ip.is_loopback() || own.contains(&ip);
    let mut fit = Fit::Yes;
    let mut not = false;
    let mut i = 0;
    while i < rule.len() && rule[i] != "-j" {
        let value = rule.get(i + 1).map_or("", String::as_str);
        let (matches, length) = match rule[i].as_str() {
            "!" => {
                not = true;
                i += 1;
                continue;
            }
            "-s" => (within(packet.source, value), 2),
            "-d" => (within(packet.destination, value), 2),
            "-p" => (packet.protocol == value, 2),
            "--dport" => (packet.port.to_string() == value, 2),
            "--mark" => (mark == (value == "0x4000/0x4000"), 2),
            "--ctstate" => (value.split(',').any(|state| state == "NEW"), 2),
            "--src-type" => (local(packet.source), 2),
            "--dst-type" => (local(packet.destination), 2),
            "--probability" | "--rcheck" => {
                fit = Fit::Perhaps;
                (!not, if rule[i] == "--rcheck" { 1 } else { 2 })
            }
            "--set" | "--reap" | "--rsource" => (!not, 1),
            "-m" | "--comment" | "--mode" | "--seconds" | "--name" | "--mask" | "--nfacct-name" => (!not, 2),
            other => panic!("a match that this reader does not know: {other}"),
        };
        if matches == not {
            return Fit::No;
        }
        not = false;
        i += length;
    }
    fit
}

fn within(ip: IpAddr, network: &str) -> bool {
    let (base, bits) = network.split_once('/').expect("iptables-save prints every address with its mask");
    let number = |ip: IpAddr| match ip {
        IpAddr::V4(four) => (u128::from(u32::from(four)) << 96, 32),
        IpAddr::V6(six) => (u128::from(six), 128),
    };
    let (a, b) = (number(ip), number(base.parse().unwrap()));
    let bits: u32 = bits.parse().unwrap();
    a.1 == b.1 && (bits == 0 || a.0 >> (128 - bits) == b.0 >> (128 - bits))
}

/// Words of a line; quoted ones without their quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (i, part) in line.split('"').enumerate() {
        if i % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
