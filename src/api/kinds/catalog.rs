//! The kinds of one cluster: those of the table, and those that its CustomResourceDefinitions add.
//!
//! It is a part of the store, so that a snapshot, a branch or a copy of the cluster has its own kinds; it never changes an object.

use ecow::EcoVec;

use super::{Kind, KINDS};
use crate::api::custom;
use crate::api::{Object, Value};
use crate::base::order::Order;

/// The kinds of a cluster. A clone costs two reference counts.
#[derive(Clone, Default, Debug)]
pub struct Catalog {
    /// The rows of custom kinds, one for each served version, the preferred version of a kind first.
    custom: EcoVec<&'static Kind>,
    /// The rows whose definition was deleted: kubectl remembers them.
    gone: EcoVec<&'static Kind>,
}

impl Catalog {
    /// Every kind, a custom one in its preferred version; those of the table first.
    pub fn all(&self) -> impl Iterator<Item = &'static Kind> + '_ {
        let preferred = |i: &usize| *i == 0 || self.custom[i - 1].kind != self.custom[*i].kind;
        let custom = (0..self.custom.len()).filter(preferred).map(|i| self.custom[i]);
        KINDS.iter().copied().chain(custom)
    }

    /// The rows of custom kinds, one for each served version.
    pub fn custom(&self) -> &[&'static Kind] {
        &self.custom
    }

    /// The row of a kind by the name it has in the table and in the store.
    pub fn named(&self, kind: &str) -> Option<&'static Kind> {
        self.all().find(|row| row.kind == kind)
    }

    /// The row that an `apiVersion` and a kind mean, any served version of a custom kind.
    pub fn of(&self, api_version: &str, kind: &str) -> Option<&'static Kind> {
        let own = |row: &&'static Kind| row.name() == kind && row.api_version() == api_version;
        crate::api::manifest::find_kind(api_version, kind).or_else(|| self.custom.iter().copied().find(own))
    }

    /// The row that an owner reference or another reference with a kind means; the version need not be served.
    pub fn referred(&self, reference: &Value) -> Option<&'static Kind> {
        let (name, version) = (reference.get("kind").str(), reference.get("apiVersion").str());
        let group = version.split_once('/').map_or("", |(group, _)| group);
        self.all().find(|row| row.name() == name && row.group == group).or_else(|| super::find_kind(name))
    }

    /// The row that a word on a kubectl command line means: plural, singular, short name or kind in any case, optionally
    /// with the group behind (`deployments.apps`, `deploy.v1.apps`).
    pub fn resource(&self, word: &str) -> Option<&'static Kind> {
        find(KINDS, word).or_else(|| find(&self.custom, word))
    }

    /// The row of a kind whose definition is gone, by a word on a command line.
    pub fn gone(&self, word: &str) -> Option<&'static Kind> {
        find(&self.gone, word)
    }

    /// Takes over what a definition says now; a `gone` one serves nothing. True where rows have changed.
    pub fn follow(&mut self, definition: &Object, gone: bool) -> bool {
        let rows = if gone { Vec::new() } else { custom::rows(definition) };
        let name = definition.name();
        let mut kept: Vec<&'static Kind> = self.custom.iter().copied().filter(|row| row.resource() != name).collect();
        let old: Vec<&'static Kind> = self.custom.iter().copied().filter(|row| row.resource() == name).collect();
        if old.len() == rows.len() && old.iter().zip(&rows).all(|(old, new)| std::ptr::eq(*old, *new)) {
            return false;
        }
        if gone {
            self.gone.retain(|row| row.resource() != name);
            self.gone.extend(old);
        }
        kept.extend(rows);
        kept.order_by_key(|row| (row.group, row.plural, custom::version_rank(row.version), row.version));
        self.custom = kept.into_iter().collect();
        true
    }
}

fn find(rows: &[&'static Kind], word: &str) -> Option<&'static Kind> {
    let lower = word.to_lowercase();
    let (name, group) = lower.split_once('.').map_or((lower.as_str(), None), |(n, g)| (n, Some(g)));
    rows.iter().copied().find(|row| {
        let named = row.plural == name || row.singular == name || row.short_names.contains(&name);
        let grouped = match group {
            None => true,
            Some(group) => {
                let versioned = |(version, group): (&str, &str)| {
                    let known = || crate::api::schema::find(group, version, row.kind).is_some();
                    group == row.group && (row.version == version || row.custom.is_none() && known())
                };
                group == row.group || group.split_once('.').is_some_and(versioned)
            }
        };
        named && grouped
    })
}

/// The APIService of a group version that the API server itself serves, named `VERSION.GROUP`.
pub fn version_of(name: &str, group_priority: i64, version_priority: i64, managed: &str) -> Object {
    let mut service = Object::new(super::kind("APIService"), "", name);
    let (version, group) = name.split_once('.').unwrap_or((name, ""));
    service.set("metadata.labels", crate::value!({"kube-aggregator.kubernetes.io/automanaged": managed}));
    let mut spec = crate::value!({"groupPriorityMinimum": group_priority, "version": version,
        "versionPriority": version_priority});
    if !group.is_empty() {
        spec.set("group", group);
    }
    service.set("spec", spec);
    let available = crate::value!({"type": "Available", "status": "True", "reason": "Local",
        "message": "Local APIServices are always available"});
    service.set("status.conditions", Value::from(vec![available]));
    service
}
