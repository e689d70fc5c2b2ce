//! Checks that an answer is JSON that all parsers read alike.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::BadAnswer;
use super::answer::bad_answer;

/// The largest number of fields of an object.
const MOST_FIELDS: usize = 10_000;

/// Checks the complete answer: no duplicate fields, no nesting deeper than 128 levels, only representable numbers and
/// valid texts.
///
/// # Errors
///
/// If one of these is violated.
pub fn check_json(bytes: &[u8]) -> Result<(), BadAnswer> {
    serde_json::from_slice::<Sound>(bytes)
        .map(|Sound| ())
        .map_err(|error| bad_answer(bytes, &error))
}

/// Any value.
struct Sound;

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Sound)
    }
}

impl<'de> Visitor<'de> for Sound {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            if names.len() == MOST_FIELDS {
                let why = format!("an object has more than {MOST_FIELDS} fields");
                return Err(A::Error::custom(why));
            }
            fields.next_value::<Self>()?;
            if names.contains(&name) {
                return Err(A::Error::custom(format!("duplicate field `{name}`")));
            }
            names.insert(name);
        }
        Ok(self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_two_readers_could_take_differently_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(
            check_json(br#"{"a":[1,-2,0.5,1e300,"x",true,null,{}],"b":{"a":1}}"#),
            Ok(())
        );
        assert_eq!(check_json(nested(100).as_bytes()), Ok(()));
        let many: Vec<String> = (0..=MOST_FIELDS).map(|n| format!("\"{n}\":0")).collect();
        for (text, why) in [
            (r#"{"a":{"b":1,"b":1}}"#.to_owned(), "duplicate field `b`"),
            (r#"{"a":1,"\u0061":1}"#.to_owned(), "duplicate field `a`"),
            (nested(200), "recursion limit"),
            ("[".repeat(1_000_000), "recursion limit"),
            ("[1e999]".to_owned(), "number out of range"),
            (r#"["\ud800"]"#.to_owned(), "hex escape"),
            (format!("{{{}}}", many.join(",")), "more than 10000 fields"),
            ("[NaN]".to_owned(), "expected value"),
        ] {
            let said = check_json(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
        assert_eq!(check_json(b" \n"), Err(BadAnswer::Empty));
        assert!(check_json(b"\"\xff\"").is_err());
    }
}
