//! Events as objects: repetitions are counted, similar ones combined, floods dropped.
//!
//! Models staging/src/k8s.io/client-go/tools/record EventCorrelator with its defaults.

use ecow::EcoString;

use crate::api::{kind, Object, ObjectKey, Value};
use crate::base::draw::mix;
use crate::base::map::Map;
use crate::base::time::{SimTime, Span, Timestamp};
use crate::store::{EventNote, Settings};
use crate::value;

/// So many different texts of one kind of event are kept apart.
const SIMILAR_MAX: usize = 10;
/// Similar events are combined when they come within this time.
const SIMILAR_WITHIN: Span = Span::secs(600);
/// So many events of one source and reason about one object may come at once.
const BURST: u64 = 25;
/// One more is allowed each time this has passed.
const REFILL: Span = Span::secs(300);
/// So many kinds of events are remembered.
const REMEMBERED: usize = 4_096;

/// What the recorder remembers of earlier events.
#[derive(Clone, Default)]
pub struct Recorder {
    seen: Recent<Seen>,
    similar: Recent<Similar>,
    tokens: Recent<Tokens>,
    recorded: u64,
}

/// The last few things of a sort by number; the oldest is forgotten for a new one.
#[derive(Clone)]
struct Recent<V: Clone> {
    by_id: Map<u64, V>,
    by_age: Map<u64, u64>,
    age: u64,
}

impl<V: Clone> Default for Recent<V> {
    fn default() -> Self {
        Recent { by_id: Map::new(), by_age: Map::new(), age: 0 }
    }
}

impl<V: Clone> Recent<V> {
    fn get_or_insert(&mut self, id: u64, new: impl FnOnce() -> V) -> &mut V {
        if !self.by_id.contains_key(&id) {
            self.age += 1;
            self.by_age.insert(self.age, id);
            self.by_id.insert(id, new());
            if self.by_id.len() > REMEMBERED {
                if let Some((age, oldest)) = self.by_age.get_min().map(|(age, oldest)| (*age, *oldest)) {
                    self.by_age.remove(&age);
                    self.by_id.remove(&oldest);
                }
            }
        }
        self.by_id.get_mut(&id).expect("just made sure that it is there")
    }
}

#[derive(Clone)]
struct Seen {
    event: ObjectKey,
    count: i64,
    first: EcoString,
}

#[derive(Clone)]
struct Similar {
    texts: Vec<u64>,
    last: SimTime,
}

#[derive(Clone)]
struct Tokens {
    left: u64,
    since: SimTime,
}

/// What is to be written for a note.
pub enum Record {
    /// A new event object.
    New(Object),
    /// One more of an event that is there: the key and the merge patch.
    Again(ObjectKey, Value),
}

impl Recorder {
    /// What to write for a note; nothing where its source has said too much about its object.
    pub fn record(&mut self, note: &EventNote, settings: &Settings, now: SimTime) -> Option<Record> {
        let source = hash(&[note.component, note.regarding.uid(), note.regarding.kind.kind, note.regarding.name()]);
        let bucket = hash_more(source, &[note.reason]);
        let allowed = note.component == "default-scheduler" || self.take_token(bucket, now);
        let class = hash_more(source, &[note.severity, note.reason, &note.field_path]);
        let (message, combined) = self.combine(class, note, now);
        let identity = if combined { hash_more(class, &["combined"]) } else { hash_more(class, &[&message]) };
        let at = Timestamp::of(settings.epoch, now);
        self.recorded += 1;
        if self.seen.by_id.contains_key(&identity) {
            let seen = self.seen.by_id.get_mut(&identity)?;
            seen.count += 1;
            if !allowed {
                return None;
            }
            let patch = if note.component == "default-scheduler" {
                value!({"series": {"count": (seen.count), "lastObservedTime": (at.rfc3339_micro())}})
            } else {
                value!({"count": (seen.count), "lastTimestamp": (at.rfc3339()), "firstTimestamp": (seen.first.clone()), "message": message})
            };
            return Some(Record::Again(seen.event.clone(), patch));
        }
        if !allowed {
            return None;
        }
        let event = self.event(note, &message, at);
        let seen = Seen { event: event.key(), count: 1, first: at.rfc3339().into() };
        self.seen.get_or_insert(identity, || seen);
        Some(Record::New(event))
    }

    /// Forgets that an event was seen: its object is gone, so the next one is new.
    pub fn forget(&mut self, event: &ObjectKey) {
        let gone = self.seen.by_id.iter().find(|(_, seen)| seen.event == *event).map(|(id, _)| *id);
        if let Some(identity) = gone {
            let age = self.seen.by_age.iter().find(|(_, id)| **id == identity).map(|(age, _)| *age);
            self.seen.by_id.remove(&identity);
            if let Some(age) = age {
                self.seen.by_age.remove(&age);
            }
        }
    }

    /// Models EventSourceObjectSpamFilter.Filter: a token bucket for each source, object and reason. What is dropped is
    /// counted all the same.
    fn take_token(&mut self, source: u64, now: SimTime) -> bool {
        let bucket = self.tokens.get_or_insert(source, || Tokens { left: BURST, since: now });
        let refilled = now.since(bucket.since).0 / REFILL.0;
        if refilled > 0 {
            bucket.left = (bucket.left + refilled).min(BURST);
            bucket.since = bucket.since + Span(refilled * REFILL.0);
        }
        let allowed = bucket.left > 0;
        bucket.left = bucket.left.saturating_sub(1);
        allowed
    }

    /// Models EventAggregator.EventAggregate: the eleventh different text within ten minutes is combined with the later ones.
    fn combine(&mut self, class: u64, note: &EventNote, now: SimTime) -> (String, bool) {
        if note.component == "default-scheduler" {
            return (note.message.clone(), false);
        }
        let text = hash(&[&note.message]);
        let similar = self.similar.get_or_insert(class, || Similar { texts: Vec::new(), last: now });
        if now.since(similar.last) > SIMILAR_WITHIN {
            similar.texts.clear();
        }
        similar.last = now;
        if !similar.texts.contains(&text) {
            similar.texts.push(text);
        }
        if similar.texts.len() < SIMILAR_MAX {
            return (note.message.clone(), false);
        }
        similar.texts.truncate(SIMILAR_MAX);
        (format!("(combined from similar events): {}", note.message), true)
    }

    fn event(&self, note: &EventNote, message: &str, at: Timestamp) -> Object {
        let about = &note.regarding;
        let namespace = if about.namespace().is_empty() { "default" } else { about.namespace() };
        let nanos = at.0 as u64 * 1_000 + self.recorded % 1_000;
        let mut event = Object::new(kind("Event"), namespace, &format!("{}.{nanos:x}", about.name()));
        let mut involved = value!({
            "apiVersion": (about.value.get("apiVersion").clone()), "kind": (about.kind.kind),
            "name": (about.metadata().get("name").clone()), "uid": (about.metadata().get("uid").clone()),
            "resourceVersion": (about.metadata().get("resourceVersion").clone())
        });
        if !about.namespace().is_empty() {
            involved.set("namespace", about.metadata().get("namespace").clone());
        }
        if !note.field_path.is_empty() {
            involved.set("fieldPath", note.field_path.as_str());
        }
        let body = event.value.map_mut();
        body.insert("involvedObject", involved);
        body.insert("message", message);
        body.insert("reason", note.reason);
        body.insert("type", note.severity);
        body.insert("reportingComponent", note.component);
        if note.component == "default-scheduler" {
            body.insert("action", if note.reason == "Scheduled" { "Binding" } else { "Scheduling" });
            body.insert("eventTime", at.rfc3339_micro());
            body.insert("firstTimestamp", Value::Null);
            body.insert("lastTimestamp", Value::Null);
            body.insert("reportingInstance", "default-scheduler-kubottle");
            body.insert("source", Value::map());
        } else {
            let node = if note.component == "kubelet" { node_of(about) } else { EcoString::new() };
            let mut source = value!({"component": (note.component)});
            if !node.is_empty() {
                source.set("host", node.clone());
            }
            let time = Value::from(at.rfc3339());
            body.insert("count", 1);
            body.insert("eventTime", Value::Null);
            body.insert("firstTimestamp", time.clone());
            body.insert("lastTimestamp", time);
            body.insert("reportingInstance", node);
            body.insert("source", source);
        }
        event
    }
}

fn node_of(object: &Object) -> EcoString {
    match object.kind.kind {
        "Node" => object.metadata().get("name").text(),
        _ => object.at("spec.nodeName").text(),
    }
}

fn hash(texts: &[&str]) -> u64 {
    hash_more(0x6b75_626f_7474_6c65, texts)
}

fn hash_more(start: u64, texts: &[&str]) -> u64 {
    texts.iter().fold(start, |state, text| {
        let inside = text.as_bytes().chunks(8).fold(state, |state, chunk| {
            let mut word = [0_u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(state ^ u64::from_le_bytes(word))
        });
        mix(inside ^ text.len() as u64)
    })
}
