//! What differs between the alerts of two revisions.

use super::episodes::Episode;

/// A difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change<'e> {
    /// It fires with the base only.
    OnlyBase(&'e Episode),
    /// It fires with the current sources only.
    OnlyHead(&'e Episode),
    /// It fires with both, at another time, for another duration, or others are notified.
    Differs {
        /// With the base.
        base: &'e Episode,
        /// With the current sources.
        head: &'e Episode,
    },
}

impl Change<'_> {
    /// When it begins, in milliseconds since 1970.
    pub fn at(&self) -> i64 {
        match self {
            Self::OnlyBase(episode) | Self::OnlyHead(episode) => episode.start,
            Self::Differs { base, head } => base.start.min(head.start),
        }
    }
}

/// Compares the alerts of two revisions, in order of time. Episodes of the same alert with the same severity are paired if they overlap.
pub fn changes<'e>(base: &'e [Episode], head: &'e [Episode]) -> Vec<Change<'e>> {
    let mut rest: Vec<&Episode> = head.iter().collect();
    let mut found = Vec::new();
    for old in base {
        let is_same = |new: &&Episode| {
            let end = old.end.unwrap_or(i64::MAX);
            new.key() == old.key() && new.overlaps(old.start, end)
        };
        let Some(place) = rest.iter().position(is_same) else {
            found.push(Change::OnlyBase(old));
            continue;
        };
        let new = rest.remove(place);
        if (new.start, new.end, &new.delivery) != (old.start, old.end, &old.delivery) {
            found.push(Change::Differs {
                base: old,
                head: new,
            });
        }
    }
    found.extend(rest.into_iter().map(Change::OnlyHead));
    found.sort_by_key(Change::at);
    found
}

#[cfg(test)]
mod tests {
    use nth_model::Severity;

    use super::super::episodes::Delivery;
    use super::*;

    fn episode(alert: &str, start: i64, end: Option<i64>) -> Episode {
        Episode {
            service: "checkout".into(),
            slo: None,
            alert: alert.into(),
            severity: Some(Severity::page()),
            start,
            end,
            windows: Vec::new(),
            delivery: Delivery::Unrouted,
        }
    }

    #[test]
    fn episodes_are_paired_if_they_overlap() {
        let base = [
            episode("a", 0, Some(10)),
            episode("a", 20, Some(30)),
            episode("b", 0, None),
        ];
        let head = [
            episode("a", 5, Some(10)),
            episode("a", 40, Some(50)),
            episode("b", 0, None),
        ];
        assert_eq!(
            changes(&base, &head),
            [
                Change::Differs {
                    base: &base[0],
                    head: &head[0]
                },
                Change::OnlyBase(&base[1]),
                Change::OnlyHead(&head[1]),
            ]
        );
    }
}
