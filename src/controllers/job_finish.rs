//! Whether a Job is to end, and how: enough successes, too many failures, too much time, or what its policies say.

use super::job_count::{index_of, is_failed, is_indexed, is_tracked, Tally};
use super::job_indexes;
use crate::api::{Object, Value};
use crate::base::time::Span;
use crate::store::{Plan, View};

/// How a Job ends.
#[derive(Clone, PartialEq, Debug)]
pub struct Finish {
    /// True for success.
    pub complete: bool,
    /// `CompletionsReached`.
    pub reason: String,
    /// The text of the condition.
    pub message: String,
}

/// True for a Job that has ended.
pub fn is_finished(job: &Object) -> bool {
    job.has_condition("Complete") || job.has_condition("Failed")
}

/// Decides whether the Job is to end now, or has been decided to.
///
/// Models pkg/controller/job/job_controller.go syncJob, the part that finds finishedCondition.
pub fn decide(view: &View, job: &Object, tally: &Tally, plan: &mut Plan) -> Option<Finish> {
    decided(job)
        .or_else(|| by_failure_policy(job, tally))
        .or_else(|| by_backoff_limit(job, tally))
        .or_else(|| by_deadline(view, job, plan))
        .or_else(|| by_failed_indexes(job, tally))
        .or_else(|| by_success_policy(job, tally))
}

fn decided(job: &Object) -> Option<Finish> {
    [("FailureTarget", false), ("SuccessCriteriaMet", true)].iter().find_map(|(kind, complete)| {
        let condition = job.condition(kind);
        (condition.get("status").str() == "True").then(|| Finish {
            complete: *complete,
            reason: condition.get("reason").str().to_owned(),
            message: condition.get("message").str().to_owned(),
        })
    })
}

fn failed(reason: &str, message: impl Into<String>) -> Option<Finish> {
    Some(Finish { complete: false, reason: reason.to_owned(), message: message.into() })
}

fn by_failure_policy(job: &Object, tally: &Tally) -> Option<Finish> {
    let rules = job.at("spec.podFailurePolicy.rules").list();
    if rules.is_empty() {
        return None;
    }
    let ended = tally.pods.iter().filter(|pod| is_tracked(pod) && is_failed(pod, job));
    let message = ended.filter_map(|pod| match_rule(rules, pod)).find(|(action, _)| *action == "FailJob")?.1;
    failed("PodFailurePolicy", message)
}

/// The action of the first rule that a failed pod matches, and what it says.
///
/// Models pkg/controller/job/pod_failure_policy.go matchPodFailurePolicy.
pub fn match_rule<'a>(rules: &'a [Value], pod: &Object) -> Option<(&'a str, String)> {
    rules.iter().enumerate().find_map(|(i, rule)| {
        let action = rule.get("action").str();
        if !["FailJob", "FailIndex", "Ignore", "Count"].contains(&action) {
            return None;
        }
        let text = exit_code_match(rule.get("onExitCodes"), pod)
            .map(|(name, code)| format!("Container {name} for pod {} failed with exit code {code}", pod.key()))
            .or_else(|| {
                condition_match(rule.get("onPodConditions"), pod)
                    .map(|condition| format!("Pod {} has condition {condition}", pod.key()))
            })?;
        Some((action, format!("{text} matching {action} rule at index {i}")))
    })
}

fn exit_code_match<'a>(requirement: &Value, pod: &'a Object) -> Option<(&'a str, i64)> {
    let statuses = ["status.initContainerStatuses", "status.containerStatuses"];
    let all = statuses.iter().flat_map(|path| pod.at(path).list());
    let name = requirement.get("containerName").str();
    let codes = requirement.get("values").list();
    all.filter(|status| name.is_empty() || status.get("name").str() == name).find_map(|status| {
        let code = status.at("state.terminated.exitCode").opt_int().filter(|code| *code != 0)?;
        let listed = codes.iter().any(|c| c.int() == code);
        let hit = match requirement.get("operator").str() {
            "In" => listed,
            "NotIn" => !listed,
            _ => false,
        };
        hit.then(|| (status.get("name").str(), code))
    })
}

fn condition_match<'a>(patterns: &'a Value, pod: &Object) -> Option<&'a str> {
    let hit = |pattern: &&Value| {
        let condition = pod.condition(pattern.get("type").str());
        !condition.is_null() && condition.get("status") == pattern.get("status")
    };
    patterns.list().iter().find(hit).map(|pattern| pattern.get("type").str())
}

fn by_backoff_limit(job: &Object, tally: &Tally) -> Option<Finish> {
    let limit = job.at("spec.backoffLimit").int();
    if tally.failed > limit || restarts_exceed(job, tally, limit) {
        return failed("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    }
    None
}

/// Models pkg/controller/job/job_controller.go pastBackoffLimitOnFailure.
fn restarts_exceed(job: &Object, tally: &Tally, limit: i64) -> bool {
    if job.at("spec.template.spec.restartPolicy").str() != "OnFailure" {
        return false;
    }
    let live = tally.pods.iter().filter(|pod| matches!(pod.at("status.phase").str(), "Running" | "Pending"));
    let statuses = live.flat_map(|pod| {
        pod.at("status.initContainerStatuses").list().iter().chain(pod.at("status.containerStatuses").list())
    });
    let restarts: i64 = statuses.map(|status| status.get("restartCount").int()).sum();
    if limit == 0 {
        restarts > 0
    } else {
        restarts >= limit
    }
}

fn by_deadline(view: &View, job: &Object, plan: &mut Plan) -> Option<Finish> {
    let deadline = job.at("spec.activeDeadlineSeconds").opt_int()?;
    let start = job.at("status.startTime");
    if start.is_null() || job.at("spec.suspend").bool() {
        if !job.at("spec.suspend").bool() {
            plan.again_after(Span::secs(deadline as u64));
        }
        return None;
    }
    let active = view.since(start.str());
    let allowed = Span::secs(deadline as u64);
    if active >= allowed {
        return failed("DeadlineExceeded", "Job was active longer than specified deadline");
    }
    plan.again_after(Span(allowed.0 - active.0));
    None
}

fn by_failed_indexes(job: &Object, tally: &Tally) -> Option<Finish> {
    let indexes = tally.failed_indexes.as_ref()?;
    let most = job.at("spec.maxFailedIndexes").opt_int();
    if most.is_some_and(|most| indexes.len() as i64 > most) {
        return failed("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
    }
    let all = job.at("spec.completions").int();
    if !indexes.is_empty() && (indexes.len() + tally.succeeded_indexes.len()) as i64 >= all {
        return failed("FailedIndexes", "Job has failed indexes");
    }
    None
}

fn by_success_policy(job: &Object, tally: &Tally) -> Option<Finish> {
    let rules = job.at("spec.successPolicy.rules").list();
    let message = matched_success(rules, &tally.succeeded_indexes).filter(|_| is_indexed(job))?;
    Some(Finish { complete: true, reason: "SuccessPolicy".to_owned(), message })
}

/// What the first rule that the succeeded indexes meet says of itself.
///
/// Models pkg/controller/job/success_policy.go matchSuccessPolicy.
pub fn matched_success(rules: &[Value], succeeded: &[i64]) -> Option<String> {
    let hit = rules.iter().position(|rule| {
        let among = rule.get("succeededIndexes").str();
        let wanted = job_indexes::parse(among);
        let met = succeeded.iter().filter(|i| among.is_empty() || wanted.contains(i)).count() as i64;
        let needed = rule.get("succeededCount").opt_int().unwrap_or(wanted.len() as i64);
        needed > 0 && met >= needed
    })?;
    Some(format!("Matched rules at index {hit}"))
}

/// Success, where enough pods have succeeded and none is active any more.
pub fn by_completions(job: &Object, tally: &Tally, active: i64) -> Option<Finish> {
    let met = match job.at("spec.completions").opt_int() {
        Some(wanted) => tally.succeeded >= wanted && active == 0,
        None => tally.succeeded > 0 && active == 0,
    };
    met.then(|| Finish {
        complete: true,
        reason: "CompletionsReached".to_owned(),
        message: "Reached expected number of succeeded pods".to_owned(),
    })
}

/// True where a failed pod of an Indexed Job may be replaced: its index is neither done nor given up.
pub fn is_open(index: i64, tally: &Tally) -> bool {
    !tally.succeeded_indexes.contains(&index)
        && !tally.failed_indexes.as_ref().is_some_and(|failed| failed.contains(&index))
        && !tally.active.iter().any(|pod| index_of(pod) == Some(index))
}
