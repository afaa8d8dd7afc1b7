//! The model's budgets: how fast a Deployment's pods become ready, what a pod costs in memory, how quickly the past is
//! reached. It prints measures against bars; it never fails. With a number of pods as its argument it starts those alone.

#![allow(clippy::disallowed_types, reason = "the one place where real time is measured")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Instant;

use kubottle::api::{kind, Object};
use kubottle::base::time::{SimTime, Span};
use kubottle::cluster::load::Client;
use kubottle::cluster::{History, World};
use kubottle::network::{Request, Source};
use kubottle::store::{Because, Settings};
use kubottle::value;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged; only a counter is kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// So many nodes hold 10,000 pods.
const NODES: u32 = 100;

fn main() {
    println!("{:<44} {:>14} {:>12}", "measure", "now", "bar");
    let asked: Vec<i64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    if let Some(pods) = asked.first() {
        let (seconds, bytes_each) = start_pods(*pods);
        line(&format!("{pods} pods, apply to all Ready"), &format!("{seconds:.3} s"), "");
        line(&format!("{pods} pods, memory a pod"), &format!("{bytes_each} B"), "");
        return;
    }
    let mut each_us = Vec::new();
    for pods in [100, 1_000, 10_000] {
        let (seconds, bytes_each) = best_of(3, pods);
        let micros = seconds * 1e6 / pods as f64;
        each_us.push(micros);
        let bar = if pods == 10_000 { "1.000 s" } else { "" };
        line(&format!("{pods} pods, apply to all Ready"), &format!("{seconds:.3} s"), bar);
        line(&format!("{pods} pods, pods a second"), &format!("{:.0}", pods as f64 / seconds), "");
        line(
            &format!("{pods} pods, memory a pod"),
            &format!("{bytes_each} B"),
            if pods == 10_000 { "10000 B" } else { "" },
        );
    }
    line("time a pod at 10,000 against at 100", &format!("{:.2} x", each_us[2] / each_us[0]), "1.3 x");
    seek();
    load();
}

fn line(what: &str, now: &str, bar: &str) {
    println!("{what:<44} {now:>14} {bar:>12}");
}

fn best_of(runs: u32, pods: i64) -> (f64, usize) {
    let all: Vec<(f64, usize)> = (0..runs).map(|_| start_pods(pods)).collect();
    let seconds = all.iter().map(|(seconds, _)| *seconds).fold(f64::INFINITY, f64::min);
    (seconds, all[0].1)
}

fn deployment(pods: i64) -> Object {
    let mut deployment = Object::new(kind("Deployment"), "default", "web");
    deployment.set(
        "spec",
        value!({"replicas": pods, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "nginx:1.25", "ports": [{"containerPort": 80}]}]}
        }}),
    );
    deployment
}

fn apply(world: &mut World, pods: i64) {
    let because = Arc::new(Because::rule("bench", "asked for"));
    let made = world.request(|server| server.create(deployment(pods), &because));
    assert!(made.is_ok(), "the Deployment is accepted: {made:?}");
}

fn ready(world: &World) -> i64 {
    world.store().find("Deployment", "default", "web").map_or(0, |d| d.at("status.readyReplicas").int())
}

fn run_to_ready(world: &mut World, pods: i64, mut each: impl FnMut(&World)) {
    let limit = world.now() + Span::secs(3_600);
    while ready(world) < pods {
        assert!(world.now() < limit, "{} of {pods} pods are ready after an hour", ready(world));
        world.run_until(world.now() + Span::millis(10));
        each(world);
    }
}

fn start_pods(pods: i64) -> (f64, usize) {
    let mut world = World::new(Settings { nodes: NODES, ..Settings::default() });
    let mut history = History::new(&world);
    let before = LIVE.load(Ordering::Relaxed);
    let start = Instant::now();
    apply(&mut world, pods);
    history.acted(&world);
    run_to_ready(&mut world, pods, |world| history.advanced(world));
    let seconds = start.elapsed().as_secs_f64();
    let bytes = LIVE.load(Ordering::Relaxed).saturating_sub(before);
    (seconds, bytes / pods as usize)
}

fn seek() {
    let mut world = World::new(Settings { nodes: NODES, ..Settings::default() });
    let mut history = History::new(&world);
    apply(&mut world, 10_000);
    history.acted(&world);
    run_to_ready(&mut world, 10_000, |world| history.advanced(world));
    let (first, last) = (history.start(), history.end());
    let mut worst = 0.0_f64;
    for i in 0..20 {
        let at = SimTime(first.0 + (last.0 - first.0) / 20 * i);
        let start = Instant::now();
        std::hint::black_box(history.seek(at));
        worst = worst.max(start.elapsed().as_secs_f64());
    }
    let what = format!("seek, worst of 20, in {} events", world.events_done());
    line(&what, &format!("{:.1} ms", worst * 1e3), "100 ms");
}

/// An hour of virtual time under 10,000 requests a second.
fn load() {
    let mut world = World::new(Settings { nodes: NODES, ..Settings::default() });
    apply(&mut world, 100);
    let mut service = Object::new(kind("Service"), "default", "web");
    service.set("spec", value!({"selector": {"app": "web"}, "ports": [{"port": 80}]}));
    let because = Arc::new(Because::rule("bench", "asked for"));
    let made = world.request(|server| server.create(service, &because));
    assert!(made.is_ok(), "the Service is accepted: {made:?}");
    run_to_ready(&mut world, 100, |_| {});
    world.run_until(world.now() + Span::secs(10));
    let request = Request::get(Source::Shell("default".to_owned()), "http", "web", 80, "/", 1);
    world.add_client(Client { rate: 10_000.0, ..Client::new(request, world.now()) });
    let start = Instant::now();
    world.run_until(world.now() + Span::secs(3_600));
    let seconds = start.elapsed().as_secs_f64();
    assert!(world.clients()[0].now.served > 9_999.0, "all is served: {:?}", world.clients()[0].now);
    line("10,000 requests/s to 100 pods for an hour", &format!("{seconds:.3} s"), "2.000 s");
}
