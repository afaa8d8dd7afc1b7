//! What kube-proxy keeps of a Service and of an EndpointSlice: the parts that rules are made of.

use core::net::IpAddr;

use ecow::EcoString;

use crate::api::{Object, ObjectKey, Value};
use crate::network::address::Cidr;

/// A transport protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
    /// ICMP, which no Service has: ping.
    Icmp,
}

impl Protocol {
    /// Reads `TCP`; empty is TCP, as in a Service.
    pub fn parse(text: &str) -> Protocol {
        match text {
            "UDP" => Protocol::Udp,
            "SCTP" => Protocol::Sctp,
            _ => Protocol::Tcp,
        }
    }

    /// `tcp`.
    pub fn lower(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
            Protocol::Icmp => "icmp",
        }
    }

    /// `TCP`.
    pub fn upper(self) -> &'static str {
        match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
            Protocol::Icmp => "ICMP",
        }
    }
}

/// A Service as kube-proxy and the name server read it.
#[derive(Clone, PartialEq, Debug)]
pub struct Service {
    /// Namespace and name.
    pub key: ObjectKey,
    /// Its virtual IPs; none for a headless Service and for ExternalName.
    pub cluster_ips: Vec<IpAddr>,
    /// True where `clusterIP: None`.
    pub headless: bool,
    /// The name it stands for; empty where the type is another.
    pub external_name: EcoString,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// `spec.externalIPs`.
    pub external_ips: Vec<IpAddr>,
    /// Addresses of the load balancer that traffic arrives with.
    pub balancer_ips: Vec<IpAddr>,
    /// Who may use the load balancer; empty for everybody.
    pub source_ranges: Vec<Cidr>,
    /// For how long a client stays with its endpoint; none without affinity.
    pub affinity_secs: Option<u64>,
    /// True where ClusterIP traffic stays on its node.
    pub internal_local: bool,
    /// True where traffic from outside stays on the node it came to.
    pub external_local: bool,
    /// Where a load balancer asks whether this node has endpoints.
    pub health_check_port: Option<u16>,
}

/// One port of a Service.
#[derive(Clone, PartialEq, Debug)]
pub struct ServicePort {
    /// `namespace/name:port`, without the colon for a port without name.
    pub full_name: String,
    /// The port's name; empty for the only port.
    pub name: EcoString,
    /// Its protocol.
    pub protocol: Protocol,
    /// The number at the virtual IP.
    pub port: u16,
    /// The number on every node.
    pub node_port: Option<u16>,
}

/// An EndpointSlice as kube-proxy and the name server read it.
#[derive(Clone, PartialEq, Debug)]
pub struct Slice {
    /// Its ports: name, protocol, number. One without a number is none.
    pub ports: Vec<(EcoString, Protocol, u16)>,
    /// Its endpoints with an address.
    pub endpoints: Vec<Endpoint>,
}

/// One endpoint of a slice.
#[derive(Clone, PartialEq, Debug)]
pub struct Endpoint {
    /// Its address.
    pub address: IpAddr,
    /// The address as it stands before a port, colon included: rules are in the order of this text.
    pub host: EcoString,
    /// The node it is on; empty where that is not known.
    pub node: EcoString,
    /// True where new connections may go to it.
    pub ready: bool,
    /// True where it answers, terminating or not.
    pub serving: bool,
    /// True once its pod is being deleted.
    pub terminating: bool,
    /// The zones it is meant for.
    pub zones: Vec<EcoString>,
    /// The nodes it is meant for.
    pub nodes: Vec<EcoString>,
    /// Its own name below the Service's, where it has one.
    pub hostname: EcoString,
    /// The pod behind it, where it is one.
    pub pod: Option<ObjectKey>,
}

impl Service {
    /// Models pkg/proxy/serviceport.go newBaseServiceInfo.
    pub fn read(object: &Object) -> Service {
        let spec = object.spec();
        let key = object.key();
        let kind = spec.get("type").str();
        let cluster_ip = spec.get("clusterIP").str();
        let mut cluster_ips = addresses(spec.get("clusterIPs"));
        if cluster_ips.is_empty() {
            cluster_ips.extend(cluster_ip.parse::<IpAddr>().ok());
        }
        let external_ips = addresses(spec.get("externalIPs"));
        let accessible = matches!(kind, "NodePort" | "LoadBalancer") || !external_ips.is_empty();
        let health = spec.get("healthCheckNodePort").int() as u16;
        let external_local = accessible && spec.get("externalTrafficPolicy").str() == "Local";
        Service {
            cluster_ips,
            headless: cluster_ip == "None",
            external_name: if kind == "ExternalName" { spec.get("externalName").text() } else { EcoString::new() },
            ports: spec.get("ports").list().iter().map(|port| ServicePort::read(&key, port)).collect(),
            balancer_ips: balancer_ips(object),
            source_ranges: source_ranges(spec),
            affinity_secs: affinity(spec),
            internal_local: spec.get("internalTrafficPolicy").str() == "Local",
            external_local,
            health_check_port: (external_local && kind == "LoadBalancer" && health != 0).then_some(health),
            external_ips,
            key,
        }
    }

    /// True where kube-proxy makes rules for it.
    pub fn is_proxied(&self) -> bool {
        !self.cluster_ips.is_empty()
    }

    /// Every virtual address it answers at.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.cluster_ips.iter().chain(&self.external_ips).chain(&self.balancer_ips).copied()
    }

    /// Models pkg/proxy/serviceport.go ExternallyAccessible for one of its ports.
    pub fn externally_accessible(&self, port: &ServicePort) -> bool {
        port.node_port.is_some() || !self.external_ips.is_empty() || !self.balancer_ips.is_empty()
    }
}

impl ServicePort {
    fn read(service: &ObjectKey, port: &Value) -> ServicePort {
        let name = port.get("name").text();
        let full_name = if name.is_empty() { service.to_string() } else { format!("{service}:{name}") };
        ServicePort {
            full_name,
            name,
            protocol: Protocol::parse(port.get("protocol").str()),
            port: port.get("port").int() as u16,
            node_port: Some(port.get("nodePort").int() as u16).filter(|port| *port != 0),
        }
    }
}

impl Slice {
    /// Models pkg/proxy/endpointslicecache.go newEndpointSliceInfo.
    pub fn read(object: &Object) -> Slice {
        let ports = object.at("ports").list().iter().filter_map(|port| {
            let number = port.get("port").opt_int()?;
            Some((port.get("name").text(), Protocol::parse(port.get("protocol").str()), number as u16))
        });
        let endpoints = object.at("endpoints").list().iter().filter_map(|e| Endpoint::read(e, object.namespace()));
        Slice { ports: ports.collect(), endpoints: endpoints.collect() }
    }
}

impl Endpoint {
    fn read(value: &Value, namespace: &str) -> Option<Endpoint> {
        let address: IpAddr = value.get("addresses").index(0).str().parse().ok()?;
        let conditions = value.get("conditions");
        let ready = conditions.get("ready").opt_bool().unwrap_or(true);
        let target = value.get("targetRef");
        let names = |field: &str| value.at(field).list().iter().map(|one| one.get("name").text()).collect();
        Some(Endpoint {
            address,
            host: if address.is_ipv6() { format!("[{address}]:") } else { format!("{address}:") }.into(),
            node: value.get("nodeName").text(),
            ready,
            serving: conditions.get("serving").opt_bool().unwrap_or(ready),
            terminating: conditions.get("terminating").bool(),
            zones: names("hints.forZones"),
            nodes: names("hints.forNodes"),
            hostname: value.get("hostname").text(),
            pod: (target.get("kind").str() == "Pod").then(|| {
                ObjectKey::new(target.get("namespace").opt_str().unwrap_or(namespace), target.get("name").text())
            }),
        })
    }
}

fn addresses(list: &Value) -> Vec<IpAddr> {
    list.list().iter().filter_map(|ip| ip.str().parse().ok()).collect()
}

fn balancer_ips(service: &Object) -> Vec<IpAddr> {
    if service.spec().get("type").str() != "LoadBalancer" {
        return Vec::new();
    }
    let ingress = service.at("status.loadBalancer.ingress").list().iter();
    ingress.filter(|i| i.get("ipMode").str() != "Proxy").filter_map(|i| i.get("ip").str().parse().ok()).collect()
}

fn source_ranges(spec: &Value) -> Vec<Cidr> {
    spec.get("loadBalancerSourceRanges").list().iter().filter_map(|range| Cidr::parse(range.str())).collect()
}

fn affinity(spec: &Value) -> Option<u64> {
    let timeout = spec.at("sessionAffinityConfig.clientIP.timeoutSeconds").opt_int().unwrap_or(10_800);
    (spec.get("sessionAffinity").str() == "ClientIP").then_some(timeout as u64)
}
