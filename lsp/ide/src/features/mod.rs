//! What an editor can ask for, one file or folder a feature: functions from a [`View`](crate::view::View) or a file and a
//! byte of it to plain data. They change nothing, await nothing, and may be stopped by the next edit and asked anew.

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

// What several features look at things with.
pub mod docs;
pub mod human;
pub mod markup;
pub mod promql;
pub mod source;
