//! Values into typed objects, as the API server's JSON decoder reads them: unknown fields, wrong types, and the form in which
//! a Go struct is written again. The words of its errors are Go's.
//!
//! It knows neither text nor places; those are in `manifest`.

use ecow::EcoString;

use super::decode_scalar::{self, Misfit};
use super::diagnostic::{path_text, Step};
use super::schema::{Field, StructId, Type};
use super::value::{Map, Value};
use super::{Kind, Object, Status};

/// What to do with fields that Kubernetes does not know (`--validate`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldValidation {
    /// Refuse the object.
    Strict,
    /// Take the object without them and warn.
    Warn,
    /// Take the object without them.
    Ignore,
}

/// One thing that does not fit the schema.
#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    /// Where it is.
    pub path: Vec<Step>,
    /// What kind of problem it is.
    pub kind: ProblemKind,
}

/// What does not fit.
#[derive(Clone, PartialEq, Debug)]
pub enum ProblemKind {
    /// A value of a wrong type, with Go's words.
    Type {
        /// The whole error.
        message: String,
        /// The type that was wanted.
        wanted: Type,
    },
    /// A field that the struct does not have.
    Unknown {
        /// The struct; none of a custom object.
        owner: Option<StructId>,
    },
}

impl Problem {
    /// What the API server says of it: `unknown field "spec.replica"`, `json: cannot unmarshal ...`.
    pub fn message(&self) -> String {
        match &self.kind {
            ProblemKind::Type { message, .. } => message.clone(),
            ProblemKind::Unknown { .. } => format!("unknown field \"{}\"", path_text(&self.path)),
        }
    }
}

/// A value read as a struct.
#[derive(Clone, PartialEq, Debug)]
pub struct Typed {
    /// The value as the struct holds it.
    pub value: Value,
    /// All that does not fit, in the order of the sorted keys.
    pub problems: Vec<Problem>,
}

/// Reads a value as a struct of the schema.
///
/// Models sigs.k8s.io/json UnmarshalStrict; what is left out when empty, canonical quantities and structs that are always
/// there come out as encoding/json writes them, but for plain fields that are written even when empty: those stay absent.
pub fn typed(value: &Value, id: StructId) -> Typed {
    let mut decoder = Decoder { path: Vec::new(), names: Vec::new(), owner: None, problems: Vec::new() };
    let value = decoder.read(value, &Type::Struct(id));
    Typed { value, problems: decoder.problems }
}

/// Reads a value as an object of a kind.
pub fn read(value: &Value, kind: &Kind) -> Typed {
    match kind.shape() {
        _ if kind.custom.is_some() => super::custom::read(value, kind),
        Some(id) => typed(value, id),
        None => Typed { value: value.clone(), problems: Vec::new() },
    }
}

/// The value as Go writes the struct again; what does not fit is left out.
pub fn normalised(value: &Value, kind: &Kind) -> Value {
    read(value, kind).value
}

/// Reads what was sent to the API server as an object of a kind. The second part are warnings.
///
/// Models staging/src/k8s.io/apiserver/pkg/endpoints/handlers transformDecodeError and the strict decoding of CreateResource.
pub fn object(
    value: &Value,
    kind: &'static Kind,
    validation: FieldValidation,
) -> Result<(Object, Vec<String>), Status> {
    let typed = read(value, kind);
    match refusal(&typed.problems, kind.name(), kind.version, validation) {
        Some(refusal) => Err(refusal),
        None => {
            let unknown = typed.problems.iter().map(Problem::message);
            let warnings = if validation == FieldValidation::Warn { unknown.collect() } else { Vec::new() };
            Ok((Object { kind, value: typed.value }, warnings))
        }
    }
}

/// The API server's refusal of an object with such problems; none where there is nothing to refuse.
pub fn refusal(problems: &[Problem], kind: &str, version: &str, validation: FieldValidation) -> Option<Status> {
    let wrong_type = problems.iter().find(|p| matches!(p.kind, ProblemKind::Type { .. }));
    let why = match wrong_type {
        Some(problem) => problem.message(),
        None if problems.is_empty() || validation != FieldValidation::Strict => return None,
        None => {
            let unknown: Vec<String> = problems.iter().map(Problem::message).collect();
            format!("strict decoding error: {}", unknown.join(", "))
        }
    };
    let mut status =
        Status::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"));
    if let Some(first) = wrong_type.or(problems.first()) {
        status.hint = super::hints::for_problem(first, kind);
    }
    Some(status)
}

/// What does not fit in the `metadata` of an object; unknown fields are no matter here.
pub(super) fn metadata_problems(metadata: &Value, id: StructId) -> Vec<Problem> {
    let step = Step::Key("metadata".into());
    let mut decoder = Decoder { path: vec![step], names: vec!["metadata"], owner: None, problems: Vec::new() };
    decoder.owner = Some("PartialObjectMetadata");
    decoder.read(metadata, &Type::Struct(id));
    decoder.problems.retain(|p| matches!(p.kind, ProblemKind::Type { .. }));
    decoder.problems
}

struct Decoder {
    path: Vec<Step>,
    /// The names of the fields on the way, without indices and keys of maps: how Go's errors name a field.
    names: Vec<&'static str>,
    /// The struct whose field is read.
    owner: Option<&'static str>,
    problems: Vec<Problem>,
}

impl Decoder {
    fn read(&mut self, value: &Value, wanted: &Type) -> Value {
        match (wanted, value) {
            (Type::Struct(id), Value::Null) => empty_struct(*id),
            (_, Value::Null) => decode_scalar::zero(wanted),
            (Type::Struct(id), Value::Map(map)) => self.read_struct(map, *id),
            (Type::List(element), Value::List(items)) => {
                let items = items.iter().enumerate().map(|(i, item)| {
                    self.path.push(Step::Index(i as u32));
                    let item = self.read(item, element);
                    self.path.pop();
                    item
                });
                items.collect()
            }
            (Type::Map(element, _, _), Value::Map(map)) => {
                let entries = map.iter().map(|(key, item)| {
                    self.path.push(Step::Key(key.clone()));
                    let item = self.read(item, element);
                    self.path.pop();
                    (key.clone(), item)
                });
                Value::Map(entries.collect::<Map>())
            }
            (Type::Struct(_) | Type::List(_) | Type::Map(..), value) => {
                self.misfit(decode_scalar::Misfit::Kind(decode_scalar::json_kind(value)), wanted);
                Value::Null
            }
            _ => match decode_scalar::read(value, wanted) {
                Ok(value) => value,
                Err(misfit) => {
                    self.misfit(misfit, wanted);
                    Value::Null
                }
            },
        }
    }

    fn read_struct(&mut self, map: &Map, id: StructId) -> Value {
        let definition = id.get();
        let outer = self.owner.replace(definition.name);
        let mut out = empty_struct(id);
        for (key, value) in map {
            self.path.push(Step::Key(key.clone()));
            match definition.field(key) {
                Some(field) => {
                    self.names.push(field.name);
                    let value = self.read_field(value, field);
                    self.names.pop();
                    if let Some(value) = value {
                        out.map_mut().insert(key, value);
                    }
                }
                None => self.problem(ProblemKind::Unknown { owner: Some(id) }),
            }
            self.path.pop();
        }
        self.owner = outer;
        out
    }

    /// The value of a field, or nothing where Go would leave it out.
    fn read_field(&mut self, value: &Value, field: &Field) -> Option<Value> {
        if value.is_null() {
            return None;
        }
        let read = self.read(value, &field.kind);
        let kept = match &field.kind {
            Type::Struct(_) | Type::Raw | Type::IntOrString | Type::Quantity => !read.is_null(),
            _ if field.pointer || field.always => !read.is_null(),
            _ => !read.is_empty(),
        };
        kept.then_some(read)
    }

    fn misfit(&mut self, misfit: Misfit, wanted: &Type) {
        let message = match misfit {
            Misfit::Own(message) => message,
            Misfit::Kind(found) => {
                let place = match self.owner {
                    Some(owner) => format!("Go struct field {owner}.{}", self.names.join(".")),
                    None => "Go value".to_owned(),
                };
                format!("json: cannot unmarshal {found} into {place} of type {}", wanted.go_name())
            }
        };
        self.problem(ProblemKind::Type { message, wanted: wanted.clone() });
    }

    fn problem(&mut self, kind: ProblemKind) {
        self.problems.push(Problem { path: self.path.clone(), kind });
    }
}

/// A struct without any field set: the structs inside it that are no pointers are there all the same.
fn empty_struct(id: StructId) -> Value {
    let inner = id.get().fields.iter().filter_map(|field| match field.kind {
        Type::Struct(inner) if !field.pointer => Some((field.name, empty_struct(inner))),
        _ => None,
    });
    Value::Map(inner.map(|(name, value)| (EcoString::from(name), value)).collect::<Map>())
}
