//! The order and the grouping of changes, which all formats share.
//!
//! A change belongs to one section: to the first cause of the document that it comes from, else to its service, else to the
//! project. At a cause, the same change of many services is one row. Sections with graver changes come first; accepted changes
//! do not count for that.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::change::{Cause, Change, Number, Place, Witness};
use crate::class::{Class, Level};
use crate::document::{Document, Figure, ServiceFigures};

/// What the changes of a section have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Origin<'d> {
    /// They come from this cause.
    Cause(&'d Cause),
    /// They are changes of the project: of teams, settings and environments.
    Project,
    /// They are changes of this service.
    Service(&'d str),
}

/// Changes that belong together.
#[derive(Debug, Clone)]
pub struct Section<'d> {
    /// What they have in common.
    pub origin: Origin<'d>,
    /// The changes, the gravest first; never empty.
    pub rows: Vec<Row<'d>>,
    /// The numbers of the services of the section, each service in one section only.
    pub numbers: Vec<NumbersGroup<'d>>,
    /// The numbers of the SLOs of these services.
    pub slos: Vec<SloGroup<'d>>,
    /// For a service: the causes with other changes of it, and how many.
    pub elsewhere: Vec<(&'d Cause, usize)>,
}

/// A change, or the same change of several services.
#[derive(Debug, Clone)]
pub struct Row<'d> {
    /// The first of the changes.
    pub change: &'d Change,
    /// The other ones: of the same id and class, from the same text to the same text.
    pub others: Vec<&'d Change>,
}

/// The same numbers of several services.
#[derive(Debug, Clone)]
pub struct NumbersGroup<'d> {
    /// The services.
    pub services: Vec<&'d str>,
    /// The environment, if it is only one.
    pub environment: Option<&'d str>,
    /// The numbers.
    pub numbers: &'d [Number],
}

/// The same numbers of the same SLO of several services.
#[derive(Debug, Clone)]
pub struct SloGroup<'d> {
    /// The services.
    pub services: Vec<&'d str>,
    /// The environment, if it is only one.
    pub environment: Option<&'d str>,
    /// The numbers.
    pub figure: &'d Figure,
}

impl<'d> Row<'d> {
    /// All changes of the row.
    pub fn changes(&self) -> impl Iterator<Item = &'d Change> {
        std::iter::once(self.change).chain(self.others.iter().copied())
    }

    /// The number of changes.
    pub fn len(&self) -> usize {
        1 + self.others.len()
    }

    /// The class.
    pub fn class(&self) -> Class {
        self.change.class
    }

    /// The services, in order.
    pub fn services(&self) -> Vec<&'d str> {
        let services: BTreeSet<&str> = self
            .changes()
            .filter_map(|change| change.subject.service.as_deref())
            .collect();
        services.into_iter().collect()
    }

    /// The first incident that shows one of the changes.
    pub fn witness(&self) -> Option<(&'d Change, &'d Witness)> {
        self.changes()
            .find_map(|change| Some((change, change.witness.as_ref()?)))
    }

    /// The number of changes that an incident shows.
    pub fn witnessed(&self) -> usize {
        self.changes()
            .filter(|change| change.witness.is_some())
            .count()
    }

    /// The place of the first change that has one.
    pub fn place(&self) -> Option<&'d Place> {
        self.changes().find_map(|change| change.place.as_ref())
    }

    /// Accepted changes come after those that are not.
    fn weight(&self) -> (bool, Class) {
        (self.change.accepted, self.change.class)
    }
}

impl<'d> Section<'d> {
    /// The rows of a class.
    pub fn of_class(&self, class: Class) -> impl Iterator<Item = &Row<'d>> {
        self.rows.iter().filter(move |row| row.class() == class)
    }

    /// The number of changes of each class.
    pub fn counts(&self) -> Vec<(Class, usize)> {
        let mut counts: BTreeMap<Class, usize> = BTreeMap::new();
        for row in &self.rows {
            *counts.entry(row.class()).or_default() += row.len();
        }
        counts.into_iter().collect()
    }

    /// The number of changes.
    pub fn len(&self) -> usize {
        self.rows.iter().map(Row::len).sum()
    }

    /// The services of the changes, in order.
    pub fn services(&self) -> Vec<&'d str> {
        let services: BTreeSet<&str> = self.rows.iter().flat_map(Row::services).collect();
        services.into_iter().collect()
    }
}

/// Groups the changes; without those of the level `allow`, unless `all`.
pub fn sections(document: &Document, all: bool) -> Vec<Section<'_>> {
    let places: BTreeMap<&str, usize> = (document.causes.iter().enumerate().rev())
        .map(|(place, cause)| (cause.name.as_str(), place))
        .collect();
    let mut grouped: BTreeMap<Key<'_>, Vec<&Change>> = BTreeMap::new();
    for change in &document.changes {
        if !all && change.level == Level::Allow {
            continue;
        }
        let cause = (change.causes.iter())
            .filter_map(|name| places.get(name.as_str()))
            .min();
        let key = match (cause, &change.subject.service) {
            (Some(cause), _) => Key::Cause(*cause),
            (None, None) => Key::Project,
            (None, Some(service)) => Key::Service(service),
        };
        grouped.entry(key).or_default().push(change);
    }
    let mut sections: Vec<Section<'_>> = grouped
        .into_iter()
        .filter_map(|(key, changes)| {
            let origin = match key {
                Key::Cause(place) => Origin::Cause(document.causes.get(place)?),
                Key::Project => Origin::Project,
                Key::Service(service) => Origin::Service(service),
            };
            let merge = matches!(origin, Origin::Cause(_));
            Some(Section {
                origin,
                rows: rows(changes, merge),
                numbers: Vec::new(),
                slos: Vec::new(),
                elsewhere: Vec::new(),
            })
        })
        .collect();
    // The keys are in order: causes first, then the project, then services by name.
    sections.sort_by_key(|section| section.rows.iter().map(Row::weight).min());
    assign_figures(document, &mut sections);
    link(&mut sections);
    sections
}

/// Names in the section of a service the causes with other changes of it.
fn link(sections: &mut [Section<'_>]) {
    let mut elsewhere: BTreeMap<&str, Vec<(&Cause, usize)>> = BTreeMap::new();
    for section in sections.iter() {
        let Origin::Cause(cause) = section.origin else {
            continue;
        };
        for change in section.rows.iter().flat_map(Row::changes) {
            let Some(service) = &change.subject.service else {
                continue;
            };
            let causes = elsewhere.entry(service).or_default();
            match causes.last_mut() {
                Some((known, number)) if std::ptr::eq(*known, cause) => *number += 1,
                _ => causes.push((cause, 1)),
            }
        }
    }
    for section in sections {
        if let Origin::Service(service) = section.origin {
            section.elsewhere = elsewhere.remove(service).unwrap_or_default();
        }
    }
}

/// The sections in the order of their names.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'d> {
    Cause(usize),
    Project,
    Service(&'d str),
}

fn rows<'d>(changes: Vec<&'d Change>, merge: bool) -> Vec<Row<'d>> {
    let mut rows: Vec<Row<'d>> = Vec::new();
    let mut known = BTreeMap::new();
    for change in changes {
        let key = (
            change.id,
            change.class,
            &change.before,
            &change.after,
            &change.subject.kind,
            &change.environments,
            (change.level, change.accepted),
        );
        let row = known
            .get(&key)
            .filter(|_| merge)
            .and_then(|place: &usize| rows.get_mut(*place));
        if let Some(row) = row {
            row.others.push(change);
        } else {
            known.insert(key, rows.len());
            rows.push(Row {
                change,
                others: Vec::new(),
            });
        }
    }
    // What reaches more services comes first.
    rows.sort_by_key(|row| (row.weight(), std::cmp::Reverse(row.len())));
    rows
}

/// Gives the numbers of each service to its own section, or to the first one of a cause that reaches it.
fn assign_figures<'d>(document: &'d Document, sections: &mut [Section<'d>]) {
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, section) in sections.iter().enumerate() {
        if let Origin::Service(service) = section.origin {
            owners.insert(service, place);
        }
    }
    for (place, section) in sections.iter().enumerate() {
        for service in section.services() {
            owners.entry(service).or_insert(place);
        }
    }
    let mut figures: BTreeMap<usize, Vec<&ServiceFigures>> = BTreeMap::new();
    for figure in &document.services {
        if let Some(place) = owners.get(figure.service.as_str()) {
            figures.entry(*place).or_default().push(figure);
        }
    }
    for (place, figures) in figures {
        if let Some(section) = sections.get_mut(place) {
            section.numbers = merged_numbers(&figures);
            section.slos = merged_slos(&figures);
        }
    }
}

/// The numbers of all services, those that are the same for more services first.
pub fn figures(document: &Document) -> (Vec<NumbersGroup<'_>>, Vec<SloGroup<'_>>) {
    let figures: Vec<&ServiceFigures> = document.services.iter().collect();
    (merged_numbers(&figures), merged_slos(&figures))
}

fn merged_numbers<'d>(figures: &[&'d ServiceFigures]) -> Vec<NumbersGroup<'d>> {
    let mut groups: Vec<NumbersGroup<'d>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for figures in figures {
        if figures.numbers.is_empty() {
            continue;
        }
        let key = format!("{:?} {:?}", figures.environment, figures.numbers);
        match known.get(&key).and_then(|place| groups.get_mut(*place)) {
            Some(group) => group.services.push(&figures.service),
            None => {
                known.insert(key, groups.len());
                groups.push(NumbersGroup {
                    services: vec![&figures.service],
                    environment: figures.environment.as_ref().map(SmolStr::as_str),
                    numbers: &figures.numbers,
                });
            }
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.services.len()));
    groups
}

fn merged_slos<'d>(figures: &[&'d ServiceFigures]) -> Vec<SloGroup<'d>> {
    let mut groups: Vec<SloGroup<'d>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for figures in figures {
        for figure in &figures.slos {
            let key = format!("{:?} {figure:?}", figures.environment);
            match known.get(&key).and_then(|place| groups.get_mut(*place)) {
                Some(group) => group.services.push(&figures.service),
                None => {
                    known.insert(key, groups.len());
                    groups.push(SloGroup {
                        services: vec![&figures.service],
                        environment: figures.environment.as_ref().map(SmolStr::as_str),
                        figure,
                    });
                }
            }
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.services.len()));
    groups
}
