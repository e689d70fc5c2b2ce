#![forbid(unsafe_code)]
//! Owns the text of `.nth`: text to tree and back, by the parser, its errors and the formatter. Nothing here knows names or types.

mod builder;
pub mod codes;
pub mod comments;
mod declarations;
mod diagnose;
mod expr;
mod format;
mod literals;
mod parse;
mod statements;
pub mod structure;
pub mod tree;

pub use diagnose::diagnose;
pub use format::{Unformatted, format, try_format};
pub use parse::parse;

/// How many braces, brackets and holes may stand inside one another. Deeper text gives one
/// [`tree::SyntaxErrorKind::TooDeep`], so that no reader of the tree has to fear for its stack.
pub const MAX_DEPTH: usize = 64;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod outline;
#[cfg(test)]
mod page_tests;
#[cfg(test)]
mod tests;
