//! Checks of bodies: statements other than fields and blocks.

use std::collections::HashMap;

use smol_str::SmolStr;

use crate::codes;
use crate::db::Diag;
use crate::eval::Evaluator;
use crate::eval::scope::{Context, Scope};
use nth_diagnostics::suggest;
use nth_syntax::tree::{Block, Body, For, Statement, TextRange};

impl<'db> Evaluator<'db> {
    /// Checks the statements of a body other than fields and blocks.
    pub(crate) fn check_body(&mut self, body: &'db Body, scope: &std::rc::Rc<Scope<'db>>) {
        let context = Context {
            scope: scope.clone(),
            node: None,
        };
        let mut seen: HashMap<&SmolStr, TextRange> = HashMap::new();
        let mut lets: HashMap<&SmolStr, TextRange> = HashMap::new();
        let mut blocks: HashMap<(&SmolStr, &str), TextRange> = HashMap::new();
        for statement in &body.statements {
            match statement {
                Statement::Let(decl) => {
                    self.check_usable(scope.item, &decl.name, "`let`");
                    if let Some(first) = lets.get(&decl.name.text) {
                        let diagnostic = Diag::new(
                            &codes::DUPLICATE_NAME,
                            format!("duplicate `let` `{}`", decl.name.text),
                            self.span(&context, decl.name.range),
                        )
                        .because(self.span(&context, *first), "first declared here");
                        self.report(&context, diagnostic);
                    } else {
                        lets.insert(&decl.name.text, decl.name.range);
                    }
                    self.force(scope, &decl.name.text);
                }
                Statement::Field(field) => {
                    if let Some(first) = seen.get(&field.name.text) {
                        let diagnostic = Diag::new(
                            &codes::DUPLICATE_FIELD,
                            format!("`{}` is set twice", field.name.text),
                            self.span(&context, field.name.range),
                        )
                        .because(self.span(&context, *first), "first set here");
                        self.report(&context, diagnostic);
                    } else {
                        seen.insert(&field.name.text, field.name.range);
                    }
                }
                Statement::In(inner) => {
                    let environments = self.workspace.environments(self.db);
                    if !environments.contains_key(&inner.environment.text) {
                        let span = self.span(&context, inner.environment.range);
                        let mut diagnostic = Diag::new(
                            &codes::UNKNOWN_ENVIRONMENT,
                            format!("unknown environment `{}`", inner.environment.text),
                            span,
                        );
                        let known = environments.keys().map(SmolStr::as_str);
                        diagnostic = match suggest::nearest(&inner.environment.text, known) {
                            Some(near) => crate::resolve::did_you_mean(diagnostic, span, near),
                            None => diagnostic.help(format!(
                                "declare it: `environment {} {{ }}`",
                                inner.environment.text
                            )),
                        };
                        self.report(&context, diagnostic);
                    }
                    self.check_body(&inner.body, scope);
                }
                Statement::If(choice) => {
                    self.check_body(&choice.then, scope);
                    if let Some(otherwise) = &choice.otherwise {
                        self.check_body(otherwise, scope);
                    }
                }
                Statement::For(repeat) => {
                    self.check_body(&repeat.body, scope);
                    self.check_turns(repeat, &context);
                }
                Statement::Require(require) => {
                    let diagnostic = Diag::new(
                        &codes::MISPLACED_BLOCK,
                        "`require` is only allowed in a rule",
                        self.span(&context, require.range),
                    )
                    .help("move it into a `rule name { … }`");
                    self.report(&context, diagnostic);
                }
                Statement::Block(block) => {
                    let name = block.name.as_ref().filter(|_| block.name_parts.is_none());
                    if name.is_none() && !self.schema.is_single(&block.kind.text) {
                        continue;
                    }
                    let own = name.map_or("", |name| name.text.as_str());
                    match blocks.get(&(&block.kind.text, own)) {
                        Some(first) if block.name_parts.is_none() => {
                            self.report_second_block(block, *first, &context);
                        }
                        _ if block.name_parts.is_none() => {
                            let place = name.map_or(block.kind.range, |name| name.range);
                            blocks.insert((&block.kind.text, own), place);
                        }
                        _ => {}
                    }
                }
                Statement::Without(_) => {}
            }
        }
    }

    /// Reports two blocks of the same kind and name in one body: one would silently override the other.
    /// Reports a block in a loop with the same name in every iteration: each would override the previous one.
    fn check_turns(&mut self, repeat: &'db For, context: &Context<'db>) {
        for statement in &repeat.body.statements {
            let Statement::Block(block) = statement else {
                continue;
            };
            let Some(name) = block.name.as_ref().filter(|_| block.name_parts.is_none()) else {
                continue;
            };
            let (kind, variable) = (&block.kind.text, &repeat.variable.text);
            let diagnostic = Diag::new(
                &codes::SAME_IN_EVERY_TURN,
                format!(
                    "every iteration of this loop defines the same {kind} `{}`",
                    name.text
                ),
                self.span(context, name.range),
            )
            .because(self.span(context, repeat.variable.range), "this loop")
            .help(format!(
                "include the loop variable in the name: `{kind} \"{}-${{{variable}}}\"`",
                name.text
            ));
            self.report(context, diagnostic);
        }
    }

    fn report_second_block(&mut self, block: &Block, first: TextRange, context: &Context<'db>) {
        let kind = &block.kind.text;
        let diagnostic = match &block.name {
            Some(name) => Diag::new(
                &codes::DUPLICATE_NAME,
                format!("duplicate {kind} `{}`", name.text),
                self.span(context, name.range),
            ),
            None => Diag::new(
                &codes::DUPLICATE_FIELD,
                format!("duplicate `{kind}` block"),
                self.span(context, block.kind.range),
            ),
        };
        self.report(
            context,
            diagnostic.because(self.span(context, first), "first defined here"),
        );
    }
}
