//! Builds expressions: precedence, postfixes, strings and queries.

mod texts;

use pest::iterators::Pair;
use smol_str::SmolStr;

use super::builder::{Builder, Children, first_line, take};
use super::literals;
use super::parse::Rule;
use super::tree::*;

/// The maximum depth of operators and postfixes in one expression. They nest to the left without brackets, so
/// [`super::MAX_DEPTH`] does not count them.
const MAX_CHAIN: usize = 256;

enum Token {
    Prefix(UnaryOp, TextRange),
    Infix(BinaryOp),
    Operand(Expr),
}

/// Returns the precedence of a binary operator.
fn power(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual
        | BinaryOp::In => COMPARISON,
        BinaryOp::Add | BinaryOp::Subtract => 5,
        BinaryOp::Multiply | BinaryOp::Divide => 6,
    }
}

const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const NEGATE: u8 = 7;

fn binary_op(text: &str) -> BinaryOp {
    match text {
        "or" => BinaryOp::Or,
        "and" => BinaryOp::And,
        "==" => BinaryOp::Equal,
        "!=" => BinaryOp::NotEqual,
        "<" => BinaryOp::Less,
        "<=" => BinaryOp::LessOrEqual,
        ">" => BinaryOp::Greater,
        ">=" => BinaryOp::GreaterOrEqual,
        "in" => BinaryOp::In,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Subtract,
        "*" => BinaryOp::Multiply,
        _ => BinaryOp::Divide,
    }
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    let range = left.range.cover(right.range);
    Expr {
        node: ExprNode::Binary(op, Box::new(left), Box::new(right)),
        range,
    }
}

impl<'t> Builder<'t> {
    /// Builds a required expression. Reports an error if a marker comes next.
    pub(super) fn expect_expr(&mut self, children: &mut Children<'t>, what: &str) -> Expr {
        match children.next() {
            Some(pair) if matches!(pair.as_rule(), Rule::expr | Rule::free_expr) => self.expr(pair),
            Some(marker) => self.missing_operand(&marker, what),
            None => Expr {
                node: ExprNode::Error,
                range: TextRange::default(),
            },
        }
    }

    fn missing_operand(&mut self, marker: &Pair<'t, Rule>, what: &str) -> Expr {
        let range = self.before(marker);
        self.error(SyntaxErrorKind::MissingValue, range, what);
        Expr {
            node: ExprNode::Error,
            range,
        }
    }

    /// Builds an expression from a flat chain of operands and operators.
    pub(super) fn expr(&mut self, pair: Pair<'t, Rule>) -> Expr {
        let whole = self.range(&pair);
        let links = pair
            .clone()
            .into_inner()
            .filter(|part| matches!(part.as_rule(), Rule::op | Rule::prefix))
            .take(MAX_CHAIN + 1)
            .count();
        if self.height + links > MAX_CHAIN {
            self.error(SyntaxErrorKind::TooDeep, whole, "");
            return Expr {
                node: ExprNode::Error,
                range: whole,
            };
        }
        self.height += links + 1;
        let tokens: Vec<Token> = pair
            .into_inner()
            .map(|part| match part.as_rule() {
                Rule::op => Token::Infix(binary_op(part.as_str())),
                Rule::prefix => {
                    let op = if part.as_str() == "-" {
                        UnaryOp::Negate
                    } else {
                        UnaryOp::Not
                    };
                    Token::Prefix(op, self.range(&part))
                }
                Rule::operand => Token::Operand(self.operand(part)),
                _ => Token::Operand(self.missing_operand(&part, "operand")),
            })
            .collect();
        self.height -= links + 1;
        climb(&mut tokens.into_iter().peekable(), 0, whole)
    }

    fn operand(&mut self, pair: Pair<'t, Rule>) -> Expr {
        let whole = self.range(&pair);
        let links = pair.clone().into_inner().take(MAX_CHAIN + 2).count();
        if self.height + links > MAX_CHAIN {
            self.error(SyntaxErrorKind::TooDeep, whole, "");
            return Expr {
                node: ExprNode::Error,
                range: whole,
            };
        }
        self.height += links;
        let mut children = pair.into_inner();
        let mut expr = match children.next() {
            Some(primary) => self.primary(primary),
            None => Expr {
                node: ExprNode::Error,
                range: whole,
            },
        };
        for postfix in children {
            let range = expr.range.cover(self.range(&postfix));
            let node = match postfix.as_rule() {
                Rule::member | Rule::index => match postfix.into_inner().next() {
                    Some(name) => ExprNode::Member(Box::new(expr), self.name(name)),
                    None => ExprNode::Error,
                },
                Rule::args => {
                    let args = self.args(postfix);
                    ExprNode::Call(Box::new(expr), args)
                }
                _ => {
                    // Keep the expression before the dot, for completion.
                    let dot = self.range(&postfix);
                    self.error(SyntaxErrorKind::TrailingDot, dot, ".");
                    let end = TextRange {
                        start: dot.end,
                        end: dot.end,
                    };
                    let nothing = Name {
                        text: SmolStr::default(),
                        range: end,
                        quoted: false,
                    };
                    ExprNode::Member(Box::new(expr), nothing)
                }
            };
            expr = Expr { node, range };
        }
        self.height -= links;
        expr
    }

    fn primary(&mut self, pair: Pair<'t, Rule>) -> Expr {
        let range = self.range(&pair);
        let text = pair.as_str();
        let node = match pair.as_rule() {
            Rule::boolean => ExprNode::Bool(text == "true"),
            Rule::numeral => {
                literals::numeral(text).unwrap_or_else(|why| self.bad_literal(range, text, &why))
            }
            Rule::time_of_day => literals::time_of_day(text)
                .map(ExprNode::TimeOfDay)
                .unwrap_or_else(|why| self.bad_literal(range, text, &why)),
            Rule::time_of_week => literals::time_of_week(text)
                .map(ExprNode::TimeOfWeek)
                .unwrap_or_else(|why| self.bad_literal(range, text, &why)),
            Rule::string => {
                let pieces = self.pieces(pair, range);
                ExprNode::String(StringLit {
                    parts: literals::plain(pieces),
                    multiline: false,
                })
            }
            Rule::multiline => {
                let pieces = self.pieces(pair, range);
                ExprNode::String(StringLit {
                    parts: literals::dedent(pieces),
                    multiline: true,
                })
            }
            Rule::query => self.query(pair, range),
            Rule::list => self.list(pair, range),
            Rule::labels => self.labels(pair, range),
            Rule::paren => self.paren(pair, range),
            Rule::if_expr => self.if_expr(pair, range),
            Rule::name_ref => match pair.into_inner().next() {
                Some(name) => ExprNode::Name(self.name(name)),
                None => ExprNode::Error,
            },
            _ => ExprNode::Error,
        };
        Expr { node, range }
    }

    fn bad_literal(
        &mut self,
        range: TextRange,
        text: &str,
        why: &literals::BadLiteral,
    ) -> ExprNode {
        self.error(SyntaxErrorKind::BadLiteral, range, format!("{text}` {why}"));
        ExprNode::Error
    }

    fn too_deep(&mut self, open: TextRange) {
        self.error(SyntaxErrorKind::TooDeep, open, "");
    }

    pub(super) fn args(&mut self, pair: Pair<'t, Rule>) -> Vec<Arg> {
        let open = self.opening(&pair, 1);
        let mut args = Vec::new();
        for part in pair.into_inner() {
            let range = self.range(&part);
            match part.as_rule() {
                Rule::arg => {
                    let mut children = part.into_inner().peekable();
                    let name = take(&mut children, Rule::ident).map(|name| self.name(name));
                    if let Some(equals) = take(&mut children, Rule::arg_equals) {
                        let range = self.range(&equals);
                        let before = TextRange {
                            start: self.before(&equals).start,
                            end: range.end,
                        };
                        self.errors.push(SyntaxError {
                            kind: SyntaxErrorKind::BadValue,
                            range,
                            related: None,
                            detail: SmolStr::new_static("="),
                            fix: Some((before, SmolStr::new_static(":"))),
                        });
                    }
                    let value = self.expect_expr(&mut children, "argument");
                    args.push(Arg { name, value, range });
                }
                Rule::no_comma => self.no_comma(&part),
                Rule::no_close => self.unclosed(&part, open, ")"),
                Rule::too_deep => self.too_deep(open),
                _ => self.error(SyntaxErrorKind::BadValue, range, first_line(part.as_str())),
            }
        }
        args
    }

    fn no_comma(&mut self, marker: &Pair<'_, Rule>) {
        let range = self.before(marker);
        self.errors.push(SyntaxError {
            kind: SyntaxErrorKind::MissingDelimiter,
            range,
            related: None,
            detail: SmolStr::new_static(","),
            fix: Some((range, SmolStr::new_static(","))),
        });
    }

    /// Returns the range of the opening delimiter, which is `len` bytes long.
    fn opening(&self, pair: &Pair<'_, Rule>, len: usize) -> TextRange {
        TextRange::new(0, len).shifted(self.range(pair).start)
    }

    fn list(&mut self, pair: Pair<'t, Rule>, _range: TextRange) -> ExprNode {
        let open = self.opening(&pair, 1);
        let mut elements = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::free_expr => elements.push(self.expr(part)),
                Rule::no_comma => self.no_comma(&part),
                Rule::no_close => self.unclosed(&part, open, "]"),
                Rule::too_deep => self.too_deep(open),
                _ => {
                    let range = self.range(&part);
                    self.error(SyntaxErrorKind::BadValue, range, first_line(part.as_str()));
                }
            }
        }
        ExprNode::List(elements)
    }

    fn labels(&mut self, pair: Pair<'t, Rule>, _range: TextRange) -> ExprNode {
        let open = self.opening(&pair, 1);
        let mut entries = Vec::new();
        for part in pair.into_inner() {
            let range = self.range(&part);
            match part.as_rule() {
                Rule::label => entries.extend(self.label(part)),
                Rule::no_close => self.unclosed(&part, open, "}"),
                Rule::too_deep => self.too_deep(open),
                _ => self.error(SyntaxErrorKind::Junk, range, first_line(part.as_str())),
            }
        }
        ExprNode::Labels(entries)
    }

    fn label(&mut self, pair: Pair<'t, Rule>) -> Option<LabelEntry> {
        let mut children = pair.into_inner().peekable();
        let name = children.next().map(|name| self.name(name))?;
        let after = TextRange {
            start: name.range.end,
            end: name.range.end,
        };
        let without_value = |range| Expr {
            node: ExprNode::Error,
            range,
        };
        let entry = |name, value| LabelEntry {
            name,
            op: LabelOp::Equal,
            op_range: after,
            value,
            written: None,
        };
        if let Some(operator) = take(&mut children, Rule::two_for_equals) {
            let range = self.range(&operator);
            self.errors.push(SyntaxError {
                kind: SyntaxErrorKind::TwoEquals,
                range,
                related: None,
                detail: SmolStr::new(operator.as_str()),
                fix: Some((range, SmolStr::new_static("="))),
            });
            let value = children.next().map(|value| self.expr(value));
            return Some(entry(name, value.unwrap_or_else(|| without_value(range))));
        }
        let colon = take(&mut children, Rule::colon_for_equals).map(|colon| self.range(&colon));
        if colon.is_some() || take(&mut children, Rule::no_equals).is_some() {
            self.errors.push(SyntaxError {
                kind: SyntaxErrorKind::MissingEquals,
                range: colon.unwrap_or(after),
                related: None,
                detail: name.text.clone(),
                fix: colon.map(|colon| (colon, SmolStr::new_static(" ="))),
            });
            let value = children.next().map(|value| self.expr(value));
            return Some(entry(name, value.unwrap_or_else(|| without_value(after))));
        }
        let operator = take(&mut children, Rule::match_op);
        let op_range = operator.as_ref().map_or(after, |op| self.range(op));
        let op = operator.and_then(|op| LabelOp::from_text(op.as_str()));
        let op = op.unwrap_or(LabelOp::Equal);
        let value = match take(&mut children, Rule::list_junk) {
            Some(junk) => {
                let range = self.range(&junk);
                self.error(SyntaxErrorKind::BadValue, range, first_line(junk.as_str()));
                without_value(range)
            }
            None => self.expect_expr(&mut children, ""),
        };
        if let Some(marker) = take(&mut children, Rule::no_comma)
            && !matches!(
                self.text.as_bytes().get(marker.as_span().start()),
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'"')
            )
        {
            self.no_comma(&marker);
        }
        let written = self.between_quotes(&value);
        Some(LabelEntry {
            name,
            op,
            op_range,
            value,
            written,
        })
    }

    /// Returns the text between the quotes of a string on one line, without interpolations.
    fn between_quotes(&self, value: &Expr) -> Option<SmolStr> {
        let ExprNode::String(string) = &value.node else {
            return None;
        };
        let is_text = |part: &StringPart| matches!(part, StringPart::Text(_));
        if string.multiline || !string.parts.iter().all(is_text) {
            return None;
        }
        let source = self.source(value.range)?;
        let inner = source.strip_prefix('"')?.strip_suffix('"')?;
        Some(SmolStr::new(inner))
    }

    fn paren(&mut self, pair: Pair<'t, Rule>, _range: TextRange) -> ExprNode {
        let open = self.opening(&pair, 1);
        let mut inner = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::free_expr => inner = Some(self.expr(part)),
                Rule::missing_operand => inner = Some(self.missing_operand(&part, "")),
                Rule::no_close => self.unclosed(&part, open, ")"),
                _ => self.too_deep(open),
            }
        }
        inner.map_or(ExprNode::Error, |inner| ExprNode::Paren(Box::new(inner)))
    }

    fn if_expr(&mut self, pair: Pair<'t, Rule>, range: TextRange) -> ExprNode {
        let mut children = pair.into_inner().peekable();
        if children
            .next()
            .is_some_and(|first| first.as_rule() == Rule::if_too_deep)
        {
            self.too_deep(TextRange::new(0, 2).shifted(range.start));
            return ExprNode::Error;
        }
        let errors_before = self.errors.len();
        let condition = self.expect_expr(&mut children, "condition");
        let then = self.arm(&mut children);
        let otherwise = if take(&mut children, Rule::kw_else).is_some() {
            match take(&mut children, Rule::if_expr) {
                Some(pair) => {
                    let range = self.range(&pair);
                    let node = self.if_expr(pair, range);
                    Expr { node, range }
                }
                None => self.arm(&mut children),
            }
        } else {
            let at = TextRange {
                start: range.end,
                end: range.end,
            };
            if self.errors.len() == errors_before {
                self.error(SyntaxErrorKind::MissingValue, at, "else");
            }
            Expr {
                node: ExprNode::Error,
                range: at,
            }
        };
        ExprNode::If(Box::new(condition), Box::new(then), Box::new(otherwise))
    }

    fn arm(&mut self, children: &mut Children<'t>) -> Expr {
        let Some(pair) = take(children, Rule::if_arm) else {
            return Expr {
                node: ExprNode::Error,
                range: TextRange::default(),
            };
        };
        let open = self.opening(&pair, 1);
        let mut inner = Expr {
            node: ExprNode::Error,
            range: self.before(&pair),
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::free_expr => inner = self.expr(part),
                Rule::missing_operand => inner = self.missing_operand(&part, ""),
                Rule::no_close => self.unclosed(&part, open, "}"),
                Rule::no_body => {
                    let at = self.before(&part);
                    self.error(SyntaxErrorKind::MissingBrace, at, "{");
                }
                _ => self.too_deep(open),
            }
        }
        inner
    }
}

/// Builds a tree from flat tokens by precedence climbing.
fn climb(
    tokens: &mut std::iter::Peekable<std::vec::IntoIter<Token>>,
    least: u8,
    whole: TextRange,
) -> Expr {
    let mut left = match tokens.next() {
        Some(Token::Operand(expr)) => expr,
        Some(Token::Prefix(op, range)) => {
            let operand = climb(tokens, if op == UnaryOp::Not { NOT } else { NEGATE }, whole);
            let range = range.cover(operand.range);
            Expr {
                node: ExprNode::Unary(op, Box::new(operand)),
                range,
            }
        }
        _ => Expr {
            node: ExprNode::Error,
            range: whole,
        },
    };
    // The right operand of the last comparison: `0% < it < 100%` is `0% < it and it < 100%`.
    let mut compared: Option<Expr> = None;
    while let Some(Token::Infix(op)) = tokens.peek() {
        let op = *op;
        if power(op) < least {
            break;
        }
        tokens.next();
        let right = climb(tokens, power(op) + 1, whole);
        if power(op) != COMPARISON {
            compared = None;
            left = binary(op, left, right);
            continue;
        }
        let last = right.clone();
        left = match compared.take() {
            Some(middle) => binary(BinaryOp::And, left, binary(op, middle, right)),
            None => binary(op, left, right),
        };
        compared = Some(last);
    }
    left
}
