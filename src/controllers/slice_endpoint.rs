//! One endpoint of an EndpointSlice: made from a pod, or compared with one without being made.

use super::endpoint_ports::hostname;
use super::pods;
use crate::api::{Object, Value};
use crate::value;

/// A pod as an endpoint of a Service.
pub(super) struct Member<'a> {
    pod: &'a Object,
    zone: &'a str,
    hostname: Option<&'a str>,
    ready: bool,
    serving: bool,
}

impl<'a> Member<'a> {
    /// Models staging/src/k8s.io/endpointslice/utils.go podToEndpoint.
    pub fn of(pod: &'a Object, node: Option<&'a Object>, service: &Object) -> Member<'a> {
        let serving = pods::is_ready(pod);
        let publish = service.spec().get("publishNotReadyAddresses").bool();
        Member {
            pod,
            zone: node.map_or("", |node| node.label("topology.kubernetes.io/zone")),
            hostname: hostname(pod, service),
            ready: publish || (serving && !pod.is_deleting()),
            serving,
        }
    }

    /// The pod's UID, by which an endpoint is found in a slice.
    pub fn uid(&self) -> &'a str {
        self.pod.uid()
    }

    /// True where `endpoint` says what is the case.
    ///
    /// Models staging/src/k8s.io/endpointslice/util/controller_utils.go EndpointsEqualBeyondHash.
    pub fn is(&self, endpoint: &Value) -> bool {
        let conditions = endpoint.get("conditions");
        endpoint.get("addresses").index(0) == self.pod.status().get("podIP")
            && conditions.get("ready").bool() == self.ready
            && conditions.get("serving").bool() == self.serving
            && conditions.get("terminating").bool() == self.pod.is_deleting()
            && endpoint.get("nodeName").str() == self.pod.spec().get("nodeName").str()
            && endpoint.get("zone").str() == self.zone
            && endpoint.get("hostname").str() == self.hostname.unwrap_or("")
    }

    /// The endpoint.
    pub fn endpoint(&self) -> Value {
        let pod = self.pod;
        let terminating = pod.is_deleting();
        let mut endpoint = value!({
            "addresses": [(pod.status().get("podIP").clone())],
            "conditions": {"ready": (self.ready), "serving": (self.serving), "terminating": terminating},
            "targetRef": {"kind": "Pod", "namespace": (pod.namespace()), "name": (pod.name()), "uid": (pod.uid())}
        });
        let texts = [
            ("nodeName", pod.spec().get("nodeName").str()),
            ("zone", self.zone),
            ("hostname", self.hostname.unwrap_or("")),
        ];
        for (field, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            endpoint.set(field, text);
        }
        endpoint
    }
}
