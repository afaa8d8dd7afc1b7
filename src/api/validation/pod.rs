//! Validation of pods and pod templates.

use super::field::{Errors, Path};
use super::{
    containers, internal, meta, pod_annotations, pod_network, pod_update, resources, scheduling, security, volumes,
    windows,
};
use crate::api::status::Cause;
use crate::api::{amounts, Object, Value};
use crate::base::names;

/// What the parts of a pod must know of the whole.
pub struct PodContext<'a> {
    /// The spec.
    pub spec: &'a Value,
    /// The volumes that are well formed.
    pub volumes: Vec<&'a Value>,
    /// How long the pod may take to end.
    pub grace_seconds: Option<i64>,
    /// What happens to a container that ends.
    pub restart_policy: &'a str,
    /// False for a pod with users of its own.
    pub host_users: bool,
    /// The operating system it asks for; empty where it asks for none.
    pub os: &'a str,
    /// What the spec was before the change; null for a new pod.
    pub old: &'a Value,
}

impl<'a> PodContext<'a> {
    /// A well-formed volume by its name.
    pub fn volume(&self, name: &str) -> Option<&'a Value> {
        self.volumes.iter().copied().find(|volume| volume.get("name").str() == name)
    }
}

/// Models pkg/apis/core/validation ValidatePodCreate.
pub fn create(pod: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    metadata_and_spec(pod, &Value::Null, &mut errors);
    let (path, spec) = (Path::new("spec"), pod.spec());
    if !spec.get("ephemeralContainers").is_empty() {
        errors.forbidden(&path.child("ephemeralContainers"), "cannot be set on create");
    }
    if !spec.get("nodeName").is_empty() && !spec.get("schedulingGates").is_empty() {
        errors.forbidden(&path.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
    pod_annotations::match_fields(pod.metadata(), spec, &path, &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidatePodUpdate.
pub fn update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    meta::object_meta_update(new, old, &mut errors);
    metadata_and_spec(new, old.spec(), &mut errors);
    pod_annotations::update(new, old, &mut errors);
    pod_update::spec(new.spec(), old.spec(), &mut errors);
    errors.into_causes()
}

/// Models pkg/apis/core/validation ValidatePodEphemeralContainersUpdate.
pub fn ephemeral_update(new: &Object, old: &Object) -> Vec<Cause> {
    let mut errors = Errors::new();
    metadata_and_spec(new, old.spec(), &mut errors);
    let path = Path::new("spec.ephemeralContainers");
    if !new.annotation("kubernetes.io/config.mirror").is_empty() {
        errors.forbidden(&Path::new(""), "static pods do not support ephemeral containers");
    }
    let now = new.at("spec.ephemeralContainers").list();
    for before in old.at("spec.ephemeralContainers").list() {
        let name = before.get("name").str();
        match now.iter().find(|container| container.get("name").str() == name) {
            None => errors.forbidden(&path, &format!("existing ephemeral containers {name:?} may not be removed\n")),
            Some(container) if container != before => {
                errors.forbidden(&path, &format!("existing ephemeral containers {name:?} may not be changed\n"));
            }
            Some(_) => {}
        }
    }
    errors.into_causes()
}

/// Models pkg/apis/core/validation validatePodMetadataAndSpec.
pub fn metadata_and_spec(pod: &Object, old: &Value, errors: &mut Errors) {
    let (path, spec) = (Path::new("spec"), pod.spec());
    meta::object_meta(pod, names::dns1123_subdomain, errors);
    pod_annotations::all(pod.metadata(), spec, &Path::new("metadata"), errors);
    pod_spec(spec, Some(pod.name()), old, &path, errors);
    if spec.get("serviceAccountName").is_empty() {
        token_needs_account(spec, &path, errors);
    }
    for list in ["containers", "initContainers"] {
        for (i, container) in spec.get(list).list().iter().enumerate() {
            containers::image_spaces(container, &path.child(list).index(i), errors);
        }
    }
}

fn token_needs_account(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (i, volume) in spec.get("volumes").list().iter().enumerate() {
        for (j, source) in volume.at("projected.sources").list().iter().enumerate() {
            if !source.get("serviceAccountToken").is_null() {
                let volumes = path.child("volumes");
                let item = volumes.index(i);
                errors.forbidden(
                    &item.child("projected.sources").index(j).child("serviceAccountToken"),
                    "must not be specified when serviceAccountName is not set",
                );
            }
        }
    }
}

/// The template of the pods that a workload makes.
///
/// Models pkg/apis/core/validation ValidatePodTemplateSpec.
pub fn template(template: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (metadata, spec) = (template.get("metadata"), template.get("spec"));
    meta::labels(metadata.get("labels"), &path.child("labels"), errors);
    meta::annotations(metadata.get("annotations"), &path.child("annotations"), errors);
    pod_annotations::all(metadata, spec, path, errors);
    pod_spec(spec, None, &Value::Null, &path.child("spec"), errors);
    pod_annotations::match_fields(metadata, spec, &path.child("spec"), errors);
    if !spec.get("ephemeralContainers").is_empty() {
        let detail = "ephemeral containers not allowed in pod template";
        errors.forbidden(&path.child("spec.ephemeralContainers"), detail);
    }
}

/// Calls `visit` for each container of a pod: init containers first, then regular ones, then ephemeral ones.
///
/// Models pkg/apis/core/pods VisitContainersWithPath.
pub fn each_container<'a>(spec: &'a Value, path: &Path<'_>, visit: &mut dyn FnMut(&'a Value, &Path<'_>)) {
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (i, container) in spec.get(list).list().iter().enumerate() {
            visit(container, &path.child(list).index(i));
        }
    }
}

/// A pod's spec. `pod` is its name where it is a pod's, and nothing where it is a template's.
///
/// Models pkg/apis/core/validation ValidatePodSpec.
fn pod_spec(spec: &Value, pod: Option<&str>, old: &Value, path: &Path<'_>, errors: &mut Errors) {
    if spec.get("terminationGracePeriodSeconds").is_null() {
        errors.required(&path.child("terminationGracePeriodSeconds"), "");
    }
    let context = PodContext {
        spec,
        volumes: volumes::volumes(spec, pod, &path.child("volumes"), errors),
        grace_seconds: spec.get("terminationGracePeriodSeconds").opt_int(),
        restart_policy: spec.get("restartPolicy").str(),
        host_users: spec.get("hostUsers").opt_bool() != Some(false),
        os: spec.at("os.name").str(),
        old,
    };
    resource_claims(spec, &path.child("resourceClaims"), errors);
    containers::containers(spec, &context, &path.child("containers"), errors);
    containers::init_containers(spec, &context, &path.child("initContainers"), errors);
    containers::ephemeral_containers(spec, &context, &path.child("ephemeralContainers"), errors);
    pod_resources(spec, &context, &path.child("resources"), errors);
    pod_network::host_network_ports(spec, pod.is_some(), path, errors);
    policies(spec, path, errors);
    meta::labels(spec.get("nodeSelector"), &path.child("nodeSelector"), errors);
    security::pod(spec, &path.child("securityContext"), errors);
    scheduling::affinity(spec.get("affinity"), &path.child("affinity"), errors);
    pod_network::dns_config(spec, &path.child("dnsConfig"), errors);
    gates(spec, path, errors);
    scheduling::topology_spread(
        spec.get("topologySpreadConstraints"),
        &path.child("topologySpreadConstraints"),
        errors,
    );
    windows::host_process(spec, path, errors);
    pod_network::own_users(spec, path, errors);
    names_of_others(spec, path, errors);
    let policy = spec.get("preemptionPolicy");
    if policy.opt_str() == Some("") {
        errors.required(&path.child("preemptionPolicy"), "");
    } else if !policy.is_null() && !["PreemptLowerPriority", "Never"].contains(&policy.str()) {
        errors.not_supported(&path.child("preemptionPolicy"), policy, &["PreemptLowerPriority", "Never"]);
    }
    let overhead = spec.get("overhead");
    if !overhead.is_null() {
        let limits = crate::value!({ "limits": overhead });
        resources::requirements(&limits, resources::container_name, &context, &path.child("overhead"), errors);
    }
    windows::operating_system(spec, path, errors);
}

/// Models pkg/apis/core/validation validateRestartPolicy and validateDNSPolicy.
fn policies(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let fields: [(&str, &[&str]); 2] = [
        ("restartPolicy", &["Always", "OnFailure", "Never"]),
        ("dnsPolicy", &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
    ];
    for (field, known) in fields {
        match spec.get(field).str() {
            "" => errors.required(&path.child(field), ""),
            policy if known.contains(&policy) => {}
            other => errors.not_supported(&path.child(field), other, known),
        }
    }
}

/// Fields of a spec that name other things, and a few that stand alone among them.
fn names_of_others(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    for field in ["serviceAccountName", "nodeName"] {
        let name = spec.get(field).str();
        if !name.is_empty() {
            errors.malformed(&path.child(field), name, names::dns1123_subdomain(name));
        }
    }
    if let Some(seconds) = spec.get("activeDeadlineSeconds").opt_int() {
        for complaint in names::in_range(seconds, 1, i64::from(i32::MAX)) {
            errors.invalid(&path.child("activeDeadlineSeconds"), seconds, &complaint);
        }
    }
    for field in ["hostname", "subdomain"] {
        let name = spec.get(field).str();
        if !name.is_empty() {
            errors.malformed(&path.child(field), name, names::dns1123_label(name));
        }
    }
    scheduling::tolerations(spec.get("tolerations"), &path.child("tolerations"), errors);
    pod_network::host_aliases(spec.get("hostAliases"), &path.child("hostAliases"), errors);
    let class = spec.get("priorityClassName").str();
    if !class.is_empty() {
        errors.malformed(&path.child("priorityClassName"), class, names::dns1123_subdomain(class));
    }
    if let Some(class) = spec.get("runtimeClassName").opt_str() {
        errors.malformed(&path.child("runtimeClassName"), class, names::dns1123_subdomain(class));
    }
}

/// Models pkg/apis/core/validation validatePodResourceClaim.
fn resource_claims(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, claim) in spec.get("resourceClaims").list().iter().enumerate() {
        let path = path.index(i);
        let name = claim.get("name").str();
        if name.is_empty() {
            errors.required(&path.child("name"), "");
        } else if seen.contains(&name) {
            errors.duplicate(&path.child("name"), name);
        } else {
            errors.malformed(&path.child("name"), name, names::dns1123_label(name));
            seen.push(name);
        }
        let fields = ["resourceClaimName", "resourceClaimTemplateName"];
        let given: Vec<&str> = fields.into_iter().filter(|field| !claim.get(field).is_null()).collect();
        if given.len() == 2 {
            let detail = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
            errors.invalid_printed(&path, internal::compact(claim, "", "PodResourceClaim"), detail);
        }
        if given.is_empty() {
            let detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
            errors.invalid_printed(&path, internal::compact(claim, "", "PodResourceClaim"), detail);
        }
        for field in given {
            let name = claim.get(field).str();
            errors.malformed(&path.child(field), name, names::dns1123_subdomain(name));
        }
    }
}

/// Models pkg/apis/core/validation validatePodResources and validatePodResourceConsistency.
fn pod_resources(spec: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let whole = spec.get("resources");
    if whole.is_null() {
        return;
    }
    if context.os == "windows" {
        return errors.forbidden(path, "may not be set for a windows pod");
    }
    if !whole.get("claims").is_null() {
        errors.forbidden(&path.child("claims"), "claims cannot be set for Resources at pod-level");
    }
    resources::requirements(whole, resources::pod_name, context, path, errors);
    let requests = path.child("requests");
    for (resource, needed) in amounts::of_containers(spec, "requests").iter() {
        let given = resources::quantity(whole.get("requests").get(resource));
        if needed > given {
            let detail = format!("must be greater than or equal to aggregate container requests of {needed}");
            errors.invalid(&requests.key(resource), given.to_string(), &detail);
        }
    }
    for (i, container) in spec.get("containers").list().iter().enumerate() {
        for (resource, limit) in container.at("resources.limits").entries() {
            let most = whole.get("limits").get(resource);
            let (limit, most_amount) = (resources::quantity(limit), resources::quantity(most));
            if !most.is_null() && limit > most_amount {
                let detail = format!("must be less than or equal to pod limits of {most_amount}");
                let list = path.child("containers");
                let item = list.index(i);
                errors.invalid(&item.key(resource).child("limits"), limit.to_string(), &detail);
            }
        }
    }
}

/// Models pkg/apis/core/validation validateReadinessGates and validateSchedulingGates.
fn gates(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    for (i, gate) in spec.get("readinessGates").list().iter().enumerate() {
        let list = path.child("readinessGates");
        meta::label_name(gate.get("conditionType").str(), &list.index(i).child("conditionType"), errors);
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, gate) in spec.get("schedulingGates").list().iter().enumerate() {
        let list = path.child("schedulingGates");
        let (path, name) = (list.index(i), gate.get("name").str());
        meta::label_name(name, &path, errors);
        if seen.contains(&name) {
            errors.duplicate(&path, name);
        }
        seen.push(name);
    }
}
