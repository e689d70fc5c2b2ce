//! Slices in the text format of OpenMetrics 1.0, with timestamps: `promtool tsdb create-blocks-from openmetrics` reads it.

use std::fmt::Write as _;
use std::io::Write;

use super::labels::labels;
use super::{ExportError, Measure};
use crate::{Slice, SloKey};

/// Writes slices as samples. All samples of a metric have to follow one another, so the measures are written one by one:
/// [`start`](Self::start) a measure, [`write`](Self::write) the slices of all SLOs, start the next one. The timestamp of a sample is
/// the end of its slice.
pub struct OpenMetricsWriter<W: Write> {
    output: W,
    measure: Measure,
}

impl<W: Write> OpenMetricsWriter<W> {
    /// Starts with the first measure of [`Measure::ALL`], without writing anything.
    pub fn new(output: W) -> Self {
        let [measure, ..] = Measure::ALL;
        Self { output, measure }
    }

    /// Starts a measure.
    ///
    /// # Errors
    ///
    /// [`ExportError::Output`].
    pub fn start(&mut self, measure: Measure) -> Result<(), ExportError> {
        self.measure = measure;
        let name = measure.metric();
        let mut head = format!("# HELP {name} {}\n# TYPE {name} gauge\n", measure.help());
        if let Some(unit) = measure.unit() {
            let _ = writeln!(head, "# UNIT {name} {unit}");
        }
        self.put(&head)
    }

    /// Writes slices of an SLO, in the order of time, for the measure that was started last.
    ///
    /// # Errors
    ///
    /// [`ExportError::Output`] and [`ExportError::DuplicateLabel`].
    pub fn write(&mut self, slo: &SloKey, slices: &[Slice]) -> Result<(), ExportError> {
        let mut name = self.measure.metric().to_owned();
        for (number, (label, value)) in labels(slo)?.iter().enumerate() {
            name.push(if number == 0 { '{' } else { ',' });
            let _ = write!(name, "{label}=\"{}\"", escaped(value));
        }
        name.push('}');
        let mut lines = String::new();
        for slice in slices {
            let value = self.measure.value(slice);
            let _ = writeln!(lines, "{name} {value} {}", slice.end());
        }
        self.put(&lines)
    }

    /// Writes the end, and returns the output.
    ///
    /// # Errors
    ///
    /// [`ExportError::Output`].
    pub fn finish(mut self) -> Result<W, ExportError> {
        self.put("# EOF\n")?;
        self.output
            .flush()
            .map_err(|error| ExportError::output(&error))?;
        Ok(self.output)
    }

    fn put(&mut self, text: &str) -> Result<(), ExportError> {
        self.output
            .write_all(text.as_bytes())
            .map_err(|error| ExportError::output(&error))
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
