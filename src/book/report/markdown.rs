//! The report as Markdown. Texts of users are escaped: none becomes markup, a mention or a link.

use std::fmt::Write as _;

use nth_ledger::SloKey;
use nth_model::number::percent_text;
use nth_model::text::count;
use nth_render::one_line;

use super::apportion::as_float;
use super::document::{
    Account, Cause, ContractReport, ContractRow, DeploymentRow, Notified, Report, SloReport,
};
use super::input::Level;
use super::sentence::{Piece, Sentence};
use super::words::{self, Clock};
use nth_diff::render::markdown::{prose, span};

/// How many rows of a table are shown.
const ROWS: usize = 40;

/// Renders a report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    let clock = Clock::new(&report.period);
    let _ = writeln!(out, "# {}\n", sentence(&words::title(report)));
    let period = &report.period;
    let _ = writeln!(
        out,
        "{} to {} ({}){}\n",
        clock.moment(period.from),
        clock.moment(period.until),
        plain(&period.zone),
        if period.is_complete { "" } else { ", so far" }
    );
    topics(&mut out, report);
    teams(&mut out, report);
    overview(&mut out, report);
    let promised: Vec<&ContractRow> = { report.slos.iter() }
        .flat_map(|slo| &slo.contracts)
        .collect();
    if !promised.is_empty() {
        out.push_str("## Contracts\n\n");
        contracts(&mut out, &promised, &clock);
    }
    let (shown, _) = report.shown();
    for (_, slo) in { report.slos.iter().enumerate() }.filter(|(number, _)| shown.contains(number))
    {
        section(&mut out, slo, report, &clock);
    }
    let _ = writeln!(out, "## How to read it\n\n{HOW_TO_READ}");
    out
}

/// Renders the contracts of a report as Markdown: without objectives, deployments and incidents, which are only for those inside.
pub fn contracts_markdown(report: &ContractReport) -> String {
    let mut out = String::new();
    let clock = Clock::new(&report.period);
    let _ = writeln!(out, "# {}\n", sentence(&words::contracts_title(report)));
    let period = &report.period;
    let _ = writeln!(
        out,
        "{} to {} ({}){}\n",
        clock.moment(period.from),
        clock.moment(period.until),
        plain(&period.zone),
        if period.is_complete { "" } else { ", so far" }
    );
    if report.contracts.is_empty() {
        out.push_str("No SLO of this report has a contract.\n");
        return out;
    }
    let rows: Vec<&ContractRow> = report.contracts.iter().collect();
    contracts(&mut out, &rows, &clock);
    if !report.exclusions.is_empty() {
        out.push_str("Excluded in the reported period:\n\n");
    }
    table(
        &mut out,
        ["SLO", "Exclusion", "Time", "Reason"],
        report.exclusions.iter().map(|row| {
            [
                slo_name(&row.slo),
                name(&row.name),
                words::seconds(row.seconds),
                plain(&row.reason),
            ]
        }),
    );
    out
}

/// The contracts, each with its periods, and what is owed for those that were broken.
fn contracts(out: &mut String, rows: &[&ContractRow], clock: &Clock) {
    let table_rows = rows.iter().map(|row| {
        [
            slo_name(&row.slo),
            format!("{}: {}", name(&row.contract), plain(&row.with)),
            format!("{} over {}", percent_text(row.promised), row.window),
            format!(
                "{} to {}{}",
                clock.moment(row.from),
                clock.moment(row.until),
                match row.known_until < row.until {
                    true => format!(", known to {}", clock.moment(row.known_until)),
                    false => String::new(),
                }
            ),
            row.measured.map_or_else(
                || "unknown".to_owned(),
                |measured| words::attained(measured, Some(row.promised)),
            ),
            format!(
                "{} of {}",
                row.bad_ms.map_or_else(|| "unknown".to_owned(), words::ms),
                words::ms(row.budget_ms)
            ),
            words::seen(row),
            match row.excluded_seconds {
                0 => "\u{2013}".to_owned(),
                excluded => words::seconds(excluded),
            },
            format!("**{}**", words::kept(row)),
        ]
    });
    // Those to whom it is promised want each period.
    table_up_to(
        usize::MAX,
        out,
        [
            "SLO", "Contract", "Promised", "Period", "Measured", "Downtime", "Seen", "Excluded",
            "Result",
        ],
        table_rows,
    );
    for row in rows {
        if let Some(remedy) = &row.remedy {
            let _ = writeln!(
                out,
                "{}, contract {}, {} to {}, was broken. What is owed: {}\n",
                slo_name(&row.slo),
                name(&row.contract),
                clock.moment(row.from),
                clock.moment(row.until),
                plain(remedy)
            );
        }
    }
    let _ = writeln!(out, "{CONTRACTS}\n");
}

/// What the words about contracts mean.
const CONTRACTS: &str = "\
Downtime is the time of full downtime with as many bad events, of what the contract allows in the period. **kept**: also if all \
time that was not seen had been bad. **broken**: also if all of it had been good. **unknown**: it depends on time that was not seen. \
**open**: the period has not ended.";

/// What the words of a report mean.
const HOW_TO_READ: &str = "\
- Amounts of budget are times of full downtime: as long as the service would have to be down, at its average traffic, to have as \
many bad events. Causes and what is left add up to the budget.
- **burned**: the new version was compared with the old one at the same moment. **likely burned**: errors began inside of the \
roll-out, as they hardly do at other times. Other deployments are only listed.
- A page is useful if an incident that consumed budget was going on.
- What was not seen is unknown. It consumes nothing of the budget: what is consumed is consumed at least.";

/// A text of a user on one line.
fn plain(text: &str) -> String {
    prose(&one_line(text))
}

/// A name of a user as code.
fn name(text: &str) -> String {
    // A bar would end a cell, also in code.
    match text.contains('|') {
        true => plain(text),
        false => span(&one_line(text)),
    }
}

fn sentence(sentence: &Sentence) -> String {
    let mut out = String::new();
    for piece in &sentence.pieces {
        match piece {
            Piece::Words(words) => out.push_str(words),
            Piece::Name(text) => out.push_str(&name(text)),
            Piece::Text(text) => out.push_str(&plain(text)),
            Piece::Number(number) => {
                let _ = write!(out, "**{number}**");
            }
        }
    }
    out
}

fn slo_name(slo: &SloKey) -> String {
    name(&words::slo(slo))
}

/// A table of [`ROWS`] at most; nothing if it has no rows.
fn table<const COLUMNS: usize>(
    out: &mut String,
    head: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) {
    table_up_to(ROWS, out, head, rows);
}

fn table_up_to<const COLUMNS: usize>(
    most: usize,
    out: &mut String,
    head: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return;
    }
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    out.push_str(&line(&head.map(str::to_owned)));
    out.push_str(&line(&head.map(|_| "---".to_owned())));
    let mut number = 0;
    for row in rows {
        number += 1;
        if number <= most {
            out.push_str(&line(&row));
        }
    }
    if number > most {
        let _ = write!(out, "\nand {}", count(number - most, "more row"));
        out.push('\n');
    }
    out.push('\n');
}

fn notified(notified: Notified) -> String {
    match notified.all {
        0 => notified.count(),
        _ => format!("{} ({} useful)", notified.count(), notified.useful),
    }
}

fn topics(out: &mut String, report: &Report) {
    out.push_str("## What to talk about\n\n");
    if report.topics.is_empty() {
        out.push_str(
            "Nothing stands out: no objective was missed, and no single cause consumed much.\n\n",
        );
        return;
    }
    for topic in report.topics.iter().take(ROWS) {
        let _ = writeln!(out, "1. {}", sentence(&topic.text));
    }
    let more = report.topics.len().saturating_sub(ROWS);
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more");
    }
    out.push('\n');
}

fn teams(out: &mut String, report: &Report) {
    if report.teams.len() < 2 {
        return;
    }
    out.push_str("## Teams\n\n");
    let rows = report.teams.iter().map(|row| {
        [
            row.team
                .as_deref()
                .map_or_else(|| "without a team".to_owned(), name),
            row.slos.to_string(),
            row.met.to_string(),
            row.missed.to_string(),
            row.unknown.to_string(),
            row.worst.as_ref().map_or_else(
                || "unknown".to_owned(),
                |(slo, share)| format!("{} {}", words::share(*share), slo_name(slo)),
            ),
            row.deployments.to_string(),
            row.incidents.to_string(),
            notified(row.pages),
        ]
    });
    table(
        out,
        [
            "Team",
            "SLOs",
            "Met",
            "Missed",
            "Unknown",
            "Most consumed",
            "Deployments with a part",
            "Incidents",
            "Pages",
        ],
        rows,
    );
}

fn overview(out: &mut String, report: &Report) {
    out.push_str("## SLOs\n\n");
    let (shown, rest) = report.shown();
    let slos = report.slos.iter().enumerate();
    let slos = slos.filter(|(number, _)| shown.contains(number));
    let rows = slos.map(|(_, slo)| {
        [
            slo_name(&slo.slo),
            words::objective(slo),
            slo.attained.map_or_else(
                || "unknown".to_owned(),
                |attained| words::attained(attained, slo.objective),
            ),
            match slo.consumed() {
                Some(consumed) => words::share(consumed),
                None => "unknown".to_owned(),
            },
            words::difference(slo).unwrap_or_else(|| "–".to_owned()),
            notified(slo.pages),
            words::result(slo).to_owned(),
        ]
    });
    table(
        out,
        [
            "SLO",
            "Objective",
            "Attained",
            "Consumed",
            "Change",
            "Pages",
            "Result",
        ],
        rows,
    );
    for rest in &rest {
        let _ = writeln!(out, "{}\n", sentence(&rest.words()));
    }
    if let Some(absent) = report.absent_groups() {
        let _ = writeln!(out, "{}\n", sentence(&absent));
    }
}

fn section(out: &mut String, slo: &SloReport, report: &Report, clock: &Clock) {
    let _ = writeln!(out, "## {}\n", plain(&words::slo(&slo.slo)));
    if let Some(team) = &slo.team {
        let _ = writeln!(
            out,
            "Team {}. Objective: {}.\n",
            name(team),
            words::objective(slo)
        );
    } else {
        let _ = writeln!(out, "Objective: {}.\n", words::objective(slo));
    }
    for change in &slo.objective_changes {
        let before = change
            .before
            .map_or_else(|| "none".to_owned(), percent_text);
        let revision = change
            .revision
            .as_deref()
            .map_or_else(String::new, |revision| format!(" ({})", name(revision)));
        let _ = writeln!(
            out,
            "The objective changed from {before} to {} on {}{revision}.\n",
            percent_text(change.after),
            clock.moment(change.at)
        );
    }
    match &slo.account {
        Some(account) => budget(out, slo, account),
        None => {
            let _ = writeln!(out, "{}\n", words::without_budget(slo));
        }
    }
    if let Some(unseen) = words::unseen(slo) {
        let _ = writeln!(out, "{}\n", sentence(&unseen));
    }
    exclusions(out, slo);
    deployments(out, slo, clock);
    incidents(out, slo, clock);
    let _ = writeln!(
        out,
        "Pages: {}. Tickets: {}.\n",
        notified(slo.pages),
        notified(slo.tickets)
    );
    let _ = writeln!(
        out,
        "{}\n",
        sentence(&words::trend(slo, report.period.until, clock))
    );
}

fn budget(out: &mut String, slo: &SloReport, account: &Account) {
    let attained = slo.attained.map_or_else(String::new, |attained| {
        format!(" Attained: {}.", words::attained(attained, slo.objective))
    });
    let _ = writeln!(out, "{}.{attained}\n", sentence(&words::spent(account)));
    let share = |ms: i64| match account.budget_ms {
        0 => "–".to_owned(),
        budget => words::share(as_float(ms) / as_float(budget)),
    };
    let causes = Cause::ALL.iter().map(|cause| {
        let ms = account.spent_by(*cause);
        [words::cause(*cause).to_owned(), words::ms(ms), share(ms)]
    });
    let sums = [
        ("**consumed**", account.spent_ms),
        ("left", account.left_ms),
        ("**budget**", account.budget_ms),
    ];
    let sums = sums.map(|(name, ms)| [name.to_owned(), words::ms(ms), share(ms)]);
    table(out, ["Cause", "Budget", "Share"], causes.chain(sums));
}

fn exclusions(out: &mut String, slo: &SloReport) {
    if slo.exclusions.is_empty() {
        return;
    }
    if let Some(account) = &slo.account {
        let _ = writeln!(
            out,
            "Exclusions took out {}. Without them, {} of {} would be consumed{}.\n",
            words::ms(account.taken_out_ms),
            words::ms(account.gross_spent_ms),
            words::ms(account.gross_budget_ms),
            slo.attained_gross
                .map_or_else(String::new, |attained| format!(
                    ", and {} attained",
                    words::attained(attained, slo.objective)
                ))
        );
    }
    let rows = slo.exclusions.iter().map(|row| {
        [
            name(&row.name),
            words::seconds(row.seconds),
            words::ms(row.taken_out_ms),
            plain(&row.reason),
            name(&row.by),
        ]
    });
    table(
        out,
        ["Exclusion", "Time", "Taken out", "Reason", "Agreed by"],
        rows,
    );
}

fn deployments(out: &mut String, slo: &SloReport, clock: &Clock) {
    let (blamed, others): (Vec<&DeploymentRow>, Vec<&DeploymentRow>) = slo
        .deployments
        .iter()
        .partition(|row| matches!(row.level, Level::Compared | Level::Onset));
    let rows = blamed.iter().map(|row| {
        [
            name(&words::version(row)),
            clock.moment(row.deployment.started),
            sentence(&words::deployment(row, slo.account.as_ref())),
            match row.deployment.rolled_back {
                Some(at) => clock.moment(at),
                None => "no".to_owned(),
            },
        ]
    });
    table(out, ["Deployment", "Began", "Budget", "Rolled back"], rows);
    if others.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "Also deployed, without a known part in the consumed budget:\n"
    );
    for row in others.iter().take(ROWS) {
        let _ = write!(
            out,
            "- {} {}",
            clock.moment(row.deployment.started),
            name(&words::version(row))
        );
        if row.dependency.is_some() || matches!(row.level, Level::NotJudged(_)) {
            let _ = write!(out, ": {}", sentence(&words::deployment(row, None)));
        }
        out.push('\n');
    }
    let more = others.len().saturating_sub(ROWS);
    if more > 0 {
        let _ = writeln!(out, "- and {more} more");
    }
    out.push('\n');
}

fn incidents(out: &mut String, slo: &SloReport, clock: &Clock) {
    let rows = slo.incidents.iter().map(|row| {
        [
            plain(&words::incident(row)),
            clock.moment(row.from),
            row.until
                .map_or_else(|| "lasts".to_owned(), |until| clock.moment(until)),
            words::ms(row.total_ms),
            words::ms(row.own_ms),
            words::paged(row),
        ]
    });
    table(
        out,
        [
            "Incident",
            "From",
            "Until",
            "Consumed during it",
            "Charged to it",
            "Page",
        ],
        rows,
    );
}
