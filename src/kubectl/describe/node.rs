//! Node, with the pods on it and what they ask for.

use super::page::{int_or_string, since, time_text, Page};
use crate::api::amounts::{of_pod, Amounts};
use crate::api::kinds::cells::or_none;
use crate::api::kinds::{find_kind, kind, node};
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::quantity::Quantity;
use crate::kubectl::reader::Reader;

const MOST_POOLS: usize = 10;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeNode.
pub(super) fn print(page: &mut Page, node: &Object, reader: &dyn Reader) {
    page.field(0, "Name", node.name());
    page.field(0, "Roles", or_none(&node::roles(node).join(",")));
    page.labels("Labels", node.labels());
    page.annotations("Annotations", node.metadata().get("annotations"));
    page.field(0, "CreationTimestamp", time_text(node.metadata().get("creationTimestamp")));
    let mut taints: Vec<&Value> = node.at("spec.taints").list().iter().collect();
    taints.order_by_key(|taint| (taint.get("effect").text(), taint.get("key").text()));
    page.values("Taints", taints.into_iter().map(taint_text).collect());
    page.field(0, "Unschedulable", node.at("spec.unschedulable").bool());
    print_lease(page, node, reader);
    print_conditions(page, node);
    page.line(0, "Addresses:");
    for address in node.at("status.addresses").list() {
        page.field(1, address.get("type").str(), address.get("address").str());
    }
    for (title, field) in [("Capacity", "status.capacity"), ("Allocatable", "status.allocatable")] {
        let amounts = node.at(field).entries();
        if !amounts.is_empty() {
            page.line(0, &format!("{title}:"));
        }
        for (name, amount) in amounts {
            page.field(1, name, int_or_string(amount));
        }
    }
    print_slices(page, node, reader);
    print_system(page, node);
    let cidrs: Vec<&str> = node.at("spec.podCIDRs").list().iter().map(Value::str).collect();
    page.field_if(0, "PodCIDR", node.at("spec.podCIDR").str());
    page.field_if(0, "PodCIDRs", &cidrs.join(","));
    page.field_if(0, "ProviderID", node.at("spec.providerID").str());
    print_pods(page, node, reader);
}

/// `key=value:NoSchedule`.
fn taint_text(taint: &Value) -> String {
    let (key, value, effect) = (taint.get("key").str(), taint.get("value").str(), taint.get("effect").str());
    match (value, effect) {
        ("", "") => key.to_owned(),
        ("", effect) => format!("{key}:{effect}"),
        (value, "") => format!("{key}={value}:"),
        (value, effect) => format!("{key}={value}:{effect}"),
    }
}

fn print_lease(page: &mut Page, node: &Object, reader: &dyn Reader) {
    let lease = find_kind("Lease").and_then(|lease| reader.get(lease, "kube-node-lease", node.name()));
    let spec = lease.map(|lease| lease.spec().clone()).unwrap_or_default();
    let time = |field: &str| match spec.get(field) {
        Value::Null => "<unset>".to_owned(),
        at => time_text(at),
    };
    page.line(0, "Lease:");
    page.field(1, "HolderIdentity", spec.get("holderIdentity").opt_str().unwrap_or("<unset>"));
    page.field(1, "AcquireTime", time("acquireTime"));
    page.field(1, "RenewTime", time("renewTime"));
}

fn print_conditions(page: &mut Page, node: &Object) {
    let conditions = node.at("status.conditions").list();
    if conditions.is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
    page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for condition in conditions {
        let text = |field: &str| Value::str(condition.get(field)).to_owned();
        let time = |field: &str| time_text(condition.get(field));
        let line =
            [text("type"), text("status"), time("lastHeartbeatTime"), time("lastTransitionTime"), text("reason")];
        page.line(1, &format!("{} \t{}", line.join(" \t"), text("message")));
    }
}

/// The devices that drivers offer on the node, ten pools of them at most.
fn print_slices(page: &mut Page, node: &Object, reader: &dyn Reader) {
    let mut pools: Vec<(String, String, usize, usize)> = Vec::new();
    for slice in reader.list(kind("ResourceSlice"), "") {
        if slice.at("spec.nodeName").str() != node.name() {
            continue;
        }
        let (driver, pool) = (slice.at("spec.driver").str().to_owned(), slice.at("spec.pool.name").str().to_owned());
        let devices = slice.at("spec.devices").list().len();
        match pools.iter_mut().find(|(d, p, ..)| *d == driver && *p == pool) {
            Some((_, _, slices, all)) => (*slices, *all) = (*slices + 1, *all + devices),
            None => pools.push((driver, pool, 1, devices)),
        }
    }
    if pools.is_empty() {
        return;
    }
    pools.order_by_key(|(driver, pool, ..)| format!("{driver}/{pool}"));
    page.line(0, "Node-Local ResourceSlices:");
    page.line(1, "Driver\tPool\tSlices\tDevices");
    page.line(1, "------\t----\t------\t-------");
    for (driver, pool, slices, devices) in pools.iter().take(MOST_POOLS) {
        page.line(1, &format!("{driver}\t{pool}\t{slices}\t{devices}"));
    }
    if pools.len() > MOST_POOLS {
        page.line(1, &format!("...and {} more pools", pools.len() - MOST_POOLS));
    }
}

fn print_system(page: &mut Page, node: &Object) {
    page.line(0, "System Info:");
    for (title, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        page.field(1, title, node.at("status.nodeInfo").get(field).str());
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/describe describeNodeResource.
fn print_pods(page: &mut Page, node: &Object, reader: &dyn Reader) {
    let mut pods = reader.list(kind("Pod"), "");
    pods.retain(|pod| {
        let finished = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
        pod.at("spec.nodeName").str() == node.name() && !finished
    });
    page.field(0, "Non-terminated Pods", format!("({} in total)", pods.len()));
    page.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    page.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    let allocatable = match node.at("status.allocatable") {
        Value::Null => node.at("status.capacity"),
        allocatable => allocatable,
    };
    let (mut requests, mut limits) = (Amounts::default(), Amounts::default());
    for pod in &pods {
        let (asked, limited) = (of_pod(pod.spec(), "requests"), of_pod(pod.spec(), "limits"));
        let cells: Vec<String> = [("cpu", &asked), ("cpu", &limited), ("memory", &asked), ("memory", &limited)]
            .iter()
            .map(|(name, amounts)| share(amounts, name, allocatable))
            .collect();
        let age = since(pod.metadata().get("creationTimestamp"), reader.now());
        page.line(1, &format!("{}\t{}\t\t{}\t{age}", pod.namespace(), pod.name(), cells.join("\t")));
        requests.add(&asked);
        limits.add(&limited);
    }
    page.line(0, "Allocated resources:");
    page.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
    page.line(1, "Resource\tRequests\tLimits");
    page.line(1, "--------\t--------\t------");
    let mut names = vec!["cpu", "memory", "ephemeral-storage"];
    names.extend(allocatable.entries().iter().map(|(name, _)| name.as_str()).filter(|n| n.starts_with("hugepages-")));
    for name in names {
        let line = [name, &share(&requests, name, allocatable), &share(&limits, name, allocatable)].join("\t");
        page.line(1, &line);
    }
    let others = allocatable.entries().iter().map(|(name, _)| name.as_str()).filter(|name| name.contains('/'));
    for name in others {
        let amount = |amounts: &Amounts| amounts.get(name).unwrap_or(Quantity::ZERO).to_string();
        page.line(1, &format!("{name}\t{}\t{}", amount(&requests), amount(&limits)));
    }
}

/// An amount and its share of the node: `100m (2%)`.
fn share(amounts: &Amounts, name: &str, allocatable: &Value) -> String {
    let amount = amounts.get(name).unwrap_or(Quantity::ZERO);
    let all = Quantity::parse(&int_or_string(allocatable.get(name))).unwrap_or(Quantity::ZERO);
    let percent = match i128::from(all.milli_value()) {
        0 => 0,
        all => i128::from(amount.milli_value()) * 100 / all,
    };
    format!("{amount} ({percent}%)")
}
