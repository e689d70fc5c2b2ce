//! Contents of hovers, as Markdown or plain text. User text is added as text or code and is escaped: it cannot start
//! a heading, a link or HTML.

/// A line of text, parts of which are code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Code(String),
    Strong(String),
}

impl Line {
    /// Appends plain text.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(Piece::Text(text.into()));
        self
    }

    /// Appends a name or value, as code.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.pieces.push(Piece::Code(code.into()));
        self
    }

    /// Appends emphasized text.
    pub fn strong(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(Piece::Strong(text.into()));
        self
    }

    /// Appends names or values, separated by commas.
    pub fn codes<T: Into<String>>(mut self, codes: impl IntoIterator<Item = T>) -> Self {
        for (number, code) in codes.into_iter().enumerate() {
            if number > 0 {
                self = self.text(", ");
            }
            self = self.code(code);
        }
        self
    }

    /// Appends another line.
    pub fn then(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// The words of a doc comment, in which only `` `…` `` is markup.
    pub fn prose(text: &str) -> Self {
        let mut line = Self::default();
        let mut rest = text;
        while let Some(start) = rest.find('`') {
            let ticks = rest[start..].bytes().take_while(|b| *b == b'`').count();
            let (before, opened) = rest.split_at(start);
            let (fence, inside) = opened.split_at(ticks);
            let end = inside.match_indices(fence).map(|(at, _)| at).find(|at| {
                let after = inside[at + ticks..].starts_with('`');
                let before = inside[..*at].ends_with('`');
                !after && !before
            });
            match end {
                Some(end) => {
                    line = line.text(before).code(inside[..end].trim());
                    rest = &inside[end + ticks..];
                }
                None => {
                    line = line.text(format!("{before}{fence}"));
                    rest = inside;
                }
            }
        }
        line.text(rest)
    }

    fn markdown(&self) -> String {
        self.pieces.iter().map(Piece::markdown).collect()
    }

    fn plain(&self) -> String {
        let plain = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) | Piece::Code(text) | Piece::Strong(text) => text.as_str(),
        });
        plain.collect()
    }
}

impl Piece {
    fn markdown(&self) -> String {
        match self {
            Self::Text(text) => escape(text),
            Self::Strong(text) => format!("**{}**", escape(text)),
            Self::Code(code) => {
                let code: String = code
                    .chars()
                    .map(|c| if c.is_control() { ' ' } else { c })
                    .collect();
                if code.trim().is_empty() {
                    return escape(&code);
                }
                let fence = "`".repeat(longest_run(&code) + 1);
                let pad = if code.starts_with('`') || code.ends_with('`') {
                    " "
                } else {
                    ""
                };
                format!("{fence}{pad}{code}{pad}{fence}")
            }
        }
    }
}

/// A part of the contents.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Code(&'static str, String),
    Paragraph(Line),
    List(Vec<Line>),
}

/// The contents of a hover, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Markup {
    parts: Vec<Part>,
}

impl Markup {
    /// True if there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Appends `.nth` code.
    pub fn source(self, code: impl Into<String>) -> Self {
        self.block("nth", code)
    }

    /// Appends a query.
    pub fn query(self, code: impl Into<String>) -> Self {
        self.block("promql", code)
    }

    /// Appends code in a language.
    pub fn block(mut self, language: &'static str, code: impl Into<String>) -> Self {
        self.parts.push(Part::Code(language, code.into()));
        self
    }

    /// Appends a paragraph.
    pub fn line(mut self, line: Line) -> Self {
        self.parts.push(Part::Paragraph(line));
        self
    }

    /// Appends a list, unless it is empty.
    pub fn list(mut self, lines: Vec<Line>) -> Self {
        if !lines.is_empty() {
            self.parts.push(Part::List(lines));
        }
        self
    }

    /// Appends a doc comment, paragraph by paragraph.
    pub fn doc(mut self, doc: Option<&str>) -> Self {
        let Some(doc) = doc else { return self };
        for paragraph in doc.replace('\r', "").trim().split("\n\n") {
            let words: Vec<&str> = paragraph.split_whitespace().collect();
            if !words.is_empty() {
                self = self.line(Line::prose(&words.join(" ")));
            }
        }
        self
    }

    /// Appends other contents.
    pub fn then(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// The contents as Markdown.
    pub fn markdown(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Code(language, code) => {
                let fence = "`".repeat(longest_run(code).max(2) + 1);
                format!("{fence}{language}\n{code}\n{fence}")
            }
            Part::Paragraph(line) => line.markdown(),
            Part::List(lines) => {
                let lines = lines.iter().map(|line| format!("- {}", line.markdown()));
                lines.collect::<Vec<_>>().join("\n")
            }
        });
        parts.collect::<Vec<_>>().join("\n\n")
    }

    /// The contents as plain text.
    pub fn plain(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Code(_, code) => code.clone(),
            Part::Paragraph(line) => line.plain(),
            Part::List(lines) => {
                let lines = lines.iter().map(|line| format!("- {}", line.plain()));
                lines.collect::<Vec<_>>().join("\n")
            }
        });
        parts.collect::<Vec<_>>().join("\n\n")
    }
}

/// Length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Escapes text for Markdown. Characters that are special only at the start of a line are escaped there; line breaks
/// become spaces.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    let digits = out.bytes().take_while(u8::is_ascii_digit).count();
    let after = out.get(digits..).unwrap_or_default();
    let numbered = digits > 0 && after.starts_with(['.', ')']);
    // `99.8%` does not start a list.
    let ends = after.len() == 1 || after.get(1..).is_some_and(|rest| rest.starts_with(' '));
    if out.starts_with(['-', '+', '=']) {
        out.insert(0, '\\');
    } else if numbered && ends {
        out.insert(digits, '\\');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn markdown(markup: Markup) -> String {
        markup.markdown()
    }

    #[test]
    fn text_stays_text() {
        let hostile = "# <b>x</b> [a](http://b) *c* _d_ `e` &amp; | ~~f~~ $(g) ![h](i)";
        let escaped = escape(hostile);
        assert_eq!(
            escaped,
            "\\# \\<b\\>x\\</b\\> \\[a\\](http://b) \\*c\\* \\_d\\_ \\`e\\` \\&amp; \\| \\~\\~f\\~\\~ \\$(g) \\!\\[h\\](i)"
        );
        assert_eq!(escape("1. one"), "1\\. one");
        assert_eq!(escape("99.8 %"), "99.8 %");
        assert_eq!(escape("- one"), "\\- one");
        assert_eq!(escape("a\nb"), "a b");
    }

    #[test]
    fn code_cannot_be_left() {
        let line = |code: &str| markdown(Markup::default().line(Line::default().code(code)));
        assert_eq!(line("a"), "`a`");
        assert_eq!(line("a`b"), "``a`b``");
        assert_eq!(line("`x`"), "`` `x` ``");
        assert_eq!(line("a\n\nb"), "`a  b`");
        let block = markdown(Markup::default().source("x = \"```\"\n# no heading"));
        assert_eq!(block, "````nth\nx = \"```\"\n# no heading\n````");
    }

    #[test]
    fn backticks_of_a_doc_comment_are_code() {
        let shown = |doc| markdown(Markup::default().doc(Some(doc)));
        assert_eq!(shown("a `b_c`, *d*"), "a `b_c`, \\*d\\*");
        assert_eq!(shown("`` `x{a=\"b\"}` ``"), "`` `x{a=\"b\"}` ``");
        assert_eq!(shown("left `open"), "left \\`open");
        assert_eq!(shown("one\ntwo\n\nthree"), "one two\n\nthree");
    }

    #[test]
    fn plain_text_has_no_marks() {
        let markup = Markup::default()
            .source("slo x")
            .line(Line::default().strong("a_b").text(" is ").code("c"))
            .list(vec![Line::prose("`d`")]);
        assert_eq!(markup.plain(), "slo x\n\na_b is c\n\n- d");
    }
}
