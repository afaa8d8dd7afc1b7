//! An object: a kind and its value tree, with the readings of metadata that everybody needs.
//!
//! Readings of one kind's own fields belong to that kind's file, not here.

use ecow::EcoString;

use super::kinds::Kind;
use super::value::Value;
use crate::base::time::Timestamp;

/// The namespace (empty for cluster-scoped kinds) and name of an object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct ObjectKey {
    /// Empty for what belongs to no namespace.
    pub namespace: EcoString,
    /// The name within its namespace.
    pub name: EcoString,
}

impl ObjectKey {
    /// A key of a namespace and a name.
    pub fn new(namespace: impl Into<EcoString>, name: impl Into<EcoString>) -> ObjectKey {
        ObjectKey { namespace: namespace.into(), name: name.into() }
    }
}

impl std::fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.namespace.as_str() {
            "" => f.write_str(&self.name),
            namespace => write!(f, "{namespace}/{}", self.name),
        }
    }
}

/// One object of the cluster. A clone costs a reference count.
#[derive(Clone, Debug)]
pub struct Object {
    /// The row of the kinds table.
    pub kind: &'static Kind,
    /// The whole object as a value tree, `apiVersion` and `kind` included.
    pub value: Value,
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.kind.kind == other.kind.kind && self.value == other.value
    }
}

/// What an owner reference says.
#[derive(Clone, PartialEq, Debug)]
pub struct OwnerReference {
    /// Kind of the owner, as the kinds table names it.
    pub kind: EcoString,
    /// Name of the owner, in the dependent's namespace or in none.
    pub name: EcoString,
    /// The owner itself: a new object of the same name is another.
    pub uid: EcoString,
    /// True for the one that manages the dependent.
    pub controller: bool,
    /// True where a foreground deletion of the owner waits for the dependent.
    pub block_owner_deletion: bool,
}

impl OwnerReference {
    /// The kind as the reference names it.
    pub fn shown_kind(&self) -> &str {
        self.kind.split_once('.').map_or(&self.kind, |(name, _)| name)
    }
}

impl Object {
    /// An empty object of a kind, with `apiVersion` and `kind` set.
    pub fn new(kind: &'static Kind, namespace: &str, name: &str) -> Object {
        let mut value = Value::map();
        value.set("apiVersion", kind.api_version());
        value.set("kind", kind.name());
        value.set("metadata.name", name);
        if kind.namespaced {
            value.set("metadata.namespace", namespace);
        }
        Object { kind, value }
    }

    /// The object in the version of a row, where that is another version of its kind. Versions differ in nothing but their name.
    pub fn seen_as(mut self, kind: &'static Kind) -> Object {
        if !std::ptr::eq(self.kind, kind) && self.kind.custom.is_some() {
            self.kind = kind;
            self.set("apiVersion", kind.api_version());
        }
        self
    }

    /// The value at a dotted path; null where there is none.
    pub fn at(&self, path: &str) -> &Value {
        self.value.at(path)
    }

    /// Puts a value at a dotted path.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        self.value.set(path, value);
    }

    /// `metadata`.
    pub fn metadata(&self) -> &Value {
        self.value.get("metadata")
    }

    /// `spec`.
    pub fn spec(&self) -> &Value {
        self.value.get("spec")
    }

    /// `status`.
    pub fn status(&self) -> &Value {
        self.value.get("status")
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.metadata().get("name").str()
    }

    /// Its namespace; empty for what belongs to none.
    pub fn namespace(&self) -> &str {
        self.metadata().get("namespace").str()
    }

    /// Its namespace and name.
    pub fn key(&self) -> ObjectKey {
        ObjectKey { namespace: self.metadata().get("namespace").text(), name: self.metadata().get("name").text() }
    }

    /// Its UID.
    pub fn uid(&self) -> &str {
        self.metadata().get("uid").str()
    }

    /// The revision of its last change; 0 before it is stored.
    pub fn resource_version(&self) -> u64 {
        self.metadata().get("resourceVersion").str().parse().unwrap_or(0)
    }

    /// How often its wanted state has changed.
    pub fn generation(&self) -> i64 {
        self.metadata().get("generation").int()
    }

    /// The value of a label; empty where it has none.
    pub fn label(&self, name: &str) -> &str {
        self.metadata().get("labels").get(name).str()
    }

    /// Its labels.
    pub fn labels(&self) -> &Value {
        self.metadata().get("labels")
    }

    /// The value of an annotation; empty where it has none.
    pub fn annotation(&self, name: &str) -> &str {
        self.metadata().get("annotations").get(name).str()
    }

    /// When it was made.
    pub fn created(&self) -> Option<Timestamp> {
        Timestamp::parse(self.metadata().get("creationTimestamp").str())
    }

    /// True once its deletion was asked for.
    pub fn is_deleting(&self) -> bool {
        !self.metadata().get("deletionTimestamp").is_null()
    }

    /// The owner that manages it.
    pub fn controller(&self) -> Option<OwnerReference> {
        self.owners().find(|owner| owner.controller)
    }

    /// The UID of the owner that manages it; empty where none does.
    pub fn controller_uid(&self) -> &str {
        let owners = self.metadata().get("ownerReferences").list();
        owners.iter().find(|o| o.get("controller").bool()).map_or("", |o| o.get("uid").str())
    }

    /// All its owners.
    pub fn owners(&self) -> impl Iterator<Item = OwnerReference> + '_ {
        self.metadata().get("ownerReferences").list().iter().map(|o| OwnerReference {
            kind: super::kinds::identity(o.get("apiVersion").str(), o.get("kind").str()),
            name: o.get("name").text(),
            uid: o.get("uid").text(),
            controller: o.get("controller").bool(),
            block_owner_deletion: o.get("blockOwnerDeletion").bool(),
        })
    }

    /// An owner reference to this object, as a controller puts it on what it makes.
    pub fn controller_reference(&self) -> Value {
        crate::value!({
            "apiVersion": (self.kind.api_version()), "kind": (self.kind.name()), "name": (self.name()), "uid": (self.uid()),
            "controller": true, "blockOwnerDeletion": true
        })
    }

    /// The condition of a type; null where there is none.
    pub fn condition(&self, kind: &str) -> &Value {
        static NULL: Value = Value::Null;
        let conditions = self.status().get("conditions").list();
        conditions.iter().find(|c| c.get("type").str() == kind).unwrap_or(&NULL)
    }

    /// True where the condition of a type has status True.
    pub fn has_condition(&self, kind: &str) -> bool {
        self.condition(kind).get("status").str() == "True"
    }
}
