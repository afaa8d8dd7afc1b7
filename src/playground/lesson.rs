//! Lessons: scenarios with steps. It looks whether the goal of a step is reached, and plays a lesson's own solution to see that
//! it can be. The cluster does not notice being looked at.

use super::{scenarios, Playground};
use crate::api::json;
use crate::kubectl::player::Player;
use crate::kubectl::Session;
pub use crate::lesson::scenario::LESSON_FILE as FILE;
pub use crate::lesson::steps::Step;
use crate::lesson::steps::{fits, Goal};
use crate::value;

/// What comes before the name of a lesson where it stands for a scenario.
pub const PREFIX: &str = "lessons/";
/// So long may a goal take to be reached once its solution was typed.
const PATIENCE_S: u64 = 600;
/// So long somebody reads what a command has printed before the next.
const THOUGHT_S: u64 = 3;
/// So long a cluster has to come to rest before the first step.
const REST_S: u64 = 60;

impl Playground {
    /// How many steps of its lesson are passed.
    pub fn passed(&self) -> usize {
        self.passed as usize
    }

    /// Looks whether the goal of the first step that is not passed is reached, and passes it if so.
    pub fn pass(&mut self, steps: &[Step]) -> bool {
        let passes = steps.get(self.passed()).is_some_and(|step| self.reaches(&step.goal));
        self.passed += u32::from(passes);
        passes
    }

    fn reaches(&self, goal: &Goal) -> bool {
        match goal {
            Goal::Typed(pattern) => self.terminal.succeeded().iter().any(|line| fits(pattern, line)),
            Goal::Prints { run, prints } => fits(prints, self.printed_by(run).trim()),
        }
    }

    /// What a command prints in a copy of the cluster.
    fn printed_by(&self, line: &str) -> String {
        Player::new(self.world.clone(), Session::default()).run(line).stdout
    }

    fn settle(&mut self, line: &str) -> Result<(), String> {
        self.queue(line);
        for _ in 0..PATIENCE_S {
            if let Some(ended) = self.take_finished().pop() {
                self.advance(THOUGHT_S * 1_000_000, &mut || false);
                return match ended.exit_code {
                    0 => Ok(()),
                    code => Err(format!("`{line}` ends with {code}: {}", ended.stderr.trim())),
                };
            }
            self.advance(1_000_000, &mut || false);
        }
        Err(format!("`{line}` does not end"))
    }
}

/// Plays a lesson with the solution of each step: no goal may be reached before its step begins, and each has to be after its
/// solution. `text` is its `lesson.yaml`; `file` reads what stands beside it. Gives the titles of the steps that passed.
///
/// # Errors
/// What is wrong with the lesson, in a sentence for its writer.
pub fn check(id: &str, text: &str, file: &mut dyn FnMut(&str) -> Option<String>) -> Result<Vec<String>, String> {
    let scenario = scenarios::Scenario::read(text)?;
    if scenario.steps.is_empty() {
        return Err("it has no steps".to_owned());
    }
    let mut files = Vec::new();
    for name in &scenario.files {
        files.push((name.clone(), file(name).ok_or_else(|| format!("files: there is no {name} beside {FILE}"))?));
    }
    let beginning = scenarios::Scenario { start: Vec::new(), ..scenario.clone() };
    let mut playground = Playground::open(id, &beginning, &files);
    for line in &scenario.start {
        playground.settle(line).map_err(|why| format!("start: {why}"))?;
    }
    playground.advance(REST_S * 1_000_000, &mut || false);
    let mut titles = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        let wrong = |why: String| format!("steps[{index}] ({}): {why}", step.title[0]);
        if playground.reaches(&step.goal) {
            return Err(wrong("its goal is reached before anything was done for it".to_owned()));
        }
        for line in &step.solution {
            playground.settle(line).map_err(wrong)?;
        }
        for _ in 0..PATIENCE_S {
            if playground.pass(&scenario.steps) {
                break;
            }
            playground.advance(1_000_000, &mut || false);
        }
        if playground.passed() != index + 1 {
            return Err(wrong(format!("its solution does not reach its goal: {}", playground.told_of(&step.goal))));
        }
        titles.push(step.title[0].clone());
    }
    Ok(titles)
}

impl Playground {
    fn told_of(&self, goal: &Goal) -> String {
        match goal {
            Goal::Typed(pattern) => format!("nothing like `{pattern}` was typed with success"),
            Goal::Prints { run, prints } => {
                format!("`{run}` has to print \"{prints}\" and prints \"{}\"", self.printed_by(run).trim())
            }
        }
    }
}

/// The message that tells a host page of a step that was passed; steps are counted from 1.
pub fn told(id: &str, step: usize) -> String {
    let lesson = id.strip_prefix(PREFIX).unwrap_or(id);
    let version = super::embed::VERSION;
    crate::api::encode::json(
        &value!({"kubottle": version, "type": "goal", "lesson": lesson, "step": (step as i64), "passed": true}),
    )
}

/// What a lesson's bundle says of it, for a cluster that is there already.
pub fn described(bundle: &str) -> Option<scenarios::Scenario> {
    scenarios::Scenario::read(json::parse(bundle).ok()?.get("scenario").str()).ok()
}
