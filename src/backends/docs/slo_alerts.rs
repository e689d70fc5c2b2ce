//! The sections of an SLO's alerts: one for those with one name, with a row for each.

use rust_decimal::Decimal;

use super::alert::{Alerts, LEVEL, alert_expression, meaning, series};
use super::explore_links::compared_query;
use super::page::Page;
use super::{text, words};
use crate::alerts::{NamedAlert, Origin};
use crate::prometheus::{condition, raw_ratio};
use crate::series_names::{BUDGET_REMAINING, COVERAGE, ERROR_RATIO, LONGEST_RAW, of_contract};
use nth_model::burn_rate::{Pair, budget_time};
use nth_model::number::{decimal_text, percent_text};
use nth_model::text::list;
use nth_model::{BudgetAlert, Contract, Duration, MissingDataCause, Sli, Slo};
use nth_promql::{Expr, build, rewrite};

/// The window over which bad events are listed for budget alerts.
const RECENT: Duration = Duration::hours(1);

/// Adds the alerts of an SLO with one name.
///
/// # Errors
///
/// If a link cannot be serialized.
pub fn section(
    of: &Alerts<'_, '_>,
    page: &mut Page,
    alerts: &[NamedAlert<'_>],
) -> Result<(), serde_json::Error> {
    let Some(slo) = alerts.first().and_then(|first| first.origin.slo()) else {
        return Ok(());
    };
    let section = Section { of, slo, alerts };
    match alerts.first().map(|first| first.origin) {
        Some(Origin::Burn(..)) => section.burn(page),
        Some(Origin::Budget(..)) => section.budget(page),
        Some(Origin::Contract(_, contract, _)) => section.contract(page, contract),
        Some(Origin::Absence(_, alert)) if alert.cause == MissingDataCause::Groups => {
            section.group_limit(page)
        }
        Some(Origin::Absence(..)) => section.absence(page),
        Some(Origin::Inconsistent(_)) => section.inconsistent(page),
        Some(Origin::Own(_)) | None => Ok(()),
    }
}

/// Adds what to do for the alerts of all SLOs.
pub fn mitigation(of: &Alerts<'_, '_>, page: &mut Page) {
    page.paragraph("**An error budget burns, or is consumed:**");
    let mut steps = vec![
        "Find when the bad events began, and which they are: the first query of the alert's section.".to_owned(),
        "If they began with a release or a change of the configuration, roll it back first.".to_owned(),
    ];
    steps.extend(of.see_dependencies());
    steps.push(
        "Pause risky releases until the budget recovers, and prioritize fixing the cause."
            .to_owned(),
    );
    page.steps(steps);
    page.paragraph("**Data is missing:**");
    let steps = [
        "Check whether the service is running. If it is not, that is the incident.",
        "If it is running, check on the targets page of Prometheus whether it is still scraped, and with which \
        error.",
        "If it is scraped, check that the metric and labels in the query still exist. If a release renamed \
        them, update the `.nth` source.",
    ]
    .map(str::to_owned);
    page.steps(steps);
}

/// The alerts of an SLO with one name.
struct Section<'s, 'a, 'p> {
    of: &'s Alerts<'a, 'p>,
    slo: &'s Slo,
    alerts: &'s [NamedAlert<'s>],
}

impl Section<'_, '_, '_> {
    fn burn(&self, page: &mut Page) -> Result<(), serde_json::Error> {
        let slo = self.slo;
        let pairs: Vec<(&NamedAlert<'_>, &Pair)> = self
            .alerts
            .iter()
            .filter_map(|named| match named.origin {
                Origin::Burn(_, pair) => Some((named, pair)),
                _ => None,
            })
            .collect();
        page.paragraph(format!(
            "{} {} {}",
            self.missed(),
            meaning(&self.burn_meaning(&pairs)),
            self.of.slo_mitigation()
        ));
        let rows = pairs.iter().map(|(_, pair)| {
            [
                format!(
                    "{} and {}",
                    words::duration(pair.long),
                    words::duration(pair.short)
                ),
                pair.severity.name().to_owned(),
                format!(
                    "more than {} ({}x)",
                    percent_text(pair.threshold(slo.objective)),
                    decimal_text(pair.factor)
                ),
                format!(
                    "at least {} in {}",
                    percent_text(pair.rounded_budget()),
                    words::duration(pair.long)
                ),
                words::duration(pair.exhaustion()),
                first_step(pair),
            ]
        });
        page.table(
            [
                "Windows",
                "Severity",
                &format!("Bad {}", unit(slo)),
                "Budget consumed",
                "All consumed in",
                "First step",
            ],
            rows.collect(),
        );
        let shortest = pairs.iter().map(|(_, pair)| pair.short).min();
        let mut items = Vec::new();
        if let Some(shortest) = shortest {
            items.extend(self.indicator(shortest)?);
        }
        for (named, pair) in &pairs {
            let mut links = Vec::new();
            for window in [pair.short, pair.long] {
                let what = format!("error ratio over {}", words::duration(window));
                let query = self.worst_first(
                    self.recorded(&format!("{ERROR_RATIO}{window}")),
                    "sort_desc",
                );
                links.push(self.of.query(&what, &query)?);
            }
            if pair.long > LONGEST_RAW {
                let query = self.recorded(&format!("{COVERAGE}{}", pair.long));
                links.push(self.of.query("coverage", &query)?);
            }
            let condition = condition(self.of.service, self.of.settings, &named.origin);
            items.push(format!(
                "{}: {}. {}",
                words::duration(pair.long),
                links.join(", "),
                alert_expression(&condition)
            ));
        }
        self.diagnosis(page, items);
        Ok(())
    }

    /// The conditions of the burn-rate alerts that the table does not show.
    fn burn_meaning(&self, pairs: &[(&NamedAlert<'_>, &Pair)]) -> String {
        let slo = self.slo;
        let mut told = format!(
            "the {} objective allows {} of full downtime in {}. An alert fires while the share of bad {} is \
            above its threshold in both windows: at this rate, all of the error budget is consumed in the \
            time that the table shows.",
            percent_text(slo.objective),
            words::duration(budget_time(slo.objective, slo.window)),
            words::slo_window(slo),
            unit(slo),
        );
        let counts = !matches!(slo.sli, Sli::ErrorRatio { total: None, .. });
        let pages = pairs.iter().any(|(_, pair)| pair.declared.pages());
        if let (Some(least), true, true) = (slo.min_bad_events, pages, counts)
            && least > 1
        {
            told.push_str(&format!(
                " None pages on fewer than {least} bad events in its long window."
            ));
        }
        if let (Some(least), true) = (slo.min_events, counts) {
            told.push_str(&format!(
                " None fires on fewer than {least} events in its long window."
            ));
        }
        told.push_str(&groups(slo));
        told
    }

    fn budget(&self, page: &mut Page) -> Result<(), serde_json::Error> {
        let slo = self.slo;
        let budget = budget_time(slo.objective, slo.window);
        let mut told = format!(
            "{} over {} allows {} of full downtime. An alert fires when its share is consumed.",
            percent_text(slo.objective),
            words::slo_window(slo),
            words::duration(budget),
        );
        let levels: Vec<&BudgetAlert> = self
            .alerts
            .iter()
            .filter_map(|named| match named.origin {
                Origin::Budget(_, alert) => Some(alert),
                _ => None,
            })
            .collect();
        if levels.iter().any(|alert| alert.consumed >= Decimal::ONE) {
            told.push_str(&format!(
                " When all is consumed, the objective is missed until {}.",
                match &slo.calendar {
                    Some(calendar) => format!("the next {} begins", calendar.unit),
                    None => format!("bad {} leave the SLO window", unit(slo)),
                }
            ));
        }
        told.push_str(&groups(slo));
        page.paragraph(format!(
            "{} {} {}",
            self.missed(),
            meaning(&told),
            self.of.slo_mitigation()
        ));
        let mut items: Vec<String> = self.indicator(RECENT)?.into_iter().collect();
        items.extend(levels.iter().map(|alert| level(alert, budget)));
        let remaining = self.worst_first(self.recorded(BUDGET_REMAINING), "sort");
        items.push(self.of.query("Error budget remaining", &remaining)?);
        let coverage = self.recorded(&format!("{COVERAGE}{}", slo.window_name()));
        let what = format!("Coverage of the {}", slo.window_so_far());
        items.push(self.of.query(&what, &coverage)?);
        items.extend(self.consumed_share()?);
        self.diagnosis(page, items);
        Ok(())
    }

    /// The alerts on the error budget of a contract.
    fn contract(&self, page: &mut Page, contract: &Contract) -> Result<(), serde_json::Error> {
        let promised = contract.as_slo(self.slo);
        let budget = budget_time(promised.objective, promised.window);
        let is_broken = self.alerts.iter().any(
            |named| matches!(named.origin, Origin::Contract(_, _, alert) if alert.is_exhausted()),
        );
        page.paragraph(format!(
            "**Impact:** contract {} with {} is {}. {} {}",
            text::inline(&contract.name),
            text::inline(&contract.with),
            match is_broken {
                true => "broken",
                false => "at risk",
            },
            meaning(&format!(
                "{} over {} is promised, which allows {} of full downtime. An alert fires when its share is \
                consumed.{}{}",
                percent_text(promised.objective),
                words::slo_window(&promised),
                words::duration(budget),
                match is_broken {
                    true => {
                        " Report a broken contract to those responsible for it: `nthc report --contracts` has the \
                        numbers of each period."
                    }
                    false => "",
                },
                groups(&promised)
            )),
            self.of.slo_mitigation()
        ));
        let owed = match is_broken {
            true => "**What is owed:**",
            false => "**What is owed if it is broken:**",
        };
        match &contract.remedy {
            Some(remedy) => page.noticed_markdown(LEVEL, owed, remedy),
            None => page.paragraph(format!(
                "{owed} not documented (set `remedy` on the contract)."
            )),
        }
        let mut items: Vec<String> = self.indicator(RECENT)?.into_iter().collect();
        for named in self.alerts {
            if let Origin::Contract(_, _, alert) = named.origin {
                items.push(level(alert, budget));
            }
        }
        let name = |metric: &str| of_contract(metric);
        let remaining = self.of_contract(&name(BUDGET_REMAINING), contract);
        let remaining = self.worst_first(remaining, "sort");
        items.push(self.of.query("Error budget remaining", &remaining)?);
        let coverage = format!("{COVERAGE}{}", promised.window_name());
        let coverage = match contract.has_window_of(self.slo) {
            true => self.recorded(&coverage),
            false => self.of_contract(&name(&coverage), contract),
        };
        let what = format!("Coverage of the {}", promised.window_so_far());
        items.push(self.of.query(&what, &coverage)?);
        items.extend(self.consumed_share()?);
        self.diagnosis(page, items);
        Ok(())
    }

    fn absence(&self, page: &mut Page) -> Result<(), serde_json::Error> {
        let words = unmeasured(&format!(
            "the SLI series of {} are missing. No other alert for this SLO can fire until they return.",
            text::code(&self.slo.name)
        ));
        page.paragraph(format!("{words} {}", self.of.slo_mitigation()));
        let mut items = Vec::new();
        if let Some(up) = self.of.up_series() {
            items.push(self.of.query("Scrape target status", &up)?);
        }
        for named in self.alerts {
            let Origin::Absence(_, alert) = named.origin else {
                continue;
            };
            let condition = condition(self.of.service, self.of.settings, &named.origin);
            items.push(format!(
                "Missing for {} ({}): {} {}",
                words::duration(alert.hold),
                alert.severity.name(),
                match alert.cause {
                    MissingDataCause::Series => {
                        "The service's targets are up: there were no events in that time, or the metric was \
                        renamed."
                    }
                    MissingDataCause::Data | MissingDataCause::Groups => {
                        "The service may be down or no longer scraped, or the metric was renamed."
                    }
                },
                alert_expression(&condition)
            ));
        }
        self.diagnosis(page, items);
        Ok(())
    }

    fn group_limit(&self, page: &mut Page) -> Result<(), serde_json::Error> {
        let limit = self.slo.grouping.as_ref().map_or(0, |groups| groups.limit);
        page.paragraph(unmeasured(&format!(
            "{} has more groups than its limit of {limit}, so Prometheus fails its rules: nothing is recorded, \
            and no other alert for this SLO can fire.",
            text::code(&self.slo.name),
        )));
        self.alone(page, group_limit_steps(self.slo).into())
    }

    fn inconsistent(&self, page: &mut Page) -> Result<(), serde_json::Error> {
        page.paragraph(unmeasured(&format!(
            "the error ratio of {} is below 0% or above 100%, which is impossible: the good or bad events \
            are not a subset of all events. The recorded values are wrong until this is fixed.",
            text::code(&self.slo.name)
        )));
        let steps = [
            "Compare the two queries of the SLI in the `.nth` source: every event counted by one must also be \
            counted by the other, once.",
            "Check that both come from the same targets, and that no target is scraped twice.",
        ];
        self.alone(page, steps.map(str::to_owned).into())
    }

    /// The diagnosis and the mitigation of an alert that is the only one with its name.
    fn alone(&self, page: &mut Page, steps: Vec<String>) -> Result<(), serde_json::Error> {
        let mut items: Vec<String> = self
            .alerts
            .iter()
            .map(|named| format!("**Severity:** {}", named.origin.severity().name()))
            .collect();
        if let Some(up) = self.of.up_series() {
            items.push(self.of.query("Scrape target status", &up)?);
        }
        items.extend(self.expressions());
        items.extend(own_runbook(self.slo));
        page.list(items);
        page.paragraph("**Mitigation:**");
        page.steps(steps);
        Ok(())
    }

    /// The alert expressions.
    fn expressions(&self) -> impl Iterator<Item = String> {
        self.alerts.iter().map(|named| {
            let condition = condition(self.of.service, self.of.settings, &named.origin);
            alert_expression(&condition)
        })
    }

    /// Adds items, and the runbook of the SLO.
    fn diagnosis(&self, page: &mut Page, mut items: Vec<String>) {
        items.extend(own_runbook(self.slo));
        page.list(items);
    }

    /// The impact of a missed objective.
    fn missed(&self) -> String {
        match &self.slo.description {
            Some(description) => format!(
                "**Impact:** the objective is being missed: {}",
                text::inline(description)
            ),
            None => "**Impact:** not documented (set `description` on the SLO).".to_owned(),
        }
    }

    /// The query for the bad events, by the labels that tell where they come from; without any, for the share of bad events.
    fn indicator(&self, window: Duration) -> Result<Option<String>, serde_json::Error> {
        let slo = self.slo;
        let over = words::duration(window);
        let (what, mut query) = match &slo.sli {
            Sli::Events {
                breakdown: Some(breakdown),
                ..
            } if !slo.breakdown.is_empty() => {
                let labels: Vec<&str> = slo.breakdown.iter().map(String::as_str).collect();
                let events = match breakdown.is_of_bad_events() {
                    true => "Bad events",
                    false => "Events",
                };
                (
                    format!(
                        "{events} per second by {}, over {over}",
                        list(&slo.breakdown, "and")
                    ),
                    build::call("sort_desc", vec![breakdown.rate_by(&labels)]),
                )
            }
            Sli::TimeSlices { good } => (
                "Value that makes time good or bad".to_owned(),
                compared_query(good).clone(),
            ),
            Sli::Events { .. } | Sli::ErrorRatio { .. } => {
                let Some(ratio) = raw_ratio(&slo.sli, slo.by(), window) else {
                    return Ok(None);
                };
                (
                    format!("Error ratio over {over}"),
                    self.worst_first(ratio, "sort_desc"),
                )
            }
        };
        rewrite::set_window(&mut query, &window.to_string());
        self.of.query(&what, &query).map(Some)
    }

    /// The query for the consumed share of an error budget, which each alert compares with its own.
    fn consumed_share(&self) -> Result<Option<String>, serde_json::Error> {
        let Some(first) = self.alerts.first() else {
            return Ok(None);
        };
        let condition = condition(self.of.service, self.of.settings, &first.origin);
        let query = compared_query(&condition);
        let what = "Consumed share, which each alert compares with its own";
        self.of.query(what, query).map(Some)
    }

    /// The value that the rules record for a contract; by group if the SLO has groups.
    fn of_contract(&self, metric: &str, contract: &Contract) -> Expr {
        let label = ("contract", contract.name.to_string());
        self.recorded_with(metric, Some(label))
    }

    /// The value that the rules record for the SLO; by group if it has groups.
    fn recorded(&self, metric: &str) -> Expr {
        self.recorded_with(metric, None)
    }

    fn recorded_with(&self, metric: &str, more: Option<(&str, String)>) -> Expr {
        let scope = self.of.settings.scope();
        let labels: Vec<_> = scope
            .map(|(label, value)| (label, value.to_owned()))
            .chain([
                ("service", self.of.service.name.to_string()),
                ("slo", self.slo.name.to_string()),
            ])
            .chain(more)
            .collect();
        let by: Vec<&str> = self.slo.by().iter().map(String::as_str).collect();
        let groups = (!by.is_empty()).then(|| build::by_labels(&by));
        build::aggregate("max", groups, series(metric, &labels))
    }

    /// A query by group, the worst first.
    fn worst_first(&self, query: Expr, sort: &str) -> Expr {
        match self.slo.by() {
            [] => query,
            _ => build::call(sort, vec![query]),
        }
    }
}

/// An alert on a consumed share of an error budget, as an item.
fn level(alert: &BudgetAlert, budget: Duration) -> String {
    let left = (Decimal::ONE - alert.consumed).max(Decimal::ZERO);
    format!(
        "{} ({}): {} of full downtime consumed, {} left",
        percent_text(alert.consumed),
        alert.severity.name(),
        words::duration(share(budget, alert.consumed)),
        words::duration(share(budget, left)),
    )
}

/// The first thing to do for a burn-rate alert.
fn first_step(pair: &Pair) -> String {
    let long = words::duration(pair.long);
    match pair.declared.pages() {
        true => format!(
            "Roll back what was released or configured in the last {long}, if bad events began with it."
        ),
        false => format!(
            "Compare the last {long} with the time before: find what the bad events began or grew with."
        ),
    }
}

fn group_limit_steps(slo: &Slo) -> [String; 2] {
    let labels: Vec<_> = slo.by().iter().map(|label| text::code(label)).collect();
    [
        format!(
            "List the values of {} with the alert expression without its `count`, and find those that should \
            not be there: paths with ids, names of clients.",
            list(&labels, "and")
        ),
        "Remove them where the metric is exposed, or with a matcher in the SLI. If all of them are right, \
        raise `group_limit` in the `.nth` source."
            .to_owned(),
    ]
}

/// The impact of an SLI that is not measured, and what the alert says.
fn unmeasured(words: &str) -> String {
    format!(
        "**Impact:** unknown: the SLI is not measured. Anything from no impact to full downtime is possible. {}",
        meaning(words)
    )
}

fn own_runbook(slo: &Slo) -> Option<String> {
    let url = slo.runbook_url.as_ref()?;
    Some(format!("Runbook of this SLO: {}", text::address(url)))
}

/// The unit in which bad events are counted.
fn unit(slo: &Slo) -> &'static str {
    match slo.sli {
        Sli::TimeSlices { .. } => "time",
        _ => "events",
    }
}

/// Who the alerts of an SLO with groups fire for, and the objectives of its groups.
fn groups(slo: &Slo) -> String {
    let Some(grouping) = &slo.grouping else {
        return String::new();
    };
    let labels: Vec<_> = grouping.by.iter().map(|label| text::code(label)).collect();
    let mut told = format!(
        " The alert fires for each group of {} by itself, and has its labels.",
        list(&labels, "and")
    );
    for own in &grouping.objectives {
        let labels: Vec<_> = own
            .labels
            .iter()
            .map(|(label, value)| text::code(&format!("{label}=\"{value}\"")))
            .collect();
        told.push_str(&format!(
            " The objective of {} is {}.",
            list(&labels, "and"),
            percent_text(own.objective)
        ));
    }
    told
}

/// A share of a duration, to the millisecond.
fn share(of: Duration, share: Decimal) -> Duration {
    use rust_decimal::prelude::ToPrimitive;
    let millis = (Decimal::from(of.0) * share).round().to_u64();
    Duration(millis.unwrap_or_default())
}
