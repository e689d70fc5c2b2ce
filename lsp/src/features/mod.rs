//! What a client can ask for, one file a feature. Each is a function from a [`View`](crate::view::View) and what was
//! asked to an answer: it asks `nth_ide::features`, and puts what comes into the protocol's types. It changes nothing,
//! awaits nothing, and may be stopped by the next edit and asked anew.
//!
//! To add one:
//!
//! 1. Write `lsp/ide/src/features/NAME.rs`: what is shown at a byte or in a range of a file, as plain data. `Source` has what
//!    the compiler says of a file, `Cursor` has a place with its names. Loops that may take long and ask the database
//!    nothing call `view.stop_if_unwanted()`.
//! 2. Write `lsp/src/features/NAME.rs` with `pub fn NAME(view: &View, params: &…Params) -> Option<…>`. `view.file(uri)` gives
//!    the document's project and file, `view.cursor` a place in it, `view.offset` and `view.range` turn positions into bytes
//!    and back, `view.locations` points elsewhere, `view.workspace_edit` builds an edit.
//! 3. Next to it, `pub fn offer(capabilities: &mut ServerCapabilities, settings: &Settings)` sets what the client is
//!    told of it; `settings.client` has all that the client can do.
//! 4. Name the files in both `features/mod.rs`, and the `offer` in `OFFERS`, each in the order of the alphabet.
//! 5. In `backend.rs`, answer the request with one line: `self.read(move |view| NAME::NAME(view, &params)).await`, or
//!    `read_whole` where the question has no position and so stays the same after an edit, or `ask` where the answer
//!    may be an error that the person is told.
//! 6. Test it in `lsp/tests/features/` with a text that has `$0` where the cursor is.

use tower_lsp::lsp_types::{Registration, ServerCapabilities};

use crate::settings::Settings;

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
pub mod manifest;
pub mod references;
pub mod rename;
pub mod selection;
pub mod semantic_tokens;
pub mod signature;
pub mod symbols;
pub mod type_hierarchy;

/// What each feature tells the client of itself.
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

/// Tells the client of every feature.
pub fn offer(capabilities: &mut ServerCapabilities, settings: &Settings) {
    for offer in OFFERS {
        offer(capabilities, settings);
    }
}

/// What the client is asked for once it is there: features that `initialize` has no word for.
pub fn registrations(settings: &Settings) -> Vec<Registration> {
    type_hierarchy::registration(settings).into_iter().collect()
}
