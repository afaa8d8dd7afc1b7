//! The endpointslice controller: the addresses of a Service in slices of up to 100, changed as little as possible.

use std::sync::Arc;

use super::endpoint_ports::{is_headless, numbers_on, ports_with, sort_slice_ports};
use super::service_members::{candidates, service_key, services_of, Candidate};
use super::slice_endpoint::Member;
use super::slice_packing::pack;
use super::{trigger_time, Controller, Key};
use crate::api::{Object, Value};
use crate::base::map::Map;
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, EventNote, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "endpoint-slice-controller";
const MANAGER: &str = "endpointslice-controller.k8s.io";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const HEADLESS: &str = "service.kubernetes.io/headless";

pub(super) const CONTROLLER: Controller = Controller { name: "endpointslice", keys, reconcile };

/// Models pkg/controller/endpointslice/endpointslice_controller.go onServiceUpdate, onEndpointSliceDelete, addPod and the rest.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    match change.kind() {
        "Service" if change.verb != Verb::Deleted => vec![Key::of(&change.object)],
        "EndpointSlice" if change.verb == Verb::Deleted && change.object.label(MANAGED_BY) == MANAGER => {
            vec![service_key(change.object.namespace(), change.object.label(SERVICE_NAME))]
        }
        "Pod" => services_of(change, view),
        _ => Vec::new(),
    }
}

/// What a reconcile decides about slices; a slice is told from another by its name, a new one has none.
#[derive(Default)]
pub(super) struct Decision {
    pub create: Vec<Object>,
    pub update: Vec<Object>,
    pub delete: Vec<Object>,
}

/// Models pkg/controller/endpointslice/endpointslice_controller.go syncService with
/// staging/src/k8s.io/endpointslice/reconciler.go reconcileByAddressType. Slices are those the Service owns.
fn reconcile(view: &View, key: &Key, memory: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(service) = view.get("Service", &key.key) else {
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
    let slices = view.store.owned(service.uid(), "EndpointSlice");
    let existing: Vec<&Object> = slices.filter(|s| s.label(MANAGED_BY) == MANAGER && !s.is_deleting()).collect();
    let mut decision = decide(view, service, &members, &existing);
    reuse(&mut decision);
    let rule = format!("{} pods match the selector, {} slices there", members.len(), existing.len());
    write(service, decision, trigger.as_deref(), Arc::new(Because::of(COMPONENT, service, rule)), &mut plan);
    plan
}

fn decide(view: &View, service: &Object, members: &[Candidate], existing: &[&Object]) -> Decision {
    let publish = service.spec().get("publishNotReadyAddresses").bool();
    let mut by_numbers: Map<Vec<Option<i64>>, Vec<Member>> = Map::new();
    for member in members.iter().filter(|member| member.belongs(true)) {
        let node = view.store.find("Node", "", member.node);
        if node.is_none() && !publish && !member.node.is_empty() {
            continue;
        }
        by_numbers.or_default(&numbers_on(member.pod, service)).push(Member::of(member, node, service));
    }
    let wanted = by_numbers.iter().map(|(numbers, members)| {
        let mut ports = ports_with(service, numbers);
        sort_slice_ports(&mut ports);
        (Value::from(ports), members.clone())
    });
    let mut by_ports: Map<String, Vec<&Object>> = Map::new();
    for slice in existing {
        let ports = slice.value.get("ports");
        let ports = if ports.is_null() { Value::from(Vec::new()) } else { ports.clone() };
        by_ports.or_default(&format!("{ports:?}")).push(slice);
    }
    let labels = labels(service);
    let mut decision = Decision::default();
    for (ports, members) in wanted {
        let slices = by_ports.remove(&format!("{ports:?}")).unwrap_or_default();
        let fresh = || slice(service, &ports);
        pack(members, &slices, &labels, &fresh, &mut decision);
    }
    decision.delete.extend(by_ports.values().flatten().copied().cloned());
    keep_one(service, existing, &mut decision);
    decision
}

/// A Service always has a slice, an empty one where it has no endpoints.
///
/// Models staging/src/k8s.io/endpointslice/reconciler.go reconcileByAddressType, the placeholder.
fn keep_one(service: &Object, existing: &[&Object], decision: &mut Decision) {
    if existing.len() != decision.delete.len() || !decision.create.is_empty() {
        return;
    }
    let placeholder = slice(service, &Value::from(Vec::new()));
    if let [only] = decision.delete.as_slice() {
        let same = |field: &str| only.value.get(field) == placeholder.value.get(field);
        if same("endpoints") && same("ports") && only.labels() == placeholder.labels() {
            decision.delete.clear();
            return;
        }
    }
    decision.create.push(placeholder);
}

/// Makes new slices of those that would go.
///
/// Models staging/src/k8s.io/endpointslice/reconciler.go finalize.
fn reuse(decision: &mut Decision) {
    while !decision.delete.is_empty() {
        let Some(mut new) = decision.create.pop() else { return };
        let old = decision.delete.remove(0);
        let labels = new.labels().clone();
        new.set("metadata", old.metadata().clone());
        new.set("metadata.labels", labels);
        decision.update.push(new);
    }
}

fn write(service: &Object, decision: Decision, trigger: Option<&str>, because: Arc<Because>, plan: &mut Plan) {
    let key = service.key();
    let creates = if service.is_deleting() { Vec::new() } else { decision.create };
    for mut object in creates {
        trigger_time::annotate(&mut object, trigger);
        let text = format!("Error updating Endpoint Slices for Service {key}: {{error}}");
        let failure = Some(EventNote::new(service, COMPONENT, "Warning", "FailedToUpdateEndpointSlices", text));
        plan.push(Action::Create { object, because: because.clone(), success: None, failure });
    }
    for mut object in decision.update {
        trigger_time::annotate(&mut object, trigger);
        plan.push(Action::Update { object, because: because.clone(), success: None });
    }
    for slice in decision.delete {
        plan.push(Action::Delete {
            kind: "EndpointSlice",
            key: slice.key(),
            uid: slice.uid().into(),
            options: DeleteOptions::default(),
            because: because.clone(),
            success: None,
        });
    }
}

/// A new slice of a Service, without endpoints.
///
/// Models staging/src/k8s.io/endpointslice/utils.go newEndpointSlice.
fn slice(service: &Object, ports: &Value) -> Object {
    let mut slice = Object::new(crate::api::kind("EndpointSlice"), service.namespace(), "");
    slice.value.remove("metadata.name");
    slice.set("metadata.generateName", format!("{}-", service.name()));
    slice.set("metadata.labels", labels(service));
    slice.set("metadata.ownerReferences", Value::from(vec![service.controller_reference()]));
    slice.set("addressType", "IPv4");
    slice.set("endpoints", Value::Null);
    slice.set("ports", if ports.list().is_empty() { Value::Null } else { ports.clone() });
    slice
}

/// Models staging/src/k8s.io/endpointslice/utils.go setEndpointSliceLabels.
fn labels(service: &Object) -> Value {
    let mut labels = value!({});
    for (key, value) in service.labels().entries() {
        if ![SERVICE_NAME, MANAGED_BY, HEADLESS].contains(&key.as_str()) {
            labels.map_mut().insert(key, value.clone());
        }
    }
    if is_headless(service) {
        labels.map_mut().insert(HEADLESS, "");
    }
    labels.map_mut().insert(SERVICE_NAME, service.name());
    labels.map_mut().insert(MANAGED_BY, MANAGER);
    labels
}

/// The endpoints of a slice, null where it has none.
pub(super) fn set_endpoints(slice: &mut Object, endpoints: Vec<Value>) {
    let endpoints = if endpoints.is_empty() { Value::Null } else { Value::from(endpoints) };
    slice.value.map_mut().insert("endpoints", endpoints);
}
