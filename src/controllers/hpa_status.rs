//! How a HorizontalPodAutoscaler's status and events are written, and who works against it.

use std::sync::Arc;

use ecow::EcoString;

use super::hpa::{Look, COMPONENT};
use crate::api::{Object, Value};
use crate::store::vpa_admission::update_mode;
use crate::store::{Action, Because, EventNote};
use crate::value;

impl Look<'_> {
    /// Models pkg/controller/podautoscaler/horizontal.go setStatus.
    pub(super) fn set_status(&mut self, current: i64, desired: Option<i64>, statuses: Value, rescaled: bool) {
        let desired = desired.unwrap_or_else(|| self.status.get("desiredReplicas").int());
        self.status.remove_key("currentReplicas");
        if current != 0 {
            self.status.set("currentReplicas", current);
        }
        self.status.set("desiredReplicas", desired);
        self.status.set("currentMetrics", statuses);
        if rescaled {
            self.status.set("lastScaleTime", self.view.now_text());
        }
    }

    pub(super) fn write_status(&mut self) {
        if self.status == *self.hpa.status() {
            return;
        }
        let mut object = self.hpa.clone();
        object.set("status", self.status.clone());
        let because = Arc::new(Because::of(COMPONENT, &self.hpa, self.decision.clone()));
        self.plan.push(Action::UpdateStatus { object, because });
    }

    pub(super) fn note(&mut self, severity: &'static str, reason: &'static str, text: String) {
        self.plan.push(Action::Note(EventNote::new(&self.hpa, COMPONENT, severity, reason, text)));
    }

    /// Models pkg/controller/podautoscaler/horizontal.go setConditionInList.
    pub(super) fn condition(&mut self, kind: &str, status: bool, reason: &str, message: &str) {
        let status = if status { "True" } else { "False" };
        let now = self.view.now_text();
        let list = self.status.slot("conditions").list_mut();
        let place = list.iter().position(|c| c.get("type").str() == kind).unwrap_or_else(|| {
            list.push(value!({"type": kind}));
            list.len() - 1
        });
        let condition = &mut list.make_mut()[place];
        if condition.get("status").str() != status {
            condition.set("lastTransitionTime", now);
        }
        condition.set("status", status);
        condition.set("reason", reason);
        condition.set("message", message);
    }

    pub(super) fn drop_condition(&mut self, kind: &str) {
        if self.status.get("conditions").list().iter().any(|c| c.get("type").str() == kind) {
            self.status.slot("conditions").list_mut().retain(|c| c.get("type").str() != kind);
        }
    }

    /// The VerticalPodAutoscaler that changes the requests of which this autoscaler's target is a percentage, where there is
    /// one: each of the two undoes what the other did.
    pub(super) fn rival(&self) -> Option<EcoString> {
        let reference = self.hpa.at("spec.scaleTargetRef");
        let is_percentage = |metric: &Value, resource: &str| {
            ["resource", "containerResource"].iter().any(|field| {
                let source = metric.get(field);
                source.get("name").str() == resource && !source.at("target.averageUtilization").is_null()
            })
        };
        let controls = |vpa: &Object, resource: &str| {
            let policies = vpa.at("spec.resourcePolicy.containerPolicies").list();
            policies.is_empty()
                || policies.iter().any(|policy| {
                    let given = policy.get("controlledResources");
                    let named = given.is_null() || given.list().iter().any(|known| known.str() == resource);
                    named && policy.get("mode").str() != "Off"
                })
        };
        let fights = |vpa: &&Object| {
            let target = vpa.at("spec.targetRef");
            let metrics = self.hpa.at("spec.metrics").list();
            target.get("kind") == reference.get("kind")
                && target.get("name") == reference.get("name")
                && update_mode(vpa) != "Off"
                && ["cpu", "memory"].iter().any(|resource| {
                    controls(vpa, resource) && metrics.iter().any(|metric| is_percentage(metric, resource))
                })
        };
        let all = self.view.store.list("VerticalPodAutoscaler", self.hpa.namespace());
        all.into_iter().find(fights).map(|vpa| vpa.name().into())
    }
}
