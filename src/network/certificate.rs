//! Certificates: what stands in one or in a request for one, and self-signed ones as `openssl req -x509` makes them. The keys and signatures of the
//! latter are made up; nothing here encrypts anything.

use base64::engine::general_purpose::STANDARD;
use base64::Engine;
use serde::Serialize;

use crate::base::draw;
use crate::base::time::Timestamp;

/// What a client shows of a server's certificate.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Certificate {
    /// `O=Acme Co; CN=foo.bar.com`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// From when it is good: `May 18 00:00:00 2026 GMT`.
    pub from: String,
    /// Until when.
    pub until: String,
}

/// The certificate ingress-nginx has where no Secret gives it one.
pub fn self_made(now: Timestamp) -> Certificate {
    let name = "O=Acme Co; CN=Kubernetes Ingress Controller Fake Certificate".to_owned();
    Certificate { subject: name.clone(), issuer: name, from: date(now), until: date(later(now, 365)) }
}

fn later(now: Timestamp, days: i64) -> Timestamp {
    Timestamp(now.0 + days * 86_400_000_000)
}

/// `May 18 00:00:00 2026 GMT`.
fn date(at: Timestamp) -> String {
    let text = at.rfc1123z();
    let parts: Vec<&str> = text.split([' ', ',']).filter(|part| !part.is_empty()).collect();
    let [_, day, month, year, clock, ..] = parts[..] else { return text };
    format!("{month} {:>2} {clock} {year} GMT", day.trim_start_matches('0'))
}

/// The first certificate of a Secret's `tls.crt`, which is base64 of PEM; none where it holds none.
pub fn of_pem(data: &str) -> Option<Certificate> {
    let pem = String::from_utf8(STANDARD.decode(data.trim()).ok()?).ok()?;
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).ok()?;
    let (_, whole, _) = element(&der)?;
    let (_, mut rest, _) = element(whole)?;
    let mut fields = Vec::new();
    while let Some((tag, content, more)) = element(rest) {
        fields.push((tag, content));
        rest = more;
    }
    let first = usize::from(fields.first()?.0 == 0xa0);
    let field = |at: usize| fields.get(first + at).map(|(_, content)| *content);
    let (_, from, after) = element(field(3)?)?;
    let (_, until, _) = element(after)?;
    Some(Certificate { subject: name(field(4)?), issuer: name(field(2)?), from: time(from)?, until: time(until)? })
}

/// The first element of DER: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, first) = (*der.first()?, usize::from(*der.get(1)?));
    let (start, length) = match first {
        0..=127 => (2, first),
        _ => {
            let count = first & 127;
            let digits = der.get(2..2 + count)?;
            (2 + count, digits.iter().fold(0_usize, |n, byte| n << 8 | usize::from(*byte)))
        }
    };
    let end = start.checked_add(length)?;
    Some((tag, der.get(start..end)?, der.get(end..)?))
}

/// What may stand in a name: the last number of its identifier, and its letters.
const PARTS: &[(u8, &str)] = &[
    (6, "C"),
    (8, "ST"),
    (7, "L"),
    (9, "street"),
    (17, "postalCode"),
    (10, "O"),
    (11, "OU"),
    (3, "CN"),
    (5, "serialNumber"),
];

fn name(der: &[u8]) -> String {
    let parts = name_parts(der);
    parts.iter().map(|(letters, text)| format!("{letters}={text}")).collect::<Vec<_>>().join("; ")
}

fn name_parts(mut rest: &[u8]) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    while let Some((_, set, more)) = element(rest) {
        rest = more;
        let Some((_, pair, _)) = element(set) else { continue };
        let Some((_, id, value)) = element(pair) else { continue };
        let letters = PARTS.iter().find(|(last, _)| id == [0x55, 4, *last]).map(|(_, letters)| *letters);
        if let (Some(letters), Some((_, text, _))) = (letters, element(value)) {
            all.push((letters, String::from_utf8_lossy(text).into_owned()));
        }
    }
    all
}

/// What a request for a certificate asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// For whom: letters such as `CN` and the text behind them.
    pub subject: Vec<(&'static str, String)>,
    /// For which other names: `DNS Names`, `Email Addresses`, `URIs` or `IP Addresses`, and one of them.
    pub names: Vec<(&'static str, String)>,
}

/// The request in base64 of PEM; none where it holds none.
///
/// Models staging/src/k8s.io/kubectl/pkg/util/certificate ParseCSR.
pub fn request_of_pem(data: &str) -> Option<Request> {
    let pem = String::from_utf8(STANDARD.decode(data.trim()).ok()?).ok()?;
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE REQUEST-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE REQUEST-----")?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).ok()?;
    let (_, whole, _) = element(&der)?;
    let (_, info, _) = element(whole)?;
    let (_, _, rest) = element(info)?;
    let (_, subject, rest) = element(rest)?;
    let (_, _, rest) = element(rest)?;
    let names = element(rest).map_or_else(Vec::new, |(_, attributes, _)| other_names(attributes));
    Some(Request { subject: name_parts(subject), names })
}

/// The other names among the attributes of a request.
fn other_names(attributes: &[u8]) -> Vec<(&'static str, String)> {
    // The identifier of subjectAltName; what it names stands in a string of octets behind it.
    const ID: &[u8] = &[6, 3, 0x55, 0x1d, 0x11];
    let Some(at) = attributes.windows(ID.len()).position(|window| window == ID) else { return Vec::new() };
    let octets = std::iter::successors(element(&attributes[at..]), |(_, _, rest)| element(rest)).find(|e| e.0 == 4);
    let Some((_, mut rest, _)) = octets.and_then(|(_, content, _)| element(content)) else { return Vec::new() };
    let mut names = Vec::new();
    while let Some((tag, text, more)) = element(rest) {
        rest = more;
        let whole = || String::from_utf8_lossy(text).into_owned();
        match (tag, text) {
            (0x81, _) => names.push(("Email Addresses", whole())),
            (0x82, _) => names.push(("DNS Names", whole())),
            (0x86, _) => names.push(("URIs", whole())),
            (0x87, [a, b, c, d]) => names.push(("IP Addresses", format!("{a}.{b}.{c}.{d}"))),
            _ => {}
        }
    }
    names
}

/// `260518000000Z` as `May 18 00:00:00 2026 GMT`.
fn time(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let text = if text.len() == 13 { format!("20{text}") } else { text.to_owned() };
    let part = |from: usize, to: usize| text.get(from..to);
    let rfc = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    );
    Timestamp::parse(&rfc).map(date)
}

/// A self-signed certificate and its key as PEM, for a subject such as `/CN=foo.bar.com/O=foo`.
pub fn make(seed: u64, n: u64, now: Timestamp, subject: &str, days: i64) -> (String, String) {
    let bytes = |purpose: &str, count: u64| -> Vec<u8> {
        (0..count).map(|i| draw::below(seed, purpose, subject, n.wrapping_add(i << 40), 256) as u8).collect()
    };
    let algorithm = der(0x30, &[der(6, &[vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]]), der(5, &[])]);
    let rsa = der(0x30, &[der(6, &[vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]]), der(5, &[])]);
    let modulus = der(2, &[vec![0], vec![0xc1], bytes("modulus", 255)]);
    let key = der(0x30, &[modulus, der(2, &[vec![1, 0, 1]])]);
    let pairs = subject.split('/').filter_map(|part| part.split_once('='));
    let parts: Vec<Vec<u8>> = pairs
        .filter_map(|(letters, text)| {
            let (last, _) = PARTS.iter().find(|(_, known)| *known == letters)?;
            let pair = der(0x30, &[der(6, &[vec![0x55, 4, *last]]), der(12, &[text.as_bytes().to_vec()])]);
            Some(der(0x31, &[pair]))
        })
        .collect();
    let who = der(0x30, &parts);
    let stamp = |at: Timestamp| {
        let digits: String = at.rfc3339().chars().filter(char::is_ascii_digit).collect();
        der(24, &[format!("{digits}Z").into_bytes()])
    };
    let body = der(
        0x30,
        &[
            der(0xa0, &[der(2, &[vec![2]])]),
            der(2, &[vec![0x51], bytes("serial", 19)]),
            algorithm.clone(),
            who.clone(),
            der(0x30, &[stamp(now), stamp(later(now, days))]),
            who,
            der(0x30, &[rsa, der(3, &[vec![0], key])]),
        ],
    );
    let whole = der(0x30, &[body, algorithm, der(3, &[vec![0], bytes("signature", 256)])]);
    (pem("CERTIFICATE", &whole), pem("PRIVATE KEY", &bytes("key", 1216)))
}

fn der(tag: u8, content: &[Vec<u8>]) -> Vec<u8> {
    let content = content.concat();
    let mut all = vec![tag];
    match content.len() {
        short @ 0..=127 => all.push(short as u8),
        short @ 128..=255 => all.extend([0x81, short as u8]),
        long => all.extend([0x82, (long >> 8) as u8, long as u8]),
    }
    all.extend(content);
    all
}

fn pem(what: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_can_be_read() {
        let now = Timestamp::parse("2026-05-18T00:00:00Z").unwrap();
        let (certificate, key) = make(1, 2, now, "/C=CN/O=foo/CN=foo.bar.com", 365);
        assert!(key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let read = of_pem(&STANDARD.encode(certificate)).unwrap();
        assert_eq!((read.subject.as_str(), &read.issuer), ("C=CN; O=foo; CN=foo.bar.com", &read.subject));
        assert_eq!((read.from.as_str(), read.until.as_str()), ("May 18 00:00:00 2026 GMT", "May 18 00:00:00 2027 GMT"));
        assert_eq!(of_pem("bm90IGEgY2VydGlmaWNhdGU="), None);
    }
}
