//! ConfigMaps and Secrets that containers and volumes refer to: what is missing keeps a pod from starting.

use ecow::EcoString;

use super::host_paths;
use crate::api::{Object, Value};
use crate::store::{View, VolumeData};

struct Source {
    kind: &'static str,
    shown: &'static str,
}

const CONFIG_MAP: Source = Source { kind: "ConfigMap", shown: "configmap" };
const SECRET: Source = Source { kind: "Secret", shown: "secret" };

/// Why the environment of a container cannot be made.
///
/// Models pkg/kubelet makeEnvironmentVariables.
pub fn missing_for_environment(view: &View, pod: &Object, container: &Value) -> Option<String> {
    for from in container.get("envFrom").list() {
        for (field, source) in [("configMapRef", &CONFIG_MAP), ("secretRef", &SECRET)] {
            let reference = from.get(field);
            if !reference.is_null() && !reference.get("optional").bool() {
                if let Err(text) = find(view, pod, source, reference.get("name").str()) {
                    return Some(text);
                }
            }
        }
    }
    for variable in container.get("env").list() {
        for (field, source) in [("configMapKeyRef", &CONFIG_MAP), ("secretKeyRef", &SECRET)] {
            let reference = variable.get("valueFrom").get(field);
            if reference.is_null() || reference.get("optional").bool() {
                continue;
            }
            let (name, key) = (reference.get("name").str(), reference.get("key").str());
            match find(view, pod, source, name) {
                Err(text) => return Some(text),
                Ok(object) if !has_key(object, key) => {
                    return Some(format!("couldn't find key {key} in {} {}/{name}", source.kind, pod.namespace()));
                }
                Ok(_) => {}
            }
        }
    }
    None
}

fn find<'a>(view: &View<'a>, pod: &Object, source: &Source, name: &str) -> Result<&'a Object, String> {
    let found = view.store.find(source.kind, pod.namespace(), name);
    found.ok_or_else(|| format!("{} \"{name}\" not found", source.shown))
}

fn has_key(object: &Object, key: &str) -> bool {
    ["data", "binaryData"].iter().any(|field| !object.at(field).get(key).is_null())
}

/// True for the volume that every pod gets for the API server.
pub(super) fn is_access(volume: &Value) -> bool {
    volume.get("name").str().starts_with("kube-api-access-")
}

/// The volume that cannot be mounted and why; volumes that no container mounts are not looked at.
///
/// Models pkg/volume/configmap, secret and projected SetUpAt. The volume that every pod gets for the API server is taken to be
/// there.
pub fn missing_for_volumes(view: &View, pod: &Object, data: &mut VolumeData) -> Option<(EcoString, String)> {
    let spec = pod.spec();
    let containers = || spec.get("initContainers").list().iter().chain(spec.get("containers").list());
    for volume in spec.get("volumes").list() {
        let name = volume.get("name");
        let mounted = containers().any(|c| c.get("volumeMounts").list().iter().any(|m| m.get("name") == name));
        if !mounted || is_access(volume) {
            continue;
        }
        let node = pod.at("spec.nodeName").str();
        if let Some(text) = host_paths::unfit(data, node, volume) {
            return Some((name.text(), text));
        }
        let parts = std::iter::once(volume).chain(volume.at("projected.sources").list());
        if let Some(text) = parts.filter_map(|part| missing_part(view, pod, part)).next() {
            return Some((name.text(), text));
        }
    }
    None
}

fn missing_part(view: &View, pod: &Object, part: &Value) -> Option<String> {
    for (field, name_field, source) in
        [("configMap", "name", &CONFIG_MAP), ("secret", "secretName", &SECRET), ("secret", "name", &SECRET)]
    {
        let reference = part.get(field);
        let name = reference.get(name_field).str();
        if name.is_empty() || reference.get("optional").bool() {
            continue;
        }
        match find(view, pod, source, name) {
            Err(text) => return Some(text),
            Ok(object) => {
                let wanted = reference.get("items").list().iter().map(|item| item.get("key").str());
                if let Some(key) = wanted.into_iter().find(|key| !has_key(object, key)) {
                    let word = if source.kind == "Secret" { "secret" } else { "config" };
                    return Some(format!("references non-existent {word} key: {key}"));
                }
            }
        }
    }
    None
}
