//! `kubectl auth`: whoever types is the administrator, unless `--as` says another.

use super::change::{create, modify};
use super::Verb;
use crate::api::encode::{json_pretty, yaml};
use crate::api::kinds::UNKEPT;
use crate::api::Value;
use crate::base::table::columns;
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::describe::rule_rows;
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::manifest;
use crate::store::rbac::{Access, User};
use crate::value;

/// Its row.
pub static VERB: Verb = Verb { name: "auth", subverbs: &[&CAN_I, &RECONCILE, &WHOAMI], ..super::PLAIN };

static CAN_I: Verb = Verb { name: "can-i", run: Some(can_i), ..super::PLAIN };

static RECONCILE: Verb = Verb { name: "reconcile", run: Some(reconcile), ..super::PLAIN };

static WHOAMI: Verb = Verb { name: "whoami", run: Some(whoami), ..super::PLAIN };

const KNOWN_VERBS: &str = "create,delete,deletecollection,get,list,patch,update,watch,use,bind,escalate,impersonate,*";

/// The user that is meant; the administrator where no other is.
fn user(call: &Call<'_>) -> User {
    call.user().unwrap_or_else(|| User::named("admin", &["system:masters".to_owned()]))
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/auth CanIOptions.
fn can_i(call: &mut Call<'_>) -> Outcome {
    let user = user(call);
    if call.line.is("list") && !call.line.args.is_empty() {
        return Err(error("list option must be specified with no arguments"));
    }
    if call.line.is("list") {
        let rules: Value = user.rules(call.world.store(), &call.namespace()).into();
        let mut rows = vec![["Resources", "Non-Resource URLs", "Resource Names", "Verbs"].map(str::to_owned).to_vec()];
        if call.line.is("no-headers") {
            rows.clear();
        }
        rows.extend(rule_rows(&rules).map(Vec::from));
        call.out.out(columns(&rows));
        return Ok(Run::Done(0));
    }
    let [verb, text] = call.line.args.as_slice() else {
        return Err(error("you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples."));
    };
    let (verb, text) = (verb.clone(), text.clone());
    let (resource, name) = text.split_once('/').unwrap_or((&text, ""));
    let url = if resource.is_empty() { text.as_str() } else { "" };
    let kind = call.world.store().catalog().resource(resource);
    let review =
        UNKEPT.iter().find(|row| kind.is_none() && row.plural == resource.split('.').next().unwrap_or(resource));
    if !KNOWN_VERBS.split(',').any(|known| known == verb) && url.is_empty() {
        call.out.err(format!("Warning: verb '{verb}' is not a known verb"));
    }
    match kind {
        None if url.is_empty() && resource != "*" && review.is_none() => {
            let (name, group) = match resource.split_once('.') {
                Some((name, group)) => (name, format!(" in group '{group}'")),
                None => (resource, String::new()),
            };
            call.out.err(format!("Warning: the server doesn't have a resource type '{name}'{group}"));
        }
        Some(kind) if !kind.namespaced && !call.line.is("all-namespaces") => {
            let group = if kind.group.is_empty() { String::new() } else { format!(" in group '{}'", kind.group) };
            let text = format!("Warning: resource '{}' is not namespace scoped{group}", kind.plural);
            call.out.err(text);
        }
        _ => {}
    }
    let part = call.line.text("subresource").to_owned();
    let (plain, group) = resource.split_once('.').unwrap_or((resource, if resource == "*" { "*" } else { "" }));
    let access = Access {
        verb: &verb,
        group: review.map_or(kind.map_or(group, |kind| kind.group), |row| row.group()),
        resource: kind.map_or(plain, |kind| kind.plural),
        part: &part,
        name,
        url,
    };
    let namespace = match kind {
        _ if call.line.is("all-namespaces") => String::new(),
        Some(kind) => call.namespace_for(kind),
        None => call.namespace(),
    };
    let allowed = user.may(call.world.store(), &namespace, access);
    if !call.line.is("quiet") {
        call.out.line(if allowed { "yes" } else { "no" });
    }
    Ok(Run::Done(u8::from(!allowed)))
}

fn whoami(call: &mut Call<'_>) -> Outcome {
    let user = call.user();
    let name = user.as_ref().map_or("admin", |user| user.name.as_str());
    let groups = match &user {
        Some(user) => user.groups.clone(),
        None => ["system:masters", "system:authenticated"].map(str::to_owned).to_vec(),
    };
    let texts: Value = groups.iter().map(|group| Value::from(group.as_str())).collect();
    let mut info = value!({"groups": texts, "username": name});
    if user.is_none() {
        info.set("uid", "admin-uid");
    }
    let review = value!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview",
        "metadata": {"creationTimestamp": (call.world.timestamp().rfc3339())}, "status": {"userInfo": (info.clone())}
    });
    match call.line.text("output") {
        "yaml" => call.out.out(yaml(&review)),
        "json" => call.out.out(json_pretty(&review)),
        _ => {
            let mut rows = vec![["ATTRIBUTE", "VALUE"].map(str::to_owned).to_vec()];
            rows.push(vec!["Username".to_owned(), name.to_owned()]);
            if user.is_none() {
                rows.push(vec!["UID".to_owned(), "admin-uid".to_owned()]);
            }
            rows.push(vec!["Groups".to_owned(), format!("[{}]", groups.join(" "))]);
            call.out.out(columns(&rows));
        }
    }
    Ok(Run::Done(0))
}

/// Makes the roles and bindings of files hold: rules and subjects that are missing are added.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/auth ReconcileOptions.RunReconcile.
fn reconcile(call: &mut Call<'_>) -> Outcome {
    manifest::require_files(call)?;
    let dry = call.dry_run()?;
    let files = manifest::read_flag(call)?;
    for manifest in &files.manifests {
        let row = manifest.object.kind;
        if row.custom.is_some() || matches!(row.kind, "CustomResourceDefinition" | "APIService") {
            let (version, kind) = (row.api_version(), row.name());
            return Err(error(format!("unable to decode \"{}\": no kind \"{kind}\" is registered for version \"{version}\" in scheme \"pkg/runtime/scheme.go:111\"", manifest.source)));
        }
        if !row.group.starts_with("rbac.") {
            continue;
        }
        let (kind, namespace, name) = manifest.target(call)?;
        let mut wanted = manifest.accepted(call)?;
        if kind.namespaced {
            wanted.set("metadata.namespace", namespace.as_str());
        }
        match call.get(kind, &namespace, &name) {
            Err(_) => drop(create(call, wanted, dry)?),
            Ok(current) => drop(modify(call, &current, dry, |object| {
                for field in ["rules", "subjects"] {
                    for item in wanted.value.get(field).list() {
                        let items = object.value.slot(field).list_mut();
                        if !items.contains(item) {
                            items.push(item.clone());
                        }
                    }
                }
                Ok(())
            })?),
        }
        let suffix = if dry == DryRun::No { "" } else { dry.suffix() };
        call.out.line(format!("{}/{name} reconciled{suffix}", kind.singular_resource()));
    }
    Failure::of(files.failures).map_or(Ok(Run::Done(0)), Err)
}
