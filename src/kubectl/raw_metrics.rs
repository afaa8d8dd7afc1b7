//! The metrics APIs as `kubectl get --raw` reads them.

use crate::api::{encode, Value};
use crate::base::quantity::{Format, Quantity};
use crate::base::time::Timestamp;
use crate::cluster::metrics::{CUSTOM, EXTERNAL, RESOURCE};
use crate::cluster::World;
use crate::store::metrics::{MetricsApi, PodMetrics};
use crate::value;

/// What a path of a metrics API holds, as JSON on one line; none for other paths and where the API is not served.
pub fn read(world: &World, path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('?').next()?.trim_matches('/').split('/').collect();
    let ["apis", group, version, rest @ ..] = parts.as_slice() else { return None };
    if !matches!(*group, RESOURCE | CUSTOM | EXTERNAL) || !world.serves_metrics(group) {
        return None;
    }
    let found = match (*group, rest) {
        (RESOURCE, ["nodes"]) => list("NodeMetricsList", nodes(world)?),
        (RESOURCE, ["nodes", name]) => nodes(world)?.into_iter().find(|n| n.at("metadata.name").str() == *name)?,
        (RESOURCE, ["pods"]) => list("PodMetricsList", pods(world, "")),
        (RESOURCE, ["namespaces", namespace, "pods"]) => list("PodMetricsList", pods(world, namespace)),
        (RESOURCE, ["namespaces", namespace, "pods", name]) => {
            pods(world, namespace).into_iter().find(|p| p.at("metadata.name").str() == *name)?
        }
        (CUSTOM, ["namespaces", namespace, "pods", "*", metric]) => custom(world, version, namespace, metric)?,
        (EXTERNAL, ["namespaces", namespace, metric]) => external(world, namespace, metric),
        _ => return None,
    };
    Some(encode::json(&found))
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

fn custom(world: &World, version: &str, namespace: &str, metric: &str) -> Option<Value> {
    let found = world.custom(namespace, &|_| true, metric, &Value::Null).ok()?;
    let items = found.into_iter().map(|m| {
        let at = Timestamp::of(world.settings().epoch, m.at).rfc3339();
        value!({"describedObject": {"kind": "Pod", "namespace": namespace, "name": (m.name), "apiVersion": "/v1"},
            "metric": {"name": metric, "selector": null}, "timestamp": at,
            "value": (crate::controllers::hpa_calculator::amount(m.milli))})
    });
    let items: Value = items.collect();
    Some(
        value!({"kind": "MetricValueList", "apiVersion": (format!("{CUSTOM}/{version}")), "metadata": {}, "items": items}),
    )
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
