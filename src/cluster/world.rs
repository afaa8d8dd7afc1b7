//! The World: a whole cluster at one instant, as plain data. A clone is a checkpoint and costs next to nothing.

use std::sync::Arc;

use ecow::EcoString;

use super::faults::NodeFault;
use super::outside::Command;
use super::recorder::Recorder;
use super::work::WorkQueues;
use crate::api::field_manager::Manager;
use crate::base::map::Map;
use crate::base::time::{SimTime, Timestamp};
use crate::controllers::Key;
use crate::kernel::Queue;
use crate::kubelet::{NodeRuntime, PodRef, PodRuntime};
use crate::store::{Server, Settings, Store, View, VolumeData};
use crate::{load, network, scheduler};

/// More events than this at one instant are a circle of controllers calling for each other.
const EVENTS_AT_ONCE: u64 = 1_000_000;

/// What can happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// Changes up to a revision reach those who watch.
    Deliver(u64),
    /// A controller, by its place in the table, looks at a key.
    Reconcile(u16, Key),
    /// The scheduler looks at its queue.
    Schedule,
    /// The kubelet looks at a pod.
    SyncPod(PodRef),
    /// Events that are older than their time to live go.
    ExpireEvents,
    /// Those who send requests and those who work on them are looked at.
    Load,
    /// The cluster autoscaler looks for pods that wait and nodes that are empty.
    ScanNodes,
    /// The kubelet of a node looks whether it runs short of something.
    Housekeep(EcoString),
    /// The kubelet of a node posts which images it has.
    PostImages(EcoString),
}

/// A cluster at one instant.
#[derive(Clone)]
pub struct World {
    pub(super) settings: Arc<Settings>,
    pub(super) now: SimTime,
    pub(super) store: Store,
    pub(super) cache: Store,
    pub(super) queue: Queue<Event>,
    pub(super) announced: u64,
    pub(super) work: WorkQueues,
    pub(super) recorder: Recorder,
    pub(super) scheduler: scheduler::State,
    pub(super) scheduler_due: Option<SimTime>,
    pub(super) scheduler_free_at: SimTime,
    pub(super) pods: Map<EcoString, PodSlot>,
    pub(super) nodes: Map<EcoString, NodeRuntime>,
    pub(super) network: network::State,
    pub(super) load: load::State,
    pub(super) clients: super::load::Clients,
    pub(super) series: super::series::Series,
    pub(super) node_autoscaler: Option<super::node_autoscaler::NodeAutoscaler>,
    pub(super) volumes: VolumeData,
    /// What is wrong with which node.
    pub(super) faults: Vec<(EcoString, NodeFault)>,
    pub(super) requests: u64,
    /// What somebody runs in containers.
    pub(super) commands: Vec<Command>,
    /// The requests those have sent.
    pub(super) sent: Vec<network::Trace>,
    pub(super) expiry_planned: bool,
    events_done: u64,
    /// When the present instant began, counted in events: an instant that never ends is our mistake.
    instant_began: u64,
}

/// A pod as its node has it.
#[derive(Clone, Default)]
pub(super) struct PodSlot {
    pub due: Option<SimTime>,
    /// Behind a pointer: what moves when a neighbour in the map changes is then eight bytes.
    pub runtime: Option<Arc<PodRuntime>>,
}

impl World {
    /// A new cluster that has been up for [`Settings::uptime`]: its system pods run and its controllers are at rest.
    pub fn new(settings: Settings) -> World {
        let mut world = World {
            settings: Arc::new(settings),
            now: SimTime(0),
            store: Store::default(),
            cache: Store::default(),
            queue: Queue::default(),
            announced: 0,
            work: WorkQueues::default(),
            recorder: Recorder::default(),
            scheduler: scheduler::State::default(),
            scheduler_due: None,
            scheduler_free_at: SimTime(0),
            pods: Map::new(),
            nodes: Map::new(),
            network: network::State::default(),
            load: load::State::default(),
            clients: super::load::Clients::default(),
            series: super::series::Series::default(),
            node_autoscaler: None,
            volumes: VolumeData::default(),
            faults: Vec::new(),
            requests: 0,
            commands: Vec::new(),
            sent: Vec::new(),
            expiry_planned: false,
            events_done: 0,
            instant_began: 0,
        };
        super::bootstrap::start(&mut world);
        world.settle();
        let up = SimTime(world.settings.uptime.0);
        world.run_until(up);
        world
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The present.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// The present as date and time.
    pub fn timestamp(&self) -> Timestamp {
        Timestamp::of(self.settings.epoch, self.now)
    }

    /// The objects as the API server has them.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The objects as those see them who watch: behind by the watch latency.
    pub fn view(&self) -> View<'_> {
        View { metrics: self, ..View::new(&self.cache, self.now, &self.settings) }
    }

    /// The objects as they are, in the form that printers and tracers take.
    pub fn truth(&self) -> View<'_> {
        View { metrics: self, ..View::new(&self.store, self.now, &self.settings) }
    }

    /// The scheduler: its verdicts about nodes and what it has given out.
    pub fn scheduler(&self) -> &scheduler::State {
        &self.scheduler
    }

    /// What the kubelet and the container runtime know of a pod, by its UID.
    pub fn pod_runtime(&self, uid: &str) -> Option<&PodRuntime> {
        self.pods.get(uid)?.runtime.as_deref()
    }

    /// What is common to the pods of a node.
    pub fn node_runtime(&self, node: &str) -> Option<&NodeRuntime> {
        self.nodes.get(node)
    }

    /// The rules of the nodes and the caches of the network.
    pub fn network(&self) -> &network::State {
        &self.network
    }

    /// The files in volumes.
    pub fn volumes(&self) -> &VolumeData {
        &self.volumes
    }

    /// The files in volumes, to write; a command in a container does.
    pub fn volumes_mut(&mut self) -> &mut VolumeData {
        &mut self.volumes
    }

    /// When the next event is due.
    pub fn next_at(&self) -> Option<SimTime> {
        self.queue.next_at()
    }

    /// How many events have been carried out since the beginning.
    pub fn events_done(&self) -> u64 {
        self.events_done
    }

    /// One request to the API server; what it changes is delivered to the controllers in its time.
    pub fn request<T>(&mut self, act: impl FnOnce(&mut Server<'_>) -> T) -> T {
        self.request_as(Manager::default(), act)
    }

    /// The same for somebody whose fields are written down.
    pub fn request_as<T>(&mut self, manager: Manager<'_>, act: impl FnOnce(&mut Server<'_>) -> T) -> T {
        let mut server = Server { store: &mut self.store, settings: &self.settings, at: self.now, manager };
        let result = act(&mut server);
        self.settle();
        result
    }

    /// Carries out the next event, whenever it is due. False when nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let Some((at, event)) = self.queue.pop() else {
            return false;
        };
        if at > self.now {
            self.now = at;
            self.instant_began = self.events_done;
        }
        self.events_done += 1;
        assert!(
            self.events_done - self.instant_began < EVENTS_AT_ONCE,
            "the cluster never comes to rest at {:?}, seed {}: {event:?}",
            self.now,
            self.settings.seed
        );
        self.dispatch(event);
        self.settle();
        true
    }

    /// Carries out everything due until `until` and stands there afterwards. Gives the number of events.
    pub fn run_until(&mut self, until: SimTime) -> u64 {
        let mut events = 0;
        while self.next_at().is_some_and(|at| at <= until) {
            self.step();
            events += 1;
        }
        self.now = self.now.max(until);
        events
    }

    /// Stands at an instant without carrying out what is due by then: where an input came between two events of one instant.
    pub fn stand_at(&mut self, at: SimTime) {
        self.now = self.now.max(at);
    }

    /// Carries out at most `most` of the events due until `until`; true when all are done and the time is reached.
    pub fn run_some(&mut self, until: SimTime, most: u64) -> bool {
        for _ in 0..most {
            if self.next_at().is_none_or(|at| at > until) {
                self.now = self.now.max(until);
                return true;
            }
            self.step();
        }
        false
    }

    /// The number of the next request, which keys its draws.
    pub fn count_request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    /// A digest of the whole state that users can observe: equal histories have equal digests on every platform.
    pub fn digest(&self) -> u64 {
        use crate::base::draw::mix;
        let mut state = mix(self.now.0 ^ self.store.revision());
        for kind in self.store.catalog().all() {
            for object in self.store.all(kind.kind) {
                for byte in format!("{:?}", object.value).bytes() {
                    state = mix(state ^ u64::from(byte));
                }
            }
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_cluster_has_its_first_objects_and_the_same_digest_each_time() {
        let world = World::new(Settings::default());
        assert_eq!(world.store().count("Node"), 3);
        let dns = world.store().find("Service", "kube-system", "kube-dns").expect("DNS has a Service");
        assert_eq!(dns.at("spec.clusterIP").str(), "10.96.0.10");
        assert_eq!(world.digest(), World::new(Settings::default()).digest());
    }
}
