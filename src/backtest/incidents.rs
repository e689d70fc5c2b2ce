//! Incidents that a file lists, and the alerts that found them.

use jiff::Timestamp;
use nth_model::{Service, Severity, Slo};
use serde::Deserialize;
use toml::Spanned;

use super::episodes::{Episode, subject};
use crate::diagnostics::suggest;

/// An alert that fires this long after an incident still belongs to it, in milliseconds: 15 minutes.
const AFTERWARD: i64 = 15 * 60_000;

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The service.
    pub service: String,
    /// The SLO; `None` for all of the service.
    pub slo: Option<String>,
    /// The beginning, in milliseconds since 1970.
    pub from: i64,
    /// The end.
    pub to: i64,
    /// What happened.
    pub note: Option<String>,
}

impl Incident {
    /// The SLO or the service: `checkout.availability`.
    pub fn subject(&self) -> String {
        subject(&self.service, self.slo.as_deref())
    }

    fn concerns(&self, episode: &Episode) -> bool {
        let is_slo = |slo: &String| episode.slo.as_ref().is_some_and(|found| found == slo);
        self.service == episode.service && self.slo.as_ref().is_none_or(is_slo)
    }
}

/// The incidents of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Incidents {
    /// The incidents, in the order of the file.
    pub all: Vec<Incident>,
}

/// The reason why a file is not valid, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentError {
    /// The line, from 1.
    pub line: usize,
    /// The reason.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    incident: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    service: Option<Spanned<String>>,
    slo: Option<Spanned<String>>,
    from: Spanned<Time>,
    to: Spanned<Time>,
    note: Option<String>,
}

/// A time, with or without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Date(toml::value::Datetime),
    Text(String),
}

impl Time {
    fn text(&self) -> String {
        match self {
            Self::Date(date) => date.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Incidents {
    /// Reads the incidents of a TOML file. Every service and SLO must be one of `services`.
    ///
    /// # Errors
    ///
    /// If the file is not TOML, has other keys, or an incident names no known service or SLO, or ends before it begins.
    pub fn read(text: &str, services: &[&Service]) -> Result<Self, IncidentError> {
        let line = |offset: usize| {
            let before = text.as_bytes().get(..offset).unwrap_or_default();
            before.iter().filter(|byte| **byte == b'\n').count() + 1
        };
        let document: Document = toml::from_str(text).map_err(|error| IncidentError {
            line: error.span().map_or(1, |span| line(span.start)),
            message: error.message().replace('\n', " "),
            help: Some(
                "an incident is `[[incident]]` with `slo` or `service`, `from`, `to` and, if you like, `note`"
                    .to_owned(),
            ),
        })?;
        let mut all = Vec::new();
        for entry in document.incident {
            let start = entry.span().start;
            let entry = entry.into_inner();
            let at = |offset: usize, message: String, help: Option<String>| IncidentError {
                line: line(offset),
                message,
                help,
            };
            let (service, slo) = match (&entry.service, &entry.slo) {
                (Some(service), None) => {
                    known_service(service.get_ref(), services)
                        .map_err(|(message, help)| at(service.span().start, message, help))?;
                    (service.get_ref().clone(), None)
                }
                (None, Some(slo)) => {
                    let (service, known) = known_slo(slo.get_ref(), services)
                        .map_err(|(message, help)| at(slo.span().start, message, help))?;
                    (service.name.to_string(), Some(known.name.to_string()))
                }
                (None, None) => {
                    let help = "add `slo = \"checkout.availability\"` or `service = \"checkout\"`";
                    let message = "missing `slo` or `service`".to_owned();
                    return Err(at(start, message, Some(help.to_owned())));
                }
                (Some(service), Some(_)) => {
                    let message = "both `slo` and `service` are set".to_owned();
                    let help = "remove `service`: the SLO is named with it";
                    return Err(at(service.span().start, message, Some(help.to_owned())));
                }
            };
            let time = |time: &Spanned<Time>| {
                let text = time.get_ref().text();
                let found = text.parse::<Timestamp>();
                found.map(|found| found.as_millisecond()).map_err(|_| {
                    let message = format!("invalid time `{text}`");
                    let help = "write a time with its zone: `2026-12-24T12:00:00Z`";
                    at(time.span().start, message, Some(help.to_owned()))
                })
            };
            let (from, to) = (time(&entry.from)?, time(&entry.to)?);
            if to <= from {
                let message = "the incident ends before it begins".to_owned();
                return Err(at(entry.to.span().start, message, None));
            }
            all.push(Incident {
                service,
                slo,
                from,
                to,
                note: entry.note,
            });
        }
        Ok(Self { all })
    }
}

/// Why a name is unknown, and what to write instead.
pub type Unknown = (String, Option<String>);

fn known_service<'s>(name: &str, services: &[&'s Service]) -> Result<&'s Service, Unknown> {
    let mut known = services.iter();
    known
        .find(|service| service.name == name)
        .copied()
        .ok_or_else(|| {
            let names = services.iter().map(|service| service.name.as_str());
            let near = suggest::nearest(name, names);
            let help = near.map(|near| format!("did you mean `{near}`?"));
            (format!("unknown service `{name}`"), help)
        })
}

/// Finds the SLO `checkout.availability`.
///
/// # Errors
///
/// If there is none of this name.
pub fn known_slo<'s>(
    name: &str,
    services: &[&'s Service],
) -> Result<(&'s Service, &'s Slo), Unknown> {
    let Some((service, slo)) = name.split_once('.') else {
        let help = "name it with its service: `checkout.availability`";
        return Err((format!("unknown SLO `{name}`"), Some(help.to_owned())));
    };
    let found = known_service(service, services)?;
    if let Some(known) = found.slos.iter().find(|known| known.name == slo) {
        return Ok((found, known));
    }
    let names = found.slos.iter().map(|known| known.name.as_str());
    let near = suggest::nearest(slo, names);
    let help = near.map(|near| format!("did you mean `{service}.{near}`?"));
    Err((format!("unknown SLO `{name}`"), help))
}

/// Whether an incident was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detection {
    /// A notification was sent: the index of the episode, and the milliseconds since the beginning of the incident, negative before
    /// it.
    Found {
        /// The index of the first episode that was notified about.
        episode: usize,
        /// How long after the beginning of the incident.
        after: i64,
    },
    /// Nobody was notified.
    Missed,
    /// It is not in the range of time, at least in part.
    Outside,
}

/// The incidents with what found them, and the pages that belong to none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explained {
    /// What found each incident: the first page, or without one the first ticket.
    pub incidents: Vec<Detection>,
    /// The indices of the pages that no incident explains.
    pub unexplained: Vec<usize>,
}

impl Explained {
    /// True if all incidents in the range were found, and all pages belong to one.
    pub fn is_clean(&self) -> bool {
        let missed = self.incidents.contains(&Detection::Missed);
        !missed && self.unexplained.is_empty()
    }
}

/// Compares incidents with what fired between two times.
pub fn explain(incidents: &[Incident], episodes: &[Episode], from: i64, to: i64) -> Explained {
    let belongs = |incident: &Incident, episode: &Episode| {
        incident.concerns(episode)
            && episode.overlaps(incident.from, incident.to.saturating_add(AFTERWARD))
    };
    let detect = |incident: &Incident| {
        if incident.from < from || incident.to > to {
            return Detection::Outside;
        }
        let found = episodes.iter().enumerate();
        let found = found.filter(|(_, episode)| belongs(incident, episode));
        let first = found
            .filter_map(|(index, episode)| {
                let is_page = episode.severity.as_ref().is_some_and(Severity::pages);
                Some((!is_page, episode.counts_at()?, index))
            })
            .min();
        match first {
            Some((_, at, episode)) => Detection::Found {
                episode,
                after: at - incident.from,
            },
            None => Detection::Missed,
        }
    };
    let unexplained = episodes.iter().enumerate().filter(|(_, episode)| {
        episode.pages() && !incidents.iter().any(|incident| belongs(incident, episode))
    });
    Explained {
        incidents: incidents.iter().map(detect).collect(),
        unexplained: unexplained.map(|(index, _)| index).collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::episodes::Delivery;
    use super::*;

    fn episode(slo: &str, severity: Severity, start: i64, end: Option<i64>) -> Episode {
        Episode {
            service: "checkout".into(),
            slo: Some(slo.into()),
            alert: "SLOErrorBudgetBurn".into(),
            severity: Some(severity),
            start,
            end,
            windows: Vec::new(),
            delivery: Delivery::Unrouted,
        }
    }

    fn incident(slo: Option<&str>, from: i64, to: i64) -> Incident {
        Incident {
            service: "checkout".to_owned(),
            slo: slo.map(str::to_owned),
            from,
            to,
            note: None,
        }
    }

    const MINUTE: i64 = 60_000;

    #[test]
    fn a_page_finds_an_incident_before_a_ticket_does() {
        let fired = [
            episode("availability", Severity::ticket(), 101 * MINUTE, None),
            episode(
                "availability",
                Severity::page(),
                103 * MINUTE,
                Some(120 * MINUTE),
            ),
            episode(
                "latency",
                Severity::page(),
                300 * MINUTE,
                Some(310 * MINUTE),
            ),
        ];
        let listed = [
            incident(Some("availability"), 100 * MINUTE, 110 * MINUTE),
            // The alert fires until the end, but the ticket alone concerns it.
            incident(Some("availability"), 500 * MINUTE, 510 * MINUTE),
            incident(Some("latency"), 100 * MINUTE, 110 * MINUTE),
            incident(None, 0, 2000 * MINUTE),
        ];
        let explained = explain(&listed, &fired, 0, 1000 * MINUTE);
        assert_eq!(
            explained.incidents,
            [
                Detection::Found {
                    episode: 1,
                    after: 3 * MINUTE
                },
                Detection::Found {
                    episode: 0,
                    after: -399 * MINUTE
                },
                Detection::Missed,
                Detection::Outside,
            ]
        );
        assert_eq!(explained.unexplained, [0usize; 0]);
        let explained = explain(&listed[..2], &fired, 0, 1000 * MINUTE);
        assert_eq!(explained.unexplained, [2]);
        assert!(!explained.is_clean());
    }

    #[test]
    fn an_alert_soon_after_an_incident_belongs_to_it() {
        let listed = [incident(None, 0, 10 * MINUTE)];
        let late = |minutes: i64| {
            let fired = [episode(
                "availability",
                Severity::page(),
                minutes * MINUTE,
                None,
            )];
            explain(&listed, &fired, 0, 1000 * MINUTE).is_clean()
        };
        assert!(late(25));
        assert!(!late(26));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let read = |text: &str| {
            let error = Incidents::read(text, &[]).unwrap_err();
            format!("{}: {}", error.line, error.message)
        };
        assert!(read("[[incident]]\nfrom = 1\n").starts_with("2: "));
        assert!(read("x = 1").contains("unknown field `x`"));
        let from = "from = 2026-01-01T00:00:00Z\nto = \"2026-01-01T00:10:00Z\"\n";
        assert_eq!(
            read(&format!("\r\n[[incident]]\r\n{from}")),
            "2: missing `slo` or `service`"
        );
        assert_eq!(
            read(&format!("[[incident]]\n{from}service = \"x\"")),
            "4: unknown service `x`"
        );
        assert_eq!(
            read(&format!("[[incident]]\n{from}slo = \"x\"")),
            "4: unknown SLO `x`"
        );
        assert!(
            Incidents::read("\r\n# none\r\n", &[])
                .unwrap()
                .all
                .is_empty()
        );
    }
}
