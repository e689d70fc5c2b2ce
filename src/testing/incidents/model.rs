//! Incidents as models of tests.

use std::fmt;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZoneDatabase;
use nth_model::Duration;
use nth_model::test::{Event, Given, History, Test};
use nth_promql::LabelMatchers;
use nth_promql::rewrite::inject_labels;
use smol_str::SmolStr;

use super::given::{Beginning, Incident, When};

/// How long a test lasts after its last event, unless it says so.
const AFTERMATH: Duration = Duration::hours(1);

/// The beginning of tests that say nothing else: noon on a Monday, UTC.
const BEGINNING: (Date, Beginning, &str) =
    (Date::constant(2026, 1, 5), Beginning::Week(12 * 60), "UTC");

/// The reason why an incident has no model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwritable {
    /// A series is no selector of the query language.
    Series(String),
    /// The zone is unknown, or there is no such time in it.
    Time,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Series(series) => write!(f, "`{series}` is no series"),
            Self::Time => f.write_str("its time does not exist"),
        }
    }
}

impl std::error::Error for Unwritable {}

/// The incident as the model that the language gives its text, without expectations. `labels` are those of the environment.
///
/// # Errors
///
/// If a series or the time cannot be read.
pub fn test(name: &str, incident: &Incident, labels: &LabelMatchers) -> Result<Test, Unwritable> {
    let given = incident.given.iter().enumerate().map(|(index, happening)| {
        let event = match &happening.event {
            Event::Series { series, values } => Event::Series {
                series: labeled(series, labels)?,
                values: values.clone(),
            },
            other => other.clone(),
        };
        Ok(Given {
            name: event_name(index),
            from: happening.from,
            length: happening.length,
            event,
        })
    });
    Ok(Test {
        name: name.into(),
        description: None,
        begin: begin(&incident.when).ok_or(Unwritable::Time)?,
        length: length(incident),
        history: History::Good,
        given: given.collect::<Result<_, _>>()?,
        expect: Vec::new(),
    })
}

/// The name of an event in a test.
pub(super) fn event_name(index: usize) -> SmolStr {
    smol_str::format_smolstr!("event-{}", index + 1)
}

fn length(incident: &Incident) -> Duration {
    incident.when.length.unwrap_or_else(|| {
        let ends = incident.given.iter().map(|happening| {
            let length = happening.length.unwrap_or(Duration(0));
            Duration(happening.from.0.saturating_add(length.0))
        });
        let last = ends.chain(incident.until).max().unwrap_or(Duration(0));
        Duration(last.0.saturating_add(AFTERMATH.0))
    })
}

/// A series with the labels of the environment.
fn labeled(series: &str, labels: &LabelMatchers) -> Result<String, Unwritable> {
    let mut expr = nth_promql::parse(series).map_err(|_| Unwritable::Series(series.to_owned()))?;
    inject_labels(&mut expr, labels.values());
    Ok(expr.to_string())
}

/// The time at which a test begins, in seconds since 1970.
fn begin(when: &When) -> Option<i64> {
    let (date, at, zone) = BEGINNING;
    let date = when.date.unwrap_or(date);
    let zone = when.zone.as_deref().unwrap_or(zone);
    let (date, minutes) = match when.at.unwrap_or(at) {
        Beginning::Day(minutes) => (date, minutes),
        Beginning::Week(minutes) => {
            let day = minutes / nth_model::gate::DAY;
            let day = Weekday::from_monday_zero_offset(i8::try_from(day).ok()?).ok()?;
            let before = date.yesterday().ok()?;
            (
                before.nth_weekday(1, day).ok()?,
                minutes % nth_model::gate::DAY,
            )
        }
    };
    let hour = i8::try_from(minutes / 60).ok()?;
    let minute = i8::try_from(minutes % 60).ok()?;
    let time = Time::new(hour, minute, 0, 0).ok()?;
    let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
    let begin = date.to_datetime(time).to_zoned_datetime(zone).ok()?;
    Some(begin.timestamp().as_second())
}
