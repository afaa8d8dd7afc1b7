//! The VerticalPodAutoscaler's updater: which pods are evicted, or resized where they are, so that they request what is
//! recommended.

use std::sync::Arc;

use ecow::EcoString;

use super::hpa_requests::milli_of;
use super::pods::is_active;
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::time::{Span, Timestamp};
use crate::store::vpa_admission::{above_limit, containers_by, policy, recommended, update_mode};
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
/// This part of a controller's pods may be away at once (`--eviction-tolerance`).
const TOLERANCE: f64 = 0.5;

/// A resize that its node puts off is given up after so long, and one that is under way after so much longer.
const DEFERRED_FOR: Span = Span::secs(300);
const GOING_FOR: Span = Span::secs(3_600);

/// A pod that is to change.
struct Wanted<'a> {
    pod: &'a Object,
    grows: bool,
    part: f64,
}

/// The pods of one controller: how many it wants, and what may be done to them.
///
/// Models vertical-pod-autoscaler/pkg/updater/restriction/pods_restriction_factory.go singleGroupStats.
struct Group {
    owner: EcoString,
    configured: i64,
    tolerance: i64,
    running: i64,
    touched: i64,
}

impl Group {
    fn may_disrupt(&self) -> bool {
        self.running - self.touched > self.configured - self.tolerance
            || (self.configured == self.running && self.tolerance == 0 && self.touched == 0)
    }
}

/// What is to become of a pod that may be changed where it is.
#[derive(PartialEq)]
enum InPlace {
    Resize,
    Evict,
    Wait,
}

/// Changes pods; `memory` holds since when a resize is known to be under way.
///
/// Models vertical-pod-autoscaler/pkg/updater/logic/updater.go RunOnce, for one autoscaler.
pub(super) fn update(view: &View, vpa: &Object, pods: &[&Object], memory: &mut Value, plan: &mut Plan) {
    let mode = update_mode(vpa);
    if !matches!(mode, "Recreate" | "InPlaceOrRecreate") || vpa.at("status.recommendation").is_null() {
        return;
    }
    let live = |pod: &&&Object| is_active(pod) && !pod.at("spec.nodeName").is_empty();
    let live: Vec<&Object> = pods.iter().filter(live).copied().collect();
    let mut groups = groups(view, vpa, &live);
    let mut wanted: Vec<Wanted> = live.iter().filter_map(|pod| judge(view, vpa, pod)).collect();
    wanted.retain(|change| is_admitted(vpa, change.pod));
    wanted.order_by(|a, b| b.grows.cmp(&a.grows).then(b.part.total_cmp(&a.part)));
    let mut resizing = Value::map();
    for change in wanted {
        let Some(owner) = change.pod.controller().map(|owner| owner.uid) else { continue };
        let Some(group) = groups.iter_mut().find(|group| group.owner == owner) else { continue };
        let since = memory.get("resizing").get(change.pod.uid()).opt_int().unwrap_or(view.timestamp().0);
        let is_pending = change.pod.at("status.phase").str() == "Pending";
        let stuck = is_stuck(change.pod, view.timestamp().0 - since);
        if stuck.is_some() {
            resizing.map_mut().insert(change.pod.uid(), since);
        }
        let decision = match mode {
            "Recreate" if is_pending => InPlace::Evict,
            "InPlaceOrRecreate" if is_pending => InPlace::Wait,
            _ => match (stuck, group.may_disrupt()) {
                (Some(true), true) => InPlace::Evict,
                (Some(_), _) | (None, false) => InPlace::Wait,
                (None, true) if mode == "Recreate" => InPlace::Evict,
                (None, true) => InPlace::Resize,
            },
        };
        if decision != InPlace::Wait {
            group.touched += i64::from(!is_pending);
        }
        match decision {
            InPlace::Resize => resize(vpa, &change, plan),
            InPlace::Evict => evict(vpa, &change, plan),
            InPlace::Wait => {}
        }
    }
    memory.set("resizing", resizing);
}

/// The groups that have pods enough: `--min-replicas`, or what the autoscaler says.
fn groups(view: &View, vpa: &Object, live: &[&Object]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let least = vpa.at("spec.updatePolicy.minReplicas").opt_int().unwrap_or(LEAST_REPLICAS);
    for pod in live {
        let Some(owner) = pod.controller().filter(|owner| groups.iter().all(|known| known.owner != owner.uid)) else {
            continue;
        };
        let mine = || live.iter().filter(|other| other.controller().is_some_and(|own| own.uid == owner.uid));
        let count = mine().count() as i64;
        let object = view.store.find(&owner.kind, pod.namespace(), &owner.name);
        let configured = match (owner.kind.as_str(), object) {
            ("Job", _) => count,
            ("DaemonSet", Some(object)) => object.at("status.numberReady").int(),
            (_, Some(object)) => object.at("spec.replicas").int(),
            (_, None) => 0,
        };
        if count < least || configured == 0 {
            continue;
        }
        // Half of the pods at the most are away at once; where that is none, a single one may be.
        let tolerance = (configured as f64 * TOLERANCE) as i64;
        let running = mine().filter(|pod| pod.at("status.phase").str() != "Pending").count() as i64;
        groups.push(Group { owner: owner.uid, configured, tolerance, running, touched: 0 });
    }
    groups
}

/// Whether a resize that is under way is one to give up; none where none is.
///
/// Models vertical-pod-autoscaler/pkg/updater/restriction/pods_inplace_restriction.go CanEvictInPlacingPod.
fn is_stuck(pod: &Object, micros: i64) -> Option<bool> {
    let (pending, going) = (pod.condition("PodResizePending"), pod.condition("PodResizeInProgress"));
    let is_true = |condition: &Value| condition.get("status").str() == "True";
    if !is_true(pending) && !is_true(going) {
        return None;
    }
    Some(match (is_true(pending), pending.get("reason").str(), going.get("reason").str()) {
        (true, "Deferred", _) => micros > DEFERRED_FOR.0 as i64,
        (true, ..) => true,
        (false, _, "") => micros > GOING_FOR.0 as i64,
        (false, ..) => true,
    })
}

/// What `evictionRequirements` ask for: of each, one of its resources changes in the direction that it names.
///
/// Models vertical-pod-autoscaler/pkg/updater/priority/scaling_direction_pod_eviction_admission.go Admit.
fn is_admitted(vpa: &Object, pod: &Object) -> bool {
    let requirements = vpa.at("spec.updatePolicy.evictionRequirements").list();
    let meets = |container: &Value| {
        let target = recommended(vpa, container);
        !target.is_empty()
            && requirements.iter().all(|requirement| {
                requirement.get("resources").list().iter().any(|resource| {
                    let new = target.iter().find(|(known, _)| *known == resource.str());
                    let new = new.map_or(0, |(_, amount)| milli_of(&amount.as_str().into()));
                    let old = milli_of(requests(pod, container).get(resource.str()));
                    match requirement.get("changeRequirement").str() {
                        "TargetHigherThanRequests" => new > old,
                        _ => new < old,
                    }
                })
            })
    };
    requirements.is_empty() || pod.at("spec.containers").list().iter().any(meets)
}

/// What a container requests as far as it was given that.
fn requests<'a>(pod: &'a Object, container: &'a Value) -> &'a Value {
    let statuses = pod.at("status.containerStatuses").list();
    let own = statuses.iter().find(|status| status.get("name") == container.get("name"));
    own.map(|own| own.at("resources.requests"))
        .filter(|own| !own.is_null())
        .unwrap_or(container.at("resources.requests"))
}

fn evict(vpa: &Object, change: &Wanted, plan: &mut Plan) {
    let text = "Pod was evicted by VPA Updater to apply resource recommendation.";
    let note = EventNote::new(change.pod, COMPONENT, "Normal", "EvictedByVPA", text);
    plan.push(Action::Evict { key: change.pod.key(), because: why(vpa, change), success: Some(note) });
    let text = format!("VPA Updater evicted Pod {} to apply resource recommendation.", change.pod.name());
    plan.push(Action::Note(EventNote::new(vpa, COMPONENT, "Normal", "EvictedPod", text)));
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
            let request = requests(pod, container).get(resource);
            let target = own.get("target").get(resource);
            if target.is_null() {
                continue;
            }
            let within = |amount| above_limit(vpa, container, resource, amount).unwrap_or(amount);
            let target = within(target);
            sum.1 += of(target);
            sum.0 += of(request);
            grows |= of(target) > of(request);
            grows |= request.is_null();
            outside |= request.is_null()
                || of(request) < of(within(own.get("lowerBound").get(resource)))
                || of(request) > of(within(own.get("upperBound").get(resource)));
        }
    }
    let of = |(request, target): &(f64, f64)| (request.max(1.0) - target).abs() / request.max(1.0);
    let part = sums.iter().filter(|(_, target)| *target > 0.0).map(of).sum::<f64>();
    let watched = |status: &&Value| policy(vpa, status.get("name").str()).get("mode").str() != "Off";
    let soon = pod.at("status.containerStatuses").list().iter().filter(watched).any(killed_soon);
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
