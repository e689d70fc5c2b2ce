#![forbid(unsafe_code)]
//! Analyzes the sources of a project: names, kinds, values, checks, and the model of each service. Everything is a query of one
//! item; [`session::Session`] runs them for a whole workspace.

pub mod check;
pub mod codes;
pub mod coverage;
pub mod db;
pub mod environment;
pub mod eval;
pub mod limits;
pub mod lower;
pub mod maps;
pub mod resolve;
pub mod schema;
pub mod session;
pub mod severities;
pub mod stack;
pub mod standard_library;
pub mod suppressions;
