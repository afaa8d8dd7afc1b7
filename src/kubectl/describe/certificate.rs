//! CertificateSigningRequest, with what stands in the request itself.

use super::page::{time_text, Page};
use crate::api::kinds::cells::labels_text;
use crate::api::kinds::signing_state;
use crate::api::Object;
use crate::base::time::{human_duration, Span};
use crate::kubectl::reader::Reader;
use crate::network::certificate::{self, Request};

/// Models staging/src/k8s.io/kubectl/pkg/describe describeCertificateSigningRequest.
pub(super) fn print(page: &mut Page, object: &Object, _: &dyn Reader) {
    page.field(0, "Name", object.name());
    page.field(0, "Labels", labels_text(object.labels()));
    page.field(0, "Annotations", labels_text(object.metadata().get("annotations")));
    page.field(0, "CreationTimestamp", time_text(object.at("metadata.creationTimestamp")));
    page.field(0, "Requesting User", object.at("spec.username").str());
    page.field_if(0, "Signer", object.at("spec.signerName").str());
    if let Some(seconds) = object.at("spec.expirationSeconds").opt_int() {
        page.field(0, "Requested Duration", human_duration(Span::secs(seconds.max(0) as u64)));
    }
    page.field(0, "Status", signing_state(object));
    let Request { subject, names } = certificate::request_of_pem(object.at("spec.request").str()).unwrap_or_default();
    page.line(0, "Subject:");
    for (title, letters, always) in SUBJECT {
        let texts: Vec<&str> =
            subject.iter().filter(|(name, _)| name == letters).map(|(_, text)| text.as_str()).collect();
        match always {
            true => page.line(0, &format!("\t{title}:\t{}", texts.last().unwrap_or(&""))),
            false => list(page, title, &texts),
        }
    }
    if !names.is_empty() {
        page.line(0, "Subject Alternative Names:");
        for title in ["DNS Names", "Email Addresses", "URIs", "IP Addresses"] {
            let texts: Vec<&str> =
                names.iter().filter(|(name, _)| *name == title).map(|(_, text)| text.as_str()).collect();
            list(page, title, &texts);
        }
    }
}

/// The parts of a subject: what they are called here and in a certificate, and whether they are printed when they are not there.
const SUBJECT: &[(&str, &str, bool)] = &[
    ("Common Name", "CN", true),
    ("Serial Number", "serialNumber", true),
    ("Organization", "O", false),
    ("Organizational Unit", "OU", false),
    ("Country", "C", false),
    ("Locality", "L", false),
    ("Province", "ST", false),
    ("StreetAddress", "street", false),
    ("PostalCode", "postalCode", false),
];

fn list(page: &mut Page, title: &str, texts: &[&str]) {
    if !texts.is_empty() {
        page.line(0, &format!("\t{title}:\t{}", texts.join("\n\t\t")));
    }
}
