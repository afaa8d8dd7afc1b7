//! `kubectl run`: one pod from an image.

use super::attach::{shell_of, Attached};
use super::change::{create, report};
use super::create_kinds::new_object;
use super::expose::overridden;
use super::Verb;
use crate::api::{Object, Value};
use crate::base::time::Span;
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::value;

/// Its row.
pub static VERB: Verb = Verb { name: "run", run: Some(run), ..super::PLAIN };

/// How long kubectl waits for the pod to run (`--pod-running-timeout`).
const PATIENCE: Span = Span::secs(60);

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
    if crate::workload::images::invalid(call.line.text("image")).is_some() {
        return Err(error(format!("Invalid image name {:?}: invalid reference format", call.line.text("image"))));
    }
    if !matches!(call.line.text("image-pull-policy"), "" | "Always" | "IfNotPresent" | "Never") {
        return Err(Failure::Usage(format!("invalid image pull policy: {}", call.line.text("image-pull-policy"))));
    }
    let attached = is_attached(call)?;
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
    overridden(call, &mut pod)?;
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
        return go_on(call, &made);
    }
    report(call, &made, "created", dry)?;
    Ok(Run::Done(0))
}

/// True where the terminal is attached to the pod.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/run Run, the checks of its flags.
fn is_attached(call: &Call<'_>) -> Result<bool, Failure> {
    let (stdin, tty) = (call.line.is("stdin"), call.line.is("tty"));
    if tty && !stdin {
        return Err(Failure::Usage("-i/--stdin is required for containers with -t/--tty=true".to_owned()));
    }
    let attach = if call.line.has("attach") { call.line.is("attach") } else { stdin };
    if call.line.is("rm") && !attach {
        return Err(Failure::Usage("--rm should only be used for attached containers".to_owned()));
    }
    if attach && call.dry_run()? != DryRun::No {
        return Err(Failure::Usage(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)"
                .to_owned(),
        ));
    }
    Ok(attach)
}

/// Goes on with a pod that was created.
fn go_on(call: &mut Call<'_>, pod: &Object) -> Outcome {
    let container = pod.at("spec.containers").index(0);
    let shell = shell_of(container) && call.line.is("stdin");
    let mut attached = Attached::new(call, pod, container.get("name").str(), shell);
    attached.notices = !call.line.is("quiet");
    attached.remove = call.line.is("rm");
    attached.until = Some(call.world.now() + PATIENCE);
    attached.waits_for_end = pod.at("spec.restartPolicy").str() != "Always" && !call.line.is("leave-stdin-open");
    if shell {
        attached.enter(call, call.line.is("rm"));
    }
    Ok(Run::Wait(Box::new(attached)))
}

fn port_of(call: &Call<'_>) -> Result<Option<i64>, Failure> {
    let Some(text) = call.line.get("port") else { return Ok(None) };
    let number = text.parse().map_err(|_| error(format!("strconv.Atoi: parsing \"{text}\": invalid syntax")))?;
    Ok(Some(number))
}

/// Models staging/src/k8s.io/kubectl/pkg/generate/versioned BasicPod.Generate.
fn pod(call: &Call<'_>, name: &str, restart: &str, port: Option<i64>) -> Result<Object, Failure> {
    let mut pod = new_object(name, "Pod");
    let mut labels = Value::map();
    match call.line.get("labels") {
        Some(_) => {
            for pair in call.line.list("labels") {
                let (key, value) =
                    pair.split_once('=').ok_or_else(|| error(format!("unexpected label spec: {pair}")))?;
                labels.map_mut().insert(key, value);
            }
        }
        None => labels.map_mut().insert("run", name),
    }
    pod.set("metadata.labels", labels);
    for pair in call.line.all("annotations") {
        let (key, value) = pair.split_once('=').ok_or_else(|| error(format!("invalid annotations format: {pair}")))?;
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
        let (key, value) = pair
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| error(format!("invalid env: {pair}")))?;
        let mut variable = value!({"name": key});
        if !value.is_empty() {
            variable.set("value", value);
        }
        variables.push(variable);
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
