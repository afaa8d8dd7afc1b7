//! Virtual time: an instant counts microseconds since the scenario's epoch. It never asks the outside world what time it is.

use std::fmt;
use std::ops::{Add, Sub};

/// An instant of virtual time, in microseconds since the epoch of the scenario.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct SimTime(pub u64);

/// A length of virtual time, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Span(pub u64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// So many microseconds.
    pub const fn micros(n: u64) -> Span {
        Span(n)
    }

    /// So many milliseconds.
    pub const fn millis(n: u64) -> Span {
        Span(n * 1_000)
    }

    /// So many seconds.
    pub const fn secs(n: u64) -> Span {
        Span(n * 1_000_000)
    }

    /// Whole seconds, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Whole milliseconds, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000
    }
}

impl SimTime {
    /// The length of time since `earlier`; zero when `earlier` is later.
    pub const fn since(self, earlier: SimTime) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Span> for SimTime {
    type Output = SimTime;
    fn add(self, span: Span) -> SimTime {
        SimTime(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for SimTime {
    type Output = SimTime;
    fn sub(self, span: Span) -> SimTime {
        SimTime(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0 + other.0)
    }
}

/// A date and time of day in UTC, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `at` of a scenario that begins at `epoch`.
    pub fn of(epoch: Timestamp, at: SimTime) -> Timestamp {
        Timestamp(epoch.0 + at.0 as i64)
    }

    /// The instant as virtual time of a scenario that begins at `epoch`; the epoch itself for what lies before it.
    pub fn to_sim(self, epoch: Timestamp) -> SimTime {
        SimTime((self.0 - epoch.0).max(0) as u64)
    }

    /// Reads `2026-11-23T03:22:13Z`, with a fraction of a second where there is one. Offsets other than Z are refused.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let (date, rest) = text.split_once(['T', 't'])?;
        let clock = rest.strip_suffix(['Z', 'z'])?;
        let mut parts = date.splitn(3, '-').map(|p| p.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let mut parts = whole.splitn(3, ':').map(|p| p.parse::<i64>().ok());
        let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let mut micros = 0;
        for (i, c) in fraction.chars().enumerate() {
            let digit = i64::from(c.to_digit(10)?);
            if i < 6 {
                micros += digit * 10_i64.pow(5 - i as u32);
            }
        }
        let days = days_from_civil(year, month, day);
        Some(Timestamp(((days * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + micros))
    }

    /// Whole seconds since 1970.
    pub fn unix_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Year, month, day, hour, minute, second and day of the week (0 = Sunday).
    pub fn civil(self) -> Civil {
        let secs = self.unix_secs();
        let days = secs.div_euclid(86_400);
        let rest = secs.rem_euclid(86_400);
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            weekday: (days + 4).rem_euclid(7),
        }
    }

    /// `2026-11-23T03:22:13Z`, as metav1.Time is written: whole seconds.
    pub fn rfc3339(self) -> String {
        let c = self.civil();
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }

    /// `2026-11-23T03:22:13.123456Z`, as metav1.MicroTime is written.
    pub fn rfc3339_micro(self) -> String {
        let text = self.rfc3339();
        format!("{}.{:06}Z", &text[..text.len() - 1], self.0.rem_euclid(1_000_000))
    }

    /// `Mon, 23 Nov 2026 03:22:13 +0000`, as `kubectl describe` prints a time.
    pub fn rfc1123z(self) -> String {
        let c = self.civil();
        let weekday = WEEKDAYS[c.weekday as usize];
        let month = MONTHS[c.month as usize - 1];
        format!("{weekday}, {:02} {month} {:04} {:02}:{:02}:{:02} +0000", c.day, c.year, c.hour, c.minute, c.second)
    }

    /// `Mon Nov 23 03:22:13 UTC 2026`, as `date` prints a time.
    pub fn unix_date(self) -> String {
        let c = self.civil();
        let weekday = WEEKDAYS[c.weekday as usize];
        let month = MONTHS[c.month as usize - 1];
        format!("{weekday} {month} {:>2} {:02}:{:02}:{:02} UTC {}", c.day, c.hour, c.minute, c.second, c.year)
    }
}

/// A broken-down time in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// Year of the Gregorian calendar.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// 0 = Sunday.
    pub weekday: i64,
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Days since 1970-01-01 of a Gregorian date (Howard Hinnant's `days_from_civil`).
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}

/// An age as kubectl prints it: `5s`, `2m5s`, `5m`, `3h10m`, `2d4h`, `3y`.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/duration HumanDuration. A negative span cannot be expressed here, so
/// upstream's `<invalid>` is the caller's to print.
pub fn human_duration(span: Span) -> String {
    let seconds = span.as_secs();
    let minutes = seconds / 60;
    let hours = minutes / 60;
    let days = hours / 24;
    let two = |a: u64, au: &str, b: u64, bu: &str| if b == 0 { format!("{a}{au}") } else { format!("{a}{au}{b}{bu}") };
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        two(minutes, "m", seconds % 60, "s")
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        two(hours, "h", minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if hours < 192 {
        two(days, "d", hours % 24, "h")
    } else if hours < 24 * 365 * 2 {
        format!("{days}d")
    } else if hours < 24 * 365 * 8 {
        two(days / 365, "y", days % 365, "d")
    } else {
        format!("{}y", days / 365)
    }
}

/// Reads a Go duration such as `30s`, `1m30s`, `1.5h`, `250ms`; a bare `0` is zero.
pub fn parse_duration(text: &str) -> Option<Span> {
    if text == "0" {
        return Some(Span::ZERO);
    }
    let mut rest = text;
    let mut micros = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(0);
        if digits == 0 {
            return None;
        }
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit_len = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match &rest[..unit_len] {
            "ns" => 1e-3,
            "us" | "µs" | "μs" => 1.0,
            "ms" => 1e3,
            "s" => 1e6,
            "m" => 60e6,
            "h" => 3600e6,
            _ => return None,
        };
        micros += (number * unit).round() as u64;
        rest = &rest[unit_len..];
    }
    Some(Span(micros))
}

impl fmt::Display for Span {
    /// As Go prints a time.Duration: `1m30s`, `300ms`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0;
        if micros == 0 {
            return write!(f, "0s");
        }
        if micros < 1_000 {
            return write!(f, "{micros}µs");
        }
        if micros < 1_000_000 {
            return write!(f, "{}ms", trim_fraction(micros, 1_000, 3));
        }
        let (hours, minutes) = (micros / 3_600_000_000, micros / 60_000_000 % 60);
        let seconds = trim_fraction(micros % 60_000_000, 1_000_000, 6);
        match (hours, minutes) {
            (0, 0) => write!(f, "{seconds}s"),
            (0, m) => write!(f, "{m}m{seconds}s"),
            (h, m) => write!(f, "{h}h{m}m{seconds}s"),
        }
    }
}

fn trim_fraction(value: u64, unit: u64, digits: usize) -> String {
    let fraction = value % unit;
    if fraction == 0 {
        return (value / unit).to_string();
    }
    let text = format!("{:0digits$}", fraction);
    format!("{}.{}", value / unit, text.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_survive_a_round_trip() {
        for text in ["2026-11-23T03:22:13Z", "1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z"] {
            assert_eq!(Timestamp::parse(text).unwrap().rfc3339(), text);
        }
        assert_eq!(Timestamp::parse("2026-11-23T03:22:13Z").unwrap().rfc1123z(), "Mon, 23 Nov 2026 03:22:13 +0000");
        assert_eq!(Timestamp::parse("2026-13-23T03:22:13Z"), None);
    }

    #[test]
    fn durations_read_and_print_as_in_go() {
        for (text, printed) in
            [("90s", "1m30s"), ("1.5h", "1h30m0s"), ("250ms", "250ms"), ("0", "0s"), ("1m30.5s", "1m30.5s")]
        {
            assert_eq!(parse_duration(text).unwrap().to_string(), printed);
        }
        assert_eq!(parse_duration("5"), None);
    }
}
