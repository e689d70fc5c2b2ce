//! `nthc deploys record`, and the list.

use serde_json::Value;

use super::scene::{deploys, good, lines, recorded, shop, shop_with_environments};

const RECORD: [&str; 3] = ["record", "--service", "checkout"];

fn record<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&RECORD, more].concat()
}

#[test]
fn a_report_twice_is_one_deployment_and_a_later_one_adds_the_end() {
    let place = shop();
    let first = good(&place, &record(&["--version", "v1.4"]));
    assert!(
        first.out.starts_with("recorded checkout v1.4, started 20"),
        "{first:?}"
    );
    assert_eq!(first.err, "");
    let again = good(&place, &record(&["--version", "v1.4"]));
    assert_eq!(
        again.out,
        "nothing to record: checkout v1.4 is in the ledger\n"
    );
    assert_eq!(recorded(&place).len(), 1);

    let late = "2100-01-01T00:00:00Z";
    let ended = good(
        &place,
        &record(&["--version", "v1.4", "--finished", late, "--by", "ada"]),
    );
    assert!(
        ended.out.starts_with("updated checkout v1.4, started "),
        "{ended:?}"
    );
    let [one] = recorded(&place).try_into().unwrap();
    assert_eq!(
        (&one["finished"], &one["by"]),
        (&late.into(), &"ada".into())
    );
    let same = good(&place, &record(&["--version", "v1.4", "--finished", late]));
    assert_eq!(
        same.out,
        "nothing to record: checkout v1.4 is in the ledger\n"
    );
}

#[test]
fn the_same_version_is_none_and_an_earlier_one_is_a_roll_back() {
    let place = shop();
    let at = |version: &'static str, time: &'static str| {
        record(&["--version", version, "--started", time])
    };
    good(&place, &at("v1.4", "2026-11-20T09:00:00Z"));
    good(&place, &at("v1.5", "2026-11-20T10:00:00Z"));
    let same = good(&place, &at("v1.5", "2026-11-20T11:00:00Z"));
    assert_eq!(same.out, "not recorded: checkout runs v1.5 already\n");
    let back = good(&place, &at("v1.4", "2026-11-20T12:00:00Z"));
    assert_eq!(
        back.out,
        "updated checkout v1.5 (from v1.4), started 2026-11-20T10:00:00Z, rolled back 2026-11-20T12:00:00Z\n\
         checkout returns to v1.4\n"
    );
    let next = good(&place, &at("v1.5", "2026-11-20T13:00:00Z"));
    assert_eq!(
        next.out,
        "recorded checkout v1.5 (from v1.4), started 2026-11-20T13:00:00Z\n"
    );
    assert_eq!(
        lines(&place),
        [
            "checkout v1.4<- 09:00:00Z–-",
            "checkout v1.5<v1.4 10:00:00Z–- !12:00:00Z",
            "checkout v1.5<v1.4 13:00:00Z–-",
        ]
    );
}

#[test]
fn environments_are_apart() {
    let place = shop_with_environments();
    for environment in ["production", "staging"] {
        let ran = good(
            &place,
            &record(&["--version", "v1.4", "--env", environment]),
        );
        let said = format!("recorded checkout v1.4 in {environment}, started ");
        assert!(ran.out.starts_with(&said), "{ran:?}");
    }
    assert_eq!(recorded(&place).len(), 2);
    let one = good(&place, &["--env", "staging", "--format", "json"]);
    let one: Value = serde_json::from_str(&one.out).unwrap();
    assert_eq!(one["deployments"].as_array().unwrap().len(), 1);
    let which = deploys(&place, &record(&["--version", "v1.4"]), &[]);
    assert_eq!(
        (which.code, which.err.as_str()),
        (
            2,
            "error: the project has several environments\n  help: choose one with `--env`: `production`, `staging`\n"
        )
    );
}

#[test]
fn what_cannot_be_recorded_says_what_to_write() {
    let place = shop();
    for (more, err) in [
        (
            &["record", "--service", "chekout", "--version", "v1"][..],
            "error: unknown service `chekout`\n  help: did you mean `checkout`?\n",
        ),
        (
            &record(&["--version", "v1", "--finished", "2026-11-20T09:00:00Z"]),
            "error: cannot record v1: the deployment has an end, and no start\n  help: pass its start with `--started`, or \
             record it when it starts: the ledger has no deployment of this version\n",
        ),
        (
            &record(&[
                "--version",
                "v1",
                "--started",
                "2026-11-20T09:00:01Z",
                "--finished",
                "2026-11-20T09:00:00Z",
            ]),
            "error: cannot record v1: the deployment ends before it starts\n  help: check `--started`, `--finished` and \
             `--rolled-back`: all are in UTC with `Z`\n",
        ),
        (
            &record(&[
                "--version",
                "v1",
                "--url",
                "https://ana:hunter2@ci.example.com/1",
            ]),
            "error: invalid URL in `--url`\n  help: pass a URL without a user and a password, e.g. \
             `https://ci.example.com/jobs/7`\n",
        ),
    ] {
        let ran = deploys(&place, more, &[]);
        assert_eq!((ran.code, ran.err.as_str()), (2, err), "{more:?}");
        assert_eq!(ran.out, "");
    }
    for (more, said) in [
        (&record(&[])[..], "--version <TEXT>"),
        (
            &record(&["--version", ""]),
            "expected a text of one line, e.g. `v1.4`",
        ),
        (
            &record(&["--version", "a\nb"]),
            "expected a text of one line",
        ),
        (
            &record(&["--version", "v1", "--started", "today"]),
            "expected a time, e.g. `2026-12-24T12:00:00Z`",
        ),
    ] {
        let ran = deploys(&place, more, &[]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(said), "{ran:?}");
    }
    let place = shop();
    let none = deploys(&place, &[], &[]);
    assert_eq!(none.code, 2, "{none:?}");
    assert!(
        none.err.starts_with("error: no ledger at nth.ledger.db"),
        "{none:?}"
    );

    place.write("shop.nth", "service checkout {");
    let broken = deploys(&place, &record(&["--version", "v1"]), &[]);
    assert_eq!((broken.code, broken.out.as_str()), (1, ""), "{broken:?}");
}

#[test]
fn the_list_is_a_table() {
    let place = shop_with_environments();
    let hash = "3b7e1c0f5a2d4e6f8091a2b3c4d5e6f708192a3b";
    let production = |service: &'static str, more: &[&'static str]| {
        let mut all = vec!["record", "--service", service, "--env", "production"];
        all.extend(more);
        good(&place, &all);
    };
    production(
        "checkout",
        &[
            "--version",
            "v1.3",
            "--started",
            "2025-09-01T09:00:00Z",
            "--by",
            "ada",
        ],
    );
    production(
        "checkout",
        &[
            "--version",
            "v1.4",
            "--started",
            "2025-09-02T09:00:00Z",
            "--rolled-back",
            "2025-09-02T09:40:00Z",
        ],
    );
    production(
        "ledger",
        &[
            "--version",
            hash,
            "--started",
            "2025-09-03T09:00:00Z",
            "--by",
            "a\u{202e}da",
        ],
    );
    let staging = [
        "--env",
        "staging",
        "--version",
        "v1.4",
        "--started",
        "2025-09-01T08:00:00Z",
    ];
    good(&place, &record(&staging));

    let since = ["--since", "10000d"];
    let list = good(&place, &since);
    insta::assert_snapshot!("list", list.out);
    assert!(list.err.starts_with("4 deployments since "), "{list:?}");
    let short = good(&place, &[&since[..], &["--format", "short"]].concat());
    insta::assert_snapshot!("list_short", short.out);
    let json = good(
        &place,
        &[&since[..], &["--format", "json", "--service", "ledger"]].concat(),
    );
    insta::assert_snapshot!("list_json", json.out);
    assert_eq!(json.err, "");

    let one = good(
        &place,
        &[&since[..], &["--service", "checkout", "--env", "staging"]].concat(),
    );
    assert_eq!(one.out.lines().count(), 2, "{one:?}");
    let recent = good(&place, &["--since", "1d"]);
    assert_eq!(recent.out, "");
    assert!(recent.err.starts_with("0 deployments since "), "{recent:?}");
    let unknown = deploys(&place, &["--service", "legder"], &[]);
    assert_eq!(
        (unknown.code, unknown.err.as_str()),
        (
            2,
            "error: unknown service `legder`\n  help: did you mean `ledger`?\n"
        )
    );
    let format = deploys(&place, &["--format", "sarif"], &[]);
    assert_eq!(format.code, 2, "{format:?}");

    // A service that is gone still has its history, and one without any is no error.
    place.replace("shop.nth", "service ledger", "service payouts");
    assert_eq!(
        good(&place, &[&since[..], &["--service", "ledger"]].concat())
            .out
            .lines()
            .count(),
        2
    );
    assert_eq!(good(&place, &["--service", "payouts"]).out, "");
}
