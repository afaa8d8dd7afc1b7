//! Preemption: which pods of lower priority would have to go so that a pod finds a node.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::EcoString;

use super::filter::{Prepared, Verdict};
use super::nodes::{Nodes, Placed};
use super::pod_info::PodInfo;
use super::volumes::PodVolumes;
use super::COMPONENT;
use crate::api::{selector, Object, Value};
use crate::base::order::Order;
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, EventNote, Plan, View};
use crate::value;

/// A node and the pods that would have to leave it.
pub struct Choice {
    /// The node's name.
    pub node: EcoString,
    /// The pods to delete.
    pub victims: Vec<Arc<PodInfo>>,
    /// How many of them their disruption budgets would keep.
    violations: usize,
}

/// The node whose victims matter least; otherwise the text that says why preemption does not help.
///
/// Models pkg/scheduler/framework/preemption Evaluator.Preempt.
pub fn preempt(
    info: &PodInfo,
    nodes: &Nodes,
    verdicts: &[Verdict],
    nominated: Option<&str>,
    namespace_labels: &dyn Fn(&str) -> Value,
    volumes: Option<&PodVolumes>,
    budgets: &[&Object],
) -> Result<Choice, String> {
    if info.object.at("spec.preemptionPolicy").str() == "Never" {
        return Err("not eligible due to preemptionPolicy=Never.".to_owned());
    }
    if let Some(node) = nominated {
        let leaving = |p: &Placed| p.info.priority < info.priority && p.info.preempted;
        let verdict = nodes.iter().zip(verdicts).find(|(there, _)| there.name == node).map(|(_, verdict)| verdict);
        let hopeless = matches!(verdict, Some(Verdict::Refused { unresolvable: true, .. }));
        if !hopeless && nodes.pods_on(node).any(leaving) {
            return Err("not eligible due to a terminating pod on the nominated node.".to_owned());
        }
    }
    let mut choices = Vec::new();
    let mut reasons: BTreeMap<EcoString, u32> = BTreeMap::new();
    for (node, verdict) in nodes.iter().zip(verdicts) {
        let why = match verdict {
            Verdict::Refused { unresolvable: false, .. } => {
                match victims(info, nodes, &node.name, namespace_labels, volumes, budgets) {
                    Ok((victims, violations)) => {
                        choices.push(Choice { node: node.name.clone(), victims, violations });
                        continue;
                    }
                    Err(why) => why,
                }
            }
            _ => vec!["Preemption is not helpful for scheduling".into()],
        };
        why.into_iter().for_each(|why| *reasons.entry(why).or_default() += 1);
    }
    match choices.into_iter().min_by_key(cost) {
        Some(choice) => Ok(choice),
        None => {
            let mut texts: Vec<String> = reasons.iter().map(|(why, count)| format!("{count} {why}")).collect();
            texts.order();
            Err(format!("0/{} nodes are available: {}.", verdicts.len(), texts.join(", ")))
        }
    }
}

/// Models preemption pickOneNodeForPreemption: the fewest violated budgets, the lowest highest priority, the lowest sum of
/// priorities, the fewest pods, and the youngest of the most important ones, by their creation; upstream goes by the start.
fn cost(choice: &Choice) -> (usize, i64, i64, usize, Reverse<EcoString>) {
    let priorities = || choice.victims.iter().map(|victim| victim.priority);
    let sum = priorities().map(|p| p + i64::from(i32::MAX) + 1).sum();
    let highest = priorities().max().unwrap_or(i64::MIN);
    let oldest = choice.victims.iter().filter(|victim| victim.priority == highest).map(|victim| made(victim)).min();
    (choice.violations, highest, sum, choice.victims.len(), Reverse(oldest.unwrap_or_default()))
}

fn made(pod: &PodInfo) -> EcoString {
    pod.object.at("metadata.creationTimestamp").text()
}

/// The fewest pods that must leave a node: all of lower priority go, and those that can stay are let back, the most
/// important first, and before all those that their disruption budgets would keep. Of equals the older one counts as more
/// important; upstream goes by the start.
///
/// Models pkg/scheduler/framework/plugins/defaultpreemption SelectVictimsOnNode.
fn victims(
    info: &PodInfo,
    nodes: &Nodes,
    node: &str,
    namespace_labels: &dyn Fn(&str) -> Value,
    volumes: Option<&PodVolumes>,
    budgets: &[&Object],
) -> Result<(Vec<Arc<PodInfo>>, usize), Vec<EcoString>> {
    let mut trial = nodes.clone();
    let lower = |p: &&Placed| p.info.priority < info.priority;
    let mut candidates: Vec<Arc<PodInfo>> = nodes.pods_on(node).filter(lower).map(|p| p.info.clone()).collect();
    if candidates.is_empty() {
        return Err(vec!["No preemption victims found for incoming pod".into()]);
    }
    for candidate in &candidates {
        trial.remove_pod(&candidate.uid);
    }
    let fits = |nodes: &Nodes| match nodes.get(node) {
        Some(target) => Prepared::new(info, nodes, namespace_labels, volumes).filter(target),
        None => Verdict::Fits,
    };
    if let Verdict::Refused { reasons, .. } = fits(&trial) {
        return Err(reasons);
    }
    candidates.order_by(|a, b| b.priority.cmp(&a.priority).then_with(|| made(a).cmp(&made(b))));
    let (kept, others) = by_budget(candidates, budgets);
    let (mut victims, first) = (Vec::new(), kept.len());
    let mut violations = 0;
    for (i, candidate) in kept.into_iter().chain(others).enumerate() {
        trial.put_pod(candidate.clone(), node);
        if fits(&trial) != Verdict::Fits {
            trial.remove_pod(&candidate.uid);
            victims.push(candidate);
            violations += usize::from(i < first);
        }
    }
    Ok((victims, violations))
}

/// The pods whose deletion their disruption budgets do not allow, and the others.
///
/// Models pkg/scheduler/framework/plugins/defaultpreemption filterPodsWithPDBViolation.
fn by_budget(pods: Vec<Arc<PodInfo>>, budgets: &[&Object]) -> (Vec<Arc<PodInfo>>, Vec<Arc<PodInfo>>) {
    let mut left: Vec<i64> = budgets.iter().map(|budget| budget.at("status.disruptionsAllowed").int()).collect();
    pods.into_iter().partition(|info| {
        let mut violated = false;
        for (budget, left) in budgets.iter().zip(&mut left) {
            let pod = &info.object;
            let concerns = budget.namespace() == pod.namespace()
                && budget.at("spec.selector").entries().iter().any(|(_, part)| !part.is_empty())
                && selector::matches(budget.at("spec.selector"), pod.labels())
                && budget.at("status.disruptedPods").get(pod.name()).is_null();
            *left -= i64::from(concerns);
            violated |= concerns && *left < 0;
        }
        violated
    })
}

/// Deletes the victims and notes the node that the pod waits for.
///
/// Models pkg/scheduler/framework/preemption prepareCandidate.
pub fn carry_out(view: &View, info: &PodInfo, choice: &Choice, plan: &mut Plan) {
    let pod = &info.object;
    let why = format!("priority {} goes before the pods on {} that it displaces", info.priority, choice.node);
    let because = Arc::new(Because::of(COMPONENT, pod, why));
    let patch = |target: &PodInfo, patch: Value| Action::Patch {
        kind: "Pod",
        key: target.key.clone(),
        uid: target.uid.clone(),
        status: true,
        patch,
        because: because.clone(),
    };
    for victim in &choice.victims {
        let text = format!("Preempted by pod {} on node {}", info.uid, choice.node);
        let condition = value!({
            "lastProbeTime": null, "lastTransitionTime": (view.now_text()),
            "message": (format!("{COMPONENT}: preempting to accommodate a higher priority pod")),
            "observedGeneration": (victim.object.generation()), "reason": "PreemptionByScheduler", "status": "True",
            "type": "DisruptionTarget"
        });
        let current = view.get("Pod", &victim.key).map_or(&victim.object, |object| object);
        let others =
            current.at("status.conditions").list().iter().filter(|c| c.get("type").str() != "DisruptionTarget");
        let conditions: Value = others.cloned().chain([condition]).collect();
        plan.push(patch(victim, value!({"status": {"conditions": conditions}})));
        plan.push(Action::Delete {
            kind: "Pod",
            key: victim.key.clone(),
            uid: victim.uid.clone(),
            options: DeleteOptions::default(),
            because: because.clone(),
            success: Some(EventNote::new(&victim.object, COMPONENT, "Normal", "Preempted", text)),
        });
    }
    plan.push(patch(info, value!({"status": {"nominatedNodeName": (choice.node.clone())}})));
}
