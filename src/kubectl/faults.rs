//! `fault` and `node`: what no kubectl can do to a machine; and what the scheduler thought of each. Names and effects are the
//! cluster's; here are words only.

use super::output::Output;
use crate::api::kinds::node::address;
use crate::api::Object;
use crate::base::quantity::Quantity;
use crate::base::time::Timestamp;
use crate::cluster::faults::{Away, FAULTS};
use crate::cluster::World;
use crate::scheduler::decision::Decision;

/// Why the API server cannot ask the kubelet of a pod's node; nothing where it can.
pub fn unreachable(world: &World, pod: &Object) -> Option<String> {
    let node = pod.at("spec.nodeName").str();
    let why = match world.away(node)? {
        Away::Stopped => "connection refused",
        Away::Off | Away::Cut => "no route to host",
    };
    let address = world.store().find("Node", "", node).map_or("", |node| address(node, "InternalIP"));
    Some(format!("dial tcp {address}:10250: connect: {why}"))
}

/// `fault`, `fault NAME NODE`, `fault heal [NODE]`.
pub fn fault(args: &[String], world: &mut World, out: &mut Output) -> u8 {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => {
            list(world, out);
            0
        }
        ["heal" | "clear", nodes @ ..] => heal(nodes, world, out),
        [name, node] if FAULTS.iter().any(|(fault, _)| fault == name) => {
            let node = node.strip_prefix("node/").unwrap_or(node);
            match world.fault(name, node) {
                Ok(()) => {
                    let effect = FAULTS.iter().find(|(fault, _)| fault == name).map_or("", |(_, effect)| effect);
                    out.line(format!("{node}: {}", effect.replace("the node", node)));
                    0
                }
                Err(why) => {
                    out.err(format!("error: {why}"));
                    1
                }
            }
        }
        _ => {
            out.err("usage: fault NAME NODE, fault heal [NODE]; the faults are:");
            for (name, effect) in FAULTS {
                out.err(format!("  {name:16} {effect}"));
            }
            2
        }
    }
}

fn list(world: &World, out: &mut Output) {
    let mut any = false;
    for (node, fault) in world.faults() {
        let away = fault.away.map(|away| match away {
            Away::Off => "node-down",
            Away::Cut => "partition",
            Away::Stopped => "kubelet-stop",
        });
        let short = [
            (fault.pressures.memory, "memory-pressure"),
            (fault.pressures.disk, "disk-pressure"),
            (fault.pressures.pid, "pid-pressure"),
        ];
        let words: Vec<&str> =
            away.into_iter().chain(short.iter().filter(|(is, _)| *is).map(|(_, word)| *word)).collect();
        if !words.is_empty() {
            any = true;
            out.line(format!("{node}: {}", words.join(", ")));
        }
    }
    if !any {
        out.line("no node has a fault");
    }
}

fn heal(nodes: &[&str], world: &mut World, out: &mut Output) -> u8 {
    let nodes: Vec<String> = match nodes {
        [] => world.faults().map(|(node, _)| node.to_string()).collect(),
        nodes => nodes.iter().map(|node| node.strip_prefix("node/").unwrap_or(node).to_owned()).collect(),
    };
    if nodes.is_empty() {
        out.line("no node has a fault");
    }
    let mut code = 0;
    for node in nodes {
        match world.heal(&node) {
            true => out.line(format!("{node}: healed")),
            false => {
                out.err(format!("error: {node} has no fault"));
                code = 1;
            }
        }
    }
    code
}

/// `node add [NAME] [--cpu N] [--memory Q]` and `node remove NAME`.
pub fn node(args: &[String], world: &mut World, out: &mut Output) -> u8 {
    let mut names: Vec<&str> = Vec::new();
    let (mut cpu, mut memory) = (None, None);
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let (flag, given) = word.split_once('=').map_or((word.as_str(), None), |(flag, value)| (flag, Some(value)));
        let slot = match flag {
            "--cpu" => &mut cpu,
            "--memory" => &mut memory,
            name => {
                names.push(name);
                continue;
            }
        };
        let value = given.or_else(|| words.next().map(String::as_str)).unwrap_or("");
        match Quantity::parse(value) {
            Ok(_) => *slot = Some(value.to_owned()),
            Err(_) => {
                out.err(format!("error: {flag} needs a quantity"));
                return 1;
            }
        }
    }
    let done = match names.as_slice() {
        ["add"] => world.add_node(None, cpu.as_deref(), memory.as_deref()).map(|name| format!("{name} has joined")),
        ["add", name] => {
            world.add_node(Some(name), cpu.as_deref(), memory.as_deref()).map(|name| format!("{name} has joined"))
        }
        ["remove", name] => world.remove_node(name).map(|()| format!("{name} is gone")),
        _ => Err("usage: node add [NAME] [--cpu N] [--memory Q], node remove NAME".to_owned()),
    };
    match done {
        Ok(text) => {
            out.line(text);
            0
        }
        Err(why) => {
            out.err(format!("error: {why}"));
            1
        }
    }
}

/// Why a pod is on its node and not on another, or on none: `why pod/NAME`.
pub fn decision(decision: &Decision, world: &World, out: &mut Output) {
    let at = Timestamp::of(world.settings().epoch, decision.at).rfc3339();
    out.line(format!("decided at {at}: {}", decision.summary));
    for judged in &decision.nodes {
        let chosen = decision.chosen.as_ref() == Some(&judged.node);
        let scores: Vec<String> = judged.scores.iter().map(|(plugin, points)| format!("{plugin} {points}")).collect();
        let verdict = match (judged.plugin, scores.is_empty()) {
            ("", true) => "passes all filters".to_owned(),
            ("", false) => format!("scores {}: {}", judged.total, scores.join(", ")),
            (plugin, _) => format!("refused by {plugin}: {}", judged.reasons),
        };
        out.line(format!("  {}{} {verdict}", judged.node, if chosen { " (chosen)" } else { "" }));
    }
}
