//! Random edits of projects: those that keep the meaning give no change, and those that change what is built are found.
//!
//! Everything happens in memory. A job has two sessions of one project: that of the old version stays as it is, that of the new
//! version is edited again and again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod changing;
mod pieces;
mod preserving;
mod projects;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nthc::compile::Build as _;
use nthc::diff::{Change, Class};
use proptest::test_runner::{Config, TestRng, TestRunner};
use similar::TextDiff;

use projects::{Project, Version, bare_changes, changes, is_same_build};

/// How many edits of each sort are tried.
const EDITS: usize = 500;

/// How many of the jobs edit the shop; the others edit generated projects.
const SHOPS: usize = 2;

/// How many jobs share the edits.
const JOBS: usize = 10;

/// How many edits may be without effect, or not compile, for each that is counted.
const TRIES: usize = 12;

/// One of so many edits is built whatever is found.
const SAMPLE: usize = 10;

/// What was tried, by the name of the edit.
#[derive(Debug, Default)]
struct Numbers {
    tried: BTreeMap<&'static str, usize>,
    /// Those that do not compile, and those that find nothing to edit.
    skipped: usize,
    /// Those that were built, and gave other files or the same ones.
    differently: usize,
    alike: usize,
    /// Those that were not built: the models are the same.
    same_model: usize,
    /// Those with changes.
    found: usize,
    silenced: usize,
    /// What is wrong.
    wrong: Vec<String>,
}

impl Numbers {
    fn add(&mut self, other: Self) {
        for (name, count) in other.tried {
            *self.tried.entry(name).or_default() += count;
        }
        self.skipped += other.skipped;
        self.differently += other.differently;
        self.alike += other.alike;
        self.same_model += other.same_model;
        self.found += other.found;
        self.silenced += other.silenced;
        self.wrong.extend(other.wrong);
    }

    fn total(&self) -> usize {
        self.tried.values().sum()
    }

    fn assert_right(&self) {
        let shown: Vec<_> = self.wrong.iter().take(12).map(String::as_str).collect();
        assert!(
            self.wrong.is_empty(),
            "{} of {} edits:\n{}",
            self.wrong.len(),
            self.total(),
            shown.join("\n")
        );
    }
}

/// Runs all jobs on as many threads as there are cores, each with random numbers of its own.
fn run(job: impl Fn(&Project, usize, &mut TestRng) -> Numbers + Sync) -> Numbers {
    // In CI the seed is that of `PROPTEST_RNG_SEED`.
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::default()
    });
    let mut jobs: Vec<(Project, TestRng)> = Vec::new();
    for number in 0..JOBS {
        let project = match number < SHOPS {
            true => Project::shop(),
            false => Project::generated(runner.rng()),
        };
        jobs.push((project, runner.new_rng()));
    }
    let jobs: Vec<Mutex<(Project, TestRng)>> = jobs.into_iter().map(Mutex::new).collect();
    let (next, total) = (AtomicUsize::new(0), Mutex::new(Numbers::default()));
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads.min(JOBS) {
            scope.spawn(|| {
                while let Some(one) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut one = one.lock().unwrap();
                    let (project, rng) = &mut *one;
                    let numbers = job(project, EDITS / JOBS, rng);
                    total.lock().unwrap().add(numbers);
                }
            });
        }
    });
    total.into_inner().unwrap()
}

/// The texts that an edit changes.
fn edited(base: &Project, head: &Project) -> String {
    let (old, new) = (base.texts(), head.texts());
    let mut text = String::new();
    for path in old
        .keys()
        .chain(new.keys().filter(|path| !old.contains_key(*path)))
    {
        let none = String::new();
        let (before, after) = (
            old.get(path).unwrap_or(&none),
            new.get(path).unwrap_or(&none),
        );
        if before != after {
            let diff = TextDiff::from_lines(before.as_str(), after.as_str());
            text += &diff
                .unified_diff()
                .context_radius(2)
                .header(path, path)
                .to_string();
        }
    }
    text
}

fn listed(changes: &[Change]) -> String {
    let lines = changes.iter().map(|change| {
        let texts = (&change.before, &change.after);
        format!(
            "  {} {} {}: {:?} -> {:?} {:?}\n",
            change.class.name(),
            change.id.info().name,
            change.subject,
            texts.0,
            texts.1,
            change.environments
        )
    });
    lines.collect()
}

#[test]
fn edits_that_keep_the_meaning_give_no_changes() {
    let numbers = run(|project, count, rng| {
        let mut numbers = Numbers::default();
        let base = Version::new(project);
        let mut head = Version::new(project);
        let mut tries = 0;
        while numbers.total() < count && tries < count * TRIES {
            tries += 1;
            let Some((name, edited_project)) = preserving::edit(project, rng) else {
                numbers.skipped += 1;
                continue;
            };
            if !head.set(&edited_project) {
                numbers.skipped += 1;
                continue;
            }
            *numbers.tried.entry(name).or_default() += 1;
            // The way back is an edit that keeps the meaning too: a template that is inlined, two files that become one.
            for found in [changes(&base, &head), changes(&head, &base)] {
                if !found.is_empty() {
                    numbers.wrong.push(format!(
                        "{} {name}:\n{}{}",
                        project.name,
                        edited(project, &edited_project),
                        listed(&found)
                    ));
                }
            }
        }
        numbers
    });
    println!(
        "edits that keep the meaning: {} ({:?}), {} skipped, {} falsely reported",
        numbers.total(),
        numbers.tried,
        numbers.skipped,
        numbers.wrong.len()
    );
    numbers.assert_right();
    assert!(numbers.total() >= EDITS, "{numbers:?}");
    for name in preserving::NAMES {
        assert!(
            numbers.tried.get(name).is_some_and(|count| *count >= 5),
            "{name}: {numbers:?}"
        );
    }
}

#[test]
fn edits_that_change_what_is_built_are_found() {
    let numbers = run(|project, count, rng| {
        let mut numbers = Numbers::default();
        let base = Version::new(project);
        let built = OnceCell::new();
        let mut head = Version::new(project);
        let mut tries = 0;
        while numbers.total() < count && tries < count * TRIES {
            tries += 1;
            let Some((name, edited_project)) = changing::edit(project, rng) else {
                numbers.skipped += 1;
                continue;
            };
            if !head.set(&edited_project) {
                numbers.skipped += 1;
                continue;
            }
            let found = bare_changes(&base, &head);
            *numbers.tried.entry(name).or_default() += 1;
            let mut wrong = |what: &str| {
                numbers.wrong.push(format!(
                    "{} {name}: {what}\n{}{}",
                    project.name,
                    edited(project, &edited_project),
                    listed(&found)
                ));
            };
            // A build takes a hundred times as long as a comparison. It decides where nothing is found; where something is, or
            // the models are the same, a few builds show that they agree.
            let is_sample = numbers.tried.values().sum::<usize>().is_multiple_of(SAMPLE);
            let is_same_model = base.is_same_model(&head);
            if is_sample {
                // The command lists as many, the gravest first.
                let listed = changes(&base, &head);
                if !listed.is_sorted_by_key(|change| change.class) {
                    wrong("not in the order of classes");
                }
                let ids = |all: &[Change]| -> BTreeSet<_> {
                    let all = all.iter();
                    all.map(|change| (change.id, change.subject.clone()))
                        .collect()
                };
                if ids(&listed) != ids(&found) {
                    wrong("other changes are listed");
                }
            }
            if is_sample || found.is_empty() && !is_same_model {
                let built = built.get_or_init(|| base.session.compile(&base.input).artifacts);
                let now = head.session.compile(&head.input).artifacts;
                // Some errors are those of a target.
                let differs = is_same_build(built, &now).err().filter(|_| !now.is_empty());
                match &differs {
                    None => numbers.alike += 1,
                    Some(path) => {
                        numbers.differently += 1;
                        if found.is_empty() {
                            wrong(&format!("not found: {path} differs"));
                        } else if is_same_model {
                            wrong(&format!("the model is the same, and {path} differs"));
                        }
                    }
                }
            } else if is_same_model {
                numbers.same_model += 1;
            }
            if !found.is_empty() {
                numbers.found += 1;
            }
            if found.iter().any(|change| change.class == Class::Silenced) {
                numbers.silenced += 1;
            }
        }
        numbers
    });
    println!(
        "edits that may change the meaning: {} ({:?}), {} skipped; {} with changes, {} of the same model; {} built differently, {} built \
         alike; {} silence something; {} missed",
        numbers.total(),
        numbers.tried,
        numbers.skipped,
        numbers.found,
        numbers.same_model,
        numbers.differently,
        numbers.alike,
        numbers.silenced,
        numbers.wrong.len()
    );
    numbers.assert_right();
    assert!(numbers.total() >= EDITS, "{numbers:?}");
    assert!(numbers.found >= EDITS / 2, "{numbers:?}");
    assert!(numbers.differently >= EDITS / 20, "{numbers:?}");
    assert!(numbers.silenced > 0, "{numbers:?}");
}
