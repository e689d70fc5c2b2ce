//! Compares two versions of a project: their models in each environment, where a change is written and what it comes from, the
//! incidents that show it, and the numbers that a reviewer wants.

mod changed;
mod numbers;
mod origin;
mod places;
pub mod witness;

use std::collections::{BTreeMap, HashSet};

use nth_diff::{
    Cause, Change, ChangeId, Figures, Place, ServiceFigures, Subject, Version, compare_environments,
};
use nth_metrics::Lock;
use nth_model::Settings;
use nth_promql::LabelMatchers;
use smol_str::SmolStr;

use crate::catalogue::environment_labels;
use crate::session::Session;
use origin::Origins;

/// A version of a project.
#[derive(Clone, Copy)]
pub struct Source<'s> {
    /// The session with its files.
    pub session: &'s Session,
    /// The settings of the project; the environment in them is not read.
    pub settings: &'s Settings,
    /// The text of `nth.toml`, and its path as it is shown.
    pub manifest: (&'s str, &'s str),
    /// The metrics that were pulled, to compare them.
    pub metrics: Option<&'s Lock>,
}

impl Source<'_> {
    /// The matchers that an environment adds to all queries.
    fn labels(&self, environment: &Option<SmolStr>) -> LabelMatchers {
        let session = self.session;
        environment_labels(&session.db, session.workspace, environment.as_deref())
    }
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Environments {
    /// Each environment with the same one, or with what the project is without any.
    Same(Vec<SmolStr>),
    /// Two environments.
    Two(SmolStr, SmolStr),
}

/// What differs.
#[derive(Debug, Clone, Default)]
pub struct Compared {
    /// The changes: by class, then by service and subject.
    pub changes: Vec<Change>,
    /// What several changes come from.
    pub causes: Vec<Cause>,
    /// The numbers of the project.
    pub figures: Figures,
    /// The numbers of services with changes, by name.
    pub services: Vec<ServiceFigures>,
    /// The environments that were compared.
    pub environments: Vec<SmolStr>,
    /// The environments that were compared of the old version and of the new one; `None` for what the project is without any.
    pub pairs: Vec<[Option<SmolStr>; 2]>,
}

/// What is searched for in an environment, once its changes are known.
pub type Search<'s> =
    dyn FnMut(Option<Version<'_>>, Option<Version<'_>>, &mut [Change]) + Send + 's;

/// Compares two versions. `search` is called for each environment with the changes that no earlier one has, to add incidents
/// that show them. Detection times are simulated meanwhile if `is_simulated`.
pub fn compare(
    base: Source<'_>,
    head: Source<'_>,
    environments: &Environments,
    is_simulated: bool,
    search: &mut Search<'_>,
) -> Compared {
    let mut compared = Compared::default();
    let pairs: Vec<[Option<SmolStr>; 2]> = match environments {
        Environments::Two(one, other) => vec![[Some(one.clone()), Some(other.clone())]],
        Environments::Same(chosen) => {
            let pairs = pairs(base, head, chosen, &mut compared.changes);
            compared.environments = pairs.iter().filter_map(|[_, head]| head.clone()).collect();
            pairs
        }
    };
    let mut known: BTreeMap<Identity, usize> = BTreeMap::new();
    // The environments in which each change was found first.
    let mut found_in: Vec<[Option<SmolStr>; 2]> = vec![[None, None]; compared.changes.len()];
    for pair in &pairs {
        let [base_name, head_name] = pair;
        base.session.with_project(base_name, |base_project, _| {
            head.session.with_project(head_name, |head_project, _| {
                let settings = [
                    base.session.settings_in(base.settings, base_name),
                    head.session.settings_in(head.settings, head_name),
                ];
                let labels = [base.labels(base_name), head.labels(head_name)];
                let versions = [
                    Version {
                        project: base_project,
                        settings: &settings[0],
                        environment_labels: &labels[0],
                    },
                    Version {
                        project: head_project,
                        settings: &settings[1],
                        environment_labels: &labels[1],
                    },
                ];
                let [old, new] = versions;
                let mut fresh: Vec<Change> = Vec::new();
                let own = match environments {
                    Environments::Same(_) => head_name.clone(),
                    Environments::Two(..) => None,
                };
                for mut change in nth_diff::compare(old, new) {
                    let identity = identity(&change);
                    if let Some(earlier) = known
                        .get(&identity)
                        .and_then(|index| compared.changes.get_mut(*index))
                    {
                        earlier.environments.extend(own.clone());
                        earlier.environments.dedup();
                        continue;
                    }
                    change.environments.extend(own.clone());
                    known.insert(identity, compared.changes.len() + fresh.len());
                    fresh.push(change);
                }
                let wanted = numbers::Wanted::new(&fresh, is_simulated);
                let (_, figures) = rayon::join(
                    || search(Some(old), Some(new), &mut fresh),
                    || numbers::of_services(versions, &wanted, own.as_ref()),
                );
                numbers::add(versions, figures, own.as_ref(), &mut compared);
                found_in.extend(std::iter::repeat_n(pair.clone(), fresh.len()));
                compared.changes.extend(fresh);
            });
        });
    }
    compared.pairs = pairs;
    search_removed(base, &mut compared.changes, &compared.pairs, search);
    name_all_environments(&mut compared);
    let origins = Origins::new(base, head);
    origins.locate(&mut compared.changes, &found_in);
    compared.causes = origins.causes(&mut compared.changes, &found_in);
    compared.changes.sort_by(|one, other| {
        let key = |change: &Change| {
            (
                change.class,
                change.subject.service.clone(),
                change.subject.name.clone(),
                change.id,
            )
        };
        key(one).cmp(&key(other))
    });
    let order = |cause: &Cause| {
        let of = compared
            .changes
            .iter()
            .filter(|change| change.causes.contains(&cause.name));
        (of.map(|change| change.class).min(), cause.name.clone())
    };
    let mut causes = std::mem::take(&mut compared.causes);
    causes.sort_by_cached_key(order);
    compared.causes = causes;
    compared
}

/// Searches what each environment that the new version does not have reported.
fn search_removed(
    base: Source<'_>,
    changes: &mut [Change],
    pairs: &[[Option<SmolStr>; 2]],
    search: &mut Search<'_>,
) {
    for change in changes {
        if change.id != ChangeId::EnvironmentRemoved {
            continue;
        }
        let name = Some(SmolStr::from(change.subject.name.as_str()));
        if pairs.iter().any(|[base, _]| *base == name) {
            continue;
        }
        let settings = base.session.settings_in(base.settings, &name);
        base.session.with_project(&name, |project, _| {
            let version = Version {
                project,
                settings: &settings,
                environment_labels: &base.labels(&name),
            };
            search(Some(version), None, std::slice::from_mut(change));
        });
    }
}

/// Removes the environment from the numbers of services that change alike in all of them.
fn name_all_environments(compared: &mut Compared) {
    let all = compared.environments.len();
    let differing: HashSet<&SmolStr> = compared
        .changes
        .iter()
        .filter(|change| change.environments.len() != all)
        .filter_map(|change| change.subject.service.as_ref())
        .collect();
    for figures in &mut compared.services {
        if !differing.contains(&figures.service) {
            figures.environment = None;
        }
    }
}

/// What makes a change the same in several environments.
type Identity = (ChangeId, Subject, Option<String>, Option<String>, String);

fn identity(change: &Change) -> Identity {
    (
        change.id,
        change.subject.clone(),
        change.before.clone(),
        change.after.clone(),
        change.because.clone(),
    )
}

/// The environments to compare, and changes for those that only one version has.
fn pairs(
    base: Source<'_>,
    head: Source<'_>,
    chosen: &[SmolStr],
    changes: &mut Vec<Change>,
) -> Vec<[Option<SmolStr>; 2]> {
    let names = |source: Source<'_>| -> Vec<SmolStr> {
        let session = source.session;
        let declared = session.workspace.environments(&session.db);
        let all = declared.keys().cloned();
        all.filter(|name| chosen.is_empty() || chosen.contains(name))
            .collect()
    };
    let (old, new) = (names(base), names(head));
    changes.extend(compare_environments(&old, &new));
    let both: Vec<&SmolStr> = new.iter().filter(|name| old.contains(name)).collect();
    match (old.is_empty(), new.is_empty()) {
        (true, true) => vec![[None, None]],
        // Without environments there is one build, which each of them continues.
        (true, false) => new.into_iter().map(|name| [None, Some(name)]).collect(),
        (false, true) => old.into_iter().map(|name| [Some(name), None]).collect(),
        (false, false) => both
            .into_iter()
            .map(|name| [Some(name.clone()), Some(name.clone())])
            .collect(),
    }
}

/// A place of a file that is shown.
fn place(file: &str, line: usize, side: nth_diff::Side) -> Place {
    Place {
        file: file.to_owned(),
        line,
        side,
    }
}
