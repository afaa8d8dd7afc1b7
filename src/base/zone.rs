//! Time zones by their names in the IANA database: the rule that holds now, applied to all years. What a zone did before
//! its present rule is left out.

use super::time::{days_from_civil, Civil, Timestamp};

/// Name and POSIX rule of each zone, sorted by name.
static ZONES: &str = include_str!("zones.txt");

/// The rule of a time zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Zone {
    /// Seconds east of Greenwich in winter.
    standard_secs: i64,
    /// Seconds east of Greenwich in summer, with the change into it and out of it; none without summer time.
    summer: Option<(i64, Turn, Turn)>,
}

/// When clocks change: a weekday of a month, or a day of the year.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    /// Month, week (5 = last), weekday (0 = Sunday), seconds after midnight on the clock that is in force until then.
    Weekday(i64, i64, i64, i64),
    /// Day of the year from 1 without February 29, seconds after midnight.
    Julian(i64, i64),
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone { standard_secs: 0, summer: None };

    /// A zone by name, in any case: `Europe/Paris`.
    pub fn find(name: &str) -> Option<Zone> {
        if name.is_empty() {
            return Some(Zone::UTC);
        }
        let line = ZONES.lines().find(|line| line.split(' ').next().is_some_and(|n| n.eq_ignore_ascii_case(name)))?;
        Zone::parse(line.split(' ').nth(1)?)
    }

    /// Reads a POSIX rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    fn parse(rule: &str) -> Option<Zone> {
        let mut parts = rule.split(',');
        let (standard_secs, rest) = take_offset(skip_name(parts.next()?)).map(|(secs, rest)| (-secs, rest))?;
        if rest.is_empty() {
            return Some(Zone { standard_secs, summer: None });
        }
        let summer_secs = match skip_name(rest) {
            "" => standard_secs + 3_600,
            offset => -take_offset(offset)?.0,
        };
        let (into, out) = (parse_turn(parts.next()?)?, parse_turn(parts.next()?)?);
        Some(Zone { standard_secs, summer: Some((summer_secs, into, out)) })
    }

    /// Seconds east of Greenwich at an instant.
    pub fn offset_secs(&self, at: Timestamp) -> i64 {
        let Some((summer_secs, into, out)) = self.summer else {
            return self.standard_secs;
        };
        let utc = at.unix_secs();
        let year = Timestamp((utc + self.standard_secs) * 1_000_000).civil().year;
        let begins = into.local_secs(year) - self.standard_secs;
        let ends = out.local_secs(year) - summer_secs;
        let in_summer = if begins < ends { (begins..ends).contains(&utc) } else { !(ends..begins).contains(&utc) };
        if in_summer {
            summer_secs
        } else {
            self.standard_secs
        }
    }

    /// What the clocks of the zone show at an instant.
    pub fn local(&self, at: Timestamp) -> Civil {
        Timestamp(at.0 + self.offset_secs(at) * 1_000_000).civil()
    }

    /// The instant at which the clocks show a date and time; days, hours and so on beyond their range carry over.
    ///
    /// Models Go's time.Date: where clocks jump over the time or show it twice, it is one of the two answers.
    pub fn instant(&self, year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Timestamp {
        let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
        let local = days_from_civil(year, month, 1) * 86_400 + (day - 1) * 86_400 + hour * 3_600 + minute * 60 + second;
        let first = self.offset_secs(Timestamp(local * 1_000_000));
        let offset = self.offset_secs(Timestamp((local - first) * 1_000_000));
        Timestamp((local - offset) * 1_000_000)
    }
}

impl Turn {
    /// The change in a year, in seconds since 1970 on the local clock.
    fn local_secs(self, year: i64) -> i64 {
        match self {
            Turn::Weekday(month, week, weekday, secs) => {
                let first = days_from_civil(year, month, 1);
                let next =
                    if month == 12 { days_from_civil(year + 1, 1, 1) } else { days_from_civil(year, month + 1, 1) };
                let mut day = first + (weekday - (first + 4)).rem_euclid(7) + (week - 1) * 7;
                while day >= next {
                    day -= 7;
                }
                day * 86_400 + secs
            }
            Turn::Julian(day, secs) => {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let skip = i64::from(leap && day >= 60);
                (days_from_civil(year, 1, 1) + day - 1 + skip) * 86_400 + secs
            }
        }
    }
}

/// The text behind a zone's abbreviation: letters, or anything in angle brackets.
fn skip_name(text: &str) -> &str {
    match text.strip_prefix('<') {
        Some(rest) => rest.split_once('>').map_or("", |(_, rest)| rest),
        None => text.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
    }
}

/// Reads `[+-]hh[:mm[:ss]]` as seconds, and gives the rest.
fn take_offset(text: &str) -> Option<(i64, &str)> {
    let (sign, text) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(text.len());
    let mut secs = 0;
    for (part, unit) in text[..end].split(':').zip([3_600, 60, 1]) {
        secs += part.parse::<i64>().ok()? * unit;
    }
    Some((sign * secs, &text[end..]))
}

fn parse_turn(text: &str) -> Option<Turn> {
    let (day, time) = text.split_once('/').unwrap_or((text, "2"));
    let secs = take_offset(time)?.0;
    if let Some(julian) = day.strip_prefix('J') {
        return Some(Turn::Julian(julian.parse().ok()?, secs));
    }
    let mut numbers = day.strip_prefix('M')?.split('.').map(|n| n.parse::<i64>().ok());
    Some(Turn::Weekday(numbers.next()??, numbers.next()??, numbers.next()??, secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_table_is_read() {
        for line in ZONES.lines() {
            let name = line.split(' ').next().unwrap();
            assert!(Zone::find(name).is_some(), "{line}");
        }
        assert_eq!(Zone::find("Continent/Nowhere"), None);
    }

    #[test]
    fn clocks_change_when_they_do() {
        let at = |zone: &str, text: &str| Zone::find(zone).unwrap().offset_secs(Timestamp::parse(text).unwrap());
        assert_eq!(at("Europe/Paris", "2026-03-29T00:59:59Z"), 3_600);
        assert_eq!(at("Europe/Paris", "2026-03-29T01:00:00Z"), 7_200);
        assert_eq!(at("America/New_York", "2012-11-04T05:59:59Z"), -14_400);
        assert_eq!(at("America/New_York", "2012-11-04T06:00:00Z"), -18_000);
        assert_eq!(at("Australia/Sydney", "2026-01-01T00:00:00Z"), 39_600);
        assert_eq!(at("Asia/Kolkata", "2026-01-01T00:00:00Z"), 19_800);
    }
}
