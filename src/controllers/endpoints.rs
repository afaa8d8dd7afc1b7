//! The endpoints controller: the old form of a Service's addresses, one object a Service, up to 1,000 addresses.

use std::sync::Arc;

use super::endpoint_ports::{fnv128a, hostname, is_headless, numbers_on, ports_with, sort_subset_ports};
use super::service_members::{candidates, service_key, services_of, Candidate};
use super::{trigger_time, Controller, Key};
use crate::api::{Object, Value};
use crate::base::map::Map;
use crate::base::order::Order;
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "endpoint-controller";
const HEADLESS: &str = "service.kubernetes.io/headless";
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";

/// The most addresses of one Endpoints object.
const CAPACITY: usize = 1_000;

pub(super) const CONTROLLER: Controller = Controller { name: "endpoints", keys, reconcile };

fn keys(change: &Change, view: &View) -> Vec<Key> {
    match change.kind() {
        "Service" => vec![Key::of(&change.object)],
        "Endpoints" if change.verb == Verb::Deleted => {
            vec![service_key(change.object.namespace(), change.object.name())]
        }
        "Pod" => services_of(change, view),
        _ => Vec::new(),
    }
}

/// Models pkg/controller/endpoint/endpoints_controller.go syncService.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let current = view.get("Endpoints", &key.key);
    let Some(service) = view.get("Service", &key.key) else {
        if let Some(endpoints) = current {
            plan.push(delete(endpoints));
        }
        plan.memory = Some(Value::Null);
        return plan;
    };
    let pairs = service.spec().get("selector");
    if service.spec().get("type").str() == "ExternalName" || pairs.is_empty() {
        return plan;
    }
    let members = candidates(view, service);
    plan.visited = 2 * members.len() as u32;
    let (trigger, seen) = trigger_time::compute(service, &members, memory);
    plan.memory = Some(seen);
    let mut subsets = subsets(service, &members);
    let truncated = truncate(&mut subsets);
    let wanted = completed(service, current, &subsets, truncated);
    if let Some(current) = current {
        if current.value == wanted.value {
            return plan;
        }
    }
    let mut object = wanted;
    trigger_time::annotate(&mut object, trigger.as_deref());
    let ready: usize = subsets.iter().map(|s| s.get("addresses").list().len()).sum();
    let rule = format!("{} pods match the selector, {ready} addresses are ready", members.len());
    let because = Arc::new(Because::of(COMPONENT, service, rule));
    plan.push(match current {
        Some(_) => Action::Update { object, because, success: None },
        None => {
            let text = format!("Failed to create endpoint for service {}: {{error}}", service.key());
            let failure = Some(EventNote::new(&object, COMPONENT, "Warning", "FailedToCreateEndpoint", text));
            Action::Create { object, because, success: None, failure }
        }
    });
    plan
}

fn delete(endpoints: &Object) -> Action {
    let because = Arc::new(Because::of(COMPONENT, endpoints, "its Service is gone"));
    let options = DeleteOptions::default();
    let (key, uid) = (endpoints.key(), endpoints.uid().into());
    Action::Delete { kind: "Endpoints", key, uid, options, because, success: None }
}

/// The object as it should be, but for the time of the change.
fn completed(service: &Object, current: Option<&Object>, subsets: &[Value], truncated: bool) -> Object {
    let fresh = || Object::new(crate::api::kind("Endpoints"), service.namespace(), service.name());
    let mut object = current.cloned().unwrap_or_else(fresh);
    if subsets.is_empty() {
        object.value.remove("subsets");
    } else {
        object.set("subsets", Value::from(subsets.to_vec()));
    }
    let mut labels = service.labels().clone();
    labels.map_mut().insert(MANAGED_BY, COMPONENT);
    if is_headless(service) {
        labels.map_mut().insert(HEADLESS, "");
    }
    object.set("metadata.labels", labels);
    if truncated {
        object.value.slot_at("metadata.annotations").map_mut().insert(OVER_CAPACITY, "truncated");
    } else if !object.annotation(OVER_CAPACITY).is_empty() {
        object.value.slot_at("metadata.annotations").remove_key(OVER_CAPACITY);
    }
    object
}

/// A pod and whether it is ready.
type Address<'a> = (&'a Object, bool);

/// Ports and the addresses that have them.
type Group<'a> = (Vec<Value>, Vec<Address<'a>>);

/// The subsets of a Service: ports that the same addresses have in the same state stand together.
///
/// Models pkg/api/v1/endpoints/util.go RepackSubsets. The order of several subsets comes from a hash, as upstream's.
fn subsets(service: &Object, members: &[Candidate]) -> Vec<Value> {
    let tolerate = service.spec().get("publishNotReadyAddresses").bool();
    let portless = service.spec().get("ports").list().is_empty() && is_headless(service);
    let mut on_port: Map<(usize, i64), Vec<Address>> = Map::new();
    for member in members.iter().filter(|member| member.belongs(tolerate)) {
        let (pod, ready) = (member.pod, tolerate || member.is_ready());
        let numbers = if portless { vec![Some(0)] } else { numbers_on(pod, service) };
        for (index, number) in numbers.iter().enumerate() {
            if let Some(number) = number {
                on_port.or_default(&(index, *number)).push((pod, ready));
            }
        }
    }
    let mut groups: Map<Vec<(&str, &str, bool)>, Group> = Map::new();
    for (&(index, number), addresses) in on_port.iter() {
        let mut addresses = addresses.clone();
        addresses.order_by_key(|(pod, _)| (pod.status().get("podIP").str(), pod.uid()));
        let key: Vec<_> =
            addresses.iter().map(|(pod, ready)| (pod.status().get("podIP").str(), pod.uid(), *ready)).collect();
        let group = groups.or_default(&key);
        group.1 = addresses;
        if !portless {
            let numbers: Vec<Option<i64>> = (0..=index).map(|i| (i == index).then_some(number)).collect();
            group.0.extend(ports_with(service, &numbers));
        }
    }
    let subsets = groups.values().map(|(ports, addresses)| subset(service, ports.clone(), addresses));
    let mut subsets: Vec<Value> = subsets.collect();
    if subsets.len() > 1 {
        subsets.order_by_key(|subset| fnv128a(&format!("{subset:?}")));
    }
    subsets
}

fn subset(service: &Object, mut ports: Vec<Value>, addresses: &[Address]) -> Value {
    sort_subset_ports(&mut ports);
    for port in &mut ports {
        if port.get("name").str().is_empty() {
            port.remove_key("name");
        }
    }
    let list = |wanted: bool| -> Vec<Value> {
        addresses.iter().filter(|(_, ready)| *ready == wanted).map(|(pod, _)| address(pod, service)).collect()
    };
    let mut subset = Value::map();
    for (field, items) in [("addresses", list(true)), ("notReadyAddresses", list(false)), ("ports", ports)] {
        if !items.is_empty() {
            subset.set(field, Value::from(items));
        }
    }
    subset
}

/// Models pkg/controller/endpoint/endpoints_controller.go podToEndpointAddressForService.
fn address(pod: &Object, service: &Object) -> Value {
    let mut address = value!({
        "ip": (pod.status().get("podIP").clone()),
        "targetRef": {"kind": "Pod", "namespace": (pod.namespace()), "name": (pod.name()), "uid": (pod.uid())}
    });
    if let Some(hostname) = hostname(pod, service) {
        address.set("hostname", hostname);
    }
    if !pod.spec().get("nodeName").is_empty() {
        address.set("nodeName", pod.spec().get("nodeName").clone());
    }
    address
}

/// Cuts the subsets down to what one object may hold: ready addresses before others, each subset in proportion.
///
/// Models pkg/controller/endpoint/endpoints_controller.go truncateEndpoints.
fn truncate(subsets: &mut [Value]) -> bool {
    let count = |field: &str, subsets: &[Value]| -> usize { subsets.iter().map(|s| s.get(field).list().len()).sum() };
    let (ready, others) = (count("addresses", subsets), count("notReadyAddresses", subsets));
    if ready + others <= CAPACITY {
        return false;
    }
    let cut_ready = ready > CAPACITY;
    let (field, room, all) =
        if cut_ready { ("addresses", CAPACITY, ready) } else { ("notReadyAddresses", CAPACITY - ready, others) };
    let mut left = room;
    for subset in subsets {
        let here = subset.get(field).list().len();
        let share = (here * room).div_ceil(all).min(left);
        left -= share.min(here);
        if cut_ready {
            subset.remove_key("notReadyAddresses");
        }
        if share == 0 {
            subset.remove_key(field);
        } else {
            subset.slot(field).list_mut().truncate(share);
        }
    }
    true
}
