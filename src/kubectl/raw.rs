//! `kubectl get --raw`: the paths of the API server that can be read, as JSON the way it sends it.

use super::call::Call;
use super::failure::Failure;
use super::field_selector::FieldSelector;
use super::raw_metrics;
use super::verbs::change::no_such_part;
use super::verbs::info::{self, Resource};
use crate::api::encode::{json, json_declared, json_declared_list};
use crate::api::selector::Selector;
use crate::api::{Kind, Object, Value};
use crate::base::order::Order;
use crate::value;

/// What a path holds.
pub fn read(call: &Call<'_>, path: &str) -> Result<String, Failure> {
    if let Some(text) = raw_metrics::read(call.world, path) {
        return Ok(text + "\n");
    }
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = place.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => Ok(paths(call)),
        ["version"] => Ok(info::about_text(true, "")),
        ["healthz" | "livez" | "readyz"] if query.contains("verbose") => Ok(checks(parts[0])),
        ["healthz" | "livez" | "readyz"] => Ok("ok".to_owned()),
        ["api"] => Ok(format!("{{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],\"serverAddressByClientCIDRs\":[{{\"clientCIDR\":\"0.0.0.0/0\",\"serverAddress\":\"{}\"}}]}}\n", super::verbs::config::SERVER.trim_start_matches("https://"))),
        ["apis"] => Ok(groups(call, None)?),
        ["apis", group] => groups(call, Some(group)),
        ["api", "v1"] => resources(call, "v1"),
        ["apis", group, version] => resources(call, &format!("{group}/{version}")),
        ["api", "v1", rest @ ..] => objects(call, "", "v1", rest, query),
        ["apis", group, version, rest @ ..] => objects(call, group, version, rest, query),
        _ => Err(no_such_part()),
    }
}

/// The groups and their versions, the core group left out.
fn versions(call: &Call<'_>) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for whole in info::versions(call.world) {
        let Some((group, version)) = whole.split_once('/') else { continue };
        match all.iter_mut().find(|(known, _)| known == group) {
            Some((_, versions)) => versions.insert(0, version.to_owned()),
            None => all.push((group.to_owned(), vec![version.to_owned()])),
        }
    }
    all
}

fn paths(call: &Call<'_>) -> String {
    let mut all: Vec<String> =
        ["/api", "/api/v1", "/apis", "/apis/", "/healthz", "/livez", "/readyz", "/version"].map(str::to_owned).to_vec();
    for (group, versions) in versions(call) {
        all.push(format!("/apis/{group}"));
        all.extend(versions.iter().map(|version| format!("/apis/{group}/{version}")));
    }
    all.order();
    let all: Value = all.into_iter().map(Value::from).collect();
    crate::api::encode::json_indented(&value!({"paths": all}), "  ")
}

/// The group as discovery lists it, or all of them.
fn groups(call: &Call<'_>, only: Option<&str>) -> Result<String, Failure> {
    let text = |group: &str, versions: &[String], head: &str| {
        let each: Vec<String> = versions
            .iter()
            .map(|version| format!("{{\"groupVersion\":\"{group}/{version}\",\"version\":\"{version}\"}}"))
            .collect();
        let preferred = &each[0];
        format!("{{{head}\"name\":\"{group}\",\"versions\":[{}],\"preferredVersion\":{preferred}}}", each.join(","))
    };
    let all = versions(call);
    let Some(only) = only else {
        let all: Vec<String> = all.iter().map(|(group, versions)| text(group, versions, "")).collect();
        return Ok(format!("{{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[{}]}}\n", all.join(",")));
    };
    let found = all.iter().find(|(group, _)| group == only).ok_or_else(no_such_part)?;
    Ok(text(&found.0, &found.1, "\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",") + "\n")
}

fn resources(call: &Call<'_>, version: &str) -> Result<String, Failure> {
    let rows = info::resources(call.world);
    let mine: Vec<&Resource> = rows.iter().filter(|row| row.api_version == version).collect();
    if mine.is_empty() {
        return Err(no_such_part());
    }
    let each: Vec<String> = mine
        .iter()
        .map(|row| {
            let list = |name: &str, items: Vec<&str>| match items.is_empty() {
                true => String::new(),
                false => format!(",\"{name}\":{}", json(&items.into_iter().map(Value::from).collect())),
            };
            let split = |text: &'static str| text.split(',').collect::<Vec<_>>();
            let short = row.short.split(',').filter(|word| !word.is_empty()).collect();
            format!(
                "{{\"name\":\"{}\",\"singularName\":\"{}\",\"namespaced\":{},\"kind\":\"{}\"{}{}{}}}",
                row.plural,
                row.singular,
                row.namespaced,
                row.kind,
                list("verbs", split(row.verbs)),
                list("shortNames", short),
                list("categories", row.categories.to_vec())
            )
        })
        .collect();
    let head = if version == "v1" { "" } else { "\"apiVersion\":\"v1\"," };
    Ok(format!(
        "{{\"kind\":\"APIResourceList\",{head}\"groupVersion\":\"{version}\",\"resources\":[{}]}}\n",
        each.join(",")
    ))
}

/// Objects: `namespaces/demo/pods`, `pods/web/status`.
fn objects(call: &Call<'_>, group: &str, version: &str, parts: &[&str], query: &str) -> Result<String, Failure> {
    let find = |plural: &str| {
        let known = |kind: &&'static Kind| kind.plural == plural && kind.group == group && kind.version == version;
        call.world.store().catalog().all().find(known).ok_or_else(no_such_part)
    };
    let (namespace, plural, rest) = match parts {
        ["namespaces", namespace, plural, rest @ ..] if !matches!(*plural, "status" | "finalize") => {
            (*namespace, *plural, rest)
        }
        [plural, rest @ ..] => ("", *plural, rest),
        [] => return Err(no_such_part()),
    };
    let kind = find(plural)?;
    match rest {
        [] => list(call, kind, namespace, query),
        [name] | [name, "status"] => Ok(json_declared(&call.get(kind, namespace, name)?, None) + "\n"),
        [name, "scale"] => {
            let scale = super::verbs::get::scale_of(&call.get(kind, namespace, name)?)?;
            Ok(json(&scale) + "\n")
        }
        _ => Err(no_such_part()),
    }
}

fn list(call: &Call<'_>, kind: &'static Kind, namespace: &str, query: &str) -> Result<String, Failure> {
    let given = |name: &str| {
        let pair = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
        pair.map(|(_, text)| text.replace("%3D", "=").replace("%2C", ",").replace("%3d", "=")).unwrap_or_default()
    };
    let refuse = |why: String| Failure::Server(crate::api::Status::bad_request(why));
    let labels = Selector::parse(&given("labelSelector")).map_err(refuse)?;
    let fields = FieldSelector::parse(&given("fieldSelector"), kind).map_err(refuse)?;
    call.authorize("list", kind, "", namespace, "")?;
    let store = call.world.store();
    let all = store.all(kind.kind).filter(|object| namespace.is_empty() || object.namespace() == namespace);
    let mut found: Vec<Object> = all
        .map(|object| call.world.present(object))
        .filter(|object| labels.matches(object.labels()) && fields.matches(object))
        .collect();
    if let Ok(limit) = given("limit").parse() {
        found.truncate(limit);
    }
    let metadata = value!({"resourceVersion": (store.revision().to_string())});
    Ok(json_declared_list(kind, &metadata, &found, None, true) + "\n")
}

/// What `?verbose` lists.
fn checks(endpoint: &str) -> String {
    const CHECKS: &str = "ping log etcd poststarthook/start-apiserver-admission-initializer poststarthook/generic-apiserver-start-informers poststarthook/priority-and-fairness-config-consumer poststarthook/priority-and-fairness-filter poststarthook/storage-object-count-tracker-hook poststarthook/start-apiextensions-informers poststarthook/start-apiextensions-controllers poststarthook/crd-informer-synced poststarthook/start-system-namespaces-controller poststarthook/start-cluster-authentication-info-controller poststarthook/start-kube-apiserver-identity-lease-controller poststarthook/start-legacy-token-tracking-controller poststarthook/start-service-ip-repair-controllers poststarthook/rbac/bootstrap-roles poststarthook/scheduling/bootstrap-system-priority-classes poststarthook/priority-and-fairness-config-producer poststarthook/bootstrap-controller poststarthook/start-kubernetes-service-cidr-controller poststarthook/aggregator-reload-proxy-client-cert poststarthook/start-kube-aggregator-informers poststarthook/apiservice-status-local-available-controller poststarthook/apiservice-status-remote-available-controller poststarthook/apiservice-registration-controller poststarthook/apiservice-discovery-controller poststarthook/kube-apiserver-autoregistration autoregister-completion poststarthook/apiservice-openapi-controller poststarthook/apiservice-openapiv3-controller";
    let mut text: String = CHECKS.split(' ').map(|check| format!("[+]{check} ok\n")).collect();
    if endpoint == "readyz" {
        text.push_str("[+]shutdown ok\n");
    }
    text + &format!("{endpoint} check passed\n")
}
