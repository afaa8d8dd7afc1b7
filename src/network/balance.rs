//! The step at which a Service's rules choose an endpoint and rewrite the packet.

use super::address::host_port;
use super::path::{arrow, Arrival, Flight, Path};
use super::proxy::compile::Target;
use super::proxy::rules::{self, Front, Rule};
use super::proxy::walk::Balance;
use super::proxy::{iptables, ipvs, nft, Mode, Node};
use super::trace::{Hop, HopKind, Memory, Place};

/// What is added where rules are older than the Service.
pub(super) fn behind(node: &str) -> String {
    format!(" The Service has changed, but kube-proxy on {node} has not written its rules anew yet: these are the old ones.")
}

impl<'a> Path<'a> {
    /// A Service's rules choose an endpoint and rewrite the packet.
    pub(super) fn balance(&mut self, node: &Node, mut flight: Flight, balance: Balance) -> Arrival<'a> {
        let c = &balance.compiled;
        let targets = balance.targets();
        let client = flight.packet.source.to_string();
        let name = c.port.full_name.clone();
        let stuck = c.service.affinity_secs.and_then(|secs| {
            let endpoint = self.state.sticks_to(&node.name, &name, &client, secs, self.view.now)?;
            targets.iter().position(|target| target.text() == endpoint).map(|index| (index, secs))
        });
        let index = stuck.map_or_else(|| self.pick(node, &name, targets.len()), |(index, _)| index);
        let target = &targets[index];
        let service = Place::service(&c.service.key);
        let before = arrow(&flight.packet);
        let destination = host_port(flight.packet.destination, flight.packet.port);
        flight.packet.destination = target.endpoint.address;
        flight.packet.port = target.port;
        let after = arrow(&flight.packet);
        let (rule, probability) = self.rule_of(&balance, index, stuck.map(|(_, secs)| secs), &destination);
        let chosen = self.lines_of(&balance, index, stuck.map(|(_, secs)| secs));
        if balance.front == Front::NodePort {
            self.meet(node, flight.packet.protocol, &iptables::node_port_jump(node));
        }
        self.meet(node, flight.packet.protocol, &chosen);
        let mut sentence = self.why(&balance, target, targets.len(), stuck.is_some());
        if self.state.is_behind(self.view, node, &c.service.key) {
            sentence.push_str(&behind(&node.name));
        }
        let hop = Hop {
            rule,
            probability,
            before,
            after: after.clone(),
            node: flight.node.clone(),
            sentence,
            ..self.step(HopKind::Dnat, "DNAT", flight.at.clone(), service.clone())
        };
        self.hop(hop);
        self.memories.push(Memory {
            node: node.name.to_string(),
            service: name,
            client,
            endpoint: target.text(),
            sticky: c.service.affinity_secs.is_some(),
        });
        let hairpin = flight.packet.source == target.endpoint.address;
        let own_mark = hairpin.then(|| rules::hairpin(&balance.compiled, target));
        self.meet(node, flight.packet.protocol, own_mark.as_slice());
        let masquerade = balance.masquerade || hairpin;
        self.meet(node, flight.packet.protocol, &iptables::postrouting(masquerade));
        if masquerade {
            self.masquerade(node, &mut flight, &balance, target, hairpin, service.clone());
        }
        self.retrack(&flight.packet);
        flight.at = service;
        self.deliver(node, flight, 0)
    }

    /// The source becomes the node's own address.
    fn masquerade(
        &mut self,
        node: &Node,
        flight: &mut Flight,
        balance: &Balance,
        target: &Target,
        hairpin: bool,
        service: Place,
    ) {
        let Some(address) = node.address() else { return };
        let marked = balance.rules.iter().find(|rule| rule.spec.ends_with(rules::MARK_CHAIN));
        let rule = match hairpin {
            _ if self.state.mode == Mode::Nftables => "chain masquerading".to_owned(),
            _ if self.state.mode == Mode::Ipvs => "-A KUBE-POSTROUTING -j MASQUERADE --random-fully".to_owned(),
            true => rules::hairpin(&balance.compiled, target).to_string(),
            false => marked.map(ToString::to_string).unwrap_or_default(),
        };
        let before = arrow(&flight.packet);
        flight.packet.source = address;
        let why = match (hairpin, balance.front) {
            (true, _) => "the pod was given itself; with its own address as the source it would not accept the answer",
            (_, Front::Cluster(_)) => "the packet does not come from a pod",
            _ => "the answer must come back through this node, wherever the pod is",
        };
        let sentence = format!("The source becomes {address}, the address of {}: {why}.", node.name);
        let hop = Hop {
            rule,
            before,
            after: arrow(&flight.packet),
            node: node.name.to_string(),
            sentence,
            ..self.step(HopKind::Snat, "SNAT", service.clone(), service)
        };
        self.hop(hop);
    }

    /// Which endpoint it is: at random by the rules' probabilities, or in turn.
    fn pick(&mut self, node: &Node, service: &str, count: usize) -> usize {
        let index = match self.state.mode {
            _ if self.lots.is_some() => self.lot("endpoint", service, count as u64),
            Mode::Iptables | Mode::Nftables => self.lot("endpoint", service, count as u64),
            Mode::Ipvs => self.state.turn(&node.name, service) % count as u64,
        };
        index as usize
    }

    /// The text of the rules that chose, and the probability of the last that left something to chance.
    fn rule_of(
        &self,
        balance: &Balance,
        index: usize,
        stuck_secs: Option<u64>,
        destination: &str,
    ) -> (String, Option<f64>) {
        let (c, targets) = (&balance.compiled, balance.targets());
        let target = &targets[index];
        if self.state.mode == Mode::Ipvs {
            return (ipvs::chosen(c, balance.front, destination, target), None);
        }
        if self.state.mode == Mode::Nftables {
            let probability = stuck_secs.is_none().then(|| 1.0 / targets.len() as f64);
            return (nft::chosen(c, balance.front, targets), probability);
        }
        let lines = self.lines_of(balance, index, stuck_secs);
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let probability = stuck_secs.is_none().then(|| 1.0 / (targets.len() - index) as f64);
        (lines.join("\n"), probability)
    }

    /// The rules of iptables mode that a packet met on its way to an endpoint, in order.
    fn lines_of(&self, balance: &Balance, index: usize, stuck_secs: Option<u64>) -> Vec<Rule> {
        let (c, targets) = (&balance.compiled, balance.targets());
        let choice = match stuck_secs {
            Some(secs) => rules::stick(c, &balance.chain, &targets[index], secs),
            None => rules::choose(c, &balance.chain, targets, index),
        };
        let mut lines = balance.rules.clone();
        lines.extend([choice, rules::translate(c, &targets[index])]);
        lines
    }

    fn why(&self, balance: &Balance, target: &Target, count: usize, stuck: bool) -> String {
        let who = match &target.endpoint.pod {
            Some(pod) => format!("pod {} ({})", pod.name, target.text()),
            None => target.text(),
        };
        let service = &balance.compiled.port.full_name;
        let local = if balance.local { " on this node" } else { "" };
        match (stuck, self.state.mode, count) {
            (true, ..) => format!("{service} sticks to its clients (ClientIP): this one goes to {who} again."),
            (_, _, 1) => format!("{service} has one endpoint{local} to choose from: {who}."),
            (_, Mode::Iptables | Mode::Nftables, _) => {
                format!(
                    "{service} has {count} endpoints{local}, each with a chance of 1/{count}; this time it is {who}."
                )
            }
            (_, Mode::Ipvs, _) => format!("{service} has {count} endpoints{local} and takes them in turn: now {who}."),
        }
    }
}
