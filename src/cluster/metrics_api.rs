//! What the metrics APIs answer: measured values, or those of a file in their place.

use super::metrics::{CUSTOM, EXTERNAL, REQUESTS, RESOURCE};
use super::World;
use crate::api::{Object, ObjectKey, Value};
use crate::base::order::Order;
use crate::load::feed::{About, Amounts, Given, Pods};
use crate::store::metrics::{
    no_external, CustomMetrics, Described, MetricsApi, PodMetrics, Selects, NO_CUSTOM, NO_PODS,
};

impl World {
    pub(super) fn is_meant(&self, pods: &Pods, given: &Given, pod: &Object) -> bool {
        given.namespace == pod.namespace() && pods.take(pod, &|kind, key| self.selector_of(kind, key))
    }

    fn selector_of(&self, kind: &str, key: &ObjectKey) -> Option<Value> {
        let object = self.store().get(kind, key)?;
        let selector = object.at("spec.selector");
        Some(match kind {
            "Service" | "ReplicationController" => crate::value!({"matchLabels": (selector.clone())}),
            _ => selector.clone(),
        })
    }

    /// What is given for one of several pods.
    pub(super) fn amount(&self, amounts: &Amounts, given: &Given, pod: &Object) -> Option<i64> {
        let pods_of = || match &given.about {
            About::Usage(pods, ..) | About::Custom(pods, ..) => {
                let all = self.store().list("Pod", &given.namespace);
                all.filter(|pod| self.is_meant(pods, given, pod)).collect::<Vec<_>>()
            }
            _ => Vec::new(),
        };
        match amounts {
            Amounts::Each(amount) => *amount,
            Amounts::List(list) => {
                let mut pods = pods_of();
                pods.order_by(|a, b| a.name().cmp(b.name()));
                let place = pods.iter().position(|other| other.name() == pod.name())?;
                list.get(place).copied().flatten()
            }
            Amounts::Shared(total, most, least) => {
                let serves = |pod: &&&Object| pod.has_condition("Ready") && !pod.is_deleting();
                let ready = pods_of().iter().filter(serves).count() as i64;
                let each = if pod.has_condition("Ready") && ready > 0 { total / ready } else { 0 };
                Some(each.min(*most).max(*least))
            }
        }
    }
}

impl MetricsApi for World {
    fn pods(&self, namespace: &str, selects: Selects) -> Result<Vec<PodMetrics>, String> {
        if !self.serves_metrics(RESOURCE) {
            return Err(NO_PODS.to_owned());
        }
        let pods = self.store().list("Pod", namespace).filter(|pod| selects(pod));
        let mut metrics: Vec<PodMetrics> = pods.filter_map(|pod| self.measured(pod)).collect();
        metrics.order_by(|a, b| a.name.cmp(&b.name));
        Ok(metrics)
    }

    fn custom(&self, namespace: &str, selects: Selects, metric: &str, _: &Value) -> Result<Vec<CustomMetrics>, String> {
        if !self.serves_metrics(CUSTOM) {
            return Err(NO_CUSTOM.to_owned());
        }
        let mut found = Vec::new();
        let is_told = |given: &Given| {
            given.namespace == namespace && matches!(&given.about, About::Custom(_, name, _) if name == metric)
        };
        let mut known = self.load.given_at(self.now()).any(is_told);
        let measures = metric == REQUESTS && !known;
        for pod in self.store().list("Pod", namespace).filter(|pod| selects(pod)) {
            let given = self.load.given_at(self.now()).find_map(|given| match &given.about {
                About::Custom(pods, name, amounts) if name == metric && self.is_meant(pods, given, pod) => {
                    Some((given, self.amount(amounts, given, pod)))
                }
                _ => None,
            });
            if given.is_none() && measures {
                known = true;
                found.extend(self.requests_of(pod));
            }
            let Some((given, amount)) = given else { continue };
            known = true;
            found.extend(amount.map(|milli| CustomMetrics {
                name: pod.name().into(),
                at: self.now() - given.age,
                window: given.window,
                milli,
            }));
        }
        found.order_by(|a, b| a.name.cmp(&b.name));
        match known {
            true => Ok(found),
            false => Err(format!("the server could not find the metric {metric} for pods")),
        }
    }

    fn described(&self, namespace: &str, object: Described, metric: &str, _: &Value) -> Result<i64, String> {
        if !self.serves_metrics(CUSTOM) {
            return Err(NO_CUSTOM.to_owned());
        }
        let given = self.load.given_at(self.now()).find_map(|given| match &given.about {
            About::Object(kind, name, of, value) => {
                (given.namespace == namespace && kind == object.kind && name == object.name && of == metric)
                    .then_some(*value)
            }
            _ => None,
        });
        let served = || (metric == REQUESTS).then(|| self.requests_to(namespace, object)).flatten();
        given.flatten().or_else(served).ok_or_else(|| {
            let row = self.store().catalog().all().find(|row| row.name() == object.kind && row.group == object.group);
            let resource = row.map_or_else(|| object.kind.to_lowercase(), |row| row.resource());
            format!("the server could not find the metric {metric} for {resource} {}", object.name)
        })
    }

    fn external(&self, namespace: &str, metric: &str, labels: &Value) -> Result<Vec<i64>, String> {
        if !self.serves_metrics(EXTERNAL) {
            return Err(no_external(metric));
        }
        let mut seen: Vec<&Value> = Vec::new();
        let mut values = Vec::new();
        for given in self.load.given_at(self.now()).filter(|given| given.namespace == namespace) {
            let About::External(name, own, now) = &given.about else { continue };
            let takes = labels.is_empty() || crate::api::selector::matches(labels, own);
            if name == metric && !seen.contains(&own) {
                seen.push(own);
                if takes {
                    values.extend(now.iter().copied());
                }
            }
        }
        Ok(values)
    }
}
