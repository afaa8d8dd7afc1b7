//! What the cluster and kubectl are: `api-resources`, `api-versions`, `version`, `cluster-info`.

use super::Verb;
use crate::api::encode::yaml;
use crate::api::kinds::KINDS;
use crate::api::{Kind, Value};
use crate::base::order::Order;
use crate::base::table::columns;
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::store::settings::VERSION;
use crate::value;

/// The row of api-resources.
pub static API_RESOURCES: Verb = Verb { name: "api-resources", run: Some(api_resources), ..super::PLAIN };

/// The row of api-versions.
pub static API_VERSIONS: Verb = Verb { name: "api-versions", run: Some(api_versions), ..super::PLAIN };

/// The row of version.
pub static VERSION_VERB: Verb = Verb { name: "version", run: Some(version), ..super::PLAIN };

/// The row of cluster-info.
pub static CLUSTER_INFO: Verb = Verb { name: "cluster-info", run: Some(cluster_info), ..super::PLAIN };

const VERBS: &str = "create,delete,deletecollection,get,list,patch,update,watch";

fn api_resources(call: &mut Call<'_>) -> Outcome {
    if !call.line.args.is_empty() {
        return Err(Failure::Usage(format!("unexpected arguments: [{}]", call.line.args.join(" "))));
    }
    let (namespaced, group) = (call.line.get("namespaced"), call.line.get("api-group"));
    let (categories, verbs) = (call.line.list("categories"), call.line.list("verbs"));
    let wanted = |kind: &&&'static Kind| {
        namespaced.is_none_or(|text| (text != "false") == kind.namespaced)
            && group.is_none_or(|group| group == kind.group)
            && categories.iter().all(|category| kind.categories.contains(&category.as_str()))
            && verbs.iter().all(|verb| VERBS.split(',').any(|known| known == verb))
    };
    let mut kinds: Vec<&'static Kind> = KINDS.iter().filter(wanted).copied().collect();
    kinds.order_by_key(|kind| (kind.group, kind.plural));
    match call.line.get("sort-by") {
        Some("name") => kinds.order_by_key(|kind| kind.plural),
        Some("kind") => kinds.order_by_key(|kind| kind.kind),
        Some(other) => return Err(error(format!("--sort-by accepts only name or kind, not {other}"))),
        None => {}
    }
    let wide = match call.line.text("output") {
        "" => false,
        "wide" => true,
        "name" => {
            kinds.iter().for_each(|kind| call.out.line(kind.resource()));
            return Ok(Run::Done(0));
        }
        other => return Err(error(format!("--output {other} is not available"))),
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !call.line.is("no-headers") {
        let mut heads = vec!["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"];
        if wide {
            heads.extend(["VERBS", "CATEGORIES"]);
        }
        rows.push(heads.into_iter().map(str::to_owned).collect());
    }
    for kind in kinds {
        let short = kind.short_names.join(",");
        let mut row =
            vec![kind.plural.to_owned(), short, kind.api_version(), kind.namespaced.to_string(), kind.kind.to_owned()];
        if wide {
            row.extend([VERBS.to_owned(), kind.categories.join(",")]);
        }
        rows.push(row);
    }
    call.out.out(columns(&rows));
    Ok(Run::Done(0))
}

fn api_versions(call: &mut Call<'_>) -> Outcome {
    let mut versions: Vec<String> = KINDS.iter().map(|kind| kind.api_version()).collect();
    versions.order();
    versions.dedup();
    versions.iter().for_each(|version| call.out.line(version));
    Ok(Run::Done(0))
}

const KUSTOMIZE: &str = "v5.8.1";

fn version(call: &mut Call<'_>) -> Outcome {
    let client_only = call.line.is("client");
    let about = || value!({"gitVersion": VERSION, "major": "1", "minor": "36", "platform": "wasm"});
    let mut all = value!({"clientVersion": (about()), "kustomizeVersion": KUSTOMIZE});
    if !client_only {
        all.set("serverVersion", about());
    }
    match call.line.text("output") {
        "" => {
            call.out.line(format!("Client Version: {VERSION}\nKustomize Version: {KUSTOMIZE}"));
            if !client_only {
                call.out.line(format!("Server Version: {VERSION}"));
            }
        }
        "yaml" => call.out.out(yaml(&all)),
        "json" => call.out.line(crate::api::encode::json_indented(&all, "  ")),
        _ => return Err(error("--output must be 'yaml' or 'json'")),
    }
    Ok(Run::Done(0))
}

fn cluster_info(call: &mut Call<'_>) -> Outcome {
    let server = super::config::SERVER;
    call.out.line(format!("Kubernetes control plane is running at {server}"));
    let services = call.world.store().list("Service", "kube-system");
    let marked = services.filter(|service| service.label("kubernetes.io/cluster-service") == "true");
    let lines: Vec<String> = marked
        .map(|service| {
            let name = match service.label("kubernetes.io/name") {
                "" => service.name(),
                name => name,
            };
            let port = match service.at("spec.ports").index(0).get("name") {
                Value::Str(port) => format!(":{port}"),
                _ => String::new(),
            };
            let path = format!("/api/v1/namespaces/kube-system/services/{}{port}/proxy", service.name());
            format!("{name} is running at {server}{path}")
        })
        .collect();
    lines.iter().for_each(|line| call.out.line(line));
    call.out.line("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    Ok(Run::Done(0))
}
