//! The endpointslicemirroring controller: hand-made Endpoints of a Service without selector, as slices.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{Object, ObjectKey, Value};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "endpoint-slice-mirroring-controller";
const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
const HEADLESS: &str = "service.kubernetes.io/headless";

/// The most addresses of a subset that are mirrored, all of them in one slice.
const CAPACITY: usize = 1_000;

pub(super) const CONTROLLER: Controller = Controller { name: "endpointslicemirroring", keys, reconcile };

/// Models pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go onServiceAdd, onEndpointsUpdate and
/// onEndpointSliceDelete.
fn keys(change: &Change, _: &View) -> Vec<Key> {
    let object = &change.object;
    let name = match change.kind() {
        "Service" | "Endpoints" => object.name(),
        "EndpointSlice" if change.verb == Verb::Deleted && object.label(MANAGED_BY) == MANAGER => {
            object.label(SERVICE_NAME)
        }
        _ => return Vec::new(),
    };
    vec![Key { kind: "Endpoints", key: ObjectKey::new(object.namespace(), name), uid: Default::default() }]
}

/// Models pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go syncEndpoints.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(endpoints) = view.get("Endpoints", &key.key) else { return plan };
    let service = view.get("Service", &key.key);
    let mirrored = should_mirror(endpoints) && service.is_some_and(|s| s.spec().get("selector").is_empty());
    let slices = view.store.owned(endpoints.uid(), "EndpointSlice").filter(|s| s.label(MANAGED_BY) == MANAGER);
    let mut existing: Vec<&Object> = slices.collect();
    let because = |rule: &str| Arc::new(Because::of(COMPONENT, endpoints, rule));
    let wanted = if mirrored { slices_of(endpoints) } else { Vec::new() };
    for slice in wanted {
        let same_ports = |s: &&Object| s.value.get("ports") == slice.value.get("ports");
        let same_type = |s: &&Object| s.value.get("addressType") == slice.value.get("addressType");
        let known = existing.iter().position(|s| same_ports(s) && same_type(s));
        let known = known.or_else(|| existing.iter().position(same_type));
        let Some(index) = known else {
            let because = because("a Service without selector has Endpoints: they are mirrored");
            plan.push(Action::Create { object: slice, because, success: None, failure: None });
            continue;
        };
        let current = existing.remove(index);
        let mut object = current.clone();
        for field in ["endpoints", "ports"] {
            object.set(field, slice.value.get(field).clone());
        }
        object.set("metadata.labels", slice.labels().clone());
        if object != *current {
            plan.push(Action::Update { object, because: because("the Endpoints have changed"), success: None });
        }
    }
    for slice in existing {
        plan.push(Action::Delete {
            kind: "EndpointSlice",
            key: slice.key(),
            uid: slice.uid().into(),
            options: DeleteOptions::default(),
            because: because("there is nothing to mirror in it"),
            success: None,
        });
    }
    plan
}

/// Models pkg/controller/endpointslicemirroring/utils.go and its controller's shouldMirror.
fn should_mirror(endpoints: &Object) -> bool {
    endpoints.label(SKIP) != "true" && endpoints.annotation("control-plane.alpha.kubernetes.io/leader").is_empty()
}

/// The slices of Endpoints: one for each subset.
///
/// Models pkg/controller/endpointslicemirroring/reconciler.go reconcile, for IPv4 addresses.
fn slices_of(endpoints: &Object) -> Vec<Object> {
    let subsets = endpoints.value.get("subsets").list().iter();
    let with_addresses = subsets.filter(|s| !s.get("addresses").is_empty() || !s.get("notReadyAddresses").is_empty());
    with_addresses.map(|subset| slice_of(endpoints, subset)).collect()
}

fn slice_of(endpoints: &Object, subset: &Value) -> Object {
    let mut slice = Object::new(crate::api::kind("EndpointSlice"), endpoints.namespace(), "");
    slice.value.remove("metadata.name");
    slice.set("metadata.generateName", format!("{}-", endpoints.name()));
    slice.set("metadata.ownerReferences", Value::from(vec![endpoints.controller_reference()]));
    let mut labels = value!({});
    for (key, value) in endpoints.labels().entries().iter().filter(|(key, _)| key.as_str() != HEADLESS) {
        labels.map_mut().insert(key, value.clone());
    }
    labels.map_mut().insert(SERVICE_NAME, endpoints.name());
    labels.map_mut().insert(MANAGED_BY, MANAGER);
    slice.set("metadata.labels", labels);
    for (key, value) in endpoints.metadata().get("annotations").entries() {
        let own = ["kubectl.kubernetes.io/last-applied-configuration", super::trigger_time::ANNOTATION];
        if !own.contains(&key.as_str()) {
            slice.value.slot_at("metadata.annotations").map_mut().insert(key, value.clone());
        }
    }
    let list = |field: &str, ready: bool| subset.get(field).list().iter().map(move |address| endpoint(address, ready));
    let all: Value = list("addresses", true).chain(list("notReadyAddresses", false)).take(CAPACITY).collect();
    slice.set("addressType", "IPv4");
    slice.set("endpoints", all);
    let ports: Value = subset.get("ports").list().iter().map(port).collect();
    slice.set("ports", if ports.list().is_empty() { Value::Null } else { ports });
    slice
}

/// Models pkg/controller/endpointslicemirroring/utils.go addressToEndpoint.
fn endpoint(address: &Value, ready: bool) -> Value {
    let mut endpoint = value!({"addresses": [(address.get("ip").clone())], "conditions": {"ready": ready}});
    for field in ["hostname", "nodeName", "targetRef"] {
        if !address.get(field).is_empty() {
            endpoint.set(field, address.get(field).clone());
        }
    }
    endpoint
}

fn port(port: &Value) -> Value {
    let mut mirrored = port.clone();
    mirrored.set_default("name", "");
    mirrored
}
