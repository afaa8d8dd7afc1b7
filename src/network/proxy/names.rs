//! The names of kube-proxy's chains: short hashes of what they are for.

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// `KUBE-SVC-...`: dispatches to all endpoints.
pub fn cluster_chain(service_port: &str, protocol: &str) -> String {
    format!("KUBE-SVC-{}", hash(&[service_port, protocol]))
}

/// `KUBE-SVL-...`: dispatches to the endpoints on this node.
pub fn local_chain(service_port: &str, protocol: &str) -> String {
    format!("KUBE-SVL-{}", hash(&[service_port, protocol]))
}

/// `KUBE-EXT-...`: what comes to a node port, an external IP or a load balancer's IP.
pub fn external_chain(service_port: &str, protocol: &str) -> String {
    format!("KUBE-EXT-{}", hash(&[service_port, protocol]))
}

/// `KUBE-FW-...`: lets only the load balancer's source ranges through.
pub fn firewall_chain(service_port: &str, protocol: &str) -> String {
    format!("KUBE-FW-{}", hash(&[service_port, protocol]))
}

/// `KUBE-SEP-...`: rewrites the destination to one endpoint.
pub fn endpoint_chain(service_port: &str, protocol: &str, endpoint: &str) -> String {
    format!("KUBE-SEP-{}", hash(&[service_port, protocol, endpoint]))
}

/// Models pkg/proxy/iptables/proxier.go portProtoHash: 16 characters of base32 of sha256.
fn hash(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    base32_start(&digest.finalize(), 16)
}

/// The first characters, 16 at most, of the base32 of some bytes.
pub fn base32_start(bytes: &[u8], length: u32) -> String {
    let mut bits = [0_u8; 16];
    bits[..10].copy_from_slice(&bytes[..10]);
    let number = u128::from_be_bytes(bits);
    (0..length).map(|i| char::from(ALPHABET[(number >> (123 - 5 * i)) as usize & 31])).collect()
}
