//! How requests spread over endpoints: evenly by chance, exactly in turn, or to one pod for each client.

use std::collections::BTreeMap;

use kubottle::api::ObjectKey;
use kubottle::base::time::Span;
use kubottle::network::proxy::Mode;
use kubottle::network::{Request, Source};
use kubottle::value;

use crate::network_cluster::{respond, Cluster};

/// A Service with so many pods on three nodes, and a client.
fn cluster(pods: u32, affinity: &str) -> Cluster {
    let mut c = Cluster::new();
    c.pod("default", "client", 1, "10.244.0.200", "app", "client", &[]);
    for i in 0..pods {
        let ip = format!("10.244.{}.{}", i % 3, 10 + i / 3);
        c.pod("default", &format!("web-{i}"), i % 3 + 1, &ip, "app", "web", &[80]);
    }
    c.service(
        "default",
        "web",
        value!({"clusterIP": "10.96.7.7", "selector": {"app": "web"}, "ports": [{"port": 80}],
        "sessionAffinity": affinity, "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 100}}}),
    );
    c.endpoints("default", "web", value!([{"port": 80, "protocol": "TCP"}]));
    c.now = c.now + Span::secs(60);
    c
}

/// Sends requests and counts who answered.
fn counts(c: &mut Cluster, requests: u64) -> BTreeMap<String, u64> {
    let source = Source::Pod(ObjectKey::new("default", "client"));
    let mut counts = BTreeMap::new();
    for n in 0..requests {
        let request = Request::get(source.clone(), "http", "10.96.7.7", 80, "/", n);
        let trace = kubottle::network::request(&c.view(), &c.state, &request, &respond);
        *counts.entry(trace.pod().to_owned()).or_insert(0) += 1;
        let now = c.now;
        c.state.remember(&trace, now);
    }
    counts
}

#[test]
fn by_chance_each_pod_has_its_share() {
    const REQUESTS: u64 = 10_000;
    for pods in [3_u32, 5, 7] {
        let counts = counts(&mut cluster(pods, "None"), REQUESTS);
        assert_eq!(counts.len(), pods as usize);
        let share = 1.0 / f64::from(pods);
        let (mean, deviation) = (REQUESTS as f64 * share, (REQUESTS as f64 * share * (1.0 - share)).sqrt());
        for (pod, count) in &counts {
            assert!((*count as f64 - mean).abs() <= 3.0 * deviation, "{pod} of {pods}: {count}, expected {mean}");
        }
    }
}

#[test]
fn in_turn_each_pod_has_exactly_its_share() {
    const REQUESTS: u64 = 10_000;
    for pods in [3_u32, 5, 7] {
        let mut c = cluster(pods, "None");
        c.state.mode = Mode::Ipvs;
        let counts = counts(&mut c, REQUESTS);
        let (least, most) = (REQUESTS / u64::from(pods), REQUESTS.div_ceil(u64::from(pods)));
        let even = counts.values().all(|count| (least..=most).contains(count));
        assert!(counts.len() == pods as usize && even, "{counts:?}");
    }
}

#[test]
fn a_client_stays_with_its_pod_until_the_timeout() {
    let mut c = cluster(7, "ClientIP");
    assert_eq!(counts(&mut c, 200).len(), 1);
    c.now = c.now + Span::secs(99);
    let again = counts(&mut c, 1);
    c.now = c.now + Span::secs(99);
    assert_eq!(counts(&mut c, 1), again, "each request begins the time anew");
    let mut seen = BTreeMap::new();
    for _ in 0..40 {
        c.now = c.now + Span::secs(101);
        let source = Source::Pod(ObjectKey::new("default", "client"));
        let request = Request::get(source, "http", "10.96.7.7", 80, "/", c.now.0);
        let trace = kubottle::network::request(&c.view(), &c.state, &request, &respond);
        seen.insert(trace.pod().to_owned(), ());
        let now = c.now;
        c.state.remember(&trace, now);
    }
    assert!(seen.len() > 1, "after the timeout the choice is free again");
}

#[test]
fn rules_follow_endpoints_after_a_while() {
    let mut c = cluster(3, "None");
    c.slice("default", "web", value!([{"port": 80, "protocol": "TCP"}]), value!([]));
    assert_eq!(counts(&mut c, 20).keys().filter(|pod| !pod.is_empty()).count(), 3, "the old rules still hold");
    c.now = c.now + Span::secs(2);
    assert_eq!(counts(&mut c, 20).keys().collect::<Vec<_>>(), [""], "the new rules refuse");
}
