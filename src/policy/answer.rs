//! Answers of Prometheus to the query of a fact, parsed strictly.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use nth_metrics::{BadAnswer, check_json, complete_answer};

/// The longest text of a number, in bytes: a `float64` without an exponent takes at most about 330.
const LONGEST_NUMBER: usize = 400;

/// A measured value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// The value; `None` if there is no data.
    pub value: Option<Decimal>,
    /// The server's remarks on its answer, none of which means incomplete data.
    pub remarks: Vec<String>,
}

/// The interpretation of NaN and the infinities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFinite {
    /// No data, if the query may return them.
    NoData,
    /// An invalid answer, if the query drops them.
    NoAnswer,
}

#[derive(Deserialize)]
struct Instant<'a> {
    #[serde(rename = "resultType")]
    result_type: String,
    #[serde(borrow)]
    result: &'a RawValue,
}

/// The first of the samples, and their number.
struct Samples<'a> {
    first: Option<&'a RawValue>,
    count: usize,
}

impl<'de> Deserialize<'de> for Samples<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Count;
        impl<'de> Visitor<'de> for Count {
            type Value = Samples<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of samples")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let first = items.next_element()?;
                let mut count = usize::from(first.is_some());
                while items.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Samples { first, count })
            }
        }
        deserializer.deserialize_seq(Count)
    }
}

#[derive(Deserialize)]
struct Sample {
    value: (f64, String),
}

/// A sample of a series with labels.
#[derive(Deserialize)]
struct GroupSample<'a> {
    metric: BTreeMap<String, String>,
    #[serde(borrow)]
    value: &'a RawValue,
}

/// The measured values of several series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurements {
    /// The values by the labels of their series.
    pub values: BTreeMap<BTreeMap<String, String>, Decimal>,
    /// The server's remarks on its answer, none of which means incomplete data.
    pub remarks: Vec<String>,
}

/// Parses the answer to an instant query at `at` that returns any number of samples with different labels.
///
/// # Errors
///
/// If it is incomplete, is for another time, or returns anything else.
pub fn parse_groups(
    bytes: &[u8],
    at: Timestamp,
    not_finite: NotFinite,
) -> Result<Measurements, BadAnswer> {
    let malformed = |why: String| BadAnswer::Malformed(why);
    let unreadable = |error: serde_json::Error| malformed(error.to_string());
    let (result, remarks) = vector(bytes)?;
    let samples: Vec<&RawValue> = serde_json::from_str(result.get()).map_err(unreadable)?;
    let mut values = BTreeMap::new();
    for sample in samples {
        if !is_object(sample) {
            return Err(malformed("expected a sample, found no object".to_owned()));
        }
        let sample: GroupSample<'_> = serde_json::from_str(sample.get()).map_err(unreadable)?;
        let value: (f64, String) = serde_json::from_str(sample.value.get()).map_err(unreadable)?;
        let Some(value) = finite(value, at, not_finite)? else {
            continue;
        };
        if values.insert(sample.metric, value).is_some() {
            return Err(malformed("two samples have the same labels".to_owned()));
        }
    }
    Ok(Measurements { values, remarks })
}

fn is_object(raw: &RawValue) -> bool {
    raw.get().starts_with('{')
}

/// The samples of a vector, and the server's remarks.
fn vector(bytes: &[u8]) -> Result<(Box<RawValue>, Vec<String>), BadAnswer> {
    let malformed = |why: String| BadAnswer::Malformed(why);
    let unreadable = |error: serde_json::Error| malformed(error.to_string());
    check_json(bytes)?;
    let (data, remarks): (Box<RawValue>, _) = complete_answer(bytes)?;
    // Serde would read a structure's fields from a list in their order.
    if !is_object(&data) {
        return Err(malformed("expected a result, found no object".to_owned()));
    }
    let data: Instant<'_> = serde_json::from_str(data.get()).map_err(unreadable)?;
    if data.result_type != "vector" {
        let found: String = data.result_type.chars().take(20).collect();
        return Err(malformed(format!("expected a vector, found {found:?}")));
    }
    Ok((data.result.to_owned(), remarks))
}

/// Parses the answer to an instant query at `at` that returns one sample or none.
///
/// # Errors
///
/// If it is incomplete, is for another time, or returns anything else.
pub fn parse_instant(
    bytes: &[u8],
    at: Timestamp,
    not_finite: NotFinite,
) -> Result<Measurement, BadAnswer> {
    let malformed = |why: String| BadAnswer::Malformed(why);
    let unreadable = |error: serde_json::Error| malformed(error.to_string());
    let (result, remarks) = vector(bytes)?;
    let Samples { first, count } = serde_json::from_str(result.get()).map_err(unreadable)?;
    let Some(first) = first else {
        return Ok(Measurement {
            value: None,
            remarks,
        });
    };
    if count > 1 {
        return Err(malformed(format!("expected one series, found {count}")));
    }
    if !is_object(first) {
        return Err(malformed("expected a sample, found no object".to_owned()));
    }
    let sample: Sample = serde_json::from_str(first.get()).map_err(unreadable)?;
    let value = finite(sample.value, at, not_finite)?;
    Ok(Measurement { value, remarks })
}

/// The value of a sample of a time; `None` if it is not finite and may be so.
fn finite(
    (time, text): (f64, String),
    at: Timestamp,
    not_finite: NotFinite,
) -> Result<Option<Decimal>, BadAnswer> {
    let malformed = |why: String| BadAnswer::Malformed(why);
    let asked = at.as_second();
    // A cache may return an earlier answer, or one for a rounded time.
    if (time - asked as f64).abs() >= 1.0 {
        let found = Timestamp::from_second(time as i64);
        let found = found.map_err(|_| malformed("a sample has an invalid time".to_owned()))?;
        return Err(BadAnswer::OtherTime(found, at));
    }
    Ok(match number(&text) {
        Some(Number::Exact(value)) => Some(value),
        Some(Number::NotFinite) if not_finite == NotFinite::NoData => None,
        Some(Number::NotFinite) => {
            let why = format!("expected a finite number, found {text:?}");
            return Err(malformed(why));
        }
        Some(Number::TooLarge) => {
            return Err(malformed("a sample's value is too large".to_owned()));
        }
        None => return Err(malformed("a sample's value is not a number".to_owned())),
    })
}

enum Number {
    /// An exact value, as far as a decimal represents it.
    Exact(Decimal),
    /// NaN or an infinity.
    NotFinite,
    /// Beyond the range of a decimal, about 7.9e28, and of any plausible measurement.
    TooLarge,
}

/// The value of a sample; `None` if it is not a number.
fn number(text: &str) -> Option<Number> {
    if text.len() > LONGEST_NUMBER {
        return None;
    }
    let float: f64 = text.parse().ok()?;
    if !float.is_finite() {
        return Some(Number::NotFinite);
    }
    let exact = text
        .parse::<Decimal>()
        .or_else(|_| Decimal::from_scientific(text));
    Some(match exact {
        Ok(exact) => Number::Exact(exact.normalize()),
        // A number below the precision of a decimal is zero.
        Err(_) if float.abs() < 1.0 => Number::Exact(Decimal::ZERO),
        Err(_) => Number::TooLarge,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read_at(result: &str, not_finite: NotFinite) -> Result<Option<String>, String> {
        let answer = format!(r#"{{"status":"success","data":{result}}}"#);
        let at = Timestamp::from_second(1_000).unwrap();
        parse_instant(answer.as_bytes(), at, not_finite)
            .map(|measured| measured.value.map(|value| value.to_string()))
            .map_err(|bad| bad.to_string())
    }

    fn read(result: &str) -> Result<Option<String>, String> {
        read_at(result, NotFinite::NoAnswer)
    }

    fn vector(time: &str, value: &str) -> String {
        format!(
            r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[{time},"{value}"]}}]}}"#
        )
    }

    #[test]
    fn one_sample_is_a_value_and_none_is_no_data() {
        for (text, value) in [
            ("0.42", "0.42"),
            ("1e-05", "0.00001"),
            ("-3", "-3"),
            ("1.5e+06", "1500000"),
            ("1e-300", "0"),
        ] {
            assert_eq!(
                read(&vector("1000", text)),
                Ok(Some(value.to_owned())),
                "{text}"
            );
        }
        for text in ["NaN", "+Inf", "-Inf", "1e999"] {
            let result = vector("1000", text);
            assert_eq!(read_at(&result, NotFinite::NoData), Ok(None), "{text}");
            let said = read(&result).unwrap_err();
            assert!(said.contains("expected a finite number"), "{said}");
        }
        assert_eq!(read(r#"{"resultType":"vector","result":[]}"#), Ok(None));
    }

    #[test]
    fn samples_of_groups_are_values_by_their_labels() {
        let read = |result: &str| {
            let data = format!(r#"{{"resultType":"vector","result":[{result}]}}"#);
            let answer = format!(r#"{{"status":"success","data":{data}}}"#);
            let at = Timestamp::from_second(1_000).unwrap();
            parse_groups(answer.as_bytes(), at, NotFinite::NoData)
        };
        let a = r#"{"metric":{"route":"/a"},"value":[1000,"0.5"]}"#;
        let none = r#"{"metric":{"route":"/b"},"value":[1000,"NaN"]}"#;
        let found = read(&format!("{a},{none}")).unwrap().values;
        let group = BTreeMap::from([("route".to_owned(), "/a".to_owned())]);
        assert_eq!(found, BTreeMap::from([(group, Decimal::new(5, 1))]));
        for (result, why) in [
            (format!("{a},{a}"), "two samples have the same labels"),
            (a.replace("1000", "999"), "for another time"),
            (a.replace("0.5", "many"), "not a number"),
            (
                a.replace(r#""metric":{"route":"/a"},"#, ""),
                "missing field `metric`",
            ),
            (format!("[{a}]"), "expected a sample"),
        ] {
            let error = read(&result).unwrap_err().to_string();
            assert!(error.contains(why), "{result}: {error}");
        }
    }

    #[test]
    fn a_sample_is_of_the_time_that_was_asked_for() {
        for time in ["1000", "1000.0", "1e3", "1000.25", "999.9"] {
            assert_eq!(read(&vector(time, "1")), Ok(Some("1".to_owned())), "{time}");
        }
        for time in ["999", "1001", "0", "-1000", "1000000"] {
            let said = read(&vector(time, "1")).unwrap_err();
            assert!(said.contains("for another time"), "{said}");
        }
        let said = read(&vector("1e300", "1")).unwrap_err();
        assert!(said.contains("an invalid time"), "{said}");
        let said = read(&vector("\"1000\"", "1")).unwrap_err();
        assert!(said.contains("invalid type"), "{said}");
    }

    #[test]
    fn anything_else_is_no_answer() {
        let long = vector("1000", &"1".repeat(500));
        for (result, why) in [
            (vector("1000", "many").as_str(), "not a number"),
            (vector("1000", "1e+300").as_str(), "too large"),
            (vector("1000", "-1e+300").as_str(), "too large"),
            (long.as_str(), "not a number"),
            (
                r#"{"resultType":"scalar","result":[1000,"1"]}"#,
                "expected a vector",
            ),
            (
                r#"{"resultType":"matrix","result":[]}"#,
                "expected a vector",
            ),
            (
                r#"{"resultType":"string","result":[1000,"x"]}"#,
                "expected a vector",
            ),
            (
                r#"{"resultType":"vector","result":[{"metric":{},"value":[1000,"1"]},{"metric":{"a":"b"},"value":[1000,"1"]}]}"#,
                "expected one series, found 2",
            ),
            (
                r#"{"resultType":"vector","result":[{"metric":{},"value":[1000,1]}]}"#,
                "expected a string",
            ),
            (
                r#"{"resultType":"vector","result":[{"metric":{},"histogram":[1000,{}]}]}"#,
                "missing field `value`",
            ),
            (
                r#"{"resultType":"vector","result":[[[1000,"1"]]]}"#,
                "expected a sample",
            ),
            (r#"["vector",[]]"#, "expected a result"),
            (r#"{"resultType":"vector","result":{}}"#, "list of samples"),
            (r#"{"resultType":"vector"}"#, "missing field"),
            ("[]", "unexpected response format"),
        ] {
            let said = read(result).unwrap_err();
            assert!(said.contains(why), "{result}: {said}");
        }
        let of = |text: &[u8]| parse_instant(text, Timestamp::UNIX_EPOCH, NotFinite::NoData);
        assert!(of(b"<html>").is_err());
        assert!(of(br#"{"status":"error","error":"query timed out"}"#).is_err());
    }
}
