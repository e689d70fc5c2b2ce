//! Strings, and texts of alerts.

use std::sync::Arc;

use super::Evaluator;
use super::index::Definition;
use super::scope::Context;
use super::value::Value;
use crate::codes;
use crate::db::Diag;
use crate::limits;
use crate::schema::Ty;
use nth_diagnostics::Applicability;
use nth_model::{Text, TextPart, ValueFormat};
use nth_syntax::tree::{Expr, ExprNode, StringLit, StringPart, TextRange};

impl<'db> Evaluator<'db> {
    /// Evaluates a string with its interpolations.
    pub(crate) fn string(
        &mut self,
        string: &'db StringLit,
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        self.joined(string, range, context, |text| text)
    }

    /// Evaluates a regular expression. Interpolated text is escaped, as in a query: it matches only itself.
    pub(super) fn pattern(
        &mut self,
        string: &'db StringLit,
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        self.joined(string, range, context, |text| {
            nth_promql::escape_regex(&text)
        })
    }

    fn joined(
        &mut self,
        string: &'db StringLit,
        range: TextRange,
        context: &Context<'db>,
        interpolated: impl Fn(String) -> String,
    ) -> Value {
        let mut text = String::new();
        let mut unknown = false;
        let mut wrong = false;
        for part in &string.parts {
            match part {
                StringPart::Text(literal) => text.push_str(literal),
                StringPart::Hole(expr) => match self.text_part(expr, context) {
                    Shown::Text(shown) => text.push_str(&interpolated(shown)),
                    Shown::Unknown => unknown = true,
                    Shown::Wrong => wrong = true,
                },
            }
            if text.len() > limits::TEXT {
                return self.text_too_long(range, context);
            }
        }
        match (wrong, unknown) {
            (true, _) => Value::Error,
            (_, true) => Value::Unknown(Ty::String),
            _ => Value::String(text),
        }
    }

    fn text_part(&mut self, expr: &'db Expr, context: &Context<'db>) -> Shown {
        match self.eval(expr, context, &Ty::Any) {
            Value::Error => Shown::Wrong,
            Value::Unknown(_) => Shown::Unknown,
            value => match value.show() {
                Some(text) => Shown::Text(text),
                None => {
                    let diagnostic = Diag::new(
                        &codes::TYPE_MISMATCH,
                        match value {
                            Value::None => "interpolated value is unset".to_owned(),
                            other => {
                                format!("{} cannot be interpolated into text", other.ty().phrase())
                            }
                        },
                        self.span(context, expr.range),
                    );
                    self.report(context, diagnostic);
                    Shown::Wrong
                }
            },
        }
    }

    /// Evaluates a text of an alert. `${value}` and `${labels.x}` are filled in when it fires.
    pub(crate) fn text(
        &mut self,
        string: &'db StringLit,
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        let mut parts: Vec<TextPart> = Vec::new();
        let mut length = 0;
        let mut labels = Vec::new();
        let mut wrong = false;
        let mut push = |part: TextPart| match (parts.last_mut(), part) {
            (Some(TextPart::Literal(before)), TextPart::Literal(text)) => before.push_str(&text),
            (_, part) => parts.push(part),
        };

        for part in &string.parts {
            match part {
                StringPart::Text(literal) => push(TextPart::Literal(literal.clone())),
                StringPart::Hole(expr) => match self.runtime_part(expr, context) {
                    Some(part) => {
                        self.record_runtime_part(expr, context);
                        if let TextPart::Label(label) = &part {
                            labels.push((label.clone(), self.span(context, expr.range)));
                        }
                        push(part);
                    }
                    None if self.is_dotted_label(expr, context) => wrong = true,
                    None => match self.text_part(expr, context) {
                        Shown::Text(shown) => {
                            length += shown.len();
                            push(TextPart::Literal(shown));
                        }
                        Shown::Unknown => push(TextPart::Literal("…".to_owned())),
                        Shown::Wrong => wrong = true,
                    },
                },
            }
            if length > limits::TEXT {
                return self.text_too_long(range, context);
            }
        }
        if wrong {
            Value::Error
        } else {
            Value::Text(Text { parts }, Arc::new(labels))
        }
    }

    /// Reports `${labels.host.name}` for a label `host.name`. Returns whether it is one.
    fn is_dotted_label(&mut self, expr: &Expr, context: &Context<'db>) -> bool {
        let mut words = Vec::new();
        let mut at = expr;
        let first = loop {
            match &at.node {
                ExprNode::Member(object, name) => {
                    words.push(name.text.as_str());
                    at = object;
                }
                ExprNode::Name(name) => break &name.text,
                _ => return false,
            }
        };
        let is_meant = matches!(first.as_str(), "labels" | "external");
        if words.len() < 2 || !is_meant || context.scope.find(first).is_some() {
            return false;
        }
        words.reverse();
        let label = words.join(".");
        let written = format!("{first}[\"{label}\"]");
        let diagnostic = Diag::new(
            &codes::UNKNOWN_FIELD,
            format!("a label name with a dot must be in brackets: `{written}`"),
            self.span(context, expr.range),
        )
        .label("expected one name after the dot")
        .fix(
            format!("Write `{written}`"),
            self.span(context, expr.range),
            written,
            Applicability::Always,
        );
        self.report(context, diagnostic);
        true
    }

    fn runtime_part(&self, expr: &Expr, context: &Context<'db>) -> Option<TextPart> {
        let free = |name: &str| context.scope.find(name).is_none();
        let is_value = |expr: &Expr| {
            matches!(&expr.node, ExprNode::Name(name) if name.text == "value") && free("value")
        };
        match &expr.node {
            ExprNode::Name(_) if is_value(expr) => Some(TextPart::Value(ValueFormat::Number)),
            ExprNode::Member(object, label) => match &object.node {
                ExprNode::Name(name) if name.text == "labels" && free("labels") => {
                    Some(TextPart::Label(label.text.clone()))
                }
                ExprNode::Name(name) if name.text == "external" && free("external") => {
                    Some(TextPart::External(label.text.clone()))
                }
                _ => None,
            },
            ExprNode::Call(callee, args) => {
                let ExprNode::Name(function) = &callee.node else {
                    return None;
                };
                let [arg] = args.as_slice() else { return None };
                if arg.name.is_some() || !is_value(&arg.value) {
                    return None;
                }
                Some(TextPart::Value(match function.text.as_str() {
                    "percentage" => ValueFormat::Percentage,
                    "duration" => ValueFormat::Duration,
                    "bytes" => ValueFormat::Size,
                    "round" => ValueFormat::Rounded,
                    _ => return None,
                }))
            }
            _ => None,
        }
    }

    /// Records the names in a placeholder that is filled in when an alert fires.
    fn record_runtime_part(&mut self, expr: &Expr, context: &Context<'db>) {
        match &expr.node {
            ExprNode::Name(name) => self.record(context, name.range, |_| {
                Some(Definition::CompileTime(name.text.clone()))
            }),
            ExprNode::Member(object, _) => self.record_runtime_part(object, context),
            ExprNode::Call(callee, args) => {
                self.record_runtime_part(callee, context);
                for arg in args {
                    self.record_runtime_part(&arg.value, context);
                }
            }
            _ => {}
        }
    }

    /// Warns about text that looks like a Go template, which is not expanded.
    pub(crate) fn warn_of_template(&mut self, expr: &'db Expr, context: &Context<'db>) {
        let ExprNode::String(string) = &expr.node else {
            return;
        };
        let looks = string
            .parts
            .iter()
            .any(|part| matches!(part, StringPart::Text(text) if text.contains("{{") && text.contains("}}")));
        if !looks {
            return;
        }
        let mut diagnostic = Diag::new(
            &codes::GO_TEMPLATE,
            "Go template syntax is not evaluated: `{{ … }}` is output literally",
            self.span(context, expr.range),
        )
        .help("write `${value}` for the value and `${labels.x}` for a label");
        if let [StringPart::Text(text)] = string.parts.as_slice()
            && !string.multiline
        {
            let replaced = replace_templates(text);
            if replaced != *text && !replaced.contains("{{") {
                let span = diagnostic.primary.span;
                diagnostic = diagnostic.fix(
                    "Replace with interpolations",
                    span,
                    format!(
                        "\"{}\"",
                        replaced.replace('\\', "\\\\").replace('"', "\\\"")
                    ),
                    Applicability::Maybe,
                );
            }
        }
        self.report(context, diagnostic);
    }
}

/// Replaces `{{ $value }}` and `{{ $labels.x }}` by interpolations.
fn replace_templates(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else {
            break;
        };
        let inside = rest[start + 2..start + length]
            .trim()
            .trim_matches('-')
            .trim();
        let hole = match inside
            .split_once('|')
            .map_or((inside, ""), |(value, filter)| {
                (value.trim(), filter.trim())
            }) {
            ("$value", "" | "humanize") => Some("${value}".to_owned()),
            ("$value", "humanizePercentage") => Some("${percentage(value)}".to_owned()),
            ("$value", "humanizeDuration") => Some("${duration(value)}".to_owned()),
            ("$value", "humanize1024") => Some("${bytes(value)}".to_owned()),
            ("$value", r#"printf "%.0f""#) | (r#"printf "%.0f" $value"#, "") => {
                Some("${round(value)}".to_owned())
            }
            (label, "") => [("$labels.", "labels"), ("$externalLabels.", "external")]
                .iter()
                .find_map(|(prefix, of)| {
                    let label = label.strip_prefix(prefix)?;
                    Some(format!("${{{of}.{label}}}"))
                }),
            _ => None,
        };
        result.push_str(&rest[..start]);
        match hole {
            Some(hole) => result.push_str(&hole),
            None => result.push_str(&rest[start..start + length + 2]),
        }
        rest = &rest[start + length + 2..];
    }
    result.push_str(rest);
    result
}

enum Shown {
    Text(String),
    Unknown,
    Wrong,
}
