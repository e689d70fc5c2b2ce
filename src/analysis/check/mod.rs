//! Checks: of one item, of names across files, and of a whole project.

mod alert_names;
mod cycles;
pub mod dependencies;
mod exclusions;
mod index;
pub mod names;
mod origins;
pub mod ownership;
pub mod paging;
pub mod project;
pub mod reliability;
pub mod rule_labels;
mod ruler_functions;
pub mod rules;
pub mod series;
pub mod utf8_names;

use std::rc::Rc;

use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, ItemKey, Span, Workspace, expanded, file_names, find_module, item};
use crate::eval::{Context, Evaluator, Mode, NodeId, Scope};
use crate::resolve::{did_you_mean, did_you_mean_block, import_names_item};
use crate::schema::{Ty, is_standard, params};
use nth_diagnostics::{UnknownName, suggest};

pub use crate::schema::where_it_belongs;
pub use index::item_index;
use nth_syntax::tree::{
    Body, Import, Item, ItemNode, KindDecl, Name, Statement, SyntaxError, Template, TextRange,
};

/// The result of [`check_item`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// The diagnostics.
    pub found: Vec<Diag>,
    /// The evaluation steps that it took.
    pub steps: u64,
    /// True if the check stopped because the item exceeds a limit.
    pub is_over: bool,
}

/// Checks an item's own text, independent of how the rest of the project uses the item.
#[salsa::tracked(returns(ref))]
pub fn check_item(db: &dyn salsa::Database, workspace: Workspace, key: ItemKey) -> Checked {
    let Some(tree) = item(db, key) else {
        return Checked::default();
    };
    // What is wrong in a block of a loop is reported there.
    let blocks: Vec<TextRange> = match &tree.node {
        ItemNode::For(repeat) => blocks_of(&repeat.body),
        _ => Vec::new(),
    };
    let is_outside = |error: &&SyntaxError| {
        let at = error.range;
        !blocks
            .iter()
            .any(|block| block.start <= at.start && at.end <= block.end)
    };
    let mut diagnostics: Vec<Diag> = tree
        .errors
        .iter()
        .filter(is_outside)
        .map(|error| nth_syntax::diagnose(error).map_spans(&mut |range| Span { item: key, range }))
        .collect();
    let mut evaluator = Evaluator::new(db, workspace, None, Mode::Check);
    check_item_with(&mut evaluator, key, tree);
    let (steps, is_over) = (evaluator.steps(), evaluator.is_over());
    // Errors in a base or in another block are reported there.
    diagnostics.extend(
        evaluator
            .into_diagnostics()
            .into_iter()
            .filter(|found| found.primary.span.item == key),
    );
    Checked {
        found: diagnostics,
        steps,
        is_over,
    }
}

/// The ranges of the blocks of a loop.
fn blocks_of(body: &Body) -> Vec<TextRange> {
    let ranges = body.statements.iter().map(|statement| match statement {
        Statement::Block(block) => vec![block.range],
        Statement::For(inner) => blocks_of(&inner.body),
        _ => Vec::new(),
    });
    ranges.flatten().collect()
}

/// Checks everything in an item's own text with the given evaluator.
fn check_item_with<'db>(evaluator: &mut Evaluator<'db>, key: ItemKey, tree: &'db Item) {
    match &tree.node {
        ItemNode::Import(import) => check_import(evaluator, key, import),
        ItemNode::Block(block) => {
            check_top_kind(evaluator, key, &block.kind, false);
            let name = block.name.as_ref().filter(|name| !name.text.is_empty());
            match (name, evaluator.schema.kinds.contains_key(&block.kind.text)) {
                (None, true) => evaluator.diagnostics.push(
                    Diag::new(
                        &codes::MISSING_BLOCK_NAME,
                        format!("missing name of `{}`", block.kind.text),
                        Span {
                            item: key,
                            range: block.kind.range,
                        },
                    )
                    .help(format!("write `{} name {{ … }}`", block.kind.text)),
                ),
                _ => {
                    if let Some(root) = evaluator.root_block(key) {
                        evaluator.check(root);
                    }
                }
            }
        }
        ItemNode::Template(template) => {
            check_top_kind(evaluator, key, &template.kind, true);
            let root = evaluator.root_template(key);
            check_params(evaluator, key, template, root);
            for param in &template.params {
                evaluator.check_usable(key, &param.name, "parameter");
            }
            if let Some(root) = root {
                evaluator.check(root);
            }
        }
        ItemNode::Let(decl) => {
            evaluator.check_usable(key, &decl.name, "`let`");
            let scope = Scope::of_item(key, Rc::default());
            evaluator.eval(&decl.value, &Context { scope, node: None }, &Ty::Any);
            cycles::check_let(evaluator, key, decl);
        }
        ItemNode::Rule(rule) => rules::check(evaluator, key, rule),
        ItemNode::Kind(decl) => check_kind(evaluator, key, decl),
        ItemNode::Enum(decl) if decl.extend => {
            let of_schema = evaluator.schema.diagnostics.clone();
            evaluator.diagnostics.extend(of_schema);
        }
        ItemNode::Enum(_) | ItemNode::Function(_) => check_reserved(evaluator, key),
        ItemNode::For(_) => check_loop(evaluator, key),
        ItemNode::Error => {}
    }
}

/// Reports what keeps the blocks of a loop from being known.
fn check_loop(evaluator: &mut Evaluator<'_>, key: ItemKey) {
    let entries = &file_names(evaluator.db, key.file).items;
    for problem in &expanded(evaluator.db, key.file).problems {
        if entries
            .get(problem.item)
            .is_some_and(|entry| entry.key == key)
        {
            let span = Span {
                item: key,
                range: problem.range,
            };
            let found = Diag::new(&codes::TOP_LEVEL_LOOP, problem.message.clone(), span);
            evaluator.diagnostics.push(found.help(problem.help));
        }
    }
}

fn check_import(evaluator: &mut Evaluator<'_>, key: ItemKey, import: &Import) {
    // `import a.` or `import`: the syntax error is enough.
    if import
        .path
        .segments
        .last()
        .is_none_or(|last| import.path.range.end > last.range.end)
    {
        return;
    }
    let name: SmolStr = import
        .path
        .segments
        .iter()
        .map(|name| name.text.as_str())
        .collect::<Vec<_>>()
        .join(".")
        .into();
    let Some(module) = find_module(evaluator.db, evaluator.workspace, name.clone()) else {
        // `import a.b` may name the item `b` of the module `a`.
        if import.names.is_none() && import_names_item(evaluator.db, evaluator.workspace, &name) {
            return;
        }
        let span = Span {
            item: key,
            range: import.path.range,
        };
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_MODULE,
            format!("unknown module `{name}`"),
            span,
        );
        let known = evaluator.workspace.modules(evaluator.db);
        if let Some(near) = suggest::nearest(&name, known.keys().map(SmolStr::as_str)) {
            diagnostic = did_you_mean(diagnostic, span, near);
        } else {
            diagnostic = diagnostic.help(format!(
                "create `{}.nth` below the source root, or fix the name",
                name.replace('.', "/")
            ));
        }
        evaluator.diagnostics.push(diagnostic);
        return;
    };
    for wanted in import.names.iter().flatten() {
        let names = file_names(evaluator.db, module);
        if names.items.iter().any(|entry| entry.name == wanted.text) {
            continue;
        }
        let span = Span {
            item: key,
            range: wanted.range,
        };
        let mut diagnostic = Diag::new(
            &codes::UNKNOWN_NAME,
            format!("unknown name `{}` in module `{name}`", wanted.text),
            span,
        );
        if let Some(near) = suggest::nearest(
            &wanted.text,
            names.items.iter().map(|entry| entry.name.as_str()),
        ) {
            diagnostic = did_you_mean_block(diagnostic, span, near);
        } else {
            diagnostic.unknown_name = Some(UnknownName {
                kind: String::new(),
                name: wanted.text.to_string(),
            });
        }
        evaluator.diagnostics.push(diagnostic);
    }
}

fn check_top_kind(evaluator: &mut Evaluator<'_>, key: ItemKey, kind: &Name, template: bool) {
    let span = Span {
        item: key,
        range: kind.range,
    };
    match evaluator.schema.kinds.get(&kind.text) {
        Some(known) if template || known.is_top_level => {}
        Some(known) if known.base.is_some() => evaluator.diagnostics.push(
            Diag::new(
                &codes::MISPLACED_BLOCK,
                format!("`{}` is not allowed at the top level", kind.text),
                span,
            )
            .help(format!(
                "write it as a variant of `{}`",
                known.base.as_deref().unwrap_or_default()
            )),
        ),
        Some(known) => evaluator.diagnostics.push(
            Diag::new(
                &codes::MISPLACED_BLOCK,
                format!("`{}` is not allowed at the top level", kind.text),
                span,
            )
            .help(where_it_belongs(known)),
        ),
        None => {
            let mut diagnostic = Diag::new(
                &codes::UNKNOWN_KIND,
                format!("unknown block kind `{}`", kind.text),
                span,
            );
            let near = if template {
                suggest::nearest(
                    &kind.text,
                    evaluator.schema.kinds.keys().map(SmolStr::as_str),
                )
            } else {
                let declarations = ["template", "import", "let", "rule", "extend"];
                let known = evaluator.schema.top_level().map(|kind| kind.name.as_str());
                suggest::nearest(&kind.text, known.chain(declarations))
            };
            diagnostic = match near {
                Some(near) => did_you_mean(diagnostic, span, near),
                None if template => diagnostic,
                None => {
                    let known: Vec<_> = evaluator
                        .schema
                        .top_level()
                        .map(|kind| format!("`{}`", kind.name))
                        .collect();
                    diagnostic.help(format!(
                        "use one of the top-level kinds: {}",
                        known.join(", ")
                    ))
                }
            };
            evaluator.diagnostics.push(diagnostic);
        }
    }
}

fn check_params<'db>(
    evaluator: &mut Evaluator<'db>,
    key: ItemKey,
    template: &'db Template,
    root: Option<NodeId>,
) {
    let mut diagnostics = Vec::new();
    let types = params(evaluator.schema, &template.params, key, &mut diagnostics);
    evaluator.diagnostics.extend(diagnostics);
    for (position, param) in template.params.iter().enumerate() {
        if let Some(first) = template.params[..position]
            .iter()
            .find(|other| other.name.text == param.name.text)
        {
            evaluator.diagnostics.push(
                Diag::new(
                    &codes::DUPLICATE_NAME,
                    format!("duplicate parameter `{}`", param.name.text),
                    Span {
                        item: key,
                        range: param.name.range,
                    },
                )
                .because(
                    Span {
                        item: key,
                        range: first.name.range,
                    },
                    "first declared here",
                ),
            );
        }
    }
    // Defaults are evaluated in the template's scope. This checks their types.
    let names: Vec<(SmolStr, Ty, Span)> = types
        .iter()
        .zip(&template.params)
        .map(|((name, ty, _), param)| {
            let declared = Span {
                item: key,
                range: param.name.range,
            };
            (name.clone(), ty.clone(), declared)
        })
        .collect();
    for (position, (param, (_, ty, _))) in template.params.iter().zip(types).enumerate() {
        if let Some(default) = &param.default {
            let mut others = names.clone();
            others.remove(position);
            evaluator.check_default(key, default, &ty, root, &others);
        }
    }
}

fn check_kind<'db>(evaluator: &mut Evaluator<'db>, key: ItemKey, decl: &'db KindDecl) {
    if !decl.extend {
        check_reserved(evaluator, key);
    }
    let of_schema: Vec<Diag> = evaluator.schema.diagnostics.clone();
    evaluator.diagnostics.extend(of_schema);
    for field in &decl.fields {
        let Some(known) = evaluator.schema.field(&decl.name.text, &field.name.text) else {
            continue;
        };
        if known.span.item != key {
            continue;
        }
        let ty = known.ty.clone();
        // Defaults in the prelude may refer to enclosing blocks. A test evaluates each of them.
        if let Some(default) = &field.default
            && decl.extend
        {
            evaluator.check_default(key, default, &ty, None, &[]);
        }
        if decl.extend && decl.name.text == rule_labels::LABELED_KIND {
            let place = Span {
                item: key,
                range: field.name.range,
            };
            let environments = evaluator.workspace.environments(evaluator.db);
            let reserved = rule_labels::reserved_field(
                &field.name.text,
                place,
                !environments.is_empty(),
                evaluator.workspace.given_labels(evaluator.db),
            );
            evaluator.diagnostics.extend(reserved);
        }
    }
}

fn check_reserved(evaluator: &mut Evaluator<'_>, key: ItemKey) {
    if key.file == evaluator.workspace.prelude(evaluator.db) {
        return;
    }
    let (range, what) = match evaluator.tree(key) {
        Some(ItemNode::Kind(decl)) => (decl.name.range, "kind"),
        Some(ItemNode::Enum(_)) if is_standard(evaluator.db, key.file) => return,
        Some(ItemNode::Enum(decl)) => (decl.name.range, "enum"),
        Some(ItemNode::Function(decl)) => (decl.name.range, "function"),
        _ => return,
    };
    evaluator.diagnostics.push(
        Diag::new(
            &codes::PRELUDE_ONLY,
            format!("a project cannot declare a new {what}"),
            Span { item: key, range },
        )
        .help(
            "add fields to an existing kind instead: `extend kind service { cost-center: string }`",
        ),
    );
}
