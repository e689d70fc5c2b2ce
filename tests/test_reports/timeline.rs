//! Results in a terminal.

use crate::{place, project};

#[test]
fn a_timeline_fits_into_the_terminal() {
    let place = project();
    for columns in ["80", "40", "300", "0", "wide"] {
        let mut command = place.command(&["test", "noon", "--env", "production"]);
        let ran = place::run(command.env("COLUMNS", columns).env("NO_COLOR", "1"));
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(!ran.out.contains('\u{1b}'), "{ran:?}");
        let drawn = ran
            .out
            .lines()
            .filter(|line| line.contains('█') || line.contains("  0s "));
        let longest = drawn.map(|line| line.chars().count()).max().unwrap();
        match columns {
            "80" | "40" => assert!(longest <= columns.parse().unwrap(), "{ran:?}"),
            _ => assert!((100..200).contains(&longest), "{ran:?}"),
        }
    }
}

#[test]
fn failures_are_last() {
    let ran = project().run(&["test", "--env", "production"]);
    let outcomes: Vec<&str> = ran
        .out
        .lines()
        .filter(|line| line.starts_with("passed") || line.starts_with("failed"))
        .filter_map(|line| line.split("  ").nth(1))
        .collect();
    assert_eq!(
        outcomes,
        [
            "a quiet day (production)",
            "noon <script>alert(1)</script> ]]> & \"co\" (production)",
            "a full queue (production)"
        ]
    );
}
