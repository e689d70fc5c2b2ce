//! Numbers in dashboards.

use nth_model::number::decimal_text;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A number, digit for digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(pub Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(decimal_text(self.0))
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}
