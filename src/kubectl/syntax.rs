//! A line of the shell taken apart: words and quotes, pipes, redirections, here-documents, `;`, `&&`, `||` and `&`.

use super::syntax_compound;

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
    /// A here-document: its text, and true where variables in it are filled in.
    Here(String, bool),
}

/// A word: pieces, each with what quotes allow in it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Word {
    /// The pieces, from left to right.
    pub pieces: Vec<Piece>,
}

/// A piece of a word.
#[derive(Clone, PartialEq, Debug)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// How it was quoted.
    pub quote: Quote,
}

/// How a piece of a word was quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quote {
    /// Not at all: variables and wild cards count.
    None,
    /// In double quotes: variables count.
    Double,
    /// In single quotes or behind a backslash: nothing counts.
    Single,
}

#[derive(PartialEq, Debug)]
pub(super) enum Token {
    Word(Word),
    Operator(&'static str),
}

const OPERATORS: &[&str] =
    &[">&2", "1>&2", "2>&1", "2>/dev/null", "&>", "&&", "||", "<<-", "<<", ">>", ";", "|", "&", "<", ">", "\n"];

/// Takes a text apart. Lines behind the first are the bodies of here-documents, or further commands.
pub fn parse(text: &str) -> Result<Line, String> {
    list(text, &[]).map(|(line, _, _)| line)
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
            Token::Word(word) if stage.group.is_some() => {
                return Err(format!("syntax error near unexpected token `{}'", plain(&word)));
            }
            Token::Word(word) => stage.words.push(word),
            Token::Operator(op @ ("<" | ">" | ">>" | "<<" | "<<-" | "&>")) => {
                let Some((Token::Word(word), after)) = next_token(rest)? else {
                    return Err("syntax error near unexpected token `newline'".to_owned());
                };
                rest = after;
                match op {
                    "<" => stage.input = Some(Input::File(word)),
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

/// A word without any quotes; empty for others.
pub(super) fn bare(word: &Word) -> &str {
    match word.pieces.as_slice() {
        [piece] if piece.quote == Quote::None => &piece.text,
        _ => "",
    }
}

fn new_pipeline(when: When) -> Pipeline {
    Pipeline { when, stages: Vec::new(), background: false }
}

fn end_stage(pipeline: &mut Pipeline, stage: &mut Stage) -> Result<(), String> {
    if stage.words.is_empty() && stage.group.is_none() && stage.output.is_none() {
        return Err("syntax error near unexpected token `|'".to_owned());
    }
    pipeline.stages.push(std::mem::take(stage));
    Ok(())
}

fn plain(word: &Word) -> String {
    word.pieces.iter().map(|piece| piece.text.as_str()).collect()
}

/// The endings of the here-documents a line still waits for; empty when it is whole.
pub fn open_here_documents(text: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(end) = open.first() {
            if line.trim_start_matches('\t') == end {
                open.remove(0);
            }
            continue;
        }
        let mut rest = line;
        while let Ok(Some((token, after))) = next_token(rest) {
            rest = after;
            if matches!(token, Token::Operator("<<" | "<<-")) {
                if let Ok(Some((Token::Word(word), after))) = next_token(rest) {
                    open.push(plain(&word));
                    rest = after;
                }
            }
        }
    }
    open
}

/// Takes the bodies of here-documents off the text behind their line.
fn read_bodies<'a>(
    text: &'a str,
    pending: &mut Vec<(String, bool, bool)>,
    line: &mut Line,
    pipeline: &mut Pipeline,
    stage: &mut Stage,
) -> &'a str {
    let mut rest = text;
    for (end, expand, strip) in pending.drain(..) {
        let mut body = String::new();
        while !rest.is_empty() {
            let (text, after) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = after;
            let text = if strip { text.trim_start_matches('\t') } else { text };
            if text == end {
                break;
            }
            body.push_str(text);
            body.push('\n');
        }
        let earlier = line.pipelines.iter_mut().flat_map(|pipeline| pipeline.stages.iter_mut());
        let stages = earlier.chain(pipeline.stages.iter_mut()).chain(std::iter::once(&mut *stage));
        let waiting =
            stages.into_iter().find(|stage| matches!(&stage.input, Some(Input::Here(text, _)) if text.is_empty()));
        if let Some(stage) = waiting {
            stage.input = Some(Input::Here(body, expand));
        }
    }
    rest
}

/// The next word or operator and what lies behind it.
pub(super) fn next_token(text: &str) -> Result<Option<(Token, &str)>, String> {
    let mut rest = text.trim_start_matches([' ', '\t', '\r']);
    while let Some(after) = rest.strip_prefix("\\\n") {
        rest = after.trim_start_matches([' ', '\t']);
    }
    if rest.starts_with('#') {
        rest = rest.find('\n').map_or("", |end| &rest[end..]);
    }
    if rest.is_empty() {
        return Ok(None);
    }
    if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
        return Ok(Some((Token::Operator(operator), &rest[operator.len()..])));
    }
    read_word(rest).map(|(word, rest)| Some((Token::Word(word), rest)))
}

fn read_word(text: &str) -> Result<(Word, &str), String> {
    let mut word = Word::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            ' ' | '\t' | '\r' | '\n' | ';' | '|' | '&' | '<' | '>' => break,
            '\'' => {
                let end = rest[1..].find('\'').ok_or("unexpected EOF while looking for matching `''")?;
                push(&mut word, &rest[1..=end], Quote::Single);
                rest = &rest[end + 2..];
            }
            '"' => rest = read_double(&rest[1..], &mut word)?,
            '\\' => {
                let escaped = rest[1..].chars().next().unwrap_or('\\');
                if escaped != '\n' {
                    push(&mut word, &escaped.to_string(), Quote::Single);
                }
                rest = rest.get(1 + escaped.len_utf8()..).unwrap_or("");
            }
            '$' if rest.starts_with("$(") => {
                let end = closing(&rest[2..]).ok_or("unexpected EOF while looking for matching `)'")?;
                push(&mut word, &rest[..end + 3], Quote::None);
                rest = &rest[end + 3..];
            }
            c => {
                push(&mut word, &c.to_string(), Quote::None);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Ok((word, rest))
}

fn read_double<'a>(text: &'a str, word: &mut Word) -> Result<&'a str, String> {
    let mut chars = text.char_indices();
    let mut piece = String::new();
    while let Some((i, c)) = chars.next() {
        match c {
            '$' if text[i + 1..].starts_with('(') => {
                let end = closing(&text[i + 2..]).ok_or("unexpected EOF while looking for matching `)'")?;
                piece.push_str(&text[i..i + end + 3]);
                while chars.as_str().len() > text.len() - (i + end + 3) {
                    chars.next();
                }
            }
            '"' => {
                push(word, &piece, Quote::Double);
                return Ok(&text[i + 1..]);
            }
            '\\' => match chars.next() {
                Some((_, '\n')) => {}
                Some((_, '$')) => {
                    push(word, &std::mem::take(&mut piece), Quote::Double);
                    push(word, "$", Quote::Single);
                }
                Some((_, c @ ('"' | '\\' | '`'))) => piece.push(c),
                Some((_, c)) => piece.extend(['\\', c]),
                None => break,
            },
            c => piece.push(c),
        }
    }
    Err("unexpected EOF while looking for matching `\"'".to_owned())
}

/// The place of the parenthesis that closes a substitution.
pub fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match c {
            c if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            '\'' | '"' => quote = Some(c),
            '(' => depth += 1,
            ')' if depth == 0 => return Some(i),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn push(word: &mut Word, text: &str, quote: Quote) {
    match word.pieces.last_mut() {
        Some(last) if last.quote == quote => last.text.push_str(text),
        _ => word.pieces.push(Piece { text: text.to_owned(), quote }),
    }
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
