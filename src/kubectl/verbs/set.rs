//! `kubectl set`: image, env, resources, selector and serviceaccount.

use super::change::{modify, report};
use super::Verb;
use crate::api::{Object, Value};
use crate::base::quantity::Quantity;
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::select;

/// Its row.
pub static VERB: Verb = Verb {
    name: "set",
    subverbs: &[&super::set_env::VERB, &IMAGE, &RESOURCES, &SELECTOR, &SERVICE_ACCOUNT, &super::create_rbac::SUBJECT],
    ..super::PLAIN
};

static IMAGE: Verb = Verb { name: "image", run: Some(set_image), ..super::PLAIN };

static RESOURCES: Verb = Verb { name: "resources", run: Some(set_resources), ..super::PLAIN };

static SELECTOR: Verb = Verb { name: "selector", run: Some(set_selector), ..super::PLAIN };

static SERVICE_ACCOUNT: Verb =
    Verb { name: "serviceaccount", aliases: &["sa"], run: Some(set_service_account), ..super::PLAIN };

/// Splits the arguments into what is meant and pairs of a name and a value.
pub(super) fn split_pairs(args: &[String]) -> (Vec<String>, Vec<(String, String)>) {
    let mut resources = Vec::new();
    let mut pairs = Vec::new();
    for arg in args {
        match arg.split_once('=') {
            Some((name, value)) if !name.is_empty() => pairs.push((name.to_owned(), value.to_owned())),
            _ => resources.push(arg.clone()),
        }
    }
    (resources, pairs)
}

/// Where the pod spec of an object lies: its own, or that of its template.
pub(super) fn pod_spec_path(object: &Object, local: bool) -> Result<&'static str, Failure> {
    match object.kind.kind {
        "Pod" => Ok("spec"),
        "CronJob" => Ok("spec.jobTemplate.spec.template.spec"),
        _ if !object.at("spec.template.spec").is_null() => Ok("spec.template.spec"),
        _ => {
            let go_type = format!("*{}.{}", object.kind.version, object.kind.name());
            Err(of_object(
                object,
                local,
                &format!("the object is not a pod or does not have a pod template: {go_type}"),
            ))
        }
    }
}

/// What went wrong with one object: one of the cluster is called by its resource, one of a file by its kind, with a new line.
///
/// Models staging/src/k8s.io/cli-runtime/pkg/resource Info.ObjectName.
pub(super) fn of_object(object: &Object, local: bool, why: &str) -> Failure {
    error(match local {
        true => format!("error: {}/{}\n {why}", object.kind.singular_resource(), object.name()),
        false => format!("error: {}/{} {why}", object.kind.plural, object.name()),
    })
}

/// Changes each object that is meant and says so; one that does not change is passed over in silence.
pub(super) fn each(
    call: &mut Call<'_>,
    resources: &[String],
    done: &str,
    change: &mut dyn FnMut(&Call<'_>, &mut Object) -> Result<(), Failure>,
) -> Outcome {
    let selection = select(call, resources, call.line.is("all"))?;
    let (objects, mut failures) = selection.objects(call)?;
    let dry = call.dry_run()?;
    for object in objects {
        let mut wanted = object.clone();
        if let Err(failure) = change(call, &mut wanted) {
            failures.push(failure);
            continue;
        }
        if wanted.value == object.value && done != SERVICE_ACCOUNT_DONE {
            continue;
        }
        let changed = modify(call, &object, dry, |current| {
            *current = wanted;
            Ok(())
        });
        match changed.and_then(|changed| report(call, &changed, done, dry)) {
            Ok(()) => {}
            Err(failure) => failures.push(failure),
        }
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// The lists that hold the containers of a pod spec.
pub(super) const CONTAINER_LISTS: [&str; 2] = ["initContainers", "containers"];

fn set_image(call: &mut Call<'_>) -> Outcome {
    let (resources, pairs) = split_pairs(&call.line.args);
    if resources.is_empty() && !call.line.has("filename") {
        return Err(error(crate::kubectl::resources::NOTHING_NAMED));
    }
    if call.line.is("local") && (!resources.is_empty() || !call.line.has("filename")) {
        return Err(error(crate::kubectl::resources::LOCAL_FILES));
    }
    if pairs.is_empty() {
        select(call, &resources, call.line.is("all"))?;
        return Err(error("at least one image update is required"));
    }
    each(call, &resources, "image updated", &mut |call, object| {
        let path = pod_spec_path(object, call.line.is("local"))?;
        for (name, image) in &pairs {
            let mut found = false;
            for list in CONTAINER_LISTS {
                let spec = object.value.slot_at(path);
                for container in spec.map_mut().get(list).cloned().iter().flat_map(Value::list).enumerate() {
                    if name == "*" || container.1.get("name").str() == name {
                        found = true;
                        spec.slot(list).items_mut()[container.0].set("image", image.as_str());
                    }
                }
            }
            if !found {
                return Err(error(format!("error: unable to find container named \"{name}\"")));
            }
        }
        Ok(())
    })
}

fn set_resources(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    let (limits, requests) = (amounts(call.line.text("limits"))?, amounts(call.line.text("requests"))?);
    if limits.is_empty() && requests.is_empty() {
        select(call, &args, call.line.is("all"))?;
        return Err(error("you must specify an update to requests or limits (in the form of --requests/--limits)"));
    }
    let wanted = call.line.get("containers").unwrap_or("*").to_owned();
    each(call, &args, "resource requirements updated", &mut |call, object| {
        let path = pod_spec_path(object, call.line.is("local"))?;
        let mut found = false;
        for container in object.value.slot_at(path).slot("containers").items_mut() {
            let name = container.get("name").str();
            if wanted != "*" && !wanted.split(',').any(|one| one == name) {
                continue;
            }
            found = true;
            for (field, amounts) in [("limits", &limits), ("requests", &requests)] {
                for (name, amount) in amounts {
                    container.slot("resources").slot(field).map_mut().insert(name, amount.as_str());
                }
            }
        }
        match found {
            true => Ok(()),
            false => Err(error(format!("error: unable to find container named {wanted}"))),
        }
    })
}

/// `cpu=200m,memory=512Mi`.
fn amounts(text: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut amounts = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let Some((name, amount)) = part.split_once('=') else {
            return Err(error(format!("Invalid argument syntax {part}, expected <resource>=<value>")));
        };
        let quantity = Quantity::parse(amount).map_err(|why| error(why.to_string()))?;
        amounts.push((name.to_owned(), quantity.to_string()));
    }
    Ok(amounts)
}

fn set_selector(call: &mut Call<'_>) -> Outcome {
    let Some((expression, resources)) = call.line.args.split_last() else {
        return Err(error("one selector is required"));
    };
    let (expression, resources) = (expression.clone(), resources.to_vec());
    if resources.len() < 2 && !resources.iter().any(|word| word.contains('/')) && !call.line.has("filename") {
        return Err(error("resource(s) were provided, but no name was specified"));
    }
    let written = unsupported(&expression);
    each(call, &resources, "selector updated", &mut |_, object| {
        if object.kind.kind != "Service" {
            return Err(error("setting a selector is only supported for Services"));
        }
        if let Some(written) = &written {
            return Err(error(format!("match expression [{written}] not supported on this object")));
        }
        let mut selector = Value::map();
        for part in expression.split(',') {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            selector.map_mut().insert(key, value);
        }
        object.set("spec.selector", selector);
        Ok(())
    })
}

/// The part of a selector that asks for more than a label's value, as Go prints it.
fn unsupported(expression: &str) -> Option<String> {
    let words: Vec<&str> = expression.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [key, "in", values @ ..] => Some(format!("{{{key} In [{}]}}", values.join(" "))),
        [key, "notin", values @ ..] => Some(format!("{{{key} NotIn [{}]}}", values.join(" "))),
        [key] if !key.contains('=') => match key.strip_prefix('!') {
            Some(key) => Some(format!("{{{key} DoesNotExist []}}")),
            None => Some(format!("{{{key} Exists []}}")),
        },
        _ => None,
    }
}

const SERVICE_ACCOUNT_DONE: &str = "serviceaccount updated";

fn set_service_account(call: &mut Call<'_>) -> Outcome {
    let (name, resources) = match call.line.args.split_last() {
        Some((name, resources)) if !resources.is_empty() || call.line.has("filename") => {
            (name.clone(), resources.to_vec())
        }
        _ => return Err(error("serviceaccount is required")),
    };
    let dry = call.dry_run()? == DryRun::Client;
    each(call, &resources, SERVICE_ACCOUNT_DONE, &mut |call, object| {
        let path = pod_spec_path(object, call.line.is("local"))?;
        object.value.slot_at(path).set("serviceAccountName", name.as_str());
        if !dry {
            object.value.slot_at(path).set("serviceAccount", name.as_str());
        }
        Ok(())
    })
}
