//! The types of the language.

use std::fmt;

use smol_str::SmolStr;

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ty {
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `percent`
    Percent,
    /// `duration`
    Duration,
    /// `size`
    Size,
    /// `rate`
    Rate,
    /// `string`
    String,
    /// `text`: a string of an alert, which may contain `${value}` and `${labels.x}`
    Text,
    /// `markdown`
    Markdown,
    /// `url`
    Url,
    /// `email`
    Email,
    /// `date`, `"2026-12-20"`
    Date,
    /// `date-time`, `"2026-12-20 22:00"`
    DateTime,
    /// `time-zone`, a name of the IANA database
    TimeZone,
    /// `label-name`: a name, with or without quotes
    LabelName,
    /// `time-of-day`
    TimeOfDay,
    /// `time-of-week`
    TimeOfWeek,
    /// `labels`
    Labels,
    /// `matchers`: labels with the operators of a selector
    Matchers,
    /// `annotations`: labels whose values are texts
    Annotations,
    /// `gate-condition`: a bool that is only known when the gate is evaluated
    GateCondition,
    /// `selector`
    Selector,
    /// `vector`
    Vector,
    /// `windowed`
    Windowed,
    /// `condition`
    Condition,
    /// `logql`: the condition of an alert on logs
    Logql,
    /// An enum by name.
    Enum(SmolStr),
    /// A reference to a block of that kind.
    Ref(SmolStr),
    /// `list<T>`
    List(Box<Ty>),
    /// `T?`
    Optional(Box<Ty>),
    /// `A | B`
    Union(Vec<Ty>),
    /// `one sli`, `one sli?`: exactly one nested block of that kind, or at most one if the flag is false.
    One(SmolStr, bool),
    /// Any type. Also used after an unknown type, to avoid further errors.
    Any,
}

impl Ty {
    /// Returns the built-in type of a name.
    pub fn builtin(name: &str) -> Option<Self> {
        BUILTIN
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, ty, _)| ty.clone())
    }

    /// The type without `?`.
    pub fn required(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner,
            other => other,
        }
    }

    /// Returns the element type of a list that is expected to have this type: this one's, or that of the first list in a union.
    pub fn list(&self) -> Option<&Self> {
        match self {
            Self::List(_) => Some(self),
            Self::Union(members) => members.iter().find_map(Self::list),
            _ => None,
        }
    }

    /// True if the value is optional.
    pub fn is_optional(&self) -> bool {
        matches!(self, Self::Optional(_) | Self::One(_, false))
    }

    /// The type with its article, for a sentence: "a duration", "an email address", "a selector or a windowed query".
    pub fn phrase(&self) -> String {
        match self {
            Self::Labels => "a set of labels".to_owned(),
            Self::Matchers => "a set of matchers".to_owned(),
            Self::Annotations => "a set of annotations".to_owned(),
            Self::Windowed => "a windowed query".to_owned(),
            Self::Logql => "a LogQL expression".to_owned(),
            Self::Any => "a value".to_owned(),
            Self::Optional(inner) => inner.phrase(),
            Self::Union(members) => match members.as_slice() {
                // A union of a type and its list: one value, or several.
                [ones @ .., Self::List(several)] if matches!(&**several, Self::Union(members) if members == ones) =>
                {
                    let ones: Vec<String> = ones.iter().map(Self::phrase).collect();
                    format!("{} or a list of them", ones.join(", "))
                }
                members => {
                    let members: Vec<String> = members.iter().map(Self::phrase).collect();
                    members.join(" or ")
                }
            },
            other => {
                let noun = other.to_string();
                let noun = match noun.as_str() {
                    "percent" => "percentage",
                    "email" => "email address",
                    "url" => "URL",
                    "vector" => "query of type instant vector",
                    "date-time" => "date and time",
                    "time-zone" => "time zone",
                    "label-name" => "label name",
                    "time-of-day" => "time of day",
                    "time-of-week" => "time of the week",
                    "gate-condition" => "gate condition",
                    other => other,
                };
                format!("{} {noun}", article(noun))
            }
        }
    }

    /// True if it is a type of queries.
    pub fn is_query(&self) -> bool {
        match self {
            Self::Selector | Self::Vector | Self::Windowed | Self::Condition => true,
            Self::Optional(inner) => inner.is_query(),
            Self::Union(members) => members.iter().any(Self::is_query),
            _ => false,
        }
    }
}

/// Returns "a" or "an" by pronunciation: an alert, an SLO, a unit.
pub fn article(word: &str) -> &'static str {
    let vowel = word.starts_with(['a', 'e', 'i', 'o', 'u'])
        && !["url", "one", "unit"]
            .iter()
            .any(|spoken| word.starts_with(spoken));
    if vowel || matches!(word, "slo" | "sli") {
        "an"
    } else {
        "a"
    }
}

/// The built-in types: name, type and description.
pub const BUILTIN: &[(&str, Ty, &str)] = &[
    ("bool", Ty::Bool, "`true` or `false`"),
    ("number", Ty::Number, "a decimal number, exact: `42`, `0.5`"),
    ("percent", Ty::Percent, "a percentage: `99.95%`"),
    (
        "duration",
        Ty::Duration,
        "a duration: `300ms`, `1h30m`, `28d`",
    ),
    ("size", Ty::Size, "a number of bytes: `512MiB`"),
    ("rate", Ty::Rate, "events per unit of time: `100/s`"),
    (
        "string",
        Ty::String,
        "text, with `${…}` for values known at compile time",
    ),
    (
        "text",
        Ty::Text,
        "alert text, which can also show `${value}` and `${labels.x}`",
    ),
    ("markdown", Ty::Markdown, "Markdown text"),
    ("url", Ty::Url, "an `http` or `https` URL"),
    ("email", Ty::Email, "an email address"),
    ("date", Ty::Date, "a date: `\"2026-12-20\"`"),
    (
        "date-time",
        Ty::DateTime,
        "a date and time: `\"2026-12-20 22:00\"`",
    ),
    (
        "time-zone",
        Ty::TimeZone,
        "an IANA time zone: `\"Europe/London\"`",
    ),
    (
        "label-name",
        Ty::LabelName,
        "a label name: `method` or `\"http.method\"`",
    ),
    ("time-of-day", Ty::TimeOfDay, "a time of day: `09:00`"),
    (
        "time-of-week",
        Ty::TimeOfWeek,
        "a day and time of day: `mon 09:00`",
    ),
    (
        "labels",
        Ty::Labels,
        "label names and values: `{ job = \"checkout\" }`",
    ),
    (
        "matchers",
        Ty::Matchers,
        "label names with matchers, `=`, `!=`, `=~` or `!~`: `{ job =~ \"web-.*\" }`; labels are accepted \
        too",
    ),
    ("annotations", Ty::Annotations, "annotation names and texts"),
    (
        "gate-condition",
        Ty::GateCondition,
        "a condition that is evaluated when the gate runs",
    ),
    (
        "selector",
        Ty::Selector,
        "one metric with matchers and no function: `` `http_requests_total{code=~\"5..\"}` ``",
    ),
    (
        "vector",
        Ty::Vector,
        "a PromQL expression of type instant vector",
    ),
    (
        "windowed",
        Ty::Windowed,
        "a PromQL expression that uses `$window`",
    ),
    (
        "condition",
        Ty::Condition,
        "a PromQL expression that returns series while it holds, for an alert: `` `max(queue_depth) > \
        1000` ``",
    ),
    (
        "logql",
        Ty::Logql,
        "a LogQL expression that returns samples while it holds: `` `sum(rate({job=\"checkout\"}[5m])) > 10` ``",
    ),
];

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enum(name) | Self::Ref(name) => write!(f, "{name}"),
            Self::List(inner) if **inner == Self::Any => write!(f, "list"),
            Self::List(inner) => write!(f, "list<{inner}>"),
            Self::Optional(inner) => match **inner {
                Self::Union(_) => write!(f, "({inner})?"),
                _ => write!(f, "{inner}?"),
            },
            Self::Union(members) => {
                for (number, member) in members.iter().enumerate() {
                    if number > 0 {
                        write!(f, " | ")?;
                    }
                    write!(f, "{member}")?;
                }
                Ok(())
            }
            Self::One(kind, required) => {
                write!(f, "one {kind}{}", if *required { "" } else { "?" })
            }
            Self::Any => write!(f, "any"),
            other => match BUILTIN.iter().find(|(_, ty, _)| ty == other) {
                Some((name, ..)) => write!(f, "{name}"),
                None => write!(f, "any"),
            },
        }
    }
}
