//! The pod-template-hash: what tells the ReplicaSets of a Deployment apart. It depends on the template alone.

use crate::api::Value;
use crate::base::draw::SAFE_ALPHABET;

/// The label that carries the hash.
pub const LABEL: &str = "pod-template-hash";

/// The hash of a pod template, made different by `collisions` where it met another template's.
///
/// Models pkg/controller/controller_utils.go ComputeHash with staging/src/k8s.io/apimachinery/pkg/util/rand
/// SafeEncodeString. Upstream hashes the print of its Go struct, here it is a print of the value tree: of the same form,
/// and as stable, but another number.
pub fn template_hash(template: &Value, collisions: Option<i64>) -> String {
    let mut hash = Fnv1a::default();
    print(template, &mut hash);
    if let Some(count) = collisions {
        let mut bytes = [0_u8; 8];
        bytes[..4].copy_from_slice(&(count as u32).to_le_bytes());
        hash.write(&bytes);
    }
    safe_encode(&hash.0.to_string())
}

/// Replaces characters so that no word can come of them.
pub fn safe_encode(text: &str) -> String {
    text.bytes().map(|byte| SAFE_ALPHABET[usize::from(byte) % SAFE_ALPHABET.len()] as char).collect()
}

/// FNV-1a of 32 bits.
struct Fnv1a(u32);

impl Default for Fnv1a {
    fn default() -> Fnv1a {
        Fnv1a(0x811c_9dc5)
    }
}

impl Fnv1a {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }
}

/// Writes a value so that different values differ.
fn print(value: &Value, hash: &mut Fnv1a) {
    match value {
        Value::Null => hash.write(b"~"),
        Value::Bool(b) => hash.write(if *b { b"true" } else { b"false" }),
        Value::Int(n) => hash.write(n.to_string().as_bytes()),
        Value::Float(x) => hash.write(x.to_string().as_bytes()),
        Value::Str(text) => {
            hash.write(&(text.len() as u32).to_le_bytes());
            hash.write(text.as_bytes());
        }
        Value::List(items) => {
            hash.write(b"[");
            for item in items {
                print(item, hash);
                hash.write(b",");
            }
            hash.write(b"]");
        }
        Value::Map(map) => {
            hash.write(b"{");
            for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                hash.write(key.as_bytes());
                hash.write(b":");
                print(value, hash);
                hash.write(b",");
            }
            hash.write(b"}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn the_encoding_is_upstreams() {
        let mut hash = Fnv1a::default();
        hash.write(b"abc");
        assert_eq!(hash.0, 440_920_331);
        assert_eq!(safe_encode("440920331"), "884f64775");
    }

    #[test]
    fn it_depends_on_the_template_and_the_collisions() {
        let template = value!({"spec": {"containers": [{"name": "a", "image": "nginx:1.25"}]}});
        let other = value!({"spec": {"containers": [{"name": "a", "image": "nginx:1.26"}]}});
        assert_eq!(template_hash(&template, None), template_hash(&template.clone(), None));
        assert_ne!(template_hash(&template, None), template_hash(&other, None));
        assert_ne!(template_hash(&template, None), template_hash(&template, Some(1)));
    }
}
