//! Checks whether the series that count errors exist before the first error: `rate` and `increase` ignore the first
//! sample of a counter, so an error that creates its series is not counted.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::BadAnswer;
use super::answer::data;
use nth_promql::{self as promql, MatchOp, Matcher, Node, Selector, matches_any};

/// The errors of a ratio, as its `bad` and `total` select them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Errors {
    /// The selector of bad events.
    pub bad: String,
    /// The selector of all events.
    pub total: String,
}

/// The errors of a ratio, and which of their series existed when they were pulled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorSeries {
    /// The selector of bad events.
    pub bad: String,
    /// The selector of all events.
    pub total: String,
    /// Which series of bad events exist.
    pub initialized: Initialized,
}

/// The series of all events for which a series of bad events exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Initialized {
    /// None.
    None,
    /// The series of some targets.
    Targets,
    /// The series of each target, but not of all its label sets.
    Labels,
    /// All.
    All,
}

impl Initialized {
    /// The value in the lock file.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Targets => "targets",
            Self::Labels => "labels",
            Self::All => "all",
        }
    }
}

/// Labels that identify targets.
const TARGET_LABELS: [&str; 5] = ["cluster", "instance", "job", "namespace", "pod"];

impl Errors {
    /// Creates the errors of two selectors, each formatted with sorted matchers.
    pub fn new(bad: &Selector, total: &Selector) -> Self {
        Self {
            bad: in_order(bad),
            total: in_order(total),
        }
    }
}

/// Formats a selector with sorted matchers, regardless of their order in the source.
fn in_order(selector: &Selector) -> String {
    let mut selector = selector.clone();
    selector.matchers.sort_by_cached_key(|matcher| {
        let op = matcher.op.as_str();
        (matcher.label.clone(), op, matcher.value.to_string())
    });
    selector.to_string()
}

/// Looks for the series of errors in an answer of `/api/v1/series` that [`series`](super::series) has parsed. Ratios
/// without a result are omitted: those without series of all events, or with a matcher that cannot be evaluated.
///
/// # Errors
///
/// If the answer is not a list of series.
pub fn find_error_series(
    bytes: &[u8],
    wanted: &BTreeSet<Errors>,
) -> Result<Vec<ErrorSeries>, BadAnswer> {
    let mut watches: Vec<Watch<'_>> = wanted.iter().filter_map(Watch::new).collect();
    if watches.is_empty() {
        return Ok(Vec::new());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    Answer(&mut watches)
        .deserialize(&mut deserializer)
        .map_err(|error| BadAnswer::Malformed(error.to_string()))?;
    Ok(watches.into_iter().filter_map(Watch::finish).collect())
}

/// Returns whether an answer of `/api/v1/status/flags` enables the feature with which Prometheus stores a zero at the
/// start of a counter.
pub fn counts_first_samples(bytes: &[u8]) -> bool {
    data::<BTreeMap<String, String>>(bytes).is_ok_and(|flags| {
        flags
            .get("enable-feature")
            .is_some_and(|features| features.contains("created-timestamp-zero-ingestion"))
    })
}

/// A metric with matchers.
struct Matching {
    name: String,
    matchers: Vec<Matcher>,
    /// Results of matching values, by the matcher's index: each regular expression is evaluated once.
    tried: HashMap<(usize, String), bool>,
    /// True if a matcher could not be evaluated.
    failed: bool,
}

impl Matching {
    fn parse(text: &str) -> Option<Self> {
        let Node::Selector(selector) = promql::parse(text).ok()?.node else {
            return None;
        };
        Some(Self {
            name: selector.metric?.text.to_string(),
            matchers: selector.matchers,
            tried: HashMap::new(),
            failed: false,
        })
    }

    fn matches(&mut self, series: &BTreeMap<String, String>) -> bool {
        if series.get("__name__") != Some(&self.name) {
            return false;
        }
        for (number, matcher) in self.matchers.iter().enumerate() {
            let value = series
                .get(matcher.label.as_str())
                .map_or("", String::as_str);
            let key = (number, value.to_owned());
            let passes = match self.tried.get(&key) {
                Some(passes) => *passes,
                None => {
                    let Some(passes) = value_matches(matcher, value) else {
                        self.failed = true;
                        return false;
                    };
                    self.tried.insert(key, passes);
                    passes
                }
            };
            if !passes {
                return false;
            }
        }
        true
    }
}

fn value_matches(matcher: &Matcher, value: &str) -> Option<bool> {
    let wanted = matcher.value.text()?;
    Some(match matcher.op {
        MatchOp::Equal => wanted == value,
        MatchOp::NotEqual => wanted != value,
        MatchOp::Matches => matches_any(wanted, [value])?,
        MatchOp::NotMatches => !matches_any(wanted, [value])?,
    })
}

/// The state collected about the errors of one ratio.
struct Watch<'w> {
    errors: &'w Errors,
    bad: Matching,
    total: Matching,
    /// The labels that distinguish bad events from others.
    telling: BTreeSet<String>,
    /// The labels of series of all events.
    seen: HashSet<String>,
    /// The targets of all events, and those of bad ones.
    targets: [HashSet<Vec<String>>; 2],
    /// The label sets of events that are not bad, and those of bad ones, without the labels that distinguish them.
    sets: [HashSet<BTreeMap<String, String>>; 2],
}

impl<'w> Watch<'w> {
    fn new(errors: &'w Errors) -> Option<Self> {
        let bad = Matching::parse(&errors.bad)?;
        let total = Matching::parse(&errors.total)?;
        let telling = bad
            .matchers
            .iter()
            .filter(|matcher| {
                !total.matchers.iter().any(|other| {
                    (other.label.as_str(), other.op, other.value.text())
                        == (matcher.label.as_str(), matcher.op, matcher.value.text())
                })
            })
            .map(|matcher| matcher.label.to_string())
            .collect();
        Some(Self {
            errors,
            bad,
            total,
            telling,
            seen: HashSet::new(),
            targets: Default::default(),
            sets: Default::default(),
        })
    }

    fn add_series(&mut self, series: &BTreeMap<String, String>) {
        let is_bad = self.bad.matches(series);
        let is_event = self.total.matches(series);
        if !is_bad && !is_event {
            return;
        }
        let target: Vec<String> = TARGET_LABELS
            .iter()
            .map(|label| series.get(*label).cloned().unwrap_or_default())
            .collect();
        if is_event {
            self.targets[0].insert(target.clone());
            for label in series.keys() {
                if !self.seen.contains(label) {
                    self.seen.insert(label.clone());
                }
            }
        }
        if is_bad {
            self.targets[1].insert(target);
        }
        if self.bad.name == self.total.name {
            let set = series
                .iter()
                .filter(|(label, value)| {
                    *label != "__name__" && !value.is_empty() && !self.telling.contains(*label)
                })
                .map(|(label, value)| (label.clone(), value.clone()))
                .collect();
            self.sets[usize::from(is_bad)].insert(set);
        }
    }

    fn finish(self) -> Option<ErrorSeries> {
        let [all, bad] = &self.targets;
        if all.is_empty() || self.bad.failed || self.total.failed {
            return None;
        }
        // If no series has a label, errors may not have it either: its name may be misspelled.
        let is_one_metric = self.bad.name == self.total.name;
        if is_one_metric && !self.telling.iter().all(|label| self.seen.contains(label)) {
            return None;
        }
        let initialized = if bad.is_empty() {
            Initialized::None
        } else if !all.is_subset(bad) {
            Initialized::Targets
        } else if self.lacks_labels() {
            Initialized::Labels
        } else {
            Initialized::All
        };
        Some(ErrorSeries {
            bad: self.errors.bad.clone(),
            total: self.errors.total.clone(),
            initialized,
        })
    }

    /// Returns whether a label set of other events has no series of bad ones. A label with values for bad events alone,
    /// such as `exception`, describes the error and not the failed operation: it is ignored.
    fn lacks_labels(&self) -> bool {
        let [others, bad] = &self.sets;
        let values = |sets: &HashSet<BTreeMap<String, String>>, label: &str| -> BTreeSet<String> {
            sets.iter()
                .map(|set| set.get(label).cloned().unwrap_or_default())
                .collect()
        };
        let labels: BTreeSet<&String> = others.iter().chain(bad).flat_map(BTreeMap::keys).collect();
        let shared: BTreeSet<&String> = labels
            .into_iter()
            .filter(|label| values(bad, label).is_subset(&values(others, label)))
            .collect();
        let narrowed =
            |sets: &HashSet<BTreeMap<String, String>>| -> HashSet<BTreeMap<String, String>> {
                sets.iter()
                    .map(|set| {
                        set.iter()
                            .filter(|(label, _)| shared.contains(label))
                            .map(|(label, value)| (label.clone(), value.clone()))
                            .collect()
                    })
                    .collect()
            };
        !narrowed(others).is_subset(&narrowed(bad))
    }
}

/// An answer whose data are searched.
struct Answer<'a, 'w>(&'a mut [Watch<'w>]);

impl<'de> DeserializeSeed<'de> for Answer<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Answer<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of Prometheus")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            if key == "data" {
                entries.next_value_seed(Items(&mut *self.0))?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A list of series.
struct Items<'a, 'w>(&'a mut [Watch<'w>]);

impl<'de> DeserializeSeed<'de> for Items<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of series")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(series) = items.next_element::<BTreeMap<String, String>>()? {
            for watch in self.0.iter_mut() {
                watch.add_series(&series);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use Initialized::{All, Labels, None as Nothing, Targets};

    /// The result for `bad` and `total` with these series, each written as `name label=value …`.
    fn initialized(bad: &str, total: &str, series: &[&str]) -> Option<Initialized> {
        let data: Vec<BTreeMap<&str, &str>> = series
            .iter()
            .map(|series| {
                let mut words = series.split(' ');
                let name = words.next().unwrap();
                words
                    .map(|word| word.split_once('=').unwrap())
                    .chain([("__name__", name)])
                    .collect()
            })
            .collect();
        let answer = serde_json::json!({"status": "success", "data": data}).to_string();
        let wanted = BTreeSet::from([Errors {
            bad: bad.to_owned(),
            total: total.to_owned(),
        }]);
        let found = find_error_series(answer.as_bytes(), &wanted).unwrap();
        found.first().map(|errors| errors.initialized)
    }

    #[test]
    fn errors_are_born_or_were_there_before() {
        let of = |series: &[&str]| initialized(r#"x{code=~"5.."}"#, "x", series);
        assert_eq!(of(&["x instance=a code=200"]), Some(Nothing));
        assert_eq!(
            of(&["x instance=a code=200", "x instance=a code=500"]),
            Some(All)
        );
        assert_eq!(
            of(&[
                "x instance=a code=200",
                "x instance=a code=500",
                "x instance=b code=200"
            ]),
            Some(Targets)
        );
        assert_eq!(
            of(&[
                "x instance=a code=200 path=/a",
                "x instance=a code=200 path=/b",
                "x instance=a code=503 path=/a"
            ]),
            Some(Labels)
        );
        assert_eq!(
            of(&[
                "x instance=a code=200 path=/a",
                "x instance=a code=404 path=/b",
                "x instance=a code=503 path=/a",
                "x instance=a code=500 path=/b"
            ]),
            Some(All)
        );
        // There is no result if no series exists.
        assert_eq!(of(&["y instance=a code=200"]), Option::None);
        assert_eq!(of(&["x instance=a status=200"]), Option::None);
        assert_eq!(of(&[]), Option::None);
    }

    #[test]
    fn labels_of_the_error_itself_do_not_count() {
        assert_eq!(
            initialized(
                r#"x{outcome="SERVER_ERROR"}"#,
                "x",
                &[
                    "x instance=a outcome=SUCCESS status=200 exception=None uri=/a",
                    "x instance=a outcome=SERVER_ERROR status=500 exception=IOException uri=/a",
                ]
            ),
            Some(All)
        );
    }

    #[test]
    fn two_metrics_are_compared_by_target() {
        let of = |series: &[&str]| initialized("failed_total", "all_total", series);
        assert_eq!(of(&["all_total instance=a"]), Some(Nothing));
        assert_eq!(
            of(&[
                "all_total instance=a kind=k",
                "failed_total instance=a reason=r"
            ]),
            Some(All)
        );
        assert_eq!(
            of(&[
                "all_total instance=a",
                "all_total instance=b",
                "failed_total instance=a"
            ]),
            Some(Targets)
        );
    }

    #[test]
    fn a_matcher_that_both_have_tells_nothing_apart() {
        let of = |series: &[&str]| {
            initialized(
                r#"x{path!="/health",code=~"5.."}"#,
                r#"x{path!="/health"}"#,
                series,
            )
        };
        assert_eq!(
            of(&[
                "x instance=a code=200 path=/a",
                "x instance=a code=500 path=/a",
                "x instance=a code=200 path=/health"
            ]),
            Some(All)
        );
        assert_eq!(
            of(&[
                "x instance=a code=200 path=/a",
                "x instance=a code=500 path=/a",
                "x instance=a code=200 path=/b"
            ]),
            Some(Labels)
        );
    }
}
