//! Series of SLIs that count events, or measure a ratio.

use nth_model::{Numerator, Sli};
use nth_promql::Selector;

use super::atoms::{Atom, atoms};
use super::{Plan, PlannedSlo, float};
use crate::error::Error;
use crate::matching::{Condition, witness};
use crate::queries::Form;
use crate::series::{Part, Simulated, Source, Value};
use crate::world::SloIndex;

/// The number of combinations of sources that are tried.
const MOST_COMBINATIONS: usize = 1024;

/// A class of series with what it could count, the most probable first.
struct Candidate {
    atom: Atom,
    sources: Vec<Source>,
}

impl Plan<'_> {
    /// Adds the series of an SLO, so that its queries have the given values.
    pub(super) fn add_events(&mut self, index: SloIndex) -> Result<(), Error> {
        let Some(planned) = self.slos.get(index) else {
            return Ok(());
        };
        let selectors: Vec<&Selector> = planned
            .readings
            .iter()
            .map(|one| &one.reading.selector)
            .collect();
        let candidates: Vec<Candidate> = atoms(&selectors)
            .into_iter()
            .flatten()
            .map(|atom| Candidate {
                sources: sources(planned, index, &atom),
                atom,
            })
            .collect();
        let combinations: usize = candidates.iter().map(|one| one.sources.len()).product();
        let mut problem = None;
        for combination in 0..combinations.min(MOST_COMBINATIONS) {
            let Some(series) = self.with(planned.service, &candidates, combination) else {
                problem.get_or_insert_with(|| {
                    "other SLOs count the same events in another way".to_owned()
                });
                continue;
            };
            match self.check(index, &series) {
                Ok(()) => {
                    self.series = series;
                    return Ok(());
                }
                // The first combination is the most probable one, so its problem is the clearest.
                Err(found) => {
                    problem.get_or_insert(found);
                }
            }
        }
        let problem = problem.unwrap_or_else(|| "no labels satisfy its selectors".to_owned());
        Err(Error::query(
            self.slo_name(index),
            self.query(index),
            problem,
        ))
    }

    /// Returns all series with those of a combination of sources; `None` if they contradict the known ones.
    fn with(
        &self,
        service: usize,
        candidates: &[Candidate],
        combination: usize,
    ) -> Option<Vec<Simulated>> {
        let mut rest = combination;
        let mut added: Vec<Simulated> = Vec::new();
        for candidate in candidates {
            let source = candidate
                .sources
                .get(rest % candidate.sources.len().max(1))?;
            rest /= candidate.sources.len().max(1);
            added.push(Simulated {
                labels: candidate.atom.labels.clone(),
                service,
                dependency: None,
                conditions: candidate.atom.conditions.clone(),
                source: source.clone(),
            });
        }
        merged(&self.series, added)
    }
}

/// Returns what a class of series could count.
fn sources(planned: &PlannedSlo<'_>, index: SloIndex, atom: &Atom) -> Vec<Source> {
    let read = |of: fn(&super::SliReading) -> bool| {
        let mut all = planned.readings.iter();
        all.any(|one| of(one) && atom.is_matched_by(&one.reading.selector))
    };
    let of_atom = planned
        .readings
        .iter()
        .filter(|one| atom.is_matched_by(&one.reading.selector));
    let form = of_atom
        .map(|one| one.reading.form)
        .next()
        .unwrap_or(Form::Gauge);
    let (some, others) = match &planned.slo.sli {
        Sli::Events {
            numerator: Numerator::Good(_),
            ..
        } => (Part::Good(index), Part::Bad(index)),
        _ => (Part::Bad(index), Part::Good(index)),
    };
    // The metric of a part is divided; one of which only all events are read is not.
    let is_divided = atom.conditions.iter().any(|condition| {
        let mut all = planned.readings.iter();
        all.any(|one| one.in_numerator && one.reading.selector == condition.selector)
    });
    let likely = match (read(|one| one.in_numerator), is_divided) {
        (true, _) => some,
        (false, true) => others,
        (false, false) => Part::All,
    };
    let parts = [likely, some, others, Part::All, Part::Nothing];
    let mut found = Vec::new();
    let mut add = |source: Source| {
        if !found.contains(&source) {
            found.push(source);
        }
    };
    match form {
        Form::Native => {
            if let Some(histogram) = &planned.slo.histogram {
                let limit = float(histogram.unit.count(histogram.under));
                add(Source::Histogram { slo: index, limit });
            }
        }
        Form::Counter => parts
            .into_iter()
            .for_each(|part| add(Source::Events(vec![part]))),
        Form::Gauge => {
            parts.into_iter().for_each(|part| add(Source::Share(part)));
            if read(|one| one.in_total) {
                parts
                    .into_iter()
                    .for_each(|part| add(Source::Events(vec![part])));
            }
            add(Source::Fixed(Value::Constant(100.0)));
        }
    }
    found
}

/// Returns known series with more ones. Where both count events of one metric that cannot be told apart, each known series is
/// divided: an SLO's bad events are good or bad events of another one. `None` if that is contradictory.
fn merged(known: &[Simulated], added: Vec<Simulated>) -> Option<Vec<Simulated>> {
    let mut all = known.to_vec();
    let mut rest = added;
    while let Some(first) = rest.first() {
        let metric = first.labels.metric().to_owned();
        let (of_metric, others): (Vec<_>, Vec<_>) = rest
            .into_iter()
            .partition(|one| one.labels.metric() == metric);
        rest = others;
        let is_shared = |known: &Simulated| {
            known.labels.metric() == metric
                && of_metric.iter().any(|one| joint(known, one).is_some())
        };
        let (shared, mut separate): (Vec<_>, Vec<_>) = all.into_iter().partition(is_shared);
        if shared.is_empty() {
            separate.extend(of_metric);
            all = separate;
            continue;
        }
        for known in &shared {
            let Source::Events(before) = &known.source else {
                // A gauge or histogram has one meaning.
                separate.push(known.clone());
                continue;
            };
            for one in &of_metric {
                let Source::Events(after) = &one.source else {
                    return None;
                };
                let (labels, conditions) = joint(known, one)?;
                let parts: Vec<Part> = before.iter().chain(after).copied().collect();
                separate.push(Simulated {
                    labels,
                    conditions,
                    source: Source::Events(parts),
                    ..known.clone()
                });
            }
        }
        all = separate;
    }
    Some(all)
}

/// Returns the labels and conditions of a series that belongs to two classes.
fn joint(one: &Simulated, other: &Simulated) -> Option<(nth_engine::Labels, Vec<Condition>)> {
    let mut conditions = one.conditions.clone();
    for condition in &other.conditions {
        if !conditions.contains(condition) {
            conditions.push(condition.clone());
        }
    }
    Some((witness(&conditions)?, conditions))
}
