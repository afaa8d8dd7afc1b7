//! `kubectl config`: the configuration file, which names clusters, users and contexts. Every context leads to the one
//! cluster there is.

use super::config_entries::set_entry;
use super::Verb;
use crate::api::encode::{json_pretty, yaml};
use crate::api::Value;
use crate::base::table::columns;
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::help;
use crate::kubectl::print::{execute, Format};
use crate::kubectl::Session;
use crate::value;

/// Its row.
pub static VERB: Verb = Verb {
    name: "config",
    subverbs: &[
        &row("current-context", |call| {
            let current = call.session.config.get("current-context").text();
            call.out.line(current);
            DONE
        }),
        &row("delete-cluster", |call| delete(call, "cluster", "clusters")),
        &row("delete-context", |call| delete(call, "context", "contexts")),
        &row("delete-user", |call| delete(call, "user", "users")),
        &row("get-clusters", |call| names(call, "clusters")),
        &row("get-contexts", get_contexts),
        &row("get-users", |call| names(call, "users")),
        &row("rename-context", rename_context),
        &row("set", set),
        &row("set-cluster", |call| set_entry(call, "clusters", "cluster")),
        &row("set-context", set_context),
        &row("set-credentials", |call| set_entry(call, "users", "user")),
        &row("unset", unset),
        &Verb { aliases: &["use"], ..row("use-context", use_context) },
        &row("view", view),
    ],
    ..super::PLAIN
};

const fn row(name: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Verb {
    Verb { name, run: Some(run), ..super::PLAIN }
}

pub(super) const DONE: Outcome = Ok(Run::Done(0));
/// The name of the cluster, and of the context that leads to it.
const CONTEXT: &str = "kubottle";
/// Where the API server is said to be.
pub const SERVER: &str = "https://kubottle:6443";
/// What the clusters' certificate is in the file: a text of the form of one, in base64.
const CERTIFICATE: &str =
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tClMzVmliM1IwYkdVPQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg==";
/// Where the file is said to be.
pub(super) const PATH: &str = "/home/user/.kube/config";

/// The configuration of a new terminal.
pub fn fresh() -> Value {
    value!({
        "apiVersion": "v1",
        "clusters": [{"cluster": {"certificate-authority-data": CERTIFICATE, "server": SERVER}, "name": CONTEXT}],
        "contexts": [{"context": {"cluster": CONTEXT, "user": "admin"}, "name": CONTEXT}],
        "current-context": CONTEXT,
        "kind": "Config",
        "users": [{"name": "admin", "user": {"token": "a3Vib3R0bGU"}}]
    })
}

/// The entry of a name in a list of the configuration.
pub(super) fn entry<'a>(config: &'a Value, list: &str, name: &str) -> Option<&'a Value> {
    config.get(list).list().iter().find(|entry| entry.get("name").str() == name)
}

/// The entry of a name, made where there is none; true where it is new.
pub(super) fn slot<'a>(config: &'a mut Value, list: &str, name: &str) -> (&'a mut Value, bool) {
    let place = config.get(list).list().iter().position(|entry| entry.get("name").str() == name);
    let fresh = place.is_none();
    let entries = config.slot(list).list_mut();
    let place = place.unwrap_or_else(|| {
        let place = entries.iter().position(|entry| entry.get("name").str() > name).unwrap_or(entries.len());
        entries.insert(place, value!({"name": name}));
        place
    });
    (&mut entries.make_mut()[place], fresh)
}

/// Takes over the namespace of the context that is now the current one.
fn follow(session: &mut Session) {
    let current = session.config.get("current-context").text();
    let namespace = entry(&session.config, "contexts", &current).map(|entry| entry.at("context.namespace").text());
    let namespace = namespace.filter(|namespace| !namespace.is_empty());
    session.namespace = namespace.map_or_else(|| "default".to_owned(), String::from);
}

/// Prints the help and says which arguments were too many or too few.
fn unexpected(call: &mut Call<'_>) -> Failure {
    let path = call.command.strip_prefix("kubectl ").unwrap_or("");
    call.out.out(help::of(call.session.help.as_deref(), path));
    error(format!("Unexpected args: [{}]", call.line.args.join(" ")))
}

pub(super) fn only<const N: usize>(call: &mut Call<'_>) -> Result<[String; N], Failure> {
    <[String; N]>::try_from(call.line.args.clone()).map_err(|_| unexpected(call))
}

fn delete(call: &mut Call<'_>, what: &str, list: &str) -> Outcome {
    let [name] = only(call)?;
    if entry(&call.session.config, list, &name).is_none() {
        return Err(error(format!("cannot delete {what} {name}, not in {PATH}")));
    }
    call.session.config.slot(list).list_mut().retain(|entry| entry.get("name").str() != name);
    if what == "context" && call.session.config.get("current-context").str() == name {
        call.out.err(
            "warning: this removed your active context, use \"kubectl config use-context\" to select a different one",
        );
    }
    call.out.line(format!("deleted {what} {name} from {PATH}"));
    DONE
}

fn names(call: &mut Call<'_>, list: &str) -> Outcome {
    let entries = call.session.config.get(list).clone();
    call.out.line("NAME");
    entries.list().iter().for_each(|entry| call.out.line(entry.get("name").str()));
    DONE
}

fn get_contexts(call: &mut Call<'_>) -> Outcome {
    let contexts = call.session.config.get("contexts").clone();
    let asked = call.line.args.clone();
    let known = |name: &String| entry(&call.session.config, "contexts", name).is_some();
    let missing: Vec<Failure> =
        asked.iter().filter(|name| !known(name)).map(|name| error(format!("context {name} not found"))).collect();
    let is_asked = |entry: &&Value| asked.is_empty() || asked.iter().any(|name| name == entry.get("name").str());
    let shown = contexts.list().iter().filter(is_asked);
    if call.line.text("output") == "name" {
        shown.for_each(|entry| call.out.line(entry.get("name").str()));
        return Failure::of(missing).map_or(DONE, Err);
    }
    let mut rows = vec![["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"].map(str::to_owned)];
    if call.line.is("no-headers") {
        rows.clear();
    }
    let current = call.session.config.get("current-context").text();
    for entry in shown {
        let name = entry.get("name").str();
        let mark = if name == current { "*" } else { "" };
        let text = |field: &str| entry.get("context").get(field).str().to_owned();
        rows.push([mark.to_owned(), name.to_owned(), text("cluster"), text("user"), text("namespace")]);
    }
    call.out.out(columns(&rows.into_iter().map(Vec::from).collect::<Vec<_>>()));
    Failure::of(missing).map_or(DONE, Err)
}

fn set_context(call: &mut Call<'_>) -> Outcome {
    let name = match call.line.args.as_slice() {
        [name] if !call.line.is("current") => name.clone(),
        [] if call.line.is("current") => call.session.config.get("current-context").str().to_owned(),
        [] => return Err(error("you must specify a non-empty context name or --current")),
        [_] => return Err(error("you cannot specify both a context name and --current")),
        _ => return Err(unexpected(call)),
    };
    let (context, fresh) = slot(&mut call.session.config, "contexts", &name);
    context.slot("context").map_mut();
    for field in ["cluster", "user", "namespace"] {
        match call.line.get(field) {
            Some("") => drop(context.slot("context").remove_key(field)),
            Some(text) => context.set(&format!("context.{field}"), text),
            None => {}
        }
    }
    follow(call.session);
    call.out.line(format!("Context \"{name}\" {}.", if fresh { "created" } else { "modified" }));
    DONE
}

fn use_context(call: &mut Call<'_>) -> Outcome {
    let [name] = only(call)?;
    if entry(&call.session.config, "contexts", &name).is_none() {
        return Err(error(format!("no context exists with the name: \"{name}\"")));
    }
    call.session.config.set("current-context", name.as_str());
    follow(call.session);
    call.out.line(format!("Switched to context \"{name}\"."));
    DONE
}

fn rename_context(call: &mut Call<'_>) -> Outcome {
    let [from, to] = only(call)?;
    let config = &mut call.session.config;
    let Some(old) = entry(config, "contexts", &from).cloned() else {
        return Err(error(format!("cannot rename the context \"{from}\", it's not in {PATH}")));
    };
    if entry(config, "contexts", &to).is_some() {
        return Err(error(format!(
            "cannot rename the context \"{from}\", the context \"{to}\" already exists in {PATH}"
        )));
    }
    config.slot("contexts").list_mut().retain(|entry| entry.get("name").str() != from);
    slot(config, "contexts", &to).0.set("context", old.get("context").clone());
    if config.get("current-context").str() == from {
        config.set("current-context", to.as_str());
    }
    call.out.line(format!("Context \"{from}\" renamed to \"{to}\"."));
    DONE
}

/// Changes what a dotted path such as `contexts.dev.namespace` names; without a value it is taken away.
fn change(config: &mut Value, path: &str, value: Option<&str>) -> Result<(), Failure> {
    let (list, rest) = path.split_once('.').unwrap_or((path, ""));
    let field = match list {
        "current-context" => {
            config.set("current-context", value.unwrap_or(""));
            return Ok(());
        }
        "contexts" => "context",
        "clusters" => "cluster",
        "users" => "user",
        _ => return Err(error(format!("unable to parse {path} after [] at api.Config"))),
    };
    let (name, property) = rest.rsplit_once('.').unwrap_or((rest, ""));
    match (value, property) {
        (None, "") if name.is_empty() => config.set(list, Value::Null),
        (None, "") => config.slot(list).list_mut().retain(|entry| entry.get("name").str() != name),
        (None, property) if entry(config, list, name).is_some() => {
            slot(config, list, name).0.slot(field).remove_key(property);
        }
        (None, _) => return Err(error(format!("current map key `{name}` is invalid"))),
        (Some(value), property) => slot(config, list, name).0.slot(field).map_mut().insert(property, value),
    }
    Ok(())
}

fn set(call: &mut Call<'_>) -> Outcome {
    let [path, value] = only(call)?;
    change(&mut call.session.config, &path, Some(&value))?;
    follow(call.session);
    call.out.line(format!("Property \"{path}\" set."));
    DONE
}

fn unset(call: &mut Call<'_>) -> Outcome {
    let [path] = only(call)?;
    change(&mut call.session.config, &path, None)?;
    follow(call.session);
    call.out.line(format!("Property \"{path}\" unset."));
    DONE
}

fn view(call: &mut Call<'_>) -> Outcome {
    let mut config = call.session.config.clone();
    if call.line.is("minify") {
        if let Some(asked) = call.line.get("context") {
            config.set("current-context", asked);
        }
        let current = config.get("current-context").text();
        if current.is_empty() {
            return Err(error("current-context must exist in order to minify"));
        }
        let Some(context) = entry(&config, "contexts", &current).cloned() else {
            return Err(error(format!("cannot locate context {current}")));
        };
        for (list, name) in [
            ("contexts", current.as_str()),
            ("clusters", context.at("context.cluster").str()),
            ("users", context.at("context.user").str()),
        ] {
            config.slot(list).list_mut().retain(|entry| entry.get("name").str() == name);
        }
    }
    if !call.line.is("raw") && !call.line.is("flatten") {
        for (list, path, instead) in [
            ("users", "user.token", "REDACTED"),
            ("users", "user.password", "REDACTED"),
            ("clusters", "cluster.certificate-authority-data", "DATA+OMITTED"),
        ] {
            let hide = |entry: &mut Value| {
                if !entry.at(path).is_null() {
                    entry.set(path, instead);
                }
            };
            config.slot(list).items_mut().iter_mut().for_each(hide);
        }
    }
    let text = match Format::of(call)? {
        Format::JsonPath(path) => execute(&path, &config, None)?,
        Format::Json => json_pretty(&config),
        _ => yaml(&config),
    };
    call.out.out(text);
    DONE
}
