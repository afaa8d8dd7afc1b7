//! The forms of names: what a DNS label, a DNS subdomain or a label value may look like, in upstream's words.
//!
//! Each check gives every complaint about a text, none where it is well formed. It never says which field is checked.

use core::net::{Ipv4Addr, Ipv6Addr};

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const LABEL_KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_KEY_MESSAGE: &str =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/// `must be no more than 63 characters`.
pub fn too_long(length: u32) -> String {
    format!("must be no more than {length} characters")
}

/// `must be between 1 and 65535, inclusive`.
pub fn not_in_range(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

fn regex_error(message: &str, regex: &str, examples: &[&str]) -> String {
    let quoted: Vec<String> = examples.iter().map(|e| format!("'{e}', ")).collect();
    format!("{message} (e.g. {}regex used for validation is '{regex}')", quoted.join(" or "))
}

fn lower_or_digit(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// True where the text begins and ends with what `edge` takes and holds only what `edge` or `inner` takes between.
fn framed(text: &str, edge: impl Fn(u8) -> bool, inner: &[u8]) -> bool {
    match text.as_bytes() {
        [] => false,
        bytes @ ([one] | [one, .., _]) => {
            let last = bytes[bytes.len() - 1];
            edge(*one) && edge(last) && bytes.iter().all(|b| edge(*b) || inner.contains(b))
        }
    }
}

fn label_form(text: &str) -> bool {
    framed(text, lower_or_digit, b"-")
}

fn subdomain_form(text: &str) -> bool {
    text.split('.').all(label_form)
}

/// A label of a DNS name: `my-name`.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsDNS1123Label.
pub fn dns1123_label(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 63 {
        errors.push(too_long(63));
    }
    if !label_form(text) {
        errors.push(if subdomain_form(text) {
            "must not contain dots".to_owned()
        } else {
            let message =
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                           start and end with an alphanumeric character";
            regex_error(message, LABEL, &["my-name", "123-abc"])
        });
    }
    errors
}

/// A DNS name: `example.com`.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsDNS1123Subdomain.
pub fn dns1123_subdomain(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 253 {
        errors.push(too_long(253));
    }
    if !subdomain_form(text) {
        let message =
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and \
                       must start and end with an alphanumeric character";
        errors.push(regex_error(message, &format!("{LABEL}(\\.{LABEL})*"), &["example.com"]));
    }
    errors
}

/// A DNS name whose labels may also hold underscores, as a search domain of a pod may.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsDNS1123SubdomainWithUnderscore.
pub fn dns1123_subdomain_with_underscore(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 253 {
        errors.push(too_long(253));
    }
    if !text.split('.').all(|label| framed(label.strip_prefix('_').unwrap_or(label), lower_or_digit, b"-_")) {
        let label = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
        let message =
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', \
                       and must start and end with an alphanumeric character";
        errors.push(regex_error(message, &format!("{label}(\\.{label})*"), &["example.com"]));
    }
    errors
}

/// A DNS name with `*` for its first label: `*.example.com`.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsWildcardDNS1123Subdomain.
pub fn wildcard_dns1123_subdomain(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 253 {
        errors.push(too_long(253));
    }
    if !text.strip_prefix("*.").is_some_and(subdomain_form) {
        let message = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must \
                       consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
        errors.push(regex_error(message, &format!("\\*\\.{LABEL}(\\.{LABEL})*"), &["*.example.com"]));
    }
    errors
}

/// A label of a DNS name that begins with a letter.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsDNS1035Label.
pub fn dns1035_label(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 63 {
        errors.push(too_long(63));
    }
    if !(label_form(text) && text.starts_with(|c: char| c.is_ascii_lowercase())) {
        let message =
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
                       character, and end with an alphanumeric character";
        errors.push(regex_error(message, "[a-z]([-a-z0-9]*[a-z0-9])?", &["my-name", "abc-123"]));
    }
    errors
}

/// A DNS name of at least two labels, with or without the dot of the root.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsFullyQualifiedDomainName. Upstream names the wrong label
/// as the bad value where a label alone is wrong; the complaint is the same.
pub fn fully_qualified_domain_name(text: &str) -> Vec<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let errors = dns1123_subdomain(text);
    if !errors.is_empty() {
        return vec![errors.join(",")];
    }
    if !text.contains('.') {
        return vec!["should be a domain with at least two segments separated by dots".to_owned()];
    }
    text.split('.').map(dns1123_label).find(|errors| !errors.is_empty()).map_or_else(Vec::new, |e| vec![e.join(",")])
}

/// The key of a label or annotation, and other qualified names: `example.com/my-name`.
///
/// Models staging/src/k8s.io/apimachinery/pkg/api/validate/content IsLabelKey.
pub fn label_key(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let examples = &["MyName", "my.name", "123-abc"];
    let name = match text.split_once('/') {
        Some((_, name)) if name.contains('/') => {
            let form = regex_error(LABEL_KEY_MESSAGE, LABEL_KEY, examples);
            let tail = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {form} {tail}")];
        }
        Some((prefix, name)) => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_owned());
            } else {
                let bytes =
                    |message: String| format!("prefix part {}", message.replace(" 253 characters", " 253 bytes"));
                errors.extend(dns1123_subdomain(prefix).into_iter().map(bytes));
            }
            name
        }
        None => text,
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        errors.push("name part must be no more than 63 bytes".to_owned());
    }
    if !framed(name, |b| b.is_ascii_alphanumeric(), b"-_.") {
        errors.push(format!("name part {}", regex_error(LABEL_KEY_MESSAGE, LABEL_KEY, examples)));
    }
    errors
}

/// The value of a label.
///
/// Models staging/src/k8s.io/apimachinery/pkg/api/validate/content IsLabelValue.
pub fn label_value(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 63 {
        errors.push("must be no more than 63 bytes".to_owned());
    }
    if !text.is_empty() && !framed(text, |b| b.is_ascii_alphanumeric(), b"-_.") {
        let message =
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must \
                       start and end with an alphanumeric character";
        errors.push(regex_error(message, &format!("({LABEL_KEY})?"), &["MyValue", "my_value", "12345"]));
    }
    errors
}

/// The number of a port.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsValidPortNum.
pub fn port_number(port: i64) -> Vec<String> {
    in_range(port, 1, 65535)
}

/// A number between two others.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsInRange.
pub fn in_range(number: i64, low: i64, high: i64) -> Vec<String> {
    if (low..=high).contains(&number) {
        Vec::new()
    } else {
        vec![not_in_range(low, high)]
    }
}

/// The name of a port.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsValidPortName.
pub fn port_name(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 15 {
        errors.push(too_long(15));
    }
    if text.is_empty() || !text.bytes().all(|b| lower_or_digit(b) || b == b'-') {
        errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        errors.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        errors.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        errors.push("must not begin or end with a hyphen".to_owned());
    }
    errors
}

/// A percentage: `25%`.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsValidPercent.
pub fn percent(text: &str) -> Vec<String> {
    let digits = text.strip_suffix('%').unwrap_or("");
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    let message = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![regex_error(message, "[0-9]+%", &["1%", "93%"])]
}

/// The name of an HTTP header.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsHTTPHeaderName.
pub fn http_header_name(text: &str) -> Vec<String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Vec::new();
    }
    let message = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![regex_error(message, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// The name of an environment variable.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsRelaxedEnvVarName.
pub fn env_name(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec!["environment variable name must be non-empty".to_owned()];
    }
    if text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=') {
        return Vec::new();
    }
    vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".to_owned()]
}

/// A key of a ConfigMap or Secret.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsConfigMapKey.
pub fn config_map_key(text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if text.len() > 253 {
        errors.push(too_long(253));
    }
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        let message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        errors.push(regex_error(message, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"]));
    }
    match text {
        "." => errors.push("must not be '.'".to_owned()),
        ".." => errors.push("must not be '..'".to_owned()),
        _ if text.starts_with("..") => errors.push("must not start with '..'".to_owned()),
        _ => {}
    }
    errors
}

/// True for an IPv4 address, leading zeros in its numbers allowed.
///
/// Models k8s.io/utils/net ParseIPSloppy.
fn sloppy_ipv4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && decimal_up_to(part, 255);
    parts.len() == 4 && parts.iter().all(|part| number(part))
}

fn decimal_up_to(digits: &str, most: u32) -> bool {
    let significant = digits.trim_start_matches('0');
    significant.len() <= 3 && significant.parse().unwrap_or(0) <= most
}

/// True for an IPv6 address, also one that is an IPv4 address in other clothes.
pub fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// True for an IP address, IPv4 or IPv6, as Go reads one.
pub fn is_ip(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok() || is_ipv6(text)
}

/// An IP address, IPv4 or IPv6, as fields of old take it: canonical or not, but without what is ambiguous.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsValidIPForLegacyField.
pub fn ip(text: &str) -> Vec<String> {
    if text.parse::<Ipv4Addr>().is_ok() {
        return Vec::new();
    }
    if sloppy_ipv4(text) {
        return vec!["must not have leading 0s".to_owned()];
    }
    match text.parse::<Ipv6Addr>() {
        Ok(address) if address.to_ipv4_mapped().is_some() => vec!["must not be an IPv4-mapped IPv6 address".to_owned()],
        Ok(_) => Vec::new(),
        Err(_) => vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()],
    }
}

/// An IP address in its canonical form.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsValidIP.
pub fn canonical_ip(text: &str) -> Vec<String> {
    let errors = ip(text);
    match text.parse::<Ipv6Addr>() {
        Ok(address) if errors.is_empty() && address.to_string() != text => {
            vec![format!("must be in canonical form (\"{address}\")")]
        }
        _ => errors,
    }
}

/// A range of addresses, IPv4 or IPv6: `10.9.8.0/24`.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsValidCIDRForLegacyField.
pub fn cidr(text: &str) -> Vec<String> {
    let wrong = || vec!["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".to_owned()];
    let Some((address, length)) = text.split_once('/') else { return wrong() };
    let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
    let v4 = sloppy_ipv4(address);
    let most = if v4 { 32 } else { 128 };
    if !digits || !decimal_up_to(length, most) || !(v4 || is_ipv6(address)) {
        return wrong();
    }
    let mut errors = Vec::new();
    if (v4 && address.parse::<Ipv4Addr>().is_err()) || (length.len() > 1 && length.starts_with('0')) {
        errors.push("must not have leading 0s in IP or prefix length".to_owned());
    } else if address.parse::<Ipv6Addr>().is_ok_and(|a| a.to_ipv4_mapped().is_some()) {
        errors.push("must not have an IPv4-mapped IPv6 address".to_owned());
    } else if has_host_bits(address, length.parse().unwrap_or(0)) {
        errors.push("must not have bits set beyond the prefix length".to_owned());
    }
    errors
}

/// A range of addresses in its canonical form.
///
/// Models staging/src/k8s.io/apimachinery/pkg/util/validation IsValidCIDR.
pub fn canonical_cidr(text: &str) -> Vec<String> {
    let errors = cidr(text);
    let (address, length) = text.split_once('/').unwrap_or_default();
    match address.parse::<Ipv6Addr>() {
        Ok(canonical) if errors.is_empty() && canonical.to_string() != address => {
            vec![format!("must be in canonical form (\"{canonical}/{length}\")")]
        }
        _ => errors,
    }
}

fn has_host_bits(address: &str, length: u32) -> bool {
    match (address.parse::<Ipv4Addr>(), address.parse::<Ipv6Addr>()) {
        (Ok(v4), _) => u32::from(v4) & u32::MAX.checked_shr(length).unwrap_or(0) != 0,
        (_, Ok(v6)) => u128::from(v6) & u128::MAX.checked_shr(length).unwrap_or(0) != 0,
        _ => false,
    }
}
