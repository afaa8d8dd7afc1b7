//! What a probe asks a container, and what it takes as an answer.

use super::probes::PROBER;
use super::Sync;
use crate::api::{Object, Value};
use crate::base::time::{SimTime, Span};
use crate::store::settings::{ip_number, ip_text};
use crate::workload::{self, Request};

impl Sync<'_> {
    /// What a probe finds.
    pub(super) fn outcome(&mut self, pod: &Object, i: usize, given: &Value, since: SimTime) -> Result<(), String> {
        let command = given.at("exec.command");
        if !command.is_null() {
            if let Some(outcome) = annotated(command.list(), self.now.since(since)) {
                return outcome;
            }
            if self.view.settings.stand_in_runtime {
                return Ok(());
            }
            let limit = given.get("timeoutSeconds").opt_int().unwrap_or(1).max(1);
            let ran = self.run_command(i, command.list(), Span::secs(limit as u64));
            let words = || command.list().iter().map(Value::str).collect::<Vec<_>>().join(" ");
            return match ran.code {
                0 => Ok(()),
                137 if ran.took == Span::secs(limit as u64) => {
                    Err(format!("command timed out: \"{}\" timed out after {limit}s", words()))
                }
                _ => Err(ran.output),
            };
        }
        let spec = self.run.containers[i].spec(pod);
        let own_ip = self.run.ip.as_str();
        if !given.get("httpGet").is_null() {
            let get = given.get("httpGet");
            let (port, request) = self.probe_request(spec, get);
            let (host, path) = (&request.host, &request.path);
            let scheme = if get.get("scheme").str() == "HTTPS" { "https" } else { "http" };
            return match self.ask(pod, port, &request) {
                Some(response) if (200..400).contains(&response.status) || response.status == 0 => Ok(()),
                Some(response) => Err(format!("HTTP probe failed with statuscode: {}", response.status)),
                None => Err(format!(
                    "Get \"{scheme}://{host}:{port}{path}\": dial tcp {host}:{port}: connect: connection refused"
                )),
            };
        }
        let (field, socket) = if given.get("grpc").is_null() {
            ("tcpSocket", given.get("tcpSocket"))
        } else {
            ("grpc", given.get("grpc"))
        };
        let port = port_number(spec, socket.get("port"));
        let speaks = field != "grpc" || workload::images::speaks_grpc(spec.get("image").str());
        match self.ask(pod, port, &Request::default()).filter(|_| speaks) {
            Some(_) => Ok(()),
            None if field == "grpc" => Err(format!(
                "timeout: failed to connect service \"{own_ip}:{port}\" within {}s: context deadline exceeded",
                given.get("timeoutSeconds").opt_int().unwrap_or(1)
            )),
            None => Err(format!("dial tcp {own_ip}:{port}: connect: connection refused")),
        }
    }

    /// What the kubelet asks by an HTTP probe, and on which port.
    fn probe_request(&self, spec: &Value, get: &Value) -> (i64, Request) {
        let given = |field: &str, default: &str| match get.get(field).str() {
            "" => default.to_owned(),
            text => text.to_owned(),
        };
        let cidr = super::pod_cidr(self.view, &self.pod.node);
        let gateway = cidr.split('/').next().and_then(ip_number).map_or_else(String::new, |base| ip_text(base + 1));
        let request = Request {
            method: "GET".to_owned(),
            host: given("host", &self.run.ip),
            path: given("path", "/"),
            client: gateway,
            headers: vec![("User-Agent".to_owned(), PROBER.to_owned())],
            ..Request::default()
        };
        (port_number(spec, get.get("port")), request)
    }

    /// What the server writes of an HTTP probe, without the time.
    pub(super) fn probe_line(&self, i: usize, given: &Value) -> Option<String> {
        let get = given.get("httpGet");
        let pod = &self.run.object;
        let spec = self.run.containers[i].spec(pod);
        if get.is_null() || workload::images::find(spec.get("image").str()).is_none_or(|row| row.access.is_empty()) {
            return None;
        }
        let (port, request) = self.probe_request(spec, get);
        let response = self.ask(pod, port, &request)?;
        let (container, line) = self.run.access(pod, u16::try_from(port).ok()?, &request, &response)?;
        (container == self.run.containers[i].name).then_some(line)
    }

    /// The answer of whichever container of the pod listens on a port already.
    pub(super) fn ask(&self, pod: &Object, port: i64, request: &Request) -> Option<workload::Response> {
        self.run.answer(self.view, self.data, pod, "", u16::try_from(port).ok()?, request)
    }

    /// Until when a probe that succeeds goes on to; nothing for as long as nobody changes anything in the container.
    pub(super) fn holds_until(&self, i: usize, given: &Value, since: SimTime) -> Option<SimTime> {
        let command = given.at("exec.command").list();
        let text = command.iter().map(Value::str).collect::<Vec<_>>().join(" ");
        if let Some(seconds) = text.trim().strip_prefix("healthy-for ") {
            return Some(since + Span::secs(seconds.trim().parse().ok()?));
        }
        let container = &self.run.containers[i];
        let spec = container.spec(&self.run.object);
        let listens = workload::behaviour(&self.run.object, spec).listens;
        let changes = container.is_scripted || listens.iter().any(|l| l.page == workload::Page::Liveness);
        let is_program = !command.is_empty() && !matches!(text.as_str(), "true") && !text.starts_with("ready-after ");
        (changes || is_program).then_some(self.now)
    }
}

/// What the words `true`, `false`, `ready-after N` and `healthy-for N` come to; the numbers count seconds since the container
/// started.
fn annotated(command: &[Value], running_for: Span) -> Option<Result<(), String>> {
    let text = command.iter().map(Value::str).collect::<Vec<_>>().join(" ");
    let (word, number) = text.split_once(' ').unwrap_or((&text, ""));
    let span = number.trim().parse().ok().map(Span::secs);
    let holds = match (word, span) {
        ("true", None) => true,
        ("false", None) => false,
        ("ready-after", Some(span)) => running_for >= span,
        ("healthy-for", Some(span)) => running_for < span,
        _ => return None,
    };
    Some(if holds { Ok(()) } else { Err("cat: can't open '/tmp/healthy': No such file or directory\n".to_owned()) })
}

pub(super) fn port_number(container: &Value, port: &Value) -> i64 {
    match port {
        Value::Str(name) => {
            let named = container.get("ports").list().iter().find(|p| p.get("name").str() == name);
            named.map_or_else(|| name.parse().unwrap_or(0), |p| p.get("containerPort").int())
        }
        other => other.int(),
    }
}
