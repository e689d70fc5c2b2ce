//! Repair of texts that are almost JSON: lone surrogates, which JSON can escape but a string cannot contain.

/// Replaces lone surrogates by U+FFFD, which has the same length in UTF-16, so that positions stay correct. Handles
/// `\ud83d` and the three bytes of such a code unit. Returns whether there was one.
pub fn surrogates(json: &mut [u8]) -> bool {
    let mut is_repaired = false;
    let mut at = 0;
    while at < json.len() {
        match json[at..] {
            [b'\\', b'u', ..] => {
                let pair = (unit(json, at), unit(json, at + ESCAPE));
                match pair {
                    (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at += 2 * ESCAPE,
                    (Some(0xD800..=0xDFFF), _) => {
                        json[at + 2..at + ESCAPE].copy_from_slice(b"fffd");
                        is_repaired = true;
                        at += ESCAPE;
                    }
                    _ => at += 2,
                }
            }
            [b'\\', _, ..] => at += 2,
            [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => {
                json[at..at + 3].copy_from_slice("\u{FFFD}".as_bytes());
                is_repaired = true;
                at += 3;
            }
            _ => at += 1,
        }
    }
    is_repaired
}

/// Length of `\ud83d`.
const ESCAPE: usize = 6;

/// The code unit of an escape at a byte.
fn unit(json: &[u8], at: usize) -> Option<u16> {
    let [b'\\', b'u', digits @ ..] = json.get(at..at + ESCAPE)? else {
        return None;
    };
    // `from_str_radix` would accept a sign.
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::surrogates;

    #[test]
    fn lone_surrogates_are_replaced_and_pairs_are_kept() {
        for (json, repaired) in [
            (r#""a\ud83dz""#, Some("a\u{FFFD}z")),
            (r#""\uDE00""#, Some("\u{FFFD}")),
            (r#""\ud83d\ud83d\ude00""#, Some("\u{FFFD}😀")),
            (r#""\ude00\ud83d""#, Some("\u{FFFD}\u{FFFD}")),
            (r#""\ud83d\n""#, Some("\u{FFFD}\n")),
            (r#""\ud83d\\ude00""#, Some("\u{FFFD}\\ude00")),
            (r#""\ud83d\ude00""#, None),
            // An escaped backslash does not start an escape.
            (r#""\\ud83d""#, None),
            (r#""é\u00e9""#, None),
        ] {
            let mut bytes = json.as_bytes().to_vec();
            assert_eq!(surrogates(&mut bytes), repaired.is_some(), "{json}");
            let read: Result<String, _> = serde_json::from_slice(&bytes);
            match repaired {
                Some(repaired) => assert_eq!(read.ok().as_deref(), Some(repaired), "{json}"),
                None => assert_eq!(bytes, json.as_bytes()),
            }
        }
        let mut bytes = b"\"a\xED\xA0\xBDz\"".to_vec();
        assert!(surrogates(&mut bytes));
        assert_eq!(bytes, "\"a\u{FFFD}z\"".as_bytes());
        // Cut off at any byte.
        for end in 0..=12 {
            surrogates(&mut br#"\ud83d\ude00"#.to_vec()[..end]);
        }
    }
}
