//! The language reference, written from what the compiler itself reads: the prelude's schema, the standard library's
//! modules, the builtin types and functions, and the codes of diagnostics. Nothing in it is written by hand.

mod headings;
mod kinds;
mod library;
mod markdown;
mod technologies;
mod words;

use crate::db::{Database, Span, Workspace, item_start};
use crate::diagnostics::{Severity, codes};
use crate::schema::{Schema, schema};
use crate::session::Session;

use markdown::{Document, link};

/// What all parts of the reference read.
struct Reader<'a> {
    db: &'a Database,
    workspace: Workspace,
    schema: &'a Schema,
}

impl Reader<'_> {
    /// The source text of a place.
    fn source(&self, span: Span) -> &str {
        let start = item_start(self.db, span.item) as usize;
        let range = start + span.range.start as usize..start + span.range.end as usize;
        span.item.file.text(self.db).get(range).unwrap_or_default()
    }
}

/// `docs/reference.md`.
pub fn language() -> String {
    let session = Session::new(Database::default(), &[]);
    let reader = reader(&session);
    let mut document = Document::default();
    document.heading(1, "Language reference");
    document.paragraph(
        "Every kind of block, type and function of the language, every template of its standard library, and every \
         diagnostic of its compiler. [The guide](language.md) shows how they are used.",
    );
    document.paragraph(
        "<!-- Written by `NTH_BLESS=1 cargo test --test reference` from what the compiler reads. Do not edit. -->",
    );
    contents(&reader, &mut document);
    kinds::kinds(&reader, &mut document);
    kinds::enums(&reader, &mut document);
    words::types(&reader, &mut document);
    words::functions(&reader, &mut document);
    library::modules(&reader, &mut document);
    diagnostics(&mut document);
    document.finish()
}

/// The table in `docs/technologies.md`, between its marks.
pub fn technologies() -> String {
    let session = Session::new(Database::default(), &[]);
    let mut document = Document::default();
    technologies::table(&reader(&session), &mut document);
    document.finish()
}

fn reader(session: &Session) -> Reader<'_> {
    Reader {
        db: &session.db,
        workspace: session.workspace,
        schema: schema(&session.db, session.workspace),
    }
}

fn contents(reader: &Reader<'_>, document: &mut Document) {
    document.heading(2, "Contents");
    let mut items = vec![(0, link("Kinds", "Kinds"))];
    for kind in reader.schema.top_level() {
        items.push((1, headings::link_to(&kind.name)));
        let nested = kinds::below(reader.schema, &kind.name);
        items.extend(
            nested
                .into_iter()
                .map(|(depth, name)| (1 + depth, headings::link_to(&name))),
        );
    }
    for section in ["Enums", "Types", "Functions", "Standard library"] {
        items.push((0, link(section, section)));
    }
    items.extend(library::names(reader).map(|name| (1, library::link_to(name))));
    items.push((0, link("Diagnostics", "Diagnostics")));
    document.list(items);
}

fn diagnostics(document: &mut Document) {
    document.heading(2, "Diagnostics");
    document.paragraph(
        "What the compiler finds wrong, or worth telling. Each has a page, which `nthc explain` prints; \
         [the overview](diagnostics/README.md) tells of their formats.",
    );
    let rows = codes::ALL.iter().map(|known| {
        let severity = match known.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let name = format!("[{0} {1}](diagnostics/{0}.md)", known.id, known.slug);
        [name, severity.to_owned(), known.summary.to_owned()]
    });
    document.table(["code", "severity", "what it says"], rows);
}
