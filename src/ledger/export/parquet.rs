//! Slices as Parquet, compressed with Snappy, which every reader supports.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::ExportError;
use crate::{Slice, SloKey};

const SCHEMA: &str = "message slices {
    required binary project (STRING);
    optional binary environment (STRING);
    required binary service (STRING);
    required binary slo (STRING);
    required binary group (STRING);
    required int64 start (TIMESTAMP(MILLIS, true));
    required double bad;
    required double total;
    required int32 seen_seconds;
    required binary source (STRING);
}";

/// The rows of a row group, which are in memory until it is full.
const GROUP_ROWS: usize = 100_000;

/// The rows of a row group, column by column.
#[derive(Default)]
struct Rows {
    project: Vec<ByteArray>,
    /// Only the values that exist.
    environment: Vec<ByteArray>,
    /// 1 if a row has an environment, else 0.
    has_environment: Vec<i16>,
    service: Vec<ByteArray>,
    slo: Vec<ByteArray>,
    group: Vec<ByteArray>,
    start: Vec<i64>,
    bad: Vec<f64>,
    total: Vec<f64>,
    seen: Vec<i32>,
    source: Vec<ByteArray>,
}

/// Writes slices as Parquet: one row per slice, the labels of a group as JSON, times in UTC.
pub struct ParquetWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    rows: Rows,
}

fn failed(error: parquet::errors::ParquetError) -> ExportError {
    ExportError::output(&error)
}

fn text(value: &str) -> ByteArray {
    ByteArray::from(value.as_bytes().to_vec())
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Writes the head of the file.
    ///
    /// # Errors
    ///
    /// [`ExportError::Output`].
    pub fn new(output: W) -> Result<Self, ExportError> {
        let schema = parse_message_type(SCHEMA).map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("nthc".into())
            .build();
        let writer = SerializedFileWriter::new(output, Arc::new(schema), Arc::new(properties))
            .map_err(failed)?;
        Ok(Self {
            writer,
            rows: Rows::default(),
        })
    }

    /// Writes slices of an SLO.
    ///
    /// # Errors
    ///
    /// [`ExportError::Output`] and [`ExportError::InvalidTime`].
    pub fn write(&mut self, slo: &SloKey, slices: &[Slice]) -> Result<(), ExportError> {
        let group =
            serde_json::to_string(&slo.group).map_err(|error| ExportError::output(&error))?;
        // Texts are shared, not copied for each row.
        let (project, service) = (text(&slo.project), text(&slo.service));
        let (name, group) = (text(&slo.slo), text(&group));
        let environment = slo.environment.as_deref().map(text);
        for slice in slices {
            let millis = slice.start.checked_mul(1_000);
            let millis = millis.ok_or(ExportError::InvalidTime { start: slice.start })?;
            let rows = &mut self.rows;
            rows.project.push(project.clone());
            rows.has_environment.push(i16::from(environment.is_some()));
            rows.environment.extend(environment.clone());
            rows.service.push(service.clone());
            rows.slo.push(name.clone());
            rows.group.push(group.clone());
            rows.start.push(millis);
            rows.bad.push(slice.bad);
            rows.total.push(slice.total);
            rows.seen.push(i32::from(slice.seen));
            rows.source.push(text(slice.source.name()));
            if rows.start.len() >= GROUP_ROWS {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes the rows in memory as a row group.
    fn flush(&mut self) -> Result<(), ExportError> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group().map_err(failed)?;
        // In the order of the schema.
        column::<ByteArrayType, _>(&mut group, &rows.project, None)?;
        column::<ByteArrayType, _>(&mut group, &rows.environment, Some(&rows.has_environment))?;
        column::<ByteArrayType, _>(&mut group, &rows.service, None)?;
        column::<ByteArrayType, _>(&mut group, &rows.slo, None)?;
        column::<ByteArrayType, _>(&mut group, &rows.group, None)?;
        column::<Int64Type, _>(&mut group, &rows.start, None)?;
        column::<DoubleType, _>(&mut group, &rows.bad, None)?;
        column::<DoubleType, _>(&mut group, &rows.total, None)?;
        column::<Int32Type, _>(&mut group, &rows.seen, None)?;
        column::<ByteArrayType, _>(&mut group, &rows.source, None)?;
        group.close().map_err(failed)?;
        Ok(())
    }

    /// Writes what is left and the end of the file, and returns the output.
    ///
    /// # Errors
    ///
    /// [`ExportError::Output`].
    pub fn finish(mut self) -> Result<W, ExportError> {
        if !self.rows.start.is_empty() {
            self.flush()?;
        }
        self.writer.into_inner().map_err(failed)
    }
}

fn column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    exists: Option<&[i16]>,
) -> Result<(), ExportError> {
    let column = group.next_column().map_err(failed)?;
    let mut column = column.ok_or_else(|| ExportError::output(&"the schema has fewer columns"))?;
    column
        .typed::<T>()
        .write_batch(values, exists, None)
        .map_err(failed)?;
    column.close().map_err(failed)
}
