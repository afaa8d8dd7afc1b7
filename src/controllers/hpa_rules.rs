//! From the number of replicas that metrics call for to the one that is asked for: stabilisation, policies, bounds. It looks at
//! no metrics and no pods.

use crate::api::Value;
use crate::value;

/// A recommendation and when it was given, in microseconds since 1970.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Recommendation {
    /// Replicas.
    pub replicas: i64,
    /// When.
    pub at: i64,
}

/// A change of size and when it was made.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ScaleEvent {
    /// How many replicas came or went.
    pub change: i64,
    /// When.
    pub at: i64,
    /// True where no policy looks back that far: the next one takes its place.
    pub outdated: bool,
}

/// What the controller remembers of an autoscaler between two looks.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Past {
    /// Recommendations before stabilisation.
    pub recommendations: Vec<Recommendation>,
    /// Growth.
    pub ups: Vec<ScaleEvent>,
    /// Shrinking.
    pub downs: Vec<ScaleEvent>,
}

impl Past {
    /// What was remembered.
    pub fn read(memory: &Value) -> Past {
        let pairs = |field: &str| {
            let list = memory.get(field).list().iter();
            list.map(|pair| (pair.index(0).int(), pair.index(1).int())).collect::<Vec<_>>()
        };
        let events = |field| {
            let of = |(change, at)| ScaleEvent { change, at, outdated: false };
            pairs(field).into_iter().map(of).collect()
        };
        let recommendations =
            pairs("recommendations").into_iter().map(|(replicas, at)| Recommendation { replicas, at }).collect();
        Past { recommendations, ups: events("ups"), downs: events("downs") }
    }

    /// Writes it down.
    pub fn write(&self, memory: &mut Value) {
        let list = |pairs: Vec<(i64, i64)>| pairs.into_iter().map(|(n, at)| value!([n, at])).collect::<Value>();
        memory.set("recommendations", list(self.recommendations.iter().map(|r| (r.replicas, r.at)).collect()));
        memory.set("ups", list(self.ups.iter().map(|e| (e.change, e.at)).collect()));
        memory.set("downs", list(self.downs.iter().map(|e| (e.change, e.at)).collect()));
    }
}

/// A number of replicas, and the condition that says which bound made it so.
#[derive(Clone, PartialEq, Debug)]
pub struct Limited {
    /// Replicas.
    pub replicas: i64,
    /// `ScaleUpLimit`.
    pub reason: &'static str,
    /// The condition's text.
    pub message: &'static str,
    /// The rule with its numbers; empty where nothing was limited.
    pub rule: String,
}

const SECOND: i64 = 1_000_000;
const TOO_FEW: (&str, &str) = ("TooFewReplicas", "the desired replica count is less than the minimum replica count");
const TOO_MANY: (&str, &str) = ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
const TOO_FAST: (&str, &str) =
    ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
const TOO_FAST_DOWN: (&str, &str) =
    ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");

fn limited(replicas: i64, (reason, message): (&'static str, &'static str), rule: String) -> Limited {
    Limited { replicas, reason, message, rule }
}

fn within(replicas: i64) -> Limited {
    let text = ("DesiredWithinRange", "the desired count is within the acceptable range");
    limited(replicas, text, String::new())
}

/// The highest recommendation of the window.
///
/// Models pkg/controller/podautoscaler/horizontal.go stabilizeRecommendation.
pub fn stabilize(past: &mut Past, wanted: i64, window: i64, now: i64) -> i64 {
    let cutoff = now - window;
    let mut highest = wanted;
    let mut old = None;
    for (i, r) in past.recommendations.iter().enumerate() {
        if r.at < cutoff {
            old = Some(i);
        } else {
            highest = highest.max(r.replicas);
        }
    }
    remember(&mut past.recommendations, old, Recommendation { replicas: wanted, at: now });
    highest
}

/// As near to the present size as the windows of both directions ask for.
///
/// Models pkg/controller/podautoscaler/horizontal.go stabilizeRecommendationWithBehaviors.
pub fn stabilize_both(past: &mut Past, current: i64, wanted: i64, up_window: i64, down_window: i64, now: i64) -> i64 {
    let (up_cutoff, down_cutoff) = (now - up_window, now - down_window);
    let (mut lowest, mut highest) = (wanted, wanted);
    let mut old = None;
    for (i, r) in past.recommendations.iter().enumerate() {
        if r.at > up_cutoff {
            lowest = lowest.min(r.replicas);
        }
        if r.at > down_cutoff {
            highest = highest.max(r.replicas);
        }
        if r.at < up_cutoff && r.at < down_cutoff {
            old = Some(i);
        }
    }
    remember(&mut past.recommendations, old, Recommendation { replicas: wanted, at: now });
    current.max(lowest).min(highest)
}

fn remember<T>(list: &mut Vec<T>, old: Option<usize>, new: T) {
    match old {
        Some(i) => list[i] = new,
        None => list.push(new),
    }
}

/// Bounds of an autoscaler without `behavior`: its own, and at most twice the present size or 4.
///
/// Models pkg/controller/podautoscaler/horizontal.go convertDesiredReplicasWithRules.
pub fn limit_plain(current: i64, wanted: i64, min: i64, max: i64) -> Limited {
    let pace = (2 * current).max(4);
    if wanted < min {
        return limited(min, TOO_FEW, format!("minReplicas {min}"));
    }
    if wanted > max.min(pace) {
        return match max > pace {
            true => limited(pace, TOO_FAST, format!("max(2 x {current}, 4)")),
            false => limited(max, TOO_MANY, format!("maxReplicas {max}")),
        };
    }
    within(wanted)
}

/// Bounds of an autoscaler with `behavior`: its own and those of its policies.
///
/// Models pkg/controller/podautoscaler/horizontal.go convertDesiredReplicasWithBehaviorRate.
pub fn limit_by_policies(
    past: &Past,
    behavior: &Value,
    current: i64,
    wanted: i64,
    min: i64,
    max: i64,
    now: i64,
) -> Limited {
    if wanted > current {
        let (pace, rule) = scale_up_limit(current, past, behavior.get("scaleUp"), now);
        let pace = pace.max(current);
        if wanted > max.min(pace) {
            return match max > pace {
                true => limited(pace, TOO_FAST, rule),
                false => limited(max, TOO_MANY, format!("maxReplicas {max}")),
            };
        }
    } else if wanted < current {
        let (pace, rule) = scale_down_limit(current, past, behavior.get("scaleDown"), now);
        let pace = pace.min(current);
        if wanted < min.max(pace) {
            return match min < pace {
                true => limited(pace, TOO_FAST_DOWN, rule),
                false => limited(min, TOO_FEW, format!("minReplicas {min}")),
            };
        }
    }
    within(wanted)
}

/// Models pkg/controller/podautoscaler/horizontal.go calculateScaleUpLimitWithScalingRules.
pub fn scale_up_limit(current: i64, past: &Past, rules: &Value, now: i64) -> (i64, String) {
    by_policies(current, past, rules, now, true)
}

/// Models pkg/controller/podautoscaler/horizontal.go calculateScaleDownLimitWithBehaviors.
pub fn scale_down_limit(current: i64, past: &Past, rules: &Value, now: i64) -> (i64, String) {
    by_policies(current, past, rules, now, false)
}

fn by_policies(current: i64, past: &Past, rules: &Value, now: i64, up: bool) -> (i64, String) {
    let select = rules.get("selectPolicy").str();
    if select == "Disabled" {
        return (current, "selectPolicy Disabled".to_owned());
    }
    let of = |policy: &Value| {
        let (value, period) = (policy.get("value").int(), policy.get("periodSeconds").int());
        let start = current - changed(&past.ups, period, now) + changed(&past.downs, period, now);
        let percent = policy.get("type").str() == "Percent";
        let bound = match (percent, up) {
            (false, true) => start + value,
            (false, false) => start - value,
            (true, true) => (start as f64 * (1.0 + value as f64 / 100.0)).ceil() as i64,
            (true, false) => (start as f64 * (1.0 - value as f64 / 100.0)) as i64,
        };
        let unit = if percent { "%" } else { " pods" };
        let sign = if up { '+' } else { '-' };
        (bound, format!("{start} {sign} {value}{unit} in {period} s"))
    };
    let bounds = rules.get("policies").list().iter().map(of);
    // The largest change is the highest bound on the way up and the lowest on the way down.
    let highest = (select == "Min") != up;
    let chosen = match highest {
        true => bounds.reduce(|a, b| if b.0 > a.0 { b } else { a }),
        false => bounds.reduce(|a, b| if b.0 < a.0 { b } else { a }),
    };
    chosen.unwrap_or((if highest { i32::MIN.into() } else { i32::MAX.into() }, String::new()))
}

/// How many replicas came or went within a period.
///
/// Models pkg/controller/podautoscaler/horizontal.go getReplicasChangePerPeriod.
pub fn changed(events: &[ScaleEvent], period_secs: i64, now: i64) -> i64 {
    let cutoff = now - period_secs * SECOND;
    events.iter().filter(|event| event.at > cutoff).map(|event| event.change).sum()
}

/// Notes a change of size, in place of one that no policy looks at any more.
///
/// Models pkg/controller/podautoscaler/horizontal.go storeScaleEvent.
pub fn note_scaling(past: &mut Past, behavior: &Value, before: i64, after: i64, now: i64) {
    if behavior.is_null() {
        return;
    }
    let (events, rules) = match after > before {
        true => (&mut past.ups, behavior.get("scaleUp")),
        false => (&mut past.downs, behavior.get("scaleDown")),
    };
    let policies = rules.get("policies").list().iter();
    let longest = policies.map(|policy| policy.get("periodSeconds").int()).max().unwrap_or(0);
    let mut old = None;
    for (i, event) in events.iter_mut().enumerate() {
        event.outdated |= event.at < now - longest * SECOND;
        if event.outdated {
            old = Some(i);
        }
    }
    remember(events, old, ScaleEvent { change: (after - before).abs(), at: now, outdated: false });
}
