//! Everything about one object: what `kubectl get -o wide` prints of it, why it is there, its YAML, its events, and where to
//! go from here.

use super::observe::{self, since_start_ms};
use super::topology::PodShape;
use super::{events, Because, Inspector, Target};
use crate::api::kinds::pod_columns;
use crate::api::kinds::PrintContext;
use crate::api::{encode, Kind, Object, ObjectKey};
use crate::cluster::World;
use crate::scheduler::decision::Judged;
use crate::store::View;

/// Pods listed as related at most.
const MOST_RELATED: usize = 24;

/// The object a target points at.
pub fn find<'a>(world: &'a World, target: &Target) -> Option<&'a Object> {
    let kind = world.store().catalog().resource(&target.kind)?;
    world.store().find(kind.kind, &target.namespace, &target.name)
}

/// Everything about an object but its description and its logs, which are kubectl's to print.
pub fn inspect(world: &World, target: &Target) -> Option<Inspector> {
    let object = find(world, target)?;
    let view = world.truth();
    let summary = summary(&view, object);
    let status = status(object, &summary);
    Some(Inspector {
        target: target.clone(),
        kind: object.kind.name().to_owned(),
        status,
        troubled: is_troubled(object),
        summary,
        why: why(world, object),
        yaml: encode::yaml(&encode::without_managed_fields(&object.value)),
        describe: String::new(),
        events: events::rows_about(&view, object),
        logs: String::new(),
        verdicts: verdicts(world, object),
        related: related(&view, object),
    })
}

/// The columns of `kubectl get -o wide` that say something, and the labels.
fn summary(view: &View<'_>, object: &Object) -> Vec<(String, String)> {
    let context = PrintContext { now: view.timestamp(), wide: true };
    let cells = (object.kind.cells)(object, &context);
    let says = |cell: &str| !matches!(cell, "" | "<none>" | "<unset>");
    let columns = object.kind.columns.iter().map(|c| c.name);
    let mut rows: Vec<(String, String)> = columns
        .zip(cells)
        .filter(|(column, cell)| *column != "NAME" && says(cell))
        .map(|(column, cell)| (column.to_owned(), cell))
        .collect();
    let labels = object.labels().entries().iter().map(|(name, value)| format!("{name}={}", value.str()));
    let labels = labels.collect::<Vec<_>>().join(" ");
    if !labels.is_empty() {
        rows.push(("LABELS".to_owned(), labels));
    }
    rows
}

fn status(object: &Object, summary: &[(String, String)]) -> String {
    let cell = |name: &str| summary.iter().find(|(column, _)| column == name).map(|(_, cell)| cell.clone());
    let wanted = object.at("spec.replicas").opt_int();
    match wanted {
        Some(wanted) if cell("STATUS").is_none() => {
            format!("{}/{wanted} ready", object.at("status.readyReplicas").int())
        }
        _ => cell("STATUS").or(cell("CLUSTER-IP")).or(cell("TYPE")).unwrap_or_default(),
    }
}

fn is_troubled(object: &Object) -> bool {
    match object.kind.kind {
        "Pod" => observe::shape(object, &pod_columns::summary(object).status) == PodShape::Failing,
        "Node" => !object.has_condition("Ready"),
        _ => object.at("status.readyReplicas").int() < object.at("spec.replicas").int(),
    }
}

fn target_of(kind: &'static Kind, key: &ObjectKey) -> Target {
    Target::new(kind.singular, &key.namespace, &key.name)
}

/// The chain of reasons, from what is seen back to what began it.
fn why(world: &World, object: &Object) -> Vec<Because> {
    let mut links = Vec::new();
    for link in world.why(object.kind.kind, &object.key()) {
        let Some(kind) = world.store().catalog().named(link.kind) else { continue };
        let target = target_of(kind, &link.key);
        let made_at = world.store().get(link.kind, &link.key).and_then(Object::created);
        if let Some(changed) = link.changed {
            let (by, sentence) = (changed.component.to_owned(), changed.rule.to_string());
            links.push(Because { at_ms: None, by, target: target.clone(), sentence });
        }
        let (by, sentence) = (link.made.component.to_owned(), link.made.rule.to_string());
        links.push(Because { at_ms: made_at.map(|at| since_start_ms(&world.truth(), at)), by, target, sentence });
    }
    links
}

/// What the scheduler found for each node: the filter that refused the pod, or what the scores came to.
fn verdicts(world: &World, object: &Object) -> Vec<(String, String)> {
    let Some(decision) = world.scheduler().decision(object.uid()) else { return Vec::new() };
    let verdict = |judged: &Judged| {
        let scores = judged.scores.iter().map(|(plugin, points)| format!("{plugin} {points}"));
        let sum = scores.collect::<Vec<_>>().join(" + ");
        let text = match (judged.plugin, sum.is_empty()) {
            ("", true) => "fits".to_owned(),
            ("", false) => format!("{} = {sum}", judged.total),
            (plugin, _) => format!("{} ({plugin})", judged.reasons),
        };
        let chosen = decision.chosen.as_ref() == Some(&judged.node);
        (judged.node.to_string(), if chosen { format!("✓ {text}") } else { text })
    };
    decision.nodes.iter().map(verdict).collect()
}

/// Owners, node, endpoints and dependents.
fn related(view: &View<'_>, object: &Object) -> Vec<Target> {
    let namespace = object.namespace();
    let mut related = Vec::new();
    for owner in object.owners() {
        if let Some(kind) = view.store.catalog().named(&owner.kind) {
            related.push(Target::new(kind.singular, if kind.namespaced { namespace } else { "" }, &owner.name));
        }
    }
    let node = object.at("spec.nodeName").str();
    if !node.is_empty() {
        related.push(Target::new("node", "", node));
    }
    related.extend(view.store.dependents(object.uid()).map(|o| target_of(o.kind, &o.key())));
    if object.kind.kind == "Node" {
        related.extend(view.store.pods_on_node(object.name()).map(|pod| target_of(pod.kind, &pod.key())));
    }
    if object.kind.kind == "Service" {
        let slices = view.store.list("EndpointSlice", namespace);
        let mine = slices.filter(|s| s.label("kubernetes.io/service-name") == object.name());
        let pods = mine.flat_map(|s| s.at("endpoints").list()).map(|e| e.at("targetRef.name").str());
        related.extend(pods.filter(|name| !name.is_empty()).map(|name| Target::new("pod", namespace, name)));
    }
    related.dedup();
    related.truncate(MOST_RELATED);
    related
}
