//! The scenarios of static/scenarios: each can be read, opens with commands that succeed, is played to its end by a
//! transcript in tests/scenarios, and can be shared.

use std::fs;
use std::path::{Path, PathBuf};

use kubottle::api::check::check;
use kubottle::api::kinds::Catalog;
use kubottle::cluster::World;
use kubottle::kubectl::player::Player;
use kubottle::kubectl::script::{compare, parse, settings, Piece};
use kubottle::kubectl::unified::unified_diff;
use kubottle::kubectl::Session;
use kubottle::lesson::scenario::{Scenario, FILE};
use kubottle::playground::Playground;
use kubottle::store::Settings;

struct Folder {
    id: String,
    scenario: Scenario,
    files: Vec<(String, String)>,
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn folders() -> Vec<Folder> {
    let mut paths: Vec<PathBuf> = fs::read_dir(root("static/scenarios")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.is_dir());
    paths.sort();
    let folder = |path: &PathBuf| {
        let id = path.file_name().unwrap().to_str().unwrap().to_owned();
        let scenario = Scenario::read(&fs::read_to_string(path.join(FILE)).unwrap());
        let scenario = scenario.unwrap_or_else(|error| panic!("{id}: {error}"));
        let read = |name: &String| (name.clone(), fs::read_to_string(path.join(name)).unwrap());
        let files = scenario.files.iter().map(read).collect();
        Folder { id, scenario, files }
    };
    paths.iter().map(folder).collect()
}

#[test]
fn each_lists_all_its_files_and_suggests_something() {
    for Folder { id, scenario, files } in folders() {
        let there = fs::read_dir(root("static/scenarios").join(&id)).unwrap().count();
        assert_eq!(there, files.len() + 1, "{id}: every file but {FILE} is listed");
        assert!(!scenario.suggestions.is_empty(), "{id}");
        for (name, text) in &files {
            assert!(check(text, &Catalog::default()).is_empty(), "{id}/{name}: {:?}", check(text, &Catalog::default()));
        }
        let sentences = |text: &str| text.matches(['.', '。']).count();
        assert!(scenario.about.iter().all(|about| sentences(about) >= 3), "{id}: three sentences");
    }
}

#[test]
fn each_is_played_to_its_end() {
    let mut wrong = Vec::new();
    for Folder { id, scenario, files } in folders() {
        let path = root("tests/scenarios").join(format!("{id}.transcript"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let commands = parse(&text).into_iter().filter_map(|piece| match piece {
            Piece::Command(command) => Some(command.text),
            Piece::Plain(_) => None,
        });
        let commands: Vec<String> = commands.take(scenario.start.len()).collect();
        assert_eq!(commands, scenario.start, "{id}: the transcript begins as the scenario does");
        let mut session = Session::default();
        files.into_iter().for_each(|(name, text)| session.write(&name, text));
        let mut player = Player::new(World::new(settings(&text, &Settings::default())), session);
        for d in compare(&mut player, &text).0 {
            let diff = unified_diff(&d.expected.join("\n"), &d.printed.join("\n"));
            wrong.push(format!("{id}:{}: $ {}\n{diff}", d.line, d.command));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_opens_without_a_complaint_and_a_link_to_it_leads_to_the_same_state() {
    for Folder { id, scenario, files } in folders() {
        let mut playground = Playground::open(&id, &scenario, &files);
        let (mut slice_us, mut looks) = (1_000, 0);
        while playground.clock().now_ms < 90_000 {
            // Slices of odd lengths, each broken off now and then: as a slow page would.
            playground.advance(slice_us, &mut || {
                looks += 1;
                looks % 3 == 0
            });
            slice_us = slice_us * 7 % 999_983 + 1_000;
        }
        for ended in playground.take_finished() {
            assert_eq!((ended.exit_code, ended.stderr.as_str()), (0, ""), "{id}: command {}", ended.ticket);
        }
        assert_eq!(playground.scenario(), id);
        let restored = Playground::restore(&playground.share()).expect("a link of ours");
        assert_eq!((restored.digest(), restored.scenario()), (playground.digest(), id.as_str()), "{id}");
    }
}
