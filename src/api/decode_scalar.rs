//! Plain values into Go's types: numbers, text, quantities, times and bytes, with Go's words where they do not fit.
//!
//! It knows no struct and no path.

use super::encode::float_text;
use super::schema::Type;
use super::value::Value;
use crate::base::quantity::Quantity;

/// Why a value does not fit a type.
#[derive(Clone, PartialEq, Debug)]
pub enum Misfit {
    /// It is of another kind of JSON: the error names field and type.
    Kind(String),
    /// The type has words of its own.
    Own(String),
}

/// What Go calls a value in an error: `string`, `number`, `bool`, `array`, `object`.
pub fn json_kind(value: &Value) -> String {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
    .to_owned()
}

/// What null becomes inside a list or a map.
pub fn zero(wanted: &Type) -> Value {
    match wanted {
        Type::Str(_) => Value::from(""),
        Type::Bool => Value::Bool(false),
        Type::Int(_) => Value::Int(0),
        Type::Quantity => Value::from("0"),
        _ => Value::Null,
    }
}

/// Reads a plain value that is not null.
pub fn read(value: &Value, wanted: &Type) -> Result<Value, Misfit> {
    let wrong = || Err(Misfit::Kind(json_kind(value)));
    match wanted {
        Type::Bool => value.opt_bool().map_or_else(wrong, |b| Ok(Value::Bool(b))),
        Type::Int(name) => read_int(value, name),
        Type::Float => match value {
            Value::Int(_) | Value::Float(_) => Ok(value.clone()),
            _ => wrong(),
        },
        Type::Str(_) => {
            if let Value::Str(_) = value {
                Ok(value.clone())
            } else {
                wrong()
            }
        }
        Type::Bytes => match value {
            Value::Str(text) => match base64_fault(text) {
                Some(at) => Err(Misfit::Own(format!("illegal base64 data at input byte {at}"))),
                None => Ok(Value::from(text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect::<String>())),
            },
            _ => wrong(),
        },
        Type::Quantity => read_quantity(value),
        Type::IntOrString => read_int_or_string(value),
        Type::Time => read_time(value, "2006-01-02T15:04:05Z07:00"),
        Type::MicroTime => read_time(value, "2006-01-02T15:04:05.000000Z07:00"),
        Type::Raw | Type::List(_) | Type::Map(..) | Type::Struct(_) => Ok(value.clone()),
    }
}

fn read_int(value: &Value, name: &str) -> Result<Value, Misfit> {
    match value {
        Value::Int(n) if name == "int32" && i32::try_from(*n).is_err() => Err(Misfit::Kind(format!("number {n}"))),
        Value::Int(_) => Ok(value.clone()),
        Value::Float(x) => Err(Misfit::Kind(format!("number {}", float_text(*x)))),
        _ => Err(Misfit::Kind(json_kind(value))),
    }
}

/// Models staging/src/k8s.io/apimachinery/pkg/api/resource Quantity.UnmarshalJSON: a number is as good as text.
fn read_quantity(value: &Value) -> Result<Value, Misfit> {
    let text = match value {
        Value::Str(text) => text.to_string(),
        other => super::encode::json(other),
    };
    match Quantity::parse(text.trim()) {
        Ok(quantity) => Ok(Value::from(quantity.to_string())),
        Err(error) => Err(Misfit::Own(error.to_string())),
    }
}

/// Models staging/src/k8s.io/apimachinery/pkg/util/intstr IntOrString.UnmarshalJSON.
fn read_int_or_string(value: &Value) -> Result<Value, Misfit> {
    let own = |found: String| Err(Misfit::Own(format!("json: cannot unmarshal {found} into Go value of type int32")));
    match value {
        Value::Str(_) => Ok(value.clone()),
        value => match read_int(value, "int32") {
            Err(Misfit::Kind(found)) => own(found),
            other => other,
        },
    }
}

/// Models staging/src/k8s.io/apimachinery/pkg/apis/meta/v1 Time.UnmarshalJSON. The form alone is checked.
fn read_time(value: &Value, layout: &str) -> Result<Value, Misfit> {
    let Value::Str(text) = value else {
        let found = json_kind(value);
        return Err(Misfit::Own(format!("json: cannot unmarshal {found} into Go value of type string")));
    };
    match time_fault(text) {
        None => Ok(value.clone()),
        Some((rest, part)) => {
            Err(Misfit::Own(format!("parsing time \"{text}\" as \"{layout}\": cannot parse \"{rest}\" as \"{part}\"")))
        }
    }
}

/// The rest of the text and the part of Go's layout that do not agree.
fn time_fault(text: &str) -> Option<(&str, &'static str)> {
    const PARTS: &[(&str, usize)] = &[
        ("2006", 4),
        ("-", 0),
        ("01", 2),
        ("-", 0),
        ("02", 2),
        ("T", 0),
        ("15", 2),
        (":", 0),
        ("04", 2),
        (":", 0),
        ("05", 2),
    ];
    let mut rest = text;
    for &(part, digits) in PARTS {
        let length = digits.max(1);
        let fits = match (digits, rest.get(..length)) {
            (0, Some(found)) => found == part,
            (_, Some(found)) => found.bytes().all(|b| b.is_ascii_digit()),
            (_, None) => false,
        };
        if !fits {
            return Some((rest, part));
        }
        rest = &rest[length..];
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    let offset = rest.len() == 6 && rest.starts_with(['+', '-']) && rest.as_bytes()[3] == b':';
    (rest != "Z" && !offset).then_some((rest, "Z07:00"))
}

/// Where text stops being base64, as Go's decoder counts; nothing where it is base64.
///
/// Models Go's encoding/base64 decodeQuantum.
fn base64_fault(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let newline = |b: u8| b == b'\n' || b == b'\r';
    let mut in_quantum = 0;
    let mut i = 0;
    while i < bytes.len() {
        let b = bytes[i];
        i += 1;
        if newline(b) {
            continue;
        }
        if b.is_ascii_alphanumeric() || b == b'+' || b == b'/' {
            in_quantum = (in_quantum + 1) % 4;
            continue;
        }
        if b != b'=' || in_quantum < 2 {
            return Some(i - 1);
        }
        if in_quantum == 2 {
            while i < bytes.len() && newline(bytes[i]) {
                i += 1;
            }
            if i == bytes.len() {
                return Some(bytes.len());
            }
            if bytes[i] != b'=' {
                return Some(i - 1);
            }
            i += 1;
        }
        return bytes[i..].iter().position(|&b| !newline(b)).map(|at| i + at);
    }
    (in_quantum != 0).then_some(bytes.len() - in_quantum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_to_its_first_fault() {
        let cases = [
            ("YQ==", None),
            ("YWJj", None),
            ("not-base64!", Some(3)),
            ("YQ", Some(0)),
            ("YQ=", Some(3)),
            ("YQ==x", Some(4)),
            ("", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(base64_fault(text), wanted, "{text}");
        }
    }

    #[test]
    fn times_have_one_form() {
        assert_eq!(time_fault("2026-11-23T03:22:13Z"), None);
        assert_eq!(time_fault("2026-11-23T03:22:13.5+08:00"), None);
        assert_eq!(time_fault("yesterday"), Some(("yesterday", "2006")));
        assert_eq!(time_fault("2026-11-23"), Some(("", "T")));
    }
}
