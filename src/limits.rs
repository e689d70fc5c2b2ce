//! How much of everything there may be: the bounds that keep a compilation within a second and half a gigabyte, whatever a
//! file says. Each is far above what a project of ten thousand services needs, and is met by a diagnostic that names the place
//! and the count. `docs/limits.md` lists them.

/// The longest source file, in bytes.
pub const FILE_BYTES: usize = 2 * 1024 * 1024;

/// How many line ends and commas a source file may have: statements and elements, roughly.
pub const FILE_PARTS: usize = 50_000;

/// How many top-level items a source file may have.
pub const FILE_ITEMS: usize = 2_000;

/// The longest `nth.toml`, in bytes.
pub const MANIFEST_BYTES: u64 = 1 << 20;

/// The longest lock file of metrics, in bytes: some ten thousand services with hundreds of metrics each.
pub const LOCK_BYTES: u64 = 256 << 20;

/// The longest OpenSLO document that is imported, and the longest policy that a gate is asked by, in bytes.
pub const DOCUMENT_BYTES: u64 = 16 << 20;

/// How many diagnostics of a file are shown; one more says how many there are besides.
pub const DIAGNOSTICS: usize = 1_000;

/// How many characters of a line a message or a snippet shows.
pub const SHOWN: usize = 200;

/// How much a list may hold: its elements, and what is in them; text counts by 64 bytes.
pub const LIST: usize = 20_000;

/// The longest text that an expression gives, in bytes.
pub const TEXT: usize = 1024 * 1024;

/// The largest query, in operators, calls, selectors, matchers and numbers.
pub const QUERY: usize = 2_000;

/// The longest text of a query, in bytes.
pub const QUERY_TEXT: usize = 128 * 1024;

/// How much the queries of one top-level item come to, counted like [`QUERY`].
pub const QUERIES: usize = 50_000;

/// How many blocks a top-level item may make, with all that its templates and loops add.
pub const BLOCKS: usize = 10_000;

/// How many steps the evaluation of one top-level item takes: an expression is one, and so is each 64 bytes of text, each
/// element of a list, each operator of a query, each statement of a body that a loop or a template repeats.
pub const STEPS: u64 = 4_000_000;

/// How many more a rule may take for each block of the project.
pub const STEPS_OF_RULE: u64 = 10_000;

/// How many steps all items of a file may take together in an environment, besides [`STEPS_OF_ITEM`] for each of them.
pub const STEPS_OF_FILE: u64 = 4_000_000;

/// The steps of an item that do not count toward [`STEPS_OF_FILE`]: a service as people write it takes up to eight thousand.
pub const STEPS_OF_ITEM: u64 = 20_000;

/// How many top-level items a value or a base may go through to what it is made of.
pub const REFERENCES: usize = 256;

/// How deep expressions may be in one another while they are evaluated, through the names in them.
pub const EVALUATIONS: usize = 2_000;
