//! Lints of regular expressions that are plain texts, and of redundant anchors.

use super::super::HoleType;
use super::super::error::Error;
use super::super::regex;
use super::super::tree::*;
use super::{Known, Lint};
use crate::codes;

/// Characters with a special meaning in regular expressions.
const META: [char; 14] = [
    '\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$',
];

impl Lint<'_> {
    /// Reports `job=~"api"` and `path=~"^/api.*$"`.
    pub(super) fn regexes(&mut self, selector: &Selector) {
        for matcher in selector
            .matchers
            .iter()
            .filter(|matcher| matcher.op.is_regex())
        {
            if !self.plain(matcher) {
                self.anchored(matcher);
            }
        }
    }

    fn plain(&mut self, matcher: &Matcher) -> bool {
        let is_plain = matcher.value.parts.iter().all(|part| match part {
            StringPart::Text(text) => !text.contains(META),
            StringPart::Byte(_) => false,
            // Interpolated text is escaped, so it matches only itself.
            StringPart::Hole(number) => match self.hole_value(*number) {
                Known::Type(of) => of == HoleType::String,
                _ => true,
            },
        });
        if !is_plain {
            return false;
        }
        let op = if matcher.op == MatchOp::Matches {
            MatchOp::Equal
        } else {
            MatchOp::NotEqual
        };
        let mut error = Error::new(
            &codes::NEEDLESS_REGEX,
            format!(
                "unnecessary regex: `{}` is enough for a literal value",
                op.as_str()
            ),
            matcher.label_span.cover(matcher.value.span),
        );
        let between = Span {
            start: matcher.label_span.end,
            end: matcher.value.span.start,
        };
        // With more text between them, there may be a comment.
        match between.end.saturating_sub(between.start) {
            2 => error = error.suggest_same(between, op.as_str()),
            3 | 4 => error = error.suggest_same(between, format!(" {} ", op.as_str())),
            _ => {}
        }
        self.report(error);
        true
    }

    fn anchored(&mut self, matcher: &Matcher) {
        let parts = &matcher.value.parts;
        let starts = matches!(parts.first(), Some(StringPart::Text(text)) if text.starts_with('^'));
        let ends = matches!(parts.last(), Some(StringPart::Text(text)) if ends_anchored(text));
        let quotes = parts
            .iter()
            .any(|part| matches!(part, StringPart::Text(text) if text.contains("\\Q")));
        if !(starts || ends) || quotes {
            return;
        }
        let which = match (starts, ends) {
            (true, true) => "`^` and `$`",
            (true, false) => "`^`",
            _ => "`$`",
        };
        let mut error = Error::new(
            &codes::NEEDLESS_ANCHOR,
            format!("redundant {which}: Prometheus regexes are fully anchored"),
            matcher.value.span,
        )
        .help("write `.*` around a part to match it anywhere in the value");
        let inside = Span {
            start: matcher.value.span.start + 1,
            end: matcher.value.span.end.saturating_sub(1),
        };
        if let Some(text) = matcher.value.text() {
            let stripped = text.strip_prefix('^').unwrap_or(text);
            let stripped = if ends {
                stripped.strip_suffix('$').unwrap_or(stripped)
            } else {
                stripped
            };
            let written = inside.end.saturating_sub(inside.start) as usize;
            let repeats = stripped.starts_with(['*', '+', '?', '{']);
            // Without escapes, the source text between the quotes is the value.
            if written == text.len() && !repeats && regex::matches_empty(stripped).is_ok() {
                error = error.suggest_same(inside, stripped);
            }
        }
        self.report(error);
    }
}

/// True if it ends with an unescaped `$`.
fn ends_anchored(text: &str) -> bool {
    text.strip_suffix('$').is_some_and(|before| {
        let backslashes = before.len() - before.trim_end_matches('\\').len();
        backslashes % 2 == 0
    })
}
