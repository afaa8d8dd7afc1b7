//! Workloads: what a container does once it runs. Images, commands and annotations in, behaviour out; it never looks at the
//! cluster.

use serde::Deserialize;

use crate::api::{Object, Value};
use crate::base::time::{parse_duration, Span};

pub mod demand;
mod filter_kinds;
pub mod filters;
pub mod grep;
pub mod images;
mod pages;
mod pi;
mod sed;
pub mod sender;
pub mod shell;
mod usage;
mod words;

pub use pages::{respond, Request, Response};
pub use usage::{idle, serving, Demand, Serving, Usage};

/// What answers on a port.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// The welcome page of nginx.
    Nginx,
    /// Apache's `It works!`.
    ItWorks,
    /// A page of Tomcat.
    Tomcat,
    /// What was asked, as echoserver prints it.
    Echo,
    /// Which pod it is, and what was asked.
    Whoami,
    /// The name of the pod alone.
    Hostname,
    /// The text that the container's arguments give.
    Text,
    /// `OK!`.
    Ok,
    /// `Hello, world!`, a version and the name of the pod.
    HelloApp,
    /// `Hello Kubernetes!`.
    HelloKubernetes,
    /// The greeting of the Kubernetes Bootcamp.
    Bootcamp,
    /// The guestbook of the Kubernetes tutorial.
    Guestbook,
    /// WordPress before it is installed.
    Wordpress,
    /// Elasticsearch's greeting.
    Elasticsearch,
    /// `ok` for ten seconds, then an error.
    Liveness,
    /// Redis.
    Redis,
    /// memcached.
    Memcached,
    /// MySQL.
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// MongoDB.
    Mongo,
    /// Cassandra.
    Cassandra,
    /// RabbitMQ.
    Rabbitmq,
    /// NATS.
    Nats,
    /// Kafka.
    Kafka,
    /// ZooKeeper.
    Zookeeper,
    /// A name server.
    Dns,
}

/// A port that a container listens on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listen {
    /// The port.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: &'static str,
    /// What answers.
    pub page: Page,
}

/// What a container does.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Behaviour {
    /// Milliseconds until it listens.
    pub start_ms: u64,
    /// How long it runs; nothing for ever.
    pub run_for: Option<Span>,
    /// Its exit code when it ends by itself.
    pub exit_code: i32,
    /// Where it listens.
    pub listens: Vec<Listen>,
    /// Lines written, with the milliseconds since the start.
    pub lines: Vec<(u64, String)>,
    /// Where the lines begin to repeat and after how many milliseconds.
    pub repeats: Option<(u64, u64)>,
    /// True where it does not react to SIGTERM and is killed at the end of its grace period.
    pub ignores_sigterm: bool,
    /// How long it takes to end on SIGTERM.
    pub stop_ms: u64,
    /// What it takes beyond what its image uses when idle.
    pub demand: Demand,
}

/// What a container of a pod does once it is started.
pub fn behaviour(pod: &Object, container: &Value) -> Behaviour {
    let image = images::find(container.get("image").str());
    let words = words_of(container);
    let mut behaviour = Behaviour { stop_ms: 200, ..Behaviour::default() };
    let course = (!words.is_empty()).then(|| shell::read(&words, &|name| variable(pod, container, name)));
    let own_server = course.as_ref().is_none_or(|course| !course.understood);
    if let Some(course) = &course {
        if course.understood {
            behaviour.run_for = course.run_ms.map(Span::millis);
            behaviour.exit_code = course.exit_code;
        }
        behaviour.lines = course.lines.clone();
        behaviour.repeats = course.repeats;
        behaviour.ignores_sigterm = words.iter().any(|word| word.contains("sleep"));
        behaviour.listens.extend(course.listens.map(|port| Listen { port, protocol: "TCP", page: Page::Ok }));
    }
    match image {
        Some(image) if own_server => {
            behaviour.start_ms = image.start.saturating_sub(NOTICED_MS);
            behaviour.lines.extend(image.log.iter().map(|line| (image.start, line.clone())));
            behaviour.listens.extend(image.listens.iter().map(|p| Listen {
                port: p.port,
                protocol: if p.page == Page::Dns { "UDP" } else { "TCP" },
                page: p.page,
            }));
            let missing = !image.needs.is_empty() && !image.needs.iter().any(|name| has_variable(container, name));
            if image.shell && words.is_empty() && !container.get("stdin").bool() {
                behaviour.run_for = Some(Span::ZERO);
            } else if image.done > 0 {
                behaviour.run_for = Some(Span::millis(image.done));
            } else if missing && words.is_empty() {
                behaviour.run_for = Some(Span::millis(300));
                behaviour.exit_code = 1;
                behaviour.lines = image.fails.iter().map(|line| (300, line.clone())).collect();
            }
        }
        None if own_server => behaviour.listens.extend(declared(container)),
        _ => {}
    }
    adjust(pod, &mut behaviour);
    behaviour
}

/// The kubelet tells of a running container up to a second late, at its next look at the runtime: what listens within
/// that second listens by the time the pod is seen running.
const NOTICED_MS: u64 = 1_000;

/// An image that is not in the table listens on the ports its container declares.
fn declared(container: &Value) -> impl Iterator<Item = Listen> + '_ {
    container.get("ports").list().iter().filter_map(|port| {
        let number = u16::try_from(port.get("containerPort").int()).ok()?;
        let protocol = match port.get("protocol").str() {
            "UDP" => "UDP",
            "SCTP" => "SCTP",
            _ => "TCP",
        };
        Some(Listen { port: number, protocol, page: Page::Whoami })
    })
}

/// What a pod's annotations say goes before what is known of the image.
fn adjust(pod: &Object, behaviour: &mut Behaviour) {
    if let Some(span) = parse_duration(pod.annotation("kubottle.dev/run-for")) {
        behaviour.run_for = Some(span);
    }
    if let Ok(code) = pod.annotation("kubottle.dev/exit-code").parse() {
        behaviour.exit_code = code;
        behaviour.run_for.get_or_insert(Span::ZERO);
    }
    if let Some(span) = parse_duration(pod.annotation("kubottle.dev/ready-after")) {
        behaviour.start_ms = span.as_millis();
    }
}

/// `command` and `args` in one.
pub fn words_of(container: &Value) -> Vec<String> {
    let lists = [container.get("command"), container.get("args")];
    lists.iter().flat_map(|list| list.list()).map(|word| word.str().to_owned()).collect()
}

fn has_variable(container: &Value, name: &str) -> bool {
    let given = container.get("env").list().iter().any(|variable| variable.get("name").str().starts_with(name));
    given || !container.get("envFrom").is_empty()
}

fn variable(pod: &Object, container: &Value, name: &str) -> Option<String> {
    let given = container.get("env").list().iter().find(|variable| variable.get("name").str() == name);
    match given {
        Some(variable) => match variable.at("valueFrom.fieldRef.fieldPath").str() {
            "" => Some(variable.get("value").str().to_owned()),
            path => Some(pod.at(path).str().to_owned()),
        },
        None if name == "HOSTNAME" => Some(host_name(pod).to_owned()),
        None => None,
    }
}

/// The host name inside a pod.
pub fn host_name(pod: &Object) -> &str {
    match pod.at("spec.hostname").str() {
        "" => pod.name(),
        name => name,
    }
}

/// How an exec probe ends, by its command: `true`, `false`, `ready-after N` and `healthy-for N` count seconds since the
/// container started; a file that nothing is known of is there. Otherwise what the program writes.
pub fn run_probe(command: &[Value], running_for: Span) -> Result<(), String> {
    let text = command.iter().map(Value::str).collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let seconds = words.get(1).and_then(|w| w.parse::<u64>().ok()).map(Span::secs);
    let missing = Err("cat: can't open '/tmp/healthy': No such file or directory\n".to_owned());
    match (words.first().copied(), seconds) {
        (Some("false"), _) => missing,
        (Some("ready-after"), Some(span)) if running_for < span => missing,
        (Some("healthy-for"), Some(span)) if running_for >= span => missing,
        (Some("exit"), Some(code)) if code > Span::ZERO => Err(String::new()),
        _ => Ok(()),
    }
}
