//! What the recommender of a VerticalPodAutoscaler remembers, as checkpoints in the API: a new recommender would read them.

use std::sync::Arc;

use super::vpa_estimate::{Aggregate, Peaks};
use super::vpa_histogram::{Histogram, MEMORY};
use crate::api::{kind, Object, ObjectKey, Value};
use crate::base::time::{Span, Timestamp};
use crate::store::plan::DeleteOptions;
use crate::store::{Action, Because, Plan, View};
use crate::value;

const KIND: &str = "VerticalPodAutoscalerCheckpoint";
const COMPONENT: &str = "vpa-recommender";
/// The version of the format.
const VERSION: &str = "v3";
/// How often checkpoints without an autoscaler are looked for (`--checkpoints-gc-interval`).
const COLLECT: Span = Span::secs(600);

/// Writes what is remembered of the containers of one name; the present peaks of memory are left out, since they may rise yet.
///
/// Models vertical-pod-autoscaler/pkg/recommender/checkpoint/checkpoint_writer.go StoreCheckpoints.
pub(super) fn store(
    view: &View,
    vpa: &Object,
    container: &str,
    aggregate: &Aggregate,
    peaks: &[Peaks],
    plan: &mut Plan,
) {
    let now = view.timestamp();
    let mut memory = aggregate.memory.clone();
    for peaks in peaks.iter().filter(|peaks| now.0 < peaks.window_end) {
        memory.add(MEMORY, peaks.memory.max(peaks.oom), -1.0, peaks.window_end);
    }
    let mut status = value!({"cpuHistogram": (histogram(&aggregate.cpu)), "memoryHistogram": (histogram(&memory)),
        "lastUpdateTime": (view.now_text()), "totalSamplesCount": (aggregate.count), "version": VERSION});
    if aggregate.count > 0 {
        status.set("firstSampleStart", Timestamp(aggregate.first).rfc3339());
        status.set("lastSampleStart", Timestamp(aggregate.last).rfc3339());
    }
    let key = ObjectKey::new(vpa.namespace(), format!("{}-{container}", vpa.name()));
    let known = view.get(KIND, &key).cloned();
    let is_new = known.is_none();
    let mut object = known.unwrap_or_else(|| Object::new(kind(KIND), vpa.namespace(), &key.name));
    object.set("spec", value!({"containerName": container, "vpaObjectName": (vpa.name())}));
    object.set("status", status);
    let because = Arc::new(Because::of(COMPONENT, vpa, "a new recommender would begin with what this one has seen"));
    plan.push(match is_new {
        true => Action::Create { object, because, success: None, failure: None },
        false => Action::Update { object, because, success: None },
    });
}

/// Models vertical-pod-autoscaler/pkg/recommender/util/histogram.go SaveToChekpoint: the heaviest bucket weighs 10000.
fn histogram(histogram: &Histogram) -> Value {
    let heaviest = histogram.weights().iter().fold(0.0, |most: f64, (_, weight)| most.max(*weight));
    let total: f64 = histogram.weights().iter().map(|(_, weight)| weight).sum();
    let mut buckets = Value::map();
    for (bucket, weight) in histogram.weights() {
        let share = (weight / heaviest * 10_000.0).round() as i64;
        if heaviest > 0.0 && share > 0 {
            buckets.map_mut().insert(&bucket.to_string(), share);
        }
    }
    let reference = Timestamp(histogram.reference()).rfc3339();
    let mut checkpoint = value!({"referenceTimestamp": reference});
    if total > 0.0 {
        checkpoint.set("bucketWeights", buckets);
        checkpoint.set("totalWeight", Value::Float(total));
    }
    checkpoint
}

/// Takes the checkpoints of an autoscaler that is gone away when it is time for that; gives how long until then.
///
/// Models vertical-pod-autoscaler/pkg/recommender/input/cluster_feeder.go GarbageCollectCheckpoints.
pub(super) fn collect(view: &View, namespace: &str, vpa: &str, plan: &mut Plan) {
    let all = view.store.list(KIND, namespace).filter(|one| one.at("spec.vpaObjectName").str() == vpa);
    let left: Vec<&Object> = all.collect();
    if left.is_empty() {
        return;
    }
    if !view.now.0.is_multiple_of(COLLECT.0) {
        plan.requeue_after = Some(Span(COLLECT.0 - view.now.0 % COLLECT.0));
        return;
    }
    for one in left {
        plan.push(Action::Delete {
            kind: KIND,
            key: one.key(),
            uid: one.uid().into(),
            options: DeleteOptions::default(),
            because: Arc::new(Because::of(COMPONENT, one, "its VerticalPodAutoscaler is gone")),
            success: None,
        });
    }
}
