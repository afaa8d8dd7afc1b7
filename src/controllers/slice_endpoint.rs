//! One endpoint of an EndpointSlice: made from a pod, or compared with one without being made.

use super::endpoint_ports::hostname;
use super::service_members::Candidate;
use crate::api::{Object, Value};
use crate::value;

/// A pod as an endpoint of a Service.
#[derive(Clone)]
pub(super) struct Member<'a> {
    candidate: &'a Candidate<'a>,
    zone: &'a str,
    hostname: Option<&'a str>,
    ready: bool,
    serving: bool,
    distribution: &'a str,
}

impl<'a> Member<'a> {
    /// Models staging/src/k8s.io/endpointslice/utils.go podToEndpoint.
    pub fn of(candidate: &'a Candidate<'a>, node: Option<&'a Object>, service: &'a Object) -> Member<'a> {
        let serving = candidate.is_ready();
        let publish = service.spec().get("publishNotReadyAddresses").bool();
        Member {
            candidate,
            zone: node.map_or("", |node| node.label("topology.kubernetes.io/zone")),
            hostname: hostname(candidate.pod, service),
            ready: publish || (serving && !candidate.deleting),
            serving,
            distribution: service.spec().get("trafficDistribution").str(),
        }
    }

    /// For whom the endpoint is meant; null for everybody.
    ///
    /// Models staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go ReconcileHints.
    fn hints(&self) -> Value {
        let mut hints = value!({});
        let name = |text: &str| value!([{"name": text}]);
        let same_node = self.distribution == "PreferSameNode";
        if self.ready && (same_node || matches!(self.distribution, "PreferClose" | "PreferSameZone")) {
            if !self.zone.is_empty() {
                hints.set("forZones", name(self.zone));
            }
            if same_node && !self.candidate.node.is_empty() {
                hints.set("forNodes", name(self.candidate.node));
            }
        }
        if hints.is_empty() {
            return Value::Null;
        }
        hints
    }

    /// The pod's UID, by which an endpoint is found in a slice.
    pub fn uid(&self) -> &'a str {
        self.candidate.uid
    }

    /// True where `endpoint` says what is the case.
    ///
    /// Models staging/src/k8s.io/endpointslice/util/controller_utils.go EndpointsEqualBeyondHash.
    pub fn is(&self, endpoint: &Value) -> bool {
        let conditions = endpoint.get("conditions");
        endpoint.get("addresses").index(0) == self.candidate.ip
            && conditions.get("ready").bool() == self.ready
            && conditions.get("serving").bool() == self.serving
            && conditions.get("terminating").bool() == self.candidate.deleting
            && endpoint.get("nodeName").str() == self.candidate.node
            && endpoint.get("zone").str() == self.zone
            && endpoint.get("hostname").str() == self.hostname.unwrap_or("")
            && *endpoint.get("hints") == self.hints()
    }

    /// The endpoint.
    pub fn endpoint(&self) -> Value {
        let pod = self.candidate.pod;
        let terminating = self.candidate.deleting;
        let mut endpoint = value!({
            "addresses": [(self.candidate.ip.clone())],
            "conditions": {"ready": (self.ready), "serving": (self.serving), "terminating": terminating},
            "targetRef": {"kind": "Pod", "namespace": (pod.namespace()), "name": (pod.name()), "uid": (pod.uid())}
        });
        let texts = [("nodeName", self.candidate.node), ("zone", self.zone), ("hostname", self.hostname.unwrap_or(""))];
        for (field, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            endpoint.set(field, text);
        }
        let hints = self.hints();
        if !hints.is_null() {
            endpoint.set("hints", hints);
        }
        endpoint
    }
}
