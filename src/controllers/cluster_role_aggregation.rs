//! The clusterrole-aggregation controller: a ClusterRole with an aggregation rule has the rules of those that it selects.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::selector;
use crate::api::{Object, Value};
use crate::store::{Action, Because, Change, Plan, View};

const KIND: &str = "ClusterRole";

pub(super) const CONTROLLER: Controller = Controller { name: "clusterrole-aggregation-controller", keys, reconcile };

/// Models pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go enqueue.
fn keys(change: &Change, view: &View) -> Vec<Key> {
    if change.kind() != KIND {
        return Vec::new();
    }
    let roles = [Some(&change.object), change.old.as_ref()];
    let concerns = |gathering: &&Object| {
        let selectors = gathering.at("aggregationRule.clusterRoleSelectors").list();
        let selected = |role: &Object| selectors.iter().any(|selector| selector::matches(selector, role.labels()));
        !selectors.is_empty()
            && roles.into_iter().flatten().any(|role| role.name() == gathering.name() || selected(role))
    };
    view.store.all(KIND).filter(concerns).map(Key::of).collect()
}

/// Models pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go syncClusterRole.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(role) = view.get(KIND, &key.key) else { return plan };
    let mut rules: Vec<Value> = Vec::new();
    for selector in role.at("aggregationRule.clusterRoleSelectors").list() {
        let chosen = |other: &&Object| other.name() != role.name() && selector::matches(selector, other.labels());
        for other in view.store.all(KIND).filter(chosen) {
            plan.visited += 1;
            for rule in other.value.get("rules").list() {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
    }
    if rules != role.value.get("rules").list() {
        let mut object = role.clone();
        object.set("rules", rules);
        let because =
            Arc::new(Because::of("clusterrole-aggregation-controller", role, "the roles it selects have other rules"));
        plan.push(Action::Update { object, because, success: None });
    }
    plan
}
