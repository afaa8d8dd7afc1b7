//! Clients that send requests at a rate, and what becomes of the containers they reach. Each second while somebody sends:
//! where requests go by the network's own rules, what the queues in front of the containers make of them, what that uses.

use std::sync::Arc;

use ecow::EcoString;

use super::load_work::End;
use super::series;
use super::world::Event;
use super::World;
use crate::api::{Object, ObjectKey, Value};
use crate::base::time::{SimTime, Span};
use crate::kubelet::PodRef;
use crate::load::shape::Shape;
use crate::load::usage::RESOLUTION;
use crate::network::{self, HopKind, HttpRequest, Outcome, Request, Source, Trace, Url};
use crate::workload;
use crate::workload::sender::{sender, Sender};

/// How often load is looked at.
const TICK: Span = Span::secs(1);
/// So long after a change of what the network knows its rules may still become others.
const RULES_SETTLE: Span = Span::secs(3);
/// More ways than this are not gone one by one.
const MOST_WAYS: usize = 4_096;
/// How often a client's numbers are taken down for charts.
const NOTED_EVERY: Span = Span::secs(5);
/// The usage of so many pods under load is taken down.
const MOST_PODS_NOTED: usize = 50;

/// Somebody who sends requests.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its number, by which it is stopped.
    pub id: u32,
    /// What was asked for, as it was typed: `svc/web`.
    pub target: String,
    /// The namespace of the target.
    pub namespace: EcoString,
    /// The request it sends.
    pub request: Request,
    /// How its rate changes.
    pub shape: Shape,
    /// Requests a second at the most.
    pub rate: f64,
    /// Where it asks again only after an answer: how many do, and seconds of thought in between.
    pub loops: Option<(u32, f64)>,
    /// The pod it runs in, where it is a pod's command.
    pub pod: Option<EcoString>,
    /// Since when.
    pub since: SimTime,
    /// Until when.
    pub until: Option<SimTime>,
    /// Where its requests go.
    pub ways: Arc<Vec<Way>>,
    /// What becomes of them now.
    pub now: Flow,
}

/// Requests of a client by what becomes of them.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Flow {
    /// Sent a second.
    pub offered: f64,
    /// Answered a second.
    pub served: f64,
    /// Not answered, or with an error, a second.
    pub failed: f64,
    /// Seconds until an answer.
    pub latency_secs: f64,
}

/// One way that requests take, and how many of them do.
#[derive(Clone, PartialEq, Debug)]
pub struct Way {
    /// The share of the requests.
    pub share: f64,
    /// The pods and containers that work on each, a proxy before the one that answers.
    pub ends: Vec<(EcoString, EcoString)>,
    /// The places of those in [`Clients::ends`].
    pub(super) places: Vec<u32>,
    /// Where it ends, in words: `pod default/web-0`, `connection refused`.
    pub result: String,
    /// True where an answer without an error comes.
    pub answers: bool,
    /// Seconds on the way.
    pub secs: f64,
}

impl Client {
    /// A client of a request that sends nothing yet.
    pub fn new(request: Request, now: SimTime) -> Client {
        Client {
            id: 0,
            target: String::new(),
            namespace: EcoString::new(),
            request,
            shape: Shape::Constant,
            rate: 0.0,
            loops: None,
            pod: None,
            since: now,
            until: None,
            ways: Arc::default(),
            now: Flow::default(),
        }
    }
}

/// All clients of a cluster.
#[derive(Clone, Default)]
pub struct Clients {
    /// Those that send now.
    pub list: Arc<Vec<Client>>,
    /// The containers that work on their requests, in the order of their pods' UIDs.
    ends: Arc<Vec<End>>,
    /// True while `ends` and the ways of all clients are those of now.
    fresh: bool,
    next_id: u32,
    due: Option<SimTime>,
    unsettled_until: SimTime,
}

impl World {
    /// The clients that send requests now.
    pub fn clients(&self) -> &[Client] {
        &self.clients.list
    }

    /// Adds a client and gives its number.
    pub fn add_client(&mut self, mut client: Client) -> u32 {
        self.clients.next_id += 1;
        client.id = self.clients.next_id;
        Arc::make_mut(&mut self.clients.list).push(client);
        self.clients.fresh = false;
        self.plan_load(self.now);
        self.clients.next_id
    }

    /// Stops the clients for which `gone` is true; gives how many there were.
    pub fn stop_clients(&mut self, gone: &dyn Fn(&Client) -> bool) -> usize {
        let before = self.clients.list.len();
        Arc::make_mut(&mut self.clients.list).retain(|client| !gone(client));
        self.clients.fresh = false;
        self.plan_load(self.now);
        before - self.clients.list.len()
    }

    /// A pod whose command sends requests is a client while it runs.
    pub(super) fn follow_sender(&mut self, pod: &PodRef) {
        let known = self.clients.list.iter().any(|client| client.pod.as_ref() == Some(&pod.uid));
        let sends = self.pod_runtime(&pod.uid).and_then(|runtime| {
            let running = runtime.containers.iter().filter(|container| container.is_running());
            running.map(|container| container.spec(&runtime.object)).find_map(|spec| {
                let has_words = !spec.get("args").is_null() || !spec.get("command").is_null();
                has_words.then(|| sender(&workload::words_of(spec))).flatten()
            })
        });
        match sends {
            Some(sender) if !known => self.add_sender(pod, &sender),
            None if known => {
                self.stop_clients(&|client| client.pod.as_ref() == Some(&pod.uid));
            }
            _ => {}
        }
    }

    fn add_sender(&mut self, pod: &PodRef, sender: &Sender) {
        let Ok(url) = Url::parse(&sender.url) else { return };
        let source = Source::Pod(pod.key.clone());
        let n = self.count_request();
        let clients = f64::from(sender.clients);
        let think = (sender.think_ms as f64 / 1000.0).max(sender.rate.map_or(0.0, |rate| clients / f64::from(rate)));
        self.add_client(Client {
            target: sender.url.clone(),
            namespace: pod.key.namespace.clone(),
            loops: Some((sender.clients, think)),
            pod: Some(pod.uid.clone()),
            ..Client::new(Request::get(source, &url.scheme, &url.host, url.port, &url.path, n), self.now)
        });
    }

    pub(super) fn plan_load(&mut self, at: SimTime) {
        if self.clients.due.is_none_or(|due| at < due) {
            self.clients.due = Some(at);
            self.queue.push(at, Event::Load);
        }
    }

    /// The network knows something new: for a while requests may go other ways.
    pub(super) fn unsettle_load(&mut self) {
        self.clients.unsettled_until = self.now + RULES_SETTLE;
    }

    /// A pod may use more or less than before.
    pub(super) fn renew_load(&mut self) {
        self.clients.fresh = false;
    }

    /// All ways that a request may take, by the rules as they are now, with their shares.
    pub fn ways(&self, request: &Request) -> Vec<Way> {
        let view = self.truth();
        let respond = |pod: &Object, container: &str, port: u16, question: &HttpRequest| {
            self.answer(pod, container, port, question)
        };
        let mut ways: Vec<Way> = Vec::new();
        let mut open: Vec<Vec<u32>> = vec![Vec::new()];
        while let Some(lots) = open.pop() {
            let given = lots.len();
            let (trace, counts) = network::request_by_lots(&view, &self.network, request, lots.clone(), &respond);
            for (place, count) in counts.iter().enumerate().skip(given) {
                for other in 1..*count {
                    let mut lots = lots.clone();
                    lots.resize(place, 0);
                    lots.push(other);
                    open.push(lots);
                }
            }
            let share = counts.iter().map(|count| 1.0 / f64::from(*count)).product();
            let way = self.way(&trace, share);
            match ways.iter_mut().find(|known| known.ends == way.ends && known.result == way.result) {
                Some(known) => known.share += share,
                None => ways.push(way),
            }
            if ways.len() + open.len() > MOST_WAYS {
                break;
            }
        }
        ways
    }

    /// Sends one request on ahead where nodes are to remember who asked: all others go where it went.
    fn begin_affinity(&mut self, request: &Request) {
        let trace = network::request(&self.truth(), &self.network, request, &|pod, container, port, question| {
            self.answer(pod, container, port, question)
        });
        if trace.memories.iter().any(|memory| memory.sticky) {
            self.network.remember(&trace, self.now);
        }
    }

    fn way(&self, trace: &Trace, share: f64) -> Way {
        let mut ends = Vec::new();
        let proxies = trace.hops.iter().filter(|hop| hop.kind == HopKind::Proxy && hop.from.kind == "pod");
        for place in proxies.map(|hop| &hop.from) {
            ends.extend(self.end_of(&ObjectKey::new(place.namespace.as_str(), place.name.as_str()), 80));
        }
        let port = trace.hops.iter().rev().find(|hop| hop.kind == HopKind::Dnat).and_then(|hop| {
            let (_, port) = hop.after.rsplit_once(':')?;
            port.parse::<u16>().ok()
        });
        if let Some((namespace, name)) = trace.pod().split_once('/') {
            let end = self.end_of(&ObjectKey::new(namespace, name), port.unwrap_or(trace.port));
            ends.extend(end.filter(|end| !ends.contains(end)));
        }
        let answers = matches!(&trace.outcome, Outcome::Response(response) if response.status < 500);
        let result = match trace.pod() {
            "" => trace.result(),
            pod => format!("pod {pod}: {}", trace.result()),
        };
        Way { share, ends, places: Vec::new(), result, answers, secs: trace.time_us as f64 / 1e6 }
    }

    /// The UID of a pod and the container of it that listens on a port.
    fn end_of(&self, key: &ObjectKey, port: u16) -> Option<(EcoString, EcoString)> {
        let pod = self.store().get("Pod", key)?;
        let containers = pod.at("spec.containers").list();
        let declares =
            |c: &&Value| c.get("ports").list().iter().any(|p| p.get("containerPort").int() == i64::from(port));
        let container = containers.iter().find(declares).or(containers.first())?;
        Some((pod.uid().into(), container.get("name").text()))
    }

    /// One look at the load.
    pub(super) fn look_at_load(&mut self) {
        if self.clients.due != Some(self.now) {
            return;
        }
        self.clients.due = None;
        let now = self.now;
        let ended = |client: &Client| client.until.is_some_and(|until| until <= now);
        if self.clients.list.iter().any(ended) {
            Arc::make_mut(&mut self.clients.list).retain(|client| !ended(client));
            self.clients.fresh = false;
        }
        let mut clients = std::mem::take(&mut self.clients.list);
        let mut ends = std::mem::take(&mut self.clients.ends);
        if now < self.clients.unsettled_until || !self.clients.fresh {
            clients.iter().for_each(|client| self.begin_affinity(&client.request));
            ends = Arc::new(self.find_ends(Arc::<Vec<Client>>::make_mut(&mut clients)));
            self.clients.fresh = true;
        }
        self.work(Arc::<Vec<Client>>::make_mut(&mut clients), Arc::<Vec<End>>::make_mut(&mut ends));
        self.clients.list = clients;
        self.clients.ends = ends.clone();
        self.count_usage(&ends);
        self.note_load();
        let busy = !self.clients.list.is_empty();
        let cooling = self.load.usages.iter().any(|usage| usage.request_milli > 0);
        if busy || cooling {
            self.plan_load(now + TICK);
        }
    }

    /// Takes down what becomes of the load, for charts.
    fn note_load(&mut self) {
        let (now, list) = (self.now, self.clients.list.clone());
        for client in list.iter().filter(|client| now.since(client.since).0 % NOTED_EVERY.0 == 0) {
            let flow = client.now;
            let values = [flow.offered, flow.served, flow.failed, flow.latency_secs * 1000.0];
            let name = format!("{} {}", client.id, client.target);
            self.series.note(&series::LOAD, &name, now, &values, EcoString::new());
        }
        let first = list.first().map_or(SimTime(0), |client| client.since);
        if now.since(first).0 % RESOLUTION.0 == 0 {
            let pods = self.clients.ends.iter().filter_map(|end| self.pod_runtime(&end.uid));
            let pods: Vec<Object> = pods.map(|runtime| runtime.object.clone()).take(MOST_PODS_NOTED).collect();
            self.note_pods(&pods);
            self.note_nodes();
        }
    }
}
