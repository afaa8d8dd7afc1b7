//! How kubectl prints: one long recorded session with a real cluster, each command replayed at its time, and counted by
//! section. The differences are printed, each line with its section in front.

use crate::truth::{compare, name_pods};
use kubottle::base::time::{Span, Timestamp};
use kubottle::cluster::World;
use kubottle::kubectl::player::Player;
use kubottle::kubectl::script::{printed, Command};
use kubottle::kubectl::Session;
use kubottle::store::Settings;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The sections, and how many of their commands print what was recorded, all lines of it, at least.
const SECTIONS: &[(&str, usize)] = &[
    ("00-setup", 11),
    ("01-discovery", 19),
    ("02-explain", 24),
    ("03-errors-usage", 260),
    ("04-get-tables", 178),
    ("05-get-watch", 2),
    ("06-output-formats", 36),
    ("07-yaml-of-each-kind", 53),
    ("08-top", 4),
    ("09-describe", 61),
    ("10-top-with-metrics", 18),
    ("11-dry-run-generators", 91),
    ("12-create-run-expose-real", 28),
    ("13-set-label-annotate", 43),
    ("14-patch-replace-edit", 54),
    ("15-apply", 90),
    ("16-scale-rollout-wait", 86),
    ("17-nodes", 27),
    ("18-events-auth-config", 68),
    ("19-late-states", 24),
];

/// How long kubectl takes from its start to its first request.
const STARTS: Span = Span::millis(180);

#[test]
fn the_recorded_surface_of_kubectl_agrees() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truth/kubectl_surface");
    let help = fs::read_to_string("static/kubectl-help.txt").unwrap();
    let docs = fs::read_to_string("static/schema-docs.txt").unwrap();
    let mut session = Session { help: Some(help.into()), docs: Some(docs.into()), ..Session::default() };
    read(&folder.join("input"), "", &mut session);
    let mut settings =
        Settings { images_present: false, stand_in_runtime: true, metrics_server: false, ..Settings::default() };
    let began = Timestamp::parse(fs::read_to_string(folder.join("start.txt")).unwrap().trim()).unwrap();
    settings.epoch = Timestamp(began.0 - (settings.uptime + Span::secs(5)).0 as i64);
    let mut player = Player::new(World::new(settings), session);
    player.run("kubectl delete deployment,service --all -n kube-system");
    player.run("kubectl create namespace demo");
    player.run("load metrics -n demo usage-of-demo.yaml");
    player.advance_to(player.world.now() + Span::secs(5));
    player.start = player.world.now();
    let mut names = BTreeMap::new();
    let mut counts: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let text = fs::read_to_string(folder.join("commands.jsonl")).unwrap();
    for (i, line) in text.lines().enumerate() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let get = |key: &str| json[key].as_str().unwrap().to_owned();
        let section = get("section");
        let mut expected: Vec<String> = get("stdout").lines().chain(get("stderr").lines()).map(here).collect();
        if json["exit"] != 0 {
            expected.push(format!("(exit {})", json["exit"]));
        }
        let at = Span::millis((json["t"].as_f64().unwrap() * 1_000.0) as u64);
        let text = here(&get("cmd"));
        let mut command = Command { line: i as u32 + 1, at: Some(at), written: Vec::new(), text, expected };
        let mut known: Vec<_> = names.iter().collect();
        known.sort_by_key(|(theirs, _): &(&String, &String)| std::cmp::Reverse(theirs.len()));
        for (theirs, ours) in known {
            command.text = command.text.replace(theirs.as_str(), ours);
        }
        name_pods(&mut command, &player.world, &mut names);
        player.advance_to(player.start + at + STARTS);
        let lines = printed(&player.run(&command.text));
        let mut report = String::new();
        let (same, all) = compare(&command, &lines, &mut names, &mut report);
        report.lines().for_each(|line| println!("{}: {line}", &section[..2]));
        let count = counts.entry(section).or_default();
        count[0] += usize::from(report.is_empty());
        count[1] += 1;
        count[2] += same;
        count[3] += all;
    }
    let mut below = Vec::new();
    for (section, [commands, of, lines, of_lines]) in &counts {
        println!("{section}: {commands} of {of} commands, {lines} of {of_lines} lines agree");
        let least = SECTIONS.iter().find(|(name, _)| name == section).map_or(0, |row| row.1);
        if *commands < least {
            below.push(format!("{section}: {commands} of {of} commands agree, {least} did"));
        }
    }
    let sum = counts.values().fold([0; 4], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]);
    println!("in all: {} of {} commands, {} of {} lines agree", sum[0], sum[1], sum[2], sum[3]);
    assert!(below.is_empty(), "{}", below.join("\n"));
}

/// A line with the names of this cluster: the context, and where its API server is said to be.
fn here(line: &str) -> String {
    let line = line.replace("127.0.0.1:16443", "kubottle:6443").replace("scheduler-vm", "scheduler-kubottle");
    let words = line.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    words
        .map(|word| {
            if word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()) == "lab" {
                word.replace("lab", "kubottle")
            } else {
                word.to_owned()
            }
        })
        .collect()
}

/// Reads the files below a folder into the session.
fn read(folder: &Path, prefix: &str, session: &mut Session) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        match path.is_dir() {
            true => read(&path, &format!("{name}/"), session),
            false => session.write(&name, fs::read_to_string(&path).unwrap()),
        }
    }
}
