//! One attempt to find a node for a pod, and what is said when there is none.

use std::sync::Arc;

use ecow::EcoString;

use super::decision::{self, judged, Decision, Judged};
use super::filter::{failure_text, Prepared, Verdict};
use super::nodes::{NodeInfo, Nodes};
use super::pod_info::PodInfo;
use super::score::{self, Score};
use super::volumes::{self, PodVolumes};
use super::{binding, filter, preemption, State, COMPONENT};
use crate::api::{Object, Value};
use crate::base::draw;
use crate::base::time::Span;
use crate::store::{Action, Because, EventNote, Plan, View};
use crate::value;

const NODE_AFFINITY: &str = "NodeAffinity";
/// An attempt in vain keeps the scheduler for so long: it looks for pods to displace, and writes why.
const FAILED_ATTEMPT: Span = Span::millis(10);

impl State {
    /// Models pkg/scheduler/schedule_one.go schedulingCycle and handleSchedulingFailure. The binding is taken for done at
    /// once, so that the next pod sees it.
    pub(super) fn attempt(&mut self, view: &View, pod: &Object) -> Plan {
        let info = Arc::new(PodInfo::new(pod));
        let all = self.nodes.iter().count() as u32;
        if all == 0 {
            return self.fail(view, &info, "no nodes available to schedule pods".to_owned(), Vec::new(), Vec::new());
        }
        let prepared = match named_nodes(&info) {
            Some(names) if names.is_empty() => Err((NODE_AFFINITY, "pod affinity terms conflict".to_owned())),
            _ => volumes::prepare(view, &info, &self.assumed_volumes()).map_err(|reason| (volumes::PLUGIN, reason)),
        };
        let volumes = match prepared {
            Ok(volumes) => volumes,
            Err((plugin, reason)) => {
                let text = format!("0/{all} nodes are available: {reason}. not found");
                let all_refused = self.nodes.iter().map(|_| filter::refuse(plugin, &reason, true));
                let judged = judged(self.nodes.iter(), &all_refused.collect::<Vec<_>>());
                return self.fail(view, &info, text, vec![plugin], judged);
            }
        };
        let verdicts = self.filter_all(view, &info, volumes.as_ref());
        let feasible: Vec<&NodeInfo> =
            self.nodes.iter().zip(&verdicts).filter(|(_, v)| **v == Verdict::Fits).map(|(node, _)| node).collect();
        if feasible.is_empty() {
            return self.no_node_fits(view, &info, verdicts, volumes.as_ref());
        }
        let (node, why, scores) = choose(view, &info, &self.nodes, &feasible);
        let mut nodes = judged(self.nodes.iter(), &verdicts);
        decision::add_scores(&mut nodes, &scores);
        let bindings = volumes.zip(self.nodes.get(&node)).and_then(|(volumes, node)| volumes.bindings(node).ok());
        self.forget(&info.uid);
        let (chosen, summary) = (Some(node.clone()), why.as_str().into());
        self.keep_decision(&info.uid, Decision { at: view.now, chosen, summary, nodes });
        self.nodes.put_pod(info.clone(), &node);
        let mut plan = Plan { visited: all, ..Plan::default() };
        match bindings.filter(|bindings| !bindings.is_empty()) {
            Some(bindings) => self.begin_binding(view, &info, &node, why, bindings, &mut plan),
            None => plan.push(binding::bind(&info, pod, &node, why)),
        }
        plan
    }

    /// The verdict on each node, in the order of the nodes.
    fn filter_all(&self, view: &View, info: &PodInfo, volumes: Option<&PodVolumes>) -> Vec<Verdict> {
        let prepared = Prepared::new(info, &self.nodes, &|namespace| namespace_labels(view, namespace), volumes);
        let named = named_nodes(info);
        let judge = |node: &NodeInfo| match self.with_nominated(info, node) {
            _ if named.as_ref().is_some_and(|names| !names.contains(&node.name.as_str())) => {
                filter::refuse(NODE_AFFINITY, "node(s) didn't satisfy plugin(s) [NodeAffinity]", true)
            }
            Some(fuller) => prepared.filter(&fuller),
            None => prepared.filter(node),
        };
        self.nodes.iter().map(judge).collect()
    }

    /// The node with the pods added that wait for it and go before this one.
    ///
    /// Models pkg/scheduler/framework/runtime addGENominatedPods.
    fn with_nominated(&self, info: &PodInfo, node: &NodeInfo) -> Option<NodeInfo> {
        let before =
            |n: &&super::Nominated| n.node == node.name && n.info.priority >= info.priority && n.info.uid != info.uid;
        let mut fuller: Option<NodeInfo> = None;
        for waiting in self.nominated.values().filter(before) {
            let node = fuller.get_or_insert_with(|| node.clone());
            node.requested.add(&waiting.info.requests, 1);
            node.pods += 1;
            node.host_ports.extend(waiting.info.host_ports.iter().cloned());
        }
        fuller
    }

    fn no_node_fits(
        &mut self,
        view: &View,
        info: &Arc<PodInfo>,
        verdicts: Vec<Verdict>,
        volumes: Option<&PodVolumes>,
    ) -> Plan {
        let all = verdicts.len() as u32;
        let text = failure_text(all, verdicts.iter());
        let mut refused_by: Vec<&'static str> = Vec::new();
        for verdict in &verdicts {
            if let Verdict::Refused { plugin, .. } = verdict {
                if !refused_by.contains(plugin) {
                    refused_by.push(plugin);
                }
            }
        }
        let nodes = judged(self.nodes.iter(), &verdicts);
        let nominated = self.nominated.get(&info.uid).map(|n| n.node.clone());
        let labels = |namespace: &str| namespace_labels(view, namespace);
        let budgets: Vec<&Object> = view.store.all("PodDisruptionBudget").collect();
        match preemption::preempt(info, &self.nodes, &verdicts, nominated.as_deref(), &labels, volumes, &budgets) {
            Ok(choice) => {
                let mut plan = self.fail(view, info, text, refused_by, nodes);
                self.nominated
                    .insert(info.uid.clone(), super::Nominated { info: info.clone(), node: choice.node.clone() });
                preemption::carry_out(view, info, &choice, &mut plan);
                plan
            }
            Err(why) => {
                let text = format!("{text} no new claims to deallocate, preemption: {why}");
                self.fail(view, info, text, refused_by, nodes)
            }
        }
    }

    /// Puts a pod back, says why in an event and in its condition.
    pub(super) fn fail(
        &mut self,
        view: &View,
        info: &PodInfo,
        text: String,
        refused_by: Vec<&'static str>,
        nodes: Vec<Judged>,
    ) -> Plan {
        self.queue.put_back(&info.uid, refused_by, view.now);
        let summary = text.as_str().into();
        self.keep_decision(&info.uid, Decision { at: view.now, chosen: None, summary, nodes });
        let pod = view.get("Pod", &info.key).unwrap_or(&info.object);
        let mut plan = Plan { visited: self.nodes.iter().count() as u32, ..Plan::default() };
        plan.again_after(FAILED_ATTEMPT);
        plan.push(Action::Note(EventNote::new(pod, COMPONENT, "Warning", "FailedScheduling", text.clone())));
        if let Some(conditions) = failed_condition(view, pod, &text) {
            plan.push(Action::Patch {
                kind: "Pod",
                key: info.key.clone(),
                uid: info.uid.clone(),
                status: true,
                patch: value!({"status": {"conditions": conditions}}),
                because: Arc::new(Because::of(COMPONENT, pod, text)),
            });
        }
        plan
    }
}

/// The conditions of a pod with PodScheduled=False; nothing where they say so already.
fn failed_condition(view: &View, pod: &Object, text: &str) -> Option<Value> {
    let old = pod.condition("PodScheduled");
    let was_false = old.get("status").str() == "False";
    let since = if was_false { old.get("lastTransitionTime").clone() } else { view.now_text().into() };
    let condition = value!({
        "lastProbeTime": null, "lastTransitionTime": since, "message": text, "observedGeneration": (pod.generation()),
        "reason": "Unschedulable", "status": "False", "type": "PodScheduled"
    });
    if *old == condition {
        return None;
    }
    let others = pod.at("status.conditions").list().iter().filter(|c| c.get("type").str() != "PodScheduled");
    Some(others.cloned().chain([condition]).collect())
}

/// The nodes that a pod names in each term of its required affinity, as those of DaemonSets do; nothing where a term names none.
/// Without any the terms contradict themselves.
///
/// Models pkg/scheduler/framework/plugins/nodeaffinity PreFilter.
fn named_nodes(info: &PodInfo) -> Option<Vec<&str>> {
    let terms = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    let terms = info.object.spec().at(terms).list();
    let mut names = Vec::new();
    for term in terms {
        let fields = term.get("matchFields").list().iter();
        let mut wanted = fields.filter(|f| f.get("key").str() == "metadata.name" && f.get("operator").str() == "In");
        let first = wanted.next()?.get("values").list();
        let others: Vec<&Value> = wanted.map(|field| field.get("values")).collect();
        let in_all = |name: &&Value| others.iter().all(|values| values.list().contains(name));
        names.extend(first.iter().filter(in_all).map(Value::str));
    }
    (!terms.is_empty()).then_some(names)
}

/// The best of the nodes that fit; one of several by lot.
///
/// Models pkg/scheduler/schedule_one.go selectHost.
fn choose(view: &View, info: &PodInfo, nodes: &Nodes, feasible: &[&NodeInfo]) -> (EcoString, String, Vec<Score>) {
    if let [only] = feasible {
        return (only.name.clone(), format!("{} is the only node that passes all filters", only.name), Vec::new());
    }
    let labels = |namespace: &str| namespace_labels(view, namespace);
    let scores = score::scores(info, nodes, feasible, &labels, || default_selector(view, &info.object));
    let totals = score::totals(&scores, feasible.len());
    let best = totals.iter().copied().max().unwrap_or(0);
    let leaders: Vec<usize> = (0..feasible.len()).filter(|i| totals[*i] == best).collect();
    let lot = draw::below(view.settings.seed, "schedule", &info.uid, 0, leaders.len() as u64);
    let name = feasible[leaders[lot as usize]].name.clone();
    let why = match leaders.len() {
        1 => format!("{name} has the best score of {} nodes that fit: {best}", feasible.len()),
        tied => {
            format!("{name} was drawn from {tied} of {} nodes that fit with the best score: {best}", feasible.len())
        }
    };
    (name, why, scores)
}

pub(super) fn namespace_labels(view: &View, namespace: &str) -> Value {
    view.store.find("Namespace", "", namespace).map_or(Value::Null, |object| object.labels().clone())
}

/// A selector of the pods that belong to the same Services and the same workload as a pod; null where there are none.
///
/// Models pkg/scheduler/framework/plugins/helper DefaultSelector.
fn default_selector(view: &View, pod: &Object) -> Value {
    let mut labels = Value::map();
    for service in view.store.list("Service", pod.namespace()) {
        let selector = service.at("spec.selector");
        let selects = |(key, value): &(EcoString, Value)| pod.labels().get(key) == value;
        if !selector.is_empty() && selector.entries().iter().all(selects) {
            for (key, value) in selector.entries() {
                labels.map_mut().insert(key, value.clone());
            }
        }
    }
    let mut expressions: Vec<Value> = Vec::new();
    let owners = pod.metadata().get("ownerReferences").list();
    if let Some(owner) = owners.iter().find(|owner| owner.get("controller").bool()) {
        let kind = owner.get("kind").str();
        if matches!(kind, "ReplicaSet" | "StatefulSet" | "ReplicationController") {
            if let Some(object) = view.store.find(kind, pod.namespace(), owner.get("name").str()) {
                let selector = object.at("spec.selector");
                let plain = if kind == "ReplicationController" { selector } else { selector.get("matchLabels") };
                for (key, value) in plain.entries() {
                    labels.map_mut().insert(key, value.clone());
                }
                expressions.extend(selector.get("matchExpressions").list().iter().cloned());
            }
        }
    }
    if labels.is_empty() && expressions.is_empty() {
        return Value::Null;
    }
    value!({"matchLabels": labels, "matchExpressions": expressions})
}
