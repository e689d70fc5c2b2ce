//! Answers with samples, parsed strictly.

use std::collections::BTreeMap;

use nth_ledger::counter::{Sample, Series as SampledSeries};
use serde::Deserialize;

use nth_metrics::{BadAnswer, check_json, complete_answer};

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

/// Parses the samples of an answer: raw ones of a range, or those of the steps of a query. All of them lie from `from` to `to`, in
/// milliseconds since 1970.
///
/// # Errors
///
/// If it is incomplete, has other times, or anything but numbers.
pub fn samples(bytes: &[u8], from: i64, to: i64) -> Result<Vec<SampledSeries>, BadAnswer> {
    let malformed = |why: String| BadAnswer::Malformed(why);
    check_json(bytes)?;
    let (data, _): (Data, _) = complete_answer(bytes)?;
    if data.result_type != "matrix" {
        let found: String = data.result_type.chars().take(20).collect();
        return Err(malformed(format!("expected a matrix, found {found:?}")));
    }
    let read = |line: Line| {
        if !line.histograms.is_empty() {
            let found = "expected numbers, found native histograms";
            return Err(malformed(found.to_owned()));
        }
        let sample = |(seconds, text): (f64, String)| {
            let at = millis(seconds);
            if !(from..=to).contains(&at) {
                return Err(malformed(format!("unexpected time of a sample: {seconds}")));
            }
            let value = text
                .parse()
                .map_err(|_| malformed("a sample's value is not a number".to_owned()))?;
            Ok(Sample { at, value })
        };
        let samples: Result<Vec<Sample>, BadAnswer> = line.values.into_iter().map(sample).collect();
        Ok(SampledSeries {
            labels: line.metric,
            samples: samples?,
        })
    };
    data.result.into_iter().map(read).collect()
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

    fn answer(result: &str) -> String {
        format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{result}]}}}}"#)
    }

    #[test]
    fn samples_are_read() {
        let text = answer(r#"{"metric":{"job":"a"},"values":[[1.5,"2"],[3,"4e3"]]}"#);
        let series = samples(text.as_bytes(), 0, 10_000).unwrap();
        assert_eq!(series.len(), 1);
        let found: Vec<(i64, f64)> = { series[0].samples.iter() }
            .map(|sample| (sample.at, sample.value))
            .collect();
        assert_eq!(found, [(1_500, 2.0), (3_000, 4_000.0)]);
    }

    #[test]
    fn anything_else_is_an_error() {
        for text in [
            answer(r#"{"metric":{},"values":[[11,"2"]]}"#),
            answer(r#"{"metric":{},"values":[[1,"two"]]}"#),
            answer(r#"{"metric":{},"histograms":[[1,{}]]}"#),
            r#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}"#
                .to_owned(),
            r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#.to_owned(),
            r#"{"status":"error","error":"no"}"#.to_owned(),
            "<html>".to_owned(),
        ] {
            assert!(samples(text.as_bytes(), 0, 10_000).is_err(), "{text}");
        }
    }
}
