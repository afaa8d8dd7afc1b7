//! PodDisruptionBudget.

use super::page::{int_or_string, Page};
use crate::api::kinds::cells::selector_text;
use crate::api::Object;
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describePodDisruptionBudget.
pub(super) fn print(page: &mut Page, budget: &Object, _: &dyn Reader) {
    page.identity(budget.metadata());
    let (least, most) = (budget.at("spec.minAvailable"), budget.at("spec.maxUnavailable"));
    if !least.is_null() {
        page.field(0, "Min available", int_or_string(least));
    } else if !most.is_null() {
        page.field(0, "Max unavailable", int_or_string(most));
    }
    let selector = match budget.at("spec.selector") {
        selector if selector.is_null() => "<unset>".to_owned(),
        selector => selector_text(selector),
    };
    page.field(0, "Selector", selector);
    page.line(0, "Status:");
    for (title, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        page.field(2, title, budget.status().get(field).int());
    }
}
