//! The playground as the page uses it: apply, watch, ask, look back, share.

use kubottle::playground::{digest_of_script, Playground, Settings};
use kubottle::view::topology::PodShape;
use kubottle::view::Target;

fn example(name: &str) -> String {
    let path = format!("{}/static/scenarios/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Lets so many seconds pass in frames of a sixtieth.
fn wait(playground: &mut Playground, seconds: u64) {
    for _ in 0..seconds * 60 {
        playground.advance(1_000_000 / 60, &mut || false);
    }
}

fn printed(playground: &mut Playground) -> String {
    playground.take_output().into_iter().map(|(_, text)| text).collect()
}

fn tomcat() -> Playground {
    let mut playground = Playground::new(Settings::default());
    wait(&mut playground, 1);
    playground.apply("manifest.yaml", &example("tomcat/tomcat"));
    wait(&mut playground, 30);
    playground
}

#[test]
fn what_is_applied_is_seen_on_the_map() {
    let mut playground = tomcat();
    let said = printed(&mut playground);
    assert_eq!(said, "deployment.apps/tomcat created\nservice/tomcat-service created\n");
    let topology = playground.topology().without_system();
    let pods: Vec<_> = topology.pods().collect();
    assert_eq!(pods.len(), 3);
    for pod in &pods {
        let node = topology.nodes.iter().find(|node| node.name == pod.node).expect("a node that is there");
        let network = node.pod_cidr.trim_end_matches("0/24");
        assert!(pod.ip.starts_with(network) && pod.shape == PodShape::Ready, "{pod:?} on {node:?}");
        assert!(pod.label().starts_with(&format!("pod {}, {}, Running, ready 1/1", pod.name, pod.ip)));
        assert_eq!(pod.colour, pods[0].colour, "one workload, one colour");
    }
    let service = &topology.services[0];
    assert_eq!((service.name.as_str(), service.ready_count(), topology.services.len()), ("tomcat-service", 3, 1));
    let mut ips: Vec<_> = service.endpoints.iter().map(|e| (e.ip.clone(), e.ports.clone())).collect();
    let mut expected: Vec<_> = pods.iter().map(|p| (p.ip.clone(), vec![8080])).collect();
    ips.sort();
    expected.sort();
    assert_eq!(ips, expected);
}

#[test]
fn the_inspector_knows_a_pod_from_all_sides() {
    let mut playground = tomcat();
    let pod = playground.topology().without_system().pods().next().unwrap().target();
    let found = playground.inspect(&pod).expect("the pod is there");
    assert_eq!((found.kind.as_str(), found.status.as_str(), found.troubled), ("Pod", "Running", false));
    assert!(found.yaml.starts_with("apiVersion: v1\nkind: Pod\n"));
    assert!(found.describe.starts_with(&format!("Name:             {}\n", pod.name)), "{}", found.describe);
    assert!(found.events.iter().any(|event| event.reason == "Scheduled"));
    let kinds: Vec<&str> = found.why.iter().map(|link| link.target.kind.as_str()).collect();
    assert!(kinds.contains(&"replicaset") && kinds.last() == Some(&"deployment"), "{kinds:?}");
    assert!(found.related.contains(&Target::new(
        "node",
        "",
        &found.related.iter().find(|t| t.kind == "node").unwrap().name
    )));
    assert_eq!(playground.inspect(&Target::new("pod", "default", "nobody")), None);
}

#[test]
fn a_request_is_seen_on_its_way() {
    let mut playground = tomcat();
    playground.exec("curl -s tomcat-service:8080");
    wait(&mut playground, 1);
    assert!(printed(&mut playground).contains("Tomcat"));
    let requests = playground.requests();
    let pods: Vec<Target> = playground.topology().pods().map(|pod| pod.target()).collect();
    assert!(requests.len() == 1 && requests[0].answered && requests[0].result == "200 OK", "{requests:?}");
    let there: Vec<&Target> = requests[0].hops.iter().filter(|hop| !hop.back).map(|hop| &hop.to).collect();
    assert!(there.contains(&&Target::new("service", "default", "tomcat-service")), "{there:?}");
    assert!(pods.contains(there.last().unwrap()), "{there:?}");
}

#[test]
fn a_command_that_waits_goes_on_while_the_clock_runs() {
    let mut playground = Playground::new(Settings::default());
    playground.apply("manifest.yaml", &example("cluster-ip/web"));
    playground.exec("kubectl rollout status deployment web");
    assert!(playground.busy());
    wait(&mut playground, 60);
    assert!(!playground.busy());
    assert!(printed(&mut playground).ends_with("deployment \"web\" successfully rolled out\n"));
    playground.exec("kubectl get pods --watch");
    wait(&mut playground, 1);
    assert!(playground.busy());
    playground.cancel();
    assert!(!playground.busy());
}

#[test]
fn the_past_can_be_looked_at_and_changed() {
    let mut playground = tomcat();
    let (now, applied) = (playground.clock(), playground.digest());
    playground.seek(now.start_ms);
    assert!(playground.looking_back() && playground.topology().without_system().pods().count() == 0);
    playground.seek(now.now_ms);
    assert_eq!((playground.digest(), playground.looking_back()), (applied, false));
    playground.seek(now.start_ms);
    playground.exec("kubectl create deployment other --image=nginx");
    assert!(!playground.looking_back(), "acting in the past begins a new history");
    wait(&mut playground, 30);
    let names: Vec<String> = playground.topology().without_system().pods().map(|p| p.workload.clone()).collect();
    assert_eq!(names, ["Deployment/default/other"]);
}

#[test]
fn a_link_holds_the_whole_history() {
    let mut playground = tomcat();
    playground.exec("kubectl scale deployment tomcat --replicas=5");
    wait(&mut playground, 20);
    let link = playground.share();
    assert!(link.len() < 1000, "{} letters", link.len());
    let restored = Playground::restore(&link).expect("a link of ours");
    assert_eq!((restored.digest(), restored.clock()), (playground.digest(), playground.clock()));
    assert_eq!(restored.last_written(), Some(("manifest.yaml".to_owned(), example("tomcat/tomcat"))));
    assert!(Playground::restore("2.nonsense").is_err() && Playground::restore("").is_err());
}

#[test]
fn the_size_of_the_frames_changes_nothing() {
    let run = |micros: u64| {
        let mut playground = Playground::new(Settings::default());
        playground.apply("manifest.yaml", &example("node-port/tomcat"));
        playground.exec("kubectl rollout status deployment tomcat && kubectl scale deployment tomcat --replicas=1");
        (0..40_000_000 / micros).for_each(|_| playground.advance(micros, &mut || false));
        (playground.digest(), printed(&mut playground))
    };
    assert_eq!(run(20_000), run(10_000_000));
}

#[test]
fn a_script_has_one_digest_and_another_with_another_seed() {
    let script = "$ kubectl create deployment web --image=nginx --replicas=3\n$ wait 30s\n$ kubectl get pods -o wide\n";
    assert_eq!(digest_of_script(script, 5), digest_of_script(script, 5));
    assert_ne!(digest_of_script(script, 5), digest_of_script(script, 6));
}

#[test]
fn documentation_and_help_are_asked_for_when_they_are_needed() {
    let mut playground = Playground::new(Settings::default());
    for (line, wants) in [
        ("kubectl get pods", false),
        ("kubectl explain pod.spec", true),
        ("k get --help", true),
        ("kubectl", true),
        ("kubectl rollout", true),
        ("echo help", false),
    ] {
        assert_eq!(playground.wants_texts(line), wants, "{line}");
    }
    playground.set_texts("@core v1\n#Pod A pod.\n", "@get\nDisplay resources.\n");
    assert!(!playground.wants_texts("kubectl get --help"));
    playground.exec("kubectl get --help; kubectl explain pod");
    let printed: String = playground.take_output().into_iter().map(|(_, text)| text).collect();
    assert!(printed.starts_with("Display resources.\n"), "{printed}");
    assert!(printed.contains("A pod."), "{printed}");
}
