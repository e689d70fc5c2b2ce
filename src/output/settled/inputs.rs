//! A fingerprint of everything that a build reads.

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::super::record::Hash;
use super::super::stamp::Stamp;
use crate::compile::{Input, SourceInput};
use crate::diagnostics::SourceMap;

/// The fingerprint of a build's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// Of everything.
    pub all: Hash,
    /// Of everything but the sources of the project and its packages.
    pub surroundings: Hash,
}

/// Returns the fingerprint of a build's input, of all other texts that it was made of, such as manifests, and of the program that
/// compiles it; `None` if the program is unknown, so that a later version of it could not be told from this one.
///
/// Two inputs have the same fingerprint only if they are equal: the lengths of all parts are in it. What is written for debugging is not
/// all that settings are, so the texts that they come from count as well.
pub fn fingerprint(input: &Input, others: &SourceMap) -> Option<Inputs> {
    let Input {
        settings,
        files,
        catalogue,
        levels,
        environment,
    } = input;
    let program = std::env::current_exe().ok()?;
    let program = Stamp::read(&program).ok()??;
    let catalogue = match catalogue {
        Some(lock) => Some(lock.to_text().ok()?),
        None => None,
    };
    let mut parts = vec![
        env!("CARGO_PKG_VERSION").to_owned(),
        format!("{program:?}"),
        format!("{settings:?}"),
        format!("{levels:?}"),
        format!("{environment:?}"),
        format!("{catalogue:?}"),
    ];
    for file in others.files() {
        parts.extend([file.path.clone(), file.text.to_string()]);
    }
    let surroundings = hash(parts.iter().map(String::as_bytes));
    let files: Vec<String> = files.par_iter().map(file_hash).collect();
    let all = std::iter::once(surroundings.as_str()).chain(files.iter().map(String::as_str));
    Some(Inputs {
        all: hash(all.map(str::as_bytes)),
        surroundings,
    })
}

fn file_hash(file: &SourceInput) -> String {
    let SourceInput {
        module,
        path,
        text,
        package,
    } = file;
    let package = if *package { "package" } else { "project" };
    let parts = [module.as_str(), path, text, package];
    hash(parts.map(str::as_bytes)).as_str().to_owned()
}

/// Hashes parts, each with its length before it.
fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Hash {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    Hash::finish(digest)
}
