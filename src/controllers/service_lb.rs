//! The service controller with a cloud behind it: Services of type LoadBalancer get an address, where the scenario's cluster
//! has a load balancer at all.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{Object, Value};
use crate::store::settings::ip_text;
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "service-controller";
const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";
/// How many addresses there are to give out.
const ADDRESSES: u32 = 50;

pub(super) const CONTROLLER: Controller = Controller { name: "service-lb-controller", keys, reconcile };

fn keys(change: &Change, view: &View) -> Vec<Key> {
    let ours = view.settings.first_balancer_ip.is_some() && change.kind() == "Service" && change.verb != Verb::Deleted;
    if ours {
        vec![Key::of(&change.object)]
    } else {
        Vec::new()
    }
}

/// Models staging/src/k8s.io/cloud-provider/controllers/service/controller.go syncLoadBalancerIfNeeded. Here the cloud takes
/// no time, and never refuses but for want of addresses.
fn reconcile(view: &View, key: &Key, _memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let (Some(service), Some(first)) = (view.get("Service", &key.key), view.settings.first_balancer_ip) else {
        return plan;
    };
    let wanted = wants(service);
    let present = finalizers(service).iter().any(|finalizer| finalizer.str() == FINALIZER);
    let addresses = service.at("status.loadBalancer.ingress");
    match wanted && !service.is_deleting() {
        true if !present || addresses.is_empty() => ensure(view, service, first, present, &mut plan),
        false if present => withdraw(service, addresses, &mut plan),
        _ => {}
    }
    plan
}

fn wants(service: &Object) -> bool {
    service.at("spec.type").str() == "LoadBalancer" && service.at("spec.loadBalancerClass").is_null()
}

/// True for a Service with an address, and for one whose turn is to come: of several that wait, each takes another.
fn waits_or_has(service: &Object) -> bool {
    wants(service) || !service.at("status.loadBalancer.ingress").is_empty()
}

fn finalizers(service: &Object) -> &[Value] {
    service.metadata().get("finalizers").list()
}

fn ensure(view: &View, service: &Object, first: [u8; 4], present: bool, plan: &mut Plan) {
    if !present {
        plan.push(note(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer"));
        let mut all = finalizers(service).to_vec();
        all.push(FINALIZER.into());
        let rule = "the load balancer must be taken down before the Service goes";
        plan.push(patch(service, false, value!({"metadata": {"finalizers": all}}), rule));
    }
    let services = || view.store.all("Service").filter(|other| waits_or_has(other));
    let used = |ip: &str| {
        let mut points = services().flat_map(|other| other.at("status.loadBalancer.ingress").list());
        points.any(|point| point.get("ip").str() == ip)
    };
    let before = services().filter(|other| other.at("status.loadBalancer.ingress").is_empty());
    let turn = before.take_while(|other| other.uid() != service.uid()).count();
    let first = u32::from_be_bytes(first);
    let Some(ip) = (first..first + ADDRESSES).map(ip_text).filter(|ip| !used(ip)).nth(turn) else {
        let text = "Error syncing load balancer: failed to ensure load balancer: no address is left";
        plan.push(note(service, "Warning", "SyncLoadBalancerFailed", text));
        return;
    };
    let rule = format!("{ip} is an address of the load balancer that is free");
    let status = value!({"status": {"loadBalancer": {"ingress": [{"ip": (ip.as_str()), "ipMode": "VIP"}]}}});
    plan.push(patch(service, true, status, rule));
    plan.push(note(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer"));
}

fn withdraw(service: &Object, addresses: &Value, plan: &mut Plan) {
    plan.push(note(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer"));
    if !addresses.is_empty() {
        let none = value!({"status": {"loadBalancer": {"ingress": null}}});
        plan.push(patch(service, true, none, "the Service has no load balancer any more"));
    }
    let left: Vec<Value> = finalizers(service).iter().filter(|name| name.str() != FINALIZER).cloned().collect();
    let left = if left.is_empty() { Value::Null } else { Value::from(left) };
    plan.push(patch(service, false, value!({"metadata": {"finalizers": left}}), "the load balancer is taken down"));
    plan.push(note(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer"));
}

fn patch(service: &Object, status: bool, patch: Value, rule: impl Into<ecow::EcoString>) -> Action {
    let because = Arc::new(Because::of(COMPONENT, service, rule));
    Action::Patch { kind: "Service", key: service.key(), uid: service.uid().into(), status, patch, because }
}

fn note(service: &Object, severity: &'static str, reason: &'static str, message: &str) -> Action {
    Action::Note(EventNote::new(service, COMPONENT, severity, reason, message))
}
