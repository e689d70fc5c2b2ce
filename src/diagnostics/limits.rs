//! How much of a text is read, and how much of what is said of it is shown. How much may be made of it is limited above.

use super::{Diagnostic, codes, text};

/// The longest source file, in bytes.
pub const FILE_BYTES: usize = 2 * 1024 * 1024;

/// How many line ends and commas a source file may have: statements and elements, roughly.
pub const FILE_PARTS: usize = 50_000;

/// How many top-level items a source file may have.
pub const FILE_ITEMS: usize = 2_000;

/// How many diagnostics of a file are shown; one more says how many there are besides.
pub const DIAGNOSTICS: usize = 1_000;

/// How many characters of a line a message or a snippet shows.
pub const SHOWN: usize = 200;

/// What is said in the place of the diagnostics that are not shown.
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
