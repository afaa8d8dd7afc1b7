//! How many replicas a metric calls for: arithmetic over pods and what was measured of them. It knows no HorizontalPodAutoscaler.

use std::collections::{BTreeMap, BTreeSet};

use ecow::EcoString;

use super::hpa_requests::calculate_requests;
use crate::api::Object;
use crate::base::quantity::Quantity;
use crate::base::time::{Span, Timestamp};
use crate::store::settings::Autoscaler;

/// How far the ratio of a metric to its target may be from 1 without anything happening.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tolerances {
    /// Above 1.
    pub up: f64,
    /// Below 1.
    pub down: f64,
}

impl Tolerances {
    /// Models pkg/controller/podautoscaler/replica_calculator.go Tolerances.isWithin.
    pub fn hold(self, ratio: f64) -> bool {
        (1.0 - self.down) <= ratio && ratio <= (1.0 + self.up)
    }
}

/// What was measured of a pod.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Measured {
    /// Thousandths.
    pub milli: i64,
    /// The end of the window.
    pub at: Timestamp,
    /// Its length.
    pub window: Span,
}

/// What was measured of each pod, by its name.
pub type Measures = BTreeMap<EcoString, Measured>;

/// What a metric calls for.
#[derive(Clone, PartialEq, Debug)]
pub struct Proposal {
    /// How many replicas.
    pub replicas: i64,
    /// Percent of the request, for a target that is a percentage.
    pub utilization: Option<i64>,
    /// The metric itself, in thousandths.
    pub milli: i64,
    /// The arithmetic, in a sentence.
    pub why: String,
}

/// A metric's target on resource usage or on a plain amount for each pod.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Target {
    /// Percent of the request.
    Utilization(i64),
    /// Thousandths for each pod.
    Average(i64),
}

/// The pods behind a target, and how they are counted.
pub struct Calculator<'a> {
    /// All pods that the target's selector takes.
    pub pods: Vec<&'a Object>,
    /// The present.
    pub now: Timestamp,
    /// The controller's flags.
    pub flags: Autoscaler,
    /// What makes no difference.
    pub tolerances: Tolerances,
}

/// The pods by what can be said of them.
#[derive(Default, PartialEq, Debug)]
pub struct Groups {
    /// How many count with what was measured.
    pub ready: i64,
    /// Those that are not ready, or too young.
    pub unready: BTreeSet<EcoString>,
    /// Those that nothing was measured of.
    pub missing: BTreeSet<EcoString>,
    /// Those that are going or have ended.
    pub ignored: BTreeSet<EcoString>,
}

/// The time of what has none.
pub const NEVER: Timestamp = Timestamp(i64::MIN / 2);
/// The largest number of replicas an int32 can hold.
const MOST: f64 = i32::MAX as f64;

impl Calculator<'_> {
    /// Replicas for a resource or another metric of pods.
    ///
    /// Models pkg/controller/podautoscaler/replica_calculator.go GetResourceReplicas and calcPlainMetricReplicas.
    pub fn by_pods(
        &self,
        mut measures: Measures,
        current: i64,
        target: Target,
        resource: &str,
        container: &str,
    ) -> Result<Proposal, String> {
        if self.pods.is_empty() {
            return Err("no pods returned by selector while calculating replica count".to_owned());
        }
        let groups = group_pods(&self.pods, &measures, resource, self.now, &self.flags);
        measures.retain(|name, _| !groups.ignored.contains(name) && !groups.unready.contains(name));
        if measures.is_empty() {
            return Err("did not receive metrics for targeted pods (pods might be unready)".to_owned());
        }
        let requests = match target {
            Target::Utilization(_) => calculate_requests(&self.pods, container, resource)?,
            Target::Average(_) => BTreeMap::new(),
        };
        let first = usage_ratio(&measures, &requests, target)?;
        let done = |replicas: i64, why: String| {
            Ok(Proposal { replicas, utilization: first.utilization, milli: first.milli, why })
        };
        let with_unready = !groups.unready.is_empty() && first.ratio > 1.0;
        if !with_unready && groups.missing.is_empty() {
            if self.tolerances.hold(first.ratio) {
                return done(current, self.tolerated(&first.text, first.ratio, current));
            }
            let replicas = whole(first.ratio * groups.ready as f64);
            return done(replicas, format!("ceil({} x {}) = {replicas}", groups.ready, first.text));
        }
        let mut assumed = Vec::new();
        let mut assume = |names: &BTreeSet<EcoString>, what: &str, milli: &dyn Fn(&EcoString) -> i64, text: &str| {
            if !names.is_empty() {
                assumed.push(format!("{} {what} counted as {text}", counted(names.len())));
            }
            for name in names {
                measures.insert(name.clone(), Measured { milli: milli(name), at: self.now, window: Span::ZERO });
            }
        };
        let nothing = |_: &EcoString| 0;
        if first.ratio < 1.0 {
            match target {
                Target::Average(milli) => {
                    assume(&groups.missing, "without metrics", &|_| milli, "exactly the target");
                }
                Target::Utilization(percent) => {
                    let percent = percent.max(100);
                    let share = |name: &EcoString| requests.get(name).copied().unwrap_or(0) * percent / 100;
                    assume(&groups.missing, "without metrics", &share, &format!("{percent}% of the request"));
                }
            }
        } else if first.ratio > 1.0 {
            assume(&groups.missing, "without metrics", &nothing, "0");
        }
        if with_unready {
            assume(&groups.unready, "not ready or too young", &nothing, "0");
        }
        let second = usage_ratio(&measures, &requests, target)?;
        let assumed = assumed.join(", ");
        let turned = (first.ratio < 1.0 && second.ratio > 1.0) || (first.ratio > 1.0 && second.ratio < 1.0);
        if self.tolerances.hold(second.ratio) {
            let why = format!("{assumed}; {}", self.tolerated(&second.text, second.ratio, current));
            return done(current, why);
        }
        if turned {
            return done(
                current,
                format!("{assumed}: {} would turn the direction round, so {current} stays", second.text),
            );
        }
        let replicas = whole(second.ratio * measures.len() as f64);
        if (second.ratio < 1.0 && replicas > current) || (second.ratio > 1.0 && replicas < current) {
            let sum = format!("ceil({} x {}) = {replicas}", measures.len(), second.text);
            return done(current, format!("{assumed}: {sum} would turn the direction round, so {current} stays"));
        }
        done(replicas, format!("{assumed}: ceil({} x {}) = {replicas}", measures.len(), second.text))
    }

    /// Replicas for a metric of one thing that all ready pods share.
    ///
    /// Models pkg/controller/podautoscaler/replica_calculator.go getUsageRatioReplicaCount.
    pub fn by_ratio(&self, usage_milli: i64, target_milli: i64, current: i64) -> Result<Proposal, String> {
        let ratio = usage_milli as f64 / target_milli as f64;
        let text = format!("{}/{}", amount(usage_milli), amount(target_milli));
        let proposal = |replicas, why| Proposal { replicas, utilization: None, milli: usage_milli, why };
        if current == 0 {
            let replicas = whole(ratio);
            return Ok(proposal(replicas, format!("ceil({text}) = {replicas}")));
        }
        if self.tolerances.hold(ratio) {
            return Ok(proposal(current, self.tolerated(&text, ratio, current)));
        }
        if self.pods.is_empty() {
            let why = "no pods returned by selector while calculating replica count";
            return Err(format!("unable to calculate ready pods: {why}"));
        }
        let is_ready = |pod: &&&Object| pod.at("status.phase").str() == "Running" && pod.has_condition("Ready");
        let ready = self.pods.iter().filter(is_ready).count();
        let replicas = whole(ratio * ready as f64);
        Ok(proposal(replicas, format!("ceil({ready} x {text}) = {replicas}")))
    }

    /// Replicas for a metric that is divided by the number of pods.
    ///
    /// Models pkg/controller/podautoscaler/replica_calculator.go GetObjectPerPodMetricReplicas and
    /// GetExternalPerPodMetricReplicas.
    pub fn by_share(&self, usage_milli: i64, target_milli: i64, status_replicas: i64) -> Proposal {
        let ratio = usage_milli as f64 / (target_milli as f64 * status_replicas as f64);
        let text = format!("{}/{}", amount(usage_milli), amount(target_milli));
        let (replicas, why) = match self.tolerances.hold(ratio) {
            true => {
                let each = format!("{}/({} x {status_replicas})", amount(usage_milli), amount(target_milli));
                (status_replicas, self.tolerated(&each, ratio, status_replicas))
            }
            false => {
                let replicas = whole(usage_milli as f64 / target_milli as f64);
                (replicas, format!("ceil({text}) = {replicas}"))
            }
        };
        let milli = match usage_milli {
            i64::MAX => i64::MAX,
            _ if status_replicas == 0 => 0,
            _ => (usage_milli as f64 / status_replicas as f64).ceil() as i64,
        };
        Proposal { replicas, utilization: None, milli, why }
    }

    fn tolerated(&self, text: &str, ratio: f64, current: i64) -> String {
        let (least, most) = (1.0 - self.tolerances.down, 1.0 + self.tolerances.up);
        format!("{text} = {ratio:.2} is between {least:.2} and {most:.2}: {current} stays")
    }
}

fn counted(pods: usize) -> String {
    if pods == 1 {
        "1 pod".to_owned()
    } else {
        format!("{pods} pods")
    }
}

/// Thousandths as a quantity is written.
pub fn amount(milli: i64) -> String {
    Quantity::from_milli(milli, crate::base::quantity::Format::DecimalSi).to_string()
}

fn whole(replicas: f64) -> i64 {
    replicas.ceil().min(MOST) as i64
}

/// A ratio and what it was made of.
struct Usage {
    ratio: f64,
    utilization: Option<i64>,
    milli: i64,
    text: String,
}

/// Models pkg/controller/podautoscaler/metrics/utilization.go GetResourceUtilizationRatio and GetMetricUsageRatio.
fn usage_ratio(measures: &Measures, requests: &BTreeMap<EcoString, i64>, target: Target) -> Result<Usage, String> {
    match target {
        Target::Average(wanted) => {
            let total: i64 = measures.values().map(|measured| measured.milli).sum();
            let milli = total / measures.len() as i64;
            let text = format!("{}/{}", amount(milli), amount(wanted));
            Ok(Usage { ratio: milli as f64 / wanted as f64, utilization: None, milli, text })
        }
        Target::Utilization(wanted) => {
            let known = measures.iter().filter_map(|(name, m)| Some((m.milli, requests.get(name)?)));
            let (used, requested, count) =
                known.fold((0_i64, 0_i64, 0_i64), |(u, r, n), (used, request)| (u + used, r + request, n + 1));
            if requested == 0 {
                return Err("no metrics returned matched known pods".to_owned());
            }
            let percent = used * 100 / requested;
            let ratio = percent as f64 / wanted as f64;
            let text = format!("{percent}%/{wanted}%");
            Ok(Usage { ratio, utilization: Some(percent), milli: used / count, text })
        }
    }
}

/// Models pkg/controller/podautoscaler/replica_calculator.go groupPods.
pub fn group_pods(pods: &[&Object], measures: &Measures, resource: &str, now: Timestamp, flags: &Autoscaler) -> Groups {
    let mut groups = Groups::default();
    for pod in pods {
        let name: EcoString = pod.name().into();
        let phase = pod.at("status.phase").str();
        if pod.is_deleting() || phase == "Failed" {
            groups.ignored.insert(name);
            continue;
        }
        if phase == "Pending" {
            groups.unready.insert(name);
            continue;
        }
        let Some(measured) = measures.get(&name) else {
            groups.missing.insert(name);
            continue;
        };
        if resource == "cpu" && is_unready(pod, measured, now, flags) {
            groups.unready.insert(name);
            continue;
        }
        groups.ready += 1;
    }
    groups
}

/// True for a pod whose CPU usage says nothing: it is starting, or was never ready.
fn is_unready(pod: &Object, measured: &Measured, now: Timestamp, flags: &Autoscaler) -> bool {
    let ready = pod.condition("Ready");
    let (Some(started), false) = (Timestamp::parse(pod.at("status.startTime").str()), ready.is_null()) else {
        return true;
    };
    let is_false = ready.get("status").str() == "False";
    let changed = Timestamp::parse(ready.get("lastTransitionTime").str()).unwrap_or(NEVER);
    if started.0 + flags.cpu_initialization.0 as i64 > now.0 {
        is_false || measured.at.0 < changed.0 + measured.window.0 as i64
    } else {
        is_false && started.0 + flags.initial_readiness.0 as i64 > changed.0
    }
}
