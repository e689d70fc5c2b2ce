//! Turns an incident of the history into a test: the bad share of an SLO in few pieces, and what the rules did.

mod pieces;
mod text;

pub use pieces::{Level, Measured, Piece, pieces};
pub use text::{Recording, text};
