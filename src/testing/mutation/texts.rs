//! The tests that a search tries, as texts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use smol_str::SmolStr;

use super::mutant::Mutant;
use crate::db::ItemClass;
use crate::schema::names::kind;
use crate::session::{Session, SourceInput};
use crate::testing::incidents::{Incident as Given, fields, statement};

/// The name of the module with the tests that are tried.
const MODULE: &str = "nthc-mutation-search";

/// The name of a test that is tried, which no test of the project has.
pub fn tried(what: &str) -> String {
    format!("{MODULE} {what}")
}

/// The name of a test: the subject and the change, without what a name cannot contain.
pub fn title(mutant: &Mutant) -> String {
    let change = mutant
        .change
        .replace(['"', '`', '\\'], "")
        .replace("${", "");
    format!("{}, not if {change}", mutant.subject)
}

/// The statements of a test.
pub fn body(environment: &Option<SmolStr>, given: &Given, expect: &[String]) -> String {
    let mut text = String::new();
    if let Some(environment) = environment {
        let _ = writeln!(text, "  only_in = [{environment}]");
    }
    for field in fields(&given.when) {
        let _ = writeln!(text, "  {field}");
    }
    let events: Vec<String> = given.given.iter().map(statement).collect();
    for (kind, prefix, statements) in [
        ("given", "event", &events[..]),
        ("expect", "result", expect),
    ] {
        text.push('\n');
        for (index, statement) in statements.iter().enumerate() {
            let word = statement.split(' ').next().unwrap_or(prefix);
            let (rest, number) = (statement.strip_prefix(word), index + 1);
            let _ = writeln!(
                text,
                "  {kind} {prefix}-{number} : {word}{}",
                rest.unwrap_or_default()
            );
        }
    }
    text
}

/// The imports of services, alerts of teams, and teams.
pub struct Imports {
    /// The module of each service, and of each alert outside of any.
    services: BTreeMap<SmolStr, SmolStr>,
    /// The module of each team.
    teams: BTreeMap<SmolStr, SmolStr>,
}

impl Imports {
    /// Finds the services and teams of a session.
    pub fn new(session: &Session) -> Self {
        let of = |wanted: &str| -> BTreeMap<SmolStr, SmolStr> {
            let entries = session.entries(ItemClass::Block);
            let found = entries.filter(|entry| entry.kind == wanted);
            found
                .map(|entry| {
                    (
                        entry.name.clone(),
                        entry.key.file.module(&session.db).clone(),
                    )
                })
                .collect()
        };
        let mut services: BTreeMap<SmolStr, SmolStr> = of(kind::ALERT);
        services.extend(of(kind::SERVICE));
        Self {
            services,
            teams: of(kind::TEAM),
        }
    }

    /// The lines that import services and teams.
    pub fn of<'n>(
        &self,
        services: impl IntoIterator<Item = &'n SmolStr>,
        teams: impl IntoIterator<Item = &'n SmolStr>,
    ) -> String {
        let services: BTreeSet<&SmolStr> = services.into_iter().collect();
        // Two imports cannot have one name.
        let teams = teams.into_iter().filter(|name| !services.contains(name));
        let teams: BTreeSet<&SmolStr> = teams.collect();
        let of_services = services.iter().map(|name| (name, &self.services));
        let of_teams = teams.iter().map(|name| (name, &self.teams));
        let mut imported: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, modules) in of_services.chain(of_teams) {
            if let Some(module) = modules.get(*name) {
                imported.entry(module).or_default().insert(name);
            }
        }
        let mut text = String::new();
        for (module, names) in imported {
            let names: Vec<&str> = names.into_iter().collect();
            let _ = writeln!(text, "import {module}.{{{}}}", names.join(", "));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

/// The team that an expectation names.
pub fn team_of(expectation: &str) -> Option<SmolStr> {
    let (_, rest) = expectation.split_once(" team = ")?;
    Some(rest.split_whitespace().next()?.into())
}

/// Adds a file with tests to a session; returns the files that it had.
pub fn with_file(session: &mut Session, text: &str) -> Vec<SourceInput> {
    let files: Vec<SourceInput> = session
        .files()
        .iter()
        .map(|file| SourceInput {
            module: file.module(&session.db).to_string(),
            path: file.path(&session.db).clone(),
            text: file.text(&session.db).clone(),
            package: file.package(&session.db),
        })
        .collect();
    session.set_files(&with_search(&files, text));
    files
}

/// Adds a file with tests to others.
pub fn with_search(files: &[SourceInput], text: &str) -> Vec<SourceInput> {
    let mut all = files.to_vec();
    all.push(SourceInput {
        module: MODULE.to_owned(),
        path: format!("{MODULE}.nth"),
        text: Arc::from(text),
        package: false,
    });
    all
}
