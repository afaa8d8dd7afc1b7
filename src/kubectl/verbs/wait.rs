//! `kubectl wait`: until a condition is met, a field has a value, or objects are gone or there.

use super::Verb;
use crate::api::jsonpath::JsonPath;
use crate::api::{Kind, Object, ObjectKey};
use crate::base::time::{parse_duration, SimTime, Span};
use crate::cluster::World;
use crate::kubectl::call::{Call, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::output::Output;
use crate::kubectl::resources::select;
use crate::kubectl::tables::{cell_text, found, relaxed_path};

/// Its row.
pub static VERB: Verb = Verb { name: "wait", run: Some(run), ..super::PLAIN };

/// What is waited for.
enum Goal {
    Created,
    Deleted,
    Condition { name: String, status: String },
    Path { path: JsonPath, value: Option<String> },
}

fn run(call: &mut Call<'_>) -> Outcome {
    let goal = goal(call)?;
    let patience = match call.line.get("timeout") {
        None => Span::secs(30),
        Some(text) => parse_duration(text).ok_or_else(|| super::bad_duration(call, "timeout", text))?,
    };
    let ending = Ending {
        until: call.world.now() + patience,
        at_once: patience == Span::ZERO,
        named: call.line.text("output") == "name",
    };
    let args = call.line.args.clone();
    let selection = select(call, &args, false)?;
    if let Goal::Created = goal {
        let namespace = call.namespace();
        let items = selection.named.iter().map(|(kind, name)| Item {
            kind,
            key: ObjectKey::new(if kind.namespaced { namespace.as_str() } else { "" }, name.as_str()),
            uid: String::new(),
        });
        return Ok(Run::Wait(Box::new(Wait { goal, items: items.collect(), ending, late: Vec::new() })));
    }
    let (objects, mut failures) = selection.objects(call)?;
    if matches!(goal, Goal::Deleted) {
        failures.clear();
        if objects.is_empty() {
            return Ok(Run::Done(0));
        }
    }
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    if objects.is_empty() {
        return Err(error("no matching resources found"));
    }
    let items =
        objects.iter().map(|object| Item { kind: object.kind, key: object.key(), uid: object.uid().to_owned() });
    Ok(Run::Wait(Box::new(Wait { goal, items: items.collect(), ending, late: Vec::new() })))
}

fn goal(call: &Call<'_>) -> Result<Goal, Failure> {
    let text = call.line.text("for");
    if text.is_empty() {
        return Err(error("unrecognized condition: []"));
    }
    if let Some(rest) = text.strip_prefix("condition=") {
        let (name, status) = rest.split_once('=').unwrap_or((rest, "true"));
        return Ok(Goal::Condition { name: name.to_owned(), status: status.to_owned() });
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        return path_goal(rest);
    }
    match text.to_lowercase().as_str() {
        "create" => Ok(Goal::Created),
        "delete" => Ok(Goal::Deleted),
        _ => Err(error(format!("unrecognized condition: \"{text}\""))),
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/wait processJSONPathInput.
fn path_goal(text: &str) -> Result<Goal, Failure> {
    let (path, value) = match text.split_once("}=").map(|(path, value)| (text[..=path.len()].to_owned(), value)) {
        Some((path, value)) => (path, Some(value)),
        None => match text.split_once('=').filter(|(path, _)| !path.contains('{')) {
            Some((path, value)) => (path.to_owned(), Some(value)),
            None => (text.to_owned(), None),
        },
    };
    if value == Some("") {
        return Err(error(
            "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
        ));
    }
    if path.is_empty() {
        return Err(error("jsonpath expression cannot be empty"));
    }
    let path = relaxed_path(path.trim_matches('\''))?;
    Ok(Goal::Path { path, value: value.map(|value| value.trim_matches(['\'', '"']).to_owned()) })
}

struct Item {
    kind: &'static Kind,
    key: ObjectKey,
    uid: String,
}

/// When the patience ends, and how an object is printed.
struct Ending {
    until: SimTime,
    at_once: bool,
    named: bool,
}

/// Waits for one object after the other.
struct Wait {
    goal: Goal,
    items: Vec<Item>,
    ending: Ending,
    late: Vec<String>,
}

impl Goal {
    fn is_met(&self, item: &Item, object: Option<&Object>) -> bool {
        match (self, object) {
            (Goal::Created, object) => object.is_some(),
            (Goal::Deleted, object) => object.is_none_or(|object| object.uid() != item.uid),
            (_, None) => false,
            (Goal::Condition { name, status }, Some(object)) => {
                let conditions = object.at("status.conditions").list();
                let found = conditions.iter().find(|c| c.get("type").str().eq_ignore_ascii_case(name));
                let fresh = found.is_some_and(|c| {
                    let seen =
                        c.get("observedGeneration").opt_int().or(object.at("status.observedGeneration").opt_int());
                    seen.is_none_or(|seen| seen >= object.generation())
                });
                fresh && found.is_some_and(|c| c.get("status").str().eq_ignore_ascii_case(status))
            }
            (Goal::Path { path, value }, Some(object)) => {
                let found = found(path, &object.value);
                match value {
                    None => found.first().is_some_and(|found| !found.is_null()),
                    Some(value) => found.len() == 1 && cell_text(&found[0]) == *value,
                }
            }
        }
    }
}

impl Waiting for Wait {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        while let Some(item) = self.items.first() {
            let object = world.store().get(item.kind.kind, &item.key);
            let several = match (&self.goal, object) {
                (Goal::Path { path, value: Some(_) }, Some(object)) => found(path, &object.value).len() > 1,
                _ => false,
            };
            if several {
                self.late.push("given jsonpath expression matches more than one value".to_owned());
            } else if (self.late.is_empty() || self.ending.at_once) && self.goal.is_met(item, object) {
                let done = if self.ending.named { "" } else { " condition met" };
                out.line(format!("{}/{}{done}", item.kind.singular_resource(), item.key.name));
            } else if world.now() >= self.ending.until {
                self.late.push(match self.goal {
                    Goal::Created => "timed out waiting for the condition".to_owned(),
                    _ if self.ending.at_once => {
                        format!("condition not met for {}/{}", item.kind.plural, item.key.name)
                    }
                    _ => format!("timed out waiting for the condition on {}/{}", item.kind.plural, item.key.name),
                });
            } else {
                return Poll::Pending(Some(self.ending.until));
            }
            self.items.remove(0);
        }
        match self.late.as_slice() {
            [] => return Poll::Done(0),
            [one] => out.err(format!("error: {one}")),
            several => several.iter().for_each(|line| out.err(line)),
        }
        Poll::Done(1)
    }
}
