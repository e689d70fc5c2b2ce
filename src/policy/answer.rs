//! What a Prometheus answers to the query of a fact, read strictly.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::catalogue::{BadAnswer, answer_data};

/// The value of a fact; none where there is no data, which NaN and the infinities are too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measurement(pub Option<Decimal>);

#[derive(Deserialize)]
struct Instant<'a> {
    #[serde(rename = "resultType")]
    result_type: String,
    #[serde(borrow)]
    result: &'a RawValue,
}

#[derive(Deserialize)]
struct Sample {
    value: (serde::de::IgnoredAny, String),
}

/// Reads the answer to an instant query that gives one sample or none.
///
/// # Errors
/// Where it is not whole, or gives anything else.
pub fn instant(bytes: &[u8]) -> Result<Measurement, BadAnswer> {
    let data: Box<RawValue> = answer_data(bytes)?;
    let malformed = |why: String| BadAnswer::Malformed(why);
    let data: Instant<'_> =
        serde_json::from_str(data.get()).map_err(|error| malformed(error.to_string()))?;
    if data.result_type != "vector" {
        let found: String = data.result_type.chars().take(20).collect();
        return Err(malformed(format!(
            "a vector is wanted, and it gives {found:?}"
        )));
    }
    let samples: Vec<Sample> =
        serde_json::from_str(data.result.get()).map_err(|error| malformed(error.to_string()))?;
    match samples.as_slice() {
        [] => Ok(Measurement(None)),
        [one] => match number(&one.value.1) {
            Some(value) => Ok(Measurement(value)),
            None => Err(malformed("a sample's value is no number".to_owned())),
        },
        several => Err(malformed(format!(
            "one series is wanted, and it gives {}",
            several.len()
        ))),
    }
}

/// A sample's value, as exactly as a decimal holds it: nothing for NaN and the infinities. `None` if it is no number.
fn number(text: &str) -> Option<Option<Decimal>> {
    let float: f64 = text.parse().ok()?;
    if !float.is_finite() {
        return Some(None);
    }
    let exact = text
        .parse::<Decimal>()
        .or_else(|_| Decimal::from_scientific(text));
    Some(Some(match exact {
        Ok(exact) => exact.normalize(),
        // Beyond what a decimal holds, it is beyond every limit; closer to zero than that, it is zero.
        Err(_) if float.abs() < 1.0 => Decimal::ZERO,
        Err(_) if float > 0.0 => Decimal::MAX,
        Err(_) => Decimal::MIN,
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(result: &str) -> Result<Option<String>, String> {
        let answer = format!(r#"{{"status":"success","data":{result}}}"#);
        instant(answer.as_bytes())
            .map(|Measurement(value)| value.map(|value| value.to_string()))
            .map_err(|bad| bad.to_string())
    }

    fn vector(value: &str) -> Result<Option<String>, String> {
        read(&format!(
            r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[1.5,"{value}"]}}]}}"#
        ))
    }

    #[test]
    fn one_sample_is_a_value_and_none_is_no_data() {
        for (text, value) in [
            ("0.42", "0.42"),
            ("1e-05", "0.00001"),
            ("-3", "-3"),
            ("1.5e+06", "1500000"),
            ("1e+300", "79228162514264337593543950335"),
            ("-1e+300", "-79228162514264337593543950335"),
            ("1e-300", "0"),
        ] {
            assert_eq!(vector(text), Ok(Some(value.to_owned())), "{text}");
        }
        for text in ["NaN", "+Inf", "-Inf"] {
            assert_eq!(vector(text), Ok(None), "{text}");
        }
        assert_eq!(read(r#"{"resultType":"vector","result":[]}"#), Ok(None));
    }

    #[test]
    fn anything_else_is_no_answer() {
        assert!(vector("many").unwrap_err().contains("no number"));
        for (result, why) in [
            (
                r#"{"resultType":"scalar","result":[1,"1"]}"#,
                "a vector is wanted",
            ),
            (
                r#"{"resultType":"matrix","result":[]}"#,
                "a vector is wanted",
            ),
            (
                r#"{"resultType":"string","result":[1,"x"]}"#,
                "a vector is wanted",
            ),
            (
                r#"{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]},{"metric":{"a":"b"},"value":[1,"1"]}]}"#,
                "it gives 2",
            ),
            (
                r#"{"resultType":"vector","result":[{"metric":{},"value":[1,1]}]}"#,
                "expected a string",
            ),
            (r#"{"resultType":"vector"}"#, "missing field"),
            ("[]", "not one of Prometheus's"),
        ] {
            let said = read(result).unwrap_err();
            assert!(said.contains(why), "{result}: {said}");
        }
        assert!(instant(b"<html>").is_err());
        assert!(instant(br#"{"status":"error","error":"query timed out"}"#).is_err());
    }
}
