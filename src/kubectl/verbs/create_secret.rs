//! `kubectl create secret generic|tls|docker-registry`.

use super::create_kinds::{finish, new_object, SAVE_CONFIG};
use super::{Group, Verb};
use crate::api::{Map, Value};
use crate::kubectl::call::{Call, Outcome};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::flags::value;
use crate::kubectl::sources;
use base64::Engine;

/// Its row.
pub static VERB: Verb = Verb {
    name: "secret",
    group: Group::Beginner,
    summary: "Create a secret using a specified subcommand",
    usage: "kubectl create secret (docker-registry | generic | tls) [options]",
    subverbs: &[&DOCKER_REGISTRY, &GENERIC, &TLS],
    ..super::PLAIN
};

static GENERIC: Verb = Verb {
    name: "generic",
    group: Group::Beginner,
    summary: "Create a secret from a local file, directory, or literal value",
    usage: "kubectl create secret generic NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    flags: &[
        super::OUTPUT,
        super::DRY_RUN,
        super::VALIDATE,
        SAVE_CONFIG,
        value("type", "The type of the secret"),
        value("from-file", "A file, or KEY=FILE, or a folder"),
        value("from-literal", "KEY=VALUE"),
        value("from-env-file", "A file with a line KEY=VALUE for each key"),
    ],
    run: Some(generic),
    ..super::PLAIN
};

static TLS: Verb = Verb {
    name: "tls",
    group: Group::Beginner,
    summary: "Create a TLS secret",
    usage:
        "kubectl create secret tls NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]",
    flags: &[
        super::OUTPUT,
        super::DRY_RUN,
        super::VALIDATE,
        SAVE_CONFIG,
        value("cert", "A file with the certificate"),
        value("key", "A file with the key"),
    ],
    run: Some(tls),
    ..super::PLAIN
};

static DOCKER_REGISTRY: Verb = Verb {
    name: "docker-registry",
    group: Group::Beginner,
    summary: "Create a secret for use with a Docker registry",
    usage: "kubectl create secret docker-registry NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string]",
    flags: &[
        super::OUTPUT,
        super::DRY_RUN,
        super::VALIDATE,
        SAVE_CONFIG,
        value("docker-server", "The registry"),
        value("docker-username", "The user"),
        value("docker-password", "The password"),
        value("docker-email", "The user's address"),
    ],
    run: Some(docker_registry),
    ..super::PLAIN
};

fn encoded(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn make(call: &mut Call<'_>, name: &str, kind: &str, data: Vec<(String, String)>) -> Outcome {
    let mut secret = new_object(name, "Secret");
    if !kind.is_empty() {
        secret.set("type", kind);
    }
    if !data.is_empty() {
        secret.set("data", data.iter().map(|(k, v)| (k, Value::from(encoded(v)))).collect::<Map>());
    }
    finish(call, secret, "secret")
}

fn generic(call: &mut Call<'_>) -> Outcome {
    let name = call.only_name()?.to_owned();
    let data = sources::read(call)?;
    let kind = call.line.text("type").to_owned();
    make(call, &name, &kind, data)
}

fn tls(call: &mut Call<'_>) -> Outcome {
    let name = call.only_name()?.to_owned();
    let (cert, key) = (call.line.text("cert"), call.line.text("key"));
    if cert.is_empty() || key.is_empty() {
        return Err(error("key and cert must be specified"));
    }
    let read = |path: &str| -> Result<String, Failure> {
        let missing = || error(format!("Cannot read file {path}, open {path}: no such file or directory"));
        call.session.file(path).map(str::to_owned).ok_or_else(missing)
    };
    let data = vec![("tls.crt".to_owned(), read(cert)?), ("tls.key".to_owned(), read(key)?)];
    make(call, &name, "kubernetes.io/tls", data)
}

fn docker_registry(call: &mut Call<'_>) -> Outcome {
    let name = call.only_name()?.to_owned();
    let text = |flag: &str| call.line.text(flag).to_owned();
    let (user, password, email) = (text("docker-username"), text("docker-password"), text("docker-email"));
    let server = call.line.get("docker-server").unwrap_or("https://index.docker.io/v1/").to_owned();
    if user.is_empty() || password.is_empty() {
        return Err(error("either --from-file or the combination of --docker-username, --docker-password and --docker-server is required"));
    }
    let json = |text: &str| crate::api::encode::json(&Value::from(text));
    let mut fields = vec![format!("\"username\":{}", json(&user)), format!("\"password\":{}", json(&password))];
    if !email.is_empty() {
        fields.push(format!("\"email\":{}", json(&email)));
    }
    fields.push(format!("\"auth\":{}", json(&encoded(&format!("{user}:{password}")))));
    let config = format!("{{\"auths\":{{{}:{{{}}}}}}}", json(&server), fields.join(","));
    make(call, &name, "kubernetes.io/dockerconfigjson", vec![(".dockerconfigjson".to_owned(), config)])
}
