//! Slices as CSV.

use std::io::Write;

use super::ExportError;
use crate::{Slice, SloKey, timestamp};

/// Writes slices as CSV of RFC 4180 with a header: one row per slice, the labels of a group as JSON, times in UTC.
pub struct CsvWriter<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    ///
    /// [`ExportError::Output`].
    pub fn new(output: W) -> Result<Self, ExportError> {
        let mut writer = csv::Writer::from_writer(output);
        writer
            .write_record([
                "project",
                "environment",
                "service",
                "slo",
                "group",
                "start",
                "bad",
                "total",
                "seen_seconds",
                "source",
            ])
            .map_err(|error| ExportError::output(&error))?;
        Ok(Self { writer })
    }

    /// Writes slices of an SLO.
    ///
    /// # Errors
    ///
    /// [`ExportError::Output`] and [`ExportError::InvalidTime`].
    pub fn write(&mut self, slo: &SloKey, slices: &[Slice]) -> Result<(), ExportError> {
        let group =
            serde_json::to_string(&slo.group).map_err(|error| ExportError::output(&error))?;
        let project = plain(&slo.project);
        let environment = plain(slo.environment.as_deref().unwrap_or_default());
        let (service, name) = (plain(&slo.service), plain(&slo.slo));
        for slice in slices {
            let start =
                timestamp(slice.start).ok_or(ExportError::InvalidTime { start: slice.start })?;
            let row = [
                project.as_str(),
                &environment,
                &service,
                &name,
                &group,
                &start.to_string(),
                &slice.bad.to_string(),
                &slice.total.to_string(),
                &slice.seen.to_string(),
                slice.source.name(),
            ];
            self.writer
                .write_record(row)
                .map_err(|error| ExportError::output(&error))?;
        }
        Ok(())
    }

    /// Writes what is left, and returns the output.
    ///
    /// # Errors
    ///
    /// [`ExportError::Output`].
    pub fn finish(self) -> Result<W, ExportError> {
        self.writer
            .into_inner()
            .map_err(|error| ExportError::output(&error))
    }
}

/// A text that no spreadsheet takes for a formula: one that starts like a formula gets an apostrophe.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
