//! `kubectl expose`: a Service for what is there already.

use super::change::{create, report};
use super::create_kinds::new_object;
use super::Verb;
use crate::api::decode::FieldValidation;
use crate::api::encode::json;
use crate::api::patch::{self, PatchType};
use crate::api::{Object, Value};
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::manifest::patch_value;
use crate::kubectl::resources::select;
use crate::value;

/// Its row.
pub static VERB: Verb = Verb { name: "expose", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    let chosen = call.line.clone();
    call.line.forget("selector");
    let selection = select(call, &args, false);
    call.line = chosen;
    let selection = selection?;
    // What files say is exposed as it stands there, whether or not the cluster has it.
    let (objects, mut failures) = match selection.manifests.is_empty() {
        true => selection.objects(call)?,
        false => {
            (selection.manifests.iter().map(|manifest| manifest.object.clone()).collect(), selection.unread.clone())
        }
    };
    for object in objects {
        failures.extend(expose(call, &object).err());
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/expose ExposeServiceOptions.RunExpose.
fn expose(call: &mut Call<'_>, object: &Object) -> Result<(), Failure> {
    let dry = call.dry_run()?;
    let selector = match call.line.get("selector") {
        Some(text) => labels(text)?,
        None => selector_of(object)?,
    };
    let ports = match call.line.get("port") {
        Some(text) => text.split(',').map(str::to_owned).collect(),
        None => container_ports(object),
    };
    if ports.is_empty() {
        return Err(error("couldn't find port via --port flag or introspection"));
    }
    let name = call.line.get("name").unwrap_or(object.name()).to_owned();
    let mut service = new_object(&name, "Service");
    let labels = match call.line.get("labels") {
        Some(text) => labels(text)?,
        None => object.labels().clone(),
    };
    if !labels.is_empty() {
        service.set("metadata.labels", labels);
    }
    service.set("spec.selector", selector);
    service.set("spec.ports", service_ports(call, object, &ports)?);
    for (flag, field) in [
        ("type", "spec.type"),
        ("load-balancer-ip", "spec.loadBalancerIP"),
        ("session-affinity", "spec.sessionAffinity"),
        ("cluster-ip", "spec.clusterIP"),
    ] {
        if let Some(text) = call.line.get(flag) {
            service.set(field, text);
        }
    }
    if let Some(ip) = call.line.get("external-ip") {
        service.set("spec.externalIPs", value!([ip]));
    }
    service.set("status.loadBalancer", Value::map());
    overridden(call, &mut service)?;
    if dry != DryRun::Client {
        service.set("metadata.namespace", object.namespace());
    }
    let made = create(call, service, dry)?;
    report(call, &made, "exposed", dry)
}

fn labels(text: &str) -> Result<Value, Failure> {
    let mut labels = Value::map();
    for part in text.split(',') {
        let (key, value) = part.split_once('=').ok_or_else(|| error(format!("unexpected label spec: {part}")))?;
        labels.map_mut().insert(key, value);
    }
    Ok(labels)
}

/// The object with what `--overrides` lays over it.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/util OverrideOptions.NewOverrider.
pub(super) fn overridden(call: &Call<'_>, object: &mut Object) -> Result<(), Failure> {
    let Some(text) = call.line.get("overrides").filter(|text| !text.is_empty()) else { return Ok(()) };
    let kind = match call.line.get("override-type").unwrap_or("merge") {
        "merge" => PatchType::Merge,
        "strategic" => PatchType::Strategic,
        "json" => PatchType::Json,
        other => return Err(error(format!("invalid override type: {other}"))),
    };
    let text = patch_value(text).map_err(|_| error("Invalid JSON Patch"))?;
    let laid = patch::parse(&json(&text), kind)?;
    (*object, _) = patch::apply(object, &laid, kind, FieldValidation::Ignore)?;
    Ok(())
}

/// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers mapBasedSelectorForObject.
fn selector_of(object: &Object) -> Result<Value, Failure> {
    let cannot = |why: &str| error(format!("couldn't retrieve selectors via --selector flag or introspection: {why}"));
    match object.kind.kind {
        "Pod" if object.labels().is_empty() => Err(cannot("the pod has no labels and cannot be exposed")),
        "Pod" => Ok(object.labels().clone()),
        "Service" if object.at("spec.selector").is_empty() => Err(cannot("the service has no pod selector set")),
        "Service" | "ReplicationController" => Ok(object.at("spec.selector").clone()),
        "Deployment" | "ReplicaSet" => {
            let word = object.kind.singular;
            let (labels, more) = (object.at("spec.selector.matchLabels"), object.at("spec.selector.matchExpressions"));
            if !more.is_empty() && !labels.is_empty() {
                return Err(cannot(&format!(
                    "couldn't convert expressions - \"{more:?}\" to map-based selector format"
                )));
            }
            if labels.is_empty() {
                return Err(cannot(&format!("invalid {word}: no selectors, therefore cannot be exposed")));
            }
            Ok(labels.clone())
        }
        _ => Err(error(format!("cannot expose a {}", object.kind.qualified_kind()))),
    }
}

/// The ports an object has already.
fn container_ports(object: &Object) -> Vec<String> {
    let list = match object.kind.kind {
        "Service" => return object.at("spec.ports").list().iter().map(|p| p.get("port").int().to_string()).collect(),
        "Pod" => object.at("spec.containers"),
        _ => object.at("spec.template.spec.containers"),
    };
    let ports = list.list().iter().flat_map(|container| container.get("ports").list());
    ports.map(|port| port.get("containerPort").int().to_string()).collect()
}

fn service_ports(call: &Call<'_>, object: &Object, ports: &[String]) -> Result<Vec<Value>, Failure> {
    let mut values = Vec::new();
    for (i, text) in ports.iter().enumerate() {
        let number: i64 =
            text.parse().map_err(|_| error(format!("strconv.Atoi: parsing \"{text}\": invalid syntax")))?;
        let protocol = call.line.get("protocol").map_or_else(|| protocol_of(object, number), str::to_owned);
        let target = match call.line.get("target-port") {
            Some(target) => target.parse::<i64>().map_or_else(|_| Value::from(target), Value::from),
            None => Value::from(number),
        };
        let mut port = value!({"port": number, "protocol": protocol, "targetPort": target});
        if ports.len() > 1 {
            port.set("name", format!("port-{}", i + 1));
        }
        values.push(port);
    }
    Ok(values)
}

/// The protocol an object uses on a port.
fn protocol_of(object: &Object, number: i64) -> String {
    let lists = ["spec.containers", "spec.template.spec.containers"].map(|path| object.at(path).list());
    let ports = lists.iter().flat_map(|list| list.iter()).flat_map(|container| container.get("ports").list());
    let own = object.at("spec.ports").list().iter();
    let found = ports.chain(own).find(|p| p.get("containerPort").int() == number || p.get("port").int() == number);
    found.and_then(|port| port.get("protocol").opt_str()).unwrap_or("TCP").to_owned()
}
