//! The picture of the cluster before it has a shape: nodes with their pods, Services with their endpoints. Plain data only.

use std::rc::Rc;

use serde::Serialize;

use super::tiles::TileView;
use super::Target;

/// All that the map and the tables show.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Topology {
    /// In the order of their names.
    pub nodes: Vec<NodeView>,
    /// In the order of namespace and name.
    pub services: Vec<Rc<ServiceView>>,
    /// Ingresses in the order of namespace and name.
    pub ingresses: Vec<Rc<TileView>>,
    /// Claims and volumes in the order of namespace and name.
    pub volumes: Vec<Rc<TileView>>,
    /// Pods that no node has, in the order of namespace and name.
    pub unscheduled: Vec<Rc<PodView>>,
}

/// A node and its pods.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct NodeView {
    /// Name.
    pub name: String,
    /// Internal IP.
    pub ip: String,
    /// Where its pods' IPs come from.
    pub pod_cidr: String,
    /// `Ready`, `NotReady`, `Ready,SchedulingDisabled`, as kubectl prints it.
    pub state: String,
    /// True while its kubelet reports.
    pub ready: bool,
    /// Requested CPU against what can be allocated.
    pub cpu: Usage,
    /// Requested memory against what can be allocated.
    pub memory: Usage,
    /// Its pods in the order of namespace and name.
    pub pods: Vec<Rc<PodView>>,
}

/// How much of something is spoken for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Usage {
    /// Share in thousandths; more than 1000 where it is overcommitted.
    pub permille: u32,
    /// `300m of 2`.
    pub text: String,
}

/// A pod.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct PodView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Empty before it has one.
    pub ip: String,
    /// Empty before it is scheduled.
    pub node: String,
    /// STATUS as kubectl prints it.
    pub status: String,
    /// The shape it is drawn with.
    pub shape: PodShape,
    /// READY as kubectl prints it: `1/1`.
    pub ready: String,
    /// Restarts of all its containers.
    pub restarts: u32,
    /// The workload it belongs to: `Deployment/tomcat`, or its own name without an owner.
    pub workload: String,
    /// The workload's colour: a number of the palette.
    pub colour: u8,
    /// When it was made.
    pub created_ms: u64,
    /// The claims it uses.
    pub claims: Vec<String>,
    /// True for what a new cluster brings with it.
    pub system: bool,
}

/// One shape for each stage of a pod's life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub enum PodShape {
    /// Not scheduled.
    #[default]
    Pending,
    /// Scheduled, its containers being made.
    Starting,
    /// Running, not ready.
    Unready,
    /// Running and ready.
    Ready,
    /// Ended well.
    Succeeded,
    /// Ended badly, crashing, or unable to start.
    Failing,
    /// Being deleted.
    Terminating,
}

impl PodShape {
    /// The height of its bar on the timeline as a share of the lane's: height tells the stages apart as well as colour does.
    pub fn bar_share(self) -> f32 {
        match self {
            PodShape::Pending => 0.16,
            PodShape::Succeeded | PodShape::Terminating => 0.28,
            PodShape::Starting => 0.42,
            PodShape::Unready => 0.6,
            PodShape::Ready | PodShape::Failing => 0.78,
        }
    }

    /// A word for style sheets.
    pub fn class(self) -> &'static str {
        match self {
            PodShape::Pending => "pending",
            PodShape::Starting => "starting",
            PodShape::Unready => "unready",
            PodShape::Ready => "ready",
            PodShape::Succeeded => "succeeded",
            PodShape::Failing => "failing",
            PodShape::Terminating => "terminating",
        }
    }
}

/// A Service and where it sends to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ServiceView {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// `ClusterIP`, `NodePort` ...
    pub kind: String,
    /// The virtual IP; `None` for a headless one.
    pub cluster_ip: String,
    /// Its ports in their order.
    pub ports: Vec<PortView>,
    /// Its endpoints in the order of their IPs.
    pub endpoints: Vec<EndpointView>,
    /// True for what a new cluster brings with it.
    pub system: bool,
}

/// A port of a Service.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct PortView {
    /// Empty without one.
    pub name: String,
    /// Port on the virtual IP.
    pub port: u16,
    /// Number or name on the pod.
    pub target: String,
    /// 0 without one.
    pub node_port: u16,
    /// `TCP`, `UDP`, `SCTP`.
    pub protocol: String,
}

/// An endpoint of a Service.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct EndpointView {
    /// The pod behind it; empty where there is none.
    pub pod: String,
    /// Its IP.
    pub ip: String,
    /// Its ports.
    pub ports: Vec<u16>,
    /// True where it gets requests.
    pub ready: bool,
    /// True where it could answer, terminating or not.
    pub serving: bool,
    /// True while its pod is being deleted.
    pub terminating: bool,
}

impl PodView {
    /// Itself as something to point at.
    pub fn target(&self) -> Target {
        Target::new("pod", &self.namespace, &self.name)
    }

    /// The name assistive technology reads: `pod NAME, IP, STATUS, ready 1/1, 2 restarts`.
    pub fn label(&self) -> String {
        let mut label = format!("pod {}", self.name);
        for part in [&self.ip, &self.status] {
            if !part.is_empty() {
                label.push_str(", ");
                label.push_str(part);
            }
        }
        label.push_str(&format!(", ready {}", self.ready));
        if self.restarts > 0 {
            label.push_str(&format!(", {} restarts", self.restarts));
        }
        label
    }
}

impl NodeView {
    /// Itself as something to point at.
    pub fn target(&self) -> Target {
        Target::new("node", "", &self.name)
    }

    /// The name assistive technology reads.
    pub fn label(&self) -> String {
        format!("node {}, {}, {}, pods {}, {}", self.name, self.state, self.ip, self.pod_cidr, self.pods.len())
    }
}

impl ServiceView {
    /// Itself as something to point at.
    pub fn target(&self) -> Target {
        Target::new("service", &self.namespace, &self.name)
    }

    /// PORT(S) as kubectl prints it: `8080:31002/TCP`.
    pub fn ports_text(&self) -> String {
        let ports = self.ports.iter().map(|p| match p.node_port {
            0 => format!("{}/{}", p.port, p.protocol),
            node_port => format!("{}:{node_port}/{}", p.port, p.protocol),
        });
        ports.collect::<Vec<_>>().join(",")
    }

    /// How many of its endpoints are ready.
    pub fn ready_count(&self) -> usize {
        self.endpoints.iter().filter(|e| e.ready).count()
    }

    /// The name assistive technology reads.
    pub fn label(&self) -> String {
        let (ready, all) = (self.ready_count(), self.endpoints.len());
        format!(
            "service {}, {}, {}, {}, {ready} of {all} endpoints ready",
            self.name,
            self.kind,
            self.cluster_ip,
            self.ports_text()
        )
    }
}

impl Topology {
    /// The same without what a new cluster brings with it.
    pub fn without_system(&self) -> Topology {
        let keep = |pods: &[Rc<PodView>]| pods.iter().filter(|p| !p.system).cloned().collect();
        Topology {
            nodes: self.nodes.iter().map(|n| NodeView { pods: keep(&n.pods), ..n.clone() }).collect(),
            ingresses: self.ingresses.clone(),
            volumes: self.volumes.clone(),
            services: self.services.iter().filter(|s| !s.system).cloned().collect(),
            unscheduled: keep(&self.unscheduled),
        }
    }

    /// All pods, those of the nodes first.
    pub fn pods(&self) -> impl Iterator<Item = &Rc<PodView>> {
        self.nodes.iter().flat_map(|n| &n.pods).chain(&self.unscheduled)
    }
}
