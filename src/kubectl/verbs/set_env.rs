//! `kubectl set env`.

use super::set::{each, pod_spec_path, CONTAINER_LISTS};
use super::Verb;
use crate::api::{Object, Value};
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::{resource_kind, select};
use crate::value;

/// Its row.
pub static VERB: Verb = Verb { name: "env", run: Some(run), ..super::PLAIN };

fn run(call: &mut Call<'_>) -> Outcome {
    let (mut resources, mut updates) = (Vec::new(), Vec::new());
    for arg in call.line.args.iter().chain(call.line.all("env")) {
        match arg.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                updates.push((name.to_owned(), Some(value!({"name": name, "value": value}))));
            }
            _ if arg.len() > 1 && arg.ends_with('-') => updates.push((arg[..arg.len() - 1].to_owned(), None)),
            _ => resources.push(arg.clone()),
        }
    }
    if let Some(from) = call.line.get("from").map(str::to_owned) {
        updates.extend(variables_from(call, &from)?.into_iter().map(|v| (v.get("name").str().to_owned(), Some(v))));
    }
    if call.line.is("list") {
        return list(call, &resources);
    }
    let wanted = call.line.get("containers").unwrap_or("*").to_owned();
    each(call, &resources, "env updated", &|_, object| {
        let path = pod_spec_path(object)?;
        let mut found = false;
        for list in CONTAINER_LISTS {
            if object.at(path).get(list).is_empty() {
                continue;
            }
            for container in object.value.slot_at(path).slot(list).items_mut() {
                if wanted != "*" && !wanted.split(',').any(|name| name == container.get("name").str()) {
                    continue;
                }
                found = true;
                updates.iter().for_each(|(name, variable)| update(container, name, variable.as_ref()));
            }
        }
        match found {
            true => Ok(()),
            false => Err(error(format!("{} has no containers that match {wanted}", object.name()))),
        }
    })
}

/// Puts a variable into a container in place of the one of its name, or takes that one away.
fn update(container: &mut Value, name: &str, variable: Option<&Value>) {
    let mut variables: Vec<Value> = container.get("env").list().to_vec();
    let place = variables.iter().position(|old| old.get("name").str() == name);
    match (place, variable) {
        (Some(place), Some(variable)) => variables[place] = variable.clone(),
        (Some(place), None) => drop(variables.remove(place)),
        (None, Some(variable)) => variables.push(variable.clone()),
        (None, None) => return,
    }
    match variables.is_empty() {
        true => drop(container.remove_key("env")),
        false => container.set("env", variables),
    }
}

/// Variables for the keys of a ConfigMap or Secret: `--from=configmap/app-config --prefix=APP_`.
fn variables_from(call: &mut Call<'_>, from: &str) -> Result<Vec<Value>, Failure> {
    let (resource, name) = from.split_once('/').ok_or_else(|| error(format!("invalid --from {from}")))?;
    let kind = resource_kind(call, resource)?;
    let object = call.get(kind, &call.namespace(), name)?;
    let reference = match kind.kind {
        "ConfigMap" => "configMapKeyRef",
        "Secret" => "secretKeyRef",
        _ => return Err(error(format!("unsupported resource specified in --from: {}", kind.kind))),
    };
    let (keys, prefix) = (call.line.list("keys"), call.line.text("prefix").to_owned());
    let mut variables = Vec::new();
    for (key, _) in object.at("data").entries() {
        if !keys.is_empty() && !keys.iter().any(|wanted| wanted == key.as_str()) {
            continue;
        }
        let upper: String =
            key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        if *key != upper && key.chars().any(|c| !c.is_ascii_alphanumeric() && c != '_') {
            call.out.warn(&format!("key {key} transferred to {upper}"));
        }
        let mut variable = value!({"name": (format!("{prefix}{upper}"))});
        variable.set(&format!("valueFrom.{reference}"), value!({"key": key, "name": name}));
        variables.push(variable);
    }
    Ok(variables)
}

/// Prints the variables of each container, references as comments.
fn list(call: &mut Call<'_>, resources: &[String]) -> Outcome {
    let selection = select(call, resources, call.line.is("all"))?;
    let (objects, failures) = selection.objects(call)?;
    for object in &objects {
        let path = pod_spec_path(object)?;
        for list in CONTAINER_LISTS.iter().rev() {
            for container in object.at(path).get(list).list() {
                call.out.line(heading(object, container));
                for variable in container.get("env").list() {
                    call.out.line(variable_text(variable));
                }
            }
        }
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

fn heading(object: &Object, container: &Value) -> String {
    format!("# {} {}, container {}", object.kind.kind, object.name(), container.get("name").str())
}

fn variable_text(variable: &Value) -> String {
    let (name, from) = (variable.get("name").str(), variable.get("valueFrom"));
    let named = |key: &str, kind: &str| {
        let reference = from.get(key);
        format!("# {name} from {kind} {}, key {}", reference.get("name").str(), reference.get("key").str())
    };
    if from.is_null() {
        format!("{name}={}", variable.get("value").str())
    } else if !from.get("configMapKeyRef").is_null() {
        named("configMapKeyRef", "configmap")
    } else if !from.get("secretKeyRef").is_null() {
        named("secretKeyRef", "secret")
    } else if !from.get("fieldRef").is_null() {
        format!("# {name} from field path {}", from.at("fieldRef.fieldPath").str())
    } else {
        format!("# {name} from resource field {}", from.at("resourceFieldRef.resource").str())
    }
}
