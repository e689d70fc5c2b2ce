//! The series of services: generated from the queries of their SLOs and alerts, and verified with them.

mod atoms;
mod check;
mod events;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use nth_engine::Labels;
use nth_model::test::SloRef;
use nth_model::{Role, Service, Settings, Sli, Slo};
use nth_promql::{Expr, MatchOp, Node, Selector, build};
use nth_targets::prometheus::{BudgetStatus, Rule, rule_groups};
use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::error::Error;
use crate::matching::matches;
use crate::queries::{Reading, parsed, readings};
use crate::rule_groups::RuleSet;
use crate::series::{Simulated, Source, UP};
use crate::world::{ServiceIndex, SloIndex};

/// The recording rule that is 1 for a bad time slice.
pub(crate) const BAD_SLICE: &str = "slo:sli_bad_slice:bool";

/// The generated series of services.
#[derive(Debug, Clone)]
pub struct Plan<'m> {
    pub(crate) services: Vec<&'m Service>,
    pub(crate) settings: &'m Settings,
    pub(crate) slos: Vec<PlannedSlo<'m>>,
    pub(crate) series: Vec<Simulated>,
    /// The rules of the services.
    pub(crate) rules: Arc<RuleSet>,
    /// The labels of hand-written series.
    by_hand: Vec<Labels>,
}

/// An SLO with what its queries read.
#[derive(Debug, Clone)]
pub(crate) struct PlannedSlo<'m> {
    /// The service.
    pub(crate) service: ServiceIndex,
    /// The SLO.
    pub(crate) slo: &'m Slo,
    /// The labels of the group that this is; empty if the SLO has no groups.
    pub(crate) group: BTreeMap<String, String>,
    /// The selectors of its SLI.
    pub(crate) readings: Vec<SliReading>,
    /// The bad share over the current window; `None` for time slices.
    ratio: Option<Expr>,
    /// The events per second over the current window, if they are counted.
    total: Option<Expr>,
    /// 1 for a bad time slice.
    slice: Option<Expr>,
    /// True if a series of it is written by hand.
    pub(crate) is_by_hand: bool,
    /// True if it combines SLOs of the plan: their series say what it is.
    pub(crate) is_composite: bool,
}

impl PlannedSlo<'_> {
    /// True if series are generated for it.
    pub(crate) fn is_generated(&self) -> bool {
        !self.is_by_hand && !self.is_composite
    }
}

impl PlannedSlo<'_> {
    /// The milliseconds between two evaluations of its rules.
    pub(crate) fn tick(&self, settings: &Settings) -> i64 {
        let interval = self.slo.interval(&settings.prometheus);
        i64::try_from(interval.0).unwrap_or(i64::MAX).max(1)
    }

    /// How many milliseconds in the past its rules are evaluated.
    pub(crate) fn query_offset(&self, settings: &Settings) -> i64 {
        let offset = self.slo.query_offset(&settings.prometheus);
        offset.map_or(0, |offset| i64::try_from(offset.0).unwrap_or(i64::MAX))
    }

    /// The objective of this group.
    pub(crate) fn objective(&self) -> Decimal {
        let grouping = self.slo.grouping.as_ref();
        let own = grouping.and_then(|grouping| grouping.own_objective(&self.group));
        own.unwrap_or(self.slo.objective)
    }
}

/// Returns the labels of a group of an SLO that no test names: those that a series of its SLI would have.
fn any_group(slo: &Slo) -> BTreeMap<String, String> {
    let total = match &slo.sli {
        Sli::Events { total, .. } => total,
        Sli::TimeSlices { good } => good,
        Sli::ErrorRatio { ratio, total } => total.as_ref().unwrap_or(ratio),
    };
    let conditions: Vec<_> = readings(total)
        .into_iter()
        .take(1)
        .map(|reading| crate::matching::Condition {
            selector: reading.selector,
            matches: true,
        })
        .collect();
    let labels = crate::matching::witness(&conditions).unwrap_or_default();
    let value = |label: &String| (label.clone(), labels.get(label).to_owned());
    slo.by().iter().map(value).collect()
}

/// Returns a query of the series of a group.
fn within(mut query: Expr, group: &BTreeMap<String, String>) -> Expr {
    nth_promql::rewrite::each_expr(&mut query, &mut |expr| {
        if let Node::Selector(selector) = &mut expr.node {
            for (label, value) in group {
                let matcher = build::matcher(label.as_str(), MatchOp::Equal, value.as_str());
                let is_known = selector.matchers.iter().any(|known| {
                    known.label == matcher.label
                        && known.op == matcher.op
                        && known.value.text() == matcher.value.text()
                });
                if !is_known {
                    selector.matchers.push(matcher);
                }
            }
        }
    });
    query
}

/// A selector of an SLI.
#[derive(Debug, Clone)]
pub(crate) struct SliReading {
    /// The selector.
    pub(crate) reading: Reading,
    /// True if it counts all events.
    in_total: bool,
    /// True if it counts bad or good events, or is in the ratio or the condition.
    in_numerator: bool,
}

impl<'m> Plan<'m> {
    /// Generates the series of services. `by_hand` are the labels of hand-written series: what they match is not generated.
    ///
    /// # Errors
    ///
    /// If no series are found that give a query the required values.
    pub fn new(
        services: &[&'m Service],
        settings: &'m Settings,
        by_hand: &[Labels],
    ) -> Result<Self, Error> {
        let rules = Arc::new(RuleSet::of_services(services, settings)?);
        Self::with_rules(services, settings, by_hand, rules)
    }

    /// Generates the series of services whose rules are already read.
    ///
    /// # Errors
    ///
    /// If no series are found that give a query the required values.
    pub fn with_rules(
        services: &[&'m Service],
        settings: &'m Settings,
        by_hand: &[Labels],
        rules: Arc<RuleSet>,
    ) -> Result<Self, Error> {
        Self::with_groups(services, settings, by_hand, rules, &[])
    }

    /// Generates the series of services whose rules are already read: of SLOs with groups, those of one group that is not named,
    /// and of each of these groups.
    ///
    /// # Errors
    ///
    /// If no series are found that give a query the required values.
    pub fn with_groups(
        services: &[&'m Service],
        settings: &'m Settings,
        by_hand: &[Labels],
        rules: Arc<RuleSet>,
        groups: &[SloRef],
    ) -> Result<Self, Error> {
        Self::build(services, settings, by_hand, rules, (groups, false))
    }

    /// Generates the series of services: of SLOs with groups, those of these groups and no others, if there are any of the SLO.
    pub(crate) fn of_groups(
        services: &[&'m Service],
        settings: &'m Settings,
        rules: Arc<RuleSet>,
        groups: &[SloRef],
    ) -> Result<Self, Error> {
        Self::build(services, settings, &[], rules, (groups, true))
    }

    fn build(
        services: &[&'m Service],
        settings: &'m Settings,
        by_hand: &[Labels],
        rules: Arc<RuleSet>,
        (groups, are_all): (&[SloRef], bool),
    ) -> Result<Self, Error> {
        let mut plan = Self {
            services: services.to_vec(),
            settings,
            slos: Vec::new(),
            series: Vec::new(),
            rules,
            by_hand: by_hand.to_vec(),
        };
        for (index, service) in services.iter().copied().enumerate() {
            for slo in &service.slos {
                let other = any_group(slo);
                let named = groups.iter().filter(|named| {
                    named.service == service.name
                        && named.slo == slo.name
                        && !named.group.is_empty()
                });
                let mut all: Vec<&BTreeMap<String, String>> = vec![&other];
                if are_all && named.clone().next().is_some() {
                    all.clear();
                }
                for named in named {
                    if !all.contains(&&named.group) {
                        all.push(&named.group);
                    }
                }
                for group in all {
                    let planned = plan.planned(index, service, slo, group)?;
                    plan.slos.push(planned);
                }
            }
        }
        for index in plan.indices(|sli| matches!(sli, Sli::Events { .. })) {
            plan.add_events(index)?;
        }
        for index in plan.indices(|sli| matches!(sli, Sli::ErrorRatio { .. })) {
            plan.add_events(index)?;
        }
        for index in plan.indices(|sli| matches!(sli, Sli::TimeSlices { .. })) {
            plan.add_slices(index)?;
        }
        plan.add_up();
        plan.add_deployments();
        plan.check_all()?;
        plan.add_quiet()?;
        Ok(plan)
    }

    /// Returns the rules of the services.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// Returns the labels of the generated series.
    pub fn series(&self) -> impl Iterator<Item = &Labels> {
        self.series.iter().map(|series| &series.labels)
    }

    /// The milliseconds between two evaluations of each SLO.
    pub(crate) fn ticks(&self) -> Vec<i64> {
        let slos = self.slos.iter();
        slos.map(|planned| planned.tick(self.settings)).collect()
    }

    fn indices(&self, is: impl Fn(&Sli) -> bool) -> Vec<SloIndex> {
        let all = self.slos.iter().enumerate();
        let chosen = all.filter(|(_, slo)| is(&slo.slo.sli) && slo.is_generated());
        chosen.map(|(index, _)| index).collect()
    }

    /// Returns the index of a service.
    pub(crate) fn service(&self, name: &str) -> Result<ServiceIndex, Error> {
        let index = self
            .services
            .iter()
            .position(|service| service.name == name);
        index.ok_or_else(|| Error::UnknownService(name.into()))
    }

    /// Returns the index of an SLO.
    pub(crate) fn slo(&self, service: &str, slo: &str) -> Result<SloIndex, Error> {
        let of = self.service(service)?;
        let mut all = self.slos.iter();
        let index = all.position(|planned| planned.service == of && planned.slo.name == slo);
        index.ok_or_else(|| Error::UnknownSlo {
            service: service.into(),
            slo: slo.into(),
        })
    }

    /// Returns the indices of an SLO's groups: of the one that is named, or of all.
    pub(crate) fn groups(&self, slo: &SloRef) -> Result<Vec<SloIndex>, Error> {
        let first = self.slo(&slo.service, &slo.slo)?;
        let of = self.service(&slo.service)?;
        let all = self.slos.iter().enumerate();
        let found: Vec<SloIndex> = all
            .filter(|(_, planned)| planned.service == of && planned.slo.name == slo.slo)
            .filter(|(_, planned)| slo.group.is_empty() || planned.group == slo.group)
            .map(|(index, _)| index)
            .collect();
        if found.is_empty() {
            let reason = "the group is not simulated";
            return Err(Error::inapplicable(self.slo_name(first), reason));
        }
        Ok(found)
    }

    /// Returns the name of an SLO as `checkout.latency`.
    pub(crate) fn slo_name(&self, index: SloIndex) -> String {
        self.slos.get(index).map_or_else(String::new, |planned| {
            let service = self.services.get(planned.service);
            let service = service.map_or("", |service| service.name.as_str());
            format!("{service}.{}", planned.slo.name)
        })
    }

    /// True if a hand-written series satisfies a selector.
    fn is_by_hand(&self, selector: &Selector) -> bool {
        self.by_hand.iter().any(|labels| matches(selector, labels))
    }

    /// True if a generated or hand-written series satisfies a selector.
    fn is_provided(&self, selector: &Selector) -> bool {
        self.is_by_hand(selector)
            || self
                .series
                .iter()
                .any(|series| matches(selector, &series.labels))
    }

    fn planned(
        &self,
        index: ServiceIndex,
        service: &'m Service,
        slo: &'m Slo,
        group: &BTreeMap<String, String>,
    ) -> Result<PlannedSlo<'m>, Error> {
        let of_group = |expr: &Expr| within(expr.clone(), group);
        let (numerators, total): (Vec<&Expr>, Option<&Expr>) = match &slo.sli {
            Sli::Events {
                numerator, total, ..
            } => {
                let (nth_model::Numerator::Bad(part) | nth_model::Numerator::Good(part)) =
                    numerator;
                (vec![part], Some(total))
            }
            Sli::TimeSlices { good } => (vec![good], None),
            Sli::ErrorRatio { ratio, total } => (vec![ratio], total.as_ref()),
        };
        let mut all: Vec<SliReading> = Vec::new();
        let parts = numerators.into_iter().map(|part| (part, true));
        for (expr, in_numerator) in parts.chain(total.map(|total| (total, false))) {
            for reading in readings(&of_group(expr)) {
                match all
                    .iter_mut()
                    .find(|known| known.reading.selector == reading.selector)
                {
                    Some(known) => known.in_total |= !in_numerator,
                    None => all.push(SliReading {
                        reading,
                        in_total: !in_numerator,
                        in_numerator,
                    }),
                }
            }
        }
        let window = self.settings.prometheus.current_window();
        let status = BudgetStatus::new(service, slo, self.settings);
        let ratio = status.measured_error_ratio(window);
        let name = slo.name.as_str();
        Ok(PlannedSlo {
            service: index,
            slo,
            group: group.clone(),
            is_by_hand: all.iter().any(|one| self.is_by_hand(&one.reading.selector)),
            is_composite: (slo.parts.iter())
                .any(|part| self.services.iter().any(|one| one.name == part.slo.service)),
            readings: all,
            ratio: ratio
                .map(|ratio| parsed(&ratio, name))
                .transpose()?
                .map(|ratio| within(ratio, group)),
            total: total.map(|total| {
                let mut total = of_group(total);
                nth_promql::rewrite::set_window(&mut total, &window.to_string());
                total
            }),
            slice: match &slo.sli {
                Sli::TimeSlices { .. } => {
                    let slice = self.slice_query(service, slo)?;
                    slice.map(|slice| within(slice, group))
                }
                _ => None,
            },
        })
    }

    /// Returns the query of the recording rule of bad time slices.
    fn slice_query(&self, service: &Service, slo: &Slo) -> Result<Option<Expr>, Error> {
        let groups = rule_groups(service, self.settings);
        let mut rules = groups.iter().flat_map(|group| &group.rules);
        let text = rules.find_map(|rule| match rule {
            Rule::Recording(rule)
                if rule.record == BAD_SLICE
                    && rule.labels.get("slo").is_some_and(|of| *of == slo.name) =>
            {
                Some(rule.expr.as_str())
            }
            _ => None,
        });
        text.map(|text| parsed(text, BAD_SLICE)).transpose()
    }

    /// Adds series of `up`, of services and their dependencies.
    fn add_up(&mut self) {
        for index in 0..self.services.len() {
            let Some(service) = self.services.get(index).copied() else {
                continue;
            };
            let of_slos = service.slos.iter().flat_map(|slo| &slo.missing_data_alerts);
            let of_slos = of_slos.filter_map(|alert| Some((None, alert.up.as_ref()?)));
            let of_alerts = service.alerts.iter().map(|alert| {
                (
                    dependency_of(service, alert.dependency.as_ref()),
                    &alert.when,
                )
            });
            for (dependency, query) in of_slos.chain(of_alerts) {
                for reading in readings(query) {
                    let metric = reading.selector.metric.as_ref();
                    if metric.is_some_and(|metric| metric.text == UP) {
                        self.add_single(
                            index,
                            dependency.as_deref(),
                            &reading.selector,
                            Source::Up,
                        );
                    }
                }
            }
            for signal in service.signals.iter().filter(|signal| signal.name == UP) {
                let (Some(dependency), Some(candidate)) = (
                    dependency_of(service, signal.dependency.as_ref()),
                    signal.selected_candidate(),
                ) else {
                    continue;
                };
                if let Node::Selector(selector) = &candidate.unparenthesised().node {
                    let selector = crate::queries::without_spans(selector);
                    self.add_single(index, Some(dependency.as_str()), &selector, Source::Up);
                }
            }
        }
    }

    /// Adds series of the time of deployments.
    fn add_deployments(&mut self) {
        for index in 0..self.services.len() {
            let query = self
                .services
                .get(index)
                .and_then(|service| service.deployed.as_ref());
            if let [only] = query.map(readings).unwrap_or_default().as_slice() {
                self.add_single(index, None, &only.selector, Source::Deployed);
            }
        }
    }

    /// Adds a series that satisfies a selector, unless there is one.
    fn add_single(
        &mut self,
        service: ServiceIndex,
        dependency: Option<&str>,
        selector: &Selector,
        source: Source,
    ) {
        if self.is_provided(selector) {
            return;
        }
        let conditions = vec![crate::matching::Condition {
            selector: selector.clone(),
            matches: true,
        }];
        if let Some(labels) = crate::matching::witness(&conditions) {
            self.series.push(Simulated {
                labels,
                service,
                dependency: dependency.map(str::to_owned),
                conditions,
                source,
            });
        }
    }

    /// True if deployments of a service are measured.
    pub(crate) fn is_deployment_measured(&self, service: ServiceIndex) -> bool {
        let mut all = self.series.iter();
        all.any(|series| series.service == service && series.source == Source::Deployed)
    }

    /// True if a dependency has a series that shows whether it is up.
    pub(crate) fn is_dependency_measured(&self, service: ServiceIndex, dependency: &str) -> bool {
        self.series.iter().any(|series| {
            series.service == service
                && series.source == Source::Up
                && series.dependency.as_deref() == Some(dependency)
        })
    }
}

/// The dependency of a part of a service; of one that services share, itself.
pub(crate) fn dependency_of(service: &Service, part: Option<&SmolStr>) -> Option<SmolStr> {
    match service.role {
        Role::Dependency => Some(service.name.clone()),
        _ => part.cloned(),
    }
}

/// Converts an exact number.
pub(crate) fn float(number: Decimal) -> f64 {
    use rust_decimal::prelude::ToPrimitive;
    number.to_f64().unwrap_or(f64::NAN)
}
