//! Limits that keep a compilation within a second and half a gigabyte, for any input. Each is far above the needs of a project
//! with ten thousand services. Exceeding one is reported with the place and the count. `docs/limits.md` lists them.

pub use nth_diagnostics::limits::*;

/// The maximum size of `nth.toml`, in bytes.
pub const MANIFEST_BYTES: u64 = 1 << 20;

/// The maximum size of the metric lock file, in bytes: about ten thousand services with hundreds of metrics each.
pub const LOCK_BYTES: u64 = 256 << 20;

/// The maximum size of an imported OpenSLO document, and of a policy that evaluates a gate, in bytes.
pub const DOCUMENT_BYTES: u64 = 16 << 20;

/// The maximum size of a list: its elements and all that they contain. Each 64 bytes of text count as one.
pub const LIST: usize = 20_000;

/// The maximum size of a text value, in bytes.
pub const TEXT: usize = 1024 * 1024;

/// The maximum size of a query, in operators, calls, selectors, matchers and numbers.
pub const QUERY: usize = 2_000;

/// The maximum size of a query's text, in bytes.
pub const QUERY_TEXT: usize = 128 * 1024;

/// The maximum total size of the queries of one top-level item, counted like [`QUERY`].
pub const QUERIES: usize = 50_000;

/// The maximum number of blocks of a top-level item, including those of templates and loops.
pub const BLOCKS: usize = 10_000;

/// The maximum number of evaluation steps of one top-level item. One step is an expression, 64 bytes of text, an element of a
/// list, an operator of a query, or a statement of a body that a loop or template repeats.
pub const STEPS: u64 = 4_000_000;

/// The additional steps of a rule for each block of the project.
pub const STEPS_OF_RULE: u64 = 10_000;

/// The maximum number of steps of all items of a file in an environment, beyond [`STEPS_OF_ITEM`] for each.
pub const STEPS_OF_FILE: u64 = 4_000_000;

/// The steps of an item that do not count toward [`STEPS_OF_FILE`]. A typical service takes up to eight thousand.
pub const STEPS_OF_ITEM: u64 = 20_000;

/// The maximum length of a chain of references from a value or base through other top-level items.
pub const REFERENCES: usize = 256;

/// The maximum depth of nested evaluations, through the names in expressions.
pub const EVALUATIONS: usize = 2_000;
