//! Series whose values decide about a condition: of time slices, and of alerts.

use nth_engine::MemoryStore;
use nth_engine::rules::{ALERTS, ALERTS_FOR_STATE};
use nth_promql::{Expr, Node, Selector};
use nth_targets::series_names::INFO;

use super::atoms::{Atom, atoms};
use super::check::AT;
use super::{Plan, dependency_of};
use crate::error::Error;
use crate::matching::matches;
use crate::queries::{Form, Reading, constants, reach, readings, values};
use crate::series::{Scrapes, Simulated, Source, Value};
use crate::world::{SloIndex, World};

/// The number of combinations of values that are tried.
const MOST_COMBINATIONS: usize = 4096;

/// The number of series of more targets that are tried.
const MOST_REPLICAS: usize = 4;

/// A class of series with the values that it could have.
struct Candidate {
    atom: Atom,
    values: Vec<Value>,
}

impl Plan<'_> {
    /// Adds the series of an SLO of time slices: with values for good slices, and others for bad ones.
    pub(super) fn add_slices(&mut self, index: SloIndex) -> Result<(), Error> {
        let Some((planned, query)) = self
            .slos
            .get(index)
            .and_then(|slo| Some((slo, slo.slice.clone()?)))
        else {
            return Ok(());
        };
        let read: Vec<Reading> = planned
            .readings
            .iter()
            .map(|one| one.reading.clone())
            .collect();
        let service = planned.service;
        let candidates = self.candidates(&query, &read);
        let is = |expected: f64| {
            let query = query.clone();
            move |store: &MemoryStore| {
                values(&query, store, AT).is_ok_and(|found| found == [expected])
            }
        };
        let world = self.steady(&vec![0.0; self.slos.len()]);
        let known: Vec<Simulated> = self.read_by(&[&query]).into_iter().cloned().collect();
        let scrapes = self.scrapes(AT.saturating_sub(reach(&query, &|_| true)), AT);
        let good = search(&candidates, &known, &world, scrapes, &is(0.0));
        let mut bad = search(&candidates, &known, &world, scrapes, &is(1.0));
        if bad.is_none() {
            // It may be bad together with other SLOs that read the same series.
            let mut failing = known.clone();
            share_slices(&mut failing, &query, index);
            let mut shares = vec![0.0; self.slos.len()];
            shares
                .iter_mut()
                .skip(index)
                .take(1)
                .for_each(|share| *share = 1.0);
            bad = search(
                &candidates,
                &failing,
                &self.steady(&shares),
                scrapes,
                &is(1.0),
            );
            if good.is_some() && bad.is_some() {
                share_slices(&mut self.series, &query, index);
            }
        }
        let Some((good, bad)) = good.zip(bad) else {
            let problem = "no values of its series are found that make a slice good, and others that make it bad";
            return Err(Error::query(self.slo_name(index), &query, problem));
        };
        for ((candidate, good), bad) in candidates.into_iter().zip(good).zip(bad) {
            self.series.push(Simulated {
                labels: candidate.atom.labels,
                service,
                dependency: None,
                conditions: candidate.atom.conditions,
                source: Source::Slices {
                    slos: vec![index],
                    good,
                    bad,
                },
            });
        }
        Ok(())
    }

    /// Adds series so that no condition of an alert holds while nothing happens, as that of `absent(x)` would without any.
    pub(super) fn add_quiet(&mut self) -> Result<(), Error> {
        for index in 0..self.services.len() {
            let Some(service) = self.services.get(index).copied() else {
                continue;
            };
            for (place, alert) in service.alerts.iter().enumerate() {
                let before: Vec<&Expr> = service
                    .alerts
                    .iter()
                    .take(place)
                    .map(|alert| &alert.when)
                    .collect();
                if let Some(added) = self.quiet(index, &alert.when, &before) {
                    let dependency = dependency_of(service, alert.dependency.as_ref());
                    let dependency = dependency.as_ref().map(ToString::to_string);
                    let added = added.map_err(|problem| {
                        Error::query(
                            format!("{}.{}", service.name, alert.name),
                            &alert.when,
                            problem,
                        )
                    })?;
                    self.series
                        .extend(added.into_iter().map(|series| Simulated {
                            dependency: series.dependency.clone().or_else(|| dependency.clone()),
                            ..series
                        }));
                }
            }
        }
        Ok(())
    }

    /// Returns the series with which neither a condition nor those before it hold; `None` if it does not hold without them, or
    /// if nothing that may be added changes it.
    fn quiet(
        &self,
        service: usize,
        query: &Expr,
        before: &[&Expr],
    ) -> Option<Result<Vec<Simulated>, String>> {
        let world = self.steady(&vec![0.0; self.slos.len()]);
        let read = readings(query);
        if read
            .iter()
            .any(|reading| self.is_recorded(&reading.selector))
        {
            return None;
        }
        let is_known = read
            .iter()
            .all(|reading| self.is_provided(&reading.selector));
        let known = self.read_by(&[query]);
        let store = self.store(&known, &world, [query].into_iter());
        match values(query, &store, AT) {
            Ok(found) if found.is_empty() => return None,
            _ if is_known => return self.replicas(query, before).map(Ok),
            Ok(_) => {}
            Err(problem) => return Some(Err(problem)),
        }
        let candidates = self.candidates(query, &read);
        // Conditions that read the same series must not hold either.
        let affected: Vec<&Expr> = before
            .iter()
            .copied()
            .filter(|other| {
                readings(other).iter().any(|reading| {
                    let mut all = candidates.iter();
                    all.any(|one| one.atom.is_matched_by(&reading.selector))
                })
            })
            .chain([query])
            .collect();
        let known: Vec<Simulated> = self.read_by(&affected).into_iter().cloned().collect();
        let back = affected
            .iter()
            .map(|query| reach(query, &|_| true))
            .max()
            .unwrap_or(0);
        let scrapes = self.scrapes(AT.saturating_sub(back), AT);
        let is_quiet = |store: &MemoryStore| {
            let mut all = affected.iter();
            all.all(|query| values(query, store, AT).is_ok_and(|found| found.is_empty()))
        };
        let Some(found) = search(&candidates, &known, &world, scrapes, &is_quiet) else {
            return Some(Err(
                "no values of its series are found for which it does not hold".to_owned(),
            ));
        };
        let added = candidates
            .into_iter()
            .zip(found)
            .map(|(candidate, value)| Simulated {
                labels: candidate.atom.labels,
                service,
                dependency: None,
                conditions: candidate.atom.conditions,
                source: Source::Fixed(value),
            });
        Some(Ok(added.collect()))
    }

    /// Returns more series of targets with which a condition does not hold, as that of `count(up) < 2` would with one target.
    /// `None` if there are none.
    fn replicas(&self, query: &Expr, before: &[&Expr]) -> Option<Vec<Simulated>> {
        let world = self.steady(&vec![0.0; self.slos.len()]);
        let is_of_sli = |series: &Simulated| {
            let mut all = self.slos.iter().flat_map(|slo| &slo.readings);
            all.any(|one| matches(&one.reading.selector, &series.labels))
        };
        let originals: Vec<&Simulated> = self
            .read_by(&[query])
            .into_iter()
            .filter(|series| matches!(series.source, Source::Up | Source::Fixed(_)))
            .filter(|series| !is_of_sli(series))
            .collect();
        if originals.is_empty() {
            return None;
        }
        let holds = |query: &Expr, more: &[Simulated]| {
            let mut read = self.read_by(&[query]);
            read.extend(more);
            let store = self.store(&read, &world, [query].into_iter());
            values(query, &store, AT).is_ok_and(|found| !found.is_empty())
        };
        let quiet = before.iter().copied().filter(|other| !holds(other, &[]));
        let quiet: Vec<&Expr> = quiet.chain([query]).collect();
        let label = grouping(query);
        (1..=MOST_REPLICAS).find_map(|count| {
            let copies = (1..=count).flat_map(|number| {
                let value = format!("replica-{number}");
                originals.iter().map(move |one| Simulated {
                    labels: one.labels.with(label, &value),
                    ..(*one).clone()
                })
            });
            let copies: Vec<Simulated> = copies.collect();
            quiet
                .iter()
                .all(|query| !holds(query, &copies))
                .then_some(copies)
        })
    }

    /// True if rules record what a selector reads, which is known in a simulation only.
    fn is_recorded(&self, selector: &Selector) -> bool {
        let Some(metric) = &selector.metric else {
            return false;
        };
        let mut recordings = self.services.iter().flat_map(|service| &service.recordings);
        metric.text.starts_with("slo:")
            || [INFO, ALERTS, ALERTS_FOR_STATE].contains(&metric.text.as_str())
            || recordings.any(|recording| recording.record == metric.text)
            || { self.slos.iter() }
                .flat_map(|planned| &planned.slo.recordings)
                .any(|recording| recording.record == metric.text)
    }

    /// Returns the classes of series that a query reads and that do not exist yet.
    fn candidates(&self, query: &Expr, read: &[Reading]) -> Vec<Candidate> {
        let missing: Vec<&Reading> = read
            .iter()
            .filter(|reading| !self.is_provided(&reading.selector))
            .collect();
        let selectors: Vec<&Selector> = missing.iter().map(|reading| &reading.selector).collect();
        let numbers = constants(query);
        let is_timed = nth_promql::classify::exprs(query)
            .any(|part| matches!(&part.node, Node::Call(call) if call.function == "time"));
        atoms(&selectors)
            .into_iter()
            .flatten()
            .map(|atom| {
                let mut of_atom = missing
                    .iter()
                    .filter(|one| atom.is_matched_by(&one.selector));
                let is_counter = of_atom.any(|one| one.form == Form::Counter);
                Candidate {
                    values: candidate_values(&numbers, is_timed, is_counter),
                    atom,
                }
            })
            .collect()
    }

    /// Returns the known series that queries read.
    fn read_by(&self, queries: &[&Expr]) -> Vec<&Simulated> {
        let read: Vec<Reading> = queries.iter().flat_map(|query| readings(query)).collect();
        let is_read = |series: &&Simulated| {
            read.iter()
                .any(|one| matches(&one.selector, &series.labels))
        };
        self.series.iter().filter(is_read).collect()
    }
}

/// Returns the label by which a query groups series, or else that of targets.
fn grouping(query: &Expr) -> &str {
    let mut groupings = nth_promql::classify::exprs(query).filter_map(|part| match &part.node {
        Node::Aggregate(aggregate) => aggregate
            .grouping
            .as_ref()
            .filter(|grouping| !grouping.without),
        _ => None,
    });
    let label = groupings.find_map(|grouping| grouping.labels.first());
    label.map_or("instance", |label| label.name.as_str())
}

/// Lets time slices of series that a query reads be bad for another SLO, too.
fn share_slices(series: &mut [Simulated], query: &Expr, slo: SloIndex) {
    let read = readings(query);
    for one in series {
        let is_read = read
            .iter()
            .any(|reading| matches(&reading.selector, &one.labels));
        if let (true, Source::Slices { slos, .. }) = (is_read, &mut one.source) {
            slos.push(slo);
        }
    }
}

/// Returns values that could make a condition true or false, from the numbers in it.
fn candidate_values(numbers: &[f64], is_timed: bool, is_counter: bool) -> Vec<Value> {
    let near = |number: f64| {
        [
            number + 1.0,
            number - 1.0,
            number * 2.0,
            number / 2.0,
            number,
        ]
    };
    let around: Vec<f64> = numbers.iter().copied().flat_map(near).collect();
    let mut found: Vec<Value> = Vec::new();
    let mut add = |value: Value| {
        if !found.contains(&value) {
            found.push(value);
        }
    };
    if is_counter {
        [0.0, 1.0]
            .into_iter()
            .chain(around.iter().copied())
            .for_each(|rate| add(Value::Slope(rate.max(0.0))));
    }
    if is_timed {
        let ago = numbers
            .iter()
            .flat_map(|number| [number / 2.0, number * 2.0, number * 1.5]);
        [0.0]
            .into_iter()
            .chain(ago)
            .for_each(|ago| add(Value::Ago(ago)));
    }
    [1.0, 0.0]
        .into_iter()
        .chain(around)
        .for_each(|value| add(Value::Constant(value)));
    found
}

/// Returns values of the candidates for which a question is true.
fn search(
    candidates: &[Candidate],
    known: &[Simulated],
    world: &World,
    scrapes: Scrapes,
    question: &dyn Fn(&MemoryStore) -> bool,
) -> Option<Vec<Value>> {
    let mut base = MemoryStore::new();
    for series in known {
        series.load(world, scrapes, &mut base);
    }
    let combinations = candidates.iter().fold(1_usize, |product, one| {
        product.saturating_mul(one.values.len())
    });
    (0..combinations.min(MOST_COMBINATIONS)).find_map(|combination| {
        let mut rest = combination;
        let mut store = base.clone();
        let mut chosen = Vec::new();
        for candidate in candidates {
            let count = candidate.values.len().max(1);
            let value = *candidate.values.get(rest % count)?;
            rest /= count;
            let series = Simulated {
                labels: candidate.atom.labels.clone(),
                service: 0,
                dependency: None,
                conditions: Vec::new(),
                source: Source::Fixed(value),
            };
            series.load(world, scrapes, &mut store);
            chosen.push(value);
        }
        question(&store).then_some(chosen)
    })
}
