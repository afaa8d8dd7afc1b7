//! `kubectl drain`: closes nodes and evicts their pods, one node after the other.

use super::node::{cordon, nodes};
use super::Verb;
use crate::api::selector::Selector;
use crate::api::{kind, Object, ObjectKey};
use crate::base::time::{parse_duration, SimTime, Span};
use crate::cluster::World;
use crate::kubectl::call::{Call, DryRun, Outcome, Poll, Run, Waiting};
use crate::kubectl::output::Output;
use crate::store::plan::DeleteOptions;
use crate::store::Because;
use std::sync::Arc;

/// Its row.
pub static VERB: Verb = Verb { name: "drain", run: Some(run), ..super::PLAIN };

/// How long a refused eviction waits for its next try.
const RETRY: Span = Span::secs(5);

fn run(call: &mut Call<'_>) -> Outcome {
    let dry = call.dry_run()?;
    if !call.line.args.is_empty() && !call.line.text("selector").is_empty() {
        return Err(crate::kubectl::failure::Failure::Usage(
            "cannot specify both a node name and a --selector option".to_owned(),
        ));
    }
    let wrong = |_| crate::kubectl::failure::error("--pod-selector=<pod_selector> must be a valid label selector");
    let selector = Selector::parse(call.line.text("pod-selector")).map_err(wrong)?;
    let nodes = nodes(call)?;
    for node in &nodes {
        cordon(call, node, true)?;
    }
    let patience = match call.line.get("timeout") {
        None => Span::ZERO,
        Some(text) => parse_duration(text).ok_or_else(|| super::bad_duration(call, "timeout", text))?,
    };
    let wishes = Wishes {
        selector,
        force: call.line.is("force"),
        ignore_daemon_sets: call.line.is("ignore-daemonsets"),
        delete_local: call.line.is("delete-emptydir-data"),
        plain_delete: call.line.is("disable-eviction"),
        grace_seconds: call.number("grace-period")?.filter(|seconds| *seconds >= 0),
        dry,
        patience,
        because: call.because(),
    };
    let left = nodes.iter().rev().map(|node| node.name().to_owned()).collect();
    Ok(Run::Wait(Box::new(Drain { wishes, left, present: None, failed: Vec::new() })))
}

/// What the command line asks for.
struct Wishes {
    selector: Selector,
    force: bool,
    ignore_daemon_sets: bool,
    delete_local: bool,
    plain_delete: bool,
    grace_seconds: Option<i64>,
    dry: DryRun,
    patience: Span,
    because: Arc<Because>,
}

/// What is to become of a pod.
#[derive(PartialEq, Eq)]
enum Fate {
    /// It goes; the text is a warning, or empty.
    Goes(&'static str),
    /// It stays, and nobody minds; the text is a warning, or empty.
    Stays(&'static str),
    /// It would have to go, and may not.
    Refused(&'static str),
}

impl Wishes {
    /// What is to become of a pod: the first filter that keeps it decides, else the last that lets it go.
    ///
    /// Models staging/src/k8s.io/kubectl/pkg/drain makeFilters.
    fn fate(&self, pod: &Object) -> Fate {
        let finished = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        let controller = pod.controller();
        if controller.as_ref().is_some_and(|owner| owner.kind == "DaemonSet") && !finished {
            return match self.ignore_daemon_sets {
                true => Fate::Stays("ignoring DaemonSet-managed Pods"),
                false => Fate::Refused("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)"),
            };
        }
        if !pod.annotation("kubernetes.io/config.mirror").is_empty() {
            return Fate::Stays("");
        }
        let has_local = pod.at("spec.volumes").list().iter().any(|volume| !volume.get("emptyDir").is_null());
        if has_local && !finished && !self.delete_local {
            return Fate::Refused("Pods with local storage (use --delete-emptydir-data to override)");
        }
        match (controller.is_none() && !finished, self.force) {
            (true, true) => Fate::Goes("deleting Pods that declare no controller"),
            (true, false) => Fate::Refused("Pods that declare no controller (use --force to override)"),
            (false, _) => Fate::Goes(""),
        }
    }

    /// The pods that must leave a node and a warning, or why it cannot be drained.
    ///
    /// Models staging/src/k8s.io/kubectl/pkg/drain Helper.GetPodsForDeletion.
    fn choose(&self, world: &World, node: &str) -> Result<(Vec<Object>, String), Vec<String>> {
        let (mut chosen, mut warnings, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for pod in world.store().pods_on_node(node).filter(|pod| self.selector.matches(pod.labels())) {
            let (list, text): (&mut Vec<(&str, Vec<String>)>, &str) = match self.fate(pod) {
                Fate::Goes(text) => {
                    chosen.push(pod.clone());
                    (&mut warnings, text)
                }
                Fate::Stays(text) => (&mut warnings, text),
                Fate::Refused(text) => (&mut errors, text),
            };
            let name = pod.key().to_string();
            match list.iter_mut().find(|(known, _)| *known == text) {
                Some((_, names)) => names.push(name),
                None if text.is_empty() => {}
                None => list.push((text, vec![name])),
            }
        }
        let texts = |list: Vec<(&str, Vec<String>)>, before: &str| -> Vec<String> {
            list.into_iter().map(|(text, names)| format!("{before}{text}: {}", names.join(", "))).collect()
        };
        match errors.is_empty() {
            true => Ok((chosen, texts(warnings, "").join("; "))),
            false => Err(texts(errors, "cannot delete ")),
        }
    }

    fn verbs(&self) -> (&'static str, &'static str) {
        if self.plain_delete {
            ("deleting", "deleted")
        } else {
            ("evicting", "evicted")
        }
    }
}

fn aggregate(errors: &[String]) -> String {
    match errors {
        [one] => one.clone(),
        all => format!("[{}]", all.join(", ")),
    }
}

/// Where the eviction of a pod is.
enum Step {
    /// It is tried at this instant.
    Try(SimTime),
    /// The pod is going.
    Waits,
    /// The pod is gone.
    Done,
    /// It failed.
    Failed(String),
}

/// The drain of one node.
struct OnNode {
    name: String,
    pods: Vec<(ObjectKey, String, Step)>,
    until: Option<SimTime>,
}

/// The drain of several nodes.
struct Drain {
    wishes: Wishes,
    /// The nodes that are left, the next one last.
    left: Vec<String>,
    present: Option<OnNode>,
    failed: Vec<(String, Vec<String>)>,
}

impl Waiting for Drain {
    /// Models staging/src/k8s.io/kubectl/pkg/cmd/drain RunDrain and deleteOrEvictPodsSimple.
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        loop {
            if let Some(mut present) = self.present.take() {
                if let Some(again) = present.poll(&self.wishes, world, out) {
                    self.present = Some(present);
                    return Poll::Pending(again);
                }
                self.finish(present, world, out);
            }
            let Some(name) = self.left.pop() else { break };
            self.begin(name, world, out);
        }
        if self.failed.is_empty() {
            return Poll::Done(0);
        }
        out.err("There are pending nodes to be drained:");
        self.failed.iter().for_each(|(name, _)| out.err(format!(" {name}")));
        self.failed.iter().flat_map(|(_, why)| why).for_each(|why| out.err(why));
        Poll::Done(1)
    }
}

impl Drain {
    fn begin(&mut self, name: String, world: &World, out: &mut Output) {
        let (pods, warning) = match self.wishes.choose(world, &name) {
            Ok(chosen) => chosen,
            Err(why) => return self.fail(name, why, out),
        };
        if !warning.is_empty() {
            out.warn(&warning);
        }
        let dry = self.wishes.dry;
        if dry != DryRun::No {
            for pod in pods {
                out.line(format!("{} pod {}{}", self.wishes.verbs().0, pod.key(), dry.suffix()));
            }
            return out.line(format!("node/{name} drained{}", dry.suffix()));
        }
        let now = world.now();
        let pods = pods.iter().map(|pod| (pod.key(), pod.uid().to_owned(), Step::Try(now))).collect();
        let until = (self.wishes.patience != Span::ZERO).then(|| now + self.wishes.patience);
        self.present = Some(OnNode { name, pods, until });
    }

    fn finish(&mut self, node: OnNode, world: &World, out: &mut Output) {
        let failures = node.pods.iter().filter_map(|(_, _, step)| match step {
            Step::Failed(why) => Some(why.clone()),
            _ => None,
        });
        let failures: Vec<String> = failures.collect();
        if failures.is_empty() {
            return out.line(format!("node/{} drained", node.name));
        }
        let why = aggregate(&failures);
        let pending = self.wishes.choose(world, &node.name).map_or_else(|_| Vec::new(), |(pods, _)| pods);
        if !pending.is_empty() {
            out.err(format!("There are pending pods in node \"{}\" when an error occurred: {why}", node.name));
            pending.iter().for_each(|pod| out.err(format!("pod/{}", pod.name())));
        }
        self.fail(node.name, failures, out);
    }

    fn fail(&mut self, name: String, why: Vec<String>, out: &mut Output) {
        let text = aggregate(&why);
        out.err(format!("error: unable to drain node \"{name}\" due to error: {text}, continuing command..."));
        self.failed.push((name, why));
    }
}

impl OnNode {
    /// Goes on with each pod. Gives when to look again, or nothing when all is done.
    ///
    /// Models staging/src/k8s.io/kubectl/pkg/drain Helper.evictPods. The time is only looked at before a try and while
    /// waiting for the end, so that a refused eviction ends with the try after it.
    fn poll(&mut self, wishes: &Wishes, world: &mut World, out: &mut Output) -> Option<Option<SimTime>> {
        let (now, late) = (world.now(), self.until.is_some_and(|until| world.now() >= until));
        let mut again: Option<SimTime> = None;
        let mut open = false;
        for (key, uid, step) in &mut self.pods {
            if matches!(step, Step::Try(at) if *at <= now) {
                *step = attempt(key, wishes, late, world, out);
            }
            if matches!(step, Step::Waits) {
                let there = world.store().get("Pod", key).is_some_and(|pod| pod.uid() == uid.as_str());
                if !there {
                    out.line(format!("pod/{} {}", key.name, wishes.verbs().1));
                    *step = Step::Done;
                } else if late {
                    let (name, namespace) = (&key.name, &key.namespace);
                    *step = Step::Failed(format!(
                        "error when waiting for pod \"{name}\" in namespace \"{namespace}\" to terminate: context deadline exceeded"
                    ));
                }
            }
            let next = match step {
                Step::Try(at) => Some(*at),
                Step::Waits => self.until,
                Step::Done | Step::Failed(_) => continue,
            };
            open = true;
            again = again.into_iter().chain(next).min();
        }
        open.then_some(again)
    }
}

fn attempt(key: &ObjectKey, wishes: &Wishes, late: bool, world: &mut World, out: &mut Output) -> Step {
    out.line(format!("{} pod {key}", wishes.verbs().0));
    let (name, namespace) = (&key.name, &key.namespace);
    let failed = format!("error when {} pods/\"{name}\" -n \"{namespace}\"", wishes.verbs().0);
    if late {
        return Step::Failed(format!("{failed}: global timeout reached: {}", wishes.patience));
    }
    let options = DeleteOptions { grace_seconds: wishes.grace_seconds, ..DeleteOptions::default() };
    let result = world.request(|server| match wishes.plain_delete {
        true => server.delete(kind("Pod"), key, "", options, &wishes.because),
        false => server.evict(key, options, &wishes.because),
    });
    match result {
        Ok(_) => Step::Waits,
        Err(status) if status.reason == "NotFound" => Step::Done,
        Err(status) if status.reason == "TooManyRequests" => {
            out.err(format!("{failed} (will retry after 5s): {}", status.message));
            Step::Try(world.now() + RETRY)
        }
        Err(status) => Step::Failed(format!("{failed}: {}", status.message)),
    }
}
