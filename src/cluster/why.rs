//! The chain of reasons behind an object: who made it and why, and who made that, back to what a user typed.

use super::World;
use crate::api::ObjectKey;
use crate::store::{Because, CauseOf};

/// Chains longer than this do not occur; one would mean a circle.
const LONGEST: usize = 16;

/// One link of the chain.
#[derive(Clone, PartialEq, Debug)]
pub struct Link {
    /// Kind of the object.
    pub kind: &'static str,
    /// Which object.
    pub key: ObjectKey,
    /// Why it exists.
    pub made: Because,
    /// Why it is as it is now, where that is another reason.
    pub changed: Option<Because>,
}

impl World {
    /// Why an object exists, then why its cause does, and so on; empty for what does not exist. A cause that is gone ends
    /// the chain.
    pub fn why(&self, kind: &str, key: &ObjectKey) -> Vec<Link> {
        let mut chain: Vec<Link> = Vec::new();
        let mut next = self.link(kind, key);
        while let Some(link) = next {
            if chain.len() == LONGEST || chain.iter().any(|seen| seen.kind == link.kind && seen.key == link.key) {
                break;
            }
            next = link.made.cause.as_ref().and_then(|CauseOf { kind, key }| self.link(kind, key));
            chain.push(link);
        }
        chain
    }

    fn link(&self, kind: &str, key: &ObjectKey) -> Option<Link> {
        let object = self.store().get(kind, key)?;
        let reasons = self.store().reasons(object.uid())?;
        let changed = (reasons.changed != reasons.made).then(|| (*reasons.changed).clone());
        Some(Link { kind: object.kind.kind, key: key.clone(), made: (*reasons.made).clone(), changed })
    }
}
