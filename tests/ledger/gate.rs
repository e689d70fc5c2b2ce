//! Gates that read the ledger.

use super::place::Place;
use super::scene::{UNTIL, pull, shared};
use super::server::{SERVICE, nthc, project};

/// A gate that denies while half of the budget is consumed, and needs data.
const GATE: &str = "
  gate production {
    on_no_data = deny

    deny little_left { when = budget(availability) < 50% }
    warn slow        { when = budget(availability) < 90% and firing(page) > 0 }
  }
}
";

fn gated(place: &Place) {
    project(place);
    let service = SERVICE.strip_suffix("}\n").unwrap();
    place.write("checkout.nth", format!("{service}{GATE}"));
}

/// What `gate check` prints, with its exit code.
fn check(place: &Place, url: &str, at: &str, more: &[&str]) -> String {
    let mut all = vec!["gate", "check", "checkout", "--prometheus", url, "--at", at];
    all.extend(more);
    let ran = nthc(place, &all);
    format!("exit code {}\n{}{}", ran.code, ran.out, ran.err)
}

#[test]
fn a_gate_reads_the_ledger_where_it_knows_of_more_consumption() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    gated(&place);
    let url = server.url();
    pull(&place, &url, &[]);
    // Five days of 0.4 % errors are two thirds of a month's budget at 99.9 %.
    let with = check(&place, &url, UNTIL, &["--ledger", "nth.ledger.db"]);
    let without = check(&place, &url, UNTIL, &[]);
    let late = check(
        &place,
        &url,
        "2026-11-02T06:30:00Z",
        &["--ledger", "nth.ledger.db"],
    );
    insta::assert_snapshot!(format!(
        "With the ledger: {with}\nWithout: {without}\nA day later: {late}"
    ));
}

#[test]
fn a_gate_does_not_open_without_its_ledger() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    gated(&place);
    let url = server.url();
    let missing = check(&place, &url, UNTIL, &["--ledger", "other.db"]);
    assert_eq!(
        missing,
        "exit code 64\nerror: no ledger at other.db\n  help: create it with `nthc ledger pull`, or pass another one with \
         `--ledger`\n"
    );
    // A ledger of another service.
    pull(&place, &url, &[]);
    let source = place.read("checkout.nth").replace("checkout", "basket");
    place.write(
        "checkout.nth",
        source.replace("job = \"basket\"", "job = \"checkout\""),
    );
    let all = [
        "gate",
        "check",
        "basket",
        "--prometheus",
        &url,
        "--at",
        UNTIL,
        "--ledger",
        "nth.ledger.db",
    ];
    let ran = nthc(&place, &all);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.out
            .contains("the ledger has nothing of basket.availability"),
        "{ran:?}"
    );
}
