//! Amounts of resources by name, as requests, limits and quotas list them, and what a pod needs as a whole.
//!
//! It knows nothing of who enforces them.

use ecow::EcoString;

use super::value::{Map, Value};
use crate::base::quantity::Quantity;

/// Amounts by the name of their resource, sorted.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Amounts(Vec<(EcoString, Quantity)>);

/// An amount as a manifest writes it; none for what is no quantity.
pub fn amount(value: &Value) -> Option<Quantity> {
    match value {
        Value::Int(n) => Quantity::parse(&n.to_string()).ok(),
        other => Quantity::parse(other.str()).ok(),
    }
}

impl Amounts {
    /// The amounts of a resource list.
    pub fn read(list: &Value) -> Amounts {
        let pairs = list.entries().iter();
        Amounts(pairs.filter_map(|(name, value)| Some((name.clone(), amount(value)?))).collect())
    }

    /// The amounts in the form of a resource list.
    pub fn to_value(&self) -> Value {
        let map: Map = self.0.iter().map(|(name, amount)| (name, amount.to_string())).collect();
        map.into()
    }

    /// True where nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and amounts.
    pub fn iter(&self) -> impl Iterator<Item = (&EcoString, Quantity)> {
        self.0.iter().map(|(name, amount)| (name, *amount))
    }

    /// The amount of a resource, where it is listed.
    pub fn get(&self, name: &str) -> Option<Quantity> {
        self.place(name).ok().map(|at| self.0[at].1)
    }

    /// Puts an amount in place of what is listed.
    pub fn set(&mut self, name: &str, amount: Quantity) {
        match self.place(name) {
            Ok(at) => self.0[at].1 = amount,
            Err(at) => self.0.insert(at, (name.into(), amount)),
        }
    }

    /// Adds other amounts.
    pub fn add(&mut self, other: &Amounts) {
        self.join(other, |a, b| a + b);
    }

    /// Makes each amount at least as large as the other.
    pub fn raise(&mut self, other: &Amounts) {
        self.join(other, Ord::max);
    }

    /// Takes other amounts away; what is not listed becomes a negative amount.
    pub fn subtract(&mut self, other: &Amounts) {
        for (name, amount) in other.iter() {
            self.set(name, self.get(name).unwrap_or(Quantity::ZERO) - amount);
        }
    }

    /// Keeps what a test holds for.
    pub fn retain(&mut self, keep: impl Fn(&str, Quantity) -> bool) {
        self.0.retain(|(name, amount)| keep(name, *amount));
    }

    fn join(&mut self, other: &Amounts, how: fn(Quantity, Quantity) -> Quantity) {
        for (name, amount) in other.iter() {
            let joined = self.get(name).map_or(amount, |have| how(have, amount));
            self.set(name, joined);
        }
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }
}

/// What the containers of a pod need together (`field` is `requests` or `limits`): those that run at the same time, or an
/// init container with the sidecars before it where that is more.
///
/// Models staging/src/k8s.io/component-helpers/resource AggregateContainerRequests and AggregateContainerLimits.
pub fn of_containers(spec: &Value, field: &str) -> Amounts {
    let (mut sum, mut sidecars, mut largest) = (Amounts::default(), Amounts::default(), Amounts::default());
    for container in spec.get("containers").list() {
        sum.add(&Amounts::read(container.get("resources").get(field)));
    }
    for container in spec.get("initContainers").list() {
        let mut own = Amounts::read(container.get("resources").get(field));
        if container.get("restartPolicy").str() == "Always" {
            sum.add(&own);
            sidecars.add(&own);
            continue;
        }
        own.add(&sidecars);
        largest.raise(&own);
    }
    sum.raise(&largest);
    sum
}

/// What a pod needs: its containers, what is said for the pod as a whole in place of that, and the overhead.
///
/// Models staging/src/k8s.io/component-helpers/resource PodRequests and PodLimits.
pub fn of_pod(spec: &Value, field: &str) -> Amounts {
    let mut sum = of_containers(spec, field);
    for (name, amount) in Amounts::read(spec.get("resources").get(field)).iter() {
        sum.set(name, amount);
    }
    let mut overhead = Amounts::read(spec.get("overhead"));
    if field == "limits" {
        overhead.retain(|name, _| sum.get(name).is_some_and(|limit| !limit.is_zero()));
    }
    sum.add(&overhead);
    sum
}

/// A pod with what is allocated to it where it wishes for more than it was given.
pub fn as_allocated(pod: &super::Object) -> super::Object {
    let mut allocated = pod.clone();
    if pod.condition("PodResizePending").get("status").str() != "True" {
        return allocated;
    }
    let statuses = pod.at("status.containerStatuses").list();
    let containers = pod.at("spec.containers").list().iter().map(|container| {
        let mut container = container.clone();
        let own = statuses.iter().find(|status| status.get("name") == container.get("name"));
        if let Some(requests) = own.map(|own| own.get("allocatedResources")).filter(|requests| !requests.is_null()) {
            let mut resources = container.get("resources").as_map().cloned().unwrap_or_else(super::Map::default);
            resources.insert("requests", requests.clone());
            container.set("resources", Value::from(resources));
        }
        container
    });
    allocated.set("spec.containers", containers.collect::<Value>());
    allocated
}
