//! What the scheduler knows of the nodes: what they offer and what the pods on them ask for, kept up to date pod by pod, so
//! that a decision never looks at all pods.

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::EcoString;

use super::pod_info::{HostPort, PodInfo, Resources};
use crate::api::{Object, Value};
use crate::base::map::Map;

/// The number of a set of pods of one namespace with equal labels.
pub type GroupId = u32;

/// A node and the sum of its pods.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// Its name.
    pub name: EcoString,
    /// Its labels.
    pub labels: Value,
    /// True where it has the label `kubernetes.io/hostname`.
    pub has_host_name: bool,
    /// `spec.taints`.
    pub taints: Value,
    /// True where a taint only advises against pods.
    pub advises_against: bool,
    /// `spec.unschedulable`.
    pub unschedulable: bool,
    /// `status.images`.
    pub images: Value,
    /// What it offers.
    pub allocatable: Resources,
    /// How many pods it takes.
    pub allowed_pods: i64,
    /// What its pods ask for.
    pub requested: Resources,
    /// CPU its pods count as when nodes are scored.
    pub scored_cpu_milli: i64,
    /// Memory its pods count as when nodes are scored.
    pub scored_memory: i64,
    /// How many pods it has.
    pub pods: i64,
    /// Ports of the node that are taken.
    pub host_ports: Vec<HostPort>,
    /// How many pods of each group it has: those that stay and all.
    pub groups: BTreeMap<GroupId, (u32, u32)>,
    /// The UIDs of its pods that have a say on which pods come near them.
    pub with_affinity: Vec<EcoString>,
    /// False for a node that only its pods speak of: the object is gone or has not come yet.
    pub known: bool,
}

/// A set of pods of one namespace with equal labels.
#[derive(Clone, Debug)]
pub struct Group {
    /// Their namespace.
    pub namespace: EcoString,
    /// Their labels.
    pub labels: Value,
    identity: EcoString,
    pods: u32,
}

/// A pod that has a node.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The pod.
    pub info: Arc<PodInfo>,
    /// Its node.
    pub node: EcoString,
    /// Its group.
    pub group: GroupId,
}

/// All nodes, by name, and all pods that have one.
#[derive(Clone, Default)]
pub struct Nodes {
    list: Vec<Arc<NodeInfo>>,
    pods: Map<EcoString, Placed>,
    group_ids: Map<EcoString, GroupId>,
    groups: Map<GroupId, Group>,
}

impl NodeInfo {
    fn unknown(name: &str) -> NodeInfo {
        NodeInfo {
            name: name.into(),
            labels: Value::Null,
            has_host_name: false,
            taints: Value::Null,
            advises_against: false,
            unschedulable: false,
            images: Value::Null,
            allocatable: Resources::default(),
            allowed_pods: 0,
            requested: Resources::default(),
            scored_cpu_milli: 0,
            scored_memory: 0,
            pods: 0,
            host_ports: Vec::new(),
            groups: BTreeMap::new(),
            with_affinity: Vec::new(),
            known: false,
        }
    }

    fn read(&mut self, node: &Object) {
        self.known = true;
        self.labels = node.labels().clone();
        self.has_host_name = !self.labels.get("kubernetes.io/hostname").is_null();
        self.taints = node.at("spec.taints").clone();
        let advises = |taint: &Value| taint.get("effect").str() == "PreferNoSchedule";
        self.advises_against = self.taints.list().iter().any(advises);
        self.unschedulable = node.at("spec.unschedulable").bool();
        self.images = node.at("status.images").clone();
        self.allocatable = Resources::read(node.at("status.allocatable"));
        let pods = super::pod_info::quantity(node.at("status.allocatable.pods"));
        self.allowed_pods = pods.map_or(0, |quantity| quantity.value());
    }

    /// True where the amounts fit beside what its pods ask for.
    pub fn has_room(&self, wanted: &Resources) -> bool {
        let fits = |wanted: i64, offered: i64, used: i64| wanted == 0 || wanted <= offered - used;
        let (offered, used) = (&self.allocatable, &self.requested);
        self.pods < self.allowed_pods
            && fits(wanted.cpu_milli, offered.cpu_milli, used.cpu_milli)
            && fits(wanted.memory, offered.memory, used.memory)
            && fits(wanted.ephemeral_storage, offered.ephemeral_storage, used.ephemeral_storage)
            && wanted.others.iter().all(|(name, n)| fits(*n, offered.other(name), used.other(name)))
    }

    fn count(&mut self, placed: &Placed, sign: i64) {
        let info = &placed.info;
        self.requested.add(&info.requests, sign);
        self.scored_cpu_milli += sign * info.scored_cpu_milli;
        self.scored_memory += sign * info.scored_memory;
        self.pods += sign;
        let has_affinity = has_affinity(&info.object);
        let (staying, all) = self.groups.entry(placed.group).or_default();
        if sign > 0 {
            *all += 1;
            *staying += u32::from(!info.deleting);
            self.host_ports.extend(info.host_ports.iter().cloned());
            if has_affinity {
                self.with_affinity.push(info.uid.clone());
            }
            return;
        }
        *all -= 1;
        *staying -= u32::from(!info.deleting);
        if *all == 0 {
            self.groups.remove(&placed.group);
        }
        for port in &info.host_ports {
            if let Some(at) = self.host_ports.iter().position(|taken| taken == port) {
                self.host_ports.remove(at);
            }
        }
        if has_affinity {
            self.with_affinity.retain(|uid| *uid != info.uid);
        }
    }
}

fn has_affinity(pod: &Object) -> bool {
    let affinity = pod.spec().get("affinity");
    ["podAffinity", "podAntiAffinity"].iter().any(|side| !affinity.get(side).is_empty())
}

impl Nodes {
    /// The nodes that exist, by name.
    pub fn iter(&self) -> impl Iterator<Item = &NodeInfo> + '_ {
        self.list.iter().map(|node| &**node).filter(|node| node.known)
    }

    /// A node.
    pub fn get(&self, name: &str) -> Option<&NodeInfo> {
        self.position(name).ok().map(|i| &*self.list[i])
    }

    /// A pod that has a node.
    pub fn pod(&self, uid: &str) -> Option<&Placed> {
        self.pods.get(uid)
    }

    /// All pods that have a node.
    pub fn pods(&self) -> impl Iterator<Item = &Placed> + '_ {
        self.pods.values()
    }

    /// The pods on a node, in the order of their UIDs.
    pub fn pods_on<'a>(&'a self, node: &'a str) -> impl Iterator<Item = &'a Placed> + 'a {
        self.pods.values().filter(move |placed| placed.node == node)
    }

    /// The groups of pods.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, &Group)> + '_ {
        self.groups.iter().map(|(id, group)| (*id, group))
    }

    /// The group a pod belongs to.
    pub fn group(&self, id: GroupId) -> Option<&Group> {
        self.groups.get(&id)
    }

    /// Takes in a node as it is now.
    pub fn put_node(&mut self, node: &Object) {
        Arc::make_mut(self.slot(node.name())).read(node);
    }

    /// Forgets a node; what its pods ask for is kept as long as they are there.
    pub fn remove_node(&mut self, name: &str) {
        if let Ok(i) = self.position(name) {
            if self.list[i].pods == 0 {
                self.list.remove(i);
            } else {
                Arc::make_mut(&mut self.list[i]).known = false;
            }
        }
    }

    /// Counts a pod on a node, in place of what was counted for it before.
    pub fn put_pod(&mut self, info: Arc<PodInfo>, node: &str) {
        self.remove_pod(&info.uid);
        let group = self.join_group(&info.object);
        let placed = Placed { info, node: node.into(), group };
        Arc::make_mut(self.slot(node)).count(&placed, 1);
        self.pods.insert(placed.info.uid.clone(), placed);
    }

    /// Counts a pod no more.
    pub fn remove_pod(&mut self, uid: &str) -> Option<Placed> {
        let placed = self.pods.remove(uid)?;
        Arc::make_mut(self.slot(&placed.node)).count(&placed, -1);
        self.leave_group(placed.group);
        Some(placed)
    }

    fn join_group(&mut self, pod: &Object) -> GroupId {
        let mut identity = EcoString::from(pod.namespace());
        for (key, value) in pod.labels().entries() {
            for part in ["\n", key, "=", value.str()] {
                identity.push_str(part);
            }
        }
        let fresh = self.groups.get_max().map_or(0, |(id, _)| id + 1);
        let id = self.group_ids.get(&identity).copied().unwrap_or(fresh);
        if id == fresh {
            self.group_ids.insert(identity.clone(), id);
            let (namespace, labels) = (pod.namespace().into(), pod.labels().clone());
            self.groups.insert(id, Group { namespace, labels, identity, pods: 0 });
        }
        if let Some(group) = self.groups.get_mut(&id) {
            group.pods += 1;
        }
        id
    }

    fn leave_group(&mut self, id: GroupId) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        group.pods -= 1;
        if group.pods == 0 {
            if let Some(group) = self.groups.remove(&id) {
                self.group_ids.remove(&group.identity);
            }
        }
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.list.binary_search_by(|node| node.name.as_str().cmp(name))
    }

    fn slot(&mut self, name: &str) -> &mut Arc<NodeInfo> {
        let i = match self.position(name) {
            Ok(i) => i,
            Err(i) => {
                self.list.insert(i, Arc::new(NodeInfo::unknown(name)));
                i
            }
        };
        &mut self.list[i]
    }
}
