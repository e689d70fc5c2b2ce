//! Other methods, on the same worlds.

use nth_attribution::{Rollout, Slice};

use super::world::Observed;

/// The share of bad events in a span, of the slices in it; `None` if nothing was seen.
fn ratio(slices: &[Slice], from: i64, until: i64) -> Option<f64> {
    let first = slices.first()?.start;
    let place = |time: i64| usize::try_from((time - first).div_euclid(300)).unwrap_or(0);
    let span = place(from).min(slices.len())..place(until).min(slices.len());
    let (mut bad, mut total) = (0.0, 0.0);
    for slice in &slices[span] {
        bad += slice.bad;
        total += slice.total;
    }
    (total > 0.0).then(|| bad / total)
}

/// "More burned after than before": in the hour after the roll-out the budget burns at more than its sustainable rate, and at more
/// than twice that of the hour before.
pub fn naive(observed: &Observed, rollout: &Rollout, objective: f64) -> bool {
    let at = rollout.started;
    let before = ratio(&observed.slices, at - 3600, at);
    let after = ratio(&observed.slices, at, at + 3600);
    match (before, after) {
        (Some(before), Some(after)) => after > 1.0 - objective && after > 2.0 * before,
        _ => false,
    }
}

/// The confidence that NthLayer's correlator computes: 0.4 times the rise of the burn rate against 30 minutes before, full at five
/// times, plus 0.3, plus 0.3 times the minutes burned in two hours, full at ten. It blames from 0.7.
pub fn nthlayer(observed: &Observed, rollout: &Rollout) -> bool {
    let at = rollout.started;
    let before = ratio(&observed.slices, at - 1800, at).unwrap_or(0.0);
    let after = ratio(&observed.slices, at, at + 7200).unwrap_or(0.0);
    let rise = if before == 0.0 {
        (after / 0.1).min(1.0)
    } else {
        (after / before / 5.0).min(1.0)
    };
    let magnitude = (after * 120.0 / 10.0).min(1.0);
    0.4 * rise + 0.3 + 0.3 * magnitude >= 0.7
}
