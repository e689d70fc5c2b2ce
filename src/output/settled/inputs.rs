//! A fingerprint of everything that a build reads.

use rayon::prelude::*;

use super::super::stamp::Stamp;
use crate::compile::{Input, SourceInput};
use crate::diagnostics::SourceMap;
use crate::hash::Hash;

/// The fingerprint of a build's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// Of everything.
    pub all: Hash,
    /// Of everything but the sources of the project and its packages.
    pub surroundings: Hash,
    /// Of each source, in their order.
    pub files: Vec<Hash>,
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
    let surroundings = Hash::of_texts(parts.iter().map(String::as_str));
    let files: Vec<Hash> = files.par_iter().map(file_hash).collect();
    let all = std::iter::once(&surroundings).chain(&files);
    Some(Inputs {
        all: Hash::of_texts(all.map(Hash::as_str)),
        surroundings,
        files,
    })
}

fn file_hash(file: &SourceInput) -> Hash {
    let SourceInput {
        module,
        path,
        text,
        package,
    } = file;
    let package = if *package { "package" } else { "project" };
    Hash::of_texts([module.as_str(), path, text, package])
}
