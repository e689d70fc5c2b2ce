//! The tokens of an item's syntax tree, independent of the meaning of names.

use nthc::syntax::tree::{
    Arg, Base, Block, Body, Expr, ExprNode, ItemNode, LabelOp, Name, Param, Path, QueryLit,
    Statement, StringLit, StringPart, TextRange, TypeExpr, TypeNode,
};

use super::legend::{Kind, Modifiers};
use super::promql;
use super::token::Token;

/// The tokens of items. Ranges are in bytes of the file.
pub struct TreeTokens<'t> {
    text: &'t str,
    start: u32,
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Texts and queries, in which no other words are read.
    pub closed: Vec<TextRange>,
}

impl<'t> TreeTokens<'t> {
    /// Creates an empty collection for a file's text.
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            start: 0,
            tokens: Vec::new(),
            closed: Vec::new(),
        }
    }

    /// Adds the tokens of an item that starts at a byte.
    pub fn item(&mut self, start: u32, node: &ItemNode) {
        self.start = start;
        match node {
            ItemNode::Import(import) => {
                self.path(&import.path, Kind::Namespace);
                for name in import.names.iter().flatten() {
                    self.name(name, Kind::Variable);
                }
                if let Some(alias) = &import.alias {
                    self.name(alias, Kind::Namespace);
                }
            }
            ItemNode::Block(block) => self.block(block),
            ItemNode::Template(template) => {
                self.name(&template.kind, Kind::Type);
                self.declaration(&template.name, Kind::Class);
                for param in &template.params {
                    self.param(param);
                }
                if let Some(base) = &template.base {
                    self.base(base);
                }
                self.body(&template.body);
            }
            ItemNode::Kind(decl) => {
                self.declaration(&decl.name, Kind::Type);
                for name in decl.parents.iter().chain(&decl.base) {
                    self.name(name, Kind::Type);
                }
                for field in &decl.fields {
                    self.declaration(&field.name, Kind::Property);
                    self.ty(&field.ty);
                    for expr in field.refinement.iter().chain(&field.default) {
                        self.expr(expr);
                    }
                }
            }
            ItemNode::Enum(decl) => {
                self.declaration(&decl.name, Kind::Enum);
                for (member, _) in &decl.members {
                    self.declaration(member, Kind::EnumMember);
                }
            }
            ItemNode::Function(decl) => {
                self.declaration(&decl.name, Kind::Function);
                for param in &decl.params {
                    self.param(param);
                }
                self.ty(&decl.result);
            }
            ItemNode::Let(decl) => {
                self.declaration(&decl.name, Kind::Variable);
                self.expr(&decl.value);
            }
            ItemNode::Rule(rule) => {
                self.declaration(&rule.name, Kind::Variable);
                self.body(&rule.body);
            }
            // Its blocks are items of their own.
            ItemNode::For(repeat) => {
                self.declaration(&repeat.variable, Kind::Variable);
                self.expr(&repeat.list);
            }
            ItemNode::Error => {}
        }
    }

    fn push(&mut self, range: TextRange, kind: Kind, modifiers: Modifiers) {
        if !range.is_empty() {
            self.tokens.push(Token {
                range: range.shifted(self.start),
                kind,
                modifiers,
            });
        }
    }

    fn name(&mut self, name: &Name, kind: Kind) {
        self.push(name.range, kind, Modifiers::NONE);
    }

    fn declaration(&mut self, name: &Name, kind: Kind) {
        let declares = Modifiers::DECLARATION.and(Modifiers::DEFINITION);
        self.push(name.range, kind, declares);
    }

    fn path(&mut self, path: &Path, last: Kind) {
        let count = path.segments.len();
        for (number, segment) in path.segments.iter().enumerate() {
            let kind = if number + 1 == count {
                last
            } else {
                Kind::Namespace
            };
            self.name(segment, kind);
        }
    }

    fn param(&mut self, param: &Param) {
        self.push(param.name.range, Kind::Parameter, Modifiers::DECLARATION);
        self.ty(&param.ty);
        if let Some(default) = &param.default {
            self.expr(default);
        }
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match &ty.node {
            TypeNode::Name(name) | TypeNode::One(name) => self.name(name, Kind::Type),
            TypeNode::Optional(inner) | TypeNode::List(inner) => self.ty(inner),
            TypeNode::Union(members) => members.iter().for_each(|member| self.ty(member)),
            TypeNode::Error => {}
        }
    }

    fn base(&mut self, base: &Base) {
        self.path(&base.path, Kind::Class);
        self.args(base.args.iter().flatten());
    }

    fn args<'a>(&mut self, args: impl Iterator<Item = &'a Arg>) {
        for arg in args {
            if let Some(name) = &arg.name {
                self.name(name, Kind::Parameter);
            }
            self.expr(&arg.value);
        }
    }

    /// Adds the name of a block, which may have interpolations.
    fn block_name(&mut self, name: Option<&Name>, parts: Option<&StringLit>) {
        match (name, parts) {
            (Some(name), Some(parts)) => self.string(name.range, parts),
            (Some(name), None) => self.declaration(name, Kind::Variable),
            _ => {}
        }
    }

    fn block(&mut self, block: &Block) {
        self.name(&block.kind, Kind::Type);
        self.block_name(block.name.as_ref(), block.name_parts.as_ref());
        if let Some(base) = &block.base {
            self.base(base);
        }
        self.body(&block.body);
    }

    fn body(&mut self, body: &Body) {
        for statement in &body.statements {
            match statement {
                Statement::Field(field) => {
                    self.name(&field.name, Kind::Property);
                    self.expr(&field.value);
                }
                Statement::Block(block) => self.block(block),
                Statement::Let(decl) => {
                    self.declaration(&decl.name, Kind::Variable);
                    self.expr(&decl.value);
                }
                Statement::For(repeat) => {
                    self.declaration(&repeat.variable, Kind::Variable);
                    self.expr(&repeat.list);
                    if let Some(condition) = &repeat.condition {
                        self.expr(condition);
                    }
                    self.body(&repeat.body);
                }
                Statement::If(choice) => {
                    self.expr(&choice.condition);
                    self.body(&choice.then);
                    if let Some(otherwise) = &choice.otherwise {
                        self.body(otherwise);
                    }
                }
                Statement::In(inner) => {
                    self.name(&inner.environment, Kind::Variable);
                    self.body(&inner.body);
                }
                Statement::Without(without) => {
                    self.name(&without.kind, Kind::Type);
                    match (&without.name, &without.name_parts) {
                        (Some(name), Some(parts)) => self.string(name.range, parts),
                        (Some(name), None) => self.name(name, Kind::Variable),
                        _ => {}
                    }
                }
                Statement::Require(require) => {
                    self.expr(&require.condition);
                    if let Some(message) = &require.message {
                        self.expr(message);
                    }
                }
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.node {
            ExprNode::Bool(_) => self.push(expr.range, Kind::Keyword, Modifiers::NONE),
            ExprNode::Number(_)
            | ExprNode::Percent(_)
            | ExprNode::Duration(_)
            | ExprNode::Size(_)
            | ExprNode::Rate(_)
            | ExprNode::TimeOfWeek(_)
            | ExprNode::TimeOfDay(_) => self.push(expr.range, Kind::Number, Modifiers::NONE),
            ExprNode::String(string) => self.string(expr.range, string),
            ExprNode::Query(query) => self.query(query),
            ExprNode::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprNode::Labels(entries) => {
                for entry in entries {
                    self.name(&entry.name, Kind::Property);
                    if entry.op != LabelOp::Equal {
                        self.push(entry.op_range, Kind::Operator, Modifiers::NONE);
                    }
                    self.expr(&entry.value);
                }
            }
            ExprNode::Name(name) if name.text == "it" => self.name(name, Kind::Keyword),
            ExprNode::Name(name) => self.name(name, Kind::Variable),
            ExprNode::Member(object, name) => {
                self.expr(object);
                self.name(name, Kind::Property);
            }
            ExprNode::Call(callee, args) => {
                match &callee.node {
                    ExprNode::Name(name) => self.name(name, Kind::Function),
                    _ => self.expr(callee),
                }
                self.args(args.iter());
            }
            ExprNode::Unary(_, inner) | ExprNode::Paren(inner) => self.expr(inner),
            ExprNode::Binary(_, left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprNode::If(condition, then, otherwise) => {
                self.expr(condition);
                self.expr(then);
                self.expr(otherwise);
            }
            ExprNode::Error => {}
        }
    }

    /// The text of a range of the item.
    fn slice(&self, range: TextRange) -> &'t str {
        let range = range.shifted(self.start);
        self.text
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }

    /// Adds a string: its text between the interpolations, and the tokens in these.
    fn string(&mut self, range: TextRange, string: &StringLit) {
        self.closed.push(range.shifted(self.start));
        let mut at = range.start;
        for part in &string.parts {
            let StringPart::Hole(hole) = part else {
                continue;
            };
            let before = TextRange {
                start: at,
                end: hole.range.start.max(at),
            };
            let Some(open) = self.slice(before).rfind("${") else {
                continue;
            };
            let piece = TextRange {
                start: at,
                end: at + open as u32,
            };
            self.push(piece, Kind::String, Modifiers::NONE);
            self.expr(hole);
            let after = TextRange {
                start: hole.range.end,
                end: range.end,
            };
            let close = self.slice(after).find('}').map_or(0, |close| close + 1);
            at = hole.range.end + close as u32;
        }
        let last = TextRange {
            start: at.min(range.end),
            end: range.end,
        };
        self.push(last, Kind::String, Modifiers::NONE);
    }

    fn query(&mut self, query: &QueryLit) {
        let inside = query.text_range;
        let before = TextRange {
            start: inside.start.saturating_sub(1),
            end: inside.start,
        };
        let after = TextRange {
            start: inside.end,
            end: inside.end + 1,
        };
        for tick in [before, after] {
            if self.slice(tick) == "`" {
                self.push(tick, Kind::String, Modifiers::NONE);
            }
        }
        self.closed.push(before.cover(inside).shifted(self.start));
        for found in promql::lexemes(&query.masked()) {
            let kind = found.word.kind();
            let modifiers = match kind {
                Kind::Function | Kind::Keyword => Modifiers::DEFAULT_LIBRARY,
                _ => Modifiers::NONE,
            };
            self.push(found.range.shifted(inside.start), kind, modifiers);
        }
        for hole in &query.holes {
            self.expr(&hole.expr);
        }
    }
}
