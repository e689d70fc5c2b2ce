//! Answers of `/api/v1/query_range`, parsed strictly.

use std::collections::BTreeMap;

use nth_engine::{FloatSample, Labels};
use nth_metrics::{BadAnswer, check_json, complete_answer};
use nth_simulate::HistorySeries;
use serde::Deserialize;

use super::chunks::Chunk;

/// The series of an answer.
pub type Matrix = Vec<HistorySeries>;

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    result_type: String,
    result: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
    #[serde(default)]
    histograms: Vec<serde::de::IgnoredAny>,
}

/// Parses the answer to a query over the steps of a chunk.
///
/// # Errors
///
/// If it is incomplete, has other times, or anything but numbers.
pub fn matrix(bytes: &[u8], chunk: &Chunk) -> Result<Matrix, BadAnswer> {
    let malformed = |why: String| BadAnswer::Malformed(why);
    check_json(bytes)?;
    let (data, _): (Data, _) = complete_answer(bytes)?;
    if data.result_type != "matrix" {
        let found: String = data.result_type.chars().take(20).collect();
        return Err(malformed(format!("expected a matrix, found {found:?}")));
    }
    data.result
        .into_iter()
        .map(|line| {
            if !line.histograms.is_empty() {
                return Err(malformed(
                    "expected numbers, found native histograms".to_owned(),
                ));
            }
            let mut samples: Vec<FloatSample> = Vec::with_capacity(line.values.len());
            for (seconds, text) in line.values {
                let at = millis(seconds);
                let is_later = samples.last().is_none_or(|last| last.at < at);
                if !chunk.contains(at) || !is_later {
                    return Err(malformed(format!("unexpected time of a sample: {seconds}")));
                }
                let value: f64 = text
                    .parse()
                    .map_err(|_| malformed("a sample's value is not a number".to_owned()))?;
                samples.push(FloatSample { at, value });
            }
            let labels: Labels = line
                .metric
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            Ok(HistorySeries { labels, samples })
        })
        .collect()
}

/// Converts seconds to whole milliseconds; times beyond all clocks are clamped.
#[allow(clippy::cast_possible_truncation)]
fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CHUNK: Chunk = Chunk {
        start: 60_000,
        end: 180_000,
        step: 60_000,
    };

    fn read(data: &str) -> Result<Matrix, String> {
        let text = format!(r#"{{"status":"success","data":{data}}}"#);
        matrix(text.as_bytes(), &CHUNK).map_err(|bad| bad.to_string())
    }

    #[test]
    fn numbers_of_all_kinds_are_read() {
        let found = read(
            r#"{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[60,"1.5"],[180,"+Inf"]]}]}"#,
        );
        let found = found.unwrap();
        assert_eq!(found[0].labels.to_string(), r#"{a="b"}"#);
        let samples: Vec<(i64, f64)> = found[0]
            .samples
            .iter()
            .map(|sample| (sample.at, sample.value))
            .collect();
        assert_eq!(samples, [(60_000, 1.5), (180_000, f64::INFINITY)]);
    }

    #[test]
    fn other_answers_are_refused() {
        for (data, why) in [
            (
                r#"{"resultType":"vector","result":[]}"#,
                "expected a matrix",
            ),
            (
                r#"{"resultType":"matrix","result":[{"metric":{},"values":[[61,"1"]]}]}"#,
                "unexpected time",
            ),
            (
                r#"{"resultType":"matrix","result":[{"metric":{},"values":[[120,"1"],[60,"1"]]}]}"#,
                "unexpected time",
            ),
            (
                r#"{"resultType":"matrix","result":[{"metric":{},"values":[[240,"1"]]}]}"#,
                "unexpected time",
            ),
            (
                r#"{"resultType":"matrix","result":[{"metric":{},"values":[[60,"x"]]}]}"#,
                "not a number",
            ),
            (
                r#"{"resultType":"matrix","result":[{"metric":{},"histograms":[[60,{}]]}]}"#,
                "native histograms",
            ),
        ] {
            let found = read(data).unwrap_err();
            assert!(found.contains(why), "{found}");
        }
        let partial =
            r#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}"#;
        assert!(matrix(partial.as_bytes(), &CHUNK).is_err());
        let warned = r#"{"status":"success","warnings":["a store is gone"],"data":{"resultType":"matrix","result":[]}}"#;
        assert!(matrix(warned.as_bytes(), &CHUNK).is_err());
    }
}
