//! Tests: incidents, and what must follow from them.
//!
//! All times are durations since the beginning of the test.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::{Duration, Response, Severity};

/// An incident with its expected consequences.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Test {
    /// The name, unique in the project.
    pub name: SmolStr,
    /// What it shows, from its doc comment or `description`.
    pub description: Option<String>,
    /// The beginning, in seconds since 1970.
    pub begin: i64,
    /// How long is watched.
    pub length: Duration,
    /// The assumed past of every SLO.
    pub history: History,
    /// What happens, in the order of the source.
    pub given: Vec<Given>,
    /// What must follow, in the order of the source.
    pub expect: Vec<Expectation>,
}

/// The past of every SLO before a test begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum History {
    /// The whole SLO window is known, and without errors.
    Good,
    /// There is none: the SLOs are new.
    None,
}

/// Something that happens for a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Given {
    /// The name, unique in the test.
    pub name: SmolStr,
    /// When it starts; 0 for what was before the test.
    pub from: Duration,
    /// How long it lasts; `None` until the end of the test, and for what happens at one time.
    pub length: Option<Duration>,
    /// What happens.
    pub event: Event,
}

/// An SLO of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SloRef {
    /// The service's name.
    pub service: SmolStr,
    /// The SLO's name.
    pub slo: SmolStr,
    /// The labels of one of its groups; empty for all groups, and for an SLO without groups.
    pub group: BTreeMap<String, String>,
}

/// What happens to services.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// A service has this many events per second, of each SLO; 100 at other times. If several overlap, the last one counts.
    Traffic {
        /// The service.
        service: SmolStr,
        /// Events per second; 0 for no traffic.
        rate: Decimal,
    },
    /// A share of an SLO's events, or of its time, is bad. If several overlap, the largest one counts.
    Errors {
        /// The SLO.
        slo: SloRef,
        /// The bad share, from 0 to 1.
        share: Decimal,
    },
    /// All events of a latency SLO take this long.
    Latency {
        /// The SLO.
        slo: SloRef,
        /// The duration of each event.
        is: Duration,
    },
    /// All series of a service are gone, also `up`, as without its exporter. Counters continue afterward.
    NoData {
        /// The service.
        service: SmolStr,
    },
    /// The targets of a service cannot be scraped: `up` is 0, and all other series are gone.
    TargetDown {
        /// The service.
        service: SmolStr,
    },
    /// All counters of a service start again from 0, at the start.
    CounterReset {
        /// The service.
        service: SmolStr,
    },
    /// A dependency is down: its series `up` is 0, all events of the service that it refers to are bad, and if it is a hard
    /// dependency, so are those of the service that has it. At least one of both is so. One that services share is down for all of
    /// them: those that have a hard dependency on it fail.
    DependencyDown {
        /// The service that has the dependency, or the shared dependency itself.
        service: SmolStr,
        /// The dependency's name.
        dependency: SmolStr,
    },
    /// This share of an SLO's error budget is left when the test begins, whose history is good otherwise. The rest was consumed
    /// before the windows of burn-rate alerts.
    BudgetLeft {
        /// The SLO.
        slo: SloRef,
        /// The share, at most 1; negative if more than the budget is consumed.
        left: Decimal,
    },
    /// A service is deployed, at the start. It was deployed a week before the test.
    Deployment {
        /// The service.
        service: SmolStr,
    },
    /// A series, in promtool's notation. No other event changes it.
    Series {
        /// The metric with its labels, `up{job="checkout"}`, and those of the environment.
        series: String,
        /// The values at each scrape from the start, `1+0x120`; none after the last one.
        values: String,
    },
}

/// Something that must follow.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Expectation {
    /// The name, unique in the test.
    pub name: SmolStr,
    /// What must follow.
    pub outcome: Outcome,
}

/// The alerts of an expectation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Any alert of an SLO.
    Slo(SloRef),
    /// A custom alert of a service, or of one of its dependencies.
    Alert {
        /// The service.
        service: SmolStr,
        /// The alert's name, as in the rules.
        alert: String,
    },
    /// Any alert of a service.
    Service(SmolStr),
}

/// What must follow.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// An alert of a severity fires, and its notification is sent.
    Fires {
        /// The alerts, one of which must fire.
        subject: Subject,
        /// Whether a page or a ticket must follow.
        response: Response,
        /// The severity; `None` for any of that response.
        severity: Option<Severity>,
        /// The time from which `within` counts: when the first event that concerns the subject starts.
        since: Duration,
        /// The longest time after `since`; `None` for any time in the test.
        within: Option<Duration>,
        /// The shortest time that it fires.
        at_least: Option<Duration>,
        /// The team that must be notified.
        team: Option<SmolStr>,
        /// Text that the notification must contain.
        text: Option<String>,
    },
    /// An alert fired, and every alert that fired has ended.
    Resolved {
        /// The alerts.
        subject: Subject,
        /// The time from which `within` counts: when the last event that concerns the subject ends.
        since: Duration,
        /// The longest time after `since`; `None` for any time in the test.
        within: Option<Duration>,
    },
    /// No alert fires.
    Silent {
        /// The alerts.
        subject: Subject,
    },
    /// A gate decides so.
    Gate {
        /// The service.
        service: SmolStr,
        /// The gate's name.
        gate: SmolStr,
        /// The expected verdict: `allow`, `warn` or `deny`.
        verdict: SmolStr,
        /// The time of the decision; `None` for the end of the test.
        at: Option<Duration>,
    },
    /// This much of an error budget is left.
    Budget {
        /// The SLO.
        slo: SloRef,
        /// The least share that is left; `None` for no bound.
        above: Option<Decimal>,
        /// The largest share that is left; `None` for no bound.
        below: Option<Decimal>,
        /// The time; `None` for the end of the test.
        at: Option<Duration>,
    },
}
