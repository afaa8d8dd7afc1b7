//! What admission adds to a new pod, and what it refuses of one before it is looked at.

use std::sync::OnceLock;

use super::{limit_ranger, Server, Store};
use crate::api::{Object, Status, Value};
use crate::base::draw;
use crate::value;

/// Models plugin/pkg/admission: limitranger, serviceaccount, defaulttolerationseconds and priority, for what a pod gets from
/// each.
pub(super) fn admit(server: &Server<'_>, pod: &mut Object) -> Result<(), Status> {
    super::vpa_admission::complete(server.store, pod);
    limit_ranger::complete(server.store, pod);
    pod.set("status", value!({"phase": "Pending", "qosClass": (crate::api::qos::qos_class(pod))}));
    if !pod.at("spec.schedulingGates").is_empty() {
        let message = "Scheduling is blocked due to non-empty scheduling gates";
        let reason = "SchedulingGated";
        let condition = value!({"lastProbeTime": null, "lastTransitionTime": null, "message": message,
            "observedGeneration": 1, "reason": reason, "status": "False", "type": "PodScheduled"});
        pod.set("status.conditions", vec![condition]);
    }
    if pod.at("spec.serviceAccountName").is_empty() {
        let account = pod.at("spec.serviceAccount").text();
        let account = if account.is_empty() { "default".into() } else { account };
        pod.set("spec.serviceAccountName", account);
    }
    let account = pod.at("spec.serviceAccountName").text();
    pod.set("spec.serviceAccount", account.clone());
    let found = server.store.find("ServiceAccount", pod.namespace(), &account);
    if found.is_none() {
        let why = format!(
            "error looking up service account {}/{account}: serviceaccount \"{account}\" not found",
            pod.namespace()
        );
        return Err(Status::forbidden("pods", pod.name(), &why));
    }
    let account =
        found.map(|account| (account.at("automountServiceAccountToken").opt_bool(), account.at("imagePullSecrets")));
    let (automount, secrets) = account.unwrap_or((None, &Value::Null));
    if pod.at("spec.imagePullSecrets").is_empty() && !secrets.is_empty() {
        pod.set("spec.imagePullSecrets", secrets.clone());
    }
    if pod.at("spec.automountServiceAccountToken").opt_bool().or(automount).unwrap_or(true) {
        mount_token(server, pod);
    }
    set_priority(server.store, pod)?;
    add_default_tolerations(pod);
    set_overhead(server.store, pod)
}

/// What admission adds to a pod that is changed, where the change leaves it out.
///
/// Models plugin/pkg/admission: priority Plugin.admitPod and defaulttolerationseconds Plugin.Admit, for an update.
pub(super) fn admit_update(pod: &mut Object, old: &Object) {
    for field in ["spec.priority", "spec.preemptionPolicy"] {
        if pod.at(field).is_null() && !old.at(field).is_null() {
            pod.set(field, old.at(field).clone());
        }
    }
    if !pod.at("spec.tolerations").same(old.at("spec.tolerations")) {
        add_default_tolerations(pod);
    }
}

/// What a runtime class adds to its pods: the overhead of the runtime, and which nodes have it.
///
/// Models plugin/pkg/admission/runtimeclass RuntimeClass.Admit and Validate.
fn set_overhead(store: &Store, pod: &mut Object) -> Result<(), Status> {
    let name = pod.at("spec.runtimeClassName").text();
    let refuse = |why: String| Err(Status::forbidden("pods", pod.name(), &format!("pod rejected: {why}")));
    let own = pod.at("spec.overhead").clone();
    if name.is_empty() {
        return match own.is_empty() {
            true => Ok(()),
            false => refuse("Pod Overhead set without corresponding RuntimeClass defined Overhead".to_owned()),
        };
    }
    let Some(class) = store.find("RuntimeClass", "", &name) else {
        return refuse(format!("RuntimeClass \"{name}\" not found"));
    };
    let overhead = class.at("overhead.podFixed");
    if !own.is_empty() && own != *overhead {
        return refuse("Pod's Overhead doesn't match RuntimeClass's defined Overhead".to_owned());
    }
    let wanted = class.at("scheduling.nodeSelector");
    for (key, value) in wanted.entries() {
        let own = pod.at("spec.nodeSelector").get(key);
        if !own.is_null() && own != value {
            let both = format!("conflict: runtimeClass.scheduling.nodeSelector[{key}] = {}", value.str());
            return refuse(format!("{both}; pod.spec.nodeSelector[{key}] = {}", own.str()));
        }
    }
    if !overhead.is_empty() {
        pod.set("spec.overhead", overhead.clone());
    }
    for (key, value) in wanted.entries() {
        pod.value.slot_at("spec.nodeSelector").map_mut().insert(key, value.clone());
    }
    for toleration in class.at("scheduling.tolerations").list() {
        if !pod.at("spec.tolerations").list().contains(toleration) {
            pod.value.slot_at("spec.tolerations").list_mut().push(toleration.clone());
        }
    }
    Ok(())
}

/// Models plugin/pkg/admission/priority Plugin.admitPod.
fn set_priority(store: &Store, pod: &mut Object) -> Result<(), Status> {
    let name = pod.at("spec.priorityClassName").text();
    let refuse = |why: String| Err(Status::forbidden("pods", pod.name(), &why));
    let class = match name.as_str() {
        "" => global_default(store),
        _ => match store.find("PriorityClass", "", &name) {
            None => return refuse(format!("no PriorityClass with name {name} was found")),
            found => found,
        },
    };
    let value = class.map_or(0, |class| class.at("value").int());
    let policy = class.map_or("PreemptLowerPriority".into(), |class| class.at("preemptionPolicy").text());
    let computed = "must not be provided in pod spec; priority admission controller computed";
    let (own, own_policy) = (pod.at("spec.priority"), pod.at("spec.preemptionPolicy"));
    if own.opt_int().is_some_and(|own| own != value) {
        let own = own.int();
        return refuse(format!(
            "the integer value of priority ({own}) {computed} {value} from the given PriorityClass name"
        ));
    }
    if own_policy.opt_str().is_some_and(|own| own != policy) {
        let own = own_policy.str();
        return refuse(format!(
            "the string value of PreemptionPolicy ({own}) {computed} {policy} from the given PriorityClass name"
        ));
    }
    if let Some(class) = class.filter(|_| name.is_empty()) {
        pod.set("spec.priorityClassName", class.name());
    }
    pod.set("spec.priority", value);
    pod.set("spec.preemptionPolicy", policy);
    Ok(())
}

/// The class of pods that name none; of several the lowest.
fn global_default(store: &Store) -> Option<&Object> {
    store
        .all("PriorityClass")
        .filter(|class| class.at("globalDefault").bool())
        .min_by_key(|class| class.at("value").int())
}

/// Models plugin/pkg/admission/priority Plugin.validatePriorityClass.
pub(super) fn check_priority_class(store: &Store, class: &Object) -> Result<(), Status> {
    let other = global_default(store).filter(|other| class.at("globalDefault").bool() && other.name() != class.name());
    other.map_or(Ok(()), |other| {
        let why = format!("PriorityClass {} is already marked as default. Only one default can exist", other.name());
        Err(Status::forbidden(&class.kind.resource(), class.name(), &why))
    })
}

/// Mounts the token of the pod's service account where nothing is mounted in its place.
///
/// Models plugin/pkg/admission/serviceaccount Plugin.mountServiceAccountToken.
fn mount_token(server: &Server<'_>, pod: &mut Object) {
    let volumes = pod.at("spec.volumes").list();
    let there =
        volumes.iter().map(|volume| volume.get("name").text()).find(|name| name.starts_with("kube-api-access-"));
    let has_volume = there.is_some();
    let subject = pod.key().to_string();
    let suffix = draw::suffix(server.settings.seed, "kube-api-access", &subject, server.store.moment(server.at), 5);
    let name = there.unwrap_or_else(|| format!("kube-api-access-{suffix}").into());
    let mut needed = false;
    let mount = value!({
        "name": (name.as_str()), "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"
    });
    for list in ["spec.initContainers", "spec.containers"] {
        if pod.at(list).is_null() {
            continue;
        }
        for container in pod.value.slot_at(list).items_mut() {
            let mounts = container.get("volumeMounts").list();
            if !mounts.iter().any(|m| m.get("mountPath") == mount.get("mountPath")) {
                container.slot("volumeMounts").list_mut().push(mount.clone());
                needed = true;
            }
        }
    }
    if has_volume || !needed {
        return;
    }
    let mut volume = Value::map();
    volume.set("name", name);
    volume.set("projected", token_sources().clone());
    pod.value.slot_at("spec.volumes").list_mut().push(volume);
}

/// What the volume of a service account's token is made of: the same for every pod, and the same piece of memory.
fn token_sources() -> &'static Value {
    static SOURCES: OnceLock<Value> = OnceLock::new();
    SOURCES.get_or_init(|| {
        value!({"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [
                {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
            ]}}
        ]})
    })
}

/// The taints of a lost node that every pod bears for a while.
const DEFAULT_TAINTS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

fn toleration(key: &str) -> Value {
    value!({"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": 300})
}

/// Models plugin/pkg/admission/defaulttolerationseconds Plugin.Admit.
fn add_default_tolerations(pod: &mut Object) {
    if pod.at("spec.tolerations").list().is_empty() {
        static DEFAULTS: OnceLock<Value> = OnceLock::new();
        let defaults = DEFAULTS.get_or_init(|| DEFAULT_TAINTS.iter().map(|key| toleration(key)).collect());
        pod.set("spec.tolerations", defaults.clone());
        return;
    }
    for key in DEFAULT_TAINTS {
        let tolerated = pod.at("spec.tolerations").list().iter().any(|t| {
            let effect = t.get("effect").str();
            (t.get("key").str() == key || t.get("key").str().is_empty()) && (effect == "NoExecute" || effect.is_empty())
        });
        if !tolerated {
            pod.value.slot_at("spec.tolerations").list_mut().push(toleration(key));
        }
    }
}
