//! `kubectl debug POD`: an ephemeral container in the running pod, or a copy of the pod with something changed.

use super::attach::{shell_of, Attached};
use super::change::{create, modify_part};
use super::debug::{profile, suffix};
use super::debug_profile::{apply, Style};
use crate::api::{Object, Value};
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::store::plan::DeleteOptions;
use crate::value;

/// Debugs a pod.
pub(super) fn go_on(call: &mut Call<'_>, pod: &Object, command: &[String]) -> Outcome {
    let (pod, container) = match call.line.text("copy-to") {
        "" => ephemeral(call, pod, command)?,
        _ => copy(call, pod, command)?,
    };
    let attached = if call.line.has("attach") { call.line.is("attach") } else { call.line.is("stdin") };
    if !attached || container.is_empty() {
        return Ok(Run::Done(0));
    }
    let lists = ["ephemeralContainers", "containers", "initContainers"];
    let spec = lists.iter().flat_map(|list| pod.spec().get(list).list()).find(|c| c.get("name").str() == container);
    let shell = spec.is_some_and(shell_of) && call.line.is("stdin");
    let mut attached = Attached::new(call, &pod, &container, shell);
    attached.notices = !call.line.is("quiet");
    if shell {
        attached.enter(call, false);
    }
    Ok(Run::Wait(Box::new(attached)))
}

/// The part of a new container that comes from the flags.
pub(super) fn from_flags(call: &Call<'_>, container: &mut Value, command: &[String]) {
    let words: Value = command.iter().map(|word| Value::from(word.as_str())).collect();
    if !words.is_empty() {
        let only = call.line.is("arguments-only");
        container.set(if only { "args" } else { "command" }, words);
        if !only {
            container.remove_key("args");
        }
    }
    for (field, flag) in [("image", "image"), ("imagePullPolicy", "image-pull-policy")] {
        if !call.line.text(flag).is_empty() {
            container.set(field, call.line.text(flag));
        }
    }
    for (field, flag) in [("stdin", "stdin"), ("tty", "tty")] {
        match call.line.is(flag) {
            true => container.set(field, true),
            false => drop(container.remove_key(field)),
        }
    }
    let pairs = call.line.pairs("env");
    let variables: Vec<Value> = pairs.into_iter().map(|(name, value)| value!({"name": name, "value": value})).collect();
    if !variables.is_empty() {
        container.set("env", variables);
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/debug computeDebugContainerName.
fn name_of(call: &mut Call<'_>, pod: &Object) -> String {
    if !call.line.text("container").is_empty() {
        return call.line.text("container").to_owned();
    }
    let name = format!("debugger-{}", suffix(call, pod.name()));
    if !call.line.is("quiet") {
        call.out.line(format!("Defaulting debug container name to {name}."));
    }
    name
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/debug debugByEphemeralContainer.
fn ephemeral(call: &mut Call<'_>, pod: &Object, command: &[String]) -> Result<(Object, String), Failure> {
    let name = name_of(call, pod);
    let mut container = value!({"name": (name.as_str()), "resources": {}, "terminationMessagePolicy": "File"});
    from_flags(call, &mut container, command);
    if !call.line.text("target").is_empty() {
        container.set("targetContainerName", call.line.text("target"));
    }
    let mut changed = pod.clone();
    let all = changed.value.slot("spec").slot("ephemeralContainers").list_mut();
    match all.make_mut().iter_mut().find(|other| other.get("name").str() == name) {
        Some(other) => crate::api::merge::merge_patch(other, &container),
        None => all.push(container),
    }
    apply(profile(call), Style::Ephemeral, &mut changed.value, &name, &call.line);
    customize(call, &mut changed.value, "ephemeralContainers", &name)?;
    warn_of_user(call, &changed, "ephemeralContainers", &name);
    let added = changed.at("spec.ephemeralContainers").clone();
    let patched = modify_part(call, pod, "ephemeralcontainers", DryRun::No, |object| {
        object.set("spec.ephemeralContainers", added);
        Ok(())
    })?;
    Ok((patched, name))
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/debug generatePodCopyWithDebugContainer and debugByCopy.
fn copy(call: &mut Call<'_>, pod: &Object, command: &[String]) -> Result<(Object, String), Failure> {
    let mut copied = Object::new(pod.kind, pod.namespace(), call.line.text("copy-to"));
    for field in ["annotations", "labels"] {
        let value = pod.metadata().get(field);
        if !value.is_null() {
            copied.value.slot("metadata").set(field, value.clone());
        }
    }
    let mut spec = pod.spec().clone();
    spec.remove_key("ephemeralContainers");
    if call.line.has("share-processes") {
        spec.set("shareProcessNamespace", call.line.is("share-processes"));
    }
    if !call.line.is("same-node") {
        spec.remove_key("nodeName");
    }
    let images = call.line.pairs("set-image");
    for container in spec.slot("containers").items_mut() {
        let own = container.get("name").text();
        let given = images.iter().find(|(name, _)| *name == own).or(images.iter().find(|(name, _)| *name == "*"));
        if let Some((_, image)) = given {
            container.set("image", *image);
        }
    }
    copied.set("spec", spec);
    let mut name = call.line.text("container").to_owned();
    let known = copied.at("spec.containers").list().iter().any(|c| c.get("name").str() == name);
    if !known {
        if call.line.text("image").is_empty() {
            if call.line.has("set-image") {
                return made(call, copied, pod, String::new());
            }
            return Err(error("you must specify image when creating new container"));
        }
        name = name_of(call, &copied);
        let container = value!({"name": (name.as_str()), "resources": {}, "terminationMessagePolicy": "File"});
        copied.value.slot("spec").slot("containers").list_mut().push(container);
    }
    let mut containers = copied.at("spec.containers").clone();
    if let Some(container) = containers.items_mut().iter_mut().find(|c| c.get("name").str() == name) {
        from_flags(call, container, command);
    }
    copied.set("spec.containers", containers);
    apply(profile(call), Style::Copy, &mut copied.value, &name, &call.line);
    customize(call, &mut copied.value, "containers", &name)?;
    warn_of_user(call, &copied, "containers", &name);
    made(call, copied, pod, name)
}

fn made(call: &mut Call<'_>, copied: Object, pod: &Object, name: String) -> Result<(Object, String), Failure> {
    let created = create(call, copied, DryRun::No)?;
    if call.line.is("replace") {
        let (key, uid, because) = (pod.key(), pod.uid().to_owned(), call.because());
        let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
        call.world.request(|server| server.delete(pod.kind, &key, &uid, options, &because))?;
    }
    Ok((created, name))
}

/// Lays the container that `--custom` names over the one that debugs.
pub(super) fn customize(call: &Call<'_>, pod: &mut Value, list: &'static str, name: &str) -> Result<(), Failure> {
    let Some(path) = call.line.get("custom").filter(|path| !path.is_empty()) else { return Ok(()) };
    let text = call.session.file(path).ok_or_else(|| {
        error(format!(
            "must pass a container spec json file for custom profile: open {path}: no such file or directory"
        ))
    })?;
    let unfit = |why: String| error(format!("{path} does not contain a valid container spec: {why}"));
    let custom = crate::kubectl::manifest::patch_value(text).map_err(|_| unfit("it cannot be read".to_owned()))?;
    if ["name", "command", "image", "lifecycle", "volumeDevices"].iter().any(|field| !custom.get(field).is_empty()) {
        return Err(error("name, command, image, lifecycle and volume devices are not modifiable via custom profile"));
    }
    let containers = pod.slot("spec").slot(list).items_mut();
    if let Some(container) = containers.iter_mut().find(|c| c.get("name").str() == name) {
        crate::api::merge::merge_patch(container, &custom);
    }
    Ok(())
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/debug displayWarning.
fn warn_of_user(call: &mut Call<'_>, pod: &Object, list: &'static str, name: &str) {
    let containers = pod.spec().get(list).list();
    let Some(container) = containers.iter().find(|c| c.get("name").str() == name) else { return };
    let context = container.get("securityContext");
    let root = |value: &Value| value.at("runAsUser").opt_int();
    let granted = context.get("privileged").bool() || !context.at("capabilities.add").is_empty();
    let user = root(pod.at("spec.securityContext"));
    if user.is_some_and(|user| user != 0) && root(context) != Some(0) && granted {
        call.out.err("Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using \"--custom\" with a custom profile that specifies \"securityContext.runAsUser: 0\".");
    }
}
