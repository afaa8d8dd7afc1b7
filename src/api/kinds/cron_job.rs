//! CronJob.

use super::cells::{container_fields, selector_text, shown, wide};
use super::*;

pub(super) static KIND: Kind = Kind {
    kind: "CronJob",
    group: "batch",
    version: "v1",
    plural: "cronjobs",
    singular: "cronjob",
    short_names: &["cj"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: defaults::cron_job,
    validate: validation::cron_job::create,
    validate_update: validation::cron_job::update,
    columns: COLUMNS,
    cells,
    support: &[Support { field: "", depth: Depth::Modelled, note: "Time zones by their present rules." }],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("SCHEDULE"),
    shown("TIMEZONE"),
    shown("SUSPEND"),
    shown("ACTIVE"),
    shown("LAST SCHEDULE"),
    shown("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

/// Models pkg/printers/internalversion/printers.go printCronJob.
fn cells(cron_job: &Object, context: &PrintContext) -> Vec<String> {
    let job = cron_job.at("spec.jobTemplate.spec");
    let or_none = |text: &str| if text.is_empty() { "<none>".to_owned() } else { text.to_owned() };
    let suspended = match cron_job.at("spec.suspend").opt_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    let last = Timestamp::parse(cron_job.at("status.lastScheduleTime").str());
    vec![
        cron_job.name().to_owned(),
        cron_job.at("spec.schedule").str().to_owned(),
        or_none(cron_job.at("spec.timeZone").str()),
        suspended.to_owned(),
        cron_job.at("status.active").list().len().to_string(),
        last.map_or_else(|| "<none>".to_owned(), |at| age_since(at, context.now)),
        age(cron_job, context),
        container_fields(job.at("template.spec"), "name"),
        container_fields(job.at("template.spec"), "image"),
        selector_text(job.get("selector")),
    ]
}
