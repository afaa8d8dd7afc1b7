//! A line of the shell taken apart: words and quotes, pipes, redirections, here-documents, `;`, `&&`, `||` and `&`.

use super::syntax_compound;
use super::syntax_words::{bare, condition_words, next_token, open_here_documents, plain, read_bodies, Token};

pub use super::syntax_words::{Piece, Quote, Word};

/// Several commands, one after the other.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Line {
    /// The pipelines in order.
    pub pipelines: Vec<Pipeline>,
}

/// When a pipeline runs, judged by the exit code of the one before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// In any case.
    Always,
    /// After success.
    Success,
    /// After failure.
    Failure,
}

/// Commands whose outputs and inputs are joined.
#[derive(Clone, PartialEq, Debug)]
pub struct Pipeline {
    /// When it runs.
    pub when: When,
    /// The commands from left to right.
    pub stages: Vec<Stage>,
    /// True where the line goes on without waiting for it.
    pub background: bool,
    /// True behind `!`: success is failure.
    pub negated: bool,
    /// True behind `time`: what it took is told.
    pub timed: bool,
}

/// One command with its redirections.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Stage {
    /// Its words, quotes kept apart.
    pub words: Vec<Word>,
    /// Where standard output goes.
    pub output: Option<Target>,
    /// What standard error goes: away or to standard output.
    pub errors: Option<Errors>,
    /// The file that standard error goes to.
    pub error_file: Option<Target>,
    /// True where standard output goes to standard error.
    pub to_errors: bool,
    /// What is fed in.
    pub input: Option<Input>,
    /// Several commands in place of one.
    pub group: Option<Box<Group>>,
}

/// Several commands that stand where one may.
#[derive(Clone, PartialEq, Debug)]
pub enum Group {
    /// `( ... )`, or `{ ... }`; true for the former.
    Lines(Line, bool),
    /// `for NAME in WORDS; do ...; done`.
    For(String, Vec<Word>, Line),
    /// `while ...; do ...; done`; true for `until`.
    While(Line, Line, bool),
    /// `for ((...; asked; step)); do ...; done`, begun already: what is asked, the step, the body.
    Counted(Line, Line, Line),
    /// `name() { ...; }`.
    Function(String, Line),
    /// `case WORD in PATTERN|PATTERN) ...;; esac`.
    Case(Word, Vec<(Vec<Word>, Line)>),
    /// `((i = i + 1))`.
    Arithmetic(String),
    /// `if ...; then ...; elif ...; else ...; fi`.
    If(Vec<(Line, Line)>, Line),
}

/// What becomes of standard error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Errors {
    /// Nobody sees it.
    Dropped,
    /// It goes where standard output goes.
    ToOutput,
}

/// A file to write.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    /// Its path.
    pub path: Word,
    /// True where it is added to the end.
    pub append: bool,
}

/// Where standard input comes from.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// A file.
    File(Word),
    /// `<<< WORD`.
    Text(Word),
    /// A here-document: its text, and true where variables in it are filled in.
    Here(String, bool),
}

/// Takes a text apart. Lines behind the first are the bodies of here-documents, or further commands.
pub fn parse(text: &str) -> Result<Line, String> {
    list(text, &[]).map(|(line, _, _)| line)
}

/// A line as a subshell: what it sets, it sets for itself.
pub(super) fn subshell(line: Line) -> Line {
    let stage = Stage { group: Some(Box::new(Group::Lines(line, true))), ..Stage::default() };
    Line { pipelines: vec![Pipeline { stages: vec![stage], ..new_pipeline(When::Always) }] }
}

/// True for a text that more lines must follow: an open quote, loop or here-document.
pub fn is_open(text: &str) -> bool {
    let cut = |why: String| why.starts_with("unexpected EOF") || why.ends_with("unexpected end of file");
    text.ends_with('\\') || !open_here_documents(text).is_empty() || parse(text).is_err_and(cut)
}

/// The commands up to one of the words that may end them, what lies behind it, and the word.
pub(super) fn list<'a>(text: &'a str, ends: &[&str]) -> Result<(Line, &'a str, String), String> {
    let mut rest = text;
    let mut line = Line::default();
    let mut pipeline = new_pipeline(When::Always);
    let mut stage = Stage::default();
    let mut pending: Vec<(String, bool, bool)> = Vec::new();
    loop {
        if stage.words.is_empty() && stage.group.is_none() {
            if let Some((group, after)) = syntax_compound::group(rest)? {
                stage.group = Some(Box::new(group));
                rest = after;
            }
        }
        let Some((token, after)) = next_token(rest)? else { break };
        rest = after;
        match token {
            Token::Word(word) if stage.words.is_empty() && stage.group.is_none() && ends.contains(&bare(&word)) => {
                if !pipeline.stages.is_empty() {
                    return Err(format!("syntax error near unexpected token `{}'", bare(&word)));
                }
                return Ok((line, rest, bare(&word).to_owned()));
            }
            Token::Word(word)
                if stage.words.is_empty()
                    && stage.group.is_none()
                    && pipeline.stages.is_empty()
                    && matches!(bare(&word), "!" | "time") =>
            {
                pipeline.negated ^= bare(&word) == "!";
                pipeline.timed |= bare(&word) == "time";
            }
            Token::Word(word) if stage.group.is_some() => {
                return Err(format!("syntax error near unexpected token `{}'", plain(&word)));
            }
            Token::Word(word) => {
                let condition = stage.words.is_empty() && bare(&word) == "[[";
                stage.words.push(word);
                if condition {
                    rest = condition_words(rest, &mut stage.words)?;
                }
            }
            Token::Operator(op @ ("<" | ">" | ">|" | "1>" | ">>" | "<<" | "<<-" | "<<<" | "&>" | "2>" | "2>>")) => {
                let Some((Token::Word(word), after)) = next_token(rest)? else {
                    return Err("syntax error near unexpected token `newline'".to_owned());
                };
                rest = after;
                match op {
                    "<" => stage.input = Some(Input::File(word)),
                    "<<<" => stage.input = Some(Input::Text(word)),
                    "2>" | "2>>" => stage.error_file = Some(Target { path: word, append: op == "2>>" }),
                    "<<" | "<<-" => {
                        let expand = word.pieces.iter().all(|piece| piece.quote == Quote::None);
                        pending.push((plain(&word), expand, op == "<<-"));
                        stage.input = Some(Input::Here(String::new(), expand));
                    }
                    op => {
                        stage.output = Some(Target { path: word, append: op == ">>" });
                        if op == "&>" {
                            stage.errors = Some(Errors::ToOutput);
                        }
                    }
                }
            }
            Token::Operator(">&2" | "1>&2") => stage.to_errors = true,
            Token::Operator("2>&1") => stage.errors = Some(Errors::ToOutput),
            Token::Operator("2>/dev/null") => stage.errors = Some(Errors::Dropped),
            Token::Operator("|&") => {
                stage.errors = Some(Errors::ToOutput);
                end_stage(&mut pipeline, &mut stage)?
            }
            Token::Operator(";;") if ends.contains(&";;") => {
                if !stage.words.is_empty() || stage.group.is_some() || !pipeline.stages.is_empty() {
                    end_stage(&mut pipeline, &mut stage)?;
                    line.pipelines.push(pipeline);
                }
                return Ok((line, rest, ";;".to_owned()));
            }
            Token::Operator("|") => end_stage(&mut pipeline, &mut stage)?,
            Token::Operator(op) => {
                if op == "\n" {
                    rest = read_bodies(rest, &mut pending, &mut line, &mut pipeline, &mut stage);
                }
                let empty = stage.words.is_empty() && stage.group.is_none() && pipeline.stages.is_empty();
                if empty && op != "\n" {
                    return Err(format!("syntax error near unexpected token `{op}'"));
                }
                if !empty {
                    end_stage(&mut pipeline, &mut stage)?;
                    pipeline.background = op == "&";
                    let when = match op {
                        "&&" => When::Success,
                        "||" => When::Failure,
                        _ => When::Always,
                    };
                    line.pipelines.push(std::mem::replace(&mut pipeline, new_pipeline(when)));
                }
            }
        }
    }
    if !ends.is_empty() {
        return Err("syntax error: unexpected end of file".to_owned());
    }
    if !stage.words.is_empty() || stage.group.is_some() || stage.output.is_some() || !pipeline.stages.is_empty() {
        end_stage(&mut pipeline, &mut stage)?;
        line.pipelines.push(pipeline);
    }
    Ok((line, rest, String::new()))
}

fn new_pipeline(when: When) -> Pipeline {
    Pipeline { when, stages: Vec::new(), background: false, negated: false, timed: false }
}

fn end_stage(pipeline: &mut Pipeline, stage: &mut Stage) -> Result<(), String> {
    if stage.words.is_empty() && stage.group.is_none() && stage.output.is_none() {
        return Err("syntax error near unexpected token `|'".to_owned());
    }
    pipeline.stages.push(std::mem::take(stage));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        parse(text).unwrap().pipelines[0].stages[0].words.iter().map(plain).collect()
    }

    #[test]
    fn quotes_and_backslashes_keep_words_together() {
        assert_eq!(
            words(r#"patch -p '{"a": 1}' "x y" a\ b \\. c"d"e"#),
            ["patch", "-p", r#"{"a": 1}"#, "x y", "a b", "\\.", "cde"]
        );
        assert_eq!(parse("echo 'a").unwrap_err(), "unexpected EOF while looking for matching `''");
    }

    #[test]
    fn pipes_redirections_and_here_documents_are_found() {
        let line =
            parse("cat <<EOF | kubectl apply -f - 2>&1 > out && echo ok; echo z &\na: 1\nb: 2\nEOF\nls\n").unwrap();
        assert_eq!(line.pipelines.len(), 4);
        let first = &line.pipelines[0];
        assert_eq!(first.stages[0].input, Some(Input::Here("a: 1\nb: 2\n".to_owned(), true)));
        assert_eq!(first.stages[1].errors, Some(Errors::ToOutput));
        assert_eq!(line.pipelines[1].when, When::Success);
        assert!(line.pipelines[2].background);
        assert_eq!(open_here_documents("cat > f <<'EOF'"), ["EOF"]);
        assert!(open_here_documents("cat > f <<'EOF'\nx\nEOF").is_empty());
    }
}
