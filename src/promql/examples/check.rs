//! Prints errors and warnings of PromQL queries from standard input, one per line.
//!
//! ```sh
//! echo 'sum(rate(http_requests_total[30s])) / sum(http_requests_total' | cargo run -p nth-promql --example check
//! ```

use std::io;
use std::process::ExitCode;

use nth_promql::lint::{Surroundings, lint};
use nth_promql::{Error, infer, parse};
use nth_units::Duration;

fn main() -> io::Result<ExitCode> {
    let surroundings = Surroundings {
        scrape_interval: Duration::seconds(15),
        added: None,
    };
    let mut sound = true;
    for query in io::stdin().lines() {
        let query = query?;
        for found in check(&query, &surroundings) {
            sound &= !found.is_error();
            show(&query, &found);
        }
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns the syntax errors of a query; if there are none, type errors; if there are none either, lints.
fn check(query: &str, surroundings: &Surroundings) -> Vec<Error> {
    let expr = match parse(query) {
        Ok(expr) => expr,
        Err(errors) => return errors,
    };
    let (_, mut found) = infer(&expr, &[]);
    if !found.iter().any(Error::is_error) {
        found.extend(lint(&expr, &[], surroundings));
    }
    found
}

/// Prints the query with an error underlined.
fn show(query: &str, found: &Error) {
    let (start, end) = (found.span.start as usize, found.span.end as usize);
    let before = query[..start].chars().count();
    let marked = query[start..end].chars().count().max(1);
    let level = if found.is_error() { "error" } else { "warning" };
    println!("{level}: {}", found.message);
    println!("  {query}");
    println!("  {:before$}{} {}", "", "^".repeat(marked), found.label);
    for help in &found.help {
        println!("  help: {help}");
    }
    if let Some((span, text)) = &found.suggestion {
        let (start, end) = (span.start as usize, span.end as usize);
        println!("  try:  {}{text}{}", &query[..start], &query[end..]);
    }
}
