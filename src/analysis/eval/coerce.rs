//! Conversion of values to expected types, and diagnostics about mismatches.

use std::sync::Arc;

use smol_str::SmolStr;

use super::names::{referred, takes_text};
use super::scope::Context;
use super::value::{Matchers, Query, Shape, Value};
use super::{Evaluator, logql};
use crate::codes;
use crate::db::{Diag, Span};
use crate::schema::Ty;
use nth_model::{Text, TextPart};

impl<'db> Evaluator<'db> {
    /// Converts a value to a type. Reports a mismatch.
    pub(crate) fn coerce(
        &mut self,
        value: Value,
        ty: &Ty,
        span: Span,
        context: &Context<'db>,
    ) -> Value {
        if value.is_error() {
            return Value::Error;
        }
        // A text may be the name of a block: `let owner = "Payments Team"`.
        if let Value::String(text) = &value
            && let kinds = referred(ty)
            && !kinds.is_empty()
        {
            if let Some(block) = self.block_of_text(text, &kinds, context) {
                return block;
            }
            if !takes_text(ty) {
                let name = SmolStr::from(text.as_str());
                return self.unknown_text(&name, span, &kinds, context, ty);
            }
        }
        match ty {
            Ty::Any => value,
            Ty::Optional(_) if value == Value::None => value,
            Ty::Optional(inner) => self.coerce(value, inner, span, context),
            Ty::Union(members) => {
                if value == Value::None {
                    return value;
                }
                for member in members {
                    if let Some(value) = self.fit(&value, member) {
                        return self.validate(value, member, span, context);
                    }
                }
                match (&value, ty.list()) {
                    // Report the element that does not match.
                    (Value::List(_), Some(list)) => self.coerce(value, list, span, context),
                    _ => self.report_at_span(&value, ty, span, context),
                }
            }
            Ty::List(element) => match value {
                Value::List(items) => Value::List(
                    items
                        .into_iter()
                        .map(|item| self.coerce(item, element, span, context))
                        .collect(),
                ),
                Value::Unknown(Ty::List(_)) => value,
                other => self.report_at_span(&other, ty, span, context),
            },
            _ => match self.fit(&value, ty) {
                Some(value) => self.validate(value, ty, span, context),
                None => self.report_at_span(&value, ty, span, context),
            },
        }
    }

    fn report_at_span(
        &mut self,
        value: &Value,
        ty: &Ty,
        span: Span,
        context: &Context<'db>,
    ) -> Value {
        // A missing value is reported elsewhere.
        if *value == Value::None {
            return Value::None;
        }
        if self.is_near_damage(span) {
            return Value::Error;
        }
        let diagnostic = self.mismatch(value, ty, span);
        self.report(context, diagnostic);
        Value::Error
    }

    /// True if there is a syntax error near a place: for example, `30 d` is already reported.
    pub(crate) fn is_near_damage(&self, span: Span) -> bool {
        crate::db::item(self.db, span.item)
            .as_ref()
            .is_some_and(|tree| {
                let near = span.range.start.saturating_sub(1)..=span.range.end + 1;
                tree.errors
                    .iter()
                    .any(|error| near.contains(&error.range.start))
            })
    }

    /// Diagnostic about a value of the wrong type.
    pub(crate) fn mismatch(&self, value: &Value, ty: &Ty, span: Span) -> Diag {
        let wanted = ty.required();
        let found = match value {
            Value::Query(query) => match query.shape {
                Shape::Selector => "a selector".to_owned(),
                Shape::Windowed => "a windowed query".to_owned(),
                Shape::Condition => "a condition".to_owned(),
                Shape::Scalar => "a query of type scalar".to_owned(),
                Shape::Vector | Shape::Unknown => "an instant vector".to_owned(),
            },
            Value::Block(block) => format!("the {} `{}`", block.kind, block.name),
            Value::Labels(_) => "labels".to_owned(),
            Value::Matchers(_) => "matchers".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Enum(name, member) => format!("{name} `{member}`"),
            Value::Runtime(_, ty) => {
                format!("{} that is only known at run time", ty.phrase())
            }
            Value::String(_) | Value::Text(..) => "a string".to_owned(),
            other => other.ty().phrase(),
        };
        let mut diagnostic = Diag::new(
            &codes::TYPE_MISMATCH,
            format!("expected {}, found {found}", wanted.phrase()),
            span,
        )
        .label(format!("expected {}", wanted.phrase()));
        if let Value::Query(query) = value {
            diagnostic = match wanted {
                Ty::Selector => diagnostic
                    .help("write one metric with matchers and no function: \
                        `http_requests_total{code=~\"5..\"}`"),
                Ty::Condition if query.shape == Shape::Scalar => diagnostic
                    .help("compare a metric, as in `queue_depth > 100`: a scalar always exists")
                    .help("write `vector(1)` for an alert that always fires, such as a dead man's switch"),
                Ty::Windowed => diagnostic
                    .help("use `$window` as the range: `sum(rate(x_total[$window]))`"),
                Ty::Union(members) if members.contains(&Ty::Windowed) && query.shape != Shape::Scalar => diagnostic
                    .help("write one metric with matchers, or an expression that uses `$window` as its \
                        range"),
                _ => diagnostic,
            };
        }
        self.hint(value, ty, diagnostic)
    }

    /// Converts a value to a type; `None` if it does not match.
    fn fit(&self, value: &Value, ty: &Ty) -> Option<Value> {
        let same = || Some(value.clone());
        match (value, ty) {
            (_, Ty::Any) => same(),
            (_, Ty::Union(members)) => members.iter().find_map(|member| self.fit(value, member)),
            (Value::Unknown(known), wanted) => {
                assignable(known.required(), wanted).then(|| value.clone())
            }
            (Value::Runtime(_, known), Ty::GateCondition) if *known == Ty::Bool => same(),
            (Value::Bool(_), Ty::Bool | Ty::GateCondition)
            | (Value::Number(_), Ty::Number)
            | (Value::Percent(_), Ty::Percent)
            | (Value::Duration(_), Ty::Duration)
            | (Value::Size(_), Ty::Size)
            | (Value::Rate(_), Ty::Rate)
            | (Value::TimeOfDay(_), Ty::TimeOfDay)
            | (Value::TimeOfWeek(_), Ty::TimeOfWeek)
            | (Value::Text(..), Ty::Text)
            | (Value::Labels(_), Ty::Labels | Ty::Annotations)
            | (Value::Matchers(_), Ty::Matchers) => same(),
            (Value::Labels(labels), Ty::Matchers) => {
                Some(Value::Matchers(Matchers::from_labels(labels.clone())))
            }
            (Value::Matchers(matchers), Ty::Labels | Ty::Annotations) => {
                matchers.as_labels().map(Value::Labels)
            }
            (
                Value::String(_),
                Ty::String
                | Ty::Markdown
                | Ty::Url
                | Ty::Email
                | Ty::Date
                | Ty::DateTime
                | Ty::TimeZone
                | Ty::LabelName
                | Ty::Logql,
            ) => same(),
            (Value::String(text), Ty::Text) => Some(Value::Text(
                Text {
                    parts: vec![TextPart::Literal(text.clone())],
                },
                Arc::default(),
            )),
            (Value::Text(..), Ty::String | Ty::Markdown) => value.show().map(Value::String),
            (Value::Enum(name, _), Ty::Enum(wanted)) => (name == wanted).then(|| value.clone()),
            (Value::Block(block), Ty::Ref(kind)) => (block.kind == *kind).then(|| value.clone()),
            (Value::Query(query), ty) => fits_query(query, ty).then(|| value.clone()),
            (Value::List(items), Ty::List(element)) => items
                .iter()
                .map(|item| self.fit(item, element))
                .collect::<Option<Vec<_>>>()
                .map(Value::List),
            _ => None,
        }
    }

    /// Checks the content of a value of a type, such as the syntax of a URL.
    fn validate(&mut self, value: Value, ty: &Ty, span: Span, context: &Context<'db>) -> Value {
        match (&value, ty) {
            (Value::List(items), Ty::List(element)) => {
                let items = items.iter().cloned();
                let valid = items.map(|item| self.validate(item, element, span, context));
                return Value::List(valid.collect());
            }
            (_, Ty::Union(members)) => {
                let fitting = members
                    .iter()
                    .find(|member| self.fit(&value, member).is_some());
                return match fitting {
                    Some(member) => self.validate(value, member, span, context),
                    None => value,
                };
            }
            _ => {}
        }
        let Value::String(text) = &value else {
            return value;
        };
        let problem = match ty {
            Ty::Url => url_problem(text),
            Ty::Email => email_problem(text),
            Ty::Date => date_problem(text),
            Ty::DateTime => date_time_problem(text),
            Ty::TimeZone => zone_problem(text),
            Ty::LabelName => label_name_problem(text),
            Ty::Logql => {
                if let Some(problem) = logql::problem(text) {
                    let diagnostic = Diag::new(&codes::BAD_LOGQL, problem, span);
                    self.report(context, diagnostic);
                    return Value::Error;
                }
                None
            }
            _ => None,
        };
        match problem {
            Some(problem) => {
                let diagnostic = Diag::new(&codes::BAD_TEXT, problem, span);
                self.report(context, diagnostic);
                Value::Error
            }
            None => value,
        }
    }
}

fn fits_query(query: &Query, ty: &Ty) -> bool {
    match ty {
        Ty::Selector => matches!(query.shape, Shape::Selector | Shape::Unknown),
        Ty::Windowed => matches!(query.shape, Shape::Windowed | Shape::Unknown),
        // An alert fires for each series of a vector, so every vector is accepted as a condition. Only the author knows whether the
        // series exist only in an incident.
        Ty::Condition | Ty::Vector => matches!(
            query.shape,
            Shape::Selector | Shape::Condition | Shape::Vector | Shape::Unknown
        ),
        _ => false,
    }
}

fn assignable(from: &Ty, to: &Ty) -> bool {
    if from == to || *from == Ty::Any || *to == Ty::Any {
        return true;
    }
    match (from, to) {
        (Ty::Union(members), to) => members.iter().any(|member| assignable(member, to)),
        (from, Ty::Union(members)) => members.iter().any(|member| assignable(from, member)),
        (Ty::Bool, Ty::GateCondition) => true,
        (Ty::Selector | Ty::Condition, Ty::Vector) | (Ty::Selector | Ty::Vector, Ty::Condition) => {
            true
        }
        (
            Ty::String
            | Ty::Url
            | Ty::Email
            | Ty::Date
            | Ty::DateTime
            | Ty::TimeZone
            | Ty::LabelName
            | Ty::Logql
            | Ty::Markdown,
            Ty::String | Ty::Text | Ty::Markdown,
        ) => true,
        (
            Ty::String,
            Ty::Url
            | Ty::Email
            | Ty::Date
            | Ty::DateTime
            | Ty::TimeZone
            | Ty::LabelName
            | Ty::Logql,
        ) => true,
        (Ty::List(from), Ty::List(to)) => assignable(from, to),
        (Ty::Optional(from), to) => assignable(from, to),
        (from, Ty::Optional(to)) => assignable(from, to),
        (Ty::Labels, Ty::Annotations | Ty::Matchers) => true,
        // Whether each label has one value is only known in a service.
        (Ty::Matchers, Ty::Labels | Ty::Annotations) => true,
        _ => false,
    }
}

fn url_problem(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    match rest {
        None => Some(format!(
            "invalid URL `{text}`: must start with `https://` or `http://`"
        )),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            Some(format!("invalid URL `{text}`: no host"))
        }
        Some(rest)
            if rest
                .contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"`".contains(c)) =>
        {
            Some(format!(
                "invalid URL `{text}`: contains a character that is not allowed"
            ))
        }
        Some(_) => None,
    }
}

fn email_problem(text: &str) -> Option<String> {
    let fits = match text.split_once('@') {
        Some((user, host)) => {
            !user.is_empty()
                && host.contains('.')
                && !host.contains('@')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !text.contains(|c: char| {
                    c.is_whitespace() || c.is_control() || "<>\"(),;:\\".contains(c)
                })
        }
        None => false,
    };
    (!fits).then(|| format!("invalid email address `{text}`"))
}

fn date_problem(text: &str) -> Option<String> {
    text.parse::<jiff::civil::Date>()
        .ok()
        .filter(|_| text.len() == "2026-01-31".len())
        .is_none()
        .then(|| format!("invalid date `{text}`: expected an existing day as `YYYY-MM-DD`"))
}

/// Reads a date and time, `2026-12-20 22:00`; `None` if it is not exactly that.
pub fn date_time(text: &str) -> Option<jiff::civil::DateTime> {
    let (date, time) = text.split_once(' ')?;
    let is_padded = |text: &str, digits: &str| {
        text.len() == digits.len()
            && text
                .chars()
                .zip(digits.chars())
                .all(|(found, wanted)| found == wanted || found.is_ascii_digit() && wanted == '0')
    };
    if !is_padded(date, "0000-00-00") || !is_padded(time, "00:00") {
        return None;
    }
    let date: jiff::civil::Date = date.parse().ok()?;
    let time: jiff::civil::Time = time.parse().ok()?;
    Some(date.to_datetime(time))
}

fn date_time_problem(text: &str) -> Option<String> {
    if date_time(text).is_some() {
        return None;
    }
    Some(match date_problem(text) {
        None => format!("invalid date and time `{text}`: add the time, `{text} 00:00`"),
        Some(_) => format!(
            "invalid date and time `{text}`: expected an existing day and a time as `YYYY-MM-DD HH:MM`"
        ),
    })
}

fn zone_problem(text: &str) -> Option<String> {
    let unknown = nth_model::zone::find(text).err()?;
    let names = nth_model::zone::names();
    let near = nth_diagnostics::suggest::nearest(text, names.iter().map(String::as_str));
    Some(match near {
        Some(near) => format!("{unknown}; did you mean `{near}`?"),
        None => format!("{unknown}: expected a name of the IANA database, `Europe/London`"),
    })
}

/// Describes why a text is not a valid label name; `None` if it is. Names that begin with `__` are reserved by Prometheus.
pub fn label_name_problem(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("empty label name".to_owned());
    }
    if text.starts_with("__") {
        return Some(format!(
            "label name `{text}` is reserved: Prometheus uses names that start with `__`"
        ));
    }
    None
}
