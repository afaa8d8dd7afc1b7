//! nc: whether a port takes connections (`nc -zv`), and what is said to what is piped in, as OpenBSD's prints it. A shell hands
//! over what is piped in as `--stdin=TEXT`.

use super::curl_print::head;
use super::{busybox, seconds_us, Context, Flag, Flags, Output};
use crate::network::request::{request, Request};
use crate::network::{Outcome, Trace};

/// Runs nc.
pub fn run(context: &Context, args: &[String]) -> Output {
    let mut flags = Flags::new(args);
    let (mut plain, mut verbose, mut scan, mut udp) = (Vec::new(), false, false, false);
    let (mut timeout_us, mut source_port, mut input) = (None, None, None);
    while let Some(flag) = flags.next() {
        match flag {
            Flag::Plain(word) => plain.push(word),
            Flag::Short('v') => verbose = true,
            Flag::Short('z') => scan = true,
            Flag::Short('u') => udp = true,
            Flag::Short('p') => source_port = flags.value().and_then(|port| port.parse().ok()),
            Flag::Long("stdin", Some(text)) => input = Some(text),
            Flag::Short('n' | '4' | 'N') => {}
            Flag::Short('q') => drop(flags.value()),
            Flag::Short('w') => timeout_us = flags.value().and_then(seconds_us),
            Flag::Short(c) => return Output::error(1, format!("nc: invalid option -- '{c}'\n{USAGE}")),
            Flag::Long(..) => return Output::error(1, format!("nc: invalid option -- '-'\n{USAGE}")),
        }
    }
    let [host, port] = plain[..] else {
        return Output::error(1, USAGE);
    };
    let Ok(number) = port.parse::<u16>() else {
        return Output::error(1, format!("nc: port number invalid: {port}\n"));
    };
    let kind = if udp { "udp" } else { "tcp" };
    let mut asked = Request::get(context.source.clone(), kind, host, number, "", context.n);
    asked.timeout_us = timeout_us.unwrap_or(asked.timeout_us);
    asked.source_port = source_port;
    if let Some(text) = input.filter(|_| !scan) {
        feed(&mut asked, text);
    }
    let trace = request(context.view, context.state, &asked, context.respond);
    let at = match trace.address.as_str() {
        address if address == host => host.to_owned(),
        address => format!("{host} ({address})"),
    };
    let service = service_name(number);
    let (exit_code, text) = match &trace.outcome {
        Outcome::Connected | Outcome::Greeting(_) | Outcome::Response(_) => {
            (0, format!("Connection to {at} {port} port [{kind}/{service}] succeeded!\n"))
        }
        Outcome::Refused => (1, format!("nc: connect to {at} port {port} ({kind}) failed: Connection refused\n")),
        Outcome::NoRoute => (1, format!("nc: connect to {at} port {port} ({kind}) failed: No route to host\n")),
        Outcome::NxDomain => {
            (1, format!("nc: getaddrinfo for host \"{host}\" port {port}: Name or service not known\n"))
        }
        Outcome::NoResolver => {
            (1, format!("nc: getaddrinfo for host \"{host}\" port {port}: Temporary failure in name resolution\n"))
        }
        _ if timeout_us.is_some() => {
            (1, format!("nc: connect to {at} port {port} ({kind}) timed out: Operation now in progress\n"))
        }
        _ => (1, format!("nc: connect to {at} port {port} ({kind}) failed: Connection timed out\n")),
    };
    let text = match busybox(context) {
        Some(_) => busybox_text(host, port, &trace),
        None => text,
    };
    let took_us = trace.time_us;
    let greeting = match &trace.outcome {
        Outcome::Greeting(text) if !scan => text.clone(),
        Outcome::Response(response) => head(false, response) + &response.body,
        _ => String::new(),
    };
    let stderr = if verbose { text } else { String::new() };
    Output { stdout: greeting, stderr, exit_code, traces: vec![trace], took_us, ..Output::default() }
}

/// Gives a request the text that is piped into nc: HTTP where it reads like that, and bytes like any others where not.
fn feed(asked: &mut Request, text: &str) {
    asked.body = text.to_owned();
    let (head, body) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n")).unwrap_or((text, ""));
    let mut lines = head.lines();
    let first: Vec<&str> = lines.next().unwrap_or("").split(' ').collect();
    let [method, path, version] = first[..] else { return };
    if version.starts_with("HTTP/") && asked.scheme == "tcp" {
        (asked.scheme, asked.method) = ("http".to_owned(), method.to_owned());
        (asked.path, asked.body) = (path.to_owned(), body.to_owned());
        let headers = lines.filter_map(|line| line.split_once(':'));
        asked.headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    }
}

/// What busybox' nc says.
fn busybox_text(host: &str, port: &str, trace: &Trace) -> String {
    let at = format!("{host} ({}:{port})", trace.address);
    match &trace.outcome {
        Outcome::Connected | Outcome::Greeting(_) | Outcome::Response(_) => format!("{at} open\n"),
        Outcome::Refused => format!("nc: {at}: Connection refused\n"),
        Outcome::NoRoute => format!("nc: {at}: Host is unreachable\n"),
        Outcome::NxDomain | Outcome::NoResolver => format!("nc: bad address '{host}'\n"),
        _ => format!("nc: {at}: Operation timed out\n"),
    }
}

const USAGE: &str = "usage: nc [-4nuvz] [-p source_port] [-w timeout] destination port\n";

/// `telnet HOST PORT`: what the server says first, then the end.
pub fn telnet(context: &Context, args: &[String]) -> Output {
    let (host, port) = match args {
        [host] => (host, "23"),
        [host, port, ..] => (host, port.as_str()),
        [] => return Output::error(1, "usage: telnet host [port]\n"),
    };
    let Ok(number) = port.parse::<u16>() else {
        return Output::error(
            1,
            format!("telnet: could not resolve {host}/{port}: Servname not supported for ai_socktype\n"),
        );
    };
    let asked = Request::get(context.source.clone(), "tcp", host, number, "", context.n);
    let trace = request(context.view, context.state, &asked, context.respond);
    let trying = format!("Trying {}...\n", trace.address);
    let open = format!("{trying}Connected to {host}.\nEscape character is '^]'.\n");
    let fails = |why: &str| format!("telnet: Unable to connect to remote host: {why}\n");
    let (stdout, stderr) = match &trace.outcome {
        Outcome::Connected => (format!("{open}Connection closed by foreign host.\n"), String::new()),
        Outcome::Greeting(text) => (format!("{open}{text}Connection closed by foreign host.\n"), String::new()),
        Outcome::NxDomain | Outcome::NoResolver => {
            let text = format!("telnet: could not resolve {host}/{port}: Name or service not known\n");
            (String::new(), text)
        }
        Outcome::Refused => (trying, fails("Connection refused")),
        Outcome::NoRoute => (trying, fails("No route to host")),
        _ => (trying, fails("Connection timed out")),
    };
    let exit_code = i32::from(!stderr.is_empty() || trace.answered());
    Output { stdout, stderr, exit_code, took_us: trace.time_us, traces: vec![trace], ..Output::default() }
}

/// The name /etc/services has for a port; `*` without one.
fn service_name(port: u16) -> &'static str {
    match port {
        22 => "ssh",
        53 => "domain",
        80 => "http",
        443 => "https",
        3306 => "mysql",
        5432 => "postgresql",
        6379 => "redis",
        8080 => "http-alt",
        _ => "*",
    }
}
