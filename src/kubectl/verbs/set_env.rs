//! `kubectl set env`.

use super::set::{each, of_object, pod_spec_path, CONTAINER_LISTS};
use super::Verb;
use crate::api::{kind, Object, Value};
use crate::base::order::Order;
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::describe::resource_value;
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::{resource_kind, select, NOTHING_NAMED};
use crate::value;

const VARIABLE_NAME: &str = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or \
    '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is \
    '[-._a-zA-Z][-._a-zA-Z0-9]*')";

/// Its row.
pub static VERB: Verb = Verb { name: "env", run: Some(run), ..super::PLAIN };

/// What the command line says of variables.
struct Changes {
    /// Variables to put in, in order.
    set: Vec<Value>,
    /// Names to take away.
    removed: Vec<String>,
}

fn run(call: &mut Call<'_>) -> Outcome {
    let (resources, mut words) = split(&call.line.args)?;
    words.extend(call.line.all("env").iter().cloned());
    if resources.is_empty() && !call.line.has("filename") {
        return Err(error("one or more resources must be specified as <resource> <name> or <resource>/<name>"));
    }
    if call.line.is("local") && !call.line.has("filename") {
        return Err(error(NOTHING_NAMED));
    }
    if call.line.is("list") && call.line.has("output") {
        return Err(error("--list and --output may not be specified together"));
    }
    if call.line.has("keys") && !call.line.has("from") {
        return Err(error("when specifying --keys, a configmap or secret must be provided with --from"));
    }
    let mut changes = read(call, &words)?;
    if let Some(from) = call.line.get("from").map(str::to_owned) {
        changes.set.extend(variables_from(call, &from)?);
    }
    let wanted = call.line.get("containers").unwrap_or("*").to_owned();
    let keep = !call.line.is_or("overwrite", true);
    if call.line.is("list") {
        return list(call, &resources, &changes, &wanted);
    }
    let mut strange = Vec::new();
    let done = each(call, &resources, "env updated", &mut |call, object| {
        if let Some(warning) = apply(call, object, &changes, &wanted, keep)? {
            strange.push(warning);
        }
        Ok(())
    });
    strange.iter().for_each(|warning| call.out.err(format!("Warning: {warning}")));
    done
}

/// The resources, and the words about variables behind them.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/set/env SplitEnvironmentFromResources.
fn split(args: &[String]) -> Result<(Vec<String>, Vec<String>), Failure> {
    let is_change = |arg: &String| arg.find('=').is_some_and(|at| at > 0) || arg.ends_with('-');
    let first = args.iter().position(is_change).unwrap_or(args.len());
    let (resources, words) = args.split_at(first);
    match words.iter().all(is_change) {
        true => Ok((resources.to_vec(), words.to_vec())),
        false => {
            let args = args.join(" ");
            Err(error(format!("all resources must be specified before environment changes: {args}")))
        }
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/set/env parseIntoEnvVar and readEnv.
fn read(call: &mut Call<'_>, words: &[String]) -> Result<Changes, Failure> {
    let mut changes = Changes { set: Vec::new(), removed: Vec::new() };
    for word in words {
        if word == "-" {
            let text = call.stdin.take().unwrap_or_default();
            let lines = text.lines().map(|line| line.split('#').next().unwrap_or(""));
            let pairs = lines.filter_map(|line| line.split_once('='));
            changes.set.extend(pairs.map(|(name, value)| value!({"name": name, "value": value})));
        } else if let Some((name, value)) = word.split_once('=') {
            let is_letter = |c: char| c.is_ascii_alphabetic() || matches!(c, '-' | '.' | '_');
            if !name.starts_with(is_letter) || !name.chars().all(|c| is_letter(c) || c.is_ascii_digit()) {
                return Err(error(format!("{name:?} is not a valid key name: {VARIABLE_NAME}")));
            }
            changes.set.push(value!({"name": name, "value": value}));
        } else if let Some(name) = word.strip_suffix('-') {
            changes.removed.push(name.to_owned());
        } else {
            return Err(error(format!("unknown environment variable: {word}")));
        }
    }
    let is_set = |name: &String| changes.set.iter().any(|variable| variable.get("name").str() == name);
    match changes.removed.iter().any(is_set) {
        true => Err(error("can not both modify and remove the same environment variable in the same command")),
        false => Ok(changes),
    }
}

/// True for a name that a pattern with stars takes.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/set selectString.
fn takes(pattern: &str, name: &str) -> bool {
    if !pattern.contains('*') {
        return pattern == name;
    }
    let parts: Vec<&str> = pattern.split('*').collect();
    let (first, last) = (parts[0], parts[parts.len() - 1]);
    let mut rest = match name.strip_prefix(first).filter(|rest| rest.ends_with(last)) {
        Some(rest) => &rest[..rest.len() - last.len()],
        None => return false,
    };
    parts[1..parts.len() - 1].iter().all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// Changes the containers of an object that are meant. Gives a warning where there is none of them.
fn apply(
    call: &Call<'_>,
    object: &mut Object,
    changes: &Changes,
    wanted: &str,
    keep: bool,
) -> Result<Option<String>, Failure> {
    let local = call.line.is("local");
    let path = pod_spec_path(object, local)?;
    let whole = object.clone();
    let mut found = false;
    for list in CONTAINER_LISTS {
        if object.at(path).get(list).is_empty() {
            continue;
        }
        for container in object.value.slot_at(path).slot(list).items_mut() {
            if !takes(wanted, container.get("name").str()) {
                continue;
            }
            found = true;
            for variable in &changes.set {
                let name = variable.get("name").str();
                let old = container.get("env").list().iter().find(|old| old.get("name").str() == name);
                if let Some(old) = old.filter(|_| keep) {
                    let value = old.get("value").str();
                    let why = format!("'{name}' already has a value ({value}), and --overwrite is false");
                    return Err(of_object(&whole, local, &why));
                }
                update(container, name, Some(variable));
            }
            changes.removed.iter().for_each(|name| update(container, name, None));
        }
    }
    let warning = || format!("{}/{} does not have any containers matching {wanted:?}", object.kind.kind, object.name());
    Ok((!found).then(warning))
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
        _ => return Err(error("unsupported resource specified in --from")),
    };
    let (keys, prefix) = (call.line.list("keys"), call.line.text("prefix").to_owned());
    let mut variables = Vec::new();
    for (key, _) in object.at("data").entries() {
        if !keys.is_empty() && !keys.iter().any(|wanted| wanted == key.as_str()) {
            continue;
        }
        let upper: String =
            key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        if *key != upper {
            call.out.warn(&format!("key {key} transferred to {upper}"));
        }
        let mut variable = value!({"name": (format!("{prefix}{upper}"))});
        variable.set(&format!("valueFrom.{reference}"), value!({"key": key, "name": name}));
        variables.push(variable);
    }
    Ok(variables)
}

/// Prints the variables that each container has then; references as comments, or with `--resolve` what they lead to.
fn list(call: &mut Call<'_>, resources: &[String], changes: &Changes, wanted: &str) -> Outcome {
    let selection = select(call, resources, call.line.is("all"))?;
    let (mut objects, mut failures) = selection.objects(call)?;
    for object in &mut objects {
        match apply(call, object, changes, wanted, false) {
            Ok(Some(warning)) => call.out.err(format!("Warning: {warning}")),
            Ok(None) => {}
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        }
        let path = pod_spec_path(object, call.line.is("local"))?;
        let mut missing: Vec<(String, &str)> = Vec::new();
        for list in CONTAINER_LISTS.iter().rev() {
            for container in object.at(path).get(list).list() {
                if !takes(wanted, container.get("name").str()) {
                    continue;
                }
                call.out.line(heading(object, container));
                for variable in container.get("env").list() {
                    let line = match call.line.is("resolve") {
                        true => resolved(call, object, container, variable).unwrap_or_else(|why| {
                            missing.push((why, variable.get("name").str()));
                            variable_text(variable)
                        }),
                        false => variable_text(variable),
                    };
                    call.out.line(line);
                }
            }
        }
        missing.order();
        for of_one in missing.chunk_by(|a, b| a.0 == b.0) {
            let names: Vec<&str> = of_one.iter().map(|(_, name)| *name).collect();
            call.out.err(format!("error retrieving reference for {}: {}", names.join(", "), of_one[0].0));
        }
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// A variable with the value that its reference leads to.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/set/env GetEnvVarRefValue.
fn resolved(call: &Call<'_>, object: &Object, container: &Value, variable: &Value) -> Result<String, String> {
    let (name, from) = (variable.get("name").str(), variable.get("valueFrom"));
    for (field, row, called) in [("configMapKeyRef", "ConfigMap", "config map"), ("secretKeyRef", "Secret", "secret")] {
        let reference = from.get(field);
        if reference.is_null() {
            continue;
        }
        let (source, key) = (reference.get("name").str(), reference.get("key").str());
        let found = call.get(kind(row), &call.namespace(), source).map_err(|failure| failure.text(&call.command));
        let found = found.map_err(|text| text.trim_end().rsplit("): ").next().unwrap_or_default().to_owned())?;
        let value = found.at("data").get(key).opt_str().map(str::to_owned);
        let value = value.ok_or_else(|| format!("key {key} not found in {called} {source}"))?;
        return Ok(format!("{name}={}", if row == "Secret" { decoded(&value) } else { value }));
    }
    if !from.get("resourceFieldRef").is_null() {
        return Ok(format!("{name}={}", resource_value(container, from.get("resourceFieldRef"))));
    }
    let path = from.at("fieldRef.fieldPath").str();
    let value = match path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        Some((map @ ("metadata.labels" | "metadata.annotations"), key)) => object.at(map).get(key).str().to_owned(),
        None if matches!(path, "metadata.name" | "metadata.namespace" | "metadata.uid") => {
            object.at(path).str().to_owned()
        }
        _ if path.is_empty() => return Ok(variable_text(variable)),
        _ => return Err(format!("unsupported fieldPath: {path}")),
    };
    Ok(format!("{name}={value}"))
}

fn decoded(text: &str) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
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
