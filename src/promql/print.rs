//! Printing of a tree to text, in one canonical form that parses to the same tree.
//!
//! Parentheses in the source are kept. In trees that the compiler builds, they are added where precedence requires them. Text in
//! strings is escaped here and only here, so it cannot become PromQL.

use std::fmt::{self, Display, Formatter, Write};

use super::tree::*;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Number(text) => f.write_str(text),
            Node::String(string) => string.fmt(f),
            Node::Selector(selector) => write!(f, "{selector}{}", selector.modifiers),
            Node::Range(inner, range) => match &inner.node {
                Node::Selector(selector) => write!(f, "{selector}[{range}]{}", selector.modifiers),
                Node::Modified(hole, modifiers) => write!(f, "{hole}[{range}]{modifiers}"),
                _ => write!(f, "{}[{range}]", Tight(inner)),
            },
            Node::Subquery(subquery) => {
                write!(f, "{}[{}:", Tight(&subquery.expr), subquery.range)?;
                if let Some(step) = &subquery.step {
                    step.fmt(f)?;
                }
                write!(f, "]{}", subquery.modifiers)
            }
            Node::Call(call) => {
                write!(f, "{}(", call.function)?;
                for (index, arg) in call.args.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    match &arg.node {
                        // `info` takes only matchers, without a name before the braces.
                        Node::Selector(selector) if call.function == "info" && index == 1 => {
                            write_selector(f, selector, true)?;
                            selector.modifiers.fmt(f)?;
                        }
                        _ => arg.fmt(f)?,
                    }
                }
                f.write_char(')')
            }
            Node::Aggregate(aggregate) => {
                f.write_str(&aggregate.op)?;
                if let Some(grouping) = &aggregate.grouping {
                    f.write_str(if grouping.without {
                        " without "
                    } else {
                        " by "
                    })?;
                    write_labels(f, &grouping.labels)?;
                    f.write_char(' ')?;
                }
                f.write_char('(')?;
                if let Some(param) = &aggregate.param {
                    write!(f, "{param}, ")?;
                }
                write!(f, "{})", aggregate.expr)
            }
            Node::Binary(binary) => binary.fmt(f),
            Node::Unary(op, inner) => {
                f.write_str(op.as_str())?;
                let looser =
                    matches!(&inner.node, Node::Binary(binary) if binary.op != BinaryOp::Power);
                write_maybe(f, inner, looser)
            }
            Node::Paren(inner) => write!(f, "({inner})"),
            Node::Hole(number) => write_hole(f, *number),
            Node::Modified(hole, modifiers) => write!(f, "{hole}{modifiers}"),
        }
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let strength = self.op.precedence();
        let right_associative = self.op.is_right_associative();
        let left_needs = match &self.left.node {
            Node::Binary(left) => {
                left.op.precedence() < strength
                    || (left.op.precedence() == strength && right_associative)
            }
            Node::Unary(..) => self.op == BinaryOp::Power,
            Node::Number(text) => self.op == BinaryOp::Power && text.starts_with(['-', '+']),
            _ => false,
        };
        write_maybe(f, &self.left, left_needs)?;
        write!(f, " {}", self.op.as_str())?;
        if self.return_bool {
            f.write_str(" bool")?;
        }
        let right_needs = match &self.right.node {
            Node::Binary(right) => {
                right.op.precedence() < strength
                    || (right.op.precedence() == strength && !right_associative)
            }
            _ => false,
        };
        let mut bare_group = false;
        if let Some(matching) = &self.matching {
            f.write_str(if matching.on { " on " } else { " ignoring " })?;
            write_labels(f, &matching.labels)?;
            if let Some(group) = &matching.group {
                f.write_str(if group.left {
                    " group_left"
                } else {
                    " group_right"
                })?;
                bare_group = group.labels.is_empty();
                if !bare_group {
                    f.write_char(' ')?;
                    write_labels(f, &group.labels)?;
                }
            }
        }
        let fill = self.fill.to_string();
        // A parenthesis after `group_left` would be parsed as its labels.
        if bare_group && fill.is_empty() && (right_needs || starts_with_paren(&self.right)) {
            f.write_str(" ()")?;
        }
        f.write_str(&fill)?;
        f.write_char(' ')?;
        write_maybe(f, &self.right, right_needs)
    }
}

impl Display for Fill {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (&self.left, &self.right) {
            (Some(left), Some(right)) if left == right => write!(f, " fill ({left})"),
            (left, right) => {
                if let Some(left) = left {
                    write!(f, " fill_left ({left})")?;
                }
                if let Some(right) = right {
                    write!(f, " fill_right ({right})")?;
                }
                Ok(())
            }
        }
    }
}

/// Prints the selector without its modifiers.
impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_selector(f, self, false)
    }
}

fn write_selector(f: &mut Formatter<'_>, selector: &Selector, braced: bool) -> fmt::Result {
    let mut first = true;
    let mut open = false;
    if let Some(metric) = &selector.metric {
        let named_again = selector
            .matchers
            .iter()
            .any(|matcher| matcher.label == "__name__");
        if is_metric_word(&metric.text) && !named_again && !braced {
            f.write_str(&metric.text)?;
        } else {
            f.write_char('{')?;
            write_quoted(f, &metric.text)?;
            (first, open) = (false, true);
        }
    }
    for matcher in &selector.matchers {
        if !open {
            f.write_char('{')?;
            open = true;
        }
        if !first {
            f.write_char(',')?;
        }
        first = false;
        if is_label_word(&matcher.label) {
            f.write_str(&matcher.label)?;
        } else {
            write_quoted(f, &matcher.label)?;
        }
        write!(f, "{}{}", matcher.op.as_str(), matcher.value)?;
    }
    match (open, &selector.metric) {
        (true, _) => f.write_char('}'),
        (false, None) => f.write_str("{}"),
        (false, Some(_)) => Ok(()),
    }
}

impl Display for Modifiers {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.extended {
            Some(Extended::Anchored) => f.write_str(" anchored")?,
            Some(Extended::Smoothed) => f.write_str(" smoothed")?,
            None => {}
        }
        match &self.at {
            Some(At::Time(time)) => write!(f, " @ {time}")?,
            Some(At::Start) => f.write_str(" @ start()")?,
            Some(At::End) => f.write_str(" @ end()")?,
            None => {}
        }
        if let Some(offset) = &self.offset {
            f.write_str(" offset ")?;
            // Without a sign, an operator after the parenthesis would be parsed as part of the duration.
            match (&offset.duration.node, offset.negative) {
                (DurationNode::Binary(..) | DurationNode::Unary(..), negative) => {
                    write!(
                        f,
                        "{}({})",
                        if negative { '-' } else { '+' },
                        offset.duration
                    )?;
                }
                (_, true) => write!(f, "-{}", offset.duration)?,
                (DurationNode::Paren(_), false) => write!(f, "+{}", offset.duration)?,
                (_, false) => offset.duration.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl Display for Duration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.node {
            DurationNode::Literal(text) => f.write_str(text),
            DurationNode::Window => f.write_str("$window"),
            DurationNode::Hole(number) => write_hole(f, *number),
            DurationNode::Paren(inner) => write!(f, "({inner})"),
            DurationNode::Unary(op, inner) => {
                f.write_str(op.as_str())?;
                match &inner.node {
                    DurationNode::Binary(op, ..) if *op != BinaryOp::Power => {
                        write!(f, "({inner})")
                    }
                    _ => inner.fmt(f),
                }
            }
            DurationNode::Binary(op, left, right) => {
                let strength = op.precedence();
                let right_associative = op.is_right_associative();
                let left_needs = match &left.node {
                    DurationNode::Binary(left, ..) => {
                        left.precedence() < strength
                            || (left.precedence() == strength && right_associative)
                    }
                    DurationNode::Unary(..) => right_associative,
                    _ => false,
                };
                let right_needs = match &right.node {
                    DurationNode::Binary(right, ..) => {
                        right.precedence() < strength
                            || (right.precedence() == strength && !right_associative)
                    }
                    _ => false,
                };
                if left_needs {
                    write!(f, "({left})")?
                } else {
                    left.fmt(f)?
                }
                write!(f, " {} ", op.as_str())?;
                if right_needs {
                    write!(f, "({right})")
                } else {
                    right.fmt(f)
                }
            }
            DurationNode::Call(name, args) => {
                write!(f, "{name}(")?;
                for (index, arg) in args.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    arg.fmt(f)?;
                }
                f.write_char(')')
            }
        }
    }
}

impl Display for StringLit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for part in &self.parts {
            match part {
                StringPart::Text(text) => write_escaped(f, text)?,
                StringPart::Byte(byte) => write!(f, "\\x{byte:02x}")?,
                StringPart::Hole(number) => write_hole(f, *number)?,
            }
        }
        f.write_char('"')
    }
}

/// Prints text that parses as a hole. Holes are numbered by order, so the number is not printed.
fn write_hole(f: &mut Formatter<'_>, _number: usize) -> fmt::Result {
    f.write_str("${____}")
}

fn write_quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    write_escaped(f, text)?;
    f.write_char('"')
}

fn write_escaped(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    for (at, c) in text.char_indices() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            // Escape text that would be parsed as a hole.
            '$' if super::literal::hole_length(&text[at..]).is_some() => f.write_str("\\x24")?,
            // Prometheus rejects the replacement character, but not its escape.
            '\u{fffd}' => f.write_str("\\ufffd")?,
            c if (c as u32) < 0x80 && c.is_control() => write!(f, "\\x{:02x}", c as u32)?,
            c if c.is_control() => write!(f, "\\u{:04x}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    Ok(())
}

fn write_labels(f: &mut Formatter<'_>, labels: &[Label]) -> fmt::Result {
    f.write_char('(')?;
    for (index, label) in labels.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        let keyword = ["without", "inf", "nan"]
            .iter()
            .any(|word| label.name.eq_ignore_ascii_case(word));
        if is_label_word(&label.name) && !keyword {
            f.write_str(&label.name)?;
        } else {
            write_quoted(f, &label.name)?;
        }
    }
    f.write_char(')')
}

fn write_maybe(f: &mut Formatter<'_>, expr: &Expr, parentheses: bool) -> fmt::Result {
    if parentheses {
        write!(f, "({expr})")
    } else {
        expr.fmt(f)
    }
}

/// An expression that is followed by brackets.
struct Tight<'e>(&'e Expr);

impl Display for Tight<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let loose = match &self.0.node {
            Node::Binary(_) | Node::Unary(..) => true,
            Node::Number(text) => text.starts_with(['-', '+']),
            _ => false,
        };
        write_maybe(f, self.0, loose)
    }
}

fn starts_with_paren(expr: &Expr) -> bool {
    match &expr.node {
        Node::Paren(_) => true,
        Node::Binary(_) | Node::Subquery(_) => expr.to_string().starts_with('('),
        _ => false,
    }
}

/// True if a metric's name needs no quotes before braces.
pub(super) fn is_metric_word(name: &str) -> bool {
    let legal = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':');
    let keyword = [
        "bool",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "atan2",
        "inf",
        "nan",
    ]
    .iter()
    .any(|word| name.eq_ignore_ascii_case(word));
    legal && !keyword
}

/// True if a label's name needs no quotes.
pub(super) fn is_label_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
