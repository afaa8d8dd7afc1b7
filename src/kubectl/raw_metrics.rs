//! The metrics APIs as `kubectl get --raw` reads them.

use crate::api::{encode, Value};
use crate::base::quantity::{Format, Quantity};
use crate::base::time::{SimTime, Timestamp};
use crate::cluster::metrics::{CUSTOM, EXTERNAL, RESOURCE};
use crate::cluster::World;
use crate::store::metrics::{Described, MetricsApi, PodMetrics};
use crate::value;

/// What a path of a metrics API holds, as JSON on one line; none for other paths and where the API is not served.
pub fn read(world: &World, path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('?').next()?.trim_matches('/').split('/').collect();
    let ["apis", group, version, rest @ ..] = parts.as_slice() else { return None };
    if !matches!(*group, RESOURCE | CUSTOM | EXTERNAL) || !world.serves_metrics(group) {
        return None;
    }
    if rest.is_empty() {
        return Some(discovery(world, group, version));
    }
    let found = match (*group, rest) {
        (RESOURCE, ["nodes"]) => list("NodeMetricsList", nodes(world)?),
        (RESOURCE, ["nodes", name]) => {
            single("NodeMetrics", nodes(world)?.into_iter().find(|n| n.at("metadata.name").str() == *name)?)
        }
        (RESOURCE, ["pods"]) => list("PodMetricsList", pods(world, "")),
        (RESOURCE, ["namespaces", namespace, "pods"]) => list("PodMetricsList", pods(world, namespace)),
        (RESOURCE, ["namespaces", namespace, "pods", name]) => {
            single("PodMetrics", pods(world, namespace).into_iter().find(|p| p.at("metadata.name").str() == *name)?)
        }
        (CUSTOM, ["namespaces", namespace, "pods", name, metric]) => custom(world, version, namespace, name, metric)?,
        (CUSTOM, ["namespaces", namespace, resource, name, metric]) => {
            described(world, version, namespace, (resource, name), metric)?
        }
        (EXTERNAL, ["namespaces", namespace, metric]) => external(world, namespace, metric),
        _ => return None,
    };
    let mut text = String::new();
    write(&found, &mut text);
    Some(text)
}

/// The fields of these APIs in the order of their structs.
const ORDER: &[&str] = &[
    "kind",
    "apiVersion",
    "metadata",
    "describedObject",
    "metric",
    "metricName",
    "metricLabels",
    "name",
    "namespace",
    "creationTimestamp",
    "labels",
    "timestamp",
    "window",
    "containers",
    "usage",
    "items",
    "value",
    "selector",
];

fn write(value: &Value, out: &mut String) {
    match value {
        Value::List(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                write(item, out);
            }
            out.push(']');
        }
        Value::Map(_) => {
            let known = ORDER.iter().filter_map(|key| value.entries().iter().find(|(own, _)| own == key));
            let others = value.entries().iter().filter(|(own, _)| !ORDER.contains(&own.as_str()));
            out.push('{');
            for (i, (key, value)) in known.chain(others).enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                encode::write_json_text(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        plain => out.push_str(&encode::json(plain)),
    }
}

/// What a group offers, as clients ask for it first.
fn discovery(world: &World, group: &str, version: &str) -> String {
    let one = |name: String, namespaced: bool, kind: &str, verbs: &str| {
        format!("{{\"name\":\"{name}\",\"singularName\":\"\",\"namespaced\":{namespaced},\"kind\":\"{kind}\",\"verbs\":[{verbs}]}}")
    };
    let resources: Vec<String> = match group {
        RESOURCE => vec![
            one("nodes".to_owned(), false, "NodeMetrics", "\"get\",\"list\""),
            one("pods".to_owned(), true, "PodMetrics", "\"get\",\"list\""),
        ],
        group => {
            let kind = if group == CUSTOM { "MetricValueList" } else { "ExternalMetricValueList" };
            world.metric_names(group).into_iter().map(|name| one(name, true, kind, "\"get\"")).collect()
        }
    };
    let resources = resources.join(",");
    format!("{{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"{group}/{version}\",\"resources\":[{resources}]}}")
}

fn single(kind: &str, mut value: Value) -> Value {
    value.set("kind", kind);
    value.set("apiVersion", "metrics.k8s.io/v1beta1");
    value
}

fn list(kind: &str, items: Vec<Value>) -> Value {
    value!({"kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": (Value::from(items))})
}

fn usage(cpu_nano: i64, memory_bytes: i64) -> Value {
    let memory = Quantity::new((memory_bytes + 1023) / 1024 * 1024, Format::BinarySi);
    let memory = match memory.value() {
        0 => "0".to_owned(),
        bytes => format!("{}Ki", bytes / 1024),
    };
    value!({"cpu": (format!("{cpu_nano}n")), "memory": memory})
}

fn nodes(world: &World) -> Option<Vec<Value>> {
    let of = |node: crate::cluster::metrics::NodeMetrics| {
        let at = Timestamp::of(world.settings().epoch, node.at).rfc3339();
        let labels = world.store().find("Node", "", &node.name).map(|node| node.labels().clone()).unwrap_or_default();
        value!({"metadata": {"name": (node.name.as_str()), "creationTimestamp": (world.timestamp().rfc3339()), "labels": labels},
            "timestamp": at, "window": "15s", "usage": (usage(node.cpu_nano, node.memory_bytes))})
    };
    Some(world.node_metrics()?.into_iter().map(of).collect())
}

fn pods(world: &World, namespace: &str) -> Vec<Value> {
    let mut items = Vec::new();
    for pod in world.store().all("Pod").filter(|pod| namespace.is_empty() || pod.namespace() == namespace) {
        let found = world.pods(pod.namespace(), &|other| other.uid() == pod.uid()).unwrap_or_default();
        items.extend(found.into_iter().map(|metrics| one(world, pod.namespace(), pod.labels(), &metrics)));
    }
    items
}

fn one(world: &World, namespace: &str, labels: &Value, pod: &PodMetrics) -> Value {
    let containers = pod.containers.iter().map(|c| {
        let used = usage(c.cpu_nano.unwrap_or(0), c.memory_bytes.unwrap_or(0));
        value!({"name": (c.name.clone()), "usage": used})
    });
    let containers: Value = containers.collect();
    value!({"metadata": {"name": (pod.name.clone()), "namespace": namespace,
            "creationTimestamp": (world.timestamp().rfc3339()), "labels": (labels.clone())},
        "timestamp": (Timestamp::of(world.settings().epoch, pod.at).rfc3339()),
        "window": (pod.window.to_string()), "containers": containers})
}

fn custom(world: &World, version: &str, namespace: &str, name: &str, metric: &str) -> Option<Value> {
    let wanted = |pod: &crate::api::Object| name == "*" || pod.name() == name;
    let found = world.custom(namespace, &wanted, metric, &Value::Null).ok()?;
    let items = found.into_iter().map(|m| {
        let object = value!({"kind": "Pod", "namespace": namespace, "name": (m.name), "apiVersion": "/v1"});
        metric_value(world, object, metric, m.at, m.milli)
    });
    Some(metric_list(version, items.collect()))
}

fn described(
    world: &World,
    version: &str,
    namespace: &str,
    (resource, name): (&str, &str),
    metric: &str,
) -> Option<Value> {
    let row = world.store().catalog().resource(resource)?;
    let object = Described { kind: row.kind, group: row.group, name };
    let milli = world.described(namespace, object, metric, &Value::Null).ok()?;
    let object = value!({"kind": (row.kind), "namespace": namespace, "name": name, "apiVersion": (row.api_version())});
    Some(metric_list(version, Value::from(vec![metric_value(world, object, metric, world.now(), milli)])))
}

fn metric_value(world: &World, object: Value, metric: &str, at: SimTime, milli: i64) -> Value {
    let at = Timestamp::of(world.settings().epoch, at).rfc3339();
    let amount = crate::controllers::hpa_calculator::amount(milli);
    value!({"describedObject": object, "metric": {"name": metric, "selector": null}, "timestamp": at, "value": amount})
}

fn metric_list(version: &str, items: Value) -> Value {
    value!({"kind": "MetricValueList", "apiVersion": (format!("{CUSTOM}/{version}")), "metadata": {}, "items": items})
}

fn external(world: &World, namespace: &str, metric: &str) -> Value {
    let found = world.external(namespace, metric, &Value::Null).unwrap_or_default();
    let items = found.into_iter().map(|milli| {
        value!({"metricName": metric, "metricLabels": {}, "timestamp": (world.timestamp().rfc3339()),
            "value": (crate::controllers::hpa_calculator::amount(milli))})
    });
    let items: Value = items.collect();
    value!({"kind": "ExternalMetricValueList", "apiVersion": (format!("{EXTERNAL}/v1beta1")), "metadata": {}, "items": items})
}
