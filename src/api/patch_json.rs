//! JSON patches (RFC 6902): add, remove, replace, move, copy and test.
//!
//! Why one does not apply, in the words of upstream's library: kubectl shows them of a local patch, and a fixed sentence of
//! one that it sends.

use super::value::Value;

/// A value after a JSON patch.
pub fn apply(original: &Value, patch: &Value) -> Result<Value, String> {
    let mut out = original.clone();
    for step in patch.list() {
        let text = step.get("path").str();
        let path = pointer(text)?;
        let value = step.get("value").clone();
        let operation = step.get("op").str();
        if let ("add" | "replace" | "remove", [above @ .., _]) = (operation, path.as_slice()) {
            if find(&out, above).is_err() {
                let place = if operation == "replace" { text.to_owned() } else { format!("{text:?}") };
                return Err(format!(
                    "{operation} operation does not apply: doc is missing path: {place}: missing value"
                ));
            }
        }
        let within = |why: String| format!("error in {operation} for path: '{text}': {why}");
        match operation {
            "add" => put(&mut out, &path, value, Put::Insert).map_err(within)?,
            "replace" => put(&mut out, &path, value, Put::Replace).map_err(within)?,
            "remove" => drop(take(&mut out, &path).map_err(within)?),
            "copy" => {
                let from = pointer(step.get("from").str())?;
                let value = find(&out, &from)?.clone();
                put(&mut out, &path, value, Put::Insert)?;
            }
            "move" => {
                let from = pointer(step.get("from").str())?;
                let value = take(&mut out, &from)?;
                put(&mut out, &path, value, Put::Insert)?;
            }
            "test" => {
                if *find(&out, &path).unwrap_or(&Value::Null) != value {
                    return Err(format!("testing value {text} failed: test failed"));
                }
            }
            other => return Err(format!("Unexpected kind: {other}")),
        }
    }
    Ok(out)
}

#[derive(Clone, Copy, PartialEq)]
enum Put {
    Insert,
    Replace,
}

fn pointer(text: &str) -> Result<Vec<String>, String> {
    match text.strip_prefix('/') {
        Some(rest) => Ok(rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect()),
        None if text.is_empty() => Ok(Vec::new()),
        None => Err(format!("{text} is no JSON pointer")),
    }
}

fn missing(path: &[String]) -> String {
    format!("missing path: /{}", path.join("/"))
}

fn outside(index: &str) -> String {
    format!("Unable to access invalid index: {index}: invalid index referenced")
}

fn index(part: &str, length: usize) -> Option<usize> {
    let number: i64 = part.parse().ok()?;
    let number = if number < 0 { number + length as i64 } else { number };
    usize::try_from(number).ok()
}

fn find<'a>(root: &'a Value, path: &[String]) -> Result<&'a Value, String> {
    path.iter().try_fold(root, |value, part| {
        match value {
            Value::Map(map) => map.get(part),
            Value::List(items) => index(part, items.len()).and_then(|i| items.get(i)),
            _ => None,
        }
        .ok_or_else(|| missing(path))
    })
}

fn parent<'a>(root: &'a mut Value, path: &[String]) -> Result<&'a mut Value, String> {
    find(root, path)?;
    Ok(path.iter().fold(root, |value, part| match value {
        Value::List(items) => {
            let i = index(part, items.len()).unwrap_or(0);
            &mut items.make_mut()[i]
        }
        other => other.slot(part),
    }))
}

fn put(root: &mut Value, path: &[String], value: Value, how: Put) -> Result<(), String> {
    let Some((last, above)) = path.split_last() else {
        *root = value;
        return Ok(());
    };
    match parent(root, above)? {
        // Upstream's library replaces what is not there, too.
        Value::Map(map) => {
            map.insert(last, value);
        }
        Value::List(items) => match (how, last.as_str()) {
            (Put::Insert, "-") => items.push(value),
            (Put::Insert, last) => {
                let i = index(last, items.len() + 1).filter(|&i| i <= items.len()).ok_or_else(|| outside(last))?;
                items.insert(i, value);
            }
            (Put::Replace, last) => {
                let i = index(last, items.len()).filter(|&i| i < items.len()).ok_or_else(|| outside(last))?;
                items.make_mut()[i] = value;
            }
        },
        _ => return Err(missing(path)),
    }
    Ok(())
}

fn take(root: &mut Value, path: &[String]) -> Result<Value, String> {
    let Some((last, above)) = path.split_last() else { return Err(missing(path)) };
    match parent(root, above)? {
        Value::Map(map) => {
            map.remove(last).ok_or_else(|| format!("Unable to remove nonexistent key: {last}: missing value"))
        }
        Value::List(items) => {
            let i = index(last, items.len()).filter(|&i| i < items.len()).ok_or_else(|| outside(last))?;
            Ok(items.remove(i))
        }
        _ => Err(missing(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn every_operation_works_and_may_fail() {
        let doc = value!({"a": {"b/c": 1, "l": [1, 2]}});
        let patch = value!([
            {"op": "test", "path": "/a/b~1c", "value": 1},
            {"op": "add", "path": "/a/l/1", "value": 9},
            {"op": "add", "path": "/a/l/-", "value": 8},
            {"op": "replace", "path": "/a/l/0", "value": 7},
            {"op": "copy", "from": "/a/l/1", "path": "/x"},
            {"op": "move", "from": "/a/b~1c", "path": "/y"},
            {"op": "remove", "path": "/a/l/2"}
        ]);
        assert_eq!(apply(&doc, &patch).unwrap(), value!({"a": {"l": [7, 9, 8]}, "x": 9, "y": 1}));
        for bad in [
            value!([{"op": "remove", "path": "/nope"}]),
            value!([{"op": "test", "path": "/a/b~1c", "value": 2}]),
            value!([{"op": "add", "path": "/z/y", "value": 2}]),
            value!([{"op": "add", "path": "/a/l/7", "value": 2}]),
        ] {
            assert!(apply(&doc, &bad).is_err());
        }
    }
}
