//! Events and expectations of a test in words, with names between backticks.

use nth_model::number::percent_text;
use nth_model::test::{Event, Expectation, Given, Outcome, SloRef, Subject};
use nth_model::{Response, Severity};
use rust_decimal::Decimal;

use super::wording::{millis, shown, time};

/// Describes what happens, without its times.
pub fn event(given: &Given) -> String {
    match &given.event {
        Event::Traffic { service, rate } if rate.is_zero() => format!("no traffic of `{service}`"),
        Event::Traffic { service, rate } => {
            format!("{} events per second of `{service}`", rate.normalize())
        }
        Event::Errors { slo, share } => format!("{} of {} bad", percent_text(*share), named(slo)),
        Event::Latency { slo, is } => format!("each event of {} takes {is}", named(slo)),
        Event::NoData { service } => format!("all series of `{service}` missing"),
        Event::TargetDown { service } => format!("all targets of `{service}` down"),
        Event::CounterReset { service } => format!("counters of `{service}` start again from 0"),
        Event::DependencyDown {
            service,
            dependency,
        } if service == dependency => format!("dependency `{service}` down"),
        Event::DependencyDown {
            service,
            dependency,
        } => format!("dependency `{service}.{dependency}` down"),
        Event::BudgetLeft { slo, left } => {
            format!(
                "{} of the error budget of {} left",
                percent_text(*left),
                named(slo)
            )
        }
        Event::Deployment { service } => format!("`{service}` deployed"),
        Event::Series { series, values } => format!("series `{series}` with values `{values}`"),
    }
}

/// True for events that happen at one time.
pub fn is_instant(event: &Event) -> bool {
    matches!(
        event,
        Event::CounterReset { .. } | Event::BudgetLeft { .. } | Event::Deployment { .. }
    )
}

/// Describes what must follow.
pub fn expectation(expectation: &Expectation) -> String {
    match &expectation.outcome {
        Outcome::Fires {
            subject,
            response,
            severity,
            since,
            within: _,
            at_least,
            team,
            text,
        } => {
            let deadline = deadline(&expectation.outcome);
            let mut said =
                alert((*response, severity.as_ref()), subject) + &times(millis(*since), deadline);
            if let Some(least) = at_least {
                said += &format!(", firing for at least {least}");
            }
            if let Some(team) = team {
                said += &format!(", to team `{team}`");
            }
            if let Some(text) = text {
                said += &format!(", with the text \"{text}\"");
            }
            said
        }
        Outcome::Resolved { subject, .. } => resolved(subject, deadline(&expectation.outcome)),
        Outcome::Silent { subject } => silent(subject),
        Outcome::Gate {
            service,
            gate,
            verdict,
            at,
        } => decides((service, gate), verdict, at.map(millis)),
        Outcome::Budget {
            slo,
            above,
            below,
            at,
        } => budget(slo, *above, *below, at.map(millis)),
    }
}

/// An alert that must fire, with its severity if only one is expected.
pub fn alert((response, severity): (Response, Option<&Severity>), subject: &Subject) -> String {
    let said = format!("a {} of {}", response.word(), shown(subject));
    match severity {
        Some(severity) => format!("{said} with severity `{}`", severity.name()),
        None => said,
    }
}

/// The times between which an alert must fire, after its description; empty if there are none.
pub fn times(since: i64, deadline: Option<i64>) -> String {
    let mut said = String::new();
    if since > 0 {
        said += &format!(" after {}", time(since));
    }
    if let Some(deadline) = deadline {
        let and = if since > 0 { " and" } else { "" };
        said += &format!("{and} by {}", time(deadline));
    }
    said
}

/// Alerts that must be resolved; by the end without a deadline.
pub fn resolved(subject: &Subject, deadline: Option<i64>) -> String {
    format!(
        "all alerts of {} resolved by {}",
        shown(subject),
        time_or_end(deadline)
    )
}

/// Alerts that must not fire.
pub fn silent(subject: &Subject) -> String {
    format!("no alert of {}", shown(subject))
}

/// The decision of a gate; at the end without a time.
pub fn decides((service, gate): (&str, &str), verdict: &str, at: Option<i64>) -> String {
    let at = time_or_end(at);
    format!("gate `{service}.{gate}` decides `{verdict}` at {at}")
}

/// The bounds of an error budget; at the end without a time.
pub fn budget(
    slo: &SloRef,
    above: Option<Decimal>,
    below: Option<Decimal>,
    at: Option<i64>,
) -> String {
    let bounds: Vec<String> = [("above", above), ("below", below)]
        .into_iter()
        .filter_map(|(word, bound)| Some(format!("{word} {}", percent_text(bound?))))
        .collect();
    format!(
        "error budget of {} {} at {}",
        named(slo),
        bounds.join(" and "),
        time_or_end(at)
    )
}

/// The time until which an expectation must be met, in milliseconds since the beginning of the test; `None` for its end.
pub fn deadline(outcome: &Outcome) -> Option<i64> {
    match outcome {
        Outcome::Fires { since, within, .. } | Outcome::Resolved { since, within, .. } => {
            within.map(|within| millis(*since).saturating_add(millis(within)))
        }
        Outcome::Gate { at, .. } | Outcome::Budget { at, .. } => at.map(millis),
        Outcome::Silent { .. } => None,
    }
}

fn named(slo: &SloRef) -> String {
    format!("`{}`", super::wording::slo_name(slo))
}

fn time_or_end(at: Option<i64>) -> String {
    at.map_or("the end".to_owned(), time)
}

#[cfg(test)]
mod tests {
    use nth_model::Duration;

    use super::*;

    fn slo() -> SloRef {
        SloRef {
            service: "a".into(),
            slo: "b".into(),
            group: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn expectations_read_as_sentences() {
        let minutes = |number: u64| Duration(number * 60_000);
        let fires = Outcome::Fires {
            subject: Subject::Slo(slo()),
            response: Response::Page,
            severity: None,
            since: minutes(10),
            within: Some(minutes(5)),
            at_least: Some(minutes(2)),
            team: Some("payments".into()),
            text: Some("gone".to_owned()),
        };
        let budget = Outcome::Budget {
            slo: slo(),
            above: Some(Decimal::new(5, 1)),
            below: Some(Decimal::new(9, 1)),
            at: None,
        };
        let gate = Outcome::Gate {
            service: "a".into(),
            gate: "g".into(),
            verdict: "deny".into(),
            at: Some(minutes(3)),
        };
        let resolved = Outcome::Resolved {
            subject: Subject::Service("a".into()),
            since: minutes(30),
            within: None,
        };
        let silent = Outcome::Silent {
            subject: Subject::Service("a".into()),
        };
        for (outcome, text, until) in [
            (
                fires,
                "a page of `a.b` after 10m and by 15m, firing for at least 2m, to team `payments`, with the text \"gone\"",
                Some(minutes(15)),
            ),
            (
                budget,
                "error budget of `a.b` above 50% and below 90% at the end",
                None,
            ),
            (gate, "gate `a.g` decides `deny` at 3m", Some(minutes(3))),
            (
                resolved,
                "all alerts of service `a` resolved by the end",
                None,
            ),
            (silent, "no alert of service `a`", None),
        ] {
            let expected = Expectation {
                name: "e".into(),
                outcome,
            };
            assert_eq!(expectation(&expected), text);
            assert_eq!(deadline(&expected.outcome), until.map(millis), "{text}");
        }
    }
}
