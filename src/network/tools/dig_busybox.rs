//! nslookup as busybox prints it, which asks for every name of the search list at once, and `host`.

use core::net::IpAddr;

use super::dig::Asked;
use super::{busybox, Context, Output};
use crate::network::dns::{reverse_name, Answer, Data, QueryType};

/// The version of busybox from which on nslookup is another one.
const NEW: u32 = 29;

/// `nslookup [-type=TYPE] NAME [SERVER]`.
pub fn nslookup(context: &Context, args: &[String]) -> Output {
    let kind = args.iter().find_map(|arg| arg.strip_prefix("-type=").or_else(|| arg.strip_prefix("-query=")));
    let plain: Vec<&str> = args.iter().map(String::as_str).filter(|arg| !arg.starts_with('-')).collect();
    let Some(name) = plain.first().copied() else {
        return Output::error(
            1,
            "BusyBox multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n",
        );
    };
    let asked = Asked::new(context, plain.get(1).copied());
    let old = busybox(context).is_some_and(|version| version < NEW);
    if !asked.reachable {
        let text = match old {
            true => format!("Server:    {0}\nAddress 1: {0}\n\nnslookup: can't resolve '{name}'\n", asked.server),
            false => ";; connection timed out; no servers could be reached\n\n".to_owned(),
        };
        return Output { stdout: text, exit_code: 1, took_us: 10_000_000, ..Output::default() };
    }
    match old {
        true => resolved(context, &asked, name),
        false => all_at_once(context, &asked, name, kind.and_then(QueryType::parse)),
    }
}

/// What the old one prints: what the resolver of the C library finds.
fn resolved(context: &Context, asked: &Asked, name: &str) -> Output {
    let reverse = |ip: IpAddr| match asked.first(context, &[reverse_name(ip)], QueryType::Ptr).1.records.first() {
        Some(record) => format!(" {}", record.data.to_string().trim_end_matches('.')),
        None => String::new(),
    };
    let own = asked.server.parse::<IpAddr>().map(reverse).unwrap_or_default();
    let mut text = format!("Server:    {0}\nAddress 1: {0}{own}\n\n", asked.server);
    let found = match name.parse::<IpAddr>() {
        Ok(ip) => vec![ip],
        Err(_) => asked.first(context, &asked.resolver.candidates(name), QueryType::A).1.addresses().collect(),
    };
    if found.is_empty() {
        text.push_str(&format!("nslookup: can't resolve '{name}'\n"));
        return Output { stdout: text, exit_code: 1, took_us: 1_000, ..Output::default() };
    }
    text.push_str(&format!("Name:      {name}\n"));
    for (i, ip) in found.iter().enumerate() {
        text.push_str(&format!("Address {}: {ip}{}\n", i + 1, reverse(*ip)));
    }
    Output { stdout: text, took_us: 1_000, ..Output::default() }
}

/// What the new one prints: an answer, or the want of one, for each name and type.
///
/// Models busybox networking/nslookup.c add_query_with_search.
fn all_at_once(context: &Context, asked: &Asked, name: &str, kind: Option<QueryType>) -> Output {
    let address = name.parse::<IpAddr>().ok();
    let names: Vec<String> = match address {
        Some(ip) => vec![reverse_name(ip).trim_end_matches('.').to_owned()],
        None if name.contains('.') => vec![name.to_owned()],
        None => asked.resolver.search.iter().map(|domain| format!("{name}.{domain}")).collect(),
    };
    let kinds = match (kind, address) {
        (Some(kind), _) => vec![kind],
        (None, Some(_)) => vec![QueryType::Ptr],
        (None, None) => vec![QueryType::A, QueryType::Aaaa],
    };
    let mut text = format!("Server:\t\t{0}\nAddress:\t{0}:53\n\n", asked.server);
    let (mut code, mut questions) = (0, Vec::new());
    for kind in kinds {
        for name in &names {
            let found = asked.first(context, std::slice::from_ref(name), kind).1;
            text.push_str(&records(&found));
            if !found.exists {
                text.push_str(&format!("** server can't find {}: NXDOMAIN\n", name.trim_end_matches('.')));
                code = 1;
            }
            text.push('\n');
            questions.push((name.clone(), kind));
        }
    }
    Output { stdout: text, exit_code: code, names: questions, took_us: 1_000, ..Output::default() }
}

fn records(found: &Answer) -> String {
    let lines = found.records.iter().map(|record| {
        let owner = record.name.trim_end_matches('.');
        let target = |text: &str| text.trim_end_matches('.').to_owned();
        match &record.data {
            Data::Address(ip) => format!("Name:\t{owner}\nAddress: {ip}\n"),
            Data::Cname(name) => format!("{owner}\tcanonical name = {}\n", target(name)),
            Data::Ptr(name) => format!("{owner}\tname = {}\n", target(name)),
            Data::Srv { weight, port, target: name } => {
                format!("{owner}\tservice = 0 {weight} {port} {}\n", target(name))
            }
            Data::Txt(value) => format!("{owner}\ttext = \"{value}\"\n"),
            Data::Soa(value) => format!("{owner}\n\torigin = {value}\n"),
            Data::Ns(name) => format!("{owner}\tnameserver = {}\n", target(name)),
        }
    });
    lines.collect()
}

/// `host NAME [SERVER]`.
pub fn host(context: &Context, args: &[String]) -> Output {
    let plain: Vec<&str> = args.iter().map(String::as_str).filter(|arg| !arg.starts_with('-')).collect();
    let Some(name) = plain.first().copied() else {
        return Output::error(1, "Usage: host [-t type] {name} [server]\n");
    };
    let asked = Asked::new(context, plain.get(1).copied());
    if !asked.reachable {
        let text = ";; connection timed out; no servers could be reached\n";
        return Output { stdout: text.to_owned(), exit_code: 1, took_us: 10_000_000, ..Output::default() };
    }
    let (names, kind) = match name.parse::<IpAddr>() {
        Ok(ip) => (vec![reverse_name(ip)], QueryType::Ptr),
        Err(_) => (asked.resolver.candidates(name), QueryType::A),
    };
    let (last, found) = asked.first(context, &names, kind);
    if !found.exists {
        let shown = if kind == QueryType::Ptr { last.trim_end_matches('.') } else { name };
        let text = format!("Host {shown} not found: 3(NXDOMAIN)\n");
        return Output { stdout: text, exit_code: 1, took_us: 1_000, ..Output::default() };
    }
    let lines = found.records.iter().map(|record| {
        let owner = record.name.trim_end_matches('.');
        match &record.data {
            Data::Address(ip) => format!("{owner} has address {ip}\n"),
            Data::Cname(target) => format!("{owner} is an alias for {target}\n"),
            Data::Ptr(target) => format!("{owner} domain name pointer {target}\n"),
            other => format!("{owner} has {} record {other}\n", other.kind()),
        }
    });
    let stdout = lines.collect();
    Output { stdout, names: vec![(last, kind)], took_us: 1_000, ..Output::default() }
}
