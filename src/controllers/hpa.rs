//! The HorizontalPodAutoscaler controller: every 15 seconds, how many replicas the metrics call for.

use std::sync::Arc;

use super::hpa_metrics::{ask, Failure, Outcome, Scale};
use super::hpa_rules::{
    limit_by_policies, limit_plain, note_scaling, stabilize, stabilize_both, Limited, Past, Recommendation,
};
use super::hpa_scale::{scale_of, selector_text};
use super::{Controller, Key};
use crate::api::{selector, Object, Value};
use crate::base::time::Span;
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

pub(super) const CONTROLLER: Controller = Controller { name: "horizontalpodautoscaler", keys, reconcile };
pub(super) const COMPONENT: &str = "horizontal-pod-autoscaler";
const KIND: &str = "HorizontalPodAutoscaler";

/// How long a look takes: some five requests, to the metrics API and for the scale and the status. The next look begins a
/// sync period after the end of this one, so twenty looks take a little longer than the 300 s that recommendations live.
const LOOK_TAKES: Span = Span::millis(60);

fn keys(change: &Change, _: &View) -> Vec<Key> {
    match change.kind() {
        KIND if change.verb != Verb::Modified => vec![Key::of(&change.object)],
        _ => Vec::new(),
    }
}

/// One look at an autoscaler, whose status is written at its end.
pub(super) struct Look<'a> {
    pub(super) view: View<'a>,
    pub(super) hpa: Object,
    pub(super) status: Value,
    pub(super) past: Past,
    pub(super) plan: Plan,
    /// What was decided, in a sentence.
    pub(super) decision: String,
}

/// Models pkg/controller/podautoscaler/horizontal.go processNextWorkItem: keys wait a whole sync period in the queue, those of
/// new autoscalers too.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let Some(hpa) = view.get(KIND, &key.key) else {
        return Plan { memory: Some(Value::Null), ..Plan::default() };
    };
    let period = view.settings.autoscaler.sync_period;
    let mut memory = memory.clone();
    let now = view.now.0 as i64;
    let due = match memory.get("due").opt_int().filter(|_| memory.get("uid").str() == hpa.uid()) {
        Some(due) => due,
        None => {
            memory = value!({"uid": (hpa.uid())});
            now + period.0 as i64
        }
    };
    if now < due {
        memory.set("due", due);
        let wait = Span((due - now) as u64);
        return Plan { memory: Some(memory), requeue_after: Some(wait), ..Plan::default() };
    }
    let mut look = Look {
        view: *view,
        hpa: hpa.clone(),
        status: hpa.status().clone(),
        past: Past::read(&memory),
        plan: Plan { visited: 1, ..Plan::default() },
        decision: String::new(),
    };
    look.take(&mut memory);
    look.past.write(&mut memory);
    memory.set("decision", std::mem::take(&mut look.decision));
    let wait = period + LOOK_TAKES;
    memory.set("due", now + wait.0 as i64);
    look.plan.memory = Some(memory);
    look.plan.requeue_after = Some(wait);
    look.plan
}

impl Look<'_> {
    /// Models pkg/controller/podautoscaler/horizontal.go reconcileAutoscaler.
    fn take(&mut self, memory: &mut Value) {
        if self.tell_refusal(memory) {
            return;
        }
        let scale = match scale_of(&self.view, &self.hpa) {
            Ok(scale) => scale,
            Err(text) => {
                self.note("Warning", "FailedGetScale", text.clone());
                let whole = format!("the HPA controller was unable to get the target's current scale: {text}");
                self.condition("AbleToScale", false, "FailedGetScale", &whole);
                self.decision = whole;
                return self.write_status();
            }
        };
        let able = "the HPA controller was able to get the target's current scale";
        self.condition("AbleToScale", true, "SucceededGetScale", able);
        let current = scale.spec_replicas;
        let now = self.view.timestamp().0;
        if memory.get("recommendations").is_null() {
            self.past.recommendations.push(Recommendation { replicas: current, at: now });
        }
        let min = self.hpa.at("spec.minReplicas").opt_int().unwrap_or(1);
        let max = self.hpa.at("spec.maxReplicas").int();
        let gate = self.view.settings.autoscaler.scale_to_zero;
        let was_zeroed = gate && self.hpa.has_condition("ScaledToZero");
        if current == 0 && !(was_zeroed && (min != 0 || self.looks_outside())) {
            let text = "scaling is disabled since the replica count of the target is zero";
            self.condition("ScalingActive", false, "ScalingDisabled", text);
            if !gate {
                self.drop_condition("ScaledToZero");
            }
            self.decision = text.to_owned();
            self.set_status(current, Some(0), Value::Null, false);
            return self.write_status();
        }
        if current > max || (current != 0 && current < min) {
            let (side, bound, wanted) = if current > max { ("above", "Max", max) } else { ("below", "Min", min) };
            let reason = format!("Current number of replicas {side} Spec.{bound}Replicas");
            self.decision = format!("{current} is {side} {}Replicas {wanted}", bound.to_lowercase());
            return self.rescale(&scale, wanted, reason, Value::Null, memory);
        }
        self.by_metrics(&scale, (min, max), was_zeroed, memory);
    }

    fn looks_outside(&self) -> bool {
        let metrics = self.hpa.at("spec.metrics").list();
        metrics.iter().any(|metric| matches!(metric.get("type").str(), "Object" | "External"))
    }

    fn by_metrics(&mut self, scale: &Scale, (min, max): (i64, i64), was_zeroed: bool, memory: &mut Value) {
        let current = scale.spec_replicas;
        let (best, statuses) = match self.ask_all(scale) {
            Ok(found) => found,
            Err((statuses, text)) => {
                self.set_status(current, None, statuses, false);
                self.write_status();
                self.decision = text.clone();
                self.note("Warning", "FailedComputeMetricsReplicas", text);
                return;
            }
        };
        let wanted = best.proposal.replicas;
        let mut reason = match wanted.cmp(&current) {
            std::cmp::Ordering::Greater => format!("{} above target", best.name),
            std::cmp::Ordering::Less => "All metrics below target".to_owned(),
            std::cmp::Ordering::Equal => String::new(),
        };
        let (stable, limited) = self.normalize(current, wanted, min, max);
        let mut desired = limited.replicas;
        if current == 0 && min != 0 && was_zeroed && desired < min {
            desired = min;
            if reason.is_empty() {
                reason = "Current number of replicas below Spec.MinReplicas".to_owned();
            }
        }
        self.decision = format!("{}: {}", best.name, best.proposal.why);
        if stable != wanted {
            let end = if stable > wanted { "highest" } else { "lowest" };
            self.decision.push_str(&format!("; held at {stable}, the {end} of the stabilization window"));
        }
        if limited.replicas != stable {
            self.decision.push_str(&format!(", limited to {desired} by {}", limited.rule));
        }
        if let Some(rival) = self.rival() {
            let text = format!("; VerticalPodAutoscaler {rival} changes the requests that this is a percentage of");
            self.decision.push_str(&text);
        }
        if desired == current {
            self.set_status(current, Some(current), statuses, false);
            return self.write_status();
        }
        self.rescale(scale, desired, reason, statuses, memory);
    }

    /// The metric that calls for the most replicas; where all fail, or some do and the rest would shrink, what went wrong.
    ///
    /// Models pkg/controller/podautoscaler/horizontal.go computeReplicasForMetrics.
    fn ask_all(&mut self, scale: &Scale) -> Result<(Outcome, Value), (Value, String)> {
        self.check_selector(scale).map_err(|text| (Value::Null, text))?;
        let specs = self.hpa.at("spec.metrics").clone();
        let mut statuses = Vec::new();
        let mut best: Option<Outcome> = None;
        let mut failures: Vec<Failure> = Vec::new();
        for spec in specs.list() {
            match ask(&self.view, &self.hpa, spec, scale) {
                Ok(outcome) => {
                    statuses.push(outcome.status.clone());
                    let most = best.as_ref().map_or(0, |best| best.proposal.replicas);
                    if best.is_none() || most == 0 || outcome.proposal.replicas > most {
                        best = Some(outcome);
                    }
                }
                Err(failure) => {
                    self.note("Warning", failure.reason, failure.text.clone());
                    statuses.push(value!({"type": ""}));
                    failures.push(failure);
                }
            }
        }
        let statuses = Value::from(statuses);
        let shrinks = best.as_ref().is_none_or(|best| best.proposal.replicas < scale.spec_replicas);
        match (best, failures.first()) {
            (best, Some(first)) if shrinks || best.is_none() => {
                let text = format!("the HPA was unable to compute the replica count: {}", first.text);
                self.condition("ScalingActive", false, first.reason, &text);
                let (bad, all) = (failures.len(), specs.list().len());
                let whole = format!("invalid metrics ({bad} invalid out of {all}), first error is: {}", first.whole);
                Err((statuses, whole))
            }
            (Some(best), _) => {
                let text = format!("the HPA was able to successfully calculate a replica count from {}", best.name);
                self.condition("ScalingActive", true, "ValidMetricFound", &text);
                Ok((best, statuses))
            }
            (None, _) => Err((statuses, "invalid metrics (0 invalid out of 0), first error is: <nil>".to_owned())),
        }
    }

    /// Models pkg/controller/podautoscaler/horizontal.go validateAndParseSelector.
    fn check_selector(&mut self, scale: &Scale) -> Result<(), String> {
        if scale.selector.is_empty() {
            let text = "selector is required".to_owned();
            self.note("Warning", "SelectorRequired", text.clone());
            let message = "the HPA target's scale is missing a selector";
            self.condition("ScalingActive", false, "InvalidSelector", message);
            return Err(text);
        }
        let takes = |selector: &Value, pod: &Object| selector::matches(selector, pod.labels());
        let pods = self.view.store.list("Pod", self.hpa.namespace());
        let pods: Vec<&Object> = pods.filter(|pod| takes(&scale.selector, pod)).collect();
        let others = self.view.store.list(KIND, self.hpa.namespace());
        let same = others.filter(|other| {
            let seen = other.name() == self.hpa.name() || other.has_condition("AbleToScale");
            let theirs = scale_of(&self.view, other).map(|scale| scale.selector);
            seen && theirs.is_ok_and(|selector| pods.iter().any(|pod| takes(&selector, pod)))
        });
        let names: Vec<String> = same.map(|other| other.key().to_string()).collect();
        if names.len() < 2 {
            return Ok(());
        }
        let text = format!(
            "pods by selector {} are controlled by multiple HPAs: [{}]",
            selector_text(&scale.selector),
            names.join(" ")
        );
        self.note("Warning", "AmbiguousSelector", text.clone());
        self.condition("ScalingActive", false, "AmbiguousSelector", &text);
        Err(text)
    }

    /// The stabilised number, and that number within its bounds.
    ///
    /// Models pkg/controller/podautoscaler/horizontal.go normalizeDesiredReplicas and normalizeDesiredReplicasWithBehaviors.
    fn normalize(&mut self, current: i64, wanted: i64, min: i64, max: i64) -> (i64, Limited) {
        let now = self.view.timestamp().0;
        let usual = self.view.settings.autoscaler.downscale_stabilization.0 as i64;
        let behavior = self.hpa.at("spec.behavior").clone();
        let window = |field: &str| {
            let seconds = behavior.get(field).get("stabilizationWindowSeconds").opt_int();
            seconds.map(|seconds| seconds * 1_000_000)
        };
        let up = behavior.is_null() || wanted < current;
        let (stable, limited) = if behavior.is_null() {
            let stable = stabilize(&mut self.past, wanted, usual, now);
            (stable, limit_plain(current, stable, min, max))
        } else {
            let (up, down) = (window("scaleUp").unwrap_or(0), window("scaleDown").unwrap_or(usual));
            let stable = stabilize_both(&mut self.past, current, wanted, up, down, now);
            (stable, limit_by_policies(&self.past, &behavior, current, stable, min, max, now))
        };
        let (reason, text) = match (stable != wanted, up) {
            (false, _) => ("ReadyForNewScale", "recommended size matches current size"),
            (true, true) => (
                "ScaleDownStabilized",
                "recent recommendations were higher than current one, applying the highest recent recommendation",
            ),
            (true, false) => (
                "ScaleUpStabilized",
                "recent recommendations were lower than current one, applying the lowest recent recommendation",
            ),
        };
        self.condition("AbleToScale", true, reason, text);
        self.condition("ScalingLimited", limited.replicas != stable, limited.reason, limited.message);
        (stable, limited)
    }

    fn rescale(&mut self, scale: &Scale, desired: i64, reason: String, statuses: Value, memory: &mut Value) {
        let current = scale.spec_replicas;
        let target = scale.object;
        let mut patch = Value::map();
        patch.set(target.kind.replicas().map_or("spec.replicas", |(wanted, _)| wanted), desired);
        self.plan.push(Action::Patch {
            kind: target.kind.kind,
            key: target.key(),
            uid: target.uid().into(),
            status: false,
            patch,
            because: Arc::new(Because::of(COMPONENT, &self.hpa, self.decision.clone())),
        });
        let text = format!("New size: {desired}; reason: {reason}");
        memory.set("refused", value!({"text": (text.clone()), "metrics": (statuses.clone()), "current": current}));
        self.note("Normal", "SuccessfulRescale", text);
        let done = format!("the HPA controller was able to update the target scale to {desired}");
        self.condition("AbleToScale", true, "SucceededRescale", &done);
        let now = self.view.timestamp().0;
        note_scaling(&mut self.past, self.hpa.at("spec.behavior"), current, desired, now);
        let min = self.hpa.at("spec.minReplicas").opt_int().unwrap_or(1);
        match self.view.settings.autoscaler.scale_to_zero {
            true if current > 0 && desired == 0 && min == 0 && self.looks_outside() => {
                let text = "the HPA controller scaled the workload to zero";
                self.condition("ScaledToZero", true, "ScaledToZero", text);
            }
            true => {
                let text = "the HPA controller did not scale the workload to zero";
                self.condition("ScaledToZero", false, "NotScaledToZero", text);
            }
            false => self.drop_condition("ScaledToZero"),
        }
        self.set_status(current, Some(desired), statuses, true);
        self.write_status();
    }

    /// Where the API server refused the last change of size, that is what this look is about.
    fn tell_refusal(&mut self, memory: &mut Value) -> bool {
        let refused = memory.remove_key("refused");
        let error = memory.get("lastError").text();
        if error.is_empty() || refused.is_null() {
            return false;
        }
        self.note("Warning", "FailedRescale", format!("{}; error: {error}", refused.get("text").str()));
        let text = format!("the HPA controller was unable to update the target scale: {error}");
        self.condition("AbleToScale", false, "FailedUpdateScale", &text);
        self.decision = text;
        self.set_status(refused.get("current").int(), None, refused.get("metrics").clone(), false);
        self.write_status();
        true
    }
}
