//! The timeline as the page gets it: lives of pods read off the watch log, seen from now and from the past.

use kubottle::playground::{Playground, Settings};
use kubottle::view::timeline::LaneRow;

fn played(manifest: &str, seconds: u64) -> Playground {
    let mut playground = Playground::new(Settings::default());
    playground.apply("m.yaml", manifest);
    for _ in 0..seconds {
        playground.advance(1_000_000, &mut || false);
    }
    playground
}

const JOB: &str = "{apiVersion: batch/v1, kind: Job, metadata: {name: pi}, spec: {completions: 4, parallelism: 2, \
    template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: [sleep, '5']}]}}}}";

#[test]
fn a_job_by_twos_is_four_lanes_of_which_two_overlap() {
    let mut playground = played(JOB, 40);
    let scene = playground.timeline(800.0, 0, false);
    let [group] = &scene.groups[..] else { panic!("{:?}", scene.groups) };
    assert_eq!((group.kind.as_str(), group.note.as_str(), group.lanes.len()), ("Job", "4/4", 4));
    for lane in &group.lanes {
        let text = lane.text();
        assert!(text.contains("ContainerCreating") && text.contains("Completed since"), "{text}");
        assert!(lane.y + lane.h <= group.bottom && group.bottom < scene.height);
    }
    let running = |lane: &LaneRow| lane.stages.iter().find(|(s, ..)| s == "Running").map(|(_, a, b)| (*a, *b));
    let mut lives: Vec<(u64, u64)> = group.lanes.iter().filter_map(running).collect();
    lives.sort();
    assert_eq!(lives.len(), 4);
    assert!(lives[1].0 < lives[0].1, "two at a time");
    assert!(lives[2].0 >= lives[0].1, "and no third: {lives:?}");
}

#[test]
fn the_past_shows_what_was_and_another_branch_forgets_what_came_later() {
    let mut playground = played(JOB, 40);
    let start_ms = playground.clock().start_ms;
    playground.seek(start_ms + 3_000);
    let scene = playground.timeline(800.0, 0, false);
    assert!(scene.groups[0].lanes.iter().all(|lane| !lane.text().contains("Completed")));
    playground.exec("kubectl delete job pi --wait=false");
    playground.advance(60_000_000, &mut || false);
    let scene = playground.timeline(800.0, 0, false);
    let texts: Vec<String> = scene.groups[0].lanes.iter().map(LaneRow::text).collect();
    assert!(texts.len() == 2 && texts.iter().all(|text| !text.contains("Completed since")), "{texts:?}");
}
