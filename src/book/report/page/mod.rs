//! The report as one page of HTML, without scripts and without anything from the network.
//!
//! All texts of users are escaped by the template library. Should one end up as markup nevertheless, the page's policy lets no
//! script run and nothing be loaded.

mod plots;
mod sections;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use nth_ledger::SloKey;
use nth_model::number::percent_text;
use nth_model::text::count;
use nth_render::one_line;
use sha2::{Digest as _, Sha256};

use super::document::{ContractRow, Kept, Notified, Report, SloReport};
use super::groups::Results;
use super::sentence::{Piece, Sentence};
use super::words::{self, Clock};

/// The value of the page's `generator`, by which a page is recognized.
pub const GENERATOR: &str = "nthc report";

const STYLE: &str = include_str!("style.css");

/// How many rows of a table are shown.
const ROWS: usize = 300;

/// Renders a report as a page.
pub fn page(report: &Report) -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    let clock = Clock::new(&report.period);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="generator" content=(GENERATOR);
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (one_line(&words::title(report).to_string())) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                (header(report, &clock))
                main {
                    (topics(report))
                    (teams(report))
                    (overview(report))
                    (contracts(report, &clock))
                    @for (number, slo) in shown(report) {
                        (sections::slo(number, slo, report, &clock))
                    }
                }
                (footer())
            }
        }
    };
    markup.into_string()
}

/// The SLOs that are shown, with their numbers.
fn shown(report: &Report) -> Vec<(usize, &SloReport)> {
    let (shown, _) = report.shown();
    let slos = report.slos.iter().enumerate();
    slos.filter(|(number, _)| shown.contains(number)).collect()
}

/// The number of the section of an SLO.
fn section_number(report: &Report, slo: &SloKey) -> Option<usize> {
    let mut shown = shown(report).into_iter();
    shown.find_map(|(number, known)| (known.slo == *slo).then_some(number))
}

fn header(report: &Report, clock: &Clock) -> Markup {
    let results = Results::new(&report.slos);
    html! {
        header {
            h1 { (sentence(&words::title(report))) }
            p.counts {
                (count(results.all(), "SLO")) ": "
                span.met { (results.met) " met" } ", "
                span.missed { (results.missed) " missed" } ", "
                span.unknown { (results.unknown) " unknown" }
            }
            p.faint {
                (clock.moment(report.period.from)) " to " (clock.moment(report.period.until))
                " (" (one_line(&report.period.zone)) ")"
                @if !report.period.is_complete { ", so far" }
            }
        }
    }
}

fn sentence(sentence: &Sentence) -> Markup {
    html! {
        @for piece in &sentence.pieces {
            @match piece {
                Piece::Words(words) => { (words) }
                Piece::Name(name) => { code { (one_line(name)) } }
                Piece::Text(text) => { (one_line(text)) }
                Piece::Number(number) => { b { (number) } }
            }
        }
    }
}

fn slo_link(report: &Report, slo: &SloKey) -> Markup {
    let name = one_line(&words::slo(slo));
    match section_number(report, slo) {
        Some(number) => html! { a href={ "#slo-" (number) } { (name) } },
        None => html! { (name) },
    }
}

/// Links to the sections of a topic's SLOs. The text of a topic names the first one.
fn topic_links(report: &Report, slos: &[SloKey]) -> Markup {
    html! {
        @match slos {
            [only] => {
                @if let Some(number) = section_number(report, only) { a href={ "#slo-" (number) } { "details" } }
            }
            several => { @for slo in several.iter().take(3) { (slo_link(report, slo)) " " } }
        }
    }
}

/// What was promised outside, and whether it was kept; nothing without contracts.
fn contracts(report: &Report, clock: &Clock) -> Markup {
    let rows = || report.slos.iter().flat_map(|slo| &slo.contracts);
    let class = |row: &ContractRow| match row.kept {
        Kept::Kept => "met",
        Kept::Broken => "missed",
        Kept::Unknown | Kept::Open => "unknown",
    };
    html! {
        @if rows().next().is_some() {
            section {
                h2 { "Contracts" }
                table {
                    thead { tr {
                        th { "SLO" } th { "Contract" } th { "Promised" } th { "Period" } th { "Measured" }
                        th { "Downtime" } th { "Seen" } th { "Excluded" } th { "Result" }
                    } }
                    tbody {
                        @for row in rows().take(ROWS) {
                            tr {
                                td { (slo_link(report, &row.slo)) }
                                td { code { (one_line(&row.contract)) } ": " (one_line(&row.with)) }
                                td { (percent_text(row.promised)) " over " (row.window) }
                                td {
                                    (clock.moment(row.from)) " to " (clock.moment(row.until))
                                    @if row.known_until < row.until {
                                        ", known to " (clock.moment(row.known_until))
                                    }
                                }
                                td {
                                    @match row.measured {
                                        Some(measured) => (words::attained(measured, Some(row.promised))),
                                        None => "unknown",
                                    }
                                }
                                td {
                                    @match row.bad_ms {
                                        Some(bad) => (words::ms(bad)),
                                        None => "unknown",
                                    }
                                    " of " (words::ms(row.budget_ms))
                                }
                                td { (words::seen(row)) }
                                td {
                                    @if row.excluded_seconds > 0 { (words::seconds(row.excluded_seconds)) }
                                }
                                td { span .badge .(class(row)) { (words::kept(row)) } }
                            }
                        }
                    }
                }
                p.faint {
                    "A contract is kept if it would be also with all time bad that was not seen, and broken if it \
                    would be also with all of it good. Otherwise it is unknown."
                }
            }
        }
    }
}

fn notified(notified: Notified) -> Markup {
    html! {
        (notified.count())
        @if notified.all > 0 { " " span.faint { "(" (notified.useful) " useful)" } }
    }
}

fn badge(slo: &SloReport) -> Markup {
    let result = words::result(slo);
    html! { span .badge .(result) { (result) } }
}

fn topics(report: &Report) -> Markup {
    html! {
        section.topics {
            h2 { "What to talk about" }
            @if report.topics.is_empty() {
                p { "Nothing stands out: no objective was missed, and no single cause consumed much." }
            }
            ol {
                @for topic in report.topics.iter().take(ROWS) {
                    li {
                        (sentence(&topic.text)) " "
                        span.faint { (topic_links(report, &topic.slos)) }
                    }
                }
            }
            @if report.topics.len() > ROWS { p.faint { "and " (report.topics.len() - ROWS) " more" } }
        }
    }
}

fn teams(report: &Report) -> Markup {
    html! {
        @if report.teams.len() > 1 {
            section {
                h2 { "Teams" }
                div.wide {
                    table {
                        thead {
                            tr {
                                @for head in ["Team", "SLOs", "Met", "Missed", "Unknown", "Most consumed", "Deployments with a part", "Incidents", "Pages"] {
                                    th scope="col" { (head) }
                                }
                            }
                        }
                        tbody {
                            @for row in report.teams.iter().take(ROWS) {
                                tr {
                                    th scope="row" {
                                        @match &row.team {
                                            Some(team) => { (one_line(team)) }
                                            None => { span.faint { "without a team" } }
                                        }
                                    }
                                    td { (row.slos) }
                                    td { (row.met) }
                                    td .missed[row.missed > 0] { (row.missed) }
                                    td .unknown[row.unknown > 0] { (row.unknown) }
                                    td {
                                        @match &row.worst {
                                            Some((slo, share)) => { (words::share(*share)) " " (slo_link(report, slo)) }
                                            None => { "unknown" }
                                        }
                                    }
                                    td { (row.deployments) }
                                    td { (row.incidents) }
                                    td { (notified(row.pages)) }
                                }
                            }
                        }
                    }
                }
                @if report.teams.len() > ROWS { p.faint { "and " (report.teams.len() - ROWS) " more" } }
            }
        }
    }
}

fn overview(report: &Report) -> Markup {
    html! {
        section {
            h2 { "SLOs" }
            div.wide {
                table {
                    thead {
                        tr {
                            @for head in ["SLO", "Objective", "Attained", "Consumed", "", "Change", "Pages", "Result"] {
                                th scope="col" { (head) }
                            }
                        }
                    }
                    tbody {
                        @for (_, slo) in shown(report) {
                            tr {
                                th scope="row" { (slo_link(report, &slo.slo)) }
                                td.value { (words::objective(slo)) }
                                td.value {
                                    @match slo.attained {
                                        Some(attained) => { (words::attained(attained, slo.objective)) }
                                        None => { "unknown" }
                                    }
                                }
                                td.value {
                                    @match slo.consumed() {
                                        Some(consumed) => { (words::share(consumed)) }
                                        None => { "unknown" }
                                    }
                                }
                                td { (plots::bar(slo)) }
                                td.value { (words::difference(slo).unwrap_or_else(|| "–".to_owned())) }
                                td { (notified(slo.pages)) }
                                td { (badge(slo)) }
                            }
                        }
                    }
                }
            }
            @for rest in report.shown().1 { p.faint { (sentence(&rest.words())) } }
            @if let Some(absent) = report.absent_groups() { p.faint { (sentence(&absent)) } }
        }
    }
}

fn footer() -> Markup {
    html! {
        footer.faint {
            p {
                "Amounts of budget are times of full downtime: as long as the service would have to be down, at its average traffic, \
                to have as many bad events. Causes and what is left add up to the budget."
            }
            p {
                b { "burned" } ": the new version was compared with the old one at the same moment. "
                b { "likely burned" } ": errors began inside of the roll-out, as they hardly do at other times. Other deployments \
                are only listed."
            }
            p {
                "A page is useful if an incident that consumed budget was going on. What was not seen is unknown. It \
                consumes nothing of the budget: what is consumed is consumed at least."
            }
        }
    }
}
