//! curl: its options, its texts and its exit codes, as version 7.81 has them.
//!
//! It shows no progress meter, and knows the options that matter for looking at a cluster.

use core::net::IpAddr;

use super::curl_print::find;
use super::{seconds_us, Context, Flag, Flags, Output};
use crate::network::conntrack::Flow;
use crate::network::http::{Url, UrlError};
use crate::network::request::{self, Request, Source, CONNECT_TIMEOUT_US};
use crate::network::{Outcome, Trace};

/// How curl names itself to servers.
pub const USER_AGENT: &str = "curl/7.81.0";

const HINT: &str = "curl: try 'curl --help' or 'curl --manual' for more information\n";

/// What was asked for on the command line.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Curl {
    pub(super) urls: Vec<String>,
    pub(super) method: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) data: Option<String>,
    pub(super) query: bool,
    pub(super) head: bool,
    pub(super) include: bool,
    pub(super) verbose: bool,
    pub(super) silent: bool,
    pub(super) show_error: bool,
    pub(super) fail: bool,
    pub(super) follow: bool,
    pub(super) insecure: bool,
    pub(super) output: Option<String>,
    pub(super) write_out: Option<String>,
    pub(super) max_time_us: Option<u64>,
    pub(super) connect_timeout_us: Option<u64>,
    pub(super) resolve: Vec<(String, IpAddr)>,
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
}

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
