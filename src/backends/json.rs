//! Writes JSON with line breaks, as [`serde_json::to_string_pretty`] does, with one call for each line break and its indentation.

use std::io::{Result, Write};

use serde::Serialize;
use serde::ser::Error as _;
use serde_json::ser::{Formatter, Serializer};

/// A line break after an element, and the indentation of the next one.
const BREAK: &[u8] = b",\n                                                                ";

/// Serializes a document, indented by two spaces.
///
/// # Errors
///
/// If the document cannot be serialized.
pub fn to_string(document: &impl Serialize) -> serde_json::Result<String> {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Indented::default());
    document.serialize(&mut serializer)?;
    String::from_utf8(out).map_err(serde_json::Error::custom)
}

/// Indents by two spaces.
#[derive(Default)]
struct Indented {
    depth: usize,
    has_value: bool,
}

impl Indented {
    fn line<W: ?Sized + Write>(&self, out: &mut W, is_next: bool) -> Result<()> {
        let start = usize::from(!is_next);
        let end = 2 + 2 * self.depth;
        match BREAK.get(start..end) {
            Some(text) => out.write_all(text),
            None => {
                out.write_all(&BREAK[start..2])?;
                (0..self.depth).try_for_each(|_| out.write_all(b"  "))
            }
        }
    }

    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> Result<()> {
        self.depth += 1;
        self.has_value = false;
        out.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> Result<()> {
        self.depth -= 1;
        if self.has_value {
            self.line(out, false)?;
        }
        out.write_all(bracket)
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> Result<()> {
        self.line(out, !first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _out: &mut W) -> Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> Result<()> {
        self.line(out, !first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _out: &mut W) -> Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn it_is_the_form_of_the_library() {
        let mut deep = json!({"a": [1, "ü\n", {}, [], null, true], "b": {"c": {"d": [[], [{}]]}}});
        for _ in 0..40 {
            deep = Value::Array(vec![json!({"of": deep}), json!(0.5)]);
        }
        for document in [json!({}), json!([]), json!("a"), deep] {
            assert_eq!(
                to_string(&document).unwrap(),
                serde_json::to_string_pretty(&document).unwrap()
            );
        }
    }
}
