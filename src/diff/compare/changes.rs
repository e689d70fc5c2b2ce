//! Collects changes while two versions are compared.

use crate::change::{Change, Subject};
use crate::class::Level;
use crate::fingerprint::fingerprint;
use crate::id::ChangeId;

/// The changes that are found.
#[derive(Debug, Default)]
pub struct Changes {
    /// In the order in which they are found.
    pub found: Vec<Change>,
}

impl Changes {
    /// Adds a change, and what follows from it: a clause without a full stop.
    pub fn add(
        &mut self,
        id: ChangeId,
        subject: &Subject,
        before: Option<String>,
        after: Option<String>,
        because: impl Into<String>,
    ) {
        let fingerprint = fingerprint(id, subject, before.as_deref(), after.as_deref());
        self.found.push(Change {
            id,
            class: id.class(),
            subject: subject.clone(),
            environments: Vec::new(),
            before,
            after,
            because: because.into(),
            rule: None,
            place: None,
            causes: Vec::new(),
            witness: None,
            no_witness: None,
            history: None,
            level: Level::Warn,
            accepted: false,
            fingerprint,
        });
    }

    /// Adds a change of which the documentation of its id says what follows.
    pub fn plain(
        &mut self,
        id: ChangeId,
        subject: &Subject,
        before: Option<String>,
        after: Option<String>,
    ) {
        self.add(id, subject, before, after, clause(id.info().advice));
    }

    /// Adds a change if two texts differ.
    pub fn text<T: PartialEq>(
        &mut self,
        id: ChangeId,
        subject: &Subject,
        before: Option<&T>,
        after: Option<&T>,
        text: impl Fn(&T) -> String,
    ) {
        if before != after {
            self.plain(id, subject, before.map(&text), after.map(&text));
        }
    }
}

/// The first sentence of a text, as a clause: without a full stop, and in lower case unless it begins with a name.
fn clause(text: &str) -> String {
    let sentence = text.split_inclusive(". ").next().unwrap_or(text);
    let sentence = sentence.trim_end().trim_end_matches('.');
    let mut chars = sentence.chars();
    let (first, second) = (chars.next(), chars.next());
    match first {
        Some(first) if second.is_none_or(|second| !second.is_uppercase()) => {
            let rest = sentence.get(first.len_utf8()..).unwrap_or_default();
            let name = sentence.split([' ', ',', '\'']).next().unwrap_or_default();
            if matches!(
                name,
                "PagerDuty" | "Prometheus" | "Alertmanager" | "Grafana"
            ) {
                sentence.to_owned()
            } else {
                first.to_lowercase().chain(rest.chars()).collect()
            }
        }
        _ => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_the_first_sentence() {
        assert_eq!(clause("More is bad. And so on."), "more is bad");
        assert_eq!(clause("SLOs are bad."), "SLOs are bad");
        assert_eq!(
            clause("PagerDuty gives them access."),
            "PagerDuty gives them access"
        );
    }
}
