//! Keyed chance: a draw depends on the seed and on what it is for, never on what was drawn before. Adding a draw
//! somewhere changes no other draw, and every platform draws the same.

/// A random 64-bit number for `purpose` and `subject`, the `n`th of its kind.
pub fn draw(seed: u64, purpose: &str, subject: &str, n: u64) -> u64 {
    let mut state = mix(seed ^ 0x9e37_79b9_7f4a_7c15);
    for text in [purpose, subject] {
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0_u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            state = mix(state ^ u64::from_le_bytes(word));
        }
        state = mix(state ^ text.len() as u64);
    }
    mix(state ^ n)
}

/// A number below `bound`, which must not be 0.
pub fn below(seed: u64, purpose: &str, subject: &str, n: u64, bound: u64) -> u64 {
    ((u128::from(draw(seed, purpose, subject, n)) * u128::from(bound)) >> 64) as u64
}

/// The alphabet of generated names: no vowels and no digits that read like letters.
pub const SAFE_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A random name suffix of `length` characters.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/rand String; the draw is keyed instead of taken from a global source.
pub fn suffix(seed: u64, purpose: &str, subject: &str, n: u64, length: u32) -> String {
    let mut bits = draw(seed, purpose, subject, n);
    let mut text = String::with_capacity(length as usize);
    for i in 0..length {
        if i > 0 && i % 10 == 0 {
            bits = mix(bits);
        }
        text.push(SAFE_ALPHABET[(bits % 27) as usize] as char);
        bits /= 27;
    }
    text
}

/// A version 4 UUID as Kubernetes gives to each object.
pub fn uuid(seed: u64, purpose: &str, subject: &str, n: u64) -> String {
    let high = draw(seed, purpose, subject, n);
    let low = mix(high ^ 0x5851_f42d_4c95_7f2d);
    let time_low = high >> 32;
    let time_mid = (high >> 16) & 0xffff;
    let version = (high & 0x0fff) | 0x4000;
    let variant = ((low >> 48) & 0x3fff) | 0x8000;
    format!("{time_low:08x}-{time_mid:04x}-{version:04x}-{variant:04x}-{:012x}", low & 0xffff_ffff_ffff)
}

/// The finalizer of SplitMix64: every input bit reaches every output bit.
pub fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_keyed_and_spread() {
        assert_eq!(draw(1, "a", "b", 0), draw(1, "a", "b", 0));
        assert_ne!(draw(1, "a", "b", 0), draw(1, "ab", "", 0));
        let mut counts = [0_u32; 3];
        for n in 0..3_000 {
            counts[below(7, "node", "pod", n, 3) as usize] += 1;
        }
        assert!(counts.iter().all(|c| (900..1_100).contains(c)), "{counts:?}");
    }
}
