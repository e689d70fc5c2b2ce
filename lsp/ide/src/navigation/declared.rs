//! The declaration of what a name means.

use nthc::check::project::name_span;
use nthc::db::{SourceFile, Span};
use nthc::eval::notes::Meaning;
use nthc::schema::schema;

use super::Names;

/// The module that a name means; `None` if it means something else.
pub fn module(meaning: &Meaning) -> Option<SourceFile> {
    match meaning {
        Meaning::Module(file) => Some(*file),
        _ => None,
    }
}

impl Names<'_> {
    /// The range of the name in the declaration. For a block that bases contain too, that of the outermost base.
    /// `None` for modules and for what is built into the compiler.
    pub fn declaration(&self, meaning: &Meaning) -> Option<Span> {
        let schema = schema(self.db, self.workspace);
        let item = match meaning {
            Meaning::Module(_) | Meaning::CompileTime(_) | Meaning::Type(_) => return None,
            Meaning::Item(key) => return Some(name_span(self.db, *key)),
            Meaning::Local(span) => return Some(*span),
            Meaning::Block(block) | Meaning::Enclosing(block) => {
                if block.path.is_empty() {
                    return Some(name_span(self.db, block.item));
                }
                return self.notes(block.item).places_of(block).first().copied();
            }
            Meaning::Kind(kind) => schema.kinds.get(kind)?.span.item,
            Meaning::Field(kind, field) => schema.field(kind, field)?.span.item,
            Meaning::Enum(name) | Meaning::Member(name, _) => schema.enums.get(name)?.span.item,
            Meaning::Function(name) | Meaning::FunctionParam(name, _) => {
                schema.functions.get(name)?.span.item
            }
        };
        let names = &self.notes(item).names;
        let found = names
            .iter()
            .find(|name| name.declares && name.meaning == *meaning)?;
        Some(Span {
            item,
            range: found.range,
        })
    }
}
