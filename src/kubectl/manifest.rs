//! The objects that files hold: `-f web.yaml`, `-f folder`, `-f -`.

use ecow::EcoString;

use super::call::Call;
use super::failure::{error, Failure};
use super::verbs::machine::no_kustomization;
use crate::api::decode::{self, FieldValidation};
use crate::api::manifest as reader;
use crate::api::{yaml, Kind, Object, Value};

/// One object out of a file.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file, as messages name it.
    pub source: String,
    /// The object as it was written, without a namespace where it has none.
    pub object: Object,
    /// The version it was written in, which may be older than the one that is stored.
    pub api_version: EcoString,
    /// Why the API server would refuse it before looking at its rules.
    pub refusal: Option<Failure>,
    /// What the API server would warn of.
    pub warnings: Vec<String>,
    /// What becomes of fields that Kubernetes does not know.
    pub validation: FieldValidation,
}

/// Fails where neither `-f` nor `-k` is given.
pub fn require_files(call: &Call<'_>) -> Result<(), Failure> {
    if let Some(folder) = call.line.get("kustomize") {
        return Err(no_kustomization(call, folder));
    }
    match call.line.has("filename") {
        true => Ok(()),
        false => Err(error("must specify one of -f and -k")),
    }
}

/// What files hold: the objects, and why some of their documents are none.
#[derive(Default)]
pub struct Files {
    /// The objects in order.
    pub manifests: Vec<Manifest>,
    /// What cannot be sent.
    pub failures: Vec<Failure>,
}

/// The text of the first file of `-f`.
pub fn first_text(call: &mut Call<'_>) -> Result<String, Failure> {
    for path in call.line.list("filename") {
        if let Some((_, text)) = texts(call, &path)?.into_iter().next() {
            return Ok(text);
        }
    }
    Ok(String::new())
}

/// Reads all that `-f` names, in order. A document that cannot be sent does not hold up the others.
pub fn read_flag(call: &mut Call<'_>) -> Result<Files, Failure> {
    let validation = match call.line.get("validate") {
        None | Some("true" | "strict") => FieldValidation::Strict,
        Some("warn") => FieldValidation::Warn,
        Some("false" | "ignore") => FieldValidation::Ignore,
        Some(other) => {
            return Err(error(format!(
                "invalid - validate option \"{other}\"; must be one of: strict (or true), warn, ignore (or false)"
            )))
        }
    };
    let mut files = Files::default();
    for path in call.line.list("filename") {
        for (source, text) in texts(call, &path)? {
            for manifest in reader::read(&text, &source, call.world.store().catalog()) {
                match manifest {
                    Ok(manifest) => files.manifests.push(sent(manifest, &source, validation)),
                    Err(unsent) => files.failures.push(error(unsent.message)),
                }
            }
        }
    }
    if let Some(labels) = call.line.get("selector").filter(|labels| !labels.is_empty()) {
        let selector = crate::api::selector::Selector::parse(labels).map_err(error)?;
        files.manifests.retain(|manifest| selector.matches(manifest.object.labels()));
    }
    Ok(files)
}

fn sent(manifest: reader::Manifest, source: &str, validation: FieldValidation) -> Manifest {
    let mut value = manifest.value;
    reader::to_stored_version(&mut value, &manifest.api_version, manifest.kind);
    let (refusal, warnings) = match decode::object(&value, manifest.kind, validation) {
        Ok((_, warnings)) => (None, warnings),
        Err(status) => (Some(Failure::Server(status)), Vec::new()),
    };
    let object = Object { kind: manifest.kind, value };
    let api_version = manifest.api_version;
    Manifest { source: source.to_owned(), object, api_version, validation, refusal, warnings }
}

/// The texts behind a path, with the names messages give them.
///
/// Models staging/src/k8s.io/cli-runtime/pkg/resource ExpandPathsToFileVisitors.
fn texts(call: &mut Call<'_>, path: &str) -> Result<Vec<(String, String)>, Failure> {
    if path == "-" {
        return Ok(vec![("STDIN".to_owned(), call.stdin.take().unwrap_or_default())]);
    }
    if path.starts_with("http://") || path.starts_with("https://") {
        let known = super::web_manifests::at(path).map(|text| vec![(path.to_owned(), text)]);
        return known
            .ok_or_else(|| error(format!("unable to read URL \"{path}\": there is no network outside this cluster")));
    }
    if let Some(text) = call.session.file(path) {
        return Ok(vec![(path.to_owned(), text.to_owned())]);
    }
    let inside = call.session.folder(path, call.line.is("recursive"));
    if inside.is_empty() && !matches!(path.trim_end_matches('/'), "." | ".." | "") {
        return Err(error(format!("the path \"{path}\" does not exist")));
    }
    let is_manifest = |name: &str| [".json", ".yaml", ".yml"].iter().any(|ending| name.ends_with(ending));
    let files: Vec<(String, String)> =
        inside.iter().filter(|(name, _)| is_manifest(name)).map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect();
    match files.is_empty() {
        true => Err(error(format!("error reading [{path}]: recognized file extensions are [.json .yaml .yml]"))),
        false => Ok(files),
    }
}

impl Manifest {
    /// The kind, namespace and name the object has or would have; refused where `-n` says another namespace.
    pub fn target(&self, call: &Call<'_>) -> Result<(&'static Kind, String, String), Failure> {
        let kind = self.object.kind;
        let own = self.object.namespace();
        if !kind.namespaced {
            return Ok((kind, String::new(), self.object.name().to_owned()));
        }
        match call.line.get("namespace") {
            Some(asked) if !own.is_empty() && asked != own => Err(error(format!(
                "the namespace from the provided object \"{own}\" does not match the namespace \"{asked}\". You must pass '--namespace={own}' to perform this operation."
            ))),
            _ => {
                let namespace = if own.is_empty() { call.namespace() } else { own.to_owned() };
                Ok((kind, namespace, self.object.name().to_owned()))
            }
        }
    }

    /// The object as the API server takes it, or its refusal; warnings are printed.
    pub fn accepted(&self, call: &mut Call<'_>) -> Result<Object, Failure> {
        self.warnings.iter().for_each(|warning| call.out.warn(warning));
        self.refusal.clone().map_or_else(|| Ok(self.object.clone()), Err)
    }
}

/// A patch out of a flag: JSON, which goes to the API server as it is, or YAML.
pub fn patch_value(text: &str) -> Result<Value, Failure> {
    if text.trim_start().starts_with(['{', '[']) {
        return crate::api::json::parse(text).map_err(|why| Failure::Server(crate::api::Status::bad_request(why)));
    }
    let document = yaml::parse_one(text, 1);
    match document.error {
        None => Ok(document.root.map_or(Value::Null, |root| root.to_value())),
        Some(why) => {
            let why = why.message.trim_start_matches("error converting YAML to JSON: ");
            Err(error(format!("unable to parse {text:?}: {why}")))
        }
    }
}
