//! What the ledger and the project say about each SLO: the input of reports, and judgments about deployments.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use nth_attribution::{Judgment, Level as Judged, Reason};
use nth_ledger::{
    Deployment, IncidentEnd, Interval, NamedIncident, Slice, SloKey, Store, Yardstick,
};

use super::super::Context;
use super::super::compiled::CompiledProject;
use super::super::exit::Failure;
use super::{book, keys, open};
use nth_book::report::{
    Bounds, ExcludedTimes, Incident, JudgedDeployment, Level, OVERHANG, SloInput, first_moment,
};
use nth_book::{self as judging, Evidence};
use nthc::ir::{CalendarWindow, Service, Slo, SloAlertKind};

/// How far before a time slices are read, so that deployments can be judged, in seconds: four weeks and a day.
const HISTORY: i64 = 29 * 86_400;

/// An SLO with what the ledger has about it.
pub struct Found {
    /// The input of a report.
    pub input: SloInput,
    /// How often the judgments blame times of the service's own history: blamed ones of so many.
    pub false_blame: (u64, u64),
}

/// Collects what the ledger has about the SLOs of a project in a time. SLOs that it does not have are missing.
///
/// # Errors
///
/// If the ledger cannot be read.
pub fn collect(
    context: &Context,
    store: &mut Store,
    compiled: &CompiledProject,
    within: Interval,
) -> Result<Vec<Found>, Failure> {
    collect_some(context, store, compiled, within, None)
}

/// The same as [`collect`], of one service alone if it is given.
///
/// # Errors
///
/// If the ledger cannot be read.
pub fn collect_some(
    context: &Context,
    store: &mut Store,
    compiled: &CompiledProject,
    within: Interval,
    service: Option<&str>,
) -> Result<Vec<Found>, Failure> {
    compiled.with_services(|services| {
        let collector = Collector {
            context,
            compiled,
            services,
            within,
            only: service,
            is_judging: true,
        };
        collector.all(store)
    })
}

/// The same without deployments and the judgments about them, which take the most time: for [`nth_book::report::Summary`], which
/// has neither.
///
/// # Errors
///
/// If the ledger cannot be read.
pub fn collect_for_summary(
    context: &Context,
    store: &mut Store,
    compiled: &CompiledProject,
    within: Interval,
) -> Result<Vec<Found>, Failure> {
    compiled.with_services(|services| {
        let collector = Collector {
            context,
            compiled,
            services,
            within,
            only: None,
            is_judging: false,
        };
        collector.all(store)
    })
}

/// The SLOs of a project and an environment in the ledger that the project no longer has: removed or renamed ones.
///
/// # Errors
///
/// If the ledger cannot be read.
pub fn gone(
    context: &Context,
    store: &mut Store,
    compiled: &CompiledProject,
) -> Result<Vec<SloKey>, Failure> {
    let settings = &compiled.settings;
    let environment = settings.environment.as_ref().map(ToString::to_string);
    let mut keys = open::with(context, store, Store::slos)?;
    compiled.with_services(|services| {
        keys.retain(|key| {
            let is_own = |slo: &Slo| {
                slo.name == key.slo
                    && slo
                        .by()
                        .iter()
                        .collect::<BTreeSet<_>>()
                        .into_iter()
                        .eq(key.group.keys())
            };
            let has = services
                .iter()
                .any(|service| service.name == key.service && service.slos.iter().any(is_own));
            key.project == settings.project && key.environment == environment && !has
        });
    });
    Ok(keys)
}

struct Collector<'c> {
    context: &'c Context,
    compiled: &'c CompiledProject,
    services: &'c [&'c Service],
    within: Interval,
    /// The service whose SLOs are collected; `None` for all.
    only: Option<&'c str>,
    /// Whether deployments are judged.
    is_judging: bool,
}

impl Collector<'_> {
    fn all(&self, store: &mut Store) -> Result<Vec<Found>, Failure> {
        let context = self.context;
        let project = &self.compiled.settings.project;
        let environment = self
            .compiled
            .settings
            .environment
            .as_ref()
            .map(ToString::to_string);
        let history = Interval {
            from: self.within.from - HISTORY,
            until: self.within.until,
        };
        let mut deployments = match self.is_judging {
            true => open::with(context, store, |store| store.deployments(history))?,
            false => Vec::new(),
        };
        deployments.retain(|one| one.project == *project && one.environment == environment);
        let mut named = open::with(context, store, |store| store.incidents(self.within))?;
        named.retain(|one| one.project == *project && one.environment == environment);
        let mut episodes = open::with(context, store, |store| store.episodes(self.within))?;
        episodes.retain(|one| one.project == *project && one.environment == environment);
        let all = open::with(context, store, Store::slos)?;
        let mut found = Vec::new();
        let is_asked = |service: &&&Service| self.only.is_none_or(|only| service.name == only);
        for service in self.services.iter().filter(is_asked) {
            let own: Vec<Deployment> = { deployments.iter() }
                .filter(|one| service.name == one.service)
                .cloned()
                .collect();
            let dependencies = match self.is_judging {
                true => self.dependencies(store, &all, service)?,
                false => Vec::new(),
            };
            for slo in &service.slos {
                let own = Own {
                    deployments: &own,
                    dependencies: &dependencies,
                    named: &named,
                    episodes: &episodes,
                };
                for key in self.keys(&all, service, slo) {
                    found.extend(self.one(store, service, slo, key, own)?);
                }
            }
        }
        Ok(found)
    }

    /// The keys of an SLO in the ledger: its own, or those of its groups.
    fn keys(&self, all: &[SloKey], service: &Service, slo: &Slo) -> Vec<SloKey> {
        let key = keys::key(service, slo, &self.compiled.settings);
        keys::in_ledger(all, &key, slo.by())
    }

    /// What the ledger has about an SLO or a group of one; `None` if it has no objective of it, or a group has no slices.
    fn one(
        &self,
        store: &mut Store,
        service: &Service,
        slo: &Slo,
        key: SloKey,
        own: Own<'_>,
    ) -> Result<Option<Found>, Failure> {
        let context = self.context;
        let objectives = open::with(context, store, |store| store.objectives(&key))?;
        if objectives.is_empty() {
            return Ok(None);
        }
        let slices = self.slices(store, &key, slo)?;
        if slices.is_empty() && !key.group.is_empty() {
            return Ok(None);
        }
        let of_service = { own.named.iter() }
            .filter(|one| one.services.contains(&key.service))
            .cloned();
        let named: Vec<NamedIncident> = of_service.collect();
        let slo_book = book::BookSlo {
            key: key.clone(),
            slices,
            objectives,
        };
        let versions = self.versions(store, &key, own.deployments)?;
        let judged = match self.is_judging {
            true => judging::judge(Evidence {
                slices: &slo_book.slices,
                deployments: own.deployments,
                versions: &versions,
                dependencies: own.dependencies,
            }),
            false => judging::Judged::default(),
        };
        let in_time: Vec<JudgedDeployment> = { own.deployments.iter().zip(&judged.judgments) }
            .filter(|(one, _)| one.started < self.within.until && one.started >= self.within.from)
            .map(|(one, judgment)| judged_deployment(one, judgment))
            .collect();
        // Missing data, for example, is an alert of all groups.
        let of_all_groups: Vec<_> = { slo.alerts().into_iter() }
            .filter(|alert| {
                matches!(
                    alert.kind,
                    SloAlertKind::MissingData | SloAlertKind::GroupLimit
                )
            })
            .map(|alert| slo.alert_name(alert))
            .collect();
        let is_own = |one: &&nth_ledger::AlertEpisode| {
            let value = |label: &String| one.labels.get(label).map_or("", String::as_str);
            let is_whole = of_all_groups.iter().any(|name| *name == one.alert);
            one.service == key.service
                && one.slo.as_deref() == Some(&*key.slo)
                && (is_whole || { key.group.iter() }.all(|(label, wanted)| value(label) == wanted))
        };
        Ok(Some(Found {
            input: SloInput {
                calendar: slo.calendar.clone(),
                team: service.team.as_ref().map(ToString::to_string),
                exclusions: self.exclusions(slo),
                contract_slices: self.contract_slices(store, &slo_book.key, slo)?,
                contracts: slo.contracts.clone(),
                incidents: self.incidents(&slo_book, &named),
                deployments: in_time,
                episodes: own.episodes.iter().filter(is_own).cloned().collect(),
                previous: None,
                key: slo_book.key,
                slices: slo_book.slices,
                objectives: slo_book.objectives,
            },
            false_blame: (judged.false_blame.blamed, judged.false_blame.placebos),
        }))
    }

    fn slices(&self, store: &mut Store, key: &SloKey, slo: &Slo) -> Result<Vec<Slice>, Failure> {
        let window = i64::try_from(slo.window.0 / 1_000).unwrap_or(HISTORY);
        let whole = Interval {
            from: self.within.from - window.max(0) - HISTORY,
            until: self.within.until,
        };
        open::with(self.context, store, |store| store.slices(key, whole))
    }

    /// The slices of the periods of an SLO's contracts; empty without contracts.
    fn contract_slices(
        &self,
        store: &mut Store,
        key: &SloKey,
        slo: &Slo,
    ) -> Result<Vec<Slice>, Failure> {
        if slo.contracts.is_empty() {
            return Ok(Vec::new());
        }
        let whole = Interval {
            from: self.contracts_from(slo),
            until: self.within.until.saturating_add(OVERHANG),
        };
        open::with(self.context, store, |store| store.slices(key, whole))
    }

    /// The first moment that the contracts of an SLO are about.
    fn contracts_from(&self, slo: &Slo) -> i64 {
        first_moment(&slo.contracts, self.within.from, self.within.until)
    }

    /// The slices of each dependency's `availability`, or of its first SLO: those of all groups together.
    fn dependencies(
        &self,
        store: &mut Store,
        all: &[SloKey],
        service: &Service,
    ) -> Result<Vec<(String, Vec<Slice>)>, Failure> {
        let mut found = Vec::new();
        for dependency in &service.dependencies {
            let Some(name) = &dependency.service else {
                continue;
            };
            let other = self.services.iter().find(|one| one.name == *name);
            let slo = other.and_then(|other| {
                let named = other.slos.iter().find(|slo| slo.name == "availability");
                named.or(other.slos.first()).map(|slo| (other, slo))
            });
            let Some((other, slo)) = slo else {
                continue;
            };
            let mut slices = Vec::new();
            for key in self.keys(all, other, slo) {
                slices.extend(self.slices(store, &key, slo)?);
            }
            found.push((name.to_string(), together(slices)));
        }
        Ok(found)
    }

    fn versions(
        &self,
        store: &mut Store,
        key: &SloKey,
        deployments: &[Deployment],
    ) -> Result<Vec<nth_ledger::VersionCounts>, Failure> {
        let mut all = Vec::new();
        for deployment in deployments {
            all.extend(open::with(self.context, store, |store| {
                store.version_counts(key, &deployment.key)
            })?);
        }
        Ok(all)
    }

    fn exclusions(&self, slo: &Slo) -> Vec<ExcludedTimes> {
        let window = i64::try_from(slo.window.0 / 1_000).unwrap_or(HISTORY);
        let from = (self.within.from - window - HISTORY).min(self.contracts_from(slo));
        let until = match slo.contracts.is_empty() {
            true => self.within.until,
            false => self.within.until.saturating_add(OVERHANG),
        };
        { slo.exclusions.iter() }
            .map(|exclusion| ExcludedTimes {
                name: exclusion.name.to_string(),
                reason: exclusion.reason.clone(),
                by: exclusion.by.to_string(),
                // The language reports an unknown zone before.
                intervals: { exclusion.intervals(from, until) }
                    .unwrap_or_default()
                    .into_iter()
                    .map(|range| Interval {
                        from: range.start,
                        until: range.end,
                    })
                    .collect(),
            })
            .collect()
    }

    /// The incidents of the time: those that people named, and those that were found and overlap none of these.
    fn incidents(&self, slo: &book::BookSlo, named: &[NamedIncident]) -> Vec<Incident> {
        let mut all: Vec<Incident> = named
            .iter()
            .map(|one| Incident {
                from: one.from,
                until: one.until,
                named: Some(one.clone()),
            })
            .collect();
        for found in slo.incidents() {
            let is_in = found.from < self.within.until && found.until > self.within.from;
            let is_named = named.iter().any(|one| {
                one.from < found.until && one.until.is_none_or(|until| until > found.from)
            });
            if is_in && !is_named {
                let is_open = found.end == IncidentEnd::Open;
                all.push(Incident {
                    named: None,
                    from: found.from,
                    until: (!is_open).then_some(found.until),
                });
            }
        }
        all.sort_by_key(|incident| incident.from);
        all
    }
}

/// What all SLOs of a service share.
#[derive(Clone, Copy)]
struct Own<'o> {
    deployments: &'o [Deployment],
    dependencies: &'o [(String, Vec<Slice>)],
    named: &'o [NamedIncident],
    episodes: &'o [nth_ledger::AlertEpisode],
}

/// The slices of several groups as those of all their events, in order. A time counts as seen as far as any group was.
fn together(slices: Vec<Slice>) -> Vec<Slice> {
    let mut sums: BTreeMap<i64, Slice> = BTreeMap::new();
    for slice in slices {
        match sums.entry(slice.start) {
            Entry::Vacant(place) => {
                place.insert(slice);
            }
            Entry::Occupied(mut sum) => {
                let sum = sum.get_mut();
                sum.bad += slice.bad;
                sum.total += slice.total;
                sum.seen = sum.seen.max(slice.seen);
                sum.source = sum.source.max(slice.source);
            }
        }
    }
    sums.into_values().collect()
}

fn judged_deployment(deployment: &Deployment, judgment: &Judgment) -> JudgedDeployment {
    JudgedDeployment {
        deployment: deployment.clone(),
        level: level(&judgment.level),
        bad: judgment.amount.map(|amount| {
            let own = amount.scaled(judgment.share());
            Bounds {
                low: own.low,
                mid: own.mid,
                high: own.high,
            }
        }),
        from: judgment.from,
        until: judgment.until,
        dependency: judgment.candidate_dependency.clone(),
    }
}

fn level(level: &Judged) -> Level {
    match level {
        Judged::Compared => Level::Compared,
        Judged::Onset => Level::Onset,
        Judged::Coincides => Level::Coincides,
        Judged::NotJudged { reason } => Level::NotJudged(reason_text(*reason)),
    }
}

/// Why there is no judgment, as a clause.
fn reason_text(reason: Reason) -> String {
    match reason {
        Reason::TooLittleHistory { have, need } => {
            format!("the ledger has {have:.1} days before it, and {need:.0} are needed")
        }
        Reason::TooFewPlacebos { .. } => {
            "the history has too few times like it without a deployment".to_owned()
        }
        Reason::Unseen => "nothing was seen around the roll-out".to_owned(),
        Reason::TooEarly => "it has just begun".to_owned(),
        Reason::BadTimes => "its times are impossible".to_owned(),
    }
}

/// What the deployments of a time did to budgets, by the keys of deployments: a text for each, with the SLO.
pub fn verdicts(found: &[Found]) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in found {
        let input = &one.input;
        for judged in &input.deployments {
            let text = match (&judged.level, judged.bad) {
                (Level::Compared, Some(bad)) => Some(format!("burned {}", amount(input, bad))),
                (Level::Onset, Some(bad)) => Some(format!("likely burned {}", amount(input, bad))),
                _ => judged
                    .dependency
                    .as_ref()
                    .map(|name| format!("errors began in {name}")),
            };
            if let Some(text) = text {
                let line = format!("{text} of {}", keys::name_in_service(&input.key));
                texts
                    .entry(judged.deployment.key.clone())
                    .or_default()
                    .push(line);
            }
        }
    }
    { texts.into_iter() }
        .map(|(key, lines)| (key, lines.join("; ")))
        .collect()
}

/// What compared deployments of an SLO burned, a sentence each: the latest first.
pub fn burned(found: &Found) -> Vec<String> {
    let input = &found.input;
    let compared = input.deployments.iter().rev();
    let compared = compared.filter(|judged| judged.level == Level::Compared);
    compared
        .filter_map(|judged| {
            let deployment = &judged.deployment;
            let name = match (&deployment.previous, &deployment.version) {
                (Some(old), Some(new)) => format!("{old} → {new}"),
                (None, Some(new)) => new.clone(),
                _ => deployment.key.clone(),
            };
            let burned = amount(input, judged.bad?);
            Some(format!(
                "deployment {} burned {burned} of {}",
                nthc::diagnostics::render::one_line(&name),
                keys::name_in_service(&input.key)
            ))
        })
        .collect()
}

/// The SLO window that ends at a moment, in whole slices; of a calendar window the whole period that contains the second before it,
/// in whose budget what is to come counts as nothing consumed.
pub fn slo_window(calendar: Option<&CalendarWindow>, until: i64, window_ms: i64) -> Interval {
    // The language reports an unknown zone before.
    match calendar.and_then(|calendar| calendar.period(until.saturating_sub(1)).ok()) {
        Some(period) => Interval {
            from: period.start,
            until: period.end,
        },
        None => nth_ledger::rolling_window(until, window_ms),
    }
}

/// The slices that start before a moment.
pub fn slices_before(slices: &[Slice], until: i64) -> &[Slice] {
    let end = slices.partition_point(|slice| slice.start < until);
    slices.get(..end).unwrap_or_default()
}

/// The budget that bad events are, as an interval: `7h6m to 8h54m of the 43h12m (95%)`.
fn amount(input: &SloInput, bad: Bounds) -> String {
    let Some(version) = input.objectives.last() else {
        return String::new();
    };
    let until = input.slices.last().map_or(0, |slice| slice.end());
    let window = slo_window(input.calendar.as_ref(), until, version.window_ms);
    let judgment = nth_ledger::judge(
        &input.slices,
        window,
        Yardstick::Throughout(version.objective),
        &[],
    );
    let seconds = |bad: f64| judgment.gross.budget_seconds(bad);
    let (Some(low), Some(high)) = (seconds(bad.low), seconds(bad.high)) else {
        return format!("{:.0} to {:.0} events", bad.low, bad.high);
    };
    // Whole minutes, unless that is too coarse.
    let grain = if high < 600.0 { 1.0 } else { 60.0 };
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a budget is far below 2^53 s"
    )]
    let human = |seconds: f64, grain: f64| {
        super::super::amounts::duration(((seconds / grain).round() * grain) as i64)
    };
    format!(
        "{} to {} of the {} (95%)",
        human(low.max(0.0), grain),
        human(high, grain),
        human(judgment.gross.allowed_seconds, 60.0)
    )
}
