//! What a container finds in /etc/resolv.conf and /etc/hosts, and the names it asks for because of it.

use core::net::IpAddr;

use super::dns::ZONE;
use crate::api::Object;
use crate::store::{Settings, View};

/// A resolver's configuration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Resolver {
    /// Name servers, asked in order.
    pub servers: Vec<String>,
    /// Domains to try a short name in.
    pub search: Vec<String>,
    /// Options, such as `ndots:5`.
    pub options: Vec<String>,
}

impl Resolver {
    /// The resolver of a pod's containers.
    ///
    /// Models pkg/kubelet/network/dns/dns.go GetPodDNS.
    pub fn of_pod(view: &View, pod: &Object) -> Resolver {
        let spec = pod.spec();
        let policy = match (spec.get("dnsPolicy").str(), spec.get("hostNetwork").bool()) {
            ("ClusterFirst" | "", true) => "Default",
            ("ClusterFirst" | "" | "ClusterFirstWithHostNet", _) => "ClusterFirst",
            (other, _) => other,
        };
        let mut resolver = match policy {
            "ClusterFirst" => Resolver {
                servers: vec![view.settings.service_ip(10)],
                search: vec![format!("{}.svc.{ZONE}", pod.namespace()), format!("svc.{ZONE}"), ZONE.to_owned()],
                options: vec!["ndots:5".to_owned()],
            },
            "None" => Resolver::default(),
            _ => Resolver::of_node(view.settings),
        };
        let config = spec.get("dnsConfig");
        let texts = |key: &str| config.get(key).list().iter().map(|v| v.str().to_owned()).collect::<Vec<_>>();
        append(&mut resolver.servers, texts("nameservers"));
        append(&mut resolver.search, texts("searches"));
        for option in config.get("options").list() {
            let name = option.get("name").str();
            resolver.options.retain(|old| old.split(':').next() != Some(name));
            let value = option.get("value").opt_str().map(|value| format!(":{value}")).unwrap_or_default();
            resolver.options.push(format!("{name}{value}"));
        }
        resolver
    }

    /// The resolver of a node and of the world outside: the router of the node network, which knows nothing of the cluster.
    pub fn of_node(settings: &Settings) -> Resolver {
        let [a, b, c, _] = settings.first_node_ip;
        Resolver { servers: vec![format!("{a}.{b}.{c}.1")], ..Resolver::default() }
    }

    /// /etc/resolv.conf.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.search.is_empty() {
            text.push_str(&format!("search {}\n", self.search.join(" ")));
        }
        self.servers.iter().for_each(|server| text.push_str(&format!("nameserver {server}\n")));
        if !self.options.is_empty() {
            text.push_str(&format!("options {}\n", self.options.join(" ")));
        }
        text
    }

    /// How many dots make a name one that is tried as it is first.
    pub fn ndots(&self) -> usize {
        let value = self.options.iter().find_map(|option| option.strip_prefix("ndots:"));
        value.and_then(|value| value.parse().ok()).unwrap_or(1)
    }

    /// The names asked for in turn, each without the dot at its end.
    ///
    /// Models glibc res_nsearch.
    pub fn candidates(&self, name: &str) -> Vec<String> {
        if let Some(full) = name.strip_suffix('.') {
            return vec![full.to_owned()];
        }
        let mut all: Vec<String> = self.search.iter().map(|domain| format!("{name}.{domain}")).collect();
        let dots = name.matches('.').count();
        if dots >= self.ndots() {
            all.insert(0, name.to_owned());
        } else {
            all.push(name.to_owned());
        }
        all
    }

    /// The first name server's address.
    pub fn server(&self) -> Option<IpAddr> {
        self.servers.first()?.parse().ok()
    }
}

fn append(list: &mut Vec<String>, more: Vec<String>) {
    for item in more {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}

/// /etc/hosts of a pod's containers.
///
/// Models pkg/kubelet/kubelet_pods.go managedHostsFileContent.
pub fn hosts_file(pod: &Object) -> String {
    hosts_file_with(pod, pod.at("status.podIP").str())
}

/// /etc/hosts of a pod that has an address, be it not yet in its status.
pub fn hosts_file_with(pod: &Object, ip: &str) -> String {
    let spec = pod.spec();
    let mut text = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n".to_owned();
    let hostname = spec.get("hostname").opt_str().filter(|name| !name.is_empty()).unwrap_or(pod.name());
    match spec.get("subdomain").str() {
        _ if ip.is_empty() => {}
        "" => text.push_str(&format!("{ip}\t{hostname}\n")),
        subdomain => {
            let domain = format!("{subdomain}.{}.svc.{ZONE}", pod.namespace());
            text.push_str(&format!("{ip}\t{hostname}.{domain}\t{hostname}\n"));
        }
    }
    let aliases = spec.get("hostAliases").list();
    if !aliases.is_empty() {
        text.push_str("\n# Entries added by HostAliases.\n");
    }
    for alias in aliases {
        let names: Vec<&str> = alias.get("hostnames").list().iter().map(|name| name.str()).collect();
        text.push_str(&format!("{}\t{}\n", alias.get("ip").str(), names.join("\t")));
    }
    text
}

/// The address /etc/hosts of a pod has for a name.
pub fn in_hosts_file(pod: &Object, name: &str) -> Option<IpAddr> {
    let text = hosts_file(pod);
    let lines =
        text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("fe00") && !line.starts_with("::"));
    let mut rows = lines.map(|line| line.split_whitespace());
    rows.find_map(|mut words| {
        let ip = words.next()?;
        words.any(|word| word == name).then(|| ip.parse().ok())?
    })
}
