//! ping: whether an address answers at all. In pods it is busybox', elsewhere that of iputils.

use super::{Context, Flag, Flags, Output};
use crate::base::draw;
use crate::network::path::{Arrival, Path};
use crate::network::proxy::service::Protocol;
use crate::network::request::Source;
use crate::network::resolve::look_up;
use crate::network::Outcome;

/// How many echo requests are sent without being told: nobody is there to interrupt it.
const COUNT: u64 = 4;

/// Runs ping.
pub fn run(context: &Context, args: &[String]) -> Output {
    let mut flags = Flags::new(args);
    let (mut host, mut count) = (None, COUNT);
    while let Some(flag) = flags.next() {
        match flag {
            Flag::Plain(word) => host = Some(word),
            Flag::Short('c') => count = flags.value().and_then(|n| n.parse().ok()).unwrap_or(COUNT).clamp(1, 100),
            Flag::Short('W' | 'w' | 'i' | 's') => drop(flags.value()),
            Flag::Short('q' | 'n' | '4') => {}
            _ => return Output::error(2, "ping: usage error: Destination address required\n"),
        }
    }
    let busybox = matches!(context.source, Source::Pod(_) | Source::Shell(_));
    let Some(host) = host else {
        return Output::error(2, "ping: usage error: Destination address required\n");
    };
    let wait_us = count * 1_000_000;
    let mut path = Path::new(context.view, context.state, context.source.clone(), context.n, wait_us + 1_000_000);
    let address = match host.parse().map_or_else(|_| look_up(&mut path, host), Ok) {
        Ok(address) => address,
        Err(outcome) => {
            let trace = path.finish(host.to_owned(), String::new(), 0, outcome);
            let text = unknown(host, busybox, &trace.outcome);
            let exit_code = if busybox { 1 } else { 2 };
            return Output {
                stderr: text,
                exit_code,
                took_us: trace.time_us,
                traces: vec![trace],
                ..Output::default()
            };
        }
    };
    let began = path.at_us;
    let arrival = path.connect(address, 0, Protocol::Icmp);
    let crossed = (path.at_us - began) * 2 + 40;
    let (outcome, hops_away) = match arrival {
        Arrival::Ended(outcome) => (outcome, 0),
        Arrival::Pod { .. } => (Outcome::Connected, u64::from(crossed > 300) + 1),
        _ => (Outcome::Connected, 0),
    };
    let answered = outcome == Outcome::Connected;
    let trace = path.finish(host.to_owned(), address.to_string(), 0, outcome);
    let name = address.to_string();
    let mut times = Vec::new();
    for i in 0..if answered { count } else { 0 } {
        times.push(crossed + draw::below(context.view.settings.seed, "ping", &name, context.n + i, crossed / 4 + 1));
    }
    let stdout = print(host, &name, busybox, count, 64 - hops_away, &times);
    let took_us = wait_us;
    Output { stdout, exit_code: i32::from(!answered), traces: vec![trace], took_us, ..Output::default() }
}

fn unknown(host: &str, busybox: bool, outcome: &Outcome) -> String {
    match (busybox, outcome) {
        (true, _) => format!("ping: bad address '{host}'\n"),
        (_, Outcome::NoResolver) => format!("ping: {host}: Temporary failure in name resolution\n"),
        _ => format!("ping: {host}: Name or service not known\n"),
    }
}

fn print(host: &str, address: &str, busybox: bool, count: u64, ttl: u64, times: &[u64]) -> String {
    let ms = |us: u64| format!("{}.{:03}", us / 1000, us % 1000);
    let mut text = match busybox {
        true => format!("PING {host} ({address}): 56 data bytes\n"),
        false => format!("PING {host} ({address}) 56(84) bytes of data.\n"),
    };
    for (i, us) in times.iter().enumerate() {
        text.push_str(&match busybox {
            true => format!("64 bytes from {address}: seq={i} ttl={ttl} time={} ms\n", ms(*us)),
            false => format!("64 bytes from {address}: icmp_seq={} ttl={ttl} time={} ms\n", i + 1, ms(*us)),
        });
    }
    let lost = 100 * (count - times.len() as u64) / count;
    let received = times.len();
    text.push_str(&format!("\n--- {host} ping statistics ---\n"));
    text.push_str(&match busybox {
        true => format!("{count} packets transmitted, {received} packets received, {lost}% packet loss\n"),
        false => {
            let time = (count - 1) * 1000 + 20 * count;
            format!("{count} packets transmitted, {received} received, {lost}% packet loss, time {time}ms\n")
        }
    });
    let (least, most) = (times.iter().min(), times.iter().max());
    let (Some(least), Some(most)) = (least, most) else {
        if !busybox {
            text.push('\n');
        }
        return text;
    };
    let mean = times.iter().sum::<u64>() / times.len() as u64;
    text.push_str(&match busybox {
        true => format!("round-trip min/avg/max = {}/{}/{} ms\n", ms(*least), ms(mean), ms(*most)),
        false => {
            let deviation = times.iter().map(|us| us.abs_diff(mean)).sum::<u64>() / times.len() as u64;
            format!("rtt min/avg/max/mdev = {}/{}/{}/{} ms\n", ms(*least), ms(mean), ms(*most), ms(deviation))
        }
    });
    text
}
