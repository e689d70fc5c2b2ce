//! Evaluation of expressions.

mod bodies;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::names::referred;
use super::scope::{BindingState, Context, Scope};
use super::value::Value;
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::{Diag, Span};
use crate::schema::Ty;
use nth_diagnostics::Applicability;
use nth_syntax::tree::{BinaryOp, Expr, ExprNode, ItemNode, Name, TextRange, UnaryOp};

impl<'db> Evaluator<'db> {
    /// Evaluates an expression. `expected` is the type of its place, which resolves bare names: `critical` where a tier is expected.
    pub fn eval(&mut self, expr: &'db Expr, context: &Context<'db>, expected: &Ty) -> Value {
        if !self.enter(expr.range, context) {
            self.leave();
            return Value::Error;
        }
        let value = crate::stack::with_room(|| self.value_of(expr, context, expected));
        self.leave();
        let value = self.bounded(value, expr.range, context);
        if matches!(
            expr.node,
            ExprNode::Name(_) | ExprNode::Member(..) | ExprNode::Call(..)
        ) {
            self.count_used_query(&value, expr.range, context);
        }
        self.record_value(context, expr, expected, &value);
        value
    }

    fn value_of(&mut self, expr: &'db Expr, context: &Context<'db>, expected: &Ty) -> Value {
        match &expr.node {
            ExprNode::Bool(value) => Value::Bool(*value),
            ExprNode::Number(value) => Value::Number(*value),
            ExprNode::Percent(value) => Value::Percent(*value),
            ExprNode::Duration(value) => Value::Duration(*value),
            ExprNode::Size(value) => Value::Size(*value),
            ExprNode::Rate(value) => Value::Rate(*value),
            ExprNode::TimeOfDay(value) => Value::TimeOfDay(*value),
            ExprNode::TimeOfWeek(value) => Value::TimeOfWeek(*value),
            ExprNode::String(string) if *expected.required() == Ty::Text => {
                self.text(string, expr.range, context)
            }
            ExprNode::String(string) if !referred(expected).is_empty() => {
                self.quoted_block(string, expr.range, context, expected)
            }
            ExprNode::String(string) => self.string(string, expr.range, context),
            ExprNode::Query(query) if *expected.required() == Ty::Logql => {
                self.logql(query, context)
            }
            ExprNode::Query(query) => self.query(query, context),
            // An unclosed list contains the text after it.
            ExprNode::List(_) if self.is_damaged_within(expr, context) => Value::Error,
            ExprNode::List(items) => {
                let element = match expected.required().list() {
                    Some(Ty::List(element)) => (**element).clone(),
                    _ => Ty::Any,
                };
                let mut values = Vec::with_capacity(items.len());
                let mut size = 0;
                for item in items {
                    let value = self.eval(item, context, &element);
                    if !self.fits(&mut size, &value) {
                        return self.value_too_large(expr.range, context);
                    }
                    // Report the element, not the list.
                    let span = self.span(context, item.range);
                    values.push(self.coerce(value, &element, span, context));
                }
                Value::List(values)
            }
            ExprNode::Labels(entries) => self.label_set(entries, expr.range, context, expected),
            ExprNode::Name(name) => self.name(name, expr.range, context, expected),
            // `teams.`: the syntax error is enough.
            ExprNode::Member(_, name) if name.text.is_empty() => Value::Error,
            ExprNode::Member(object, name) => {
                self.member(object, name, expr.range, context, expected)
            }
            ExprNode::Call(callee, args) => self.call(callee, args, expr.range, context, expected),
            ExprNode::Unary(op, operand) => {
                let wanted = if *op == UnaryOp::Not {
                    Ty::Bool
                } else {
                    expected.clone()
                };
                let mut value = self.eval(operand, context, &wanted);
                if *op == UnaryOp::Not {
                    value = presence(operand, value);
                }
                self.unary(*op, value, expr.range, context)
            }
            ExprNode::Binary(op, left, right) => self.binary(*op, left, right, expr.range, context),
            ExprNode::If(condition, then, otherwise) => {
                let chosen = self.condition(condition, context);
                match (self.mode, chosen) {
                    (Mode::Instantiate, Some(true)) => self.eval(then, context, expected),
                    (Mode::Instantiate, Some(false)) => self.eval(otherwise, context, expected),
                    _ => {
                        let value = self.eval(then, context, expected);
                        let other = self.eval(otherwise, context, expected);
                        match (value.is_error(), other.is_error()) {
                            (true, _) => other,
                            (_, true) => value,
                            _ if value == other => value,
                            _ => Value::Unknown(value.ty()),
                        }
                    }
                }
            }
            ExprNode::Paren(inner) => self.eval(inner, context, expected),
            ExprNode::Error => Value::Error,
        }
    }

    /// True if there is a syntax error within an expression.
    fn is_damaged_within(&self, expr: &Expr, context: &Context<'db>) -> bool {
        crate::db::item(self.db, context.scope.item)
            .as_ref()
            .is_some_and(|tree| {
                let within = expr.range.start..=expr.range.end;
                tree.errors
                    .iter()
                    .any(|error| within.contains(&error.range.start))
            })
    }

    /// Evaluates a condition; `None` if it is unknown, or an error that was reported.
    pub(crate) fn condition(&mut self, expr: &'db Expr, context: &Context<'db>) -> Option<bool> {
        let value = self.eval(expr, context, &Ty::Bool);
        match presence(expr, value) {
            Value::Bool(value) => Some(value),
            Value::List(items) => Some(!items.is_empty()),
            Value::None => Some(false),
            Value::Error => None,
            Value::Unknown(Ty::Bool | Ty::Any | Ty::List(_) | Ty::Optional(_)) => None,
            Value::Runtime(..) => {
                let diagnostic = Diag::new(
                    &codes::TYPE_MISMATCH,
                    "this value is only known at run time",
                    self.span(context, expr.range),
                )
                .note("conditions of `if`, `for` and `require` are evaluated at compile time");
                self.report(context, diagnostic);
                None
            }
            // An optional value that is set. A value of another type is reported by the check.
            _ if self.mode == Mode::Instantiate => Some(true),
            // The value of a field, whose type may be optional.
            ref value
                if matches!(expr.node, ExprNode::Member(..))
                    && !matches!(value, Value::Unknown(_)) =>
            {
                None
            }
            other => {
                self.report_mismatch(&other, &Ty::Bool, expr.range, context);
                None
            }
        }
    }

    /// Evaluates an expression to list elements; a single unknown element if the list is unknown.
    pub(crate) fn elements(&mut self, expr: &'db Expr, context: &Context<'db>) -> Vec<Value> {
        match self.eval(expr, context, &Ty::List(Box::new(Ty::Any))) {
            Value::List(items) => items,
            Value::Unknown(Ty::List(element)) => vec![Value::Unknown(*element)],
            Value::Unknown(_) | Value::Error => vec![Value::Error],
            Value::None => Vec::new(),
            other => {
                self.report_mismatch(&other, &Ty::List(Box::new(Ty::Any)), expr.range, context);
                Vec::new()
            }
        }
    }

    /// Returns the value of a binding, and computes it on first use.
    pub(crate) fn force(&mut self, scope: &Scope<'db>, name: &SmolStr) -> Option<Value> {
        let binding = scope.find(name)?;
        match &*binding.state.borrow() {
            BindingState::Done(value) => return Some(value.clone()),
            BindingState::Running => {
                if let Some((expr, context)) = binding.lazy() {
                    let diagnostic = Diag::new(
                        &codes::VALUE_CYCLE,
                        format!("the value of `{name}` depends on itself"),
                        self.span(&context, expr.range),
                    );
                    self.diagnostics.push(diagnostic);
                }
                return Some(Value::Error);
            }
            BindingState::Waiting => {}
        }
        let (expr, context) = binding.lazy()?;
        *binding.state.borrow_mut() = BindingState::Running;
        let expected = binding.ty.clone().unwrap_or(Ty::Any);
        let value = self.eval(expr, &context, &expected);
        let value = match &binding.ty {
            Some(ty) => {
                let span = self.span(&context, expr.range);
                self.coerce(value, ty, span, &context)
            }
            None => value,
        };
        *binding.state.borrow_mut() = BindingState::Done(value.clone());
        Some(value)
    }

    fn unary(
        &mut self,
        op: UnaryOp,
        value: Value,
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        match (op, value) {
            (_, Value::Error) => Value::Error,
            (UnaryOp::Not, Value::Bool(value)) => Value::Bool(!value),
            (UnaryOp::Not, Value::List(items)) => Value::Bool(items.is_empty()),
            (UnaryOp::Not, Value::None) => Value::Bool(true),
            (UnaryOp::Not, Value::Unknown(Ty::Bool | Ty::Any | Ty::List(_) | Ty::Optional(_))) => {
                Value::Unknown(Ty::Bool)
            }
            (UnaryOp::Not, value @ Value::Runtime(_, Ty::Bool)) => {
                Value::Runtime(super::Runtime::Unary(op, Box::new(value)), Ty::Bool)
            }
            (UnaryOp::Negate, Value::Number(value)) => Value::Number(-value),
            (UnaryOp::Negate, Value::Percent(value)) => Value::Percent(-value),
            (UnaryOp::Negate, Value::Unknown(ty @ (Ty::Number | Ty::Percent | Ty::Any))) => {
                Value::Unknown(ty)
            }
            (op, value) => {
                let sign = if op == UnaryOp::Not { "not" } else { "-" };
                let diagnostic = Diag::new(
                    &codes::BAD_OPERANDS,
                    format!("`{sign}` cannot be applied to {}", value.ty().phrase()),
                    self.span(context, range),
                );
                self.report(context, diagnostic);
                Value::Error
            }
        }
    }

    fn binary(
        &mut self,
        op: BinaryOp,
        left: &'db Expr,
        right: &'db Expr,
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            let first = self.eval(left, context, &Ty::Bool);
            let first = presence(left, first);
            // Short-circuit evaluation, except in a check, which visits both operands.
            if self.mode == Mode::Instantiate
                && let Value::Bool(known) = first
                && known == (op == BinaryOp::Or)
            {
                return first;
            }
            let second = self.eval(right, context, &Ty::Bool);
            let second = presence(right, second);
            return self.operate(op, first, second, range, context);
        }
        // A bare name on one side is resolved by the type of the other: `s.tier == critical`.
        let (first, second) = if is_bare_name(left) && !is_bare_name(right) {
            let second = self.eval(right, context, &Ty::Any);
            let first = self.eval(left, context, &element_type(op, &second, true));
            (first, second)
        } else {
            let first = self.eval(left, context, &Ty::Any);
            let second = self.eval(right, context, &element_type(op, &first, false));
            (first, second)
        };
        self.operate(op, first, second, range, context)
    }

    pub(crate) fn report_mismatch(
        &mut self,
        value: &Value,
        ty: &Ty,
        range: TextRange,
        context: &Context<'db>,
    ) {
        let span = self.span(context, range);
        let diagnostic = self.mismatch(value, ty, span);
        self.report(context, diagnostic);
    }

    /// Reports a value with a quoted name, which cannot be referred to: a string only refers to blocks.
    pub(crate) fn check_usable(&mut self, item: crate::db::ItemKey, name: &Name, what: &str) {
        if !name.quoted || crate::resolve::is_identifier(&name.text) {
            return;
        }
        let range = name.range;
        let plain: String = name
            .text
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let plain = plain.trim_matches('-');
        let mut diagnostic = Diag::new(
            &codes::UNUSABLE_NAME,
            format!(
                "the {what} `{}` has a name that expressions cannot refer to",
                name.text
            ),
            Span { item, range },
        )
        .label("expected an identifier");
        if crate::resolve::is_identifier(plain) {
            diagnostic = diagnostic.help(format!("rename it: `{plain}`"));
        }
        self.diagnostics.push(diagnostic);
    }

    /// Adds help for common mistakes, such as a string instead of a query.
    pub(crate) fn hint(&self, value: &Value, ty: &Ty, mut diagnostic: Diag) -> Diag {
        let span = diagnostic.primary.span;
        match (value, ty.required()) {
            (Value::String(text), ty) if ty.is_query() => {
                diagnostic = diagnostic.help("write a query in backticks").fix(
                    "Put it in backticks",
                    span,
                    format!("`{text}`"),
                    Applicability::Maybe,
                );
            }
            (Value::Query(_), Ty::String | Ty::Text | Ty::Markdown) => {
                diagnostic = diagnostic.help("write text in double quotes");
            }
            (Value::Number(number), Ty::Percent) => {
                let written = if *number > Decimal::ZERO && *number <= Decimal::ONE {
                    (*number * Decimal::ONE_HUNDRED).normalize()
                } else {
                    number.normalize()
                };
                diagnostic = diagnostic
                    .help(format!("add the unit of a percentage: `{written}%`"))
                    .fix(
                        format!("Replace with `{written}%`"),
                        span,
                        format!("{written}%"),
                        Applicability::Maybe,
                    );
            }
            (Value::Number(number), Ty::Duration) => {
                let milliseconds = *number * Decimal::ONE_THOUSAND;
                diagnostic = if number.fract().is_zero() {
                    diagnostic.help(format!(
                        "add a unit of time: `{number}s`, `{number}m`, `{number}h`"
                    ))
                } else if milliseconds.fract().is_zero() {
                    diagnostic.help(format!(
                        "add a unit of time: `{}ms`",
                        milliseconds.normalize()
                    ))
                } else {
                    diagnostic.help("write a whole number with a unit: `300ms`, `1h30m`")
                };
            }
            (Value::Number(number), Ty::Size) => {
                diagnostic = diagnostic.help(format!("add a unit of size: `{number}MiB`"));
            }
            (Value::String(text), Ty::Enum(name))
                if self
                    .schema
                    .enums
                    .get(name)
                    .is_some_and(|known| known.members.contains_key(text.as_str())) =>
            {
                diagnostic = diagnostic
                    .help(format!("write `{text}` without quotes"))
                    .fix(
                        "Remove the quotes",
                        span,
                        text.clone(),
                        Applicability::Always,
                    );
            }
            (Value::String(text), ty) if literal_type(text).as_ref() == Some(ty) => {
                diagnostic = diagnostic
                    .help(format!("write `{text}` without quotes"))
                    .fix(
                        "Remove the quotes",
                        span,
                        text.clone(),
                        Applicability::Always,
                    );
            }
            (Value::String(_) | Value::TimeOfDay(_), Ty::Duration) => {
                diagnostic = diagnostic.help("write a duration with its units: `10m`, `1h30m`");
            }
            (Value::Matchers(matchers), Ty::Labels | Ty::Annotations) => {
                if let Some(label) = matchers
                    .labels()
                    .find(|label| matchers.value(label).is_none())
                {
                    diagnostic = diagnostic
                        .label(format!("label `{label}` has no single value"))
                        .help(format!(
                            "write the one value that the label has, as in `{{ {label} = \"…\" }}`"
                        ));
                }
            }
            (Value::String(_), Ty::Labels | Ty::Matchers | Ty::Annotations) => {
                diagnostic = diagnostic.help("write labels in braces: `{ job = \"checkout\" }`");
            }
            (
                Value::Bool(_) | Value::Number(_) | Value::Percent(_) | Value::Duration(_),
                Ty::String | Ty::Text,
            ) => {
                if let Some(text) = value.show() {
                    diagnostic = diagnostic
                        .help(format!("write it as a string: `\"{text}\"`"))
                        .fix(
                            "Put it in quotes",
                            span,
                            format!("\"{text}\""),
                            Applicability::Maybe,
                        );
                }
            }
            (_, Ty::List(_)) => diagnostic = diagnostic.help("write a list in brackets: `[…]`"),
            _ => {}
        }
        diagnostic
    }

    /// Checks the default of a parameter or field against its type. A parameter's default may refer to the enclosing blocks of the
    /// template's block `node`, and to the other parameters.
    pub(crate) fn check_default(
        &mut self,
        item: crate::db::ItemKey,
        default: &'db Expr,
        ty: &Ty,
        node: Option<super::NodeId>,
        others: &[(SmolStr, Ty, Span)],
    ) {
        let context = Context {
            scope: Scope::of_item(item, std::rc::Rc::default()),
            node,
        };
        for (name, ty, declared) in others {
            let value = Value::Unknown(ty.clone());
            context.scope.bind(name.clone(), value, Some(*declared));
        }
        let value = self.eval(default, &context, ty);
        let span = self.span(&context, default.range);
        self.coerce(value, ty, span, &context);
    }

    /// Evaluates a top-level `let`.
    pub(crate) fn let_item(&mut self, key: crate::db::ItemKey) -> Value {
        if !matches!(self.tree(key), Some(ItemNode::Let(_))) {
            return Value::Error;
        }
        match super::let_value(self.db, self.workspace, key, self.environment.clone()) {
            Some(value) => value,
            None => Value::Error,
        }
    }
}

/// Converts an optional field where a bool is expected to whether it is set: `require s.runbook_url`.
fn presence(expr: &Expr, value: Value) -> Value {
    match &expr.node {
        ExprNode::Paren(inner) => presence(inner, value),
        ExprNode::Member(..) => match value {
            Value::None => Value::Bool(false),
            Value::Unknown(Ty::Optional(_)) => Value::Unknown(Ty::Bool),
            Value::Bool(_)
            | Value::List(_)
            | Value::Runtime(..)
            | Value::Unknown(_)
            | Value::Error => value,
            _ => Value::Bool(true),
        },
        _ => value,
    }
}

/// Returns the type of the literal that a string would be without quotes.
fn literal_type(text: &str) -> Option<Ty> {
    let file = nth_syntax::parse(&format!("let it = {text}"));
    let [(_, item)] = file.items.as_slice() else {
        return None;
    };
    let ItemNode::Let(decl) = &item.node else {
        return None;
    };
    if !item.errors.is_empty() {
        return None;
    }
    Some(match decl.value.node {
        ExprNode::Bool(_) => Ty::Bool,
        ExprNode::Number(_) => Ty::Number,
        ExprNode::Percent(_) => Ty::Percent,
        ExprNode::Duration(_) => Ty::Duration,
        ExprNode::Size(_) => Ty::Size,
        ExprNode::Rate(_) => Ty::Rate,
        ExprNode::TimeOfDay(_) => Ty::TimeOfDay,
        ExprNode::TimeOfWeek(_) => Ty::TimeOfWeek,
        _ => return None,
    })
}

fn is_bare_name(expr: &Expr) -> bool {
    match &expr.node {
        ExprNode::Name(_) | ExprNode::String(_) => true,
        ExprNode::List(items) => items.iter().all(is_bare_name),
        _ => false,
    }
}

/// Returns the expected type of the other operand, given the value of one.
fn element_type(op: BinaryOp, known: &Value, known_is_right: bool) -> Ty {
    let ty = known.ty();
    match (op, known_is_right) {
        (BinaryOp::In, false) => Ty::List(Box::new(ty)),
        (BinaryOp::In, true) => match ty {
            Ty::List(element) => *element,
            _ => Ty::Any,
        },
        _ => ty,
    }
}
