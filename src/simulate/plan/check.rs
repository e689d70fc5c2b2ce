//! Verifies generated series with the queries that read them.

use nth_engine::{MemoryStore, Timestamp};
use nth_promql::Expr;

use super::Plan;
use crate::error::Error;
use crate::matching::matches;
use crate::queries::{reach, values};
use crate::series::{Scrapes, Simulated};
use crate::world::{SloIndex, World};

/// The time of the checks, in milliseconds.
pub(super) const AT: Timestamp = 1_700_000_000_000;

/// The events per second of the checks.
const RATE: f64 = 8.0;

/// The bad share of an SLO that is not checked.
const OTHER: f64 = 0.2;

/// The bad shares that are checked.
const SHARES: [f64; 3] = [0.05, 0.0, 1.0];

/// The largest difference of a share, and of a rate as a share of it.
const TOLERANCE: f64 = 1e-6;

impl Plan<'_> {
    /// Checks that the queries of an SLO give what its series are meant to give. Returns the difference otherwise.
    pub(super) fn check(&self, index: SloIndex, series: &[Simulated]) -> Result<(), String> {
        for share in SHARES {
            let bad: Vec<f64> = (0..self.slos.len())
                .map(|slo| if slo == index { share } else { OTHER })
                .collect();
            self.check_in(index, series, &self.steady(&bad))?;
        }
        Ok(())
    }

    /// Checks all SLOs together, each with a share of its own.
    pub(super) fn check_all(&self) -> Result<(), Error> {
        for factor in [0.013, 0.0] {
            #[allow(clippy::cast_precision_loss)]
            let bad: Vec<f64> = (0..self.slos.len())
                .map(|slo| (factor * (slo + 1) as f64) % 1.0)
                .collect();
            let world = self.steady(&bad);
            for (index, planned) in self.slos.iter().enumerate() {
                if planned.ratio.is_some() && planned.is_generated() {
                    self.check_in(index, &self.series, &world)
                        .map_err(|problem| {
                            Error::query(self.slo_name(index), self.query(index), problem)
                        })?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn steady(&self, bad: &[f64]) -> World {
        World::steady(&vec![RATE; self.services.len()], bad, &self.ticks())
    }

    fn check_in(&self, index: SloIndex, series: &[Simulated], world: &World) -> Result<(), String> {
        let Some(planned) = self.slos.get(index) else {
            return Ok(());
        };
        let queries = || planned.ratio.iter().chain(&planned.total);
        let read: Vec<&Simulated> = series
            .iter()
            .filter(|one| {
                let mut readings = planned.readings.iter();
                readings.any(|reading| matches(&reading.reading.selector, &one.labels))
            })
            .collect();
        let store = self.store(&read, world, queries());
        if let Some(ratio) = &planned.ratio {
            let expected = world.bad.get(index).map_or(0.0, |bad| bad.at(AT));
            let found = single(ratio, &store)?;
            if (found - expected).abs() > TOLERANCE {
                return Err(format!("the error ratio is {found}, not {expected}"));
            }
        }
        if let Some(total) = &planned.total {
            let found = single(total, &store).map_err(|problem| format!("`{total}`: {problem}"))?;
            if (found - RATE).abs() > TOLERANCE * RATE {
                return Err(format!(
                    "`{total}` counts {found} events per second, not {RATE}"
                ));
            }
        }
        Ok(())
    }

    /// Returns the samples that queries read at the time of the check.
    pub(super) fn store<'e>(
        &self,
        series: &[&Simulated],
        world: &World,
        queries: impl Iterator<Item = &'e Expr>,
    ) -> MemoryStore {
        let back = queries
            .map(|query| reach(query, &|_| true))
            .max()
            .unwrap_or(0);
        let scrapes = self.scrapes(AT.saturating_sub(back), AT);
        let mut store = MemoryStore::new();
        for one in series {
            one.load(world, scrapes, &mut store);
        }
        store
    }

    /// Returns the scrapes up to a time, the first one before another time.
    pub(super) fn scrapes(&self, from: Timestamp, at: Timestamp) -> Scrapes {
        let interval = i64::try_from(self.settings.prometheus.scrape_interval.0)
            .unwrap_or(i64::MAX)
            .max(1);
        let count = (at - from) / interval + 2;
        Scrapes {
            first: at - count * interval,
            last: at,
            interval,
            counted_before: 1000.0,
        }
    }

    /// Returns the query of an SLO that errors show.
    pub(super) fn query(&self, index: SloIndex) -> String {
        let planned = self.slos.get(index);
        let query = planned.and_then(|planned| planned.ratio.as_ref().or(planned.slice.as_ref()));
        query.map(Expr::to_string).unwrap_or_default()
    }
}

/// Returns the value of a query that has one.
fn single(query: &Expr, store: &MemoryStore) -> Result<f64, String> {
    match values(query, store, AT)?.as_slice() {
        [value] => Ok(*value),
        [] => Err("it has no value".to_owned()),
        several => Err(format!("it has {} series, not one", several.len())),
    }
}
