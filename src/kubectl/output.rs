//! What a command prints, in order, with the stream each piece goes to.

/// Standard output or standard error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// The pieces printed so far.
#[derive(Clone, Default, Debug)]
pub struct Output {
    parts: Vec<(Stream, String)>,
}

impl Output {
    /// Prints to standard output as it is.
    pub fn out(&mut self, text: impl AsRef<str>) {
        self.push(Stream::Out, text.as_ref());
    }

    /// Prints a line to standard output.
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.push(Stream::Out, &format!("{}\n", text.as_ref()));
    }

    /// Prints a line to standard error.
    pub fn err(&mut self, text: impl AsRef<str>) {
        self.push(Stream::Err, &format!("{}\n", text.as_ref()));
    }

    /// Prints a warning of the API server, once.
    pub fn warn(&mut self, text: &str) {
        let line = format!("Warning: {text}\n");
        if !self.parts.iter().any(|(stream, part)| *stream == Stream::Err && part.contains(&line)) {
            self.push(Stream::Err, &line);
        }
    }

    /// Takes everything out.
    pub fn take(&mut self) -> Vec<(Stream, String)> {
        std::mem::take(&mut self.parts)
    }

    /// Adds a piece to a stream as it is.
    pub fn push(&mut self, stream: Stream, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.parts.last_mut() {
            Some((last, part)) if *last == stream => part.push_str(text),
            _ => self.parts.push((stream, text.to_owned())),
        }
    }
}
