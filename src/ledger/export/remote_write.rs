//! Slices as requests of Prometheus's remote write 1.0.

use prost::Message;

use super::labels::labels;
use super::{ExportError, Measure};
use crate::{Slice, SloKey};

/// The headers of a request, beside those of authentication.
pub const REMOTE_WRITE_HEADERS: [(&str, &str); 3] = [
    ("Content-Type", "application/x-protobuf"),
    ("Content-Encoding", "snappy"),
    ("X-Prometheus-Remote-Write-Version", "0.1.0"),
];

/// The most slices of a request: with four measures, 2,000 samples, as Prometheus itself sends.
const MOST_SLICES: usize = 500;

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// The bodies of requests that write slices of an SLO, in the order in which they are sent, with [`REMOTE_WRITE_HEADERS`]. The
/// timestamp of a sample is the end of its slice. `slices` are in the order of time.
///
/// Prometheus refuses samples that are older than those it has, unless `storage.tsdb.out_of_order_time_window` is as long as the
/// ledger is read again.
///
/// # Errors
///
/// [`ExportError::DuplicateLabel`], [`ExportError::InvalidTime`], and [`ExportError::Output`] if a request cannot be compressed.
pub fn remote_write_requests(slo: &SloKey, slices: &[Slice]) -> Result<Vec<Vec<u8>>, ExportError> {
    let labels = labels(slo)?;
    slices
        .chunks(MOST_SLICES)
        .map(|part| {
            let series = Measure::ALL.map(|measure| {
                let mut labels = labels.clone();
                labels.insert("__name__".into(), measure.metric().into());
                let labels = labels.into_iter();
                let sample = |slice: &Slice| {
                    let timestamp = slice.end().checked_mul(1_000);
                    Ok(Sample {
                        value: measure.value(slice),
                        timestamp: timestamp
                            .ok_or(ExportError::InvalidTime { start: slice.start })?,
                    })
                };
                Ok(TimeSeries {
                    // Sorted by name, as the protocol requires.
                    labels: labels.map(|(name, value)| Label { name, value }).collect(),
                    samples: part.iter().map(sample).collect::<Result<_, _>>()?,
                })
            });
            let request = WriteRequest {
                timeseries: series.into_iter().collect::<Result<_, _>>()?,
            };
            snap::raw::Encoder::new()
                .compress_vec(&request.encode_to_vec())
                .map_err(|error| ExportError::output(&error))
        })
        .collect()
}
