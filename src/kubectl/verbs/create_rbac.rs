//! `kubectl create role|clusterrole|rolebinding|clusterrolebinding`, and `set subject`.

use super::create_kinds::{finish, new_object};
use super::set::{each, of_object};
use super::Verb;
use crate::api::{Object, Value};
use crate::kubectl::call::{Call, Outcome};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::select;
use crate::value;
use std::collections::BTreeMap;

/// The row of `create role`.
pub static ROLE: Verb = Verb { name: "role", run: Some(role), ..super::PLAIN };

/// The row of `create clusterrole`.
pub static CLUSTER_ROLE: Verb = Verb { name: "clusterrole", run: Some(cluster_role), ..super::PLAIN };

/// The row of `create rolebinding`.
pub static ROLE_BINDING: Verb = Verb { name: "rolebinding", run: Some(role_binding), ..super::PLAIN };

/// The row of `create clusterrolebinding`.
pub static CLUSTER_ROLE_BINDING: Verb =
    Verb { name: "clusterrolebinding", run: Some(cluster_role_binding), ..super::PLAIN };

/// The row of `set subject`.
pub static SUBJECT: Verb = Verb { name: "subject", run: Some(set_subject), ..super::PLAIN };

const RESOURCE_VERBS: &str =
    "* get delete list create update patch watch proxy deletecollection use bind escalate impersonate";
const URL_VERBS: &str = "* get post put delete patch head options";
const RBAC: &str = "rbac.authorization.k8s.io";

/// A resource as `--resource` names it: group, plural name, sub-resource.
struct Resource {
    group: String,
    name: String,
    known: bool,
    part: String,
}

/// The words of a flag, each once.
fn words(call: &Call<'_>, flag: &str, split: bool) -> Vec<String> {
    let all = if split { call.line.list(flag) } else { call.line.all(flag).to_vec() };
    let mut once: Vec<String> = Vec::new();
    for word in all {
        if !once.contains(&word) {
            once.push(word);
        }
    }
    once
}

fn verbs(call: &Call<'_>) -> Vec<String> {
    let all = words(call, "verb", true);
    if all.iter().any(|verb| verb == "*") {
        return vec!["*".to_owned()];
    }
    all
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/create CreateRoleOptions.Complete.
fn resources(call: &Call<'_>) -> Vec<Resource> {
    let mut all = Vec::new();
    for text in call.line.list("resource") {
        let (head, part) = text.split_once('/').map_or((text.as_str(), ""), |(head, part)| (head, part));
        let kind = call.world.store().catalog().resource(head);
        let (name, group) = head.split_once('.').unwrap_or((head, ""));
        let resource = Resource {
            group: kind.map_or(group, |kind| kind.group).to_owned(),
            name: kind.map_or(name, |kind| kind.plural).to_owned(),
            known: kind.is_some(),
            part: part.to_owned(),
        };
        if text == "*" {
            return vec![resource];
        }
        all.push(resource);
    }
    all
}

fn warn_of_verbs(call: &mut Call<'_>, verbs: &[String]) {
    for verb in verbs.iter().filter(|verb| !RESOURCE_VERBS.split(' ').any(|known| known == *verb)) {
        call.out.warn(&format!("'{verb}' is not a standard resource verb"));
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/create CreateRoleOptions.validateResource.
fn check_resources(resources: &[Resource], verbs: &[String]) -> Result<(), Failure> {
    for resource in resources {
        if resource.name.is_empty() {
            return Err(error("resource must be specified if apiGroup/subresource specified"));
        }
        if resource.name == "*" {
            return Ok(());
        }
        let mut special = false;
        for verb in verbs {
            let allowed = match verb.as_str() {
                "use" => "podsecuritypolicies.policy podsecuritypolicies.extensions",
                "bind" | "escalate" => "roles.rbac.authorization.k8s.io clusterroles.rbac.authorization.k8s.io",
                "impersonate" => "users. serviceaccounts. groups. userextras.authentication.k8s.io",
                _ => continue,
            };
            let full = format!("{}.{}", resource.name, resource.group);
            if !allowed.split(' ').any(|known| known == full) {
                return Err(error(format!(
                    "can not perform '{verb}' on '{}' in group '{}'",
                    resource.name, resource.group
                )));
            }
            special = true;
        }
        if !resource.known && !special {
            let full = match resource.group.as_str() {
                "" => resource.name.clone(),
                group => format!("{}.{group}", resource.name),
            };
            return Err(Failure::Plain(format!("the server doesn't have a resource type \"{full}\"")));
        }
    }
    Ok(())
}

fn texts(words: &[String]) -> Value {
    words.iter().map(|word| Value::from(word.as_str())).collect()
}

/// A rule for each API group.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/create generateResourcePolicyRules.
fn rules(call: &Call<'_>, resources: &[Resource], verbs: &[String]) -> Vec<Value> {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for resource in resources {
        let name = match resource.part.as_str() {
            "" => resource.name.clone(),
            part => format!("{}/{part}", resource.name),
        };
        let group = groups.entry(&resource.group).or_default();
        if !group.contains(&name) {
            group.push(name);
        }
    }
    let names = words(call, "resource-name", false);
    let mut all = Vec::new();
    for (group, resources) in groups {
        let mut rule = value!({"apiGroups": [group], "resources": (texts(&resources)), "verbs": (texts(verbs))});
        if !names.is_empty() {
            rule.set("resourceNames", texts(&names));
        }
        all.push(rule);
    }
    let urls = words(call, "non-resource-url", true);
    if !urls.is_empty() {
        all.push(value!({"nonResourceURLs": (texts(&urls)), "verbs": (texts(verbs))}));
    }
    all
}

fn role(call: &mut Call<'_>) -> Outcome {
    let mut object = new_object(call.only_name()?, "Role");
    let (verbs, resources) = (verbs(call), resources(call));
    if verbs.is_empty() {
        return Err(error("at least one verb must be specified"));
    }
    warn_of_verbs(call, &verbs);
    if resources.is_empty() {
        return Err(error("at least one resource must be specified"));
    }
    check_resources(&resources, &verbs)?;
    object.set("rules", rules(call, &resources, &verbs));
    finish(call, object, "")
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/create CreateClusterRoleOptions.Validate.
fn cluster_role(call: &mut Call<'_>) -> Outcome {
    let mut object = new_object(call.only_name()?, "ClusterRole");
    let (verbs, resources, urls) = (verbs(call), resources(call), words(call, "non-resource-url", true));
    let aggregated = words(call, "aggregation-rule", true);
    if !aggregated.is_empty() {
        if !verbs.is_empty() || !resources.is_empty() || !urls.is_empty() || call.line.has("resource-name") {
            return Err(error(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
            ));
        }
        let mut labels = Value::map();
        for pair in aggregated {
            let (key, value) = pair.split_once('=').unwrap_or((&pair, ""));
            labels.map_mut().insert(key, value);
        }
        object.set("aggregationRule.clusterRoleSelectors", vec![value!({"matchLabels": labels})]);
        object.set("rules", Value::Null);
        return finish(call, object, "");
    }
    if verbs.is_empty() {
        return Err(error("at least one verb must be specified"));
    }
    if resources.is_empty() && urls.is_empty() {
        return Err(error("one of resource or nonResourceURL must be specified"));
    }
    if !resources.is_empty() {
        warn_of_verbs(call, &verbs);
        check_resources(&resources, &verbs)?;
    }
    if !urls.is_empty() {
        if let Some(verb) = verbs.iter().find(|verb| !URL_VERBS.split(' ').any(|known| known == *verb)) {
            return Err(error(format!("invalid verb: '{verb}' for nonResourceURL")));
        }
        for url in urls.iter().filter(|url| *url != "*") {
            if !url.starts_with('/') {
                return Err(error("nonResourceURL should start with /"));
            }
            if url.trim_end_matches('*').contains('*') || url.ends_with("**") {
                return Err(error("nonResourceURL only supports wildcard matches when '*' is at the end"));
            }
        }
    }
    object.set("rules", rules(call, &resources, &verbs));
    finish(call, object, "")
}

/// The subjects that the flags name: users, groups, service accounts.
fn subjects(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for name in words(call, flag, false) {
            all.push(value!({"apiGroup": RBAC, "kind": kind, "name": (name.as_str())}));
        }
    }
    for account in words(call, "serviceaccount", false) {
        match account.split(':').collect::<Vec<_>>()[..] {
            [namespace, name] if !name.is_empty() => {
                all.push(value!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
            }
            _ => return Err(error("serviceaccount must be <namespace>:<name>")),
        }
    }
    Ok(all)
}

fn bind(call: &mut Call<'_>, mut object: Object, kind: &str, role: &str, what: &str) -> Outcome {
    object.set("roleRef", value!({"apiGroup": RBAC, "kind": kind, "name": role}));
    let subjects = subjects(call)?;
    if !subjects.is_empty() {
        object.set("subjects", subjects);
    }
    finish(call, object, what)
}

fn role_binding(call: &mut Call<'_>) -> Outcome {
    let object = new_object(call.only_name()?, "RoleBinding");
    let (role, cluster) = (call.line.text("role").to_owned(), call.line.text("clusterrole").to_owned());
    match (role.as_str(), cluster.as_str()) {
        (role, "") if !role.is_empty() => bind(call, object, "Role", role, "rolebinding"),
        ("", cluster) if !cluster.is_empty() => bind(call, object, "ClusterRole", cluster, "rolebinding"),
        _ => Err(error("exactly one of clusterrole or role must be specified")),
    }
}

fn cluster_role_binding(call: &mut Call<'_>) -> Outcome {
    call.require(&["clusterrole"])?;
    let object = new_object(call.only_name()?, "ClusterRoleBinding");
    let role = call.line.text("clusterrole").to_owned();
    bind(call, object, "ClusterRole", &role, "clusterrolebinding")
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/set SubjectOptions.Run.
fn set_subject(call: &mut Call<'_>) -> Outcome {
    let wanted = subjects(call)?;
    if wanted.is_empty() {
        let args = call.line.args.clone();
        select(call, &args, call.line.is("all"))?;
        return Err(error("you must specify at least one value of user, group or serviceaccount"));
    }
    let args = call.line.args.clone();
    each(call, &args, "subjects updated", &mut |call, object| {
        if !object.kind.kind.ends_with("RoleBinding") {
            return Err(of_object(
                object,
                call.line.is("local"),
                "setting subjects is only supported for RoleBinding/ClusterRoleBinding",
            ));
        }
        for subject in &wanted {
            let subjects = object.value.slot("subjects");
            if !subjects.list().contains(subject) {
                subjects.list_mut().push(subject.clone());
            }
        }
        Ok(())
    })
}
