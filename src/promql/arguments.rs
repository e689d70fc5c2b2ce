//! Checks of calls and aggregations: number and types of arguments.

use super::check::{Check, HoleType};
use super::error::{Error, nearest};
use super::functions::{self, Function};
use super::tree::*;
use super::types::Type;
use crate::codes;

impl Check<'_> {
    pub(super) fn call(&mut self, call: &Call, span: Span) -> Option<Type> {
        let Some(function) = functions::function(&call.function) else {
            self.unknown_function(call);
            for arg in &call.args {
                self.expr(arg);
            }
            return None;
        };
        if function.experimental {
            let what = format!("`{}`", function.name);
            self.experimental(&what, "promql-experimental-functions", call.function_span);
        }
        self.arity(call, function, span);
        let is_matchers = |index| function.name == "info" && index == 1;
        let mut types = Vec::with_capacity(call.args.len());
        for (index, arg) in call.args.iter().enumerate() {
            if is_matchers(index) {
                self.info_matchers(arg);
                types.push(None);
            } else {
                types.push(self.expr(arg));
            }
        }
        if let ([first, second], &[one, other]) = (call.args.as_slice(), function.args)
            && types == [Some(other), Some(one)]
            && one != other
        {
            self.report_swapped(function.name, [one, other], first, second);
            return Some(function.result);
        }
        for (index, (arg, of)) in call.args.iter().zip(types).enumerate() {
            let is_surplus = function.max_args.is_some_and(|most| index >= most);
            if let (Some(wanted), false) = (function.arg(index), is_surplus) {
                self.expect_type(
                    arg,
                    of,
                    &[wanted],
                    &format!("in call to function `{}`", function.name),
                );
            }
        }
        Some(function.result)
    }

    /// Reports two swapped arguments.
    fn report_swapped(&mut self, name: &str, wanted: [Type; 2], first: &Expr, second: &Expr) {
        let span = first.span.cover(second.span);
        let mut error = Error::new(
            &codes::PROMQL_TYPE,
            format!("the two arguments of `{name}` are swapped"),
            span,
        )
        .help(format!("write `{name}({}, {})`", wanted[0], wanted[1]));
        let swapped = format!("{second}, {first}");
        // The text of a hole is unknown here, so it cannot be moved.
        if !swapped.contains("${") {
            error = error.suggest(span, swapped);
        }
        self.errors.push(error);
    }

    fn arity(&mut self, call: &Call, function: &Function, span: Span) {
        let given = call.args.len();
        let (least, most) = (function.min_args, function.max_args);
        if given >= least && most.is_none_or(|most| given <= most) {
            return;
        }
        let count = |n: usize| match n {
            0 => "no arguments".to_owned(),
            1 => "one argument".to_owned(),
            n => format!("{n} arguments"),
        };
        let wanted = match most {
            Some(most) if most == least => count(least),
            Some(most) if given > most => format!("at most {}", count(most)),
            _ => format!("at least {}", count(least)),
        };

        let place = match (most.and_then(|most| call.args.get(most)), call.args.last()) {
            (Some(first), Some(last)) => first.span.cover(last.span),
            _ if given == 0 => span,
            _ => call.function_span,
        };
        self.errors.push(
            Error::new(
                &codes::PROMQL_ARGUMENTS,
                format!(
                    "expected {wanted} in call to function `{}`, got {given}",
                    function.name
                ),
                place,
            )
            .note(format!("signature: `{}`", function.signature())),
        );
    }

    /// Checks the second argument of `info`: matchers in braces without a name.
    fn info_matchers(&mut self, arg: &Expr) {
        let message = match &arg.node {
            Node::Selector(selector) => {
                self.selector(selector, arg.span, false);
                let named = selector.metric.as_ref().is_some_and(|metric| {
                    metric.span.start == arg.span.start && metric.span != Span::default()
                });
                if !named {
                    return;
                }
                "`info` expects label selectors only, without a metric name"
            }
            Node::Hole(number) if self.hole(*number) == HoleType::Unknown => return,
            _ => {
                self.expr(arg);
                "`info` expects label selectors only"
            }
        };
        self.errors.push(
            Error::new(&codes::PROMQL_TYPE, message, arg.span)
                .help("write for example `info(x, {version=~\".+\"})`"),
        );
    }

    fn unknown_function(&mut self, call: &Call) {
        let names = functions::FUNCTIONS
            .iter()
            .map(|function| function.name)
            .chain(
                functions::AGGREGATIONS
                    .iter()
                    .map(|aggregation| aggregation.name),
            );
        let name = call.function.as_str();
        let mut error = Error::new(
            &codes::PROMQL_UNKNOWN_FUNCTION,
            format!("unknown function with name `{name}`"),
            call.function_span,
        );
        let renamed = match name {
            "holt_winters" => Some("double_exponential_smoothing"),
            "mean" | "average" => Some("avg"),
            "percentile" => Some("quantile"),
            "count_distinct" => Some("count"),
            _ => None,
        };
        if let Some(near) = renamed.or_else(|| nearest(name, names)) {
            error = error
                .label(format!("did you mean `{near}`?"))
                .suggest(call.function_span, near);
        } else if matches!(name.to_ascii_lowercase().as_str(), "by" | "without") {
            error = error.help("write `by` and `without` after an aggregation: `sum by (job) (x)`");
        }
        self.errors.push(error);
    }

    pub(super) fn aggregate(&mut self, aggregate: &Aggregate) {
        let known = functions::aggregation(&aggregate.op);
        let who = format!("`{}`", aggregate.op);
        if known.is_some_and(|known| known.experimental) {
            self.experimental(&who, "promql-experimental-functions", aggregate.op_span);
        }
        let param_type = aggregate.param.as_ref().and_then(|param| self.expr(param));
        let of = self.expr(&aggregate.expr);
        if let (Some(param), Some(wanted)) = (&aggregate.param, known.and_then(|known| known.param))
        {
            if param_type == Some(Type::InstantVector) && of == Some(wanted) {
                return self.report_swapped(
                    &aggregate.op,
                    [wanted, Type::InstantVector],
                    param,
                    &aggregate.expr,
                );
            }
            self.expect_type(
                param,
                param_type,
                &[wanted],
                &format!("in parameter of aggregation {who}"),
            );
        }
        let place = format!("in aggregation expression {who}");
        self.expect_type(&aggregate.expr, of, &[Type::InstantVector], &place);
    }
}
