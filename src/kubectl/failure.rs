//! Why a command did not do what was asked, and how kubectl says so.

use crate::api::status::Cause;
use crate::api::Status;

/// A failed command. Each prints its own lines to standard error and makes the exit code 1.
#[derive(Clone, PartialEq, Debug)]
pub enum Failure {
    /// `error: ...`.
    Error(String),
    /// `error: ...` and `See 'kubectl get -h' for help and examples`.
    Usage(String),
    /// What goes to standard output before it, and `error: ...`.
    Printed(String, String),
    /// A line as it is, without `error:`.
    Plain(String),
    /// A refusal of the API server.
    Server(Status),
    /// Several, one after the other.
    Many(Vec<Failure>),
    /// All was said already; the exit code remains.
    Silent(u8),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Failure {
        Failure::Server(status)
    }
}

/// `error: ...`.
pub fn error(text: impl Into<String>) -> Failure {
    Failure::Error(text.into())
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Silent(code) => *code,
            _ => 1,
        }
    }

    /// What goes to standard error. `command` is the command's full name: `kubectl get`.
    pub fn text(&self, command: &str) -> String {
        match self {
            Failure::Error(text) if text.starts_with("error: ") => format!("{text}\n"),
            Failure::Error(text) | Failure::Printed(_, text) => format!("error: {text}\n"),
            Failure::Usage(text) => format!("error: {text}\nSee '{command} -h' for help and examples\n"),
            Failure::Plain(text) => format!("{text}\n"),
            Failure::Server(status) => server_text(status),
            Failure::Many(all) => all.iter().map(Failure::among_others).collect(),
            Failure::Silent(_) => String::new(),
        }
    }

    /// What it prints where others failed, too: without `error:`, and without a list of causes.
    ///
    /// Models staging/src/k8s.io/kubectl/pkg/cmd/util MultipleErrors.
    fn among_others(&self) -> String {
        match self {
            Failure::Server(status) if status.reason.is_empty() => format!("Error from server: {}\n", status.message),
            Failure::Server(status) => format!("Error from server ({}): {}\n", status.reason, status.message),
            Failure::Many(all) => all.iter().map(Failure::among_others).collect(),
            other => format!("{}\n", other.message()),
        }
    }

    /// One failure out of several; none for none.
    pub fn of(mut all: Vec<Failure>) -> Option<Failure> {
        match all.len() {
            0 => None,
            1 => all.pop(),
            _ => Some(Failure::Many(all)),
        }
    }

    /// The same refusal with where it comes from: `error when creating "web.yaml": ...`.
    ///
    /// Models staging/src/k8s.io/kubectl/pkg/cmd/util AddSourceToErr.
    pub fn when(self, doing: &str, source: &str) -> Failure {
        match self {
            Failure::Server(mut status) if !source.is_empty() => {
                status.message = format!("error when {doing} \"{source}\": {}", status.message);
                Failure::Server(status)
            }
            other => other,
        }
    }

    /// The bare message, for texts that wrap it.
    pub fn message(&self) -> String {
        match self {
            Failure::Server(status) => status.message.clone(),
            Failure::Error(text) | Failure::Usage(text) | Failure::Plain(text) | Failure::Printed(_, text) => {
                text.clone()
            }
            Failure::Many(all) => all.iter().map(Failure::message).collect::<Vec<_>>().join(", "),
            Failure::Silent(_) => String::new(),
        }
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/util StandardErrorMessage and MultilineError.
fn server_text(status: &Status) -> String {
    if status.reason == "Invalid" {
        return invalid_text(status);
    }
    match status.reason {
        "" => format!("Error from server: {}\n", status.message),
        reason => format!("Error from server ({reason}): {}\n", status.message),
    }
}

fn invalid_text(status: &Status) -> String {
    let subject = match status.message.split_once(" is invalid: ") {
        Some((head, _)) => without_group(head.rsplit_once(": ").map_or(head, |(_, head)| head)),
        None => "request".to_owned(),
    };
    let mut lines: Vec<String> = Vec::new();
    for Cause { field, message, .. } in &status.causes {
        let line = format!("{field}: {message}");
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    match lines.as_slice() {
        [] => format!("The {subject} is invalid: {}\n", status.message),
        [line] => format!("The {subject} is invalid: {line}\n"),
        lines => {
            let list: String = lines.iter().map(|line| format!("* {line}\n")).collect();
            format!("The {subject} is invalid: \n{list}")
        }
    }
}

/// `Deployment "web"` of `Deployment.apps "web"`.
fn without_group(subject: &str) -> String {
    match subject.split_once(' ') {
        Some((kind, name)) => format!("{} {name}", kind.split('.').next().unwrap_or(kind)),
        None => subject.to_owned(),
    }
}
