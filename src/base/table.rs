//! Text tables as kubectl prints them: columns padded to the widest cell and a fixed number of spaces between.
//! Cells hold text already; nothing here knows what a cell means.

/// The columns of `kubectl get`: at least six characters wide, three spaces between. Widths are kept between calls, so
/// that the rows of a watch stay under their headings.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    widths: Vec<u32>,
}

const GET_MIN_WIDTH: u32 = 6;
const GET_PADDING: u32 = 3;
const DESCRIBE_PADDING: u32 = 2;

impl Columns {
    /// The rows as lines of text, the last cell of a row unpadded.
    pub fn print<S: AsRef<str>>(&mut self, rows: &[Vec<S>]) -> String {
        for row in rows {
            for (i, cell) in row.iter().enumerate().take(row.len().saturating_sub(1)) {
                if self.widths.len() <= i {
                    self.widths.push(GET_MIN_WIDTH);
                }
                self.widths[i] = self.widths[i].max(width(cell.as_ref()) + GET_PADDING);
            }
        }
        let mut text = String::new();
        for row in rows {
            for (i, cell) in row.iter().enumerate() {
                text.push_str(cell.as_ref());
                if i + 1 < row.len() {
                    pad(&mut text, self.widths[i].saturating_sub(width(cell.as_ref())));
                }
            }
            text.push('\n');
        }
        text
    }
}

/// A table printed once.
pub fn columns<S: AsRef<str>>(rows: &[Vec<S>]) -> String {
    Columns::default().print(rows)
}

/// Text with tabs, each run of lines that share a column aligned to the widest of its cells and two spaces, as
/// `kubectl describe` prints.
///
/// Models Go's text/tabwriter with padding 2 and no minimal width.
pub fn elastic(text: &str) -> String {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let lines: Vec<Vec<&str>> = body.split('\n').map(|line| line.split('\t').collect()).collect();
    let mut out = String::with_capacity(text.len() * 2);
    align(&lines, &mut Vec::new(), &mut out);
    if !text.ends_with('\n') {
        out.pop();
    }
    out
}

/// Prints the lines of a block in which the columns before `widths.len()` are settled.
fn align(lines: &[Vec<&str>], widths: &mut Vec<u32>, out: &mut String) {
    let column = widths.len();
    let mut start = 0;
    while start < lines.len() {
        if lines[start].len() <= column + 1 {
            print_line(&lines[start], widths, out);
            start += 1;
            continue;
        }
        let run = lines[start..].iter().take_while(|line| line.len() > column + 1).count();
        let block = &lines[start..start + run];
        let widest = block.iter().map(|line| width(line[column])).max().unwrap_or(0);
        widths.push(widest + DESCRIBE_PADDING);
        align(block, widths, out);
        widths.pop();
        start += run;
    }
}

fn print_line(cells: &[&str], widths: &[u32], out: &mut String) {
    for (i, cell) in cells.iter().enumerate() {
        out.push_str(cell);
        if let Some(w) = widths.get(i) {
            pad(out, w.saturating_sub(width(cell)));
        }
    }
    out.push('\n');
}

fn width(text: &str) -> u32 {
    text.chars().count() as u32
}

fn pad(text: &mut String, n: u32) {
    for _ in 0..n {
        text.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_cell_is_not_padded_and_columns_keep_their_width() {
        let mut table = Columns::default();
        assert_eq!(table.print(&[vec!["NAME", "AGE"], vec!["web-1", "5s"]]), "NAME    AGE\nweb-1   5s\n");
        assert_eq!(table.print(&[vec!["a", "12s"]]), "a       12s\n");
        assert_eq!(columns(&[vec!["A", "B"]]), "A     B\n");
    }

    #[test]
    fn a_column_ends_where_a_line_has_no_cell_in_it() {
        let text =
            "Name:\tweb\nLabels:\tapp=web\n\ttier=x\nContainers:\n  web:\n    Image:\tnginx\n    Container ID:\tx\n";
        let wanted = "Name:    web\nLabels:  app=web\n         tier=x\nContainers:\n  web:\n    Image:         nginx\n    Container ID:  x\n";
        assert_eq!(elastic(text), wanted);
        assert_eq!(elastic("a\tb\tc\nlong\td\n"), "a     b  c\nlong  d\n");
    }
}
