//! Renders documents. Nothing here reads or writes a file, and all formats order, group and word the changes alike: the
//! sections come from `groups`, the texts from `words`.

pub mod github;
mod groups;
pub mod ids;
pub mod json;
pub mod markdown;
pub mod page;
pub mod sarif;
pub mod short;
pub mod summary;
pub mod terminal;
mod text;
mod words;

pub use words::{compared, counts};

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
