//! The words and numbers that all renderers use.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use nth_ledger::SloKey;
use nth_model::Duration;
use nth_model::number::percent_text;
use rust_decimal::Decimal;

use super::apportion::as_float;
use super::document::{
    Account, Cause, ContractReport, ContractRow, DeploymentRow, IncidentRow, Kept, Report,
    SloReport, Trend,
};
use super::input::{Level, Period};
use super::sentence::Sentence;
use super::trend::HORIZON;

/// An amount of budget or a duration, exact: `43m12s`, `-1h5m`.
pub(super) fn ms(ms: i64) -> String {
    let text = Duration(ms.unsigned_abs()).to_human();
    if ms < 0 { format!("-{text}") } else { text }
}

/// A duration in seconds: `12m`.
pub(super) fn seconds(seconds: i64) -> String {
    ms(seconds.saturating_mul(1000))
}

/// A share with at most one digit after the point: `64%`, `0.4%`, `132%`. Never `0%` or `100%` if it is not.
pub(super) fn share(share: f64) -> String {
    let percent = share * 100.0;
    let text = match percent.abs() {
        small if small < 9.95 => format!("{percent:.1}"),
        _ => format!("{percent:.0}"),
    };
    let text = text.strip_suffix(".0").unwrap_or(&text);
    match text {
        "0" | "-0" if share > 0.0 => "<0.1%".to_owned(),
        "0" | "-0" => "0%".to_owned(),
        "100" if share < 1.0 => ">99%".to_owned(),
        "100" if share > 1.0 => ">100%".to_owned(),
        text => format!("{text}%"),
    }
}

/// The attained share of good events, with two digits more than the objective, rounded down: it never looks better than it is.
pub(super) fn attained(attained: f64, objective: Option<Decimal>) -> String {
    let digits = objective.map_or(3, |objective| {
        (objective.normalize().scale().saturating_sub(2) + 2).min(8)
    });
    let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(8));
    // What is only a rounding error below a digit is that digit.
    let floored = (attained * 100.0 * scale + 1e-6).floor() / scale;
    let floored = if attained < 1.0 && floored >= 100.0 {
        100.0 - 1.0 / scale
    } else {
        floored
    };
    let text = format!("{floored:.*}", usize::try_from(digits).unwrap_or(8));
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text}%")
}

/// The objective: `99.95% over 30d`.
pub(super) fn objective(slo: &SloReport) -> String {
    match (slo.objective, slo.window_ms) {
        (Some(objective), Some(window)) => {
            let window = match &slo.calendar {
                Some(unit) => format!("a calendar {unit}"),
                None => ms(window),
            };
            format!("{} over {window}", percent_text(objective))
        }
        _ => "none".to_owned(),
    }
}

/// The name of an SLO without the environment, which the report names once: `checkout/availability`.
pub(super) fn slo(key: &SloKey) -> String {
    let key = SloKey {
        environment: None,
        ..key.clone()
    };
    key.to_string()
}

/// Formats times in the zone of a report.
pub(super) struct Clock(TimeZone);

impl Clock {
    /// The clock of a report on a period; of UTC, if its zone is unknown.
    pub fn new(period: &Period) -> Self {
        let zone = nth_model::zone::find(&period.zone);
        Self(zone.unwrap_or(TimeZone::UTC))
    }

    /// A moment: `2026-10-03 14:05`.
    pub fn moment(&self, second: i64) -> String {
        self.format(second, "%Y-%m-%d %H:%M")
    }

    /// A day: `2026-10-03`.
    pub fn day(&self, second: i64) -> String {
        self.format(second, "%Y-%m-%d")
    }

    fn format(&self, second: i64, format: &str) -> String {
        match Timestamp::from_second(second) {
            Ok(moment) => moment
                .to_zoned_datetime(self.0.clone())
                .strftime(format)
                .to_string(),
            Err(_) => "unknown".to_owned(),
        }
    }
}

/// The title: `Error budgets of shop in production, 2026-10`.
pub(super) fn title(report: &Report) -> Sentence {
    let mut title = Sentence::new()
        .words("Error budgets of ")
        .name(&report.project);
    if let Some(environment) = &report.environment {
        title = title.words(" in ").name(environment);
    }
    if let Some(team) = &report.team {
        title = title.words(", team ").name(team);
    }
    title.words(format!(", {}", report.period.name))
}

/// The title of a report on contracts: `Contracts of shop in production, 2026-10`.
pub(super) fn contracts_title(report: &ContractReport) -> Sentence {
    let mut title = Sentence::new().words("Contracts of ").name(&report.project);
    if let Some(environment) = &report.environment {
        title = title.words(" in ").name(environment);
    }
    if let Some(team) = &report.team {
        title = title.words(", team ").name(team);
    }
    title.words(format!(", {}", report.period.name))
}

/// Whether a contract was kept, in one word or a few.
pub(super) fn kept(row: &ContractRow) -> &'static str {
    match row.kept {
        Kept::Kept => "kept",
        Kept::Broken => "broken",
        Kept::Unknown => "unknown",
        Kept::Open => "open",
    }
}

/// What is not known about a contract, as a share of the time that is judged: `99.6% seen`.
pub(super) fn seen(row: &ContractRow) -> String {
    if row.seconds <= 0 {
        return "no time".to_owned();
    }
    share(as_float(row.seconds - row.unseen_seconds) / as_float(row.seconds))
}

/// The name of a cause.
pub(super) fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Compared => "deployments, compared",
        Cause::Onset => "deployments, likely",
        Cause::Incident => "incidents",
        Cause::Unexplained => "unexplained",
    }
}

/// What is meant by a cause.
pub(super) fn cause_meaning(cause: Cause) -> &'static str {
    match cause {
        Cause::Compared => "the new version was worse than the old one at the same moment",
        Cause::Onset => "errors began inside of the roll-out",
        Cause::Incident => "during incidents, without what deployments are charged with",
        Cause::Unexplained => "at all other times",
    }
}

/// The result of an SLO: `met`, `missed`, `unknown`.
pub(super) fn result(slo: &SloReport) -> &'static str {
    match slo.is_met() {
        Some(true) => "met",
        Some(false) => "missed",
        None => "unknown",
    }
}

/// Why an SLO has no budget.
pub(super) fn without_budget(slo: &SloReport) -> &'static str {
    match (slo.objective, slo.coverage.seen) {
        (None, _) => "There was no objective.",
        (_, 0) => "Nothing was seen: the budget is unknown.",
        (Some(objective), _) if objective >= Decimal::ONE => {
            "Nothing may be bad at an objective of 100%: there is no budget."
        }
        _ => "There were no events, so nothing was consumed and nothing is known.",
    }
}

/// What is consumed, in a sentence.
pub(super) fn spent(account: &Account) -> Sentence {
    let share = account
        .consumed()
        .map_or_else(String::new, |consumed| format!(" ({})", share(consumed)));
    let sentence = Sentence::new()
        .number(ms(account.spent_ms))
        .words(" of ")
        .number(ms(account.budget_ms))
        .words(format!(" consumed{share}, "));
    match account.left_ms {
        left if left < 0 => sentence.number(ms(-left)).words(" too much"),
        left => sentence.number(ms(left)).words(" left"),
    }
}

/// What was not seen, in a sentence; `None` if everything was.
pub(super) fn unseen(slo: &SloReport) -> Option<Sentence> {
    let coverage = slo.coverage;
    let unseen = coverage.seconds - coverage.seen;
    let mut sentence = Sentence::new();
    if unseen > 0 {
        sentence = sentence
            .words("Unknown: ")
            .number(seconds(unseen))
            .words(" without data (")
            .words(share(as_float(unseen) / as_float(coverage.seconds.max(1))))
            .words(" of the time). It is not counted as good")
            .words(match slo.account {
                Some(_) => {
                    ": at average traffic, up to as much budget may be consumed in addition."
                }
                None => ".",
            });
    }
    if coverage.estimated > 0 {
        sentence = sentence
            .words(if unseen > 0 { " " } else { "" })
            .words("Estimated from recording rules: ")
            .number(seconds(coverage.estimated))
            .words(".");
    }
    (!sentence.pieces.is_empty()).then_some(sentence)
}

/// What is known about a deployment's part in the consumed budget. Only a comparison says that it burned.
pub(super) fn deployment(row: &DeploymentRow, account: Option<&Account>) -> Sentence {
    let sentence = match (&row.level, row.consumed) {
        (Level::Compared, Some(consumed)) | (Level::Onset, Some(consumed)) => {
            let verb = match row.level {
                Level::Compared => "burned ",
                _ => "likely burned ",
            };
            let sentence = Sentence::new().words(verb).number(ms(consumed.ms));
            let budget = account.map_or_else(String::new, |account| {
                format!(" of the {}", ms(account.budget_ms))
            });
            let sentence = sentence.words(budget);
            if consumed.low_ms == consumed.high_ms {
                sentence
            } else {
                sentence.words(format!(
                    " ({} to {}, 95%)",
                    ms(consumed.low_ms),
                    ms(consumed.high_ms)
                ))
            }
        }
        (Level::Compared, None) => Sentence::new().words("compared, and not worse than before"),
        (Level::Onset, None) => Sentence::new().words("no amount is known"),
        (Level::Coincides, _) => Sentence::new().words("no part in the consumed budget is known"),
        (Level::NotJudged(reason), _) => Sentence::new().words("not judged: ").text(reason),
    };
    match &row.dependency {
        Some(dependency) => sentence
            .words("; errors of ")
            .name(dependency)
            .words(" began first"),
        None => sentence,
    }
}

/// A version of a deployment: `v1.4.1 → v1.4.2`.
pub(super) fn version(row: &DeploymentRow) -> String {
    let deployment = &row.deployment;
    match (&deployment.previous, &deployment.version) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (None, Some(after)) => after.clone(),
        _ => deployment.key.clone(),
    }
}

/// The name of an incident: its title, or that it was found.
pub(super) fn incident(row: &IncidentRow) -> String {
    match &row.named {
        Some(named) if named.title.trim().is_empty() => named.id.clone(),
        Some(named) => format!("{}: {}", named.id, named.title),
        None => "found in the ledger".to_owned(),
    }
}

/// How an incident was paged: `12m after it began`, `no page`, or that it is unknown which alerts fired.
pub(super) fn paged(row: &IncidentRow) -> String {
    match row.paged_after {
        Some(after) => format!("{} after it began", seconds(after)),
        None if row.alerts_known => "no page".to_owned(),
        None => "unknown".to_owned(),
    }
}

/// When the budget of the SLO window runs out.
pub(super) fn trend(slo: &SloReport, until: i64, clock: &Clock) -> Sentence {
    let window = match (&slo.calendar, slo.window_ms) {
        (Some(unit), _) => format!("calendar {unit} as the "),
        (None, Some(window)) => format!("{} ", ms(window)),
        (None, None) => String::new(),
    };
    let never = match &slo.calendar {
        Some(unit) => format!("before the {unit} ends"),
        None => format!("within {HORIZON}d"),
    };
    let day = |days: Option<u32>| match days {
        Some(days) => {
            let seconds = i64::from(days).saturating_mul(86_400);
            format!("on {}", clock.day(until.saturating_add(seconds)))
        }
        None => format!("not {never}"),
    };
    match &slo.trend {
        Trend::Unknown(reason) => Sentence::new()
            .words("When the budget runs out is unknown: ")
            .words(reason.clone())
            .words("."),
        Trend::Exhausted { consumed } => Sentence::new()
            .words(format!(
                "The budget of the {window}SLO window is exhausted: "
            ))
            .number(share(*consumed))
            .words(" consumed."),
        Trend::Expected {
            consumed,
            mid,
            early,
            late,
        } => {
            let sentence = Sentence::new()
                .number(share(*consumed))
                .words(format!(" of the budget of the {window}SLO window is consumed. At the pace of the last four weeks, it "));
            let sentence = match mid {
                Some(_) => sentence.words("runs out ").number(day(*mid)),
                None => sentence
                    .number("does not run out")
                    .words(format!(" {never}")),
            };
            if early == late {
                return sentence.words(".");
            }
            sentence.words(format!(
                " (at the pace of the worst week: {}; of the best: {}).",
                day(*early),
                day(*late)
            ))
        }
    }
}

/// The difference to the last report: `+12 points`, `no change`; `None` if there is none.
pub(super) fn difference(slo: &SloReport) -> Option<String> {
    let before = slo.previous.as_ref()?.consumed?;
    let points = (slo.consumed()? - before) * 100.0;
    Some(match points.abs() {
        small if small < 0.5 => "no change".to_owned(),
        small if small < 1.5 => format!("{points:+.0} point"),
        _ => format!("{points:+.0} points"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_not_rounded_to_all_or_nothing() {
        let texts = [
            0.0, 0.0004, 0.004, 0.0995, 0.64, 0.996, 0.9999, 1.0, 1.0001, 1.32,
        ]
        .map(share);
        assert_eq!(
            texts,
            [
                "0%", "<0.1%", "0.4%", "10%", "64%", ">99%", ">99%", "100%", ">100%", "132%"
            ]
        );
    }

    #[test]
    fn what_is_attained_never_looks_better() {
        let objective = Some(Decimal::new(999, 3));
        let texts =
            [0.998_999, 0.999, 0.999_999_9, 1.0, 0.0, 0.95].map(|share| attained(share, objective));
        assert_eq!(texts, ["99.899%", "99.9%", "99.999%", "100%", "0%", "95%"]);
    }

    #[test]
    fn amounts_are_exact() {
        assert_eq!(
            [0, 2_592_000, -65_000, 259_200].map(ms),
            ["0s", "43m12s", "-1m5s", "4m19.2s"]
        );
    }
}
