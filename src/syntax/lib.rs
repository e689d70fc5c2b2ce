#![forbid(unsafe_code)]
//! The syntax of `.nth`: parser, syntax errors and formatter. This crate does not know names or types.

mod builder;
pub mod codes;
pub mod comments;
mod declarations;
mod diagnose;
mod expr;
mod format;
mod literals;
mod parse;
mod reparse;
mod statements;
pub mod structure;
pub mod tree;

pub use diagnose::diagnose;
pub use format::{Unformatted, format, try_format};
pub use parse::parse;
pub use reparse::reparse;

/// The maximum depth of nested braces, brackets and interpolations. Deeper text is one [`tree::SyntaxErrorKind::TooDeep`], so
/// that code that traverses the tree cannot overflow its stack.
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
mod reparse_tests;
#[cfg(test)]
mod tests;
