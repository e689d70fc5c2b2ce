//! The page of a code, for `nthc explain`.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

/// Formats a page for a terminal, with styles for headings, code and links. Only styles are added: without them the
/// page is its Markdown.
pub fn for_terminal(page: &str) -> String {
    let heading = Style::new().bold();
    let code = AnsiColor::Cyan.on_default();
    let dim = Style::new().dimmed();
    let mut shown = String::with_capacity(page.len() * 2);
    let mut in_fence = false;
    for line in page.lines() {
        let _ = if line.starts_with("```") {
            in_fence = !in_fence;
            writeln!(shown, "{dim}{line}{dim:#}")
        } else if in_fence {
            writeln!(shown, "{code}{line}{code:#}")
        } else if line.starts_with('#') {
            writeln!(shown, "{heading}{line}{heading:#}")
        } else {
            // Every second part is between backticks; an unpaired backtick does not start code.
            let parts: Vec<&str> = line.split('`').collect();
            if parts.len().is_multiple_of(2) {
                writeln!(shown, "{line}")
            } else {
                let mut styled = String::new();
                for (number, part) in parts.iter().enumerate() {
                    if number.is_multiple_of(2) {
                        styled.push_str(part);
                    } else {
                        let _ = write!(styled, "{code}`{part}`{code:#}");
                    }
                }
                writeln!(shown, "{styled}")
            }
        };
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_adds_nothing_but_styles() {
        let page = "# N0101 unknown-name\n\nA `name` that `nothing has.\n\nSee `team`.\n\n```nth fails\n# x\n```\n";
        let shown = for_terminal(page);
        assert!(shown.contains("\u{1b}[1m# N0101"));
        assert_eq!(
            anstream::adapter::strip_str(&shown)
                .to_string()
                .replace('`', ""),
            page.replace('`', "")
        );
    }
}
