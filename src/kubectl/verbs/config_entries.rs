//! `kubectl config set-cluster` and `set-credentials`: what flags say of a cluster or of a user. Nothing is asked of either.

use super::config::{only, slot, DONE};
use crate::api::Value;
use crate::kubectl::call::{Call, Outcome};
use crate::kubectl::failure::{error, Failure};
use crate::value;

const CLUSTER_FIELDS: &[&str] = &["server", "tls-server-name", "proxy-url", "certificate-authority"];
const USER_FIELDS: &[&str] = &["token", "username", "password", "client-certificate", "client-key"];

/// Fails where the flags of `set-cluster` or `set-credentials` do not go together.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/config setClusterOptions.validate and setCredentialsOptions.validate.
fn check_entry(call: &Call<'_>) -> Result<(), Failure> {
    let line = &call.line;
    let mut methods = Vec::new();
    if !line.text("token").is_empty() {
        methods.push("--token");
    }
    if !line.text("username").is_empty() || !line.text("password").is_empty() {
        methods.push("--username/--password");
    }
    if methods.len() > 1 {
        let methods = methods.join(", ");
        return Err(error(format!(
            "you cannot specify more than one authentication method at the same time: {methods}"
        )));
    }
    if line.is("insecure-skip-tls-verify") && !line.text("certificate-authority").is_empty() {
        return Err(error("you cannot specify a certificate authority and insecure mode at the same time"));
    }
    if !line.is("embed-certs") {
        return Ok(());
    }
    let files = ["certificate-authority", "client-certificate", "client-key"];
    let given: Vec<(&str, &str)> =
        files.iter().map(|flag| (*flag, line.text(flag))).filter(|(_, path)| !path.is_empty()).collect();
    if given.is_empty() {
        let wanted = match call.command.ends_with("set-cluster") {
            true => "--certificate-authority",
            false => "--client-certificate or --client-key",
        };
        return Err(error(format!("you must specify a {wanted} to embed")));
    }
    match given.into_iter().find(|(_, path)| call.session.file(path).is_none()) {
        Some((flag, path)) => {
            Err(error(format!("could not stat {flag} file {path}: stat {path}: no such file or directory")))
        }
        None => Ok(()),
    }
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Sets the fields of a cluster or user that flags name.
pub(super) fn set_entry(call: &mut Call<'_>, list: &str, field: &str) -> Outcome {
    let known = if field == "user" { USER_FIELDS } else { CLUSTER_FIELDS };
    let [name] = only(call)?;
    check_entry(call)?;
    let embed = call.line.is("embed-certs");
    let mut fields: Vec<(String, Value)> = Vec::new();
    for flag in known {
        let Some(text) = call.line.get(flag) else { continue };
        match call.session.file(text).filter(|_| embed) {
            Some(file) => fields.push((format!("{flag}-data"), base64(file).into())),
            None => fields.push(((*flag).to_owned(), text.into())),
        }
    }
    if field == "cluster" && call.line.is("insecure-skip-tls-verify") {
        fields.push(("insecure-skip-tls-verify".to_owned(), true.into()));
    }
    if let Some(command) = call.line.get("exec-command").filter(|_| field == "user") {
        let mut exec = value!({"apiVersion": (call.line.text("exec-api-version")), "command": command, "env": null,
            "provideClusterInfo": (call.line.is("exec-provide-cluster-info"))});
        let args: Vec<Value> = call.line.all("exec-arg").iter().map(|arg| arg.as_str().into()).collect();
        exec.set("args", if args.is_empty() { Value::Null } else { Value::from(args) });
        fields.push(("exec".to_owned(), exec));
    }
    let (entry, _) = slot(&mut call.session.config, list, &name);
    let entry = entry.slot(field).map_mut();
    fields.into_iter().for_each(|(name, value)| entry.insert(&name, value));
    call.out.line(format!("{} \"{name}\" set.", if field == "user" { "User" } else { "Cluster" }));
    DONE
}
