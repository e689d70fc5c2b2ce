//! What a server answers.

use nthc::{catalogue, policy};

/// Any answer is read or refused; a number comes only of an answer that says so in full.
pub fn holds(bytes: &[u8]) {
    let _ = catalogue::error_of(bytes);
    let _ = catalogue::series(bytes);
    let _ = catalogue::metadata(bytes);
    if let Ok(policy::Measurement(Some(_))) = policy::instant(bytes) {
        let answer: serde_json::Value =
            serde_json::from_slice(bytes).expect("a number comes of JSON");
        assert_eq!(answer["status"], "success");
        assert_ne!(answer["isPartial"], true);
        assert!(answer.get("error").is_none_or(serde_json::Value::is_null));
    }
}
