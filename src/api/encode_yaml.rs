//! Values as YAML, exactly as `kubectl -o yaml` prints them: sigs.k8s.io/yaml over Go's emitter.
//!
//! It never writes an anchor or a tag.

use std::cmp::Ordering;

use super::encode_yaml_text::{analyze, is_sexagesimal, is_time, printable};
use super::value::Value;
use super::yaml_scalar::resolve;
use crate::base::order::Order;

/// A value as a YAML document, with a line feed at the end.
pub fn yaml(value: &Value) -> String {
    let mut out = String::new();
    write_node(value, Place { column: 0, in_map: false }, &mut out);
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// A line that is longer breaks at its next space.
const BEST_WIDTH: usize = 80;

/// Where a node goes: the column its collection's lines begin at, and whether it is the value of a map's key.
#[derive(Clone, Copy)]
struct Place {
    column: usize,
    in_map: bool,
}

/// Writes a node at the present end of the text. A collection writes its first line here and the others at its column.
fn write_node(value: &Value, place: Place, out: &mut String) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            let mut entries: Vec<&(ecow::EcoString, Value)> = map.iter().collect();
            entries.order_by(|a, b| key_order(&a.0, &b.0));
            for (i, (key, item)) in entries.into_iter().enumerate() {
                if i > 0 {
                    indent(place.column, out);
                }
                write_text(key, true, place.column, out);
                out.push(':');
                write_item(item, place.column, out);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    indent(place.column, out);
                }
                out.push_str("- ");
                write_node(item, Place { column: place.column + 2, in_map: false }, out);
                end_line(out);
            }
        }
        Value::Map(_) => out.push_str("{}"),
        Value::List(_) => out.push_str("[]"),
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::Float(x) => out.push_str(&float(*x)),
        Value::Str(text) => {
            write_text(text, false, if place.in_map { place.column } else { place.column.saturating_sub(2) }, out)
        }
    }
    end_line(out);
}

/// Writes the value of a key whose map stands at `column`: collections on lines of their own, lists not indented.
fn write_item(item: &Value, column: usize, out: &mut String) {
    match item {
        Value::Map(map) if !map.is_empty() => {
            out.push('\n');
            indent(column + 2, out);
            write_node(item, Place { column: column + 2, in_map: true }, out);
        }
        Value::List(list) if !list.is_empty() => {
            out.push('\n');
            indent(column, out);
            write_node(item, Place { column, in_map: true }, out);
        }
        _ => {
            out.push(' ');
            write_node(item, Place { column, in_map: true }, out);
        }
    }
}

fn end_line(out: &mut String) {
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

fn indent(column: usize, out: &mut String) {
    (0..column).for_each(|_| out.push(' '));
}

fn float(x: f64) -> String {
    if x.is_nan() {
        return ".nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    super::encode::float_text(x)
}

/// Writes text in the style Go's emitter chooses. `column` is where the map or the list item around it begins.
fn write_text(text: &str, is_key: bool, column: usize, out: &mut String) {
    let analysis = analyze(text);
    let means_text = !text.is_empty()
        && matches!(resolve(text, true, None), Value::Str(_))
        && !is_sexagesimal(text)
        && !is_time(text);
    let fold = (!is_key).then_some(column + 2);
    if text.contains('\n') && analysis.block_allowed && !is_key {
        return write_literal(text, column + 2, out);
    }
    if text.contains('\n') || !means_text {
        return write_double_quoted(text, fold, out);
    }
    if analysis.plain_allowed {
        write_folded(text, fold, out);
    } else if analysis.single_allowed {
        out.push('\'');
        write_folded(&text.replace('\'', "''"), fold, out);
        out.push('\'');
    } else {
        write_double_quoted(text, fold, out);
    }
}

/// Writes text that needs no escapes, broken at single spaces inside it where a line has become too long.
fn write_folded(text: &str, fold: Option<usize>, out: &mut String) {
    let mut column = column_of(out);
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        match fold {
            Some(inner)
                if c == ' '
                    && before != ' '
                    && column > BEST_WIDTH
                    && chars.peek().is_some_and(|next| *next != ' ') =>
            {
                out.push('\n');
                indent(inner, out);
                column = inner;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
        before = c;
    }
}

fn column_of(out: &str) -> usize {
    out.rfind('\n').map_or(out, |i| &out[i + 1..]).chars().count()
}

fn write_literal(text: &str, column: usize, out: &mut String) {
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    if !text.ends_with('\n') {
        out.push('-');
    } else if text.ends_with("\n\n") || text == "\n" {
        out.push('+');
    }
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(column, out);
            out.push_str(line);
        }
    }
    out.push('\n');
}

fn write_double_quoted(text: &str, fold: Option<usize>, out: &mut String) {
    out.push('"');
    let mut column = column_of(out);
    let mut chars = text.chars().peekable();
    let (mut before, mut first) = ('x', true);
    while let Some(c) = chars.next() {
        let length = out.len();
        match (fold, chars.peek()) {
            (Some(inner), Some(next)) if c == ' ' && before != ' ' && !first && column > BEST_WIDTH => {
                out.push('\n');
                indent(inner, out);
                column = inner;
                if *next == ' ' {
                    out.push('\\');
                    column += 1;
                }
            }
            _ => {
                write_escaped(c, out);
                column += out[length..].chars().count();
            }
        }
        (before, first) = (c, false);
    }
    out.push('"');
}

fn write_escaped(c: char, out: &mut String) {
    let name = match c {
        '"' => '"',
        '\\' => '\\',
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        c if printable(c) => return out.push(c),
        c if (c as u32) < 0x100 => return out.push_str(&format!("\\x{:02X}", c as u32)),
        c if (c as u32) < 0x1_0000 => return out.push_str(&format!("\\u{:04X}", c as u32)),
        c => return out.push_str(&format!("\\U{:08X}", c as u32)),
    };
    out.push('\\');
    out.push(name);
}

/// The order of keys in YAML: letters by code point, runs of digits by their number, a mark before a letter.
///
/// Models sigs.k8s.io/yaml goyaml.v2 keyList.Less.
fn key_order(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(i) = a.iter().zip(&b).position(|(x, y)| x != y) else {
        return a.len().cmp(&b.len());
    };
    let (x, y) = (a[i], b[i]);
    let after_digit = i > 0 && a[i - 1].is_numeric();
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => x.cmp(&y),
        (true, false) => {
            if after_digit {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if after_digit {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) => digit_runs(&a, &b, i).then(x.cmp(&y)),
    }
}

fn digit_runs(a: &[char], b: &[char], i: usize) -> Ordering {
    let leads =
        (a[i] == '0' || b[i] == '0') && a[..i].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let run = |text: &[char]| {
        let digits: Vec<u64> = text[i..].iter().map_while(|c| c.to_digit(10).map(u64::from)).collect();
        let number = digits.iter().fold(u64::from(leads), |n, d| n.wrapping_mul(10).wrapping_add(*d));
        (number, digits.len())
    };
    run(a).cmp(&run(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn text_is_quoted_only_where_it_must() {
        let cases = [
            ("plain", "plain"),
            ("yes", "\"yes\""),
            ("1", "\"1\""),
            ("null", "\"null\""),
            ("", "\"\""),
            ("2026-11-23T03:22:13Z", "\"2026-11-23T03:22:13Z\""),
            ("12:30", "\"12:30\""),
            ("a: b", "'a: b'"),
            ("# x", "'# x'"),
            ("it's", "it's"),
            ("'x", "'''x'"),
            ("*/5 * * * *", "'*/5 * * * *'"),
            ("{a}", "'{a}'"),
            ("a\tb", "\"a\\tb\""),
            (" x", "' x'"),
            ("-x", "-x"),
            ("- x", "'- x'"),
            ("100m", "100m"),
            ("0x1", "\"0x1\""),
            ("é", "é"),
        ];
        for (text, wanted) in cases {
            assert_eq!(yaml(&Value::from(text)), format!("{wanted}\n"), "{text}");
        }
    }

    #[test]
    fn collections_and_blocks_stand_as_kubectl_prints_them() {
        let v = value!({
            "b": [{"x": 1, "w": ["p", "q"]}, [1, 2], "s"], "a": {"e": {}, "l": []},
            "t": "one\ntwo\n", "u": "no end\nhere", "k": [{"z": "m\nn\n"}]
        });
        let wanted = "a:\n  e: {}\n  l: []\nb:\n- w:\n  - p\n  - q\n  x: 1\n- - 1\n  - 2\n- s\nk:\n- z: |\n    m\n    n\nt: |\n  one\n  two\nu: |-\n  no end\n  here\n";
        assert_eq!(yaml(&v), wanted);
    }

    #[test]
    fn keys_are_in_natural_order() {
        let v = value!({"a10": 1, "a2": 1, "a.b": 1, "ab": 1, "B": 1});
        let keys: Vec<String> = yaml(&v).lines().map(|l| l.split(':').next().unwrap_or("").to_owned()).collect();
        assert_eq!(keys, ["B", "a.b", "a2", "a10", "ab"]);
    }
}
