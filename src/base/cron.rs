//! Cron schedules: read as the library behind CronJobs reads them, and the next instant at which one is due.
//!
//! Models github.com/robfig/cron v3 ParseStandard and SpecSchedule.Next, with their error texts.

use super::time::{parse_duration, Span, Timestamp};
use super::zone::Zone;

/// A schedule.
#[derive(Clone, PartialEq, Debug)]
pub enum Schedule {
    /// Each so often, counted from the last time in whole seconds: `@every 5m`.
    Every(Span),
    /// By the clock.
    Clock(Fields),
}

/// The minutes, hours and days of a schedule, as sets of numbers.
#[derive(Clone, PartialEq, Debug)]
pub struct Fields {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
}

/// Marks a set that was written as `*` or `?`.
const STAR: u64 = 1 << 63;
/// A schedule that is not due within so many years is never due.
const YEARS: i64 = 5;

struct Range {
    least: u64,
    most: u64,
    names: &'static [&'static str],
}

const SECONDS: Range = Range { least: 0, most: 59, names: &[] };
const MINUTES: Range = Range { least: 0, most: 59, names: &[] };
const HOURS: Range = Range { least: 0, most: 23, names: &[] };
const DAYS: Range = Range { least: 1, most: 31, names: &[] };
const MONTHS: Range = Range {
    least: 1,
    most: 12,
    names: &["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAYS: Range = Range { least: 0, most: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

impl Schedule {
    /// Reads a schedule of five fields or a descriptor such as `@hourly`.
    pub fn parse(text: &str) -> Result<Schedule, String> {
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        if text.starts_with('@') {
            return parse_descriptor(text);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 5 {
            return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
        }
        Ok(Schedule::Clock(Fields {
            seconds: 1,
            minutes: parse_field(fields[0], &MINUTES)?,
            hours: parse_field(fields[1], &HOURS)?,
            days: parse_field(fields[2], &DAYS)?,
            months: parse_field(fields[3], &MONTHS)?,
            weekdays: parse_field(fields[4], &WEEKDAYS)?,
        }))
    }

    /// Reads a schedule of six fields, the seconds first. Kubernetes has no such schedules; upstream's examples have.
    pub fn parse_with_seconds(text: &str) -> Result<Schedule, String> {
        let (seconds, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut schedule = Schedule::parse(rest.trim_start())?;
        if let Schedule::Clock(fields) = &mut schedule {
            fields.seconds = parse_field(seconds, &SECONDS)?;
        }
        Ok(schedule)
    }

    /// The first instant after `after` at which it is due on the clocks of `zone`; none where it never is.
    pub fn next(&self, after: Timestamp, zone: Zone) -> Option<Timestamp> {
        match self {
            Schedule::Every(span) => {
                let whole = Timestamp(after.0 - after.0.rem_euclid(1_000_000));
                Some(Timestamp(whole.0 + span.0 as i64))
            }
            Schedule::Clock(fields) => fields.next(after, zone),
        }
    }
}

impl Fields {
    fn next(&self, after: Timestamp, zone: Zone) -> Option<Timestamp> {
        let mut at = Timestamp((after.0.div_euclid(1_000_000) + 1) * 1_000_000);
        let last_year = zone.local(at).year + YEARS;
        let mut moved = false;
        'wrap: loop {
            let mut c = zone.local(at);
            if c.year > last_year {
                return None;
            }
            while !has(self.months, c.month) {
                at = zone.instant(c.year, c.month + 1, if moved { c.day } else { 1 }, 0, 0, 0);
                moved = true;
                c = zone.local(at);
                if c.month == 1 {
                    continue 'wrap;
                }
            }
            while !self.day_matches(c.day, c.weekday) {
                at = midnight(zone.instant(c.year, c.month, c.day + 1, if moved { c.hour } else { 0 }, 0, 0), zone);
                moved = true;
                c = zone.local(at);
                if c.day == 1 {
                    continue 'wrap;
                }
            }
            while !has(self.hours, c.hour) {
                if !moved {
                    at = zone.instant(c.year, c.month, c.day, c.hour, 0, 0);
                    moved = true;
                }
                at = Timestamp(at.0 + 3_600_000_000);
                c = zone.local(at);
                if c.hour == 0 {
                    continue 'wrap;
                }
            }
            while !has(self.minutes, c.minute) {
                if !moved {
                    at = Timestamp(at.0 - c.second * 1_000_000);
                    moved = true;
                }
                at = Timestamp(at.0 + 60_000_000);
                c = zone.local(at);
                if c.minute == 0 {
                    continue 'wrap;
                }
            }
            while !has(self.seconds, c.second) {
                moved = true;
                at = Timestamp(at.0 + 1_000_000);
                c = zone.local(at);
                if c.second == 0 {
                    continue 'wrap;
                }
            }
            return Some(at);
        }
    }

    /// Both day fields must fit where one of them is a star; otherwise either may.
    fn day_matches(&self, day: i64, weekday: i64) -> bool {
        let (by_day, by_weekday) = (has(self.days, day), has(self.weekdays, weekday));
        if (self.days | self.weekdays) & STAR != 0 {
            by_day && by_weekday
        } else {
            by_day || by_weekday
        }
    }
}

/// A midnight that the clocks jump over is one or the other side of it; upstream goes to the day's first hour.
fn midnight(at: Timestamp, zone: Zone) -> Timestamp {
    match zone.local(at).hour {
        0 => at,
        hour if hour > 12 => Timestamp(at.0 + (24 - hour) * 3_600_000_000),
        hour => Timestamp(at.0 - hour * 3_600_000_000),
    }
}

fn has(set: u64, n: i64) -> bool {
    set >> n & 1 == 1
}

fn parse_descriptor(text: &str) -> Result<Schedule, String> {
    let clock = |spec: &str| Schedule::parse(spec);
    match text {
        "@yearly" | "@annually" => clock("0 0 1 1 *"),
        "@monthly" => clock("0 0 1 * *"),
        "@weekly" => clock("0 0 * * 0"),
        "@daily" | "@midnight" => clock("0 0 * * *"),
        "@hourly" => clock("0 * * * *"),
        _ => match text.strip_prefix("@every ") {
            Some(every) => match parse_duration(every) {
                Some(span) => Ok(Schedule::Every(Span::secs(span.as_secs().max(1)))),
                None => Err(format!("failed to parse duration {text}: time: invalid duration \"{every}\"")),
            },
            None => Err(format!("unrecognized descriptor: {text}")),
        },
    }
}

fn parse_field(text: &str, range: &Range) -> Result<u64, String> {
    text.split(',').filter(|part| !part.is_empty()).try_fold(0, |set, part| Ok(set | parse_range(part, range)?))
}

/// Models parser.go getRange: `number | number "-" number [ "/" number ]`, a star or a question mark.
fn parse_range(text: &str, range: &Range) -> Result<u64, String> {
    let mut steps = text.split('/');
    let ends = steps.next().unwrap_or_default();
    let step = steps.next();
    let mut bounds = ends.split('-');
    let low = bounds.next().unwrap_or_default();
    let high = bounds.next();
    let (start, mut end, mut star) = if low == "*" || low == "?" {
        (range.least, range.most, STAR)
    } else {
        let start = parse_number(low, range)?;
        let end = match high {
            None => start,
            Some(high) => parse_number(high, range)?,
        };
        if bounds.next().is_some() {
            return Err(format!("too many hyphens: {text}"));
        }
        (start, end, 0)
    };
    let step = match step {
        None => 1,
        Some(step) => {
            let step = parse_int(step)?;
            if high.is_none() {
                end = range.most;
            }
            if step > 1 {
                star = 0;
            }
            step
        }
    };
    if steps.next().is_some() {
        return Err(format!("too many slashes: {text}"));
    }
    if start < range.least {
        return Err(format!("beginning of range ({start}) below minimum ({}): {text}", range.least));
    }
    if end > range.most {
        return Err(format!("end of range ({end}) above maximum ({}): {text}", range.most));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok((start..=end).step_by(step as usize).fold(star, |set, n| set | 1 << n))
}

fn parse_number(text: &str, range: &Range) -> Result<u64, String> {
    let lower = text.to_lowercase();
    match range.names.iter().position(|name| !name.is_empty() && **name == lower) {
        Some(n) => Ok(n as u64),
        None => parse_int(text),
    }
}

fn parse_int(text: &str) -> Result<u64, String> {
    match text.parse::<i64>() {
        Ok(n) if n < 0 => Err(format!("negative number ({n}) not allowed: {text}")),
        Ok(n) => Ok(n as u64),
        Err(_) => Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax")),
    }
}
