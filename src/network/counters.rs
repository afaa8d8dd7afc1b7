//! How often each of a node's iptables rules was met: the counters of `iptables -v` and `iptables-save -c`. It decides nothing.

use ecow::EcoString;

use super::proxy::rules::Rule;
use crate::api::ObjectKey;
use crate::base::map::Map;

/// A rule that a packet met on a node.
#[derive(Clone, PartialEq, Debug)]
pub struct Hit {
    /// The node.
    pub node: String,
    /// The rule as `iptables-save` prints it.
    pub rule: String,
    /// How long the packet was.
    pub bytes: u64,
}

/// What the rules of all nodes have counted since they were written.
#[derive(Clone, Default)]
pub struct Counters {
    packets: Map<(EcoString, EcoString), u64>,
    bytes: Map<(EcoString, EcoString), u64>,
}

/// The chains that kube-proxy writes anew with every change, whichever Service it is about.
const ALWAYS_WRITTEN: &[&str] = &[
    "KUBE-SERVICES",
    "KUBE-EXTERNAL-SERVICES",
    "KUBE-NODEPORTS",
    "KUBE-POSTROUTING",
    "KUBE-MARK-MASQ",
    "KUBE-PROXY-FIREWALL",
];

impl Counters {
    /// Counts what a packet met.
    pub fn count(&mut self, hits: &[Hit]) {
        for hit in hits {
            let row = (EcoString::from(&hit.node), EcoString::from(&hit.rule));
            *self.packets.or_default(&row) += 1;
            *self.bytes.or_default(&row) += hit.bytes;
        }
    }

    /// A Service has changed: its chains and those that are always written begin with zero.
    ///
    /// Models pkg/proxy/iptables/proxier.go syncProxyRules, which restores chains with the counters 0:0.
    pub fn forget(&mut self, service: &ObjectKey) {
        let own = service.to_string();
        let is_own = |rule: &str| {
            let around = rule.split_once(&own);
            around.is_some_and(|(before, after)| before.ends_with(['"', ' ']) && after.starts_with([':', ' ', '"']))
        };
        let written = |rule: &str| {
            let chain = rule.split(' ').nth(1).unwrap_or("");
            ALWAYS_WRITTEN.contains(&chain) || is_own(rule) || chain.starts_with("KUBE-EXT-") && !rule.contains('"')
        };
        let gone: Vec<_> = self.packets.keys().filter(|(_, rule)| written(rule)).cloned().collect();
        for row in gone {
            self.packets.remove(&row);
            self.bytes.remove(&row);
        }
    }

    /// Packets and bytes that a rule of a node has met.
    pub fn of(&self, node: &str, rule: &Rule) -> (u64, u64) {
        let row = (EcoString::from(node), EcoString::from(rule.to_string()));
        (self.packets.get(&row).copied().unwrap_or(0), self.bytes.get(&row).copied().unwrap_or(0))
    }
}
