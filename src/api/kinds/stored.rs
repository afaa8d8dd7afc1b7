//! Kinds that are kept, checked and shown, and that nothing acts on unless its row says so: one row each.

use super::cells::{labels_text, or_none, selector_text, shown};
use super::*;
use crate::api::Value;

/// A row: the kind, its group, its plural, its short names, its scope, whether it has a status and a generation, its columns
/// and their cells.
macro_rules! stored {
    ($name:ident $kind:literal $group:literal $plural:literal [$($short:literal)*] $scope:ident $status:literal $generation:literal
     [$($column:literal)*] $cells:expr) => {
        pub(super) static $name: Kind = Kind {
            kind: $kind,
            group: $group,
            version: "v1",
            plural: $plural,
            singular: singular($plural),
            short_names: &[$($short),*],
            categories: categories($group),
            namespaced: $scope,
            has_status: $status,
            has_generation: $generation,
            custom: None,
            defaults: defaults::stored,
            validate: validation::stored::new,
            validate_update: validation::stored::update,
            columns: &[shown("NAME"), $(shown($column)),*],
            cells: $cells,
            support: note($kind),
        };
    };
}

const NAMESPACED: bool = true;
const GLOBAL: bool = false;

/// `lease` of `leases`, `runtimeclass` of `runtimeclasses`, `validatingadmissionpolicy` of `validatingadmissionpolicies`.
const fn singular(plural: &'static str) -> &'static str {
    match plural.as_bytes() {
        b"csistoragecapacities" => "csistoragecapacity",
        b"componentstatuses" => "componentstatus",
        b"ipaddresses" => "ipaddress",
        b"validatingadmissionpolicies" => "validatingadmissionpolicy",
        b"mutatingadmissionpolicies" => "mutatingadmissionpolicy",
        [.., b's', b's', b'e', b's'] => plural.split_at(plural.len() - 2).0,
        _ => plural.split_at(plural.len() - 1).0,
    }
}

const fn categories(group: &str) -> &'static [&'static str] {
    match group.as_bytes() {
        b"admissionregistration.k8s.io" | b"apiextensions.k8s.io" => &["api-extensions"],
        _ => &[],
    }
}

const fn note(kind: &str) -> &'static [Support] {
    match kind.as_bytes() {
        b"RuntimeClass" => &[Support {
            field: "",
            depth: Depth::Modelled,
            note: "Overhead and scheduling of its pods; all handlers run alike.",
        }],
        b"ComponentStatus" => {
            &[Support { field: "", depth: Depth::Stored, note: "As a cluster reports them that is well." }]
        }
        b"CertificateSigningRequest" => &[Support {
            field: "",
            depth: Depth::Stored,
            note: "Approved and denied by kubectl certificate; nobody signs.",
        }],
        b"IPAddress" => &[Support { field: "", depth: Depth::Modelled, note: "One for each ClusterIP." }],
        b"CustomResourceDefinition" => DEFINITION,
        b"VerticalPodAutoscalerCheckpoint" => &[Support {
            field: "",
            depth: Depth::Modelled,
            note: "Written by the recommender each minute; it goes some minutes after its autoscaler.",
        }],
        _ => &[STORED],
    }
}

const DEFINITION: &[Support] = &[
    Support {
        field: "",
        depth: Depth::Modelled,
        note: "Its kind is served at once: schema, defaults, sub-resources, columns, several versions; deleted with its objects.",
    },
    Support {
        field: "spec.conversion.strategy: Webhook",
        depth: Depth::Stored,
        note: "Versions differ by their name alone.",
    },
    Support {
        field: "x-kubernetes-validations",
        depth: Depth::Modelled,
        note: "Rules in CEL, without their costs, byte strings, and functions for URLs and named formats.",
    },
];

/// The name, then what the paths lead to, then the age.
fn row(object: &Object, context: &PrintContext, paths: &[&str]) -> Vec<String> {
    let text = |path: &&str| text_of(object.at(path));
    let cells = paths.iter().map(text);
    [object.name().to_owned()].into_iter().chain(cells).chain([age(object, context)]).collect()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Bool(b) => b.to_string(),
        Value::List(items) => items.iter().map(text_of).collect::<Vec<_>>().join(","),
        _ => String::new(),
    }
}

fn or_dash(value: &Value, otherwise: &str) -> String {
    match text_of(value) {
        text if text.is_empty() => otherwise.to_owned(),
        text => text,
    }
}

/// How many elements a list has.
fn count(object: &Object, path: &str) -> String {
    object.at(path).list().len().to_string()
}

fn with_age(mut cells: Vec<String>, object: &Object, context: &PrintContext) -> Vec<String> {
    cells.insert(0, object.name().to_owned());
    cells.push(age(object, context));
    cells
}

/// `v1/ConfigMap`, or `<unset>`.
fn param_kind(object: &Object) -> String {
    match object.at("spec.paramKind") {
        Value::Null => "<unset>".to_owned(),
        kind => format!("{}/{}", kind.get("apiVersion").str(), kind.get("kind").str()),
    }
}

/// Models pkg/printers/internalversion/printers.go printValidatingAdmissionPolicyBinding.
fn param_ref(object: &Object) -> String {
    let reference = object.at("spec.paramRef");
    let name = reference.get("name").str();
    match (reference.is_null(), reference.get("selector")) {
        (true, _) => "<unset>".to_owned(),
        (_, selector) if !selector.is_null() => selector_text(selector),
        _ if reference.get("namespace").str().is_empty() => format!("*/{name}"),
        _ => format!("{}/{name}", reference.get("namespace").str()),
    }
}

stored!(VPA_CHECKPOINT "VerticalPodAutoscalerCheckpoint" "autoscaling.k8s.io" "verticalpodautoscalercheckpoints"
["vpacheckpoint"] NAMESPACED false true ["AGE"] |object, context| row(object, context, &[]));

stored!(COMPONENT_STATUS "ComponentStatus" "" "componentstatuses" ["cs"] GLOBAL false false
["STATUS" "MESSAGE" "ERROR"] |object, _| {
    let healthy = object.at("conditions").list().iter().find(|condition| condition.get("type").str() == "Healthy");
    let [status, message, error] = ["status", "message", "error"].map(|field| healthy.map_or("", |c| c.get(field).str()));
    let status = match status {
        "True" => "Healthy",
        "False" => "Unhealthy",
        _ => "Unknown",
    };
    vec![object.name().to_owned(), status.to_owned(), message.to_owned(), error.to_owned()]
});
stored!(POD_TEMPLATE "PodTemplate" "" "podtemplates" [] NAMESPACED false true
["CONTAINERS" "IMAGES" "POD LABELS"] |object, _| {
    let spec = object.at("template.spec");
    let fields = ["name", "image"].map(|field| super::cells::container_fields(spec, field));
    let [names, images] = fields;
    vec![object.name().to_owned(), names, images, labels_text(object.at("template.metadata.labels"))]
});
stored!(RUNTIME_CLASS "RuntimeClass" "node.k8s.io" "runtimeclasses" [] GLOBAL false false
    ["HANDLER" "AGE"] |object, context| row(object, context, &["handler"]));
stored!(CSI_DRIVER "CSIDriver" "storage.k8s.io" "csidrivers" [] GLOBAL false false
["ATTACHREQUIRED" "PODINFOONMOUNT" "STORAGECAPACITY" "TOKENREQUESTS" "REQUIRESREPUBLISH" "MODES" "AGE"]
|object, context| {
    let spec = object.spec();
    let field = |name: &str| or_dash(spec.get(name), "<unset>");
    let tokens: Vec<&str> = spec.get("tokenRequests").list().iter().map(|r| r.get("audience").str()).collect();
    let tokens = if tokens.is_empty() { "<unset>".to_owned() } else { tokens.join(",") };
    let flags = ["attachRequired", "podInfoOnMount", "storageCapacity"].map(field);
    let more = [tokens, field("requiresRepublish"), field("volumeLifecycleModes")];
    with_age(flags.into_iter().chain(more).collect(), object, context)
});
stored!(CSI_NODE "CSINode" "storage.k8s.io" "csinodes" [] GLOBAL false false
    ["DRIVERS" "AGE"] |object, context| with_age(vec![count(object, "spec.drivers")], object, context));
stored!(CSI_STORAGE_CAPACITY "CSIStorageCapacity" "storage.k8s.io" "csistoragecapacities" [] NAMESPACED false false
["STORAGECLASSNAME" "CAPACITY" "AGE"] |object, context| {
    let capacity = or_dash(object.at("capacity"), "<unset>");
    with_age(vec![object.at("storageClassName").str().to_owned(), capacity], object, context)
});
stored!(VOLUME_ATTACHMENT "VolumeAttachment" "storage.k8s.io" "volumeattachments" [] GLOBAL true false
["ATTACHER" "PV" "NODE" "ATTACHED" "AGE"] |object, context| {
    let attached = object.at("status.attached").bool().to_string();
    let spec = ["attacher", "source.persistentVolumeName", "nodeName"].map(|path| text_of(object.spec().at(path)));
    with_age(spec.into_iter().chain([attached]).collect(), object, context)
});
stored!(VOLUME_ATTRIBUTES_CLASS "VolumeAttributesClass" "storage.k8s.io" "volumeattributesclasses" ["vac"] GLOBAL false false
    ["DRIVERNAME" "AGE"] |object, context| row(object, context, &["driverName"]));
stored!(IP_ADDRESS "IPAddress" "networking.k8s.io" "ipaddresses" ["ip"] GLOBAL false false
["PARENTREF"] |object, _| {
    let parent = object.at("spec.parentRef");
    let [group, resource, namespace, name] =
        ["group", "resource", "namespace", "name"].map(|field| parent.get(field).str());
    let dotted = |group: &str| if group.is_empty() { String::new() } else { format!(".{group}") };
    let within = |namespace: &str| if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
    vec![object.name().to_owned(), format!("{resource}{}/{}{name}", dotted(group), within(namespace))]
});
stored!(SERVICE_CIDR "ServiceCIDR" "networking.k8s.io" "servicecidrs" [] GLOBAL true false
    ["CIDRS" "AGE"] |object, context| row(object, context, &["spec.cidrs"]));
stored!(CERTIFICATE_SIGNING_REQUEST "CertificateSigningRequest" "certificates.k8s.io" "certificatesigningrequests" ["csr"] GLOBAL true false
["AGE" "SIGNERNAME" "REQUESTOR" "REQUESTEDDURATION" "CONDITION"] |object, context| {
    let seconds = object.at("spec.expirationSeconds").opt_int();
    let duration = seconds.map(|s| crate::base::time::human_duration(crate::base::time::Span::secs(s.max(0) as u64)));
    vec![
        object.name().to_owned(),
        age(object, context),
        or_none(object.at("spec.signerName").str()),
        object.at("spec.username").str().to_owned(),
        or_none(&duration.unwrap_or_default()),
        signing_state(object),
    ]
});
stored!(MUTATING_WEBHOOK "MutatingWebhookConfiguration" "admissionregistration.k8s.io" "mutatingwebhookconfigurations" [] GLOBAL false true
    ["WEBHOOKS" "AGE"] |object, context| with_age(vec![count(object, "webhooks")], object, context));
stored!(VALIDATING_WEBHOOK "ValidatingWebhookConfiguration" "admissionregistration.k8s.io" "validatingwebhookconfigurations" [] GLOBAL false true
    ["WEBHOOKS" "AGE"] |object, context| with_age(vec![count(object, "webhooks")], object, context));
stored!(VALIDATING_POLICY "ValidatingAdmissionPolicy" "admissionregistration.k8s.io" "validatingadmissionpolicies" [] GLOBAL true true
    ["VALIDATIONS" "PARAMKIND" "AGE"]
    |object, context| with_age(vec![count(object, "spec.validations"), param_kind(object)], object, context));
stored!(VALIDATING_BINDING "ValidatingAdmissionPolicyBinding" "admissionregistration.k8s.io" "validatingadmissionpolicybindings" [] GLOBAL false true
    ["POLICYNAME" "PARAMREF" "AGE"]
    |object, context| with_age(vec![object.at("spec.policyName").str().to_owned(), param_ref(object)], object, context));
stored!(MUTATING_POLICY "MutatingAdmissionPolicy" "admissionregistration.k8s.io" "mutatingadmissionpolicies" [] GLOBAL false true
    ["MUTATIONS" "PARAMKIND" "AGE"]
    |object, context| with_age(vec![count(object, "spec.mutations"), param_kind(object)], object, context));
stored!(MUTATING_BINDING "MutatingAdmissionPolicyBinding" "admissionregistration.k8s.io" "mutatingadmissionpolicybindings" [] GLOBAL false true
    ["POLICYNAME" "PARAMREF" "AGE"]
    |object, context| with_age(vec![object.at("spec.policyName").str().to_owned(), param_ref(object)], object, context));
stored!(FLOW_SCHEMA "FlowSchema" "flowcontrol.apiserver.k8s.io" "flowschemas" [] GLOBAL true true
["PRIORITYLEVEL" "MATCHINGPRECEDENCE" "DISTINGUISHERMETHOD" "AGE" "MISSINGPL"] |object, context| {
    let spec = object.spec();
    let missing = match object.condition("Dangling").get("status").str() {
        "" => "?",
        status => status,
    };
    vec![
        object.name().to_owned(),
        spec.at("priorityLevelConfiguration.name").str().to_owned(),
        spec.get("matchingPrecedence").int().to_string(),
        or_dash(spec.at("distinguisherMethod.type"), "<none>"),
        age(object, context),
        missing.to_owned(),
    ]
});
stored!(PRIORITY_LEVEL "PriorityLevelConfiguration" "flowcontrol.apiserver.k8s.io" "prioritylevelconfigurations" [] GLOBAL true true
["TYPE" "NOMINALCONCURRENCYSHARES" "QUEUES" "HANDSIZE" "QUEUELENGTHLIMIT" "AGE"] |object, context| {
    let spec = object.spec();
    let paths = ["nominalConcurrencyShares", "limitResponse.queuing.queues", "limitResponse.queuing.handSize", "limitResponse.queuing.queueLengthLimit"];
    let limited = paths.map(|path| or_dash(spec.get("limited").at(path), "<none>"));
    with_age([spec.get("type").str().to_owned()].into_iter().chain(limited).collect(), object, context)
});
stored!(CUSTOM_RESOURCE_DEFINITION "CustomResourceDefinition" "apiextensions.k8s.io" "customresourcedefinitions" ["crd" "crds"] GLOBAL true true
    ["CREATED AT"] |object, _| vec![object.name().to_owned(), object.at("metadata.creationTimestamp").str().to_owned()]);
stored!(DEVICE_CLASS "DeviceClass" "resource.k8s.io" "deviceclasses" [] GLOBAL false true
    ["AGE"] |object, context| row(object, context, &[]));
stored!(RESOURCE_CLAIM "ResourceClaim" "resource.k8s.io" "resourceclaims" [] NAMESPACED true false
["STATE" "AGE"] |object, context| {
    let status = object.status();
    let mut states = Vec::new();
    states.extend(object.is_deleting().then_some("deleted"));
    match (status.get("allocation").is_null(), status.get("reservedFor").list().is_empty()) {
        (true, _) => states.extend((!object.is_deleting()).then_some("pending")),
        (false, reserved) => {
            states.push("allocated");
            states.extend((!reserved).then_some("reserved"));
        }
    }
    with_age(vec![states.join(",")], object, context)
});
stored!(RESOURCE_CLAIM_TEMPLATE "ResourceClaimTemplate" "resource.k8s.io" "resourceclaimtemplates" [] NAMESPACED false false
    ["AGE"] |object, context| row(object, context, &[]));
stored!(RESOURCE_SLICE "ResourceSlice" "resource.k8s.io" "resourceslices" [] GLOBAL false true
["NODE" "DRIVER" "POOL" "AGE"] |object, context| {
    let node = or_dash(object.at("spec.nodeName"), "<unset>");
    let more = ["spec.driver", "spec.pool.name"].map(|path| object.at(path).str().to_owned());
    with_age([node].into_iter().chain(more).collect(), object, context)
});

/// What became of a CertificateSigningRequest.
///
/// Models pkg/printers/internalversion extractCSRStatus.
pub fn signing_state(object: &Object) -> String {
    let conditions = object.at("status.conditions").list();
    let has = |kind: &str| conditions.iter().any(|c| c.get("type").str() == kind);
    let mut state = if has("Denied") {
        "Denied"
    } else if has("Approved") {
        "Approved"
    } else {
        "Pending"
    }
    .to_owned();
    if has("Failed") {
        state.push_str(",Failed");
    }
    if !object.at("status.certificate").is_empty() {
        state.push_str(",Issued");
    }
    state
}
