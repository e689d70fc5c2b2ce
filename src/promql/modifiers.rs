//! Selectors, and the ranges, offsets and other modifiers after an expression.

use pest::iterators::Pair;
use smol_str::SmolStr;

use super::error::Error;
use super::grammar::Rule;
use super::literal;
use super::tree::*;
use super::tree_builder::{Built, TreeBuilder, sign, span};
use crate::codes;

impl<'t> TreeBuilder<'t> {
    pub(super) fn selector(&mut self, pair: Pair<'t, Rule>) -> Option<Expr> {
        let mut selector = Selector {
            metric: None,
            matchers: Vec::new(),
            modifiers: Modifiers::default(),
        };
        let mut whole: Option<Span> = None;
        for part in pair.into_inner() {
            let at = span(&part);
            if part.as_rule() == Rule::metric {
                whole = Some(at);
                selector.metric = Some(MetricName {
                    text: part.as_str().into(),
                    span: at,
                });
            } else {
                let end = self.braces(part, &mut selector)?;
                whole = Some(whole.map_or(end, |start| start.cover(end)));
            }
        }
        Some(Expr {
            node: Node::Selector(selector),
            span: whole?,
        })
    }

    fn braces(&mut self, pair: Pair<'t, Rule>, selector: &mut Selector) -> Option<Span> {
        let named_outside = selector.metric.as_ref().map(|metric| metric.span);
        let mut open = Span::default();
        let mut any = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::brace => open = span(&part),
                Rule::close => return Some(open.cover(span(&part))),
                Rule::unclosed => {
                    let wanted = if any { "`,` or `}`" } else { "a label or `}`" };
                    return self.unclosed(&part, Some(open), wanted);
                }
                Rule::matcher => {
                    any = true;
                    let (matcher, is_name) = self.matcher(part)?;
                    if let (Some(_), true) =
                        (named_outside, is_name || &*matcher.label == "__name__")
                    {
                        self.error(
                            Error::new(
                                &codes::PROMQL_NAME_TWICE,
                                "metric name must not be set twice",
                                matcher.label_span,
                            )
                            .label("already named before the braces")
                            .help("keep one of the two names"),
                        );
                    } else if is_name && selector.metric.is_none() {
                        let text = matcher.value.text().unwrap_or_default().into();
                        selector.metric = Some(MetricName {
                            text,
                            span: matcher.label_span,
                        });
                    } else {
                        selector.matchers.push(matcher);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Builds a matcher. The flag is true for a quoted name without operator, `{"http.requests"}`.
    fn matcher(&mut self, pair: Pair<'t, Rule>) -> Option<(Matcher, bool)> {
        let mut parts = Self::inner(pair);
        let name = parts.next()?;
        let label_span = span(&name);
        let (op, value) = (parts.next(), parts.next());
        let label = match name.as_rule() {
            Rule::string if op.is_none() => self.quoted_name(&name, "metric")?,
            Rule::string => self.quoted_name(&name, "label")?,
            Rule::bad_string => return self.unclosed_string(&name),
            Rule::hole => return self.hole_as_name(label_span, "a label name"),
            _ => SmolStr::from(name.as_str()),
        };
        let Some(op) = op else {
            if name.as_rule() == Rule::string {
                // An invalid UTF-8 byte in a name was reported by `quoted_name`.
                let value = StringLit {
                    span: label_span,
                    ..StringLit::new(label.as_str())
                };
                let label = SmolStr::new_static("__name__");
                return Some((
                    Matcher {
                        label,
                        label_span,
                        op: MatchOp::Equal,
                        value,
                    },
                    true,
                ));
            }
            self.matcher_without_operator(&label, label_span);
            return None;
        };
        let op = match op.as_str() {
            "=~" => MatchOp::Matches,
            "!~" => MatchOp::NotMatches,
            "!=" => MatchOp::NotEqual,
            _ => MatchOp::Equal,
        };
        let value = value?;
        let value = match value.as_rule() {
            Rule::string => self.string(&value),
            Rule::bad_string => return self.unclosed_string(&value),
            _ => {
                self.value_not_quoted(span(&value).start as usize);
                return None;
            }
        };
        Some((
            Matcher {
                label,
                label_span,
                op,
                value,
            },
            false,
        ))
    }

    /// Applies a range, an `offset` or another modifier to an expression.
    pub(super) fn postfix(&mut self, value: Built, pair: Pair<'t, Rule>) -> Option<Built> {
        match pair.as_rule() {
            Rule::range => self.range(value, pair),
            Rule::offset => {
                let (offset, at, whole) = self.offset(pair)?;
                self.modify(value, at, whole, "`offset`", |modifiers| {
                    modifiers.offset.replace(Box::new(offset)).is_none()
                })
            }
            Rule::at => {
                let (time, at, whole) = self.at_modifier(pair)?;
                self.modify(value, at, whole, "`@`", |modifiers| {
                    modifiers.at.replace(time).is_none()
                })
            }
            _ => {
                let at = span(&pair);
                let anchored = pair.as_str().eq_ignore_ascii_case("anchored");
                let extended = if anchored {
                    Extended::Anchored
                } else {
                    Extended::Smoothed
                };
                if let Node::Subquery(_) = value.expr().node {
                    self.misplaced(
                        Error::new(
                            &codes::PROMQL_MISPLACED_MODIFIER,
                            format!(
                                "`{}` modifier is not supported for subqueries",
                                pair.as_str()
                            ),
                            at,
                        )
                        .help("apply it to a selector with or without a range"),
                    );
                    return None;
                }
                let word = if anchored { "`anchored`" } else { "`smoothed`" };
                self.modify(value, at, at, word, |modifiers| {
                    modifiers
                        .extended
                        .replace(extended)
                        .is_none_or(|before| before == extended)
                })
            }
        }
    }

    fn modify(
        &mut self,
        value: Built,
        word: Span,
        whole: Span,
        what: &str,
        set: impl FnOnce(&mut Modifiers) -> bool,
    ) -> Option<Built> {
        let mut fresh = true;
        let mut known = true;
        let value = value.map(|mut expr| {
            if let Node::Hole(_) = expr.node {
                let inner = Box::new(expr.clone());
                expr.node = Node::Modified(inner, Modifiers::default());
            } else if let Node::Range(inner, _) = &mut expr.node
                && let Node::Hole(_) = inner.node
            {
                let span = inner.span;
                let hole = std::mem::replace(
                    inner,
                    Box::new(Expr {
                        node: Node::Hole(0),
                        span,
                    }),
                );
                inner.node = Node::Modified(hole, Modifiers::default());
            }
            match modifiers(&mut expr) {
                Some(modifiers) => fresh = set(modifiers),
                None => known = false,
            }
            expr.span = expr.span.cover(whole);
            expr
        });
        if !known {
            self.misplaced(
                Error::new(
                    &codes::PROMQL_MISPLACED_MODIFIER,
                    format!("{what} modifier must be preceded by a selector, a range or a subquery"),
                    word,
                )
                .help(
                    "write it right after the selector, inside any function: `rate(x[5m] offset 1h)`",
                ),
            );
            return None;
        }
        if !fresh {
            let message = match what {
                "`anchored`" | "`smoothed`" => {
                    "anchored and smoothed modifiers cannot be used together".to_owned()
                }
                _ => format!("{what} may not be set multiple times"),
            };
            self.misplaced(
                Error::new(&codes::PROMQL_MISPLACED_MODIFIER, message, word)
                    .help("keep one of the two"),
            );
            return None;
        }
        Some(value)
    }

    /// Reports a modifier in the wrong place. The structure is still clear.
    fn misplaced(&mut self, error: Error) {
        self.structure_error(error);
    }

    fn range(&mut self, value: Built, pair: Pair<'t, Rule>) -> Option<Built> {
        let (mut open, mut colon) = (Span::default(), false);
        let mut durations = Vec::new();
        for part in Self::inner(pair) {
            match part.as_rule() {
                Rule::bracket => open = span(&part),
                Rule::colon => colon = true,
                Rule::close => open = open.cover(span(&part)),
                Rule::duration => {
                    let duration = self.duration(part)?;
                    self.check_positive(&duration);
                    durations.push(duration);
                }
                _ => {
                    let wanted = if colon { "`]`" } else { "`:` or `]`" };
                    return self.unclosed(&part, Some(open), wanted);
                }
            }
        }
        let mut durations = durations.into_iter();
        let (range, step) = (durations.next()?, durations.next());
        if colon {
            return Some(value.map(|expr| Expr {
                span: expr.span.cover(open),
                node: Node::Subquery(Box::new(Subquery {
                    expr,
                    range,
                    step,
                    modifiers: Modifiers::default(),
                })),
            }));
        }
        let problem = match &value.expr().node {
            Node::Hole(_) => None,
            Node::Selector(Selector { modifiers, .. }) | Node::Modified(_, modifiers) => {
                (modifiers.offset.is_some() || modifiers.at.is_some()).then_some(true)
            }
            _ => Some(false),
        };
        match problem {
            None => Some(value.map(|expr| Expr {
                span: expr.span.cover(open),
                node: Node::Range(Box::new(expr), range),
            })),
            Some(true) => {
                self.misplaced(
                    Error::new(
                        &codes::PROMQL_MISPLACED_MODIFIER,
                        "a range must come before `offset` and `@`",
                        open,
                    )
                    .help("write `x[5m] offset 1h`"),
                );
                None
            }
            Some(false) => {
                let written = self.text.get(range.span.range()).unwrap_or("5m");
                let already = matches!(value.expr().node, Node::Range(..) | Node::Subquery(_));
                let mut error = Error::new(
                    &codes::PROMQL_MISPLACED_MODIFIER,
                    "ranges are only allowed for vector selectors",
                    open,
                );
                if !already {
                    error = error
                        .help(format!(
                            "write a subquery for an expression's values over time: \
                            `[{written}:]`"
                        ))
                        .suggest(open, format!("[{written}:]"));
                }
                self.misplaced(error);
                None
            }
        }
    }

    fn offset(&mut self, pair: Pair<'t, Rule>) -> Option<(Offset, Span, Span)> {
        let mut word = Span::default();
        let mut found = None;
        for part in Self::inner(pair) {
            match part.as_rule() {
                Rule::offset_word => word = span(&part),
                Rule::duration => {
                    let duration = self.duration(part)?;
                    let at = duration.span;
                    // The text has parentheses or two signs. The tree always has parentheses, so that printing adds them.
                    let node = match duration.node {
                        DurationNode::Binary(..) | DurationNode::Unary(..) => {
                            DurationNode::Paren(Box::new(duration))
                        }
                        node => node,
                    };
                    found = Some((
                        Offset {
                            negative: false,
                            duration: Duration { node, span: at },
                        },
                        at,
                    ));
                }
                _ => {
                    let mut negative = false;
                    let mut start = None;
                    for piece in Self::inner(part) {
                        let at = span(&piece);
                        let start = *start.get_or_insert(at);
                        if piece.as_rule() == Rule::sign {
                            negative = sign(&piece) == UnaryOp::Minus;
                        } else {
                            let duration = self.duration_operand(piece)?;
                            let end = start.cover(duration.span);
                            found = Some((Offset { negative, duration }, end));
                        }
                    }
                }
            }
        }
        let (offset, end) = found?;
        Some((offset, word, word.cover(end)))
    }

    fn at_modifier(&mut self, pair: Pair<'t, Rule>) -> Option<(At, Span, Span)> {
        let mut whole = Span::default();
        let mut word = Span::default();
        let mut open = None;
        let (mut negative, mut result) = (None, None);
        for part in Self::inner(pair) {
            let at = span(&part);
            match part.as_rule() {
                Rule::at_sign => (word, whole) = (at, at),
                Rule::sign => negative = Some(sign(&part)),
                Rule::number | Rule::special => {
                    self.number(&part);
                    let text = part.as_str();
                    if part.as_rule() == Rule::special
                        || literal::number(text).is_some_and(|time| time.abs() >= i64::MAX as f64)
                    {
                        self.error(Error::new(
                            &codes::PROMQL_BAD_NUMBER,
                            format!("timestamp out of bounds for @ modifier: `{text}`"),
                            at,
                        ));
                    }
                    let minus = if negative == Some(UnaryOp::Minus) {
                        "-"
                    } else {
                        ""
                    };
                    result = Some(At::Time(format!("{minus}{text}").into()));
                    whole = whole.cover(at);
                }
                Rule::boundary => {
                    let start = part.as_str().eq_ignore_ascii_case("start");
                    result = Some(if start { At::Start } else { At::End });
                }
                Rule::open => open = Some(at),
                Rule::close => whole = whole.cover(at),
                Rule::unclosed => return self.unclosed(&part, open, "`)`"),
                _ => {
                    self.missing_at(at.start as usize, word);
                    return None;
                }
            }
        }
        Some((result?, word, whole))
    }
}

/// Returns the modifiers of a selector, of the selector in a range, or of a subquery.
pub(super) fn modifiers(expr: &mut Expr) -> Option<&mut Modifiers> {
    match &mut expr.node {
        Node::Selector(selector) => Some(&mut selector.modifiers),
        Node::Modified(_, modifiers) => Some(modifiers),
        Node::Subquery(subquery) => Some(&mut subquery.modifiers),
        Node::Range(inner, _) => match &mut inner.node {
            Node::Selector(selector) => Some(&mut selector.modifiers),
            Node::Modified(_, modifiers) => Some(modifiers),
            _ => None,
        },
        _ => None,
    }
}
