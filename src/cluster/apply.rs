//! Carries plans out: each action becomes a request to the API server, each note an event object.

use std::sync::Arc;

use super::dispatch::EVENT_TTL;
use super::recorder::Record;
use super::world::Event;
use super::World;
use crate::api::field_manager::Manager;
use crate::api::merge::merge_patch;
use crate::api::{kind, Object, Status};
use crate::base::time::{Span, Timestamp};
use crate::store::plan::{Action, EventNote};
use crate::store::server::Part;
use crate::store::{Because, Server};

impl World {
    /// Carries actions out in order until one is refused, and gives the refusal.
    pub(super) fn carry_out(&mut self, actions: Vec<Action>) -> Option<Status> {
        actions.into_iter().find_map(|action| self.act(action).err())
    }

    fn act(&mut self, action: Action) -> Result<(), Status> {
        let mut server =
            Server { store: &mut self.store, settings: &self.settings, at: self.now, manager: Manager::default() };
        match action {
            Action::Create { object, because, success, failure } => match server.create(object, &because) {
                Ok(made) => self.note_about(success, "{name}", made.name()),
                Err(status) => {
                    self.note_about(failure, "{error}", &status.message);
                    return Err(status);
                }
            },
            Action::Update { object, because, success } => {
                server.update(object, Part::Main, &because)?;
                self.note_about(success, "{name}", "");
            }
            Action::UpdateStatus { object, because } => {
                server.update(object, Part::Status, &because)?;
            }
            Action::Patch { kind: name, key, uid, status, patch, because } => {
                let part = if status { Part::Status } else { Part::Main };
                let kind = server.kind(name)?;
                server.modify(kind, &key, part, &because, |current| {
                    if !uid.is_empty() && current.uid() != uid {
                        return Err(Status::not_found(&current.kind.resource(), current.name()));
                    }
                    let mut object = current.clone();
                    merge_patch(&mut object.value, &patch);
                    Ok(object)
                })?;
            }
            Action::Delete { kind: name, key, uid, options, because, success } => {
                let kind = server.kind(name)?;
                server.delete(kind, &key, &uid, options, &because)?;
                self.note_about(success, "{name}", &key.name);
            }
            Action::Bind { key, uid, node, because, success } => {
                server.bind(&key, &uid, &node, &because)?;
                self.note_about(success, "{name}", &key.name);
            }
            Action::Evict { key, because, success } => {
                server.evict(&key, Default::default(), &because)?;
                self.note_about(success, "{name}", &key.name);
            }
            Action::Resize { key, containers, because, success } => {
                server.modify(kind("Pod"), &key, Part::Resize, &because, |current| {
                    let mut object = current.clone();
                    object.set("spec.containers", containers);
                    Ok(object)
                })?;
                self.note_about(success, "{name}", &key.name);
            }
            Action::Note(note) => self.note(&note),
        }
        Ok(())
    }

    fn note_about(&mut self, note: Option<EventNote>, place: &str, text: &str) {
        if let Some(mut note) = note {
            note.message = note.message.replace(place, text);
            self.note(&note);
        }
    }

    /// Records an event.
    pub fn note(&mut self, note: &EventNote) {
        let because = Arc::new(Because::of(note.component, &note.regarding, note.reason));
        let record = self.recorder.record(note, &self.settings, self.now);
        let mut server =
            Server { store: &mut self.store, settings: &self.settings, at: self.now, manager: Manager::default() };
        match record {
            Some(Record::New(event)) => server.record(event, &because),
            Some(Record::Again(key, patch)) => {
                let counted = server.modify(kind("Event"), &key, Part::Main, &because, |current| {
                    let mut object = current.clone();
                    merge_patch(&mut object.value, &patch);
                    Ok(object)
                });
                if counted.is_err() {
                    self.recorder.forget(&key);
                    self.note(note);
                }
            }
            None => {}
        }
    }

    pub(super) fn expire_events(&mut self) {
        self.expiry_planned = false;
        let now = self.timestamp();
        let age = |event: &Object| Span((now.0 - last_seen(event).map_or(now.0, |at| at.0)).max(0) as u64);
        let old: Vec<Object> = self.store.all("Event").filter(|event| age(event) >= EVENT_TTL).cloned().collect();
        let because = Arc::new(Because::rule("kube-apiserver", "an event lives for an hour after it was last seen"));
        for event in old {
            self.recorder.forget(&event.key());
            let mut server =
                Server { store: &mut self.store, settings: &self.settings, at: self.now, manager: Manager::default() };
            let gone = server.delete(event.kind, &event.key(), "", Default::default(), &because);
            debug_assert!(gone.is_ok(), "an event that was listed can be deleted");
        }
        if self.store.count("Event") > 0 {
            self.expiry_planned = true;
            self.queue.push(self.now + Span::secs(60), Event::ExpireEvents);
        }
    }
}

fn last_seen(event: &Object) -> Option<Timestamp> {
    let times = ["lastTimestamp", "eventTime"];
    times.iter().find_map(|field| Timestamp::parse(event.value.get(field).str())).or_else(|| event.created())
}
