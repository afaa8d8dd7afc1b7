//! Defaults of pods and pod templates.

use super::{each, fill, within};
use crate::api::{Object, Value};

/// Models pkg/apis/core/v1/defaults.go SetDefaults_Pod.
pub fn pod(object: &mut Object) {
    within(&mut object.value, "spec", |spec| {
        pod_spec(spec);
        for list in ["containers", "initContainers"] {
            each(spec, list, |container| within(container, "resources", requests_from_limits));
        }
        spec.set_default("enableServiceLinks", true);
        if spec.get("hostNetwork").bool() {
            for list in ["containers", "initContainers"] {
                each(spec, list, |container| each(container, "ports", host_port_from_container_port));
            }
        }
    });
}

/// Defaults of a pod template, which are fewer than those of a pod: requests and ports are completed only when the pod is made.
pub fn pod_template(template: &mut Value) {
    template.set_default("metadata", Value::map());
    if template.get("spec").is_null() {
        *template.slot("spec") = Value::map();
    }
    within(template, "spec", pod_spec);
}

fn requests_from_limits(resources: &mut Value) {
    for (name, limit) in resources.get("limits").clone().entries() {
        if resources.get("requests").get(name).is_null() {
            resources.slot("requests").map_mut().insert(name, limit.clone());
        }
    }
}

fn host_port_from_container_port(port: &mut Value) {
    let number = port.get("containerPort").clone();
    fill(port, "hostPort", number);
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_PodSpec.
fn pod_spec(spec: &mut Value) {
    fill(spec, "dnsPolicy", "ClusterFirst");
    fill(spec, "restartPolicy", "Always");
    fill(spec, "schedulerName", "default-scheduler");
    spec.set_default("securityContext", Value::map());
    spec.set_default("terminationGracePeriodSeconds", 30);
    same_service_account(spec);
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        each(spec, list, container);
    }
    each(spec, "volumes", volume);
}

/// The older name of the service account's field always says the same as the newer.
///
/// Models pkg/apis/core/v1/conversion.go Convert_v1_PodSpec_To_core_PodSpec.
fn same_service_account(spec: &mut Value) {
    let name = match spec.get("serviceAccountName").text() {
        name if name.is_empty() => spec.get("serviceAccount").text(),
        name => name,
    };
    for key in ["serviceAccount", "serviceAccountName"] {
        if !name.is_empty() && spec.get(key).str() != name {
            *spec.slot(key) = Value::from(&name);
        }
    }
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_Container.
fn container(container: &mut Value) {
    let always = image_tag(container.get("image").str()) == "latest";
    fill(container, "imagePullPolicy", if always { "Always" } else { "IfNotPresent" });
    fill(container, "terminationMessagePath", "/dev/termination-log");
    fill(container, "terminationMessagePolicy", "File");
    container.set_default("resources", Value::map());
    each(container, "ports", |port| fill(port, "protocol", "TCP"));
    each(container, "env", |var| within(var, "valueFrom", field_source));
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        within(container, key, probe);
    }
    within(container, "lifecycle", |lifecycle| {
        for key in ["postStart", "preStop"] {
            within(lifecycle, key, |handler| within(handler, "httpGet", http_get));
        }
    });
}

/// The tag of an image reference: `latest` where it has none, empty where a digest makes one superfluous.
///
/// Models pkg/util/parsers ParseImageName.
pub fn image_tag(image: &str) -> &str {
    let (name, digest) = image.split_once('@').map_or((image, false), |(name, _)| (name, true));
    match name.rsplit_once(':') {
        Some((_, tag)) if !tag.contains('/') => tag,
        _ if digest => "",
        _ => "latest",
    }
}

fn field_source(source: &mut Value) {
    within(source, "fieldRef", |field| fill(field, "apiVersion", "v1"));
    within(source, "resourceFieldRef", |field| fill(field, "divisor", "0"));
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_Probe.
fn probe(probe: &mut Value) {
    fill(probe, "timeoutSeconds", 1);
    fill(probe, "periodSeconds", 10);
    fill(probe, "successThreshold", 1);
    fill(probe, "failureThreshold", 3);
    within(probe, "httpGet", http_get);
    within(probe, "grpc", |grpc| grpc.set_default("service", ""));
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_HTTPGetAction.
fn http_get(action: &mut Value) {
    fill(action, "path", "/");
    fill(action, "scheme", "HTTP");
}

/// Models pkg/apis/core/v1/defaults.go SetDefaults_Volume and those of its sources.
fn volume(volume: &mut Value) {
    if volume.entries().iter().all(|(key, source)| key == "name" || source.is_null()) {
        *volume.slot("emptyDir") = Value::map();
    }
    for key in ["secret", "configMap", "downwardAPI", "projected"] {
        within(volume, key, |source| source.set_default("defaultMode", 0o644));
    }
    within(volume, "downwardAPI", |source| each(source, "items", field_source));
    within(volume, "projected", |source| each(source, "sources", projection));
    within(volume, "hostPath", |source| source.set_default("type", ""));
    within(volume, "iscsi", |source| fill(source, "iscsiInterface", "default"));
    within(volume, "rbd", |source| {
        fill(source, "pool", "rbd");
        fill(source, "user", "admin");
        fill(source, "keyring", "/etc/ceph/keyring");
    });
    within(volume, "azureDisk", |source| {
        source.set_default("cachingMode", "ReadWrite");
        source.set_default("kind", "Shared");
        source.set_default("fsType", "ext4");
        source.set_default("readOnly", false);
    });
    within(volume, "scaleIO", |source| {
        fill(source, "storageMode", "ThinProvisioned");
        fill(source, "fsType", "xfs");
    });
    within(volume, "image", |source| {
        let always = image_tag(source.get("reference").str()) == "latest";
        fill(source, "pullPolicy", if always { "Always" } else { "IfNotPresent" });
    });
    within(volume, "ephemeral", |source| {
        within(source, "volumeClaimTemplate", |claim| {
            within(claim, "spec", |spec| spec.set_default("volumeMode", "Filesystem"));
        });
    });
}

fn projection(source: &mut Value) {
    within(source, "serviceAccountToken", |token| token.set_default("expirationSeconds", 3600));
    within(source, "downwardAPI", |source| each(source, "items", field_source));
}
