//! SLOs with groups in a report: the order of the groups, how many are shown, and what is said about the rest.

use std::collections::{BTreeMap, BTreeSet};

use nth_ledger::{AlertEpisode, Interval, SloKey};
use nth_model::text::count;

use super::document::{Notified, Report, SloReport, Topic, TopicKind};
use super::input::SloInput;
use super::sentence::Sentence;
use super::words;

/// How many groups of an SLO are shown, the worst ones.
pub(super) const SHOWN: usize = 10;

/// How many groups of an SLO have topics of one kind.
const TALKED_ABOUT: usize = 3;

/// What an SLO and its groups have in common, in the order of a report.
type Whole<'k> = (&'k str, Option<&'k str>, &'k str, &'k str);

fn whole(key: &SloKey) -> Whole<'_> {
    (
        &key.project,
        key.environment.as_deref(),
        &key.service,
        &key.slo,
    )
}

/// The SLO that a group belongs to.
pub(super) fn without_group(key: &SloKey) -> SloKey {
    SloKey {
        group: BTreeMap::new(),
        ..key.clone()
    }
}

/// Separates groups of which nothing was seen in a time, if another group of the same SLO was: they did not exist.
pub(super) fn without_data<'s>(
    slos: Vec<&'s SloInput>,
    time: Interval,
) -> (Vec<&'s SloInput>, Vec<SloKey>) {
    let is_seen = |slo: &SloInput| {
        let mut slices = slo.slices.iter();
        slices.any(|slice| slice.seen > 0 && (time.from..time.until).contains(&slice.start))
    };
    let seen: BTreeSet<Whole<'s>> = { slos.iter() }
        .filter(|slo| !slo.key.group.is_empty() && is_seen(slo))
        .map(|slo| whole(&slo.key))
        .collect();
    let (absent, present): (Vec<&SloInput>, Vec<&SloInput>) = slos.into_iter().partition(|slo| {
        !slo.key.group.is_empty() && seen.contains(&whole(&slo.key)) && !is_seen(slo)
    });
    let mut absent: Vec<SloKey> = absent.into_iter().map(|slo| slo.key.clone()).collect();
    absent.sort();
    (present, absent)
}

/// Orders SLOs by service and name, and the groups of one by their consumed shares: the worst first, unknown ones last.
pub(super) fn sort(slos: &mut [SloReport]) {
    let worst_first = |one: &SloReport, other: &SloReport| {
        let (one, other) = (one.consumed(), other.consumed());
        match (one, other) {
            (Some(one), Some(other)) => other.total_cmp(&one),
            _ => one.is_none().cmp(&other.is_none()),
        }
    };
    slos.sort_by(|one, other| {
        whole(&one.slo)
            .cmp(&whole(&other.slo))
            .then_with(|| worst_first(one, other))
            .then_with(|| one.slo.cmp(&other.slo))
    });
}

/// How many SLOs were met, missed and are unknown. One with groups is missed if one of them is, and met if none is and one is met:
/// nothing happened in the others.
pub(super) struct Results {
    pub met: usize,
    pub missed: usize,
    pub unknown: usize,
}

impl Results {
    /// Counts the results of SLOs.
    pub(super) fn new<'s>(slos: impl IntoIterator<Item = &'s SloReport>) -> Self {
        let mut by_slo: BTreeMap<Whole<'s>, Vec<Option<bool>>> = BTreeMap::new();
        for slo in slos {
            by_slo
                .entry(whole(&slo.slo))
                .or_default()
                .push(slo.is_met());
        }
        let mut results = Self {
            met: 0,
            missed: 0,
            unknown: 0,
        };
        for groups in by_slo.into_values() {
            if groups.contains(&Some(false)) {
                results.missed += 1;
            } else if groups.contains(&Some(true)) {
                results.met += 1;
            } else {
                results.unknown += 1;
            }
        }
        results
    }

    /// The number of SLOs.
    pub(super) fn all(&self) -> usize {
        self.met + self.missed + self.unknown
    }
}

/// The groups of an SLO that are not shown.
pub(super) struct Rest {
    /// The SLO.
    pub slo: SloKey,
    missed: usize,
    groups: usize,
}

impl Rest {
    /// How many groups there are, and how many of them were missed.
    pub(super) fn words(&self) -> Sentence {
        let missed = match self.missed {
            0 => "none of them missed its objective".to_owned(),
            missed => format!("{missed} of them missed their objectives"),
        };
        Sentence::new()
            .words(format!("And {} of ", count(self.groups, "more group")))
            .name(words::slo(&self.slo))
            .words(format!(", which consumed less; {missed}."))
    }
}

impl Report {
    /// The numbers of the SLOs that are shown, and the groups that are not.
    pub(super) fn shown(&self) -> (BTreeSet<usize>, Vec<Rest>) {
        let mut shown = BTreeSet::new();
        let mut rest: BTreeMap<Whole<'_>, Rest> = BTreeMap::new();
        let mut counts: BTreeMap<Whole<'_>, usize> = BTreeMap::new();
        for (number, slo) in self.slos.iter().enumerate() {
            let count = counts.entry(whole(&slo.slo)).or_default();
            *count += 1;
            if *count <= SHOWN {
                shown.insert(number);
                continue;
            }
            let hidden = rest.entry(whole(&slo.slo)).or_insert_with(|| Rest {
                slo: without_group(&slo.slo),
                missed: 0,
                groups: 0,
            });
            hidden.groups += 1;
            hidden.missed += usize::from(slo.is_met() == Some(false));
        }
        (shown, rest.into_values().collect())
    }

    /// The groups without data in the period, in a sentence; `None` if there are none.
    pub(super) fn absent_groups(&self) -> Option<Sentence> {
        let all = &self.groups_without_data;
        if all.is_empty() {
            return None;
        }
        let groups = count(all.len(), "group");
        let mut sentence = Sentence::new().words(format!("{groups} had no data in this time: "));
        for (number, key) in all.iter().take(SHOWN).enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            sentence = sentence.words(comma).name(words::slo(key));
        }
        let more = match all.len().saturating_sub(SHOWN) {
            0 => ".".to_owned(),
            more => format!(", and {more} more."),
        };
        Some(sentence.words(more))
    }
}

/// Keeps topics of one kind about a few groups of an SLO, and one about how many others there are. Topics come in their order.
pub(super) fn fold(topics: Vec<Topic>) -> Vec<Topic> {
    let mut folded: Vec<Topic> = Vec::new();
    let mut kept: BTreeMap<(TopicKind, SloKey), usize> = BTreeMap::new();
    let mut others: BTreeMap<(TopicKind, SloKey), (usize, Vec<SloKey>)> = BTreeMap::new();
    for topic in topics {
        let [only] = topic.slos.as_slice() else {
            folded.push(topic);
            continue;
        };
        if only.group.is_empty() {
            folded.push(topic);
            continue;
        }
        let key = (topic.kind, without_group(only));
        let count = kept.entry(key.clone()).or_default();
        *count += 1;
        if *count <= TALKED_ABOUT {
            folded.push(topic);
            continue;
        }
        let (_, slos) = others.entry(key).or_insert((folded.len(), Vec::new()));
        slos.extend(topic.slos);
    }
    let mut inserted: Vec<(usize, Topic)> = others
        .into_iter()
        .map(|((kind, slo), (place, slos))| {
            let text = Sentence::new()
                .words("The same holds for ")
                .number(count(slos.len(), "more group"))
                .words(" of ")
                .name(words::slo(&slo))
                .words(".");
            (place, Topic { kind, slos, text })
        })
        .collect();
    inserted.sort_by_key(|(place, _)| *place);
    for (place, topic) in inserted.into_iter().rev() {
        folded.insert(place.min(folded.len()), topic);
    }
    folded
}

/// The pages of SLOs: one that fired for all groups of an SLO counts once. `useful` says whether a page was useful for an SLO.
pub(super) fn pages<'s>(
    slos: &[(&'s SloReport, Vec<&'s AlertEpisode>)],
    useful: &dyn Fn(&SloReport, &AlertEpisode) -> bool,
) -> Notified {
    let mut sum = Notified::default();
    type Fired<'f> = (Whole<'f>, &'f str, &'f BTreeMap<String, String>, i64);
    let mut distinct: BTreeMap<Fired<'s>, bool> = BTreeMap::new();
    for (slo, fired) in slos {
        sum.unknown_seconds = sum.unknown_seconds.max(slo.pages.unknown_seconds);
        if slo.slo.group.is_empty() {
            sum += slo.pages;
            continue;
        }
        for page in fired {
            let key = (whole(&slo.slo), &*page.alert, &page.labels, page.from);
            *distinct.entry(key).or_default() |= useful(slo, page);
        }
    }
    sum.all += distinct.len();
    sum.useful += distinct.values().filter(|useful| **useful).count();
    sum
}
