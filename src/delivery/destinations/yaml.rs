//! YAML of servers.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::DeliveryError;

/// Reads YAML of a server.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DeliveryError> {
    yaml_serde::from_slice(bytes).map_err(|error| DeliveryError::Malformed {
        why: match error.location() {
            Some(place) => format!("invalid YAML in line {}", place.line()),
            None => "invalid YAML".to_owned(),
        },
    })
}

/// Writes JSON that every reader of YAML understands, too: what YAML does not allow in a quoted text is escaped (YAML 1.2.2,
/// sections 5.1 and 5.4; readers of YAML 1.1 break lines at U+0085, U+2028 and U+2029).
pub(crate) fn write(value: &Value) -> Vec<u8> {
    let mut out = String::new();
    for letter in value.to_string().chars() {
        match letter {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            _ => out.push(letter),
        }
    }
    out.into_bytes()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let value = json!({"a": "\u{7f}\u{85}\u{2028}\u{feff}é😀\"\\\n\t'#: -", "b": ["1", 1, "yes", "~", "0x1"]});
        let text = write(&value);
        assert!(
            !String::from_utf8(text.clone())
                .unwrap()
                .contains('\u{2028}')
        );
        assert_eq!(read::<Value>(&text).unwrap(), value);
        assert!(read::<Value>(b"a: [").is_err());
    }
}
