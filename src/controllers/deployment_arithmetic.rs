//! The numbers of a rollout: how many pods a ReplicaSet of a Deployment may have next. Pure arithmetic.

use crate::api::{Object, Value};
use crate::base::int_or_percent::IntOrPercent;
use crate::base::order::Order;

/// Annotation of a ReplicaSet: the replicas its Deployment wanted when it was last scaled.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// Annotation of a ReplicaSet: those and the surge.
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";

/// A ReplicaSet of a Deployment with the size it has after what the plan has done so far.
#[derive(Clone, Debug)]
pub struct Set {
    /// The ReplicaSet as it was seen.
    pub object: Object,
    /// Its wanted size.
    pub replicas: i64,
}

impl Set {
    /// A ReplicaSet as it is.
    pub fn of(object: &Object) -> Set {
        Set { replicas: object.spec().get("replicas").opt_int().unwrap_or(1), object: object.clone() }
    }

    /// How many of its pods are available.
    pub fn available(&self) -> i64 {
        self.object.status().get("availableReplicas").int()
    }

    /// How many pods it has.
    pub fn actual(&self) -> i64 {
        self.object.status().get("replicas").int()
    }

    fn annotated(&self, name: &str) -> Option<i64> {
        self.object.annotation(name).parse().ok()
    }
}

/// The wanted replicas of a Deployment.
pub fn wanted(deployment: &Object) -> i64 {
    deployment.spec().get("replicas").opt_int().unwrap_or(1)
}

/// True for the strategy RollingUpdate.
pub fn is_rolling(deployment: &Object) -> bool {
    deployment.at("spec.strategy.type").str() == "RollingUpdate"
}

/// The sum of the wanted sizes.
pub fn total<'a>(sets: impl IntoIterator<Item = &'a Set>) -> i64 {
    sets.into_iter().map(|set| set.replicas).sum()
}

/// A count given as a number or as a percentage of `total`; none where it is neither.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/intstr GetScaledValueFromIntOrPercent.
pub fn scaled(value: &Value, total: i64, round_up: bool) -> Option<i64> {
    match value {
        Value::Int(n) => Some(*n),
        Value::Str(text) => match IntOrPercent::parse(text)? {
            percent @ IntOrPercent::Percent(_) => Some(percent.of(total, round_up)),
            IntOrPercent::Int(_) => None,
        },
        Value::Null => Some(0),
        _ => None,
    }
}

/// Surge and unavailability as numbers: a surge is rounded up, unavailability down, and one of both must be above 0.
///
/// Models pkg/controller/deployment/util ResolveFenceposts.
pub fn fenceposts(surge: &Value, unavailable: &Value, wanted: i64) -> Option<(i64, i64)> {
    let (surge, unavailable) = (scaled(surge, wanted, true)?, scaled(unavailable, wanted, false)?);
    if surge == 0 && unavailable == 0 {
        return Some((0, 1));
    }
    Some((surge, unavailable))
}

fn deployment_fenceposts(deployment: &Object) -> (i64, i64) {
    let rolling = deployment.at("spec.strategy.rollingUpdate");
    fenceposts(rolling.get("maxSurge"), rolling.get("maxUnavailable"), wanted(deployment)).unwrap_or((0, 0))
}

/// Models pkg/controller/deployment/util MaxSurge.
pub fn max_surge(deployment: &Object) -> i64 {
    if is_rolling(deployment) {
        deployment_fenceposts(deployment).0
    } else {
        0
    }
}

/// Models pkg/controller/deployment/util MaxUnavailable.
pub fn max_unavailable(deployment: &Object) -> i64 {
    if !is_rolling(deployment) || wanted(deployment) == 0 {
        return 0;
    }
    deployment_fenceposts(deployment).1.min(wanted(deployment))
}

/// Models pkg/controller/deployment/util MinAvailable.
pub fn min_available(deployment: &Object) -> i64 {
    if is_rolling(deployment) {
        wanted(deployment) - max_unavailable(deployment)
    } else {
        0
    }
}

/// The size of the new ReplicaSet of `current` replicas when all have `all`.
///
/// Models pkg/controller/deployment/util NewRSNewReplicas.
pub fn new_set_size(deployment: &Object, all: i64, current: i64) -> i64 {
    let wanted = wanted(deployment);
    if !is_rolling(deployment) {
        return wanted;
    }
    let surge = deployment.at("spec.strategy.rollingUpdate.maxSurge");
    let most = wanted + fenceposts(surge, &Value::Int(1), wanted).map_or(0, |(surge, _)| surge);
    if all >= most {
        return current;
    }
    current + (most - all).min(wanted - current)
}

/// True where the new ReplicaSet has everything the Deployment wants.
///
/// Models pkg/controller/deployment/util IsSaturated.
pub fn is_saturated(deployment: &Object, set: Option<&Set>) -> bool {
    let wanted = wanted(deployment);
    set.is_some_and(|set| {
        set.annotated(DESIRED_REPLICAS) == Some(wanted) && set.replicas == wanted && set.available() == wanted
    })
}

/// A share of a change in size: as large as the ReplicaSet is, compared with the Deployment it was made for.
///
/// Models pkg/controller/deployment/util getReplicaSetFraction.
pub fn fraction(deployment: &Object, set: &Set) -> i64 {
    if wanted(deployment) == 0 {
        return -set.replicas;
    }
    let most = wanted(deployment) + max_surge(deployment);
    let before = set.annotated(MAX_REPLICAS).filter(|n| *n != 0);
    let before = before.unwrap_or_else(|| deployment.status().get("replicas").int());
    if before == 0 {
        return 0;
    }
    round_div(set.replicas * most, before) - set.replicas
}

/// A quotient rounded half away from zero.
fn round_div(a: i64, b: i64) -> i64 {
    let half = if (a < 0) == (b < 0) { b / 2 } else { -(b / 2) };
    (a + half) / b
}

/// The new sizes of ReplicaSets that share a change of the Deployment's size in proportion to their own, in the order in
/// which they are written.
///
/// Models pkg/controller/deployment/sync.go scale, the proportional part, with util.GetReplicaSetProportion.
pub fn proportional_sizes(deployment: &Object, active: &[Set]) -> Vec<(Set, i64)> {
    let allowed = if wanted(deployment) > 0 { wanted(deployment) + max_surge(deployment) } else { 0 };
    let to_add = allowed - total(active);
    let mut sets = active.to_vec();
    let by_size = |a: &Set, b: &Set| b.replicas.cmp(&a.replicas);
    if to_add > 0 {
        sets.order_by(|a, b| by_size(a, b).then_with(|| by_age(b, a)));
    } else if to_add < 0 {
        sets.order_by(|a, b| by_size(a, b).then_with(|| by_age(a, b)));
    }
    let mut added = 0;
    let mut sizes = Vec::new();
    for set in sets {
        let share = proportion(deployment, &set, to_add, added);
        added += share;
        let size = set.replicas + share;
        sizes.push((set, size));
    }
    if let Some((_, largest)) = sizes.first_mut() {
        *largest = (*largest + to_add - added).max(0);
    }
    sizes
}

fn proportion(deployment: &Object, set: &Set, to_add: i64, added: i64) -> i64 {
    if set.replicas == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let share = fraction(deployment, set);
    if to_add > 0 {
        share.min(to_add - added)
    } else {
        share.max(to_add - added)
    }
}

/// Oldest first, by name where they are of one second.
///
/// Models pkg/controller/controller_utils.go ReplicaSetsByCreationTimestamp.
pub fn by_age(a: &Set, b: &Set) -> std::cmp::Ordering {
    a.object.created().cmp(&b.object.created()).then_with(|| a.object.name().cmp(b.object.name()))
}

/// How far the old ReplicaSets may shrink: what is there above the least that must be available, less the new pods that
/// are not available yet.
///
/// Models pkg/controller/deployment/rolling.go reconcileOldReplicaSets, its bound.
pub fn most_scaled_down(deployment: &Object, all: i64, new: &Set) -> i64 {
    let least = wanted(deployment) - max_unavailable(deployment);
    all - least - (new.replicas - new.available())
}

/// Sizes of the old ReplicaSets without their unhealthy pods, `most` of them at the most, and whether all could be looked
/// at: one that has more available pods than it wants has not carried out its last change, and nothing is to be read from
/// its numbers. `old` is ordered by age.
///
/// Models pkg/controller/deployment/rolling.go cleanupUnhealthyReplicas.
pub fn without_unhealthy(old: &[Set], most: i64) -> (Vec<i64>, bool) {
    let mut sizes: Vec<i64> = old.iter().map(|set| set.replicas).collect();
    let mut left = most;
    for (set, size) in old.iter().zip(&mut sizes) {
        if left <= 0 {
            break;
        }
        if set.replicas == 0 {
            continue;
        }
        if set.available() > set.replicas {
            return (sizes, false);
        }
        let unhealthy = (set.replicas - set.available()).min(left);
        left -= unhealthy;
        *size -= unhealthy;
    }
    (sizes, true)
}

/// Sizes of the old ReplicaSets as small as availability permits. `old` is ordered by age; `available` counts the available
/// pods of all ReplicaSets.
///
/// Models pkg/controller/deployment/rolling.go scaleDownOldReplicaSetsForRollingUpdate.
pub fn scaled_down(deployment: &Object, old: &[Set], available: i64) -> Vec<i64> {
    let least = wanted(deployment) - max_unavailable(deployment);
    let mut left = (available - least).max(0);
    let sizes = old.iter().map(|set| {
        let less = set.replicas.min(left);
        left -= less;
        set.replicas - less
    });
    sizes.collect()
}
