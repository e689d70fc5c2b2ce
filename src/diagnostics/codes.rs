//! Every diagnostic code, with its number, slug and own severity.
//!
//! Numbers are never used again. N00xx syntax, N01xx names, N02xx types, N03xx blocks and evaluation,
//! N04xx PromQL, N05xx reliability, N06xx project files and outputs, N07xx the Prometheus target.

use super::Severity;

/// A diagnostic's code.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// `N0101`
    pub id: &'static str,
    /// `unknown-name`
    pub slug: &'static str,
    /// How bad it is unless a project says otherwise.
    pub severity: Severity,
    /// One sentence on what it means, for lists.
    pub summary: &'static str,
    /// The page under `docs/diagnostics`, as Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($($severity:ident $name:ident $id:literal $slug:literal $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub static $name: Code = Code {
                id: $id,
                slug: $slug,
                severity: Severity::$severity,
                summary: $summary,
                page: include_str!(concat!("../../docs/diagnostics/", $id, ".md")),
            };
        )*

        /// All codes, in the order of their numbers.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    Error SYNTAX_BAD_VALUE "N0001" "bad-value" "A value could not be read.";
    Error PROMQL_UNEXPECTED "N0401" "promql-unexpected" "Something stands in a query where PromQL does not allow it.";
    Error PROMQL_UNCLOSED "N0402" "promql-unclosed" "A bracket or a string in a query is never closed.";
    Error PROMQL_MISSING "N0403" "promql-missing" "A query lacks an expression, a label, a value or a duration.";
    Error PROMQL_BAD_STRING "N0404" "promql-bad-string" "A string in a query has an escape that PromQL does not know.";
    Error PROMQL_BAD_NUMBER "N0405" "promql-bad-number" "A number in a query could not be read.";
    Error PROMQL_BAD_DURATION "N0406" "promql-bad-duration" "A duration in a query could not be read, or is not above zero.";
    Error PROMQL_MISPLACED_HOLE "N0407" "promql-misplaced-interpolation" "A value is interpolated into a query where none can stand.";
    Error PROMQL_MISPLACED_MODIFIER "N0408" "promql-misplaced-modifier" "A range, `offset` or `@` stands where it can't apply.";
    Error PROMQL_TOO_DEEP "N0409" "promql-too-deep" "A query is nested too deeply, or too long.";
    Error PROMQL_UNKNOWN_FUNCTION "N0410" "promql-unknown-function" "A query calls a function that PromQL does not have.";
    Error PROMQL_ARGUMENTS "N0411" "promql-argument-count" "A function or an aggregation in a query has too few or too many arguments.";
    Error PROMQL_TYPE "N0412" "promql-type" "A part of a query has another type than is wanted there.";
    Error PROMQL_BOOL "N0413" "promql-bool" "`bool` is missing between two scalars, or stands after an operator that does not compare.";
    Error PROMQL_MATCHING "N0414" "promql-vector-matching" "`on`, `ignoring`, `group_left` or `group_right` stands where it can't apply.";
    Error PROMQL_BAD_REGEX "N0415" "promql-bad-regex" "A regular expression in a query could not be read.";
    Error PROMQL_SELECTS_ALL "N0416" "promql-selects-everything" "A selector without a metric name has no matcher that leaves anything out.";
    Error PROMQL_NAME_TWICE "N0417" "promql-metric-name-twice" "A selector names its metric twice.";
    Error PROMQL_SET_OPERATOR "N0418" "promql-set-operator" "`and`, `or` or `unless` has a number on one of its sides.";
    Error PROMQL_UNKNOWN_VARIABLE "N0419" "promql-unknown-variable" "A query uses a variable other than `$window`, or `$window` where no duration can stand.";
    Error PROMQL_LABEL_NAME "N0420" "promql-label-name" "A word stands for a label that can't be one unless it is quoted.";
    Error PROMQL_HOLE_TYPE "N0421" "promql-interpolation-type" "A value that is interpolated into a query has another type than is wanted there.";
    Warning PROMQL_EXPERIMENTAL "N0422" "promql-experimental" "A query uses what Prometheus has switched off unless a feature flag is set.";
    Error PROJECT_MANIFEST_SYNTAX "N0601" "manifest-syntax" "`nth.toml` is not well-formed TOML.";
    Error PROJECT_UNKNOWN_SETTING "N0602" "unknown-setting" "`nth.toml` has a table or key that means nothing.";
    Error PROJECT_BAD_SETTING "N0603" "bad-setting" "A value in `nth.toml` has the wrong type or cannot be used.";
    Error PROJECT_MISSING_SETTING "N0604" "missing-setting" "`nth.toml` lacks a key that it must have.";
    Error PROJECT_MISSING_PACKAGE "N0605" "missing-package" "A dependency's folder has no `nth.toml`.";
    Error PROJECT_PACKAGE_CYCLE "N0606" "package-cycle" "Packages depend on one another in a circle.";
    Error PROJECT_PACKAGE_NAME "N0607" "package-name" "A package is imported under a name that is not its own.";
    Error PROJECT_NOT_UTF8 "N0608" "not-utf8" "A source file is not UTF-8.";
    Error PROJECT_BAD_MODULE_NAME "N0609" "bad-module-name" "A source file's path cannot be a module's name.";
    Error PROJECT_MODULE_COLLISION "N0610" "module-collision" "Two modules would have the same name.";
    Error OUTPUT_FOREIGN_FILE "N0620" "foreign-file" "A file that no build wrote stands where one would be written.";
    Error OUTPUT_BAD_RECORD "N0621" "bad-build-record" "The record of the files that builds wrote cannot be read.";
    Error OUTPUT_UNSAFE_PATH "N0622" "unsafe-output-path" "A file would be written outside of the output folder.";
    Error OUTPUT_OTHER_PROJECT "N0623" "other-project-output" "The output folder belongs to another project.";
    Error OUTPUT_COLLISION "N0624" "output-collision" "Two files would be written to the same path.";
    Warning OUTPUT_EDITED_FILE "N0625" "edited-output" "A file that a build wrote was edited by hand.";
}
