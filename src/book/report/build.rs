//! Puts a report together.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use nth_ledger::{AlertEpisode, Interval, SLICE_SECONDS, SloKey};
use nth_model::zone::{self, UnknownZone};

use super::account::{Accounted, account};
use super::apportion::apportion;
use super::contracts;
use super::document::{
    Coverage, Day, DeploymentRow, IncidentRow, Notified, ObjectiveChange, Report, SloReport,
    TeamRow,
};
use super::groups::{self, Results};
use super::input::{Level, Period, ReportInput, SloInput, Summary};
use super::moments::{Budget, Moment, moments, version_at};
use super::topics::topics;
use super::trend::trend;

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportError {
    /// The time zone is not in the IANA database.
    UnknownZone(String),
    /// The period ends before it begins, or is longer than a year.
    BadPeriod,
    /// No SLO belongs to the team.
    UnknownTeam {
        /// The team that was asked for.
        team: String,
        /// The teams that have SLOs.
        known: Vec<String>,
    },
}

impl std::fmt::Display for ReportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownZone(zone) => write!(f, "unknown time zone `{zone}`"),
            Self::BadPeriod => {
                f.write_str("the period of a report must be between a second and a year")
            }
            Self::UnknownTeam { team, .. } => write!(f, "no SLO belongs to team `{team}`"),
        }
    }
}

impl std::error::Error for ReportError {}

/// The longest period, in seconds: a leap year.
const LONGEST: i64 = 366 * 86_400;

/// Makes a report, of one team or of all.
///
/// # Errors
///
/// [`ReportError`].
pub fn report(input: &ReportInput, team: Option<&str>) -> Result<Report, ReportError> {
    let zone = zone::find(&input.period.zone)
        .map_err(|UnknownZone(name)| ReportError::UnknownZone(name))?;
    let length = input.period.until.saturating_sub(input.period.from);
    if !(1..=LONGEST).contains(&length) {
        return Err(ReportError::BadPeriod);
    }
    let days = days_of(&input.period, &zone).ok_or(ReportError::BadPeriod)?;
    let mut chosen: Vec<&SloInput> = input
        .slos
        .iter()
        .filter(|slo| team.is_none() || slo.team.as_deref() == team)
        .collect();
    if let (Some(team), true) = (team, chosen.is_empty()) {
        let mut known: Vec<String> = input
            .slos
            .iter()
            .filter_map(|slo| slo.team.clone())
            .collect();
        known.sort_unstable();
        known.dedup();
        return Err(ReportError::UnknownTeam {
            team: team.to_owned(),
            known,
        });
    }
    chosen.sort_by(|one, other| one.key.cmp(&other.key));
    let time = Interval {
        from: input.period.from,
        until: input.period.until,
    };
    let (chosen, groups_without_data) = groups::without_data(chosen, time);
    let mut slos: Vec<SloReport> = { chosen.iter() }
        .map(|slo| slo_report(slo, input, &days))
        .collect();
    groups::sort(&mut slos);
    Ok(Report {
        project: input.project.clone(),
        environment: input.environment.clone(),
        period: input.period.clone(),
        team: team.map(str::to_owned),
        topics: topics(&slos, &input.period),
        teams: teams(&slos, &chosen, time),
        slos,
        groups_without_data,
    })
}

impl Report {
    /// What the next report compares with.
    pub fn summaries(&self) -> Vec<Summary> {
        let summary = |slo: &SloReport| Summary {
            period: self.period.name.clone(),
            slo: slo.slo.clone(),
            objective: slo.objective,
            attained: slo.attained,
            consumed: slo.consumed(),
            pages: slo.pages.all,
            useful_pages: slo.pages.useful,
        };
        self.slos.iter().map(summary).collect()
    }
}

/// A day of the period with its time.
struct LocalDay {
    date: String,
    time: Interval,
}

/// The local days of a period; `None` outside of the calendar.
fn days_of(period: &Period, zone: &TimeZone) -> Option<Vec<LocalDay>> {
    let begin = Timestamp::from_second(period.from).ok()?;
    let mut day = zone.to_datetime(begin).date();
    let mut from = period.from;
    let mut days = Vec::new();
    while from < period.until {
        let next = day.checked_add(1.day()).ok()?;
        let end = next.to_zoned_datetime(zone.clone()).ok()?;
        let until = end.timestamp().as_second().min(period.until);
        days.push(LocalDay {
            date: day.to_string(),
            time: Interval { from, until },
        });
        from = until;
        day = next;
    }
    Some(days)
}

fn slo_report(slo: &SloInput, input: &ReportInput, days: &[LocalDay]) -> SloReport {
    let (period, known) = (&input.period, &input.alerts_known);
    let time = Interval {
        from: period.from,
        until: period.until,
    };
    let slo = &in_period(slo, time);
    let all = moments(slo, time);
    let net = || all.iter().filter(|moment| moment.exclusion.is_none());
    let share = |budget: Budget| (budget.total > 0.0).then(|| 1.0 - budget.bad / budget.total);
    let now = version_at(&slo.objectives, period.until.saturating_sub(1));
    let accounted = account(slo, &all);
    let grain = accounted.as_ref().map_or(1, |accounted| accounted.grain);
    let (account, mut deployments, mut incidents, exclusions) = match accounted {
        Some(Accounted {
            account,
            deployments,
            incidents,
            exclusions,
            ..
        }) => (Some(account), deployments, incidents, exclusions),
        None => (None, unaccounted(slo), Vec::new(), Vec::new()),
    };
    let pages = fired(slo, "page", time);
    for incident in &mut incidents {
        add_pages(incident, &pages);
        let during = Interval {
            from: incident.from.max(time.from),
            until: incident.until.unwrap_or(time.until).min(time.until),
        };
        incident.alerts_known = unknown(known, during) == 0;
    }
    let unknown = unknown(known, time);
    deployments.retain(|row| is_shown(row, time));
    SloReport {
        slo: slo.key.clone(),
        team: slo.team.clone(),
        objective: now.map(|version| version.objective),
        window_ms: now.map(|version| version.window_ms),
        calendar: { slo.calendar.as_ref() }.map(|calendar| calendar.unit.to_string()),
        objective_changes: objective_changes(slo, time),
        attained: share(Budget::new(net())),
        attained_gross: share(Budget::new(&all)),
        coverage: coverage(net()),
        days: day_rows(
            &all,
            days,
            account
                .as_ref()
                .map(|account| (account.budget_ms, account.spent_ms)),
            grain,
        ),
        pages: notified(&pages, &incidents, unknown),
        tickets: notified(&fired(slo, "ticket", time), &incidents, unknown),
        trend: trend(slo, period.until),
        previous: slo.previous.clone(),
        contracts: contracts::rows(slo, period, input.known_until),
        account,
        exclusions,
        deployments,
        incidents,
    }
}

/// The alerts of a severity that fired in a time.
fn fired<'s>(slo: &'s SloInput, severity: &str, time: Interval) -> Vec<&'s AlertEpisode> {
    let fired = slo.episodes.iter();
    fired
        .filter(|episode| episode.severity == severity)
        .filter(|episode| (time.from..time.until).contains(&episode.from))
        .collect()
}

/// The SLO with the incidents and deployments that touch the period, in the order of time.
fn in_period(slo: &SloInput, time: Interval) -> SloInput {
    let mut slo = slo.clone();
    let touches = |from: i64, until: i64| from < time.until && until > time.from;
    slo.incidents
        .retain(|incident| touches(incident.from, incident.until.unwrap_or(i64::MAX)));
    slo.incidents.sort_by_key(|incident| {
        (
            incident.from,
            incident.until.unwrap_or(i64::MAX),
            incident.named.is_none(),
        )
    });
    slo.deployments.retain(|judged| {
        let started = judged.deployment.started;
        touches(judged.from, judged.until) || (time.from..time.until).contains(&started)
    });
    slo.deployments.sort_by(|one, other| {
        (one.deployment.started, &one.deployment.key)
            .cmp(&(other.deployment.started, &other.deployment.key))
    });
    slo
}

/// The deployments of an SLO without a budget.
fn unaccounted(slo: &SloInput) -> Vec<DeploymentRow> {
    let row = |judged: &super::input::JudgedDeployment| DeploymentRow {
        deployment: judged.deployment.clone(),
        level: judged.level.clone(),
        consumed: None,
        dependency: judged.dependency.clone(),
    };
    slo.deployments.iter().map(row).collect()
}

/// A deployment of the period before is only shown if it consumed something in this one.
fn is_shown(row: &DeploymentRow, time: Interval) -> bool {
    (time.from..time.until).contains(&row.deployment.started)
        || row.consumed.is_some_and(|consumed| consumed.ms > 0)
}

fn objective_changes(slo: &SloInput, time: Interval) -> Vec<ObjectiveChange> {
    let mut changes = Vec::new();
    let mut before = version_at(&slo.objectives, time.from).map(|version| version.objective);
    for version in &slo.objectives {
        if version.valid_from <= time.from || version.valid_from >= time.until {
            continue;
        }
        if before != Some(version.objective) {
            changes.push(ObjectiveChange {
                at: version.valid_from,
                before,
                after: version.objective,
                revision: version.revision.clone(),
            });
        }
        before = Some(version.objective);
    }
    changes
}

fn coverage<'m>(moments: impl Iterator<Item = &'m Moment>) -> Coverage {
    let mut coverage = Coverage::default();
    for moment in moments {
        coverage.seconds += SLICE_SECONDS;
        coverage.seen += moment.seen;
        if moment.is_estimate {
            coverage.estimated += moment.seen;
        }
    }
    coverage
}

fn overlaps(incident: &IncidentRow, episode: &AlertEpisode) -> bool {
    let (ends, resolved) = (
        incident.until.unwrap_or(i64::MAX),
        episode.until.unwrap_or(i64::MAX),
    );
    episode.from < ends && incident.from < resolved.max(episode.from.saturating_add(1))
}

fn add_pages(incident: &mut IncidentRow, pages: &[&AlertEpisode]) {
    let during = pages.iter().filter(|page| overlaps(incident, page));
    let fired: Vec<i64> = during.map(|page| page.from).collect();
    incident.pages = fired.len();
    incident.paged_after = fired
        .iter()
        .min()
        .map(|first| first.saturating_sub(incident.from).max(0));
}

/// Counts notifications. They are useful if they overlap an incident that consumed budget.
fn notified(
    episodes: &[&AlertEpisode],
    incidents: &[IncidentRow],
    unknown_seconds: i64,
) -> Notified {
    let useful = episodes.iter().filter(|one| is_useful(one, incidents));
    Notified {
        all: episodes.len(),
        useful: useful.count(),
        unknown_seconds,
    }
}

fn is_useful(episode: &AlertEpisode, incidents: &[IncidentRow]) -> bool {
    let mut incidents = incidents.iter();
    incidents.any(|incident| incident.total_ms > 0 && overlaps(incident, episode))
}

/// The seconds of a time that none of the intervals has. These touch none of the others.
fn unknown(known: &[Interval], time: Interval) -> i64 {
    let parts = known
        .iter()
        .map(|one| (one.until.min(time.until) - one.from.max(time.from)).max(0));
    ((time.until - time.from) - parts.sum::<i64>()).max(0)
}

/// The days, which consume all that is consumed.
fn day_rows(all: &[Moment], days: &[LocalDay], budget: Option<(i64, i64)>, grain: i64) -> Vec<Day> {
    let mut rest = all.iter().peekable();
    let mut bad: Vec<f64> = Vec::with_capacity(days.len());
    let mut rows: Vec<Day> = Vec::with_capacity(days.len());
    for day in days {
        let mut of_day = 0.0;
        let mut row = Day {
            date: day.date.clone(),
            spent_ms: 0,
            left_ms: 0,
            unseen: 0,
            excluded: 0,
        };
        while let Some(moment) = rest.next_if(|moment| moment.start < day.time.until) {
            if moment.exclusion.is_some() {
                row.excluded += SLICE_SECONDS;
            } else {
                row.unseen += SLICE_SECONDS - moment.seen;
            }
            if moment.is_charged() {
                of_day += moment.bad;
            }
        }
        bad.push(of_day);
        rows.push(row);
    }
    if let Some((budget_ms, spent_ms)) = budget {
        let mut left_ms = budget_ms;
        for (row, ms) in rows.iter_mut().zip(apportion(spent_ms, &bad, grain)) {
            left_ms -= ms;
            row.spent_ms = ms;
            row.left_ms = left_ms;
        }
    }
    rows
}

fn teams(slos: &[SloReport], inputs: &[&SloInput], time: Interval) -> Vec<TeamRow> {
    let inputs: BTreeMap<&SloKey, &SloInput> =
        inputs.iter().map(|input| (&input.key, *input)).collect();
    let mut by_team: BTreeMap<(bool, Option<&str>), Vec<&SloReport>> = BTreeMap::new();
    for slo in slos {
        let team = slo.team.as_deref();
        by_team.entry((team.is_none(), team)).or_default().push(slo);
    }
    let rows = by_team.into_iter().map(|((_, team), slos)| {
        let results = Results::new(slos.iter().copied());
        let of_slos: Vec<(&SloReport, Vec<&AlertEpisode>)> = { slos.iter() }
            .map(|slo| {
                let input = inputs.get(&slo.slo);
                (
                    *slo,
                    input.map_or_else(Vec::new, |input| fired(input, "page", time)),
                )
            })
            .collect();
        let pages = groups::pages(&of_slos, &|slo, page| is_useful(page, &slo.incidents));
        let consumed = slos
            .iter()
            .filter_map(|slo| Some((slo.slo.clone(), slo.consumed()?)));
        let mut worst: Option<(SloKey, f64)> = None;
        for (slo, share) in consumed {
            if worst.as_ref().is_none_or(|(_, most)| share > *most) {
                worst = Some((slo, share));
            }
        }
        TeamRow {
            team: team.map(str::to_owned),
            slos: results.all(),
            met: results.met,
            missed: results.missed,
            unknown: results.unknown,
            worst,
            deployments: blamed_deployments(&slos),
            incidents: distinct_incidents(&slos),
            pages,
        }
    });
    rows.collect()
}

/// How many deployments burned budget of one of the SLOs, or likely did.
fn blamed_deployments(slos: &[&SloReport]) -> usize {
    let mut keys: Vec<&str> = slos
        .iter()
        .flat_map(|slo| &slo.deployments)
        .filter(|row| matches!(row.level, Level::Compared | Level::Onset) && row.consumed.is_some())
        .map(|row| row.deployment.key.as_str())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys.len()
}

/// How many incidents the SLOs had: one that is named counts once, and so do those that overlap within a service.
fn distinct_incidents(slos: &[&SloReport]) -> usize {
    let mut named: Vec<&str> = Vec::new();
    let mut found: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    for slo in slos {
        for incident in &slo.incidents {
            match &incident.named {
                Some(known) => named.push(&known.id),
                None => found
                    .entry(&slo.slo.service)
                    .or_default()
                    .push((incident.from, incident.until.unwrap_or(i64::MAX))),
            }
        }
    }
    named.sort_unstable();
    named.dedup();
    let distinct = found.into_values().map(|mut times| {
        times.sort_unstable();
        let mut count = 0;
        let mut end = i64::MIN;
        for (from, until) in times {
            if from >= end {
                count += 1;
            }
            end = end.max(until);
        }
        count
    });
    named.len() + distinct.sum::<usize>()
}
