//! The file of accepted changes: who accepts which change, why, and until when.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::Date;
use nth_diff::{Accepted, Change};
use serde::Deserialize;

use super::super::exit::Failure;
use nthc::limits;
use nthc::project::{io_cause, read_file_at_most};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    accept: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: String,
    by: String,
    reason: String,
    until: toml::value::Datetime,
}

/// Reads the file; no entries if it does not exist and was not asked for.
///
/// # Errors
///
/// If it cannot be read, or an entry is not valid.
pub fn read(
    path: &Path,
    shown: &str,
    is_required: bool,
    today: Date,
) -> Result<Vec<Accepted>, Failure> {
    let bytes = match read_file_at_most(path, limits::DOCUMENT_BYTES) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound && !is_required => {
            return Ok(Vec::new());
        }
        Err(cause) => {
            return Err(Failure::io(format!(
                "cannot read {shown}: {}",
                io_cause(&cause)
            )));
        }
    };
    let invalid = |message: String| {
        Failure::usage(format!("{shown}: {message}")).help(
            "an entry is `[[accept]]` with `fingerprint`, `by`, `reason` and `until = 2026-12-31`",
        )
    };
    let text = String::from_utf8(bytes).map_err(|_| invalid("not valid UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let document: Document = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            let before = text.get(..span.start).unwrap_or_default();
            before.matches('\n').count() + 1
        });
        let message = error
            .message()
            .lines()
            .next()
            .unwrap_or("not valid")
            .to_owned();
        invalid(format!("line {line}: {message}"))
    })?;
    let mut known: BTreeSet<String> = BTreeSet::new();
    document
        .accept
        .into_iter()
        .map(|entry| {
            let Entry {
                fingerprint,
                by,
                reason,
                until,
            } = entry;
            if by.trim().is_empty() || reason.trim().is_empty() {
                return Err(invalid(format!(
                    "entry `{fingerprint}` requires `by` and `reason`"
                )));
            }
            if !known.insert(fingerprint.clone()) {
                return Err(invalid(format!("duplicate entry `{fingerprint}`")));
            }
            let day = until
                .date
                .filter(|_| until.time.is_none() && until.offset.is_none())
                .and_then(|date| {
                    let (year, month, day) = (
                        i16::try_from(date.year).ok()?,
                        i8::try_from(date.month).ok()?,
                        i8::try_from(date.day).ok()?,
                    );
                    Date::new(year, month, day).ok()
                })
                .ok_or_else(|| invalid(format!("entry `{fingerprint}`: `until` must be a date")))?;
            Ok(Accepted {
                fingerprint,
                by,
                reason,
                until: Some(day.to_string()),
                expired: day < today,
                used: false,
            })
        })
        .collect()
}

/// Marks the changes that entries accept, and the entries that accept one. Entries for changes that are not in this comparison
/// are dropped: they are about another one.
pub fn apply(entries: Vec<Accepted>, changes: &mut [Change]) -> Vec<Accepted> {
    let mut entries = entries;
    for entry in &mut entries {
        for change in changes
            .iter_mut()
            .filter(|change| change.fingerprint == entry.fingerprint)
        {
            entry.used = true;
            change.accepted = !entry.expired;
        }
    }
    entries.retain(|entry| entry.used);
    entries
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use nthc::project::ACCEPTED;

    fn entries(text: &str) -> Result<Vec<Accepted>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ACCEPTED);
        std::fs::write(&path, text).unwrap();
        let today = "2026-11-29".parse().unwrap();
        read(&path, ACCEPTED, true, today).map_err(|failure| failure.message)
    }

    #[test]
    fn entries_say_who_why_and_until_when() {
        let entry =
            "[[accept]]\nfingerprint = \"ab\"\nby = \"ana@example.com\"\nreason = \"agreed\"\n";
        let read = entries(&format!("{entry}until = 2026-11-28\n")).unwrap();
        assert!(read[0].expired);
        let read = entries(&format!("{entry}until = 2026-11-29\n")).unwrap();
        assert!(!read[0].expired);
        for (text, message) in [
            (
                entry.to_owned(),
                "nth.accepted.toml: line 1: missing field `until`",
            ),
            (
                format!("{entry}until = \"soon\"\n"),
                "nth.accepted.toml: line 5: invalid type",
            ),
            (
                format!("{entry}until = 2026-11-29\nwhom = 1\n"),
                "nth.accepted.toml: line 6: unknown field `whom`",
            ),
            (
                format!("{entry}until = 2026-11-29\n{entry}until = 2026-11-29\n"),
                "nth.accepted.toml: duplicate entry `ab`",
            ),
        ] {
            let error = entries(&text).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
