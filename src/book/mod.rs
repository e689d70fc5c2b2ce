//! The book of error budgets, for people: reports.

pub mod report;
