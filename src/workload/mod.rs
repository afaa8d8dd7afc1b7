//! Workloads: what a container does once it runs. Images, commands and annotations in, behaviour out; it never looks at the
//! cluster.

use serde::Deserialize;

use crate::api::{Object, Value};
use crate::base::time::{parse_duration, Span, Timestamp};

pub mod access;
pub mod arithmetic;
mod awk;
mod awk_data;
mod awk_functions;
mod awk_run;
mod awk_values;
mod awk_words;
pub mod conditions;
pub mod dates;
pub mod demand;
pub mod differences;
mod filter_kinds;
pub mod filters;
pub mod grep;
pub mod images;
mod jq;
mod jq_functions;
mod jq_run;
mod jq_sums;
mod jq_values;
mod jq_words;
mod pages;
pub mod parameters;
mod pi;
pub mod printing;
mod replace;
mod sed;
pub mod sender;
pub mod shell;
mod translate;
mod usage;

pub use pages::{respond, say, serve_files, Arrival, Request, Response};
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

/// What the server of an image does.
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
    /// Lines written at the start, with the milliseconds since then.
    pub lines: Vec<(u64, String)>,
    /// Its exit code when it is told to end; nothing where it does not listen.
    pub term_code: Option<i32>,
    /// How long it takes to end then.
    pub stop_ms: u64,
}

/// The words that a container is started with where they are a command; none where its image's own server runs.
pub fn command_of(container: &Value) -> Option<Vec<String>> {
    let row = images::find(container.get("image").str());
    let mut words = words_of(container);
    let Some(first) = words.first() else {
        return row.filter(|row| row.shell && !row.bare).map(|_| vec!["sh".to_owned()]);
    };
    let name = first.rsplit('/').next().unwrap_or(first).to_owned();
    let Some(row) = row else {
        let is_command = !container.get("command").is_empty() && shell::is_small(&name);
        return is_command.then_some(words);
    };
    let stresses = row.runs.iter().any(|own| own == "stress");
    let for_server = container.get("command").is_empty() && !row.shell && (row.bare || name.starts_with('-'));
    if stresses && name.starts_with('-') {
        words.insert(0, "stress".to_owned());
    }
    let own = for_server || row.runs.contains(&name);
    (stresses || !own).then_some(words)
}

/// What the server of a container's image does once it is started.
pub fn behaviour(pod: &Object, container: &Value) -> Behaviour {
    let row = images::find(container.get("image").str());
    let words = words_of(container);
    let mut behaviour = Behaviour { stop_ms: 200, term_code: Some(0), ..Behaviour::default() };
    match row {
        Some(image) => {
            behaviour.start_ms = image.start.saturating_sub(NOTICED_MS);
            behaviour.lines.extend(image.log.iter().map(|line| (image.start, line.clone())));
            behaviour.listens.extend(image.listens.iter().map(|p| Listen {
                port: p.port,
                protocol: if p.page == Page::Dns { "UDP" } else { "TCP" },
                page: p.page,
            }));
            let as_liveness = words.first().is_some_and(|word| word == "liveness" && image.runs.contains(word));
            if let Some(listen) = behaviour.listens.first_mut().filter(|_| as_liveness) {
                listen.page = Page::Liveness;
            }
            if let (Some(port), Some(listen)) = (given_port(container, &words), behaviour.listens.first_mut()) {
                listen.port = port;
            }
            behaviour.term_code = (image.term >= 0).then_some(image.term);
            behaviour.stop_ms = if image.stop > 0 { image.stop } else { 200 };
            let missing = !image.needs.is_empty() && !image.needs.iter().any(|name| has_variable(container, name));
            if image.shell {
                behaviour.run_for = Some(Span::ZERO);
            } else if image.done > 0 {
                behaviour.run_for = Some(Span::millis(image.done));
            } else if missing && words.is_empty() {
                behaviour.run_for = Some(Span::millis(300));
                behaviour.exit_code = 1;
                behaviour.lines = image.fails.iter().map(|line| (300, line.clone())).collect();
            }
        }
        None => {
            behaviour.listens.extend(declared(container));
            let is_batch = pod.at("spec.restartPolicy").str() != "Always" && container.get("ports").is_empty();
            behaviour.run_for = is_batch.then_some(Span::secs(5));
        }
    }
    if command_of(container).is_some() {
        behaviour.run_for = None;
    }
    adjust(pod, &mut behaviour);
    behaviour
}

/// The port that a server is told to listen on, by its flags or by the variable that programs for the cloud read.
fn given_port(container: &Value, words: &[String]) -> Option<u16> {
    let flags = ["-listen", "--listen", "--http-port", "--port", "-port"];
    for (i, word) in words.iter().enumerate() {
        let (flag, value) = word.split_once('=').unwrap_or((word, words.get(i + 1).map_or("", String::as_str)));
        if flags.contains(&flag) {
            return value.rsplit(':').next()?.parse().ok();
        }
    }
    let variable = container.get("env").list().iter().find(|variable| variable.get("name").str() == "PORT");
    variable.and_then(|variable| variable.get("value").str().parse().ok())
}

/// A line of a server's log with its places filled in: `{tag}`, `{host}`, `{ip}` and `{date:F}`.
pub fn log_line(line: &str, pod: &Object, container: &Value, ip: &str, at: Timestamp) -> String {
    if !line.contains('{') {
        return line.to_owned();
    }
    let iso = at.rfc3339_micro();
    let (day, time) = (iso[..10].to_owned(), iso[11..19].to_owned());
    let unix = at.unix_date();
    let words: Vec<&str> = unix.split_whitespace().collect();
    let (week, month, date) = (words[0], words[1], &day[8..]);
    let micros = &iso[20..26];
    line.replace("{tag}", images::version(container.get("image").str()))
        .replace("{host}", host_name(pod))
        .replace("{ip}", ip)
        .replace("{date:time}", &format!("{day}T{time}.{micros}Z"))
        .replace("{date:mysql}", &format!("{day} {time}+00:00"))
        .replace("{date:pg}", &format!("{day} {time}.{} UTC", &micros[..3]))
        .replace("{date:nginx}", &format!("{} {time}", day.replace('-', "/")))
        .replace("{date:redis}", &format!("{date} {month} {} {time}.{}", &day[..4], &micros[..3]))
        .replace("{date:apache}", &format!("{week} {month} {date} {time}.{micros} {}", &day[..4]))
        .replace("{date:java}", &format!("{date}-{month}-{} {time}.{}", &day[..4], &micros[..3]))
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

/// The host name inside a pod.
pub fn host_name(pod: &Object) -> &str {
    match pod.at("spec.hostname").str() {
        "" => pod.name(),
        name => name,
    }
}
