//! `rule` items: custom checks of an organization.

use std::collections::BTreeMap;
use std::rc::Rc;

use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, ItemKey, Span, Workspace};
use crate::eval::{BlockRef, Context, Evaluator, Mode, Scope, Value, instance};
use crate::limits;
use crate::schema::Ty;
use nth_syntax::tree::{Body, Expr, ExprNode, ItemNode, Require, Rule, Statement};

/// Checks a rule's own text: every statement, with unknown blocks.
pub fn check(evaluator: &mut Evaluator<'_>, key: ItemKey, rule: &Rule) {
    let Some(ItemNode::Rule(rule)) = evaluator.tree(key).filter(|_| !rule.name.text.is_empty())
    else {
        return;
    };
    let scope = Scope::of_item(key, Rc::default());
    walk(evaluator, &rule.body, &scope, &[]);
}

/// Runs a rule on all blocks of the project. Each finding is at the block that violates it.
#[salsa::tracked(returns(ref))]
pub fn rule_findings(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Vec<Diag> {
    let mut evaluator = Evaluator::new(db, workspace, environment, Mode::Instantiate);
    evaluator.all = BTreeMap::clone(workspace.blocks(db));
    // A package may have rules for kinds without blocks.
    let schema = evaluator.schema;
    for kind in schema.top_level() {
        evaluator.all.entry(kind.name.clone()).or_default();
    }
    let Some(ItemNode::Rule(rule)) = evaluator.tree(key) else {
        return Vec::new();
    };
    let scope = Scope::of_item(key, Rc::default());
    let blocks = evaluator.all.values().map(Vec::len).sum::<usize>();
    evaluator.allow_steps(limits::STEPS_OF_RULE.saturating_mul(blocks as u64));
    walk(&mut evaluator, &rule.body, &scope, &[]);
    evaluator.into_diagnostics()
}

/// Returns whether a rule says something about each block by itself: what it says about one is the same whatever other blocks there
/// are. That is certain if it names all blocks of a kind only to go through them, not inside of another loop.
///
/// `is_all` tells such names, `services`.
pub fn is_about_each(rule: &Rule, is_all: impl Fn(&str) -> bool) -> bool {
    let mut exprs: Vec<&Expr> = Vec::new();
    let mut bodies = vec![(&rule.body, true)];
    while let Some((body, is_top)) = bodies.pop() {
        for statement in &body.statements {
            match statement {
                Statement::For(repeat) => {
                    if !is_top || !matches!(repeat.list.node, ExprNode::Name(_)) {
                        exprs.push(&repeat.list);
                    }
                    exprs.extend(&repeat.condition);
                    bodies.push((&repeat.body, false));
                }
                Statement::If(choice) if !is_top => {
                    exprs.push(&choice.condition);
                    bodies.push((&choice.then, false));
                    bodies.extend(choice.otherwise.iter().map(|body| (body, false)));
                }
                Statement::Let(decl) => exprs.push(&decl.value),
                Statement::Require(require) => {
                    exprs.push(&require.condition);
                    exprs.extend(&require.message);
                }
                // A loop may be in it; or it is misplaced, which was reported.
                _ => return false,
            }
        }
    }
    while let Some(expr) = exprs.pop() {
        if matches!(&expr.node, ExprNode::Name(name) if is_all(&name.text)) {
            return false;
        }
        expr.each_part(&mut |part| exprs.push(part));
    }
    true
}

fn walk<'db>(
    evaluator: &mut Evaluator<'db>,
    body: &'db Body,
    outer: &Rc<Scope<'db>>,
    subjects: &[BlockRef],
) {
    let scope = Scope::inside(outer);
    let context = Context {
        scope: scope.clone(),
        node: None,
    };
    for statement in &body.statements {
        if let Statement::Let(decl) = statement {
            let declared = evaluator.span(&context, decl.name.range);
            let name = decl.name.text.clone();
            scope.bind_lazy(name, &decl.value, context.clone(), None, declared);
        }
    }
    for statement in &body.statements {
        match statement {
            Statement::For(repeat) => {
                let elements = evaluator.elements(&repeat.list, &context);
                evaluator.enter_loop(repeat.list.range, &context);
                for element in elements {
                    let turn = 32 + 4 * repeat.body.statements.len() as u64;
                    if !evaluator.spend(turn, repeat.list.range, &context) {
                        break;
                    }
                    let mut subjects = subjects.to_vec();
                    if let Value::Block(block) = &element {
                        subjects.push(block.clone());
                    }
                    let inner = Scope::inside(&scope);
                    let declared = evaluator.span(&context, repeat.variable.range);
                    inner.bind(repeat.variable.text.clone(), element, Some(declared));
                    if let Some(condition) = &repeat.condition {
                        let context = Context {
                            scope: inner.clone(),
                            node: None,
                        };
                        let taken = evaluator.condition(condition, &context);
                        if evaluator.mode == Mode::Instantiate && taken != Some(true) {
                            continue;
                        }
                    }
                    walk(evaluator, &repeat.body, &inner, &subjects);
                }
                evaluator.leave_loop();
            }
            Statement::If(choice) => {
                let condition = evaluator.condition(&choice.condition, &context);
                let check = evaluator.mode == Mode::Check;
                if check || condition == Some(true) {
                    walk(evaluator, &choice.then, &scope, subjects);
                }
                if let Some(otherwise) = &choice.otherwise
                    && (check || condition == Some(false))
                {
                    walk(evaluator, otherwise, &scope, subjects);
                }
            }
            Statement::Require(require) => {
                check_requirement(evaluator, require, &context, subjects)
            }
            Statement::Let(decl) => {
                if evaluator.mode == Mode::Check {
                    evaluator.eval(&decl.value, &context, &Ty::Any);
                }
            }
            Statement::Field(field) => misplaced(evaluator, &context, field.name.range, "a field"),
            Statement::Block(block) => misplaced(evaluator, &context, block.kind.range, "a block"),
            Statement::In(inner) => misplaced(evaluator, &context, inner.environment.range, "`in`"),
            Statement::Without(without) => {
                misplaced(evaluator, &context, without.range, "`without`")
            }
        }
    }
}

fn misplaced<'db>(
    evaluator: &mut Evaluator<'db>,
    context: &Context<'db>,
    range: nth_syntax::tree::TextRange,
    what: &str,
) {
    let diagnostic = Diag::new(
        &codes::MISPLACED_BLOCK,
        format!("{what} is not allowed in a rule"),
        evaluator.span(context, range),
    )
    .help("write `for`, `if`, `let` or `require condition else \"message\"`");
    evaluator.report(context, diagnostic);
}

fn check_requirement<'db>(
    evaluator: &mut Evaluator<'db>,
    require: &'db Require,
    context: &Context<'db>,
    subjects: &[BlockRef],
) {
    let holds = evaluator.condition(&require.condition, context);
    let message = require.message.as_ref().map(|message| {
        let value = evaluator.eval(message, context, &Ty::String);
        let span = evaluator.span(context, message.range);
        evaluator.coerce(value, &Ty::String, span, context)
    });
    if evaluator.mode == Mode::Check || holds != Some(false) {
        return;
    }
    let rule = match evaluator.tree(context.scope.item) {
        Some(ItemNode::Rule(rule)) => rule.name.text.clone(),
        _ => SmolStr::default(),
    };
    let text = match message.as_ref().and_then(Value::show) {
        Some(text) => text.trim_end_matches('.').to_owned(),
        None => format!(
            "`{}` does not hold",
            crate::eval::expression(&require.condition)
        ),
    };
    let own = evaluator.span(context, require.range);
    let subject = subjects
        .last()
        .and_then(|block| Some((block, evaluator.head_of(block)?)));
    let diagnostic = match subject {
        Some((block, (head, maker))) => {
            let message = format!(
                "{} `{}` violates rule `{rule}`: {text}",
                block.kind, block.name
            );
            let diagnostic = Diag::new(&codes::RULE_BROKEN, message, head);
            match maker.filter(|maker| maker.item != head.item) {
                Some(maker) => diagnostic.because(maker, "in the block generated by this"),
                None => diagnostic,
            }
            .because(own, "required here")
        }
        None => Diag::new(
            &codes::RULE_BROKEN,
            format!("rule `{rule}` is violated: {text}"),
            own,
        ),
    };
    evaluator.diagnostics.push(diagnostic);
}

impl<'db> Evaluator<'db> {
    /// Returns the place of a block's head and, for a block of a template, the place that instantiates it.
    fn head_of(&mut self, block: &BlockRef) -> Option<(Span, Option<Span>)> {
        let found = instance(
            self.db,
            self.workspace,
            block.item,
            self.environment.clone(),
        );
        let mut at = found.instance.as_ref()?;
        for (kind, name) in &block.path {
            at = at.children_of(kind).find(|child| child.name == *name)?;
        }
        Some((at.head, at.trail.last().copied()))
    }
}
