//! Import of other formats to `.nth`. The input is first validated by the rules of its own program; anything that `.nth`
//! cannot express is reported at its line.

pub mod openslo;
