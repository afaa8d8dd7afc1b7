//! `kubectl debug`: what is debugged, a node or a pod, and whether the flags fit together.

use super::{debug_node, debug_pod, Verb};
use crate::api::kind;
use crate::kubectl::call::{Call, Outcome};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::manifest;
use crate::kubectl::resources::resource_kind;
use crate::workload::images;

/// Its row.
pub static VERB: Verb = Verb { name: "debug", run: Some(run), ..super::PLAIN };

const PROFILES: [&str; 6] = ["legacy", "general", "baseline", "netadmin", "restricted", "sysadmin"];

/// The profile that is asked for; since 1.36 `general` where none is.
pub(super) fn profile<'a>(call: &'a Call<'_>) -> &'a str {
    call.line.get("profile").unwrap_or("general")
}

fn run(call: &mut Call<'_>) -> Outcome {
    if !PROFILES.contains(&profile(call)) {
        return Err(error(format!("unknown profile: {}", profile(call))));
    }
    let split = call.line.dash.unwrap_or(call.line.args.len());
    let (names, command) = call.line.args.split_at(split.min(call.line.args.len()));
    let (names, command) = (names.to_vec(), command.to_vec());
    check(call, &names, &command)?;
    let (row, name) = match names.first() {
        Some(name) => match name.split_once('/') {
            Some((resource, name)) => (resource_kind(call, resource)?, name.to_owned()),
            None => (kind("Pod"), name.clone()),
        },
        None => {
            let read = manifest::read_flag(call)?;
            let first = read.manifests.into_iter().next().ok_or_else(|| error("no objects passed to debug"))?;
            (first.object.kind, first.object.name().to_owned())
        }
    };
    let object = call.get(row, &call.namespace_for(row), &name)?;
    match row.kind {
        "Node" => debug_node::go_on(call, &object, &command),
        "Pod" => debug_pod::go_on(call, &object, &command),
        _ => Err(error(format!("\"{}, Kind={}\" not supported by debug", row.api_version(), row.kind))),
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/debug DebugOptions.Validate.
fn check(call: &mut Call<'_>, names: &[String], command: &[String]) -> Result<(), Failure> {
    let line = &call.line;
    let (image, container) = (line.text("image").to_owned(), line.text("container"));
    let say = |text: &str| Err(error(text));
    if line.is("attach") && image.is_empty() && container.is_empty() {
        return say("you must specify --container or create a new container using --image in order to attach.");
    }
    if !line.text("copy-to").is_empty() {
        if image.is_empty() && !line.has("set-image") && command.is_empty() {
            return say("you must specify --image, --set-image or command arguments.");
        }
        if !command.is_empty() && container.is_empty() && image.is_empty() {
            return say("you must specify an existing container or a new image when specifying args.");
        }
    } else {
        for (flag, given) in
            [("replace", line.is("replace")), ("same-node", line.is("same-node")), ("set-image", line.has("set-image"))]
        {
            if given {
                return Err(error(format!("--{flag} may only be used with --copy-to.")));
            }
        }
        if image.is_empty() {
            return say("you must specify --image when not using --copy-to.");
        }
    }
    if let Some(why) = images::invalid(&image).filter(|_| !image.is_empty()) {
        return Err(error(format!("invalid image name {image:?}: {why}")));
    }
    if names.is_empty() && !line.has("filename") {
        return say("NAME or filename is required for debug");
    }
    let policy = line.text("image-pull-policy");
    if !matches!(policy, "" | "Always" | "IfNotPresent" | "Never") {
        return Err(error(format!("invalid image pull policy: {policy}")));
    }
    let target = line.text("target").to_owned();
    if !target.is_empty() {
        if line.has("copy-to") {
            return say("--target is incompatible with --copy-to. Use --share-processes instead.");
        }
        if !line.is("quiet") {
            call.out.line(format!("Targeting container {target:?}. If you don't see processes from this container it may be because the container runtime doesn't support this feature."));
        }
    }
    if call.line.is("tty") && !call.line.is("stdin") {
        return say("-i/--stdin is required for containers with -t/--tty=true");
    }
    if profile(call) == "legacy" {
        call.out.err("--profile=legacy is deprecated and will be removed in the future. It is recommended to explicitly specify a profile, for example \"--profile=general\".");
    }
    Ok(())
}

/// Five letters by lot, as kubectl puts them behind the names it makes.
pub(super) fn suffix(call: &Call<'_>, subject: &str) -> String {
    const SAFE: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let seed = call.world.settings().seed;
    let letter = |n: u64| {
        let draw = crate::base::draw::below(seed, "debugger", subject, call.world.now().0 + n, 27);
        SAFE[draw as usize] as char
    };
    (0..5).map(letter).collect()
}
