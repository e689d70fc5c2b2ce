//! The worlds that are measured, and the table of what was found in them.

use std::fmt::Write as _;

use super::canaries::{self, Canaries, MeasuredCanaries};
use super::measure::{Attributed, Counted, Measured, measure, quantile};
use super::world::World;

/// The seed of all worlds.
pub const SEED: u64 = 1;

/// A world with its name.
pub struct Named {
    pub name: &'static str,
    pub world: World,
}

/// The worlds of services.
pub fn worlds() -> Vec<Named> {
    let named = |name, world| Named { name, world };
    vec![
        named("0.3 unrelated incidents a day", World::new(0.3)),
        named("2 a day", World::new(2.0)),
        named(
            "2 a day, most in working hours",
            World {
                in_working_hours: true,
                ..World::new(2.0)
            },
        ),
        named("0.3 a day, 2 requests/s", World::new(0.3).with_rate(2.0)),
        named(
            "2 a day, effects end by themselves",
            World {
                ends: (0.0, 0.0),
                ..World::new(2.0)
            },
        ),
    ]
}

/// The worlds of canaries.
pub fn canaries() -> Vec<(&'static str, Canaries)> {
    let bursts = Canaries {
        burst: 3.0,
        ..Canaries::new(50.0, 2.0)
    };
    vec![
        ("0.3 unrelated incidents a day", Canaries::new(50.0, 0.3)),
        ("2 a day", Canaries::new(50.0, 2.0)),
        ("2 a day, errors in bursts of 3", bursts),
        ("0.3 a day, 2 requests/s", Canaries::new(2.0, 0.3)),
    ]
}

fn rates(counted: Counted) -> String {
    format!(
        "{:.2}% / {:.0}%",
        100.0 * counted.false_blame(),
        100.0 * counted.recall()
    )
}

fn amounts(attributed: &Attributed) -> String {
    format!(
        "{:.1}% of {} | {:+.1}%, {:+.1}% to {:+.1}% | {:.0}%",
        100.0 * attributed.coverage(),
        attributed.intervals,
        100.0 * quantile(&attributed.errors, 0.5),
        100.0 * quantile(&attributed.errors, 0.1),
        100.0 * quantile(&attributed.errors, 0.9),
        100.0 * quantile(&attributed.widths, 0.5),
    )
}

/// A row about a world.
pub fn row(name: &str, measured: &Measured) -> String {
    let own = measured.placebos_blamed as f64 / measured.placebos.max(1) as f64;
    format!(
        "| {name} | {} + {} | {} | {} | {} | {} | {:.2}% of {} |",
        measured.onset.harmless,
        measured.onset.harmful,
        rates(measured.naive),
        rates(measured.nthlayer),
        rates(measured.onset),
        amounts(&measured.attributed),
        100.0 * own,
        measured.placebos,
    )
}

/// A row about canaries.
pub fn canary_row(name: &str, measured: &MeasuredCanaries) -> String {
    format!(
        "| {name} | {} + {} | {} | {} | {} |",
        measured.compared.harmless,
        measured.compared.harmful,
        rates(measured.each_minute),
        rates(measured.compared),
        amounts(&measured.attributed),
    )
}

/// The table for this many services and canaries in each world, as Markdown.
pub fn table(services: u64, number: u64) -> String {
    let mut text = String::from(
        "False blame / recall. Amounts: intervals that hold the truth; error of the middle (median, 10% to 90%); median width.\n\n\
         | roll-outs | harmless + harmful | burn after > burn before | NthLayer >= 0.7 | onset | holds | error | width | own rate |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for Named { name, world } in worlds() {
        let _ = writeln!(text, "{}", row(name, &measure(&world, SEED, services)));
    }
    text.push_str(
        "\n| canaries of 20% for 15m | harmless + harmful | p < 0.01 at any minute | compared | holds | error | width |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (name, world) in canaries() {
        let measured = canaries::measure(&world, SEED, number);
        let _ = writeln!(text, "{}", canary_row(name, &measured));
    }
    text
}
