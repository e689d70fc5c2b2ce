//! Builds an item from the nodes of the grammar: the parts that all builders share.

use pest::iterators::Pair;
use smol_str::SmolStr;

use super::parse::Rule;
use super::tree::*;

/// Returns the text of doc comments, without the marks and one space after each.
pub(super) fn doc_text(pair: Pair<'_, Rule>, line_rule: Rule, mark: usize) -> SmolStr {
    let lines: Vec<&str> = pair
        .into_inner()
        .filter(|pair| pair.as_rule() == line_rule)
        .map(|pair| {
            let text = pair.as_str()[mark..].trim_end();
            text.strip_prefix(' ').unwrap_or(text)
        })
        .collect();
    SmolStr::new(lines.join("\n"))
}

/// Builds one item.
pub(super) struct Builder<'t> {
    /// The text that was parsed.
    pub(super) text: &'t str,
    /// The offset of the item in it.
    pub(super) start: usize,
    pub(super) errors: Vec<SyntaxError>,
    /// The number of nodes above the current one, including those of operators.
    pub(super) height: usize,
}

/// The children of a pair, in order.
pub(super) type Children<'t> = std::iter::Peekable<pest::iterators::Pairs<'t, Rule>>;

pub(super) fn take<'t>(children: &mut Children<'t>, wanted: Rule) -> Option<Pair<'t, Rule>> {
    children.next_if(|pair| pair.as_rule() == wanted)
}

impl<'t> Builder<'t> {
    pub(super) fn item(text: &'t str, pair: Pair<'t, Rule>) -> Item {
        let start = pair.as_span().start();
        let mut builder = Builder {
            text,
            start,
            errors: Vec::new(),
            height: 0,
        };
        let len = builder.range(&pair).len();
        let mut children = pair.into_inner().peekable();
        let doc = builder.doc(&mut children);
        let node = match children.next() {
            Some(node) => builder.declaration(doc, node),
            None => ItemNode::Error,
        };
        Item {
            len,
            node,
            errors: builder.finish(),
            turns: Vec::new(),
        }
    }

    /// Returns the errors, one per mistake: errors inside an unclosed literal or too deep text are consequences.
    pub(super) fn finish(mut self) -> Vec<SyntaxError> {
        if let Some(deep) = self
            .errors
            .iter()
            .find(|error| error.kind == SyntaxErrorKind::TooDeep)
        {
            return vec![deep.clone()];
        }
        self.errors
            .sort_by_key(|error| (error.range.start, error.range.end));
        // If several parts are missing at one place, only report the first.
        self.errors
            .dedup_by(|next, first| next.range == first.range);
        self.errors
    }

    pub(super) fn range(&self, pair: &Pair<'_, Rule>) -> TextRange {
        let span = pair.as_span();
        let text = span.as_str().trim_end_matches([' ', '\t']);
        TextRange::new(
            span.start() - self.start,
            span.start() + text.len() - self.start,
        )
    }

    /// Returns the text of a range of the item; `None` if it is not in it.
    pub(super) fn source(&self, range: TextRange) -> Option<&'t str> {
        let item = self.text.get(self.start..)?;
        item.get(range.start as usize..range.end as usize)
    }

    /// Returns the end of the text before a pair, as the place of a missing part.
    pub(super) fn before(&self, pair: &Pair<'_, Rule>) -> TextRange {
        let at = self.text[self.start..pair.as_span().start()]
            .trim_end()
            .len();
        TextRange::new(at, at)
    }

    pub(super) fn error(
        &mut self,
        kind: SyntaxErrorKind,
        range: TextRange,
        detail: impl Into<SmolStr>,
    ) {
        self.errors.push(SyntaxError {
            kind,
            range,
            related: None,
            detail: detail.into(),
            fix: None,
        });
    }

    /// Reports malformed text, or that it is nested too deep.
    pub(super) fn junk(&mut self, kind: SyntaxErrorKind, range: TextRange, pair: &Pair<'_, Rule>) {
        let deep = |pair: &Pair<'_, Rule>| {
            matches!(
                pair.as_rule(),
                Rule::too_deep | Rule::hole_too_deep | Rule::if_too_deep
            )
        };
        match pair.clone().into_inner().flatten().find(deep) {
            Some(deep) => {
                let start = self.range(&deep).start as usize;
                self.error(
                    SyntaxErrorKind::TooDeep,
                    TextRange::new(start, start + 1),
                    "",
                );
            }
            None => self.error(kind, range, first_line(pair.as_str())),
        }
    }

    pub(super) fn doc(&mut self, children: &mut Children<'t>) -> Option<SmolStr> {
        take(children, Rule::doc).map(|pair| doc_text(pair, Rule::doc_line, 3))
    }

    pub(super) fn name(&mut self, pair: Pair<'t, Rule>) -> Name {
        let range = self.range(&pair);
        let text = pair.as_str();
        if pair.as_rule() != Rule::quoted {
            return Name {
                text: SmolStr::new(text),
                range,
                quoted: false,
            };
        }
        let inner = &text[1..text.len() - 1];
        let mut name = String::with_capacity(inner.len());
        let mut rest = inner;
        while let Some(at) = rest.find('\\') {
            name.push_str(&rest[..at]);
            let escaped = &rest[at..];
            let len = if escaped.starts_with("\\u{") {
                escaped.find('}').map_or(escaped.len(), |end| end + 1)
            } else {
                1 + escaped[1..].chars().next().map_or(0, char::len_utf8)
            };
            match super::literals::escape(&escaped[..len]) {
                Some(character) => name.push(character),
                None => {
                    let start = range.start as usize + 1 + (inner.len() - rest.len()) + at;
                    let place = TextRange::new(start, start + len);
                    self.error(SyntaxErrorKind::BadEscape, place, &escaped[..len]);
                }
            }
            rest = &escaped[len..];
        }
        name.push_str(rest);
        Name {
            text: SmolStr::new(name),
            range,
            quoted: true,
        }
    }

    /// Builds a name. For a quoted one with interpolations, stores its parts in `parts`.
    pub(super) fn name_or_spliced(
        &mut self,
        pair: Pair<'t, Rule>,
        parts: &mut Option<StringLit>,
    ) -> Name {
        if pair.as_rule() != Rule::string {
            return self.name(pair);
        }
        let (name, spliced) = self.spliced_name(pair);
        *parts = Some(spliced);
        name
    }

    /// Builds a quoted name with interpolations, whose text is the source text.
    pub(super) fn spliced_name(&mut self, pair: Pair<'t, Rule>) -> (Name, StringLit) {
        let range = self.range(&pair);
        let text = pair.as_str();
        let name = Name {
            text: SmolStr::new(&text[1..text.len() - 1]),
            range,
            quoted: true,
        };
        let pieces = self.pieces(pair, range);
        (
            name,
            StringLit {
                parts: super::literals::plain(pieces),
                multiline: false,
            },
        )
    }

    /// Builds a required name. If it is missing, reports it and returns an empty one.
    pub(super) fn expect_name(&mut self, children: &mut Children<'t>, what: &str) -> Name {
        match children.next_if(|pair| matches!(pair.as_rule(), Rule::ident | Rule::quoted)) {
            Some(pair) => self.name(pair),
            None => {
                let range = self.missing(children, SyntaxErrorKind::MissingName, what);
                Name {
                    text: SmolStr::default(),
                    range,
                    quoted: false,
                }
            }
        }
    }

    /// Reports a missing part at the next marker. Returns the place.
    pub(super) fn missing(
        &mut self,
        children: &mut Children<'t>,
        kind: SyntaxErrorKind,
        what: &str,
    ) -> TextRange {
        let range = match children.next() {
            Some(marker) => self.before(&marker),
            None => TextRange::default(),
        };
        self.error(kind, range, what);
        range
    }

    pub(super) fn path(&mut self, pair: Pair<'t, Rule>) -> Path {
        let range = self.range(&pair);
        let mut segments = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::trailing_dot {
                let range = self.range(&part);
                self.error(SyntaxErrorKind::TrailingDot, range, ".");
            } else {
                segments.push(self.name(part));
            }
        }
        Path { segments, range }
    }

    pub(super) fn unclosed(&mut self, marker: &Pair<'_, Rule>, open: TextRange, close: &str) {
        let at = self.before(marker);
        self.errors.push(SyntaxError {
            kind: if close == "}" {
                SyntaxErrorKind::MissingBrace
            } else {
                SyntaxErrorKind::MissingDelimiter
            },
            range: at,
            related: Some(open),
            detail: SmolStr::new(close),
            fix: None,
        });
    }

    /// Reports text after a complete value or declaration on its line.
    pub(super) fn tail(&mut self, children: &mut Children<'t>) {
        if let Some(tail) = take(children, Rule::tail) {
            let range = self.range(&tail);
            self.junk(SyntaxErrorKind::Junk, range, &tail);
        }
    }

    /// Reports the doc comment that ends at `marker`, which is not attached to anything.
    pub(super) fn stray_doc(&mut self, marker: &Pair<'_, Rule>) {
        let at = self.before(marker).end as usize;
        let start = self.text[self.start..self.start + at]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        let line = &self.text[self.start + start..self.start + at];
        let start = start + line.len() - line.trim_start().len();
        self.error(SyntaxErrorKind::StrayDoc, TextRange::new(start, at), "");
    }
}

/// Returns the part of malformed text to quote in a message.
pub(super) fn first_line(text: &str) -> SmolStr {
    let line = text.trim_start().lines().next().unwrap_or("").trim_end();
    if line.chars().count() > 40 {
        SmolStr::new(line.chars().take(39).chain(['…']).collect::<String>())
    } else {
        SmolStr::new(line)
    }
}
