//! From the events of a test to what happens over time.

use std::collections::BTreeSet;

use nth_engine::Timestamp;
use nth_engine::testing::Sequence;
use nth_model::composite::Part;
use nth_model::test::{Event, Given, History, Outcome, SloRef, Subject, Test};
use nth_model::text::list;
use nth_model::{Criticality, Duration, Project, Role, Service, Sli};
use nth_promql::Expr;

use crate::error::Error;
use crate::piecewise::{Piecewise, Span};
use crate::plan::{Plan, float};
use crate::queries::reach;
use crate::world::{ServiceIndex, ServiceState, SloIndex, World};

/// What happens, and what is known when it begins.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    /// The beginning.
    pub(crate) begin: Timestamp,
    /// The time of the last evaluation.
    pub(crate) end: Timestamp,
    /// The past of the SLOs.
    pub(crate) history: History,
    /// The shares of error budgets that are left at the beginning.
    pub(crate) budgets: Vec<(SloIndex, f64)>,
    /// The hand-written series.
    pub(crate) written: Vec<Written>,
    /// What happens.
    pub(crate) world: World,
}

/// A hand-written series.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// The time of its first value after the beginning, in milliseconds.
    pub(crate) from: i64,
    /// Its labels and values.
    pub(crate) sequence: Sequence,
}

/// The events per second of a service without `traffic`.
pub const DEFAULT_RATE: f64 = 100.0;

/// How long before a test a service was deployed last, unless the test says otherwise.
const DEPLOYED_BEFORE: i64 = 7 * 24 * 3_600_000;

/// Returns the services that a test names, and those that its dependencies refer to, in the order of their names.
///
/// # Errors
///
/// If the project has no service of a name.
pub fn services_of<'m>(test: &Test, project: &Project<'m>) -> Result<Vec<&'m Service>, Error> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for given in &test.given {
        match &given.event {
            Event::Traffic { service, .. }
            | Event::NoData { service }
            | Event::TargetDown { service }
            | Event::CounterReset { service }
            | Event::Deployment { service } => {
                names.insert(service);
            }
            Event::Errors { slo, .. }
            | Event::Latency { slo, .. }
            | Event::BudgetLeft { slo, .. } => {
                names.insert(&slo.service);
            }
            Event::DependencyDown {
                service,
                dependency,
            } => {
                names.insert(service);
                let of = project.service(service).into_iter();
                let mut all = of.flat_map(|service| &service.dependencies);
                let found = all.find(|known| known.name == *dependency);
                let refers = found.and_then(|dependency| dependency.service.as_deref());
                names.extend(refers.filter(|name| project.service(name).is_some()));
                // One that services share breaks all of them.
                let shared = project.service(service);
                if shared.is_some_and(|shared| shared.role == Role::Dependency) {
                    let all = project.dependents(service).iter();
                    names.extend(all.map(|(dependent, _)| dependent.name.as_str()));
                }
            }
            Event::Series { .. } => {}
        }
    }
    for expectation in &test.expect {
        match &expectation.outcome {
            Outcome::Fires { subject, .. }
            | Outcome::Resolved { subject, .. }
            | Outcome::Silent { subject } => {
                names.insert(match subject {
                    Subject::Slo(slo) => &slo.service,
                    Subject::Alert { service, .. } | Subject::Service(service) => service,
                });
            }
            Outcome::Gate { service, .. } => {
                names.insert(service);
            }
            Outcome::Budget { slo, .. } => {
                names.insert(&slo.service);
            }
        }
    }
    let find = |name: &str| {
        project
            .service(name)
            .ok_or_else(|| Error::UnknownService(name.into()))
    };
    // A composite SLO is what its parts are.
    let mut waiting: Vec<&str> = names.iter().copied().collect();
    while let Some(name) = waiting.pop() {
        let slos = project.service(name).into_iter().flat_map(|of| &of.slos);
        for part in slos.flat_map(|slo| &slo.parts) {
            let of = part.slo.service.as_str();
            if project.service(of).is_some() && names.insert(of) {
                waiting.push(of);
            }
        }
    }
    names.into_iter().map(find).collect()
}

/// Returns the groups of SLOs that a test names, each once.
pub fn groups_of(test: &Test) -> Vec<SloRef> {
    let events = test.given.iter().filter_map(|given| match &given.event {
        Event::Errors { slo, .. } | Event::Latency { slo, .. } | Event::BudgetLeft { slo, .. } => {
            Some(slo)
        }
        _ => None,
    });
    let expected = test
        .expect
        .iter()
        .filter_map(|expected| match &expected.outcome {
            Outcome::Fires { subject, .. }
            | Outcome::Resolved { subject, .. }
            | Outcome::Silent { subject } => match subject {
                Subject::Slo(slo) => Some(slo),
                Subject::Alert { .. } | Subject::Service(_) => None,
            },
            Outcome::Budget { slo, .. } => Some(slo),
            Outcome::Gate { .. } => None,
        });
    let named = events.chain(expected).filter(|slo| !slo.group.is_empty());
    let all: BTreeSet<SloRef> = named.cloned().collect();
    all.into_iter().collect()
}

/// Returns the hand-written series of a test.
pub(crate) fn written(test: &Test) -> Result<Vec<Written>, Error> {
    let all = test.given.iter().filter_map(|given| match &given.event {
        Event::Series { series, values } => Some((given, series, values)),
        _ => None,
    });
    all.map(|(given, series, values)| {
        let sequence = Sequence::parse(&format!("{series} {values}"));
        Ok(Written {
            from: millis(given.from),
            sequence: sequence.map_err(|reason| Error::Series {
                series: series.clone(),
                reason,
            })?,
        })
    })
    .collect()
}

/// Converts a duration to milliseconds.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.0).unwrap_or(i64::MAX / 4)
}

/// Returns what happens in a test.
pub(crate) fn scenario(plan: &Plan<'_>, test: &Test) -> Result<Scenario, Error> {
    let begin = test.begin.saturating_mul(1000);
    let end = begin.saturating_add(millis(test.length));
    let mut reader = Reader {
        plan,
        begin,
        end,
        rates: vec![Vec::new(); plan.services.len()],
        bad: vec![Vec::new(); plan.slos.len()],
        states: vec![ServiceState::steady(DEFAULT_RATE); plan.services.len()],
        budgets: Vec::new(),
    };
    for state in &mut reader.states {
        state.deployments.push(begin - DEPLOYED_BEFORE);
    }
    for given in &test.given {
        reader.read(given, test.history)?;
    }
    let Reader {
        rates,
        bad,
        mut states,
        budgets,
        ..
    } = reader;
    for (state, mut spans) in states.iter_mut().zip(rates) {
        // The last one that is written counts. What holds at the beginning held before.
        let later = |_: f64, later: f64| later;
        let first = Piecewise::of_spans(DEFAULT_RATE, &spans, later).at(begin);
        let before = Span {
            from: Timestamp::MIN,
            to: begin,
        };
        spans.push((before, first));
        state.rate = Piecewise::of_spans(DEFAULT_RATE, &spans, later);
        state.deployments.sort_unstable();
    }
    Ok(Scenario {
        begin,
        end,
        history: test.history,
        budgets,
        written: written(test)?,
        world: World {
            services: states,
            bad: bad
                .iter()
                .map(|spans| Piecewise::of_spans(0.0, spans, f64::max))
                .collect(),
            ticks: plan.ticks(),
            begin,
        },
    })
}

/// Reads the events of a test.
struct Reader<'p, 'm> {
    plan: &'p Plan<'m>,
    begin: Timestamp,
    end: Timestamp,
    rates: Vec<Vec<(Span, f64)>>,
    bad: Vec<Vec<(Span, f64)>>,
    states: Vec<ServiceState>,
    budgets: Vec<(SloIndex, f64)>,
}

impl Reader<'_, '_> {
    fn read(&mut self, given: &Given, history: History) -> Result<(), Error> {
        let from = self.begin.saturating_add(millis(given.from));
        let to = given
            .length
            .map(|length| from.saturating_add(millis(length)));
        let span = Span {
            from,
            // Beyond the end, so that the last evaluation is included.
            to: to.unwrap_or_else(|| self.end.saturating_add(1)),
        };
        match &given.event {
            Event::Traffic { service, rate } => {
                let index = self.plan.service(service)?;
                if let Some(rates) = self.rates.get_mut(index) {
                    rates.push((span, float(*rate)));
                }
            }
            Event::Errors { slo, share } => {
                for index in self.plan.groups(slo)? {
                    self.be_bad(index, span, float(*share))?;
                }
            }
            Event::Latency { slo, is } => {
                let index = self.plan.slo(&slo.service, &slo.slo)?;
                let planned = self.plan.slos.get(index);
                let Some(histogram) = planned.and_then(|planned| planned.slo.histogram.as_ref())
                else {
                    let reason =
                        "it has no histogram, so its events have no duration; write `errors`";
                    return Err(Error::inapplicable(self.plan.slo_name(index), reason));
                };
                let share = if *is > histogram.under { 1.0 } else { 0.0 };
                for index in self.plan.groups(slo)? {
                    self.be_bad(index, span, share)?;
                }
            }
            Event::NoData { service } => self.state(service)?.gone.push(span),
            Event::TargetDown { service } => self.state(service)?.down.push(span),
            Event::CounterReset { service } => self.state(service)?.resets.push(from),
            Event::DependencyDown {
                service,
                dependency,
            } => self.dependency_down(service, dependency, span)?,
            Event::BudgetLeft { slo, left } => {
                let index = self.plan.slo(&slo.service, &slo.slo)?;
                if history == History::None {
                    let reason = "a share of its budget is left, but it has no history";
                    return Err(Error::inapplicable(self.plan.slo_name(index), reason));
                }
                let groups = self.plan.groups(slo)?;
                self.budgets
                    .extend(groups.into_iter().map(|index| (index, float(*left))));
            }
            Event::Deployment { service } => {
                let index = self.plan.service(service)?;
                if !self.plan.is_deployment_measured(index) {
                    let reason = "it has no query `deployed` of a single metric, so deployments are not measured";
                    return Err(Error::inapplicable(service.as_str(), reason));
                }
                self.state(service)?.deployments.push(from);
            }
            Event::Series { .. } => {}
        }
        Ok(())
    }

    fn state(&mut self, service: &str) -> Result<&mut ServiceState, Error> {
        let index = self.plan.service(service)?;
        let state = self.states.get_mut(index);
        state.ok_or_else(|| Error::UnknownService(service.into()))
    }

    /// Lets a share of an SLO's events, or of its time, be bad.
    fn be_bad(&mut self, index: SloIndex, span: Span, share: f64) -> Result<(), Error> {
        check_share(self.plan, index, share)?;
        if let Some(spans) = self.bad.get_mut(index) {
            spans.push((span, share));
        }
        Ok(())
    }

    fn dependency_down(
        &mut self,
        service: &str,
        dependency: &str,
        span: Span,
    ) -> Result<(), Error> {
        let index = self.plan.service(service)?;
        let shared = self.plan.services.get(index);
        if shared.is_some_and(|shared| shared.role == Role::Dependency) {
            return self.shared_dependency_down(index, service, span);
        }
        let mut known = self
            .plan
            .services
            .get(index)
            .into_iter()
            .flat_map(|service| &service.dependencies);
        let Some(found) = known.find(|known| known.name == dependency) else {
            return Err(Error::UnknownDependency {
                service: service.into(),
                dependency: dependency.into(),
            });
        };
        let is_hard = found.criticality == Criticality::Hard;
        let refers = found
            .service
            .as_deref()
            .and_then(|name| self.plan.service(name).ok());
        let is_measured = self.plan.is_dependency_measured(index, dependency);
        if !is_hard && refers.is_none() && !is_measured {
            let reason = format!(
                "its soft dependency `{dependency}` is neither a service of the test nor has a signal `up`, so nothing changes"
            );
            return Err(Error::inapplicable(service, reason));
        }
        let failing: Vec<SloIndex> = self
            .plan
            .slos
            .iter()
            .enumerate()
            .filter(|(_, slo)| slo.is_generated())
            .filter(|(_, slo)| (is_hard && slo.service == index) || Some(slo.service) == refers)
            .map(|(slo, _)| slo)
            .collect();
        for slo in failing {
            self.be_bad(slo, span, 1.0)?;
        }
        self.state(service)?
            .dependencies_down
            .push((dependency.to_owned(), span));
        Ok(())
    }

    /// Lets a dependency that services share be down: all events of the services that need it are bad.
    fn shared_dependency_down(
        &mut self,
        index: ServiceIndex,
        name: &str,
        span: Span,
    ) -> Result<(), Error> {
        let needs = |service: &Service| {
            let mut hard = service.dependencies.iter();
            hard.any(|dependency| {
                dependency.service.as_deref() == Some(name)
                    && dependency.criticality == Criticality::Hard
            })
        };
        let slos = self.plan.slos.iter().enumerate();
        let failing: Vec<SloIndex> = slos
            .filter(|(_, slo)| slo.is_generated())
            .filter(|(_, slo)| {
                let service = self.plan.services.get(slo.service);
                service.is_some_and(|service| needs(service))
            })
            .map(|(slo, _)| slo)
            .collect();
        if failing.is_empty() && !self.plan.is_dependency_measured(index, name) {
            let reason = "no service has a hard dependency on it, and it has no signal `up`, so nothing changes";
            return Err(Error::inapplicable(name, reason));
        }
        for slo in failing {
            self.be_bad(slo, span, 1.0)?;
        }
        self.state(name)?
            .dependencies_down
            .push((name.to_owned(), span));
        Ok(())
    }
}

/// Checks that a share of an SLO's events, or of its time, can be bad.
pub(crate) fn check_share(plan: &Plan<'_>, index: SloIndex, share: f64) -> Result<(), Error> {
    let Some(planned) = plan.slos.get(index) else {
        return Ok(());
    };
    let name = || plan.slo_name(index);
    if planned.is_by_hand {
        let reason = "its series are written by hand, so they say which events are bad";
        return Err(Error::inapplicable(name(), reason));
    }
    if planned.is_composite {
        let parts: Vec<String> = planned.slo.parts.iter().map(Part::name).collect();
        let reason = format!(
            "it combines other SLOs, so their events say which of its events are bad: name {}",
            list(&parts, "or")
        );
        return Err(Error::inapplicable(name(), reason));
    }
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::inapplicable(
            name(),
            format!("the bad share {share} is not between 0 and 1"),
        ));
    }
    let is_partial = share > 0.0 && share < 1.0;
    if let (true, Sli::TimeSlices { good }) = (is_partial, &planned.slo.sli)
        && reads_ranges(good)
    {
        let reason = "its time slices depend on a range of time, so only all of them can be bad; write `share = 100%`";
        return Err(Error::inapplicable(name(), reason));
    }
    Ok(())
}

/// True if a query reads more than the current samples.
fn reads_ranges(query: &Expr) -> bool {
    let instant = nth_engine::eval::Options::default().lookback;
    reach(query, &|_| true) > instant
}
