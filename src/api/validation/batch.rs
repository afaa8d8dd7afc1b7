//! Validation of Jobs and CronJobs.

use super::field::{Errors, Path};
use super::{meta, pod};
use crate::api::status::Cause;
use crate::api::{selector, Object, Value};
use crate::base::cron::Schedule;
use crate::base::names;
use crate::base::zone::Zone;

const SPEC: Path<'static> = Path::new("spec");
/// A CronJob adds eleven characters to its name for each Job.
const CRON_JOB_NAME_MAX: usize = 52;

/// Models pkg/apis/batch/validation ValidateJob.
pub fn job(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    generated_selector(object, &mut errors);
    job_spec(object.spec(), &SPEC, &mut errors);
    let spec = object.spec();
    if !spec.get("selector").is_null() && !selector::matches(spec.get("selector"), spec.at("template.metadata.labels"))
    {
        let labels = spec.at("template.metadata.labels");
        let detail = "`selector` does not match template `labels`";
        errors.invalid(&SPEC.child("template.metadata.labels"), labels, detail);
    }
    errors.into_causes()
}

/// Models pkg/apis/batch/validation ValidateJobUpdate.
pub fn job_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    job_spec(new.spec(), &SPEC, &mut errors);
    let (spec, was) = (new.spec(), old.spec());
    if !may_change_completions(spec, was) {
        errors.immutable(&SPEC.child("completions"), spec.get("completions"), was.get("completions"));
    }
    errors.immutable(&SPEC.child("selector"), spec.get("selector"), was.get("selector"));
    let suspended = was.get("suspend").bool() && old.at("status.startTime").is_null();
    let directives = ["nodeSelector", "tolerations", "affinity", "schedulingGates"];
    let (mut template, mut before) = (spec.get("template").clone(), was.get("template").clone());
    if suspended {
        for side in [&mut template, &mut before] {
            for field in directives {
                side.slot("spec").remove_key(field);
            }
            for field in ["labels", "annotations"] {
                side.slot("metadata").remove_key(field);
            }
        }
    }
    if template != before {
        errors.immutable(&SPEC.child("template"), spec.get("template"), was.get("template"));
    }
    for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "successPolicy"] {
        errors.immutable(&SPEC.child(field), spec.get(field), was.get(field));
    }
    errors.into_causes()
}

/// An Indexed Job may change its completions together with its parallelism.
fn may_change_completions(spec: &Value, was: &Value) -> bool {
    spec.get("completionMode").str() == "Indexed"
        && !spec.get("completions").is_null()
        && spec.get("completions") == spec.get("parallelism")
        && !was.get("completions").is_null()
}

/// Models pkg/apis/batch/validation validateGeneratedSelector: a Job finds its pods by its own UID.
fn generated_selector(job: &Object, errors: &mut Errors) {
    let spec = job.spec();
    if spec.get("manualSelector").bool() || spec.get("selector").is_null() {
        return;
    }
    let wanted = crate::value!({"matchLabels": {"batch.kubernetes.io/controller-uid": (job.uid())}});
    if spec.get("selector") != &wanted {
        errors.invalid(&SPEC.child("selector"), spec.get("selector"), "`selector` not auto-generated");
    }
}

/// Models pkg/apis/batch/validation validateJobSpec.
fn job_spec(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
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
    if spec.get("completionMode").str() == "Indexed" && spec.get("completions").is_null() {
        let detail = "when completion mode is Indexed";
        errors.required(&path.child("completions"), detail);
    }
    pod::template(spec.get("template"), &path.child("template"), errors);
    let policy = spec.at("template.spec.restartPolicy").str();
    let policy_path = path.child("template.spec.restartPolicy");
    if policy.is_empty() || policy == "Always" {
        errors.required(&policy_path, "valid values: \"OnFailure\", \"Never\"");
    } else if policy != "OnFailure" && policy != "Never" {
        errors.not_supported(&policy_path, policy, &["OnFailure", "Never"]);
    } else if policy != "Never" && !spec.get("podFailurePolicy").is_null() {
        let detail = "only \"Never\" is supported when podFailurePolicy is specified";
        errors.invalid(&policy_path, policy, detail);
    }
}

/// Models pkg/apis/batch/validation ValidateCronJobCreate.
pub fn cron_job(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    cron_job_spec(object.spec(), &mut errors);
    if object.name().len() > CRON_JOB_NAME_MAX {
        let detail = format!("must be no more than {CRON_JOB_NAME_MAX} characters");
        errors.invalid(&Path::new("metadata.name"), object.name(), &detail);
    }
    errors.into_causes()
}

/// Models pkg/apis/batch/validation ValidateCronJobUpdate.
pub fn cron_job_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    cron_job_spec(new.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/batch/validation validateCronJobSpec.
fn cron_job_spec(spec: &Value, errors: &mut Errors) {
    schedule(spec.get("schedule").str(), errors);
    let zone = spec.get("timeZone");
    if let Some(name) = zone.opt_str() {
        if name.is_empty() || name.eq_ignore_ascii_case("local") || Zone::find(name).is_none() {
            let detail = format!("unknown time zone {name}");
            errors.invalid(&SPEC.child("timeZone"), name, &detail);
        }
    }
    for field in ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        errors.non_negative(&SPEC.child(field), spec.get(field));
    }
    let policy = spec.get("concurrencyPolicy");
    match policy.str() {
        "Allow" | "Forbid" | "Replace" => {}
        "" => errors.required(&SPEC.child("concurrencyPolicy"), ""),
        _ => errors.not_supported(&SPEC.child("concurrencyPolicy"), policy, &["Allow", "Forbid", "Replace"]),
    }
    job_spec(spec.at("jobTemplate.spec"), &SPEC.child("jobTemplate.spec"), errors);
}

fn schedule(text: &str, errors: &mut Errors) {
    let path = SPEC.child("schedule");
    if text.is_empty() {
        errors.required(&path, "");
    } else if text.contains("TZ") {
        errors.invalid(&path, text, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
    } else if let Err(detail) = Schedule::parse(text) {
        errors.invalid(&path, text, &detail);
    }
}
