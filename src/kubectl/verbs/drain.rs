//! `kubectl drain`: closes a node and evicts its pods.

use super::node::{cordon, nodes};
use super::Verb;
use crate::api::{kind, Object, ObjectKey};
use crate::base::time::{parse_duration, SimTime, Span};
use crate::cluster::World;
use crate::kubectl::call::{Call, DryRun, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::output::Output;
use crate::store::plan::DeleteOptions;

/// Its row.
pub static VERB: Verb = Verb { name: "drain", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    let dry = call.dry_run()?;
    let nodes = nodes(call)?;
    for node in &nodes {
        cordon(call, node, true)?;
    }
    let patience = match call.line.get("timeout") {
        None => Span::ZERO,
        Some(text) => parse_duration(text).ok_or_else(|| super::bad_duration(call, "timeout", text))?,
    };
    let until = (patience != Span::ZERO).then(|| call.world.now() + patience);
    let grace = call.number("grace-period")?.filter(|seconds| *seconds >= 0);
    let (mut plans, mut refused) = (Vec::new(), Vec::new());
    for node in &nodes {
        match choose(call, node) {
            Ok(pods) => plans.push((node.name().to_owned(), pods)),
            Err(why) => {
                let name = node.name();
                call.out
                    .err(format!("error: unable to drain node \"{name}\" due to error: {why}, continuing command..."));
                refused.push((name.to_owned(), why));
            }
        }
    }
    if !refused.is_empty() {
        call.out.err("There are pending nodes to be drained:");
        refused.iter().for_each(|(name, _)| call.out.err(format!(" {name}")));
        refused.iter().for_each(|(_, why)| call.out.err(why));
    }
    let code = u8::from(!refused.is_empty());
    if dry != DryRun::No {
        for (name, pods) in plans {
            for pod in pods {
                call.out.line(format!("evicting pod {}/{}{}", pod.namespace(), pod.name(), dry.suffix()));
            }
            call.out.line(format!("node/{name} drained{}", dry.suffix()));
        }
        return Ok(Run::Done(code));
    }
    let mut draining = Vec::new();
    for (name, pods) in plans {
        let mut pending = Vec::new();
        for pod in pods {
            evict(call, &pod, grace)?;
            pending.push((pod.key(), pod.uid().to_owned()));
        }
        draining.push((name, pending));
    }
    Ok(Run::Wait(Box::new(Drain { draining, until, patience, code })))
}

/// The pods that must leave a node, or why it cannot be drained.
///
/// Models staging/src/k8s.io/kubectl/pkg/drain Helper.GetPodsForDeletion.
fn choose(call: &mut Call<'_>, node: &Object) -> Result<Vec<Object>, String> {
    let selector = crate::api::selector::Selector::parse(call.line.text("pod-selector"))?;
    let pods: Vec<Object> = call.world.store().pods_on_node(node.name()).cloned().collect();
    let (mut chosen, mut daemons, mut alone, mut local) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for pod in pods.into_iter().filter(|pod| selector.matches(pod.labels())) {
        let name = format!("{}/{}", pod.namespace(), pod.name());
        let finished = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        let controller = pod.controller().map(|owner| owner.kind.to_string());
        if !pod.annotation("kubernetes.io/config.mirror").is_empty() {
            continue;
        }
        if controller.as_deref() == Some("DaemonSet") && !finished {
            daemons.push(name);
            continue;
        }
        if controller.is_none() && !finished {
            alone.push(name.clone());
        }
        let has_local = pod.at("spec.volumes").list().iter().any(|volume| !volume.get("emptyDir").is_null());
        if has_local && !finished {
            local.push(name);
        }
        chosen.push(pod);
    }
    let (force, ignore) = (call.line.is("force"), call.line.is("ignore-daemonsets"));
    let data = call.line.is("delete-emptydir-data");
    let mut errors = Vec::new();
    let mut refuse = |refused: bool, names: &[String], what: &str| {
        if refused && !names.is_empty() {
            errors.push(format!("{what}: {}", names.join(", ")));
        }
    };
    refuse(!ignore, &daemons, "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)");
    refuse(!force, &alone, "cannot delete Pods that declare no controller (use --force to override)");
    refuse(!data, &local, "cannot delete Pods with local storage (use --delete-emptydir-data to override)");
    match errors.len() {
        0 => {}
        1 => return Err(errors.remove(0)),
        _ => return Err(format!("[{}]", errors.join(", "))),
    }
    let mut warnings = Vec::new();
    if !alone.is_empty() {
        warnings.push(format!("deleting Pods that declare no controller: {}", alone.join(", ")));
    }
    if !daemons.is_empty() {
        warnings.push(format!("ignoring DaemonSet-managed Pods: {}", daemons.join(", ")));
    }
    if !warnings.is_empty() {
        call.out.warn(&warnings.join("; "));
    }
    Ok(chosen)
}

/// Evicts a pod. No disruption budgets are among our kinds, so an eviction is a deletion.
fn evict(call: &mut Call<'_>, pod: &Object, grace_seconds: Option<i64>) -> Result<(), Failure> {
    let because = call.because();
    let options = DeleteOptions { grace_seconds, ..DeleteOptions::default() };
    let (key, uid) = (pod.key(), pod.uid().to_owned());
    call.out.line(format!("evicting pod {}/{}", pod.namespace(), pod.name()));
    let deleted = call.world.request(|server| server.delete(kind("Pod"), &key, &uid, options, &because));
    deleted.map(drop).map_err(|status| error(status.message))
}

/// Waits until the evicted pods are gone.
struct Drain {
    draining: Vec<(String, Vec<(ObjectKey, String)>)>,
    until: Option<SimTime>,
    patience: Span,
    code: u8,
}

impl Waiting for Drain {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        let mut open = false;
        for (node, pending) in &mut self.draining {
            pending.retain(|(key, uid)| {
                let there = world.store().get("Pod", key).is_some_and(|pod| pod.uid() == uid);
                if !there {
                    out.line(format!("pod/{} evicted", key.name));
                }
                there
            });
            if pending.is_empty() && !node.is_empty() {
                out.line(format!("node/{node} drained"));
                node.clear();
            }
            open |= !pending.is_empty();
        }
        if !open {
            return Poll::Done(self.code);
        }
        if self.until.is_some_and(|until| world.now() >= until) {
            for (node, _) in self.draining.iter().filter(|(_, pending)| !pending.is_empty()) {
                let why = format!("global timeout reached: {}", self.patience);
                out.err(format!("error: unable to drain node \"{node}\" due to error: {why}, continuing command..."));
            }
            return Poll::Done(1);
        }
        Poll::Pending(self.until)
    }
}
