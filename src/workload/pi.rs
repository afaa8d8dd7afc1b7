//! Digits of pi, which the best-known Job of all computes.

/// `3.` and so many digits, by the spigot of Rabinowitz and Wagon.
pub(super) fn pi_digits(digits: usize) -> String {
    let wanted = digits + 1;
    let mut remainders = vec![2_u32; wanted * 10 / 3 + 2];
    let mut out: Vec<u8> = Vec::with_capacity(wanted + 2);
    while out.len() < wanted + 1 {
        let mut carry = 0_u32;
        for i in (0..remainders.len()).rev() {
            let x = remainders[i] * 10 + carry;
            let divisor = 2 * i as u32 + 1;
            if i == 0 {
                remainders[0] = x % 10;
                carry = x / 10;
            } else {
                remainders[i] = x % divisor;
                carry = x / divisor * i as u32;
            }
        }
        if carry >= 10 {
            for digit in out.iter_mut().rev() {
                *digit = (*digit + 1) % 10;
                if *digit != 0 {
                    break;
                }
            }
        }
        out.push((carry % 10) as u8);
    }
    let text: String = out.iter().take(wanted).map(|d| char::from(b'0' + d)).collect();
    format!("{}.{}", &text[..1], &text[1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pi_is_pi() {
        assert_eq!(pi_digits(40), "3.1415926535897932384626433832795028841971");
    }
}
