//! What curl prints: the conversation of `-v`, response heads, what `--write-out` asks for.

use core::net::IpAddr;

use super::curl::Curl;
use super::Output;
use crate::network::http::{reason, Url};
use crate::network::request::{http_request, Request};
use crate::network::{Outcome, Response, Trace};

impl Curl {
    /// What curl prints for a trace.
    pub(super) fn show(&self, url: &Url, request: &Request, trace: Trace) -> Output {
        let mut output = Output { took_us: trace.time_us, ..Output::default() };
        let failure = self.failure(url, request, &trace);
        if self.verbose {
            output.stderr.push_str(&self.conversation(url, request, &trace, failure.as_ref()));
        }
        let mut body = String::new();
        if let Outcome::Response(response) = &trace.outcome {
            if self.include || self.head {
                body.push_str(&head(url.scheme == "https", response));
            }
            if !self.head && request.method != "HEAD" && failure.is_none() {
                body.push_str(&response.body);
            }
        }
        if let (Outcome::Greeting(text), "telnet") = (&trace.outcome, url.scheme.as_str()) {
            body.push_str(text);
        }
        match self.output.as_deref() {
            None | Some("-") => output.stdout.push_str(&body),
            Some("/dev/null") => {}
            Some(file) => output.files.push((file.to_owned(), body)),
        }
        if let Some((code, text)) = failure {
            output.exit_code = code;
            if !self.silent || self.show_error {
                output.stderr.push_str(&format!("curl: ({code}) {text}\n"));
            }
        }
        if let Some(format) = &self.write_out {
            output.stdout.push_str(&written(format, url, request, &trace, output.exit_code));
        }
        output.traces.push(trace);
        output
    }

    /// The exit code and the words for what went wrong.
    fn failure(&self, url: &Url, request: &Request, trace: &Trace) -> Option<(i32, String)> {
        let ms = trace.time_us / 1000;
        let to = format!("Failed to connect to {} port {} after {ms} ms:", url.host, url.port);
        let limited = self.max_time_us.is_some() || self.connect_timeout_us.is_some();
        Some(match &trace.outcome {
            Outcome::NxDomain | Outcome::NoResolver => (6, format!("Could not resolve host: {}", url.host)),
            Outcome::Refused => (7, format!("{to} Connection refused")),
            Outcome::NoRoute => (7, format!("{to} No route to host")),
            Outcome::Timeout if trace.address.is_empty() => {
                (28, format!("Resolving timed out after {ms} milliseconds"))
            }
            Outcome::Timeout if trace.connected_us > 0 => {
                (28, format!("Operation timed out after {ms} milliseconds with 0 bytes received"))
            }
            Outcome::Timeout if limited => (28, format!("Connection timed out after {} milliseconds", ms + 1)),
            Outcome::Timeout => (28, format!("{to} Connection timed out")),
            Outcome::NotTls => (35, "error:0A00010B:SSL routines::wrong version number".to_owned()),
            Outcome::Untrusted => (60, format!("SSL certificate problem: {}\n{UNTRUSTED}", untrusted(trace))),
            Outcome::Response(r) if self.fail && r.status >= 400 => {
                (22, format!("The requested URL returned error: {}", r.status))
            }
            Outcome::Connected | Outcome::Greeting(_) if url.scheme == "telnet" => return None,
            Outcome::Greeting(text) if !text.is_empty() => (1, "Received HTTP/0.9 when not allowed".to_owned()),
            Outcome::Connected | Outcome::Greeting(_) => (52, "Empty reply from server".to_owned()),
            Outcome::Response(_) if request.scheme.is_empty() => (3, String::new()),
            Outcome::Response(_) => return None,
        })
    }

    /// What `-v` shows.
    fn conversation(&self, url: &Url, request: &Request, trace: &Trace, failure: Option<&(i32, String)>) -> String {
        let mut text = String::new();
        if trace.address.is_empty() {
            let words = failure.map_or("", |(_, text)| text);
            return format!("* {words}\n* Closing connection 0\n");
        }
        if request.open.is_some() {
            text.push_str(&format!("* Found bundle for host {0}: 0x55d0c8a7d0a0 [serially]\n* Can not multiplex, even if we wanted to!\n* Re-using existing connection! (#0) with host {0}\n", url.host));
        } else {
            text.push_str(&format!("*   Trying {}:{}...\n", trace.address, trace.port));
        }
        let refused = match trace.outcome {
            Outcome::Refused => Some("Connection refused"),
            Outcome::NoRoute => Some("No route to host"),
            _ => None,
        };
        if let Some(why) = refused {
            text.push_str(&format!("* connect to {} port {} failed: {why}\n", trace.address, trace.port));
        }
        let tls = url.scheme == "https";
        let connected = format!("* Connected to {} ({}) port {} (#0)\n", url.host, trace.address, trace.port);
        let Outcome::Response(response) = &trace.outcome else {
            if trace.connected_us > 0 && refused.is_none() {
                text.push_str(&connected);
                text.push_str(if tls { HELLO } else { "" });
            }
            if matches!(trace.outcome, Outcome::Untrusted) {
                let problem = untrusted(trace);
                text.push_str(&format!("{SERVER_HELLO}* TLSv1.3 (OUT), TLS alert, unknown CA (560):\n* SSL certificate problem: {problem}\n* Closing connection 0\n"));
                return text;
            }
            let words = failure.map_or("", |(_, text)| text.lines().next().unwrap_or(""));
            if !words.is_empty() {
                text.push_str(&format!("* {words}\n"));
            }
            text.push_str("* Closing connection 0\n");
            return text;
        };
        text.push_str(&connected);
        if tls {
            text.push_str(&handshake(trace));
        }
        let version = if tls { "HTTP/2" } else { "HTTP/1.1" };
        text.push_str(&format!("> {} {} {version}\n", request.method, request.path));
        for (name, value) in http_request(request, IpAddr::from([0, 0, 0, 0])).headers {
            let name = if tls && name != "Host" { name.to_lowercase() } else { name };
            text.push_str(&format!("> {name}: {value}\n"));
        }
        text.push_str("> \n");
        if !tls {
            text.push_str("* Mark bundle as not supporting multiuse\n");
        }
        head(url.scheme == "https", response).lines().for_each(|line| text.push_str(&format!("< {line}\n")));
        if failure.is_some() {
            text.push_str("* The requested URL returned error: ");
            text.push_str(&format!("{}\n* Closing connection 0\n", response.status));
        } else {
            text.push_str(&format!("* Connection #0 to host {} left intact\n", url.host));
        }
        text
    }
}

/// What a client says first where it speaks TLS.
const HELLO: &str =
    "* ALPN, offering h2\n* ALPN, offering http/1.1\n* TLSv1.3 (OUT), TLS handshake, Client hello (1):\n";

/// What the server says to that, its certificate included.
const SERVER_HELLO: &str = "* TLSv1.3 (IN), TLS handshake, Server hello (2):\n* TLSv1.3 (IN), TLS handshake, Encrypted Extensions (8):\n* TLSv1.3 (IN), TLS handshake, Certificate (11):\n";

/// The whole of a handshake, with what stands in the certificate.
fn handshake(trace: &Trace) -> String {
    let mut text = format!("{HELLO}{SERVER_HELLO}* TLSv1.3 (IN), TLS handshake, CERT verify (15):\n* TLSv1.3 (IN), TLS handshake, Finished (20):\n* TLSv1.3 (OUT), TLS change cipher, Change cipher spec (1):\n* TLSv1.3 (OUT), TLS handshake, Finished (20):\n* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384\n* ALPN, server accepted to use h2\n");
    if let Some(c) = &trace.certificate {
        let result = untrusted(trace);
        let code = if c.subject == c.issuer { 18 } else { 20 };
        text.push_str(&format!(
            "* Server certificate:\n*  subject: {}\n*  start date: {}\n*  expire date: {}\n*  issuer: {}\n*  SSL certificate verify result: {result} ({code}), continuing anyway.\n",
            c.subject, c.from, c.until, c.issuer
        ));
    }
    text + "* Using HTTP2, server supports multiplexing\n* Connection state changed (HTTP/2 confirmed)\n* Using Stream ID: 1 (easy handle 0x55d0c8a7d0a0)\n"
}

/// What is wrong with the certificate of the server.
fn untrusted(trace: &Trace) -> &'static str {
    match &trace.certificate {
        Some(certificate) if certificate.subject == certificate.issuer => "self-signed certificate",
        _ => "unable to get local issuer certificate",
    }
}

const UNTRUSTED: &str = "More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the web page mentioned above.";

/// Status line and headers, an empty line at their end.
pub(super) fn head(tls: bool, response: &Response) -> String {
    let mut text = match tls {
        true => format!("HTTP/2 {} \r\n", response.status),
        false => format!("HTTP/1.1 {} {}\r\n", response.status, reason(response.status)),
    };
    for (name, value) in &response.headers {
        let name = if tls { name.to_lowercase() } else { name.clone() };
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.replace("\r\n", "\n")
}

pub(super) fn find(response: &Response, name: &str) -> Option<String> {
    response.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
}

/// `-w`: a format with `%{variable}`.
fn written(format: &str, url: &Url, request: &Request, trace: &Trace, exit_code: i32) -> String {
    let format = format.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
    let mut text = String::new();
    let mut rest = format.as_str();
    while let Some(at) = rest.find("%{") {
        text.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let Some(end) = after.find('}') else {
            rest = &rest[at..];
            break;
        };
        text.push_str(&variable(&after[..end], url, request, trace, exit_code));
        rest = &after[end + 1..];
    }
    text.push_str(rest);
    text.replace("%%", "%")
}

fn variable(name: &str, url: &Url, request: &Request, trace: &Trace, exit_code: i32) -> String {
    let seconds = |us: u64| format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    let response = match &trace.outcome {
        Outcome::Response(response) => Some(response),
        _ => None,
    };
    match name {
        "http_code" | "response_code" => format!("{:03}", response.map_or(0, |r| r.status)),
        "time_total" => seconds(trace.time_us),
        "time_connect" | "time_namelookup" | "time_appconnect" | "time_pretransfer" => seconds(trace.connected_us),
        "time_starttransfer" => seconds(trace.time_us),
        "remote_ip" => trace.address.clone(),
        "remote_port" => trace.port.to_string(),
        "size_download" => response.map_or(0, |r| r.body.len()).to_string(),
        "content_type" => response.and_then(|r| find(r, "Content-Type")).unwrap_or_default(),
        "url_effective" | "url" => format!("{}://{}{}", url.scheme, url.authority(), url.path),
        "num_connects" => u8::from(trace.answered()).to_string(),
        "num_redirects" => "0".to_owned(),
        "method" => request.method.clone(),
        "scheme" => url.scheme.to_uppercase(),
        "http_version" => if url.scheme == "https" { "2" } else { "1.1" }.to_owned(),
        "exitcode" => exit_code.to_string(),
        _ => String::new(),
    }
}
