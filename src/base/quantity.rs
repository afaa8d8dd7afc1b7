//! Quantities: the numbers with suffixes that resources are counted in (`500m`, `1Gi`, `1e3`). Exact, without floats.
//!
//! It never knows what is counted.

use std::cmp::Ordering;

/// How a quantity is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// `1e3`.
    DecimalExponent,
    /// `1Ki`.
    BinarySi,
    /// `1k`.
    DecimalSi,
}

/// An amount, exact to a billionth. Two quantities are equal where their amounts are, however they are written.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    nano: i128,
    format: Format,
}

/// What is wrong with a text that is no quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuantityError {
    /// It has not the form of one.
    Format,
    /// Its suffix is unknown.
    Suffix,
}

impl std::fmt::Display for QuantityError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            QuantityError::Format => {
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            }
            QuantityError::Suffix => "unable to parse quantity's suffix",
        })
    }
}

const NANO: i128 = 1_000_000_000;
const MAX: i128 = i64::MAX as i128 * NANO;

const DECIMAL_SUFFIXES: &[(&str, i32)] =
    &[("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY_SUFFIXES: &[&str] = &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity { nano: 0, format: Format::DecimalSi };

    /// A whole amount.
    pub fn new(value: i64, format: Format) -> Quantity {
        Quantity { nano: value as i128 * NANO, format }
    }

    /// So many thousandths.
    pub fn from_milli(milli: i64, format: Format) -> Quantity {
        Quantity::scaled(milli, -3, format)
    }

    /// `value` times ten to the power of `scale`, rounded away from zero to billionths.
    pub fn scaled(value: i64, scale: i32, format: Format) -> Quantity {
        let nano = match scale + 9 {
            up @ 0.. => (value as i128).saturating_mul(power_of_ten(up as u32)),
            down => divide_away(value as i128, power_of_ten(down.unsigned_abs())),
        };
        Quantity { nano, format }
    }

    /// Reads a quantity. What is smaller than a billionth is rounded up to one, what is larger than 2^63-1 is cut to that.
    ///
    /// Models staging/src/k8s.io/apimachinery/pkg/api/resource ParseQuantity.
    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        let parts = Parts::split(text)?;
        let (exponent, binary, mut format) = suffix_meaning(parts.suffix).ok_or(QuantityError::Suffix)?;
        let digits = parts.whole.len() + parts.fraction.len();
        let exponent = exponent.saturating_sub(if binary { 0 } else { parts.fraction.len() as i32 });
        let decimal = parts.whole.bytes().chain(parts.fraction.bytes());
        let number = decimal.fold(0i128, |n, b| n.saturating_mul(10).saturating_add((b - b'0') as i128));
        let nano = if binary {
            let shifted = number.checked_mul(1 << exponent).and_then(|n| n.checked_mul(NANO));
            let whole = shifted.map_or(i128::MAX, |n| divide_away(n, power_of_ten(parts.fraction.len() as u32)));
            whole.min(MAX)
        } else {
            let scaled = match exponent.saturating_add(9) {
                _ if number == 0 => 0,
                up @ 0.. => number.saturating_mul(power_of_ten(up as u32)),
                down => divide_away(number, power_of_ten(down.unsigned_abs())),
            };
            let kept = digits <= 18 && exponent >= -9 && scaled < i128::MAX;
            if kept {
                scaled
            } else {
                scaled.min(MAX)
            }
        };
        if binary && nano > 0 && nano < NANO {
            format = Format::DecimalSi;
        }
        Ok(Quantity { nano: if parts.negative { -nano } else { nano }, format })
    }

    /// The amount in whole units, rounded away from zero.
    pub fn value(self) -> i64 {
        self.scaled_value(0)
    }

    /// The amount in thousandths, rounded away from zero.
    pub fn milli_value(self) -> i64 {
        self.scaled_value(-3)
    }

    /// The amount in units of ten to the power of `scale`, rounded away from zero.
    pub fn scaled_value(self, scale: i32) -> i64 {
        let n = match scale + 9 {
            up @ 0.. => divide_away(self.nano, power_of_ten(up as u32)),
            down => self.nano.saturating_mul(power_of_ten(down.unsigned_abs())),
        };
        n.clamp(i64::MIN as i128, i64::MAX as i128) as i64
    }

    /// True for nothing.
    pub fn is_zero(self) -> bool {
        self.nano == 0
    }

    /// True for less than nothing.
    pub fn is_negative(self) -> bool {
        self.nano < 0
    }

    /// True where the amount is a whole number of units.
    pub fn is_whole(self) -> bool {
        self.nano % NANO == 0
    }

    /// How the quantity is written.
    pub fn format(self) -> Format {
        self.format
    }

    fn format_of_sum(self, other: Quantity) -> Format {
        if self.is_zero() {
            other.format
        } else {
            self.format
        }
    }
}

/// The sum, written as the left side is unless that is zero.
impl std::ops::Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        Quantity { nano: self.nano.saturating_add(other.nano), format: self.format_of_sum(other) }
    }
}

/// The difference, written as the left side is unless that is zero.
impl std::ops::Sub for Quantity {
    type Output = Quantity;
    fn sub(self, other: Quantity) -> Quantity {
        Quantity { nano: self.nano.saturating_sub(other.nano), format: self.format_of_sum(other) }
    }
}

/// A multiple, written in the same way.
impl std::ops::Mul<i64> for Quantity {
    type Output = Quantity;
    fn mul(self, times: i64) -> Quantity {
        Quantity { nano: self.nano.saturating_mul(times as i128), format: self.format }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Quantity) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

/// The canonical form: the largest suffix that needs no fraction.
///
/// Models staging/src/k8s.io/apimachinery/pkg/api/resource Quantity.CanonicalizeBytes.
impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.nano == 0 {
            return f.write_str("0");
        }
        let small = self.nano.abs() < 1024 * NANO;
        if self.format == Format::BinarySi && !small && self.is_whole() {
            let (mut number, mut power) = (self.nano / NANO, 0);
            while number % 1024 == 0 && power + 1 < BINARY_SUFFIXES.len() {
                number /= 1024;
                power += 1;
            }
            return write!(f, "{number}{}", BINARY_SUFFIXES[power]);
        }
        let (mut number, mut exponent) = (self.nano, -9);
        let largest = if self.format == Format::DecimalExponent { i32::MAX } else { 18 };
        while number % 1000 == 0 && exponent < largest {
            number /= 1000;
            exponent += 3;
        }
        match DECIMAL_SUFFIXES.iter().find(|(_, e)| *e == exponent) {
            _ if self.format == Format::DecimalExponent && exponent != 0 => write!(f, "{number}e{exponent}"),
            Some((suffix, _)) => write!(f, "{number}{suffix}"),
            None => unreachable!("the exponents of the suffixes are those that are reached"),
        }
    }
}

struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

impl<'a> Parts<'a> {
    /// Models staging/src/k8s.io/apimachinery/pkg/api/resource parseQuantityString.
    fn split(text: &'a str) -> Result<Parts<'a>, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        let negative = text.starts_with('-');
        let rest = text.strip_prefix(['-', '+']).unwrap_or(text).trim_start_matches('0');
        let (whole, rest) = split_where(rest, |c| !c.is_ascii_digit());
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => split_where(rest, |c| !c.is_ascii_digit()),
            None => ("", rest),
        };
        let (_, tail) = split_where(suffix, |c| !"eEinumkKMGTP".contains(c));
        let tail = tail.strip_prefix(['-', '+']).unwrap_or(tail);
        if !tail.bytes().all(|b| b.is_ascii_digit()) {
            return Err(QuantityError::Format);
        }
        Ok(Parts { negative, whole, fraction, suffix })
    }
}

fn split_where(text: &str, stop: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(stop).unwrap_or(text.len()))
}

/// The exponent a suffix stands for, whether it is one of two, and the format it means.
fn suffix_meaning(suffix: &str) -> Option<(i32, bool, Format)> {
    if let Some((_, exponent)) = DECIMAL_SUFFIXES.iter().find(|(s, _)| *s == suffix) {
        return Some((*exponent, false, Format::DecimalSi));
    }
    if let Some(power) = BINARY_SUFFIXES.iter().position(|s| *s == suffix) {
        return Some((power as i32 * 10, true, Format::BinarySi));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse::<i64>().ok()?;
    Some((exponent.clamp(-1000, 1000) as i32, false, Format::DecimalExponent))
}

fn power_of_ten(exponent: u32) -> i128 {
    10i128.checked_pow(exponent).unwrap_or(i128::MAX)
}

fn divide_away(number: i128, by: i128) -> i128 {
    let (quotient, rest) = (number / by, number % by);
    quotient + rest.signum()
}
