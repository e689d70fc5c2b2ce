//! Formats long expressions on several lines.

use nth_promql::{Aggregate, Binary, BinaryOp, Call, Expr, Node};

/// The longest expression that stays on one line.
pub const WIDTH: usize = 100;

/// Formats an expression: on one line if it fits, otherwise with a line for each operand and argument.
pub fn layout(expr: &Expr) -> String {
    break_lines(expr, false)
}

fn break_lines(expr: &Expr, even_if_short: bool) -> String {
    let line = expr.to_string();
    if line.len() <= WIDTH && !even_if_short {
        return line;
    }
    match &expr.node {
        Node::Binary(binary) => operands(binary).unwrap_or(line),
        Node::Paren(inner) => format!("(\n{}\n)", indent(&layout(inner))),
        // The printer has its own form of the second argument of `info`.
        Node::Call(call) if call.function != "info" && !call.args.is_empty() => arguments(call),
        Node::Aggregate(aggregate) => break_aggregate(aggregate).unwrap_or(line),
        _ => line,
    }
}

/// `left`, and on the next line `op right`.
fn operands(binary: &Binary) -> Option<String> {
    // Without labels, the printer must handle `group_left` before a parenthesis.
    let group = binary
        .matching
        .as_ref()
        .and_then(|matching| matching.group.as_ref());
    if group.is_some_and(|group| group.labels.is_empty()) {
        return None;
    }
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
    let left = if left_needs {
        parenthesize(&binary.left)
    } else {
        break_lines(&binary.left, chained)
    };
    let right = if right_needs {
        parenthesize(&binary.right)
    } else {
        layout(&binary.right)
    };
    let operator = operator_text(binary)?;
    Some(format!("{left}\n{operator} {right}"))
}

/// The operator with `bool` and matching, in the printer's form.
fn operator_text(binary: &Binary) -> Option<String> {
    let zero = || Expr::new(Node::Number("0".into()));
    let bare = Binary {
        left: zero(),
        right: zero(),
        ..binary.clone()
    };
    let text = bare.to_string();
    Some(text.strip_prefix("0 ")?.strip_suffix(" 0")?.to_owned())
}

fn parenthesize(expr: &Expr) -> String {
    let line = expr.to_string();
    if line.len() <= WIDTH - 2 {
        format!("({line})")
    } else {
        format!("(\n{}\n)", indent(&break_lines(expr, true)))
    }
}

fn arguments(call: &Call) -> String {
    let args: Vec<_> = call.args.iter().map(|arg| indent(&layout(arg))).collect();
    format!("{}(\n{}\n)", call.function, args.join(",\n"))
}

fn break_aggregate(aggregate: &Aggregate) -> Option<String> {
    let bare = Aggregate {
        param: None,
        expr: Expr::new(Node::Number("0".into())),
        ..aggregate.clone()
    };
    let text = Expr::new(Node::Aggregate(Box::new(bare))).to_string();
    let head = text.strip_suffix("0)")?;
    let param = aggregate
        .param
        .as_ref()
        .map(|param| format!("{},\n", indent(&layout(param))));
    Some(format!(
        "{head}\n{}{}\n)",
        param.unwrap_or_default(),
        indent(&layout(&aggregate.expr))
    ))
}

/// Indents every line by two spaces. No string in an expression spans lines: the printer escapes them.
fn indent(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
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
