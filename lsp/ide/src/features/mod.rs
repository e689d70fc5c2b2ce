//! The features, one file or folder each: functions from a [`View`](crate::view::View), or a file and a byte of it,
//! to plain data. They have no side effects, do not wait, and can be interrupted by the next edit and run again.

pub mod call_hierarchy;
pub mod code_actions;
pub mod code_lens;
pub mod completion;
pub mod definition;
pub mod document_links;
pub mod file_renames;
pub mod folding;
pub mod formatting;
pub mod generated;
pub mod highlights;
pub mod hover;
pub mod inlay_hints;
pub mod references;
pub mod rename;
pub mod selection;
pub mod semantic_tokens;
pub mod signature;
pub mod symbols;
pub mod type_hierarchy;

// Shared by several features.
pub mod docs;
pub mod human;
pub mod markup;
pub mod promql;
pub mod source;
