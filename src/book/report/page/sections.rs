//! The section of an SLO.

use maud::{Markup, html};
use nth_model::number::percent_text;
use nth_render::one_line;

use super::{ROWS, badge, notified, plots, sentence};
use crate::report::apportion::as_float;
use crate::report::document::{Account, Cause, DeploymentRow, Report, SloReport};
use crate::report::input::Level;
use crate::report::words::{self, Clock};

/// The section of an SLO, the one with this number.
pub(super) fn slo(number: usize, slo: &SloReport, report: &Report, clock: &Clock) -> Markup {
    html! {
        section .slo #{ "slo-" (number) } {
            h2 { (one_line(&words::slo(&slo.slo))) " " (badge(slo)) }
            p {
                @if let Some(team) = &slo.team { "Team " b { (one_line(team)) } ". " }
                "Objective: " (words::objective(slo)) "."
                @if let Some(attained) = slo.attained {
                    " Attained: " (words::attained(attained, slo.objective)) "."
                }
            }
            @for change in &slo.objective_changes {
                p {
                    "The objective changed from "
                    (change.before.map_or_else(|| "none".to_owned(), percent_text))
                    " to " b { (percent_text(change.after)) } " on " (clock.moment(change.at))
                    @if let Some(revision) = &change.revision { " (" code { (one_line(revision)) } ")" }
                    "."
                }
            }
            @match &slo.account {
                Some(account) => {
                    p.counts { (sentence(&words::spent(account))) "." }
                    div.plots {
                        (plots::causes(account))
                        (plots::month(slo, account, clock))
                    }
                    (causes(account))
                }
                None => { p { (words::without_budget(slo)) } }
            }
            @if let Some(unseen) = words::unseen(slo) { p.unknown { (sentence(&unseen)) } }
            (exclusions(slo))
            (deployments(slo, clock))
            (incidents(slo, clock))
            p { "Pages: " (notified(slo.pages)) ". Tickets: " (notified(slo.tickets)) "." }
            p { (sentence(&words::trend(slo, report.period.until, clock))) }
        }
    }
}

fn head(columns: &[&str]) -> Markup {
    html! { thead { tr { @for column in columns { th scope="col" { (column) } } } } }
}

fn more(number: usize) -> Markup {
    html! { @if number > ROWS { p.faint { "and " (number - ROWS) " more" } } }
}

fn causes(account: &Account) -> Markup {
    let share = |ms: i64| match account.budget_ms {
        0 => "–".to_owned(),
        budget => words::share(as_float(ms) / as_float(budget)),
    };
    html! {
        table.causes {
            (head(&["Cause", "Budget", "Share", ""]))
            tbody {
                @for cause in Cause::ALL {
                    @let ms = account.spent_by(cause);
                    tr {
                        th scope="row" { span .key .(plots::class(cause)) {} " " (words::cause(cause)) }
                        td.value { (words::ms(ms)) }
                        td.value { (share(ms)) }
                        td.faint { (words::cause_meaning(cause)) }
                    }
                }
                tr.sum {
                    th scope="row" { "consumed" }
                    td.value { (words::ms(account.spent_ms)) }
                    td.value { (share(account.spent_ms)) }
                    td {}
                }
                tr {
                    th scope="row" { "left" }
                    td.value { (words::ms(account.left_ms)) }
                    td.value { (share(account.left_ms)) }
                    td {}
                }
                tr.sum {
                    th scope="row" { "budget" }
                    td.value { (words::ms(account.budget_ms)) }
                    td.value { (share(account.budget_ms)) }
                    td {}
                }
            }
        }
    }
}

fn exclusions(slo: &SloReport) -> Markup {
    html! {
        @if !slo.exclusions.is_empty() {
            h3 { "Exclusions" }
            @if let Some(account) = &slo.account {
                p {
                    "Exclusions took out " b { (words::ms(account.taken_out_ms)) } ". Without them, "
                    (words::ms(account.gross_spent_ms)) " of " (words::ms(account.gross_budget_ms)) " would be consumed"
                    @if let Some(attained) = slo.attained_gross {
                        ", and " (words::attained(attained, slo.objective)) " attained"
                    }
                    "."
                }
            }
            table {
                (head(&["Exclusion", "Time", "Taken out", "Reason", "Agreed by"]))
                tbody {
                    @for row in slo.exclusions.iter().take(ROWS) {
                        tr {
                            th scope="row" { code { (one_line(&row.name)) } }
                            td.value { (words::seconds(row.seconds)) }
                            td.value { (words::ms(row.taken_out_ms)) }
                            td { (one_line(&row.reason)) }
                            td { (one_line(&row.by)) }
                        }
                    }
                }
            }
            (more(slo.exclusions.len()))
        }
    }
}

fn deployments(slo: &SloReport, clock: &Clock) -> Markup {
    let (blamed, others): (Vec<&DeploymentRow>, Vec<&DeploymentRow>) = slo
        .deployments
        .iter()
        .partition(|row| matches!(row.level, Level::Compared | Level::Onset));
    html! {
        @if !slo.deployments.is_empty() { h3 { "Deployments" } }
        @if !blamed.is_empty() {
            table {
                (head(&["Deployment", "Began", "Budget", "Rolled back"]))
                tbody {
                    @for row in blamed.iter().take(ROWS) {
                        tr {
                            th scope="row" { (version(row)) }
                            td.value { (clock.moment(row.deployment.started)) }
                            td { (sentence(&words::deployment(row, slo.account.as_ref()))) }
                            td.value {
                                @match row.deployment.rolled_back {
                                    Some(at) => { (clock.moment(at)) }
                                    None => { "no" }
                                }
                            }
                        }
                    }
                }
            }
            (more(blamed.len()))
        }
        @if !others.is_empty() {
            details {
                summary { "Also deployed, without a known part in the consumed budget: " (others.len()) }
                ul {
                    @for row in others.iter().take(ROWS) {
                        li {
                            (clock.moment(row.deployment.started)) " " (version(row))
                            @if row.dependency.is_some() || matches!(row.level, Level::NotJudged(_)) {
                                ": " (sentence(&words::deployment(row, None)))
                            }
                        }
                    }
                }
                (more(others.len()))
            }
        }
    }
}

/// The version of a deployment, with a link to its page.
fn version(row: &DeploymentRow) -> Markup {
    let version = one_line(&words::version(row));
    match row.deployment.url.as_deref().filter(|url| is_web(url)) {
        Some(url) => html! { a href=(url) rel="noreferrer" { (version) } },
        None => html! { code { (version) } },
    }
}

fn incidents(slo: &SloReport, clock: &Clock) -> Markup {
    html! {
        @if !slo.incidents.is_empty() {
            h3 { "Incidents" }
            table {
                (head(&["Incident", "From", "Until", "Consumed during it", "Charged to it", "Page"]))
                tbody {
                    @for row in slo.incidents.iter().take(ROWS) {
                        tr {
                            th scope="row" {
                                @let url = row.named.as_ref().and_then(|named| named.url.as_deref());
                                @match url.filter(|url| is_web(url)) {
                                    Some(url) => { a href=(url) rel="noreferrer" { (one_line(&words::incident(row))) } }
                                    None => { (one_line(&words::incident(row))) }
                                }
                            }
                            td.value { (clock.moment(row.from)) }
                            td.value {
                                @match row.until {
                                    Some(until) => { (clock.moment(until)) }
                                    None => { "lasts" }
                                }
                            }
                            td.value { (words::ms(row.total_ms)) }
                            td.value { (words::ms(row.own_ms)) }
                            td { (words::paged(row)) }
                        }
                    }
                }
            }
            (more(slo.incidents.len()))
        }
    }
}

/// Whether a URL leads to a page and contains no password; everything else stays text.
fn is_web(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !host.is_empty()
            && !host.contains('@')
            && !url.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

#[cfg(test)]
mod tests {
    use super::is_web;

    #[test]
    fn only_pages_are_linked() {
        assert!(is_web("https://example.com/x?y=1#z"));
        for url in [
            "javascript:alert(1)",
            "https://user:password@example.com",
            "https://",
            "https:// example.com",
            "data:text/html,x",
        ] {
            assert!(!is_web(url), "{url}");
        }
    }
}
