//! Compile-time functions of expressions, and the placeholders in an alert's texts.

/// A function that the compiler evaluates, or a placeholder in an alert's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileTime {
    /// Its name.
    pub name: &'static str,
    /// Its signature.
    pub signature: &'static str,
    /// Its documentation, in one or two sentences.
    pub doc: &'static str,
}

/// The functions that are evaluated at compile time.
pub const COMPILE_TIME: &[CompileTime] = &[
    CompileTime {
        name: "unscoped",
        signature: "unscoped(query)",
        doc: "The query as written: neither the block's `selector` nor the environment's labels are \
            added.",
    },
    CompileTime {
        name: "matching",
        signature: "matching(selector, label: label-name, regex: string) -> selector",
        doc: "The selector with one more matcher: the label matches the regular expression, anchored at \
            both ends.",
    },
    CompileTime {
        name: "not-matching",
        signature: "not-matching(selector, label: label-name, regex: string) -> selector",
        doc: "The selector with one more matcher: the label does not match the regular expression.",
    },
    CompileTime {
        name: "length",
        signature: "length(list) -> number",
        doc: "The number of elements in the list.",
    },
    CompileTime {
        name: "join",
        signature: "join(list, separator: string) -> string",
        doc: "The elements as text, joined by the separator.",
    },
    CompileTime {
        name: "environment",
        signature: "environment() -> environment",
        doc: "The environment being built: `environment() == staging`.",
    },
];

/// The placeholders between `${` and `}` in a `text`, which are filled in when the alert fires.
pub const IN_TEXTS: &[CompileTime] = &[
    CompileTime {
        name: "value",
        signature: "${value}",
        doc: "The value of the alert's condition, with SI prefixes: `1.2k`.",
    },
    CompileTime {
        name: "labels",
        signature: "${labels.instance}",
        doc: "The value of a label of the firing series. Write a name with a dot in brackets: \
            `${labels[\"host.name\"]}`.",
    },
    CompileTime {
        name: "external",
        signature: "${external.cluster}",
        doc: "The value of an external label of the Prometheus that evaluates the rule; empty if it has \
            no such label.",
    },
    CompileTime {
        name: "percentage",
        signature: "${percentage(value)}",
        doc: "The value as a percentage: 0.25 is `25%`.",
    },
    CompileTime {
        name: "duration",
        signature: "${duration(value)}",
        doc: "The value, in seconds, as a duration: 90 is `1m 30s`.",
    },
    CompileTime {
        name: "bytes",
        signature: "${bytes(value)}",
        doc: "The value, in bytes, with binary prefixes: 1024 is `1ki`.",
    },
    CompileTime {
        name: "round",
        signature: "${round(value)}",
        doc: "The value as an integer without a prefix: 1234.5 is `1234`.",
    },
];
