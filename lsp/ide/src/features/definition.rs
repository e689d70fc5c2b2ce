//! Go to definition, type definition and implementation.

use nthc::db::{SourceFile, Span};
use nthc::eval::index::Definition;
use nthc::syntax::tree::TextRange;

use crate::navigation::Names;
use crate::view::ProjectView;

/// A cursor in a project.
pub struct Cursor<'a> {
    /// The project.
    pub project: &'a ProjectView,
    /// Its names.
    pub names: Names<'a>,
    /// The file.
    pub file: SourceFile,
    /// The byte in the file.
    pub offset: u32,
}

impl<'a> Cursor<'a> {
    /// Creates a cursor at a byte of a file; `None` beyond the maximum length of a file.
    pub fn new(project: &'a ProjectView, file: SourceFile, offset: usize) -> Option<Self> {
        Some(Self {
            project,
            names: Names::new(&project.session),
            file,
            offset: u32::try_from(offset).ok()?,
        })
    }
}

/// A destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Its file.
    pub file: SourceFile,
    /// The range of the whole declaration, in bytes.
    pub whole: TextRange,
    /// The range of its name, in bytes.
    pub name: TextRange,
}

/// The destinations from a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    /// The range of the name at the cursor, in bytes.
    pub origin: TextRange,
    /// The destinations; may be empty.
    pub all: Vec<Target>,
}

/// The declaration of the name at a cursor; for a module, its file.
pub fn definition(at: &Cursor<'_>) -> Option<Targets> {
    let written = at.names.name_at(at.file, at.offset)?;
    let target = match written.name.meaning {
        Definition::Module(module) => Target {
            file: module,
            whole: TextRange::default(),
            name: TextRange::default(),
        },
        _ => target(&at.names, at.names.declaration(&written.name.meaning)?),
    };
    Some(Targets {
        origin: at.names.absolute(written.span()),
        all: vec![target],
    })
}

/// The type of the name or value at a cursor.
pub fn type_definition(at: &Cursor<'_>) -> Targets {
    targets(at, at.names.type_definitions(at.file, at.offset))
}

/// The blocks and templates based on the name at a cursor.
pub fn implementation(at: &Cursor<'_>) -> Option<Targets> {
    let written = at.names.name_at(at.file, at.offset)?;
    Some(targets(at, at.names.implementations(&written.name.meaning)))
}

fn targets(at: &Cursor<'_>, found: Vec<Span>) -> Targets {
    let origin = match at.names.name_at(at.file, at.offset) {
        Some(written) => at.names.absolute(written.span()),
        None => TextRange {
            start: at.offset,
            end: at.offset,
        },
    };
    let all = found.into_iter().map(|span| target(&at.names, span));
    Targets {
        origin,
        all: all.collect(),
    }
}

/// The innermost block that a name is the name of, or else the name alone.
fn target(names: &Names<'_>, span: Span) -> Target {
    let mut sites = names.sites(span.item).into_iter();
    let own = sites.rfind(|site| site.selection() == span.range);
    let whole = own.map_or(span.range, |site| site.range);
    let name = names.absolute(span);
    Target {
        file: span.item.file,
        whole: names.absolute(Span {
            range: whole,
            ..span
        }),
        name,
    }
}
