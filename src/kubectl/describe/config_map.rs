//! ConfigMap.

use super::page::Page;
use super::secret::decoded_length;
use crate::api::Object;
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe ConfigMapDescriber.
pub(super) fn print(page: &mut Page, map: &Object, _: &dyn Reader) {
    page.identity(map.metadata());
    page.labels("Labels", map.labels());
    page.annotations("Annotations", map.metadata().get("annotations"));
    page.line(0, "");
    page.line(0, "Data");
    page.line(0, "====");
    for (key, value) in map.at("data").entries() {
        page.line(0, &format!("{key}:\n----\n{}\n", value.str()));
    }
    page.line(0, "");
    page.line(0, "BinaryData");
    page.line(0, "====");
    for (key, value) in map.at("binaryData").entries() {
        page.line(0, &format!("{key}: {} bytes", decoded_length(value.str())));
    }
    page.line(0, "");
}
