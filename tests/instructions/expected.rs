//! The counts that are expected, and how others differ from them.

use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;

use serde::Deserialize;

/// The counts of one run.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The compiler that has built the programs: others generate other code.
    rustc: String,
    /// The instructions of each workload.
    instructions: BTreeMap<String, u64>,
}

impl Expected {
    /// The counts of programs that this compiler has built.
    pub fn new(instructions: BTreeMap<String, u64>) -> Self {
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let version = Command::new(rustc).arg("--version").output().unwrap();
        Self {
            rustc: String::from_utf8_lossy(&version.stdout).trim().to_owned(),
            instructions,
        }
    }

    pub fn read(text: &str) -> Self {
        toml::from_str(text).expect("expected.toml is as tests/instructions/renew writes it")
    }

    /// Returns what differs by more than `tolerance`, in either direction.
    #[allow(clippy::cast_precision_loss)]
    pub fn compare(&self, found: &Self, tolerance: f64) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, count) in &found.instructions {
            let Some(expected) = self.instructions.get(name) else {
                faults.push(format!("{name}: no count is expected"));
                continue;
            };
            let change = *count as f64 / *expected as f64 - 1.0;
            if change.abs() > tolerance {
                faults.push(format!(
                    "{name}: {} instructions, {} expected: {:+.1}%, more than {:.0}% {}",
                    grouped(*count),
                    grouped(*expected),
                    change * 100.0,
                    tolerance * 100.0,
                    if change > 0.0 { "slower" } else { "faster" },
                ));
            }
        }
        for name in self.instructions.keys() {
            if !found.instructions.contains_key(name) {
                faults.push(format!("{name}: expected, and not counted"));
            }
        }
        if !faults.is_empty() && self.rustc != found.rustc {
            faults.push(format!(
                "The expected counts are of another compiler: {}, and this is {}.",
                self.rustc, found.rustc
            ));
        }
        faults
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Written by tests/instructions/renew.")?;
        writeln!(f, "rustc = {:?}\n\n[instructions]", self.rustc)?;
        for (name, count) in &self.instructions {
            writeln!(f, "{name:?} = {}", grouped(*count))?;
        }
        Ok(())
    }
}

/// The digits in groups of three.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[test]
fn a_change_of_more_than_the_tolerance_is_reported() {
    let counts = |count: u64| Expected {
        rustc: "rustc 1".to_owned(),
        instructions: BTreeMap::from([("check".to_owned(), count)]),
    };
    let expected = Expected::read(&counts(1_000_000).to_string());
    assert_eq!(expected, counts(1_000_000));
    for (count, is_reported) in [
        (940_000, true),
        (960_000, false),
        (1_049_000, false),
        (1_051_000, true),
    ] {
        let faults = expected.compare(&counts(count), 0.05);
        assert_eq!(!faults.is_empty(), is_reported, "{faults:?}");
    }
    let mut newer = counts(1_100_000);
    newer.rustc = "rustc 2".to_owned();
    let faults = expected.compare(&newer, 0.05);
    assert_eq!(
        faults[0],
        "check: 1_100_000 instructions, 1_000_000 expected: +10.0%, more than 5% slower"
    );
    assert!(faults[1].contains("another compiler"), "{faults:?}");
    newer.instructions.clear();
    assert_eq!(expected.compare(&newer, 0.05).len(), 2);
}
