//! Transcripts below tests/transcripts: every command prints what they say.

use kubottle::cluster::World;
use kubottle::kubectl::player::Player;
use kubottle::kubectl::script::{compare, settings};
use kubottle::kubectl::unified::unified_diff;
use kubottle::kubectl::Session;
use kubottle::store::Settings;
use std::fs;
use std::path::Path;

#[test]
fn transcripts_are_what_happens() {
    let mut wrong = Vec::new();
    let mut played = 0;
    check_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts"), &mut played, &mut wrong);
    assert!(played > 0, "there are no transcripts");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check_folder(folder: &Path, played: &mut u32, wrong: &mut Vec<String>) {
    let help = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/kubectl-help.txt")).unwrap();
    let mut session = Session { help: Some(help.into()), ..Session::default() };
    read(folder, "", &mut session);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            check_folder(&path, played, wrong);
        } else if path.extension().is_some_and(|ending| ending == "transcript") {
            *played += 1;
            let text = fs::read_to_string(&path).unwrap();
            let mut player = Player::new(World::new(settings(&text, &Settings::default())), session.clone());
            for d in compare(&mut player, &text).0 {
                let diff = unified_diff(&d.expected.join("\n"), &d.printed.join("\n"));
                wrong.push(format!("{}:{}: $ {}\n{diff}", path.display(), d.line, d.command));
            }
        }
    }
}

fn read(folder: &Path, prefix: &str, session: &mut Session) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        match entry.path().is_dir() {
            true => read(&entry.path(), &format!("{name}/"), session),
            false => session.write(&name, fs::read_to_string(entry.path()).unwrap()),
        }
    }
}
