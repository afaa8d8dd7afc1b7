//! What the cluster and kubectl are: `api-resources`, `api-versions`, `version`, `cluster-info`.

use ecow::EcoString;

use super::Verb;
use crate::api::encode::{json_pretty, yaml};
use crate::api::kinds::UNKEPT;
use crate::api::{Kind, Value};
use crate::base::order::Order;
use crate::base::table::columns;
use crate::cluster::metrics::{CUSTOM, EXTERNAL, RESOURCE};
use crate::cluster::World;
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
pub static CLUSTER_INFO: Verb = Verb {
    name: "cluster-info",
    aliases: &["clusterinfo"],
    subverbs: &[&Verb { name: "dump", run: Some(super::cluster_info_dump::run), ..super::PLAIN }],
    run: Some(cluster_info),
};

fn api_resources(call: &mut Call<'_>) -> Outcome {
    if !call.line.args.is_empty() {
        return Err(Failure::Usage(format!("unexpected arguments: [{}]", call.line.args.join(" "))));
    }
    let (namespaced, group) = (call.line.get("namespaced"), call.line.get("api-group"));
    let (categories, verbs) = (call.line.list("categories"), call.line.list("verbs"));
    let wanted = |row: &Resource| {
        namespaced.is_none_or(|text| (text != "false") == row.namespaced)
            && group.is_none_or(|group| group == row.group())
            && categories.iter().all(|category| row.categories.contains(&category.as_str()))
            && verbs.iter().all(|verb| row.verbs.split(',').any(|known| known == verb))
    };
    let mut rows: Vec<Resource> = resources(call.world).into_iter().filter(wanted).collect();
    rows.order_by(|a, b| (a.group(), &a.plural).cmp(&(b.group(), &b.plural)));
    match call.line.get("sort-by") {
        Some("name") => rows.order_by(|a, b| a.plural.cmp(&b.plural)),
        Some("kind") => rows.order_by_key(|row| row.kind),
        Some(_) => return Err(error("--sort-by accepts only name or kind")),
        None => {}
    }
    let wide = match call.line.text("output") {
        "" => false,
        "wide" => true,
        "name" => {
            for row in &rows {
                let dot = if row.group().is_empty() { "" } else { "." };
                call.out.line(format!("{}{dot}{}", row.plural, row.group()));
            }
            return Ok(Run::Done(0));
        }
        format @ ("yaml" | "json") => {
            let list: Value = rows.iter().map(Resource::to_value).collect();
            let all = value!({"apiVersion": "v1", "groupVersion": "", "kind": "APIResourceList", "resources": list});
            call.out.out(if format == "yaml" { yaml(&all) } else { json_pretty(&all) });
            return Ok(Run::Done(0));
        }
        other => return Err(error(format!("--output {other} is not available"))),
    };
    let mut table: Vec<Vec<String>> = Vec::new();
    if !call.line.is("no-headers") {
        let mut heads = vec!["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"];
        if wide {
            heads.extend(["VERBS", "CATEGORIES"]);
        }
        table.push(heads.into_iter().map(str::to_owned).collect());
    }
    for row in rows {
        let namespaced = row.namespaced.to_string();
        let mut cells = vec![row.plural.to_string(), row.short, row.api_version, namespaced, row.kind.to_owned()];
        if wide {
            cells.extend([row.verbs.to_owned(), row.categories.join(",")]);
        }
        table.push(cells);
    }
    call.out.out(columns(&table));
    Ok(Run::Done(0))
}

/// A resource as the API server's discovery lists it.
pub struct Resource {
    /// `deployments`.
    pub plural: EcoString,
    /// `deployment`.
    pub singular: &'static str,
    /// `deploy`, with commas between several.
    pub short: String,
    /// `apps/v1`.
    pub api_version: String,
    /// False for what belongs to the whole cluster.
    pub namespaced: bool,
    /// `Deployment`.
    pub kind: &'static str,
    /// What can be done, with commas between.
    pub verbs: &'static str,
    /// `all`.
    pub categories: &'static [&'static str],
}

impl Resource {
    fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    fn to_value(&self) -> Value {
        let list = |text: &str| -> Value { text.split(',').map(Value::from).collect() };
        let version = self.api_version.rsplit('/').next().unwrap_or_default();
        let mut value = value!({
            "kind": (self.kind), "name": (self.plural.clone()), "namespaced": (self.namespaced), "singularName": (self.singular),
            "verbs": (list(self.verbs)), "version": version
        });
        let parts = [("group", Value::from(self.group())), ("shortNames", list(&self.short))];
        let given = parts.into_iter().zip([!self.group().is_empty(), !self.short.is_empty()]);
        given.filter(|(_, given)| *given).for_each(|((field, part), _)| value.set(field, part));
        if !self.categories.is_empty() {
            value.set("categories", list(&self.categories.join(",")));
        }
        value
    }
}

/// The kinds that are served. Those of the VerticalPodAutoscaler are custom resources: they are listed once there are some.
pub fn resources(world: &World) -> Vec<Resource> {
    let installed = |kind: &&'static Kind| kind.group != "autoscaling.k8s.io" || world.store().count(kind.kind) > 0;
    let kept = world.store().catalog().all().filter(installed).map(|kind| Resource {
        plural: kind.plural.into(),
        singular: kind.singular,
        short: kind.short_names.join(","),
        api_version: kind.api_version(),
        namespaced: kind.namespaced,
        kind: kind.name(),
        verbs: kind.verbs(),
        categories: kind.categories,
    });
    let unkept = UNKEPT.iter().map(|row| Resource {
        plural: row.plural.into(),
        singular: row.plural.trim_end_matches('s'),
        short: row.short.to_owned(),
        api_version: row.api_version.to_owned(),
        namespaced: row.namespaced,
        kind: row.kind,
        verbs: row.verbs,
        categories: &[],
    });
    kept.chain(unkept).chain(metrics(world)).collect()
}

/// What servers of metrics answer for. Custom metrics are sub-resources, which nobody lists here.
fn metrics(world: &World) -> Vec<Resource> {
    let one = |plural: &str, group: &str, namespaced: bool, kind: &'static str, verbs: &'static str| Resource {
        plural: plural.into(),
        singular: "",
        short: String::new(),
        api_version: format!("{group}/v1beta1"),
        namespaced,
        kind,
        verbs,
        categories: &[],
    };
    let mut all = Vec::new();
    if world.serves_metrics(RESOURCE) {
        all.push(one("nodes", RESOURCE, false, "NodeMetrics", "get,list"));
        all.push(one("pods", RESOURCE, true, "PodMetrics", "get,list"));
    }
    if world.serves_metrics(EXTERNAL) {
        let names = world.metric_names(EXTERNAL);
        all.extend(names.iter().map(|name| one(name, EXTERNAL, true, "ExternalMetricValueList", "get")));
    }
    all
}

fn api_versions(call: &mut Call<'_>) -> Outcome {
    if !call.line.args.is_empty() {
        return Err(Failure::Usage(format!("unexpected arguments: [{}]", call.line.args.join(" "))));
    }
    versions(call.world).iter().for_each(|version| call.out.line(version));
    Ok(Run::Done(0))
}

/// All group versions that are served, sorted.
pub fn versions(world: &World) -> Vec<String> {
    let mut versions: Vec<String> = resources(world).into_iter().map(|row| row.api_version).collect();
    versions.push("autoscaling/v1".to_owned());
    let metrics = [RESOURCE, CUSTOM, EXTERNAL].into_iter().filter(|group| world.serves_metrics(group));
    versions.extend(metrics.map(|group| format!("{group}/v1beta1")));
    versions.extend(world.store().catalog().custom().iter().map(|row| row.api_version()));
    versions.order();
    versions.dedup();
    versions
}

const KUSTOMIZE: &str = "v5.8.1";

/// What the API server, or kubectl itself, says of its build, in the order in which Go writes it.
fn about(server: bool) -> Vec<(&'static str, &'static str)> {
    let emulated = [
        ("emulationMajor", "1"),
        ("emulationMinor", "36"),
        ("minCompatibilityMajor", "1"),
        ("minCompatibilityMinor", "35"),
    ];
    let mut all = vec![("major", "1"), ("minor", "36")];
    all.extend(emulated.into_iter().filter(|_| server));
    all.extend([
        ("gitVersion", VERSION),
        ("gitCommit", "$Format:%H$"),
        ("gitTreeState", ""),
        ("buildDate", "1970-01-01T00:00:00Z"),
        ("goVersion", "go1.26.6"),
        ("compiler", "gc"),
        ("platform", "linux/amd64"),
    ]);
    all
}

/// The same as JSON, each line after the first behind `margin`.
pub fn about_text(server: bool, margin: &str) -> String {
    let lines: Vec<String> =
        about(server).iter().map(|(name, text)| format!("{margin}  \"{name}\": \"{text}\"")).collect();
    format!("{{\n{}\n{margin}}}", lines.join(",\n"))
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/version VersionOptions.Run.
fn version(call: &mut Call<'_>) -> Outcome {
    if !call.line.args.is_empty() {
        return Err(error(format!("extra arguments: [{}]", call.line.args.join(" "))));
    }
    let client_only = call.line.is("client");
    match call.line.text("output") {
        "" => {
            call.out.line(format!("Client Version: {VERSION}\nKustomize Version: {KUSTOMIZE}"));
            if !client_only {
                call.out.line(format!("Server Version: {VERSION}"));
            }
        }
        "yaml" => {
            let map = |server: bool| -> Value {
                let mut value = value!({});
                about(server).into_iter().for_each(|(name, text)| value.set(name, text));
                value
            };
            let mut all = value!({"clientVersion": (map(false)), "kustomizeVersion": KUSTOMIZE});
            if !client_only {
                all.set("serverVersion", map(true));
            }
            call.out.line(yaml(&all));
        }
        "json" => {
            let server =
                if client_only { String::new() } else { format!(",\n  \"serverVersion\": {}", about_text(true, "  ")) };
            let client = about_text(false, "  ");
            let text =
                format!("{{\n  \"clientVersion\": {client},\n  \"kustomizeVersion\": \"{KUSTOMIZE}\"{server}\n}}");
            call.out.line(text);
        }
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
