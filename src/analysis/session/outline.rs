//! What a file says about others and about the whole project: by it, a later build knows what an edit in the file can reach.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use smol_str::SmolStr;

use super::Session;
use crate::check::project::{FileFindings, file_findings};
use crate::check::rules::is_about_each;
use crate::db::{ItemClass, ItemEntry, ItemKey, SourceFile, file_names, item};
use crate::lower::team_model;
use crate::resolve::imported_files;
use crate::schema::names::kind;
use crate::schema::schema;
use nth_syntax::tree::ItemNode;

/// What a file says about others and about the whole project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOutline {
    /// The modules that it imports, by the names of their files.
    pub imports: BTreeSet<SmolStr>,
    /// True if items of files that do not import it, directly or through others, can depend on it.
    pub concerns_all: bool,
    /// True if it has comments that allow findings, which may be about other files.
    pub has_directives: bool,
    /// The names of its tests, which are unique in the project.
    pub tests: BTreeSet<SmolStr>,
    /// What else is compared across files, and the models of its teams, as text without places.
    pub facts: String,
}

impl Session {
    /// Returns whether what each service is made of can be told from [outlines](Self::file_outline). Otherwise a service may depend on
    /// files that it does not import: on who owns the sources, or on the other blocks that a rule names.
    pub fn has_outlines(&self) -> bool {
        let (db, workspace) = (&self.db, self.workspace);
        let kinds: BTreeSet<String> = schema(db, workspace)
            .top_level()
            .map(|kind| format!("{}s", kind.name))
            .collect();
        let is_about_each = |entry: &ItemEntry| {
            let Some(tree) = item(db, entry.key) else {
                return false;
            };
            match &tree.node {
                ItemNode::Rule(rule) => is_about_each(rule, |name| kinds.contains(name)),
                _ => false,
            }
        };
        !workspace.ownership(db).is_read() && self.entries(ItemClass::Rule).all(is_about_each)
    }

    /// Returns the files of the project and its packages in their order, but for those without services: they come after the last file
    /// with services that they import, as tests do.
    pub fn files_with_tests_nearby(&self) -> Vec<SourceFile> {
        let (db, files) = (&self.db, self.files());
        let has_services = |file: SourceFile| {
            let mut blocks = file_names(db, file).of_class(ItemClass::Block);
            blocks.any(|entry| matches!(entry.kind.as_str(), kind::SERVICE | kind::DEPENDENCY))
        };
        let mut sorted: Vec<(usize, usize, SourceFile)> = Vec::with_capacity(files.len());
        for (number, file) in files.iter().enumerate() {
            let imported = imported_files(db, self.workspace, *file);
            let imported = imported
                .into_iter()
                .filter(|imported| has_services(*imported))
                .filter_map(|imported| self.file_indices.get(&imported).copied());
            let after = match has_services(*file) {
                true => None,
                false => imported.max(),
            };
            sorted.push((after.unwrap_or(number), number, *file));
        }
        sorted.sort_by_key(|(after, number, _)| (*after, *number));
        sorted.into_iter().map(|(_, _, file)| file).collect()
    }

    /// Returns the outline of a file of the project or its packages. `environments` are all that the project declares.
    pub fn file_outline(&self, file: SourceFile, environments: &[Option<SmolStr>]) -> FileOutline {
        let names = file_names(&self.db, file);
        let findings = file_findings(&self.db, file);
        let teams: Vec<ItemKey> = names
            .of_class(ItemClass::Block)
            .filter(|entry| entry.kind == kind::TEAM)
            .map(|entry| entry.key)
            .collect();
        let mut facts = self.facts(&findings);
        let mut has_contacts = false;
        for environment in environments {
            for team in &teams {
                let model = team_model(&self.db, self.workspace, *team, environment.clone());
                // Who is in one team may be notified by another.
                let contacts = model.team.iter().flat_map(|team| &team.contacts);
                has_contacts |= contacts.count() > 0;
                add(&mut facts, format_args!("{:?}", model.team));
            }
        }
        let is_default = |entry: &ItemEntry| {
            entry.kind == kind::TEAM && self.default_team() == Some(entry.name.as_str())
        };
        FileOutline {
            imports: imported_files(&self.db, self.workspace, file)
                .into_iter()
                .map(|imported| imported.module(&self.db).clone())
                .collect(),
            concerns_all: has_contacts
                || names
                    .items
                    .iter()
                    .any(|entry| is_of_project(entry) || is_default(entry)),
            has_directives: findings.has_directives,
            tests: findings
                .globals
                .iter()
                .filter(|name| is_test(&name.entry))
                .map(|name| name.stem.clone())
                .collect(),
            facts,
        }
    }

    /// Writes what is compared across files, without places.
    fn facts(&self, findings: &FileFindings) -> String {
        let name_of = |key: ItemKey| format!("{}:{:x}", key.file.module(&self.db), key.local);
        let mut facts = String::new();
        for name in findings.globals.iter().filter(|name| !is_test(&name.entry)) {
            let ItemEntry {
                key: _,
                class,
                kind,
                name: own,
                duplicate,
                turn,
            } = &name.entry;
            add(
                &mut facts,
                format_args!(
                    "{class:?} {kind:?} {own:?} {duplicate} {turn} {:?}",
                    name.stem
                ),
            );
        }
        for (number, blocks) in findings.environments.iter().enumerate() {
            add(&mut facts, format_args!("environment {number}"));
            for block in blocks {
                for needs in &block.needs {
                    add(&mut facts, format_args!("{}", needs.facts(name_of)));
                }
                for measured in &block.measured {
                    add(&mut facts, format_args!("{}", measured.facts()));
                }
                for covered in &block.covered {
                    add(&mut facts, format_args!("{}", covered.facts()));
                }
                let (recorded, exclusions) = (&block.recorded, block.exclusions.len());
                add(&mut facts, format_args!("{recorded:?} {exclusions}"));
                add(&mut facts, format_args!("{}", block.origins.facts()));
            }
        }
        facts
    }
}

fn is_test(entry: &ItemEntry) -> bool {
    entry.class == ItemClass::Block && entry.kind == kind::TEST
}

fn add(facts: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(facts, "{line}");
}

/// True if items of files that do not import it can depend on an item.
pub fn is_of_project(entry: &ItemEntry) -> bool {
    match entry.class {
        ItemClass::Import
        | ItemClass::Template
        | ItemClass::Let
        | ItemClass::Loop
        | ItemClass::Error => false,
        ItemClass::Block => !matches!(
            entry.kind.as_str(),
            kind::SERVICE | kind::DEPENDENCY | kind::TEAM | kind::TIER | kind::TEST
        ),
        ItemClass::Kind
        | ItemClass::Extension
        | ItemClass::Enum
        | ItemClass::Function
        | ItemClass::Rule => true,
    }
}
