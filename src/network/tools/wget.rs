//! wget: in pods busybox', elsewhere GNU's.

use super::{seconds_us, Context, Flag, Flags, Output};
use crate::network::http::{reason, Url};
use crate::network::request::{request, Request, Source};
use crate::network::{Outcome, Trace};

/// Runs wget.
pub fn run(context: &Context, args: &[String]) -> Output {
    let busybox = matches!(context.source, Source::Pod(_) | Source::Shell(_));
    let mut flags = Flags::new(args);
    let (mut quiet, mut file, mut url, mut timeout_us, mut headers) = (false, None, None, None, Vec::new());
    let (mut spider, mut insecure, mut body) = (false, false, None);
    while let Some(flag) = flags.next() {
        let (name, attached) = match flag {
            Flag::Plain(word) => {
                url = Some(word.to_owned());
                continue;
            }
            Flag::Short(c) => (c.to_string(), None),
            Flag::Long(name, value) => (name.to_owned(), value),
        };
        match name.as_str() {
            "q" | "quiet" => quiet = true,
            "spider" => spider = true,
            "no-check-certificate" => insecure = true,
            "S" | "server-response" | "nv" | "no-verbose" => {}
            "O" | "output-document" | "T" | "timeout" | "t" | "tries" | "header" | "post-data" | "U" | "P" => {
                let Some(value) = attached.or_else(|| flags.value()) else {
                    return Output::error(1, format!("wget: option requires an argument -- '{name}'\n"));
                };
                match name.as_str() {
                    "O" | "output-document" => file = Some(value.to_owned()),
                    "T" | "timeout" => timeout_us = seconds_us(value),
                    "header" => {
                        headers.extend(value.split_once(':').map(|(n, v)| (n.trim().to_owned(), v.trim().to_owned())))
                    }
                    "post-data" => body = Some(value.to_owned()),
                    _ => {}
                }
            }
            other => return Output::error(1, format!("wget: unrecognized option '{other}'\n")),
        }
    }
    let Some(text) = url else {
        return Output::error(1, "wget: missing URL\n");
    };
    let Ok(url) = Url::parse(&text) else {
        return Output::error(1, format!("wget: bad URL '{text}'\n"));
    };
    let mut asked = Request::get(context.source.clone(), &url.scheme, &url.host, url.port, &url.path, context.n);
    asked.headers.push(("User-Agent".to_owned(), if busybox { "Wget" } else { "Wget/1.21.2" }.to_owned()));
    asked.headers.extend(headers);
    (asked.insecure, asked.timeout_us) = (insecure || busybox, timeout_us.unwrap_or(asked.timeout_us));
    if let Some(body) = body {
        (asked.method, asked.body) = ("POST".to_owned(), body);
    }
    let trace = request(context.view, context.state, &asked, context.respond);
    let mut output = if busybox { busybox_text(&url, &trace, quiet) } else { gnu_text(context, &url, &trace, quiet) };
    if let (Outcome::Response(response), 0, false) = (&trace.outcome, output.exit_code, spider) {
        let last = url.path.split('?').next().and_then(|path| path.rsplit('/').next()).filter(|name| !name.is_empty());
        let to = file.as_deref().unwrap_or(last.unwrap_or("index.html"));
        if let (false, true) = (quiet, output.exit_code == 0 && super::busybox(context).is_some() && to != "-") {
            output.stderr.push_str(&saved(to, response.body.len(), super::busybox(context).unwrap_or(0)));
        }
        match to {
            "-" => output.stdout.clone_from(&response.body),
            "/dev/null" => {}
            name => output.files.push((name.to_owned(), response.body.clone())),
        }
    }
    if spider && !quiet && output.exit_code == 0 && super::busybox(context).is_some_and(|version| version > 28) {
        output.stderr.push_str("remote file exists\n");
    }
    output.took_us = trace.time_us;
    output.traces.push(trace);
    output
}

/// What busybox says when it has saved a file.
fn saved(name: &str, size: usize, version: u32) -> String {
    let bar = "*".repeat(32);
    let line = format!("{name:<20} 100% |{bar}| {size:>5}  0:00:00 ETA\n");
    match version {
        0..=28 => line,
        _ => format!("saving to '{name}'\n{line}'{name}' saved\n"),
    }
}

fn busybox_text(url: &Url, trace: &Trace, quiet: bool) -> Output {
    let mut text = String::new();
    if !quiet && !trace.address.is_empty() {
        text.push_str(&format!("Connecting to {} ({}:{})\n", url.host, trace.address, trace.port));
    }
    let problem = match &trace.outcome {
        Outcome::NxDomain | Outcome::NoResolver => format!("bad address '{}'", url.host),
        Outcome::Refused => format!("can't connect to remote host ({}): Connection refused", trace.address),
        Outcome::NoRoute => format!("can't connect to remote host ({}): Host is unreachable", trace.address),
        Outcome::Timeout => "download timed out".to_owned(),
        Outcome::NotTls | Outcome::Greeting(_) => "error getting response: Connection reset by peer".to_owned(),
        Outcome::Response(r) if r.status >= 400 => {
            format!("server returned error: HTTP/1.1 {} {}", r.status, reason(r.status))
        }
        _ => return Output { stderr: text, ..Output::default() },
    };
    text.push_str(&format!("wget: {problem}\n"));
    Output::error(1, text)
}

fn gnu_text(context: &Context, url: &Url, trace: &Trace, quiet: bool) -> Output {
    let stamp = context.view.now_text().replace('T', " ").replace('Z', "");
    let (host, address, port) = (&url.host, &trace.address, trace.port);
    let mut text = format!("--{stamp}--  {}://{}{}\n", url.scheme, url.authority(), url.path);
    if host != address {
        text.push_str(&format!("Resolving {host} ({host})... "));
        text.push_str(&if address.is_empty() {
            "failed: Name or service not known.\n".to_owned()
        } else {
            format!("{address}\n")
        });
    }
    let named = if host == address { format!("{host}:{port}") } else { format!("{host} ({host})|{address}|:{port}") };
    let exit_code = match &trace.outcome {
        Outcome::NxDomain | Outcome::NoResolver => {
            text.push_str(&format!("wget: unable to resolve host address ‘{host}’\n"));
            4
        }
        Outcome::Response(r) => {
            let (status, length) = (r.status, r.body.len());
            text.push_str(&format!("Connecting to {named}... connected.\n"));
            text.push_str(&format!("HTTP request sent, awaiting response... {status} {}\n", reason(status)));
            if status >= 400 {
                text.push_str(&format!("{stamp} ERROR {status}: {}.\n\n", reason(status)));
                8
            } else {
                text.push_str(&format!("Length: {length}\n"));
                0
            }
        }
        Outcome::Untrusted => {
            text.push_str(&format!(
                "Connecting to {named}... connected.\nERROR: cannot verify {host}'s certificate.\n"
            ));
            5
        }
        other => {
            let why = match other {
                Outcome::Refused => "Connection refused",
                Outcome::NoRoute => "No route to host",
                _ => "Connection timed out",
            };
            text.push_str(&format!("Connecting to {named}... failed: {why}.\n"));
            4
        }
    };
    Output { stderr: if quiet { String::new() } else { text }, exit_code, ..Output::default() }
}
