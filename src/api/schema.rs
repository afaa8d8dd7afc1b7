//! The schema: what fields each struct of the API has, their Go types, and how patches merge them. One table, `schema.txt`,
//! read once; decode, encode, patches, apply, completion and explain all look here.
//!
//! It never judges a value beyond its type; validation belongs to the kinds.

use super::value::Value;
use crate::base::order::Order;
use std::sync::OnceLock;

pub use super::schema_docs::Docs;

/// The Go type of a field.
#[derive(Clone, PartialEq, Debug)]
pub enum Type {
    /// `bool`.
    Bool,
    /// `int32`, `int64` or an unnamed integer; the text is its Go name.
    Int(&'static str),
    /// `float64`.
    Float,
    /// A string; the text is its Go name: `string` or a named type such as `v1.PullPolicy`.
    Str(&'static str),
    /// `[]byte`: text in base64.
    Bytes,
    /// `resource.Quantity`.
    Quantity,
    /// `intstr.IntOrString`.
    IntOrString,
    /// `metav1.Time`.
    Time,
    /// `metav1.MicroTime`.
    MicroTime,
    /// Any value at all.
    Raw,
    /// A list.
    List(Box<Type>),
    /// A map from strings. The second text is the Go name of the key's type, the third that of the map itself where it has one.
    Map(Box<Type>, &'static str, Option<&'static str>),
    /// A struct.
    Struct(StructId),
}

/// A struct of the table by its place, or one that a custom kind has brought.
#[derive(Clone, Copy)]
pub struct StructId(Place);

#[derive(Clone, Copy)]
enum Place {
    Table(u16),
    Own(&'static Struct),
}

impl PartialEq for StructId {
    fn eq(&self, other: &StructId) -> bool {
        std::ptr::eq(self.get(), other.get())
    }
}

impl std::fmt::Debug for StructId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.get().name)
    }
}

/// What the API's schema says of a list besides its patch strategy.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum ListType {
    /// Replaced as a whole (or said by the patch strategy).
    #[default]
    Atomic,
    /// A set of plain values.
    Set,
    /// A map whose keys are these fields of its elements.
    Map(Vec<&'static str>),
}

/// One field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name in JSON.
    pub name: &'static str,
    /// Its Go type without the pointer.
    pub kind: Type,
    /// True for a pointer in Go: zero and absent differ.
    pub pointer: bool,
    /// True for a field without `omitempty`: written even when empty.
    pub always: bool,
    /// True where the API's schema requires it.
    pub required: bool,
    /// True where a strategic merge patch replaces the keys that the patch does not list (`retainKeys`).
    pub retain_keys: bool,
    /// The merge key of a strategic merge patch: empty for a list of plain values that is merged, none for what is replaced.
    pub merge_key: Option<&'static str>,
    /// How elements of a list are told apart.
    pub list_type: ListType,
    /// True for a map that is one value.
    pub atomic: bool,
    /// True where a strategic merge patch holds the whole value, whether it changed or not (`replace`).
    pub replaces: bool,
    /// Its place in Go's declaration, which is the order in which Go writes the fields of a struct as JSON.
    pub place: u16,
}

/// One struct.
#[derive(Debug)]
pub struct Struct {
    /// Short name of its API group: `meta`, `core`, `apps`, `networking`.
    pub group: &'static str,
    /// Version of its API group.
    pub version: &'static str,
    /// Its name in Go.
    pub name: &'static str,
    /// Its fields, sorted by name.
    pub fields: Vec<Field>,
    /// The schema that a custom kind has brought for it, with its documentation.
    pub about: Option<Value>,
}

struct Schema {
    structs: Vec<Struct>,
}

impl StructId {
    /// The struct itself.
    pub fn get(self) -> &'static Struct {
        match self.0 {
            Place::Table(place) => &schema().structs[usize::from(place)],
            Place::Own(own) => own,
        }
    }

    /// A struct that is not in the table. It is kept for good: there is one for each distinct schema.
    pub(super) fn own(own: Struct) -> StructId {
        StructId(Place::Own(Box::leak(Box::new(own))))
    }
}

impl Struct {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.binary_search_by(|f| f.name.cmp(name)).ok().map(|i| &self.fields[i])
    }
}

impl Type {
    /// The type as Go prints it in an error: `[]v1.Container`, `map[string]string`, `v1.PullPolicy`, `int32`.
    pub fn go_name(&self) -> String {
        match self {
            Type::Bool => "bool".to_owned(),
            Type::Int(name) | Type::Str(name) => (*name).to_owned(),
            Type::Float => "float64".to_owned(),
            Type::Bytes => "[]uint8".to_owned(),
            Type::Quantity => "resource.Quantity".to_owned(),
            Type::IntOrString => "intstr.IntOrString".to_owned(),
            Type::Time => "v1.Time".to_owned(),
            Type::MicroTime => "v1.MicroTime".to_owned(),
            Type::Raw => "runtime.RawExtension".to_owned(),
            Type::List(element) => format!("[]{}", element.go_name()),
            Type::Map(_, _, Some(name)) => (*name).to_owned(),
            Type::Map(element, key, None) => format!("map[{key}]{}", element.go_name()),
            Type::Struct(id) => format!("{}.{}", id.get().version, id.get().name),
        }
    }

    /// The type as `kubectl explain` prints it: `<[]Container>`, `<map[string]string>`, `<Object>` is never printed here.
    pub fn explain_name(&self) -> String {
        match self {
            Type::Bool => "boolean".to_owned(),
            Type::Int(_) => "integer".to_owned(),
            Type::Float => "number".to_owned(),
            Type::Str(_) | Type::Bytes | Type::Time | Type::MicroTime => if matches!(self, Type::Time) {
                "Time"
            } else if matches!(self, Type::MicroTime) {
                "MicroTime"
            } else {
                "string"
            }
            .to_owned(),
            Type::Quantity => "Quantity".to_owned(),
            Type::IntOrString => "IntOrString".to_owned(),
            Type::Raw => "Object".to_owned(),
            Type::List(element) => format!("[]{}", element.explain_name()),
            Type::Map(element, _, _) => format!("map[string]{}", element.explain_name()),
            Type::Struct(id) => id.get().name.to_owned(),
        }
    }
}

/// The struct of a kind: `find("apps", "v1", "Deployment")`. The group is as in `apiVersion`; empty for core.
pub fn find(group: &str, version: &str, name: &str) -> Option<&'static Struct> {
    find_id(short_group(group), version, name).map(StructId::get)
}

/// The place of the struct of a kind.
pub fn find_struct(group: &str, version: &str, name: &str) -> Option<StructId> {
    find_id(short_group(group), version, name)
}

/// `networking` of `networking.k8s.io`, `core` of the empty group.
fn short_group(group: &str) -> &str {
    match group {
        "" => "core",
        group => group.split('.').next().unwrap_or(group),
    }
}

/// The field at a dotted path of names (`spec.template.spec.containers`) below a struct; lists and maps are passed through.
pub fn field_at(root: &'static Struct, path: &[&str]) -> Option<&'static Field> {
    let (first, rest) = path.split_first()?;
    let field = root.field(first)?;
    match rest {
        [] => Some(field),
        rest => field_at(inner_struct(&field.kind)?.get(), rest),
    }
}

/// The struct inside a type, through lists and maps.
pub fn inner_struct(kind: &Type) -> Option<StructId> {
    match kind {
        Type::Struct(id) => Some(*id),
        Type::List(element) | Type::Map(element, _, _) => inner_struct(element),
        _ => None,
    }
}

fn find_id(group: &str, version: &str, name: &str) -> Option<StructId> {
    let structs = &schema().structs;
    structs
        .binary_search_by(|s| (s.group, s.version, s.name).cmp(&(group, version, name)))
        .ok()
        .map(|i| StructId(Place::Table(i as u16)))
}

fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| parse(include_str!("schema.txt")))
}

fn parse(text: &'static str) -> Schema {
    let mut names: Vec<(&str, &str, &str, &str)> = Vec::new();
    let (mut group, mut version) = ("", "");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix('@') {
            Some(section) => (group, version) = section.split_once(' ').expect("a section has a group and a version"),
            None => {
                let (name, fields) = line.split_once(' ').unwrap_or((line, ""));
                names.push((group, version, name, fields));
            }
        }
    }
    names.order();
    let structs = names
        .iter()
        .map(|&(group, version, name, fields)| {
            let mut fields: Vec<Field> = fields
                .split(' ')
                .filter(|word| !word.is_empty())
                .zip(0..)
                .map(|(word, place)| Field { place, ..parse_field(word, group, version, &names) })
                .collect();
            fields.order_by_key(|f| f.name);
            Struct { group, version, name, fields, about: None }
        })
        .collect();
    Schema { structs }
}

type Names = [(&'static str, &'static str, &'static str, &'static str)];

fn parse_field(word: &'static str, group: &str, version: &str, names: &Names) -> Field {
    let (head, rest) = word.split_once(':').expect("a field has a type");
    let name = head.trim_end_matches(['=', '!']);
    let (rest, replaces) = rest.strip_suffix('|').map_or((rest, false), |r| (r, true));
    let (rest, atomic_map) = rest.strip_suffix('&').map_or((rest, false), |r| (r, true));
    let (rest, keys) = rest.split_once('@').map_or((rest, None), |(r, k)| (r, Some(k)));
    let (rest, merge_key) = rest.split_once('~').map_or((rest, None), |(r, k)| (r, Some(k)));
    let (rest, retain_keys) = rest.strip_suffix('^').map_or((rest, false), |r| (r, true));
    let (rest, pointer) = rest.strip_prefix('*').map_or((rest, false), |r| (r, true));
    let list_type = match keys.or(merge_key) {
        None => ListType::Atomic,
        Some("") => ListType::Set,
        Some(keys) => ListType::Map(keys.split(',').collect()),
    };
    Field {
        name,
        kind: parse_type(rest, group, version, names),
        pointer,
        always: head.contains('='),
        required: head.contains('!'),
        retain_keys,
        merge_key,
        list_type,
        atomic: atomic_map,
        replaces,
        place: 0,
    }
}

fn parse_type(text: &'static str, group: &str, version: &str, names: &Names) -> Type {
    if let Some(rest) = text.strip_prefix("[]") {
        return Type::List(Box::new(parse_type(rest, group, version, names)));
    }
    if let Some(rest) = text.strip_prefix("map[") {
        let (key, element) = rest.split_once(']').expect("a map has a key type");
        let (element, own_name) = element.split_once('=').map_or((element, None), |(e, n)| (e, Some(n)));
        let element = parse_type(element, group, version, names);
        return Type::Map(Box::new(element), key.trim_start_matches('$'), own_name);
    }
    if let Some(name) = text.strip_prefix('$') {
        return Type::Str(name);
    }
    if let Some(rest) = text.strip_prefix('%') {
        let (_, name) = rest.split_once('=').expect("a named number has a name");
        return Type::Int(name);
    }
    match text {
        "bool" => Type::Bool,
        "int" | "int32" | "int64" => Type::Int(text),
        "float64" => Type::Float,
        "string" => Type::Str(text),
        "bytes" => Type::Bytes,
        "Quantity" => Type::Quantity,
        "IntOrString" => Type::IntOrString,
        "Time" => Type::Time,
        "MicroTime" => Type::MicroTime,
        "Duration" | "RawExtension" | "FieldsV1" => Type::Raw,
        _ => {
            let (place, name) = text.rsplit_once('.').map_or((None, text), |(p, n)| (Some(p), n));
            let (group, version) = match place {
                None => (group, version),
                Some(place) => place.split_once('/').unwrap_or((place, "v1")),
            };
            let found = names.binary_search_by(|&(g, v, n, _)| (g, v, n).cmp(&(group, version, name)));
            let place = found.unwrap_or_else(|_| panic!("{group}/{version} has no struct {name}"));
            Type::Struct(StructId(Place::Table(place as u16)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_in_go() {
        let pod = find("", "v1", "PodSpec").unwrap();
        let name = |field| pod.field(field).unwrap().kind.go_name();
        assert_eq!(name("containers"), "[]v1.Container");
        assert_eq!(name("nodeSelector"), "map[string]string");
        assert_eq!(name("overhead"), "v1.ResourceList");
        assert_eq!(name("restartPolicy"), "v1.RestartPolicy");
        assert_eq!(pod.field("containers").unwrap().merge_key, Some("name"));
        assert!(pod.field("volumes").unwrap().retain_keys);
    }

    #[test]
    fn paths_cross_groups() {
        let root = find("apps", "v1", "Deployment").unwrap();
        let path = ["spec", "template", "spec", "containers", "ports", "containerPort"];
        assert_eq!(field_at(root, &path).unwrap().kind, Type::Int("int32"));
        assert!(field_at(root, &["spec", "replica"]).is_none());
    }
}
