//! What the objects of a namespace count towards its ResourceQuotas: which quota looks at an object, and what it uses.
//!
//! Admission and the quota controller both count with it; it refuses and writes nothing itself.

use crate::api::amounts::{of_pod, Amounts};
use crate::api::qos::qos_class;
use crate::api::selector::value_satisfies;
use crate::api::{Kind, Object, Value};
use crate::base::quantity::{Format, Quantity};
use crate::base::time::Timestamp;

/// Kinds that are not counted at all.
pub const IGNORED: &str = "Event";

/// Between a storage class and the resource that is limited for it.
const OF_CLASS: &str = ".storageclass.storage.k8s.io/";

/// Whole names that pods use, beside those with a prefix.
const POD_RESOURCES: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];

/// True where objects of a kind use a resource.
///
/// Models pkg/quota/v1/evaluator/core MatchingResources of each evaluator.
pub fn uses(kind: &Kind, resource: &str) -> bool {
    if resource.strip_prefix("count/").is_some_and(|counted| counted == kind.resource()) {
        return true;
    }
    match kind.kind {
        "Pod" => {
            let extended = resource.strip_prefix("requests.").is_some_and(|name| name.contains('/'));
            let of_class = resource.contains(OF_CLASS);
            let pages = ["hugepages-", "requests.hugepages-"].iter().any(|prefix| resource.starts_with(prefix));
            POD_RESOURCES.contains(&resource) || pages || extended && !of_class
        }
        "Service" => matches!(resource, "services" | "services.nodeports" | "services.loadbalancers"),
        "PersistentVolumeClaim" => ["persistentvolumeclaims", "requests.storage"].iter().any(|own| {
            resource.strip_suffix(own).is_some_and(|before| before.is_empty() || before.ends_with(OF_CLASS))
        }),
        "ConfigMap" | "ResourceQuota" | "ReplicationController" | "Secret" => resource == kind.plural,
        _ => false,
    }
}

/// True where a kind is counted when it changes, not only when it is made.
pub fn counts_changes(kind: &Kind) -> bool {
    matches!(kind.kind, "Service" | "PersistentVolumeClaim")
}

/// True where a quota looks at an object: it limits something that the object uses, and all its scopes hold.
///
/// Models staging/src/k8s.io/apiserver/pkg/quota/v1/generic Matches.
pub fn matches(quota: &Object, object: &Object) -> bool {
    let mut hard = quota.at("status.hard").entries().iter();
    hard.any(|(resource, _)| uses(object.kind, resource)) && in_scope(quota, object)
}

/// True where all scopes of a quota hold for an object.
pub fn in_scope(quota: &Object, object: &Object) -> bool {
    let whole = quota.at("spec.scopes").list().iter().all(|scope| scope_holds(scope.str(), None, object));
    let selected = quota.at("spec.scopeSelector.matchExpressions").list();
    whole && selected.iter().all(|term| scope_holds(term.get("scopeName").str(), Some(term), object))
}

/// Models pkg/quota/v1/evaluator/core podMatchesScopeFunc and pvcMatchesScopeFunc.
fn scope_holds(scope: &str, term: Option<&Value>, object: &Object) -> bool {
    let named = |name: Option<&str>| match term {
        Some(term) => value_satisfies(term, name.filter(|name| !name.is_empty())),
        None => name.is_some_and(|name| !name.is_empty()),
    };
    let spec = object.spec();
    match (object.kind.kind, scope) {
        ("Pod", "Terminating") => terminating(spec),
        ("Pod", "NotTerminating") => !terminating(spec),
        ("Pod", "BestEffort") => qos_class(object) == "BestEffort",
        ("Pod", "NotBestEffort") => qos_class(object) != "BestEffort",
        ("Pod", "PriorityClass") => named(spec.get("priorityClassName").opt_str()),
        ("Pod", "CrossNamespacePodAffinity") => crosses_namespaces(spec.get("affinity")),
        ("PersistentVolumeClaim", "VolumeAttributesClass") => {
            let status = object.status();
            let asked = spec.get("volumeAttributesClassName").str();
            let now = status.get("currentVolumeAttributesClassName").str();
            let next = status.at("modifyVolumeStatus.targetVolumeAttributesClassName").str();
            let names: Vec<&str> = [asked, now, next].into_iter().filter(|name| !name.is_empty()).collect();
            names.is_empty() && named(None) || names.iter().any(|name| named(Some(name)))
        }
        _ => false,
    }
}

fn terminating(spec: &Value) -> bool {
    spec.get("activeDeadlineSeconds").opt_int().is_some_and(|seconds| seconds >= 0)
}

/// Models pkg/quota/v1/evaluator/core usesCrossNamespacePodAffinity.
fn crosses_namespaces(affinity: &Value) -> bool {
    let crosses = |term: &Value| !term.get("namespaces").is_empty() || !term.get("namespaceSelector").is_null();
    ["podAffinity", "podAntiAffinity"].iter().map(|side| affinity.get(side)).any(|side| {
        side.get("requiredDuringSchedulingIgnoredDuringExecution").list().iter().any(crosses)
            || side
                .get("preferredDuringSchedulingIgnoredDuringExecution")
                .list()
                .iter()
                .any(|weighted| crosses(weighted.get("podAffinityTerm")))
    })
}

/// What an object uses of everything that quotas may limit.
///
/// Models pkg/quota/v1/evaluator/core Usage of each evaluator.
pub fn usage(object: &Object, now: Timestamp) -> Amounts {
    let mut used = Amounts::default();
    let count = |used: &mut Amounts, name: &str, n: i64| used.set(name, Quantity::new(n, Format::DecimalSi));
    count(&mut used, &format!("count/{}", object.kind.resource()), 1);
    let spec = object.spec();
    match object.kind.kind {
        "Pod" if is_charged(object, now) => {
            used.add(&compute(&of_pod(spec, "requests"), &of_pod(spec, "limits")));
            count(&mut used, "pods", 1);
        }
        "Service" => {
            let ports = spec.get("ports").list().len() as i64;
            let balanced = spec.get("type").str() == "LoadBalancer";
            let no_node_ports = spec.get("allocateLoadBalancerNodePorts").opt_bool() == Some(false);
            let node_ports = match spec.get("type").str() {
                "NodePort" => ports,
                "LoadBalancer" if no_node_ports => {
                    spec.get("ports").list().iter().filter(|port| port.get("nodePort").int() != 0).count() as i64
                }
                "LoadBalancer" => ports,
                _ => 0,
            };
            count(&mut used, "services", 1);
            count(&mut used, "services.nodeports", node_ports);
            count(&mut used, "services.loadbalancers", i64::from(balanced));
        }
        "PersistentVolumeClaim" => {
            let class = match object.annotation("volume.beta.kubernetes.io/storage-class") {
                "" => spec.get("storageClassName").str(),
                class => class,
            };
            let asked = Amounts::read(spec.at("resources.requests")).get("storage");
            let given = Amounts::read(object.at("status.allocatedResources")).get("storage");
            let storage =
                asked.map(|asked| Quantity::new(given.map_or(asked, |given| given.max(asked)).value(), asked.format()));
            for prefix in
                ["".to_owned(), format!("{class}{OF_CLASS}")].iter().take(if class.is_empty() { 1 } else { 2 })
            {
                count(&mut used, &format!("{prefix}persistentvolumeclaims"), 1);
                if let Some(storage) = storage {
                    used.set(&format!("{prefix}requests.storage"), storage);
                }
            }
        }
        "ConfigMap" | "ResourceQuota" | "ReplicationController" | "Secret" => count(&mut used, object.kind.plural, 1),
        _ => {}
    }
    used
}

/// What requests and limits count as.
///
/// Models pkg/quota/v1/evaluator/core podComputeUsageHelper.
pub(super) fn compute(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut used = Amounts::default();
    for (name, amount) in requests.iter() {
        let plain = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
        if plain {
            used.set(name, amount);
        }
        if plain || name.contains('/') {
            used.set(&format!("requests.{name}"), amount);
        }
    }
    for (name, amount) in
        limits.iter().filter(|(name, _)| matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage"))
    {
        used.set(&format!("limits.{name}"), amount);
    }
    used
}

/// False for a pod that has ended, or that should be gone by now.
///
/// Models pkg/quota/v1/evaluator/core QuotaV1Pod.
pub fn is_charged(pod: &Object, now: Timestamp) -> bool {
    let metadata = pod.metadata();
    let overdue = Timestamp::parse(metadata.get("deletionTimestamp").str()).is_some_and(|at| {
        // The time of deletion of a pod has its grace period in it already; upstream adds it once more.
        let grace = metadata.get("deletionGracePeriodSeconds").int();
        now.0 > at.0 + grace * 1_000_000
    });
    !overdue && !matches!(pod.at("status.phase").str(), "Failed" | "Succeeded")
}
