//! Builds the tree from the grammar's pairs: precedence, modifiers, and an error for each malformed part.

pub(crate) mod operators;
mod syntax_errors;

use pest::iterators::{Pair, Pairs};
use smol_str::SmolStr;

use super::error::Error;
use super::grammar::{MAX_TREE_DEPTH, Rule, holes};
use super::literal;
use super::tree::*;
use crate::codes;
use operators::Operator;

/// Builds a tree from pairs, and collects errors.
pub(super) struct TreeBuilder<'t> {
    pub(super) text: &'t str,
    holes: Vec<usize>,
    /// The errors so far.
    pub(super) errors: Vec<Error>,
    /// True if the structure is broken: errors after that are unreliable and not reported.
    pub(super) broken: bool,
}

/// An expression with the depth of its tree.
pub(super) struct Built {
    expr: Expr,
    depth: usize,
}

/// An entry of the operator stack.
enum Pending {
    Sign(UnaryOp, Span),
    Binary(Operator),
}

pub(super) fn span(pair: &Pair<'_, Rule>) -> Span {
    let span = pair.as_span();
    Span::new(span.start(), span.end())
}

impl<'t> TreeBuilder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            holes: holes(text),
            errors: Vec::new(),
            broken: false,
        }
    }

    /// Adds an error that does not affect the structure, so the rest is still checked.
    pub(super) fn error(&mut self, error: Error) {
        if !self.broken {
            self.errors.push(error);
        }
    }

    /// Adds an error in the structure. Later errors are not reported.
    pub(super) fn structure_error(&mut self, error: Error) {
        self.error(error);
        self.broken = true;
    }

    pub(super) fn hole_number(&self, at: usize) -> usize {
        self.holes.partition_point(|start| *start < at)
    }

    pub(super) fn query(&mut self, pair: Pair<'t, Rule>) -> Option<Expr> {
        let mut result = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::expr => result = self.expr(part, Context::Query).map(|built| built.expr),
                Rule::junk => self.unexpected(
                    span(&part).start as usize,
                    "an operator or the end of \
                    the query",
                ),
                _ => {}
            }
        }
        result
    }

    pub(super) fn expr(&mut self, pair: Pair<'t, Rule>, context: Context) -> Option<Built> {
        let mut operands: Vec<Built> = Vec::new();
        let mut pending: Vec<Pending> = Vec::new();
        for part in pair.into_inner() {
            if part.as_rule() == Rule::operator {
                let operator = self.operator(part)?;
                self.reduce(&mut operands, &mut pending, Some(operator.op))?;
                pending.push(Pending::Binary(operator));
                continue;
            }
            let mut value: Option<Built> = None;
            for piece in part.into_inner() {
                match piece.as_rule() {
                    Rule::sign => pending.push(Pending::Sign(sign(&piece), span(&piece))),
                    Rule::missing => {
                        let after = pending.last().map(|pending| match pending {
                            Pending::Sign(_, span) => (*span, "nothing to apply to"),
                            Pending::Binary(operator) => (operator.span, "no right-hand side"),
                        });
                        self.missing_expr(span(&piece).start as usize, after, context);
                        return None;
                    }
                    Rule::range | Rule::offset | Rule::at | Rule::extended => {
                        value = Some(self.postfix(value?, piece)?);
                    }
                    _ => value = Some(self.primary(piece)?),
                }
            }
            operands.push(value?);
        }
        self.reduce(&mut operands, &mut pending, None)?;
        operands.pop()
    }

    /// Applies the pending operators whose precedence is at least that of the next one.
    fn reduce(
        &mut self,
        operands: &mut Vec<Built>,
        pending: &mut Vec<Pending>,
        next: Option<BinaryOp>,
    ) -> Option<()> {
        while let Some(top) = pending.last() {
            let precedence = match top {
                Pending::Sign(..) => BinaryOp::Multiply.precedence(),
                Pending::Binary(operator) => operator.op.precedence(),
            };
            let goes_first = next.is_none_or(|next| {
                precedence > next.precedence()
                    || (precedence == next.precedence() && !next.is_right_associative())
            });
            if !goes_first {
                break;
            }
            let right = operands.pop()?;
            let built = match pending.pop()? {
                Pending::Sign(op, at) => Built {
                    depth: right.depth + 1,
                    expr: Expr {
                        span: at.cover(right.expr.span),
                        node: Node::Unary(op, Box::new(right.expr)),
                    },
                },
                Pending::Binary(operator) => {
                    let left = operands.pop()?;
                    Built {
                        depth: left.depth.max(right.depth) + 1,
                        expr: Expr {
                            span: left.expr.span.cover(right.expr.span),
                            node: Node::Binary(Box::new(Binary {
                                op: operator.op,
                                op_span: operator.span,
                                left: left.expr,
                                right: right.expr,
                                return_bool: operator.return_bool,
                                matching: operator.matching,
                                fill: operator.fill,
                            })),
                        },
                    }
                }
            };
            operands.push(self.bounded(built)?);
        }
        Some(())
    }

    fn bounded(&mut self, built: Built) -> Option<Built> {
        if built.depth <= MAX_TREE_DEPTH {
            return Some(built);
        }
        self.structure_error(
            Error::new(
                &codes::PROMQL_TOO_DEEP,
                format!("the query is a chain of more than {MAX_TREE_DEPTH} operators"),
                built.expr.span,
            )
            .help("move part of it into a recording rule and use its result"),
        );
        None
    }

    fn primary(&mut self, pair: Pair<'t, Rule>) -> Option<Built> {
        let at = span(&pair);
        let leaf = |node| {
            Some(Built {
                expr: Expr { node, span: at },
                depth: 1,
            })
        };
        match pair.as_rule() {
            Rule::paren => {
                let (inner, span) = self.paren(pair)?;
                let depth = inner.depth + 1;
                self.bounded(Built {
                    expr: Expr {
                        node: Node::Paren(Box::new(inner.expr)),
                        span,
                    },
                    depth,
                })
            }
            Rule::string => {
                let string = self.string(&pair);
                leaf(Node::String(string))
            }
            Rule::bad_string => self.unclosed_string(&pair),
            Rule::number | Rule::special => {
                self.number(&pair);
                leaf(Node::Number(pair.as_str().into()))
            }
            Rule::hole => {
                self.hole(&pair)?;
                leaf(Node::Hole(self.hole_number(at.start as usize)))
            }
            Rule::variable => self.variable(&pair),
            Rule::aggregate => self.aggregate(pair),
            Rule::call => self.call(pair),
            Rule::stray_grouping => {
                let word = pair.as_str();
                self.structure_error(
                    Error::new(
                        &codes::PROMQL_UNEXPECTED,
                        format!("`{word}` without an aggregation before it"),
                        at,
                    )
                    .help(format!("write for example `sum {word} (job) (x)`")),
                );
                None
            }
            Rule::selector => self.selector(pair).map(|expr| Built { expr, depth: 1 }),
            _ => None,
        }
    }

    fn paren(&mut self, pair: Pair<'t, Rule>) -> Option<(Built, Span)> {
        let (mut at, mut inner) = (Span::default(), None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::open => at = span(&part),
                Rule::expr => inner = self.expr(part, Context::Paren(at)),
                Rule::close => at = at.cover(span(&part)),
                _ => return self.unclosed(&part, Some(at), "an operator or `)`"),
            }
        }
        Some((inner?, at))
    }

    /// Builds the arguments of a call. Returns them with their maximum depth and the place of the closing parenthesis.
    fn args(&mut self, pair: Pair<'t, Rule>) -> Option<(Vec<Expr>, usize, Span)> {
        let (mut args, mut depth, mut open) = (Vec::new(), 0, Span::default());
        let mut ok = true;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::open => open = span(&part),
                Rule::expr => {
                    let built = self.expr(part, Context::Argument);
                    ok &= built.is_some();
                    if let Some(built) = built {
                        depth = depth.max(built.depth);
                        args.push(built.expr);
                    }
                }
                Rule::close => return ok.then_some((args, depth, span(&part))),
                _ => return self.unclosed(&part, Some(open), "an operator, `,` or `)`"),
            }
        }
        None
    }

    fn call(&mut self, pair: Pair<'t, Rule>) -> Option<Built> {
        let mut parts = pair.into_inner();
        let name = parts.next()?;
        let name_span = span(&name);
        let (args, depth, end) = self.args(parts.next()?)?;
        let call = Call {
            function: name.as_str().into(),
            function_span: name_span,
            args,
        };
        let expr = Expr {
            span: name_span.cover(end),
            node: Node::Call(call),
        };
        self.bounded(Built {
            expr,
            depth: depth + 1,
        })
    }

    fn aggregate(&mut self, pair: Pair<'t, Rule>) -> Option<Built> {
        let mut parts = pair.into_inner();
        let name = parts.next()?;
        let op_span = span(&name);
        let op = SmolStr::from(name.as_str().to_ascii_lowercase());
        let mut whole = op_span;
        let (mut grouping, mut arguments) = (None, None);
        for part in parts {
            match part.as_rule() {
                Rule::grouping => {
                    let (found, end) = self.grouping(part)?;
                    whole = whole.cover(end);
                    grouping = Some(found);
                }
                Rule::args => {
                    let (args, depth, end) = self.args(part)?;
                    whole = whole.cover(end);
                    arguments = Some((args, depth));
                }
                _ => {
                    let at = span(&part).start as usize;
                    self.unexpected(at, "`(` and an expression to aggregate");
                    return None;
                }
            }
        }
        let (mut args, depth) = arguments?;
        let takes_param =
            super::functions::aggregation(&op).is_some_and(|known| known.param.is_some());
        let expected = if takes_param { 2 } else { 1 };
        if args.len() != expected {
            let wanted = if takes_param {
                "two arguments"
            } else {
                "one argument"
            };
            let given = match args.len() {
                0 => "got 0".to_owned(),
                1 => "got 1".to_owned(),
                given => format!("got {given}"),
            };
            let mut error = Error::new(
                &codes::PROMQL_ARGUMENTS,
                format!(
                    "wrong number of arguments for aggregate expression `{op}`: expected {wanted}, \
                    {given}"
                ),
                whole,
            );
            if takes_param && args.len() == 1 {
                error = error.help(format!("write the parameter first: `{op}(…, x)`"));
            }
            self.error(error);
            return None;
        }
        let expr = args.pop()?;
        let aggregate = Aggregate {
            op,
            op_span,
            grouping,
            param: args.pop(),
            expr,
        };
        let expr = Expr {
            node: Node::Aggregate(Box::new(aggregate)),
            span: whole,
        };
        self.bounded(Built {
            expr,
            depth: depth + 1,
        })
    }

    fn grouping(&mut self, pair: Pair<'t, Rule>) -> Option<(Grouping, Span)> {
        let end = Span::new(pair.as_span().start(), pair.as_span().end());
        let mut grouping = Grouping {
            without: false,
            labels: Vec::new(),
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::without => grouping.without = true,
                Rule::labels => grouping.labels = self.labels(part)?,
                _ => {}
            }
        }
        Some((grouping, end))
    }

    pub(super) fn labels(&mut self, pair: Pair<'t, Rule>) -> Option<Vec<Label>> {
        let mut labels = Vec::new();
        let mut open = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::open => open = Some(span(&part)),
                Rule::unclosed if open.is_none() => {
                    self.unexpected(span(&part).start as usize, syntax_errors::LABEL_LIST);
                    return None;
                }
                Rule::unclosed => {
                    let wanted = if labels.is_empty() {
                        "a label or `)`"
                    } else {
                        "`,` or `)`"
                    };
                    return self.unclosed(&part, open, wanted);
                }
                Rule::label => {
                    let inner = part.into_inner().next()?;
                    let at = span(&inner);
                    let name = match inner.as_rule() {
                        Rule::string => self.quoted_name(&inner, "label")?,
                        Rule::bad_string => return self.unclosed_string(&inner),
                        Rule::hole => return self.hole_as_name(at, "a label name"),
                        _ => SmolStr::from(inner.as_str()),
                    };
                    let bare = inner.as_rule() == Rule::word;
                    let reserved = ["without", "inf", "nan"]
                        .iter()
                        .any(|word| name.eq_ignore_ascii_case(word));
                    if name.is_empty() {
                        self.error(Error::new(
                            &codes::PROMQL_LABEL_NAME,
                            "a label name must not be empty",
                            at,
                        ));
                    } else if bare && reserved {
                        self.error(
                            Error::new(
                                &codes::PROMQL_LABEL_NAME,
                                format!("`{name}` is a keyword: quote it to use it as a label"),
                                at,
                            )
                            .suggest(at, format!("\"{name}\"")),
                        );
                    }
                    labels.push(Label { name, span: at });
                }
                _ => {}
            }
        }
        Some(labels)
    }

    pub(super) fn inner<'p>(pair: Pair<'p, Rule>) -> Pairs<'p, Rule> {
        pair.into_inner()
    }
}

/// The context of an expression, for errors about a missing one.
#[derive(Clone, Copy)]
pub(super) enum Context {
    Query,
    Paren(Span),
    Argument,
}

pub(super) fn sign(pair: &Pair<'_, Rule>) -> UnaryOp {
    if pair.as_str() == "-" {
        UnaryOp::Minus
    } else {
        UnaryOp::Plus
    }
}

impl Built {
    pub(super) fn map(self, f: impl FnOnce(Expr) -> Expr) -> Self {
        Self {
            expr: f(self.expr),
            depth: self.depth + 1,
        }
    }

    pub(super) fn expr(&self) -> &Expr {
        &self.expr
    }
}

impl TreeBuilder<'_> {
    pub(super) fn number(&mut self, pair: &Pair<'_, Rule>) {
        let (text, at) = (pair.as_str(), span(pair));
        if literal::number(text).is_some() {
            return;
        }
        self.bad_duration(text, at, &codes::PROMQL_BAD_NUMBER);
    }
}
