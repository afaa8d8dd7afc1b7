//! What servers write about the requests they answer, each in its own form.

use super::images;
use super::pages::{Request, Response};
use crate::base::time::Timestamp;

/// A line without its time, which stands as `{time}`; none for a server that writes nothing of the kind.
pub fn template(image: &str, request: &Request, response: &Response) -> Option<String> {
    let form = images::find(image).map_or("", |row| row.access.as_str());
    if form.is_empty() || response.status == 0 {
        return None;
    }
    let agent = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("User-Agent"));
    let agent = agent.map_or("-", |(_, agent)| agent.as_str());
    let client = request.client.split(':').next().unwrap_or("-");
    let (method, path, status) = (&request.method, &request.path, response.status);
    let bytes = if request.method == "HEAD" { 0 } else { response.body.len() };
    let shown = if bytes == 0 { "-".to_owned() } else { bytes.to_string() };
    let asked = format!("{client} - - [{{time}}] \"{method} {path} HTTP/1.1\" {status}");
    Some(match form {
        "nginx" => format!("{asked} {bytes} \"-\" \"{agent}\" \"-\""),
        "combined" => format!("{asked} {shown} \"-\" \"{agent}\""),
        "common" => format!("{asked} {shown}"),
        form => form.replace("{method}", method).replace("{path}", path).replace("{agent}", agent),
    })
}

/// The line as it is written at an instant: `18/May/2026:00:00:05 +0000`, or `2026/05/18 00:00:05` for `{go-time}`.
pub fn line(template: &str, at: Timestamp) -> String {
    let (mail, iso) = (at.rfc1123z(), at.rfc3339());
    let words: Vec<&str> = mail.split(' ').collect();
    let time = format!("{}/{}/{}:{} {}", words[1], words[2], words[3], words[4], words[5]);
    let plain = format!("{} {}", iso[..10].replace('-', "/"), &iso[11..19]);
    template.replace("{time}", &time).replace("{go-time}", &plain)
}
