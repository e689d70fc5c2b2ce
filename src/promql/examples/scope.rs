//! Adds labels to every selector without a matcher on them, and lists the selectors of the queries. The labels are arguments;
//! queries come from standard input, one per line.
//!
//! ```sh
//! echo 'sum(rate(http_requests_total[5m])) / on () up{job="api"}' | cargo run -p nth-promql --example scope job=shop
//! ```

use std::process::ExitCode;
use std::{env, io};

use nth_promql::classify::metrics;
use nth_promql::{parse, rewrite};

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let labels: Option<Vec<(&str, &str)>> = arguments
        .iter()
        .map(|label| label.split_once('='))
        .collect();
    let Some(labels) = labels.filter(|labels| !labels.is_empty()) else {
        eprintln!("usage: scope <label>=<value>…");
        return Ok(ExitCode::FAILURE);
    };
    for query in io::stdin().lines() {
        match parse(&query?) {
            Ok(mut expr) => {
                rewrite::inject_labels(&mut expr, labels.iter().copied());
                println!("{expr}");
                for selector in metrics(&expr) {
                    println!("  reads {selector}");
                }
            }
            Err(errors) => {
                for error in errors {
                    eprintln!(
                        "{}..{}: {}",
                        error.span.start, error.span.end, error.message
                    );
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
