//! The steps of a lesson: what the learner is asked for, by what it is seen that they did it, and how it is done. A step decides
//! nothing about the cluster; its goal is a command that anybody could type.

use super::scenario::{in_all_languages, texts};
use crate::api::Value;

/// The keys of a step, and of its goal.
const KEYS: &[&str] = &["title", "text", "goal", "solution"];
const GOAL_KEYS: &[&str] = &["run", "prints", "typed"];

/// One step of a lesson.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// What it is about, by language.
    pub title: Vec<String>,
    /// What the learner is to do and why, by language.
    pub text: Vec<String>,
    /// When it is done.
    pub goal: Goal,
    /// Commands that reach the goal.
    pub solution: Vec<String>,
}

/// When a step is done.
#[derive(Clone, PartialEq, Debug)]
pub enum Goal {
    /// When a command that only reads, `run`, prints what `prints` says (see [`fits`]).
    Prints {
        /// The command.
        run: String,
        /// What it has to print, without the white space at its ends.
        prints: String,
    },
    /// When the learner has typed a command line like this one (see [`fits`]), and it succeeded.
    Typed(String),
}

/// Reads the `steps` of a `lesson.yaml`; none where there are none.
///
/// # Errors
/// What is wrong with them, in a sentence for their writer.
pub fn read(root: &Value) -> Result<Vec<Step>, String> {
    let read = |(index, item): (usize, &Value)| step(item).map_err(|why| format!("steps[{index}]: {why}"));
    root.get("steps").list().iter().enumerate().map(read).collect()
}

fn step(item: &Value) -> Result<Step, String> {
    only(item, KEYS, "a step")?;
    let solution = texts(item, "solution")?;
    if solution.is_empty() {
        return Err("solution: it has no command, so that nobody can see whether the goal can be reached".to_owned());
    }
    let (title, text) = (in_all_languages(item, "title")?, in_all_languages(item, "text")?);
    Ok(Step { title, text, goal: goal(item.get("goal"))?, solution })
}

fn goal(goal: &Value) -> Result<Goal, String> {
    only(goal, GOAL_KEYS, "a goal")?;
    match (goal.get("run").opt_str(), goal.get("prints").opt_str(), goal.get("typed").opt_str()) {
        (Some(run), Some(prints), None) => Ok(Goal::Prints { run: run.to_owned(), prints: prints.trim().to_owned() }),
        (None, None, Some(line)) => Ok(Goal::Typed(line.to_owned())),
        _ => Err("goal: it has either run and prints or typed, each a text".to_owned()),
    }
}

fn only(value: &Value, keys: &[&str], what: &str) -> Result<(), String> {
    match value.entries().iter().find(|(key, _)| !keys.contains(&key.as_str())) {
        Some((key, _)) => Err(format!("unknown key \"{key}\": {what} has {}", keys.join(", "))),
        None => Ok(()),
    }
}

/// True for a text like the pattern, in which each `*` stands for anything; how much white space there is does not matter.
pub fn fits(pattern: &str, text: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (pattern, text) = (plain(pattern), plain(text));
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, is) in [
            ("3", "3", true),
            ("3", "13", false),
            ("kubectl get pods*", "kubectl  get pods -o wide", true),
            ("kubectl logs *", "kubectl logs web-1", true),
            ("kubectl logs *", "kubectl log", false),
            ("*200*OK", "HTTP/1.1 200\nOK", true),
            ("a*b*c", "acb", false),
            ("aba*aba", "aba", false),
        ] {
            assert_eq!(fits(pattern, text), is, "{pattern} {text}");
        }
    }
}
