//! What a YAML scalar means to kubectl's reader: YAML 1.1 truth values, Go's numbers, and text for everything else.
//!
//! It never looks beyond the one scalar.

use super::value::Value;

/// The value of a scalar. `plain` is false for a quoted or block scalar, which is text whatever it says; `tag` is a handle and
/// a suffix.
///
/// Models sigs.k8s.io/yaml goyaml.v2 resolve: what looks like a time stays text.
pub fn resolve(text: &str, plain: bool, tag: Option<(&str, &str)>) -> Value {
    match tag {
        None | Some(("!", "")) if !plain => Value::from(text),
        None => resolve_plain(text),
        Some(("tag:yaml.org,2002:" | "!!", suffix)) => match suffix {
            "str" => Value::from(text),
            "binary" => binary(text),
            "float" => match resolve_plain(text) {
                Value::Int(n) => Value::Int(n),
                Value::Float(x) => Value::Float(x),
                _ => Value::from(text),
            },
            _ => resolve_plain(text),
        },
        Some(_) => Value::from(text),
    }
}

fn binary(text: &str) -> Value {
    use base64::Engine;
    let compact: String = text.split_whitespace().collect();
    match base64::engine::general_purpose::STANDARD.decode(compact) {
        Ok(bytes) => Value::from(String::from_utf8_lossy(&bytes).into_owned()),
        Err(_) => Value::from(text),
    }
}

fn resolve_plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false)
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    match text.as_bytes()[0] {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text).unwrap_or_else(|| Value::from(text)),
        _ => Value::from(text),
    }
}

fn number(text: &str) -> Option<Value> {
    if text.starts_with('.') {
        return is_float(text).then(|| float(text)).flatten();
    }
    let plain: String = text.chars().filter(|&c| c != '_').collect();
    if let Some(n) = integer(&plain) {
        return Some(i64::try_from(n).map_or(Value::Float(n as f64), Value::Int));
    }
    is_float(&plain).then(|| float(&plain)).flatten()
}

/// An integer as Go's strconv.ParseInt and ParseUint read it with base 0: `0x1f`, `0o17`, `017`, `0b11`.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_str() {
        d if d.starts_with("0x") => (16, &d[2..]),
        d if d.starts_with("0b") => (2, &d[2..]),
        d if d.starts_with("0o") => (8, &d[2..]),
        d if d.len() > 1 && d.starts_with('0') => (8, &d[1..]),
        d => (10, d),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let n = i128::from_str_radix(digits, radix).ok()?;
    let n = if negative { -n } else { n };
    (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&n).then_some(n)
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e.strip_prefix(['-', '+']).unwrap_or(e))),
        None => (text, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((w, f)) => (w, Some(f)),
        None => (mantissa, None),
    };
    let mantissa_ok =
        digits(whole) && digits(fraction.unwrap_or("")) && !(whole.is_empty() && fraction.unwrap_or("").is_empty());
    mantissa_ok && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

/// A number as it comes out of JSON again: Go writes a float without fraction as a whole number.
fn float(text: &str) -> Option<Value> {
    let x: f64 = text.parse().ok()?;
    Some(from_float(x))
}

/// A float as a value: whole where JSON would write it so.
pub fn from_float(x: f64) -> Value {
    if x.fract() == 0.0 && x.abs() < 9e18 {
        Value::Int(x as i64)
    } else {
        Value::Float(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn scalars_mean_what_go_makes_of_them() {
        let cases: &[(&str, Value)] = &[
            ("yes", value!(true)),
            ("N", value!(false)),
            ("off", value!(false)),
            ("oN", value!("oN")),
            ("~", Value::Null),
            ("", Value::Null),
            ("017", Value::Int(15)),
            ("0o17", Value::Int(15)),
            ("08", Value::Int(8)),
            ("0x1F", Value::Int(31)),
            ("1_000", Value::Int(1000)),
            ("1.0", Value::Int(1)),
            ("1.5", Value::Float(1.5)),
            ("1e3", Value::Int(1000)),
            (".5", Value::Float(0.5)),
            ("1.2.3", value!("1.2.3")),
            ("12:30:45", value!("12:30:45")),
            ("2001-01-01", value!("2001-01-01")),
            ("100m", value!("100m")),
            ("+12", Value::Int(12)),
            ("-", value!("-")),
            (".", value!(".")),
            ("0x", value!("0x")),
        ];
        for (text, wanted) in cases {
            assert_eq!(&resolve(text, true, None), wanted, "{text}");
        }
        assert_eq!(resolve("yes", false, None), value!("yes"));
        assert_eq!(resolve("1", true, Some(("tag:yaml.org,2002:", "str"))), value!("1"));
    }
}
