//! What consumed the budget of an SLO: bad events of each slice are charged to one cause, and the causes add up.
//!
//! Of a slice's bad events, deployments take their share first: those that were compared, then those with an onset. A deployment's
//! bad events are spread over the time from its onset to its end as the bad events of that time are. What is left belongs to an
//! incident, if there is one, and else to nothing that is known.

use nth_ledger::SLICE_SECONDS;

use super::apportion::{apportion, whole};
use super::document::{Account, Consumed, DeploymentRow, ExclusionRow, IncidentRow};
use super::input::{Bounds, ExcludedTimes, Incident, JudgedDeployment, Level, SloInput};
use super::moments::{Budget, Moment};

/// From which budget on amounts are whole seconds; smaller ones are exact to the millisecond. In milliseconds: 10 min.
const COARSE: i64 = 600_000;

/// The budget of a period with everything that consumed it.
pub(super) struct Accounted {
    /// The sums.
    pub account: Account,
    /// The deployments, in the order of the input.
    pub deployments: Vec<DeploymentRow>,
    /// The incidents, in the order of the input.
    pub incidents: Vec<IncidentRow>,
    /// The exclusions that took out time.
    pub exclusions: Vec<ExclusionRow>,
    /// The multiples of which amounts are, in milliseconds.
    pub grain: i64,
}

/// Charges the bad events of slices. `incidents` and `deployments` of the input must be in the order of time. `None` if nothing may
/// be bad, or without events.
pub(super) fn account(slo: &SloInput, moments: &[Moment]) -> Option<Accounted> {
    let net = Budget::new(moments.iter().filter(|moment| moment.exclusion.is_none()));
    let gross = Budget::new(moments);
    let budget_ms = whole(net.allowed_ms);
    let grain = if budget_ms >= COARSE { 1000 } else { 1 };
    let rounded = |ms: f64| whole(ms / super::apportion::as_float(grain)) * grain;
    let spent_ms = rounded(net.ms(net.bad)?);

    let charges = charge(slo, moments);
    let weights: Vec<f64> = charges.all().collect();
    let parts = apportion(spent_ms, &weights, grain);
    let mut parts = parts.into_iter();
    let deployments: Vec<DeploymentRow> = slo
        .deployments
        .iter()
        .zip(parts.by_ref())
        .map(|(judged, ms)| deployment_row(judged, ms, grain))
        .collect();
    let total = |incident: &Incident| {
        let until = incident.until.unwrap_or(i64::MAX);
        let inside = moments.iter().filter(|moment| moment.is_charged());
        let inside = inside.filter(|moment| moment.is_in(incident.from, until));
        inside.map(|moment| moment.bad).sum::<f64>()
    };
    let incidents: Vec<IncidentRow> = slo
        .incidents
        .iter()
        .zip(parts.by_ref())
        .map(|(incident, own_ms)| IncidentRow {
            named: incident.named.clone(),
            from: incident.from,
            until: incident.until,
            total_ms: net.ms(total(incident)).map_or(0, rounded).max(own_ms),
            own_ms,
            pages: 0,
            alerts_known: false,
            paged_after: None,
        })
        .collect();
    let unexplained_ms = parts.next().unwrap_or_default();

    let of_level = |level: &Level| -> i64 {
        let of_level = deployments.iter().filter(|row| row.level == *level);
        of_level
            .filter_map(|row| row.consumed)
            .map(|consumed| consumed.ms)
            .sum()
    };
    let gross_spent_ms = gross.ms(gross.bad).map_or(0, rounded);
    // With other events, the same bad events are another time: gross minus net is what a reader expects.
    let taken_out_ms = match gross.bad > net.bad {
        true => (gross_spent_ms - spent_ms).max(0),
        false => 0,
    };
    let unseen: i64 = moments
        .iter()
        .filter(|moment| moment.is_charged())
        .map(|moment| SLICE_SECONDS - moment.seen)
        .sum();
    Some(Accounted {
        account: Account {
            budget_ms,
            spent_ms,
            left_ms: budget_ms - spent_ms,
            compared_ms: of_level(&Level::Compared),
            onset_ms: of_level(&Level::Onset),
            incidents_ms: incidents.iter().map(|incident| incident.own_ms).sum(),
            unexplained_ms,
            unseen_ms: unseen.saturating_mul(1000),
            gross_budget_ms: whole(gross.allowed_ms),
            gross_spent_ms,
            taken_out_ms,
        },
        exclusions: exclusion_rows(&slo.exclusions, moments, taken_out_ms, grain),
        deployments,
        incidents,
        grain,
    })
}

/// The bad events of each cause.
struct Charges {
    deployments: Vec<f64>,
    incidents: Vec<f64>,
    unexplained: f64,
}

impl Charges {
    /// All of them, in the order of the fields.
    fn all(&self) -> impl Iterator<Item = f64> {
        let deployments = self.deployments.iter().copied();
        let incidents = self.incidents.iter().copied();
        deployments.chain(incidents).chain([self.unexplained])
    }
}

fn charge(slo: &SloInput, moments: &[Moment]) -> Charges {
    let mut charges = Charges {
        deployments: vec![0.0; slo.deployments.len()],
        incidents: vec![0.0; slo.incidents.len()],
        unexplained: 0.0,
    };
    let mut blamed = blamed(slo);
    blamed
        .sort_by_key(|(number, judged, _)| (judged.level != Level::Compared, judged.from, *number));
    // Named incidents first, because people know them.
    let mut incidents: Vec<(usize, &Incident)> = slo.incidents.iter().enumerate().collect();
    incidents.sort_by_key(|(number, incident)| (incident.named.is_none(), incident.from, *number));
    for moment in moments
        .iter()
        .filter(|moment| moment.is_charged() && moment.bad > 0.0)
    {
        let mut left = moment.bad;
        for (number, judged, share) in &blamed {
            if moment.is_in(judged.from, judged.until) {
                let taken = (moment.bad * share).min(left);
                left -= taken;
                if let Some(charged) = charges.deployments.get_mut(*number) {
                    *charged += taken;
                }
            }
        }
        let during = incidents
            .iter()
            .find(|(_, incident)| moment.is_in(incident.from, incident.until.unwrap_or(i64::MAX)));
        match during.and_then(|(number, _)| charges.incidents.get_mut(*number)) {
            Some(charged) => *charged += left,
            None => charges.unexplained += left,
        }
    }
    charges
}

/// The deployments that burned budget, or likely did, with the share of the bad events of their time that they stand for, 0 to 1.
fn blamed(slo: &SloInput) -> Vec<(usize, &JudgedDeployment, f64)> {
    let all = slo.deployments.iter().enumerate();
    all.filter_map(|(number, judged)| {
        let bounds = amount(judged)?;
        // All slices of its time, excluded or not: its bad events are spread over all of them.
        let first = slo
            .slices
            .partition_point(|slice| slice.end() <= judged.from);
        let inside = slo.slices.iter().skip(first);
        let inside = inside.take_while(|slice| slice.start < judged.until);
        let bad: f64 = inside.map(|slice| slice.bad).sum();
        let share = if bad > 0.0 { bounds.mid / bad } else { 0.0 };
        Some((number, judged, share.clamp(0.0, 1.0)))
    })
    .collect()
}

/// The bad events of a deployment that burned budget, or likely did.
fn amount(judged: &JudgedDeployment) -> Option<Bounds> {
    let is_blamed = matches!(judged.level, Level::Compared | Level::Onset);
    let bounds = judged.bad.filter(|_| is_blamed)?;
    (bounds.mid.is_finite() && bounds.mid > 0.0).then_some(bounds)
}

fn deployment_row(judged: &JudgedDeployment, ms: i64, grain: i64) -> DeploymentRow {
    let consumed = amount(judged).map(|bounds| {
        let scaled = |bound: f64| {
            let exact = super::apportion::as_float(ms) * (bound / bounds.mid);
            whole(exact / super::apportion::as_float(grain)) * grain
        };
        Consumed {
            ms,
            low_ms: scaled(bounds.low.max(0.0)).min(ms),
            high_ms: scaled(bounds.high).max(ms),
        }
    });
    DeploymentRow {
        deployment: judged.deployment.clone(),
        level: judged.level.clone(),
        consumed,
        dependency: judged.dependency.clone(),
    }
}

fn exclusion_rows(
    exclusions: &[ExcludedTimes],
    moments: &[Moment],
    taken_out_ms: i64,
    grain: i64,
) -> Vec<ExclusionRow> {
    let mut seconds = vec![0_i64; exclusions.len()];
    let mut bad = vec![0.0; exclusions.len()];
    for moment in moments {
        let Some(number) = moment.exclusion else {
            continue;
        };
        if let (Some(seconds), Some(bad)) = (seconds.get_mut(number), bad.get_mut(number)) {
            *seconds += SLICE_SECONDS;
            *bad += if moment.allowed.is_some() {
                moment.bad
            } else {
                0.0
            };
        }
    }
    let parts = apportion(taken_out_ms, &bad, grain);
    let rows = exclusions.iter().zip(seconds).zip(parts);
    rows.filter(|((_, seconds), _)| *seconds > 0)
        .map(|((exclusion, seconds), taken_out_ms)| ExclusionRow {
            name: exclusion.name.clone(),
            reason: exclusion.reason.clone(),
            by: exclusion.by.clone(),
            seconds,
            taken_out_ms,
        })
        .collect()
}
