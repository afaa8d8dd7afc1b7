//! The map at many sizes: nothing overlaps, nothing sticks out, and what belongs together is joined.

use std::rc::Rc;

use super::layout::layout;
use super::scene::{Density, Rect, Scene};
use super::tiles::TileView;
use super::topology::*;
use super::Target;

fn pod(number: u32, node: u32) -> Rc<PodView> {
    Rc::new(PodView {
        namespace: "default".into(),
        name: format!("web-6d5b8c7f9d-{number:05}"),
        ip: format!("10.244.{node}.{}", 2 + number),
        node: format!("node-{}", node + 1),
        status: "Running".into(),
        shape: if number % 5 == 4 { PodShape::Failing } else { PodShape::Ready },
        ready: "1/1".into(),
        workload: "Deployment/default/web".into(),
        ..PodView::default()
    })
}

fn cluster(nodes: u32, pods: u32, services: u16, waiting: u32) -> Topology {
    let mut topology = Topology::default();
    for node in 0..nodes {
        let pods = (0..pods).filter(|n| n % nodes == node).map(|n| pod(n, node)).collect();
        topology.nodes.push(NodeView { name: format!("node-{}", node + 1), ready: true, pods, ..NodeView::default() });
    }
    for n in 0..services {
        let endpoints = topology.nodes.iter().flat_map(|node| &node.pods).map(|pod| EndpointView {
            pod: pod.name.clone(),
            ready: pod.shape == PodShape::Ready,
            ..EndpointView::default()
        });
        topology.services.push(Rc::new(ServiceView {
            namespace: "default".into(),
            name: format!("service-{n}"),
            ports: vec![PortView { port: 80, node_port: 30_000 + n, ..PortView::default() }],
            endpoints: endpoints.collect(),
            ..ServiceView::default()
        }));
    }
    let tile = |kind: &str, n: u16, to: Target| {
        let target = Target::new(kind, "default", &format!("a-{kind}-with-a-long-name-{n}"));
        Rc::new(TileView {
            target,
            tag: "Bound".into(),
            lines: vec!["one".into(), "two".into()],
            links: vec![to],
            ..TileView::default()
        })
    };
    topology.ingresses = (0..services).map(|n| tile("ingress", n, topology.services[n as usize].target())).collect();
    let users: Vec<Target> = topology.pods().take(5).map(|pod| pod.target()).collect();
    topology.volumes = users.into_iter().zip(0..).map(|(pod, n)| tile("persistentvolumeclaim", n, pod)).collect();
    topology.unscheduled = (0..waiting).map(|n| pod(10_000 + n, 0)).collect();
    topology
}

fn boxes(scene: &Scene) -> Vec<Rect> {
    let pods = scene.nodes.iter().flat_map(|n| &n.pods).chain(scene.shelf.iter().flat_map(|s| &s.pods));
    let counts = scene.nodes.iter().flat_map(|n| &n.counts).chain(scene.shelf.iter().flat_map(|s| &s.counts));
    let heads = scene.nodes.iter().map(|n| n.head);
    let sockets = scene.sockets.iter().map(|s| s.rect);
    let services = scene.services.iter().map(|s| s.rect);
    let services = services.chain(scene.ingresses.iter().chain(&scene.volumes).map(|tile| tile.rect));
    pods.map(|p| p.rect).chain(counts.map(|c| c.rect)).chain(heads).chain(sockets).chain(services).collect()
}

#[test]
fn nothing_overlaps_or_sticks_out_at_any_size() {
    for width in [280.0, 358.0, 560.0, 720.0, 1100.0, 1800.0] {
        for (nodes, pods, services, waiting) in
            [(1, 0, 0, 0), (3, 3, 1, 0), (3, 17, 2, 3), (3, 40, 3, 1), (5, 600, 4, 30), (9, 9000, 1, 0)]
        {
            let scene = layout(&cluster(nodes, pods, services, waiting), width);
            let boxes = boxes(&scene);
            for (i, a) in boxes.iter().enumerate() {
                assert!(a.x >= 0.0 && a.right() <= scene.width + 0.1 && a.bottom() <= scene.height, "{a:?} in {width}");
                let other = boxes[i + 1..].iter().find(|b| a.overlaps(b));
                assert!(other.is_none(), "{a:?} and {other:?} at {width} with {pods} pods");
            }
        }
    }
}

#[test]
fn pods_lie_on_their_node() {
    let scene = layout(&cluster(4, 30, 1, 0), 900.0);
    for node in &scene.nodes {
        for pod in &node.pods {
            assert_eq!(pod.view.node, node.view.name);
            assert!(pod.rect.y >= node.head.bottom() && pod.rect.bottom() <= node.rect.bottom());
            assert!(pod.rect.x >= node.rect.x && pod.rect.right() <= node.rect.right());
        }
    }
}

#[test]
fn more_pods_take_less_room_each() {
    let density = |pods| layout(&cluster(3, pods, 1, 0), 720.0).density;
    assert_eq!([3, 36, 400, 4000].map(density), [Density::Card, Density::Line, Density::Dot, Density::Count]);
    let counted = layout(&cluster(3, 4000, 1, 0), 720.0);
    assert_eq!(counted.nodes.iter().flat_map(|n| &n.counts).map(|c| c.count).sum::<u32>(), 4000);
}

#[test]
fn a_service_is_joined_to_each_endpoint_or_to_the_nodes_of_many() {
    let scene = layout(&cluster(3, 6, 1, 0), 720.0);
    assert_eq!(scene.edges.len(), 6);
    assert_eq!(scene.links.len(), 1 + 5, "an Ingress to its Service, five claims to their pods");
    let failing = scene.edges.iter().find(|e| e.to.name.ends_with("00004")).unwrap();
    assert!(!failing.ready && scene.edges.iter().filter(|e| e.ready).count() == 5);
    let many = layout(&cluster(3, 600, 1, 0), 720.0);
    assert!(many.edges.len() == 3 && many.edges.iter().all(|e| e.to.kind == "node" && e.ready));
}

#[test]
fn a_request_finds_every_place_it_may_pass() {
    let topology = cluster(3, 30, 2, 1);
    let scene = layout(&topology, 720.0);
    let mut places = vec![Target::outside(), Target::new("nodeport", "", "30001")];
    places.extend(topology.nodes.iter().map(NodeView::target));
    places.extend(topology.services.iter().map(|s| s.target()));
    places.extend(topology.pods().map(|p| p.target()));
    for place in places {
        assert!(scene.anchors.contains_key(&place), "{place:?}");
    }
}
