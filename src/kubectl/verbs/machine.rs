//! The verbs that need a machine around kubectl: completion, plugin, kustomize, and options. They check what they are given
//! as kubectl does; what a page cannot do they say.

use super::Verb;
use crate::api::{kind, Object};
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::help;
use crate::kubectl::resources::resource_kind;

const fn row(name: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Verb {
    Verb { name, run: Some(run), ..super::PLAIN }
}

/// The row of completion.
pub static COMPLETION: Verb = row("completion", completion);
/// The row of plugin.
pub static PLUGIN: Verb = Verb { name: "plugin", subverbs: &[&row("list", plugin_list)], ..super::PLAIN };
/// The row of kustomize.
pub static KUSTOMIZE: Verb = row("kustomize", kustomize);
/// The row of options.
pub static OPTIONS: Verb = row("options", |call| {
    call.out.out(help::of(call.session.help.as_deref(), "options"));
    Ok(Run::Done(0))
});

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
    if let Some(why) = no_pods(&object) {
        return Err(error(format!("cannot attach to {why}")));
    }
    let selector = object.at("spec.selector");
    let chosen = |pod: &&Object| match row.kind {
        "Service" | "ReplicationController" => crate::api::selector::matches_pairs(selector, pod.labels()),
        _ => crate::api::selector::matches(selector, pod.labels()),
    };
    let mut pods: Vec<&Object> = call.world.store().list("Pod", &namespace).filter(chosen).collect();
    let ready = pods.iter().position(|pod| pod.has_condition("Ready")).unwrap_or(0);
    match pods.is_empty() {
        true => Err(error("timed out waiting for the condition")),
        false => Ok((pods.swap_remove(ready).clone(), object)),
    }
}

/// Why an object has no pods of its own; none where it has.
///
/// Models staging/src/k8s.io/kubectl/pkg/polymorphichelpers SelectorsForObject.
pub(super) fn no_pods(object: &Object) -> Option<String> {
    let go_type = format!("*{}.{}", object.kind.version, object.kind.name());
    match object.kind.kind {
        "Service" if object.at("spec.selector").is_empty() => {
            let name = object.name();
            Some(format!("{go_type}: invalid service '{name}': Service is defined without a selector"))
        }
        "Service" | "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet" | "DaemonSet" | "Job" => None,
        _ => Some(format!("{go_type}: selector for {go_type} not implemented")),
    }
}

/// The script that lets a shell ask `kubectl __complete`. It is loaded with the texts of the help.
fn completion(call: &mut Call<'_>) -> Outcome {
    match call.line.args.as_slice() {
        [] => Err(Failure::Usage("Shell not specified.".to_owned())),
        [shell] if matches!(shell.as_str(), "bash" | "zsh" | "fish" | "powershell") => {
            let script = help::of(call.session.help.as_deref(), &format!("completion {shell}"));
            call.out.out(script);
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
