//! The scale sub-resource of what an autoscaler is for.

use super::hpa_metrics::Scale;
use crate::api::scale::selector_of;
use crate::api::{Object, ObjectKey, Value};
use crate::store::View;

/// The scale of an autoscaler's target, or why there is none.
///
/// Models pkg/controller/podautoscaler/horizontal.go scaleForResourceMappings.
pub fn scale_of<'a>(view: &View<'a>, hpa: &Object) -> Result<Scale<'a>, String> {
    let reference = hpa.at("spec.scaleTargetRef");
    let (version, kind, name) =
        (reference.get("apiVersion").str(), reference.get("kind").str(), reference.get("name").str());
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let Some(row) = view.store.catalog().all().find(|row| row.name() == kind && row.group == group) else {
        return Err(format!("no matches for kind {kind:?} in group {group:?}"));
    };
    let (wanted, present) = row.replicas().ok_or("the server could not find the requested resource")?;
    let object = view.get(row.kind, &ObjectKey::new(hpa.namespace(), name));
    let object = object.ok_or_else(|| format!("{} {name:?} not found", row.resource()))?;
    Ok(Scale {
        object,
        spec_replicas: object.at(wanted).int(),
        status_replicas: object.at(present).int(),
        selector: selector_of(object),
    })
}

/// A label selector as the API server writes it into a scale.
pub(super) fn selector_text(selector: &Value) -> String {
    crate::api::kinds::cells::selector_text(selector)
}
