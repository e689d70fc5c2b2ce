//! Reads the slices of SLOs, batch by batch, with their objectives.

use std::collections::BTreeSet;

use nth_ledger::{Interval, ObjectiveVersion, Replace, SLICE_SECONDS, SloKey, Store};
use rayon::prelude::*;

use super::super::super::Context;
use super::super::super::console::Console;
use super::super::super::exit::Failure;
use super::super::super::progress::Progress;
use super::super::super::prometheus_client::Client;
use super::super::open::{self, Later};
use super::{Asked, Groups, Report};
use nth_book::pull::{self, Wanted};

/// The most seconds that are read at once.
pub const LONGEST_CHUNK: i64 = 86_400;

/// The seconds that are read first.
pub const FIRST_CHUNK: i64 = 6 * 3_600;

/// The samples that are read at once, about.
const SAMPLES: usize = 1_000_000;

/// How many services are read at the same time, so that a transaction has several.
const SERVICES: usize = 16;

/// SLOs of a service that are read from the same time on.
pub struct Task {
    /// The SLOs.
    pub wanted: Vec<Wanted>,
    /// What is read next, in seconds since 1970.
    pub next: i64,
    /// The seconds that are read at once.
    pub chunk: i64,
}

/// What is read, and how.
pub struct Reading<'r> {
    /// The context of the command.
    pub context: &'r Context,
    /// The server.
    pub client: &'r Client,
    /// All SLOs of the pull, with their objectives.
    pub slos: &'r [Vec<Asked>],
    /// The labels in which replicas of Prometheus differ.
    pub replica_labels: &'r [String],
    /// Whether a task always reads equally much at once.
    pub is_chunk_fixed: bool,
    /// The end of what is read.
    pub until: i64,
    /// Returns true once the pull has to end.
    pub is_ended: &'r dyn Fn() -> bool,
    /// The present, in seconds since 1970.
    pub now: i64,
    /// The revision of the sources.
    pub commit: Option<&'r str>,
}

impl Reading<'_> {
    /// Reads all tasks to their end. Objectives are recorded with the first slices of their SLOs. Returns the SLOs of which
    /// something was seen; `None` if the pull had to end before.
    ///
    /// # Errors
    ///
    /// If Prometheus gives no valid answer, or the ledger cannot be written. What was read before stays in the ledger.
    pub fn all(
        &self,
        ledger: &mut Later<'_>,
        mut tasks: Vec<Task>,
        groups: &mut Groups,
        console: &Console,
        report: &mut Report,
    ) -> Result<Option<BTreeSet<SloKey>>, Failure> {
        let until = self.until;
        let left = |task: &Task| u64::try_from((until - task.next) / SLICE_SECONDS).unwrap_or(0);
        let total: u64 = tasks.iter().map(left).sum();
        let progress = Progress::steps("reading", total, console.is_interactive);
        let mut seen = BTreeSet::new();
        let mut judged = BTreeSet::new();
        let mut waiting = tasks.split_off(0).into_iter();
        loop {
            tasks.retain(|task| task.next < until);
            tasks.extend(
                { waiting.by_ref() }
                    .filter(|task| task.next < until)
                    .take(SERVICES - tasks.len().min(SERVICES)),
            );
            if tasks.is_empty() {
                break;
            }
            if (self.is_ended)() {
                return Ok(None);
            }
            let chunks: Vec<Interval> = tasks
                .iter()
                .map(|task| Interval {
                    from: task.next,
                    until: (task.next + task.chunk).min(until),
                })
                .collect();
            let read: Result<Vec<pull::Read>, Failure> = { tasks.par_iter() }
                .zip(&chunks)
                .map(|(task, chunk)| {
                    pull::read(self.client, &task.wanted, *chunk, self.replica_labels)
                })
                .collect();
            let read = read?;
            let of_tasks = tasks.iter().zip(&chunks).zip(&read);
            let pulls: Vec<nth_ledger::Pull> = of_tasks
                .flat_map(|((task, chunk), read)| {
                    groups.complete(&task.wanted, read.pulls.clone(), *chunk)
                })
                .collect();
            let store = ledger.store()?;
            self.judge(store, &pulls, groups, &mut judged)?;
            let recorded = open::with(self.context, store, |store| {
                store.record_all(&pulls, Replace::NotWorse)
            })?;
            report.add(recorded);
            for pull in pulls {
                if pull.slices.iter().any(|slice| slice.seen > 0) {
                    seen.insert(pull.slo);
                }
            }
            for ((task, chunk), read) in tasks.iter_mut().zip(chunks).zip(read) {
                progress.advance_by(u64::try_from(chunk.seconds() / SLICE_SECONDS).unwrap_or(0));
                task.next = chunk.until;
                if !self.is_chunk_fixed {
                    task.chunk = next_chunk(task.chunk, read.samples);
                }
            }
        }
        // Those of which nothing was left to read.
        let store = ledger.store()?;
        for asked in self.slos.iter().flatten() {
            for key in groups.keys(&asked.wanted) {
                if judged.insert(key.clone()) {
                    self.record_objective(store, asked, &key, self.now)?;
                }
            }
        }
        Ok(Some(seen))
    }

    /// Records the objectives of SLOs that are read for the first time in this pull.
    fn judge(
        &self,
        store: &mut Store,
        pulls: &[nth_ledger::Pull],
        groups: &Groups,
        judged: &mut BTreeSet<SloKey>,
    ) -> Result<(), Failure> {
        for pull in pulls {
            if !judged.insert(pull.slo.clone()) {
                continue;
            }
            let mut slos = self.slos.iter().flatten();
            let is_own = |asked: &&Asked| asked.wanted.group(pull.slo.group.clone()) == pull.slo;
            if let Some(asked) = slos.find(is_own) {
                let since = groups.since(&asked.wanted.key);
                let first = since.unwrap_or(pull.read.from).min(pull.read.from);
                self.record_objective(store, asked, &pull.slo, first)?;
            }
        }
        Ok(())
    }

    /// Records the objective. That of an SLO that is new to the ledger is taken to have held before, since `first`.
    fn record_objective(
        &self,
        store: &mut Store,
        asked: &Asked,
        key: &SloKey,
        first: i64,
    ) -> Result<(), Failure> {
        let known = open::with(self.context, store, |store| store.objectives(key))?;
        let read = open::with(self.context, store, |store| store.read_interval(key))?;
        let valid_from = match known.is_empty() {
            true => read.map_or(first, |read| read.from.min(first)),
            false => self.now,
        };
        let version = ObjectiveVersion {
            valid_from,
            objective: asked.objective(&key.group),
            window_ms: i64::try_from(asked.window_ms).unwrap_or(i64::MAX),
            revision: self.commit.map(str::to_owned),
        };
        open::with(self.context, store, |store| {
            store.record_objective(key, &version)
        })?;
        Ok(())
    }
}

/// How much is read next, so that the server sends about [`SAMPLES`].
fn next_chunk(seconds: i64, samples: usize) -> i64 {
    let longer = match samples {
        samples if samples > SAMPLES => seconds / 2,
        samples if samples < SAMPLES / 3 => seconds * 2,
        _ => seconds,
    };
    slices_of(longer)
}

/// A length of whole slices, at most [`LONGEST_CHUNK`].
pub fn slices_of(seconds: i64) -> i64 {
    aligned(seconds).clamp(SLICE_SECONDS, LONGEST_CHUNK)
}

/// The start of the slice of a moment.
pub fn aligned(seconds: i64) -> i64 {
    seconds.div_euclid(SLICE_SECONDS) * SLICE_SECONDS
}
