//! Compares what happened with what is expected.

use nth_model::test::{Expectation, Outcome, SloRef, Subject, Test};
use nth_model::{Duration, Project, Response, Role, Settings, Severity};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use smol_str::SmolStr;

use super::decisions;
use super::describe;
use super::incident::{Delivery, Fired, Incident, concerns};
use super::result::{Failure, FailureKind};
use super::wording::{millis, name, share, shown, time, word};
use nth_simulate::AlertTimeline;

/// What expectations are compared with.
pub struct Check<'c, 'r> {
    /// What happened.
    pub incident: &'c Incident<'r>,
    /// The services.
    pub project: &'c Project<'c>,
    /// The settings, with the environment.
    pub settings: &'c Settings,
}

impl Check<'_, '_> {
    /// Checks all expectations of a test, and that nothing else pages. The lines are those of the test and its expectations.
    ///
    /// # Errors
    ///
    /// If an expectation cannot be checked: the reason, and what to do about it.
    pub fn test(
        &self,
        test: &Test,
        line: usize,
        lines: &[usize],
    ) -> Result<Vec<Failure>, Unchecked> {
        let mut failures = Vec::new();
        for (place, expectation) in test.expect.iter().enumerate() {
            if let Some(difference) = self.expectation(expectation)? {
                failures.push(Failure {
                    kind: difference.kind,
                    expectation: Some(expectation.name.clone()),
                    line: lines.get(place).copied().unwrap_or(line),
                    expected: difference.expected,
                    happened: difference.happened,
                    at: difference.at,
                    help: difference.help,
                });
            }
        }
        failures.extend(self.unexpected_pages(test, line));
        Ok(failures)
    }

    fn expectation(&self, expectation: &Expectation) -> Result<Option<Difference>, Unchecked> {
        match &expectation.outcome {
            Outcome::Fires { .. } => self.fires(&expectation.outcome),
            Outcome::Resolved { subject, .. } => {
                Ok(self.resolved(subject, describe::deadline(&expectation.outcome)))
            }
            Outcome::Silent { subject } => Ok(self.silent(subject)),
            Outcome::Gate {
                service,
                gate,
                verdict,
                at,
            } => self.gate((service, gate), verdict, *at),
            Outcome::Budget {
                slo,
                above,
                below,
                at,
            } => {
                let at = self.time(*at);
                let left = decisions::budget_left(self.incident, slo, at);
                Ok(budget(slo, left, *above, *below, at))
            }
        }
    }

    /// A time, or the end of the test.
    fn time(&self, at: Option<Duration>) -> i64 {
        at.map_or_else(|| self.incident.length(), millis)
    }

    /// Checks that an alert fires and is notified about. If none is as expected, reports the one that is closest.
    fn fires(&self, outcome: &Outcome) -> Result<Option<Difference>, Unchecked> {
        let Outcome::Fires {
            subject,
            response,
            severity,
            since,
            within: _,
            at_least,
            team,
            text,
        } = outcome
        else {
            return Ok(None);
        };
        if self.incident.routing.is_none() && team.is_some() {
            return Err(Unchecked {
                message:
                    "no Alertmanager configuration is generated, because no team has a receiver"
                        .to_owned(),
                help: Some(
                    "add a receiver to the team, such as `slack = \"#payments\"`".to_owned(),
                ),
            });
        }
        let wanted = Wanted {
            subject,
            response: *response,
            severity: severity.as_ref(),
            since: millis(*since),
            deadline: describe::deadline(outcome),
            at_least: at_least.map(millis),
            team: team.as_ref(),
            text: text.as_deref(),
        };
        let mut closest: Option<(FailureKind, Difference)> = None;
        for (index, fired, alert) in self.incident.of(subject) {
            if !wanted.is_met_by(alert.severity.as_ref()) {
                continue;
            }
            let Some(difference) = self.candidate(&wanted, index, fired, alert)? else {
                return Ok(None);
            };
            // The kinds are in the order of the checks.
            if closest
                .as_ref()
                .is_none_or(|(kind, _)| *kind < difference.kind)
            {
                closest = Some((difference.kind, difference));
            }
        }
        Ok(Some(match closest {
            Some((_, difference)) => difference,
            None => self.not_fired(&wanted),
        }))
    }

    fn not_fired(&self, wanted: &Wanted<'_>) -> Difference {
        let simulation = &self.incident.simulation;
        let mut pending = simulation.alerts.iter().filter(|alert| {
            concerns(wanted.subject, alert) && wanted.is_met_by(alert.severity.as_ref())
        });
        let other = self
            .incident
            .of(wanted.subject)
            .find(|(_, _, alert)| !wanted.is_met_by(alert.severity.as_ref()));
        let happened = if let Some((_, fired, alert)) = other {
            format!(
                "only a {} fired: {} at {}",
                word(alert.severity.as_ref()),
                name(alert),
                time(fired.start)
            )
        } else if let Some((alert, period)) =
            pending.find_map(|alert| Some((alert, alert.periods.last()?)))
        {
            let until = period.ended.map_or("the end".to_owned(), time);
            format!(
                "{} was only pending, from {} to {until}",
                name(alert),
                time(period.pending)
            )
        } else {
            "no alert was pending or firing".to_owned()
        };
        wanted.difference(FailureKind::NotFired, happened, None)
    }

    /// Compares one time in which an alert fires; `None` if all is as expected.
    fn candidate(
        &self,
        wanted: &Wanted<'_>,
        index: usize,
        fired: &Fired,
        alert: &AlertTimeline,
    ) -> Result<Option<Difference>, Unchecked> {
        use FailureKind as Kind;
        let differs =
            |kind, happened: String, at| Ok(Some(wanted.difference(kind, happened, Some(at))));
        let name = name(alert);
        if fired.start < wanted.since {
            let happened = format!("{name} fired earlier, at {}", time(fired.start));
            return differs(Kind::TooEarly, happened, fired.start);
        }
        let at = match self.incident.delivery(index) {
            Delivery::Sent(at) => at,
            Delivery::Unrouted => fired.start,
            undelivered => {
                let happened = format!(
                    "{name} fired at {}, but {}",
                    time(fired.start),
                    self.why(undelivered)
                );
                return differs(Kind::NotNotified, happened, fired.start);
            }
        };
        if wanted.deadline.is_some_and(|deadline| at > deadline) {
            let happened = format!(
                "{name} fired at {}, and its notification was sent at {}",
                time(fired.start),
                time(at)
            );
            return differs(Kind::TooLate, happened, at);
        }
        let length = fired.end.unwrap_or(self.incident.length()) - fired.start;
        if wanted.at_least.is_some_and(|least| length < least) {
            let happened = format!(
                "{name} fired for {}, from {}",
                time(length),
                time(fired.start)
            );
            return differs(Kind::TooShort, happened, fired.start);
        }
        let is_in_time = |at| wanted.deadline.is_none_or(|deadline| at <= deadline);
        let notifications: Vec<_> = self
            .incident
            .notifications(index)
            .filter(|notification| is_in_time(self.incident.time(notification)))
            .collect();
        let of_team: Vec<_> = notifications
            .iter()
            .filter(|found| wanted.team.is_none_or(|team| found.recipient.team == team))
            .collect();
        if of_team.is_empty() && wanted.team.is_some() {
            let mut teams: Vec<&str> = notifications
                .iter()
                .map(|found| found.recipient.team)
                .collect();
            teams.sort_unstable();
            teams.dedup();
            let happened = format!(
                "{name} was sent to team `{}` at {}",
                teams.join("`, `"),
                time(at)
            );
            return differs(Kind::OtherTeam, happened, at);
        }
        let Some(text) = wanted.text else {
            return Ok(None);
        };
        let mut seen = String::new();
        let unchecked = |message| Unchecked {
            message,
            help: None,
        };
        match self.incident.routing {
            None => {
                let at = self.incident.simulation.begin + fired.start;
                let texts = self.incident.annotations(fired, at).map_err(unchecked)?;
                if texts.values().any(|value| value.contains(text)) {
                    return Ok(None);
                }
                seen = texts.get("summary").cloned().unwrap_or_default();
            }
            Some(routing) => {
                let messages = routing
                    .messages()
                    .map_err(|error| unchecked(error.to_string()))?;
                for notification in of_team {
                    let alerts = self.incident.instances(notification).map_err(unchecked)?;
                    let message = messages
                        .message(notification, &alerts)
                        .map_err(|error| unchecked(error.to_string()))?;
                    if message.contains(text) {
                        return Ok(None);
                    }
                    let shown = if message.title.is_empty() {
                        message.body
                    } else {
                        message.title
                    };
                    if seen.is_empty() {
                        seen = shown;
                    }
                }
            }
        }
        let happened = format!("the notification at {} is \"{seen}\"", time(at));
        differs(Kind::OtherText, happened, at)
    }

    /// Says why no notification was sent.
    fn why(&self, delivery: Delivery) -> String {
        match delivery {
            Delivery::Inhibited(by) => {
                let by = self.incident.fired.get(by);
                let by = by.and_then(|by| self.incident.alert(by));
                format!(
                    "{} inhibits it",
                    by.map_or("another alert".to_owned(), name)
                )
            }
            Delivery::Nobody => "no receiver is notified".to_owned(),
            Delivery::Muted(index) => {
                let muted = self.incident.notified.muted.get(index);
                let Some(muted) = muted else {
                    return "its receiver is muted".to_owned();
                };
                let mut times: Vec<String> = muted.by.iter().map(|one| one.to_string()).collect();
                times.sort();
                let at = muted.at - self.incident.simulation.begin;
                format!(
                    "its receiver is muted at {} by its `active` or `mute` ({})",
                    time(at.max(0)),
                    times.join("; ")
                )
            }
            _ => "no notification was sent before it was resolved or the test ended".to_owned(),
        }
    }

    fn resolved(&self, subject: &Subject, deadline: Option<i64>) -> Option<Difference> {
        let mut all = self.incident.of(subject).peekable();
        if all.peek().is_none() {
            return Some(Difference {
                kind: FailureKind::NotFired,
                expected: format!("an alert of {} that is resolved", shown(subject)),
                happened: "no alert fired".to_owned(),
                at: None,
                help: Some("use `silent` if none must fire".to_owned()),
            });
        }
        let is_late = |end: Option<i64>| match end {
            None => true,
            Some(end) => deadline.is_some_and(|deadline| end > deadline),
        };
        let late = all.filter(|(_, fired, _)| is_late(fired.end));
        let (_, fired, alert) = late.max_by_key(|(_, fired, _)| fired.end.unwrap_or(i64::MAX))?;
        let of = format!("{} ({})", name(alert), word(alert.severity.as_ref()));
        Some(Difference {
            kind: FailureKind::NotResolved,
            expected: describe::resolved(subject, deadline),
            happened: match fired.end {
                Some(end) => format!("{of} was resolved at {}", time(end)),
                None => format!(
                    "{of} still fires at the end, {}",
                    time(self.incident.length())
                ),
            },
            at: fired.end,
            help: None,
        })
    }

    fn silent(&self, subject: &Subject) -> Option<Difference> {
        let (_, fired, alert) = self
            .incident
            .of(subject)
            .min_by_key(|(_, fired, _)| fired.start)?;
        let until = fired.end.map_or("the end".to_owned(), time);
        Some(Difference {
            kind: FailureKind::NotSilent,
            expected: describe::silent(subject),
            happened: format!(
                "{} ({}) fired from {} to {until}",
                name(alert),
                word(alert.severity.as_ref()),
                time(fired.start)
            ),
            at: Some(fired.start),
            help: None,
        })
    }

    fn gate(
        &self,
        (service, gate): (&SmolStr, &SmolStr),
        verdict: &str,
        at: Option<Duration>,
    ) -> Result<Option<Difference>, Unchecked> {
        let at = self.time(at);
        let decision = decisions::decision(
            self.incident,
            self.project,
            self.settings,
            (service, gate),
            at,
        );
        let decision = decision.map_err(|problem| Unchecked {
            message: format!("cannot evaluate the gate `{service}.{gate}`: {problem}"),
            help: None,
        })?;
        if decision.verdict.name() == verdict {
            return Ok(None);
        }
        let reasons = match decision.reasons.as_slice() {
            [] => String::new(),
            some => format!(": {}", some.join("; ")),
        };
        Ok(Some(Difference {
            kind: FailureKind::OtherVerdict,
            expected: describe::decides((service, gate), verdict, Some(at)),
            happened: format!("it decides `{}`{reasons}", decision.verdict.name()),
            at: Some(at),
            help: None,
        }))
    }

    /// Reports the pages that no expectation expects, once for each alert of an SLO or a service.
    fn unexpected_pages(&self, test: &Test, line: usize) -> Vec<Failure> {
        let expected: Vec<&Subject> = test
            .expect
            .iter()
            .filter_map(|expectation| match &expectation.outcome {
                Outcome::Fires {
                    subject,
                    response: Response::Page,
                    ..
                } => Some(subject),
                _ => None,
            })
            .collect();
        let mut failures: Vec<Failure> = Vec::new();
        for (index, fired) in self.incident.fired.iter().enumerate() {
            let Some(alert) = self.incident.alert(fired) else {
                continue;
            };
            if !alert.severity.as_ref().is_some_and(Severity::pages)
                || expected.iter().any(|subject| concerns(subject, alert))
            {
                continue;
            }
            let happened = match self.incident.delivery(index) {
                // No page is sent.
                Delivery::Inhibited(_) | Delivery::Muted(_) | Delivery::Unsent => continue,
                Delivery::Sent(at) => {
                    let first = self.incident.notifications(index).next();
                    let team = first.map_or("", |first| first.recipient.team);
                    format!("{} paged team `{team}` at {}", name(alert), time(at))
                }
                Delivery::Unrouted | Delivery::Nobody => {
                    format!("{} fired at {}", name(alert), time(fired.start))
                }
            };
            let role = self.project.service(&alert.service).map(|owner| owner.role);
            let subject = match (&alert.slo, role) {
                (Some(slo), _) => format!("slo = {}.{slo}", alert.service),
                (None, Some(Role::Dependency)) => {
                    format!("alert = {}.{}", alert.service, alert.name)
                }
                (None, Some(Role::Team)) => format!("alert = {}", alert.name),
                (None, _) => format!("service = {}", alert.service),
            };
            let help = format!("if it is right, expect it: `expect … : page {{ {subject} }}`");
            if failures
                .iter()
                .any(|known| known.help.as_ref() == Some(&help))
            {
                continue;
            }
            failures.push(Failure {
                kind: FailureKind::UnexpectedPage,
                expectation: None,
                line,
                expected: "no other page".to_owned(),
                happened,
                at: Some(fired.start),
                help: Some(help),
            });
        }
        failures
    }
}

/// The reason why an expectation cannot be checked.
pub struct Unchecked {
    /// The reason, without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// A difference from an expectation.
struct Difference {
    kind: FailureKind,
    expected: String,
    happened: String,
    at: Option<i64>,
    help: Option<String>,
}

/// An alert that must fire. Times are milliseconds since the beginning of the test.
struct Wanted<'w> {
    subject: &'w Subject,
    response: Response,
    severity: Option<&'w Severity>,
    since: i64,
    deadline: Option<i64>,
    at_least: Option<i64>,
    team: Option<&'w SmolStr>,
    text: Option<&'w str>,
}

impl Wanted<'_> {
    /// True for an alert of this severity.
    fn is_met_by(&self, severity: Option<&Severity>) -> bool {
        match self.severity {
            Some(wanted) => severity == Some(wanted),
            None => severity.is_some_and(|known| known.response() == self.response),
        }
    }

    fn difference(&self, kind: FailureKind, happened: String, at: Option<i64>) -> Difference {
        let mut expected = describe::alert((self.response, self.severity), self.subject);
        match kind {
            FailureKind::TooShort => {
                let least = self.at_least.unwrap_or_default();
                expected += &format!(" that fires for at least {}", time(least));
            }
            FailureKind::OtherTeam => {
                let team = self.team.map_or("", SmolStr::as_str);
                expected += &format!(" to team `{team}`");
            }
            FailureKind::OtherText => {
                let text = self.text.unwrap_or_default();
                expected += &format!(" with the text \"{text}\"");
            }
            _ => expected += &describe::times(self.since, self.deadline),
        }
        Difference {
            kind,
            expected,
            happened,
            at,
            help: None,
        }
    }
}

/// Compares the rest of an error budget with its bounds.
fn budget(
    slo: &SloRef,
    left: Option<f64>,
    above: Option<Decimal>,
    below: Option<Decimal>,
    at: i64,
) -> Option<Difference> {
    let float = |bound: Decimal| bound.to_f64().unwrap_or(f64::NAN);
    let is_met = |left: f64| {
        above.is_none_or(|above| left > float(above))
            && below.is_none_or(|below| left < float(below))
    };
    if left.is_some_and(is_met) {
        return None;
    }
    let happened = left.map_or("there is no data".to_owned(), |left| {
        format!("{} is left", share(left))
    });
    Some(Difference {
        kind: FailureKind::OtherBudget,
        expected: describe::budget(slo, above, below, Some(at)),
        happened,
        at: Some(at),
        help: None,
    })
}
