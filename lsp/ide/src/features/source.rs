//! Access to a file of a project for features: its items, and the results of the compiler for its blocks.

use std::sync::Arc;

use nthc::check::item_index;
use nthc::db::{ItemClass, ItemKey, SourceFile, Workspace, item, item_start, items_of_text};
use nthc::environment::settings_in;
use nthc::eval::index::ItemIndex;
use nthc::eval::{BlockRef, FieldValue, Instance, instance};
use nthc::ir;
use nthc::lower::service_model;
use nthc::schema::names::kind;
use nthc::schema::{Schema, schema};
use nthc::syntax::tree::{Body, Item, ItemNode, Statement, TextRange};
use smol_str::SmolStr;

use crate::view::ProjectView;

/// A file in the context of a project.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The database.
    pub db: &'a dyn salsa::Database,
    /// The project's workspace.
    pub workspace: Workspace,
    /// The settings of the project's targets.
    pub settings: &'a ir::Settings,
    /// The file.
    pub file: SourceFile,
}

/// An item of a file.
#[derive(Clone, Copy)]
pub struct Placed<'a> {
    /// The item's key.
    pub key: ItemKey,
    /// Its start in the file.
    pub start: u32,
    /// The item.
    pub item: &'a Arc<Item>,
}

impl Placed<'_> {
    /// Converts a range of the item to one of the file.
    pub fn absolute(&self, range: TextRange) -> TextRange {
        range.shifted(self.start)
    }

    /// Its range in the file.
    pub fn range(&self) -> TextRange {
        TextRange {
            start: self.start,
            end: self.start.saturating_add(self.item.len),
        }
    }
}

/// Values per environment: each value with the environments that have it; the list of environments is empty if all
/// agree.
pub type Differing<T> = Vec<(Vec<SmolStr>, T)>;

impl<'a> Source<'a> {
    /// Another file of the same project.
    pub fn with_file(&self, file: SourceFile) -> Self {
        Self { file, ..*self }
    }

    /// The file's text.
    pub fn text(&self) -> &'a str {
        self.file.text(self.db)
    }

    /// The schema.
    pub fn schema(&self) -> &'a Schema {
        schema(self.db, self.workspace)
    }

    /// The items, in source order.
    pub fn items(&self) -> impl Iterator<Item = Placed<'a>> + use<'a> {
        items_of_text(self.db, self.file).map(|(entry, found)| Placed {
            key: entry.key,
            start: found.start,
            item: &found.item,
        })
    }

    /// The items that overlap or touch a range.
    pub fn items_in(&self, range: TextRange) -> impl Iterator<Item = Placed<'a>> + use<'a> {
        self.items()
            .skip_while(move |placed| placed.range().end < range.start)
            .take_while(move |placed| placed.start <= range.end)
    }

    /// The item that contains a byte or ends there. Of two, the one that starts there.
    pub fn item_at(&self, offset: u32) -> Option<Placed<'a>> {
        let here = TextRange {
            start: offset,
            end: offset,
        };
        self.items_in(here).last()
    }

    /// The compiler's notes about an item.
    pub fn notes(&self, key: ItemKey) -> &'a ItemIndex {
        item_index(self.db, self.workspace, key)
    }

    /// The syntax tree of an item.
    pub fn tree(&self, key: ItemKey) -> Option<&'a Arc<Item>> {
        item(self.db, key).as_ref()
    }

    /// The text of a range of an item, in any file.
    pub fn text_of(&self, key: ItemKey, range: TextRange) -> Option<&'a str> {
        let range = range.shifted(item_start(self.db, key));
        let text: &'a str = key.file.text(self.db);
        text.get(range.start as usize..range.end as usize)
    }

    /// The declared environments, or `None` alone.
    pub fn environments(&self) -> Vec<Option<SmolStr>> {
        let declared = self.workspace.environments(self.db);
        if declared.is_empty() {
            return vec![None];
        }
        declared.keys().cloned().map(Some).collect()
    }

    /// Evaluates `ask` in every environment. Empty if it returns `None` in all of them.
    pub fn everywhere<T: PartialEq>(
        &self,
        question: impl Fn(&Option<SmolStr>) -> Option<T>,
    ) -> Differing<T> {
        let environments = self.environments();
        let mut found: Differing<T> = Vec::new();
        for environment in &environments {
            let Some(answer) = question(environment) else {
                continue;
            };
            let name = environment.clone().into_iter();
            match found.iter_mut().find(|(_, known)| *known == answer) {
                Some((names, _)) => names.extend(name),
                None => found.push((name.collect(), answer)),
            }
        }
        if let [(names, _)] = found.as_mut_slice()
            && names.len() == environments.len()
        {
            names.clear();
        }
        found
    }

    /// The instance of a block in an environment; `None` inside a template.
    pub fn instance(
        &self,
        block: &BlockRef,
        environment: &Option<SmolStr>,
    ) -> Option<&'a Instance> {
        let evaluated = instance(self.db, self.workspace, block.item, environment.clone());
        let mut found = evaluated.instance.as_ref()?;
        for (kind, name) in &block.path {
            found = found
                .children
                .iter()
                .find(|child| child.kind == *kind && child.name == *name)?;
        }
        Some(found)
    }

    /// A field of a block in an environment; `None` if it is not set and has no default.
    pub fn field(
        &self,
        block: &BlockRef,
        field: &str,
        environment: &Option<SmolStr>,
    ) -> Option<&'a FieldValue> {
        self.instance(block, environment)?.fields.get(field)
    }

    /// True if a block in an environment has a field that is not set and has no default.
    pub fn is_unset(&self, block: &BlockRef, field: &str, environment: &Option<SmolStr>) -> bool {
        let instance = self.instance(block, environment);
        instance.is_some_and(|instance| instance.unset.iter().any(|name| name == field))
    }

    /// The model of a service in an environment; `None` if the item is no service.
    pub fn service(&self, key: ItemKey, environment: &Option<SmolStr>) -> Option<&'a ir::Service> {
        let lowered = service_model(self.db, self.workspace, key, environment.clone());
        lowered.service.as_ref()
    }

    /// The model of an SLO in an environment; `block` is the SLO, or a block in it.
    pub fn slo(&self, block: &BlockRef, environment: &Option<SmolStr>) -> Option<&'a ir::Slo> {
        let (_, name) = block.path.iter().find(|(kind, _)| kind == kind::SLO)?;
        let service = self.service(block.item, environment)?;
        service.slos.iter().find(|slo| slo.name == *name)
    }

    /// The environment of the `in` block around a byte of an item; otherwise the first environment.
    pub fn environment_at(&self, node: &ItemNode, offset: u32) -> Option<SmolStr> {
        let found = inner_environment(node, offset);
        found.or_else(|| self.environments().into_iter().next().flatten())
    }

    /// The project's settings for an environment.
    pub fn settings_in(&self, environment: &Option<SmolStr>) -> ir::Settings {
        settings_in(self.db, self.workspace, self.settings, environment)
    }

    /// True if an item is one of the project's services, not a package's.
    pub fn is_own_service(&self, key: ItemKey) -> bool {
        !key.file.package(self.db)
            && nthc::db::item_entry(self.db, key)
                .is_some_and(|entry| entry.class == ItemClass::Block && entry.kind == kind::SERVICE)
    }

    /// All files of the project, its packages and the standard library, sorted by module name.
    pub fn all_files(&self) -> impl Iterator<Item = SourceFile> + use<'a> {
        self.workspace.modules(self.db).values().copied()
    }
}

impl<'a> Source<'a> {
    /// Creates a source for a file of a project.
    pub fn new(project: &'a ProjectView, file: SourceFile) -> Self {
        Self {
            db: project.db(),
            workspace: project.workspace(),
            settings: &project.targets,
            file,
        }
    }
}

/// The environment of the `in` block around a byte of an item.
pub fn inner_environment(node: &ItemNode, offset: u32) -> Option<SmolStr> {
    fn search(body: &Body, offset: u32) -> Option<SmolStr> {
        let holds = |body: &Body| body.range.start < offset && offset < body.range.end;
        body.statements
            .iter()
            .find_map(|statement| match statement {
                Statement::In(inner) if holds(&inner.body) => {
                    search(&inner.body, offset).or_else(|| Some(inner.environment.text.clone()))
                }
                Statement::Block(block) if holds(&block.body) => search(&block.body, offset),
                Statement::For(repeat) if holds(&repeat.body) => search(&repeat.body, offset),
                Statement::If(choice) => [Some(&choice.then), choice.otherwise.as_ref()]
                    .into_iter()
                    .flatten()
                    .find(|body| holds(body))
                    .and_then(|body| search(body, offset)),
                _ => None,
            })
    }
    match node {
        ItemNode::Block(block) => search(&block.body, offset),
        ItemNode::Template(template) => search(&template.body, offset),
        _ => None,
    }
}
