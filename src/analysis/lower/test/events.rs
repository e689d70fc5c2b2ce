//! Lowers the events of a test, and checks that they can happen to what they name.

use smol_str::SmolStr;

use super::{Lowering, notation, plus, ratio};
use crate::codes;
use crate::db::{BlockRef, Diag, ItemKey};
use crate::eval::{Instance, Value, block_field};
use crate::lower::read::{duration, query, text};
use crate::schema::names::{field, kind};
use nth_model as ir;
use nth_model::Duration;
use nth_model::test::{Event, Given, SloRef};
use nth_promql::{MatchOp, Node};
use rust_decimal::Decimal;

/// The number of seconds in an hour: rates are per hour.
const HOUR: u32 = 3_600;

/// An event of a test, and what it concerns.
pub(super) struct Happening<'a> {
    /// The block.
    pub block: &'a Instance,
    /// The model.
    pub given: Given,
    /// The services that it concerns as a whole.
    pub services: Vec<SmolStr>,
    /// The SLO that it concerns, if it is only one.
    pub slo: Option<SloRef>,
    /// How long its series has values, if it is one.
    values: Option<Duration>,
}

impl Happening<'_> {
    /// Returns when it ends; `None` if it lasts until the end of the test.
    pub(super) fn end(&self) -> Option<Duration> {
        let length = match self.given.event {
            Event::CounterReset { .. } | Event::Deployment { .. } | Event::BudgetLeft { .. } => {
                Some(Duration(0))
            }
            Event::Series { .. } => self.values,
            _ => self.given.length,
        };
        length.map(|length| plus(self.given.from, length))
    }

    /// True if both happen at one time.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let begins_before_end_of =
            |first: &Self, second: &Self| second.end().is_none_or(|end| first.given.from < end);
        begins_before_end_of(self, other) && begins_before_end_of(other, self)
    }
}

/// What a variant of `given` lowers to.
struct Meaning {
    event: Event,
    services: Vec<SmolStr>,
    slo: Option<SloRef>,
    values: Option<Duration>,
}

impl Meaning {
    fn of_service(service: &ir::Service, event: Event) -> Self {
        Self {
            event,
            services: vec![service.name.clone()],
            slo: None,
            values: None,
        }
    }

    fn of_slo(slo: &SloRef, event: Event) -> Self {
        Self {
            event,
            services: Vec::new(),
            slo: Some(slo.clone()),
            values: None,
        }
    }
}

impl<'a> Lowering<'a> {
    /// Lowers an event; `None` if it has an error.
    pub(super) fn happening(&mut self, block: &'a Instance) -> Option<Happening<'a>> {
        let meaning = match block.variant.as_deref()? {
            kind::TRAFFIC => self.traffic(block),
            kind::ERRORS => {
                let (slo, ..) = self.slo(block, field::SLO)?;
                let share = ratio(block.get(field::SHARE))?;
                let event = Event::Errors {
                    slo: slo.clone(),
                    share,
                };
                Some(Meaning::of_slo(&slo, event))
            }
            kind::SLOW => self.slow(block),
            kind::NO_DATA => {
                let service = self.service_in(block, field::SERVICE)?;
                let event = Event::NoData {
                    service: service.name.clone(),
                };
                Some(Meaning::of_service(service, event))
            }
            kind::TARGET_DOWN => {
                let service = self.service_in(block, field::SERVICE)?;
                let event = Event::TargetDown {
                    service: service.name.clone(),
                };
                Some(Meaning::of_service(service, event))
            }
            kind::COUNTER_RESET => {
                let service = self.service_in(block, field::SERVICE)?;
                let event = Event::CounterReset {
                    service: service.name.clone(),
                };
                Some(Meaning::of_service(service, event))
            }
            kind::DEPENDENCY_DOWN => self.dependency_down(block),
            kind::BUDGET_LEFT => {
                let (slo, ..) = self.slo(block, field::SLO)?;
                let left = ratio(block.get(field::IS))?;
                let event = Event::BudgetLeft {
                    slo: slo.clone(),
                    left,
                };
                Some(Meaning::of_slo(&slo, event))
            }
            kind::DEPLOYMENT => self.deployment(block),
            kind::SERIES => self.series(block),
            _ => None,
        }?;
        let from = duration(block.get(field::FROM)).or_else(|| duration(block.get(field::AT)));
        Some(Happening {
            block,
            given: Given {
                name: block.name.clone(),
                from: from.unwrap_or(Duration(0)),
                length: duration(block.get(field::FOR)),
                event: meaning.event,
            },
            services: meaning.services,
            slo: meaning.slo,
            values: meaning.values,
        })
    }

    /// Reports an event that cannot happen to what a field names.
    fn impossible(
        &mut self,
        block: &Instance,
        field: &str,
        problem: String,
        label: &str,
        help: &str,
    ) {
        let found = Diag::new(&codes::TEST_EVENT, problem, block.span_of(field))
            .label(label)
            .help(help);
        self.wrong(block, found);
    }

    fn traffic(&mut self, block: &Instance) -> Option<Meaning> {
        let service = self.service_in(block, field::SERVICE)?;
        let Value::Rate(per_hour) = block.get(field::RATE) else {
            return None;
        };
        if !service.slos.iter().any(counts_events) {
            self.impossible(
                block,
                field::SERVICE,
                format!("service `{}` has no SLO that counts events", service.name),
                "its rate has no effect",
                "write the series that its alerts read: `given queue : series { series = `queue_depth{job=\"x\"}`  \
                values = \"0x60\" }`",
            );
            return None;
        }
        let event = Event::Traffic {
            service: service.name.clone(),
            rate: per_hour.checked_div(Decimal::from(HOUR))?.normalize(),
        };
        Some(Meaning::of_service(service, event))
    }

    fn slow(&mut self, block: &Instance) -> Option<Meaning> {
        let (slo, _, model) = self.slo(block, field::SLO)?;
        if model.histogram.is_none() {
            self.impossible(
                block,
                field::SLO,
                format!("SLO `{}.{}` does not measure latency", slo.service, slo.slo),
                "expected an SLO with `sli : latency`",
                "give it bad events: `given failures : errors { slo = checkout.availability  share = 5% }`",
            );
            return None;
        }
        let event = Event::Latency {
            slo: slo.clone(),
            is: duration(block.get(field::TAKES))?,
        };
        Some(Meaning::of_slo(&slo, event))
    }

    fn dependency_down(&mut self, block: &Instance) -> Option<Meaning> {
        let Value::Block(named) = block.get(field::DEPENDENCY) else {
            return None;
        };
        let place = block.span_of(field::DEPENDENCY);
        let service = self.service(block, named.item, place)?;
        if service.role == ir::Role::Dependency {
            let event = Event::DependencyDown {
                service: service.name.clone(),
                dependency: service.name.clone(),
            };
            return Some(Meaning::of_service(service, event));
        }
        let mut dependencies = service.dependencies.iter();
        let dependency = dependencies.find(|known| known.name == named.name)?;
        let is_hard = dependency.criticality == ir::Criticality::Hard;
        // It is down for all services that share it, if this project builds it.
        let shared = self
            .shared_item(named)
            .filter(|item| !item.file.package(self.db));
        if let (Some(_), Some(shared)) = (shared, &dependency.service) {
            let event = Event::DependencyDown {
                service: shared.clone(),
                dependency: shared.clone(),
            };
            let mut services = vec![shared.clone()];
            services.extend(is_hard.then(|| service.name.clone()));
            return Some(Meaning {
                event,
                services,
                slo: None,
                values: None,
            });
        }
        if dependency.service.is_none() && !is_hard {
            self.impossible(
                block,
                field::DEPENDENCY,
                format!(
                    "soft dependency `{}` is not a service of the project",
                    dependency.name
                ),
                "has no SLO, and breaks none",
                "write the series that its alerts read: `given cache : series { series = `redis_up{instance=\"x\"}`  \
                values = \"0x60\" }`",
            );
            return None;
        }
        let event = Event::DependencyDown {
            service: service.name.clone(),
            dependency: dependency.name.clone(),
        };
        let mut concerned = Vec::from_iter(dependency.service.clone());
        concerned.extend(is_hard.then(|| service.name.clone()));
        Some(Meaning {
            event,
            services: concerned,
            slo: None,
            values: None,
        })
    }

    /// The dependency at the top level that a dependency of a service is; `None` if services do not share it.
    fn shared_item(&self, dependency: &BlockRef) -> Option<ItemKey> {
        let environment = self.environment.cloned();
        let field = SmolStr::new_static(field::SHARED);
        match block_field(
            self.db,
            self.workspace,
            dependency.clone(),
            field,
            environment,
        )? {
            Value::Block(shared) => Some(shared.item),
            _ => None,
        }
    }

    fn deployment(&mut self, block: &Instance) -> Option<Meaning> {
        let service = self.service_in(block, field::SERVICE)?;
        if service.deployed.is_none() {
            self.impossible(
                block,
                field::SERVICE,
                format!("service `{}` has no `deployed` query", service.name),
                "nothing shows its deployments",
                "set `deployed` of the service to a query for the last deployment's Unix time: ``deployed = \
                `max(deployment_timestamp_seconds)` ``",
            );
            return None;
        }
        let event = Event::Deployment {
            service: service.name.clone(),
        };
        Some(Meaning::of_service(service, event))
    }

    fn series(&mut self, block: &Instance) -> Option<Meaning> {
        let series = query(block.get(field::SERIES));
        let values = text(block.get(field::VALUES));
        let is_plain = series.as_ref().is_some_and(|series| {
            let Node::Selector(selector) = &series.node else {
                return false;
            };
            let mut matchers = selector.matchers.iter();
            selector.metric.is_some()
                && selector.modifiers == nth_promql::Modifiers::default()
                && matchers.all(|matcher| matcher.op == MatchOp::Equal)
        });
        if series.is_some() && !is_plain {
            let found = Diag::new(
                &codes::TEST_SERIES,
                "expected one series, found a selector of several",
                block.span_of(field::SERIES),
            )
            .label("expected a metric with `=` matchers only");
            let found = match series.as_ref().and_then(open_matcher) {
                Some(matcher) => found
                    .note(format!(
                        "the selector of the environment adds `{}{}{}`",
                        matcher.label,
                        matcher.op.as_str(),
                        matcher.value
                    ))
                    .help(format!(
                        "write one of the values that it matches: `{}=\"…\"`",
                        matcher.label
                    )),
                None => found.help("write a block for each series"),
            };
            self.wrong(block, found);
        }
        let count = match notation::count(values.as_deref()?) {
            Ok(count) => count,
            Err(problem) => {
                let found = Diag::new(&codes::TEST_SERIES, problem, block.span_of(field::VALUES))
                    .label("not in the notation of `promtool test rules`")
                    .help("write `1 2 3`, `5x10` for 5 and ten more, `0+10x60` for 0, 10, 20 …, `_` for a missing \
                        value, `stale` for the end of the series");
                self.wrong(block, found);
                return None;
            }
        };
        let interval = self.workspace.scrape_interval(self.db);
        let event = Event::Series {
            series: series.filter(|_| is_plain)?.to_string(),
            values: values?,
        };
        Some(Meaning {
            event,
            services: Vec::new(),
            slo: None,
            values: Some(Duration(interval.0.saturating_mul(count))),
        })
    }
}

/// True if an SLO counts events.
pub(super) fn counts_events(slo: &ir::Slo) -> bool {
    matches!(
        slo.sli,
        ir::Sli::Events { .. } | ir::Sli::ErrorRatio { total: Some(_), .. }
    )
}

/// Returns the first matcher of a selector that was added to its text, and that matches several values.
fn open_matcher(series: &nth_promql::Expr) -> Option<&nth_promql::Matcher> {
    let Node::Selector(selector) = &series.node else {
        return None;
    };
    let mut matchers = selector.matchers.iter();
    let open = matchers.find(|matcher| matcher.op != MatchOp::Equal)?;
    (open.label_span == nth_promql::Span::default()).then_some(open)
}
