//! `kubectl config`: there is one cluster, one user and one context, whose namespace can be set.

use super::Verb;
use crate::api::encode::yaml;
use crate::base::table::columns;
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::error;
use crate::kubectl::print::{execute, Format};
use crate::value;

/// Its row.
pub static VERB: Verb = Verb {
    name: "config",
    subverbs: &[&CURRENT_CONTEXT, &GET_CONTEXTS, &SET_CONTEXT, &USE_CONTEXT, &VIEW],
    ..super::PLAIN
};

/// The one context, and the cluster of the same name.
pub const CONTEXT: &str = "kubottle";
/// Where the API server is said to be.
pub const SERVER: &str = "https://kubottle:6443";
const USER: &str = "admin";

static CURRENT_CONTEXT: Verb = Verb {
    name: "current-context",
    run: Some(|call| {
        call.out.line(CONTEXT);
        Ok(Run::Done(0))
    }),
    ..super::PLAIN
};

static GET_CONTEXTS: Verb = Verb { name: "get-contexts", run: Some(get_contexts), ..super::PLAIN };

static SET_CONTEXT: Verb = Verb { name: "set-context", run: Some(set_context), ..super::PLAIN };

static USE_CONTEXT: Verb = Verb { name: "use-context", aliases: &["use"], run: Some(use_context), ..super::PLAIN };

static VIEW: Verb = Verb { name: "view", run: Some(view), ..super::PLAIN };

fn get_contexts(call: &mut Call<'_>) -> Outcome {
    if call.line.text("output") == "name" {
        call.out.line(CONTEXT);
        return Ok(Run::Done(0));
    }
    let mut rows = vec![["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"].map(str::to_owned).to_vec()];
    if call.line.is("no-headers") {
        rows.clear();
    }
    let asked = call.line.args.first();
    if asked.is_none_or(|name| name == CONTEXT) {
        rows.push(["*", CONTEXT, CONTEXT, USER, &call.session.namespace].map(str::to_owned).to_vec());
    }
    call.out.out(columns(&rows));
    match asked {
        Some(name) if name != CONTEXT => Err(error(format!("context {name} not found"))),
        _ => Ok(Run::Done(0)),
    }
}

fn set_context(call: &mut Call<'_>) -> Outcome {
    let name = match call.line.args.first() {
        Some(name) if !call.line.is("current") => name.clone(),
        _ if call.line.is("current") => CONTEXT.to_owned(),
        _ => return Err(error("you must specify a non-empty context name or --current")),
    };
    if name != CONTEXT {
        return Err(error(format!(
            "there is one context, {CONTEXT}: kubectl config set-context --current --namespace=NAMESPACE"
        )));
    }
    if let Some(namespace) = call.line.get("namespace") {
        call.session.namespace = if namespace.is_empty() { "default".to_owned() } else { namespace.to_owned() };
    }
    call.out.line(format!("Context \"{CONTEXT}\" modified."));
    Ok(Run::Done(0))
}

fn use_context(call: &mut Call<'_>) -> Outcome {
    match call.line.args.as_slice() {
        [name] if name == CONTEXT => call.out.line(format!("Switched to context \"{CONTEXT}\".")),
        [name] => return Err(error(format!("no context exists with the name: \"{name}\""))),
        _ => return Err(error("Unexpected args: []")),
    }
    Ok(Run::Done(0))
}

fn view(call: &mut Call<'_>) -> Outcome {
    let namespace = call.session.namespace.as_str();
    let config = value!({
        "apiVersion": "v1",
        "clusters": [{"cluster": {"server": SERVER}, "name": CONTEXT}],
        "contexts": [{"context": {"cluster": CONTEXT, "namespace": namespace, "user": USER}, "name": CONTEXT}],
        "current-context": CONTEXT,
        "kind": "Config",
        "users": [{"name": USER, "user": {"token": "REDACTED"}}]
    });
    let text = match Format::of(call)? {
        Format::JsonPath(path) => execute(&path, &config)?,
        Format::Json => crate::api::encode::json_pretty(&config),
        _ => yaml(&config),
    };
    call.out.out(text);
    Ok(Run::Done(0))
}
