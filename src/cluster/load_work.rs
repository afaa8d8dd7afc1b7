//! The work that clients make: the containers at the ends of their ways, the CPUs these may use, what is served and what
//! that uses.

use std::sync::Arc;

use ecow::EcoString;

use super::load::{Client, Flow};
use super::World;
use crate::base::quantity::Quantity;
use crate::base::time::Span;
use crate::kubelet::PodRef;
use crate::load::queue::{serve, share, Served};
use crate::load::usage::Usage;
use crate::workload::demand::{demand, Demand};

/// A container without load is forgotten after so long.
const FORGET_AFTER: Span = Span::secs(90);

/// A container that works on requests.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) uid: EcoString,
    container: EcoString,
    node: EcoString,
    demand: Demand,
    /// CPUs it may use for requests by its limit.
    most_cpus: f64,
    /// CPUs it may use for requests now.
    cpus: f64,
    limit: f64,
    weight: f64,
    memory_limit: u64,
    open: f64,
    closed: f64,
    served: Served,
    /// The load and the CPUs that `served` was computed for.
    served_for: (f64, f64),
}

impl World {
    /// The ways of all clients and the containers at their ends, as they are now.
    pub(super) fn find_ends(&self, clients: &mut [Client]) -> Vec<End> {
        let mut ends: Vec<End> = Vec::new();
        for client in clients.iter_mut() {
            client.ways = Arc::new(self.ways(&client.request));
            for end in client.ways.iter().flat_map(|way| &way.ends) {
                if let (Err(place), Some(new)) = (place_of(&ends, end), self.end(end)) {
                    ends.insert(place, new);
                }
            }
        }
        for client in clients {
            for way in Arc::make_mut(&mut client.ways) {
                let known = way.ends.iter().filter_map(|end| place_of(&ends, end).ok());
                way.places = known.map(|place| place as u32).collect();
            }
        }
        ends
    }

    /// Lets all containers work on what is sent, and tells the clients what became of it.
    pub(super) fn work(&self, clients: &mut [Client], ends: &mut [End]) {
        let seed = self.settings.seed;
        for end in ends.iter_mut() {
            (end.open, end.closed, end.cpus) = (0.0, 0.0, end.most_cpus);
        }
        for client in clients.iter_mut() {
            let whole = client.until.map_or(Span::secs(600), |until| until.since(client.since));
            let since = self.now.since(client.since);
            client.now = Flow { offered: client.shape.at(since, whole, client.rate, seed), ..Flow::default() };
        }
        for client in clients.iter().filter(|client| client.loops.is_none()) {
            for way in client.ways.iter() {
                for i in way.places.iter().map(|place| *place as usize) {
                    ends[i].open += client.now.offered * way.share;
                }
            }
        }
        self.share_nodes(ends);
        ends.iter_mut().for_each(End::serve);
        for client in clients.iter_mut() {
            let Some((count, think)) = client.loops else { continue };
            let mut latency = 0.0;
            let mut most = f64::INFINITY;
            for way in client.ways.iter() {
                let mut secs = way.secs;
                for i in way.places.iter().map(|place| *place as usize) {
                    secs += ends[i].served.latency_secs;
                    most = most.min(ends[i].spare() / way.share);
                }
                latency += way.share * secs;
            }
            let rate = (f64::from(count) / (think + latency)).min(most.max(0.0));
            client.now.offered = rate;
            for way in client.ways.iter() {
                for i in way.places.iter().map(|place| *place as usize) {
                    ends[i].closed += rate * way.share;
                }
            }
            let latency = f64::from(count) / rate.max(1e-9) - think;
            let answered: f64 = client.ways.iter().filter(|way| way.answers).fold(0.0, |sum, way| sum + way.share);
            client.now.served = rate * answered;
            client.now.failed = rate - client.now.served;
            client.now.latency_secs = latency;
        }
        for client in clients.iter_mut().filter(|client| client.loops.is_none()) {
            let (mut served, mut latency) = (0.0, 0.0);
            for way in client.ways.iter().filter(|way| way.answers) {
                let (mut part, mut secs) = (client.now.offered * way.share, way.secs);
                for i in way.places.iter().map(|place| *place as usize) {
                    part *= ends[i].served_part();
                    secs += ends[i].served.latency_secs;
                }
                served += part;
                latency += part * secs;
            }
            client.now.served = served;
            client.now.failed = (client.now.offered - served).max(0.0);
            client.now.latency_secs = if served > 0.0 { latency / served } else { 0.0 };
        }
    }

    fn end(&self, (uid, container): &(EcoString, EcoString)) -> Option<End> {
        let runtime = self.pod_runtime(uid)?;
        let pod = &runtime.object;
        let spec = pod.at("spec.containers").list().iter().find(|c| c.get("name").str() == container)?;
        let demand = demand(pod, spec);
        let resources = runtime.in_force(container);
        let amount = |kind: &str, resource: &str| {
            let text = resources.get(kind).get(resource).str();
            Quantity::parse(text).ok().filter(|_| !text.is_empty()).map(Quantity::milli_value)
        };
        let node = pod.at("spec.nodeName").text();
        let whole = f64::from(self.settings.node_cpu);
        let limit = amount("limits", "cpu").map_or(whole, |milli| milli as f64 / 1000.0).min(whole);
        let idle = demand.idle_cpu_milli as f64 / 1000.0;
        Some(End {
            uid: uid.clone(),
            container: container.clone(),
            node,
            demand,
            most_cpus: (limit - idle).max(0.001),
            cpus: 0.0,
            limit,
            weight: amount("requests", "cpu").unwrap_or(2).max(2) as f64,
            memory_limit: amount("limits", "memory").map_or(u64::MAX, |milli| milli as u64 / 1000),
            open: 0.0,
            closed: 0.0,
            served: Served::default(),
            served_for: (-1.0, 0.0),
        })
    }

    /// Where a node has fewer CPUs than its containers want, each is given its share.
    fn share_nodes(&self, ends: &mut [End]) {
        let mut nodes: Vec<EcoString> = ends.iter().map(|end| end.node.clone()).collect();
        nodes.dedup();
        for node in nodes {
            let mut wants: Vec<(f64, f64)> = Vec::new();
            let mine: Vec<usize> = (0..ends.len()).filter(|i| ends[*i].node == node).collect();
            for i in &mine {
                let end = &ends[*i];
                let wanted = end.open * end.demand.request_cpu_us as f64 / 1e6 + end.limit - end.cpus;
                wants.push((wanted.min(end.limit), end.weight));
            }
            let asked: f64 = wants.iter().map(|want| want.0).sum();
            let whole = f64::from(self.settings.node_cpu);
            if asked <= whole / 2.0 {
                continue;
            }
            for pod in self.store().pods_on_node(&node) {
                for spec in pod.at("spec.containers").list() {
                    let known =
                        mine.iter().any(|i| ends[*i].uid == pod.uid() && ends[*i].container == spec.get("name").str());
                    if !known {
                        let request = spec.at("resources.requests.cpu").str();
                        let weight = Quantity::parse(request).map_or(2, Quantity::milli_value).max(2);
                        wants.push((demand(pod, spec).idle_cpu_milli as f64 / 1000.0, weight as f64));
                    }
                }
            }
            let given = share(whole, &wants);
            for (place, i) in mine.iter().enumerate() {
                let end = &mut ends[*i];
                if given[place] < wants[place].0 {
                    end.cpus = (given[place] - (end.limit - end.cpus)).max(0.001);
                }
            }
        }
    }

    /// Counts what containers use from now on. One that takes more memory than it may is killed.
    pub(super) fn count_usage(&mut self, ends: &[End]) {
        let (now, first_look) = (self.now, self.first_look());
        let mut killed = Vec::new();
        let usages = Arc::make_mut(&mut self.load.usages);
        for usage in usages.iter_mut() {
            let rate = usage.request_milli as f64 / 1000.0;
            let span = now.since(usage.until).0 as f64 / 1e6;
            usage.advance(now, first_look);
            if let Ok(place) = ends.binary_search_by(|end| end.cmp_to(&usage.uid, &usage.container)) {
                usage.leaked += ends[place].demand.leak as f64 * rate * span;
            } else if usage.request_milli > 0 {
                usage.cpu_micro = usage.idle_cpu_micro;
                usage.memory = usage.idle_memory + usage.leaked as u64;
                usage.request_milli = 0;
                usage.idle_since = now;
            }
        }
        usages.retain(|usage| usage.request_milli > 0 || now.since(usage.idle_since) < FORGET_AFTER);
        for end in ends {
            let find = |usage: &Usage| end.cmp_to(&usage.uid, &usage.container).reverse();
            let place = match usages.binary_search_by(find) {
                Ok(place) => place,
                Err(place) => {
                    let mut usage = Usage::new(end.uid.clone(), end.container.clone(), now, first_look);
                    usage.idle_cpu_micro = end.demand.idle_cpu_milli * 1000;
                    usage.idle_memory = end.demand.idle_memory;
                    usages.insert(place, usage);
                    place
                }
            };
            let usage = &mut usages[place];
            let rate = end.served.rate + end.closed;
            let cpu = rate * end.demand.request_cpu_us as f64 + usage.idle_cpu_micro as f64;
            usage.cpu_micro = cpu.min(end.limit * 1e6).round() as u64;
            usage.request_milli = ((rate * 1000.0).round() as u64).max(1);
            let busy = (end.served.in_flight + end.closed * end.demand.request_cpu_us as f64 / 1e6).max(0.0);
            let held = busy * end.demand.request_memory as f64 + usage.leaked;
            usage.memory = usage.idle_memory + held as u64;
            if usage.memory > end.memory_limit {
                usage.leaked = 0.0;
                usage.memory = usage.idle_memory;
                killed.push((end.uid.clone(), end.container.clone()));
            }
        }
        for (uid, container) in killed {
            self.kill_for_memory(&uid, &container);
        }
    }

    /// The kernel ends a container that takes more memory than it may.
    fn kill_for_memory(&mut self, uid: &EcoString, container: &str) {
        let now = self.now;
        let Some(slot) = self.pods.get_mut(uid) else { return };
        let Some(runtime) = slot.runtime.as_mut().map(Arc::make_mut) else { return };
        runtime.kill_for_memory(container, now);
        let node = runtime.object.at("spec.nodeName").text();
        let pod = PodRef { key: runtime.object.key(), uid: uid.clone(), node };
        self.wake_pod(pod, now);
    }
}

/// The place of a container among ends, or where it belongs.
fn place_of(ends: &[End], (uid, container): &(EcoString, EcoString)) -> Result<usize, usize> {
    ends.binary_search_by(|end| end.cmp_to(uid, container))
}

impl End {
    fn cmp_to(&self, uid: &str, container: &str) -> std::cmp::Ordering {
        (self.uid.as_str(), self.container.as_str()).cmp(&(uid, container))
    }

    fn secs(&self) -> f64 {
        self.demand.request_cpu_us as f64 / 1e6
    }

    fn serve(&mut self) {
        if self.served_for != (self.open, self.cpus) {
            self.served = serve(self.open, self.secs(), self.cpus, self.demand.workers as f64);
            self.served_for = (self.open, self.cpus);
        }
    }

    /// Requests a second it could serve besides.
    fn spare(&self) -> f64 {
        (self.cpus / self.secs() - self.served.rate - self.closed).max(0.0)
    }

    fn served_part(&self) -> f64 {
        if self.open > 0.0 {
            self.served.rate / self.open
        } else {
            1.0
        }
    }
}
