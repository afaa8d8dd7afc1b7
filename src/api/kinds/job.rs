//! Job.

use super::cells::{container_fields, selector_text, shown, wide};
use super::*;
use crate::base::time::{human_duration, Span};

pub(super) static KIND: Kind = Kind {
    kind: "Job",
    group: "batch",
    version: "v1",
    plural: "jobs",
    singular: "job",
    short_names: &[],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: defaults::job,
    validate: validation::job::create,
    validate_update: validation::job::update,
    columns: COLUMNS,
    cells,
    support: &[Support {
        field: "",
        depth: Depth::Modelled,
        note: "Completions, indexes, back-off, deadlines, failure and success policies, TTL; one with another managedBy is left alone.",
    }],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("STATUS"),
    shown("COMPLETIONS"),
    shown("DURATION"),
    shown("AGE"),
    wide("CONTAINERS"),
    wide("IMAGES"),
    wide("SELECTOR"),
];

/// Models pkg/printers/internalversion/printers.go printJob.
fn cells(job: &Object, context: &PrintContext) -> Vec<String> {
    let template = job.at("spec.template.spec");
    vec![
        job.name().to_owned(),
        status(job).to_owned(),
        completions(job),
        duration(job, context),
        age(job, context),
        container_fields(template, "name"),
        container_fields(template, "image"),
        selector_text(job.at("spec.selector")),
    ]
}

fn status(job: &Object) -> &'static str {
    for (condition, text) in [("Complete", "Complete"), ("Failed", "Failed")] {
        if job.has_condition(condition) {
            return text;
        }
    }
    if job.is_deleting() {
        return "Terminating";
    }
    for condition in ["Suspended", "FailureTarget", "SuccessCriteriaMet"] {
        if job.has_condition(condition) {
            return condition;
        }
    }
    "Running"
}

fn completions(job: &Object) -> String {
    let succeeded = job.at("status.succeeded").int();
    match job.at("spec.completions").opt_int() {
        Some(wanted) => format!("{succeeded}/{wanted}"),
        None => match job.at("spec.parallelism").int() {
            parallelism if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
            _ => format!("{succeeded}/1"),
        },
    }
}

fn duration(job: &Object, context: &PrintContext) -> String {
    let Some(start) = Timestamp::parse(job.at("status.startTime").str()) else { return String::new() };
    let end = Timestamp::parse(job.at("status.completionTime").str()).unwrap_or(context.now);
    human_duration(Span((end.0 - start.0).max(0) as u64))
}
