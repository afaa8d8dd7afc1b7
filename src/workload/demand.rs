//! What a container uses: of itself, and for each request it serves. Read from its image's row, its command and the
//! annotations of its pod.

use super::{idle, images, serving, words_of};
use crate::api::{Object, Value};
use crate::base::quantity::Quantity;

/// What a container uses.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Demand {
    /// Thousandths of a CPU without any request.
    pub idle_cpu_milli: u64,
    /// Bytes without any request.
    pub idle_memory: u64,
    /// Microseconds of CPU for each request.
    pub request_cpu_us: u64,
    /// Bytes while a request is served.
    pub request_memory: u64,
    /// Bytes that each request leaves behind for good.
    pub leak: u64,
    /// How many requests it serves at once.
    pub workers: u64,
}

const MIB: u64 = 1 << 20;
/// Microseconds of CPU for a request to an image whose row says nothing.
const USUAL_REQUEST_US: u64 = 1_000;
/// Requests at once of an image whose row says nothing.
const USUAL_WORKERS: u64 = 64;

/// What a container of a pod uses.
pub fn demand(pod: &Object, container: &Value) -> Demand {
    let words = words_of(container);
    let (idle, serving) = (idle(container), serving(pod, container));
    let image = images::find(container.get("image").str());
    let mut demand = Demand {
        idle_cpu_milli: idle.cpu_millis,
        idle_memory: idle.memory_bytes,
        request_cpu_us: serving.cpu_per_request.0,
        request_memory: image.map_or(0, |image| u64::from(image.memory_per_request) * 1024),
        leak: 0,
        workers: serving.concurrency.into(),
    };
    busy(&words, &mut demand);
    let annotated = |name: &str| {
        let text = pod.annotation(&format!("kubottle.dev/{name}"));
        Quantity::parse(text).ok().filter(|_| !text.is_empty()).map(|quantity| quantity.milli_value().max(0) as u64)
    };
    let mut set = |name: &str, field: fn(&mut Demand) -> &mut u64, unit: u64| {
        if let Some(milli) = annotated(name) {
            *field(&mut demand) = (milli / 1000) * unit + (milli % 1000) * unit / 1000;
        }
    };
    set("cpu", |d| &mut d.idle_cpu_milli, 1000);
    set("memory", |d| &mut d.idle_memory, 1);
    set("memory-per-request", |d| &mut d.request_memory, 1);
    set("leak-per-request", |d| &mut d.leak, 1);
    if demand.request_cpu_us == 0 {
        demand.request_cpu_us = USUAL_REQUEST_US;
    }
    if demand.workers <= 1 && image.is_some_and(|image| image.concurrency == 0) {
        demand.workers = USUAL_WORKERS;
    }
    demand
}

/// Commands that are known to keep a CPU or memory busy: `stress`, `yes`, `dd`, `md5sum`, and loops that never rest.
fn busy(words: &[String], demand: &mut Demand) {
    let all = words.join(" ");
    let rests = all.contains("sleep") || all.contains("wget") || all.contains("curl");
    let spins = ["while true", "while :", "for (( ; ; ))", "yes >", "dd if=/dev/zero", "md5sum /dev/"];
    if !rests && spins.iter().any(|known| all.contains(known)) {
        demand.idle_cpu_milli = 1000;
    }
    let after = |names: &[&str]| {
        let place = words.iter().position(|word| names.contains(&word.as_str()))?;
        words.get(place + 1).cloned()
    };
    if let Some(count) = after(&["--cpu", "-c", "-cpus", "--cpus"]).and_then(|word| word.parse::<u64>().ok()) {
        if all.contains("stress") || all.contains("-cpus") {
            demand.idle_cpu_milli = count * 1000;
        }
    }
    let bytes = |word: String| match word.strip_suffix(['M', 'm']) {
        Some(number) => number.parse::<u64>().ok().map(|n| n * MIB),
        None => Quantity::parse(&word).ok().map(|quantity| quantity.value().max(0) as u64),
    };
    if let Some(size) = after(&["--vm-bytes", "-mem-total"]).and_then(bytes) {
        let count = after(&["--vm", "-m"]).and_then(|word| word.parse::<u64>().ok()).unwrap_or(1);
        demand.idle_memory += size * count;
        demand.idle_cpu_milli = demand.idle_cpu_milli.max(50);
    }
}
