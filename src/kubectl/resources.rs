//! Which objects a command line means: `pod web`, `deploy/web svc/web`, `deploy,rs`, `all`, `-f FILE`, `-l app=web`.

use super::call::Call;
use super::failure::{error, Failure};
use super::field_selector::FieldSelector;
use super::manifest::{self, Manifest};
use super::verbs::machine::no_kustomization;
use crate::api::selector::Selector;
use crate::api::{Kind, Object};
use crate::base::order::Order;

/// The objects a command line means.
#[derive(Default)]
pub struct Selection {
    /// Kinds without names: all objects of them, or those a selector chooses.
    pub kinds: Vec<&'static Kind>,
    /// Single objects by kind and name.
    pub named: Vec<(&'static Kind, String)>,
    /// Objects that files name.
    pub manifests: Vec<Manifest>,
    /// Why some documents of the files name no object.
    pub unread: Vec<Failure>,
    /// True where more than one kind was asked for, so that each line must say its kind.
    pub several_kinds: bool,
}

/// What kubectl says when nothing was named.
pub const NOTHING_NAMED: &str = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/// What `kubectl set --local` says without files.
pub const LOCAL_FILES: &str = "you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'";

/// Reads the arguments that name objects. With `all_of_kind`, a kind alone means all of it.
///
/// Models staging/src/k8s.io/cli-runtime/pkg/resource Builder.ResourceTypeOrNameArgs.
pub fn select(call: &mut Call<'_>, args: &[String], all_of_kind: bool) -> Result<Selection, Failure> {
    let mut selection = Selection::default();
    if let Some(folder) = call.line.get("kustomize") {
        return Err(no_kustomization(call, folder));
    }
    if call.line.has("filename") {
        if !args.is_empty() && !call.line.is("local") {
            return Err(error(
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
            ));
        }
        let files = manifest::read_flag(call)?;
        (selection.manifests, selection.unread) = (files.manifests, files.failures);
        return Ok(selection);
    }
    if args.is_empty() {
        return Err(error(NOTHING_NAMED));
    }
    let slashes = args.iter().filter(|arg| arg.contains('/')).count();
    if slashes == args.len() {
        read_pairs(call, &mut selection, args)?;
    } else if slashes > 0 {
        return Err(error("there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'"));
    } else {
        read_kinds_and_names(call, &mut selection, args)?;
    }
    // Only where all may be gone at once does `--all` stand against names; elsewhere it is passed over.
    let counts = call.command == "kubectl delete" || call.command.starts_with("kubectl apply");
    let selected = call.line.has("selector") || call.line.has("field-selector");
    let chosen = selected || call.line.is("all");
    if !selection.named.is_empty() {
        if selected || (chosen && counts) {
            return Err(error("name cannot be provided when a selector is specified"));
        }
        if call.line.is("all-namespaces") {
            return Err(error("a resource cannot be retrieved by name across all namespaces"));
        }
    } else if !all_of_kind && !chosen {
        return Err(error("resource(s) were provided, but no name was specified"));
    }
    Ok(selection)
}

/// `pod/web deploy/web`.
fn read_pairs(call: &Call<'_>, selection: &mut Selection, args: &[String]) -> Result<(), Failure> {
    for arg in args {
        let parts: Vec<&str> = arg.split('/').collect();
        let [resource, name] = parts[..] else {
            return Err(error("arguments in resource/name form may not have more than one slash"));
        };
        if resource.is_empty() || name.is_empty() || resource.contains(',') {
            return Err(error("arguments in resource/name form must have a single resource and name"));
        }
        selection.named.push((resource_kind(call, resource)?, name.to_owned()));
    }
    let first = selection.named[0].0.kind;
    selection.several_kinds = selection.named.iter().any(|(kind, _)| kind.kind != first);
    Ok(())
}

/// `pods,services`, `pod web db`, `all`.
fn read_kinds_and_names(call: &Call<'_>, selection: &mut Selection, args: &[String]) -> Result<(), Failure> {
    let mut kinds: Vec<&'static Kind> = Vec::new();
    for word in args[0].split(',').filter(|word| !word.is_empty()) {
        let in_category: Vec<&'static Kind> =
            call.world.store().catalog().all().filter(|kind| kind.categories.contains(&word)).collect();
        let found = if in_category.is_empty() { vec![resource_kind(call, word)?] } else { in_category };
        for kind in found {
            if !kinds.iter().any(|known| known.kind == kind.kind) {
                kinds.push(kind);
            }
        }
    }
    selection.several_kinds = kinds.len() > 1;
    if args.len() == 1 {
        selection.kinds = kinds;
    } else {
        for kind in kinds {
            selection.named.extend(args[1..].iter().map(|name| (kind, name.clone())));
        }
    }
    Ok(())
}

/// The kind a word means, or kubectl's refusal.
///
/// kubectl remembers what kinds there were: of one that is gone since, the API server says so.
pub fn resource_kind(call: &Call<'_>, word: &str) -> Result<&'static Kind, Failure> {
    let catalog = call.world.store().catalog();
    let gone = || match catalog.gone(word) {
        Some(kind) => {
            let place = format!("{}/{}, Resource={}", kind.group, kind.version, kind.plural);
            let message = format!(
                "Unable to list \"{place}\": the server could not find the requested resource (get {})",
                kind.resource()
            );
            Failure::Server(crate::api::Status { message, ..crate::api::Status::not_found("", "") })
        }
        None => error(format!("the server doesn't have a resource type \"{word}\"")),
    };
    catalog.resource(word).ok_or_else(gone)
}

impl Selection {
    /// True where exactly one object was named.
    pub fn is_single(&self) -> bool {
        self.kinds.is_empty() && self.named.len() + self.manifests.len() == 1
    }

    /// The objects, and what could not be found.
    pub fn objects(&self, call: &mut Call<'_>) -> Result<(Vec<Object>, Vec<Failure>), Failure> {
        let (mut found, mut failures) = (Vec::new(), self.unread.clone());
        if call.line.is("local") {
            if self.manifests.is_empty() {
                return Err(error(match call.command.starts_with("kubectl set") {
                    true => LOCAL_FILES,
                    false => {
                        "can only use local files by -f rsrc.yaml or --filename=rsrc.json when --local=true is set"
                    }
                }));
            }
            let typed = call.command.starts_with("kubectl set");
            found.extend(self.manifests.iter().map(|manifest| match typed {
                true => {
                    let (kind, value) = (manifest.object.kind, &manifest.object.value);
                    Object { kind, value: crate::api::decode::normalised(value, kind) }
                }
                false => manifest.object.clone(),
            }));
            return Ok((found, failures));
        }
        for (kind, name) in &self.named {
            match call.get(kind, &call.namespace_for(kind), name) {
                Ok(object) => found.push(object),
                Err(failure) => failures.push(failure),
            }
        }
        for manifest in &self.manifests {
            match manifest.target(call).and_then(|(kind, namespace, name)| call.get(kind, &namespace, &name)) {
                Ok(object) => found.push(object),
                Err(failure) => failures.push(failure),
            }
        }
        for kind in &self.kinds {
            found.extend(list(call, kind)?);
        }
        for object in &found {
            warn_of_deprecation(call, object.kind);
        }
        for kind in &self.kinds {
            warn_of_deprecation(call, kind);
        }
        Ok((found, failures))
    }
}

/// Prints the warning the API server sends with some kinds.
pub fn warn_of_deprecation(call: &mut Call<'_>, kind: &Kind) {
    match kind.kind {
        "ComponentStatus" => call.out.warn("v1 ComponentStatus is deprecated in v1.19+"),
        "Endpoints" => call.out.warn("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"),
        _ => {}
    }
    if let Some(custom) = kind.custom.as_ref().filter(|custom| !custom.deprecation.is_empty()) {
        call.out.warn(&custom.deprecation);
    }
}

/// All objects of a kind that the selectors choose, in the namespaces that are meant.
pub fn list(call: &Call<'_>, kind: &'static Kind) -> Result<Vec<Object>, Failure> {
    let filter = Filter::of(call, kind)?;
    let namespace = if call.line.is("all-namespaces") { String::new() } else { call.namespace_for(kind) };
    call.authorize("list", kind, "", &namespace, "")?;
    let store = call.world.store();
    let all: Vec<Object> = match namespace.as_str() {
        "" => store.all(kind.kind).map(|object| call.world.present(object).seen_as(kind)).collect(),
        namespace => store.list(kind.kind, namespace).map(|object| call.world.present(object).seen_as(kind)).collect(),
    };
    let mut chosen: Vec<Object> = all.into_iter().filter(|object| filter.takes(object)).collect();
    if kind.kind == "FlowSchema" {
        chosen.order_by_key(|schema| (schema.at("spec.matchingPrecedence").int(), schema.name().to_owned()));
    }
    Ok(chosen)
}

/// What `-l` and `--field-selector` choose.
pub struct Filter {
    labels: Selector,
    fields: FieldSelector,
}

impl Filter {
    /// Reads the flags.
    pub fn of(call: &Call<'_>, kind: &Kind) -> Result<Filter, Failure> {
        let (labels, fields) = (call.line.text("selector"), call.line.text("field-selector"));
        let refuse = |why: String| {
            let place = format!("{}/{}, Resource={}", kind.group, kind.version, kind.plural);
            Failure::Server(crate::api::Status::bad_request(format!(
                "Unable to find \"{place}\" that match label selector \"{labels}\", field selector \"{fields}\": {why}"
            )))
        };
        Ok(Filter {
            labels: Selector::parse(labels).map_err(&refuse)?,
            fields: FieldSelector::parse(fields, kind).map_err(&refuse)?,
        })
    }

    /// True for an object that is chosen.
    pub fn takes(&self, object: &Object) -> bool {
        self.labels.matches(object.labels()) && self.fields.matches(object)
    }
}
