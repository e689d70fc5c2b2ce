//! The section of an alert in a runbook: severity, meaning, impact, diagnosis, mitigation, escalation.

mod meaning;

use self::meaning::{
    absence_meaning, budget_meaning, burn_meaning, contract_meaning, inconsistent_meaning, meaning,
    own_meaning,
};
use super::page::Page;
use super::{call, explore_links, text, words};
use crate::alerts::{NamedAlert, Origin};
use crate::links;
use crate::prometheus::{condition, layout};
use crate::series_names::{BUDGET_REMAINING, COVERAGE, ERROR_RATIO, LONGEST_RAW, of_contract};
use nth_model::number::percent_text;
use nth_model::text::list;
use nth_model::{
    Alert, Criticality, Dependency, Duration, MissingDataCause, Project, Service, Settings, Slo,
};
use nth_promql::{Expr, LabelMatchers, MatchOp, Node, build, rewrite};

/// The heading level of an alert.
pub const LEVEL: u8 = 3;

/// The data of the alerts' sections.
pub struct Alerts<'a, 'p> {
    /// The service.
    pub service: &'a Service,
    /// Its project.
    pub project: &'p Project<'a>,
    /// The project's settings.
    pub settings: &'p Settings,
    /// Links to the custom sections of the service.
    pub procedures: Vec<String>,
    /// The anchor of the section on the escalation.
    pub call: String,
}

impl Alerts<'_, '_> {
    /// Adds an alert's section.
    ///
    /// # Errors
    ///
    /// If a link cannot be serialized.
    pub fn section(
        &self,
        page: &mut Page,
        named: &NamedAlert<'_>,
    ) -> Result<(), serde_json::Error> {
        page.heading(LEVEL, &named.heading);
        page.paragraph(self.identity(named));
        match named.origin {
            Origin::Burn(slo, pair) => page.paragraph(meaning(&burn_meaning(slo, pair))),
            Origin::Budget(slo, alert) => page.paragraph(meaning(&budget_meaning(slo, alert))),
            Origin::Contract(slo, contract, alert) => {
                page.paragraph(meaning(&contract_meaning(slo, contract, alert)));
            }
            Origin::Absence(slo, alert) => page.paragraph(meaning(&absence_meaning(slo, alert))),
            Origin::Inconsistent(slo) => page.paragraph(meaning(&inconsistent_meaning(slo))),
            Origin::Own(alert) => own_meaning(page, alert),
        }
        self.impact(page, named);
        self.explore_links(page, named)?;
        self.mitigation(page, named);
        page.paragraph(format!(
            "**Escalation:** {} {}",
            call::recipients(self.service, named.origin.severity(), self.project),
            text::internal_link("Full policy", &format!("#{}", self.call))
        ));
        Ok(())
    }

    /// The labels that identify this alert, and its severity.
    fn identity(&self, named: &NamedAlert<'_>) -> String {
        let loudness = call::severity(self.service, named.origin.severity(), self.project);
        let mut labels = vec![("alertname", named.name.clone())];
        labels.extend(match named.origin {
            Origin::Burn(slo, pair) => vec![
                ("slo", slo.name.to_string()),
                ("long_window", pair.long.to_string()),
            ],
            Origin::Budget(slo, alert) => vec![
                ("slo", slo.name.to_string()),
                ("budget_consumed", percent_text(alert.consumed)),
            ],
            Origin::Contract(slo, contract, alert) => vec![
                ("slo", slo.name.to_string()),
                ("contract", contract.name.to_string()),
                ("budget_consumed", percent_text(alert.consumed)),
            ],
            Origin::Absence(slo, alert) if alert.cause == MissingDataCause::Series => {
                vec![("slo", slo.name.to_string()), ("targets", "up".to_owned())]
            }
            Origin::Absence(slo, _) | Origin::Inconsistent(slo) => {
                vec![("slo", slo.name.to_string())]
            }
            Origin::Own(alert) => alert
                .dependency
                .iter()
                .map(|dependency| ("dependency", dependency.to_string()))
                .collect(),
        });
        let (label, owner) = self.service.identity();
        labels.push((label, owner.to_owned()));
        let scope = self.settings.scope();
        labels.extend(scope.map(|(label, value)| (label, value.to_owned())));
        let firing = series("ALERTS", &labels);
        format!(
            "{loudness} Firing instances: {}",
            text::code(&firing.to_string())
        )
    }

    fn impact(&self, page: &mut Page, named: &NamedAlert<'_>) {
        const NOTICE: &str = "**Impact:**";
        let wrote = |page: &mut Page, markdown: &str| {
            page.paragraph(NOTICE);
            page.author_markdown(LEVEL, markdown);
        };
        match named.origin {
            Origin::Own(alert) => {
                let dependency = self.dependency_of(alert);
                match (&alert.impact, dependency.and_then(|known| known.impact.as_ref())) {
                    (Some(impact), _) | (None, Some(impact)) => wrote(page, impact),
                    (None, None) => page.paragraph(format!(
                        "{NOTICE} not documented (set `impact` on the alert)."
                    )),
                }
            }
            Origin::Burn(slo, _) | Origin::Budget(slo, _) => match &slo.description {
                Some(description) => page.paragraph(format!(
                    "{NOTICE} the objective is being missed: {}",
                    text::inline(description)
                )),
                None => page.paragraph(format!(
                    "{NOTICE} not documented (set `description` on the SLO)."
                )),
            },
            Origin::Contract(_, contract, alert) => {
                let state = match alert.is_exhausted() {
                    true => "is not kept",
                    false => "may not be kept",
                };
                let promise = format!("{NOTICE} what is promised to others {state}");
                match &contract.remedy {
                    Some(remedy) if alert.is_exhausted() => {
                        page.paragraph(format!("{promise}. What is owed:"));
                        page.author_markdown(LEVEL, remedy);
                    }
                    Some(remedy) => {
                        page.paragraph(format!("{promise}. What is owed if it is broken:"));
                        page.author_markdown(LEVEL, remedy);
                    }
                    None => page.paragraph(format!(
                        "{promise}. What is owed is not documented (set `remedy` on the contract)."
                    )),
                }
            }
            Origin::Absence(..) | Origin::Inconsistent(_) => page.paragraph(format!(
                "{NOTICE} unknown: the SLI is not measured. Anything from no impact to full downtime is \
                possible."
            )),
        }
    }

    /// The dependency that an alert came from.
    fn dependency_of(&self, alert: &Alert) -> Option<&Dependency> {
        let name = alert.dependency.as_ref()?;
        let mut dependencies = self.service.dependencies.iter();
        dependencies.find(|known| known.name == *name)
    }

    fn explore_links(
        &self,
        page: &mut Page,
        named: &NamedAlert<'_>,
    ) -> Result<(), serde_json::Error> {
        page.paragraph("**Diagnosis:**");
        let condition = condition(self.service, self.settings, &named.origin);
        let mut items = Vec::new();
        if let Some(dashboard) = links::dashboard(self.service, self.settings) {
            items.push(format!(
                "{} of the service",
                text::link("Dashboard", &dashboard)
            ));
        }
        for (what, query) in self.queries(named, &condition) {
            let url = explore_links::explore(&query, self.settings)?;
            let shown = match url {
                Some(url) => text::link(&what, &url),
                None => text::inline(&what),
            };
            items.push(format!("{shown}: {}", text::code(&query.to_string())));
        }
        items.push("Alert expression:".to_owned());
        page.list(items);
        page.fence("promql", &layout(&condition));
        Ok(())
    }

    /// The queries for the current state.
    fn queries(&self, named: &NamedAlert<'_>, condition: &Expr) -> Vec<(String, Expr)> {
        let recorded = |metric: &str, slo: &Slo| {
            let scope = self.settings.scope();
            let labels: Vec<_> = scope
                .map(|(label, value)| (label, value.to_owned()))
                .chain([
                    ("service", self.service.name.to_string()),
                    ("slo", slo.name.to_string()),
                ])
                .collect();
            let recording = series(metric, &labels);
            let by: Vec<&str> = slo.by().iter().map(String::as_str).collect();
            let groups = (!by.is_empty()).then(|| build::by_labels(&by));
            build::aggregate("max", groups, recording)
        };
        // The groups of an SLO, the worst first.
        let worst_first = |what: String, query: Expr, slo: &Slo, sort: &str| match slo.by() {
            [] => (what, query),
            by => {
                let what = format!("{what} by {}, the worst first", list(by, "and"));
                (what, build::call(sort, vec![query]))
            }
        };
        let known = |window: Duration, slo: &Slo| {
            (window > LONGEST_RAW).then(|| {
                (
                    format!("Coverage of the last {}", words::duration(window)),
                    recorded(&format!("{COVERAGE}{window}"), slo),
                )
            })
        };
        let window_known = |slo: &Slo| {
            (
                format!("Coverage of the {}", slo.window_so_far()),
                recorded(&format!("{COVERAGE}{}", slo.window_name()), slo),
            )
        };
        match named.origin {
            Origin::Burn(slo, pair) => [pair.short, pair.long]
                .map(|window| {
                    worst_first(
                        format!("Error ratio over {}", words::duration(window)),
                        recorded(&format!("{ERROR_RATIO}{window}"), slo),
                        slo,
                        "sort_desc",
                    )
                })
                .into_iter()
                .chain(known(pair.long, slo))
                .collect(),
            Origin::Budget(slo, _) => [worst_first(
                "Error budget remaining".to_owned(),
                recorded(BUDGET_REMAINING, slo),
                slo,
                "sort",
            )]
            .into_iter()
            .chain([window_known(slo)])
            .collect(),
            Origin::Contract(slo, contract, _) => {
                let of_contract = |metric: &str| {
                    let mut series = recorded(&of_contract(metric), slo);
                    rewrite::each_expr(&mut series, &mut |expr| {
                        if let Node::Selector(selector) = &mut expr.node {
                            let name = contract.name.as_str();
                            let matcher = build::matcher("contract", MatchOp::Equal, name);
                            selector.matchers.push(matcher);
                        }
                    });
                    series
                };
                let promised = contract.as_slo(slo);
                let coverage = format!("{COVERAGE}{}", promised.window_name());
                vec![
                    worst_first(
                        "Error budget of the contract remaining".to_owned(),
                        of_contract(BUDGET_REMAINING),
                        slo,
                        "sort",
                    ),
                    match contract.has_window_of(slo) {
                        true => window_known(slo),
                        false => (
                            format!("Coverage of the {}", promised.window_so_far()),
                            of_contract(&coverage),
                        ),
                    },
                ]
            }
            Origin::Absence(..) | Origin::Inconsistent(_) => self
                .up_series()
                .map(|up| ("Scrape target status".to_owned(), up))
                .into_iter()
                .collect(),
            Origin::Own(_) => {
                let watched = explore_links::compared_query(condition);
                if watched == condition {
                    Vec::new()
                } else {
                    vec![(
                        "Alert query without the threshold".to_owned(),
                        watched.clone(),
                    )]
                }
            }
        }
    }

    /// The series `up` of the service's targets, selected by the labels that every target has.
    fn up_series(&self) -> Option<Expr> {
        let mut own = LabelMatchers::default();
        for label in ["instance", "job"] {
            own.copy(label, &self.service.selector);
        }
        (!own.is_empty()).then(|| build::selector_with("up", own.matchers().collect()))
    }

    fn mitigation(&self, page: &mut Page, named: &NamedAlert<'_>) {
        const ACT: &str = "**Mitigation:**";
        let mut steps = Vec::new();
        match named.origin {
            Origin::Own(alert) => {
                if let Some(url) = &alert.runbook_url {
                    steps.push(format!("Runbook of this alert: {}", text::address(url)));
                }
                let needed = self.dependency_of(alert);
                if let Some(needed) = needed.and_then(|needed| self.runbook_of(needed)) {
                    steps.push(format!("Runbook of the dependency: {needed}"));
                }
                if let Some(own) = &alert.steps {
                    page.paragraph(ACT);
                    page.author_markdown(LEVEL, own);
                    steps.extend(self.see_procedures());
                    page.list(steps);
                    return;
                }
                steps.extend(self.see_procedures());
                if steps.is_empty() {
                    page.paragraph(format!(
                        "{ACT} not documented (set `steps` on the alert, or write a `runbook` for the \
                        service)."
                    ));
                    return;
                }
            }
            Origin::Burn(slo, _) => {
                steps.extend(own_runbook(slo));
                steps.push(
                    "Find when the burn started. If it lines up with a deployment or a \
                    configuration change, roll that back first."
                        .to_owned(),
                );
                steps.extend(self.see_dependencies());
                steps.extend(self.see_procedures());
            }
            Origin::Budget(slo, _) => {
                steps.extend(own_runbook(slo));
                if !slo.breakdown.is_empty() {
                    let labels: Vec<_> = slo
                        .breakdown
                        .iter()
                        .map(|label| text::code(label))
                        .collect();
                    steps.push(format!(
                        "Check the top contributors by {} in the alert's description.",
                        list(&labels, "and")
                    ));
                }
                steps.push(
                    "Find out what consumed the budget: a past incident, or an ongoing problem."
                        .to_owned(),
                );
                steps.extend(self.see_dependencies());
                steps.push(
                    "Pause risky releases until the budget recovers, and prioritize fixing the \
                    cause."
                        .to_owned(),
                );
                steps.extend(self.see_procedures());
            }
            Origin::Contract(slo, _, alert) => {
                steps.extend(own_runbook(slo));
                steps.push(
                    "Find out what consumed the budget: a past incident, or an ongoing problem."
                        .to_owned(),
                );
                steps.extend(self.see_dependencies());
                steps.push(match alert.is_exhausted() {
                    true => "Report it to those responsible for the contract. `nthc report --contracts` \
                        has the numbers of each period."
                        .to_owned(),
                    false => "Pause risky releases until the budget recovers, and prioritize fixing the \
                        cause."
                        .to_owned(),
                });
                steps.extend(self.see_procedures());
            }
            Origin::Absence(slo, alert) if alert.cause == MissingDataCause::Groups => {
                steps.extend(own_runbook(slo));
                let labels: Vec<_> = slo.by().iter().map(|label| text::code(label)).collect();
                steps.push(format!(
                    "List the values of {} with the alert expression without its `count`, and find those \
                    that should not be there: paths with ids, names of clients.",
                    list(&labels, "and")
                ));
                steps.push(
                    "Remove them where the metric is exposed, or with a matcher in the SLI. If all of them \
                    are right, raise `group_limit` in the `.nth` source."
                        .to_owned(),
                );
                steps.extend(self.see_procedures());
            }
            Origin::Absence(slo, _) => {
                steps.extend(own_runbook(slo));
                steps.push(
                    "Check whether the service is running. If it is not, that is the incident."
                        .to_owned(),
                );
                steps.push(
                    "If it is running, check on the targets page of Prometheus whether it is \
                    still scraped, and with which error."
                        .to_owned(),
                );
                steps.push(
                    "If it is scraped, check that the metric and labels in the query still \
                    exist. If a release renamed them, update the `.nth` source."
                        .to_owned(),
                );
                steps.extend(self.see_procedures());
            }
            Origin::Inconsistent(slo) => {
                steps.extend(own_runbook(slo));
                steps.push(
                    "Compare the two queries of the SLI in the `.nth` source: every event \
                    counted by one must also be counted by the other, once."
                        .to_owned(),
                );
                steps.push(
                    "Check that both come from the same targets, and that no target is scraped \
                    twice."
                        .to_owned(),
                );
            }
        }
        page.paragraph(ACT);
        page.steps(steps);
    }

    fn see_procedures(&self) -> Option<String> {
        (!self.procedures.is_empty())
            .then(|| format!("Service procedures: {}.", self.procedures.join(", ")))
    }

    /// The dependencies that may have failed instead: hard ones first.
    fn see_dependencies(&self) -> Option<String> {
        let of = |criticality| {
            let needed = self.service.dependencies.iter();
            needed
                .filter(move |needed| needed.criticality == criticality)
                .map(|needed| {
                    self.runbook_of(needed)
                        .unwrap_or_else(|| text::inline(&needed.name))
                })
                .collect::<Vec<_>>()
        };
        let (hard, soft) = (of(Criticality::Hard), of(Criticality::Soft));
        match (hard.is_empty(), soft.is_empty()) {
            (true, true) => None,
            (false, true) => Some(format!("Check hard dependencies: {}.", list(&hard, "and"))),
            (true, false) => Some(format!("Check soft dependencies: {}.", list(&soft, "and"))),
            (false, false) => Some(format!(
                "Check hard dependencies: {}. Then soft dependencies: {}.",
                list(&hard, "and"),
                list(&soft, "and")
            )),
        }
    }

    fn runbook_of(&self, needed: &Dependency) -> Option<String> {
        let service = self.project.service(needed.service.as_deref()?)?;
        let page = format!("{}.md", links::runbook_stem(&service.name));
        Some(text::internal_link(&service.name, &page))
    }
}

fn own_runbook(slo: &Slo) -> Option<String> {
    let url = slo.runbook_url.as_ref()?;
    Some(format!("Runbook of this SLO: {}", text::address(url)))
}

fn series(metric: &str, labels: &[(&str, String)]) -> Expr {
    let labels: Vec<_> = labels
        .iter()
        .map(|(label, value)| (*label, value.as_str()))
        .collect();
    build::selector(metric, &labels)
}
