//! Markdown for the reference: headings with anchors, and tables.

use std::fmt::Write as _;

/// A document that is being written.
#[derive(Debug, Default)]
pub struct Document {
    text: String,
}

impl Document {
    /// Adds a heading with a level from 1.
    pub fn heading(&mut self, level: usize, title: &str) {
        let _ = write!(self.text, "{} {title}\n\n", "#".repeat(level));
    }

    /// Adds a paragraph unless it is empty.
    pub fn paragraph(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            let _ = write!(self.text, "{text}\n\n");
        }
    }

    /// Adds an indented list; each item has a depth from 0.
    pub fn list(&mut self, items: impl IntoIterator<Item = (usize, String)>) {
        for (depth, item) in items {
            let _ = writeln!(self.text, "{}- {item}", "  ".repeat(depth));
        }
        self.text.push('\n');
    }

    /// Adds a table unless it has no rows.
    pub fn table<const N: usize>(
        &mut self,
        head: [&str; N],
        rows: impl IntoIterator<Item = [String; N]>,
    ) {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return;
        }
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        self.text.push_str(&line(&head.map(str::to_owned)));
        self.text.push_str(&format!("|{}\n", "---|".repeat(N)));
        for row in rows {
            self.text.push_str(&line(&row.map(|cell| cell_text(&cell))));
        }
        self.text.push('\n');
    }

    /// Returns the document with one newline at its end.
    pub fn finish(self) -> String {
        format!("{}\n", self.text.trim_end())
    }
}

/// Formats text for a table cell: on one line, with bars escaped (in code too, as tables are parsed before code).
fn cell_text(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

/// Formats inline code with any number of backticks.
pub fn code(text: &str) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Returns a link to a heading of the same document.
pub fn link(text: &str, heading: &str) -> String {
    format!("[{text}](#{})", anchor(heading))
}

/// Returns the anchor of a heading by the rules of GitHub and mdBook: lower case, spaces as hyphens, and of the rest only
/// letters, digits, `-` and `_`.
pub fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| {
            if c == ' ' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_and_newlines_stay_in_their_cell() {
        let mut document = Document::default();
        document.table(["a", "b"], [["`x | y`".to_owned(), "one\ntwo".to_owned()]]);
        assert_eq!(
            document.finish(),
            "| a | b |\n|---|---|\n| `x \\| y` | one two |\n"
        );
    }

    #[test]
    fn a_table_without_rows_is_left_out() {
        let mut document = Document::default();
        document.table(["a"], []);
        assert_eq!(document.finish(), "\n");
    }

    #[test]
    fn code_may_hold_backticks() {
        assert_eq!(code("30d"), "`30d`");
        assert_eq!(code("`up`"), "`` `up` ``");
    }

    #[test]
    fn anchors_are_those_of_github() {
        assert_eq!(anchor("Kind `time-slices`"), "kind-time-slices");
        assert_eq!(anchor("`std.http`"), "stdhttp");
    }
}
