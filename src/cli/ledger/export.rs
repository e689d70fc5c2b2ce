//! `nthc ledger export`.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use nth_ledger::export::{CsvWriter, ExportError, Measure, OpenMetricsWriter, ParquetWriter};
use nth_ledger::{Slice, SloKey};
use serde::Serialize;

use super::super::Context;
use super::super::console::{Console, Stream};
use super::super::exit::{Exit, Failure};
use super::super::options::{Format, LedgerExport};
use super::slices::{Amount, Exported};
use nthc::output::{check_regular, replace_file_with};
use nthc::project::{io_cause, paths};

/// How much of each end of a file is read to recognize an export, in bytes.
const LOOKED_AT: u64 = 512;

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Parquet,
    OpenMetrics,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Parquet => "Parquet",
            Self::OpenMetrics => "OpenMetrics",
        }
    }

    /// Returns whether a file is an export of this form, from its first and last bytes.
    fn is_export(self, start: &[u8], end: &[u8]) -> bool {
        match self {
            Self::Csv => start.starts_with(b"project,environment,service,slo,group,start,"),
            Self::OpenMetrics => start.starts_with(b"# HELP nth_ledger_"),
            Self::Parquet => {
                start.starts_with(b"PAR1") && end.windows(4).any(|part| part == b"nthc")
            }
        }
    }
}

/// Why an export ended early.
enum Stop {
    /// The file cannot be written.
    File(io::Error),
    /// Anything else.
    Other(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl From<ExportError> for Stop {
    fn from(error: ExportError) -> Self {
        Self::Other(Failure::io(error.to_string()))
    }
}

#[derive(Serialize)]
struct Report {
    file: String,
    slos: usize,
    slices: usize,
}

/// Writes the slices of SLOs to a file or to standard output.
///
/// # Errors
///
/// If there is no project or ledger, the ledger has none of a name, or the file cannot be written. It is then unchanged.
pub fn run(
    context: &Context,
    options: &LedgerExport,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if matches!(format, Format::Sarif | Format::Github) {
        return Err(Failure::usage("unsupported format for an export")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    let files = [
        (Form::Csv, &options.csv),
        (Form::Parquet, &options.parquet),
        (Form::OpenMetrics, &options.openmetrics),
    ];
    let given = files
        .into_iter()
        .find_map(|(form, file)| Some((form, file.as_deref()?)));
    let Some((form, path)) = given else {
        return Err(Failure::usage("no file to write").help("pass `--csv slices.csv`"));
    };
    if path == Path::new("-") {
        return to_standard_output(context, options, form, console);
    }
    let path = paths::absolute(path, &context.cwd);
    let shown = paths::display(&path, &context.cwd);
    require_export(&path, &shown, form)?;
    let mut exported = Exported::open(context, &options.what, options.since)?;
    let written = replace_file_with(&path, |file: &mut File| {
        let output = BufWriter::new(file);
        match form {
            Form::Csv => csv(context, &mut exported, output),
            Form::Parquet => parquet(context, &mut exported, output),
            Form::OpenMetrics => open_metrics(context, &mut exported, output),
        }
    });
    let amount = written.map_err(|stop| match stop {
        Stop::File(cause) => unwritable(&shown, &cause),
        Stop::Other(failure) => failure,
    })?;
    if format == Format::Json {
        let report = Report {
            file: shown,
            slos: amount.slos,
            slices: amount.slices,
        };
        console.out.json("the export", &report)?;
    } else {
        console.out.line(format_args!(
            "wrote {shown}: {} slices of {} SLOs",
            amount.slices, amount.slos
        ));
    }
    warn_if_empty(amount, console);
    Ok(Exit::Ok)
}

fn to_standard_output(
    context: &Context,
    options: &LedgerExport,
    form: Form,
    console: &mut Console,
) -> Result<Exit, Failure> {
    if form == Form::Parquet {
        return Err(Failure::usage("cannot write Parquet to standard output")
            .help("use a file: `--parquet slices.parquet`"));
    }
    let mut exported = Exported::open(context, &options.what, options.since)?;
    let output = Lines {
        stream: &mut console.out,
        line: Vec::new(),
    };
    let written = match form {
        Form::Csv => csv(context, &mut exported, output),
        _ => open_metrics(context, &mut exported, output),
    };
    let amount = written.map_err(|stop| match stop {
        Stop::File(cause) => Failure::io(format!("cannot write: {}", io_cause(&cause))),
        Stop::Other(failure) => failure,
    })?;
    warn_if_empty(amount, console);
    Ok(Exit::Ok)
}

fn warn_if_empty(amount: Amount, console: &mut Console) {
    if amount.slices == 0 {
        let line = "warning: the ledger has no slices of that time";
        console.err.line(line);
    }
}

fn unwritable(shown: &str, cause: &io::Error) -> Failure {
    Failure::io(format!("cannot write {shown}: {}", io_cause(cause)))
}

/// Requires that a file does not exist, is empty, or is an earlier export of the same form.
fn require_export(path: &PathBuf, shown: &str, form: Form) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(
            Failure::io(format!("cannot write {shown}: no such directory")).help("create it"),
        );
    }
    let found = check_regular(path).map_err(|cause| unwritable(shown, &cause))?;
    let Some(found) = found.filter(|found| found.len() > 0) else {
        return Ok(());
    };
    let ends = || -> io::Result<[Vec<u8>; 2]> {
        let mut file = File::open(path)?;
        let (mut start, mut end) = (Vec::new(), Vec::new());
        (&mut file).take(LOOKED_AT).read_to_end(&mut start)?;
        file.seek(SeekFrom::Start(found.len().saturating_sub(LOOKED_AT)))?;
        file.take(LOOKED_AT).read_to_end(&mut end)?;
        Ok([start, end])
    };
    let [start, end] = ends().map_err(|cause| unwritable(shown, &cause))?;
    if form.is_export(&start, &end) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{shown} exists and is not an export as {}",
        form.name()
    ))
    .help("use another file, or remove it; nothing was written"))
}

fn csv(context: &Context, exported: &mut Exported, output: impl Write) -> Result<Amount, Stop> {
    let mut writer = CsvWriter::new(output)?;
    let amount = each(context, exported, |slo, slices| writer.write(slo, slices))?;
    writer.finish()?.flush()?;
    Ok(amount)
}

fn parquet(
    context: &Context,
    exported: &mut Exported,
    output: impl Write + Send,
) -> Result<Amount, Stop> {
    let mut writer = ParquetWriter::new(output)?;
    let amount = each(context, exported, |slo, slices| writer.write(slo, slices))?;
    writer.finish()?.flush()?;
    Ok(amount)
}

/// Writes the slices of each SLO.
fn each<E: Into<Stop>>(
    context: &Context,
    exported: &mut Exported,
    mut write: impl FnMut(&SloKey, &[Slice]) -> Result<(), E>,
) -> Result<Amount, Stop> {
    let mut amount = Amount::default();
    for slo in exported.slos.clone() {
        let slices = exported.slices(context, &slo)?;
        write(&slo, &slices).map_err(Into::into)?;
        amount.add(&slices);
    }
    Ok(amount)
}

/// The samples of a metric follow one another, so the ledger is read once for each.
fn open_metrics(
    context: &Context,
    exported: &mut Exported,
    output: impl Write,
) -> Result<Amount, Stop> {
    let mut writer = OpenMetricsWriter::new(output);
    let mut amount = Amount::default();
    for measure in Measure::ALL {
        writer.start(measure)?;
        amount = each(context, exported, |slo, slices| writer.write(slo, slices))?;
    }
    writer.finish()?.flush()?;
    Ok(amount)
}

/// Writes lines of text to a stream, which a terminal shows without control characters.
struct Lines<'s> {
    stream: &'s mut Stream,
    /// The beginning of the next line.
    line: Vec<u8>,
}

impl Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if let Some(end) = self.line.iter().rposition(|byte| *byte == b'\n') {
            let rest = self.line.split_off(end + 1);
            let lines = std::mem::replace(&mut self.line, rest);
            self.stream.text(&String::from_utf8_lossy(&lines));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
