//! The syntactic context of a cursor in text that is being typed: the names in scope, and what is expected.
//!
//! The compiler's parser reports what is missing in a half-typed statement, not what could follow. So the words
//! before the cursor are read again here, leniently. The meaning of names comes from the compiler.

pub mod bases;
pub mod calls;
mod enter;
pub mod infer;
pub mod lines;
pub mod place;
pub mod read;
pub mod scope;
pub mod statement;
pub mod tokens;
mod walk;
