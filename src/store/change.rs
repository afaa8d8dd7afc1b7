//! One change of one object, as the watch log keeps it.

use std::sync::Arc;

use super::Because;
use crate::api::{Object, ObjectKey};
use crate::base::time::SimTime;

/// What happened to the object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// It was created.
    Added,
    /// It was changed.
    Modified,
    /// It is gone.
    Deleted,
}

impl Verb {
    /// As a watch prints it: `ADDED`.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Added => "ADDED",
            Verb::Modified => "MODIFIED",
            Verb::Deleted => "DELETED",
        }
    }
}

/// One entry of the watch log.
#[derive(Clone, Debug)]
pub struct Change {
    /// The revision the change made; strictly growing.
    pub revision: u64,
    /// When.
    pub at: SimTime,
    /// What.
    pub verb: Verb,
    /// The object after the change; for a deletion its last state.
    pub object: Object,
    /// The object before the change, where there was one.
    pub old: Option<Object>,
    /// Why.
    pub because: Arc<Because>,
}

impl Change {
    /// Kind of the object.
    pub fn kind(&self) -> &'static str {
        self.object.kind.kind
    }

    /// Namespace and name of the object.
    pub fn key(&self) -> ObjectKey {
        self.object.key()
    }

    /// True where the value at `path` is another than before (or the object is new or gone).
    pub fn touches(&self, path: &str) -> bool {
        match (&self.old, self.verb) {
            (Some(old), Verb::Modified) => {
                let (a, b) = (old.at(path), self.object.at(path));
                !a.same(b) && a != b
            }
            _ => true,
        }
    }
}
