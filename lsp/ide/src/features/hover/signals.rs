//! Hover over signals: the metric that provides a signal, and why.

use nthc::eval::BlockRef;
use nthc::ir::{Resolution, Signal};
use nthc::schema::names::kind;
use smol_str::SmolStr;

use crate::features::markup::Line;
use crate::features::source::Source;

/// The model of a signal in an environment.
pub fn find_signal<'a>(
    source: &Source<'a>,
    block: &BlockRef,
    environment: &Option<SmolStr>,
) -> Option<&'a Signal> {
    let dependency = match block.path.as_slice() {
        [(kind, _)] if kind == kind::SIGNAL => None,
        [(outer, dependency), (kind, _)] if outer == kind::DEPENDENCY && kind == kind::SIGNAL => {
            Some(dependency)
        }
        _ => return None,
    };
    let service = source.service(block.item, environment)?;
    service
        .signals
        .iter()
        .find(|signal| signal.name == block.name && signal.dependency.as_ref() == dependency)
}

/// The candidate used in queries, as written.
pub fn chosen_metric(signal: &Signal) -> Option<String> {
    signal
        .candidate_texts()
        .nth(signal.resolution.candidate_index())
}

/// "carried by `redis_memory_used_bytes`, the second of 3 candidates", or the reason why it is unknown.
pub fn describe_resolution(source: &Source<'_>, signal: &Signal) -> Line {
    let count = signal.candidates.len();
    let candidate = chosen_metric(signal).unwrap_or_default();
    let selector = nthc::catalogue::selector_of(&signal.scope);
    let line = Line::default();
    match signal.resolution {
        Resolution::Found(number) => {
            let line = line.text("Provided by ").code(candidate);
            if count == 1 {
                line.text(", its only candidate")
            } else {
                line.text(format!(", the {} of {count} candidates", ordinal(number)))
            }
        }
        Resolution::Missing => line
            .text("No metric found. Candidates: ")
            .codes(signal.candidate_texts())
            .text(" for selector ")
            .code(selector)
            .text(". Rules that use it are not generated"),
        Resolution::Unknown(_) => {
            let line = line.text("Queries use ").code(candidate);
            let why = if source.workspace.catalogue(source.db).is_some() {
                line.text(": nothing was pulled for selector ")
                    .code(selector)
                    .text(", so whether it exists is unknown")
            } else {
                line.text(": there is no metric catalog, so whether it exists is unknown. ")
                    .code("nthc metrics pull")
                    .text(" creates one")
            };
            if count == 1 {
                why
            } else {
                why.text(format!(". There are {count} candidates"))
            }
        }
    }
}

fn ordinal(number: usize) -> String {
    const WORDS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    match WORDS.get(number) {
        Some(word) => (*word).to_owned(),
        None => format!("{}th", number + 1),
    }
}
