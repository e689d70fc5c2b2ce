//! Builds blocks and the statements in them.

use pest::iterators::Pair;
use smol_str::SmolStr;

use super::builder::{Builder, Children, first_line, take};
use super::literals;
use super::parse::Rule;
use super::tree::*;

impl<'t> Builder<'t> {
    pub(super) fn block_base(&mut self, children: &mut Children<'t>) -> Option<Base> {
        if let Some(pair) = take(children, Rule::base) {
            let range = self.range(&pair);
            let mut parts = pair.into_inner().peekable();
            let path = match parts.next() {
                Some(path) => self.path(path),
                None => Path {
                    segments: Vec::new(),
                    range,
                },
            };
            let args = parts.next().map(|args| self.args(args));
            return Some(Base { path, args, range });
        }
        if children
            .peek()
            .is_some_and(|pair| pair.as_rule() == Rule::no_base)
        {
            self.missing(children, SyntaxErrorKind::MissingName, "base");
        }
        None
    }

    /// Builds a required body.
    pub(super) fn expect_body(&mut self, children: &mut Children<'t>) -> Body {
        match take(children, Rule::body) {
            Some(body) => self.body(body),
            None => {
                let range = self.missing(children, SyntaxErrorKind::MissingBrace, "{");
                Body {
                    statements: Vec::new(),
                    range,
                }
            }
        }
    }

    pub(super) fn block(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> Block {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let kind = self.expect_name(&mut children, "kind");
        let mut name_parts = None;
        let name = match take(&mut children, Rule::block_name) {
            Some(pair) => pair
                .into_inner()
                .next()
                .map(|pair| self.name_or_spliced(pair, &mut name_parts)),
            None => children
                .next_if(|pair| matches!(pair.as_rule(), Rule::ident | Rule::quoted))
                .map(|pair| self.name(pair)),
        };
        let base = self.block_base(&mut children);
        let body = match children.peek().map(Pair::as_rule) {
            Some(Rule::body | Rule::no_body) => self.expect_body(&mut children),
            _ => Body {
                statements: Vec::new(),
                range: TextRange {
                    start: range.end,
                    end: range.end,
                },
            },
        };
        let head = TextRange {
            start: range.start,
            end: self.head_end(range, &body),
        };
        Block {
            doc,
            kind,
            name,
            name_parts,
            base,
            body,
            range,
            head,
        }
    }

    pub(super) fn body(&mut self, pair: Pair<'t, Rule>) -> Body {
        let range = self.range(&pair);
        let open = TextRange::new(0, 1).shifted(range.start);
        let mut statements = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::statement => statements.extend(self.statement(part)),
                Rule::too_deep => self.error(SyntaxErrorKind::TooDeep, open, ""),
                _ => self.unclosed(&part, open, "}"),
            }
        }
        Body { statements, range }
    }

    pub(super) fn head_end(&self, range: TextRange, body: &Body) -> u32 {
        if body.range.is_empty() {
            return body.range.start.max(range.start);
        }
        let head =
            &self.text[self.start + range.start as usize..self.start + body.range.start as usize];
        range.start + head.trim_end().len() as u32
    }

    pub(super) fn statement(&mut self, pair: Pair<'t, Rule>) -> Option<Statement> {
        let mut children = pair.into_inner().peekable();
        let documented = children.peek().map(|pair| self.range(pair));
        let doc = self.doc(&mut children);
        let pair = children.next()?;
        let range = self.range(&pair);
        let takes_doc = matches!(
            pair.as_rule(),
            Rule::field
                | Rule::block
                | Rule::let_stmt
                | Rule::missing_equals
                | Rule::half_typed
                | Rule::junk
        );
        if let (false, Some(_), Some(place)) = (takes_doc, &doc, documented) {
            let text =
                &self.text[self.start + place.start as usize..self.start + place.end as usize];
            let end = place.start as usize + text.trim_end().len();
            self.error(
                SyntaxErrorKind::StrayDoc,
                TextRange::new(place.start as usize, end),
                "",
            );
        }
        match pair.as_rule() {
            Rule::field => Some(Statement::Field(self.field(doc, pair))),
            Rule::block => Some(Statement::Block(self.block(doc, pair))),
            Rule::let_stmt => Some(Statement::Let(self.let_statement(doc, pair))),
            Rule::for_stmt => Some(Statement::For(self.for_statement(pair))),
            Rule::if_stmt => Some(Statement::If(self.if_statement(pair))),
            Rule::in_stmt => {
                let mut children = pair.into_inner().peekable();
                children.next();
                let environment = self.expect_name(&mut children, "environment");
                let body = self.expect_body(&mut children);
                Some(Statement::In(In {
                    environment,
                    body,
                    range,
                }))
            }
            Rule::without => {
                let mut children = pair.into_inner().peekable();
                children.next();
                let kind = self.expect_name(&mut children, "kind");
                let mut name_parts = None;
                let name = children
                    .next_if(|pair| {
                        matches!(pair.as_rule(), Rule::ident | Rule::quoted | Rule::string)
                    })
                    .map(|pair| self.name_or_spliced(pair, &mut name_parts));
                self.tail(&mut children);
                Some(Statement::Without(Without {
                    kind,
                    name,
                    name_parts,
                    range,
                }))
            }
            Rule::require => {
                let mut children = pair.into_inner().peekable();
                children.next();
                let condition = self.expect_expr(&mut children, "condition");
                let message = take(&mut children, Rule::kw_else)
                    .map(|_| self.expect_expr(&mut children, "message"));
                self.tail(&mut children);
                Some(Statement::Require(Require {
                    condition,
                    message,
                    range,
                }))
            }
            Rule::missing_equals => {
                let mut children = pair.into_inner().peekable();
                let name = self.expect_name(&mut children, "field");
                let after = TextRange {
                    start: name.range.end,
                    end: name.range.end,
                };
                self.errors.push(SyntaxError {
                    kind: SyntaxErrorKind::MissingEquals,
                    range: after,
                    related: None,
                    detail: name.text.clone(),
                    fix: Some((after, SmolStr::new_static(" ="))),
                });
                let errors_before = self.errors.len();
                let value = self.value(&mut children);
                self.errors.truncate(errors_before);
                Some(Statement::Field(Field {
                    doc,
                    name,
                    value,
                    range,
                }))
            }
            Rule::half_typed => {
                let mut children = pair.clone().into_inner().peekable();
                let name = self.expect_name(&mut children, "field");
                let kind = if pair.as_str().trim_end().ends_with('.') {
                    SyntaxErrorKind::TrailingDot
                } else {
                    SyntaxErrorKind::HalfTypedKey
                };
                self.error(kind, range, pair.as_str().trim_end());
                let at = TextRange {
                    start: range.end,
                    end: range.end,
                };
                let value = Expr {
                    node: ExprNode::Error,
                    range: at,
                };
                Some(Statement::Field(Field {
                    doc,
                    name,
                    value,
                    range,
                }))
            }
            Rule::nothing => None,
            _ => {
                self.junk(SyntaxErrorKind::Junk, range, &pair);
                None
            }
        }
    }

    pub(super) fn field(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> Field {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        let name = self.expect_name(&mut children, "field");
        let value = self.value(&mut children);
        Field {
            doc,
            name,
            value,
            range,
        }
    }

    /// Offers to remove the space between a number and its unit.
    fn offer_unit(&mut self, value: &Expr, after: TextRange) {
        let text = |range: TextRange| {
            let bytes = self.start + range.start as usize..self.start + range.end as usize;
            self.text.get(bytes).unwrap_or_default()
        };
        let ExprNode::Number(_) = value.node else {
            return;
        };
        let unit = literals::meant_unit(text(after).trim());
        let fixed = unit.map(|unit| SmolStr::from(format!("{}{unit}", text(value.range))));
        if let (Some(fixed), Some(error)) = (fixed, self.errors.last_mut()) {
            error.fix = Some((value.range.cover(after), fixed));
        }
    }

    /// Builds a value, and reports its errors.
    pub(super) fn value(&mut self, children: &mut Children<'t>) -> Expr {
        match children.next() {
            Some(pair) if pair.as_rule() == Rule::expr => {
                let value = self.expr(pair);
                if let Some(tail) = take(children, Rule::tail) {
                    let range = self.range(&tail);
                    // Words without quotes: the first one is not a name either.
                    if let ExprNode::Name(_) = value.node {
                        let range = value.range.cover(range);
                        self.junk(SyntaxErrorKind::BadValue, range, &tail);
                        let whole =
                            self.start + range.start as usize..self.start + range.end as usize;
                        let detail = first_line(&self.text[whole]);
                        if let Some(error) = self.errors.last_mut() {
                            error.detail = detail;
                        }
                        return Expr {
                            node: ExprNode::Error,
                            range,
                        };
                    }
                    self.junk(SyntaxErrorKind::BadValue, range, &tail);
                    self.offer_unit(&value, range);
                }
                value
            }
            Some(pair) if pair.as_rule() == Rule::bad_value => {
                let range = self.range(&pair);
                self.junk(SyntaxErrorKind::BadValue, range, &pair);
                Expr {
                    node: ExprNode::Error,
                    range,
                }
            }
            Some(marker) => {
                let range = self.before(&marker);
                self.error(SyntaxErrorKind::MissingValue, range, "");
                Expr {
                    node: ExprNode::Error,
                    range,
                }
            }
            None => Expr {
                node: ExprNode::Error,
                range: TextRange::default(),
            },
        }
    }

    pub(super) fn let_statement(&mut self, doc: Option<SmolStr>, pair: Pair<'t, Rule>) -> Let {
        let range = self.range(&pair);
        let mut children = pair.into_inner().peekable();
        children.next();
        let errors_before = self.errors.len();
        let name = self.expect_name(&mut children, "name");
        let value = if take(&mut children, Rule::no_equals).is_some() {
            let after = TextRange {
                start: name.range.end,
                end: name.range.end,
            };
            if self.errors.len() == errors_before {
                self.error(SyntaxErrorKind::MissingEquals, after, name.text.clone());
            }
            Expr {
                node: ExprNode::Error,
                range: after,
            }
        } else {
            self.value(&mut children)
        };
        Let {
            doc,
            name,
            value,
            range,
        }
    }

    pub(super) fn for_statement(&mut self, pair: Pair<'t, Rule>) -> For {
        let range = self.range(&pair);
        let errors_before = self.errors.len();
        let mut children = pair.into_inner().peekable();
        children.next();
        let variable = self.expect_name(&mut children, "loop variable");
        let list = if take(&mut children, Rule::kw_in).is_some() {
            self.expect_expr(&mut children, "list")
        } else {
            let range = self.missing(&mut children, SyntaxErrorKind::Junk, "in");
            Expr {
                node: ExprNode::Error,
                range,
            }
        };
        let condition = take(&mut children, Rule::where_clause).map(|pair| {
            let mut children = pair.into_inner().peekable();
            children.next();
            self.expect_expr(&mut children, "condition")
        });
        let broken = self.errors.len() > errors_before;
        let body = self.head_body(&mut children, broken);
        For {
            variable,
            list,
            condition,
            body,
            range,
        }
    }

    /// Builds a body. A missing one is not reported if the head has an error.
    pub(super) fn head_body(&mut self, children: &mut Children<'t>, broken: bool) -> Body {
        let skipped = take(children, Rule::skipped);
        if let (Some(skipped), false) = (&skipped, broken) {
            let range = self.range(skipped);
            self.junk(SyntaxErrorKind::Junk, range, skipped);
        }
        let broken = broken || skipped.is_some();
        let errors_before = self.errors.len();
        let body = self.expect_body(children);
        if broken && body.range.is_empty() {
            self.errors.truncate(errors_before);
        }
        body
    }

    pub(super) fn if_statement(&mut self, pair: Pair<'t, Rule>) -> If {
        let range = self.range(&pair);
        let mut arms = Vec::new();
        let mut otherwise = None;
        let mut children = pair.into_inner().peekable();
        while let Some(child) = children.next() {
            match child.as_rule() {
                Rule::kw_if => {
                    let start = self.range(&child).start;
                    let errors_before = self.errors.len();
                    let condition = self.expect_expr(&mut children, "condition");
                    let broken = self.errors.len() > errors_before;
                    arms.push((start, condition, self.head_body(&mut children, broken)));
                }
                Rule::else_body => {
                    let mut children = child.into_inner().peekable();
                    otherwise = Some(self.expect_body(&mut children));
                }
                _ => {}
            }
        }
        // `else if` is an `if` alone in the body of the `else`.
        if arms.len() > super::MAX_DEPTH {
            self.error(SyntaxErrorKind::TooDeep, range, "");
            arms.truncate(1);
        }
        let mut built: Option<If> = None;
        for (start, condition, then) in arms.into_iter().rev() {
            let range = TextRange {
                start,
                end: range.end,
            };
            if let Some(inner) = built.take() {
                let range = inner.range;
                otherwise = Some(Body {
                    statements: vec![Statement::If(inner)],
                    range,
                });
            }
            built = Some(If {
                condition,
                then,
                otherwise: otherwise.take(),
                range,
            });
        }
        built.unwrap_or_else(|| If {
            condition: Expr {
                node: ExprNode::Error,
                range,
            },
            then: Body::default(),
            otherwise: None,
            range,
        })
    }
}
