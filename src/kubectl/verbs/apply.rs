//! `kubectl apply`: makes the cluster agree with files, by the three-way difference of what was applied last, what is to
//! be applied now and what there is.

use super::change::{create, modify, report};
use super::{edit, server_side, Verb};
use crate::api::apply::{is_unchanged, last_applied, three_way_merge_patch, three_way_patch, LAST_APPLIED};
use crate::api::decode::FieldValidation;
use crate::api::manifest::find_kind;
use crate::api::patch::{self, PatchType};
use crate::api::selector::Selector;
use crate::api::{encode, json, kind, Kind, Object, ObjectKey, Status};
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::dispatch::log_head;
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::manifest::{self, Manifest};
use crate::kubectl::print::Format;
use crate::kubectl::resources::{select, warn_of_deprecation};
use crate::store::plan::DeleteOptions;

/// Its row.
pub static VERB: Verb = Verb {
    name: "apply",
    subverbs: &[&EDIT_LAST_APPLIED, &SET_LAST_APPLIED, &VIEW_LAST_APPLIED],
    run: Some(run),
    ..super::PLAIN
};

static EDIT_LAST_APPLIED: Verb = Verb { name: "edit-last-applied", run: Some(edit_last_applied), ..super::PLAIN };

static SET_LAST_APPLIED: Verb = Verb { name: "set-last-applied", run: Some(set_last_applied), ..super::PLAIN };

static VIEW_LAST_APPLIED: Verb = Verb { name: "view-last-applied", run: Some(view_last_applied), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    if !call.line.args.is_empty() {
        return Err(Failure::Usage(format!("Unexpected args: [{}]", call.line.args.join(" "))));
    }
    manifest::require_files(call)?;
    let dry = call.dry_run()?;
    if call.line.is("prune") && !call.line.is("all") && call.line.text("selector").is_empty() {
        return Err(error("all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector"));
    }
    let server_side = call.line.is("server-side");
    if call.line.is("force-conflicts") && !server_side {
        return Err(error("--force-conflicts only works with --server-side"));
    }
    if call.line.is("force") && server_side {
        return Err(error("--force cannot be used with --server-side"));
    }
    if call.line.is("force") && dry == DryRun::Server {
        return Err(error("--dry-run=server cannot be used with --force"));
    }
    if server_side && dry == DryRun::Client {
        return Err(error("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"));
    }
    if call.line.is("prune") && call.line.is("all") && !call.line.text("selector").is_empty() {
        return Err(error("cannot set --all and --selector at the same time"));
    }
    Format::of(call)?;
    let files = manifest::read_flag(call)?;
    if files.manifests.is_empty() && files.failures.is_empty() {
        return Err(error("no objects passed to apply"));
    }
    let mut failures = files.failures;
    for manifest in &files.manifests {
        let applied = if server_side { server_side::apply } else { apply };
        if let Err(failure) = applied(call, manifest, dry) {
            failures.push(failure);
        }
    }
    if call.line.is("prune") && failures.is_empty() {
        prune(call, &files.manifests, dry)?;
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// The kinds that are pruned, in order; the last two belong to the whole cluster.
const PRUNED: [&str; 16] = [
    "ConfigMap",
    "Endpoints",
    "PersistentVolumeClaim",
    "Pod",
    "ReplicationController",
    "Secret",
    "Service",
    "Job",
    "CronJob",
    "Ingress",
    "DaemonSet",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "Namespace",
    "PersistentVolume",
];

const PRUNE_WARNING: &str = "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used \
    with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target \
    explicitly in the --prune-allowlist flag.";

/// The kinds that are looked through: those of `--prune-allowlist`, or else the usual ones.
///
/// Models staging/src/k8s.io/kubectl/pkg/util/prune ParseResources and GetRESTMappings.
fn pruned(call: &mut Call<'_>) -> Result<Vec<&'static Kind>, Failure> {
    let asked = call.line.list("prune-allowlist");
    if asked.is_empty() {
        call.out.err(format!("{}prune.go:71] {PRUNE_WARNING}", log_head('W', call.world)));
        return Ok(PRUNED.iter().map(|name| kind(name)).collect());
    }
    let row = |text: &String| {
        let parts: Vec<&str> = text.split('/').collect();
        let [group, version, kind] = parts.as_slice() else {
            let form = "please follow <group/version/kind>";
            return Err(error(format!("invalid GroupVersionKind format: {text}, {form}")));
        };
        let api_version = if *group == "core" { (*version).to_owned() } else { format!("{group}/{version}") };
        find_kind(&api_version, kind)
            .ok_or_else(|| error(format!("no matches for kind \"{kind}\" in version \"{api_version}\"")))
    };
    asked.iter().map(row).collect()
}

/// Deletes what was applied before and is in none of the files now.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/apply pruner.pruneAll.
fn prune(call: &mut Call<'_>, manifests: &[Manifest], dry: DryRun) -> Result<(), Failure> {
    let selector = Selector::parse(call.line.text("selector")).map_err(error)?;
    let mut applied = Vec::new();
    for manifest in manifests {
        let (kind, namespace, name) = manifest.target(call)?;
        applied.push((kind.kind, ObjectKey::new(namespace.as_str(), name.as_str())));
    }
    let rows = pruned(call)?;
    for row in rows {
        let name = row.kind;
        warn_of_deprecation(call, row);
        let here =
            |object: &&Object| !row.namespaced || applied.iter().any(|(_, key)| key.namespace == object.namespace());
        let left_out = |object: &&Object| {
            let known = applied.iter().any(|(kind, key)| *kind == name && *key == object.key());
            !known && last_applied(&object.value).is_some() && selector.matches(object.labels())
        };
        let gone: Vec<Object> = call.world.store().all(name).filter(here).filter(left_out).cloned().collect();
        for object in gone {
            let because = call.because();
            if dry == DryRun::No {
                let options = DeleteOptions::default();
                call.world.request(|server| server.delete(row, &object.key(), object.uid(), options, &because))?;
            }
            call.out.line(format!("{}/{} pruned{}", row.singular_resource(), object.name(), dry.suffix()));
        }
    }
    Ok(())
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/apply ApplyOptions.applyOneObject, client-side.
fn apply(call: &mut Call<'_>, manifest: &Manifest, dry: DryRun) -> Result<(), Failure> {
    let generate = manifest.object.at("metadata.generateName").str();
    if manifest.object.name().is_empty() && !generate.is_empty() {
        return Err(error(format!("from {generate}: cannot use generate name with apply")));
    }
    let (kind, namespace, name) = manifest.target(call)?;
    warn_of_deprecation(call, kind);
    if let Err(Failure::Server(mut status)) = call.authorize("get", kind, "", &namespace, &name) {
        let group = if kind.group.is_empty() { String::new() } else { kind.group.to_owned() };
        let place = if namespace.is_empty() { String::new() } else { namespace.clone() };
        status.message = format!("error when retrieving current configuration of:\nResource: \"{group}/{}, Resource={}\", GroupVersionKind: \"{group}/{}, Kind={}\"\nName: \"{name}\", Namespace: \"{place}\"\nfrom server for: \"{}\": {}", kind.version, kind.plural, kind.version, kind.name(), manifest.source, status.message);
        return Err(status.into());
    }
    let current = call.world.store().find(kind.kind, &namespace, &name).cloned();
    let wanted = match current {
        None => manifest.accepted(call).map_err(|failure| failure.when("creating", &manifest.source)),
        Some(_) => Ok(manifest.object.clone()),
    };
    let mut wanted = wanted?;
    if kind.namespaced {
        wanted.set("metadata.namespace", namespace.as_str());
    }
    wanted.set("apiVersion", manifest.api_version.as_str());
    let Some(current) = current else {
        let made = create(call, with_last_applied(&wanted), dry);
        let made = made.map_err(|failure| failure.when("creating", &manifest.source))?;
        return report(call, &made, "created", dry);
    };
    if last_applied(&current.value).is_none() {
        let resource = format!("{}/{}", kind.plural, name);
        call.out.warn(&format!("resource {resource} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically."));
    }
    let patching = |failure: Failure| failure.when("applying patch", &manifest.source);
    let (mut patched, mut done) = (current.clone(), "unchanged");
    if merged(&current, &wanted, manifest.validation).map_err(|status| patching(status.into()))?.is_some() {
        let mut warnings = Vec::new();
        let changed = modify(call, &current, dry, |object| {
            if let Some(merged) = merged(object, &wanted, manifest.validation)? {
                (*object, warnings) = merged;
            }
            Ok(())
        });
        warnings.iter().for_each(|warning| call.out.warn(warning));
        (patched, done) = (changed.map_err(patching)?, "configured");
    }
    if dry != DryRun::Client {
        warn_if_deleting(call, &patched);
    }
    report(call, &patched, done, dry)
}

/// A configuration as a new object, with the annotation that remembers it.
pub(super) fn with_last_applied(object: &Object) -> Object {
    Object { kind: object.kind, value: crate::api::apply::with_last_applied(&object.value) }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/apply WarnIfDeleting.
pub(super) fn warn_if_deleting(call: &mut Call<'_>, object: &Object) {
    if !object.at("metadata.deletionTimestamp").is_null() {
        let name = object.name();
        call.out.warn(&format!("Detected changes to resource {name} which is currently being deleted."));
    }
}

/// An object after a configuration is applied to it, and what is warned of; none where there is nothing to patch. A patch
/// that changes nothing counts, as that of a Secret with `stringData`.
pub(super) fn merged(
    current: &Object,
    configuration: &Object,
    validation: FieldValidation,
) -> Result<Option<(Object, Vec<String>)>, Status> {
    let row = current.kind;
    let (patch, kind) = match row.shape().filter(|_| row.custom.is_none()) {
        Some(id) => (three_way_patch(&configuration.value, &current.value, id), PatchType::Strategic),
        None => (three_way_merge_patch(&configuration.value, &current.value), PatchType::Merge),
    };
    let patch = patch.map_err(Status::bad_request)?;
    if is_unchanged(&patch) {
        return Ok(None);
    }
    patch::apply(current, &patch, kind, validation).map(Some)
}

/// Remembers files as what was applied last, and changes nothing else.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/apply SetLastAppliedOptions.Validate and RunSetLastApplied.
fn set_last_applied(call: &mut Call<'_>) -> Outcome {
    if !call.line.has("filename") {
        return Err(error(crate::kubectl::resources::NOTHING_NAMED));
    }
    let dry = call.dry_run()?;
    let files = manifest::read_flag(call)?;
    let mut changes = Vec::new();
    for manifest in &files.manifests {
        let (kind, namespace, name) = manifest.target(call)?;
        let current = call.get(kind, &namespace, &name)?;
        let known = last_applied(&current.value);
        if known.is_none() && !call.line.is("create-annotation") {
            return Err(error(format!("no last-applied-configuration annotation found on resource: {name}, to create the annotation, run the command with --create-annotation")));
        }
        let mut wanted = manifest.object.clone();
        if kind.namespaced {
            wanted.set("metadata.namespace", namespace.as_str());
        }
        match known.and_then(|known| json::parse(known.trim_end()).ok()) == Some(wanted.value.clone()) {
            true => call.out.line(format!("set-last-applied {name}: no changes required.")),
            false => changes.push((current, encode::json(&wanted.value) + "\n")),
        }
    }
    for (current, text) in changes {
        let changed = modify(call, &current, dry, |object| {
            object.value.slot("metadata").slot("annotations").map_mut().insert(LAST_APPLIED, text);
            Ok(())
        })?;
        report(call, &changed, "configured", dry)?;
    }
    Failure::of(files.failures).map_or(Ok(Run::Done(0)), Err)
}

/// What was applied last, edited by itself.
fn edit_last_applied(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    let (objects, failures) = select(call, &args, true)?.objects(call)?;
    if let Some(failure) = Failure::of(failures) {
        return Err(failure);
    }
    match objects.iter().find(|object| last_applied(&object.value).is_none()) {
        Some(object) => {
            Err(error(format!("no last-applied-configuration annotation found on resource: {}", object.name())))
        }
        None => edit::all(call, &objects),
    }
}

fn view_last_applied(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    let selection = select(call, &args, true)?;
    let (objects, failures) = selection.objects(call)?;
    for object in &objects {
        let value = last_applied(&object.value).and_then(|text| json::parse(text.trim_end()).ok());
        let Some(value) = value else {
            let text = format!("no last-applied-configuration annotation found on resource: {}", object.name());
            return Err(error(text));
        };
        let format = match Format::of(call)? {
            Format::Table { .. } => Format::Yaml,
            format => format,
        };
        let text = format.one(&Object { kind: object.kind, value })?;
        call.out.out(text);
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}
