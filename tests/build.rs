//! `nthc build`, from end to end: the binary in folders on disk.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;
mod tools;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use place::{Place, run};

const LEDGER: &str = r#"import teams.payments

/// Keeps the books.
service ledger {
  team     = payments
  tier     = critical
  selector = { job = "ledger" }

  slo settlement {
    objective = 99.9%

    sli : ratio {
      good  = `settlements_total{outcome="ok"}`
      total = `settlements_total`
    }
  }
}
"#;

#[test]
fn a_new_project_builds_and_a_second_build_writes_nothing() {
    let place = Place::project();
    let checked = place.run(&["check"]);
    assert_eq!((checked.code, checked.out.as_str()), (0, ""), "{checked:?}");
    assert_eq!(checked.err, "checked 2 files: 0 errors, 0 warnings\n");

    let built = place.run(&["build"]);
    assert_eq!(built.code, 0, "{built:?}");
    let files = place.names("build");
    assert!(
        files.contains(&"prometheus/checkout.yaml".to_owned()),
        "{files:?}"
    );
    let written = files.len() - 1;
    assert_eq!(
        built.err,
        format!("built shop: {written} written, 0 removed, 0 unchanged in build/\n")
    );

    let before = place.files("build");
    let times = |place: &Place| -> Vec<_> {
        let times = files.iter().map(|file| {
            fs::metadata(place.path("build").join(file))
                .unwrap()
                .modified()
                .unwrap()
        });
        times.collect()
    };
    let stamps = times(&place);
    let again = place.run(&["build"]);
    assert_eq!(
        again.err,
        format!("built shop: 0 written, 0 removed, {written} unchanged in build/\n")
    );
    assert_eq!(place.files("build"), before);
    assert_eq!(times(&place), stamps);
}

#[test]
fn what_a_new_project_builds_is_accepted_by_prometheus() {
    let Some(promtool) = tools::find("promtool") else {
        return;
    };
    let place = Place::project();
    assert_eq!(place.run(&["build"]).code, 0);
    let rules = place.path("build/prometheus/checkout.yaml");
    let ran = run(Command::new(promtool)
        .args(["check", "rules", "--lint=all", "--lint-fatal"])
        .arg(rules));
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_renamed_service_takes_its_old_file_along_and_no_other() {
    let place = Place::project();
    place.write("services/ledger.nth", LEDGER);
    assert_eq!(place.run(&["build"]).code, 0);
    place.write("build/prometheus/by-hand.yaml", "groups: []\n");
    let before = place.names("build");
    place.replace("services/ledger.nth", "service ledger", "service books");
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let after = place.names("build");
    let gone: Vec<_> = before.iter().filter(|file| !after.contains(file)).collect();
    let new: Vec<_> = after.iter().filter(|file| !before.contains(file)).collect();
    assert!(gone.contains(&&"prometheus/ledger.yaml".to_owned()));
    assert!(gone.iter().all(|file| file.contains("ledger.")), "{gone:?}");
    let mut renamed: Vec<_> = gone
        .iter()
        .map(|file| file.replace("ledger.", "books."))
        .collect();
    renamed.sort();
    assert_eq!(new, renamed.iter().collect::<Vec<_>>());
    assert!(after.contains(&"prometheus/by-hand.yaml".to_owned()));
}

#[test]
fn a_file_that_no_build_wrote_is_never_replaced() {
    let place = Place::project();
    place.write("build/prometheus/checkout.yaml", "mine\n");
    let ran = place.run(&["build", "--format", "short"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .contains("error[N0620]: build/prometheus/checkout.yaml was not written by a build"),
        "{ran:?}"
    );
    assert_eq!(
        place.files("build"),
        BTreeMap::from([("prometheus/checkout.yaml".to_owned(), "mine\n".to_owned())])
    );
    let elsewhere = place.run(&["build", "--output", "rules"]);
    assert_eq!(elsewhere.code, 0, "{elsewhere:?}");
    assert!(place.path("rules/prometheus/checkout.yaml").is_file());
}

#[test]
fn what_stands_in_the_way_reads_well() {
    let place = Place::project();
    place.write("build/prometheus/checkout.yaml", "mine\n");
    insta::assert_snapshot!(
        "a foreign file".replace(' ', "_"),
        place.run(&["build"]).err
    );
    fs::remove_dir_all(place.path("build")).unwrap();
    place.write("build/.nthc-manifest.json", "{");
    insta::assert_snapshot!(
        "a broken record".replace(' ', "_"),
        place.run(&["build"]).err
    );
}

#[test]
fn errors_leave_the_output_as_it_was() {
    let place = Place::project();
    place.run(&["build"]);
    let before = place.files("build");
    place.write(
        "services/ledger.nth",
        "service ledger {\n  objective = @@\n}\n",
    );
    place.replace("services/checkout.nth", "1000", "2000");
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("services/ledger.nth"), "{ran:?}");
    assert!(ran.err.contains("shop was not built: "), "{ran:?}");
    assert_eq!(place.files("build"), before);

    let elsewhere = place.run(&["build", "--output", "new"]);
    assert_eq!(elsewhere.code, 1);
    assert!(!place.path("new").exists());
}

#[test]
fn build_check_tells_what_is_stale_and_writes_nothing() {
    let place = Place::project();
    let fresh = place.run(&["build", "--check"]);
    assert_eq!(fresh.code, 1);
    assert!(
        fresh
            .out
            .contains("would create build/prometheus/checkout.yaml\n"),
        "{fresh:?}"
    );
    assert!(!place.path("build").exists());
    place.run(&["build"]);
    let current = place.run(&["build", "--dry-run"]);
    assert_eq!((current.code, current.out.as_str()), (0, ""));
    assert!(
        current.err.starts_with("build/ is up to date: "),
        "{current:?}"
    );
    place.replace("services/checkout.nth", "1000", "2000");
    let stale = place.run(&["build", "--check"]);
    assert_eq!(
        (stale.code, stale.out.as_str()),
        (
            1,
            "would replace build/docs/checkout.md\nwould replace build/prometheus/checkout.yaml\n"
        )
    );
}

#[test]
fn each_environment_has_a_folder_of_its_own() {
    let place = Place::project();
    place.replace(
        "nth.toml",
        "[project]",
        "[project]\ntargets = [\"prometheus\", \"grafana\", \"docs\"]",
    );
    place.run(&["build"]);
    let environments = "environment staging { selector = { env = \"staging\" } }\n\
                        environment production { selector = { env = \"production\" } }\n";
    place.write("environments.nth", environments);
    // Every file gets another path, so all that stand would go.
    let refused = place.run(&["build"]);
    assert!(refused.err.contains("N0631"), "{refused:?}");
    let built = place.run(&["build", "--allow-removals"]);
    assert_eq!(
        built.err,
        "built shop for 2 environments: 12 written, 6 removed, 0 unchanged in build/\n"
    );
    let production = place.read("build/production/prometheus/checkout.yaml");
    assert!(production.contains("env=\"production\""));

    place.replace("services/checkout.nth", "1000", "2000");
    let built = place.run(&["build", "--env", "staging"]);
    assert_eq!(
        built.err,
        "built shop for staging: 2 written, 0 removed, 4 unchanged in build/\n"
    );
    assert_eq!(
        place.read("build/production/prometheus/checkout.yaml"),
        production
    );
    let stale = place.run(&["build", "--check"]);
    assert_eq!(
        stale.out,
        "would replace build/production/docs/checkout.md\nwould replace build/production/prometheus/checkout.yaml\n"
    );

    for command in ["check", "build"] {
        let unknown = place.run(&[command, "--env", "stagin"]);
        assert_eq!(unknown.code, 2);
        assert!(
            unknown
                .err
                .starts_with("error: unknown environment `stagin`\n"),
            "{unknown:?}"
        );
        assert!(unknown.err.contains("`staging`"), "{unknown:?}");
    }
}

#[test]
fn an_edit_of_an_output_by_hand_is_a_warning() {
    let place = Place::project();
    place.run(&["build"]);
    let good = place.read("build/prometheus/checkout.yaml");
    place.write("build/prometheus/checkout.yaml", "edited\n");
    let denied = place.run(&["build", "--deny-warnings"]);
    assert_eq!(denied.code, 1);
    assert_eq!(place.read("build/prometheus/checkout.yaml"), "edited\n");
    let ran = place.run(&["build", "--format", "short"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.err
            .contains("warning[N0625]: build/prometheus/checkout.yaml was edited by hand"),
        "{ran:?}"
    );
    assert_eq!(place.read("build/prometheus/checkout.yaml"), good);
}

#[test]
fn a_file_outside_of_any_project_is_one() {
    let place = Place::new();
    place.write(
        "ledger.nth",
        "team books {}\n\n/// Keeps the books.\nservice ledger {\n  team = books\n  tier = standard\n  selector = { job = \"ledger\" }\n}\n",
    );
    let checked = place.run(&["check", "ledger.nth"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    let built = place.run(&["build", "ledger.nth"]);
    assert_eq!(built.code, 0, "{built:?}");
    assert!(built.err.contains("built ledger: "), "{built:?}");

    let place = Place::project();
    let ran = place.run(&["build", "services/checkout.nth"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err
            .contains("services/checkout.nth is part of the project in ."),
        "{ran:?}"
    );
}

#[test]
fn files_with_crlf_are_checked_built_and_formatted() {
    let place = Place::project();
    place.run(&["build"]);
    let before = place.files("build");
    for file in ["services/checkout.nth", "teams/payments.nth", "nth.toml"] {
        let text = place.read(file);
        place.write(file, text.replace('\n', "\r\n"));
    }
    let ran = place.run(&["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(place.files("build"), before);
}

#[test]
fn a_project_says_what_is_made_of_it() {
    let place = Place::project();
    let targets = |place: &Place| -> Vec<String> {
        let mut folders: Vec<String> = place
            .files("build")
            .keys()
            .filter_map(|path| path.split_once('/'))
            .map(|(folder, _)| folder.to_owned())
            .filter(|folder| !folder.starts_with('.'))
            .collect();
        folders.dedup();
        folders
    };
    place.run(&["build"]);
    assert!(targets(&place).contains(&"grafana".to_owned()));
    // What is no longer wanted is taken away.
    place.replace(
        "nth.toml",
        "[project]",
        "[project]\ntargets = [\"prometheus\"]",
    );
    let ran = place.run(&["build", "--allow-removals"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(targets(&place), ["prometheus"]);
}

#[test]
fn one_target_is_built_alone() {
    let place = Place::project();
    place.write(
        "environments.nth",
        "environment staging { selector = { env = \"staging\" } }\n\
         environment production { selector = { env = \"production\" } }\n",
    );
    place.replace(
        "nth.toml",
        "[project]",
        "[project]\ntargets = [\"prometheus\", \"grafana\", \"docs\"]",
    );
    assert_eq!(place.run(&["build"]).code, 0);
    let before = place.files("build");
    place.replace("services/checkout.nth", "1000", "2000");

    // The runbooks change as well, and are not looked at.
    let checked = place.run(&["build", "--target", "prometheus", "--check"]);
    assert_eq!(checked.code, 1, "{checked:?}");
    assert_eq!(
        checked.out,
        "would replace build/production/prometheus/checkout.yaml\n\
         would replace build/staging/prometheus/checkout.yaml\n"
    );
    assert_eq!(place.files("build"), before);
    let one = [
        "build",
        "--target",
        "prometheus",
        "--target",
        "grafana",
        "--env",
        "staging",
    ];
    let built = place.run(&one);
    assert_eq!(
        built.err,
        "built prometheus, grafana of shop for staging: 1 written, 0 removed, 3 unchanged in build/\n"
    );
    let after = place.files("build");
    let changed: Vec<&str> = after
        .iter()
        .filter(|(path, text)| before.get(*path) != Some(text))
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!(
        changed,
        [".nthc-manifest.json", "staging/prometheus/checkout.yaml"]
    );
    // All the others are still known as files of the project, and are brought up to date by the next whole build.
    let stale = place.run(&["build", "--check"]);
    assert_eq!(
        stale.out,
        "would replace build/production/docs/checkout.md\n\
         would replace build/production/prometheus/checkout.yaml\n\
         would replace build/staging/docs/checkout.md\n"
    );

    // A service that is gone takes along its files of the targets that are built.
    place.write("services/other.nth", LEDGER.replace("ledger", "other"));
    assert_eq!(place.run(&["build"]).code, 0);
    fs::remove_file(place.path("services/other.nth")).unwrap();
    let built = place.run(&["build", "--target", "prometheus"]);
    assert!(
        built.err.contains("0 written, 2 removed, 2 unchanged"),
        "{built:?}"
    );
    assert!(place.path("build/staging/docs/other.md").exists());
    assert!(!place.path("build/staging/prometheus/other.yaml").exists());
}

#[test]
fn a_target_that_is_not_built_is_misuse() {
    let place = Place::project();
    place.replace(
        "nth.toml",
        "[project]",
        "[project]\ntargets = [\"prometheus\"]",
    );
    for (name, message, help) in [
        (
            "prometheuss",
            "unknown target `prometheuss`",
            "did you mean `prometheus`?",
        ),
        (
            "docs",
            "the project does not build target `docs`",
            "add `\"docs\"` to `targets`",
        ),
    ] {
        let ran = place.run(&["build", "--target", name]);
        assert_eq!(ran.code, 64, "{ran:?}");
        assert!(ran.err.contains(message), "{ran:?}");
        assert!(ran.err.contains(help), "{ran:?}");
        assert!(!place.path("build").exists());
    }
}

#[test]
fn packages_are_read_from_beside_the_project() {
    let place = Place::project();
    place.write("shared/nth.toml", "[project]\nname = \"platform\"\n");
    fs::rename(place.path("teams"), place.path("shared/teams")).unwrap();
    place.replace(
        "services/checkout.nth",
        "import teams.payments",
        "import platform.teams.payments",
    );
    let manifest = place.read("nth.toml");
    place.write(
        "nth.toml",
        format!("{manifest}\n[dependencies]\nplatform = {{ path = \"shared\" }}\n"),
    );
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        place
            .read("build/prometheus/checkout.yaml")
            .contains("team: payments")
    );

    place.write(
        "nth.toml",
        format!("{manifest}\n[dependencies]\nplatfrom = {{ path = \"shared\" }}\n"),
    );
    let ran = place.run(&["check", "--format", "short"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .contains("error[N0607]: package `platform` is imported as `platfrom`"),
        "{ran:?}"
    );
}
