//! Editor features for `.nth` as plain data, without a protocol: hover, completion, diagnostics, references, code
//! actions and the rest that a language server or a playground requests.
//!
//! - [`project`]: a project while it is edited: its files, its compiler session, and its diagnostics.
//! - [`view`]: an immutable snapshot of all projects, usable on any thread; [`cancel`] stops work that is no longer
//!   needed.
//! - [`features`]: the features, one module each.
//! - [`findings`]: diagnostics and their fixes.
//! - [`navigation`]: definitions, references and renames.
//! - [`cursor`]: the syntactic context of a cursor in half-typed text.
//! - [`position`]: conversion between bytes and lines and columns.
//!
//! A playground needs a text alone:
//!
//! ```
//! use std::path::Path;
//!
//! use nth_ide::features::completion::complete;
//! use nth_ide::features::hover::hover;
//! use nth_ide::features::source::Source;
//! use nth_ide::position::Position;
//!
//! let path = Path::new("/playground/main.nth");
//! let text = "team payments { }\n\nservice checkout {\n  team = paymens\n  tier = \n}\n";
//! let view = nth_ide::view_of(path, text);
//! let (project, file) = view.file(path).ok_or("no such file")?;
//!
//! // Diagnostics, each with its range and its fixes.
//! let found = view.findings(path);
//! let misspelled = found.iter().find(|found| found.range.start == Position::new(3, 9));
//! let misspelled = misspelled.ok_or("`paymens` is no team")?;
//! assert!(misspelled.message.contains("`paymens`"));
//! assert_eq!(misspelled.fixes[0].edits[0].1.new_text, "payments");
//!
//! // Completion after `tier =`.
//! let offset = view.offset(project, file, Position::new(4, 9));
//! let offers = complete(project.db(), project.workspace(), file, offset);
//! assert!(offers.all.iter().any(|offer| offer.label == "critical"));
//!
//! // Hover over `payments`, as Markdown.
//! let shown = hover(&Source::new(project, file), 6).ok_or("nothing to show")?;
//! assert_eq!(view.range(project, file, shown.range).end, Position::new(0, 13));
//! assert!(shown.markup.markdown().contains("team payments"));
//! # Ok::<(), &str>(())
//! ```

pub mod cancel;
pub mod cursor;
pub mod features;
pub mod files;
pub mod findings;
pub mod navigation;
pub mod nodes;
pub mod position;
pub mod project;
mod promql_spans;
pub mod view;

use std::path::Path;
use std::sync::Arc;

/// Creates a view of one text that belongs to no project, as if it were a file with this path. Reads nothing from
/// disk.
pub fn view_of(path: &Path, text: &str) -> view::View {
    let mut project = project::Project::from_document(path, Arc::from(text));
    project.catch_up(|_| true);
    view::View {
        projects: project.view(path).into_iter().collect(),
        ..view::View::default()
    }
}
