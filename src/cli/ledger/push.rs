//! `nthc ledger push`.

use nth_ledger::export::remote_write_requests;
use serde::Serialize;

use super::super::Context;
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::options::{Format, LedgerPush};
use super::super::progress::Progress;
use super::remote_write::Receiver;
use super::slices::{Amount, Exported};

#[derive(Serialize)]
struct Report<'r> {
    receiver: &'r str,
    slos: usize,
    slices: usize,
    requests: usize,
}

/// Sends the slices of SLOs to a receiver of remote write.
///
/// # Errors
///
/// If there is no project or ledger, the ledger has none of a name, or the receiver does not accept a request. What it accepted
/// before stays there.
pub fn run(
    context: &Context,
    options: &LedgerPush,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if matches!(format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for a push")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    let receiver = Receiver::new(options)?;
    let mut exported = Exported::open(context, &options.what, Some(options.since))?;
    let slos = exported.slos.clone();
    let total = u64::try_from(slos.len()).unwrap_or(0);
    let progress = Progress::steps("sending", total, console.is_interactive);
    let (mut amount, mut sent) = (Amount::default(), 0);
    for slo in &slos {
        let slices = exported.slices(context, slo)?;
        let requests =
            remote_write_requests(slo, &slices).map_err(|error| Failure::io(error.to_string()))?;
        for request in requests {
            receiver.send(&request)?;
            sent += 1;
        }
        amount.add(&slices);
        progress.advance();
    }
    drop(progress);
    if format == Format::Json {
        let report = Report {
            receiver: receiver.url(),
            slos: amount.slos,
            slices: amount.slices,
            requests: sent,
        };
        console.out.json("the push", &report)?;
    } else {
        console.out.line(format_args!(
            "sent {} slices of {} SLOs to {}",
            amount.slices,
            amount.slos,
            receiver.url()
        ));
    }
    if amount.slices == 0 {
        let line = "warning: the ledger has no slices of that time";
        console.err.line(line);
    }
    Ok(Exit::Ok)
}
