//! What happens to the services over time, in the terms of the simulated series.

use nth_engine::Timestamp;

use crate::piecewise::{Piecewise, Span};

/// The index of an SLO in a plan.
pub(crate) type SloIndex = usize;

/// The index of a service in a plan.
pub(crate) type ServiceIndex = usize;

/// What happens over time.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// The state of each service.
    pub(crate) services: Vec<ServiceState>,
    /// The bad share of each SLO.
    pub(crate) bad: Vec<Piecewise>,
    /// The milliseconds between two evaluations of each SLO, in which a time slice is good or bad as a whole.
    pub(crate) ticks: Vec<i64>,
    /// The beginning of the test, from which evaluations are counted.
    pub(crate) begin: Timestamp,
}

/// The state of a service over time.
#[derive(Debug, Clone)]
pub(crate) struct ServiceState {
    /// Events per second.
    pub(crate) rate: Piecewise,
    /// Single bad events, with the SLO.
    pub(crate) failures: Vec<(SloIndex, Timestamp)>,
    /// When all series are gone.
    pub(crate) gone: Vec<Span>,
    /// When its targets are down.
    pub(crate) down: Vec<Span>,
    /// When its counters start again.
    pub(crate) resets: Vec<Timestamp>,
    /// When it is deployed, in order.
    pub(crate) deployments: Vec<Timestamp>,
    /// When its dependencies are down, by name.
    pub(crate) dependencies_down: Vec<(String, Span)>,
}

impl ServiceState {
    /// A service with steady traffic.
    pub(crate) fn steady(rate: f64) -> Self {
        Self {
            rate: Piecewise::constant(rate),
            failures: Vec::new(),
            gone: Vec::new(),
            down: Vec::new(),
            resets: Vec::new(),
            deployments: Vec::new(),
            dependencies_down: Vec::new(),
        }
    }
}

impl World {
    /// A world in which nothing changes: with these events per second, bad shares and times between evaluations.
    pub(crate) fn steady(rates: &[f64], bad: &[f64], ticks: &[i64]) -> Self {
        Self {
            services: rates
                .iter()
                .map(|rate| ServiceState::steady(*rate))
                .collect(),
            bad: bad
                .iter()
                .map(|share| Piecewise::constant(*share))
                .collect(),
            ticks: ticks.to_vec(),
            begin: 0,
        }
    }

    /// True if the time slice that the evaluation at a time sees is bad. Of each hundred evaluations, as many are bad as the
    /// share says, spread evenly.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn is_bad_slice(&self, slo: SloIndex, at: Timestamp) -> bool {
        let Some(share) = self.bad.get(slo).map(|bad| bad.at(at)) else {
            return false;
        };
        is_chosen((at - self.begin).div_euclid(self.tick(slo)), share)
    }

    /// The milliseconds between two evaluations of an SLO.
    pub(crate) fn tick(&self, slo: SloIndex) -> i64 {
        self.ticks.get(slo).copied().unwrap_or(1).max(1)
    }
}

/// True for a share of all numbers, spread evenly.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn is_chosen(number: i64, share: f64) -> bool {
    let until = |number: i64| (number as f64 * share).floor();
    until(number + 1) > until(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_slices_is_bad() {
        let bad = |share: f64| {
            (-500..500)
                .filter(|number| is_chosen(*number, share))
                .count()
        };
        assert_eq!(bad(0.0), 0);
        assert_eq!(bad(0.1), 100);
        assert_eq!(bad(0.5), 500);
        assert_eq!(bad(1.0), 1000);
    }
}
