//! The sections of alerts in a runbook: what all of them share, and those of custom alerts.

use super::page::Page;
use super::{call, explore_links, text, words};
use crate::alerts::{NamedAlert, headings};
use crate::links;
use crate::prometheus::condition;
use nth_model::text::list;
use nth_model::{Alert, Criticality, Dependency, Project, Service, Settings};
use nth_promql::{Expr, LabelMatchers, build};

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
    /// The anchor of the section on what to do for alerts of SLOs.
    pub mitigation: String,
}

impl Alerts<'_, '_> {
    /// Adds a custom alert.
    ///
    /// # Errors
    ///
    /// If a link cannot be serialized.
    pub fn own(
        &self,
        page: &mut Page,
        named: &NamedAlert<'_>,
        alert: &Alert,
    ) -> Result<(), serde_json::Error> {
        const IMPACT: &str = "**Impact:**";
        const MITIGATION: &str = "**Mitigation:**";
        page.paragraph(format!(
            "{} {}",
            own_meaning(alert),
            call::severity(self.service, named.origin.severity(), self.project),
        ));
        let needed = self.dependency_of(alert);
        let impact = alert.impact.as_ref();
        let mut facts = Vec::new();
        match impact.or(needed.and_then(|needed| needed.impact.as_ref())) {
            Some(impact) => page.noticed_markdown(LEVEL, IMPACT, impact),
            None => facts.push(format!(
                "{IMPACT} not documented (set `impact` on the alert)."
            )),
        }
        let condition = condition(self.service, self.settings, &named.origin);
        let watched = explore_links::compared_query(&condition);
        let what = match *watched == condition {
            true => "Alert expression",
            false => "Alert expression, linked without its threshold",
        };
        facts.push(format!(
            "{}: {}",
            self.link(what, &watched.to_string())?,
            text::code(&condition.to_string())
        ));
        if let Some(url) = &alert.runbook_url {
            facts.push(format!("Runbook of this alert: {}", text::address(url)));
        }
        let of_dependency = needed.and_then(|needed| self.runbook_of(needed));
        if let Some(runbook) = &of_dependency {
            facts.push(format!("Runbook of the dependency: {runbook}"));
        }
        if alert.steps.is_none() && alert.runbook_url.is_none() && of_dependency.is_none() {
            facts.push(match self.see_procedures() {
                Some(procedures) => format!("{MITIGATION} {procedures}"),
                None => format!(
                    "{MITIGATION} not documented (set `steps` on the alert, or write a `runbook` for the \
                    service)."
                ),
            });
        }
        page.list(facts);
        if let Some(steps) = &alert.steps {
            page.noticed_markdown(LEVEL, MITIGATION, steps);
        }
        Ok(())
    }

    /// Adds what is the same for all alerts: the query for those that fire, who is notified, and the logs.
    ///
    /// # Errors
    ///
    /// If a link cannot be serialized.
    pub fn common(&self, page: &mut Page) -> Result<(), serde_json::Error> {
        let (label, owner) = self.service.identity();
        let mut labels = vec![(label, owner.to_owned())];
        let scope = self.settings.scope();
        labels.extend(scope.map(|(label, value)| (label, value.to_owned())));
        labels.push(("alertstate", "firing".to_owned()));
        let firing = series("ALERTS", &labels);
        let mut items = vec![self.query("Alerts that fire", &firing)?];
        if let Some(deployed) = &self.service.deployed {
            items.push(self.query("Time of the last deployment", deployed)?);
        }
        if let Some(url) = &self.service.logs_url {
            items.push(text::link("Logs of the service", url));
        }
        items.extend(self.see_procedures());
        items.push(format!(
            "Who is notified: {}",
            text::internal_link(headings::ESCALATION, &format!("#{}", self.call))
        ));
        page.list(items);
        Ok(())
    }

    /// A query with a link to it, as an item.
    ///
    /// # Errors
    ///
    /// If the link cannot be serialized.
    pub fn query(&self, what: &str, query: &Expr) -> Result<String, serde_json::Error> {
        let query = query.to_string();
        Ok(format!(
            "{}: {}",
            self.link(what, &query)?,
            text::code(&query)
        ))
    }

    /// The name of a query, which links to it.
    ///
    /// # Errors
    ///
    /// If the link cannot be serialized.
    pub fn link(&self, what: &str, query: &str) -> Result<String, serde_json::Error> {
        Ok(match explore_links::explore(query, self.settings)? {
            Some(url) => text::link(what, &url),
            None => text::inline(what),
        })
    }

    /// A link to what to do for alerts of SLOs.
    pub fn slo_mitigation(&self) -> String {
        let link = text::internal_link(
            "as for all alerts of SLOs",
            &format!("#{}", self.mitigation),
        );
        format!("**Mitigation:** {link}.")
    }

    /// The dependency that an alert came from.
    fn dependency_of(&self, alert: &Alert) -> Option<&Dependency> {
        let name = alert.dependency.as_ref()?;
        let mut dependencies = self.service.dependencies.iter();
        dependencies.find(|known| known.name == *name)
    }

    /// The series `up` of the service's targets, selected by the labels that every target has.
    pub fn up_series(&self) -> Option<Expr> {
        let mut own = LabelMatchers::default();
        for label in ["instance", "job"] {
            own.copy(label, &self.service.selector);
        }
        (!own.is_empty()).then(|| build::selector_with("up", own.matchers().collect()))
    }

    /// Links to the procedures of the service.
    pub fn see_procedures(&self) -> Option<String> {
        (!self.procedures.is_empty())
            .then(|| format!("Service procedures: {}.", self.procedures.join(", ")))
    }

    /// The dependencies that may have failed instead: hard ones first.
    pub fn see_dependencies(&self) -> Option<String> {
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

/// A series with labels.
pub fn series(metric: &str, labels: &[(&str, String)]) -> Expr {
    let labels: Vec<_> = labels
        .iter()
        .map(|(label, value)| (*label, value.as_str()))
        .collect();
    build::selector(metric, &labels)
}

/// The text of a custom alert, and how long its condition must hold.
fn own_meaning(alert: &Alert) -> String {
    let texts = [&alert.summary, &alert.description];
    let texts = texts.into_iter().flatten().map(text::alert_text);
    let mut told: Vec<String> = texts
        .filter(|words| !words.is_empty())
        .map(
            |words| match words.ends_with(['.', '!', '?', ':', ';']) || words.ends_with("&#46;") {
                true => words,
                false => format!("{words}."),
            },
        )
        .collect();
    let hold = words::duration(alert.hold());
    told.push(format!(
        "Fires after the condition has held for {hold}{}.",
        match &alert.dependency {
            Some(dependency) => format!(". Dependency: {}", text::code(dependency)),
            None => String::new(),
        }
    ));
    meaning(&told.join(" "))
}

/// The paragraph on what an alert says.
pub fn meaning(words: &str) -> String {
    format!("**Meaning:** {words}")
}

/// The expression of an alert, on one line, as an item.
pub fn alert_expression(condition: &Expr) -> String {
    format!("Alert expression: {}", text::code(&condition.to_string()))
}
