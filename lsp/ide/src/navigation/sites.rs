//! The blocks and templates in an item's syntax tree: their names and bases.

use nthc::db::{ItemKey, item};
use nthc::syntax::tree::{Base, Body, ItemNode, Name, Statement, TextRange};

use super::Names;

/// A block or a template in the source.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// Its kind.
    pub kind: &'a Name,
    /// Its name.
    pub name: Option<&'a Name>,
    /// Its base.
    pub base: Option<&'a Base>,
    /// Its whole range.
    pub range: TextRange,
}

impl Site<'_> {
    /// The range that represents it in lists: its name, or its kind if it has no name.
    pub fn selection(&self) -> TextRange {
        self.name.unwrap_or(self.kind).range
    }
}

impl<'a> Names<'a> {
    /// The blocks of an item, outer blocks before inner ones.
    pub fn sites(&self, key: ItemKey) -> Vec<Site<'a>> {
        let mut sites = Vec::new();
        match item(self.db, key).as_ref().map(|tree| &tree.node) {
            Some(ItemNode::Block(block)) => {
                sites.push(Site {
                    kind: &block.kind,
                    name: block.name.as_ref(),
                    base: block.base.as_ref(),
                    range: block.range,
                });
                collect(&block.body, &mut sites);
            }
            Some(ItemNode::Template(template)) => {
                sites.push(Site {
                    kind: &template.kind,
                    name: Some(&template.name),
                    base: template.base.as_ref(),
                    range: template.range,
                });
                collect(&template.body, &mut sites);
            }
            _ => {}
        }
        sites
    }
}

fn collect<'a>(body: &'a Body, sites: &mut Vec<Site<'a>>) {
    for statement in &body.statements {
        match statement {
            Statement::Block(block) => {
                sites.push(Site {
                    kind: &block.kind,
                    name: block.name.as_ref(),
                    base: block.base.as_ref(),
                    range: block.range,
                });
                collect(&block.body, sites);
            }
            Statement::For(repeat) => collect(&repeat.body, sites),
            Statement::If(choice) => {
                collect(&choice.then, sites);
                if let Some(otherwise) = &choice.otherwise {
                    collect(otherwise, sites);
                }
            }
            Statement::In(inner) => collect(&inner.body, sites),
            Statement::Field(_)
            | Statement::Let(_)
            | Statement::Without(_)
            | Statement::Require(_) => {}
        }
    }
}
