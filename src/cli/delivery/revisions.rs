//! The revisions that were applied, from the journal.

use nth_delivery::journal::{Entry, Event};

/// An apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Apply<'e> {
    /// The revision of its sources; `None` if they were those of none.
    revision: Option<&'e str>,
    /// True if all of it was done.
    is_complete: bool,
}

/// The applies in their order. One that was resumed is one.
fn applies(entries: &[Entry]) -> Vec<Apply<'_>> {
    let mut found: Vec<(&str, Apply<'_>)> = Vec::new();
    for entry in entries {
        match &entry.event {
            Event::Begun { revision, .. } => {
                let apply = Apply {
                    revision: revision.as_deref(),
                    is_complete: false,
                };
                match found.last_mut() {
                    Some((run, last)) if *run == entry.run && !last.is_complete => *last = apply,
                    _ => found.push((&entry.run, apply)),
                }
            }
            Event::Ended { error: None } => {
                if let Some((run, last)) = found.last_mut()
                    && *run == entry.run
                {
                    last.is_complete = true;
                }
            }
            _ => {}
        }
    }
    found.into_iter().map(|(_, apply)| apply).collect()
}

/// The revision that a change is compared with: the last one of which everything was applied, though later applies may have failed.
pub fn last_applied(entries: &[Entry]) -> Option<&str> {
    let complete = applies(entries)
        .into_iter()
        .rev()
        .filter(|apply| apply.is_complete);
    complete.filter_map(|apply| apply.revision).next()
}

/// The revision to roll back to: the last one of which everything was applied, and that is not live now.
pub fn previous(entries: &[Entry]) -> Option<&str> {
    let current = applies(entries).last()?.revision;
    let complete = applies(entries)
        .into_iter()
        .rev()
        .filter(|apply| apply.is_complete);
    complete
        .filter_map(|apply| apply.revision)
        .find(|revision| Some(*revision) != current)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;
    use nth_delivery::{ContentHash, Owner};

    use super::*;

    /// Applies as `REVISION RESULT`: `a ok`, `b failed`, `- killed` for sources of no revision.
    fn journal(applies: &[&str]) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (number, apply) in applies.iter().enumerate() {
            let (revision, result) = apply.split_once(' ').unwrap();
            let mut add = |event| {
                entries.push(Entry {
                    time: Timestamp::UNIX_EPOCH,
                    run: number.to_string(),
                    event,
                });
            };
            add(Event::Begun {
                plan: ContentHash::compute(&number.into()),
                owner: Owner {
                    project: "shop".to_owned(),
                    environment: None,
                },
                revision: (revision != "-").then(|| revision.to_owned()),
                operations: 1,
            });
            match result {
                "ok" => add(Event::Ended { error: None }),
                "failed" => add(Event::Ended {
                    error: Some("the server refused it".to_owned()),
                }),
                _ => {}
            }
        }
        entries
    }

    #[test]
    fn a_rollback_goes_to_the_last_revision_that_is_not_live() {
        for (applies, expected) in [
            (&["a ok"][..], None),
            (&["a ok", "b ok"], Some("a")),
            (&["a ok", "b ok", "b ok"], Some("a")),
            // What failed may be live in part.
            (&["a ok", "b failed"], Some("a")),
            (&["a ok", "b failed", "b killed"], Some("a")),
            (&["a ok", "b ok", "b failed"], Some("a")),
            (&["a ok", "b ok", "c failed"], Some("b")),
            // A revision of which only a part was ever applied is none to go back to.
            (&["a failed", "b ok"], None),
            // Sources that were never committed.
            (&["a ok", "- ok"], Some("a")),
            (&["- ok"], None),
            (&[], None),
        ] {
            assert_eq!(previous(&journal(applies)), expected, "{applies:?}");
        }
    }

    #[test]
    fn what_was_applied_last_is_what_was_applied_whole() {
        for (applies, expected) in [
            (&["a ok", "b ok"][..], Some("b")),
            (&["a ok", "b failed"], Some("a")),
            (&["a ok", "- ok"], Some("a")),
            (&["- ok"], None),
        ] {
            assert_eq!(last_applied(&journal(applies)), expected, "{applies:?}");
        }
    }

    #[test]
    fn a_run_that_is_resumed_is_one_apply() {
        let mut entries = journal(&["a ok", "b killed", "b ok"]);
        for entry in entries.iter_mut().skip(2) {
            entry.run = "1".to_owned();
        }
        assert_eq!(applies(&entries).len(), 2);
        assert_eq!(previous(&entries), Some("a"));
    }
}
