//! `kubectl top`: what pods and nodes use, as metrics-server has it.

use super::Verb;
use crate::api::kinds::kind;
use crate::api::{Object, Status};
use crate::base::order::Order;
use crate::base::quantity::Quantity;
use crate::base::table::columns;
use crate::base::time::Span;
use crate::cluster::metrics::RESOURCE;
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::{list, Filter};
use crate::store::metrics::{MetricsApi, PodMetrics};
use crate::store::rbac::Access;

/// Its row.
pub static VERB: Verb = Verb { name: "top", subverbs: &[&POD, &NODE], ..super::PLAIN };
static POD: Verb = Verb { name: "pod", aliases: &["pods", "po"], run: Some(pods), ..super::PLAIN };
static NODE: Verb = Verb { name: "node", aliases: &["nodes", "no"], run: Some(nodes), ..super::PLAIN };

/// Checks what both have in common.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/top TopPodOptions.Validate.
fn check(call: &Call<'_>) -> Result<(), Failure> {
    if !matches!(call.line.text("sort-by"), "" | "cpu" | "memory") {
        return Err(error("--sort-by accepts only cpu or memory"));
    }
    if call.line.args.len() > 1 {
        let what = if call.command.ends_with("node") { "node" } else { "pod" };
        return Err(Failure::Usage(format!("{what} [NAME | -l label]")));
    }
    if !call.line.args.is_empty() && !call.line.text("selector").is_empty() {
        let flag = if call.command.ends_with("node") { "--selector" } else { "selector" };
        return Err(error(format!("only one of NAME or {flag} can be provided")));
    }
    if !call.world.serves_metrics(RESOURCE) {
        return Err(error("Metrics API not available"));
    }
    let resource = if call.command.ends_with("node") { "nodes" } else { "pods" };
    let name = call.line.args.first().map_or("", String::as_str);
    let verb = if name.is_empty() { "list" } else { "get" };
    let namespace = match resource {
        "pods" if !call.line.is("all-namespaces") => call.namespace(),
        _ => String::new(),
    };
    call.authorize_access(Access { verb, group: RESOURCE, resource, part: "", name, url: "" }, &namespace)
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/top TopPodOptions.RunTopPod.
fn pods(call: &mut Call<'_>) -> Outcome {
    check(call)?;
    let name = call.line.args.first().cloned();
    let objects = list(call, kind("Pod"))?;
    let filter = Filter::of(call, kind("Pod"))?;
    let wanted = |pod: &&Object| filter.takes(pod) && name.as_deref().is_none_or(|name| pod.name() == name);
    let mut rows: Vec<(String, PodMetrics)> = Vec::new();
    for pod in objects.iter().filter(wanted) {
        let found = call.world.pods(pod.namespace(), &|other| other.uid() == pod.uid());
        rows.extend(found.unwrap_or_default().into_iter().map(|metrics| (pod.namespace().to_owned(), metrics)));
    }
    if let (Some(name), true) = (&name, rows.is_empty()) {
        return Err(Status::not_found("podmetrics.metrics.k8s.io", &format!("{}/{name}", call.namespace())).into());
    }
    let everywhere = call.line.is("all-namespaces");
    if rows.is_empty() {
        return none(call, &objects, everywhere);
    }
    rows.order_by(|a, b| (&a.0, &a.1.name).cmp(&(&b.0, &b.1.name)));
    match call.line.text("sort-by") {
        "cpu" => rows.order_by_key(|(_, pod)| std::cmp::Reverse(cpu(pod))),
        "memory" => rows.order_by_key(|(_, pod)| std::cmp::Reverse(memory(pod))),
        _ => {}
    }
    print_pods(call, &rows, everywhere);
    Ok(Run::Done(0))
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/top verifyEmptyMetrics.
fn none(call: &mut Call<'_>, pods: &[Object], everywhere: bool) -> Outcome {
    if pods.is_empty() {
        let text = match everywhere {
            true => "No resources found".to_owned(),
            false => format!("No resources found in {} namespace.", call.namespace()),
        };
        call.out.err(text);
        return Ok(Run::Done(0));
    }
    let now = call.world.timestamp();
    for pod in pods {
        let age = Span((now.0 - pod.created().map_or(now.0, |at| at.0)).max(0) as u64);
        if age > Span::secs(120) {
            let text = format!("Metrics not available for pod {}/{}, age: {age}", pod.namespace(), pod.name());
            return Err(error(text));
        }
    }
    Err(error("metrics not available yet"))
}

fn cpu(pod: &PodMetrics) -> i64 {
    pod.containers.iter().map(|c| milli(c.cpu_nano.unwrap_or(0))).sum()
}

fn memory(pod: &PodMetrics) -> i64 {
    pod.containers.iter().map(|c| c.memory_bytes.unwrap_or(0)).sum()
}

fn milli(nano: i64) -> i64 {
    (nano + 999_999).div_euclid(1_000_000)
}

fn amounts(cpu_milli: i64, memory_bytes: i64) -> [String; 2] {
    [format!("{cpu_milli}m"), format!("{}Mi", memory_bytes >> 20)]
}

fn print_pods(call: &mut Call<'_>, pods: &[(String, PodMetrics)], everywhere: bool) {
    let by_container = call.line.is("containers");
    let names: &[&str] = if by_container { &["POD", "NAME"] } else { &["NAME"] };
    let mut table: Vec<Vec<String>> = Vec::new();
    let space = |text: &str| if everywhere { vec![text.to_owned()] } else { Vec::new() };
    if !call.line.is("no-headers") {
        let mut head = space("NAMESPACE");
        head.extend(names.iter().chain(&["CPU(cores)", "MEMORY(bytes)", ""]).map(|name| (*name).to_owned()));
        table.push(head);
    }
    for (namespace, pod) in pods {
        let mut add = |container: Option<&str>, cpu: i64, memory: i64| {
            let mut row = space(namespace);
            row.push(pod.name.to_string());
            row.extend(container.map(str::to_owned));
            row.extend(amounts(cpu, memory));
            row.push(String::new());
            table.push(row);
        };
        if by_container {
            let mut containers: Vec<_> = pod.containers.iter().collect();
            containers.order_by(|a, b| a.name.cmp(&b.name));
            for c in containers {
                add(Some(&c.name), milli(c.cpu_nano.unwrap_or(0)), c.memory_bytes.unwrap_or(0));
            }
        } else {
            add(None, cpu(pod), memory(pod));
        }
    }
    if call.line.is("sum") {
        let blank = table[0].len() - 3;
        let row = |cells: [String; 2]| {
            let mut row = vec![String::new(); blank];
            row.extend(cells);
            row.push(String::new());
            row
        };
        let line = || "________".to_owned();
        let total = |of: fn(&PodMetrics) -> i64| pods.iter().map(|(_, pod)| of(pod)).sum::<i64>();
        table.push(row([line(), line()]));
        table.push(row(amounts(total(cpu), total(memory))));
    }
    call.out.out(columns(&table));
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/top TopNodeOptions.RunTopNode.
fn nodes(call: &mut Call<'_>) -> Outcome {
    check(call)?;
    let name = call.line.args.first().cloned();
    let filter = Filter::of(call, kind("Node"))?;
    let mut metrics = call.world.node_metrics().unwrap_or_default();
    let node = |name: &str| call.world.store().find("Node", "", name);
    metrics.retain(|m| name.as_deref().is_none_or(|name| m.name == name));
    metrics.retain(|m| node(&m.name).is_some_and(|node| filter.takes(node)));
    if let (Some(name), true) = (&name, metrics.is_empty()) {
        return Err(Status::not_found("nodemetrics.metrics.k8s.io", name).into());
    }
    if metrics.is_empty() {
        return Err(error("metrics not available yet"));
    }
    match call.line.text("sort-by") {
        "cpu" => metrics.order_by_key(|m| std::cmp::Reverse(m.cpu_nano)),
        "memory" => metrics.order_by_key(|m| std::cmp::Reverse(m.memory_bytes)),
        _ => {}
    }
    let whole = if call.line.is("show-capacity") { "status.capacity" } else { "status.allocatable" };
    let mut table: Vec<Vec<String>> = Vec::new();
    if !call.line.is("no-headers") {
        let head = ["NAME", "CPU(cores)", "CPU(%)", "MEMORY(bytes)", "MEMORY(%)", ""];
        table.push(head.iter().map(|cell| (*cell).to_owned()).collect());
    }
    for m in &metrics {
        let of = |resource: &str| {
            let text = node(&m.name).map_or("", |node| node.at(whole).get(resource).str());
            Quantity::parse(text).map_or(1, |quantity| quantity.milli_value()).max(1)
        };
        let cpu = milli(m.cpu_nano);
        let percent = |used: i64, resource: &str| format!("{}%", (used as f64 / of(resource) as f64 * 100.0) as i64);
        let [cores, bytes] = amounts(cpu, m.memory_bytes);
        let shares = [percent(cpu, "cpu"), percent(m.memory_bytes * 1000, "memory")];
        let [cpu_share, memory_share] = shares;
        table.push(vec![m.name.clone(), cores, cpu_share, bytes, memory_share, String::new()]);
    }
    call.out.out(columns(&table));
    Ok(Run::Done(0))
}
