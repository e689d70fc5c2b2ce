//! The selection of a code action, and its result before the conversion to the protocol.

use std::collections::HashSet;
use std::fmt::Display;

use nthc::check::item_index;
use nthc::db::{Database, ItemKey, SourceFile, Workspace, file_names, items_of_text, parsed};
use nthc::eval::index::ItemIndex;
use nthc::schema::names::field;
use nthc::schema::{Schema, schema};
use nthc::syntax::structure::{Part, PartKind, parts};
use nthc::syntax::tree::{Block, Expr, ExprNode, Item, ItemNode, ParsedFile, Statement, TextRange};
use smol_str::SmolStr;

use super::super::formatting::diff::Change;
use super::super::formatting::layout::line_start;
use crate::nodes::{Node, path_to, walk_item};
use crate::view::{ProjectView, View};

/// The kind of a code action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionKind {
    /// Fixes a problem.
    QuickFix,
    /// Extracts an expression or a block.
    Extract,
    /// Replaces a name with its value.
    Inline,
    /// Rewrites code without a change of meaning.
    Rewrite,
    /// Organizes the imports of a document.
    OrganizeImports,
    /// Applies all safe fixes of a document.
    FixAll,
}

/// A selection in a document.
pub struct Place<'a> {
    /// The snapshot.
    pub view: &'a View,
    /// The document's project.
    pub project: &'a ProjectView,
    /// The document.
    pub file: SourceFile,
    /// Its text.
    pub text: &'a str,
    /// The selected bytes, without blanks around them; empty for a cursor.
    pub range: TextRange,
}

/// The item that contains a selection.
#[derive(Clone, Copy)]
pub struct ItemAt<'a> {
    /// Its key.
    pub key: ItemKey,
    /// Its start in the file.
    pub start: u32,
    /// Its syntax tree.
    pub item: &'a Item,
}

impl<'a> Place<'a> {
    /// The database.
    pub fn db(&self) -> &'a Database {
        self.project.db()
    }

    /// The workspace.
    pub fn workspace(&self) -> Workspace {
        self.project.workspace()
    }

    /// The document's syntax tree.
    pub fn tree(&self) -> &'a ParsedFile {
        parsed(self.db(), self.file)
    }

    /// The schema.
    pub fn schema(&self) -> &'a Schema {
        schema(self.db(), self.workspace())
    }

    /// The compiler's notes about an item.
    pub fn notes(&self, key: ItemKey) -> &'a ItemIndex {
        item_index(self.db(), self.workspace(), key)
    }

    /// The document's items.
    pub fn items(&self) -> impl Iterator<Item = ItemAt<'a>> {
        items_of_text(self.db(), self.file).map(|(entry, found)| ItemAt {
            key: entry.key,
            start: found.start,
            item: &found.item,
        })
    }

    /// The item that contains the selection.
    pub fn item(&self) -> Option<ItemAt<'a>> {
        self.items()
            .find(|at| at.start <= self.range.start && self.range.end <= at.start + at.item.len)
    }

    /// The item, the selection from its start, and the nodes that contain the selection, outermost first.
    pub fn path(&self) -> Option<(ItemAt<'a>, TextRange, Vec<Node<'a>>)> {
        let at = self.item()?;
        let within = TextRange {
            start: self.range.start - at.start,
            end: self.range.end - at.start,
        };
        Some((at, within, path_to(&at.item.node, within)))
    }

    /// The text of a range.
    pub fn slice(&self, range: TextRange) -> &'a str {
        self.text
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }

    /// The brackets, separators and units of the document.
    pub fn parts(&self) -> Vec<Part> {
        parts(self.text, self.tree())
    }

    /// The start of an item or statement with its doc comment, the comments on the lines right above it, and the
    /// indentation.
    pub fn with_comments_above(&self, start: u32) -> usize {
        let units = self.parts();
        let with_doc = units
            .iter()
            .filter(|part| matches!(part.kind, PartKind::Unit | PartKind::Core))
            .filter(|part| part.range.start <= start && start < part.range.end)
            .filter(|part| {
                let before = TextRange::new(part.range.start as usize, start as usize);
                let lines = self.slice(before).lines();
                lines
                    .map(str::trim)
                    .all(|line| line.is_empty() || line.starts_with("//"))
            })
            .map(|part| part.range.start)
            .min()
            .unwrap_or(start);
        let mut at = line_start(self.text, with_doc as usize);
        while at > 0 {
            let above = line_start(self.text, at - 1);
            let line = self.text.get(above..at).unwrap_or_default().trim();
            if !line.starts_with("//") || line.starts_with("//!") {
                break;
            }
            at = above;
        }
        at
    }

    /// The indentation of the line of a byte.
    pub fn indent_at(&self, at: u32) -> &'a str {
        let start = line_start(self.text, at as usize);
        let rest = self.text.get(start..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest.get(..blanks).unwrap_or_default()
    }

    /// Returns the edit that adds statements after a byte: on new lines after the comment at the end of the line, or
    /// right there if more follows on the line.
    pub fn lines_after(&self, end: u32, indent: &str, statements: &[&str]) -> Change {
        let rest = self.text.get(end as usize..).unwrap_or_default();
        let rest = rest.split(['\r', '\n']).next().unwrap_or_default();
        let after = rest.trim_start_matches([' ', '\t', ',']);
        if after.is_empty() || after.starts_with("//") {
            let at = end as usize + rest.len();
            let lines = statements.iter().map(|line| format!("\n{indent}{line}"));
            return insertion(at, lines.collect());
        }
        let before = self.text.get(..end as usize).unwrap_or_default();
        let first = if before.ends_with('{') { " " } else { "  " };
        let last = if rest.starts_with([' ', '\t']) {
            ""
        } else {
            " "
        };
        insertion(
            end as usize,
            format!("{first}{}{last}", statements.join("  ")),
        )
    }

    /// Returns a name based on `wanted` that nothing in the document declares or uses.
    pub fn fresh(&self, wanted: &str) -> String {
        let mut taken: HashSet<SmolStr> = HashSet::new();
        for at in self.items() {
            match &at.item.node {
                ItemNode::Let(decl) => {
                    taken.insert(decl.name.text.clone());
                }
                ItemNode::Template(template) => {
                    taken.insert(template.name.text.clone());
                }
                _ => {}
            }
            walk_item(&at.item.node, &mut |node| match node {
                Node::Expr(expr) => {
                    if let ExprNode::Name(name) = &expr.node {
                        taken.insert(name.text.clone());
                    }
                }
                Node::Base(base) => {
                    taken.extend(base.path.segments.first().map(|name| name.text.clone()))
                }
                Node::Param(param) => {
                    taken.insert(param.name.text.clone());
                }
                Node::Statement(Statement::Let(decl)) => {
                    taken.insert(decl.name.text.clone());
                }
                Node::Statement(Statement::For(repeat)) => {
                    taken.insert(repeat.variable.text.clone());
                }
                _ => {}
            });
        }
        let names = file_names(self.db(), self.file);
        for import in &names.imports {
            taken.insert(import.alias.clone());
            taken.extend(import.names.iter().flatten().cloned());
        }
        let numbered = (2..).map(|number| format!("{wanted}-{number}"));
        std::iter::once(wanted.to_owned())
            .chain(numbered)
            .find(|name| !taken.contains(name.as_str()))
            .unwrap_or_else(|| wanted.to_owned())
    }
}

/// Words of the grammar, which are no valid names.
pub const KEYWORDS: &[&str] = &[
    "and", "as", "else", "enum", "extend", "false", "for", "fri", "function", "if", "import", "in",
    "kind", "let", "list", "mon", "not", "one", "or", "require", "rule", "sat", "sun", "template",
    "thu", "true", "tue", "wed", "where", "without",
];

/// True if a word occurs anywhere in a text.
pub fn has_word(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// Returns the edit that inserts a text at a byte.
pub fn insertion(at: usize, text: String) -> Change {
    Change {
        range: TextRange::new(at, at),
        text,
    }
}

/// Returns the edit that replaces a range.
pub fn replacement(range: TextRange, text: impl Into<String>) -> Change {
    Change {
        range,
        text: text.into(),
    }
}

/// Converts a text to a similar identifier of the language.
pub fn identifier(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            name.push(letter);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_matches('-');
    if name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        name.to_owned()
    } else {
        format!("x-{name}").trim_end_matches('-').to_owned()
    }
}

/// The edits of an action, or the reason why it is not available.
pub enum Plan<'a> {
    /// Not available, for this reason.
    Refused(String),
    /// Computes the edits; `None` if there is nothing to change.
    Edits(Box<dyn Fn() -> Option<Vec<Change>> + 'a>),
}

/// A code action that is offered.
pub struct Offer<'a> {
    /// The title in the menu.
    pub title: String,
    /// Its kind.
    pub kind: ActionKind,
    /// True for the action that the author most likely wants.
    pub is_preferred: bool,
    /// The edits.
    pub plan: Plan<'a>,
}

impl<'a> Offer<'a> {
    /// Creates an offer with these edits.
    pub fn new(
        kind: ActionKind,
        title: impl Into<String>,
        edits: impl Fn() -> Option<Vec<Change>> + 'a,
    ) -> Self {
        Self {
            title: title.into(),
            kind,
            is_preferred: false,
            plan: Plan::Edits(Box::new(edits)),
        }
    }

    /// Creates an offer that is not available, with the reason.
    pub fn refused(kind: ActionKind, title: impl Into<String>, reason: impl Display) -> Self {
        Self {
            title: title.into(),
            kind,
            is_preferred: false,
            plan: Plan::Refused(reason.to_string()),
        }
    }
}

/// True if queries in a block get that block's labels, and not those of the block around it.
pub fn has_labels(place: &Place<'_>, block: &Block) -> bool {
    place
        .schema()
        .field(&block.kind.text, field::SELECTOR)
        .is_some()
}

/// True if an expression contains a query.
pub fn has_query(expr: &Expr) -> bool {
    let mut found = false;
    Node::Expr(expr).walk(&mut |node| {
        found |= matches!(
            node,
            Node::Expr(Expr {
                node: ExprNode::Query(_),
                ..
            })
        );
    });
    found
}
