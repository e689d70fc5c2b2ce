//! How often alerts would have notified somebody, before and now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::Offset;
use nth_diff::{Change, Class, Document, Fired, History};
use nth_model::names::alert_name;
use nth_model::{Response, Service};
use nth_simulate::{Reach, Replay};
use smol_str::SmolStr;

use super::{Asked, is_in, local_name, old_names};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::history::{Replayed, View, rule_failure};
use nthc::backtest::{Beginnings, Episode, probes};

/// What was found, by the index of a change in the document.
#[derive(Default)]
pub struct Found {
    changes: BTreeMap<usize, Outcome>,
    /// Services whose rules cannot run over history, with the reason.
    unsupported: BTreeMap<SmolStr, String>,
    sent: usize,
    kept: usize,
}

/// What alerts did in all environments.
#[derive(Default)]
struct Outcome {
    fired: [Fired; 2],
    /// Whether the history is whole: what is said about it, and the environments.
    remarks: Vec<(Option<String>, Vec<SmolStr>)>,
}

/// The alerts that a change is about, in one version.
struct Chosen<'c> {
    service: &'c str,
    slo: Option<&'c str>,
    /// The name of a custom alert in the rules.
    alert: Option<SmolStr>,
}

impl Chosen<'_> {
    fn has(&self, service: &str, slo: Option<&str>, alert: &str) -> bool {
        service == self.service
            && self.slo.is_none_or(|own| slo == Some(own))
            && self
                .alert
                .as_deref()
                .is_none_or(|own| slo.is_none() && own == alert)
    }

    fn fired(&self, episodes: &[Episode]) -> Fired {
        let count = |response: Response| {
            episodes
                .iter()
                .filter(|one| self.has(&one.service, one.slo.as_deref(), &one.alert))
                .filter(|one| {
                    let severity = one.severity.as_ref();
                    severity.is_some_and(|severity| severity.response() == response)
                        && one.counts_at().is_some()
                })
                .count()
        };
        Fired {
            pages: count(Response::Page),
            tickets: count(Response::Ticket),
        }
    }
}

impl Found {
    /// Runs the rules of both versions in an environment.
    ///
    /// # Errors
    ///
    /// If the server gives no valid answer, or the range is not valid.
    pub fn add(
        &mut self,
        asked: &Asked<'_>,
        versions: [View<'_>; 2],
        environment: Option<&SmolStr>,
        document: &Document,
        console: &mut Console,
    ) -> Result<(), Failure> {
        let all = &document.changes;
        let chosen: Vec<(usize, &Change)> = { all.iter().enumerate() }
            .filter(|(_, change)| is_about_alerts(change) && is_in(change, environment))
            .collect();
        let mut names: [BTreeSet<&str>; 2] = Default::default();
        for (_, change) in &chosen {
            names[0].extend(old_names(change, all).map(|(service, _)| service));
            names[1].extend(change.subject.service.as_deref());
        }
        if chosen.is_empty() {
            return Ok(());
        }
        let mut replays = Vec::new();
        for (version, names) in versions.iter().zip(&names) {
            replays.push(self.rules(*version, names)?);
        }
        let (from, to) = range(asked, Replay::common_step(&replays))?;
        let rules: Vec<(View<'_>, &Replay<'_>)> = versions.into_iter().zip(&replays).collect();
        let probes = probes(&replays, from, to);
        let replayed = asked
            .history
            .replay(&rules, probes, from, to, console)
            .map_err(unanswered)?;
        self.sent += replayed.sent;
        self.kept += replayed.kept;
        for (index, change) in chosen {
            let sides = (replays.as_slice(), &replayed);
            self.change(index, (change, all), (versions, environment), sides, from);
        }
        Ok(())
    }

    /// The rules of some services, without those whose rules cannot run over history.
    fn rules<'p>(
        &mut self,
        version: View<'p>,
        names: &BTreeSet<&str>,
    ) -> Result<Replay<'p>, Failure> {
        let mut services: Vec<&'p Service> = Vec::new();
        for service in names
            .iter()
            .filter_map(|name| version.project.service(name))
        {
            match Replay::new(&[service], version.settings) {
                Ok(_) => services.push(service),
                Err(error) => {
                    self.unsupported
                        .insert(service.name.clone(), error.to_string());
                }
            }
        }
        Replay::new(&services, version.settings).map_err(|error| unanswered(rule_failure(&error)))
    }

    /// Counts what the alerts of a change did.
    fn change(
        &mut self,
        index: usize,
        (change, all): (&Change, &[Change]),
        (versions, environment): ([View<'_>; 2], Option<&SmolStr>),
        (replays, replayed): (&[Replay<'_>], &Replayed),
        from: i64,
    ) {
        let (Some(service), Some(part)) = (change.subject.service.as_deref(), local_name(change))
        else {
            return;
        };
        let Some((old_service, old_part)) = old_names(change, all) else {
            return;
        };
        if [service, old_service]
            .iter()
            .any(|name| self.unsupported.contains_key(*name))
        {
            return;
        }
        let outcome = self.changes.entry(index).or_default();
        let mut beginnings = Beginnings::default();
        let names = [(old_service, old_part), (service, part)];
        let sides = replays.iter().zip(&replayed.sides);
        let fired = outcome.fired.iter_mut().zip(versions);
        for (((service, part), (replay, episodes)), (fired, version)) in
            names.into_iter().zip(sides).zip(fired)
        {
            let alert = match change.subject.kind.as_str() {
                "alert" => {
                    let service = version.project.service(service);
                    match service.and_then(|service| alert_name(&service.alerts, part)) {
                        None => continue,
                        alert => alert.map(SmolStr::from),
                    }
                }
                _ => None,
            };
            let chosen = Chosen {
                service,
                slo: (change.subject.kind == "slo").then_some(part),
                alert,
            };
            *fired += chosen.fired(episodes);
            let is_chosen =
                |reach: &&Reach| chosen.has(&reach.service, reach.slo.as_deref(), &reach.alert);
            let reaches = replay.reaches().iter().filter(is_chosen);
            beginnings = beginnings.and(Beginnings::new(reaches, &replayed.begins, from));
        }
        let remark = incomplete(beginnings, from);
        let environments = environment.cloned().into_iter();
        match outcome
            .remarks
            .iter_mut()
            .find(|(known, _)| *known == remark)
        {
            Some((_, known)) => known.extend(environments),
            None => outcome.remarks.push((remark, environments.collect())),
        }
    }

    /// Writes what was found into the changes of the document it was found for.
    pub fn write(self, asked: &Asked<'_>, document: &mut Document, console: &mut Console) {
        for (index, outcome) in self.changes {
            let Some(change) = document.changes.get_mut(index) else {
                continue;
            };
            let [before, after] = outcome.fired;
            change.history = Some(History {
                since: asked.since.text.clone(),
                until: asked.given.map(|at| at.to_string()),
                before,
                after,
                incomplete: remark(&outcome.remarks),
            });
        }
        for (service, reason) in self.unsupported {
            console.err.line(format_args!(
                "note: the rules of service `{service}` are not run over the history: {reason}"
            ));
        }
        if self.sent + self.kept > 0 {
            console.err.line(format_args!(
                "{} of history ({} sent, {} from the cache)",
                asked.since.text,
                count(self.sent, "query", "queries"),
                self.kept
            ));
        }
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A failure at a server is not a misuse of the command.
fn unanswered(failure: Failure) -> Failure {
    Failure {
        exit: Exit::Io,
        ..failure
    }
}

/// True for changes that alerts of an SLO, of a service, or a custom alert show.
fn is_about_alerts(change: &Change) -> bool {
    let is_loud = matches!(
        change.class,
        Class::Silenced | Class::Loosened | Class::Unknown | Class::Tightened | Class::Paging
    );
    let kind = change.subject.kind.as_str();
    is_loud && matches!(kind, "slo" | "alert" | "service") && change.subject.service.is_some()
}

/// The range of time in milliseconds since 1970, at multiples of a step.
fn range(asked: &Asked<'_>, step: i64) -> Result<(i64, i64), Failure> {
    let from = asked
        .at
        .checked_sub(asked.since.length)
        .map_err(|_| Failure::usage("`--since` reaches back too far").help("use `--since 30d`"))?;
    let align = |at: Timestamp| {
        let at = at.as_millisecond();
        at.div_euclid(step.max(1)).saturating_mul(step.max(1))
    };
    let (from, to) = (align(from), align(asked.at));
    if from >= to {
        return Err(Failure::usage("the range of time is empty")
            .help("it must be longer than the evaluation interval of the rules"));
    }
    Ok((from, to))
}

/// Why a history is not whole, a clause without a full stop; `None` if it is.
fn incomplete(beginnings: Beginnings, from: i64) -> Option<String> {
    let Beginnings {
        late,
        alerts,
        without,
    } = beginnings;
    let late = late.map(|begins| {
        let day = Timestamp::from_millisecond(begins)
            .map(|at| Offset::UTC.to_datetime(at).date().to_string())
            .unwrap_or_default();
        if begins > from {
            format!("history begins {day}")
        } else {
            format!("history begins {day}, too late for the longest windows")
        }
    });
    match (late, without) {
        (late, 0) => late,
        (None, without) if without == alerts => Some("no history".to_owned()),
        (None, _) => Some("no history of some alerts".to_owned()),
        (Some(late), _) => Some(format!("{late}, no history of some alerts")),
    }
}

/// What is said about the histories of all environments.
fn remark(remarks: &[(Option<String>, Vec<SmolStr>)]) -> Option<String> {
    if let [(remark, _)] = remarks {
        return remark.clone();
    }
    let said = remarks.iter().filter_map(|(remark, environments)| {
        Some(format!(
            "{} in `{}`",
            remark.as_deref()?,
            environments.join("`, `")
        ))
    });
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| said.join("; "))
}
