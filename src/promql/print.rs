//! Printing of a tree to text, in one canonical form that parses to the same tree.
//!
//! Parentheses in the source are kept. In trees that the compiler builds, they are added where precedence requires them. Text in
//! strings is escaped here and only here, so it cannot become PromQL.

use std::fmt::{self, Display, Formatter, Write};

use super::tree::*;

/// Delegates `Display` to a function that writes to any text, so that printing to a string needs no dynamic calls.
macro_rules! display {
    ($($of:ty => $write:expr;)*) => {$(
        impl Display for $of {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                $write(f, self)
            }
        }
    )*};
}

display! {
    Expr => write_expr;
    Binary => write_binary;
    Fill => write_fill;
    Modifiers => write_modifiers;
    Duration => write_duration;
    StringLit => write_string;
}

/// Prints the selector without its modifiers.
impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_selector(f, self, false)
    }
}

impl Expr {
    /// Appends the text if it has at most `longest` bytes. Otherwise, returns false and appends nothing. Does not print more
    /// than that many bytes.
    pub fn append_within(&self, longest: usize, out: &mut String) -> bool {
        let before = out.len();
        let mut bounded = Bounded { out, left: longest };
        let fits = write_expr(&mut bounded, self).is_ok();
        if !fits {
            out.truncate(before);
        }
        fits
    }

    /// Appends the text.
    pub fn append_to(&self, out: &mut String) {
        append(out, |out| write_expr(out, self));
    }
}

impl Binary {
    /// Appends the operator with `bool`, matching and `fill`.
    pub fn append_operator(&self, out: &mut String) {
        append(out, |out| write_operator(out, self, false));
    }
}

impl Aggregate {
    /// Appends the operator with its labels and the opening parenthesis.
    pub fn append_head(&self, out: &mut String) {
        append(out, |out| write_head(out, self));
    }
}

fn append(out: &mut String, write: impl FnOnce(&mut String) -> fmt::Result) {
    // Writing to a string does not fail.
    let written = write(out);
    debug_assert!(written.is_ok());
}

/// Text with a limit on what is added; more is an error.
struct Bounded<'o> {
    out: &'o mut String,
    left: usize,
}

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.left = self.left.checked_sub(text.len()).ok_or(fmt::Error)?;
        self.out.push_str(text);
        Ok(())
    }
}

fn write_expr<W: Write>(f: &mut W, expr: &Expr) -> fmt::Result {
    match &expr.node {
        Node::Number(text) => f.write_str(text),
        Node::String(string) => write_string(f, string),
        Node::Selector(selector) => {
            write_selector(f, selector, false)?;
            write_modifiers(f, &selector.modifiers)
        }
        Node::Range(inner, range) => match &inner.node {
            Node::Selector(selector) => {
                write_selector(f, selector, false)?;
                write_range(f, range)?;
                write_modifiers(f, &selector.modifiers)
            }
            Node::Modified(hole, modifiers) => {
                write_expr(f, hole)?;
                write_range(f, range)?;
                write_modifiers(f, modifiers)
            }
            _ => {
                write_tight(f, inner)?;
                write_range(f, range)
            }
        },
        Node::Subquery(subquery) => {
            write_tight(f, &subquery.expr)?;
            f.write_char('[')?;
            write_duration(f, &subquery.range)?;
            f.write_char(':')?;
            if let Some(step) = &subquery.step {
                write_duration(f, step)?;
            }
            f.write_char(']')?;
            write_modifiers(f, &subquery.modifiers)
        }
        Node::Call(call) => {
            f.write_str(&call.function)?;
            f.write_char('(')?;
            for (index, arg) in call.args.iter().enumerate() {
                if index > 0 {
                    f.write_str(", ")?;
                }
                match &arg.node {
                    // `info` takes only matchers, without a name before the braces.
                    Node::Selector(selector) if call.function == "info" && index == 1 => {
                        write_selector(f, selector, true)?;
                        write_modifiers(f, &selector.modifiers)?;
                    }
                    _ => write_expr(f, arg)?,
                }
            }
            f.write_char(')')
        }
        Node::Aggregate(aggregate) => {
            write_head(f, aggregate)?;
            if let Some(param) = &aggregate.param {
                write_expr(f, param)?;
                f.write_str(", ")?;
            }
            write_expr(f, &aggregate.expr)?;
            f.write_char(')')
        }
        Node::Binary(binary) => write_binary(f, binary),
        Node::Unary(op, inner) => {
            f.write_str(op.as_str())?;
            let looser =
                matches!(&inner.node, Node::Binary(binary) if binary.op != BinaryOp::Power);
            write_maybe(f, inner, looser)
        }
        Node::Paren(inner) => write_maybe(f, inner, true),
        Node::Hole(number) => write_hole(f, *number),
        Node::Modified(hole, modifiers) => {
            write_expr(f, hole)?;
            write_modifiers(f, modifiers)
        }
    }
}

fn write_range<W: Write>(f: &mut W, range: &Duration) -> fmt::Result {
    f.write_char('[')?;
    write_duration(f, range)?;
    f.write_char(']')
}

fn write_head<W: Write>(f: &mut W, aggregate: &Aggregate) -> fmt::Result {
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
    f.write_char('(')
}

fn write_binary<W: Write>(f: &mut W, binary: &Binary) -> fmt::Result {
    let strength = binary.op.precedence();
    let right_associative = binary.op.is_right_associative();
    let left_needs = match &binary.left.node {
        Node::Binary(left) => {
            left.op.precedence() < strength
                || (left.op.precedence() == strength && right_associative)
        }
        Node::Unary(..) => binary.op == BinaryOp::Power,
        Node::Number(text) => binary.op == BinaryOp::Power && text.starts_with(['-', '+']),
        _ => false,
    };
    write_maybe(f, &binary.left, left_needs)?;
    f.write_char(' ')?;
    let right_needs = match &binary.right.node {
        Node::Binary(right) => {
            right.op.precedence() < strength
                || (right.op.precedence() == strength && !right_associative)
        }
        _ => false,
    };
    let is_bare_group = binary
        .matching
        .as_ref()
        .and_then(|matching| matching.group.as_ref())
        .is_some_and(|group| group.labels.is_empty());
    // A parenthesis after `group_left` would be parsed as its labels.
    let separated = is_bare_group
        && binary.fill == Fill::default()
        && (right_needs || starts_with_paren(&binary.right));
    write_operator(f, binary, separated)?;
    f.write_char(' ')?;
    write_maybe(f, &binary.right, right_needs)
}

/// Writes the operator with `bool`, matching and `fill`. If `separated`, a group without labels has empty parentheses.
fn write_operator<W: Write>(f: &mut W, binary: &Binary, separated: bool) -> fmt::Result {
    f.write_str(binary.op.as_str())?;
    if binary.return_bool {
        f.write_str(" bool")?;
    }
    if let Some(matching) = &binary.matching {
        f.write_str(if matching.on { " on " } else { " ignoring " })?;
        write_labels(f, &matching.labels)?;
        if let Some(group) = &matching.group {
            f.write_str(if group.left {
                " group_left"
            } else {
                " group_right"
            })?;
            if !group.labels.is_empty() {
                f.write_char(' ')?;
                write_labels(f, &group.labels)?;
            }
        }
    }
    if separated {
        f.write_str(" ()")?;
    }
    write_fill(f, &binary.fill)
}

fn write_fill<W: Write>(f: &mut W, fill: &Fill) -> fmt::Result {
    match (&fill.left, &fill.right) {
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

fn write_selector<W: Write>(f: &mut W, selector: &Selector, braced: bool) -> fmt::Result {
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
        f.write_str(matcher.op.as_str())?;
        write_string(f, &matcher.value)?;
    }
    match (open, &selector.metric) {
        (true, _) => f.write_char('}'),
        (false, None) => f.write_str("{}"),
        (false, Some(_)) => Ok(()),
    }
}

fn write_modifiers<W: Write>(f: &mut W, modifiers: &Modifiers) -> fmt::Result {
    match modifiers.extended {
        Some(Extended::Anchored) => f.write_str(" anchored")?,
        Some(Extended::Smoothed) => f.write_str(" smoothed")?,
        None => {}
    }
    match &modifiers.at {
        Some(At::Time(time)) => write!(f, " @ {time}")?,
        Some(At::Start) => f.write_str(" @ start()")?,
        Some(At::End) => f.write_str(" @ end()")?,
        None => {}
    }
    if let Some(offset) = &modifiers.offset {
        f.write_str(" offset ")?;
        // Without a sign, an operator after the parenthesis would be parsed as part of the duration.
        match (&offset.duration.node, offset.negative) {
            (DurationNode::Binary(..) | DurationNode::Unary(..), negative) => {
                f.write_str(if negative { "-(" } else { "+(" })?;
                write_duration(f, &offset.duration)?;
                f.write_char(')')?;
            }
            (_, true) => {
                f.write_char('-')?;
                write_duration(f, &offset.duration)?;
            }
            (DurationNode::Paren(_), false) => {
                f.write_char('+')?;
                write_duration(f, &offset.duration)?;
            }
            (_, false) => write_duration(f, &offset.duration)?,
        }
    }
    Ok(())
}

fn write_duration<W: Write>(f: &mut W, duration: &Duration) -> fmt::Result {
    let maybe = |f: &mut W, inner: &Duration, parentheses: bool| {
        if parentheses {
            f.write_char('(')?;
            write_duration(f, inner)?;
            f.write_char(')')
        } else {
            write_duration(f, inner)
        }
    };
    match &duration.node {
        DurationNode::Literal(text) => f.write_str(text),
        DurationNode::Window => f.write_str("$window"),
        DurationNode::Hole(number) => write_hole(f, *number),
        DurationNode::Paren(inner) => maybe(f, inner, true),
        DurationNode::Unary(op, inner) => {
            f.write_str(op.as_str())?;
            let looser =
                matches!(&inner.node, DurationNode::Binary(op, ..) if *op != BinaryOp::Power);
            maybe(f, inner, looser)
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
            maybe(f, left, left_needs)?;
            f.write_char(' ')?;
            f.write_str(op.as_str())?;
            f.write_char(' ')?;
            maybe(f, right, right_needs)
        }
        DurationNode::Call(name, args) => {
            f.write_str(name)?;
            f.write_char('(')?;
            for (index, arg) in args.iter().enumerate() {
                if index > 0 {
                    f.write_str(", ")?;
                }
                write_duration(f, arg)?;
            }
            f.write_char(')')
        }
    }
}

fn write_string<W: Write>(f: &mut W, string: &StringLit) -> fmt::Result {
    f.write_char('"')?;
    for part in &string.parts {
        match part {
            StringPart::Text(text) => write_escaped(f, text)?,
            StringPart::Byte(byte) => write!(f, "\\x{byte:02x}")?,
            StringPart::Hole(number) => write_hole(f, *number)?,
        }
    }
    f.write_char('"')
}

/// Prints text that parses as a hole. Holes are numbered by order, so the number is not printed.
fn write_hole<W: Write>(f: &mut W, _number: usize) -> fmt::Result {
    f.write_str("${____}")
}

fn write_quoted<W: Write>(f: &mut W, text: &str) -> fmt::Result {
    f.write_char('"')?;
    write_escaped(f, text)?;
    f.write_char('"')
}

fn write_escaped<W: Write>(f: &mut W, text: &str) -> fmt::Result {
    // Most text needs no escape and is written at once.
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'$');
    if text.bytes().all(is_plain) {
        return f.write_str(text);
    }
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

fn write_labels<W: Write>(f: &mut W, labels: &[Label]) -> fmt::Result {
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

fn write_maybe<W: Write>(f: &mut W, expr: &Expr, parentheses: bool) -> fmt::Result {
    if parentheses {
        f.write_char('(')?;
        write_expr(f, expr)?;
        f.write_char(')')
    } else {
        write_expr(f, expr)
    }
}

/// Writes an expression that is followed by brackets.
fn write_tight<W: Write>(f: &mut W, expr: &Expr) -> fmt::Result {
    let loose = match &expr.node {
        Node::Binary(_) | Node::Unary(..) => true,
        Node::Number(text) => text.starts_with(['-', '+']),
        _ => false,
    };
    write_maybe(f, expr, loose)
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
