//! `kubectl logs`.

use super::containers::{all_names, default_container, find};
use super::Verb;
use crate::api::{Object, Status};
use crate::base::order::Order;
use crate::base::time::{parse_duration, SimTime, Timestamp};
use crate::cluster::World;
use crate::kubectl::call::{Call, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::output::Output;
use crate::kubectl::resources::{list, resource_kind};
use crate::kubelet::{logs, LogLine};

const EXPECTED: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";

/// Its row.
pub static VERB: Verb = Verb { name: "logs", run: Some(run), ..super::PLAIN };

pub(super) fn run(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    let selected = call.line.has("selector");
    let (since, limit) = check_flags(call)?;
    let pods = match args.as_slice() {
        [] if selected => list(call, crate::api::kind("Pod"))?,
        [name] | [name, _] if !selected => pods_of(call, name)?,
        [] => return Err(Failure::Usage(EXPECTED.to_owned())),
        _ if selected => return Err(Failure::Usage("only a selector (-l) or a POD name is allowed".to_owned())),
        _ => return Err(Failure::Usage(EXPECTED.to_owned())),
    };
    if pods.is_empty() {
        let text = format!("No resources found in {} namespace.", call.namespace());
        call.out.err(text);
        return Ok(Run::Done(0));
    }
    let named = args.get(1).map(String::as_str).or(call.line.get("container")).map(str::to_owned);
    let all = call.line.is("all-containers");
    let mut sources = Vec::new();
    for pod in &pods {
        for container in containers(call, pod, named.as_deref(), all)? {
            check(call, pod, &container)?;
            sources.push(Source {
                pod: pod.clone(),
                prefix: match call.line.is("prefix") || call.line.is("all-pods") {
                    true => format!("[pod/{}/{container}] ", pod.name()),
                    false => String::new(),
                },
                container,
                seen: None,
                left: limit,
            });
        }
    }
    let follow = call.line.is("follow");
    let mut tail = match call.line.get("tail") {
        Some(_) => call.number("tail")?.filter(|lines| *lines >= 0),
        None if selected => Some(10),
        None => None,
    };
    let most = call.number("max-log-requests")?.unwrap_or(5);
    if follow && (sources.len() as i64) > most {
        let count = sources.len();
        return Err(error(format!("you are attempting to follow {count} log streams, but maximum allowed concurrency is {most}, use --max-log-requests to increase the limit")));
    }
    for source in &sources {
        if let Some(why) = crate::kubectl::faults::unreachable(call.world, &source.pod) {
            let address = why.split(' ').nth(2).unwrap_or("").trim_end_matches(':');
            let path = format!("{}/{}/{}", source.pod.namespace(), source.pod.name(), source.container);
            return Err(Failure::Plain(format!(
                "Error from server: Get \"https://{address}/containerLogs/{path}\": {why}"
            )));
        }
    }
    let mut logs = Logs { sources, previous: call.line.is("previous"), times: call.line.is("timestamps") };
    logs.print(call.world, call.out, &mut |lines| {
        lines.retain(|line| since.is_none_or(|since| line.at >= since));
        if let Some(tail) = tail.as_mut() {
            let drop = lines.len().saturating_sub(*tail as usize);
            lines.drain(..drop);
        }
    });
    match follow {
        true => Ok(Run::Wait(Box::new(logs))),
        false => Ok(Run::Done(0)),
    }
}

/// From when on lines are wanted, and how many bytes at most.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/logs LogsOptions.ToLogOptions and Validate.
fn check_flags(call: &Call<'_>) -> Result<(Option<SimTime>, Option<usize>), Failure> {
    let (all, inline) = (call.line.is("all-containers"), call.line.args.get(1));
    if inline.is_some() && call.line.has("container") {
        return Err(error("only one of -c or an inline [CONTAINER] arg is allowed"));
    }
    if let Some(name) = inline.map(String::as_str).or(call.line.get("container")).filter(|name| all && !name.is_empty())
    {
        return Err(error(format!("--all-containers=true should not be specified with container name {name}")));
    }
    if call.line.text("since").starts_with('-') {
        return Err(error("--since must be greater than 0"));
    }
    let since = call.line.get("since").and_then(parse_duration).map(|span| call.world.now() - span);
    let at = match call.line.get("since-time").filter(|text| !text.is_empty()) {
        Some(text) => Some(Timestamp::parse(text).ok_or_else(|| {
            let (rest, layout) = unreadable(text);
            let whole = "2006-01-02T15:04:05Z07:00";
            error(format!("parsing time {text:?} as {whole:?}: cannot parse {rest:?} as {layout:?}"))
        })?),
        None => None,
    };
    if since.is_some() && at.is_some() {
        return Err(error("at most one of `sinceTime` or `sinceSeconds` may be specified"));
    }
    if call.number("tail")?.is_some_and(|lines| lines < -1) {
        return Err(error("--tail must be greater than or equal to -1"));
    }
    let limit = call.number("limit-bytes")?;
    if limit.is_some_and(|bytes| bytes < 0) {
        return Err(error("--limit-bytes must be greater than 0"));
    }
    if call.line.get("pod-running-timeout").is_some_and(|text| parse_duration(text).is_none_or(|span| span.0 == 0)) {
        return Err(error("--pod-running-timeout must be higher than zero"));
    }
    let at = at.map(|at| at.to_sim(call.world.settings().epoch));
    Ok((since.or(at), limit.filter(|bytes| *bytes > 0).map(|bytes| bytes as usize)))
}

/// What of a time cannot be read, and as what part of the layout.
///
/// Models time.Parse.
fn unreadable(text: &str) -> (&str, &'static str) {
    let mut rest = text;
    for part in ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05"] {
        let fits = match rest.get(..part.len()) {
            Some(head) if part.len() > 1 => head.bytes().all(|b| b.is_ascii_digit()),
            Some(head) => head == part,
            None => false,
        };
        if !fits {
            return (rest, part);
        }
        rest = &rest[part.len()..];
    }
    (rest, "Z07:00")
}

/// The pods a name means: a pod, or those of a workload; of these the first, unless all are asked for.
fn pods_of(call: &mut Call<'_>, name: &str) -> Result<Vec<Object>, Failure> {
    let namespace = call.namespace();
    if name.matches('/').count() > 1 {
        return Err(error("arguments in resource/name form may not have more than one slash"));
    }
    let (kind, name) = match name.split_once('/') {
        Some((resource, name)) => (resource_kind(call, resource)?, name),
        None => (crate::api::kind("Pod"), name),
    };
    let missing = || {
        let status = Status::not_found(&kind.resource(), name);
        error(format!("error from server (NotFound): {} in namespace \"{namespace}\"", status.message))
    };
    let place = if kind.namespaced { namespace.as_str() } else { "" };
    let object = call.world.store().find(kind.kind, place, name).cloned().ok_or_else(missing)?;
    if kind.kind == "Pod" {
        return Ok(vec![object]);
    }
    if let Some(why) = super::machine::no_pods(&object) {
        return Err(error(format!("cannot get the logs from {why}")));
    }
    let selector = object.at("spec.selector").clone();
    let mut pods: Vec<Object> = call
        .world
        .store()
        .list("Pod", &namespace)
        .filter(|pod| match kind.kind {
            "Service" => crate::api::selector::matches_pairs(&selector, pod.labels()),
            _ => crate::api::selector::matches(&selector, pod.labels()),
        })
        .cloned()
        .collect();
    if selector.is_empty() || pods.is_empty() {
        let text = format!("cannot get the logs from {}: selector yields no pods", kind.qualified_kind());
        return Err(error(text));
    }
    pods.order_by_key(|pod| (!pod.has_condition("Ready"), pod.created(), pod.key()));
    if pods.len() > 1 && !call.line.is("all-pods") {
        call.out.err(format!("Found {} pods, using pod/{}", pods.len(), pods[0].name()));
        pods.truncate(1);
    }
    Ok(pods)
}

fn names(pod: &Object, list: &str) -> Vec<String> {
    pod.spec().get(list).list().iter().map(|container| container.get("name").str().to_owned()).collect()
}

/// Which containers are meant.
fn containers(call: &mut Call<'_>, pod: &Object, named: Option<&str>, all: bool) -> Result<Vec<String>, Failure> {
    if all {
        let lists = ["initContainers", "containers", "ephemeralContainers"];
        return Ok(lists.iter().flat_map(|list| names(pod, list)).collect());
    }
    if let Some(name) = named {
        if find(pod, name).is_some() {
            return Ok(vec![name.to_owned()]);
        }
        let valid = all_names(pod);
        return Err(error(format!("container {name} is not valid for pod {} out of: {valid}", pod.name())));
    }
    Ok(vec![default_container(call, pod)])
}

/// What the kubelet says of a container without logs.
fn check(call: &Call<'_>, pod: &Object, container: &str) -> Result<(), Failure> {
    call.authorize("get", pod.kind, "log", pod.namespace(), pod.name())?;
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        .map(|list| pod.status().get(list).list());
    let status = lists.iter().flat_map(|list| list.iter()).find(|status| status.get("name").str() == container);
    let name = pod.name();
    let Some(status) = status else {
        return match pod.at("spec.nodeName").is_empty() {
            true => Ok(()),
            false => {
                Err(Status::bad_request(format!("container \"{container}\" in pod \"{name}\" is not available")).into())
            }
        };
    };
    if call.line.is("previous") {
        return match status.at("lastState.terminated").is_null() {
            false => Ok(()),
            true => Err(Status::bad_request(format!(
                "previous terminated container \"{container}\" in pod \"{name}\" not found"
            ))
            .into()),
        };
    }
    let (waiting, ended) = (status.at("state.waiting"), status.at("lastState.terminated"));
    if waiting.is_null() || !ended.is_null() {
        return Ok(());
    }
    let why = match waiting.get("reason").str() {
        "ErrImagePull" | "ImagePullBackOff" => "trying and failing to pull image".to_owned(),
        "" => "waiting to start".to_owned(),
        reason => format!("waiting to start: {reason}"),
    };
    Err(Status::bad_request(format!("container \"{container}\" in pod \"{name}\" is {why}")).into())
}

/// One container whose lines are printed.
struct Source {
    pod: Object,
    container: String,
    prefix: String,
    seen: Option<SimTime>,
    /// How many bytes may still be printed.
    left: Option<usize>,
}

/// Prints what containers write.
struct Logs {
    sources: Vec<Source>,
    previous: bool,
    times: bool,
}

impl Logs {
    /// Prints the lines that are new; `choose` takes away those that are not wanted.
    fn print(&mut self, world: &World, out: &mut Output, choose: &mut dyn FnMut(&mut Vec<LogLine>)) {
        for source in &mut self.sources {
            let runtime = world.pod_runtime(source.pod.uid());
            let lines =
                runtime.and_then(|run| logs(run, &source.container, self.previous, world.now(), world.settings()));
            let mut lines = lines.unwrap_or_default();
            lines.retain(|line| source.seen.is_none_or(|seen| line.at > seen));
            source.seen = lines.last().map(|line| line.at).max(source.seen);
            choose(&mut lines);
            for line in lines {
                let time = match self.times {
                    true => format!("{} ", Timestamp::of(world.settings().epoch, line.at).rfc3339_micro()),
                    false => String::new(),
                };
                let mut text = format!("{time}{}\n", line.text);
                if let Some(left) = &mut source.left {
                    let end = (0..=text.len().min(*left)).rev().find(|end| text.is_char_boundary(*end));
                    text.truncate(end.unwrap_or(0));
                    *left -= text.len();
                }
                if !text.is_empty() {
                    out.out(format!("{}{text}", source.prefix));
                }
            }
        }
    }
}

impl Waiting for Logs {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        self.print(world, out, &mut |_| {});
        let lasting = |source: &Source| {
            let pod = world.store().get("Pod", &source.pod.key()).filter(|pod| pod.uid() == source.pod.uid());
            pod.is_some_and(|pod| !matches!(pod.at("status.phase").str(), "Succeeded" | "Failed"))
        };
        match self.sources.iter().any(lasting) {
            true => Poll::Pending(Some(world.now() + crate::base::time::Span::millis(500))),
            false => Poll::Done(0),
        }
    }
}
