//! Calls of compile-time and run-time functions.

use std::sync::Arc;

use smol_str::SmolStr;

use super::Evaluator;
use super::index::Definition;
use super::scope::Context;
use super::value::{Call, CallArg, Query, Runtime, Value};
use crate::codes;
use crate::db::{Diag, Span};
use crate::resolve::did_you_mean;
use crate::schema::names::kind;
use crate::schema::{COMPILE_TIME, Function, Ty};
use nth_diagnostics::suggest;
use nth_promql as promql;
use nth_syntax::tree::{Arg, Expr, ExprNode, TextRange};

/// Orders the arguments by parameter. `None` unless each is given exactly once, by name or position.
fn arguments<'a, const N: usize>(args: &'a [Arg], params: [&str; N]) -> Option<[&'a Arg; N]> {
    let mut found = [None; N];
    for (position, arg) in args.iter().enumerate() {
        let place = match &arg.name {
            Some(name) => params.iter().position(|param| *param == name.text)?,
            None => position,
        };
        if found.get_mut(place)?.replace(arg).is_some() {
            return None;
        }
    }
    let found: Vec<&Arg> = found.into_iter().collect::<Option<_>>()?;
    found.try_into().ok()
}

impl<'db> Evaluator<'db> {
    pub(crate) fn call(
        &mut self,
        callee: &'db Expr,
        args: &'db [Arg],
        range: TextRange,
        context: &Context<'db>,
        expected: &Ty,
    ) -> Value {
        let ExprNode::Name(name) = &callee.node else {
            let diagnostic = Diag::new(
                &codes::UNKNOWN_FUNCTION,
                format!("`{}` is not a function", super::show::expression(callee)),
                self.span(context, callee.range),
            );
            self.report(context, diagnostic);
            return Value::Error;
        };
        self.record(context, name.range, |evaluator| {
            let text = &name.text;
            if evaluator.schema.functions.contains_key(text) {
                return Some(Definition::Function(text.clone()));
            }
            COMPILE_TIME
                .iter()
                .any(|function| function.name == text)
                .then(|| Definition::CompileTime(text.clone()))
        });
        if matches!(name.text.as_str(), "matching" | "not-matching")
            && let Some([selector, label, regex]) = arguments(args, ["selector", "label", "regex"])
        {
            return self.matching(name.text == "not-matching", selector, label, regex, context);
        }
        match (name.text.as_str(), args) {
            ("unscoped", [arg]) => match self.eval_unscoped(&arg.value, context, expected) {
                Value::Query(query) => Value::Query(Query {
                    scoped: true,
                    ..self.unscope(query, &arg.value, context)
                }),
                value if value.is_opaque() => value,
                other => {
                    self.report_mismatch(&other, &Ty::Vector, arg.value.range, context);
                    Value::Error
                }
            },
            ("length", [arg]) => match self.eval(&arg.value, context, &Ty::List(Box::new(Ty::Any)))
            {
                Value::List(items) => Value::Number(items.len().into()),
                Value::Unknown(_) => Value::Unknown(Ty::Number),
                Value::Error => Value::Error,
                other => {
                    self.report_mismatch(
                        &other,
                        &Ty::List(Box::new(Ty::Any)),
                        arg.value.range,
                        context,
                    );
                    Value::Error
                }
            },
            ("join", [list, separator]) => {
                let items = self.eval(&list.value, context, &Ty::List(Box::new(Ty::String)));
                let separator = self.eval(&separator.value, context, &Ty::String);
                match (&items, &separator) {
                    (Value::List(items), Value::String(separator)) => {
                        match items.iter().map(Value::show).collect::<Option<Vec<_>>>() {
                            Some(items)
                                if items.iter().map(String::len).sum::<usize>()
                                    + items.len() * separator.len()
                                    > crate::limits::TEXT =>
                            {
                                self.text_too_long(range, context)
                            }
                            Some(items) => Value::String(items.join(separator)),
                            None => Value::Unknown(Ty::String),
                        }
                    }
                    (Value::Unknown(_), _) | (_, Value::Unknown(_)) => Value::Unknown(Ty::String),
                    _ => Value::Error,
                }
            }
            ("environment", []) => self.current_environment(range, context),
            ("unscoped" | "length" | "join" | "matching" | "not-matching" | "environment", _) => {
                let wanted = match name.text.as_str() {
                    "environment" => "no argument",
                    "join" => "a list and a separator",
                    "matching" | "not-matching" => "a selector, a `label` and a `regex`",
                    _ => "one argument",
                };
                let diagnostic = Diag::new(
                    &codes::MISSING_ARGUMENT,
                    format!("`{}` expects {wanted}", name.text),
                    self.span(context, range),
                );
                self.report(context, diagnostic);
                Value::Error
            }
            _ => match self.schema.functions.get(&name.text) {
                Some(function) => self.runtime_call(&name.text, function, args, range, context),
                None => {
                    let span = self.span(context, name.range);
                    let mut diagnostic = Diag::new(
                        &codes::UNKNOWN_FUNCTION,
                        format!("unknown function `{}`", name.text),
                        span,
                    );
                    let known = self.schema.functions.keys().map(SmolStr::as_str);
                    let known = known.chain(COMPILE_TIME.iter().map(|function| function.name));
                    let of_promql = promql::functions::function(&name.text).is_some()
                        || promql::functions::aggregation(&name.text).is_some();
                    if of_promql {
                        diagnostic = diagnostic.help(format!(
                            "write a PromQL query in backticks: `{}` is a PromQL function",
                            name.text
                        ));
                    } else if let Some(near) = suggest::nearest(&name.text, known) {
                        diagnostic = did_you_mean(diagnostic, span, near);
                    }
                    self.report(context, diagnostic);
                    Value::Error
                }
            },
        }
    }

    /// Evaluates `environment()`, the environment that is built. An error if the project declares none.
    fn current_environment(&mut self, range: TextRange, context: &Context<'db>) -> Value {
        let environments = self.workspace.environments(self.db);
        if environments.is_empty() {
            let diagnostic = Diag::new(
                &codes::UNKNOWN_ENVIRONMENT,
                "the project declares no environment",
                self.span(context, range),
            )
            .help("declare one: `environment staging { }`");
            self.report(context, diagnostic);
            return Value::Error;
        }
        let current = self.environment.as_ref();
        match current.and_then(|name| self.environment_named(name)) {
            Some(block) => block,
            None => Value::Unknown(Ty::Ref(kind::ENVIRONMENT.into())),
        }
    }

    /// Returns an environment of the project. As in `in staging { … }`, no import is needed.
    pub(super) fn environment_named(&self, name: &SmolStr) -> Option<Value> {
        let key = self.workspace.environments(self.db).get(name)?;
        self.top_level(*key)
    }

    /// Evaluates `matching(…)`: adds a matcher to a selector, for templates that take the label's name as a parameter.
    pub(super) fn matching(
        &mut self,
        negated: bool,
        selector: &'db Arg,
        label_arg: &'db Arg,
        argument: &'db Arg,
        context: &Context<'db>,
    ) -> Value {
        let value = self.typed(selector, &Ty::Selector, context);
        let label_value = self.typed(label_arg, &Ty::LabelName, context);
        let regex_value = self.typed(argument, &Ty::String, context);
        match (value, label_value, regex_value) {
            (Value::Query(mut query), Value::String(label), Value::String(regex)) => {
                // Use an equality matcher for a regular expression without special characters.
                let plain = promql::escape_regex(&regex) == regex;
                let op = match (negated, plain) {
                    (false, false) => promql::MatchOp::Matches,
                    (true, false) => promql::MatchOp::NotMatches,
                    (false, true) => promql::MatchOp::Equal,
                    (true, true) => promql::MatchOp::NotEqual,
                };
                let expr = Arc::make_mut(&mut query.expr);
                if let promql::Node::Selector(selector) = &mut expr.node {
                    selector
                        .matchers
                        .push(promql::build::matcher(label, op, regex));
                }
                if let (_, errors) = promql::infer(&query.expr, &[])
                    && let Some(error) = errors.into_iter().next()
                {
                    let span = self.span(context, argument.value.range);
                    self.report(
                        context,
                        Diag::new(error.code, error.message, span).label(error.label),
                    );
                    return Value::Error;
                }
                self.check_matcher_metrics(&query, label_arg, argument, context);
                Value::Query(query)
            }
            (value, label, regex) if value.is_error() || label.is_error() || regex.is_error() => {
                Value::Error
            }
            _ => Value::Unknown(Ty::Selector),
        }
    }

    pub(super) fn typed(&mut self, arg: &'db Arg, ty: &Ty, context: &Context<'db>) -> Value {
        let value = self.eval(&arg.value, context, ty);
        let span = self.span(context, arg.value.range);
        self.coerce(value, ty, span, context)
    }

    /// Returns the query of `unscoped(…)` as written, without the labels of its block.
    pub(super) fn unscope(
        &mut self,
        query: Query,
        literal: &'db Expr,
        context: &Context<'db>,
    ) -> Query {
        let ExprNode::Query(written) = &literal.node else {
            return query;
        };
        let outside = Context {
            scope: context.scope.clone(),
            node: None,
        };
        let before = self.diagnostics.len();
        let value = self.query(written, &outside);
        // The same text was already evaluated, and its errors reported.
        self.diagnostics.truncate(before);
        match value {
            Value::Query(unscoped) => unscoped,
            _ => query,
        }
    }

    pub(super) fn runtime_call(
        &mut self,
        name: &SmolStr,
        function: &'db Function,
        args: &'db [Arg],
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        let mut values: Vec<Option<(Value, Span)>> = vec![None; function.params.len()];
        let whole = self.span(context, range);
        let mut wrong = false;
        for (position, arg) in args.iter().enumerate() {
            let index = match &arg.name {
                None if position == 0 && !function.params.is_empty() => Some(0),
                None => None,
                Some(name) => function
                    .params
                    .iter()
                    .position(|(known, ..)| *known == name.text),
            };
            let Some(index) = index else {
                let (span, message) = match &arg.name {
                    Some(written) => (
                        self.span(context, written.range),
                        format!("unknown parameter `{}` of `{name}`", written.text),
                    ),
                    None => (
                        self.span(context, arg.range),
                        "only the first argument can be positional".to_owned(),
                    ),
                };
                let code = if arg.name.is_some() {
                    &codes::UNKNOWN_PARAMETER
                } else {
                    &codes::UNNAMED_ARGUMENT
                };
                let mut diagnostic = Diag::new(code, message, span);
                let known = function.params.iter().map(|(known, ..)| known.as_str());
                match arg
                    .name
                    .as_ref()
                    .and_then(|written| suggest::nearest(&written.text, known))
                {
                    Some(near) => diagnostic = did_you_mean(diagnostic, span, near),
                    None => {
                        diagnostic = diagnostic.note(format!(
                            "arguments of `{name}`: {}",
                            super::show::parameters(&function.params)
                        ));
                    }
                }
                self.report(context, diagnostic);
                wrong = true;
                continue;
            };
            let (param, ty, _) = &function.params[index];
            if let Some(written) = &arg.name {
                self.record(context, written.range, |_| {
                    Some(Definition::FunctionParam(name.clone(), param.clone()))
                });
            }
            let value = self.eval(&arg.value, context, ty);
            let span = self.span(context, arg.value.range);
            values[index] = Some((self.coerce(value, ty, span, context), span));
        }
        let mut result = Vec::new();
        for ((param, ty, default), value) in function.params.iter().zip(values) {
            let (value, span) = match (value, default) {
                (Some(given), _) => given,
                (None, Some(default)) => {
                    let scope = super::Scope::of_item(function.span.item, std::rc::Rc::default());
                    let value = self.eval(default, &Context { scope, node: None }, ty);
                    (value, whole)
                }
                (None, None) => {
                    if !wrong {
                        let diagnostic = Diag::new(
                            &codes::MISSING_ARGUMENT,
                            format!("missing argument `{param}` ({}) of `{name}`", ty.phrase()),
                            whole,
                        );
                        self.report(context, diagnostic);
                    }
                    return Value::Error;
                }
            };
            if value.is_error() {
                wrong = true;
            }
            result.push(CallArg {
                name: param.clone(),
                value,
                span,
            });
        }
        if wrong {
            return Value::Error;
        }
        let call = Call {
            function: name.clone(),
            args: result,
            span: whole,
        };
        Value::Runtime(Runtime::Call(call), function.result.clone())
    }
}
