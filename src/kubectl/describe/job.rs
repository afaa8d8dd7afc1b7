//! Job and CronJob.

use super::page::{time_text, Page};
use super::template;
use crate::api::kinds::cells::{or_none, selector_text};
use crate::api::{Object, Value};
use crate::base::time::{human_duration, Span, Timestamp};
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeJob.
pub(super) fn print(page: &mut Page, job: &Object, _: &dyn Reader) {
    let (spec, status) = (job.spec(), job.status());
    page.identity(job.metadata());
    if !spec.get("selector").is_null() {
        page.field(0, "Selector", selector_text(spec.get("selector")));
    }
    page.labels("Labels", job.labels());
    page.annotations("Annotations", job.metadata().get("annotations"));
    if let Some(owner) = job.controller() {
        page.field(0, "Controlled By", format!("{}/{}", owner.shown_kind(), owner.name));
    }
    number(page, "Parallelism", spec.get("parallelism"), "");
    match spec.get("completions").opt_int() {
        Some(completions) => page.field(0, "Completions", completions),
        None => page.field(0, "Completions", "<unset>"),
    }
    page.field_if(0, "Completion Mode", spec.get("completionMode").str());
    if let Some(suspend) = spec.get("suspend").opt_bool() {
        page.field(0, "Suspend", suspend);
    }
    number(page, "Backoff Limit", spec.get("backoffLimit"), "");
    number(page, "TTL Seconds After Finished", spec.get("ttlSecondsAfterFinished"), "");
    times(page, status);
    number(page, "Active Deadline Seconds", spec.get("activeDeadlineSeconds"), "s");
    let count = |field: &str| status.get(field).int();
    let ready = status.get("ready").opt_int().map(|ready| format!(" ({ready} Ready)")).unwrap_or_default();
    let text =
        format!("{} Active{ready} / {} Succeeded / {} Failed", count("active"), count("succeeded"), count("failed"));
    page.field(0, "Pods Statuses", text);
    if spec.get("completionMode").str() == "Indexed" {
        page.field(0, "Completed Indexes", indexes(status.get("completedIndexes").str()));
    }
    template::print(page, spec.get("template"));
}

fn number(page: &mut Page, name: &str, value: &Value, unit: &str) {
    if let Some(number) = value.opt_int() {
        page.field(0, name, format!("{number}{unit}"));
    }
}

fn times(page: &mut Page, status: &Value) {
    let at = |field: &str| Timestamp::parse(status.get(field).str());
    if at("startTime").is_some() {
        page.field(0, "Start Time", time_text(status.get("startTime")));
    }
    if at("completionTime").is_some() {
        page.field(0, "Completed At", time_text(status.get("completionTime")));
    }
    if let (Some(start), Some(end)) = (at("startTime"), at("completionTime")) {
        page.field(0, "Duration", human_duration(Span((end.0 - start.0).max(0) as u64)));
    }
}

const SHOWN_INDEXES: usize = 50;

/// The completed indexes, cut off behind a comma where they are many.
fn indexes(text: &str) -> String {
    match text.get(..SHOWN_INDEXES) {
        Some(start) if text.len() > SHOWN_INDEXES + 3 => {
            format!("{},...", &start[..start.rfind(',').unwrap_or(SHOWN_INDEXES)])
        }
        _ => or_none(text),
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/describe describeCronJob.
pub(super) fn print_cron(page: &mut Page, cron: &Object, _: &dyn Reader) {
    let (spec, status) = (cron.spec(), cron.status());
    let or_unset = |value: &Value, unit: &str| {
        value.opt_int().map_or_else(|| "<unset>".to_owned(), |number| format!("{number}{unit}"))
    };
    page.identity(cron.metadata());
    page.labels("Labels", cron.labels());
    page.annotations("Annotations", cron.metadata().get("annotations"));
    page.field(0, "Schedule", spec.get("schedule").str());
    page.field(0, "Concurrency Policy", spec.get("concurrencyPolicy").str());
    page.field(
        0,
        "Suspend",
        match spec.get("suspend").opt_bool() {
            Some(true) => "True",
            Some(false) => "False",
            None => "<unset>",
        },
    );
    page.field(0, "Time Zone", spec.get("timeZone").opt_str().unwrap_or("<unset>"));
    page.field(0, "Successful Job History Limit", or_unset(spec.get("successfulJobsHistoryLimit"), ""));
    page.field(0, "Failed Job History Limit", or_unset(spec.get("failedJobsHistoryLimit"), ""));
    page.field(0, "Starting Deadline Seconds", or_unset(spec.get("startingDeadlineSeconds"), "s"));
    let job = spec.at("jobTemplate.spec");
    match job.get("selector") {
        Value::Null => page.field(0, "Selector", "<unset>"),
        selector => page.field(0, "Selector", selector_text(selector)),
    }
    page.field(0, "Parallelism", or_unset(job.get("parallelism"), ""));
    page.field(0, "Completions", or_unset(job.get("completions"), ""));
    number(page, "Active Deadline Seconds", job.get("activeDeadlineSeconds"), "s");
    template::print(page, job.get("template"));
    match status.get("lastScheduleTime") {
        Value::Null => page.field(0, "Last Schedule Time", "<unset>"),
        at => page.field(0, "Last Schedule Time", time_text(at)),
    }
    let active: Vec<&str> = status.get("active").list().iter().map(|job| job.get("name").str()).collect();
    page.field(0, "Active Jobs", or_none(&active.join(", ")));
}
