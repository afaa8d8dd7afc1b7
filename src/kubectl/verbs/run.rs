//! `kubectl run`: one pod from an image.

use super::change::{create, report};
use super::create_kinds::new_object;
use super::{run_attached, Verb};
use crate::api::merge::merge_patch;
use crate::api::Value;
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::manifest::patch_value;
use crate::value;

/// Its row.
pub static VERB: Verb = Verb { name: "run", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    call.require(&["image"])?;
    let before_dash = call.line.dash.unwrap_or(call.line.args.len());
    let name = match call.line.args.first() {
        Some(name) if before_dash > 0 => name.clone(),
        _ => return Err(Failure::Usage("NAME is required for run".to_owned())),
    };
    if call.line.text("image").is_empty() {
        return Err(error("--image is required"));
    }
    let attached = run_attached::wanted(call)?;
    let restart = call.line.get("restart").unwrap_or("Always").to_owned();
    if !matches!(restart.as_str(), "Always" | "OnFailure" | "Never") {
        return Err(Failure::Usage(format!("invalid restart policy: {restart}")));
    }
    if call.line.is("expose") && !call.line.has("port") {
        return Err(Failure::Usage("--port must be set when exposing a service".to_owned()));
    }
    let dry = call.dry_run()?;
    let port = port_of(call)?;
    let mut pod = pod(call, &name, &restart, port)?;
    if let Some(overrides) = call.line.get("overrides") {
        merge_patch(&mut pod.value, &patch_value(overrides)?);
    }
    let labels = pod.labels().clone();
    if dry != DryRun::Client {
        pod.set("metadata.namespace", call.namespace());
    }
    if call.line.is("expose") {
        let mut service = new_object(&name, "Service");
        service.set("spec", value!({"ports": [{"port": (port.unwrap_or(0)), "protocol": "TCP", "targetPort": (port.unwrap_or(0))}], "selector": labels}));
        service.set("status.loadBalancer", Value::map());
        if dry != DryRun::Client {
            service.set("metadata.namespace", call.namespace());
        }
        let made = create(call, service, dry)?;
        report(call, &made, "created", dry)?;
        if call.line.text("output") == "yaml" {
            call.out.out("---\n---\n");
        }
    }
    let made = create(call, pod, dry)?;
    if attached && dry == DryRun::No {
        let words = call.line.args[1..].to_vec();
        return run_attached::go_on(call, &made, &words);
    }
    report(call, &made, "created", dry)?;
    Ok(Run::Done(0))
}

fn port_of(call: &Call<'_>) -> Result<Option<i64>, Failure> {
    let Some(text) = call.line.get("port") else { return Ok(None) };
    let number = text.parse().map_err(|_| error(format!("strconv.Atoi: parsing \"{text}\": invalid syntax")))?;
    Ok(Some(number))
}

/// Models staging/src/k8s.io/kubectl/pkg/generate/versioned BasicPod.Generate.
fn pod(call: &Call<'_>, name: &str, restart: &str, port: Option<i64>) -> Result<crate::api::Object, Failure> {
    let mut pod = new_object(name, "Pod");
    let mut labels = Value::map();
    match call.line.get("labels") {
        Some(_) => {
            for pair in call.line.list("labels") {
                let (key, value) = pair.split_once('=').unwrap_or((pair.as_str(), ""));
                labels.map_mut().insert(key, value);
            }
        }
        None => labels.map_mut().insert("run", name),
    }
    pod.set("metadata.labels", labels);
    for pair in call.line.all("annotations") {
        let (key, value) = pair.split_once('=').ok_or_else(|| error(format!("unexpected annotation: {pair}")))?;
        pod.value.slot_at("metadata.annotations").map_mut().insert(key, value);
    }
    let mut container = value!({"image": (call.line.text("image")), "name": name, "resources": {}});
    if let Some(policy) = call.line.get("image-pull-policy") {
        container.set("imagePullPolicy", policy);
    }
    if let Some(port) = port {
        container.set("ports", value!([{"containerPort": port}]));
    }
    if call.line.is("stdin") {
        container.set("stdin", true);
        container.set("stdinOnce", !call.line.is("leave-stdin-open"));
    }
    if call.line.is("tty") {
        container.set("tty", true);
    }
    if call.line.is("privileged") {
        container.set("securityContext.privileged", true);
    }
    let mut variables = Vec::new();
    for pair in call.line.all("env") {
        let (key, value) = pair.split_once('=').ok_or_else(|| error(format!("invalid env: {pair}")))?;
        variables.push(value!({"name": key, "value": value}));
    }
    if !variables.is_empty() {
        container.set("env", variables);
    }
    let words: Value = call.line.args[1..].iter().map(|word| Value::from(word.as_str())).collect();
    if !words.is_empty() {
        container.set(if call.line.is("command") { "command" } else { "args" }, words);
    }
    pod.set("spec", value!({"dnsPolicy": "ClusterFirst", "restartPolicy": restart}));
    pod.set("spec.containers", vec![container]);
    pod.set("status", Value::map());
    Ok(pod)
}
