//! Names across files: which must be unique, and which module an unknown name could come from.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::codes;
use crate::db::{
    Diag, ItemClass, ItemEntry, ItemKey, SourceFile, Span, Workspace, file_names, item_span,
    name_span,
};
use crate::schema::names::kind;
use nth_diagnostics::{Applicability, Edit, Fix, suggest};
use nth_syntax::tree::TextRange;

/// A name that must be unique in the project, because an output file or folder is named after it, or a test's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalName {
    /// The item with this name.
    pub entry: ItemEntry,
    /// The lower-case stem of its output file: names that differ only in case collide on some file systems. For a test, its name.
    pub stem: SmolStr,
    /// The place of the name.
    pub span: Span,
}

/// Returns diagnostics about names that a file declares twice, and the names that must be unique in the project.
pub fn duplicate_names(db: &dyn salsa::Database, file: SourceFile) -> (Vec<Diag>, Vec<GlobalName>) {
    let mut diagnostics = Vec::new();
    let mut globals = Vec::new();
    let names = file_names(db, file);
    let mut aliases: BTreeMap<&SmolStr, ItemKey> = BTreeMap::new();
    for import in &names.imports {
        if import.names.is_some() {
            continue;
        }
        if let Some(first) = aliases.insert(&import.alias, import.key) {
            diagnostics.push(
                Diag::new(
                    &codes::DUPLICATE_NAME,
                    format!("two imports are both named `{}`", import.alias),
                    item_span(db, import.key),
                )
                .because(item_span(db, first), "first imported here")
                .help(format!("rename one: `import {} as other`", import.module)),
            );
        }
    }
    for entry in &names.items {
        if matches!(
            entry.class,
            ItemClass::Import | ItemClass::Error | ItemClass::Extension | ItemClass::Loop
        ) || entry.name.is_empty()
        {
            continue;
        }
        let span = name_span(db, entry.key);
        if entry.duplicate > 0
            && let Some(first) = names.get(entry.class, &entry.kind, &entry.name)
        {
            let mut found =
                duplicate(entry, span).because(name_span(db, first), "first declared here");
            if entry.turn > 0 {
                found = found
                    .help("interpolate the loop variable in the name, and list each element once");
            }
            diagnostics.push(found);
            continue;
        }
        let becomes_a_file = matches!(
            entry.kind.as_str(),
            kind::SERVICE | kind::DEPENDENCY | kind::ENVIRONMENT | kind::TEAM
        );
        // No file is named after these.
        let is_unwritten = matches!(
            entry.kind.as_str(),
            kind::TEST | kind::EXCLUDE | kind::ALERT | kind::RECORDING
        );
        if entry.class == ItemClass::Block && (becomes_a_file || is_unwritten) && !file.package(db)
        {
            // Names that differ only in case are one file on a case-insensitive file system.
            let stem = match is_unwritten {
                true => entry.name.clone(),
                false => nth_model::names::file_stem(&entry.name)
                    .to_lowercase()
                    .into(),
            };
            globals.push(GlobalName {
                entry: entry.clone(),
                stem,
                span,
            });
        }
    }
    (diagnostics, globals)
}

/// Returns diagnostics about names that are declared in several files.
pub fn duplicate_globals<'a>(names: impl IntoIterator<Item = &'a GlobalName>) -> Vec<Diag> {
    let mut first: BTreeMap<(&str, &SmolStr), &GlobalName> = BTreeMap::new();
    let mut found = Vec::new();
    for name in names {
        let kind = group(&name.entry.kind);
        match first.get(&(kind, &name.stem)) {
            Some(before) => found.push(declared_before(name, before)),
            None => {
                first.insert((kind, &name.stem), name);
            }
        }
    }
    found.extend(taken_by_teams(&first));
    found
}

/// The kinds whose blocks have one set of names: their rule files are in one folder.
fn group(kind: &str) -> &str {
    match kind {
        kind::DEPENDENCY => kind::SERVICE,
        kind => kind,
    }
}

/// Diagnostics about services and shared dependencies with the file of a team's rules, if there are rules outside of any service.
fn taken_by_teams(first: &BTreeMap<(&str, &SmolStr), &GlobalName>) -> Vec<Diag> {
    let is_rule = |kind: &str| matches!(kind, kind::ALERT | kind::RECORDING);
    if !first.keys().any(|(kind, _)| is_rule(kind)) {
        return Vec::new();
    }
    let teams = first.iter().filter(|((kind, _), _)| *kind == kind::TEAM);
    teams
        .filter_map(|((_, stem), team)| {
            let stem = nth_model::Service::name_of_team_rules(stem);
            let name = first.get(&(kind::SERVICE, &stem))?;
            let entry = &name.entry;
            Some(
                Diag::new(
                    &codes::NAME_COLLISION,
                    format!(
                        "{} `{}` would overwrite the output file of the alerts of team `{}`",
                        entry.kind, entry.name, team.entry.name
                    ),
                    name.span,
                )
                .because(team.span, "the team"),
            )
        })
        .collect()
}

/// Diagnostic about a name that `before` already declares.
fn declared_before(name: &GlobalName, before: &GlobalName) -> Diag {
    let entry = &name.entry;
    let mut diagnostic = duplicate(entry, name.span).because(before.span, "first declared here");
    if before.entry.kind != entry.kind {
        diagnostic.message = format!(
            "`{}` is the name of a {} and of a {}",
            entry.name, before.entry.kind, entry.kind
        );
    }
    if before.entry.name != entry.name {
        diagnostic.code = &codes::NAME_COLLISION;
        diagnostic.message = format!(
            "{} `{}` would overwrite the output file of another",
            entry.kind, entry.name
        );
    }
    diagnostic
}

fn duplicate(entry: &ItemEntry, span: Span) -> Diag {
    let what = match entry.class {
        ItemClass::Block => entry.kind.to_string(),
        ItemClass::Template => format!("template of kind `{}`", entry.kind),
        ItemClass::Let => "`let`".to_owned(),
        ItemClass::Rule => "rule".to_owned(),
        ItemClass::Kind => "kind".to_owned(),
        ItemClass::Enum => "enum".to_owned(),
        _ => "function".to_owned(),
    };
    Diag::new(
        &codes::DUPLICATE_NAME,
        format!("duplicate {what} `{}`", entry.name),
        span,
    )
}

/// The modules that declare each name, to find suggestions for unknown names. Built only if there are unknown names.
pub struct NameIndex {
    known: Vec<SmolStr>,
    modules: BTreeMap<SmolStr, Vec<(SmolStr, SmolStr)>>,
}

impl NameIndex {
    /// Indexes the names of all modules.
    pub fn new(db: &dyn salsa::Database, workspace: Workspace) -> Self {
        let mut modules: BTreeMap<SmolStr, Vec<(SmolStr, SmolStr)>> = BTreeMap::new();
        for (module, file) in workspace.modules(db).iter() {
            for entry in &file_names(db, *file).items {
                if matches!(
                    entry.class,
                    ItemClass::Block | ItemClass::Template | ItemClass::Let
                ) {
                    modules
                        .entry(entry.name.clone())
                        .or_default()
                        .push((module.clone(), entry.kind.clone()));
                }
            }
        }
        Self {
            known: workspace.modules(db).keys().cloned().collect(),
            modules,
        }
    }

    /// Adds the modules that declare the diagnostic's unknown name, with a fix that imports it.
    pub fn resolve_unknown_name(&self, db: &dyn salsa::Database, mut diagnostic: Diag) -> Diag {
        let Some(unknown) = diagnostic.unknown_name.take() else {
            return diagnostic;
        };
        let own = diagnostic.primary.span.item.file;
        if unknown.kind == "module" {
            return self.resolve_unknown_module(db, diagnostic, &unknown.name);
        }
        let fits = |kind: &SmolStr| unknown.kind.is_empty() || *kind == unknown.kind;
        let exact = self.modules.get(unknown.name.as_str());
        let found: Vec<&SmolStr> = exact
            .into_iter()
            .flatten()
            .filter(|(module, kind)| fits(kind) && module != own.module(db))
            .map(|(module, _)| module)
            .collect();
        if found.is_empty() {
            let near = self
                .modules
                .iter()
                .filter(|(_, places)| places.iter().any(|(_, kind)| fits(kind)))
                .map(|(name, _)| name.as_str());
            if let Some(near) = suggest::nearest(&unknown.name, near)
                && let Some((module, _)) = self
                    .modules
                    .get(near)
                    .and_then(|places| places.iter().find(|(_, kind)| fits(kind)))
            {
                diagnostic = diagnostic.help(format!("use `{near}` from module `{module}`"));
            }
            return diagnostic;
        }
        for module in found.iter().take(3) {
            let import = if module.rsplit('.').next() == Some(unknown.name.as_str()) {
                format!("import {module}")
            } else {
                format!("import {module}.{{{}}}", unknown.name)
            };
            diagnostic = diagnostic.help(format!("import it from module `{module}`: `{import}`"));
            diagnostic = add_import(db, diagnostic, own, &import, found.len() == 1);
        }
        diagnostic
    }
}

fn add_import(
    db: &dyn salsa::Database,
    mut diagnostic: Diag,
    own: SourceFile,
    import: &str,
    only: bool,
) -> Diag {
    if let Some(edit) = import_edit(db, own, import) {
        diagnostic.fixes.push(Fix {
            title: format!("Add `{import}`"),
            edits: vec![edit],
            applicability: if only {
                Applicability::Always
            } else {
                Applicability::Maybe
            },
        });
    }
    diagnostic
}

impl NameIndex {
    /// Adds a fix that imports the module `name`, which is used before a dot.
    fn resolve_unknown_module(
        &self,
        db: &dyn salsa::Database,
        mut diagnostic: Diag,
        name: &str,
    ) -> Diag {
        let own = diagnostic.primary.span.item.file;
        let found: Vec<&SmolStr> = self
            .known
            .iter()
            .filter(|module| module.rsplit('.').next() == Some(name))
            .collect();
        for module in found.iter().take(3) {
            let import = format!("import {module}");
            diagnostic = diagnostic.help(format!("add `{import}`"));
            diagnostic = add_import(db, diagnostic, own, &import, found.len() == 1);
        }
        if found.is_empty() {
            let lasts = self
                .known
                .iter()
                .filter_map(|module| module.rsplit('.').next());
            if let Some(near) = suggest::nearest(name, lasts) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
        }
        diagnostic
    }
}

/// The edit that adds an import after the last one of a file, or before its first item. `None` if the file has no items.
pub fn import_edit(db: &dyn salsa::Database, file: SourceFile, import: &str) -> Option<Edit<Span>> {
    let names = file_names(db, file);
    if let Some(last) = names.imports.last() {
        let mut span = item_span(db, last.key);
        span.range.start = span.range.end;
        return Some(Edit {
            span,
            replacement: format!("\n{import}"),
        });
    }
    let first = names.items.first()?;
    let span = Span {
        item: first.key,
        range: TextRange { start: 0, end: 0 },
    };
    Some(Edit {
        span,
        replacement: format!("{import}\n\n"),
    })
}
