//! The results of tests as one page of HTML, without scripts and without anything from the network.
//!
//! All texts of users are escaped by the template library. Should one end up as markup nevertheless, the page's policy lets no
//! script run and nothing be loaded.

mod timeline;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::report::count;
use super::test_report::{Report, by_file, elapsed, title};
use nthc::diagnostics::render::{lines, one_line};
use nthc::testing::{Detail, ExpectationRow, Failure, Happened, Notice, Outcome, TestResult, time};

/// The value of the page's `generator`, by which a page is recognized.
pub const GENERATOR: &str = "nthc test";

const STYLE: &str = include_str!("style.css");

/// Returns the page. `at` is the time of the run.
pub fn page(report: &Report<'_>, at: Timestamp) -> String {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    let title = format!("{}: {}", report.project, report.counts());
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="generator" content=(GENERATOR);
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (one_line(&title)) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body { (body(report, at)) }
        }
    };
    markup.into_string()
}

fn body(report: &Report<'_>, at: Timestamp) -> Markup {
    let numbered = || report.results.iter().enumerate();
    let failed: Vec<_> = numbered()
        .filter(|(_, result)| !result.is_passed())
        .collect();
    let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
    html! {
        header {
            h1 { "Tests of " (one_line(report.project)) }
            p.counts { (report.counts()) ", in " (elapsed(report.took)) }
            p.faint { "Run at " time datetime=(at) { (at) } }
            @if !failed.is_empty() {
                label { input #only type="checkbox"; " Show failures only" }
                ol.failed {
                    @for (number, result) in failed {
                        li { a href={ "#test-" (number) } { (one_line(&title(result))) } }
                    }
                }
            }
        }
        main {
            @for group in by_file(report.results) {
                section .passed[group.iter().all(|(_, result)| result.is_passed())] {
                    @if let Some((_, first)) = group.first() {
                        h2 {
                            (one_line(&first.file))
                            @if let Some(environment) = &first.environment {
                                " " span.badge { (one_line(environment)) }
                            }
                        }
                    }
                    @for (number, result) in group { (test(number, result)) }
                }
            }
        }
        footer.faint {
            p { "Times count from the beginning of each test." }
            p {
                span.key.pending { } " pending " span.key.page { } " page fires "
                span.key.ticket { } " ticket fires " span.key.event { } " event "
                "▲ fires ▼ resolved ◆ other notification "
                span.key.line.deadline { } " time until which something is expected "
                span.key.line.unmet { } " failure"
            }
        }
    }
}

fn test(number: usize, result: &TestResult) -> Markup {
    let (word, class) = match &result.outcome {
        Outcome::Passed => ("passed", "passed"),
        Outcome::Failed { .. } => ("failed", "failed"),
        Outcome::Error { .. } => ("error", "failed"),
    };
    let failures: &[Failure] = match &result.outcome {
        Outcome::Failed { failures, .. } => failures,
        _ => &[],
    };
    html! {
        details .test .(class) id={ "test-" (number) } open[!result.is_passed()] {
            summary {
                span.outcome { (word) } " "
                span.name { (one_line(&result.name)) } " "
                span.faint { (elapsed(result.took)) }
            }
            p.faint {
                (one_line(&result.file)) ":" (result.line)
                @if let Ok(begin) = Timestamp::from_second(result.begin) { ", from " (begin) }
                @if let Some(detail) = &result.detail { ", for " (time(detail.length)) }
            }
            @if let Some(detail) = &result.detail {
                @if let Some(description) = &detail.description {
                    p.description { (lines(description)) }
                }
            }
            @if let Outcome::Error { message, help } = &result.outcome {
                div.failure {
                    p { (marked(message)) }
                    @if let Some(help) = help { p.faint { "help: " (marked(help)) } }
                }
            }
            @for failure in failures { (difference(failure)) }
            @if let Some(detail) = &result.detail { (detail_of(result, detail, failures)) }
        }
    }
}

fn difference(failure: &Failure) -> Markup {
    html! {
        div.failure {
            dl {
                dt { "expected" } dd {
                    (marked(&failure.expected))
                    span.faint {
                        @if let Some(name) = &failure.expectation { " " code { (one_line(name)) } }
                        " line " (failure.line)
                    }
                }
                dt { "happened" } dd { (marked(&failure.happened)) }
                @if let Some(help) = &failure.help { dt { "help" } dd { (marked(help)) } }
            }
        }
    }
}

fn detail_of(result: &TestResult, detail: &Detail, failures: &[Failure]) -> Markup {
    html! {
        @if !detail.expectations.is_empty() {
            ul.expectations {
                @for row in &detail.expectations { (expectation(result, row, failures)) }
            }
        }
        (timeline::timeline(detail, failures))
        @if let Some(happened) = &detail.happened { (after(happened)) }
    }
}

fn expectation(result: &TestResult, row: &ExpectationRow, failures: &[Failure]) -> Markup {
    let is_unmet = failures
        .iter()
        .any(|failure| failure.expectation.as_deref() == Some(row.name.as_str()));
    let (sign, class, word) = match (&result.outcome, is_unmet) {
        (Outcome::Error { .. }, _) => ("–", "unknown", "not checked"),
        (_, true) => ("✗", "unmet", "not met"),
        (_, false) => ("✓", "met", "met"),
    };
    html! {
        li .(class) {
            span.sign role="img" aria-label=(word) { (sign) } " "
            code { (one_line(&row.name)) } " " (marked(&row.what))
        }
    }
}

/// What is below the plots: notifications with their texts, and what did not happen.
fn after(happened: &Happened) -> Markup {
    html! {
        @if happened.notifications.is_empty() {
            p.faint { "No notifications." }
        } @else {
            h3 { (count(happened.notifications.len(), "notification")) }
            ol.notices { @for notice in &happened.notifications { (self::notice(notice)) } }
        }
        @if happened.alerts.is_empty() { p.faint { "No alert was pending or firing." } }
        @if !happened.quiet.is_empty() {
            p.faint { "Nothing bad and no alerts: " (one_line(&happened.quiet.join(", "))) }
        }
    }
}

fn notice(notice: &Notice) -> Markup {
    let row = &notice.row;
    html! {
        li {
            b { (time(row.at)) } " " (timeline::sign(row.about)) " "
            (row.about) ": " (one_line(&row.alerts.join(", ")))
            " → " (one_line(&row.receiver)) " (" (one_line(&row.channel)) "), team "
            (one_line(&row.team))
            @match &notice.message {
                Ok((title, body)) => {
                    details.message {
                        summary { @if title.is_empty() { "Text" } @else { (one_line(title)) } }
                        pre { (lines(body)) }
                    }
                }
                Err(problem) => { p.faint { "Its text cannot be rendered: " (one_line(problem)) } }
            }
        }
    }
}

/// Formats a text on one line, in which what is between backticks is code.
fn marked(text: &str) -> Markup {
    let text = one_line(text);
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
