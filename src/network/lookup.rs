//! Who has an address: pods, nodes, the API server. It looks and changes nothing.

use core::net::IpAddr;

use super::path::Path;
use super::proxy::compile::Compiled;
use super::State;
use crate::api::{Object, ObjectKey};

impl<'a> Path<'a> {
    /// The pod with an address, unless it has ended; a pod on its host's network only by a port it names.
    pub(super) fn pod_at(&self, ip: IpAddr, port: u16) -> Option<&'a Object> {
        let text = ip.to_string();
        let node = self.node_with_pods_of(ip)?;
        let mut pods = self.view.store.pods_on_node(&node);
        pods.find(|pod| {
            let here = pod.at("status.podIP").str() == text;
            let over = matches!(pod.at("status.phase").str(), "Succeeded" | "Failed");
            let host = pod.at("spec.hostNetwork").bool();
            here && !over && (!host || names_port(pod, port))
        })
    }

    /// The node whose pod network, or whose own address, this is.
    fn node_with_pods_of(&self, ip: IpAddr) -> Option<String> {
        let mut nodes = self.view.store.all("Node");
        let holds = |node: &&Object| {
            let cidr = super::address::Cidr::parse(node.at("spec.podCIDR").str());
            cidr.is_some_and(|cidr| cidr.contains(ip)) || has_address(node, ip)
        };
        nodes.find(holds).map(|node| node.name().to_owned())
    }

    /// The node with an address of its own.
    pub(super) fn node_at(&self, ip: IpAddr) -> Option<String> {
        self.view.store.all("Node").find(|node| has_address(node, ip)).map(|node| node.name().to_owned())
    }

    /// The address of the API server: what the Service `kubernetes` leads to.
    pub(super) fn api_server_address(&self) -> IpAddr {
        let mut slices = self.state.slices(&ObjectKey::new("default", "kubernetes"));
        let known = slices.find_map(|slice| slice.endpoints.first()).map(|endpoint| endpoint.address);
        known.unwrap_or(IpAddr::from([0, 0, 0, 0]))
    }

    /// The address of the machine outside: on the node network, below the API server's.
    pub(super) fn outside_address(&self) -> IpAddr {
        IpAddr::from((u32::from_be_bytes(self.view.settings.first_node_ip) - 2).to_be_bytes())
    }

    /// True where a Service has this number on every node.
    pub(super) fn is_node_port(&self, port: u16) -> bool {
        let (first, last) = self.view.settings.node_ports;
        (first..=last).contains(&port)
    }

    /// The Service an address and port belong to, as the API server has it.
    pub(super) fn service_at(&self, ip: IpAddr, port: u16) -> Option<ObjectKey> {
        let by_address = self.state.services_at(ip).find(|service| service.ports.iter().any(|p| p.port == port));
        let by_port = || {
            let node = self.node_at(ip)?;
            let node = State::node(self.view, &node)?;
            let compiled = self.state.candidates(self.view, &node, ip, port);
            compiled.into_iter().find(|c| c.port.node_port == Some(port)).map(|c| c.service.key.clone())
        };
        by_address.map(|service| service.key.clone()).or_else(by_port)
    }

    /// The node a load balancer, or the router that knows an external IP, hands a packet to.
    pub(super) fn balancer_node(&mut self, ip: IpAddr, port: u16) -> Option<String> {
        let fits = |address: &IpAddr| *address == ip;
        let service = self.state.services_at(ip).find(|service| {
            let outside = service.balancer_ips.iter().chain(&service.external_ips).any(fits);
            outside && service.ports.iter().any(|p| p.port == port)
        })?;
        let nodes: Vec<String> = self.view.store.all("Node").map(|node| node.name().to_owned()).collect();
        let healthy: Vec<&String> = match service.external_local {
            true => nodes.iter().filter(|node| self.has_local(&service.key, node)).collect(),
            false => nodes.iter().filter(|node| !self.state.is_down(node)).collect(),
        };
        let pool = if healthy.is_empty() { nodes.iter().collect() } else { healthy };
        let count = pool.len() as u64;
        let key = service.key.to_string();
        if count == 0 {
            return None;
        }
        let pool: Vec<String> = pool.into_iter().cloned().collect();
        let index = self.lot("balancer", &key, count);
        pool.into_iter().nth(index as usize)
    }

    fn has_local(&self, service: &ObjectKey, node: &str) -> bool {
        let mut endpoints = self.state.slices(service).flat_map(|slice| &slice.endpoints);
        endpoints.any(|endpoint| endpoint.ready && endpoint.node == node)
    }

    /// The Service with this health check port, and how many of its endpoints are on a node.
    pub(super) fn local_endpoints(&self, node: &str, port: u16) -> (ObjectKey, usize) {
        let Some(node) = State::node(self.view, node) else {
            return (ObjectKey::default(), 0);
        };
        let services = self.state.compiled(self.view, &node);
        let found = services.iter().find(|c| c.service.health_check_port == Some(port));
        found.map_or_else(|| (ObjectKey::default(), 0), |c: &Compiled| (c.service.key.clone(), c.local.len()))
    }
}

fn has_address(node: &Object, ip: IpAddr) -> bool {
    let text = ip.to_string();
    node.at("status.addresses").list().iter().any(|address| address.get("address").str() == text)
}

fn names_port(pod: &Object, port: u16) -> bool {
    let containers = pod.at("spec.containers").list().iter();
    let mut ports = containers.flat_map(|container| container.get("ports").list());
    ports.any(|entry| entry.get("containerPort").int() == i64::from(port))
}
