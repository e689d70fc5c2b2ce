//! The pairs of `pairs.md`: what each says changes is what changes. `NTH_BLESS=1` writes the lists anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;

use nthc::comparison::{Compared, Environments, Source, compare};
use nthc::compile;
use nthc::diagnostics::Severity;
use nthc::diagnostics::render::{Format, render};
use nthc::diff::{Change, ChangeId};
use nthc::project::{self, Loaded, MANIFEST};
use nthc::session::{Configuration, Session};
use rayon::prelude::*;
use similar::TextDiff;

use super::markdown::{self, Fence, Section};

/// Texts by path.
type Files = BTreeMap<String, String>;

/// Two versions of a project.
#[derive(Debug, Clone, Default)]
struct Pair {
    base: Files,
    head: Files,
}

impl Pair {
    /// Adds a fence: a file in both versions, in one of them, or as the lines in which they differ.
    fn add(&mut self, fence: &Fence) {
        let default = match fence.language.as_str() {
            "toml" => MANIFEST,
            _ => "main.nth",
        };
        let path = fence.key("file").unwrap_or(default).to_owned();
        let [base, head] = match fence.language.as_str() {
            "diff" => [side(&fence.body, '-'), side(&fence.body, '+')],
            "nth" | "toml" => [fence.body.clone(), fence.body.clone()],
            other => panic!("line {}: `{other}` is not a fence of a pair", fence.line),
        };
        if !fence.has("after") {
            self.base.insert(path.clone(), base);
        }
        if !fence.has("before") {
            self.head.insert(path, head);
        }
    }
}

/// The lines of a version: those of both, and those with its sign.
fn side(body: &str, sign: char) -> String {
    let lines = body.lines().filter_map(|line| {
        let (first, rest) = match line.chars().next() {
            Some(first) => (first, line.get(1..).unwrap_or_default()),
            None => (' ', ""),
        };
        (first == ' ' || first == sign).then(|| format!("{rest}\n"))
    });
    lines.collect()
}

/// A version that was read from a folder. The session goes from pair to pair, and with it the standard library.
struct Version {
    loaded: Loaded,
    session: Session,
    manifest: String,
}

impl Version {
    fn new() -> Self {
        let (loaded, manifest) = read(&Files::from([(
            MANIFEST.to_owned(),
            "[project]\nname = \"none\"\n".to_owned(),
        )]));
        Self {
            session: compile::session(&loaded.project.input(None)),
            loaded,
            manifest,
        }
    }

    /// Becomes the project of these files; returns its errors.
    fn set(&mut self, files: &Files) -> String {
        (self.loaded, self.manifest) = read(files);
        let input = self.loaded.project.input(None);
        self.session.set_files(&input.files);
        self.session.configure(&Configuration::new(
            &input.settings,
            input.catalogue,
            input.levels,
        ));
        let checked = self.session.check(None);
        let mut text = Vec::new();
        for (diagnostics, sources) in [
            (&self.loaded.diagnostics, &self.loaded.sources),
            (&checked.diagnostics, &checked.sources),
        ] {
            let mut errors = diagnostics.clone();
            errors.retain(|one| one.severity == Severity::Error);
            render(&errors, sources, Format::Human, false, &mut text).unwrap();
        }
        String::from_utf8(text).unwrap()
    }

    fn source(&self) -> Source<'_> {
        Source {
            session: &self.session,
            settings: &self.loaded.project.settings,
            manifest: (&self.manifest, MANIFEST),
            metrics: None,
        }
    }
}

/// Reads a project from a folder, with its packages.
fn read(files: &Files) -> (Loaded, String) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let loaded = project::load(folder.path(), folder.path()).unwrap();
    (loaded, files[MANIFEST].clone())
}

/// What changes, a line each.
fn list(compared: &Compared) -> String {
    let lines = compared.changes.iter().map(line);
    let text: String = lines.collect();
    match text.is_empty() {
        true => "no changes\n".to_owned(),
        false => text,
    }
}

/// `class id subject: before -> after [environments] <- causes`.
fn line(change: &Change) -> String {
    let text = |text: &Option<String>| {
        text.as_ref()
            .map_or_else(|| "(none)".to_owned(), |text| text.replace('\n', "\\n"))
    };
    let id = change.id.info().name;
    let mut line = format!("{} {id} {}", change.class.name(), change.subject);
    if change.before.is_some() || change.after.is_some() {
        line += &format!(": {} -> {}", text(&change.before), text(&change.after));
    }
    if !change.environments.is_empty() {
        line += &format!(" [{}]", change.environments.join(", "));
    }
    if !change.causes.is_empty() {
        line += &format!(" <- {}", change.causes.join(", "));
    }
    line + "\n"
}

/// What is wrong with a pair, and the lists that it should have.
type Wrong = (String, Vec<(Range<usize>, String)>);

/// The ids that the lists of all pairs have.
type Ids = BTreeSet<ChangeId>;

fn wrong(
    section: &Section,
    shared: &Pair,
    [base, head]: &mut [Version; 2],
    ids: &Mutex<Ids>,
) -> Option<Wrong> {
    let title = &section.title;
    let mut pair = shared.clone();
    let mut expected = None;
    let mut expected_back = None;
    for fence in &section.fences {
        match fence.language.as_str() {
            "text" if fence.has("changes") => expected = Some(fence),
            "text" if fence.has("back") => expected_back = Some(fence),
            "text" => {}
            _ => pair.add(fence),
        }
    }
    let expected = expected.unwrap_or_else(|| panic!("{title}: no list of changes"));
    let environments = match (expected.key("from"), expected.key("to")) {
        (Some(from), Some(to)) => Environments::Two(from.into(), to.into()),
        _ => Environments::Same(Vec::new()),
    };
    let errors = base.set(&pair.base) + &head.set(&pair.head);
    if !errors.is_empty() {
        let told = format!("line {}: {title}\n{errors}", section.line);
        return Some((told, Vec::new()));
    }
    let compared = compare(
        base.source(),
        head.source(),
        &environments,
        false,
        &mut |_, _, _| (),
    );
    assert!(
        compared.changes.is_sorted_by_key(|change| change.class),
        "{title}: not in the order of classes"
    );
    let mut lists = vec![(expected, list(&compared))];
    let mut changes = compared.changes;
    // The way back has changes if this one has.
    if !matches!(environments, Environments::Two(..)) {
        let back = compare(
            head.source(),
            base.source(),
            &environments,
            false,
            &mut |_, _, _| (),
        );
        assert_eq!(
            changes.is_empty(),
            back.changes.is_empty(),
            "{title}: {:?}",
            back.changes
        );
        if let Some(expected) = expected_back {
            lists.push((expected, list(&back)));
            changes.extend(back.changes);
        }
    }
    ids.lock()
        .unwrap()
        .extend(changes.iter().map(|change| change.id));
    lists.retain(|(expected, found)| expected.body != *found);
    (!lists.is_empty()).then(|| {
        let told = lists.iter().map(|(expected, found)| {
            let diff = TextDiff::from_lines(expected.body.as_str(), found.as_str());
            let diff = diff.unified_diff().header("listed", "found").to_string();
            format!("line {}: {title}\n{diff}\n", expected.line)
        });
        let told = told.collect();
        let bodies = lists
            .iter()
            .map(|(expected, found)| (expected.range.clone(), found.clone()));
        (told, bodies.collect())
    })
}

#[test]
fn each_pair_has_the_changes_that_are_listed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/pairs.md");
    let text = fs::read_to_string(&path).unwrap();
    let sections = markdown::parse(&text).unwrap();
    let mut shared = Pair::default();
    let (first, pairs) = sections.split_first().unwrap();
    let files = first.fences.iter();
    files
        .filter(|fence| fence.language != "text")
        .for_each(|fence| shared.add(fence));
    assert!(pairs.len() >= 40, "{} pairs", pairs.len());
    let ids = Mutex::new(Ids::new());
    let wrong: Vec<Wrong> = pairs
        .par_chunks(pairs.len().div_ceil(4))
        .flat_map_iter(|pairs| {
            let mut versions = [Version::new(), Version::new()];
            let found = pairs.iter();
            let found = found.filter_map(|section| wrong(section, &shared, &mut versions, &ids));
            found.collect::<Vec<_>>()
        })
        .collect();
    let is_blessed = std::env::var_os("NTH_BLESS").is_some();
    if is_blessed {
        let bodies = wrong.iter().flat_map(|(_, bodies)| bodies.clone());
        fs::write(&path, markdown::replace(&text, bodies.collect())).unwrap();
    }
    let told: Vec<&str> = wrong
        .iter()
        .filter(|(_, bodies)| !is_blessed || bodies.is_empty())
        .map(|(told, _)| told.as_str())
        .collect();
    assert!(told.is_empty(), "\n{}", told.join("\n"));
    let ids = ids.into_inner().unwrap();
    let missing: Vec<&str> = ChangeId::ALL
        .into_iter()
        .filter(|id| !ids.contains(id))
        .map(ChangeId::name)
        .collect();
    assert!(missing.is_empty(), "ids without a pair: {missing:?}");
}
