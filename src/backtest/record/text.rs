//! The text of a recorded test.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nth_model::{Duration, Response};

use super::pieces::{Level, Piece};
use crate::backtest::episodes::{Delivery, Episode};

/// An incident of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording<'r> {
    /// The name of the test.
    pub name: &'r str,
    /// The modules to import.
    pub imports: Vec<String>,
    /// The environment.
    pub environment: Option<&'r str>,
    /// The service.
    pub service: &'r str,
    /// The SLO of the service.
    pub slo: &'r str,
    /// The team of the service, if it is notified.
    pub team: Option<&'r str>,
    /// The beginning of the test, in milliseconds since 1970: a whole minute.
    pub begin: i64,
    /// The end.
    pub end: i64,
    /// Events a second; `None` if the SLO counts none.
    pub rate: Option<f64>,
    /// The share of the error budget that is left at the beginning; `None` for all.
    pub budget_left: Option<f64>,
    /// The pieces in which something is bad.
    pub pieces: Vec<Piece>,
    /// What the SLO's alerts did.
    pub episodes: Vec<Episode>,
    /// How much later than in the history an alert may be, in milliseconds.
    pub tolerance: i64,
}

const MINUTE: i64 = 60_000;

/// Returns the text of a test, before it is formatted.
pub fn text(recording: &Recording<'_>) -> String {
    let Recording { service, slo, .. } = recording;
    let mut text = String::new();
    for import in &recording.imports {
        let _ = writeln!(text, "import {import}");
    }
    let _ = writeln!(text, "\ntest {} {{", quoted(recording.name));
    if let Some(environment) = recording.environment {
        let _ = writeln!(text, "only_in = [{environment}]");
    }
    if let Ok(begin) = Timestamp::from_millisecond(recording.begin) {
        let begin = begin.to_zoned_datetime(TimeZone::UTC);
        let (hour, minute) = (begin.hour(), begin.minute());
        let _ = writeln!(
            text,
            "at = {hour:02}:{minute:02}\ndate = \"{}\"",
            begin.date()
        );
    }
    let length = time(recording.end - recording.begin);
    let _ = writeln!(text, "length = {length}\n");
    traffic(recording, &mut text);
    if let Some(left) = recording.budget_left {
        let left = significant(left * 100.0);
        let _ = writeln!(
            text,
            "given consumed : budget-left {{ slo = {service}.{slo}  is = {left}% }}"
        );
    }
    let pieces = recording.pieces.iter();
    let pieces: Vec<&Piece> = pieces
        .filter(|piece| piece.level != Level::NoEvents)
        .collect();
    for (index, piece) in pieces.iter().enumerate() {
        let number = number(index, pieces.len());
        let when = when(piece.from, piece.to);
        let _ = match piece.level {
            Level::NoEvents => Ok(()),
            Level::NoData => writeln!(
                text,
                "given missing{number} : no-data {{ service = {service}  {when} }}"
            ),
            Level::Bad(share) => {
                let share = significant(share.min(1.0) * 100.0);
                writeln!(
                    text,
                    "given bad{number} : errors {{ slo = {service}.{slo}  share = {share}%  {when} }}"
                )
            }
        };
    }
    text.push('\n');
    expectations(recording, &mut text);
    text.push_str("}\n");
    text
}

/// Writes the rate of events, and the times without any.
fn traffic(recording: &Recording<'_>, text: &mut String) {
    let stops = recording.pieces.iter();
    let stops: Vec<&Piece> = stops
        .filter(|piece| piece.level == Level::NoEvents)
        .collect();
    let Ok(end) = usize::try_from((recording.end - recording.begin) / MINUTE) else {
        return;
    };
    let mut parts: Vec<(usize, usize, f64)> = Vec::new();
    let mut begin = 0;
    let stop = |stop: &&Piece| (stop.from, stop.to);
    for (from, to) in stops.iter().map(stop).chain([(end, end)]) {
        let flows = recording.rate.map(|rate| (begin, from, rate));
        parts.extend(flows.into_iter().chain([(from, to, 0.0)]));
        begin = to;
    }
    parts.retain(|(from, to, _)| from < to);
    for (index, (from, to, rate)) in parts.iter().enumerate() {
        let number = number(index, parts.len());
        let (service, rate) = (recording.service, significant(*rate));
        let when = match (from, to) {
            (0, to) if *to == end => String::new(),
            _ => format!("  {}", when(*from, *to)),
        };
        let _ = writeln!(
            text,
            "given requests{number} : traffic {{ service = {service}  rate = {rate}/s{when} }}"
        );
    }
}

/// The end of the name of one of several events.
fn number(index: usize, of: usize) -> String {
    if of > 1 {
        format!("-{}", index + 1)
    } else {
        String::new()
    }
}

/// When an event happens, in minutes since the beginning.
fn when(from: usize, to: usize) -> String {
    format!("from = {}  for = {}", minutes(from), minutes(to - from))
}

fn expectations(recording: &Recording<'_>, text: &mut String) {
    let subject = format!("slo = {}.{}", recording.service, recording.slo);
    // They are in order of time.
    let first = recording.pieces.first().map_or(0, |piece| piece.from);
    let last = recording.pieces.last().map_or(0, |piece| piece.to);
    let at = |minutes: usize| recording.begin.saturating_add(millis(minutes));
    if recording.episodes.is_empty() {
        let _ = writeln!(text, "expect quiet : silent {{ {subject} }}");
        return;
    }
    for (response, kind, name) in [
        (Response::Page, "page", "paged"),
        (Response::Ticket, "ticket", "ticketed"),
    ] {
        let of = recording.episodes.iter();
        let of = of.filter(|episode| {
            let severity = episode.severity.as_ref();
            severity.is_some_and(|severity| severity.response() == response)
        });
        let counted = of.filter_map(|episode| Some((episode.counts_at()?, episode)));
        let Some((counts, episode)) = counted.min_by_key(|(at, _)| *at) else {
            continue;
        };
        let within = rounded(counts - at(first) + recording.tolerance);
        let notified = matches!(episode.delivery, Delivery::Sent(_));
        let team = recording.team.filter(|_| notified);
        let team = team.map_or_else(String::new, |team| format!("  team = {team}"));
        let _ = writeln!(
            text,
            "expect {name} : {kind} {{ {subject}  within = {within}{team} }}"
        );
    }
    let ends: Option<Vec<i64>> = recording
        .episodes
        .iter()
        .map(|episode| episode.end)
        .collect();
    if let Some(end) = ends.and_then(|ends| ends.into_iter().max()) {
        let within = rounded(end - at(last) + recording.tolerance);
        let _ = writeln!(
            text,
            "expect over : resolved {{ {subject}  within = {within} }}"
        );
    }
}

/// Rounds a time up to 5 minutes, and to no less.
fn rounded(millis: i64) -> String {
    let step = 5 * MINUTE;
    time((millis + step - 1).div_euclid(step).max(1) * step)
}

fn minutes(minutes: usize) -> String {
    time(millis(minutes))
}

fn millis(minutes: usize) -> i64 {
    i64::try_from(minutes).unwrap_or(i64::MAX / MINUTE) * MINUTE
}

fn time(millis: i64) -> String {
    Duration(millis.unsigned_abs()).to_string()
}

/// Formats a number with three significant digits, and without an exponent.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    #[allow(clippy::cast_possible_truncation)]
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = usize::try_from(2 - magnitude).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A text in quotes, in which nothing is syntax.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' | '$' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => quoted.push(' '),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        for (value, text) in [
            (10.0, "10"),
            (0.4, "0.4"),
            (9.9666, "9.97"),
            (123.456, "123"),
            (0.012_345, "0.0123"),
            (0.0, "0"),
            (98_765.4, "98765"),
        ] {
            assert_eq!(significant(value), text);
        }
    }

    #[test]
    fn times_are_rounded_up() {
        assert_eq!(rounded(1), "5m");
        assert_eq!(rounded(-7), "5m");
        assert_eq!(rounded(5 * MINUTE + 1), "10m");
    }
}
