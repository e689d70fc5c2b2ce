//! The command, from end to end: the binary in folders on disk. What `build` does is in `tests/build.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;

use std::fs;
use std::process::Stdio;

use place::{Place, run, with_stdin};

#[test]
fn init_overwrites_nothing() {
    let place = Place::new();
    place.write("shop/teams/payments.nth", "// mine\n");
    let ran = place.run(&["init", "shop"]);
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.err,
        "error: shop/teams/payments.nth exists\n  help: nothing was written: `nthc init` never overwrites files\n"
    );
    assert_eq!(place.names("."), ["shop/teams/payments.nth"]);

    assert_eq!(place.run(&["init", "a shop!"]).code, 0);
    assert!(place.read("a shop!/nth.toml").contains("name = \"a-shop\""));
    assert_eq!(place.run(&["init", "x", "--name", "no name"]).code, 2);
    assert!(!place.path("x").exists());
}

#[test]
fn exit_codes_tell_what_kind_of_failure_it_was() {
    let place = Place::new();
    let nowhere = place.run(&["check"]);
    assert_eq!(nowhere.code, 2);
    assert_eq!(
        nowhere.err,
        "error: no nth.toml in this directory or any directory above it\n  \
         help: create a project with `nthc init`, point to one with `--project`, or pass a file\n"
    );
    assert_eq!(place.run(&["check", "--project", "gone"]).code, 2);
    assert_eq!(place.run(&["frobnicate"]).code, 2);
    assert_eq!(place.run(&[]).code, 2);
    assert_eq!(place.run(&["--help"]).code, 0);
    assert_eq!(place.run(&["--version"]).code, 0);
    let gone = place.run(&["check", "gone.nth"]);
    assert_eq!(
        (gone.code, gone.err.as_str()),
        (
            3,
            "error: cannot read gone.nth: no such file or directory\n"
        )
    );

    let place = Place::project();
    place.replace("nth.toml", "interval", "intervall");
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.err);
}

#[cfg(unix)]
#[test]
fn a_source_that_cannot_be_read_is_told_by_name() {
    let place = Place::project();
    std::os::unix::fs::symlink("nowhere.nth", place.path("services/dangling.nth")).unwrap();
    for command in ["check", "build"] {
        let ran = place.run(&[command]);
        assert_eq!(ran.code, 1, "{command}");
        let told =
            "error[N0626]: dangling link `services/dangling.nth`: `nowhere.nth` does not exist\n";
        assert!(ran.err.starts_with(told), "{command}: {}", ran.err);
    }
    fs::remove_file(place.path("services/dangling.nth")).unwrap();
    place.write("rules", "a file\n");
    let ran = place.run(&["build", "--output", "rules/below"]);
    assert!(ran.code == 1 || ran.code == 3, "{ran:?}");
}

#[test]
fn check_of_files_tells_what_is_wrong_in_these() {
    let place = Place::project();
    place.write("services/a.nth", "service a {\n  objective = @@\n}\n");
    place.write("services/b.nth", "service b {\n  objective = @@\n}\n");
    let all = place.run(&["check", "--format", "short"]);
    assert!(
        all.err.contains("services/a.nth:") && all.err.contains("services/b.nth:"),
        "{all:?}"
    );
    let one = place.run(&["check", "--format", "short", "services/a.nth"]);
    assert_eq!(one.code, 1);
    assert!(
        one.err.contains("services/a.nth:") && !one.err.contains("services/b.nth:"),
        "{one:?}"
    );
    assert!(one.err.contains("checked 1 file: "), "{one:?}");
    let good = place.run(&["check", "teams"]);
    assert_eq!(
        (good.code, good.err.as_str()),
        (0, "checked 1 file: 0 errors, 0 warnings\n")
    );
}

#[test]
fn paths_are_shown_from_where_the_reader_stands() {
    let place = Place::project();
    place.write("services/a.nth", "service a {\n  objective = @@\n}\n");
    place.replace("nth.toml", "interval", "intervall");
    let ran = run(place
        .command(&["check", "--format", "short"])
        .current_dir(place.path("services")));
    assert!(ran.err.contains("\na.nth:2:"), "{ran:?}");
    assert!(
        ran.err.starts_with("../nth.toml:8:1: error[N0602]"),
        "{ran:?}"
    );
    let ran = run(place
        .command(&["build", "--project", "../nth.toml"])
        .current_dir(place.path("services")));
    assert!(ran.err.contains("shop was not built"), "{ran:?}");
}

#[test]
fn programs_read_standard_output() {
    let place = Place::project();
    place.replace("nth.toml", "interval", "intervall");
    let json = place.run(&["check", "--format", "json"]);
    assert_eq!((json.code, json.err.as_str()), (1, ""));
    let first: serde_json::Value = serde_json::from_str(json.out.lines().next().unwrap()).unwrap();
    assert_eq!(first["code"], "N0602");
    let sarif = place.run(&["build", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "N0602");
    let github = place.run(&["check", "--format", "github"]);
    assert!(
        github.out.starts_with("::error file=nth.toml,"),
        "{github:?}"
    );
    assert!(
        github.err.starts_with("checked 2 files: 1 error"),
        "{github:?}"
    );

    // Where nothing is wrong, SARIF is still a whole log.
    place.replace("nth.toml", "intervall", "interval");
    let sarif = place.run(&["check", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(0));
}

#[test]
fn colors_are_asked_for() {
    let place = Place::project();
    place.replace("nth.toml", "interval", "intervall");
    assert!(!place.run(&["check"]).err.contains('\x1b'));
    assert!(
        place
            .run(&["check", "--color", "always"])
            .err
            .contains('\x1b')
    );
    assert!(
        !place
            .run(&["check", "--color", "never"])
            .err
            .contains('\x1b')
    );
    assert!(
        run(place.command(&["check"]).env("CLICOLOR_FORCE", "1"))
            .err
            .contains('\x1b')
    );
    let both = run(place
        .command(&["check"])
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", "1"));
    assert!(!both.err.contains('\x1b'), "{both:?}");
}

#[test]
fn check_fix_mends_what_is_sure() {
    let place = Place::project();
    let before = place.files("services");
    let ran = place.run(&["check", "--fix"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(place.files("services"), before);

    place.replace("services/checkout.nth", "import teams.payments\n", "");
    let broken = place.run(&["check"]);
    assert_eq!(broken.code, 1, "{broken:?}");
    let ran = place.run(&["check", "--fix"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            0,
            "checked 2 files: 0 errors, 0 warnings, 1 mistake fixed in 1 file\n"
        )
    );
    assert!(
        place
            .read("services/checkout.nth")
            .contains("import teams.payments\n")
    );
    assert_eq!(place.run(&["check"]).code, 0);
}

#[test]
fn fmt_check_prints_a_diff_and_changes_nothing() {
    let place = Place::project();
    let ran = place.run(&["fmt", "--check"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, ""),
        "a new project is formatted: {ran:?}"
    );

    let good = place.read("teams/payments.nth");
    place.replace("teams/payments.nth", "  slack = ", "\tslack = ");
    let bad = place.read("teams/payments.nth");
    let ran = place.run(&["fmt", "--check"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out
            .starts_with("--- teams/payments.nth\n+++ teams/payments.nth\n@@ "),
        "{ran:?}"
    );
    assert!(
        ran.out.contains("\n-\tslack = ") && ran.out.contains("\n+  slack = "),
        "{ran:?}"
    );
    assert_eq!(ran.err, "1 of 2 files would be formatted\n");
    assert_eq!(place.read("teams/payments.nth"), bad);

    let ran = place.run(&["fmt"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (0, "formatted 1 of 2 files\n")
    );
    assert_eq!(place.read("teams/payments.nth"), good);
}

#[test]
fn fmt_reads_standard_input() {
    let place = Place::new();
    let ran = with_stdin(
        &mut place.command(&["fmt", "-"]),
        b"team a {\n\tslack = \"#a\"\n}\n",
    );
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "team a {\n  slack = \"#a\"\n}\n")
    );
    let ran = with_stdin(
        &mut place.command(&["fmt", "--check", "-"]),
        ran.out.as_bytes(),
    );
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    let ran = with_stdin(&mut place.command(&["fmt", "-"]), b"// caf\xe9\n");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(place.run(&["fmt", "-", "a.nth"]).code, 2);
}

#[test]
fn fmt_leaves_a_file_with_syntax_errors_alone_and_tells_them() {
    let place = Place::project();
    place.write("services/bad.nth", "service bad {\n\ttier = \n}\n");
    place.replace("teams/payments.nth", "  slack = ", "\tslack = ");
    let ran = place.run(&["fmt", "--format", "short"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.starts_with("services/bad.nth:2:"), "{ran:?}");
    assert!(
        ran.err
            .ends_with("formatted 1 of 3 files: 1 error, 0 warnings\n"),
        "{ran:?}"
    );
    assert_eq!(
        place.read("services/bad.nth"),
        "service bad {\n\ttier = \n}\n"
    );
    let ran = with_stdin(
        &mut place.command(&["fmt", "--format", "short", "-"]),
        b"team a {\n  x =\n}\n",
    );
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.starts_with("stdin:2:"), "{ran:?}");
}

#[test]
fn sources_in_another_encoding_are_told() {
    let place = Place::project();
    place.write("services/latin.nth", b"// caf\xe9\n");
    let ran = place.run(&["check", "--format", "short"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .contains("services/latin.nth:1:7: error[N0608]: the file is not valid UTF-8"),
        "{ran:?}"
    );
}

#[test]
fn a_code_is_explained() {
    let place = Place::new();
    let by_number = place.run(&["explain", "N0602"]);
    assert_eq!(by_number.code, 0);
    assert!(
        by_number.out.starts_with("# N0602 unknown-setting\n"),
        "{by_number:?}"
    );
    assert_eq!(
        place.run(&["explain", "unknown-setting"]).out,
        by_number.out
    );
    let all = place.run(&["explain"]);
    assert!(
        all.out
            .lines()
            .any(|line| line.starts_with("N0620  error    foreign-file: ")),
        "{all:?}"
    );
    let none = place.run(&["explain", "unknown-seting"]);
    assert_eq!(none.code, 2);
    insta::assert_snapshot!(none.err);
}

#[test]
fn completions_are_made_for_every_shell() {
    let place = Place::new();
    for (shell, mark) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef nthc"),
        ("fish", "complete -c nthc"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let ran = place.run(&["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(
            ran.out.contains(mark) && ran.out.contains("explain"),
            "{shell}"
        );
    }
    assert_eq!(place.run(&["completions", "cmd"]).code, 2);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new();
    let mut child = place
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let place = Place::new();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let ran = run(place.command(&["explain"]).stdout(full));
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (3, "error: cannot write: no space left on device\n")
    );
}

#[test]
fn the_help_is_what_a_person_reads() {
    let place = Place::new();
    for command in [
        "",
        "init",
        "check",
        "build",
        "test",
        "fmt",
        "metrics",
        "metrics pull",
        "metrics coverage",
        "import",
        "import openslo",
        "gate",
        "gate check",
        "gate facts",
        "budget",
        "ledger",
        "ledger pull",
        "ledger watch",
        "ledger status",
        "ledger export",
        "ledger push",
        "ledger annotate",
        "incidents",
        "incidents record",
        "incidents withdraw",
        "deploys",
        "deploys record",
        "deploys pull",
        "deploys import",
        "report",
        "what-if",
        "backfill",
        "plan",
        "apply",
        "rollback",
        "status",
        "diff",
        "backtest",
        "record",
        "comment",
        "explain",
        "completions",
        "schema",
        "lsp",
    ] {
        let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let ran = place.run(&args);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("Examples:\n"), "{command} has no examples");
        insta::assert_snapshot!(
            format!("help {command}").trim_end().replace(' ', "_"),
            ran.out
        );
    }
}

#[test]
fn no_command_is_listed_that_does_nothing() {
    let help = Place::new().run(&["--help"]).out;
    let listed: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(
        listed,
        [
            "init",
            "check",
            "build",
            "test",
            "fmt",
            "preview",
            "metrics",
            "import",
            "gate",
            "budget",
            "ledger",
            "incidents",
            "deploys",
            "report",
            "what-if",
            "backfill",
            "plan",
            "apply",
            "rollback",
            "status",
            "diff",
            "backtest",
            "record",
            "comment",
            "explain",
            "completions",
            "schema",
            "lsp",
            "help"
        ]
    );
}

#[test]
fn the_language_server_is_a_command_too() {
    // A client that leaves without a word: the server ends, and says so by its code.
    let ran = Place::new().run(&["lsp", "--stdio"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
}

#[test]
fn backfill_writes_rules_and_says_how_they_are_evaluated() {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    place.write(
        "checkout.nth",
        "import std.http\nteam t { slack = \"#t\" }\nservice checkout {\n  team = t\n  selector = { job = \"checkout\" }\n\n  \
         slo availability : http.availability\n  slo latency : http.latency\n}\n",
    );
    // Recording has not begun as long as it is before that.
    let late = "2999-01-01T00:00:00Z";
    let ran = place.run(&["backfill", "checkout", "latency", "--until", late]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("- name: checkout-slo-latency-backfill\n"));
    assert!(
        ran.out
            .contains("record: slo:sli_total_events:increase3m\n")
    );
    assert!(!ran.out.contains("availability"));
    assert!(
        ran.err.contains(
            "promtool tsdb create-blocks-from rules --url=http://localhost:9090 --start="
        )
    );

    let ran = place.run(&["backfill", "checkout", "--until", "1999-01-01T00:00:00Z"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("nothing to backfill"), "{}", ran.err);

    for (args, told) in [
        (
            &["backfill", "chekout", "--until", late][..],
            "unknown service `chekout`",
        ),
        (
            &["backfill", "checkout", "latancy", "--until", late],
            "unknown SLO `latancy`",
        ),
        (&["backfill", "checkout"], "--prometheus"),
        (
            &["backfill", "checkout", "--prometheus", "http://127.0.0.1:1"],
            "127.0.0.1:1",
        ),
    ] {
        let ran = place.run(args);
        assert_ne!(ran.code, 0, "{args:?}");
        assert_eq!(ran.out, "", "{args:?}");
        assert!(ran.err.contains(told), "{args:?}: {}", ran.err);
    }
}
