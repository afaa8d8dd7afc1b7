//! What a cluster autoscaler says of itself: its ConfigMap, and the events about that.

use std::sync::Arc;

use ecow::EcoString;

use super::node_autoscaler::{NodeAutoscaler, COMPONENT};
use super::World;
use crate::api::encode::yaml;
use crate::api::{kind, Object, ObjectKey, Value};
use crate::base::time::SimTime;
use crate::store::plan::EventNote;
use crate::store::{Action, Because};
use crate::value;

const NAME: &str = "cluster-autoscaler-status";
const LAST_UPDATED: &str = "cluster-autoscaler.kubernetes.io/last-updated";

/// What was written last, and since when the parts that last have been so.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    counts: [i64; 4],
    up: Option<SimTime>,
    down: Option<SimTime>,
    began: SimTime,
    is_written: bool,
}

impl World {
    /// Writes the ConfigMap where something has changed. Upstream writes it at each look, for the time in it.
    ///
    /// Models cluster-autoscaler/clusterstate/utils/status.go WriteStatusConfigMap.
    pub(super) fn tell_of_autoscaler(&mut self, own: &mut NodeAutoscaler) {
        let nodes = self.store.count("Node");
        let ready = self.store.all("Node").filter(|node| node.has_condition("Ready")).count();
        let counts = [nodes, ready, own.coming.len(), own.unneeded.len()].map(|count| count as i64);
        let told = &mut own.told;
        if told.is_written && told.counts == counts {
            return;
        }
        let now = self.now;
        if !told.is_written {
            told.began = now;
        }
        let before = std::mem::replace(&mut told.counts, counts);
        for (since, place) in [(&mut told.up, 2), (&mut told.down, 3)] {
            if (before[place] > 0) != (counts[place] > 0) || since.is_none() {
                *since = Some(now);
            }
        }
        told.is_written = true;
        let text = self.status_text(own);
        let stamp = self.stamp(now);
        let key = ObjectKey::new("kube-system", NAME);
        let mut config = Object::new(kind("ConfigMap"), "kube-system", NAME);
        config.set("data", value!({"status": text}));
        config.value.slot("metadata").slot("annotations").map_mut().insert(LAST_UPDATED, stamp);
        let because = Arc::new(Because::rule(COMPONENT, "its state is another than at its last look"));
        let action = match self.store.get("ConfigMap", &key) {
            None => Action::Create { object: config, because, success: None, failure: None },
            Some(known) => Action::Patch {
                kind: "ConfigMap",
                key,
                uid: known.uid().into(),
                status: false,
                patch: value!({"metadata": {"annotations": (config.at("metadata.annotations").clone())},
                    "data": (config.at("data").clone())}),
                because,
            },
        };
        self.carry_out(vec![action]);
    }

    /// An event about the ConfigMap.
    pub(super) fn log_of_autoscaler(&mut self, reason: &'static str, text: String) {
        let config = self.store.find("ConfigMap", "kube-system", NAME).cloned();
        if let Some(config) = config {
            self.note(&EventNote::new(&config, COMPONENT, "Normal", reason, text));
        }
    }

    /// `2026-05-18 00:01:30 +0000 UTC`.
    fn stamp(&self, at: SimTime) -> EcoString {
        let text = self.time_text(at);
        text.replace('T', " ").replace('Z', " +0000 UTC").into()
    }

    fn time_text(&self, at: SimTime) -> String {
        crate::base::time::Timestamp::of(self.settings.epoch, at).rfc3339()
    }

    /// Models cluster-autoscaler/clusterstate GetStatus.
    fn status_text(&self, own: &NodeAutoscaler) -> String {
        let [nodes, ready, coming, unneeded] = own.told.counts;
        let now = self.time_text(self.now);
        let since = |at: Option<SimTime>| self.time_text(at.unwrap_or(self.now));
        let counts = value!({
            "registered": {"total": nodes, "ready": ready, "notStarted": 0,
                "unready": {"total": (nodes - ready), "resourceUnready": 0}},
            "longUnregistered": 0, "unregistered": coming
        });
        let health = value!({"status": "Healthy", "nodeCounts": counts, "lastProbeTime": (now.clone()),
            "lastTransitionTime": (self.time_text(own.told.began))});
        let up = value!({"status": (if coming > 0 { "InProgress" } else { "NoActivity" }), "lastProbeTime": (now.clone()),
            "lastTransitionTime": (since(own.told.up))});
        let mut down = value!({"status": "NoCandidates", "lastProbeTime": (now.clone()),
            "lastTransitionTime": (since(own.told.down))});
        if unneeded > 0 {
            down.set("status", "CandidatesPresent");
            down.set("candidates", unneeded);
        }
        let mut group_health = health.clone();
        group_health.set("cloudProviderTarget", nodes + coming);
        group_health.set("minSize", own.least as i64);
        group_health.set("maxSize", own.most as i64);
        let mut group_up = up.clone();
        group_up.set("backoffInfo", Value::map());
        let group = value!({"name": "nodes", "health": group_health, "scaleUp": group_up, "scaleDown": (down.clone())});
        let wide = value!({"health": health, "scaleUp": up, "scaleDown": down});
        yaml(&value!({"time": (self.stamp(self.now)), "autoscalerStatus": "Running", "clusterWide": wide,
            "nodeGroups": [group]}))
    }
}
