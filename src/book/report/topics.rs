//! What to talk about: rules that find it, each with a plain sentence.

use nth_ledger::SloKey;
use nth_model::number::percent_text;
use nth_model::text::count;

use super::apportion::as_float;
use super::document::{Account, DeploymentRow, SloReport, Topic, TopicKind, Trend};
use super::groups::{fold, without_group};
use super::input::{Level, Period};
use super::sentence::Sentence;
use super::words;

/// The share of a budget from which on a cause is worth a word.
const LARGE: f64 = 0.1;
/// The share of the consumed budget, and of the budget, from which on what is unexplained is worth a word.
const LARGELY_UNEXPLAINED: f64 = 0.5;
const UNEXPLAINED_OF_BUDGET: f64 = 0.25;
/// How many pages there must be to say how many were useful.
const LEAST_PAGES: usize = 4;
/// The share of the time from which on what was not seen is worth a word.
const LARGELY_UNSEEN: f64 = 0.01;
/// The share of a budget below which hardly any is consumed.
const HARDLY_ANY: f64 = 0.05;
/// Within how many days the budget runs out soon.
const SOON: u32 = 14;

/// Finds what to talk about, the most important first.
pub(super) fn topics(slos: &[SloReport], period: &Period) -> Vec<Topic> {
    let mut found: Vec<(TopicKind, f64, Topic)> = Vec::new();
    for (number, slo) in slos.iter().enumerate() {
        let mut add = |kind: TopicKind, weight: f64, text: Sentence| {
            found.push((
                kind,
                weight,
                Topic {
                    kind,
                    slos: vec![slo.slo.clone()],
                    text,
                },
            ));
        };
        if let Some(account) = &slo.account {
            missed(slo, account, &mut add);
            unexplained(slo, account, &mut add);
            excluded(slo, account, &mut add);
            not_paged(slo, account, &mut add);
            for row in &slo.deployments {
                deployment(slo, row, account, &mut add);
            }
        }
        runs_out(slo, &mut add);
        useless_pages(slo, &mut add);
        unseen(slo, &mut add);
        objective_changed(slo, &mut add);
        // The groups of an SLO come in the order of what they consumed: no other one consumed more.
        let before = number.checked_sub(1).and_then(|number| slos.get(number));
        let is_worst = before.is_none_or(|before| {
            slo.slo.group.is_empty() || without_group(&before.slo) != without_group(&slo.slo)
        });
        if is_worst {
            unused(slo, period, &mut add);
        }
    }
    found.sort_by(|(kind, weight, one), (other_kind, other_weight, other)| {
        kind.cmp(other_kind)
            .then(other_weight.total_cmp(weight))
            .then_with(|| one.slos.cmp(&other.slos))
    });
    fold(merged(
        found.into_iter().map(|(_, _, topic)| topic).collect(),
    ))
}

/// Merges topics with the same text, which several SLOs of a service can have.
fn merged(topics: Vec<Topic>) -> Vec<Topic> {
    let mut merged: Vec<Topic> = Vec::new();
    for topic in topics {
        match merged
            .iter_mut()
            .find(|known| known.kind == topic.kind && known.text == topic.text)
        {
            Some(known) => known.slos.extend(topic.slos),
            None => merged.push(topic),
        }
    }
    merged
}

type Add<'a> = dyn FnMut(TopicKind, f64, Sentence) + 'a;

fn named(slo: &SloKey) -> Sentence {
    Sentence::new().name(words::slo(slo))
}

fn of_budget(ms: i64, account: &Account) -> f64 {
    match account.budget_ms {
        0 => 0.0,
        budget => as_float(ms) / as_float(budget),
    }
}

fn missed(slo: &SloReport, account: &Account, add: &mut Add<'_>) {
    if account.left_ms >= 0 {
        return;
    }
    let attained = slo.attained.map_or_else(String::new, |attained| {
        let objective = slo.objective.map_or_else(String::new, percent_text);
        format!(
            ": {} attained, objective {objective}",
            words::attained(attained, slo.objective)
        )
    });
    let text = named(&slo.slo)
        .words(" missed its objective")
        .words(attained)
        .words(". ")
        .number(words::ms(account.spent_ms))
        .words(" of ")
        .number(words::ms(account.budget_ms))
        .words(" are consumed.");
    add(
        TopicKind::Missed,
        of_budget(account.spent_ms, account),
        text,
    );
}

fn runs_out(slo: &SloReport, add: &mut Add<'_>) {
    let text = |mid: u32, band: String| {
        named(&slo.slo)
            .words(" runs out of budget in about ")
            .number(format!("{mid}d"))
            .words(format!(" at the pace of the last four weeks{band}."))
    };
    if let Trend::Expected {
        mid: Some(mid),
        early,
        late,
        ..
    } = slo.trend
        && mid <= SOON
    {
        let days = |days: Option<u32>| {
            days.map_or_else(
                || format!("more than {}d", super::trend::HORIZON),
                |days| format!("{days}d"),
            )
        };
        let band = format!(" ({} to {})", days(early), days(late));
        add(TopicKind::RunsOut, -f64::from(mid), text(mid, band));
    }
}

fn deployment(slo: &SloReport, row: &DeploymentRow, account: &Account, add: &mut Add<'_>) {
    let Some(consumed) = row.consumed else {
        return;
    };
    let share = of_budget(consumed.ms, account);
    if share < LARGE || !matches!(row.level, Level::Compared | Level::Onset) {
        return;
    }
    let mut text = Sentence::new()
        .words("Deployment ")
        .name(words::version(row))
        .words(" of ")
        .name(&row.deployment.service)
        .words(" ");
    text.pieces
        .extend(words::deployment(row, Some(account)).pieces);
    let text =
        text.words(" of ")
            .name(words::slo(&slo.slo))
            .words(match row.deployment.rolled_back {
                Some(_) => ". It was rolled back.",
                None => ".",
            });
    add(TopicKind::Deployment, share, text);
}

fn not_paged(slo: &SloReport, account: &Account, add: &mut Add<'_>) {
    for row in { slo.incidents.iter() }.filter(|row| row.pages == 0 && row.alerts_known) {
        let share = of_budget(row.total_ms, account);
        if share < LARGE {
            continue;
        }
        let what = match &row.named {
            Some(_) => Sentence::new().text(words::incident(row)),
            None => Sentence::new().words("an incident"),
        };
        let mut text = Sentence::new()
            .words("No page of ")
            .name(words::slo(&slo.slo))
            .words(" fired during ");
        text.pieces.extend(what.pieces);
        let text = text
            .words(", in which ")
            .number(words::ms(row.total_ms))
            .words(" of its budget were consumed.");
        add(TopicKind::NotPaged, share, text);
    }
}

fn unexplained(slo: &SloReport, account: &Account, add: &mut Add<'_>) {
    let share = of_budget(account.unexplained_ms, account);
    let is_most =
        as_float(account.unexplained_ms) >= LARGELY_UNEXPLAINED * as_float(account.spent_ms);
    if share < UNEXPLAINED_OF_BUDGET || !is_most {
        return;
    }
    let text = Sentence::new()
        .number(words::ms(account.unexplained_ms))
        .words(" of the budget of ")
        .name(words::slo(&slo.slo))
        .words(" are consumed without a known cause: a few errors at all times, or short ones.");
    add(TopicKind::Unexplained, share, text);
}

fn useless_pages(slo: &SloReport, add: &mut Add<'_>) {
    let pages = slo.pages;
    if pages.all < LEAST_PAGES || pages.unknown_seconds > 0 || pages.useful * 2 > pages.all {
        return;
    }
    let text = Sentence::new()
        .number(format!("{} of {}", pages.useful, count(pages.all, "page")))
        .words(" of ")
        .name(words::slo(&slo.slo))
        .words(if pages.useful == 1 { " was" } else { " were" })
        .words(" useful: the others fired without an incident that consumed budget.");
    let useless = u32::try_from(pages.all - pages.useful).unwrap_or(u32::MAX);
    add(TopicKind::UselessPages, f64::from(useless), text);
}

fn unseen(slo: &SloReport, add: &mut Add<'_>) {
    let unseen = slo.coverage.seconds - slo.coverage.seen;
    let share = as_float(unseen) / as_float(slo.coverage.seconds.max(1));
    if share < LARGELY_UNSEEN {
        return;
    }
    let text = named(&slo.slo)
        .words(" has no data for ")
        .number(words::share(share))
        .words(" of the time (")
        .words(words::seconds(unseen))
        .words("). What happened then is unknown.");
    add(TopicKind::Unseen, share, text);
}

fn excluded(slo: &SloReport, account: &Account, add: &mut Add<'_>) {
    if account.gross_budget_ms == 0 {
        return;
    }
    let share = as_float(account.taken_out_ms) / as_float(account.gross_budget_ms);
    if share < LARGE {
        return;
    }
    let would = match account.gross_spent_ms > account.gross_budget_ms && account.left_ms >= 0 {
        true => " Without them, the objective would have been missed.",
        false => "",
    };
    let text = Sentence::new()
        .words("Exclusions took ")
        .number(words::ms(account.taken_out_ms))
        .words(" out of the consumed budget of ")
        .name(words::slo(&slo.slo))
        .words(".")
        .words(would);
    add(TopicKind::Excluded, share, text);
}

fn objective_changed(slo: &SloReport, add: &mut Add<'_>) {
    for change in &slo.objective_changes {
        let Some(before) = change.before else {
            continue;
        };
        let verb = match change.after > before {
            true => "raised",
            false => "lowered",
        };
        let text = Sentence::new()
            .words("The objective of ")
            // Usually, it is that of several groups.
            .name(words::slo(&without_group(&slo.slo)))
            .words(format!(" was {verb} from "))
            .number(percent_text(before))
            .words(" to ")
            .number(percent_text(change.after))
            .words(". Each slice of time is judged by the objective that was in force then.");
        add(TopicKind::ObjectiveChanged, 0.0, text);
    }
}

fn unused(slo: &SloReport, period: &Period, add: &mut Add<'_>) {
    let before = slo.previous.as_ref().and_then(|previous| previous.consumed);
    if let (Some(now), Some(before)) = (slo.consumed(), before)
        && period.is_complete
        && now < HARDLY_ANY
        && before < HARDLY_ANY
    {
        let text = named(&slo.slo)
            .words(" consumed ")
            .number(words::share(now))
            .words(" of its budget, and ")
            .number(words::share(before))
            .words(" before")
            .words(match slo.slo.group.is_empty() {
                true => "",
                false => ", the most of all groups",
            })
            .words(": there is room for faster releases, or for a higher objective.");
        add(TopicKind::Unused, -now, text);
    }
}
