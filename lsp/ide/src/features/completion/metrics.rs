//! Metrics, labels and label values known at the cursor: from the catalogue for the block's selector first, then from
//! `metric` blocks, then from queries of the project and of the standard library.

use std::collections::{BTreeMap, BTreeSet};

use nthc::catalogue::{
    CHURNING, Known, Lookup, Metric, block_labels, environment_labels, metrics_under, selector_of,
};
use nthc::db::{ItemClass, SourceFile, file_names};
use nthc::eval::{Instance, instance, let_value};
use nthc::promql::LabelMatchers;
use smol_str::SmolStr;

use super::{MOST, Offer, What};
use crate::cursor::read::Cursor;
use crate::features::docs::Subject;
use crate::features::promql::lex::is_word;
use crate::features::promql::used::{Used, names_in_queries, read};

/// Number of files searched while nothing is typed.
const FEW: usize = 100;

/// The metrics known at the cursor.
pub struct Metrics<'db> {
    db: &'db dyn salsa::Database,
    /// The catalogue's metrics for the block's selector, in each environment.
    here: Vec<&'db Known>,
    /// True if the selector was not pulled.
    is_unclaimed: bool,
    /// All metrics of the catalogue, if the selector is not known.
    anywhere: Vec<(&'db str, &'db Metric)>,
    /// The metrics in the file itself, without the word at the cursor.
    own: Used,
    /// The other files.
    files: Vec<SourceFile>,
    /// The files of the standard library.
    standard: Vec<SourceFile>,
}

impl<'db> Metrics<'db> {
    /// Collects the metrics known at the cursor.
    pub fn new(cursor: &Cursor<'db>) -> Self {
        let lookup = cursor.scope.lookup;
        let (db, workspace) = (lookup.db, lookup.workspace);
        let declared = metrics_under(db, workspace, None, String::new());
        let mut here = Vec::new();
        let mut is_unclaimed = true;
        let mut anywhere = Vec::new();
        if let Some(lock) = workspace.catalogue(db) {
            here = under_block(cursor);
            is_unclaimed = here.iter().all(|known| known.section.is_none());
            if is_unclaimed {
                let sections = lock.selectors.values();
                let of_environments = lock.environments.values().flat_map(BTreeMap::values);
                for section in sections.chain(of_environments) {
                    let metrics = section.metrics.iter();
                    anywhere.extend(metrics.map(|(name, metric)| (name.as_str(), metric)));
                }
            }
        }
        here.push(declared);
        let (mut files, mut standard) = (Vec::new(), Vec::new());
        for (name, file) in workspace.modules(db).iter() {
            if name.starts_with("std.") {
                standard.push(*file);
            } else if *file != cursor.scope.file {
                files.push(*file);
            }
        }
        Self {
            db,
            here,
            is_unclaimed,
            anywhere,
            own: without_word(cursor),
            files,
            standard,
        }
    }

    /// Gives the series that continue what is typed. Returns whether there are more.
    pub fn series(&self, typed: &str, give: &mut dyn FnMut(Offer)) -> bool {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for known in &self.here {
            for name in known.series() {
                if super::matches_typed(typed, &name) && seen.insert(name.clone()) {
                    give(self.known_series(known, &name));
                }
            }
        }
        for (base, metric) in &self.anywhere {
            for suffix in &metric.suffixes {
                let name = format!("{base}{suffix}");
                if super::matches_typed(typed, &name) && seen.insert(name.clone()) {
                    give(metric_offer(&name, Some(metric), 20));
                }
            }
        }
        // If the selector was pulled, other metrics do not exist.
        if !self.is_unclaimed {
            return false;
        }
        let mut left = MOST;
        for (name, _) in &self.own.metrics {
            if super::matches_typed(typed, name) && seen.insert(name.to_string()) {
                give(metric_offer(name, None, 15));
            }
        }
        // Before the first letter, some of the files are enough.
        let looked_at = if typed.is_empty() { FEW } else { usize::MAX };
        let files = self.files.iter().take(looked_at).map(|file| (file, 18));
        for (file, rank) in files.chain(self.standard.iter().map(|file| (file, 25))) {
            for (name, _) in names_in_queries(self.db, *file).starting_with(typed) {
                if seen.contains(name.as_str()) {
                    continue;
                }
                if left == 0 {
                    return true;
                }
                seen.insert(name.to_string());
                give(metric_offer(name, None, rank));
                left -= 1;
            }
        }
        // Names that match only loosely are not searched in every file.
        true
    }

    fn known_series(&self, known: &Known, name: &str) -> Offer {
        match known.metric(name) {
            Lookup::Found(part) => metric_offer(name, Some(part.metric), 10),
            _ => metric_offer(name, None, 10),
        }
    }

    /// The catalogue's entries of a metric.
    fn metric(&self, name: &str) -> Vec<(&Metric, bool)> {
        let mut found: Vec<(&Metric, bool)> = Vec::new();
        for known in &self.here {
            if let Lookup::Found(part) = known.metric(name) {
                found.push((part.metric, part.suffix == "_bucket"));
            }
        }
        let anywhere = self.anywhere.iter().filter(|(base, metric)| {
            name.strip_prefix(base)
                .is_some_and(|suffix| metric.suffixes.contains(suffix))
        });
        found.extend(anywhere.map(|(_, metric)| (*metric, name.ends_with("_bucket"))));
        found
    }

    /// The labels of a metric, or of all metrics for `None`.
    pub fn labels(&self, metric: Option<&str>) -> Vec<(String, u16)> {
        let mut labels: BTreeMap<String, u16> = BTreeMap::new();
        let known = metric.map(|metric| self.metric(metric)).unwrap_or_default();
        for (metric, is_bucket) in &known {
            for label in &metric.labels {
                labels.entry(label.clone()).or_insert(10);
            }
            if *is_bucket {
                labels.entry("le".to_owned()).or_insert(10);
            }
        }
        if known.is_empty() {
            let own = &self.own;
            for (files, rank) in [(vec![own], 15), (self.other_files(metric), 18)] {
                for file in files {
                    for label in metric_labels(file, metric) {
                        labels.entry(label.to_string()).or_insert(rank);
                    }
                }
            }
            for (label, _) in &own.labels {
                labels.entry(label.to_string()).or_insert(30);
            }
            for (label, rank) in [("job", 40), ("instance", 41)] {
                labels.entry(label.to_owned()).or_insert(rank);
            }
        }
        labels.remove("__name__");
        labels.into_iter().collect()
    }

    /// All other files, those of the standard library last.
    fn others(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().chain(&self.standard)
    }

    /// The other files that name a metric. For `None`, those of the file itself are enough.
    fn other_files(&self, metric: Option<&str>) -> Vec<&Used> {
        match metric {
            Some(_) => self
                .others()
                .map(|file| names_in_queries(self.db, *file))
                .collect(),
            None => Vec::new(),
        }
    }

    /// The values of a label.
    pub fn values(&self, metric: Option<&str>, label: &str) -> Vec<(String, u16)> {
        let mut values: BTreeMap<String, u16> = BTreeMap::new();
        let known = metric.map(|metric| self.metric(metric)).unwrap_or_default();
        for (metric, _) in &known {
            let listed = metric.values.get(label).into_iter().flatten();
            for value in listed {
                values.entry(value.clone()).or_insert(10);
            }
            if label == "le" {
                for bucket in &metric.buckets {
                    values.entry(bucket.clone()).or_insert(10);
                }
            }
        }
        if values.is_empty() && !CHURNING.contains(&label) {
            let others = self
                .others()
                .map(|file| (names_in_queries(self.db, *file), 20));
            for (of, rank) in std::iter::once((&self.own, 15)).chain(others) {
                for (_, listed) in of.labels.iter().filter(|(name, _)| name == label) {
                    for value in listed {
                        values.entry(value.to_string()).or_insert(rank);
                    }
                }
                if values.len() >= MOST {
                    break;
                }
            }
        }
        values.into_iter().collect()
    }

    /// The first values of a label, to be shown next to it.
    pub fn values_shown(&self, metric: Option<&str>, label: &str) -> Option<String> {
        let known = metric.map(|metric| self.metric(metric)).unwrap_or_default();
        let values: BTreeSet<&str> = known
            .iter()
            .filter_map(|(metric, _)| metric.values.get(label))
            .flatten()
            .map(String::as_str)
            .collect();
        if values.is_empty() {
            return None;
        }
        let mut shown: Vec<&str> = values.iter().copied().take(4).collect();
        if values.len() > shown.len() {
            shown.push("…");
        }
        Some(shown.join(", "))
    }
}

/// The names in the queries of the cursor's file, without the word at the cursor.
fn without_word(cursor: &Cursor<'_>) -> Used {
    let text = cursor.scope.file.text(cursor.scope.lookup.db);
    let is_part = |letter: char| is_word(letter) || letter == ':';
    let at = cursor.start + cursor.offset;
    let before = text.get(..at).unwrap_or_default();
    let after = text.get(at..).unwrap_or_default();
    read(&format!(
        "{}{}",
        before.trim_end_matches(is_part),
        after.trim_start_matches(is_part)
    ))
}

fn metric_labels<'u>(used: &'u Used, metric: Option<&str>) -> Vec<&'u SmolStr> {
    let Some(metric) = metric else {
        return Vec::new();
    };
    used.metrics
        .binary_search_by(|(name, _)| name.as_str().cmp(metric))
        .ok()
        .and_then(|place| used.metrics.get(place))
        .map(|(_, labels)| labels.iter().collect())
        .unwrap_or_default()
}

fn metric_offer(name: &str, metric: Option<&Metric>, rank: u16) -> Offer {
    let offer = Offer::new(name, What::Metric, rank);
    let Some(metric) = metric else {
        return offer.detail("metric");
    };
    let sort = format!("{:?}", metric.metric_type).to_lowercase();
    let help = metric.help.as_deref().unwrap_or_default();
    // The help text of a metric is plain text, not Markdown.
    offer
        .detail(sort)
        .about(Subject::Markdown(crate::features::docs::escape(help)))
}

/// The catalogue's metrics for the selector that the queries of the innermost block get, in each environment.
fn under_block<'db>(cursor: &Cursor<'db>) -> Vec<&'db Known> {
    let lookup = cursor.scope.lookup;
    let (db, workspace) = (lookup.db, lookup.workspace);
    let Some(key) = cursor.item().filter(|_| !cursor.scope.is_template) else {
        return Vec::new();
    };
    let declared = workspace.environments(db).keys().cloned().map(Some);
    let mut environments: Vec<Option<SmolStr>> = declared.collect();
    if environments.is_empty() {
        environments.push(None);
    }
    environments
        .into_iter()
        .filter_map(|environment| {
            let evaluated = instance(db, workspace, key, environment.clone());
            let mut labels = selector_at(cursor, evaluated.instance.as_ref()?);
            labels.fill(&environment_labels(db, workspace, environment.as_deref()));
            let selector = selector_of(&labels);
            Some(metrics_under(db, workspace, environment, selector))
        })
        .collect()
}

/// The innermost selector of the blocks around the cursor.
fn selector_at(cursor: &Cursor<'_>, root: &Instance) -> LabelMatchers {
    let mut block = root;
    let mut labels = block_labels(block);
    for around in cursor.scope.blocks.iter().skip(1) {
        let mut children = block.children_of(&around.kind);
        let Some(next) = children.find(|child| child.name == around.name) else {
            break;
        };
        block = next;
        let own = block_labels(block);
        if !own.is_empty() {
            labels = own;
        }
    }
    labels
}

/// The file's own `let`s and those that it imports by name, with their types.
pub fn lets(cursor: &Cursor<'_>) -> Vec<(String, String)> {
    let lookup = cursor.scope.lookup;
    let names = file_names(lookup.db, cursor.scope.file);
    names
        .of_class(ItemClass::Let)
        .map(|entry| {
            let value = let_value(lookup.db, lookup.workspace, entry.key, None);
            let ty = value.map_or_else(|| "let".to_owned(), |value| value.ty().to_string());
            (entry.name.to_string(), ty)
        })
        .collect()
}
