#![forbid(unsafe_code)]
//! Owns what the text of a project means: names, kinds, values, checks, and the model of each service. Everything is a query of one
//! item, and [`session::Session`] asks them of a whole workspace.

pub mod check;
pub mod codes;
pub mod coverage;
pub mod db;
pub mod eval;
pub mod judge;
pub mod levels;
pub mod limits;
pub mod lower;
pub mod resolve;
pub mod schema;
pub mod session;
pub mod stack;
