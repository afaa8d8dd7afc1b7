//! Validation of Jobs.

use super::field::{Errors, Path};
use super::{internal, job_policies, meta, pod};
use crate::api::status::Cause;
use crate::api::{selector, Object, Value};
use crate::base::names;

const SPEC: Path<'static> = Path::new("spec");
const MANAGED_BY_MAX: u32 = 63;
/// The most indexes that may run, or may fail, at a time.
const INDEXES_MAX: i64 = 100_000;
/// The same with a backoff limit for each of very many indexes.
const BACKED_OFF_INDEXES_MAX: i64 = 10_000;
/// Labels that a Job gives to its pods; they hold its UID or its name.
const GENERATED_LABELS: [(&str, bool); 4] = [
    ("controller-uid", true),
    ("job-name", false),
    ("batch.kubernetes.io/controller-uid", true),
    ("batch.kubernetes.io/job-name", false),
];

/// Models pkg/apis/batch/validation ValidateJob.
pub fn create(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    generated_selector(object, &mut errors);
    selecting_spec(object.spec(), &mut errors);
    host_names(object, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/batch/validation ValidateJobUpdate.
pub fn update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    let (now, was) = (new.spec(), old.spec());
    selecting_spec(now, &mut errors);
    completions_update(now, was, &mut errors);
    errors.immutable(&SPEC.child("selector"), now.get("selector"), was.get("selector"));
    template_update(now, old, &SPEC.child("template"), &mut errors);
    for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"] {
        errors.immutable(&SPEC.child(field), now.get(field), was.get(field));
    }
    errors.into_causes()
}

/// A Job finds its pods by its own UID, unless it says otherwise.
///
/// Models pkg/apis/batch/validation validateGeneratedSelector.
fn generated_selector(job: &Object, errors: &mut Errors) {
    let selecting = job.at("spec.selector");
    if job.at("spec.manualSelector").bool() || selecting.is_null() {
        return;
    }
    if job.uid().is_empty() {
        errors.required(&Path::new("metadata.uid"), "");
    }
    let labels = job.at("spec.template.metadata.labels");
    let path = SPEC.child("template.metadata.labels");
    let mut wanted = Value::map();
    for (key, is_uid) in GENERATED_LABELS {
        let want = if is_uid { job.uid() } else { job.name() };
        wanted.map_mut().insert(key, Value::from(want));
        let must = format!("must be '{want}'");
        match labels.get(key).opt_str() {
            None => errors.required(&path.key(key), &must),
            Some(found) if found != want => errors.invalid(&path.key(key), labels, &must),
            Some(_) => {}
        }
    }
    if !selector::matches(selecting, &wanted) {
        errors.invalid(&SPEC.child("selector"), selecting, "`selector` not auto-generated");
    }
}

/// Each pod of an Indexed Job has a host name of its own.
fn host_names(job: &Object, errors: &mut Errors) {
    let completions = job.at("spec.completions").int();
    if job.at("spec.completionMode").str() == "Indexed" && completions > 0 {
        let longest = format!("{}-{}", job.name(), completions - 1);
        if !names::dns1123_label(&longest).is_empty() {
            let detail = format!("will not able to create pod with invalid DNS label: {longest}");
            errors.invalid(&Path::new("metadata.name"), job.name(), &detail);
        }
    }
}

/// Models pkg/apis/batch/validation ValidateJobSpec.
fn selecting_spec(job: &Value, errors: &mut Errors) {
    spec(job, &SPEC, errors);
    let (selecting, path) = (job.get("selector"), SPEC.child("selector"));
    if selecting.is_null() {
        errors.required(&path, "");
    } else {
        meta::label_selector(selecting, &path, errors);
    }
    let labels = job.at("template.metadata.labels");
    if !meta::is_no_selector(selecting) && !selector::matches(selecting, labels) {
        let detail = "`selector` does not match template `labels`";
        errors.invalid(&SPEC.child("template.metadata.labels"), labels, detail);
    }
}

/// Models pkg/apis/batch/validation validateJobSpec.
pub fn spec(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let counts = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    for field in counts {
        errors.non_negative(&path.child(field), spec.get(field));
    }
    if !spec.get("maxFailedIndexes").is_null() && spec.get("backoffLimitPerIndex").is_null() {
        errors.required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    }
    managed_by(spec.get("managedBy"), &path.child("managedBy"), errors);
    let mode = spec.get("completionMode");
    if !mode.is_null() && !["Indexed", "NonIndexed"].contains(&mode.str()) {
        errors.not_supported(&path.child("completionMode"), mode, &["NonIndexed", "Indexed"]);
    }
    let is_indexed = mode.str() == "Indexed";
    if is_indexed {
        indexed(spec, path, errors);
    } else {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if !spec.get(field).is_null() {
                errors.invalid(&path.child(field), spec.get(field), "requires indexed completion mode");
            }
        }
    }
    job_policies::pod_failure(spec, &path.child("podFailurePolicy"), errors);
    job_policies::success(spec, is_indexed, &path.child("successPolicy"), errors);
    pod_replacement(spec, &path.child("podReplacementPolicy"), errors);
    pod::template(spec.get("template"), &path.child("template"), errors);
    restart_policy(spec, &path.child("template.spec.restartPolicy"), errors);
}

/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsDomainPrefixedPath.
fn managed_by(value: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(text) = value.opt_str() else {
        return;
    };
    match text.split_once('/') {
        _ if text.is_empty() => errors.required(path, ""),
        Some((host, rest)) if !host.is_empty() && !rest.is_empty() => {
            errors.malformed(path, host, names::dns1123_subdomain(host));
            let is_path = |c: char| c.is_ascii_alphanumeric() || "/-._~%!$&'()*+,;=:".contains(c);
            if !rest.chars().all(is_path) {
                let regex = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+";
                errors.invalid(path, rest, &format!("Invalid path (regex used for validation is '{regex}')"));
            }
        }
        _ => errors.invalid(path, text, "must be a domain-prefixed path (such as \"acme.io/foo\")"),
    }
    if text.len() > MANAGED_BY_MAX as usize {
        errors.too_long(path, MANAGED_BY_MAX);
    }
}

fn indexed(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(completions) = spec.get("completions").opt_int() else {
        return errors.required(&path.child("completions"), "when completion mode is Indexed");
    };
    let no_more = |field: &str, most: i64, detail: &str, errors: &mut Errors| {
        let number = spec.get(field).int();
        if number > most {
            errors.invalid(&path.child(field), number, &format!("must be less than or equal to {detail}"));
        }
    };
    let detail = "100000 when completion mode is Indexed";
    no_more("parallelism", INDEXES_MAX, detail, errors);
    no_more("maxFailedIndexes", completions, "completions", errors);
    no_more("maxFailedIndexes", INDEXES_MAX, "100000", errors);
    if completions > INDEXES_MAX && !spec.get("backoffLimitPerIndex").is_null() {
        if spec.get("maxFailedIndexes").is_null() {
            errors.required(&path.child("maxFailedIndexes"), "must be specified when completions is above 100000");
        }
        let detail = "10000 when completions are above 100000 and used with backoff limit per index";
        no_more("parallelism", BACKED_OFF_INDEXES_MAX, detail, errors);
        no_more("maxFailedIndexes", BACKED_OFF_INDEXES_MAX, detail, errors);
    }
}

/// Models pkg/apis/batch/validation validatePodReplacementPolicy.
fn pod_replacement(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let policy = spec.get("podReplacementPolicy");
    let all: &[&str] = &["Failed", "TerminatingOrFailed"];
    let supported = if spec.get("podFailurePolicy").is_null() { all } else { &all[..1] };
    if !policy.is_null() && !supported.contains(&policy.str()) {
        errors.not_supported(path, policy, supported);
    }
}

fn restart_policy(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    match spec.at("template.spec.restartPolicy").str() {
        "" | "Always" => errors.required(path, "valid values: \"OnFailure\", \"Never\""),
        "Never" => {}
        "OnFailure" if spec.get("podFailurePolicy").is_null() => {}
        policy @ "OnFailure" => {
            errors.invalid(path, policy, "only \"Never\" is supported when podFailurePolicy is specified");
        }
        policy => errors.not_supported(path, policy, &["OnFailure", "Never"]),
    }
}

/// An Indexed Job may change its completions together with its parallelism.
///
/// Models pkg/apis/batch/validation validateCompletions.
fn completions_update(now: &Value, was: &Value, errors: &mut Errors) {
    let path = SPEC.child("completions");
    let (completions, parallelism) = (now.get("completions"), now.get("parallelism"));
    if now.get("completionMode").str() != "Indexed" {
        errors.immutable(&path, completions, was.get("completions"));
    } else if completions != was.get("completions")
        && !completions.is_null()
        && !parallelism.is_null()
        && completions != parallelism
    {
        errors.invalid(&path, completions, "can only be modified in tandem with spec.parallelism");
    }
}

/// The template stays what it is; where its pods are placed, and what they use, may change while a Job that never
/// started is suspended.
///
/// Models pkg/apis/batch/validation validatePodTemplateUpdate.
fn template_update(now: &Value, old: &Object, path: &Path<'_>, errors: &mut Errors) {
    let (template, before) = (now.get("template"), old.at("spec.template"));
    if super::field::same(template, before) {
        return;
    }
    let is_waiting = old.at("spec.suspend").bool() && old.at("status.startTime").is_null();
    if is_waiting {
        let (template, before) = (without_directives(template), without_directives(before));
        if !super::field::same(template.get("spec"), before.get("spec")) {
            let printed = internal::compact(now.at("template.spec"), "", "PodSpec");
            errors.invalid_printed(&path.child("spec"), printed, "field is immutable");
        }
    } else {
        errors.invalid_printed(path, internal::compact_template(template), "field is immutable");
    }
}

/// A template without what may change in a suspended Job.
fn without_directives(template: &Value) -> Value {
    let mut rest = template.clone();
    let spec = rest.slot("spec");
    for field in ["nodeSelector", "tolerations", "schedulingGates"] {
        spec.remove_key(field);
    }
    if !spec.at("affinity.nodeAffinity").is_null() {
        spec.slot("affinity").remove_key("nodeAffinity");
    }
    for field in ["containers", "initContainers"] {
        if !spec.get(field).is_empty() {
            for container in spec.slot(field).items_mut() {
                container.remove_key("resources");
            }
        }
    }
    rest
}
