//! The embedding contract, version 1: what a host page may ask of a playground, and what it is told. JSON text in, JSON text
//! out; who may ask, and how the text travels, belongs to the page.

use super::Playground;
use crate::api::{encode, json, Value};
use crate::value;

/// The version of the contract.
pub const VERSION: i64 = 1;
/// The file an `apply` message is written to.
const APPLIED_FILE: &str = "embedded.yaml";
/// So many events at most are told at once; a host that wants all of them asks for the list.
const MOST_NEWS: usize = 200;

/// What a message asks of the page rather than of the cluster.
#[derive(Clone, PartialEq, Debug)]
pub enum PageRequest {
    /// Let time pass, at so many seconds a second where it says so.
    Play(Option<f64>),
    /// Stop the clock.
    Pause,
    /// Show the page in another way; each only where it is said.
    Set {
        /// `en` or `zh`.
        lang: Option<String>,
        /// `light`, `dark` or `auto`.
        theme: Option<String>,
        /// `map`, `timeline` and so on.
        view: Option<String>,
    },
    /// Something of the cluster was changed: show it.
    Changed,
}

/// What has become of a message.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Received {
    /// Messages for the host.
    pub replies: Vec<String>,
    /// What the page is to do.
    pub page: Option<PageRequest>,
}

/// A conversation with a host page.
#[derive(Default)]
pub struct Embed {
    waiting: Vec<(u64, Value)>,
    told_revision: u64,
}

impl Embed {
    /// The first message, which the page sends when it can be talked to.
    pub fn ready() -> String {
        encode::json(&value!({
            "kubottle": VERSION, "type": "ready", "version": (env!("CARGO_PKG_VERSION")),
            "accepts": ["hello", "apply", "exec", "advance", "seek", "play", "pause", "get", "set", "load"]
        }))
    }

    /// Takes a message in. What is none of ours is left alone.
    pub fn receive(&mut self, playground: &mut Playground, text: &str) -> Received {
        let Ok(message) = json::parse(text) else { return Received::default() };
        if message.get("kubottle").is_null() {
            return Received::default();
        }
        let id = message.get("id").clone();
        if message.get("kubottle").int() != VERSION {
            let error = format!("this Kubottle speaks version {VERSION} of the contract");
            return Received { replies: vec![refused(id, &error)], page: None };
        }
        match self.carry_out(playground, &message) {
            Ok((None, page)) => Received { replies: Vec::new(), page },
            Ok((Some(result), page)) => Received { replies: vec![reply(id, result)], page },
            Err(error) => Received { replies: vec![refused(id, &error)], page: None },
        }
    }

    fn carry_out(
        &mut self,
        playground: &mut Playground,
        message: &Value,
    ) -> Result<(Option<Value>, Option<PageRequest>), String> {
        let done = |page| Ok((Some(Value::map()), Some(page)));
        match message.get("type").str() {
            "hello" => Ok((Some(value!({"version": VERSION, "app": (env!("CARGO_PKG_VERSION"))})), None)),
            "apply" => {
                playground.write(APPLIED_FILE, text(message, "yaml")?);
                self.queue(playground, message, &format!("kubectl apply -f {APPLIED_FILE}"))
            }
            "exec" => self.queue(playground, message, text(message, "command")?),
            "advance" => {
                playground.advance(milliseconds(message)? * 1000, &mut || false);
                done(PageRequest::Changed)
            }
            "seek" => {
                playground.seek(milliseconds(message)?);
                done(PageRequest::Changed)
            }
            "play" => {
                done(PageRequest::Play(number(message.get("speed")).filter(|speed| (0.1..=1000.0).contains(speed))))
            }
            "pause" => done(PageRequest::Pause),
            "get" => Ok((Some(get(playground, text(message, "what")?)?), None)),
            "set" => {
                let told = |key: &str| message.get(key).opt_str().map(str::to_owned);
                done(PageRequest::Set { lang: told("lang"), theme: told("theme"), view: told("view") })
            }
            "load" => {
                let restored = Playground::restore(text(message, "state")?);
                *playground = restored.map_err(|why| format!("the state cannot be read: {}", why.code()))?;
                self.waiting.clear();
                self.told_revision = playground.store_revision();
                done(PageRequest::Changed)
            }
            other => Err(format!("unknown type \"{other}\"")),
        }
    }

    /// A command's reply comes when the command has ended.
    fn queue(
        &mut self,
        playground: &mut Playground,
        message: &Value,
        line: &str,
    ) -> Result<(Option<Value>, Option<PageRequest>), String> {
        self.waiting.push((playground.queue(line), message.get("id").clone()));
        Ok((None, Some(PageRequest::Changed)))
    }

    /// What the host is to be told now: commands that have ended, and events of the cluster.
    pub fn news(&mut self, playground: &mut Playground) -> Vec<String> {
        let mut news = Vec::new();
        for ended in playground.take_finished() {
            let Some(at) = self.waiting.iter().position(|(ticket, _)| *ticket == ended.ticket) else { continue };
            let (_, id) = self.waiting.remove(at);
            let exit_code = i64::from(ended.exit_code);
            news.push(reply(id, value!({"stdout": (ended.stdout), "stderr": (ended.stderr), "exit_code": exit_code})));
        }
        let (revision, events) = playground.events_since(self.told_revision, MOST_NEWS);
        self.told_revision = revision;
        news.extend(
            events
                .into_iter()
                .map(|event| encode::json(&value!({"kubottle": VERSION, "type": "event", "event": event}))),
        );
        news
    }
}

fn get(playground: &mut Playground, what: &str) -> Result<Value, String> {
    Ok(match what {
        "state" => value!({"state": (playground.share())}),
        "digest" => value!({"digest": (format!("{:016x}", playground.digest()))}),
        "clock" => {
            let clock = playground.clock();
            value!({"now_ms": (clock.now_ms as i64), "latest_ms": (clock.latest_ms as i64), "start_ms": (clock.start_ms as i64)})
        }
        "events" => value!({"events": (playground.events_since(0, usize::MAX).1.into_iter().collect::<Value>())}),
        "topology" => {
            let json = serde_json::to_string(&playground.topology()).map_err(|error| error.to_string())?;
            json::parse(&json)?
        }
        other => return Err(format!("unknown thing to get \"{other}\": state, digest, clock, events or topology")),
    })
}

fn reply(id: Value, result: Value) -> String {
    encode::json(&value!({"kubottle": VERSION, "type": "reply", "id": id, "ok": true, "result": result}))
}

fn refused(id: Value, error: &str) -> String {
    encode::json(&value!({"kubottle": VERSION, "type": "reply", "id": id, "ok": false, "error": error}))
}

fn text<'a>(message: &'a Value, key: &str) -> Result<&'a str, String> {
    message.get(key).opt_str().ok_or_else(|| format!("\"{key}\" must be text"))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    }
}

fn milliseconds(message: &Value) -> Result<u64, String> {
    // A week at once is more than anybody waits for, and less than would stop the page.
    let within = number(message.get("ms")).filter(|ms| (0.0..=604_800_000.0).contains(ms));
    within.map(|ms| ms as u64).ok_or_else(|| "\"ms\" must be a number from 0 to 604800000".to_owned())
}
