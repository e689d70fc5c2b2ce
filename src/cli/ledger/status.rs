//! `nthc ledger status`.

use jiff::Timestamp;
use nth_ledger::{Interval, SloKey};
use serde::Serialize;

use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::gate_table::table;
use super::super::options::{Format, LedgerStatus};
use super::super::{Context, select};
use super::{keys, open};

#[derive(Serialize)]
struct Status {
    ledger: String,
    slos: Vec<SloStatus>,
}

/// What the ledger knows of an SLO.
#[derive(Serialize)]
struct SloStatus {
    slo: SloKey,
    /// The time that was read; `null` if none was.
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    /// The share of that time with data.
    known: Option<f64>,
    /// The share of the known time whose counts are estimates.
    estimated: Option<f64>,
}

/// Prints until when each SLO was read, and how much of it is known.
///
/// # Errors
///
/// If there is no ledger, or it cannot be read.
pub fn run(
    context: &Context,
    options: &LedgerStatus,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let root = select::root(context)?;
    let mut store = open::open(context, &root, &options.place)?;
    let all = open::with(context, &mut store, |store| store.slos())?;
    let mut slos = Vec::new();
    for key in all {
        let read = open::with(context, &mut store, |store| store.read_interval(&key))?;
        let whole = read.unwrap_or(Interval { from: 0, until: 0 });
        let sums = open::with(context, &mut store, |store| store.sums(&key, whole))?;
        slos.push(SloStatus {
            slo: key,
            from: read.and_then(|read| Timestamp::from_second(read.from).ok()),
            until: read.and_then(|read| Timestamp::from_second(read.until).ok()),
            known: share(sums.seen, whole.seconds()),
            estimated: share(sums.estimated, sums.seen),
        });
    }
    let status = Status {
        ledger: store.location().to_string(),
        slos,
    };
    if context.global.format == Format::Json {
        console.out.json("the status of the ledger", &status)?;
        return Ok(Exit::Ok);
    }
    let head = ["environment", "SLO", "from", "until", "known", "estimated"];
    let mut rows = vec![head.map(str::to_owned)];
    for slo in &status.slos {
        let time = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), |at| at.to_string());
        let percent = |share: Option<f64>| {
            share.map_or_else(|| "–".to_owned(), |share| format!("{:.1}%", share * 100.0))
        };
        rows.push([
            slo.slo.environment.clone().unwrap_or_default(),
            keys::name(&slo.slo),
            time(slo.from),
            time(slo.until),
            percent(slo.known),
            percent(slo.estimated),
        ]);
    }
    table(&rows, console);
    Ok(Exit::Ok)
}

/// Seconds are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
