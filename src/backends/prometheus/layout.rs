//! Formats long expressions on several lines.

use nth_promql::{Aggregate, Binary, BinaryOp, Call, Expr, Node};

/// The longest expression that stays on one line.
pub const WIDTH: usize = 100;

/// Formats an expression: on one line if it fits, otherwise with a line for each operand and argument.
pub fn layout(expr: &Expr) -> String {
    let mut layout = Layout::default();
    layout.expr(expr);
    layout.text
}

/// An expression that is being formatted. Every part is printed once, and its start once more to see that it does not fit.
#[derive(Default)]
struct Layout {
    text: String,
    /// How many levels the current line is indented. No string in an expression spans lines: the printer escapes them.
    depth: usize,
}

impl Layout {
    fn expr(&mut self, expr: &Expr) {
        if !expr.append_within(WIDTH, &mut self.text) {
            self.broken(expr);
        }
    }

    /// Writes an expression with line breaks, even if it is short.
    fn broken(&mut self, expr: &Expr) {
        match &expr.node {
            // Without labels, the printer must handle `group_left` before a parenthesis.
            Node::Binary(binary) if !is_bare_group(binary) => self.operands(binary),
            Node::Paren(inner) => {
                self.text.push('(');
                self.indented(|layout| layout.expr(inner));
            }
            // The printer has its own form of the second argument of `info`.
            Node::Call(call) if call.function != "info" && !call.args.is_empty() => {
                self.arguments(call);
            }
            Node::Aggregate(aggregate) => self.aggregate(aggregate),
            _ => expr.append_to(&mut self.text),
        }
    }

    /// `left`, and on the next line `op right`.
    fn operands(&mut self, binary: &Binary) {
        let strength = binary.op.precedence();
        let right_associative = binary.op.is_right_associative();
        let (left_needs, chained) = match &binary.left.node {
            Node::Binary(left) => {
                let same = left.op.precedence() == strength;
                (
                    left.op.precedence() < strength || (same && right_associative),
                    same && !right_associative,
                )
            }
            Node::Unary(..) => (binary.op == BinaryOp::Power, false),
            Node::Number(text) => (
                binary.op == BinaryOp::Power && text.starts_with(['-', '+']),
                false,
            ),
            _ => (false, false),
        };
        let right_needs = match &binary.right.node {
            Node::Binary(right) => {
                right.op.precedence() < strength
                    || (right.op.precedence() == strength && !right_associative)
            }
            _ => false,
        };
        match (left_needs, chained) {
            (true, _) => self.parenthesized(&binary.left),
            (false, true) => self.broken(&binary.left),
            (false, false) => self.expr(&binary.left),
        }
        self.line();
        binary.append_operator(&mut self.text);
        self.text.push(' ');
        if right_needs {
            self.parenthesized(&binary.right);
        } else {
            self.expr(&binary.right);
        }
    }

    fn parenthesized(&mut self, expr: &Expr) {
        self.text.push('(');
        if expr.append_within(WIDTH - 2, &mut self.text) {
            self.text.push(')');
        } else {
            self.indented(|layout| layout.broken(expr));
        }
    }

    fn arguments(&mut self, call: &Call) {
        self.text.push_str(&call.function);
        self.text.push('(');
        self.indented(|layout| {
            for (index, arg) in call.args.iter().enumerate() {
                if index > 0 {
                    layout.text.push(',');
                    layout.line();
                }
                layout.expr(arg);
            }
        });
    }

    fn aggregate(&mut self, aggregate: &Aggregate) {
        aggregate.append_head(&mut self.text);
        self.indented(|layout| {
            if let Some(param) = &aggregate.param {
                layout.expr(param);
                layout.text.push(',');
                layout.line();
            }
            layout.expr(&aggregate.expr);
        });
    }

    /// Writes indented lines and, on a line after them, the closing parenthesis.
    fn indented(&mut self, inner: impl FnOnce(&mut Self)) {
        self.depth += 1;
        self.line();
        inner(self);
        self.depth -= 1;
        self.line();
        self.text.push(')');
    }

    fn line(&mut self) {
        self.text.push('\n');
        for _ in 0..self.depth {
            self.text.push_str("  ");
        }
    }
}

/// True for `group_left` and `group_right` without labels.
fn is_bare_group(binary: &Binary) -> bool {
    let matching = binary.matching.as_ref();
    let group = matching.and_then(|matching| matching.group.as_ref());
    group.is_some_and(|group| group.labels.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use nth_promql::parse;

    #[test]
    fn breaks_where_a_person_would() {
        let query = parse(
            r#"(sum(rate(http_requests_total{code=~"5..",job="checkout"}[30m])) or sum(rate(http_requests_total{job="checkout"}[30m])) * 0) / (sum(rate(http_requests_total{job="checkout"}[30m])) > 0) and on () topk by (job) (3, max_over_time(a_metric_with_a_long_name{and_a="label"}[1d]) * on (instance) group_left (version) build_info{job="checkout"}) and short"#,
        )
        .unwrap();
        insta::assert_snapshot!(layout(&query), @r#"
        (
          sum(rate(http_requests_total{code=~"5..",job="checkout"}[30m]))
          or sum(rate(http_requests_total{job="checkout"}[30m])) * 0
        )
        / (sum(rate(http_requests_total{job="checkout"}[30m])) > 0)
        and on () topk by (job) (
          3,
          max_over_time(a_metric_with_a_long_name{and_a="label"}[1d])
          * on (instance) group_left (version) build_info{job="checkout"}
        )
        and short
        "#);
    }

    /// Parsing the layout and printing it gives the same line, except for parentheses that only the layout adds.
    #[test]
    fn means_the_same() {
        let long = "a_metric_with_quite_a_long_name_total";
        for template in [
            "X - (X - X) - X",
            "-X ^ 2 ^ X * X",
            "(X + X) * X / (X % X)",
            "X < bool X or X unless on (a, b) X and X",
            "sum without (le) (rate(X[5m] offset 1h)) / ignoring (code) group_left () (X + X)",
            "histogram_quantile(0.9, sum by (le) (rate(X[5m])) + sum by (le) (rate(X[1h])))",
            "max_over_time((X + X)[1h:5m]) > X",
            "label_replace(X, \"a\", \"line\\nbreak (\", \"b\", \"(.*)\") * X",
        ] {
            let query = parse(&template.replace('X', long)).unwrap();
            let text = layout(&query);
            assert_eq!(
                parse(&text).unwrap().to_string(),
                query.to_string(),
                "{text}"
            );
        }
    }
}
