//! Renders documents.

pub mod markdown;
