//! What ingress-nginx writes: the address at which each of its Ingresses is reached, and an event for each that it has read.
//! It routes nothing.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::time::{SimTime, Span, Timestamp};
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "nginx-ingress-controller";
const CONTROLLER_NAME: &str = "k8s.io/ingress-nginx";
/// How often the leader writes addresses.
const INTERVAL: Span = Span::secs(60);

pub(super) const CONTROLLER: Controller = Controller { name: "ingress-nginx", keys, reconcile };

fn keys(change: &Change, view: &View) -> Vec<Key> {
    let all = || view.store.all("Ingress").map(Key::of).collect();
    match change.kind() {
        "Ingress" if change.verb != Verb::Deleted => vec![Key::of(&change.object)],
        "IngressClass" => all(),
        "Pod" if is_controller(&change.object) => all(),
        "Service" if change.object.label("app.kubernetes.io/name") == "ingress-nginx" => all(),
        _ => Vec::new(),
    }
}

fn is_controller(pod: &Object) -> bool {
    let mut containers = pod.at("spec.containers").list().iter();
    containers.any(|container| container.get("image").str().contains("ingress-nginx/controller"))
}

fn is_ready(pod: &Object) -> bool {
    let mut conditions = pod.at("status.conditions").list().iter();
    conditions.any(|c| c.get("type").str() == "Ready" && c.get("status").str() == "True")
}

/// True for an Ingress of a class of ingress-nginx.
fn is_ours(view: &View, ingress: &Object) -> bool {
    let named = match ingress.at("spec.ingressClassName").str() {
        "" => ingress.annotation("kubernetes.io/ingress.class"),
        class => class,
    };
    let mut classes =
        view.store.all("IngressClass").filter(|class| class.at("spec.controller").str() == CONTROLLER_NAME);
    classes.any(|class| match named {
        "" => class.annotation("ingressclass.kubernetes.io/is-default-class") == "true",
        name => class.name() == name,
    })
}

/// Models kubernetes/ingress-nginx internal/ingress/status sync, and the event handlers of controller/store.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(ingress) = view.get("Ingress", &key.key).filter(|ingress| is_ours(view, ingress)) else {
        plan.memory = Some(Value::Null);
        return plan;
    };
    let runs = |pod: &&Object| is_controller(pod) && pod.at("status.phase").str() == "Running" && !pod.is_deleting();
    let pods: Vec<&Object> = view.store.all("Pod").filter(runs).collect();
    let written = ingress.at("status.loadBalancer.ingress");
    let Some(leader) = pods.first() else {
        if !written.is_empty() {
            plan.push(patch(ingress, Value::Null, "no controller is left to reach it by"));
        }
        plan.memory = Some(Value::Null);
        return plan;
    };
    let version = ingress.at("metadata.resourceVersion").str();
    if memory.get("seen").str() != version {
        let note = EventNote::new(ingress, COMPONENT, "Normal", "Sync", "Scheduled for sync");
        plan.push(Action::Note(note));
    }
    let mut next = value!({"seen": version});
    let wanted = addresses(view, leader, &pods);
    if *written != wanted && !(written.is_empty() && wanted.is_empty()) {
        let due = match memory.get("due").opt_int() {
            Some(due) => SimTime(due as u64),
            None => tick(view, leader),
        };
        if due <= view.now {
            plan.push(patch(ingress, wanted, "the leader writes addresses once a minute"));
        } else {
            next.set("due", due.0 as i64);
            plan.requeue_after = Some(due.since(view.now));
        }
    }
    plan.memory = Some(next);
    plan
}

/// When the leader writes next: soon after its start, then once in each interval.
fn tick(view: &View, leader: &Object) -> SimTime {
    let status = leader.at("status.containerStatuses").index(0);
    let since = Timestamp::parse(status.at("state.running.startedAt").str());
    let began = since.map_or(view.now, |since| since.to_sim(view.settings.epoch)).min(view.now);
    let first = began + Span::secs(2);
    let rounds = if view.now <= first { 0 } else { view.now.since(first).0.div_ceil(INTERVAL.0) };
    first + Span(INTERVAL.0 * rounds)
}

/// Where the controller is reached: at what its arguments say, else at the nodes its pods are on.
fn addresses(view: &View, leader: &Object, pods: &[&Object]) -> Value {
    let args = leader.at("spec.containers").index(0).get("args").list();
    let flag = |name: &str| args.iter().find_map(|arg| arg.str().strip_prefix(name));
    if let Some(fixed) = flag("--publish-status-address=") {
        let of = |address: &str| match address.parse::<core::net::IpAddr>() {
            Ok(_) => value!({"ip": address}),
            Err(_) => value!({"hostname": address}),
        };
        return fixed.split(',').map(of).collect();
    }
    if let Some(service) = flag("--publish-service=") {
        let name = service.rsplit('/').next().unwrap_or(service);
        let Some(service) = view.store.find("Service", leader.namespace(), name) else { return Value::Null };
        return match service.at("spec.type").str() {
            "LoadBalancer" => {
                let points = service.at("status.loadBalancer.ingress").list().iter();
                points.map(|point| value!({"ip": (point.get("ip").str())})).collect()
            }
            _ => value!([{"ip": (service.at("spec.clusterIP").str())}]),
        };
    }
    let mut ips: Vec<&str> = pods.iter().filter(|pod| is_ready(pod)).map(|pod| pod.at("status.hostIP").str()).collect();
    ips.order();
    ips.dedup();
    ips.iter().map(|ip| value!({"ip": (*ip)})).collect()
}

fn patch(ingress: &Object, points: Value, rule: &'static str) -> Action {
    let points = if points.is_empty() { Value::Null } else { points };
    Action::Patch {
        kind: "Ingress",
        key: ingress.key(),
        uid: ingress.uid().into(),
        status: true,
        patch: value!({"status": {"loadBalancer": {"ingress": points}}}),
        because: Arc::new(Because::of(COMPONENT, ingress, rule)),
    }
}
