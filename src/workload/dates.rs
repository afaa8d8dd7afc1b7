//! `date`: the time of the cluster in the formats of strftime, in UTC.

use crate::base::time::Timestamp;

/// `date`, with the formats of strftime.
pub fn date(now: Timestamp, args: &[&str]) -> String {
    let Some(format) = args.iter().find_map(|word| word.strip_prefix('+')) else {
        return match args.iter().any(|w| w.starts_with("-I") || w.starts_with("--iso")) {
            true => now.rfc3339(),
            false => now.unix_date(),
        };
    };
    let iso = now.rfc3339();
    let unix = now.unix_date();
    let parts: Vec<&str> = unix.split_whitespace().collect();
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let text = match chars.next().unwrap_or('%') {
            'Y' => &iso[..4],
            'y' => &iso[2..4],
            'm' => &iso[5..7],
            'd' => &iso[8..10],
            'e' => iso[8..10].trim_start_matches('0'),
            'H' => &iso[11..13],
            'M' => &iso[14..16],
            'S' => &iso[17..19],
            'F' => &iso[..10],
            'T' => &iso[11..19],
            'R' => &iso[11..16],
            'a' | 'A' => parts.first().copied().unwrap_or(""),
            'b' | 'B' => parts.get(1).copied().unwrap_or(""),
            'Z' => "UTC",
            'z' => "+0000",
            'c' => unix.as_str(),
            'N' => "000000000",
            's' => {
                out.push_str(&now.unix_secs().to_string());
                ""
            }
            'n' => "\n",
            '%' => "%",
            _ => "",
        };
        out.push_str(text);
    }
    out
}
