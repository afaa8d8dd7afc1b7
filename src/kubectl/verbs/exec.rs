//! `kubectl exec`: the network's tools and a few files, from inside a pod. Containers hold no real programs.

use super::Verb;
use crate::api::{kind, Object, ObjectKey, Value};
use crate::base::time::Timestamp;
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::network;
use crate::kubectl::resources::resource_kind;
use crate::kubectl::session::{Inside, Shell};
use crate::network::resolver::{hosts_file, Resolver};
use crate::network::service_env::service_env;
use crate::network::Source;

/// Its row.
pub static VERB: Verb = Verb { name: "exec", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    let split = call.line.dash.unwrap_or(call.line.args.len().min(1));
    let (names, command) = call.line.args.split_at(split);
    let (names, command) = (names.to_vec(), command.to_vec());
    let [name] = names.as_slice() else {
        return Err(error("pod, type/name or --filename must be specified"));
    };
    if command.is_empty() {
        return Err(error("you must specify at least one command for the container"));
    }
    let pod = pod_of(call, name)?;
    call.authorize("create", pod.kind, "exec", pod.namespace(), pod.name())?;
    if pod.at("spec.nodeName").is_empty() {
        let text = format!("unable to upgrade connection: pod {} does not have a host assigned", pod.name());
        return Err(error(text));
    }
    let container = match call.line.get("container") {
        Some(container) => container.to_owned(),
        None => pod.at("spec.containers").index(0).get("name").str().to_owned(),
    };
    let statuses = pod.at("status.containerStatuses").list();
    let runs = statuses.iter().any(|s| s.get("name").str() == container && !s.at("state.running").is_null());
    if !runs {
        let (name, namespace) = (pod.name(), pod.namespace());
        let text = format!("unable to upgrade connection: container not found (\"{container}\")");
        return match pod.at("status.phase").str() {
            "Succeeded" | "Failed" => Err(error(format!(
                "cannot exec into a container in a completed pod; current phase is {} ({namespace}/{name})",
                pod.at("status.phase").str()
            ))),
            _ => Err(error(text)),
        };
    }
    if call.line.is("stdin") && super::run_attached::is_shell(&command) {
        let inside = Inside { pod: pod.key(), container, remove: false, resumes: false };
        let node = pod.name().to_owned();
        call.session.shells.push(Shell { node, pod: None, inner: false, inside: Some(inside) });
        return Ok(Run::Done(0));
    }
    let words = unwrapped(command);
    let source = Source::Pod(pod.key());
    if let Some(run) = network::run_at(source, &words, call.world, call.session) {
        return Ok(run);
    }
    inside(call, &pod, &container, &words)
}

fn pod_of(call: &mut Call<'_>, name: &str) -> Result<Object, Failure> {
    let namespace = call.namespace();
    let Some((resource, name)) = name.split_once('/') else {
        return call.get(kind("Pod"), &namespace, name);
    };
    let owner = call.get(resource_kind(resource)?, &namespace, name)?;
    if owner.kind.kind == "Pod" {
        return Ok(owner);
    }
    let selector = owner.at("spec.selector");
    let chosen = call.world.store().list("Pod", &namespace).find(|pod| match owner.kind.kind {
        "Service" => crate::api::selector::matches_pairs(selector, pod.labels()),
        _ => crate::api::selector::matches(selector, pod.labels()),
    });
    chosen.cloned().ok_or_else(|| error(format!("timed out waiting for the condition on {}", owner.name())))
}

/// `sh -c "curl x"` as `curl x`.
fn unwrapped(words: Vec<String>) -> Vec<String> {
    let shell =
        words.first().is_some_and(|word| word.rsplit('/').next().is_some_and(|name| matches!(name, "sh" | "bash")));
    match words.as_slice() {
        [_, flag, script] if shell && flag == "-c" => script.split_whitespace().map(str::to_owned).collect(),
        _ => words,
    }
}

/// The commands that only look at the container's own surroundings.
fn inside(call: &mut Call<'_>, pod: &Object, container: &str, words: &[String]) -> Outcome {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let text = match words.as_slice() {
        ["hostname"] => format!("{}\n", hostname(pod)),
        ["hostname", "-i" | "-I"] => format!("{}\n", pod.at("status.podIP").str()),
        ["date"] => format!("{}\n", call.world.timestamp().rfc1123z()),
        ["whoami"] => "root\n".to_owned(),
        ["echo", rest @ ..] => format!("{}\n", rest.join(" ")),
        ["true" | "sleep", ..] => String::new(),
        ["env" | "printenv"] => env(call, pod, container).iter().map(|(k, v)| format!("{k}={v}\n")).collect(),
        ["printenv", name] => {
            let env = env(call, pod, container);
            let Some((_, value)) = env.iter().find(|(key, _)| key == name) else { return Ok(Run::Done(1)) };
            format!("{value}\n")
        }
        ["cat", "/etc/resolv.conf"] => Resolver::of_pod(&call.world.truth(), pod).text(),
        ["cat", "/etc/hosts"] => hosts_file(pod),
        ["cat", "/etc/hostname"] => format!("{}\n", hostname(pod)),
        ["cat", "/var/run/secrets/kubernetes.io/serviceaccount/namespace"] => pod.namespace().to_owned(),
        ["cat", path] => {
            call.out.err(format!("cat: can't open '{path}': No such file or directory"));
            return Ok(Run::Done(1));
        }
        _ => {
            let name = words.first().copied().unwrap_or("");
            call.out.err(format!("error: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: \"{name}\": executable file not found in $PATH"));
            return Ok(Run::Done(127));
        }
    };
    call.out.out(text);
    Ok(Run::Done(0))
}

fn hostname(pod: &Object) -> &str {
    pod.at("spec.hostname").opt_str().filter(|name| !name.is_empty()).unwrap_or(pod.name())
}

/// The environment of a container's processes.
fn env(call: &Call<'_>, pod: &Object, name: &str) -> Vec<(String, String)> {
    let view = call.world.truth();
    let named = |item: &&Value| item.get("name").str() == name;
    let container = pod.at("spec.containers").list().iter().find(named).cloned().unwrap_or_default();
    let status = pod.at("status.containerStatuses").list().iter().find(named).cloned().unwrap_or_default();
    let started = Timestamp::parse(status.at("state.running.startedAt").str()).unwrap_or(call.world.timestamp());
    let mut all = vec![
        ("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ("HOSTNAME".to_owned(), hostname(pod).to_owned()),
    ];
    for source in container.get("envFrom").list() {
        let prefix = source.get("prefix").str();
        for (kind, field) in [("ConfigMap", "configMapRef.name"), ("Secret", "secretRef.name")] {
            let key = ObjectKey::new(pod.namespace(), source.at(field).str());
            let data = view.get(kind, &key).map(|map| map.value.get("data").clone()).unwrap_or_default();
            let text =
                |value: &Value| if kind == "Secret" { decoded(value.str()) } else { Some(value.str().to_owned()) };
            all.extend(data.entries().iter().filter_map(|(key, value)| Some((format!("{prefix}{key}"), text(value)?))));
        }
    }
    for variable in container.get("env").list() {
        let value = match variable.get("value").opt_str() {
            Some(value) => Some(value.to_owned()),
            None => value_from(call, pod, variable.get("valueFrom")),
        };
        let name = variable.get("name").str().to_owned();
        all.retain(|(key, _)| *key != name);
        all.extend(value.map(|value| (name, value)));
    }
    for (name, value) in service_env(&view, pod, started) {
        if !all.iter().any(|(key, _)| *key == name) {
            all.push((name, value));
        }
    }
    all.push(("HOME".to_owned(), "/root".to_owned()));
    all
}

/// A value that stands in a ConfigMap, in a Secret or in the pod itself.
fn value_from(call: &Call<'_>, pod: &Object, from: &Value) -> Option<String> {
    for (kind, field) in [("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")] {
        let reference = from.get(field);
        if !reference.is_null() {
            let key = ObjectKey::new(pod.namespace(), reference.get("name").str());
            let object = call.world.store().get(kind, &key)?;
            let text = object.value.get("data").get(reference.get("key").str()).opt_str()?;
            return if kind == "Secret" { decoded(text) } else { Some(text.to_owned()) };
        }
    }
    let field = from.at("fieldRef.fieldPath").str();
    (!field.is_empty()).then(|| pod.at(field).str().to_owned())
}

/// The text of a Secret's value.
fn decoded(text: &str) -> Option<String> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
