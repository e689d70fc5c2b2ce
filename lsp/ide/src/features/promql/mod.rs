//! Half-typed queries: their tokens, what is expected at the cursor, and the metrics that a project uses.

pub mod lex;
pub mod place;
pub mod used;
