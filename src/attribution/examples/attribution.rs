//! Prints how well deployments are blamed in planted worlds: `cargo run --release -p nth-attribution --example attribution`. The first
//! argument is the number of services in each world, the second that of canaries.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

#[path = "../tests/support/mod.rs"]
mod support;

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|argument| argument.parse().expect("a number"));
    let services = numbers.next().unwrap_or(200);
    let canaries = numbers.next().unwrap_or(50_000);
    print!("{}", support::table::table(services, canaries));
}
