//! When a CronJob is due: arithmetic over its schedule, its last run and the time. It decides nothing else.

use crate::api::Object;
use crate::base::cron::Schedule;
use crate::base::time::Timestamp;
use crate::base::zone::Zone;

/// More missed times than this are worth a warning.
const MISSED_MANY: i64 = 100;

/// What a CronJob's schedule says at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// The latest time that is due and was not served; none where nothing is due.
    pub at: Option<Timestamp>,
    /// True where so many times were missed that something must be wrong.
    pub many_missed: bool,
    /// The next time after now.
    pub next: Option<Timestamp>,
}

/// Models pkg/controller/cronjob/utils.go mostRecentScheduleTime, nextScheduleTime and nextScheduleTimeDuration.
pub fn due(cron_job: &Object, schedule: &Schedule, zone: Zone, now: Timestamp) -> Due {
    let next = schedule.next(now, zone);
    let last = Timestamp::parse(cron_job.at("status.lastScheduleTime").str()).or_else(|| cron_job.created());
    let mut earliest = last.unwrap_or(now);
    if let Some(seconds) = cron_job.at("spec.startingDeadlineSeconds").opt_int() {
        earliest = earliest.max(Timestamp(now.0 - seconds * 1_000_000));
    }
    let none = Due { at: None, many_missed: false, next };
    let Some(first) = schedule.next(earliest, zone).filter(|first| *first <= now) else { return none };
    let Some(second) = schedule.next(first, zone).filter(|second| *second <= now) else {
        return Due { at: Some(first), ..none };
    };
    let between = ((second.0 - first.0) / 1_000_000).max(1);
    let missed = (now.0 - first.0) / 1_000_000 / between + 1;
    let mut at = Timestamp(first.0 + (missed - 2).max(0) * between * 1_000_000);
    let mut latest = first;
    while let Some(time) = schedule.next(at, zone).filter(|time| *time <= now) {
        latest = time;
        at = time;
    }
    Due { at: Some(latest), many_missed: missed > MISSED_MANY, next }
}

/// The name of the Job for a scheduled time: minutes since 1970.
///
/// Models pkg/controller/cronjob/utils.go getJobName and getTimeHashInMinutes.
pub fn job_name(cron_job: &str, at: Timestamp) -> String {
    format!("{cron_job}-{}", at.unix_secs() / 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::kind;
    use crate::value;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn hourly(last: &str, deadline: Option<i64>) -> Object {
        let mut cron_job = Object::new(kind("CronJob"), "default", "c");
        cron_job.set("metadata.creationTimestamp", "2016-05-19T08:00:00Z");
        cron_job.set("spec", value!({"schedule": "0 * * * ?"}));
        if let Some(seconds) = deadline {
            cron_job.set("spec.startingDeadlineSeconds", seconds);
        }
        if !last.is_empty() {
            cron_job.set("status.lastScheduleTime", last);
        }
        cron_job
    }

    #[test]
    fn the_latest_missed_time_is_due() {
        let schedule = Schedule::parse("0 * * * ?").unwrap();
        let due =
            |last: &str, deadline: Option<i64>, now: &str| due(&hourly(last, deadline), &schedule, Zone::UTC, at(now));
        assert_eq!(due("2016-05-19T09:00:00Z", None, "2016-05-19T09:59:00Z").at, None);
        let now = due("2016-05-19T09:00:00Z", None, "2016-05-19T10:01:00Z");
        assert_eq!((now.at, now.next), (Some(at("2016-05-19T10:00:00Z")), Some(at("2016-05-19T11:00:00Z"))));
        let late = due("2016-05-19T09:00:00Z", None, "2016-05-26T10:00:00Z");
        assert_eq!((late.at, late.many_missed), (Some(at("2016-05-26T10:00:00Z")), true));
        let bounded = due("2016-05-19T09:00:00Z", Some(7200), "2016-05-26T10:30:00Z");
        assert_eq!((bounded.at, bounded.many_missed), (Some(at("2016-05-26T10:00:00Z")), false));
        assert_eq!(due("2016-05-19T10:00:00Z", Some(10), "2016-05-19T10:12:00Z").at, None);
        assert_eq!(job_name("tick", at("2026-11-23T04:18:00Z")), "tick-29923458");
    }
}
