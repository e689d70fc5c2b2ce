//! Renders documents.
