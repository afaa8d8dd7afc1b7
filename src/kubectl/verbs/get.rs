//! `kubectl get`.

use super::Verb;
use crate::api::kinds::PrintContext;
use crate::api::{Kind, Object, Value};
use crate::base::order::Order;
use crate::base::table::Columns;
use crate::cluster::World;
use crate::kubectl::call::{Call, Outcome, Poll, Run, Waiting, WorldReader};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::output::Output;
use crate::kubectl::print::{found, relaxed_path, tables, Format, TableOptions};
use crate::kubectl::raw_metrics;
use crate::kubectl::reader::Reader;
use crate::kubectl::resources::{select, Filter};

/// Its row.
pub static VERB: Verb = Verb { name: "get", run: Some(run), ..super::PLAIN };

const NO_TYPE: &str = "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples";

fn run(call: &mut Call<'_>) -> Outcome {
    let args = call.line.args.clone();
    if let Some(text) = call.line.get("raw").and_then(|path| raw_metrics::read(call.world, path)) {
        call.out.line(text);
        return Ok(Run::Done(0));
    }
    if args.is_empty() && !call.line.has("filename") {
        return Err(Failure::Plain(NO_TYPE.to_owned()));
    }
    let format = Format::of(call)?;
    let selection = select(call, &args, true)?;
    let options = TableOptions {
        wide: matches!(format, Format::Table { wide: true }),
        namespace: call.line.is("all-namespaces"),
        labels: call.line.is("show-labels"),
        label_columns: call.line.list("label-columns"),
        kind_prefix: selection.several_kinds || call.line.is("show-kind"),
        no_headings: call.line.is("no-headers"),
    };
    let watching = call.line.is("watch") || call.line.is("watch-only");
    if watching && (selection.several_kinds || selection.named.len() > 1) {
        return Err(error("you may only specify a single resource type"));
    }
    let start = call.world.store().revision();
    let (mut objects, mut failures) = selection.objects(call)?;
    if call.line.is("ignore-not-found") {
        failures.retain(|failure| !matches!(failure, Failure::Server(status) if status.reason == "NotFound"));
    }
    if let Some(path) = call.line.get("sort-by") {
        sort(&mut objects, path)?;
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
            if call.line.is("ignore-not-found") && single {
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
    kinds.filter_map(crate::api::kinds::find_resource).next().is_none_or(|kind| kind.namespaced)
}

/// Sorts by the value a path leads to; numbers by their size, texts naturally.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/get SortObjects.
fn sort(objects: &mut [Object], path: &str) -> Result<(), Failure> {
    let path = relaxed_path(path)?;
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
