use kubottle::api::{kind, Object};
use kubottle::base::time::Span;
use kubottle::cluster::World;
use kubottle::store::{Because, Settings};
use kubottle::value;
use std::sync::Arc;
fn main() {
    for n in [1000_i64] {
        let nodes = (n as u32) / 100 + 1;
        let mut world = World::new(Settings {
            nodes,
            node_cpu: 64,
            node_memory_kib: 256 * 1024 * 1024,
            node_pods: 250,
            ..Settings::default()
        });
        world.run_until(world.now() + Span::secs(2));
        let mut d = Object::new(kind("Deployment"), "default", "web");
        d.set("spec", value!({"replicas": n, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}}}));
        (d.kind.defaults)(&mut d);
        let because = Arc::new(Because::rule("test", "test"));
        let t0 = std::time::Instant::now();
        let start = world.now();
        let e0 = world.events_done();
        world.request(|s| s.create(d, &because)).unwrap();
        loop {
            world.run_until(world.now() + Span::secs(1));
            let st = world.store().find("Deployment", "default", "web").unwrap().at("status.availableReplicas").int();
            if st == n || world.now().since(start) > Span::secs(600) {
                println!(
                    "n {n} ready {st} virtual {:?} real {:?} per pod {:?} events {}",
                    world.now().since(start),
                    t0.elapsed(),
                    t0.elapsed() / n as u32,
                    world.events_done() - e0
                );
                break;
            }
        }
    }
}
