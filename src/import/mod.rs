//! From other formats to `.nth`. What is read here was written for another program: it is held against that program's own
//! rules first, and what `.nth` can't say is told at the line that says it.

pub mod openslo;
mod yaml;
