//! Incidents in words: "40m at 0.9% errors from 03:00".

use std::collections::BTreeMap;

use nth_model::number::{decimal_text, percent_text};
use nth_model::test::{Event, SloRef};
use nth_model::{Duration, gate};

use rust_decimal::Decimal;

use crate::policy::time_of_week;
use crate::testing::incidents::{Beginning, Happening, Incident, group};

/// The beginning of incidents that say nothing else: ten minutes before 03:00.
pub const NIGHT: Beginning = Beginning::Day(2 * 60 + 50);

/// Describes an incident.
pub fn incident(incident: &Incident) -> String {
    let clock = Clock(incident);
    let mut main: Vec<String> = Vec::new();
    let mut besides: Vec<String> = Vec::new();
    let mut series: BTreeMap<(String, String, Duration), Vec<&str>> = BTreeMap::new();
    let mut deployments: Vec<Duration> = Vec::new();
    for happening in &incident.given {
        let span = clock.span(happening);
        match &happening.event {
            Event::Errors { share, slo } => main.push(match happening.length {
                Some(length) => format!(
                    "{} at {} errors{}{}",
                    length.to_human(),
                    percent_text(*share),
                    in_group(slo),
                    clock.from(happening.from)
                ),
                None => format!("{} errors{}{span}", percent_text(*share), in_group(slo)),
            }),
            Event::Latency { is, slo } => {
                main.push(format!("events{} that take {is}{span}", in_group(slo)));
            }
            Event::NoData { .. } => main.push(format!("no data{span}")),
            Event::TargetDown { .. } => main.push(format!("targets down{span}")),
            Event::CounterReset { .. } => {
                main.push(format!("counters reset{}", clock.at(happening.from)));
            }
            Event::DependencyDown { dependency, .. } => {
                main.push(format!("dependency `{dependency}` down{span}"));
            }
            Event::Traffic { rate, .. } => {
                besides.push(events(*rate));
            }
            Event::BudgetLeft { left, slo } => {
                let left = percent_text(*left);
                besides.push(format!("{left} of the error budget{} left", in_group(slo)));
            }
            Event::Deployment { .. } => deployments.push(happening.from),
            Event::Series { series: of, values } => {
                let metric = of.split('{').next().unwrap_or(of).to_owned();
                let key = (metric, values.clone(), happening.from);
                series.entry(key).or_default().push(of);
            }
        }
    }
    let lasts = incident.until.map_or_else(String::new, |until| {
        let length = Duration(until.0.saturating_sub(incident.from.0));
        format!(" for {}", length.to_human())
    });
    for ((metric, values, from), all) in series {
        let what = match all.as_slice() {
            [one] => format!("series `{one}`"),
            more => format!("{} series `{metric}`", more.len()),
        };
        let lasts = if from == incident.from {
            lasts.as_str()
        } else {
            ""
        };
        main.push(format!(
            "{what} {}{lasts}{}",
            described(&values),
            clock.from(from)
        ));
    }
    match deployments.as_slice() {
        [] => {}
        [one] => main.push(format!("a deployment{}", clock.at(*one))),
        [first, ..] => main.push(format!(
            "{} deployments{}",
            deployments.len(),
            clock.from(*first)
        )),
    }
    if let (false, Some(length)) = (deployments.is_empty(), incident.when.length) {
        main.push(format!("asked{}", clock.at(length)));
    }
    let is_dated = incident.when.date.is_some() || !matches!(incident.when.at, Some(NIGHT) | None);
    if main.is_empty() && is_dated {
        // All that matters is the time.
        besides.retain(|text| !text.contains(" events/"));
    }
    let mut text = main.join(", ");
    if !besides.is_empty() {
        let besides = besides.join(", ");
        text = match text.is_empty() {
            true => besides,
            false => format!("{text}, with {besides}"),
        };
    }
    match (text.is_empty(), is_dated) {
        (true, false) => "a quiet hour".to_owned(),
        (true, true) => clock.asked(),
        (false, true) => format!("{text}, {}", clock.asked()),
        (false, false) => text,
    }
}

/// " of group { route = "/search" }"; nothing without a group.
fn in_group(slo: &SloRef) -> String {
    match slo.group.is_empty() {
        true => String::new(),
        false => format!(" of group `{}`", group(slo)),
    }
}

/// A rate, per hour if there are few events.
fn events(rate: Decimal) -> String {
    let hourly = (rate * Decimal::from(3600)).round_dp(1);
    match rate < Decimal::new(1, 1) && hourly > Decimal::ZERO {
        true => format!("{} events/h", decimal_text(hourly)),
        false => format!("{} events/s", decimal_text(rate)),
    }
}

/// The values of a series in words.
fn described(values: &str) -> String {
    if let Some(constant) = values.split_once('x').map(|(value, _)| value)
        && constant.parse::<f64>().is_ok()
    {
        return format!("at {constant}");
    }
    match values
        .strip_prefix("0+")
        .and_then(|rest| rest.split_once('x'))
    {
        Some((step, _)) => format!("rising by {step} each scrape"),
        None => format!("with the values {values}"),
    }
}

/// The clock of an incident.
struct Clock<'i>(&'i Incident);

impl Clock<'_> {
    /// " for 30m from 03:00"
    fn span(&self, happening: &Happening) -> String {
        let length = happening
            .length
            .map(|length| format!(" for {}", length.to_human()));
        format!(
            "{}{}",
            length.unwrap_or_default(),
            self.from(happening.from)
        )
    }

    fn from(&self, from: Duration) -> String {
        self.time(from)
            .map(|time| format!(" from {time}"))
            .unwrap_or_default()
    }

    fn at(&self, at: Duration) -> String {
        self.time(at)
            .map(|time| format!(" at {time}"))
            .unwrap_or_default()
    }

    fn minutes(&self) -> u16 {
        match self.0.when.at {
            Some(Beginning::Day(minutes)) => minutes,
            Some(Beginning::Week(minutes)) => minutes % gate::DAY,
            None => 12 * 60,
        }
    }

    fn time(&self, after: Duration) -> Option<String> {
        let minutes = u64::from(self.minutes()).checked_add(after.0 / Duration::MINUTE.0)?;
        let minutes = minutes % u64::from(gate::DAY);
        Some(format!("{:02}:{:02}", minutes / 60, minutes % 60))
    }

    /// "asked on 2026-12-24 at 12:00": when a gate is asked that looks at the calendar, which is at the end.
    fn asked(&self) -> String {
        let when = &self.0.when;
        let length = when.length.unwrap_or(Duration(0));
        let zone = match when.zone.as_deref() {
            Some(zone) if zone != "UTC" => format!(" ({zone})"),
            _ => String::new(),
        };
        let at = match (when.date, when.at) {
            (Some(date), _) => {
                let time = self.time(length).unwrap_or_default();
                format!("on {date} at {time}")
            }
            (None, Some(Beginning::Week(minutes))) => {
                let later = u64::from(minutes) + length.0 / Duration::MINUTE.0;
                let later = later % u64::from(gate::WEEK);
                let time = time_of_week(u16::try_from(later).unwrap_or(0));
                let mut letters = time.chars();
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                let rest: String = first.into_iter().chain(letters).collect();
                format!("on {}", rest.replace(' ', " at "))
            }
            (None, _) => format!("at {}", self.time(length).unwrap_or_default()),
        };
        format!("asked {at}{zone}")
    }
}
