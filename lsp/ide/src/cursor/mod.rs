//! What stands around a cursor in text that is being typed: which names are known, and what is wanted there.
//!
//! The compiler's own reading of a half-typed statement says that something is missing, not what could come; so the words
//! before the cursor are read here once more, forgivingly. What names mean is asked of the compiler.

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
