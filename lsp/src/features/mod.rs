//! The features of the server, one file each: functions from a [`View`](crate::view::View) and the parameters of a request
//! to its result. They call `nth_ide::features`, and convert the result to the protocol's types. They have no side
//! effects, do not wait, and can be interrupted by the next edit and run again.
//!
//! To add a feature:
//!
//! 1. Write `lsp/ide/src/features/NAME.rs`: a function from a byte or range of a file to plain data. `Source` gives access
//!    to the compiler's results for a file, `Cursor` to the names at a position. Long loops without database queries
//!    call `view.stop_if_cancelled()`.
//! 2. Write `lsp/src/features/NAME.rs` with `pub fn NAME(view: &View, params: &…Params) -> Option<…>`. `view.file(uri)`
//!    returns the document's project and file, `view.cursor` a cursor in it; `view.offset` and `view.range` convert
//!    positions; `view.locations` converts places in other files, `view.workspace_edit` edits.
//! 3. Next to it, `pub fn offer(capabilities: &mut ServerCapabilities, settings: &Settings)` sets the capability;
//!    `settings.client` has all capabilities of the client.
//! 4. Add the modules to both `features/mod.rs`, and `offer` to `OFFERS`, in alphabetical order.
//! 5. In `backend.rs`, answer the request with one line: `self.read(move |view| NAME::NAME(view, &params)).await`, or
//!    `read_whole` if the request has no position and so stays valid after an edit, or `ask` if the result may be an
//!    error that the user sees.
//! 6. Test it in `lsp/tests/features/` with a text that has `$0` at the cursor.

use tower_lsp::lsp_types::{Registration, ServerCapabilities};

use crate::settings::Settings;

pub mod call_hierarchy;
pub mod code_actions;
pub mod code_lens;
pub mod completion;
pub mod definition;
pub mod document_links;
mod documentation;
pub mod file_renames;
pub mod folding;
pub mod formatting;
pub mod generated;
pub mod highlights;
pub mod hover;
pub mod inlay_hints;
pub mod manifest;
pub mod references;
pub mod rename;
pub mod selection;
pub mod semantic_tokens;
pub mod signature;
pub mod symbols;
pub mod type_hierarchy;

/// The functions that announce each feature.
const OFFERS: &[fn(&mut ServerCapabilities, &Settings)] = &[
    call_hierarchy::offer,
    code_actions::offer,
    code_lens::offer,
    completion::offer,
    definition::offer,
    document_links::offer,
    file_renames::offer,
    folding::offer,
    formatting::offer,
    generated::offer,
    highlights::offer,
    hover::offer,
    inlay_hints::offer,
    references::offer,
    rename::offer,
    selection::offer,
    semantic_tokens::offer,
    signature::offer,
    symbols::offer,
];

/// Announces all features.
pub fn offer(capabilities: &mut ServerCapabilities, settings: &Settings) {
    for offer in OFFERS {
        offer(capabilities, settings);
    }
}

/// Dynamic registrations, for features without a capability in `initialize`.
pub fn registrations(settings: &Settings) -> Vec<Registration> {
    let types = type_hierarchy::registration(settings).into_iter();
    types.chain(manifest::registrations(settings)).collect()
}
