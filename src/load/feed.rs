//! Values given by a file in place of what would be measured: `load metrics FILE`.

use ecow::EcoString;

use crate::api::kinds::Catalog;
use crate::api::selector::{self, Selector};
use crate::api::{Object, ObjectKey, Value};
use crate::base::order::Order;
use crate::base::quantity::Quantity;
use crate::base::time::{parse_duration, SimTime, Span};

/// What a file looks like, for whoever writes one.
pub const FORMAT: &str = "\
A metrics file is a YAML or JSON list. Each entry holds from `at`, counted from when the file is loaded, until the next entry
about the same thing; `null` takes a value away. Where a file gives cpu or memory of pods, nothing else is measured of pods in
that namespace: one that the file leaves out has no metrics. `load metrics off` goes back to what is measured.

- {at: 0s, pods: app=web, cpu: 250m, memory: 64Mi}       # each pod of a selector, of `deployment/web`, or with this name
- {at: 30s, pods: app=web, cpu: [300m, 500m, null]}      # one value for each pod, in the order of their names
- {at: 30s, pods: web-0, container: main, cpu: 120m}     # one container; otherwise a pod's are given equal parts
- {at: 60s, pods: app=web, cpu-total: 1, cpu-most: 500m} # shared evenly by the ready pods, each at most (cpu-least: at least) so much
- {pods: app=web, metric: packets-per-second, value: 1k} # a custom metric of pods (custom.metrics.k8s.io); a list as for cpu
- {object: ingress/main, metric: requests-per-second, value: 2k}
- {external: queue_depth, labels: {queue: jobs}, value: [30, 12]}
- {at: 90s, api: metrics.k8s.io, available: false}       # an API that stops (or begins) to answer

Further keys: namespace (otherwise that of the shell), window: 60s and age: 30s (how long was measured, and how long ago that
ended). Values are quantities. Custom and external metrics in a file bring the API that serves them along.";

/// One value that holds from an instant on.
#[derive(Clone, Debug)]
pub struct Given {
    /// From when on.
    pub at: SimTime,
    /// The namespace; none for an API.
    pub namespace: EcoString,
    /// What it is about.
    pub about: About,
    /// How long the measured window was.
    pub window: Span,
    /// How long ago that window ended.
    pub age: Span,
}

/// What a value is about.
#[derive(Clone, Debug)]
pub enum About {
    /// The usage of pods: which, of which container (empty: all), of CPU or memory, and the amounts in thousandths.
    Usage(Pods, EcoString, Resource, Amounts),
    /// A custom metric of pods.
    Custom(Pods, EcoString, Amounts),
    /// A custom metric of an object: kind, name, metric, thousandths.
    Object(EcoString, EcoString, EcoString, Option<i64>),
    /// An external metric with its labels, and its values in thousandths.
    External(EcoString, Value, Vec<i64>),
    /// Whether an API answers.
    Api(EcoString, bool),
}

/// What is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource {
    /// CPU.
    Cpu,
    /// Memory.
    Memory,
}

/// Which pods are meant.
#[derive(Clone, Debug)]
pub enum Pods {
    /// Those a selector takes.
    Selected(Selector),
    /// One.
    Named(EcoString),
    /// Those of an object with a selector: its kind and name.
    Of(&'static str, EcoString),
}

/// Amounts for pods.
#[derive(Clone, Debug)]
pub enum Amounts {
    /// The same for each.
    Each(Option<i64>),
    /// One for each, in the order of their names; what is beyond the list has none.
    List(Vec<Option<i64>>),
    /// A whole that the ready ones share: all of it, at most so much each, at least so much each.
    Shared(i64, i64, i64),
}

/// Reads a file. The text of an error says what is wrong with which entry.
pub fn read(list: &Value, now: SimTime, namespace: &str) -> Result<Vec<Given>, String> {
    let mut all = Vec::new();
    for (i, entry) in list.list().iter().enumerate() {
        let found = read_entry(entry, now, namespace).map_err(|why| format!("entry {}: {why}", i + 1))?;
        all.extend(found);
    }
    if all.is_empty() {
        return Err("a list of entries is expected, each with pods, object, external or api".to_owned());
    }
    all.order_by_key(|given| given.at);
    Ok(all)
}

const KEYS: &[&str] = &[
    "age",
    "api",
    "at",
    "available",
    "container",
    "cpu",
    "cpu-least",
    "cpu-most",
    "cpu-total",
    "external",
    "labels",
    "memory",
    "metric",
    "namespace",
    "object",
    "pods",
    "value",
    "window",
];

fn read_entry(entry: &Value, now: SimTime, namespace: &str) -> Result<Vec<Given>, String> {
    if let Some((key, _)) = entry.entries().iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        return Err(format!("unknown key {key:?}; known are {}", KEYS.join(", ")));
    }
    let span = |key: &str, default: Span| match entry.get(key) {
        Value::Null => Ok(default),
        Value::Int(seconds) => Ok(Span::secs((*seconds).max(0) as u64)),
        text => parse_duration(text.str()).ok_or_else(|| format!("{key}: {:?} is no duration", text.str())),
    };
    let namespace = match entry.get("namespace").str() {
        "" => namespace,
        given => given,
    };
    let (at, window) = (now + span("at", Span::ZERO)?, span("window", Span::secs(15))?);
    let age = span("age", Span::ZERO)?;
    let given = |about: About| Given { at, namespace: namespace.into(), about, window, age };
    let mut all = Vec::new();
    if let Some(api) = entry.get("api").opt_str() {
        all.push(given(About::Api(api.into(), entry.get("available").opt_bool().unwrap_or(true))));
    }
    if let Some(text) = entry.get("pods").opt_str() {
        let pods = which(text)?;
        let container = entry.get("container").text();
        for (key, resource) in [("cpu", Resource::Cpu), ("memory", Resource::Memory)] {
            let amounts = match entry.as_map().is_some_and(|map| map.contains(key)) {
                true => Some(amounts(entry.get(key))?),
                false => None,
            };
            if let Some(amounts) = amounts {
                all.push(given(About::Usage(pods.clone(), container.clone(), resource, amounts)));
            }
        }
        if !entry.get("cpu-total").is_null() {
            let part = |key: &str, default: i64| amount(entry.get(key)).map(|given| given.unwrap_or(default));
            let shared = Amounts::Shared(part("cpu-total", 0)?, part("cpu-most", i64::MAX)?, part("cpu-least", 0)?);
            all.push(given(About::Usage(pods.clone(), container, Resource::Cpu, shared)));
        }
        if let Some(metric) = entry.get("metric").opt_str() {
            all.push(given(About::Custom(pods, metric.into(), amounts(entry.get("value"))?)));
        }
    }
    if let Some(object) = entry.get("object").opt_str() {
        let (kind, name) = object.split_once('/').ok_or("object: TYPE/NAME is expected")?;
        let kind = Catalog::default().resource(kind).map_or_else(|| kind.to_owned(), |row| row.kind.to_owned());
        let metric = entry.get("metric").text();
        all.push(given(About::Object(kind.into(), name.into(), metric, amount(entry.get("value"))?)));
    }
    if let Some(metric) = entry.get("external").opt_str() {
        let values = match amounts(entry.get("value"))? {
            Amounts::List(values) => values.into_iter().flatten().collect(),
            Amounts::Each(value) => value.into_iter().collect(),
            Amounts::Shared(..) => Vec::new(),
        };
        all.push(given(About::External(metric.into(), entry.get("labels").clone(), values)));
    }
    match all.is_empty() {
        true => Err("nothing is given: cpu, memory, cpu-total, metric with value, or available".to_owned()),
        false => Ok(all),
    }
}

fn which(text: &str) -> Result<Pods, String> {
    if let Some((kind, name)) = text.split_once('/').filter(|_| !text.contains('=')) {
        let row = Catalog::default().resource(kind).ok_or_else(|| format!("pods: there is no kind {kind:?}"))?;
        return Ok(match row.kind {
            "Pod" => Pods::Named(name.into()),
            kind => Pods::Of(kind, name.into()),
        });
    }
    match text.contains(['=', '!', ' ', '(']) {
        true => Selector::parse(text).map(Pods::Selected),
        false => Ok(Pods::Named(text.into())),
    }
}

fn amounts(value: &Value) -> Result<Amounts, String> {
    match value {
        Value::List(list) => list.iter().map(amount).collect::<Result<_, _>>().map(Amounts::List),
        one => amount(one).map(Amounts::Each),
    }
}

/// Thousandths.
fn amount(value: &Value) -> Result<Option<i64>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Int(n) => Ok(Some(n.saturating_mul(1000))),
        Value::Float(x) => Ok(Some((x * 1000.0).round() as i64)),
        text => match Quantity::parse(text.str()) {
            Ok(quantity) => Ok(Some(quantity.milli_value())),
            Err(_) => Err(format!("{:?} is no quantity", text.str())),
        },
    }
}

impl Pods {
    /// True where a pod is meant; `selector_of` gives the selector of an object.
    pub fn take(&self, pod: &Object, selector_of: &dyn Fn(&str, &ObjectKey) -> Option<Value>) -> bool {
        match self {
            Pods::Selected(selector) => selector.matches(pod.labels()),
            Pods::Named(name) => pod.name() == name,
            Pods::Of(kind, name) => selector_of(kind, &ObjectKey::new(pod.namespace(), name.clone()))
                .is_some_and(|selector| selector::matches(&selector, pod.labels())),
        }
    }
}
