//! The checks that Prometheus does after parsing a query: types, arguments and matching.

use super::error::Error;
use super::regex;
use super::tree::*;
use super::types::Type;
use crate::codes;

/// The type of an interpolated value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoleType {
    /// A selector: one metric with matchers.
    Selector,
    /// Another expression that evaluates to an instant vector.
    Vector,
    /// A number.
    Scalar,
    /// A duration.
    Duration,
    /// A string.
    String,
    /// Unknown, or an error that was reported. Allowed everywhere.
    Unknown,
}

impl HoleType {
    fn with_article(self) -> &'static str {
        match self {
            Self::Selector => "a selector",
            Self::Vector => "an instant vector",
            Self::Scalar => "a scalar",
            Self::Duration => "a duration",
            Self::String => "a string",
            Self::Unknown => "unknown",
        }
    }
}

/// Infers the type of a query, and returns errors other than syntax errors.
///
/// `holes` are the types of the interpolated values, by hole number; missing ones are [`HoleType::Unknown`]. The type is `None`
/// if an error or a hole leaves it open. The errors may include warnings, for which [`Error::is_error`] is false and which do
/// not make a query unusable.
///
/// ```
/// use nth_promql::{Type, infer, parse};
///
/// let (of, errors) = infer(&parse("sum(rate(x_total[5m]))").unwrap(), &[]);
/// assert_eq!(of, Some(Type::InstantVector));
/// assert!(errors.is_empty());
///
/// let (_, errors) = infer(&parse("rate(x_total)").unwrap(), &[]);
/// assert_eq!(errors[0].message, "expected type range vector in call to function `rate`, got instant vector");
/// ```
pub fn infer(expr: &Expr, holes: &[HoleType]) -> (Option<Type>, Vec<Error>) {
    let mut check = Check {
        holes,
        errors: Vec::new(),
    };
    let of = check.expr(expr);
    check
        .errors
        .sort_by_key(|error| (error.span.start, error.span.end));
    (of, check.errors)
}

pub(super) struct Check<'h> {
    holes: &'h [HoleType],
    pub(super) errors: Vec<Error>,
}

impl Check<'_> {
    pub(super) fn hole(&self, number: usize) -> HoleType {
        self.holes.get(number).copied().unwrap_or(HoleType::Unknown)
    }

    pub(super) fn experimental(&mut self, what: &str, flag: &str, span: Span) {
        self.errors.push(
            Error::new(
                &codes::PROMQL_EXPERIMENTAL,
                format!("{what} is experimental in Prometheus"),
                span,
            )
            .help(format!(
                "start Prometheus with `--enable-feature={flag}` to use it"
            )),
        );
    }

    pub(super) fn expr(&mut self, expr: &Expr) -> Option<Type> {
        match &expr.node {
            Node::Number(_) => Some(Type::Scalar),
            Node::String(string) => {
                self.string(string);
                Some(Type::String)
            }
            Node::Selector(selector) => {
                self.selector(selector, expr.span, true);
                Some(Type::InstantVector)
            }
            Node::Range(inner, range) => {
                match &inner.node {
                    Node::Hole(number) => self.hole_is_selector(*number, inner.span, "a range"),
                    _ => {
                        self.expr(inner);
                    }
                }
                self.duration(range, true);
                Some(Type::RangeVector)
            }
            Node::Subquery(subquery) => {
                let of = self.expr(&subquery.expr);
                self.expect_type(&subquery.expr, of, &[Type::InstantVector], "a subquery");
                self.duration(&subquery.range, true);
                if let Some(step) = &subquery.step {
                    self.duration(step, true);
                }
                self.modifiers(&subquery.modifiers);
                Some(Type::RangeVector)
            }
            Node::Call(call) => self.call(call, expr.span),
            Node::Aggregate(aggregate) => {
                self.aggregate(aggregate);
                Some(Type::InstantVector)
            }
            Node::Binary(binary) => self.binary(binary),
            Node::Unary(op, inner) => {
                let of = self.expr(inner);
                let place = format!("in unary expression `{}`", op.as_str());
                if self.expect_type(inner, of, &[Type::Scalar, Type::InstantVector], &place) {
                    of
                } else {
                    None
                }
            }
            Node::Paren(inner) => self.expr(inner),
            Node::Hole(number) => match self.hole(*number) {
                HoleType::Selector | HoleType::Vector => Some(Type::InstantVector),
                HoleType::Scalar | HoleType::Duration => Some(Type::Scalar),
                HoleType::String => Some(Type::String),
                HoleType::Unknown => None,
            },
            Node::Modified(inner, modifiers) => {
                if let Node::Hole(number) = &inner.node {
                    let who = if modifiers.offset.is_some() {
                        "`offset`"
                    } else {
                        "`@`"
                    };
                    self.hole_is_selector(*number, inner.span, who);
                }
                self.modifiers(modifiers);
                Some(Type::InstantVector)
            }
        }
    }

    fn hole_is_selector(&mut self, number: usize, span: Span, who: &str) {
        let of = self.hole(number);
        if !matches!(of, HoleType::Selector | HoleType::Unknown) {
            let mut error = Error::new(
                &codes::PROMQL_HOLE_TYPE,
                format!(
                    "{who} can only follow a selector, found {}",
                    of.with_article()
                ),
                span,
            );
            if of == HoleType::Vector && who == "a range" {
                error =
                    error.help("write a subquery for an expression's values over time: `[5m:]`");
            }
            self.errors.push(error);
        }
    }

    fn string(&mut self, string: &StringLit) {
        for part in &string.parts {
            if let StringPart::Hole(number) = part
                && matches!(self.hole(*number), HoleType::Selector | HoleType::Vector)
            {
                self.errors.push(
                    Error::new(
                        &codes::PROMQL_HOLE_TYPE,
                        "a query cannot be interpolated into a string",
                        string.span,
                    )
                    .label(format!(
                        "the value is {}",
                        self.hole(*number).with_article()
                    )),
                );
            }
        }
    }

    fn duration(&mut self, duration: &Duration, is_range: bool) {
        let experimental = match &duration.node {
            DurationNode::Paren(_) | DurationNode::Unary(..) => is_range,
            DurationNode::Binary(..) | DurationNode::Call(..) => true,
            _ => false,
        };
        if experimental {
            self.experimental("a computed duration", "promql-duration-expr", duration.span);
        }
        self.duration_holes(duration);
    }

    fn duration_holes(&mut self, duration: &Duration) {
        match &duration.node {
            DurationNode::Literal(_) | DurationNode::Window => {}
            DurationNode::Hole(number) => {
                let of = self.hole(*number);
                if !matches!(
                    of,
                    HoleType::Duration | HoleType::Scalar | HoleType::Unknown
                ) {
                    self.errors.push(Error::new(
                        &codes::PROMQL_HOLE_TYPE,
                        format!("expected a duration, found {}", of.with_article()),
                        duration.span,
                    ));
                }
            }
            DurationNode::Paren(inner) | DurationNode::Unary(_, inner) => {
                self.duration_holes(inner)
            }
            DurationNode::Binary(_, left, right) => {
                self.duration_holes(left);
                self.duration_holes(right);
            }
            DurationNode::Call(_, args) => args.iter().for_each(|arg| self.duration_holes(arg)),
        }
    }

    fn modifiers(&mut self, modifiers: &Modifiers) {
        if let Some(offset) = &modifiers.offset {
            self.duration(&offset.duration, false);
        }
    }

    pub(super) fn selector(&mut self, selector: &Selector, span: Span, must_select: bool) {
        let mut selects = selector
            .metric
            .as_ref()
            .is_some_and(|metric| !metric.text.is_empty());
        for matcher in &selector.matchers {
            self.string(&matcher.value);
            let Some(text) = matcher.value.text() else {
                // With a hole or an invalid byte, it may be not empty.
                selects = true;
                continue;
            };
            let matches_empty = match matcher.op {
                MatchOp::Equal => text.is_empty(),
                MatchOp::NotEqual => !text.is_empty(),
                MatchOp::Matches | MatchOp::NotMatches => match regex::matches_empty(text) {
                    Ok(matches) => matches == (matcher.op == MatchOp::Matches),
                    Err(error) => {
                        self.errors.push(
                            Error::new(
                                &codes::PROMQL_BAD_REGEX,
                                error.headline(text),
                                matcher.value.span,
                            )
                            .note("Prometheus uses the RE2 syntax: no look-around and no back references"),
                        );
                        false
                    }
                },
            };
            selects |= !matches_empty;
        }
        if must_select && !selects {
            self.errors.push(
                Error::new(
                    &codes::PROMQL_SELECTS_ALL,
                    "vector selector must contain at least one non-empty matcher",
                    span,
                )
                .help("name a metric, or add a non-empty matcher: `{job=~\".+\"}`"),
            );
        }
        if let Some(extended) = selector.modifiers.extended {
            let what = if extended == Extended::Anchored {
                "`anchored`"
            } else {
                "`smoothed`"
            };
            self.experimental(what, "promql-extended-range-selectors", span);
        }
        self.modifiers(&selector.modifiers);
    }

    /// Reports an expression whose type is not one of the expected ones. `place` describes where it is used.
    pub(super) fn expect_type(
        &mut self,
        expr: &Expr,
        of: Option<Type>,
        wanted: &[Type],
        place: &str,
    ) -> bool {
        let Some(of) = of else { return true };
        if wanted.contains(&of) {
            return true;
        }
        let list = wanted
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" or ");
        let bare = expr.unparenthesised();
        let is_hole = matches!(bare.node, Node::Hole(_));
        let code = if is_hole {
            &codes::PROMQL_HOLE_TYPE
        } else {
            &codes::PROMQL_TYPE
        };

        let mut error = Error::new(
            code,
            format!("expected type {list} {place}, got {of}"),
            expr.span,
        );
        let first = wanted.first().copied();
        match (first, of) {
            (Some(Type::RangeVector), Type::InstantVector) => match &bare.node {
                Node::Selector(selector) => {
                    error = error.help("add a range: `x[5m]`, or `x[$window]` in an SLI");
                    if selector.modifiers.is_empty() {
                        let end = expr.span.end as usize;
                        error = error.suggest(Span::new(end, end), "[5m]");
                    }
                }
                Node::Hole(_) => error = error.help("add a range: `${selector}[5m]`"),
                _ => {
                    error = error
                        .help("write a subquery for an expression's values over time: `(…)[5m:]`")
                }
            },
            (_, Type::RangeVector) => {
                error = error.help(
                    "use a function that returns an instant vector: `rate(…)` for a counter, \
                    `avg_over_time(…)` for a gauge",
                );
            }
            (Some(Type::InstantVector), Type::Scalar) if !is_hole && wanted.len() == 1 => {
                error = error.help("convert the scalar with `vector(…)`");
            }
            (Some(Type::Scalar), Type::InstantVector) if wanted.len() == 1 => {
                error = error.help("convert a vector of one series with `scalar(…)`");
            }
            _ => {}
        }
        self.errors.push(error);
        false
    }

    fn binary(&mut self, binary: &Binary) -> Option<Type> {
        let left = self.expr(&binary.left);
        let right = self.expr(&binary.right);
        let op = binary.op.as_str();
        let is_set = binary.op.is_set();
        let wanted: &[Type] = &[Type::Scalar, Type::InstantVector];
        let place = format!("in binary expression `{op}`");
        let fits = if is_set {
            let left = self.expect_vector(&binary.left, left, op);
            self.expect_vector(&binary.right, right, op) && left
        } else {
            let left = self.expect_type(&binary.left, left, wanted, &place);
            self.expect_type(&binary.right, right, wanted, &place) && left
        };
        if binary.return_bool && !binary.op.is_comparison() {
            self.errors.push(
                Error::new(
                    &codes::PROMQL_BOOL,
                    format!("bool modifier can only be used on comparison operators, found `{op}`"),
                    binary.op_span,
                )
                .help("remove `bool`"),
            );
        }
        if !fits {
            return None;
        }
        let scalars = left == Some(Type::Scalar) && right == Some(Type::Scalar);
        if scalars && binary.op.is_comparison() && !binary.return_bool {
            let end = binary.op_span.end as usize;
            self.errors.push(
                Error::new(
                    &codes::PROMQL_BOOL,
                    format!(
                        "comparisons between scalars must use BOOL modifier: `bool` after `{op}`"
                    ),
                    binary.op_span,
                )
                .label("the result is 0 or 1: there are no series to filter")
                .suggest(Span::new(end, end), " bool"),
            );
        }
        let has_scalar = left == Some(Type::Scalar) || right == Some(Type::Scalar);
        self.matching(binary, has_scalar);
        match (left, right) {
            (Some(Type::Scalar), Some(Type::Scalar)) => Some(Type::Scalar),
            (Some(Type::InstantVector), _) | (_, Some(Type::InstantVector)) => {
                Some(Type::InstantVector)
            }
            _ => None,
        }
    }

    /// Reports a side of `and`, `or` or `unless` that is not a vector.
    fn expect_vector(&mut self, expr: &Expr, of: Option<Type>, op: &str) -> bool {
        if of != Some(Type::Scalar) || matches!(expr.unparenthesised().node, Node::Hole(_)) {
            return self.expect_type(
                expr,
                of,
                &[Type::InstantVector],
                &format!("in binary expression `{op}`"),
            );
        }
        self.errors.push(
            Error::new(
                &codes::PROMQL_SET_OPERATOR,
                format!("set operator `{op}` not allowed in binary scalar expression"),
                expr.span,
            )
            .help("convert the scalar with `vector(…)`"),
        );
        false
    }

    fn matching(&mut self, binary: &Binary, has_scalar: bool) {
        let op = binary.op.as_str();
        let fills = binary.fill != Fill::default();
        if fills {
            self.experimental("`fill`", "promql-binop-fill-modifiers", binary.op_span);
            if has_scalar || binary.op.is_set() {
                let message = if has_scalar {
                    "`fill` is only allowed between two vectors".to_owned()
                } else {
                    format!("`fill` is not allowed with set operator `{op}`")
                };
                self.errors
                    .push(Error::new(&codes::PROMQL_MATCHING, message, binary.op_span));
            }
        }
        let Some(matching) = &binary.matching else {
            return;
        };
        let word = if matching.on { "on" } else { "ignoring" };
        if let Some(group) = &matching.group {
            let side = if group.left {
                "group_left"
            } else {
                "group_right"
            };
            let twice = group.labels.iter().find(|label| {
                matching.on && matching.labels.iter().any(|other| other.name == label.name)
            });
            if let Some(label) = twice {
                self.errors.push(
                    Error::new(
                        &codes::PROMQL_MATCHING,
                        format!(
                            "label `{}` must not occur in ON and GROUP clause at once: `on` and \
                            `{side}`",
                            label.name
                        ),
                        label.span,
                    )
                    .label("already equal on both sides")
                    .help(format!("remove it from `{side}`")),
                );
            }
            if binary.op.is_set() && !has_scalar {
                self.errors.push(
                    Error::new(
                        &codes::PROMQL_MATCHING,
                        format!("no grouping allowed for `{op}` operation: `{side}`"),
                        binary.op_span,
                    )
                    .help(format!(
                        "remove `{side}`: `{op}` already matches many series with many"
                    )),
                );
            }
        }
        if has_scalar && !matching.labels.is_empty() {
            let span = matching
                .labels
                .iter()
                .map(|label| label.span)
                .reduce(Span::cover)
                .unwrap_or(binary.op_span);
            self.errors.push(
                Error::new(
                    &codes::PROMQL_MATCHING,
                    format!("vector matching only allowed between instant vectors: `{word}`"),
                    span,
                )
                .help(format!("remove `{word} (…)`")),
            );
        }
    }
}
