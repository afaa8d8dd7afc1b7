//! Secret: lengths, never values.

use super::page::Page;
use crate::api::Object;
use crate::kubectl::reader::Reader;
use base64::Engine;

/// Models staging/src/k8s.io/kubectl/pkg/describe SecretDescriber.
pub(super) fn print(page: &mut Page, secret: &Object, _: &dyn Reader) {
    page.identity(secret.metadata());
    page.labels("Labels", secret.labels());
    page.annotations("Annotations", secret.metadata().get("annotations"));
    page.line(0, &format!("\nType:\t{}\n\nData\n====", secret.at("type").str()));
    let token = secret.at("type").str() == "kubernetes.io/service-account-token";
    for (key, value) in secret.at("data").entries() {
        match (token && key == "token").then(|| base64::engine::general_purpose::STANDARD.decode(value.str())) {
            Some(Ok(bytes)) => page.field(0, key, String::from_utf8_lossy(&bytes)),
            _ => page.field(0, key, format!("{} bytes", decoded_length(value.str()))),
        }
    }
}

/// How many bytes a base64 text stands for.
pub(super) fn decoded_length(text: &str) -> usize {
    base64::engine::general_purpose::STANDARD.decode(text).map_or(0, |bytes| bytes.len())
}
