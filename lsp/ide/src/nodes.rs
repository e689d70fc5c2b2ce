//! The nodes of an item's syntax tree as one type, to walk the tree generically.

use nthc::syntax::tree::{
    Arg, Base, Block, Body, Expr, ExprNode, FieldDecl, ItemNode, LabelEntry, Param, QueryLit,
    Statement, StringPart, TextRange,
};

/// A node. Ranges count from the start of the item.
#[derive(Debug, Clone, Copy)]
pub enum Node<'t> {
    /// A block, at the top of a file or nested.
    Block(&'t Block),
    /// The contents of braces.
    Body(&'t Body),
    /// A statement.
    Statement(&'t Statement),
    /// A base, after a colon.
    Base(&'t Base),
    /// An argument.
    Arg(&'t Arg),
    /// A parameter.
    Param(&'t Param),
    /// A field's declaration.
    Declared(&'t FieldDecl),
    /// An entry of labels.
    Label(&'t LabelEntry),
    /// An expression.
    Expr(&'t Expr),
}

impl<'t> Node<'t> {
    /// The range of the node.
    pub fn range(self) -> TextRange {
        match self {
            Self::Block(block) => block.range,
            Self::Body(body) => body.range,
            Self::Statement(statement) => statement.range(),
            Self::Base(base) => base.range,
            Self::Arg(arg) => arg.range,
            Self::Param(param) => param.range,
            Self::Declared(field) => field.range,
            Self::Label(label) => label.name.range.cover(label.value.range),
            Self::Expr(expr) => expr.range,
        }
    }

    /// Calls `visit` with each direct child, in source order.
    pub fn children(self, visit: &mut impl FnMut(Node<'t>)) {
        match self {
            Self::Block(block) => {
                for part in block.name_parts.iter().flat_map(|name| &name.parts) {
                    if let StringPart::Hole(expr) = part {
                        visit(Node::Expr(expr));
                    }
                }
                if let Some(base) = &block.base {
                    visit(Node::Base(base));
                }
                visit(Node::Body(&block.body));
            }
            Self::Body(body) => body
                .statements
                .iter()
                .for_each(|statement| visit(Node::Statement(statement))),
            Self::Statement(statement) => statement_children(statement, visit),
            Self::Base(base) => base
                .args
                .iter()
                .flatten()
                .for_each(|arg| visit(Node::Arg(arg))),
            Self::Arg(arg) => visit(Node::Expr(&arg.value)),
            Self::Param(param) => {
                if let Some(default) = &param.default {
                    visit(Node::Expr(default));
                }
            }
            Self::Declared(field) => {
                for expr in field.refinement.iter().chain(&field.default) {
                    visit(Node::Expr(expr));
                }
            }
            Self::Label(label) => visit(Node::Expr(&label.value)),
            Self::Expr(expr) => expr_children(expr, visit),
        }
    }

    /// Calls `visit` with the node and each of its descendants, parents first.
    pub fn walk(self, visit: &mut impl FnMut(Node<'t>)) {
        visit(self);
        let mut inner = Vec::new();
        self.children(&mut |node| inner.push(node));
        for node in inner {
            node.walk(visit);
        }
    }
}

fn statement_children<'t>(statement: &'t Statement, visit: &mut impl FnMut(Node<'t>)) {
    match statement {
        Statement::Field(field) => visit(Node::Expr(&field.value)),
        Statement::Block(block) => visit(Node::Block(block)),
        Statement::Let(decl) => visit(Node::Expr(&decl.value)),
        Statement::For(repeat) => {
            visit(Node::Expr(&repeat.list));
            if let Some(condition) = &repeat.condition {
                visit(Node::Expr(condition));
            }
            visit(Node::Body(&repeat.body));
        }
        Statement::If(choice) => {
            visit(Node::Expr(&choice.condition));
            visit(Node::Body(&choice.then));
            if let Some(otherwise) = &choice.otherwise {
                visit(Node::Body(otherwise));
            }
        }
        Statement::In(inner) => visit(Node::Body(&inner.body)),
        Statement::Without(without) => {
            for part in without.name_parts.iter().flat_map(|name| &name.parts) {
                if let StringPart::Hole(expr) = part {
                    visit(Node::Expr(expr));
                }
            }
        }
        Statement::Require(require) => {
            visit(Node::Expr(&require.condition));
            if let Some(message) = &require.message {
                visit(Node::Expr(message));
            }
        }
    }
}

fn expr_children<'t>(expr: &'t Expr, visit: &mut impl FnMut(Node<'t>)) {
    match &expr.node {
        ExprNode::Labels(labels) => labels.iter().for_each(|label| visit(Node::Label(label))),
        ExprNode::Call(function, args) => {
            visit(Node::Expr(function));
            args.iter().for_each(|arg| visit(Node::Arg(arg)));
        }
        _ => expr.each_part(&mut |part| visit(Node::Expr(part))),
    }
}

/// The direct children of an item.
pub fn item_children(item: &ItemNode) -> Vec<Node<'_>> {
    match item {
        ItemNode::Block(block) => vec![Node::Block(block)],
        ItemNode::Template(template) => {
            let params = template.params.iter().map(Node::Param);
            let base = template.base.iter().map(Node::Base);
            params
                .chain(base)
                .chain([Node::Body(&template.body)])
                .collect()
        }
        ItemNode::Kind(decl) => decl.fields.iter().map(Node::Declared).collect(),
        ItemNode::Function(decl) => decl.params.iter().map(Node::Param).collect(),
        ItemNode::Let(decl) => vec![Node::Expr(&decl.value)],
        ItemNode::Rule(rule) => vec![Node::Body(&rule.body)],
        // The blocks are items of their own.
        ItemNode::For(repeat) => vec![Node::Expr(&repeat.list)],
        ItemNode::Import(_) | ItemNode::Enum(_) | ItemNode::Error => Vec::new(),
    }
}

/// The nodes of an item that contain a range, outermost first.
pub fn path_to(item: &ItemNode, range: TextRange) -> Vec<Node<'_>> {
    let holds = |node: &Node<'_>| {
        let own = node.range();
        own.start <= range.start && range.end <= own.end && !own.is_empty()
    };
    let mut path: Vec<Node<'_>> = Vec::new();
    let mut inner = item_children(item);
    // At a boundary that two neighbors share, the second is meant.
    while let Some(next) = inner.iter().rev().find(|node| holds(node)).copied() {
        path.push(next);
        inner.clear();
        next.children(&mut |node| inner.push(node));
    }
    path
}

/// Calls `visit` with each node of an item.
pub fn walk_item<'t>(item: &'t ItemNode, visit: &mut impl FnMut(Node<'t>)) {
    for node in item_children(item) {
        node.walk(visit);
    }
}

/// The query that contains a byte of the item, outside its interpolations, with its expression.
pub fn query_at(node: &ItemNode, offset: u32) -> Option<(&Expr, &QueryLit)> {
    let mut found = None;
    walk_item(node, &mut |node| {
        if let Node::Expr(expr) = node
            && let ExprNode::Query(query) = &expr.node
            && touches(query.text_range, offset)
            && !query.holes.iter().any(|hole| is_inside(hole.range, offset))
        {
            found = Some((expr, query));
        }
    });
    found
}

fn touches(range: TextRange, offset: u32) -> bool {
    range.start <= offset && offset <= range.end
}

/// True if a byte is between `${` and `}`.
fn is_inside(range: TextRange, offset: u32) -> bool {
    range.start + 2 <= offset && offset < range.end
}
