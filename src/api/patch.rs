//! The PATCH request: a patch of any of the three types, applied to an object and read as one again, with the API server's
//! refusals.
//!
//! It neither defaults nor validates what comes out, and stores nothing.

use super::decode::{self, FieldValidation, Problem, ProblemKind};
use super::decode_scalar::json_kind;
use super::diagnostic::Step;
use super::merge::merge_patch;
use super::patch_meta::go_print;
use super::schema::Type;
use super::status::Cause;
use super::value::Value;
use super::{encode, json, patch_json, patch_strategic, Object, Status};

/// The type of a patch (`kubectl patch --type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatchType {
    /// RFC 6902.
    Json,
    /// RFC 7386.
    Merge,
    /// Kubernetes' own: lists are merged by keys.
    Strategic,
}

/// What the API server says of a strategic merge patch for a custom object.
pub const NO_STRATEGIC: &str = "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

/// Reads the body of a PATCH request.
pub fn parse(body: &str, kind: PatchType) -> Result<Value, Status> {
    let patch = json::parse(body).map_err(Status::bad_request)?;
    let wanted = if kind == PatchType::Json { "[]handlers.jsonPatchOp" } else { "map[string]interface {}" };
    let fits = matches!(
        (&patch, kind),
        (Value::List(_), PatchType::Json) | (Value::Map(_), PatchType::Merge | PatchType::Strategic)
    );
    if fits {
        return Ok(patch);
    }
    let prefix = if kind == PatchType::Json { "error decoding patch: " } else { "" };
    Err(Status::bad_request(format!(
        "{prefix}json: cannot unmarshal {} into Go value of type {wanted}",
        json_kind(&patch)
    )))
}

/// An object after a patch that nobody reads as an object of its kind: what kubectl makes of one in a file.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/patch getPatchedJSON.
pub fn apply_local(current: &Object, patch: &Value, kind: PatchType) -> Result<Object, String> {
    let mut value = current.value.clone();
    match (kind, current.kind.shape()) {
        (PatchType::Json, _) => value = patch_json::apply(&value, patch)?,
        (PatchType::Strategic, Some(id)) if current.kind.custom.is_none() => {
            value = patch_strategic::apply(&value, patch, id)?;
        }
        _ => merge_patch(&mut value, patch),
    }
    Ok(Object { kind: current.kind, value })
}

/// An object after a patch; the second part are warnings about unknown fields.
///
/// Models staging/src/k8s.io/apiserver/pkg/endpoints/handlers patcher.applyPatch.
pub fn apply(
    current: &Object,
    patch: &Value,
    kind: PatchType,
    validation: FieldValidation,
) -> Result<(Object, Vec<String>), Status> {
    let row = current.kind;
    let patched = match kind {
        PatchType::Json => patch_json::apply(&current.value, patch)
            .map_err(|why| request_refused("the server rejected our request due to an error in our request", &why))?,
        PatchType::Merge => {
            let mut value = current.value.clone();
            merge_patch(&mut value, patch);
            value
        }
        PatchType::Strategic => match row.shape() {
            Some(id) if row.custom.is_none() => {
                patch_strategic::apply(&current.value, patch, id).map_err(Status::bad_request)?
            }
            _ => return Err(Status::failure(415, NO_STRATEGIC)),
        },
    };
    let typed = decode::read(&patched, row);
    let shown = || match kind {
        PatchType::Strategic => go_print(patch),
        PatchType::Json | PatchType::Merge => encode::json(&patched),
    };
    if let Some(problem) = typed.problems.iter().find(|p| matches!(p.kind, ProblemKind::Type { .. })) {
        let why = if kind == PatchType::Strategic { converter_words(problem, &patched) } else { problem.message() };
        return Err(invalid_patch(&shown(), &why, problem, row.name()));
    }
    let unknown: Vec<String> = typed.problems.iter().map(Problem::message).collect();
    match (typed.problems.first(), validation) {
        (Some(first), FieldValidation::Strict) => {
            Err(invalid_patch(&shown(), &format!("strict decoding error: {}", unknown.join(", ")), first, row.name()))
        }
        (_, FieldValidation::Ignore) => Ok((Object { kind: row, value: typed.value }, Vec::new())),
        _ => Ok((Object { kind: row, value: typed.value }, unknown)),
    }
}

/// A refusal of the request itself. kubectl prints it behind `The request is invalid: `.
fn request_refused(message: &str, why: &str) -> Status {
    Status { code: 422, reason: "Invalid", message: message.to_owned(), causes: Vec::new(), hint: why.to_owned() }
}

/// The patch leads to something that is no object of the kind. kubectl prints the cause behind `The request is invalid: `.
fn invalid_patch(shown: &str, why: &str, problem: &Problem, kind: &str) -> Status {
    let message = format!("Invalid value: {}: {why}", quoted(shown));
    let mut status = request_refused(&format!("patch: {message}"), &super::hints::for_problem(problem, kind));
    status.causes = vec![Cause { field: "patch".to_owned(), reason: "Invalid value", message }];
    status
}

/// Text as Go's `%q` prints it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What the converter of unstructured objects says of a value of a wrong type, which a strategic merge patch goes through.
///
/// Models staging/src/k8s.io/apimachinery/pkg/runtime fromUnstructured.
fn converter_words(problem: &Problem, patched: &Value) -> String {
    let ProblemKind::Type { message, wanted } = &problem.kind else { return problem.message() };
    let found = problem.path.iter().fold(patched, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(i) => value.index(*i),
    });
    let kind = match found {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    };
    match (wanted, found) {
        (Type::Struct(_), _) => format!("cannot restore struct from: {kind}"),
        (Type::List(_), _) => format!("cannot restore slice from {kind}"),
        (Type::Map(..), _) => format!("cannot restore map from {kind}"),
        (Type::Str(name), Value::Int(_)) => format!("cannot convert int64 to {name}"),
        (Type::Int(name), Value::Float(_)) => format!("cannot convert float64 to {name}"),
        (Type::Str(_), _) => "unrecognized type: string".to_owned(),
        (Type::Bool, _) => "unrecognized type: bool".to_owned(),
        (Type::Int(name), _) => format!("unrecognized type: {}", name.rsplit('.').next().unwrap_or(name)),
        (Type::Float, _) => "unrecognized type: float64".to_owned(),
        _ => message.clone(),
    }
}
