//! What is computed at compile time: functions of expressions, and what an alert's text may show.

/// A function that the compiler computes, or a hole of an alert's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileTime {
    /// Its name.
    pub name: &'static str,
    /// How it is written.
    pub signature: &'static str,
    /// What it gives, in a sentence or two.
    pub doc: &'static str,
}

/// The functions that are computed at compile time.
pub const COMPILE_TIME: &[CompileTime] = &[
    CompileTime {
        name: "unscoped",
        signature: "unscoped(query)",
        doc: "The query as it is written: no block's `selector` and no environment's labels are added to it.",
    },
    CompileTime {
        name: "matching",
        signature: "matching(selector, label: label-name, regex: string) -> selector",
        doc: "The selector with one more matcher: the label matches the regular expression, which is anchored at both ends.",
    },
    CompileTime {
        name: "not-matching",
        signature: "not-matching(selector, label: label-name, regex: string) -> selector",
        doc: "The selector with one more matcher: the label does not match the regular expression.",
    },
    CompileTime {
        name: "length",
        signature: "length(list) -> number",
        doc: "How many elements a list has.",
    },
    CompileTime {
        name: "join",
        signature: "join(list, separator: string) -> string",
        doc: "The elements as text, with the separator between them.",
    },
    CompileTime {
        name: "environment",
        signature: "environment() -> environment",
        doc: "The environment that is built: `environment() == staging`.",
    },
];

/// What stands between `${` and `}` in a `text` and is filled in when the alert fires.
pub const IN_TEXTS: &[CompileTime] = &[
    CompileTime {
        name: "value",
        signature: "${value}",
        doc: "The value of the alert's condition, with SI prefixes: `1.2k`.",
    },
    CompileTime {
        name: "labels",
        signature: "${labels.instance}",
        doc: "The value of a label of the series that is in trouble. A name with a dot in it stands in brackets: `${labels[\"host.name\"]}`.",
    },
    CompileTime {
        name: "external",
        signature: "${external.cluster}",
        doc: "The value of an external label of the Prometheus that evaluates the rule; empty where it has none of that name.",
    },
    CompileTime {
        name: "percentage",
        signature: "${percentage(value)}",
        doc: "The value as a percentage: 0.25 is `25%`.",
    },
    CompileTime {
        name: "duration",
        signature: "${duration(value)}",
        doc: "The value, in seconds, as a length of time: 90 is `1m 30s`.",
    },
    CompileTime {
        name: "bytes",
        signature: "${bytes(value)}",
        doc: "The value, in bytes, with binary prefixes: 1024 is `1ki`.",
    },
    CompileTime {
        name: "round",
        signature: "${round(value)}",
        doc: "The value as a whole number without a prefix: 1234.5 is `1234`.",
    },
];
