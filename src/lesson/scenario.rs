//! A scenario: a folder with manifests and a `scenario.yaml` that says what they show, in every language of the page.
//!
//! It is opened by writing its files into the terminal's folder and typing its commands; nothing of it is known to the model.

use super::steps::{self, Step};
use crate::api::yaml;
use crate::api::Value;

/// The file of a scenario's folder that describes it.
pub const FILE: &str = "scenario.yaml";
/// The same of a lesson, which has steps besides.
pub const LESSON_FILE: &str = "lesson.yaml";
/// Languages every text is in.
pub const LANGUAGES: &[&str] = &["en", "zh"];
/// The views of the stage a scenario may open on.
const VIEWS: &[&str] = &["map", "timeline", "charts", "rules"];
/// The keys of a scenario.
const KEYS: &[&str] = &[
    "title",
    "about",
    "view",
    "nodes",
    "seed",
    "node-autoscaler",
    "metrics-adapter",
    "files",
    "start",
    "load",
    "metrics",
    "try",
    "steps",
];
/// The keys of a load: its target and the flags of the command `load`.
const LOAD_KEYS: &[&str] = &["target", "rps", "for", "shape", "from", "path", "host", "clients", "think", "namespace"];

/// What `scenario.yaml` says.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// The title, by language as in [`LANGUAGES`].
    pub title: Vec<String>,
    /// What it shows, in three sentences, by language.
    pub about: Vec<String>,
    /// The view that shows its point.
    pub view: String,
    /// How many nodes there are; 0 where it does not say.
    pub nodes: u32,
    /// The seed, where it says one.
    pub seed: Option<u64>,
    /// Names of its files, in the order to show them.
    pub files: Vec<String>,
    /// What is typed when it opens: its `start`, after the commands for its autoscaler of nodes and its metrics adapter, before
    /// those for its loads and its metrics file.
    pub start: Vec<String>,
    /// What the learner may type next.
    pub suggestions: Vec<String>,
    /// The steps of a lesson.
    pub steps: Vec<Step>,
}

impl Scenario {
    /// Reads a `scenario.yaml`.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence for its writer.
    pub fn read(text: &str) -> Result<Scenario, String> {
        let document = yaml::parse_one(text, 1);
        if let Some(error) = document.error {
            return Err(error.message);
        }
        let root = document.root.map(|root| root.to_value()).unwrap_or_default();
        let unknown = root.entries().iter().map(|(key, _)| key.as_str()).find(|key| !KEYS.contains(key));
        if let Some(key) = unknown {
            return Err(format!("unknown key \"{key}\": a scenario has {}", KEYS.join(", ")));
        }
        let view = root.get("view").str();
        if !VIEWS.contains(&view) {
            return Err(format!("view \"{view}\" is none of {}", VIEWS.join(", ")));
        }
        let files = texts(&root, "files")?;
        if let Some(name) = files.iter().find(|name| name.is_empty() || name.contains(['/', '\\'])) {
            return Err(format!("files: \"{name}\" is not the name of a file beside {FILE}"));
        }
        Ok(Scenario {
            title: in_all_languages(&root, "title")?,
            about: in_all_languages(&root, "about")?,
            view: view.to_owned(),
            nodes: root.get("nodes").int().clamp(0, 100) as u32,
            seed: root.get("seed").opt_int().map(|seed| seed.unsigned_abs()),
            files,
            start: commands(&root)?,
            suggestions: texts(&root, "try")?,
            steps: steps::read(&root)?,
        })
    }

    /// One of its texts in a language; in English where it lacks that.
    pub fn in_language<'a>(&self, texts: &'a [String], language: &str) -> &'a str {
        let index = LANGUAGES.iter().position(|known| *known == language).unwrap_or(0);
        texts.get(index).map_or("", String::as_str)
    }
}

/// Everything that is typed when a scenario opens.
fn commands(root: &Value) -> Result<Vec<String>, String> {
    let mut commands = Vec::new();
    if let Some(bounds) = root.get("node-autoscaler").opt_str() {
        commands.push(format!("load nodes {bounds}"));
    }
    if root.get("metrics-adapter").bool() {
        commands.push("load adapter on".to_owned());
    }
    commands.extend(texts(root, "start")?);
    for load in root.get("load").list() {
        commands.push(load_command(load)?);
    }
    if let Some(file) = root.get("metrics").opt_str() {
        commands.push(format!("load metrics {file}"));
    }
    Ok(commands)
}

/// `{target: svc/web, rps: 20, for: 8m}` as the command that begins this load.
fn load_command(load: &Value) -> Result<String, String> {
    let unknown = load.entries().iter().map(|(key, _)| key.as_str()).find(|key| !LOAD_KEYS.contains(key));
    if let Some(key) = unknown {
        return Err(format!("load: unknown key \"{key}\": a load has {}", LOAD_KEYS.join(", ")));
    }
    let target = load.get("target").str();
    if target.is_empty() {
        return Err("load: each has a target, such as svc/web".to_owned());
    }
    let mut command = format!("load {target}");
    for key in &LOAD_KEYS[1..] {
        match load.get(key) {
            Value::Null => {}
            Value::Str(text) => command.push_str(&format!(" --{key} {text}")),
            Value::Int(number) => command.push_str(&format!(" --{key} {number}")),
            Value::Float(number) => command.push_str(&format!(" --{key} {number}")),
            _ => return Err(format!("load: {key} is a text or a number")),
        }
    }
    Ok(command)
}

pub(super) fn in_all_languages(root: &Value, key: &str) -> Result<Vec<String>, String> {
    let text = |language: &&str| match root.get(key).get(language).str().trim() {
        "" => Err(format!("{key}: nothing is said in the language \"{language}\"")),
        text => Ok(text.to_owned()),
    };
    LANGUAGES.iter().map(text).collect()
}

pub(super) fn texts(root: &Value, key: &str) -> Result<Vec<String>, String> {
    let text = |item: &Value| match item.opt_str() {
        Some(text) => Ok(text.trim_end().to_owned()),
        None => Err(format!("{key}: each item is a text")),
    };
    root.get(key).list().iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::Scenario;

    const GOOD: &str = "title: {en: A, zh: 甲}\nabout: {en: B., zh: 乙。}\nview: map\nfiles: [a.yaml]\nstart: [kubectl apply -f a.yaml]\n";

    #[test]
    fn a_scenario_says_what_it_is() {
        let scenario = Scenario::read(GOOD).unwrap();
        assert_eq!(scenario.in_language(&scenario.title, "zh"), "甲");
        assert_eq!(scenario.in_language(&scenario.about, "fr"), "B.");
        assert_eq!((scenario.nodes, scenario.seed), (0, None));
        assert_eq!(scenario.start, ["kubectl apply -f a.yaml"]);
    }

    #[test]
    fn loads_and_autoscalers_are_typed_around_its_start() {
        let more = "node-autoscaler: 3..6\nmetrics-adapter: true\nmetrics: m.yaml\nload:\n- {target: svc/a, rps: 2.5, for: 8m, shape: wave}\n- {target: 'ingress/b', clients: 4}\n";
        let scenario = Scenario::read(&format!("{GOOD}{more}")).unwrap();
        let wanted = [
            "load nodes 3..6",
            "load adapter on",
            "kubectl apply -f a.yaml",
            "load svc/a --rps 2.5 --for 8m --shape wave",
            "load ingress/b --clients 4",
            "load metrics m.yaml",
        ];
        assert_eq!(scenario.start, wanted);
        for (load, said) in [("{rps: 3}", "each has a target"), ("{target: svc/a, speed: 3}", "unknown key \"speed\"")]
        {
            let error = Scenario::read(&format!("{GOOD}load: [{load}]\n")).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_mistake_is_named() {
        for (from, to, said) in [
            ("view: map", "view: moon", "view \"moon\" is none of"),
            ("zh: 甲", "de: A", "title: nothing is said in the language \"zh\""),
            ("[a.yaml]", "[../a.yaml]", "is not the name of a file"),
            ("start:", "begin:", "unknown key \"begin\""),
            ("[kubectl apply -f a.yaml]", "[1]", "start: each item is a text"),
            ("view: map", "view: [map", "yaml: line"),
        ] {
            let error = Scenario::read(&GOOD.replace(from, to)).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
