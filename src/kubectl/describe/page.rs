//! The text of one `kubectl describe`: lines with tabs, aligned when it is finished.

use crate::api::Value;
use crate::base::time::{human_duration, Span, Timestamp};

/// A page under construction.
#[derive(Default)]
pub struct Page {
    text: String,
}

/// The longest annotation that is printed on one line.
const MAX_ANNOTATION: usize = 140;

impl Page {
    /// A line, two spaces in for each level.
    pub fn line(&mut self, level: usize, text: &str) {
        for _ in 0..level {
            self.text.push_str("  ");
        }
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A name and its value in two columns.
    pub fn field(&mut self, level: usize, name: &str, value: impl std::fmt::Display) {
        self.line(level, &format!("{name}:\t{value}"));
    }

    /// A field that is left out where it is empty.
    pub fn field_if(&mut self, level: usize, name: &str, value: &str) {
        if !value.is_empty() {
            self.field(level, name, value);
        }
    }

    /// The aligned text. What would steer a terminal is made visible.
    pub fn finish(self) -> String {
        crate::base::table::elastic(&self.text).replace('\x1b', "^[")
    }

    /// The text with its tabs.
    pub fn raw(self) -> String {
        self.text
    }

    /// `Name` and, where it has one, `Namespace`.
    pub fn identity(&mut self, metadata: &Value) {
        self.field(0, "Name", metadata.get("name").str());
        self.field(0, "Namespace", metadata.get("namespace").str());
    }

    /// A map of labels, one a line; `title` holds its own indentation.
    ///
    /// Models staging/src/k8s.io/kubectl/pkg/describe printLabelsMultiline.
    pub fn labels(&mut self, title: &str, labels: &Value) {
        self.values(title, labels.entries().iter().map(|(k, v)| format!("{k}={}", v.str())).collect());
    }

    /// Values one a line under each other, `<none>` for none.
    pub fn values(&mut self, title: &str, values: Vec<String>) {
        if values.is_empty() {
            self.line(0, &format!("{title}:\t<none>"));
        }
        for (i, value) in values.iter().enumerate() {
            let head = if i == 0 { format!("{title}:") } else { String::new() };
            self.line(0, &format!("{head}\t{value}"));
        }
    }

    /// Annotations, long ones on lines of their own and cut off.
    ///
    /// Models staging/src/k8s.io/kubectl/pkg/describe printAnnotationsMultiline.
    pub fn annotations(&mut self, title: &str, annotations: &Value) {
        let mut lines = Vec::new();
        for (key, value) in annotations.entries() {
            if key == "kubectl.kubernetes.io/last-applied-configuration" {
                continue;
            }
            let value = value.str().strip_suffix('\n').unwrap_or(value.str());
            if value.len() + key.len() + 2 > MAX_ANNOTATION || value.contains('\n') {
                lines.push(format!("{key}:"));
                lines.extend(value.split('\n').map(|line| format!("  {}", shorten(line, MAX_ANNOTATION - 2))));
            } else {
                lines.push(format!("{key}: {value}"));
            }
        }
        self.values(title, lines);
    }
}

fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// A time field as `describe` prints it: `Mon, 23 Nov 2026 03:22:13 +0000`.
pub fn time_text(value: &Value) -> String {
    Timestamp::parse(value.str()).map_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(), Timestamp::rfc1123z)
}

/// The time since an instant; `<invalid>` for the future, `<unknown>` for no instant.
pub fn since(value: &Value, now: Timestamp) -> String {
    match Timestamp::parse(value.str()) {
        None => "<unknown>".to_owned(),
        Some(at) if now.0 - at.0 <= -1_000_000 => "<invalid>".to_owned(),
        Some(at) => human_duration(Span((now.0 - at.0).max(0) as u64)),
    }
}

/// A value that is a number or a text, such as a targetPort or a maxSurge.
pub fn int_or_string(value: &Value) -> String {
    match value {
        Value::Int(n) => n.to_string(),
        other => other.str().to_owned(),
    }
}
