//! The lessons of static/lessons: each is played with its own solutions, and what is wrong with a lesson is said.

use std::fs;
use std::path::{Path, PathBuf};

use kubottle::api::yaml;
use kubottle::lesson::scenario::{Scenario, LESSON_FILE};
use kubottle::playground::lesson::{check, told};
use kubottle::playground::Playground;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("static/lessons")
}

#[test]
fn each_can_be_done_as_it_says_and_not_before() {
    let order = fs::read_to_string(folder().join("order.txt")).unwrap();
    let mut there: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|e| e.unwrap())
        .filter(|e| e.path().is_dir())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    let mut listed: Vec<&str> = order.split_whitespace().collect();
    listed.sort();
    assert_eq!(there, listed);
    for name in listed {
        let text = fs::read_to_string(folder().join(name).join(LESSON_FILE)).unwrap();
        let steps = Scenario::read(&text).unwrap().steps.len();
        let passed = check(name, &text, &mut |file| fs::read_to_string(folder().join(name).join(file)).ok());
        assert_eq!(passed.map(|titles| titles.len()), Ok(steps), "{name}");
        assert!(steps >= 3, "{name}");
    }
}

const LESSON: &str = "title: {en: A, zh: 甲}\nabout: {en: B., zh: 乙。}\nview: map\nsteps:\n- title: {en: C, zh: 丙}\n  text: {en: D, zh: 丁}\n  goal: {run: kubectl get ns mine -o name, prints: namespace/mine}\n  solution: [kubectl create ns mine]\n- title: {en: E, zh: 戊}\n  text: {en: F, zh: 己}\n  goal: {typed: kubectl get ns*}\n  solution: [kubectl get ns]\n";

#[test]
fn a_mistake_of_its_writer_is_named() {
    assert_eq!(check("a", LESSON, &mut |_| None), Ok(vec!["C".to_owned(), "E".to_owned()]));
    for (from, to, said) in [
        ("namespace/mine}", "namespace/yours}", "steps[0] (C): its solution does not reach its goal: `kubectl get ns mine -o name` has to print \"namespace/yours\" and prints \"namespace/mine\""),
        ("get ns mine -o name, prints: namespace/mine", "get nodes, prints: '*node-1*'", "steps[0] (C): its goal is reached before anything was done for it"),
        ("create ns mine", "create ns Mine", "steps[0] (C): `kubectl create ns Mine` ends with 1"),
        ("typed: kubectl get ns*", "typed: kubectl get pods", "nothing like `kubectl get pods` was typed with success"),
        ("typed: ", "wrote: ", "steps[1]: unknown key \"wrote\": a goal has run, prints, typed"),
        ("[kubectl get ns]", "[]", "steps[1]: solution: it has no command"),
        ("view: map", "view: map\nfiles: [a.yaml]", "files: there is no a.yaml beside lesson.yaml"),
    ] {
        let error = check("a", &LESSON.replace(from, to), &mut |_| None).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn steps_pass_one_after_the_other_and_a_link_keeps_them() {
    let lesson = Scenario::read(LESSON).unwrap();
    let mut playground = Playground::open("lessons/a", &lesson, &[]);
    playground.exec("kubectl get ns");
    assert!(!playground.pass(&lesson.steps), "the first goal is another");
    playground.exec("kubectl create ns mine");
    let digest = playground.digest();
    assert!(playground.pass(&lesson.steps) && playground.pass(&lesson.steps) && !playground.pass(&lesson.steps));
    assert_eq!(playground.digest(), digest, "the cluster does not notice");
    let restored = Playground::restore(&playground.share()).unwrap();
    assert_eq!((restored.passed(), restored.scenario()), (2, "lessons/a"));
    let message = yaml::parse_one(&told("lessons/a", 2), 1).root.unwrap().to_value();
    assert_eq!((message.get("type").str(), message.get("lesson").str(), message.get("step").int()), ("goal", "a", 2));
}
