//! curl: its options, its texts and its exit codes, as version 7.81 has them.
//!
//! It shows no progress meter, and knows the options that matter for looking at a cluster.

use core::net::IpAddr;

use super::{seconds_us, Context, Flag, Flags, Output};
use crate::network::conntrack::Flow;
use crate::network::http::{reason, Url, UrlError};
use crate::network::request::{self, http_request, Request, Source, CONNECT_TIMEOUT_US};
use crate::network::{Outcome, Response, Trace};

/// How curl names itself to servers.
pub const USER_AGENT: &str = "curl/7.81.0";

const HINT: &str = "curl: try 'curl --help' or 'curl --manual' for more information\n";

/// What was asked for on the command line.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Curl {
    urls: Vec<String>,
    method: Option<String>,
    headers: Vec<(String, String)>,
    data: Option<String>,
    query: bool,
    head: bool,
    include: bool,
    verbose: bool,
    silent: bool,
    show_error: bool,
    fail: bool,
    follow: bool,
    insecure: bool,
    output: Option<String>,
    write_out: Option<String>,
    max_time_us: Option<u64>,
    connect_timeout_us: Option<u64>,
    resolve: Vec<(String, IpAddr)>,
}

/// A connection that is left open for the next URL: scheme and host, the address, and what nodes know of it.
type Open = ((String, String), IpAddr, Vec<Flow>);

/// Runs curl.
pub fn run(context: &Context, args: &[String]) -> Output {
    let curl = match Curl::parse(args) {
        Ok(curl) => curl,
        Err(output) => return *output,
    };
    let mut all = Output::default();
    let mut open = None;
    for (i, url) in curl.urls.iter().enumerate() {
        let one = curl.transfer(context, url, context.n.wrapping_add((i as u64) << 32), &mut open);
        all.stdout.push_str(&one.stdout);
        all.stderr.push_str(&one.stderr);
        all.exit_code = one.exit_code;
        all.files.extend(one.files);
        all.traces.extend(one.traces);
        all.took_us += one.took_us;
    }
    all
}

/// What curl prints for a request that was made elsewhere: standard output, standard error and the exit code.
pub fn print(args: &[String], trace: &Trace) -> (String, String, i32) {
    let curl = match Curl::parse(args) {
        Ok(curl) => curl,
        Err(output) => return (output.stdout, output.stderr, output.exit_code),
    };
    let url = curl.urls.first().map(|url| Url::parse(url)).transpose().ok().flatten().unwrap_or_default();
    let request = curl.request(Source::Outside, &url, 0);
    let output = curl.show(&url, &request, trace.clone());
    (output.stdout, output.stderr, output.exit_code)
}

impl Curl {
    /// Reads the command line, or says what is wrong with it.
    pub fn parse(args: &[String]) -> Result<Curl, Box<Output>> {
        let mut curl = Curl::default();
        let mut flags = Flags::new(args);
        while let Some(flag) = flags.next() {
            let (name, attached) = match flag {
                Flag::Plain(url) => {
                    curl.urls.push(url.to_owned());
                    continue;
                }
                Flag::Short(c) => (c.to_string(), None),
                Flag::Long(name, value) => (name.to_owned(), value),
            };
            if curl.switch(&name) {
                continue;
            }
            let shown = if name.chars().count() == 1 { format!("-{name}") } else { format!("--{name}") };
            if !takes_value(&name) {
                return Err(Box::new(Output::error(2, format!("curl: option {shown}: is unknown\n{HINT}"))));
            }
            let Some(value) = attached.or_else(|| flags.value()) else {
                return Err(Box::new(Output::error(2, format!("curl: option {shown}: requires parameter\n{HINT}"))));
            };
            curl.option(&name, value)
                .map_err(|problem| Box::new(Output::error(2, format!("curl: {problem}\n{HINT}"))))?;
        }
        if curl.urls.is_empty() {
            return Err(Box::new(Output::error(2, format!("curl: no URL specified!\n{HINT}"))));
        }
        Ok(curl)
    }

    fn switch(&mut self, name: &str) -> bool {
        match name {
            "s" | "silent" => self.silent = true,
            "S" | "show-error" => self.show_error = true,
            "v" | "verbose" => self.verbose = true,
            "i" | "include" => self.include = true,
            "I" | "head" => self.head = true,
            "k" | "insecure" => self.insecure = true,
            "L" | "location" => self.follow = true,
            "f" | "fail" => self.fail = true,
            "G" | "get" => self.query = true,
            "4" | "6" | "N" | "no-buffer" | "#" | "progress-bar" | "http1.1" | "http2" | "g" | "globoff" | "ipv4" => {}
            _ => return false,
        }
        true
    }

    fn option(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = |value: &str| seconds_us(value).ok_or("expected a proper numerical parameter".to_owned());
        match name {
            "X" | "request" => self.method = Some(value.to_owned()),
            "H" | "header" => {
                if let Some((name, value)) = value.split_once(':') {
                    self.headers.push((name.trim().to_owned(), value.trim().to_owned()));
                }
            }
            "A" | "user-agent" => self.headers.push(("User-Agent".to_owned(), value.to_owned())),
            "d" | "data" | "data-raw" | "data-binary" | "data-ascii" => match &mut self.data {
                Some(data) => data.push_str(&format!("&{value}")),
                None => self.data = Some(value.to_owned()),
            },
            "o" | "output" => self.output = Some(value.to_owned()),
            "w" | "write-out" => self.write_out = Some(value.to_owned()),
            "m" | "max-time" => self.max_time_us = Some(number(value)?),
            "connect-timeout" => self.connect_timeout_us = Some(number(value)?),
            "resolve" => {
                let mut parts = value.splitn(3, ':');
                if let (Some(host), Some(_), Some(Ok(ip))) = (parts.next(), parts.next(), parts.next().map(str::parse))
                {
                    self.resolve.push((host.to_owned(), ip));
                }
            }
            "url" => self.urls.push(value.to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// One URL, redirects followed where that was asked for.
    fn transfer(&self, context: &Context, text: &str, n: u64, open: &mut Option<Open>) -> Output {
        let mut target = text.to_owned();
        let mut all = Output::default();
        for round in 0..10 {
            let url = match Url::parse(&target) {
                Ok(url) => url,
                Err(error) => return self.refuse(all, &error),
            };
            let mut request = self.request(context.source.clone(), &url, n.wrapping_add(round << 48));
            let to = (url.scheme.clone(), url.authority());
            let kept = open.take().filter(|(host, ..)| *host == to);
            request.open = kept.map(|(_, address, flows)| (address, flows));
            let trace = request::request(context.view, context.state, &request, context.respond);
            if let (Outcome::Response(_), Ok(address)) = (&trace.outcome, trace.address.parse()) {
                let flows = trace.flows.iter().filter(|flow| flow.protocol == "tcp").cloned().collect();
                *open = Some((to, address, flows));
            }
            let location = match &trace.outcome {
                Outcome::Response(r) if self.follow && (300..400).contains(&r.status) => find(r, "Location"),
                _ => None,
            };
            let output = self.show(&url, &request, trace);
            all.traces.extend(output.traces);
            all.took_us += output.took_us;
            all.stderr.push_str(&output.stderr);
            let Some(location) = location else {
                all.stdout.push_str(&output.stdout);
                all.exit_code = output.exit_code;
                all.files.extend(output.files);
                return all;
            };
            target = match location.starts_with('/') {
                true => format!("{}://{}{location}", url.scheme, url.authority()),
                false => location,
            };
        }
        all.exit_code = 47;
        all.stderr.push_str("curl: (47) Maximum (50) redirects followed\n");
        all
    }

    fn refuse(&self, mut output: Output, error: &UrlError) -> Output {
        let (code, text) = match error {
            UrlError::Scheme(scheme) => (1, format!("Protocol \"{scheme}\" not supported or disabled in libcurl")),
            UrlError::Port => (3, "URL using bad/illegal format or missing URL".to_owned()),
            UrlError::NoHost | UrlError::Malformed => (3, "URL using bad/illegal format or missing URL".to_owned()),
        };
        output.exit_code = code;
        if !self.silent || self.show_error {
            output.stderr.push_str(&format!("curl: ({code}) {text}\n"));
        }
        output
    }

    /// The request for a URL.
    pub fn request(&self, source: Source, url: &Url, n: u64) -> Request {
        let scheme = if url.scheme == "telnet" { "tcp" } else { &url.scheme };
        let mut request = Request::get(source, scheme, &url.host, url.port, &url.path, n);
        let default = match (&self.data, self.head) {
            (_, true) => "HEAD",
            (Some(_), _) if !self.query => "POST",
            _ => "GET",
        };
        request.method = self.method.clone().unwrap_or_else(|| default.to_owned());
        let set = |name: &str| self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        if !set("User-Agent") {
            request.headers.push(("User-Agent".to_owned(), USER_AGENT.to_owned()));
        }
        if !set("Accept") {
            request.headers.push(("Accept".to_owned(), "*/*".to_owned()));
        }
        request.headers.extend(self.headers.iter().cloned());
        match &self.data {
            Some(data) if self.query => {
                let mark = if request.path.contains('?') { '&' } else { '?' };
                request.path.push_str(&format!("{mark}{data}"));
            }
            Some(data) => {
                request.headers.push(("Content-Length".to_owned(), data.len().to_string()));
                if !set("Content-Type") {
                    let kind = "application/x-www-form-urlencoded";
                    request.headers.push(("Content-Type".to_owned(), kind.to_owned()));
                }
                request.body.clone_from(data);
            }
            None => {}
        }
        request.insecure = self.insecure;
        request.resolve.clone_from(&self.resolve);
        let limits = [self.max_time_us, self.connect_timeout_us, Some(CONNECT_TIMEOUT_US)];
        request.timeout_us = limits.into_iter().flatten().filter(|us| *us > 0).min().unwrap_or(CONNECT_TIMEOUT_US);
        request
    }

    /// What curl prints for a trace.
    fn show(&self, url: &Url, request: &Request, trace: Trace) -> Output {
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

/// Options with a value that are read, and those that are read and change nothing here.
fn takes_value(name: &str) -> bool {
    matches!(
        name,
        "X" | "request"
            | "H"
            | "header"
            | "A"
            | "user-agent"
            | "d"
            | "data"
            | "data-raw"
            | "data-binary"
            | "data-ascii"
            | "o"
            | "output"
            | "w"
            | "write-out"
            | "m"
            | "max-time"
            | "connect-timeout"
            | "resolve"
            | "url"
            | "retry"
            | "retry-delay"
            | "cacert"
            | "cert"
            | "key"
            | "e"
            | "referer"
            | "b"
            | "cookie"
            | "interface"
    )
}

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

fn find(response: &Response, name: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Place;

    fn args(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_trace_is_printed_as_curl_would_and_kept_quiet_on_demand() {
        let trace = Trace {
            source: Place::outside(),
            target: "web:80".to_owned(),
            address: "10.96.0.7".to_owned(),
            port: 80,
            hops: Vec::new(),
            outcome: Outcome::Refused,
            connected_us: 0,
            time_us: 3_400,
            memories: Vec::new(),
            flows: Vec::new(),
            certificate: None,
            hits: Vec::new(),
            names: Vec::new(),
        };
        let words = "curl: (7) Failed to connect to web port 80 after 3 ms: Connection refused\n";
        assert_eq!(print(&args("web"), &trace), (String::new(), words.to_owned(), 7));
        assert_eq!(print(&args("-s web"), &trace), (String::new(), String::new(), 7));
        assert_eq!(print(&args("-sw %{http_code} web"), &trace), ("000".to_owned(), String::new(), 7));
        assert_eq!(print(&args("--frob web"), &trace).2, 2);
    }
}
