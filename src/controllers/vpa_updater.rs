//! The VerticalPodAutoscaler's updater: which pods are evicted, or resized where they are, so that they request what is
//! recommended.

use std::sync::Arc;

use super::hpa_calculator::milli_of;
use super::pods::is_active;
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::time::{Span, Timestamp};
use crate::store::vpa_admission::{containers_by, update_mode};
use crate::store::{Action, Because, EventNote, Plan, View};

const COMPONENT: &str = "vpa-updater";
/// A pod whose requests lie within the bounds is left alone for so long (`--pod-lifetime-update-threshold`).
const LIFETIME: Span = Span::secs(12 * 3_600);
/// A container killed for want of memory so soon after its start makes its pod an urgent one.
const OOM_SOON: Span = Span::secs(600);
/// A change smaller than this part is not worth it (`--pod-update-threshold`).
const LEAST_CHANGE: f64 = 0.1;
/// With fewer pods nothing is evicted (`--min-replicas`).
const LEAST_REPLICAS: i64 = 2;

/// A pod that is to change.
struct Wanted<'a> {
    pod: &'a Object,
    grows: bool,
    part: f64,
}

/// Models vertical-pod-autoscaler/pkg/updater/logic/updater.go RunOnce, for one autoscaler.
pub(super) fn update(view: &View, vpa: &Object, pods: &[&Object], plan: &mut Plan) {
    let mode = update_mode(vpa);
    if !matches!(mode, "Recreate" | "InPlaceOrRecreate") || vpa.at("status.recommendation").is_null() {
        return;
    }
    let live: Vec<&Object> = pods.iter().copied().filter(|pod| is_active(pod)).collect();
    let mut wanted: Vec<Wanted> = live.iter().filter_map(|pod| judge(view, vpa, pod)).collect();
    wanted.order_by(|a, b| b.grows.cmp(&a.grows).then(b.part.total_cmp(&a.part)));
    if mode == "InPlaceOrRecreate" {
        for change in wanted {
            resize(vpa, &change, plan);
        }
        return;
    }
    let least = vpa.at("spec.updatePolicy.minReplicas").opt_int().unwrap_or(LEAST_REPLICAS);
    let (count, running) = (live.len() as i64, live.iter().filter(|pod| pod.has_condition("Ready")).count() as i64);
    if count < least {
        return;
    }
    // Half of the pods at the most are away at once; where that is none, a single one may be.
    let away = (count as f64 * 0.5) as i64;
    let mut may = if away == 0 { i64::from(running == count) } else { running - (count - away) };
    for change in wanted {
        if may <= 0 {
            break;
        }
        may -= 1;
        let text = "Pod was evicted by VPA Updater to apply resource recommendation.";
        let note = EventNote::new(change.pod, COMPONENT, "Normal", "EvictedByVPA", text);
        plan.push(Action::Evict { key: change.pod.key(), because: why(vpa, &change), success: Some(note) });
    }
}

fn why(vpa: &Object, change: &Wanted) -> Arc<Because> {
    let percent = change.part * 100.0;
    Arc::new(Because::of(COMPONENT, vpa, format!("its requests differ by {percent:.0} % from what is recommended")))
}

fn resize(vpa: &Object, change: &Wanted, plan: &mut Plan) {
    let text = "Pod was resized in place by VPA Updater.";
    let note = EventNote::new(change.pod, COMPONENT, "Normal", "InPlaceResizedByVPA", text);
    let containers = containers_by(vpa, change.pod);
    let (key, because) = (change.pod.key(), why(vpa, change));
    plan.push(Action::Resize { key, containers, because, success: Some(note) });
}

/// How urgently a pod is to change; none where it is to stay as it is.
///
/// Models vertical-pod-autoscaler/pkg/updater/priority/update_priority_calculator.go AddPod.
fn judge<'a>(view: &View, vpa: &Object, pod: &'a Object) -> Option<Wanted<'a>> {
    let (mut outside, mut grows) = (false, false);
    let mut sums = [(0.0, 0.0); 2];
    for container in pod.at("spec.containers").list() {
        let all = vpa.at("status.recommendation.containerRecommendations").list();
        let own = all.iter().find(|one| one.get("containerName").str() == container.get("name").str());
        let Some(own) = own else { continue };
        for (sum, resource) in sums.iter_mut().zip(["cpu", "memory"]) {
            let of = |value: &Value| milli_of(value) as f64;
            let request = container.at("resources.requests").get(resource);
            let target = own.get("target").get(resource);
            if target.is_null() {
                continue;
            }
            sum.1 += of(target);
            sum.0 += of(request);
            grows |= of(target) > of(request);
            outside |= request.is_null()
                || of(request) < of(own.get("lowerBound").get(resource))
                || of(request) > of(own.get("upperBound").get(resource));
        }
    }
    let part = sums.iter().map(|(request, target)| (request - target).abs() / request.max(1.0)).sum::<f64>();
    let soon = pod.at("status.containerStatuses").list().iter().any(killed_soon);
    if part == 0.0 {
        return None;
    }
    if !outside && !soon {
        let started = Timestamp::parse(pod.at("status.startTime").str())?;
        let young = view.timestamp().0 < started.0 + LIFETIME.0 as i64;
        if young || part < LEAST_CHANGE {
            return None;
        }
    }
    Some(Wanted { pod, grows, part })
}

/// True for a container that was killed for want of memory not long ago, soon after it had started.
fn killed_soon(status: &Value) -> bool {
    let ended = status.at("lastState.terminated");
    let at = |field: &str| Timestamp::parse(ended.get(field).str());
    let (Some(started), Some(finished)) = (at("startedAt"), at("finishedAt")) else { return false };
    ended.get("reason").str() == "OOMKilled" && finished.0 - started.0 < OOM_SOON.0 as i64
}
