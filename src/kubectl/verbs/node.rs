//! `kubectl cordon`, `uncordon` and `taint`; `drain` has a file of its own.

use super::change::{modify, report};
use super::Verb;
use crate::api::kinds::kind;
use crate::api::{Object, Value};
use crate::base::names;

use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::{list, resource_kind};
use crate::value;

/// The row of cordon.
pub static CORDON: Verb = Verb { name: "cordon", run: Some(|call| cordon_all(call, true)), ..super::PLAIN };

/// The row of uncordon.
pub static UNCORDON: Verb = Verb { name: "uncordon", run: Some(|call| cordon_all(call, false)), ..super::PLAIN };

/// The row of taint.
pub static TAINT: Verb = Verb { name: "taint", run: Some(taint_all), ..super::PLAIN };

/// The nodes named or selected, `node/` in front of a name or not.
pub(super) fn nodes(call: &mut Call<'_>) -> Result<Vec<Object>, Failure> {
    if call.line.has("selector") {
        if !call.line.args.is_empty() {
            return Err(Failure::Usage("cannot specify both a node name and a --selector option".to_owned()));
        }
        return list(call, kind("Node"));
    }
    if call.line.args.is_empty() {
        let verb = call.verb.name;
        return Err(Failure::Usage(format!("USAGE: {verb} NODE [flags]")));
    }
    let names = call.line.args.clone();
    let names = names.iter().map(|name| name.split_once('/').map_or(name.as_str(), |(_, name)| name));
    names.map(|name| call.get(kind("Node"), "", name)).collect()
}

fn cordon_all(call: &mut Call<'_>, closed: bool) -> Outcome {
    for node in nodes(call)? {
        cordon(call, &node, closed)?;
    }
    Ok(Run::Done(0))
}

/// Closes a node for new pods, or opens it again.
pub(super) fn cordon(call: &mut Call<'_>, node: &Object, closed: bool) -> Result<(), Failure> {
    let (dry, word) = (call.dry_run()?, if closed { "cordoned" } else { "uncordoned" });
    if node.at("spec.unschedulable").bool() == closed {
        call.out.line(format!("node/{} already {word}{}", node.name(), dry.suffix()));
        return Ok(());
    }
    modify(call, node, dry, |node| {
        match closed {
            true => node.set("spec.unschedulable", true),
            false => drop(node.value.remove("spec.unschedulable")),
        }
        Ok(())
    })?;
    call.out.line(format!("node/{} {word}{}", node.name(), dry.suffix()));
    Ok(())
}

/// A taint to add, or to take away where it has no value to add.
struct Update {
    key: String,
    value: String,
    effect: String,
    remove: bool,
}

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

fn taint_all(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    let is_update = |arg: &String| arg.contains('=') || arg.contains(':') || arg.ends_with('-');
    let split = args.iter().position(is_update).unwrap_or(args.len());
    let (resources, specs) = args.split_at(split);
    let Some((first, names)) = resources.split_first() else {
        return Err(error("one or more resources must be specified as <resource> <name>"));
    };
    if specs.is_empty() {
        return Err(error("at least one taint update is required"));
    }
    let updates = specs.iter().map(|spec| update(spec)).collect::<Result<Vec<Update>, Failure>>()?;
    for (i, update) in updates.iter().enumerate() {
        if updates[..i].iter().any(|other| !other.remove && other.key == update.key && other.effect == update.effect) {
            let Update { key, value, effect, .. } = update;
            return Err(Failure::Usage(format!(
                "duplicated taints with the same key and effect: {{{key} {value} {effect} <nil>}}"
            )));
        }
    }
    if call.world.store().catalog().resource(first).is_none() {
        return Err(Failure::Plain(format!("the server doesn't have a resource type \"{first}\"")));
    }
    if resource_kind(call, first)?.kind != "Node" {
        return Err(error(format!("invalid resource type {first}, only node types are supported")));
    }
    let nodes = match names.is_empty() || call.line.is("all") {
        true => list(call, kind("Node"))?,
        false => names.iter().map(|name| call.get(kind("Node"), "", name)).collect::<Result<_, Failure>>()?,
    };
    let mut failures = Vec::new();
    for node in nodes {
        failures.extend(taint(call, &node, &updates).err());
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// `key=value:Effect`, `key:Effect`, `key-`, `key:Effect-`.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/taint parseTaint.
fn update(spec: &str) -> Result<Update, Failure> {
    let (body, remove) = spec.strip_suffix('-').map_or((spec, false), |body| (body, true));
    let invalid = |why: Vec<String>| {
        let why = if why.is_empty() { String::new() } else { format!(", {}", why.join("; ")) };
        Failure::Usage(format!("invalid taint spec: {body}{why}"))
    };
    let (key, value, effect) = match body.split(':').collect::<Vec<_>>()[..] {
        [key] => (key, "", ""),
        [_, effect] if !EFFECTS.contains(&effect) => {
            return Err(Failure::Usage(format!("invalid taint effect: {effect}, unsupported taint effect")))
        }
        [pair, effect] => match pair.split('=').collect::<Vec<_>>()[..] {
            [key] => (key, "", effect),
            [key, value] => (key, value, effect),
            _ => return Err(invalid(Vec::new())),
        },
        _ => return Err(invalid(Vec::new())),
    };
    let why = [names::label_value(value), names::label_key(key)].into_iter().find(|why| !why.is_empty());
    if let Some(why) = why {
        return Err(invalid(why));
    }
    if effect.is_empty() && !remove {
        return Err(invalid(Vec::new()));
    }
    Ok(Update { key: key.to_owned(), value: value.to_owned(), effect: effect.to_owned(), remove })
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/taint reorganizeTaints.
fn taint(call: &mut Call<'_>, node: &Object, updates: &[Update]) -> Result<(), Failure> {
    let dry = call.dry_run()?;
    let mut taints: Vec<Value> = node.at("spec.taints").list().to_vec();
    let same = |taint: &Value, update: &Update| {
        taint.get("key").str() == update.key && (update.effect.is_empty() || taint.get("effect").str() == update.effect)
    };
    let both = updates.iter().filter(|a| !a.remove).find(|a| updates.iter().any(|b| b.remove && b.key == a.key));
    if let Some(update) = both {
        let text =
            format!("can not both modify and remove the following taint(s) in the same command: {}=", update.key);
        return Err(error(text));
    }
    let mut done = "tainted";
    for update in updates.iter().filter(|update| update.remove) {
        let before = taints.len();
        taints.retain(|taint| !same(taint, update));
        if taints.len() == before {
            let effect = if update.effect.is_empty() { String::new() } else { format!(":{}", update.effect) };
            return Err(error(format!("taint \"{}{effect}\" not found", update.key)));
        }
        done = "untainted";
    }
    let added: Vec<&Update> = updates.iter().filter(|update| !update.remove).collect();
    for update in &added {
        if taints.iter().any(|taint| same(taint, update)) {
            if !call.line.is("overwrite") {
                let taken = added.iter().filter(|update| taints.iter().any(|taint| same(taint, update)));
                let keys: Vec<&str> = taken.map(|update| update.key.as_str()).collect();
                let text = format!(
                    "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                    node.name(),
                    keys.join(",")
                );
                return Err(error(text));
            }
            taints.retain(|taint| !same(taint, update));
            done = "modified";
        }
    }
    if done == "untainted" && !added.is_empty() {
        done = "modified";
    }
    for update in added.iter().rev() {
        let mut taint = value!({"effect": (update.effect.as_str()), "key": (update.key.as_str())});
        if !update.value.is_empty() {
            taint.set("value", update.value.as_str());
        }
        taints.insert(0, taint);
    }
    let changed = modify(call, node, dry, |node| {
        match taints.is_empty() {
            true => drop(node.value.remove("spec.taints")),
            false => node.set("spec.taints", taints),
        }
        Ok(())
    })?;
    report(call, &changed, done, DryRun::No)
}
