//! dig and nslookup: what the name server says, as the tools of BIND 9.18 print it.

use core::net::IpAddr;

use super::{Context, Output};
use crate::base::draw;
use crate::network::dns::{reverse_name, soa, Answer, Data, QueryType, Record};
use crate::network::dns_cache::ask;
use crate::network::path::{Arrival, Path};
use crate::network::proxy::service::Protocol;
use crate::network::resolver::Resolver;

/// What was asked for on dig's command line.
#[derive(Default)]
struct Dig {
    name: Option<String>,
    kind: Option<QueryType>,
    server: Option<String>,
    short: bool,
    search: bool,
    quiet: bool,
    answer: bool,
}

/// Runs dig.
pub fn run(context: &Context, args: &[String]) -> Output {
    let mut dig = Dig::default();
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "+short" => dig.short = true,
            "+search" => dig.search = true,
            "+noall" => dig.quiet = true,
            "+answer" => dig.answer = true,
            "-x" => {
                let ip = words.next().and_then(|ip| ip.parse().ok());
                dig.name = ip.map(reverse_name);
                dig.kind = Some(QueryType::Ptr);
            }
            "-t" => dig.kind = words.next().and_then(QueryType::parse),
            _ if word.starts_with('+') || matches!(word, "-4" | "IN" | "in") => {}
            _ => match (word.strip_prefix('@'), QueryType::parse(word)) {
                (Some(server), _) => dig.server = Some(server.to_owned()),
                (_, Some(kind))
                    if dig.name.is_some() || !word.contains('.') && word.len() < 5 && dig.kind.is_none() =>
                {
                    dig.kind = Some(kind);
                }
                _ => dig.name = Some(word.to_owned()),
            },
        }
    }
    let (name, kind) = (dig.name.clone().unwrap_or_else(|| ".".to_owned()), dig.kind.unwrap_or(QueryType::A));
    let asked = Asked::new(context, dig.server.as_deref());
    if !asked.reachable {
        let text = format!("{}\n;; connection timed out; no servers could be reached\n", banner(args));
        return Output { stdout: text, exit_code: 9, took_us: 15_000_000, ..Output::default() };
    }
    let names = if dig.search { asked.resolver.candidates(&name) } else { vec![name] };
    let (name, found) = asked.first(context, &names, kind);
    let stdout = if dig.short {
        found.records.iter().map(|record| format!("{}\n", record.data)).collect()
    } else if dig.quiet {
        let lines = found.records.iter().filter(|_| dig.answer);
        lines.map(line).collect()
    } else {
        full(context, args, &asked, &name, kind, &found)
    };
    Output { stdout, names: vec![(name, kind)], took_us: 1_000, ..Output::default() }
}

/// A name server and whether it can be reached from the source.
pub(super) struct Asked {
    pub resolver: Resolver,
    pub server: String,
    pub reachable: bool,
    inside: bool,
}

impl Asked {
    pub fn new(context: &Context, server: Option<&str>) -> Asked {
        let mut path = Path::new(context.view, context.state, context.source.clone(), context.n, 15_000_000);
        let resolver = path.resolver();
        let server = server.map(str::to_owned).or_else(|| resolver.servers.first().cloned()).unwrap_or_default();
        let outside = Resolver::of_node(context.view.settings).servers.contains(&server);
        let address = server.parse::<IpAddr>().ok().or_else(|| named(context, &server));
        let arrival = address.map(|address| path.connect(address, 53, Protocol::Udp));
        let inside = matches!(&arrival, Some(Arrival::Pod { pod, .. }) if is_dns_pod(pod));
        Asked { resolver, server, reachable: inside || outside, inside }
    }

    /// The first name that exists, with what it has.
    pub fn first(&self, context: &Context, names: &[String], kind: QueryType) -> (String, Answer) {
        let mut last = (String::new(), Answer::default());
        for name in names {
            let in_zone = name.trim_end_matches('.').to_lowercase().ends_with(crate::network::dns::ZONE);
            let found = match self.inside || !in_zone {
                true => ask(context.view, context.state, name, kind),
                false => Answer::default(),
            };
            let done = found.exists;
            last = (name.clone(), found);
            if done {
                break;
            }
        }
        last
    }
}

fn named(context: &Context, server: &str) -> Option<IpAddr> {
    let found = ask(context.view, context.state, server, QueryType::A);
    let address = found.addresses().next();
    address
}

fn is_dns_pod(pod: &crate::api::Object) -> bool {
    let mut containers = pod.at("spec.containers").list().iter();
    pod.label("k8s-app") == "kube-dns" || containers.any(|c| c.get("image").str().contains("coredns"))
}

fn banner(args: &[String]) -> String {
    format!("\n; <<>> DiG 9.18.28 <<>> {}\n;; global options: +cmd", args.join(" "))
}

/// All of dig's output.
fn full(context: &Context, args: &[String], asked: &Asked, name: &str, kind: QueryType, found: &Answer) -> String {
    let full_name = format!("{}.", name.trim_end_matches('.'));
    let id = draw::below(context.view.settings.seed, "dig", &full_name, context.n, 65_536);
    let status = if found.exists { "NOERROR" } else { "NXDOMAIN" };
    let flags = if found.authoritative { "qr aa rd" } else { "qr rd ra" };
    let authority: Vec<Record> = match found.records.is_empty() && found.authoritative {
        true => vec![soa(context.view)],
        false => Vec::new(),
    };
    let (answers, additional) = (found.records.len(), found.additional.len() + 1);
    let mut text = banner(args);
    text.push_str(&format!(
        "\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: {id}\n;; flags: {flags}; QUERY: 1, ANSWER: {answers}, AUTHORITY: {}, ADDITIONAL: {additional}\n",
        authority.len()
    ));
    if found.authoritative {
        text.push_str(";; WARNING: recursion requested but not available\n");
    }
    text.push_str("\n;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n");
    if asked.inside {
        let cookie = draw::uuid(context.view.settings.seed, "dns-cookie", &full_name, context.n).replace('-', "");
        text.push_str(&format!("; COOKIE: {} (echoed)\n", &cookie[..16]));
    }
    text.push_str(";; QUESTION SECTION:\n");
    text.push_str(&columns(&[(0, &format!(";{full_name}")), (32, "IN"), (40, kind.name())]));
    for (title, records) in [("ANSWER", &found.records), ("AUTHORITY", &authority), ("ADDITIONAL", &found.additional)] {
        if !records.is_empty() {
            text.push_str(&format!("\n;; {title} SECTION:\n"));
            records.iter().for_each(|record| text.push_str(&line(record)));
        }
    }
    let size = 52 + full_name.len() + records_size(&found.records) + records_size(&authority);
    let server = &asked.server;
    text.push_str(&format!(
        "\n;; Query time: 1 msec\n;; SERVER: {server}#53({server}) (UDP)\n;; WHEN: {}\n;; MSG SIZE  rcvd: {size}\n\n",
        when(context)
    ));
    text
}

fn records_size(records: &[Record]) -> usize {
    records.iter().map(|record| 12 + record.data.to_string().len()).sum()
}

/// `Mon Nov 23 14:43:40 UTC 2026`.
fn when(context: &Context) -> String {
    let text = context.view.timestamp().rfc1123z();
    let parts: Vec<&str> = text.split([' ', ',']).filter(|part| !part.is_empty()).collect();
    match parts[..] {
        [weekday, day, month, year, clock, ..] => format!("{weekday} {month} {day} {clock} UTC {year}"),
        _ => text,
    }
}

fn line(record: &Record) -> String {
    let ttl = record.ttl.to_string();
    let data = record.data.to_string();
    columns(&[(0, &record.name), (24, &ttl), (32, "IN"), (40, record.data.kind()), (48, &data)])
}

/// Words at columns, led to by tabs where there is room and by a blank where there is none.
///
/// Models BIND's lib/dns/masterdump.c indent.
fn columns(words: &[(usize, &str)]) -> String {
    let mut text = String::new();
    let mut at = 0;
    for (column, word) in words {
        if *column > 0 {
            let to = (*column).max(at + 1);
            let tabs = to / 8 - at / 8;
            text.push_str(&"\t".repeat(tabs));
            let from = if tabs > 0 { to / 8 * 8 } else { at };
            text.push_str(&" ".repeat(to - from));
            at = to;
        }
        text.push_str(word);
        at += word.len();
    }
    text.push('\n');
    text
}

/// Runs nslookup.
pub fn nslookup(context: &Context, args: &[String]) -> Output {
    let kind = args.iter().find_map(|arg| arg.strip_prefix("-type=").or_else(|| arg.strip_prefix("-query=")));
    let plain: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let Some(name) = plain.first() else {
        return Output::error(1, "nslookup: interactive mode is not there: name a host\n");
    };
    let asked = Asked::new(context, plain.get(1).map(|server| server.as_str()));
    if !asked.reachable {
        let text = ";; connection timed out; no servers could be reached\n\n";
        return Output { stdout: text.to_owned(), exit_code: 1, took_us: 15_000_000, ..Output::default() };
    }
    let mut text = format!("Server:\t\t{0}\nAddress:\t{0}#53\n\n", asked.server);
    let address = name.parse::<IpAddr>().ok();
    let kind = match (address, kind.and_then(QueryType::parse)) {
        (Some(_), _) => QueryType::Ptr,
        (_, kind) => kind.unwrap_or(QueryType::A),
    };
    let names = match address {
        Some(ip) => vec![reverse_name(ip)],
        None => asked.resolver.candidates(name),
    };
    let (last, found) = asked.first(context, &names, kind);
    if found.records.is_empty() {
        text.push_str(&match (found.exists, address) {
            (true, _) => format!("*** Can't find {name}: No answer\n\n"),
            (false, Some(_)) => format!("** server can't find {}: NXDOMAIN\n\n", last.trim_end_matches('.')),
            (false, None) => format!("** server can't find {name}: NXDOMAIN\n\n"),
        });
        return Output { stdout: text, exit_code: 1, took_us: 1_000, ..Output::default() };
    }
    if !found.authoritative {
        text.push_str("Non-authoritative answer:\n");
    }
    for record in &found.records {
        let owner = record.name.trim_end_matches('.');
        text.push_str(&match &record.data {
            Data::Address(ip) => format!("Name:\t{owner}\nAddress: {ip}\n"),
            Data::Cname(target) => format!("{owner}\tcanonical name = {target}\n"),
            Data::Ptr(target) => format!("{owner}\tname = {target}\n"),
            Data::Srv { weight, port, target } => format!("{owner}\tservice = 0 {weight} {port} {target}\n"),
            Data::Txt(value) => format!("{owner}\ttext = \"{value}\"\n"),
            Data::Soa(value) => format!("{owner}\n\torigin = {value}\n"),
            Data::Ns(target) => format!("{owner}\tnameserver = {target}\n"),
        });
    }
    text.push('\n');
    Output { stdout: text, took_us: 1_000, ..Output::default() }
}
