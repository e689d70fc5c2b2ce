//! Values, and evaluated blocks.

mod matchers;

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::db::Span;
use crate::maps::NameMap;

pub use crate::db::BlockRef;
use crate::schema::Ty;
use crate::schema::names::field;
pub use matchers::Matchers;
use nth_model::{Resolution, Text, TextPart};
use nth_promql::{self as promql, LabelMatchers};
use nth_syntax::tree::{BinaryOp, TimeOfDay, TimeOfWeek, UnaryOp};

/// The candidate that provides a signal, and the labels it was looked up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The candidate, of those in `any_of`.
    pub resolution: Resolution,
    /// The matchers that are added to the queries of its block.
    pub scope: LabelMatchers,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `true`
    Bool(bool),
    /// `0.5`
    Number(Decimal),
    /// `99.95%`, stored as 99.95
    Percent(Decimal),
    /// `5m`, in milliseconds
    Duration(u64),
    /// `512MiB`, in bytes
    Size(Decimal),
    /// `100/s`, in events per hour
    Rate(Decimal),
    /// Text known at compile time.
    String(String),
    /// Text with placeholders that are filled in when an alert fires, and the label and place of each label placeholder.
    Text(Text, Arc<Vec<(SmolStr, Span)>>),
    /// `09:00`
    TimeOfDay(TimeOfDay),
    /// `mon 09:00`
    TimeOfWeek(TimeOfWeek),
    /// A member of an enum.
    Enum(SmolStr, SmolStr),
    /// A block.
    Block(BlockRef),
    /// A list.
    List(Vec<Value>),
    /// Labels, or annotations.
    Labels(BTreeMap<SmolStr, Value>),
    /// Matchers of labels.
    Matchers(Matchers),
    /// A query.
    Query(Query),
    /// A value that is only known at run time, with its type.
    Runtime(Runtime, Ty),
    /// A value of this type that is unknown here, in the body of a template.
    Unknown(Ty),
    /// Not set.
    None,
    /// Invalid, and already reported.
    Error,
}

/// A query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The tree, without interpolations. Shared, because values are copied often and trees hardly ever change.
    pub expr: Arc<promql::Expr>,
    /// True if the labels of the scope were added, or must not be.
    pub scoped: bool,
    /// The known shape of the query, for messages and interpolations.
    pub shape: Shape,
    /// The place of its text.
    pub span: Span,
    /// The signals in it without a metric: the catalog has none of their candidates. The tree contains their first candidate.
    pub missing: Arc<Vec<BlockRef>>,
}

/// The shape of a query, from the narrowest to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One metric with matchers.
    Selector,
    /// A query that depends on `$window`.
    Windowed,
    /// A comparison that filters.
    Condition,
    /// An instant vector.
    Vector,
    /// A number.
    Scalar,
    /// Unknown, because of an interpolation of a template's parameter.
    Unknown,
}

/// An expression that is evaluated at run time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runtime {
    /// A call of a run-time function.
    Call(Call),
    /// `not x`
    Unary(UnaryOp, Box<Value>),
    /// `a < b`, with the place of the expression.
    Binary(BinaryOp, Box<Value>, Box<Value>, Span),
}

/// A call of a run-time function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The function's name.
    pub function: SmolStr,
    /// All of its arguments, in the order of the parameters.
    pub args: Vec<CallArg>,
    /// Its place.
    pub span: Span,
}

/// An argument of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallArg {
    /// The parameter's name.
    pub name: SmolStr,
    /// The value.
    pub value: Value,
    /// Its place, or that of the call if it is the parameter's default.
    pub span: Span,
}

impl Value {
    /// True if an error was already reported for it.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error | Self::Unknown(Ty::Any))
    }

    /// True if it cannot be computed with: unknown, only known at run time, or invalid.
    pub fn is_opaque(&self) -> bool {
        matches!(self, Self::Error | Self::Unknown(_) | Self::Runtime(..))
    }

    /// Returns its type.
    pub fn ty(&self) -> Ty {
        match self {
            Self::Bool(_) => Ty::Bool,
            Self::Number(_) => Ty::Number,
            Self::Percent(_) => Ty::Percent,
            Self::Duration(_) => Ty::Duration,
            Self::Size(_) => Ty::Size,
            Self::Rate(_) => Ty::Rate,
            Self::String(_) => Ty::String,
            Self::Text(..) => Ty::Text,
            Self::TimeOfDay(_) => Ty::TimeOfDay,
            Self::TimeOfWeek(_) => Ty::TimeOfWeek,
            Self::Enum(name, _) => Ty::Enum(name.clone()),
            Self::Block(block) => Ty::Ref(block.kind.clone()),
            Self::List(items) => Ty::List(Box::new(items.first().map_or(Ty::Any, Self::ty))),
            Self::Labels(_) => Ty::Labels,
            Self::Matchers(_) => Ty::Matchers,
            Self::Query(query) => match query.shape {
                Shape::Selector => Ty::Selector,
                Shape::Windowed => Ty::Windowed,
                Shape::Condition => Ty::Condition,
                Shape::Vector | Shape::Unknown => Ty::Vector,
                Shape::Scalar => Ty::Number,
            },
            Self::Runtime(_, ty) | Self::Unknown(ty) => ty.clone(),
            Self::None | Self::Error => Ty::Any,
        }
    }

    /// Formats the value as source text, for messages and interpolations in strings. `None` if it has no such form.
    pub fn show(&self) -> Option<String> {
        Some(match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.normalize().to_string(),
            Self::Percent(value) => format!("{}%", value.normalize()),
            Self::Duration(milliseconds) => show_duration(*milliseconds),
            Self::Size(bytes) => show_size(*bytes),
            Self::Rate(per_hour) => show_rate(*per_hour),
            Self::String(text) => text.clone(),
            Self::Text(text, _) => match text.parts.as_slice() {
                [] => String::new(),
                [TextPart::Literal(text)] => text.clone(),
                _ => return None,
            },
            Self::TimeOfDay(time) => format!("{:02}:{:02}", time.hour, time.minute),
            Self::TimeOfWeek(time) => format!(
                "{} {:02}:{:02}",
                DAYS.get(usize::from(time.day)).copied().unwrap_or("mon"),
                time.hour,
                time.minute
            ),
            Self::Enum(_, member) => member.to_string(),
            Self::Block(block) => block.name.to_string(),
            Self::List(items) => items
                .iter()
                .map(Self::show)
                .collect::<Option<Vec<_>>>()?
                .join(", "),
            Self::Query(query) => query.expr.to_string(),
            Self::Labels(_)
            | Self::Matchers(_)
            | Self::Runtime(..)
            | Self::Unknown(_)
            | Self::None
            | Self::Error => {
                return None;
            }
        })
    }
}

/// The days of the week in source text, from Monday.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Formats a duration in milliseconds as source text: `1h30m`.
pub fn show_duration(milliseconds: u64) -> String {
    if milliseconds == 0 {
        return "0s".to_owned();
    }
    let mut rest = milliseconds;
    let mut text = String::new();
    for (unit, size) in [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ] {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    text
}

fn show_size(bytes: Decimal) -> String {
    let kibi = Decimal::from(1024);
    let mut value = bytes;
    let mut unit = "B";
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if value.is_zero() || value < kibi || !(value % kibi).is_zero() {
            break;
        }
        value /= kibi;
        unit = next;
    }
    format!("{}{unit}", value.normalize())
}

fn show_rate(per_hour: Decimal) -> String {
    for (divisor, unit) in [(3600, "s"), (60, "m")] {
        let value = per_hour / Decimal::from(divisor);
        if value.scale() <= 6 {
            return format!("{}/{unit}", value.normalize());
        }
    }
    format!("{}/h", per_hour.normalize())
}

/// An evaluated block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its kind, `sli`.
    pub kind: SmolStr,
    /// The variant of the kind, `ratio`.
    pub variant: Option<SmolStr>,
    /// Its name; empty for a kind whose blocks have no name.
    pub name: SmolStr,
    /// Its doc comment.
    pub doc: Option<SmolStr>,
    /// True if a part of it or of its base has an error that was reported, so that missing fields are not.
    pub incomplete: bool,
    /// The place of its kind, name and base.
    pub head: Span,
    /// For a block of a template, the places of the bases that instantiate it, outermost last.
    pub trail: Vec<Span>,
    /// Its fields, in the order of the schema, without those in [`unset`](Self::unset).
    pub fields: NameMap<FieldValue>,
    /// The optional fields without a default that are not set. Those that the project added are among the fields.
    pub unset: Box<[SmolStr]>,
    /// Its child blocks, in order.
    pub children: Vec<Instance>,
    /// The metric that provides it, if it is a signal with candidates.
    pub resolved: Option<Box<Resolved>>,
}

/// A field's value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldValue {
    /// The value.
    pub value: Value,
    /// The place of its expression, or of the schema's default.
    pub span: Span,
    /// True if it was set, false for the schema's default.
    pub explicit: bool,
    /// True if the project added the field to its kind.
    pub extension: bool,
    /// For labels and annotations, the place of each.
    pub places: Option<Arc<BTreeMap<SmolStr, Span>>>,
}

impl Instance {
    /// Returns a field's value, or [`Value::None`] if it is not set.
    pub fn get(&self, field: &str) -> &Value {
        self.fields
            .get(field)
            .map_or(&Value::None, |field| &field.value)
    }

    /// Returns the place of a field, or else of the block's head.
    pub fn span_of(&self, field: &str) -> Span {
        self.fields
            .get(field)
            .filter(|field| field.explicit)
            .map_or(self.head, |field| field.span)
    }

    /// Returns the place of a label in a field, or else of the field.
    pub fn span_of_label(&self, field: &str, label: &str) -> Span {
        let field_value = self.fields.get(field);
        field_value
            .and_then(|value| value.places.as_ref()?.get(label).copied())
            .unwrap_or_else(|| self.span_of(field))
    }

    /// Maps a place of a nested block to the text of this top-level block: the place itself, or else the place that instantiates
    /// the nested block.
    pub fn place_of(&self, block: &Self, wanted: Span) -> Span {
        let uses = block.trail.iter().copied();
        [wanted, block.head]
            .into_iter()
            .chain(uses)
            .find(|span| span.item == self.head.item)
            .unwrap_or(self.head)
    }

    /// The block that a `dependency` is: a service, or a dependency at the top level that services share; with the field that says
    /// so. `None` if it is neither.
    pub fn depended_on(&self) -> Option<(&'static str, &BlockRef)> {
        [field::SHARED, field::SERVICE]
            .into_iter()
            .find_map(|name| match self.get(name) {
                Value::Block(block) => Some((name, block)),
                _ => None,
            })
    }

    /// Iterates over the child blocks of a kind.
    pub fn children_of(&self, kind: &str) -> impl Iterator<Item = &Instance> {
        self.children.iter().filter(move |child| child.kind == kind)
    }
}
