//! ServiceAccount.

use super::page::Page;
use crate::api::Object;
use crate::kubectl::reader::Reader;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeServiceAccount.
pub(super) fn print(page: &mut Page, account: &Object, _: &dyn Reader) {
    page.identity(account.metadata());
    page.labels("Labels", account.labels());
    page.annotations("Annotations", account.metadata().get("annotations"));
    let secrets = account.at("imagePullSecrets").list();
    if secrets.is_empty() {
        page.field(0, "Image pull secrets", "<none>");
    }
    for (i, secret) in secrets.iter().enumerate() {
        let header = if i == 0 { "Image pull secrets:" } else { "                   " };
        page.line(0, &format!("{header}\t{}", secret.get("name").str()));
    }
}
