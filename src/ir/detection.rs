//! How an SLO's alerts react to typical incidents: what simulations find, and its words.
//!
//! The numbers are the same wherever they are shown, because all of them are written by [`DetectionTable::rows`].

use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::number::{decimal_text, percent_text};
use crate::test::SloRef;
use crate::{Duration, Response, Severity};

/// The result of simulating an SLO.
pub type Reaction = Result<DetectionTable, NotSimulated>;

/// Why an SLO is not simulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSimulated {
    /// The reason, without a full stop.
    pub message: String,
    /// What to write instead, as the help of a diagnostic.
    pub help: String,
}

/// How an SLO's alerts react to typical incidents.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectionTable {
    /// The SLO.
    pub slo: SloRef,
    /// The incidents of different strength, the strongest first.
    pub incidents: Vec<Incident>,
    /// The strengths that this SLO cannot have, each with the reason.
    pub impossible: Vec<(Strength, Impossible)>,
    /// What should not alert: the alerts that fired, the first one first.
    pub situations: Vec<(Situation, Result<Vec<Fired>, Impossible>)>,
}

/// The strength of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strength {
    /// This share of events, or of time, is bad.
    Share(Decimal),
    /// The error budget burns at this rate.
    BurnRate(Decimal),
}

/// The strengths of a table: 100%, 10%, 2x and 1.01x.
pub const STRENGTHS: [Strength; 4] = [
    Strength::Share(Decimal::ONE),
    Strength::Share(Decimal::from_parts(1, 0, 0, false, 1)),
    Strength::BurnRate(Decimal::TWO),
    Strength::BurnRate(Decimal::from_parts(101, 0, 0, false, 2)),
];

/// Why something cannot happen to an SLO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Impossible {
    /// More than all events would be bad.
    MoreThanAll,
    /// Its time slices depend on a range of time, so only all of them can be bad.
    WholeRanges,
    /// Its series count no events.
    NoEvents,
    /// Its SLI reads no counter.
    NoCounters,
}

/// An incident of a strength.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// The strength.
    pub strength: Strength,
    /// How long it lasted in the simulation.
    pub length: Duration,
    /// How long the alerts were observed after it.
    pub observed: Duration,
    /// The first page.
    pub page: Option<Detection>,
    /// The first ticket.
    pub ticket: Option<Detection>,
    /// Pages or tickets that would fire, but later than this incident lasted.
    pub later: Vec<Response>,
    /// All alerts that fired, the first one first.
    pub alerts: Vec<Detection>,
}

/// When pages or tickets fired in an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// The first alert.
    pub alert: Fired,
    /// The time from the recovery until no burn-rate alert of them fires; `None` if one fired until the end, or if there
    /// was none.
    pub resolved: Option<Duration>,
}

/// An alert that fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Fired {
    /// The alert's name.
    pub name: SmolStr,
    /// The severity.
    pub severity: Severity,
    /// The long window of a burn-rate alert, or the share of a budget alert.
    pub threshold: Option<SmolStr>,
    /// The time from the onset until it fired.
    pub after: Duration,
}

/// A situation that is no incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Situation {
    /// There are no events for two hours.
    NoTraffic,
    /// One event is bad, while there is one a minute. For time slices, one slice is bad.
    OneFailure,
    /// All counters start again from 0.
    CounterReset,
    /// One scrape fails.
    MissingScrape,
}

impl Situation {
    /// All situations.
    pub const ALL: [Self; 4] = [
        Self::NoTraffic,
        Self::OneFailure,
        Self::CounterReset,
        Self::MissingScrape,
    ];

    /// The words of a table, which are also those of programs: `no traffic`.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoTraffic => "no traffic",
            Self::OneFailure => "one failure",
            Self::CounterReset => "counter reset",
            Self::MissingScrape => "missing scrape",
        }
    }

    /// How long it lasts, if that is a time.
    fn length(self) -> &'static str {
        match self {
            Self::NoTraffic => "2h",
            Self::OneFailure | Self::CounterReset | Self::MissingScrape => "",
        }
    }
}

impl Strength {
    /// The words of a table: `100% bad`, `burn rate 2x`.
    pub fn words(self) -> String {
        match self {
            Self::Share(share) => format!("{} bad", percent_text(share)),
            Self::BurnRate(rate) => format!("burn rate {}x", decimal_text(rate)),
        }
    }
}

impl Impossible {
    /// The reason, without a full stop.
    pub fn words(self) -> &'static str {
        match self {
            Self::MoreThanAll => "more than 100% would be bad",
            Self::WholeRanges => {
                "the time slices depend on a range of time, so only all of them can be bad"
            }
            Self::NoEvents => "the SLI counts no events",
            Self::NoCounters => "the SLI reads no counters",
        }
    }
}

/// The titles of the columns of a table.
pub const COLUMNS: [&str; 6] = [
    "incident",
    "lasts",
    "page after",
    "page ends after",
    "ticket after",
    "ticket ends after",
];

/// How to read a table.
pub const LEGEND: &str = "`after` counts from the beginning of the incident until the first alert of the severity fires, with the \
    long window of that alert. `ends after` counts from the end of the incident until no burn-rate alert of the severity fires. \
    `-` means that no alert of the severity fires.";

impl DetectionTable {
    /// The rows of the table, in the order of [`COLUMNS`].
    pub fn rows(&self) -> Vec<[String; 6]> {
        let impossible = |words: String, why: &Impossible| {
            let none = String::new;
            [
                words,
                why.words().to_owned(),
                none(),
                none(),
                none(),
                none(),
            ]
        };
        let mut rows = Vec::new();
        for strength in STRENGTHS {
            if let Some(incident) = self.incidents.iter().find(|one| one.strength == strength) {
                let [page, page_ends] = incident.cells(Response::Page);
                let [ticket, ticket_ends] = incident.cells(Response::Ticket);
                let length = incident.length.to_human();
                let words = strength.words();
                rows.push([words, length, page, page_ends, ticket, ticket_ends]);
            }
            let mut others = self.impossible.iter();
            if let Some((_, why)) = others.find(|(of, _)| *of == strength) {
                rows.push(impossible(strength.words(), why));
            }
        }
        for (situation, outcome) in &self.situations {
            let words = situation.words().to_owned();
            let fired = match outcome {
                Ok(fired) => fired,
                Err(why) => {
                    rows.push(impossible(words, why));
                    continue;
                }
            };
            let cell = |response| {
                let mut fired = fired.iter();
                let first = fired.find(|fired| fired.severity.response() == response);
                first.map_or_else(|| "-".to_owned(), Fired::words)
            };
            rows.push([
                words,
                situation.length().to_owned(),
                cell(Response::Page),
                String::new(),
                cell(Response::Ticket),
                String::new(),
            ]);
        }
        rows
    }
}

impl Incident {
    /// When pages or tickets fire, and when they end.
    fn cells(&self, response: Response) -> [String; 2] {
        let found = match response {
            Response::Page => &self.page,
            Response::Ticket => &self.ticket,
        };
        match found {
            Some(found) => [
                found.alert.words(),
                match found.resolved {
                    Some(after) => after.to_human(),
                    None => format!("more than {}", self.observed.to_human()),
                },
            ],
            None if self.later.contains(&response) => {
                [format!("more than {}", self.length.to_human()), "-".into()]
            }
            None => ["-".into(), "-".into()],
        }
    }
}

impl Fired {
    /// `4m (1h)`
    fn words(&self) -> String {
        let by = self.threshold.as_ref().unwrap_or(&self.name);
        format!("{} ({by})", self.after.to_human())
    }
}
