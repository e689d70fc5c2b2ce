//! Compiles the part of a project that an edit can reach, with what an earlier build says about the rest.
//!
//! A build of the whole project leaves an outline of each file: what it imports, and what anything outside of its own services can be
//! made of. If an edit leaves the outlines of all files as they were that it reaches through imports, then only the files of the
//! services in these files can differ. Whatever is not certain is not compiled in part.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::artifacts::Listed;
use crate::compile::{self, Checked, Compilation, Input, SourceInput, Take, build_services};
use crate::db::{ItemKey, SourceFile, file_names};
use crate::diagnostics::{Diagnostic, FileSpan, Severity};
use crate::hash::Hash;
use crate::ir::{self, Tally};
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
    /// The hash of what was read of it.
    hash: Hash,
    said: Said,
    /// The names of its tests.
    tests: BTreeSet<SmolStr>,
    /// The numbers of signals of its services that are found, missing and unknown.
    signals: [usize; 3],
}

/// What a file says about others and about the whole project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    imports: BTreeSet<SmolStr>,
    concerns_all: bool,
    has_directives: bool,
    /// The hash of its outline and of the outlines and the paths of the files of its services.
    outline: Hash,
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
}

/// Compiles a project as [`compile::compile_into`] does, and returns what it is made of; `None` if it has errors, or if what a service
/// is made of cannot be told from its file and those that this imports. `hashes` are those of the input's files.
pub fn compile_whole(
    input: &Input,
    hashes: &[Hash],
    take: Take<'_>,
) -> (Compilation, Option<Parts>) {
    compile_whole_with(input, hashes, take, compile::MOST_MODELS)
}

/// The same, with at most about `most_models` models in memory.
fn compile_whole_with(
    input: &Input,
    hashes: &[Hash],
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
    let environments = session.declared_environments();
    let notes = notes.0.into_inner().unwrap_or_default();
    let sources = input.files.iter().zip(hashes);
    let files = session.files().iter().zip(sources);
    let files = files.map(|(file, (source, hash))| {
        file_part(&session, *file, source, hash.clone(), &environments, &notes)
    });
    let parts = Parts {
        files: files.collect(),
    };
    (compilation, Some(parts))
}

/// Compiles what the difference from the build `before` can reach, and gives each of its files to `take`. `None` if anything else could
/// differ too, or if there is a diagnostic: what was taken is of no use then. `hashes` are those of the input's files.
pub fn compile_part(
    input: &Input,
    hashes: &[Hash],
    before: Before<'_>,
    take: Take<'_>,
) -> Option<Part> {
    let mut parts = before.parts.clone();
    let modules = parts.modules();
    let reached = parts.reached(&input.files, hashes, &modules)?;
    let mut spans = before.diagnostics.iter().flat_map(Diagnostic::spans);
    if spans.any(|span| reached.contains(&span.file)) {
        return None;
    }
    let needed = parts.needed(&reached, &modules);
    let needed_files = needed.iter().filter_map(|place| input.files.get(*place));
    let some = Input {
        settings: input.settings.clone(),
        files: needed_files.cloned().collect(),
        catalogue: input.catalogue.clone(),
        levels: input.levels.clone(),
        environment: None,
    };
    let session = compile::session(&some);
    let (diagnostics, environments) = session.diagnostics(None);
    if !diagnostics.is_empty() || !session.has_outlines() {
        return None;
    }
    let files = needed.iter().copied().zip(session.files().iter().copied());
    let files: HashMap<SourceFile, usize> = files
        .filter(|(place, _)| reached.contains(place))
        .map(|(place, file)| (file, place))
        .collect();
    let mut keys = session.services();
    keys.retain(|key| files.contains_key(&key.file));
    let notes = Notes::default();
    for environment in &environments {
        let built = session.with_project(environment, |project, models| {
            let settings = session.settings_in(&input.settings, environment);
            let note = |key, service: &_, listed: &_| notes.add(key, service, listed);
            build_services(&session, &keys, models, project, &settings, take, &note)
        });
        // An error of a target is reported by a whole compilation.
        built.into_iter().collect::<Result<Vec<_>, _>>().ok()?;
    }
    let notes = notes.0.into_inner().unwrap_or_default();
    for (file, place) in files {
        let (source, hash) = (input.files.get(place)?, hashes.get(place)?.clone());
        let found = file_part(&session, file, source, hash, &environments, &notes);
        let known = parts.files.get_mut(place)?;
        if found.said != known.said {
            return None;
        }
        *known = found;
    }
    if !parts.has_unique_tests(&reached) {
        return None;
    }
    let signals = input.catalogue.is_some().then(|| parts.signals());
    Some(Part { parts, signals })
}

/// Files by the names of their modules, by their place.
type Modules = HashMap<String, usize>;

impl Parts {
    /// The files whose meaning the differences between these files and those of the parts can change, by their place: those that
    /// differ, and those that import them, directly or through others. `None` if all may be.
    fn reached(
        &self,
        files: &[SourceInput],
        hashes: &[Hash],
        modules: &Modules,
    ) -> Option<BTreeSet<usize>> {
        let is_same = |(part, file): (&FilePart, &SourceInput)| {
            part.module == file.module && part.path == file.path && part.package == file.package
        };
        if self.files.len() != files.len() || !self.files.iter().zip(files).all(is_same) {
            return None;
        }
        let mut importers: Vec<Vec<usize>> = vec![Vec::new(); files.len()];
        for (place, part) in self.files.iter().enumerate() {
            for imported in part.imported(modules) {
                importers.get_mut(imported)?.push(place);
            }
        }
        let compared = self.files.iter().zip(hashes).enumerate();
        let differing = compared.filter(|(_, (part, hash))| part.hash != **hash);
        let mut waiting: Vec<usize> = differing.map(|(place, _)| place).collect();
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
    /// and those that say something about the whole project.
    fn needed(&self, reached: &BTreeSet<usize>, modules: &Modules) -> BTreeSet<usize> {
        let of_all = self.files.iter().enumerate();
        let of_all = of_all.filter(|(_, part)| part.said.concerns_all);
        let of_all = of_all.map(|(place, _)| place);
        let mut waiting: Vec<usize> = of_all.chain(reached.iter().copied()).collect();
        let mut needed = BTreeSet::new();
        while let Some(place) = waiting.pop() {
            if needed.insert(place)
                && let Some(part) = self.files.get(place)
            {
                waiting.extend(part.imported(modules));
            }
        }
        needed
    }

    /// Counts the signals of all services.
    fn signals(&self) -> Tally {
        let mut all = Tally::default();
        for FilePart { signals, .. } in &self.files {
            let [found, missing, unknown] = *signals;
            all.merge(Tally {
                found,
                missing,
                unknown,
            });
        }
        all
    }

    /// Returns whether no test of these files, which have none of one name, has the name of one of another file.
    fn has_unique_tests(&self, reached: &BTreeSet<usize>) -> bool {
        let numbered = self.files.iter().enumerate();
        let (own, others): (Vec<_>, Vec<_>) =
            numbered.partition(|(place, _)| reached.contains(place));
        let own: HashSet<&SmolStr> = own.iter().flat_map(|(_, part)| &part.tests).collect();
        others
            .iter()
            .flat_map(|(_, part)| &part.tests)
            .all(|name| !own.contains(name))
    }

    fn modules(&self) -> Modules {
        let numbered = self.files.iter().enumerate();
        numbered
            .map(|(place, part)| (part.module.clone(), place))
            .collect()
    }
}

impl FilePart {
    /// The files of the project and its packages that it imports, by their place.
    fn imported<'p>(&'p self, modules: &'p Modules) -> impl Iterator<Item = usize> + 'p {
        let imports = self.said.imports.iter();
        imports.filter_map(|module| modules.get(module.as_str()).copied())
    }
}

/// What services say about themselves while their files are generated.
#[derive(Default)]
struct Notes(Mutex<HashMap<ItemKey, Vec<Note>>>);

struct Note {
    outline: Hash,
    paths: Vec<String>,
    signals: Tally,
}

impl Notes {
    fn add(&self, key: ItemKey, service: &ir::Service, listed: &[Listed]) {
        // The program is the same, so equal outlines are written alike.
        let outline = format!("{:?}", service.outlined());
        let note = Note {
            outline: Hash::new(outline.as_bytes()),
            paths: listed.iter().map(|listed| listed.path.clone()).collect(),
            signals: Tally::of(&service.signals),
        };
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.entry(key).or_default().push(note);
    }
}

/// Returns what a file says, with what its services have said in each environment.
fn file_part(
    session: &Session,
    file: SourceFile,
    source: &SourceInput,
    hash: Hash,
    environments: &[Option<SmolStr>],
    notes: &HashMap<ItemKey, Vec<Note>>,
) -> FilePart {
    let outline = session.file_outline(file, environments);
    let mut facts = outline.facts;
    let mut signals = Tally::default();
    for entry in &file_names(&session.db, file).items {
        // In the order of environments.
        for note in notes.get(&entry.key).into_iter().flatten() {
            facts.push_str(&format!("{} {:?}\n", note.outline.as_str(), note.paths));
            signals.merge(note.signals);
        }
    }
    FilePart {
        module: source.module.clone(),
        path: source.path.clone(),
        package: source.package,
        hash,
        said: Said {
            imports: outline.imports,
            concerns_all: outline.concerns_all,
            has_directives: outline.has_directives,
            outline: Hash::new(facts.as_bytes()),
        },
        tests: outline.tests,
        signals: [signals.found, signals.missing, signals.unknown],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::backends::Artifact;
    use crate::project;

    fn compiled(input: &Input, most_models: usize) -> (Vec<Artifact>, Compilation, Option<Parts>) {
        let hash = |file: &SourceInput| Hash::new(file.text.as_bytes());
        let hashes: Vec<Hash> = input.files.iter().map(hash).collect();
        let taken = Mutex::new(Vec::new());
        let take = |artifact| taken.lock().unwrap().push(artifact);
        let (compilation, parts) = compile_whole_with(input, &hashes, &take, most_models);
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
