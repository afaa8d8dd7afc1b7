//! Programs made to take CPU and memory: the two that courses call `stress`, and what else eats memory.

use ecow::EcoString;

use super::builtins::complain;
use super::streams::Io;
use super::{Host, Process};
use crate::base::quantity::Quantity;
use crate::base::time::{parse_duration, Span};
use crate::workload::Demand;

/// Their names.
pub(super) const NAMES: &[&str] = &["stress", "stress-ng"];

const MIB: u64 = 1 << 20;

/// Takes more and more memory, until somebody stops it.
pub(super) fn grow(p: &mut Process, host: &dyn Host) {
    let most_bytes = if host.facts().memory_limit > 0 { u64::MAX } else { 4_096 * MIB };
    take(p, Demand { cpu_millis: 500, memory_bytes: 0, step_bytes: 20 * MIB, every: Span::millis(100), most_bytes });
    p.stuck = true;
}

fn take(p: &mut Process, demand: Demand) {
    p.demand = demand;
    p.demand_since = p.now();
}

/// Runs one.
pub(super) fn run(p: &mut Process, name: &str, args: &[EcoString], io: &mut Io, host: &dyn Host) {
    match args.iter().any(|word| word.starts_with("-mem") || word.starts_with("-cpus"))
        || host.facts().image.contains("vish/")
    {
        true => vish(p, args, io),
        false => polinux(p, name, args, io),
    }
}

/// `vish/stress`: `-cpus 2 -mem-total 150Mi -mem-alloc-size 10Mi -mem-alloc-sleep 1s`.
fn vish(p: &mut Process, args: &[EcoString], io: &mut Io) {
    let value = |name: &str| {
        let place = args.iter().position(|word| word.trim_start_matches('-').split('=').next() == Some(name))?;
        match args[place].split_once('=') {
            Some((_, value)) => Some(value.to_owned()),
            None => args.get(place + 1).map(|word| word.to_string()),
        }
    };
    let bytes = |name: &str, default: u64| {
        let text = value(name);
        text.and_then(|text| Quantity::parse(&text).ok()).map_or(default, |q| q.value().max(0) as u64)
    };
    let cpus: u64 = value("cpus").and_then(|text| text.parse().ok()).unwrap_or(0);
    let (total, size) = (bytes("mem-total", 0), bytes("mem-alloc-size", 4096).max(1));
    let every = value("mem-alloc-sleep").and_then(|text| parse_duration(&text)).unwrap_or(Span::millis(1));
    let shown = |name: &str, default: &str| value(name).unwrap_or_else(|| default.to_owned());
    io.err.push_str(&format!(
        "main.go:26] Allocating \"{}\" memory, in \"{}\" chunks, with a {every} sleep between allocations\n",
        shown("mem-total", "0"),
        shown("mem-alloc-size", "4Ki"),
    ));
    (0..cpus).for_each(|_| io.err.push_str("main.go:39] Spawning a thread to consume CPU\n"));
    take(p, Demand { cpu_millis: cpus * 1_000, memory_bytes: 0, step_bytes: size, every, most_bytes: total });
    p.stuck = true;
}

/// `stress --cpu 1 --vm 1 --vm-bytes 150M --vm-hang 1 --timeout 60s`.
fn polinux(p: &mut Process, name: &str, args: &[EcoString], io: &mut Io) {
    let value = |names: &[&str]| {
        let place = args.iter().position(|word| names.contains(&word.split('=').next().unwrap_or("")))?;
        match args[place].split_once('=') {
            Some((_, value)) => Some(value.to_owned()),
            None => args.get(place + 1).map(|word| word.to_string()),
        }
    };
    let count = |names: &[&str]| value(names).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let (cpu, io_hogs, vm, hdd) =
        (count(&["--cpu", "-c"]), count(&["--io", "-i"]), count(&["--vm", "-m"]), count(&["--hdd", "-d"]));
    if cpu + io_hogs + vm + hdd == 0 {
        p.status = complain(io, name, "FAIL: [1] (244) no hogs: try --cpu 1 or --vm 1", 1);
        return;
    }
    let bytes = value(&["--vm-bytes"]).map_or(256 * MIB, |text| size(&text)) * vm;
    let hangs = value(&["--vm-hang"]).is_some();
    io.out.push_str(&format!("stress: info: [1] dispatching hogs: {cpu} cpu, {io_hogs} io, {vm} vm, {hdd} hdd\n"));
    let cpu_millis = cpu * 1_000 + io_hogs * 200 + if hangs { vm * 50 } else { vm * 1_000 };
    take(
        p,
        Demand {
            cpu_millis,
            memory_bytes: 0,
            step_bytes: bytes.div_ceil(5),
            every: Span::millis(100),
            most_bytes: bytes,
        },
    );
    match value(&["--timeout", "-t"])
        .and_then(|text| parse_duration(&text).or_else(|| text.parse().ok().map(Span::secs)))
    {
        Some(span) => {
            p.sleep(span);
            io.out.push_str(&format!("stress: info: [1] successful run completed in {}s\n", span.0 / 1_000_000));
        }
        None => p.stuck = true,
    }
}

/// `150M`, `1G`, `512k`.
fn size(text: &str) -> u64 {
    let number: String = text.chars().take_while(char::is_ascii_digit).collect();
    let scale = match text[number.len()..].chars().next().map(|c| c.to_ascii_lowercase()) {
        Some('k') => 1 << 10,
        Some('m') => MIB,
        Some('g') => 1 << 30,
        _ => 1,
    };
    number.parse::<u64>().unwrap_or(0) * scale
}
