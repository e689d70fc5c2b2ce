//! Operators between two vectors.

use nth_promql::{Binary, Matching, Span};
use rustc_hash::FxHashMap;

use super::durations::signed;
use super::operators::{self, Notice};
use crate::annotations::Annotations;
use crate::error::Error;
use crate::functions::unite;
use crate::labels::Labels;
use crate::names::{NameRemoval, is_metadata, without_metadata};
use crate::value::{Point, Series, Steps};

/// Returns the labels by which series are matched.
pub(super) fn signature(labels: &Labels, matching: Option<&Matching>) -> Labels {
    match matching {
        None => without_metadata(labels),
        Some(matching) => {
            let listed = |name: &str| matching.labels.iter().any(|label| label.name == name);
            if matching.on {
                labels.filter(listed)
            } else {
                labels.filter(|name| !is_metadata(name) && !listed(name))
            }
        }
    }
}

/// Formats labels with the metric's name in the braces.
fn in_braces(labels: &Labels) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    format!("{{{}}}", labels.join(", "))
}

/// Combines two vectors with an operator that is not a set operator.
pub(super) fn combined(
    binary: &Binary,
    left: &[Series],
    right: &[Series],
    steps: Steps,
    (span, name_removal): (Span, NameRemoval),
    annotations: &mut Annotations,
) -> Result<Vec<Series>, Error> {
    let group = binary
        .matching
        .as_ref()
        .and_then(|matching| matching.group.as_ref());
    let swapped = group.is_some_and(|group| !group.left);
    let fill = |text: &Option<smol_str::SmolStr>| {
        text.as_deref()
            .map(|text| {
                let value = signed(text).map(Point::Float);
                value.ok_or_else(|| Error::new(format!("invalid number {text:?}"), span))
            })
            .transpose()
    };
    let (many, one) = if swapped {
        (right, left)
    } else {
        (left, right)
    };
    let fills = (fill(&binary.fill.left)?, fill(&binary.fill.right)?);
    let (fill_many, fill_one) = if swapped { (fills.1, fills.0) } else { fills };
    let join = Join {
        binary,
        one_to_one: group.is_none(),
        swapped,
        included: group
            .into_iter()
            .flat_map(|group| group.labels.iter().map(|label| label.name.as_str()))
            .collect(),
        many,
        one,
        fill_many,
        fill_one,
        steps: steps.count(),
        span,
        name_removal,
    };
    join.run(annotations)
}

/// Two vectors to be matched. If both sides have one series per group, the left one is the "many" side.
struct Join<'j> {
    binary: &'j Binary,
    one_to_one: bool,
    /// True if the "many" side is the right one.
    swapped: bool,
    /// The labels to copy from the "one" side.
    included: Vec<&'j str>,
    many: &'j [Series],
    one: &'j [Series],
    fill_many: Option<Point>,
    fill_one: Option<Point>,
    steps: usize,
    span: Span,
    name_removal: NameRemoval,
}

/// The series with one signature.
#[derive(Default)]
struct Group {
    many: Vec<usize>,
    one: Vec<usize>,
}

/// A series of the result, from one group.
struct Column {
    /// The place of its first sample's "many" series.
    order: usize,
    series: Series,
    /// The steps at which there is a match, even if its comparison does not hold.
    matched: Vec<bool>,
}

/// The columns of a group.
struct Columns {
    /// By labels.
    known: FxHashMap<Labels, usize>,
    columns: Vec<Column>,
    /// The steps at which there is a match.
    matched: Vec<bool>,
}

/// A series of the "many" side and what it is matched with, which decide about the labels of the result.
#[derive(Clone, Copy)]
struct Pair<'p> {
    order: usize,
    many: &'p Labels,
    one: &'p Labels,
}

impl Join<'_> {
    fn run(&self, annotations: &mut Annotations) -> Result<Vec<Series>, Error> {
        let (groups, signatures) = self.groups();
        let mut columns = Vec::new();
        let mut all = groups.iter().zip(&signatures);
        while let Some((group, signature)) = all.next() {
            match self.group(group, signature, annotations) {
                Ok(found) => columns.extend(found),
                Err(error) => {
                    // As in Prometheus, duplicates in any group are an error before all others.
                    for (group, signature) in all {
                        self.partners(group, signature)?;
                    }
                    return Err(error);
                }
            }
        }
        columns.sort_by_key(|column| column.order);
        unite(
            columns.into_iter().map(|column| column.series).collect(),
            self.span,
        )
    }

    fn groups(&self) -> (Vec<Group>, Vec<Labels>) {
        let matching = self.binary.matching.as_ref();
        let mut known: FxHashMap<Labels, usize> =
            FxHashMap::with_capacity_and_hasher(self.many.len(), Default::default());
        let (mut groups, mut signatures) = (Vec::new(), Vec::new());
        let many = self
            .many
            .iter()
            .enumerate()
            .map(|(index, series)| (index, series, true));
        let one = self
            .one
            .iter()
            .enumerate()
            .map(|(index, series)| (index, series, false));
        for (index, series, is_many) in many.chain(one) {
            let signature = signature(&series.labels, matching);
            let next = groups.len();
            let place = *known.entry(signature.clone()).or_insert(next);
            if place == next {
                groups.push(Group::default());
                signatures.push(signature);
            }
            if let Some(group) = groups.get_mut(place) {
                let side = if is_many {
                    &mut group.many
                } else {
                    &mut group.one
                };
                side.push(index);
            }
        }
        (groups, signatures)
    }

    fn group(
        &self,
        group: &Group,
        signature: &Labels,
        annotations: &mut Annotations,
    ) -> Result<Vec<Column>, Error> {
        let partners = self.partners(group, signature)?;
        let mut columns = Columns {
            known: FxHashMap::default(),
            columns: Vec::new(),
            matched: vec![false; self.steps],
        };
        for order in &group.many {
            let Some(many) = self.many.get(*order) else {
                continue;
            };
            // The columns for each "one" series that this series is matched with; usually there is just one.
            let mut places: Vec<(Option<usize>, usize)> = Vec::new();
            for (step, (sample, partner)) in many.points.iter().zip(&partners).enumerate() {
                if !sample.is_present() {
                    continue;
                }
                let one = partner.and_then(|index| self.one.get(index));
                let other = match one {
                    Some(one) => one.points.get(step),
                    None => self.fill_one.as_ref(),
                };
                let Some(other) = other else { continue };
                let pair = Pair {
                    order: *order,
                    many: &many.labels,
                    one: one.map_or(signature, |one| &one.labels),
                };
                self.sample((sample, other), annotations, |annotations_point| {
                    let known = places.iter().find(|(known, _)| known == partner);
                    let place = match known {
                        Some((_, place)) => *place,
                        None => {
                            let place = columns.place(pair, self);
                            places.push((*partner, place));
                            place
                        }
                    };
                    columns.put(place, step, annotations_point, self)
                })?;
            }
        }
        if let Some(fill) = &self.fill_many {
            self.fill_many(group, signature, fill, &mut columns, annotations)?;
        }
        Ok(columns.columns)
    }

    /// Applies the operator with a fill value to samples of the "one" side without a match.
    fn fill_many(
        &self,
        group: &Group,
        signature: &Labels,
        fill: &Point,
        columns: &mut Columns,
        annotations: &mut Annotations,
    ) -> Result<(), Error> {
        for index in &group.one {
            let Some(one) = self.one.get(*index) else {
                continue;
            };
            let pair = Pair {
                order: self.many.len() + index,
                many: signature,
                one: &one.labels,
            };
            let mut place = None;
            for (step, sample) in one.points.iter().enumerate() {
                let matched = columns.matched.get(step).copied().unwrap_or(true);
                if matched || !sample.is_present() {
                    continue;
                }
                self.sample((fill, sample), annotations, |point| {
                    let place = *place.get_or_insert_with(|| columns.place(pair, self));
                    columns.put(place, step, point, self)
                })?;
            }
        }
        Ok(())
    }

    /// Returns which series of the "one" side has a sample at each step.
    fn partners(&self, group: &Group, signature: &Labels) -> Result<Vec<Option<usize>>, Error> {
        let mut partners = vec![None; self.steps];
        for index in &group.one {
            let Some(series) = self.one.get(*index) else {
                continue;
            };
            for (step, (partner, point)) in partners.iter_mut().zip(&series.points).enumerate() {
                if !point.is_present() {
                    continue;
                }
                if let Some(first) = *partner
                    && self.has_sample_to_match(step)
                {
                    return Err(self.duplicate(signature, first, *index));
                }
                *partner = Some(*index);
            }
        }
        Ok(partners)
    }

    /// True if the "many" side has any sample at a step. Without one, duplicates do not matter.
    fn has_sample_to_match(&self, step: usize) -> bool {
        self.fill_many.is_some()
            || self.fill_one.is_some()
            || self
                .many
                .iter()
                .any(|series| series.points.get(step).is_some_and(Point::is_present))
    }

    fn duplicate(&self, signature: &Labels, first: usize, second: usize) -> Error {
        let name = |index: usize| self.one.get(index).map(|series| in_braces(&series.labels));
        let mut names = [name(first), name(second)].map(Option::unwrap_or_default);
        names.sort();
        let [first, second] = names;
        let group = in_braces(signature);
        let side = if self.swapped { "left" } else { "right" };
        let message = format!(
            "found duplicate series for the match group {group} on the {side} hand-side of the operation: \
             [{first}, {second}];many-to-many matching not allowed: matching labels must be unique on one side"
        );
        Error::new(message, self.span)
    }

    /// Applies the operator to a sample of the "many" and one of the "one" side, and puts the result: [`Point::Absent`] if a
    /// comparison does not hold.
    fn sample(
        &self,
        (many, one): (&Point, &Point),
        annotations: &mut Annotations,
        put: impl FnOnce(Point) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (left, right) = if self.swapped {
            (one, many)
        } else {
            (many, one)
        };
        let outcome = operators::samples(self.binary.op, left, right);
        match outcome.notice {
            Some(Notice::Invalid(annotation) | Notice::Collision(annotation)) => {
                annotation.add_to(annotations);
                return Ok(());
            }
            Some(Notice::Reconciled(annotation)) => annotation.add_to(annotations),
            None => {}
        }
        if self.binary.return_bool {
            put(Point::Float(f64::from(u8::from(outcome.holds))))
        } else if outcome.holds {
            put(outcome.point)
        } else {
            put(Point::Absent)
        }
    }

    fn labels(&self, pair: Pair<'_>) -> Labels {
        // The name of a comparison's result can be removed at the end, but not that of any other operator's.
        let drops_name = operators::changes_metric(self.binary.op)
            || self.binary.return_bool && self.name_removal == NameRemoval::AtOnce;
        let mut labels = if drops_name {
            without_metadata(pair.many)
        } else {
            pair.many.clone()
        };
        if self.one_to_one
            && let Some(matching) = &self.binary.matching
        {
            let listed = |name: &str| matching.labels.iter().any(|label| label.name == name);
            labels = labels.filter(|name| listed(name) == matching.on);
        }
        for name in &self.included {
            labels = labels.with(name, pair.one.get(name));
        }
        labels
    }
}

impl Columns {
    /// Returns the index of the column for a pair of series.
    fn place(&mut self, pair: Pair<'_>, join: &Join<'_>) -> usize {
        let labels = join.labels(pair);
        let next = self.columns.len();
        let place = *self.known.entry(labels.clone()).or_insert(next);
        if place == next {
            self.columns.push(Column {
                order: pair.order,
                series: Series {
                    drops_name: join.binary.return_bool && join.name_removal == NameRemoval::AtEnd,
                    ..Series::new(labels, vec![Point::Absent; join.steps])
                },
                matched: vec![false; join.steps],
            });
        }
        place
    }

    fn put(
        &mut self,
        place: usize,
        step: usize,
        point: Point,
        join: &Join<'_>,
    ) -> Result<(), Error> {
        let Some(column) = self.columns.get_mut(place) else {
            return Ok(());
        };
        let (Some(group_matched), Some(matched), Some(into)) = (
            self.matched.get_mut(step),
            column.matched.get_mut(step),
            column.series.points.get_mut(step),
        ) else {
            return Ok(());
        };
        if join.one_to_one && *group_matched {
            let message = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)";
            return Err(Error::new(message, join.span));
        }
        if !join.one_to_one && *matched {
            let message = "multiple matches for labels: grouping labels must ensure unique matches";
            return Err(Error::new(message, join.span));
        }
        (*group_matched, *matched) = (true, true);
        *into = point;
        Ok(())
    }
}
