//! `kubectl create -f`; its generators have files of their own.

use super::apply::with_last_applied;
use super::change::{create, report};
use super::{create_kinds, create_policy, create_rbac, create_service, Verb};
use crate::api::{ObjectKey, Status};
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::Failure;
use crate::kubectl::manifest;
use crate::kubectl::resources::warn_of_deprecation;
use crate::store::plan::DeleteOptions;

/// Its row.
pub static VERB: Verb = Verb {
    name: "create",
    subverbs: &[
        &create_rbac::CLUSTER_ROLE,
        &create_rbac::CLUSTER_ROLE_BINDING,
        &create_kinds::CONFIG_MAP,
        &super::create_batch::CRON_JOB,
        &create_kinds::DEPLOYMENT,
        &super::create_ingress::VERB,
        &super::create_batch::JOB,
        &create_kinds::NAMESPACE,
        &create_policy::BUDGET,
        &create_policy::PRIORITY,
        &create_policy::QUOTA,
        &create_rbac::ROLE,
        &create_rbac::ROLE_BINDING,
        &super::create_secret::VERB,
        &create_service::VERB,
        &create_kinds::SERVICE_ACCOUNT,
        &super::create_token::TOKEN,
    ],
    run: Some(run),
    ..super::PLAIN
};

fn run(call: &mut Call<'_>) -> Outcome {
    if !call.line.args.is_empty() {
        return Err(Failure::Usage(format!("Unexpected args: [{}]", call.line.args.join(" "))));
    }
    manifest::require_files(call)?;
    if call.line.has("raw") {
        return post_raw(call);
    }
    let dry = call.dry_run()?;
    let files = manifest::read_flag(call)?;
    let mut failures = files.failures;
    for manifest in &files.manifests {
        let made = manifest.target(call).and_then(|(kind, namespace, _)| {
            let accepted = manifest.accepted(call);
            let mut object = accepted.map_err(|failure| failure.when("creating", &manifest.source))?;
            if kind.namespaced {
                object.set("metadata.namespace", namespace);
            }
            if call.line.is("save-config") {
                object.set("apiVersion", manifest.api_version.as_str());
                object = with_last_applied(&object);
            }
            warn_of_deprecation(call, kind);
            create(call, object, dry).map_err(|failure| failure.when("creating", &manifest.source))
        });
        match made.and_then(|made| report(call, &made, "created", dry)) {
            Ok(()) => {}
            Err(failure) => failures.push(failure),
        }
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// `create --raw PATH -f FILE`: of all paths, a pod's eviction is understood.
fn post_raw(call: &mut Call<'_>) -> Outcome {
    let sent = manifest::first_text(call)?;
    let eviction = crate::api::json::parse(&sent).unwrap_or_default();
    let path = call.line.text("raw").to_owned();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let ["api", "v1", "namespaces", namespace, "pods", name, "eviction"] = parts.as_slice() else {
        return Err(Status::failure(404, "the server could not find the requested resource").into());
    };
    let (key, because) = (ObjectKey::new(*namespace, *name), call.because());
    let grace_seconds = eviction.at("deleteOptions.gracePeriodSeconds").opt_int();
    let options = DeleteOptions { grace_seconds, ..DeleteOptions::default() };
    call.world.request(|server| server.evict(&key, options, &because))?;
    call.out.line(r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201}"#);
    Ok(Run::Done(0))
}
