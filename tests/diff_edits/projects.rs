//! Projects in memory, and their sessions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use nth_laws::project::generated;
use nthc::backends::Artifact;
use nthc::catalogue::environment_labels;
use nthc::comparison::{Environments, Source, compare};
use nthc::compile::{Input, SourceInput, session};
use nthc::diagnostics::Severity;
use nthc::diff::{Change, compare_environments};
use nthc::ir::Settings;
use nthc::project::{Findings, MANIFEST, load, parse_manifest};
use nthc::session::{Configuration, Session};
use nthc::syntax::format;
use proptest::prelude::Rng as _;
use proptest::test_runner::TestRng;
use serde_json::Value;
use smol_str::SmolStr;

/// The sources of a project.
#[derive(Debug, Clone)]
pub struct Project {
    pub name: String,
    pub manifest: String,
    pub files: Vec<SourceInput>,
}

impl Project {
    /// The example, with its package.
    pub fn shop() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
        let loaded = load(&root, &root).unwrap();
        let manifest = std::fs::read_to_string(root.join(MANIFEST)).unwrap();
        Self::formatted("shop", manifest, loaded.project.input(None).files)
    }

    pub fn generated(rng: &mut TestRng) -> Self {
        let mut bytes = vec![0; 2000];
        rng.fill_bytes(&mut bytes);
        let project = generated(&bytes);
        Self::formatted("generated", project.manifest, project.files)
    }

    /// Formats all files, so that where a line begins shows to which block it belongs. Tests change nothing that is built.
    fn formatted(name: &str, manifest: String, mut files: Vec<SourceInput>) -> Self {
        files.retain(|file| !file.module.contains("tests."));
        for file in &mut files {
            file.text = Arc::from(format(&file.text).unwrap());
        }
        Self {
            name: name.to_owned(),
            manifest,
            files,
        }
    }

    /// The input of the compiler; `None` if the manifest has errors.
    pub fn input(&self) -> Option<Input> {
        let mut findings = Findings {
            file: 0,
            diagnostics: Vec::new(),
        };
        let manifest = parse_manifest(&self.manifest, &mut findings);
        let is_error = |severity| severity == Severity::Error;
        let mut found = findings.diagnostics.iter();
        (!found.any(|diagnostic| is_error(diagnostic.severity))).then(|| Input {
            settings: manifest.settings,
            files: self.files.clone(),
            catalogue: None,
            levels: manifest.levels,
            environment: None,
        })
    }

    /// All texts by path.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let files = self.files.iter();
        let files = files.map(|file| (file.path.clone(), file.text.to_string()));
        files
            .chain([(MANIFEST.to_owned(), self.manifest.clone())])
            .collect()
    }

    /// Replaces the text of a file.
    pub fn set(&mut self, file: usize, text: impl AsRef<str>) {
        self.files[file].text = Arc::from(text.as_ref());
    }
}

/// A version of a project in a session.
pub struct Version {
    pub session: Session,
    pub input: Input,
    manifest: String,
}

impl Version {
    pub fn new(project: &Project) -> Self {
        let input = project.input().unwrap();
        let version = Self {
            session: session(&input),
            input,
            manifest: project.manifest.clone(),
        };
        assert!(version.is_sound(), "{}", project.name);
        version
    }

    /// Becomes another version; returns whether it has no errors.
    pub fn set(&mut self, project: &Project) -> bool {
        let Some(input) = project.input() else {
            return false;
        };
        self.input = input;
        self.manifest.clone_from(&project.manifest);
        self.session.set_files(&self.input.files);
        self.session.configure(&Configuration::new(
            &self.input.settings,
            None,
            self.input.levels.clone(),
        ));
        self.session.evict_stale();
        self.is_sound()
    }

    fn is_sound(&self) -> bool {
        let (found, _) = self.session.diagnostics(None);
        found
            .iter()
            .all(|diagnostic| diagnostic.severity != Severity::Error)
    }

    /// Returns whether all that is built of is the same: services, teams, environments and settings.
    pub fn is_same_model(&self, other: &Self) -> bool {
        let names = |version: &Self| -> Vec<Option<SmolStr>> {
            let declared = version.session.workspace.environments(&version.session.db);
            declared.keys().cloned().map(Some).chain([None]).collect()
        };
        let labels = |version: &Self, name: &Option<SmolStr>| {
            let session = &version.session;
            environment_labels(&session.db, session.workspace, name.as_deref())
        };
        self.manifest == other.manifest
            && names(self) == names(other)
            && names(self).iter().all(|name| {
                labels(self, name) == labels(other, name)
                    && self.session.with_project(name, |one, _| {
                        other.session.with_project(name, |other, _| {
                            one.services().eq(other.services()) && one.teams().eq(other.teams())
                        })
                    })
            })
    }

    fn source(&self) -> Source<'_> {
        Source {
            session: &self.session,
            settings: &self.input.settings,
            manifest: (&self.manifest, MANIFEST),
            metrics: None,
        }
    }
}

/// The changes from one version to another, in all environments.
pub fn changes(base: &Version, head: &Version) -> Vec<Change> {
    let all = Environments::Same(Vec::new());
    compare(base.source(), head.source(), &all, false, &mut |_, _, _| ()).changes
}

/// The changes from one version to another, in all environments, without what the command adds to them: where they are written,
/// what they come from, and the numbers, each of which takes a simulation.
pub fn bare_changes(base: &Version, head: &Version) -> Vec<Change> {
    let names = |version: &Version| -> Vec<SmolStr> {
        let session = &version.session;
        let declared = session.workspace.environments(&session.db);
        declared.keys().cloned().collect()
    };
    let (old, new) = (names(base), names(head));
    let mut found = compare_environments(&old, &new);
    let mut pairs: Vec<[Option<SmolStr>; 2]> = Vec::new();
    match (old.is_empty(), new.is_empty()) {
        (true, true) => pairs.push([None, None]),
        (true, false) => pairs.extend(new.into_iter().map(|name| [None, Some(name)])),
        (false, true) => pairs.extend(old.into_iter().map(|name| [Some(name), None])),
        (false, false) => {
            let both = new.into_iter().filter(|name| old.contains(name));
            pairs.extend(both.map(|name| [Some(name.clone()), Some(name)]));
        }
    }
    for [old, new] in &pairs {
        base.session.with_project(old, |one, _| {
            head.session.with_project(new, |other, _| {
                let settings = [(base, old), (head, new)].map(|(version, name)| Settings {
                    environment: name.clone(),
                    ..version.input.settings.clone()
                });
                let labels = [(base, old), (head, new)].map(|(version, name)| {
                    let session = &version.session;
                    environment_labels(&session.db, session.workspace, name.as_deref())
                });
                let version = |project, side: usize| nthc::diff::Version {
                    project,
                    settings: &settings[side],
                    environment_labels: &labels[side],
                };
                found.extend(nthc::diff::compare(version(one, 0), version(other, 1)));
            });
        });
    }
    found.sort_by_key(|change| change.class);
    found
}

/// Compares what is built, by what it means: the values in YAML and JSON. Returns the path of a file that differs.
pub fn is_same_build(base: &[Artifact], head: &[Artifact]) -> Result<(), String> {
    let texts = |all: &'_ [Artifact]| -> BTreeMap<String, String> {
        let all = all.iter();
        all.map(|one| (one.path.clone(), one.contents.clone()))
            .collect()
    };
    let (old, new) = (texts(base), texts(head));
    let different = |path: &String| -> bool {
        match (old.get(path), new.get(path)) {
            (Some(before), Some(after)) if before == after => false,
            (Some(before), Some(after)) => match (values(path, before), values(path, after)) {
                (Some(before), Some(after)) => before != after,
                // Texts for people, and languages that say the same as a file beside them.
                _ => false,
            },
            _ => true,
        }
    };
    match old.keys().chain(new.keys()).find(|path| different(path)) {
        Some(path) => Err(path.clone()),
        None => Ok(()),
    }
}

fn values(path: &str, contents: &str) -> Option<Vec<Value>> {
    match Path::new(path).extension()?.to_str()? {
        "json" => Some(vec![serde_json::from_str(contents).unwrap()]),
        "yaml" | "yml" => {
            let documents = yaml_serde::Deserializer::from_str(contents);
            let values =
                documents.map(|document| serde::Deserialize::deserialize(document).unwrap());
            Some(values.collect())
        }
        _ => None,
    }
}
