//! The words of a shell script: quotes, joints and blanks. It runs nothing.

/// Splits a script at `;`, `&&` and `||` outside quotes; each piece with the joint behind it.
pub(super) fn split(text: &str) -> Vec<(String, char)> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ';') => {
                pieces.push((std::mem::take(&mut piece), ';'));
                continue;
            }
            (None, '&' | '|') if chars.peek() == Some(&c) => {
                chars.next();
                pieces.push((std::mem::take(&mut piece), c));
                continue;
            }
            _ => {}
        }
        piece.push(c);
    }
    pieces.push((piece, ';'));
    pieces
}

/// The words of a simple command, quotes taken off.
pub(super) fn words_of(piece: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut started = false;
    let mut quote = None;
    for c in piece.chars() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                started = true;
            }
            (None, c) if c.is_whitespace() => {
                if started {
                    words.push(std::mem::take(&mut word));
                    started = false;
                }
            }
            _ => {
                word.push(c);
                started = true;
            }
        }
    }
    if started {
        words.push(word);
    }
    words
}
