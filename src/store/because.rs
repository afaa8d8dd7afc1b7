//! Why a change was made, in a form that can be followed from link to link.

use ecow::EcoString;

use crate::api::{Object, ObjectKey};

/// The reason of a change: the rule that was applied, the numbers it was applied to, and the object that called for it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Because {
    /// Who decided: `deployment-controller`, `kubelet`, `kubectl` ...
    pub component: &'static str,
    /// The rule in a sentence, numbers included: `3 of 4 replicas may be created: maxSurge 25% of 4 is 1`.
    pub rule: EcoString,
    /// The object whose state called for it.
    pub cause: Option<CauseOf>,
}

/// A reference to the object that called for a change.
#[derive(Clone, PartialEq, Debug)]
pub struct CauseOf {
    /// Its kind.
    pub kind: &'static str,
    /// Its namespace and name.
    pub key: ObjectKey,
}

impl Because {
    /// A reason without an object behind it.
    pub fn rule(component: &'static str, rule: impl Into<EcoString>) -> Because {
        Because { component, rule: rule.into(), cause: None }
    }

    /// A reason that lies in the state of `object`.
    pub fn of(component: &'static str, object: &Object, rule: impl Into<EcoString>) -> Because {
        let cause = Some(CauseOf { kind: object.kind.kind, key: object.key() });
        Because { component, rule: rule.into(), cause }
    }
}
