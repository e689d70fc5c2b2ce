//! Lints of matchers that match everything or nothing.

use std::collections::BTreeMap;

use super::super::error::Error;
use super::super::labels::{Wants, wants};
use super::super::regex::matches_any;
use super::super::tree::*;
use super::Lint;
use crate::codes;

/// The value that a label must have according to the matchers so far.
#[derive(Default)]
struct Required<'m> {
    equal: Option<&'m Matcher>,
    empty: Option<&'m Matcher>,
    value: Option<&'m Matcher>,
    not: Vec<&'m Matcher>,
    expressions: Vec<&'m Matcher>,
}

impl<'m> Required<'m> {
    /// The matchers of `=` and of a regular expression that exclude each other.
    fn excluded(&self) -> Option<(&'m Matcher, &'m Matcher)> {
        let equal = self.equal?;
        let value = equal.value.text()?;
        // The empty text is compared with what the other matchers want.
        let is_excluded = |matcher: &&Matcher| {
            let pattern = matcher.value.text().unwrap_or_default();
            let wanted = matcher.op == MatchOp::Matches;
            let is_compared = matches!(wants(matcher.op, pattern), Wants::Empty);
            !value.is_empty() && !is_compared && matches_any(pattern, [value]) == Some(!wanted)
        };
        let other = self.expressions.iter().copied().find(is_excluded)?;
        let in_order = |one: &'m Matcher, other: &'m Matcher| match place(one) <= place(other) {
            true => (other, one),
            false => (one, other),
        };
        Some(in_order(equal, other))
    }
}

/// True for `=~".*"`.
pub(super) fn matches_all(matcher: &Matcher) -> bool {
    matcher.op == MatchOp::Matches && matcher.value.text() == Some(".*")
}

impl Lint<'_> {
    /// Reports `x{a=~".*"}` and `x{a="1", a="2"}`.
    pub(super) fn matchers(&mut self, selector: &Selector, span: Span) {
        let mut labels: BTreeMap<&str, Required> = BTreeMap::new();
        let mut clashing: Vec<(&Matcher, Option<&Matcher>)> = Vec::new();
        for (number, matcher) in selector.matchers.iter().enumerate() {
            let Some(text) = matcher.value.text() else {
                continue;
            };
            if matches_all(matcher) {
                self.needless(selector, number, span);
                continue;
            }
            if matcher.op == MatchOp::NotMatches && text == ".*" {
                clashing.push((matcher, None));
                continue;
            }
            let wanted = labels.entry(&matcher.label).or_default();
            let mut other = None;
            match wants(matcher.op, text) {
                Wants::Empty => {
                    other = other.or(wanted.value);
                    wanted.empty.get_or_insert(matcher);
                }
                Wants::Value => {
                    other = other.or(wanted.empty);
                    wanted.value.get_or_insert(matcher);
                }
                Wants::Either => {}
            }
            match matcher.op {
                MatchOp::Equal => {
                    other = other
                        .or(wanted
                            .equal
                            .filter(|equal| equal.value.text() != Some(text)))
                        .or_else(|| {
                            let not = wanted.not.iter();
                            not.copied().find(|not| not.value.text() == Some(text))
                        });
                    wanted.equal.get_or_insert(matcher);
                }
                MatchOp::NotEqual => {
                    other = other.or(wanted
                        .equal
                        .filter(|equal| equal.value.text() == Some(text)));
                    wanted.not.push(matcher);
                }
                MatchOp::Matches | MatchOp::NotMatches => wanted.expressions.push(matcher),
            }
            if other.is_some() {
                clashing.push((matcher, other));
            }
        }
        clashing.extend(
            labels
                .values()
                .filter_map(Required::excluded)
                .map(|(later, earlier)| (later, Some(earlier))),
        );
        for (matcher, other) in clashing {
            let error = match other {
                Some(other) => Error::new(
                    &codes::SELECTS_NOTHING,
                    format!("contradictory matchers on `{}`", matcher.label),
                    place(other).cover(place(matcher)),
                )
                .label("selects nothing")
                .help("use a regex to match several values: `=~\"a|b\"`"),
                None => Error::new(
                    &codes::SELECTS_NOTHING,
                    "`!~\".*\"` excludes every value",
                    place(matcher),
                )
                .label("selects nothing"),
            };
            self.report(error);
        }
    }

    fn needless(&mut self, selector: &Selector, number: usize, span: Span) {
        let (Some(added), Some(matcher)) =
            (&self.surroundings.added, selector.matchers.get(number))
        else {
            return;
        };
        // It prevents the service's own matcher on this label.
        if added.contains(&matcher.label) || matcher.label == "__name__" {
            return;
        }
        let here = place(matcher);
        let around = match (
            selector.matchers.get(number + 1),
            number
                .checked_sub(1)
                .and_then(|before| selector.matchers.get(before)),
        ) {
            (Some(next), _) => Span {
                start: here.start,
                end: place(next).start,
            },
            (None, Some(before)) => Span {
                start: place(before).end,
                end: here.end,
            },
            (None, None) => here,
        };
        let mut error = Error::new(
            &codes::NEEDLESS_MATCHER,
            format!(
                "redundant matcher `{}=~\".*\"`: it matches every series",
                matcher.label
            ),
            here,
        )
        .label("with and without the label")
        .help("write `!=\"\"` to select the series that have the label");
        // Keep a name in braces between the two.
        let is_between = selector
            .metric
            .as_ref()
            .is_some_and(|name| name.span.start >= around.start && name.span.end <= around.end);
        if !is_between && around.start >= span.start && around.end <= span.end {
            error = error.suggest(around, "");
        }
        self.report(error);
    }
}

fn place(matcher: &Matcher) -> Span {
    matcher.label_span.cover(matcher.value.span)
}
