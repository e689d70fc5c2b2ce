//! The outline of a document: its items, and their contents.

use nthc::db::{SourceFile, parsed};
use nthc::schema::names::kind;
use nthc::syntax::tree::{
    Base, Block, Body, ItemNode, KindDecl, Name, Param, Statement, Template, TextRange,
};

/// Kind of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sort {
    /// A block at the top of a file.
    Block,
    /// A block in another block.
    Nested,
    /// An alert.
    Alert,
    /// An environment, or an `in` block.
    Environment,
    /// A template.
    Template,
    /// A kind, or an extension of one.
    Kind,
    /// A field, declared or set.
    Field,
    /// A parameter.
    Parameter,
    /// An enum.
    Enum,
    /// A member of an enum.
    Member,
    /// A run-time function.
    Function,
    /// A `let`.
    Let,
    /// A rule.
    Rule,
}

/// A symbol of a document. Ranges are in bytes of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// The name.
    pub name: String,
    /// Details in a few words, such as the type.
    pub detail: String,
    /// The kind of symbol.
    pub sort: Sort,
    /// The whole range.
    pub range: TextRange,
    /// The range of the name.
    pub selection: TextRange,
    /// The symbols inside.
    pub children: Vec<Symbol>,
}

/// Maximum length of a detail, in characters.
const LONGEST: usize = 60;

/// The symbols of a file. Imports are not included: they declare nothing.
#[salsa::tracked(returns(ref))]
pub fn outline(db: &dyn salsa::Database, file: SourceFile) -> Vec<Symbol> {
    let text = file.text(db);
    let items = parsed(db, file).items.iter();
    items
        .flat_map(|(start, item)| {
            let reader = Reader {
                text,
                start: *start,
            };
            match &item.node {
                ItemNode::For(repeat) => reader.blocks(&repeat.body),
                node => reader.item(node).into_iter().collect(),
            }
        })
        .collect()
}

struct Reader<'a> {
    text: &'a str,
    start: u32,
}

impl Reader<'_> {
    fn item(&self, node: &ItemNode) -> Option<Symbol> {
        Some(match node {
            ItemNode::Import(_) | ItemNode::For(_) | ItemNode::Error => return None,
            ItemNode::Block(block) => self.block(block, true),
            ItemNode::Template(template) => self.template(template),
            ItemNode::Kind(kind) => self.kind(kind),
            ItemNode::Enum(decl) => Symbol {
                children: decl
                    .members
                    .iter()
                    .map(|(member, _)| {
                        self.symbol(Sort::Member, member, member.range, String::new())
                    })
                    .collect(),
                ..self.symbol(
                    Sort::Enum,
                    &decl.name,
                    decl.range,
                    if decl.extend { "extend enum" } else { "enum" }.to_owned(),
                )
            },
            ItemNode::Function(decl) => {
                let head = TextRange {
                    start: decl.name.range.end,
                    end: decl.range.end,
                };
                let detail = self.one_line(head);
                Symbol {
                    children: self.params(&decl.params),
                    ..self.symbol(Sort::Function, &decl.name, decl.range, detail)
                }
            }
            ItemNode::Let(decl) => {
                let detail = self.one_line(decl.value.range);
                self.symbol(Sort::Let, &decl.name, decl.range, detail)
            }
            ItemNode::Rule(rule) => Symbol {
                children: self.body(&rule.body),
                ..self.symbol(Sort::Rule, &rule.name, rule.range, "rule".to_owned())
            },
        })
    }

    fn symbol(&self, sort: Sort, name: &Name, range: TextRange, detail: String) -> Symbol {
        let (selection, called) = match name.text.as_str() {
            "" => (range, self.one_line(range)),
            text => (name.range, text.to_owned()),
        };
        Symbol {
            name: match called.as_str() {
                "" => "…".to_owned(),
                _ => called,
            },
            detail,
            sort,
            range: range.cover(selection).shifted(self.start),
            selection: selection.shifted(self.start),
            children: Vec::new(),
        }
    }

    fn block(&self, block: &Block, is_top: bool) -> Symbol {
        let kind = block.kind.text.as_str();
        let sort = match kind {
            kind::ENVIRONMENT => Sort::Environment,
            kind::ALERT => Sort::Alert,
            _ if is_top => Sort::Block,
            _ => Sort::Nested,
        };
        let base = self.base(block.base.as_ref());
        let (name, detail) = match &block.name {
            Some(name) if !name.text.is_empty() => (name, format!("{kind}{base}")),
            // There can be only one block of this kind here.
            _ => (&block.kind, base.trim_start_matches(" : ").to_owned()),
        };
        Symbol {
            children: self.body(&block.body),
            ..self.symbol(sort, name, block.range, detail)
        }
    }

    fn base(&self, base: Option<&Base>) -> String {
        base.map_or_else(String::new, |base| {
            format!(" : {}", self.one_line(base.range))
        })
    }

    fn template(&self, template: &Template) -> Symbol {
        let base = self.base(template.base.as_ref());
        let detail = format!("template {}{base}", template.kind.text);
        let mut children = self.params(&template.params);
        children.extend(self.body(&template.body));
        Symbol {
            children,
            ..self.symbol(Sort::Template, &template.name, template.range, detail)
        }
    }

    fn kind(&self, kind: &KindDecl) -> Symbol {
        let what = if kind.extend { "extend kind" } else { "kind" };
        let parents: Vec<&str> = kind.parents.iter().map(|name| name.text.as_str()).collect();
        let detail = match (&kind.base, parents.as_slice()) {
            (Some(base), _) => format!("{what} : {}", base.text),
            (None, []) => what.to_owned(),
            (None, parents) => format!("{what} in {}", parents.join(", ")),
        };
        let fields = kind.fields.iter().map(|field| {
            let ty = self.one_line(field.ty.range);
            self.symbol(Sort::Field, &field.name, field.range, ty)
        });
        Symbol {
            children: fields.collect(),
            ..self.symbol(Sort::Kind, &kind.name, kind.range, detail)
        }
    }

    fn params(&self, params: &[Param]) -> Vec<Symbol> {
        let params = params.iter().map(|param| {
            let ty = self.one_line(param.ty.range);
            self.symbol(Sort::Parameter, &param.name, param.range, ty)
        });
        params.collect()
    }

    /// The blocks of a loop at the top level.
    fn blocks(&self, body: &Body) -> Vec<Symbol> {
        let symbols = body.statements.iter().map(|statement| match statement {
            Statement::Block(block) => vec![self.block(block, true)],
            Statement::For(inner) => self.blocks(&inner.body),
            _ => Vec::new(),
        });
        symbols.flatten().collect()
    }

    fn body(&self, body: &Body) -> Vec<Symbol> {
        let mut symbols = Vec::new();
        for statement in &body.statements {
            match statement {
                Statement::Block(block) => symbols.push(self.block(block, false)),
                Statement::Field(field) => {
                    let value = self.one_line(field.value.range);
                    symbols.push(self.symbol(Sort::Field, &field.name, field.range, value));
                }
                Statement::Let(decl) => {
                    let value = self.one_line(decl.value.range);
                    symbols.push(self.symbol(Sort::Let, &decl.name, decl.range, value));
                }
                Statement::In(inner) => symbols.push(Symbol {
                    name: format!("in {}", inner.environment.text),
                    children: self.body(&inner.body),
                    ..self.symbol(
                        Sort::Environment,
                        &inner.environment,
                        inner.range,
                        String::new(),
                    )
                }),
                // The contents of `for` and `if` belong to the block.
                Statement::For(repeat) => symbols.extend(self.body(&repeat.body)),
                Statement::If(choice) => {
                    symbols.extend(self.body(&choice.then));
                    symbols.extend(choice.otherwise.iter().flat_map(|body| self.body(body)));
                }
                Statement::Without(_) | Statement::Require(_) => {}
            }
        }
        symbols
    }

    /// Source text on one line, shortened to [`LONGEST`] characters.
    fn one_line(&self, range: TextRange) -> String {
        let range = range.shifted(self.start);
        let text = self.text.get(range.start as usize..range.end as usize);
        let words: Vec<&str> = text.unwrap_or_default().split_whitespace().collect();
        let text = words.join(" ");
        match text.char_indices().nth(LONGEST) {
            None => text,
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        }
    }
}
