//! `kubectl create configmap|deployment|namespace|serviceaccount`.

use super::change::{create, report};
use super::Verb;
use crate::api::{kind, Object, Status, Value};
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::sources;
use crate::value;

/// The row of `create configmap`.
pub static CONFIG_MAP: Verb = Verb { name: "configmap", aliases: &["cm"], run: Some(config_map), ..super::PLAIN };

/// The row of `create deployment`.
pub static DEPLOYMENT: Verb = Verb { name: "deployment", aliases: &["deploy"], run: Some(deployment), ..super::PLAIN };

/// The row of `create namespace`.
pub static NAMESPACE: Verb = Verb { name: "namespace", aliases: &["ns"], run: Some(namespace), ..super::PLAIN };

/// The row of `create serviceaccount`.
pub static SERVICE_ACCOUNT: Verb =
    Verb { name: "serviceaccount", aliases: &["sa"], run: Some(service_account), ..super::PLAIN };

/// Creates what a generator made and says so. `what` names the kind in the message of a refusal; empty where the refusal
/// is told as it is.
pub(super) fn finish(call: &mut Call<'_>, mut object: Object, what: &str) -> Outcome {
    let dry = call.dry_run()?;
    if object.kind.namespaced && (dry != DryRun::Client || call.line.has("namespace")) {
        object.set("metadata.namespace", call.namespace());
    }
    if call.line.is("append-hash") {
        append_hash(&mut object);
    }
    if call.line.is("save-config") {
        object = super::apply::with_last_applied(&object);
    }
    let made = create(call, object, dry).map_err(|failure| explain(failure, what))?;
    report(call, &made, "created", dry)?;
    Ok(Run::Done(0))
}

/// Puts a hash of the data behind the name of a ConfigMap or Secret.
///
/// Models staging/src/k8s.io/kubectl/pkg/util/hash ConfigMapHash, SecretHash and encodeHash.
fn append_hash(object: &mut Object) {
    use sha2::{Digest, Sha256};
    let data = object.at("data");
    let data = if data.is_null() { Value::map() } else { data.clone() };
    let mut content = value!({"data": data, "kind": (object.kind.kind), "name": (object.name())});
    if object.kind.kind == "Secret" {
        content.set("type", object.at("type").str());
    }
    let hex: String =
        Sha256::digest(crate::api::encode::json(&content)).iter().take(5).map(|b| format!("{b:02x}")).collect();
    let safe = |c: char| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        c => c,
    };
    let name = format!("{}-{}", object.name(), hex.chars().map(safe).collect::<String>());
    object.set("metadata.name", name);
}

fn explain(failure: Failure, what: &str) -> Failure {
    match failure {
        Failure::Server(Status { reason: "Invalid", causes, message, .. }) if what.is_empty() => {
            Failure::Server(Status { code: 422, reason: "Invalid", causes, message, hint: String::new() })
        }
        Failure::Server(status) if !what.is_empty() => error(format!("failed to create {what}: {}", status.message)),
        other => other,
    }
}

/// A new object without a namespace, as kubectl makes them.
pub(super) fn new_object(name: &str, of: &'static str) -> Object {
    let mut object = Object::new(kind(of), "", name);
    object.value.remove("metadata.namespace");
    object
}

fn namespace(call: &mut Call<'_>) -> Outcome {
    let mut object = new_object(call.only_name()?, "Namespace");
    object.set("spec", Value::map());
    object.set("status", Value::map());
    finish(call, object, "")
}

fn service_account(call: &mut Call<'_>) -> Outcome {
    let object = new_object(call.only_name()?, "ServiceAccount");
    finish(call, object, "serviceaccount")
}

fn config_map(call: &mut Call<'_>) -> Outcome {
    let mut object = new_object(call.only_name()?, "ConfigMap");
    let data = sources::read(call)?;
    if !data.is_empty() {
        object.set("data", data.into_iter().map(|(k, v)| (k, Value::from(v))).collect::<crate::api::Map>());
    }
    finish(call, object, "configmap")
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/create CreateDeploymentOptions.createDeployment.
fn deployment(call: &mut Call<'_>) -> Outcome {
    call.require(&["image"])?;
    let before_dash = call.line.dash.unwrap_or(call.line.args.len());
    let (names, command) = call.line.args.split_at(before_dash);
    let [name] = names else {
        return Err(Failure::Usage(format!("exactly one NAME is required, got {}", names.len())));
    };
    let images = call.line.list("image");
    if images.len() > 1 && !command.is_empty() {
        return Err(error("cannot specify multiple --image options and command"));
    }
    let labels = value!({"app": (name.as_str())});
    let mut containers = Vec::new();
    for image in &images {
        let mut container = value!({"image": (image.as_str()), "name": (container_name(image)), "resources": {}});
        if let Some(port) = call.number("port")? {
            container.set("ports", value!([{"containerPort": port}]));
        }
        if !command.is_empty() {
            container.set("command", command.iter().map(|word| Value::from(word.as_str())).collect::<Value>());
        }
        containers.push(container);
    }
    let mut object = new_object(name, "Deployment");
    object.set("metadata.labels", labels.clone());
    object.set("spec.replicas", call.number("replicas")?.unwrap_or(1));
    object.set("spec.selector.matchLabels", labels.clone());
    object.set("spec.strategy", Value::map());
    object.set("spec.template.metadata.labels", labels);
    object.set("spec.template.spec.containers", containers);
    object.set("status", Value::map());
    finish(call, object, "deployment")
}

/// The container's name for an image: its last path element without tag and digest.
fn container_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let bare = last.split(['@', ':']).next().unwrap_or(last);
    bare.replace(['_', '.'], "-").to_lowercase()
}
