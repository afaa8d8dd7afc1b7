//! The proposals of an autoscaler's metrics: what is asked of the metrics APIs, what comes out, and what is said where
//! nothing does.

use super::hpa_calculator::{amount, Calculator, Measured, Measures, Proposal, Target, Tolerances};
use super::hpa_requests::milli_of;
use crate::api::{selector, Object, Value};
use crate::base::quantity::{Format, Quantity};
use crate::base::time::Timestamp;
use crate::store::metrics::{Described, PodMetrics};
use crate::store::View;
use crate::value;

/// The target of an autoscaler as its scale sub-resource shows it.
pub struct Scale<'a> {
    /// The object that is scaled.
    pub object: &'a Object,
    /// `spec.replicas`.
    pub spec_replicas: i64,
    /// `status.replicas`.
    pub status_replicas: i64,
    /// Which pods are its own.
    pub selector: Value,
}

/// What one metric calls for.
pub struct Outcome {
    /// How many replicas, and why.
    pub proposal: Proposal,
    /// The metric as the condition and the event name it.
    pub name: String,
    /// Its entry in `status.currentMetrics`.
    pub status: Value,
}

/// Why a metric says nothing.
pub struct Failure {
    /// The reason of the event and of the condition.
    pub reason: &'static str,
    /// The text of the event.
    pub text: String,
    /// The text with what each caller adds.
    pub whole: String,
}

/// Asks one metric.
///
/// Models pkg/controller/podautoscaler/horizontal.go computeReplicasForMetric.
pub fn ask(view: &View, hpa: &Object, spec: &Value, scale: &Scale) -> Result<Outcome, Failure> {
    let kind = spec.get("type").str();
    let fail = |reason: &'static str, before: String, inner: &str, text: String| {
        let whole = format!("{before}{inner}{text}");
        Failure { reason, text, whole }
    };
    match kind {
        "Object" => object(view, hpa, spec.get("object"), scale).map_err(|(inner, text)| {
            fail("FailedGetObjectMetric", "failed to get object metric value: ".into(), &inner, text)
        }),
        "Pods" => pods(view, hpa, spec.get("pods"), scale)
            .map_err(|text| fail("FailedGetPodsMetric", "failed to get pods metric value: ".into(), "", text)),
        "Resource" => resource(view, hpa, spec.get("resource"), scale, "").map_err(|text| {
            let before = format!("failed to get {} resource metric value: ", spec.at("resource.name").str());
            fail("FailedGetResourceMetric", before, "", text)
        }),
        "ContainerResource" => {
            let source = spec.get("containerResource");
            let container = source.get("container").str();
            resource(view, hpa, source, scale, container).map_err(|text| {
                let before = format!("failed to get {container} container metric value: ");
                fail("FailedGetContainerResourceMetric", before, "", text)
            })
        }
        "External" => external(view, hpa, spec.get("external"), scale).map_err(|(inner, text)| {
            let before = format!("failed to get {} external metric value: ", spec.at("external.metric.name").str());
            fail("FailedGetExternalMetric", before, &inner, text)
        }),
        _ => Err(fail("InvalidMetricSourceType", String::new(), "", format!("unknown metric source type {kind:?}"))),
    }
}

/// What an autoscaler lets pass.
///
/// Models pkg/controller/podautoscaler/horizontal.go tolerancesForHpa.
pub fn tolerances(view: &View, hpa: &Object) -> Tolerances {
    let flags = &view.settings.autoscaler;
    let usual = f64::from(flags.tolerance_milli) / 1000.0;
    let own = |field: &str| {
        let given = hpa.at("spec.behavior").get(field).get("tolerance");
        let given = Some(given).filter(|given| flags.configurable_tolerance && !given.is_null());
        given.map_or(usual, |given| milli_of(given) as f64 / 1000.0)
    };
    Tolerances { up: own("scaleUp"), down: own("scaleDown") }
}

fn calculator<'a>(view: &View<'a>, hpa: &Object, scale: &Scale) -> Calculator<'a> {
    let all = view.store.list("Pod", hpa.namespace());
    Calculator {
        pods: all.filter(|pod| selector::matches(&scale.selector, pod.labels())).collect(),
        now: view.timestamp(),
        flags: view.settings.autoscaler,
        tolerances: tolerances(view, hpa),
    }
}

fn is_target<'a>(scale: &'a Scale) -> impl Fn(&Object) -> bool + 'a {
    |pod: &Object| selector::matches(&scale.selector, pod.labels())
}

/// Models pkg/controller/podautoscaler/horizontal.go computeStatusForResourceMetricGeneric.
fn resource(view: &View, hpa: &Object, source: &Value, scale: &Scale, container: &str) -> Result<Outcome, String> {
    let name = source.get("name").str();
    let target = source.get("target");
    let average = target.get("averageValue");
    let (wanted, what) = match (average.is_null(), target.get("averageUtilization").opt_int()) {
        (false, _) => (Target::Average(milli_of(average)), "usage"),
        (true, Some(percent)) => (Target::Utilization(percent), "utilization"),
        (true, None) => {
            return Err("invalid resource metric source: neither an average utilization target nor an average value (usage) target was set".to_owned())
        }
    };
    let failed = |text: String| format!("failed to get {name} {what}: {text}");
    let answer = view.metrics.pods(hpa.namespace(), &is_target(scale));
    let answer = answer.map_err(|text| format!("unable to fetch metrics from resource metrics API: {text}"));
    let answer = answer.and_then(|pods| match pods.is_empty() {
        true => Err("no metrics returned from resource metrics API".to_owned()),
        false => Ok(pods),
    });
    let answer = answer.map_err(|text| failed(format!("unable to get metrics for resource {name}: {text}")))?;
    let measures = measures(view, &answer, name, container);
    let calculator = calculator(view, hpa, scale);
    let proposal = calculator.by_pods(measures, scale.spec_replicas, wanted, name, container).map_err(failed)?;
    let current = match proposal.utilization {
        Some(percent) => {
            value!({"averageUtilization": percent, "averageValue": (resource_text(name, proposal.milli))})
        }
        None => value!({"averageValue": (resource_text(name, proposal.milli))}),
    };
    let title = match (proposal.utilization, container) {
        (None, _) => format!("{name} resource"),
        (Some(_), "") => format!("{name} resource utilization (percentage of request)"),
        (Some(_), _) => format!("{name} container resource utilization (percentage of request)"),
    };
    let status = match container {
        "" => value!({"type": "Resource", "resource": {"name": name, "current": current}}),
        _ => value!({"type": "ContainerResource",
            "containerResource": {"name": name, "container": container, "current": current}}),
    };
    Ok(Outcome { proposal, name: title, status })
}

/// Models pkg/controller/podautoscaler/horizontal.go buildQuantity.
pub fn resource_text(resource: &str, milli: i64) -> String {
    let format = if resource == "memory" { Format::BinarySi } else { Format::DecimalSi };
    Quantity::from_milli(milli, format).to_string()
}

/// Models pkg/controller/podautoscaler/metrics/client.go getPodMetrics and getContainerMetrics.
fn measures(view: &View, pods: &[PodMetrics], resource: &str, container: &str) -> Measures {
    let mut measures = Measures::new();
    for pod in pods {
        let wanted = pod.containers.iter().filter(|c| container.is_empty() || c.name == container);
        let mut amounts = wanted.map(|c| match resource {
            "cpu" => c.cpu_nano.map(|nano| (nano + 999_999).div_euclid(1_000_000)),
            "memory" => c.memory_bytes.map(|bytes| bytes * 1000),
            _ => None,
        });
        let first = amounts.next().flatten();
        let sum = amounts.try_fold(first.unwrap_or(0), |sum, amount| Some(sum + amount?));
        if let (Some(_), Some(milli)) = (first, sum) {
            let at = Timestamp::of(view.settings.epoch, pod.at);
            measures.insert(pod.name.clone(), Measured { milli, at, window: pod.window });
        }
    }
    measures
}

/// Models pkg/controller/podautoscaler/horizontal.go computeStatusForPodsMetric.
fn pods(view: &View, hpa: &Object, source: &Value, scale: &Scale) -> Result<Outcome, String> {
    let metric = source.get("metric");
    let name = metric.get("name").str();
    let answer = view.metrics.custom(hpa.namespace(), &is_target(scale), name, metric.get("selector"));
    let answer = answer.map_err(|text| format!("unable to fetch metrics from custom metrics API: {text}"));
    let answer = answer.and_then(|pods| match pods.is_empty() {
        true => Err("no metrics returned from custom metrics API".to_owned()),
        false => Ok(pods),
    });
    let answer = answer.map_err(|text| format!("unable to get metric {name}: {text}"))?;
    let of = |m: crate::store::metrics::CustomMetrics| {
        (m.name, Measured { milli: m.milli, at: Timestamp::of(view.settings.epoch, m.at), window: m.window })
    };
    let measures = answer.into_iter().map(of).collect();
    let wanted = Target::Average(milli_of(source.at("target.averageValue")));
    let proposal = calculator(view, hpa, scale).by_pods(measures, scale.spec_replicas, wanted, "", "")?;
    let status = value!({"type": "Pods", "pods": {"metric": (identity(metric)),
        "current": {"averageValue": (amount(proposal.milli))}}});
    Ok(Outcome { proposal, name: format!("pods metric {name}"), status })
}

/// Models pkg/controller/podautoscaler/horizontal.go computeStatusForObjectMetric. A failure is told in two parts: what only
/// the last event has in front, and the text itself.
fn object(view: &View, hpa: &Object, source: &Value, scale: &Scale) -> Result<Outcome, (String, String)> {
    let (metric, target, reference) = (source.get("metric"), source.get("target"), source.get("describedObject"));
    let name = metric.get("name").str();
    let field = if target.get("type").str() == "Value" { "value" } else { "averageValue" };
    let wanted = target.get(field);
    if wanted.is_null() {
        let text = "invalid object metric source: neither a value target nor an average value target was set";
        return Err((String::new(), text.to_owned()));
    }
    let group = reference.get("apiVersion").str().split_once('/').map_or("", |(group, _)| group);
    let (kind, object_name) = (reference.get("kind").str(), reference.get("name").str());
    let described = Described { kind, group, name: object_name };
    let answer = view.metrics.described(hpa.namespace(), described, name, metric.get("selector"));
    let usage = answer.map_err(|text| {
        let inner = match field {
            "value" => String::new(),
            _ => format!("failed to get {name} object metric: "),
        };
        let place = format!("{kind} on {} {object_name}", hpa.namespace());
        (inner, format!("unable to get metric {name}: {place}/unable to fetch metrics from custom metrics API: {text}"))
    })?;
    let proposal = match field {
        "value" => calculator(view, hpa, scale)
            .by_ratio(usage, milli_of(wanted), scale.spec_replicas)
            .map_err(|text| (String::new(), text))?,
        _ => calculator(view, hpa, scale).by_share(usage, milli_of(wanted), scale.status_replicas),
    };
    let title = match field {
        "value" => format!("{kind} metric {name}"),
        _ => format!("external metric {name}({})", go_selector(metric.get("selector"))),
    };
    let status = value!({"type": "Object", "object": {"describedObject": (reference.clone()),
        "metric": (identity(metric)), "current": (current(field, proposal.milli))}});
    Ok(Outcome { proposal, name: title, status })
}

/// Models pkg/controller/podautoscaler/horizontal.go computeStatusForExternalMetric.
fn external(view: &View, hpa: &Object, source: &Value, scale: &Scale) -> Result<Outcome, (String, String)> {
    let (metric, target) = (source.get("metric"), source.get("target"));
    let name = metric.get("name").str();
    let field = if target.get("averageValue").is_null() { "value" } else { "averageValue" };
    let wanted = target.get(field);
    if wanted.is_null() {
        let text = "invalid external metric source: neither a value target nor an average value target was set";
        return Err((String::new(), text.to_owned()));
    }
    let shown = go_selector(metric.get("selector"));
    let inner = match field {
        "value" => format!("failed to get external metric {name}: "),
        _ => format!("failed to get {name} external metric: "),
    };
    let answer = view.metrics.external(hpa.namespace(), name, metric.get("selector"));
    let answer = answer.map_err(|text| format!("unable to fetch metrics from external metrics API: {text}"));
    let answer = answer.and_then(|values| match values.is_empty() {
        true => Err("no metrics returned from external metrics API".to_owned()),
        false => Ok(values),
    });
    let values = answer.map_err(|text| {
        (inner.clone(), format!("unable to get external metric {}/{name}/{shown}: {text}", hpa.namespace()))
    })?;
    let usage = values.into_iter().fold(0_i64, i64::saturating_add);
    let proposal = match field {
        "value" => calculator(view, hpa, scale)
            .by_ratio(usage, milli_of(wanted), scale.spec_replicas)
            .map_err(|text| (inner, text))?,
        _ => calculator(view, hpa, scale).by_share(usage, milli_of(wanted), scale.status_replicas),
    };
    let status = value!({"type": "External", "external": {"metric": (identity(metric)),
        "current": (current(field, proposal.milli))}});
    Ok(Outcome { proposal, name: format!("external metric {name}({shown})"), status })
}

fn current(field: &str, milli: i64) -> Value {
    let mut current = Value::map();
    current.set(field, amount(milli));
    current
}

/// A metric's name and selector, nothing else.
fn identity(metric: &Value) -> Value {
    let mut identity = value!({"name": (metric.get("name").str())});
    if !metric.get("selector").is_null() {
        identity.set("selector", metric.get("selector").clone());
    }
    identity
}

/// A label selector as Go prints it with `%+v`.
fn go_selector(selector: &Value) -> String {
    if selector.is_null() {
        return "nil".to_owned();
    }
    let labels: String =
        selector.get("matchLabels").entries().iter().map(|(k, v)| format!("{k}: {},", v.str())).collect();
    let of = |e: &Value| {
        let values: Vec<&str> = e.get("values").list().iter().map(Value::str).collect();
        let (key, operator) = (e.get("key").str(), e.get("operator").str());
        format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{}],}},", values.join(" "))
    };
    let expressions: String = selector.get("matchExpressions").list().iter().map(of).collect();
    format!("&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}")
}
