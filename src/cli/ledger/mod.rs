//! `nthc ledger`.

pub mod open;
