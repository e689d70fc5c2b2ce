//! Reading what `nthc diff --format json` printed.

use std::fs::File;
use std::io;
use std::path::Path;

use nth_diff::{Document, SCHEMA_VERSION};
use serde::Deserialize;

use super::super::Context;
use super::super::exit::Failure;
use nthc::project::{io_cause, read_at_most, size};

/// The maximum size of a document in bytes.
const MOST_BYTES: u64 = 256 << 20;

/// The part of a document that is read first.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

/// Reads a document from a file, or from standard input if the path is `-`.
///
/// # Errors
///
/// If it cannot be read, is no document, or is one of another version.
pub fn read(context: &Context, from: &Path) -> Result<Document, Failure> {
    let is_input = from == Path::new("-");
    let shown = match is_input {
        true => "standard input".to_owned(),
        false => from.display().to_string(),
    };
    let bytes = match is_input {
        true => read_at_most(io::stdin().lock(), MOST_BYTES),
        false => File::open(context.cwd.join(from)).and_then(|file| read_at_most(file, MOST_BYTES)),
    };
    let bytes = bytes
        .map_err(|cause| Failure::io(format!("cannot read {shown}: {}", io_cause(&cause))))?
        .ok_or_else(|| {
            Failure::io(format!(
                "cannot read {shown}: larger than {}",
                size(MOST_BYTES)
            ))
        })?;
    let help = "pass what `nthc diff --format json` prints";
    let invalid = |why: &str| {
        Failure::io(format!("{shown} is not a document of `nthc diff`: {why}")).help(help)
    };
    let Head { version } =
        serde_json::from_slice(&bytes).map_err(|error| invalid(&error.to_string()))?;
    if version != SCHEMA_VERSION {
        return Err(Failure::io(format!(
            "{shown} has version {version}, and this nthc reads version {SCHEMA_VERSION}"
        ))
        .help("use the same nthc to write and to read it"));
    }
    serde_json::from_slice(&bytes).map_err(|error| invalid(&error.to_string()))
}
