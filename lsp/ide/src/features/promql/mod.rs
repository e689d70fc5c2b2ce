//! Queries while they are typed: their words, what is wanted at the cursor, and the metrics that a project names.

pub mod lex;
pub mod place;
pub mod used;
