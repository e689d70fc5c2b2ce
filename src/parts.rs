//! Compiles the part of a project that an edit can reach, with what an earlier build says about the rest.
//!
//! A build of the whole project leaves an outline of each file: what it imports, and what anything outside of its own services can be
//! made of. If an edit leaves the outlines of all files as they were that it reaches through imports, then only the files of the
//! services in these files can differ. Whatever is not certain is not compiled in part.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use crate::artifacts::{Listed, service_artifacts};
use crate::compile::{self, Checked, Compilation, Input, SourceInput, Take, declared_environments};
use crate::db::{ItemKey, SourceFile};
use crate::detection::with_reactions;
use crate::diagnostics::{Diagnostic, FileSpan, Severity};
use crate::ir::{self, Outline, Tally};
use crate::session::Session;

/// An edit that reaches more than one of this many files is compiled as a whole.
const MOST_REACHED: usize = 4;

/// What a build of a project was made of, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    files: Vec<FilePart>,
}

/// What a file of a project is and says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FilePart {
    module: String,
    path: String,
    package: bool,
    /// The hash of its text.
    text: String,
    said: Said,
    /// The names of its tests.
    tests: BTreeSet<String>,
    /// The numbers of signals of its services that are found, missing and unknown.
    signals: [usize; 3],
}

/// What a file says about others and about the whole project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    imports: Vec<String>,
    concerns_all: bool,
    has_directives: bool,
    /// The hash of its outline and of the outlines and the paths of the files of its services.
    outline: String,
}

/// A project that was compiled in part.
#[derive(Debug)]
pub struct Part {
    /// What the project is made of now.
    pub parts: Parts,
    /// The signals of all services, with and without a metric.
    pub signals: Option<Tally>,
}

/// What the build before left.
#[derive(Debug, Clone, Copy)]
pub struct Before<'b> {
    /// What it was made of.
    pub parts: &'b Parts,
    /// Its diagnostics.
    pub diagnostics: &'b [Diagnostic<FileSpan>],
    /// Its signals.
    pub signals: Option<Tally>,
}

/// Compiles a project as [`compile::compile_into`] does, and returns what it is made of; `None` if it has errors, or if what a service
/// is made of cannot be told from its file and those that this imports.
pub fn compile_whole(input: &Input, take: Take<'_>) -> (Compilation, Option<Parts>) {
    compile_whole_with(input, take, compile::MOST_MODELS)
}

/// The same, with at most about `most_models` models in memory.
fn compile_whole_with(
    input: &Input,
    take: Take<'_>,
    most_models: usize,
) -> (Compilation, Option<Parts>) {
    let mut checked = Checked::new(compile::session(input), input, most_models);
    let notes = Notes::default();
    let compilation = checked.compile(input, take, &|key, service, listed| {
        notes.add(key, service, listed);
    });
    let session = checked.session;
    let has_errors = compilation
        .diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error);
    // The number of rule groups is limited across all services.
    let is_limited = input.settings.prometheus.max_groups.is_some();
    if has_errors || is_limited || input.environment.is_some() || !session.has_outlines() {
        return (compilation, None);
    }
    let environments = declared_environments(&session);
    let files = session.own_files().iter().zip(&input.files);
    let files = files.map(|(file, source)| notes.file_part(&session, *file, source, &environments));
    let parts = Parts {
        files: files.collect(),
    };
    (compilation, Some(parts))
}

/// Compiles what the difference from the build `before` can reach, and gives each of its files to `take`. `None` if anything else could
/// differ too, or if there is a diagnostic: what was taken is of no use then.
pub fn compile_part(input: &Input, before: Before<'_>, take: Take<'_>) -> Option<Part> {
    let parts = before.parts;
    let reached = parts.reached(&input.files)?;
    let is_reached = |span: &FileSpan| reached.contains(&span.file);
    if before
        .diagnostics
        .iter()
        .any(|found| spans(found).any(is_reached))
    {
        return None;
    }
    let needed = parts.needed(&reached)?;
    let some = Input {
        settings: input.settings.clone(),
        files: needed
            .iter()
            .filter_map(|place| input.files.get(*place).cloned())
            .collect(),
        catalogue: input.catalogue.clone(),
        levels: input.levels.clone(),
        environment: None,
    };
    let session = Checked::new(compile::session(&some), &some, compile::MOST_MODELS).session;
    let (diagnostics, environments) = session.diagnostics(None);
    if !diagnostics.is_empty() || !session.has_outlines() {
        return None;
    }
    let files: Vec<(usize, SourceFile)> = needed
        .iter()
        .copied()
        .zip(session.own_files().iter().copied())
        .filter(|(place, _)| reached.contains(place))
        .collect();
    let own: BTreeSet<usize> = files.iter().map(|(place, _)| *place).collect();
    if own != reached {
        return None;
    }
    let keys: Vec<ItemKey> = session
        .services()
        .into_iter()
        .filter(|key| files.iter().any(|(_, file)| *file == key.file))
        .collect();
    let notes = Notes::default();
    for environment in &environments {
        compile_services(&session, input, environment, &keys, &notes, take)?;
    }
    let mut now = parts.clone();
    let mut signals = before.signals;
    for (place, file) in files {
        let source = input.files.get(place)?;
        let found = notes.file_part(&session, file, source, &environments);
        let known = now.files.get_mut(place)?;
        if found.said != known.said {
            return None;
        }
        signals = signals.map(|all| Tally {
            found: all.found - known.signals[0] + found.signals[0],
            missing: all.missing - known.signals[1] + found.signals[1],
            unknown: all.unknown - known.signals[2] + found.signals[2],
        });
        *known = found;
    }
    if !now.has_unique_tests(&reached) {
        return None;
    }
    Some(Part {
        parts: now,
        signals,
    })
}

/// Generates the files of these services in an environment. `None` if a target fails.
fn compile_services(
    session: &Session,
    input: &Input,
    environment: &Option<SmolStr>,
    keys: &[ItemKey],
    notes: &Notes,
    take: Take<'_>,
) -> Option<()> {
    session.with_project(environment, |project, models| {
        let settings = session.settings_in(&input.settings, environment);
        let services: Vec<&ir::Service> = keys
            .iter()
            .filter_map(|key| models.get(key).copied())
            .collect();
        let project = &*with_reactions(project, &services, &settings);
        let built = session.par_query(keys, |db, key| {
            let Some(service) = models.get(&key) else {
                return Some(());
            };
            let artifacts = service_artifacts(db, key, service, project, &settings).ok()?;
            let listed: Vec<Listed> = artifacts.iter().map(Listed::of).collect();
            notes.add(key, service, &listed);
            artifacts.into_iter().for_each(take);
            Some(())
        });
        built.into_iter().collect()
    })
}

/// All places of a diagnostic.
fn spans(found: &Diagnostic<FileSpan>) -> impl Iterator<Item = &FileSpan> {
    let edits = found.fixes.iter().flat_map(|fix| &fix.edits);
    std::iter::once(&found.primary.span)
        .chain(found.secondary.iter().map(|label| &label.span))
        .chain(edits.map(|edit| &edit.span))
}

impl Parts {
    /// The files whose meaning the differences between these files and those of the parts can change, by their place: those that
    /// differ, and those that import them, directly or through others. `None` if all may be.
    fn reached(&self, files: &[SourceInput]) -> Option<BTreeSet<usize>> {
        let is_same = |(part, file): (&FilePart, &SourceInput)| {
            part.module == file.module && part.path == file.path && part.package == file.package
        };
        if self.files.len() != files.len() || !self.files.iter().zip(files).all(is_same) {
            return None;
        }
        let differ: Vec<bool> = self
            .files
            .par_iter()
            .zip(files)
            .map(|(part, file)| part.text != hash(&file.text))
            .collect();
        let mut importers: Vec<Vec<usize>> = vec![Vec::new(); files.len()];
        let modules = self.modules();
        for (place, part) in self.files.iter().enumerate() {
            for imported in part.imported(&modules) {
                importers.get_mut(imported)?.push(place);
            }
        }
        let mut waiting: Vec<usize> = (0..files.len())
            .filter(|place| differ.get(*place).is_some_and(|differs| *differs))
            .collect();
        let most = 1 + files.len() / MOST_REACHED;
        let mut reached = BTreeSet::new();
        while let Some(place) = waiting.pop() {
            if !reached.insert(place) {
                continue;
            }
            let said = &self.files.get(place)?.said;
            // What is allowed in one file may be about another.
            if said.concerns_all || said.has_directives || reached.len() > most {
                return None;
            }
            waiting.extend(importers.get(place)?);
        }
        Some(reached)
    }

    /// The files that these can depend on, by their place, in order: themselves, those that they import, directly or through others,
    /// and those that say something about the whole project. `None` if that is not known.
    fn needed(&self, reached: &BTreeSet<usize>) -> Option<BTreeSet<usize>> {
        let modules = self.modules();
        let of_all = self.files.iter().enumerate();
        let of_all = of_all.filter(|(_, part)| part.said.concerns_all);
        let mut waiting: Vec<usize> = of_all
            .map(|(place, _)| place)
            .chain(reached.iter().copied())
            .collect();
        let mut needed = BTreeSet::new();
        while let Some(place) = waiting.pop() {
            if needed.insert(place) {
                waiting.extend(self.files.get(place)?.imported(&modules));
            }
        }
        Some(needed)
    }

    /// Returns whether no test of these files, which have none of one name, has the name of one of another file.
    fn has_unique_tests(&self, reached: &BTreeSet<usize>) -> bool {
        let numbered = self.files.iter().enumerate();
        let (own, others): (Vec<_>, Vec<_>) =
            numbered.partition(|(place, _)| reached.contains(place));
        let own: HashSet<&String> = own.iter().flat_map(|(_, part)| &part.tests).collect();
        others
            .iter()
            .flat_map(|(_, part)| &part.tests)
            .all(|name| !own.contains(name))
    }

    fn modules(&self) -> HashMap<&str, usize> {
        let numbered = self.files.iter().enumerate();
        numbered
            .map(|(place, part)| (part.module.as_str(), place))
            .collect()
    }
}

impl FilePart {
    /// The files that it imports, by their place.
    fn imported(&self, modules: &HashMap<&str, usize>) -> Vec<usize> {
        let mut places = Vec::new();
        for import in &self.said.imports {
            // The name of the module may be followed by that of an item.
            let above = import.rsplit_once('.').map(|(above, _)| above);
            let named = [Some(import.as_str()), above].into_iter().flatten();
            places.extend(named.filter_map(|name| modules.get(name).copied()));
        }
        places
    }
}

/// What services say about themselves while their files are generated.
#[derive(Default)]
struct Notes(Mutex<HashMap<ItemKey, Vec<Note>>>);

struct Note {
    outline: String,
    paths: Vec<String>,
    signals: Tally,
}

impl Notes {
    fn add(&self, key: ItemKey, service: &ir::Service, listed: &[Listed]) {
        let mut signals = Tally::default();
        for signal in &service.signals {
            signals.add(signal.resolution);
        }
        let note = Note {
            outline: hash(&Outline(service).to_string()),
            paths: listed.iter().map(|listed| listed.path.clone()).collect(),
            signals,
        };
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.entry(key).or_default().push(note);
    }

    fn file_part(
        &self,
        session: &Session,
        file: SourceFile,
        source: &SourceInput,
        environments: &[Option<SmolStr>],
    ) -> FilePart {
        let outline = session.file_outline(file, environments);
        let mut facts = outline.facts;
        let mut signals = [0; 3];
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in &crate::db::file_names(&session.db, file).items {
            // In the order of environments.
            for note in notes.get(&entry.key).into_iter().flatten() {
                facts.push_str(&format!("{} {:?}\n", note.outline, note.paths));
                let Tally {
                    found,
                    missing,
                    unknown,
                } = note.signals;
                for (all, own) in signals.iter_mut().zip([found, missing, unknown]) {
                    *all += own;
                }
            }
        }
        FilePart {
            module: source.module.clone(),
            path: source.path.clone(),
            package: source.package,
            text: hash(&source.text),
            said: Said {
                imports: outline.imports.iter().map(SmolStr::to_string).collect(),
                concerns_all: outline.concerns_all,
                has_directives: outline.has_directives,
                outline: hash(&facts),
            },
            tests: outline.tests.iter().map(SmolStr::to_string).collect(),
            signals,
        }
    }
}

/// The SHA-256 of a text in hexadecimal.
fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::backends::Artifact;
    use crate::project;

    fn compiled(input: &Input, most_models: usize) -> (Vec<Artifact>, Compilation, Option<Parts>) {
        let taken = Mutex::new(Vec::new());
        let take = |artifact| taken.lock().unwrap().push(artifact);
        let (compilation, parts) = compile_whole_with(input, &take, most_models);
        let mut artifacts = taken.into_inner().unwrap();
        artifacts.sort_by(|left: &Artifact, right| left.path.cmp(&right.path));
        (artifacts, compilation, parts)
    }

    #[test]
    fn a_large_project_is_built_like_a_small_one() {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        for name in ["shop", "store"] {
            let root = examples.join(name);
            let loaded = project::load(&root, &root).unwrap();
            let input = loaded.project.input(None);
            let (small, small_compilation, small_parts) = compiled(&input, usize::MAX);
            let (large, large_compilation, large_parts) = compiled(&input, 0);
            assert!(small.len() > 20, "{name}");
            assert_eq!(small.len(), large.len());
            for (small, large) in small.iter().zip(&large) {
                assert_eq!(small, large, "{name}");
            }
            assert_eq!(small_compilation.diagnostics, large_compilation.diagnostics);
            assert_eq!(small_compilation.signals, large_compilation.signals);
            assert_eq!(
                small_compilation.environments,
                large_compilation.environments
            );
            assert!(small_parts.is_some());
            assert_eq!(small_parts, large_parts);
        }
    }
}
