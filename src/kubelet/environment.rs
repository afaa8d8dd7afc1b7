//! The environment of containers: variables by value and by reference, those of Services, and `$(NAME)` in commands.

use ecow::EcoString;

use super::Outside;
use crate::api::{Map, Object, Value};
use crate::base::quantity::Quantity;
use crate::store::View;
use crate::workload::{self, images};

/// The variables of a container, in the order in which they are set.
///
/// Models pkg/kubelet makeEnvironmentVariables; what the image sets comes first, as the runtime puts it.
pub(super) fn of_container(
    view: &View,
    pod: &Object,
    container: &Value,
    outside: &dyn Outside,
) -> Vec<(EcoString, EcoString)> {
    let mut all: Vec<(EcoString, EcoString)> = vec![
        ("PATH".into(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into()),
        ("HOSTNAME".into(), workload::host_name(pod).into()),
    ];
    let image = container.get("image").str();
    for (name, value) in images::find(image).map(|row| row.env.iter()).into_iter().flatten() {
        put(&mut all, name, value.replace("{tag}", images::version(image)).into());
    }
    for (name, value) in outside.service_variables(pod) {
        put(&mut all, &name, value.into());
    }
    for from in container.get("envFrom").list() {
        let prefix = from.get("prefix").str();
        for (field, kind) in [("configMapRef", "ConfigMap"), ("secretRef", "Secret")] {
            let name = from.get(field).get("name").str();
            let Some(object) = view.store.find(kind, pod.namespace(), name).filter(|_| !name.is_empty()) else {
                continue;
            };
            for (key, value) in object.at("data").entries() {
                put(&mut all, &format!("{prefix}{key}"), text_of(kind, value));
            }
        }
    }
    for variable in container.get("env").list() {
        let value = match variable.get("valueFrom") {
            from if from.is_null() => Some(EcoString::from(expand(variable.get("value").str(), &all))),
            from => by_reference(view, pod, container, from),
        };
        if let Some(value) = value {
            put(&mut all, variable.get("name").str(), value);
        }
    }
    put_new(&mut all, "HOME", "/root".into());
    all
}

fn put(all: &mut Vec<(EcoString, EcoString)>, name: &str, value: EcoString) {
    match all.iter_mut().find(|(known, _)| known == name) {
        Some(place) => place.1 = value,
        None => all.push((name.into(), value)),
    }
}

fn put_new(all: &mut Vec<(EcoString, EcoString)>, name: &str, value: EcoString) {
    if !all.iter().any(|(known, _)| known == name) {
        all.push((name.into(), value));
    }
}

/// The text of a value of a ConfigMap, or of a Secret.
pub(super) fn text_of(kind: &str, value: &Value) -> EcoString {
    match kind {
        "Secret" => decoded(value.str()),
        _ => value.text(),
    }
}

/// The text behind base64.
pub(super) fn decoded(text: &str) -> EcoString {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
    String::from_utf8_lossy(&bytes).as_ref().into()
}

fn by_reference(view: &View, pod: &Object, container: &Value, from: &Value) -> Option<EcoString> {
    for (field, kind) in [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")] {
        let reference = from.get(field);
        if !reference.is_null() {
            let object = view.store.find(kind, pod.namespace(), reference.get("name").str())?;
            let value = object.at("data").get(reference.get("key").str());
            return (!value.is_null()).then(|| text_of(kind, value));
        }
    }
    let field = from.at("fieldRef.fieldPath").str();
    if !field.is_empty() {
        return Some(field_of(pod, field));
    }
    let resource = from.get("resourceFieldRef");
    (!resource.is_null()).then(|| resource_of(view, pod, container, resource))
}

/// A field of the pod by the path of the downward API.
///
/// Models pkg/fieldpath ExtractFieldPathAsString.
pub(super) fn field_of(pod: &Object, path: &str) -> EcoString {
    let pairs = |map: &Value| {
        let lines = map.entries().iter().map(|(key, value)| format!("{key}={:?}", value.str()));
        EcoString::from(lines.collect::<Vec<_>>().join("\n"))
    };
    if let Some((map, key)) = path.split_once('[') {
        return pod.at(map).get(key.trim_end_matches(']').trim_matches(['\'', '"'])).text();
    }
    match path {
        "metadata.labels" | "metadata.annotations" => pairs(pod.at(path)),
        "status.podIPs" => {
            let ips = pod.at(path).list().iter().map(|ip| ip.get("ip").str());
            ips.collect::<Vec<_>>().join(",").into()
        }
        path => pod.at(path).text(),
    }
}

/// A request or limit of a container by the words of the downward API; without a limit, what the node has.
///
/// Models pkg/api/v1/resource ExtractContainerResourceValue.
pub(super) fn resource_of(view: &View, pod: &Object, container: &Value, reference: &Value) -> EcoString {
    let name = reference.get("containerName").str();
    let spec = pod.spec();
    let named = |list: &'static str| spec.get(list).list().iter().find(|c| c.get("name").str() == name);
    let container = named("containers").or_else(|| named("initContainers")).unwrap_or(container);
    let (kind, resource) = reference.get("resource").str().split_once('.').unwrap_or(("", ""));
    let parsed = |value: &Value| match value {
        Value::Int(n) => Quantity::parse(&n.to_string()).ok(),
        value => Quantity::parse(value.str()).ok(),
    };
    let own = parsed(container.get("resources").get(kind).get(resource));
    let node = view.store.find("Node", "", pod.at("spec.nodeName").str());
    let whole = || node.and_then(|node| parsed(node.at("status.allocatable").get(resource)));
    let amount = own.or_else(|| if kind == "limits" { whole() } else { None });
    let divisor = parsed(reference.get("divisor")).filter(|d| !d.is_zero());
    let Some(amount) = amount else { return "0".into() };
    let (amount, divisor) = match resource {
        "cpu" => (amount.milli_value(), divisor.map_or(1_000, Quantity::milli_value)),
        _ => (amount.value(), divisor.map_or(1, Quantity::value)),
    };
    let divisor = divisor.max(1);
    ecow::eco_format!("{}", (amount + divisor - 1) / divisor)
}

/// A text in which `$(NAME)` stands for a variable; `$$(NAME)` for itself.
///
/// Models third_party/forked/golang/expansion Expand.
pub(super) fn expand(text: &str, environment: &[(EcoString, EcoString)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(place) = rest.find('$') {
        out.push_str(&rest[..place]);
        rest = &rest[place + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let Some((name, after)) = rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) else {
            out.push('$');
            continue;
        };
        match environment.iter().find(|(known, _)| known == name) {
            Some((_, value)) => out.push_str(value),
            None => out.push_str(&format!("$({name})")),
        }
        rest = after;
    }
    out + rest
}

/// The data of a ConfigMap or a Secret: keys and texts.
pub(super) fn data_of(object: &Object) -> Vec<(EcoString, EcoString)> {
    let kind = object.kind.kind;
    let plain = object.at("data").entries().iter().map(|(key, value)| (key.clone(), text_of(kind, value)));
    let binary = object.at("binaryData").entries().iter().map(|(key, value)| (key.clone(), decoded(value.str())));
    let all: Map = plain.chain(binary).collect();
    all.iter().map(|(key, value)| (key.clone(), value.text())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_in_commands_are_filled_in_and_doubled_dollars_are_not() {
        let environment = [("A".into(), "1".into()), ("B".into(), "x y".into())];
        for (text, filled) in
            [("$(A)-$(B)", "1-x y"), ("$$(A)", "$(A)"), ("$(C) $A $", "$(C) $A $"), ("$(A", "$(A"), ("$$$(A)", "$1")]
        {
            assert_eq!(expand(text, &environment), filled);
        }
    }
}
