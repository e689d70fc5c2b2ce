//! How long detection tables take: that of each SLO of `examples/shop`.
//!
//! ```text
//! cargo run --release -p nth-simulate --example detection
//! ```
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[allow(dead_code)]
#[path = "../tests/shop/support.rs"]
mod support;

use std::time::{Duration, Instant};

fn main() {
    let shop = support::shop();
    let mut all: Vec<Duration> = Vec::new();
    for service in &shop.services {
        for slo in &service.slos {
            let start = Instant::now();
            let outcome = nth_simulate::detection_of(service, slo, &shop.settings);
            let took = start.elapsed();
            let note = outcome.map_or_else(|error| format!("  {error}"), |_| String::new());
            println!("{took:>10.1?}  {}.{}{note}", service.name, slo.name);
            all.push(took);
        }
    }
    all.sort();
    let median = all.get(all.len() / 2).copied().unwrap_or_default();
    let longest = all.last().copied().unwrap_or_default();
    let sum: Duration = all.iter().sum();
    println!(
        "{} tables in {sum:.1?}: median {median:.1?}, longest {longest:.1?}",
        all.len()
    );
}
