//! All expressions and bases of an item, wherever they stand.

use nthc::syntax::tree::{
    Arg, Base, Block, Body, Expr, ExprNode, ItemNode, QueryLit, Statement, StringLit, StringPart,
    TextRange,
};

/// Something with arguments or a value in it.
#[derive(Clone, Copy)]
pub enum Part<'t> {
    /// An expression; those in it follow.
    Expr(&'t Expr),
    /// What stands behind a colon.
    Base(&'t Base),
    /// A block that is declared; what is in it follows.
    Block(&'t Block),
}

/// Shows `visit` every expression, base and block of an item, outer ones first.
pub fn parts<'t>(node: &'t ItemNode, visit: &mut impl FnMut(Part<'t>)) {
    match node {
        ItemNode::Block(block) => self::block(block, visit),
        ItemNode::Template(template) => {
            for param in &template.params {
                each(param.default.iter(), visit);
            }
            base(template.base.as_ref(), visit);
            body(&template.body, visit);
        }
        ItemNode::Kind(decl) => {
            for field in &decl.fields {
                each(field.refinement.iter().chain(&field.default), visit);
            }
        }
        ItemNode::Function(decl) => {
            for param in &decl.params {
                each(param.default.iter(), visit);
            }
        }
        ItemNode::Let(decl) => expr(&decl.value, visit),
        ItemNode::Rule(rule) => body(&rule.body, visit),
        ItemNode::Import(_) | ItemNode::Enum(_) | ItemNode::Error => {}
    }
}

/// The query that holds a byte of the item, outside of its holes, with the expression that it is.
pub fn query_at(node: &ItemNode, offset: u32) -> Option<(&Expr, &QueryLit)> {
    let mut found = None;
    parts(node, &mut |part| {
        if let Part::Expr(expr) = part
            && let ExprNode::Query(query) = &expr.node
            && within(query.text_range, offset)
            && !query.holes.iter().any(|hole| inside(hole.range, offset))
        {
            found = Some((expr, query));
        }
    });
    found
}

fn within(range: TextRange, offset: u32) -> bool {
    range.start <= offset && offset <= range.end
}

/// Whether a byte is between `${` and `}`.
fn inside(range: TextRange, offset: u32) -> bool {
    range.start + 2 <= offset && offset < range.end
}

fn block<'t>(block: &'t Block, visit: &mut impl FnMut(Part<'t>)) {
    visit(Part::Block(block));
    string(block.name_parts.as_ref(), visit);
    base(block.base.as_ref(), visit);
    body(&block.body, visit);
}

fn base<'t>(base: Option<&'t Base>, visit: &mut impl FnMut(Part<'t>)) {
    let Some(base) = base else { return };
    visit(Part::Base(base));
    args(base.args.iter().flatten(), visit);
}

fn args<'t>(args: impl Iterator<Item = &'t Arg>, visit: &mut impl FnMut(Part<'t>)) {
    each(args.map(|arg| &arg.value), visit);
}

fn each<'t>(exprs: impl Iterator<Item = &'t Expr>, visit: &mut impl FnMut(Part<'t>)) {
    for found in exprs {
        expr(found, visit);
    }
}

fn string<'t>(string: Option<&'t StringLit>, visit: &mut impl FnMut(Part<'t>)) {
    for part in string.iter().flat_map(|string| &string.parts) {
        if let StringPart::Hole(hole) = part {
            expr(hole, visit);
        }
    }
}

fn body<'t>(body: &'t Body, visit: &mut impl FnMut(Part<'t>)) {
    for statement in &body.statements {
        match statement {
            Statement::Field(field) => expr(&field.value, visit),
            Statement::Block(inner) => block(inner, visit),
            Statement::Let(decl) => expr(&decl.value, visit),
            Statement::For(repeat) => {
                each(
                    std::iter::once(&repeat.list).chain(&repeat.condition),
                    visit,
                );
                self::body(&repeat.body, visit);
            }
            Statement::If(choice) => {
                expr(&choice.condition, visit);
                self::body(&choice.then, visit);
                if let Some(otherwise) = &choice.otherwise {
                    self::body(otherwise, visit);
                }
            }
            Statement::In(inner) => self::body(&inner.body, visit),
            Statement::Without(without) => string(without.name_parts.as_ref(), visit),
            Statement::Require(require) => {
                each(
                    std::iter::once(&require.condition).chain(&require.message),
                    visit,
                );
            }
        }
    }
}

fn expr<'t>(expr: &'t Expr, visit: &mut impl FnMut(Part<'t>)) {
    visit(Part::Expr(expr));
    match &expr.node {
        ExprNode::String(inner) => string(Some(inner), visit),
        ExprNode::Query(query) => each(query.holes.iter().map(|hole| &hole.expr), visit),
        ExprNode::List(items) => each(items.iter(), visit),
        ExprNode::Labels(entries) => each(entries.iter().map(|entry| &entry.value), visit),
        ExprNode::Member(inner, _) | ExprNode::Unary(_, inner) | ExprNode::Paren(inner) => {
            self::expr(inner, visit);
        }
        ExprNode::Call(callee, called) => {
            self::expr(callee, visit);
            args(called.iter(), visit);
        }
        ExprNode::Binary(_, left, right) => each([&**left, &**right].into_iter(), visit),
        ExprNode::If(condition, then, otherwise) => {
            each([&**condition, &**then, &**otherwise].into_iter(), visit);
        }
        ExprNode::Bool(_)
        | ExprNode::Number(_)
        | ExprNode::Percent(_)
        | ExprNode::Duration(_)
        | ExprNode::Size(_)
        | ExprNode::Rate(_)
        | ExprNode::TimeOfWeek(_)
        | ExprNode::TimeOfDay(_)
        | ExprNode::Name(_)
        | ExprNode::Error => {}
    }
}
