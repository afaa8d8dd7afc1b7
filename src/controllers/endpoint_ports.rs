//! Ports of endpoints: which number a Service's port has on a pod, and the order in which upstream's hashes put ports.

use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::value;

/// The number a port of a Service leads to on a pod; none where the pod has no port of that name.
///
/// Models pkg/api/v1/pod/util.go FindPort.
pub fn find_port(pod: &Object, service_port: &Value) -> Option<i64> {
    let target = service_port.get("targetPort");
    let Some(name) = target.opt_str() else {
        return Some(target.opt_int().unwrap_or_else(|| service_port.get("port").int()));
    };
    let sidecars = pod.spec().get("initContainers").list().iter().filter(|c| c.get("restartPolicy").str() == "Always");
    let containers = pod.spec().get("containers").list().iter().chain(sidecars);
    let mut ports = containers.flat_map(|c| c.get("ports").list());
    let found =
        ports.find(|port| port.get("name").str() == name && port.get("protocol") == service_port.get("protocol"));
    found.map(|port| port.get("containerPort").int())
}

/// The numbers that the ports of a Service have on a pod, one for each port of the Service: what tells apart pods whose
/// endpoints cannot stand together.
pub fn numbers_on(pod: &Object, service: &Object) -> Vec<Option<i64>> {
    service.spec().get("ports").list().iter().map(|port| find_port(pod, port)).collect()
}

/// The ports of a Service with the numbers they have on a pod, in the order of the Service; those without are left out.
///
/// Models staging/src/k8s.io/endpointslice/utils.go getEndpointPorts.
pub fn ports_with(service: &Object, numbers: &[Option<i64>]) -> Vec<Value> {
    let ports = service.spec().get("ports").list().iter().zip(numbers);
    let found = ports.filter_map(|(port, number)| {
        let mut found = value!({"name": (port.get("name").str()), "port": ((*number)?)});
        for field in ["protocol", "appProtocol"] {
            if !port.get(field).is_null() {
                found.set(field, port.get(field).clone());
            }
        }
        Some(found)
    });
    found.collect()
}

/// The pod's own DNS name below the Service, where it asks for one.
///
/// Models staging/src/k8s.io/endpointslice/util/controller_utils.go ShouldSetHostname.
pub fn hostname<'a>(pod: &'a Object, service: &Object) -> Option<&'a str> {
    let hostname = pod.spec().get("hostname").str();
    (!hostname.is_empty() && pod.spec().get("subdomain").str() == service.name()).then_some(hostname)
}

/// True for a Service without an address of its own.
pub fn is_headless(service: &Object) -> bool {
    service.spec().get("clusterIP").str() == "None"
}

/// Ports in the order of an EndpointSlice.
///
/// Models staging/src/k8s.io/endpointslice/util/controller_utils.go portsInOrder: by a hash of the Go struct's print.
pub fn sort_slice_ports(ports: &mut [Value]) {
    ports.order_by_key(|port| {
        let application = pointer(port.get("appProtocol"));
        fnv128a(&format!(
            "(v1.EndpointPort){{Name:(*string){} Protocol:(*v1.Protocol){} Port:(*int32){} AppProtocol:(*string){application}}}",
            port.get("name").str(),
            port.get("protocol").str(),
            port.get("port").int()
        ))
    });
}

/// Ports in the order of an Endpoints subset.
///
/// Models pkg/api/v1/endpoints/util.go portsByHash.
pub fn sort_subset_ports(ports: &mut [Value]) {
    ports.order_by_key(|port| {
        let application = pointer(port.get("appProtocol"));
        fnv128a(&format!(
            "(v1.EndpointPort){{Name:(string){} Port:(int32){} Protocol:(v1.Protocol){} AppProtocol:(*string){application}}}",
            port.get("name").str(),
            port.get("port").int(),
            port.get("protocol").str()
        ))
    });
}

fn pointer(value: &Value) -> &str {
    value.opt_str().unwrap_or("<nil>")
}

/// FNV-1a of 128 bits.
pub fn fnv128a(text: &str) -> u128 {
    const PRIME: u128 = 309_485_009_821_345_068_724_781_371;
    const BASIS: u128 = 144_066_263_297_769_815_596_495_629_667_062_367_629;
    text.bytes().fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, number: i64, protocol: &str) -> Value {
        value!({"name": name, "port": number, "protocol": protocol})
    }

    fn names(ports: &[Value]) -> Vec<&str> {
        ports.iter().map(|port| port.get("name").str()).collect()
    }

    #[test]
    fn ports_stand_in_the_order_of_a_real_cluster() {
        let mut ports = [port("http", 8080, "TCP"), port("metrics", 9100, "TCP"), port("dns", 5353, "UDP")];
        sort_slice_ports(&mut ports);
        assert_eq!(names(&ports), ["http", "dns", "metrics"]);
        sort_subset_ports(&mut ports);
        assert_eq!(names(&ports), ["http", "metrics", "dns"]);
        let mut ports = [port("metrics", 9100, "TCP"), port("dns", 5353, "UDP"), port("http", 8088, "TCP")];
        sort_slice_ports(&mut ports);
        assert_eq!(names(&ports), ["http", "dns", "metrics"]);
    }
}
