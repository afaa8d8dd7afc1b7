//! The verbs that need a machine around kubectl: port-forward, proxy, completion, plugin, kustomize,
//! certificate, and options. They check what they are given as kubectl does; what a page cannot do they say.

use super::Verb;
use crate::api::{kind, Object, Status};
use crate::cluster::World;
use crate::kubectl::call::{Call, Outcome, Poll, Run, Waiting};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::help;
use crate::kubectl::output::Output;
use crate::kubectl::resources::resource_kind;

const fn row(name: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Verb {
    Verb { name, run: Some(run), ..super::PLAIN }
}

/// The row of port-forward.
pub static PORT_FORWARD: Verb = row("port-forward", port_forward);
/// The row of proxy.
pub static PROXY: Verb = row("proxy", proxy);
/// The row of completion.
pub static COMPLETION: Verb = row("completion", completion);
/// The row of plugin.
pub static PLUGIN: Verb = Verb { name: "plugin", subverbs: &[&row("list", plugin_list)], ..super::PLAIN };
/// The row of kustomize.
pub static KUSTOMIZE: Verb = row("kustomize", kustomize);
/// The row of certificate.
pub static CERTIFICATE: Verb =
    Verb { name: "certificate", subverbs: &[&row("approve", certificate), &row("deny", certificate)], ..super::PLAIN };
/// The row of options.
pub static OPTIONS: Verb = row("options", |call| {
    call.out.out(help::of(call.session.help.as_deref(), "options"));
    Ok(Run::Done(0))
});

/// Waits until it is interrupted.
struct Forever;

impl Waiting for Forever {
    fn poll(&mut self, _: &mut World, _: &mut Output) -> Poll {
        Poll::Pending(None)
    }
}

/// The pod that a name or `TYPE/NAME` means, and the object itself.
pub(super) fn pod_of(call: &Call<'_>, text: &str) -> Result<(Object, Object), Failure> {
    let namespace = call.namespace();
    let (row, name) = match text.split_once('/') {
        Some((resource, name)) => (resource_kind(call, resource)?, name),
        None => (kind("Pod"), text),
    };
    let object = call.get(row, &call.namespace_for(row), name)?;
    if row.kind == "Pod" {
        return Ok((object.clone(), object));
    }
    let selector = object.at("spec.selector");
    if selector.is_empty() {
        return Err(error(format!("cannot attach to {}: selector is empty", object.kind.qualified_kind())));
    }
    let chosen = |pod: &&Object| match row.kind {
        "Service" => crate::api::selector::matches_pairs(selector, pod.labels()),
        _ => crate::api::selector::matches(selector, pod.labels()),
    };
    let mut pods: Vec<&Object> = call.world.store().list("Pod", &namespace).filter(chosen).collect();
    let ready = pods.iter().position(|pod| pod.has_condition("Ready")).unwrap_or(0);
    match pods.is_empty() {
        true => Err(error("timed out waiting for the condition")),
        false => Ok((pods.swap_remove(ready).clone(), object)),
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/portforward PortForwardOptions.Complete and translateServicePortToTargetPort.
fn port_forward(call: &mut Call<'_>) -> Outcome {
    let Some((target, ports)) = call.line.args.clone().split_first().map(|(t, p)| (t.clone(), p.to_vec())) else {
        return Err(Failure::Usage("TYPE/NAME and list of ports are required for port-forward".to_owned()));
    };
    if ports.is_empty() {
        return Err(Failure::Usage("TYPE/NAME and list of ports are required for port-forward".to_owned()));
    }
    let (pod, object) = pod_of(call, &target)?;
    if pod.at("status.phase").str() != "Running" {
        let phase = pod.at("status.phase").str();
        return Err(error(format!("unable to forward port because pod is not running. Current status={phase}")));
    }
    for pair in &ports {
        let (local, remote) = pair.split_once(':').unwrap_or((pair, pair));
        let port = target_port(&object, &pod, remote)?;
        let local = match local {
            "" => "30080".to_owned(),
            local if local.parse::<u16>().is_ok() => local.to_owned(),
            local if local == remote => port.to_string(),
            local => {
                return Err(error(format!(
                    "error parsing local port '{local}': strconv.ParseUint: parsing {local:?}: invalid syntax"
                )))
            }
        };
        call.out.line(format!("Forwarding from 127.0.0.1:{local} -> {port}"));
        call.out.line(format!("Forwarding from [::1]:{local} -> {port}"));
    }
    call.out.err("Kubottle: no browser of yours reaches these ports; curl in this terminal reaches Services and pods as it is. Ctrl-C ends this.");
    Ok(Run::Wait(Box::new(Forever)))
}

/// The port of the container behind a port of a Service, or behind a name.
fn target_port(object: &Object, pod: &Object, remote: &str) -> Result<i64, Failure> {
    let of_pod = |name: &str| {
        let containers = pod.at("spec.containers").list().iter();
        let mut ports = containers.flat_map(|container| container.get("ports").list());
        ports.find(|port| port.get("name").str() == name).map(|port| port.get("containerPort").int())
    };
    let number = remote.parse::<i64>().ok();
    if object.kind.kind == "Service" {
        let ports = object.at("spec.ports").list();
        let found = ports.iter().find(|port| match number {
            Some(number) => port.get("port").int() == number,
            None => port.get("name").str() == remote,
        });
        let missing = || match number {
            Some(_) => error(format!("Service {} does not have a service port {remote}", object.name())),
            None => error(format!("Service '{}' does not have a named port '{remote}'", object.name())),
        };
        let target = found.ok_or_else(missing)?.get("targetPort");
        let named = || of_pod(target.str()).or(target.str().parse().ok());
        return target.opt_int().or_else(named).ok_or_else(missing);
    }
    let missing = || error(format!("Pod '{}' does not have a named port '{remote}'", pod.name()));
    number.or_else(|| of_pod(remote)).ok_or_else(missing)
}

fn proxy(call: &mut Call<'_>) -> Outcome {
    let port = call.line.get("port").unwrap_or("8001").to_owned();
    call.out.line(format!("Starting to serve on 127.0.0.1:{port}"));
    call.out.err(
        "Kubottle: no browser of yours reaches this port; `kubectl get --raw` asks the API server. Ctrl-C ends this.",
    );
    Ok(Run::Wait(Box::new(Forever)))
}

/// The terminal completes by itself, so there is no script to print; where one is asked for, `source` finds a comment.
fn completion(call: &mut Call<'_>) -> Outcome {
    match call.line.args.as_slice() {
        [] => Err(Failure::Usage("Shell not specified.".to_owned())),
        [shell] if matches!(shell.as_str(), "bash" | "zsh" | "fish" | "powershell") => {
            let text = format!("# {shell} completion for kubectl: this terminal completes by itself, press Tab");
            call.out.line(text);
            Ok(Run::Done(0))
        }
        [shell] => Err(Failure::Usage(format!("Unsupported shell type \"{shell}\"."))),
        _ => Err(Failure::Usage("Too many arguments. Expected only the shell type.".to_owned())),
    }
}

fn plugin_list(_: &mut Call<'_>) -> Outcome {
    Err(error("unable to find any kubectl plugins in your PATH"))
}

/// What `kubectl kustomize` and `-k` say of a folder.
pub fn no_kustomization(call: &Call<'_>, path: &str) -> Failure {
    if call.line.has("filename") {
        return error("only one of -f or -k can be specified");
    }
    if call.session.folder(path, true).is_empty() && call.session.file(path).is_none() && path != "." {
        return error(format!("must build at directory: not a valid directory: evalsymlink failure on '{path}' : lstat /home/user/demo/{path}: no such file or directory"));
    }
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let found = names.iter().any(|name| call.session.file(&format!("{}/{name}", path.trim_end_matches('/'))).is_some());
    match found {
        true => error("Kubottle builds no kustomizations: apply the manifests with -f"),
        false => error(format!(
            "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/home/user/demo/{path}'"
        )),
    }
}

fn kustomize(call: &mut Call<'_>) -> Outcome {
    match call.line.args.as_slice() {
        [] => Err(no_kustomization(call, ".")),
        [path] => Err(no_kustomization(call, path)),
        _ => Err(error("specify one path to kustomization.yaml")),
    }
}

fn certificate(call: &mut Call<'_>) -> Outcome {
    match call.line.args.first() {
        None => Err(Failure::Usage("one or more CSRs must be specified as <name> or -f <filename>".to_owned())),
        Some(name) => Err(Status::not_found("certificatesigningrequests.certificates.k8s.io", name).into()),
    }
}
