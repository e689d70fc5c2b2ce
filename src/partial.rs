//! Partial builds of a project with errors: the services without errors in their own files and in all imported files.

use std::collections::{BTreeSet, HashMap, HashSet};

use smol_str::SmolStr;

use crate::artifacts::{project_artifacts, service_artifacts};
use crate::backends::{self, Artifact};
use crate::db::{ItemClass, ItemKey, SourceFile, file_names, item_entry};
use crate::detection::with_reactions;
use crate::diagnostics::{Diagnostic, FileSpan, Severity};
use crate::ir;
use crate::lower::outside_rule;
use crate::resolve::imported_files;
use crate::schema::names::kind;
use crate::session::{Input, Session};

/// A service that is not built, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The name of the service.
    pub service: String,
    /// The path of the file with the errors.
    pub file: String,
    /// True if that file is imported; false if it is the file of the service itself.
    pub is_imported: bool,
}

/// The result of a partial build.
#[derive(Debug, Default)]
pub struct Partial {
    /// The artifacts of services without errors, sorted by path.
    pub artifacts: Vec<Artifact>,
    /// The services that are not built.
    pub skipped: Vec<Skipped>,
    /// The services with some artifacts missing, because these also describe services that are not built.
    pub incomplete: Vec<String>,
}

/// The files with errors, and the files that depend on them.
struct Faults {
    /// Each file that is not built, with the file that has the errors.
    unsound: HashMap<SourceFile, SourceFile>,
    /// The files whose artifacts may describe services that are not built.
    entangled: HashSet<SourceFile>,
}

/// Builds the services without errors. `diagnostics` are those of the project in these environments.
pub(crate) fn compile_sound(
    session: &Session,
    input: &Input,
    diagnostics: &[Diagnostic<FileSpan>],
    environments: &[String],
) -> Partial {
    let faults = find_faults(session, diagnostics);
    let mut partial = Partial::default();
    let services = session.services();
    let sources: HashMap<ItemKey, Vec<SourceFile>> = services
        .iter()
        .map(|key| (*key, source_files(session, *key, environments)))
        .collect();
    let files_of = |key: &ItemKey| sources.get(key).map_or(&[][..], Vec::as_slice);
    let fault_of = |key: &ItemKey| {
        let mut files = files_of(key).iter();
        files.find_map(|file| Some((*file, *faults.unsound.get(file)?)))
    };
    let is_entangled = |key: &ItemKey| {
        let mut files = files_of(key).iter();
        files.any(|file| faults.entangled.contains(file))
    };
    for key in &services {
        let Some(name) = model_name(session, *key, files_of(key)) else {
            continue;
        };
        if let Some((own, faulty)) = fault_of(key) {
            partial.skipped.push(Skipped {
                service: name.to_string(),
                file: faulty.path(&session.db).clone(),
                is_imported: faulty != own,
            });
        } else if is_entangled(key) {
            partial.incomplete.push(name.to_string());
        }
    }
    let names: Vec<Option<SmolStr>> = match environments {
        [] => vec![None],
        names => names.iter().map(|name| Some(name.into())).collect(),
    };
    for environment in &names {
        let artifacts = session.with_project(environment, |project, models| {
            let settings = session.settings_in(&input.settings, environment);
            let shown: Vec<&ir::Service> = services
                .iter()
                .filter(|key| fault_of(key).is_none())
                .filter_map(|key| models.get(key).copied())
                .collect();
            let project = &*with_reactions(project, &shown, &settings);
            let describes_others =
                |file: &Artifact| backends::target(file.target).describes_other_services();
            let mut artifacts = Vec::new();
            let mut whole: BTreeSet<SmolStr> = BTreeSet::new();
            for key in &services {
                let Some(service) = models.get(key) else {
                    continue;
                };
                if fault_of(key).is_some() {
                    continue;
                }
                let is_entangled = is_entangled(key);
                if !is_entangled {
                    whole.insert(service.name.clone());
                }
                let Ok(files) = service_artifacts(&session.db, *key, service, project, &settings)
                else {
                    continue;
                };
                artifacts.extend(
                    files
                        .into_iter()
                        .filter(|file| !(is_entangled && describes_others(file))),
                );
            }
            let of_all = project_artifacts(session, project, &settings).unwrap_or_default();
            let is_sound = |file: &Artifact| {
                file.owner
                    .as_ref()
                    .is_some_and(|owner| whole.contains(owner))
            };
            artifacts.extend(of_all.into_iter().filter(is_sound));
            artifacts
        });
        partial.artifacts.extend(artifacts);
    }
    partial
        .artifacts
        .sort_by(|left, right| left.path.cmp(&right.path));
    partial
}

/// The name of the model of an item. `None` for a team without rules outside of any service, which are in `files`.
fn model_name(session: &Session, key: ItemKey, files: &[SourceFile]) -> Option<SmolStr> {
    let entry = item_entry(&session.db, key)?;
    if entry.kind != kind::TEAM {
        return Some(entry.name);
    }
    (files.len() > 1).then(|| ir::Service::name_of_team_rules(&entry.name))
}

/// The files of a model: that of its item, and for the rules of a team outside of any service those of the rules. A rule whose team
/// is unknown may belong to each.
fn source_files(session: &Session, key: ItemKey, environments: &[String]) -> Vec<SourceFile> {
    let (db, workspace) = (&session.db, session.workspace);
    let mut files = vec![key.file];
    let Some(team) = item_entry(db, key).filter(|entry| entry.kind == kind::TEAM) else {
        return files;
    };
    let names: Vec<Option<SmolStr>> = match environments {
        [] => vec![None],
        names => names.iter().map(|name| Some(name.into())).collect(),
    };
    for rule in session.outside_rules() {
        let is_own = |environment: &Option<SmolStr>| {
            let lowered = outside_rule(db, workspace, *rule, environment.clone());
            lowered.team.as_ref().is_none_or(|name| *name == team.name)
        };
        if names.iter().any(is_own) {
            files.push(rule.file);
        }
    }
    files
}

fn find_faults(session: &Session, diagnostics: &[Diagnostic<FileSpan>]) -> Faults {
    let db = &session.db;
    let own = session.files();
    let mut faulty: HashSet<SourceFile> = HashSet::new();
    let mut is_everywhere = false;
    for error in diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
    {
        let places = std::iter::once(&error.primary).chain(&error.secondary);
        let files: Vec<SourceFile> = places
            .filter_map(|label| own.get(label.span.file).copied())
            .collect();
        // An error in the standard library affects every file.
        is_everywhere |= files.is_empty();
        faulty.extend(files);
    }
    // Items that need no import affect every file.
    let is_global = |class: ItemClass, kind: &str| match class {
        ItemClass::Block => matches!(kind, kind::ENVIRONMENT | kind::METRIC),
        ItemClass::Kind | ItemClass::Extension | ItemClass::Enum | ItemClass::Function => true,
        _ => false,
    };
    is_everywhere |= faulty.iter().any(|file| {
        let items = &file_names(db, *file).items;
        items
            .iter()
            .any(|entry| is_global(entry.class, &entry.kind))
    });
    if is_everywhere {
        let first = faulty.iter().next().or(own.first()).copied();
        let unsound = first.map(|first| own.iter().map(|file| (*file, first)).collect());
        return Faults {
            unsound: unsound.unwrap_or_default(),
            entangled: own.iter().copied().collect(),
        };
    }
    let imports: HashMap<SourceFile, Vec<SourceFile>> = own
        .iter()
        .map(|file| (*file, imported_files(db, session.workspace, *file)))
        .collect();
    let mut unsound: HashMap<SourceFile, SourceFile> =
        faulty.iter().map(|file| (*file, *file)).collect();
    loop {
        let before = unsound.len();
        for (file, imported) in &imports {
            if !unsound.contains_key(file)
                && let Some(cause) = imported.iter().find_map(|other| unsound.get(other))
            {
                unsound.insert(*file, *cause);
            }
        }
        if unsound.len() == before {
            break;
        }
    }
    let mut entangled: HashSet<SourceFile> = unsound.keys().copied().collect();
    let mut waiting: Vec<SourceFile> = entangled.iter().copied().collect();
    while let Some(file) = waiting.pop() {
        for other in imports.get(&file).into_iter().flatten() {
            if entangled.insert(*other) {
                waiting.push(*other);
            }
        }
    }
    Faults { unsound, entangled }
}
