//! Limits of the text that is read, and of the diagnostics that are shown. The limits of evaluation are in the crates
//! above.

use super::{Diagnostic, codes, text};

/// The longest source file, in bytes.
pub const FILE_BYTES: usize = 2 * 1024 * 1024;

/// The largest number of line ends and commas in a source file: roughly statements and elements.
pub const FILE_PARTS: usize = 50_000;

/// The largest number of top-level items in a source file.
pub const FILE_ITEMS: usize = 2_000;

/// The largest number of diagnostics of a file that are shown; one more gives the number of the others.
pub const DIAGNOSTICS: usize = 1_000;

/// The largest number of characters of a line in a message or a snippet.
pub const SHOWN: usize = 200;

/// The diagnostic in place of those that are not shown.
pub fn more_diagnostics<S>(more: usize, place: S) -> Diagnostic<S> {
    Diagnostic::new(
        &codes::MORE_DIAGNOSTICS,
        format!(
            "{} in this file not shown",
            text::count(more, "more diagnostic")
        ),
        place,
    )
    .label("last diagnostic shown")
    .help("fix the first ones: later ones may be caused by them")
}
