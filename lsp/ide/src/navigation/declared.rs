//! The declaration of what a name means.

use nthc::db::name_span;
use nthc::db::{SourceFile, Span};
use nthc::eval::index::Definition;
use nthc::schema::schema;

use super::Names;

/// The module that a name means; `None` if it means something else.
pub fn module(meaning: &Definition) -> Option<SourceFile> {
    match meaning {
        Definition::Module(file) => Some(*file),
        _ => None,
    }
}

impl Names<'_> {
    /// The range of the name in the declaration. For a block that bases contain too, that of the outermost base.
    /// `None` for modules and for what is built into the compiler.
    pub fn declaration(&self, meaning: &Definition) -> Option<Span> {
        let schema = schema(self.db, self.workspace);
        let item = match meaning {
            Definition::Module(_) | Definition::CompileTime(_) | Definition::Type(_) => {
                return None;
            }
            Definition::Item(key) => return Some(name_span(self.db, *key)),
            Definition::Local(span) => return Some(*span),
            Definition::Block(block) | Definition::Enclosing(block) => {
                if block.path.is_empty() {
                    return Some(name_span(self.db, block.item));
                }
                return self.notes(block.item).occurrences(block).first().copied();
            }
            Definition::Kind(kind) => schema.kinds.get(kind)?.span.item,
            Definition::Field(kind, field) => schema.field(kind, field)?.span.item,
            Definition::Enum(name) => schema.enums.get(name)?.span.item,
            Definition::Member(name, member) => schema.enums.get(name)?.item_of(member),
            Definition::Function(name) | Definition::FunctionParam(name, _) => {
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
