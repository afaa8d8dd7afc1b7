//! Events as objects: repetitions are counted, similar ones combined, floods dropped.
//!
//! Models staging/src/k8s.io/client-go/tools/record EventCorrelator with its defaults, and for the scheduler the newer
//! tools/events, which knows an event by the version of its object rather than by its text.

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
/// So many events of one source and one severity about one object may come at once.
const BURST: u64 = 25;
/// One more is allowed each time this has passed.
const REFILL: Span = Span::secs(300);
/// So many sources and severities are remembered, each about one object.
const REMEMBERED: usize = 4_096;
/// So many texts of one kind of event are remembered.
const TEXTS_REMEMBERED: usize = 16;

/// What the recorder remembers of earlier events: the last few things said by one source, of one severity, about one object.
/// Upstream keeps three tables of the same length with three different keys; here each coarser one holds the finer.
#[derive(Clone, Default)]
pub struct Recorder {
    subjects: Map<u64, Subject>,
    by_age: Map<u64, u64>,
    age: u64,
    recorded: u64,
}

/// One source, one severity, one object.
#[derive(Clone)]
struct Subject {
    tokens_left: u64,
    since: SimTime,
    classes: Vec<Class>,
}

/// Those of one reason and one field path.
#[derive(Clone)]
struct Class {
    id: u64,
    texts: Vec<u64>,
    last: SimTime,
    seen: Vec<Seen>,
}

/// A series of the newer kind that has not gone on for so long is over.
const SERIES_ENDS: Span = Span::secs(360);

/// One event that was written.
#[derive(Clone)]
struct Seen {
    text: u64,
    event: ObjectKey,
    count: i64,
    first: EcoString,
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
        let about = &note.regarding;
        let id = hash(&[note.component, about.uid(), about.kind.kind, about.name(), note.severity]);
        let class_id = hash(&[note.reason, &note.field_path]);
        let by_scheduler = note.component == "default-scheduler";
        let at = Timestamp::of(settings.epoch, now);
        self.recorded += 1;
        let subject = self.subject(id, now);
        let allowed = subject.take_token(now) || by_scheduler;
        let class = subject.class(class_id, now);
        let (message, text) = if by_scheduler { class.in_series(note, now) } else { class.combine(note, now) };
        if let Some(seen) = class.seen.iter_mut().find(|seen| seen.text == text) {
            seen.count += 1;
            if by_scheduler && seen.count > 2 {
                return None;
            }
            let patch = if by_scheduler {
                value!({"series": {"count": (seen.count), "lastObservedTime": (at.rfc3339_micro())}})
            } else {
                value!({"count": (seen.count), "lastTimestamp": (at.rfc3339()), "firstTimestamp": (seen.first.clone()), "message": message})
            };
            return allowed.then(|| Record::Again(seen.event.clone(), patch));
        }
        if !allowed {
            return None;
        }
        let event = self.event(note, &message, at);
        let seen = Seen { text, event: event.key(), count: 1, first: at.rfc3339().into() };
        self.subjects.get_mut(&id)?.class(class_id, now).remember(seen);
        Some(Record::New(event))
    }

    fn subject(&mut self, id: u64, now: SimTime) -> &mut Subject {
        if !self.subjects.contains_key(&id) {
            self.age += 1;
            self.by_age.insert(self.age, id);
            self.subjects.insert(id, Subject { tokens_left: BURST, since: now, classes: Vec::new() });
            if self.subjects.len() > REMEMBERED {
                if let Some((age, oldest)) = self.by_age.get_min().map(|(age, oldest)| (*age, *oldest)) {
                    self.by_age.remove(&age);
                    self.subjects.remove(&oldest);
                }
            }
        }
        self.subjects.get_mut(&id).expect("just made sure that it is there")
    }

    /// Forgets that an event was seen: its object is gone, so the next one is new.
    pub fn forget(&mut self, event: &ObjectKey) {
        let has = |subject: &Subject| subject.classes.iter().any(|class| class.seen.iter().any(|s| s.event == *event));
        let Some(id) = self.subjects.iter().find(|(_, subject)| has(subject)).map(|(id, _)| *id) else { return };
        let classes = self.subjects.get_mut(&id).into_iter().flat_map(|subject| &mut subject.classes);
        classes.for_each(|class| class.seen.retain(|seen| seen.event != *event));
    }

    fn event(&self, note: &EventNote, message: &str, at: Timestamp) -> Object {
        let about = &note.regarding;
        let namespace = if about.namespace().is_empty() { "default" } else { about.namespace() };
        let nanos = at.0 as u64 * 1_000 + self.recorded % 1_000;
        let mut event = Object::new(kind("Event"), namespace, &format!("{}.{nanos:x}", about.name()));
        let mut involved = value!({
            "apiVersion": (about.value.get("apiVersion").clone()), "kind": (about.kind.name()),
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

impl Subject {
    /// Models EventSourceObjectSpamFilter.Filter: a token bucket for each source, object and severity, so that the
    /// many normal events of a pod leave room for its warnings. What is dropped is counted all the same.
    fn take_token(&mut self, now: SimTime) -> bool {
        let refilled = now.since(self.since).0 / REFILL.0;
        if refilled > 0 {
            self.tokens_left = (self.tokens_left + refilled).min(BURST);
            self.since = self.since + Span(refilled * REFILL.0);
        }
        let allowed = self.tokens_left > 0;
        self.tokens_left = self.tokens_left.saturating_sub(1);
        allowed
    }

    fn class(&mut self, id: u64, now: SimTime) -> &mut Class {
        let index = self.classes.iter().position(|class| class.id == id).unwrap_or_else(|| {
            self.classes.push(Class { id, texts: Vec::new(), last: now, seen: Vec::new() });
            self.classes.len() - 1
        });
        &mut self.classes[index]
    }
}

impl Class {
    /// The message as it is, and the version of the object that it is about: what is said again of the same version is one
    /// series, whatever the words. Its second event is written at once; the rest is only counted.
    ///
    /// Models staging/src/k8s.io/client-go/tools/events eventBroadcasterImpl.recordToSink and getKey.
    fn in_series(&mut self, note: &EventNote, now: SimTime) -> (String, u64) {
        if now.since(self.last) > SERIES_ENDS {
            self.seen.clear();
        }
        self.last = now;
        (note.message.clone(), note.regarding.resource_version())
    }

    /// The message as it is, and what it is known by.
    fn as_said(&self, note: &EventNote) -> (String, u64) {
        (note.message.clone(), hash(&[&note.message]))
    }

    /// Models EventAggregator.EventAggregate: the eleventh different text within ten minutes is combined with the later ones.
    fn combine(&mut self, note: &EventNote, now: SimTime) -> (String, u64) {
        let text = hash(&[&note.message]);
        if now.since(self.last) > SIMILAR_WITHIN {
            self.texts.clear();
        }
        self.last = now;
        if !self.texts.contains(&text) {
            self.texts.push(text);
        }
        if self.texts.len() < SIMILAR_MAX {
            return self.as_said(note);
        }
        self.texts.truncate(SIMILAR_MAX);
        (format!("(combined from similar events): {}", note.message), hash(&["combined"]))
    }

    fn remember(&mut self, seen: Seen) {
        if self.seen.len() == TEXTS_REMEMBERED {
            self.seen.remove(0);
        }
        self.seen.push(seen);
    }
}

fn node_of(object: &Object) -> EcoString {
    match object.kind.kind {
        "Node" => object.metadata().get("name").text(),
        _ => object.at("spec.nodeName").text(),
    }
}

fn hash(texts: &[&str]) -> u64 {
    texts.iter().fold(0x6b75_626f_7474_6c65, |state, text| {
        let inside = text.as_bytes().chunks(8).fold(state, |state, chunk| {
            let mut word = [0_u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(state ^ u64::from_le_bytes(word))
        });
        mix(inside ^ text.len() as u64)
    })
}
