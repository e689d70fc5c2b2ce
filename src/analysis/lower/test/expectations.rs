//! Lowers the expectations of a test, and checks that they can be met.

use smol_str::SmolStr;

use super::events::Happening;
use super::{Lowering, ratio};
use crate::codes;
use crate::db::{BlockRef, Diag};
use crate::environment::instead_of_pages;
use crate::eval::{Instance, Value};
use crate::lower::read::{block_name, contrary, duration, labels, member, text};
use crate::schema::article;
use crate::schema::names::{field, kind};
use crate::severities::{severities, severity_named};
use nth_model as ir;
use nth_model::names::alert_names;
use nth_model::test::{Event, Expectation, Outcome, SloRef, Subject};
use nth_model::{Duration, Response, Severity};

/// The fields that name the alerts of an expectation.
const SUBJECTS: [&str; 3] = [field::SLO, field::ALERT, field::SERVICE];

/// The fields that name the gate of an expectation.
const GATES: [&str; 2] = [field::GATE, field::SERVICE];

/// The alerts of an expectation, with the severities that they can have.
struct Alerts {
    subject: Subject,
    service: SmolStr,
    severities: Vec<Severity>,
}

impl<'a> Lowering<'a> {
    /// Lowers an expectation; `None` if it has an error.
    pub(super) fn expectation(
        &mut self,
        block: &'a Instance,
        happenings: &[&Happening<'a>],
    ) -> Option<Expectation> {
        let outcome = match block.variant.as_deref()? {
            kind::PAGE => self.fires(block, Response::Page, happenings),
            kind::TICKET => self.fires(block, Response::Ticket, happenings),
            kind::RESOLVED => self.resolved(block, happenings),
            kind::SILENT => {
                let subject = self.alerts(block)?.subject;
                Some(Outcome::Silent { subject })
            }
            kind::VERDICT => self.verdict(block),
            kind::BUDGET => self.budget(block),
            _ => None,
        }?;
        Some(Expectation {
            name: block.name.clone(),
            outcome,
        })
    }

    fn fires(
        &mut self,
        block: &Instance,
        response: Response,
        happenings: &[&Happening<'a>],
    ) -> Option<Outcome> {
        let alerts = self.alerts(block)?;
        let severities = severities(self.db, self.workspace, self.environment.cloned());
        let severity = severity_named(block.get(field::SEVERITY), severities);
        if let Some(severity) = &severity
            && severity.response() != response
        {
            let variant = block.variant.as_deref().unwrap_or_default();
            let expected = severity.response().word();
            let found = contrary(block, field::SEVERITY, severity).help(format!(
                "expect {} `{expected}` instead of a `{variant}`",
                article(expected)
            ));
            self.wrong(block, found);
            return None;
        }
        let is_expected = |known: &Severity| match &severity {
            Some(severity) => known == severity,
            None => known.response() == response,
        };
        if !alerts.severities.iter().any(is_expected) {
            self.report_never(block, &alerts, response, severity.as_ref());
            return None;
        }
        let concerning = concerning(&alerts, happenings);
        let since = concerning
            .iter()
            .map(|happening| happening.given.from)
            .min();
        Some(Outcome::Fires {
            subject: alerts.subject,
            response,
            severity,
            since: since.unwrap_or(Duration(0)),
            within: duration(block.get(field::WITHIN)),
            at_least: duration(block.get(field::FOR)),
            team: block_name(block.get(field::TEAM)),
            text: text(block.get(field::TEXT)),
        })
    }

    /// Reports an expectation of alerts of a severity that none of them has.
    fn report_never(
        &mut self,
        block: &Instance,
        alerts: &Alerts,
        response: Response,
        severity: Option<&Severity>,
    ) {
        let (does, other) = match response {
            Response::Page => ("pages", kind::TICKET),
            Response::Ticket => ("opens a ticket", kind::PAGE),
        };
        let does = match severity {
            Some(severity) => format!("has severity `{}`", severity.name()),
            None => does.to_owned(),
        };
        let message = match &alerts.subject {
            Subject::Slo(SloRef { service, slo, .. }) => {
                format!("no alert of SLO `{service}.{slo}` {does}")
            }
            Subject::Alert { alert, .. } => format!("alert `{alert}` never {does}"),
            Subject::Service(service) => format!("no alert of service `{service}` {does}"),
        };
        let place = place(block, &SUBJECTS);
        let mut found =
            Diag::new(&codes::TEST_NEVER_MET, message, place).label("the expectation is never met");
        let has_other = alerts
            .severities
            .iter()
            .any(|known| known.response() != response);
        if let (Response::Page, Some(environment)) = (response, self.environment)
            && !alerts.severities.is_empty()
            && let Some(instead) = instead_of_pages(self.db, self.workspace, Some(environment))
        {
            let become_word = match instead.name() {
                Severity::TICKET => "are tickets".to_owned(),
                name => format!("have severity `{name}`"),
            };
            found = found
                .note(format!(
                    "environment `{environment}` has `pages = false`: its alerts {become_word}"
                ))
                .help("set `only_in` of the test to environments that page, or expect a `ticket` in the others");
        } else if let Some(severity) = severity
            && let Some(known) = alerts
                .severities
                .iter()
                .find(|known| known.response() == response)
        {
            found = found.help(format!(
                "expect severity `{}` instead of `{}`",
                known.name(),
                severity.name()
            ));
        } else if has_other {
            let variant = block.variant.as_deref().unwrap_or_default();
            found = found.help(format!(
                "expect {} `{other}` instead of a `{variant}`",
                article(other)
            ));
        }
        self.wrong(block, found);
    }

    fn resolved(&mut self, block: &Instance, happenings: &[&Happening<'a>]) -> Option<Outcome> {
        let alerts = self.alerts(block)?;
        let within = duration(block.get(field::WITHIN));
        let concerning = concerning(&alerts, happenings);
        if within.is_some()
            && let Some(endless) = concerning
                .iter()
                .find(|happening| happening.end().is_none())
        {
            let name = &endless.given.name;
            let found = Diag::new(
                &codes::TEST_TIMES,
                format!("event `{name}` does not end before the test"),
                block.span_of(field::WITHIN),
            )
            .label("counts from the end of the event")
            .because(
                self.test.place_of(endless.block, endless.block.head),
                "the event",
            )
            .help(format!(
                "set how long it lasts: `for` of `given {}`",
                crate::resolve::quote_name(name)
            ));
            self.wrong(block, found);
            return None;
        }
        let since = concerning
            .iter()
            .filter_map(|happening| happening.end())
            .max();
        Some(Outcome::Resolved {
            subject: alerts.subject,
            since: since.unwrap_or(Duration(0)),
            within,
        })
    }

    /// Returns the one block that a field of several names. Reports none and more than one.
    fn only_one<'b>(
        &mut self,
        block: &'b Instance,
        fields: &[&'static str],
    ) -> Option<(&'static str, &'b BlockRef)> {
        let set: Vec<&'static str> = fields
            .iter()
            .copied()
            .filter(|field| *block.get(field) != Value::None)
            .collect();
        let all: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
        let all = match all.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => all.join(""),
        };
        match set.as_slice() {
            [only] => match block.get(only) {
                Value::Block(named) => Some((only, named)),
                _ => None,
            },
            [] => {
                if !block.incomplete {
                    let found = Diag::new(
                        &codes::TEST_SUBJECT,
                        format!("expectation `{}` has no {all}", block.name),
                        block.head,
                    )
                    .help(format!("set one of {}", all.replace(" or ", " and ")));
                    self.wrong(block, found);
                }
                None
            }
            [first, second, ..] => {
                let found = Diag::new(
                    &codes::TEST_SUBJECT,
                    format!(
                        "expectation `{}` has both `{first}` and `{second}`",
                        block.name
                    ),
                    block.span_of(second),
                )
                .because(block.span_of(first), "the other one")
                .help("remove one of them, or write two expectations");
                self.wrong(block, found);
                None
            }
        }
    }

    fn alerts(&mut self, block: &Instance) -> Option<Alerts> {
        let (field, named) = self.only_one(block, &SUBJECTS)?;
        if field != field::SLO && !labels(block.get(field::GROUP)).is_empty() {
            let found = Diag::new(
                &codes::TEST_SUBJECT,
                format!("only an SLO has groups, and `{field}` is set"),
                block.span_of(field::GROUP),
            )
            .help("name the SLO of the group with `slo`");
            self.wrong(block, found);
        }
        match field {
            field::SLO => {
                let (slo, _, model) = self.slo(block, field)?;
                Some(Alerts {
                    service: slo.service.clone(),
                    subject: Subject::Slo(slo),
                    severities: severities_of(model),
                })
            }
            field::ALERT => self.alert(block, named),
            _ => {
                let service = self.service_in(block, field)?;
                let of_slos = service.slos.iter().flat_map(severities_of);
                let own = service.alerts.iter().map(|alert| alert.severity.clone());
                Some(Alerts {
                    subject: Subject::Service(service.name.clone()),
                    service: service.name.clone(),
                    severities: of_slos.chain(own).collect(),
                })
            }
        }
    }

    /// Returns a custom alert, of a service or of one of its dependencies.
    fn alert(&mut self, block: &Instance, named: &BlockRef) -> Option<Alerts> {
        let service = self.service(block, named.item, block.span_of(field::ALERT))?;
        let dependency = match named.path.as_slice() {
            [(kind, dependency), _] if kind == kind::DEPENDENCY => Some(dependency),
            _ => None,
        };
        let name = match dependency {
            Some(dependency) => SmolStr::from(format!("{dependency}-{}", named.name)),
            None => named.name.clone(),
        };
        let names: Vec<&str> = service
            .alerts
            .iter()
            .map(|alert| alert.name.as_str())
            .collect();
        let found = service
            .alerts
            .iter()
            .zip(alert_names(&names))
            .find(|(alert, _)| alert.name == name && alert.dependency.as_ref() == dependency);
        match found {
            Some((alert, in_rules)) => Some(Alerts {
                subject: Subject::Alert {
                    service: service.name.clone(),
                    alert: in_rules.unique,
                },
                service: service.name.clone(),
                severities: vec![alert.severity.clone()],
            }),
            None => {
                let skipped = service.skipped_rules.iter().any(|rule| rule.name == name);
                if skipped {
                    let found = Diag::new(
                        &codes::TEST_NEVER_MET,
                        format!(
                            "alert `{name}` of service `{}` is not generated",
                            service.name
                        ),
                        block.span_of(field::ALERT),
                    )
                    .label("the expectation is never met")
                    .help(
                        "a signal that it uses has no metric: `nthc metrics coverage` shows which",
                    );
                    self.wrong(block, found);
                }
                None
            }
        }
    }

    fn verdict(&mut self, block: &Instance) -> Option<Outcome> {
        let verdict = match member(block.get(field::IS))?.as_str() {
            "allowed" => "allow",
            "warned" => "warn",
            _ => "deny",
        };
        let (field, named) = self.only_one(block, &GATES)?;
        let service = self.service(block, named.item, block.span_of(field))?;
        let gates: Vec<&str> = service
            .gates
            .iter()
            .map(|gate| gate.name.as_str())
            .collect();
        let gate = match (field, gates.as_slice()) {
            (field::GATE, gates) => *gates.iter().find(|gate| **gate == named.name)?,
            (_, [only]) => only,
            (_, []) => {
                let found = Diag::new(
                    &codes::TEST_NEVER_MET,
                    format!("service `{}` has no gate", service.name),
                    block.span_of(field),
                )
                .label("nothing decides")
                .help("declare one in the service: `gate production { deny spent { when = budget(availability) < 10% } }`");
                self.wrong(block, found);
                return None;
            }
            (_, several) => {
                let found = Diag::new(
                    &codes::TEST_SUBJECT,
                    format!("service `{}` has several gates", service.name),
                    block.span_of(field),
                )
                .help(format!(
                    "set `gate` to one of them: `{}`",
                    several.join("`, `")
                ));
                self.wrong(block, found);
                return None;
            }
        };
        Some(Outcome::Gate {
            service: service.name.clone(),
            gate: gate.into(),
            verdict: verdict.into(),
            at: duration(block.get(field::AT)),
        })
    }

    fn budget(&mut self, block: &Instance) -> Option<Outcome> {
        let (slo, ..) = self.slo(block, field::SLO)?;
        let (above, below) = (block.get(field::ABOVE), block.get(field::BELOW));
        if *above == Value::None && *below == Value::None {
            let found = Diag::new(
                &codes::TEST_SUBJECT,
                format!(
                    "expectation `{}` has neither `above` nor `below`",
                    block.name
                ),
                block.head,
            )
            .help("set the share that must be left: `above = 50%`");
            self.wrong(block, found);
            return None;
        }
        let (above, below) = (ratio(above), ratio(below));
        if let (Some(above), Some(below)) = (above, below)
            && above >= below
        {
            let found = Diag::new(
                &codes::TEST_CONTRADICTION,
                "no error budget is above and below these shares",
                block.span_of(field::BELOW),
            )
            .because(block.span_of(field::ABOVE), "must be less");
            self.wrong(block, found);
            return None;
        }
        Some(Outcome::Budget {
            slo,
            above,
            below,
            at: duration(block.get(field::AT)),
        })
    }
}

/// The place of the first field that is set, or else of the block's head.
fn place(block: &Instance, fields: &[&str]) -> crate::db::Span {
    let set = fields.iter().find(|field| *block.get(field) != Value::None);
    set.map_or(block.head, |field| block.span_of(field))
}

/// The severities of an SLO's alerts.
fn severities_of(slo: &ir::Slo) -> Vec<Severity> {
    let of_pairs = slo.burn_rate_pairs.iter().map(|pair| pair.severity.clone());
    let of_budget = slo.budget_alerts.iter().map(|alert| alert.severity.clone());
    let of_contracts = slo.contracts.iter().flat_map(|contract| &contract.alerts);
    let of_contracts = of_contracts.map(|alert| alert.severity.clone());
    let of_absence = slo.missing_data_alerts.iter();
    let of_absence = of_absence.map(|alert| alert.severity.clone());
    let inconsistent = (!slo.is_consistent).then(|| slo.ticket_severity.clone());
    of_pairs
        .chain(of_budget)
        .chain(of_contracts)
        .chain(of_absence)
        .chain(inconsistent)
        .collect()
}

/// Returns the events from which `within` counts: those that concern the alerts; if there are none, all of the service; if there
/// are none either, all of the test. What was so before the test, and what is no fault by itself, counts only if nothing else
/// happens.
fn concerning<'h, 'a>(alerts: &Alerts, happenings: &[&'h Happening<'a>]) -> Vec<&'h Happening<'a>> {
    let happens = |happening: &&&'h Happening<'a>| match happening.given.event {
        Event::Traffic { .. } => happening.given.from > Duration(0),
        Event::BudgetLeft { .. } => false,
        _ => true,
    };
    let is_fault = |happening: &&&'h Happening<'a>| {
        let event = &happening.given.event;
        !matches!(event, Event::Deployment { .. } | Event::CounterReset { .. })
    };
    let all: Vec<&&'h Happening<'a>> = happenings.iter().filter(happens).collect();
    let faults: Vec<&&'h Happening<'a>> = all.iter().copied().filter(is_fault).collect();
    let of_service = |happening: &Happening<'_>| {
        let slo = happening.slo.as_ref();
        happening.services.contains(&alerts.service)
            || slo.is_some_and(|slo| slo.service == alerts.service)
    };
    let is_direct = |happening: &Happening<'_>| match (&alerts.subject, &happening.slo) {
        (Subject::Slo(wanted), Some(slo)) => {
            (&wanted.service, &wanted.slo) == (&slo.service, &slo.slo)
                && (wanted.group.is_empty() || slo.group.is_empty() || wanted.group == slo.group)
        }
        (Subject::Alert { .. }, _) if matches!(happening.given.event, Event::Series { .. }) => true,
        _ => of_service(happening),
    };
    let choices: [Vec<&'h Happening<'a>>; 4] = [
        faults
            .iter()
            .map(|found| **found)
            .filter(|found| is_direct(found))
            .collect(),
        faults
            .iter()
            .map(|found| **found)
            .filter(|found| of_service(found))
            .collect(),
        faults.iter().map(|found| **found).collect(),
        all.iter().map(|found| **found).collect(),
    ];
    choices
        .into_iter()
        .find(|chosen| !chosen.is_empty())
        .unwrap_or_default()
}
