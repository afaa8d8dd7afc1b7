//! `kubectl get`.

use super::change::no_such_part;
use super::Verb;
use crate::api::kinds::cells::selector_text;
use crate::api::kinds::PrintContext;
use crate::api::scale::selector_of;
use crate::api::{Kind, Object, Value};
use crate::base::order::Order;
use crate::base::table::Columns;
use crate::cluster::World;
use crate::kubectl::call::{Call, Outcome, Poll, Run, Waiting, WorldReader};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::output::Output;
use crate::kubectl::print::Format;
use crate::kubectl::raw_proxy;
use crate::kubectl::reader::Reader;
use crate::kubectl::resources::{select, Filter};
use crate::kubectl::tables::{found, relaxed_path, tables, TableOptions};
use crate::value;

/// Its row.
pub static VERB: Verb = Verb { name: "get", run: Some(run), ..super::PLAIN };

const NO_TYPE: &str = "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples";

fn run(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    let watching = call.line.is("watch") || call.line.is("watch-only");
    if let Some(path) = call.line.get("raw").filter(|path| !path.is_empty()).map(str::to_owned) {
        refuse_with_raw(call, &path, watching)?;
        let text = raw_proxy::read(call, &path)?;
        call.out.out(text);
        return Ok(Run::Done(0));
    }
    let output = call.line.text("output");
    if call.line.is("show-labels") && !matches!(output, "" | "wide") {
        return Err(error(format!("--show-labels option cannot be used with {output} printer")));
    }
    if call.line.is("output-watch-events") && !watching {
        return Err(error("--output-watch-events option can only be used with --watch or --watch-only"));
    }
    if args.is_empty() && !call.line.has("filename") {
        return Err(Failure::Plain(NO_TYPE.to_owned()));
    }
    let format = Format::of(call)?;
    let selection = select(call, &args, true)?;
    let mut options = TableOptions {
        wide: matches!(format, Format::Table { wide: true }),
        namespace: call.line.is("all-namespaces"),
        labels: call.line.is("show-labels"),
        label_columns: call.line.list("label-columns"),
        kind_prefix: selection.several_kinds || call.line.is("show-kind"),
        no_headings: call.line.is("no-headers"),
        bare: !call.line.is_or("server-print", true),
    };
    if watching && (selection.several_kinds || selection.named.len() > 1) {
        return Err(error("you may only specify a single resource type"));
    }
    let start = call.world.store().revision();
    let (mut objects, mut failures) = selection.objects(call)?;
    let first = selection.manifests.first().map_or("", |manifest| manifest.object.kind.kind);
    options.kind_prefix |= selection.manifests.iter().any(|manifest| manifest.object.kind.kind != first);
    if call.line.is("ignore-not-found") {
        failures.retain(|failure| !matches!(failure, Failure::Server(status) if status.reason == "NotFound"));
    }
    if call.line.has("subresource") && !selection.kinds.is_empty() {
        return Err(error("subresource cannot be used when bulk resources are specified"));
    }
    if let Some(path) = call.line.get("sort-by") {
        sort(&mut objects, path, format.is_table())?;
    }
    match call.line.text("subresource") {
        "" => {}
        "status" if objects.iter().all(|object| object.kind.has_status) => {}
        "resize" if objects.iter().all(|object| object.kind.kind == "Pod") => {}
        "scale" => return scales(call, &objects, &format, failures),
        _ => return Err(no_such_part()),
    }
    if watching && failures.is_empty() {
        let kind = selection.kinds.first().copied().or(selection.named.first().map(|named| named.0));
        let kind = kind.or(selection.manifests.first().map(|manifest| manifest.object.kind));
        let Some(kind) = kind else { return Ok(Run::Done(0)) };
        let name = objects.first().filter(|_| selection.kinds.is_empty()).map(|object| object.name().to_owned());
        return watch(call, kind, name, objects, start, options, format);
    }
    print(call, &objects, selection.is_single(), &options, &format, failures.is_empty())?;
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/get GetOptions.Complete and Validate, the parts on `--raw`.
fn refuse_with_raw(call: &Call<'_>, path: &str, watching: bool) -> Result<(), Failure> {
    if !call.line.args.is_empty() {
        return Err(error("arguments may not be passed when --raw is specified"));
    }
    if watching || call.line.has("selector") {
        return Err(error(
            "--raw may not be specified with other flags that filter the server request or alter the output",
        ));
    }
    if call.line.has("output") {
        return Err(error("--raw and --output are mutually exclusive"));
    }
    match path.starts_with('/') || path.contains("://") {
        true => Ok(()),
        false => Err(error(format!("--raw must be a valid URL path: parse {path:?}: invalid URI for request"))),
    }
}

fn print(
    call: &mut Call<'_>,
    objects: &[Object],
    single: bool,
    options: &TableOptions,
    format: &Format,
    all_found: bool,
) -> Result<(), Failure> {
    let context = PrintContext { now: WorldReader(call.world).now(), wide: options.wide };
    match format {
        Format::Table { .. } if objects.is_empty() && all_found => {
            if call.line.is("ignore-not-found") {
                return Ok(());
            }
            let global = call.line.is("all-namespaces") || !takes_namespace(call);
            match global {
                true => call.out.err("No resources found"),
                false => {
                    let text = format!("No resources found in {} namespace.", call.namespace());
                    call.out.err(text);
                }
            }
        }
        Format::Table { .. } => call.out.out(tables(objects, options, &context)),
        _ if single && objects.len() == 1 => call.out.out(format.one(&objects[0])?),
        _ if objects.is_empty() && single => {}
        _ => call.out.out(format.many(objects, !options.no_headings)?),
    }
    Ok(())
}

/// True where one of the kinds asked for lives in namespaces.
fn takes_namespace(call: &Call<'_>) -> bool {
    let words = call.line.args.first().map(String::as_str).unwrap_or("");
    let kinds = words.split(',').map(|word| word.split('/').next().unwrap_or(word));
    kinds.filter_map(|word| call.world.store().catalog().resource(word)).next().is_none_or(|kind| kind.namespaced)
}

/// The Scale of a workload, as its sub-resource shows it.
pub fn scale_of(object: &Object) -> Result<Value, Failure> {
    let (wanted, present) = object.kind.replicas().ok_or_else(no_such_part)?;
    let own = object.metadata();
    let field = |name: &str| own.get(name).clone();
    let selector = match selector_of(object) {
        Value::Null => Value::Null,
        selector => selector_text(&selector).into(),
    };
    let mut scale = value!({
        "apiVersion": "autoscaling/v1", "kind": "Scale",
        "metadata": {"creationTimestamp": (field("creationTimestamp")), "name": (field("name")),
            "namespace": (field("namespace")), "resourceVersion": (field("resourceVersion")), "uid": (field("uid"))},
        "spec": {"replicas": (object.at(wanted).int())},
        "status": {"replicas": (object.at(present).int()), "selector": selector}
    });
    scale.slot("status").map_mut().retain(|_, value| !value.is_null());
    Ok(scale)
}

/// `get --subresource=scale`.
fn scales(call: &mut Call<'_>, objects: &[Object], format: &Format, failures: Vec<Failure>) -> Outcome {
    let scales = objects.iter().map(scale_of).collect::<Result<Vec<Value>, Failure>>()?;
    let context = PrintContext { now: WorldReader(call.world).now(), wide: false };
    let mut rows = vec![["NAME", "DESIRED", "AVAILABLE", "AGE"].map(str::to_owned).to_vec()];
    for (scale, object) in scales.into_iter().zip(objects) {
        if !format.is_table() {
            let text = format.one(&Object { kind: object.kind, value: scale })?;
            call.out.out(text);
            continue;
        }
        let number = |path: &str| scale.at(path).int().to_string();
        let age = crate::api::kinds::age(object, &context);
        rows.push(vec![object.name().to_owned(), number("spec.replicas"), number("status.replicas"), age]);
    }
    if format.is_table() {
        call.out.out(Columns::default().print(&rows));
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// Sorts by the value a path leads to; numbers by their size, texts naturally.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/get SortObjects.
fn sort(objects: &mut Vec<Object>, path: &str, table: bool) -> Result<(), Failure> {
    let text = path;
    let path = relaxed_path(path)?;
    if !objects.is_empty() && objects.iter().all(|object| found(&path, &object.value).is_empty()) {
        if !table {
            return Err(error(format!("couldn't find any field with path {text:?} in the list of objects")));
        }
        objects.clear();
    }
    objects.order_by_key(|object| SortKey(found(&path, &object.value).into_iter().next().unwrap_or_default()));
    Ok(())
}

#[derive(PartialEq)]
struct SortKey(Value);

impl Eq for SortKey {}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &SortKey) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &SortKey) -> std::cmp::Ordering {
        use crate::base::quantity::Quantity;
        match (&self.0, &other.0) {
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Null, Value::Null) => std::cmp::Ordering::Equal,
            (Value::Null, _) => std::cmp::Ordering::Less,
            (_, Value::Null) => std::cmp::Ordering::Greater,
            (a, b) => match (Quantity::parse(a.str()), Quantity::parse(b.str())) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                _ => a.str().cmp(b.str()),
            },
        }
    }
}

/// A watch that prints a row for each change.
struct Watch {
    kind: &'static Kind,
    namespace: String,
    name: Option<String>,
    filter: Filter,
    seen: u64,
    columns: Columns,
    headings_due: bool,
    types: bool,
    options: TableOptions,
    format: Format,
}

fn watch(
    call: &mut Call<'_>,
    kind: &'static Kind,
    name: Option<String>,
    objects: Vec<Object>,
    seen: u64,
    options: TableOptions,
    format: Format,
) -> Outcome {
    let everywhere = call.line.is("all-namespaces");
    let mut watch = Watch {
        kind,
        namespace: if everywhere { String::new() } else { call.namespace_for(kind) },
        name,
        filter: Filter::of(call, kind)?,
        seen,
        columns: Columns::default(),
        headings_due: !options.no_headings,
        types: call.line.is("output-watch-events"),
        options,
        format,
    };
    if !call.line.is("watch-only") {
        let rows: Vec<(&str, &Object)> = objects.iter().map(|object| ("ADDED", object)).collect();
        watch.print(&rows, call.world, call.out);
    }
    Ok(Run::Wait(Box::new(watch)))
}

impl Watch {
    fn print(&mut self, changed: &[(&str, &Object)], world: &World, out: &mut Output) {
        if changed.is_empty() {
            return;
        }
        if !self.format.is_table() {
            changed.iter().for_each(|(_, object)| out.out(self.format.one(object).unwrap_or_default()));
            return;
        }
        let context = PrintContext { now: world.timestamp(), wide: self.options.wide };
        let mut rows = Vec::new();
        if std::mem::take(&mut self.headings_due) {
            rows.push(self.options.headings(self.kind));
            if self.types {
                rows[0].insert(0, "EVENT".to_owned());
            }
        }
        for (event, object) in changed {
            let mut row = self.options.row(object, &context);
            if self.types {
                row.insert(0, (*event).to_owned());
            }
            rows.push(row);
        }
        out.out(self.columns.print(&rows));
    }

    fn concerns(&self, object: &Object) -> bool {
        object.kind.kind == self.kind.kind
            && (self.namespace.is_empty() || object.namespace() == self.namespace)
            && self.name.as_deref().is_none_or(|name| object.name() == name)
            && self.filter.takes(object)
    }
}

impl Waiting for Watch {
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll {
        let changes: Vec<_> = world.store().changes_since(self.seen).cloned().collect();
        for change in &changes {
            self.seen = change.revision;
            let before = change.old.as_ref().is_some_and(|old| self.concerns(old));
            if self.concerns(&change.object) {
                let event = if before || change.old.is_none() { change.verb.name() } else { "ADDED" };
                self.print(&[(event, &change.object)], world, out);
            } else if before {
                self.print(&[("DELETED", &change.object)], world, out);
            }
        }
        Poll::Pending(None)
    }
}
