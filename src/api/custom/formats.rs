//! The formats of texts that a schema can ask for.

use crate::base::names;
use crate::base::time::Timestamp;

/// True where a text is of a format; a format that nobody knows is any text's.
///
/// Models k8s.io/kube-openapi/pkg/validation/strfmt, for the formats that people use.
pub(super) fn holds(format: &str, text: &str) -> bool {
    match format.replace('-', "").as_str() {
        "datetime" => Timestamp::parse(text).is_some(),
        "date" => text.len() == 10 && Timestamp::parse(&format!("{text}T00:00:00Z")).is_some(),
        "ipv4" => is_ipv4(text),
        "ipv6" => names::is_ipv6(text),
        "cidr" => text.split_once('/').is_some_and(|(address, bits)| {
            (is_ipv4(address) || names::is_ipv6(address)) && bits.parse::<u8>().is_ok_and(|bits| bits <= 128)
        }),
        "uuid" => is_uuid(text),
        "email" => text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()),
        "uri" => text.split_once(':').is_some_and(|(scheme, _)| !scheme.is_empty()) || text.starts_with('/'),
        "hostname" => names::dns1123_subdomain(&text.to_lowercase()).is_empty(),
        "duration" => is_duration(text),
        _ => true,
    }
}

fn is_ipv4(text: &str) -> bool {
    names::ip(text).is_empty() && !text.contains(':')
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &&str| part.chars().all(|c| c.is_ascii_hexdigit());
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(hex)
}

/// Go's form of a duration: `1h30m`, `1.5s`.
fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix('-').unwrap_or(text);
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() && rest != "0" {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let tail = rest[digits..].trim_start();
        let unit = ["ns", "us", "µs", "ms", "s", "m", "h", "d", "w"].into_iter().filter(|unit| tail.starts_with(unit));
        let Some(unit) = unit.max_by_key(|unit| unit.len()).filter(|_| digits > 0) else { return false };
        rest = tail[unit.len()..].trim_start();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn formats_are_told_apart() {
        assert!(holds("date-time", "2026-11-23T03:22:13Z") && !holds("date-time", "yesterday"));
        assert!(holds("ipv4", "10.0.0.1") && !holds("ipv4", "::1") && holds("cidr", "10.0.0.0/8"));
        assert!(holds("duration", "1h30m") && !holds("duration", "soon") && !holds("duration", "5"));
        assert!(holds("uuid", "a4a70900-24e1-11df-8924-001ff3591711") && holds("no-such", "x"));
    }
}
