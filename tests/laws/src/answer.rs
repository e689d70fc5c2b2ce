//! Answers of a Prometheus server.

use jiff::Timestamp;
use nthc::policy::{Measurement, NotFinite};
use nthc::{catalogue, policy};

/// The time of the query, in seconds since 1970.
const AT: i64 = 1_700_000_000;

/// Any answer is read or refused; a value is returned only from a complete answer for the requested time.
pub fn holds(bytes: &[u8]) {
    let _ = catalogue::server_error(bytes);
    let _ = catalogue::series(bytes);
    let _ = catalogue::metadata(bytes);
    let at = Timestamp::from_second(AT).expect("a time");
    for not_finite in [NotFinite::NoData, NotFinite::NoAnswer] {
        let Ok(Measurement { value: Some(_), .. }) = policy::parse_instant(bytes, at, not_finite)
        else {
            continue;
        };
        let answer: serde_json::Value =
            serde_json::from_slice(bytes).expect("a number comes of JSON");
        assert_eq!(answer["status"], "success");
        for key in ["isPartial", "error", "errorType"] {
            assert!(
                answer
                    .get(key)
                    .is_none_or(|value| value == false || value == ""),
                "{key}"
            );
        }
        let samples = answer["data"]["result"].as_array().expect("a vector");
        assert_eq!(samples.len(), 1);
        let time = samples[0]["value"][0].as_f64().expect("a time");
        assert!((time - AT as f64).abs() < 1.0, "a sample of another time");
    }
}
