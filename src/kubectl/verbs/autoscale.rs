//! `kubectl autoscale`: a HorizontalPodAutoscaler for what can be scaled.

use super::change::{create, report};
use super::create_kinds::new_object;
use super::Verb;
use crate::api::{Object, Value};
use crate::base::quantity::Quantity;
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::select;
use crate::value;

/// Its row.
pub static VERB: Verb = Verb { name: "autoscale", run: Some(run), ..super::PLAIN };

/// What pflag says whenever the old flag is given.
const CPU_PERCENT_DEPRECATED: &str = "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).";

/// What a call asks for.
struct Bounds {
    min: i64,
    max: i64,
    cpu_percent: Option<i64>,
    cpu: Option<Value>,
    memory: Option<Value>,
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/autoscale AutoscaleOptions.Run.
fn run(call: &mut Call<'_>) -> Outcome {
    for _ in call.line.all("cpu-percent") {
        call.out.err(CPU_PERCENT_DEPRECATED);
    }
    let bounds = bounds(call)?;
    let dry = call.dry_run()?;
    let args = call.line.args.clone();
    let selection = select(call, &args, false)?;
    let (objects, mut failures) = selection.objects(call)?;
    if objects.is_empty() && failures.is_empty() {
        return Err(error("no objects passed to autoscale"));
    }
    for object in objects {
        failures.extend(autoscale(call, &object, &bounds, dry).err());
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/autoscale AutoscaleOptions.Validate.
fn bounds(call: &Call<'_>) -> Result<Bounds, Failure> {
    let [min, max, percent] = [call.number("min")?, call.number("max")?, call.number("cpu-percent")?];
    call.require(&["max"])?;
    let (min, max) = (min.unwrap_or(-1), max.unwrap_or(-1));
    if max < 1 {
        return Err(error(format!("--max=MAXPODS is required and must be at least 1, max: {max}")));
    }
    if max < min {
        return Err(error(format!("--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}")));
    }
    let cpu_percent = percent.filter(|percent| *percent >= 0);
    if cpu_percent.is_some_and(|percent| percent > 0) && !call.line.text("cpu").is_empty() {
        return Err(error("--cpu-percent and --cpu are mutually exclusive"));
    }
    let given = |flag: &str, unit: &str| match call.line.text(flag) {
        "" => Ok(None),
        text => target(flag, text.trim(), unit).map(Some),
    };
    Ok(Bounds { min, max, cpu_percent, cpu: given("cpu", "m")?, memory: given("memory", "Mi")? })
}

/// The target of a metric: `70%`, a quantity, or a number of the usual unit.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/autoscale parseResourceInput.
fn target(resource: &str, text: &str, unit: &str) -> Result<Value, Failure> {
    if text.is_empty() {
        return Err(error("empty input"));
    }
    if let Some(number) = text.strip_suffix('%') {
        return match number.parse::<i32>() {
            Ok(percent) if percent >= 0 => Ok(utilization(i64::from(percent))),
            _ => Err(error(format!("invalid percentage value: {number}"))),
        };
    }
    let quantity = match text.parse::<f64>() {
        Ok(number) => Quantity::parse(&format!("{number}{unit}")).map_err(|why| error(why.to_string()))?,
        Err(_) => Quantity::parse(text).map_err(|_| error(format!("invalid resource {resource} value: {text}")))?,
    };
    Ok(value!({"type": "AverageValue", "averageValue": (quantity.to_string())}))
}

fn utilization(percent: i64) -> Value {
    value!({"type": "Utilization", "averageUtilization": percent})
}

fn metric(resource: &str, target: Value) -> Value {
    let source = value!({"name": resource, "target": target});
    value!({"type": "Resource", "resource": source})
}

fn autoscale(call: &mut Call<'_>, object: &Object, bounds: &Bounds, dry: DryRun) -> Result<(), Failure> {
    let kind = object.kind;
    if object.kind.replicas().is_none() {
        return Err(error(format!(
            "cannot autoscale a {}: could not find scale subresource for {}/{}, Resource={} in discovery information",
            kind.name(),
            kind.group,
            kind.version,
            kind.plural
        )));
    }
    let autoscaler = autoscaler(call, object, bounds, dry);
    let done = if dry == DryRun::Client { "created" } else { "autoscaled" };
    let made = match create(call, autoscaler.clone(), dry) {
        Ok(made) => made,
        Err(_) => create(call, older(autoscaler, bounds)?, dry)?,
    };
    report(call, &made, done, dry)
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/autoscale AutoscaleOptions.createHorizontalPodAutoscalerV2.
fn autoscaler(call: &Call<'_>, object: &Object, bounds: &Bounds, dry: DryRun) -> Object {
    let name = call.line.get("name").filter(|name| !name.is_empty()).unwrap_or(object.name());
    let mut autoscaler = new_object(name, "HorizontalPodAutoscaler");
    if dry != DryRun::Client || call.line.has("namespace") {
        autoscaler.set("metadata.namespace", call.namespace());
    }
    autoscaler.set("spec.scaleTargetRef.apiVersion", object.at("apiVersion").clone());
    autoscaler.set("spec.scaleTargetRef.kind", object.kind.name());
    autoscaler.set("spec.scaleTargetRef.name", object.name());
    autoscaler.set("spec.maxReplicas", bounds.max);
    if bounds.min > 0 {
        autoscaler.set("spec.minReplicas", bounds.min);
    }
    let mut metrics = Vec::new();
    metrics
        .extend(bounds.cpu_percent.filter(|percent| *percent > 0).map(|percent| metric("cpu", utilization(percent))));
    metrics.extend(bounds.cpu.clone().map(|target| metric("cpu", target)));
    metrics.extend(bounds.memory.clone().map(|target| metric("memory", target)));
    if !metrics.is_empty() {
        autoscaler.set("spec.metrics", metrics);
    }
    autoscaler.set("status", value!({"currentMetrics": null, "desiredReplicas": 0}));
    autoscaler
}

/// What kubectl tries as autoscaling/v1 after a refusal: it knows no target but that of `--cpu-percent`.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/autoscale AutoscaleOptions.canCreateHPAV1, with what Go prints for its
/// missing reason.
fn older(mut autoscaler: Object, bounds: &Bounds) -> Result<Object, Failure> {
    let cannot = |why: &str| {
        error(format!(
            "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: {why}"
        ))
    };
    let cpu = bounds.cpu.as_ref().ok_or_else(|| cannot("empty input"))?;
    let by_percent = bounds.cpu_percent.is_some() || cpu.get("type").str() == "Utilization";
    if bounds.memory.is_some() || !by_percent {
        return Err(cannot("%!w(<nil>)"));
    }
    autoscaler.value.remove("spec.metrics");
    if let Some(percent) = bounds.cpu_percent {
        autoscaler.set("spec.metrics", vec![metric("cpu", utilization(percent))]);
    }
    Ok(autoscaler)
}
