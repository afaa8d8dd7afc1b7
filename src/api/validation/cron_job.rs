//! Validation of CronJobs.

use super::field::{Errors, Path};
use super::{job, meta};
use crate::api::status::Cause;
use crate::api::{Object, Value};
use crate::base::cron::Schedule;
use crate::base::names;
use crate::base::zone::Zone;

const SPEC: Path<'static> = Path::new("spec");
/// A CronJob adds eleven characters to its name for each Job.
const CRON_JOB_NAME_MAX: usize = 52;

/// Models pkg/apis/batch/validation ValidateCronJobCreate.
pub fn create(object: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta(object, names::dns1123_subdomain, &mut errors);
    spec(object.spec(), &mut errors);
    if object.name().len() > CRON_JOB_NAME_MAX {
        let detail = format!("must be no more than {CRON_JOB_NAME_MAX} characters");
        errors.invalid(&Path::new("metadata.name"), object.name(), &detail);
    }
    errors.into_causes()
}

/// Models pkg/apis/batch/validation ValidateCronJobUpdate.
pub fn update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    spec(new.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/batch/validation validateCronJobSpec.
fn spec(spec: &Value, errors: &mut Errors) {
    schedule(spec.get("schedule").str(), errors);
    errors.non_negative(&SPEC.child("startingDeadlineSeconds"), spec.get("startingDeadlineSeconds"));
    time_zone(spec.get("timeZone"), &SPEC.child("timeZone"), errors);
    let policy = spec.get("concurrencyPolicy");
    match policy.str() {
        "Allow" | "Forbid" | "Replace" => {}
        "" => errors.required(&SPEC.child("concurrencyPolicy"), ""),
        _ => errors.not_supported(&SPEC.child("concurrencyPolicy"), policy, &["Allow", "Forbid", "Replace"]),
    }
    job_template(spec.at("jobTemplate.spec"), &SPEC.child("jobTemplate.spec"), errors);
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        errors.non_negative(&SPEC.child(field), spec.get(field));
    }
}

/// Models pkg/apis/batch/validation validateTimeZone.
fn time_zone(zone: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(name) = zone.opt_str() else {
        return;
    };
    if name.is_empty() {
        errors.invalid(path, name, "timeZone must be nil or non-empty string");
    } else if name.eq_ignore_ascii_case("local") {
        let detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        errors.invalid(path, name, detail);
    } else if Zone::find(name).is_none() {
        errors.invalid(path, name, &format!("unknown time zone {name}"));
    }
}

/// The selector of a Job is generated when there is a Job.
///
/// Models pkg/apis/batch/validation ValidateJobTemplateSpec.
fn job_template(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    job::spec(spec, path, errors);
    let selector = spec.get("selector");
    if !selector.is_null() {
        errors.invalid(&path.child("selector"), selector, "`selector` will be auto-generated");
    }
    if spec.get("manualSelector").bool() {
        errors.not_supported(&path.child("manualSelector"), true, &["nil", "false"]);
    }
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
