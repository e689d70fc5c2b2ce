//! The command, from end to end, in a scratch repository.

use std::process::Command;

use serde_json::Value;

use super::place::{Place, Ran, run};

/// The old version.
const BASE: &str = "\
import std.http

team payments { slack = \"#payments\" }

service checkout {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability : http.availability { objective = 99.9% }

  alert backlog {
    when     = `max(queue) > 10`
    for      = 5m
    severity = page
    summary  = \"${value} orders wait.\"
  }
}
";

/// A repository with the project in the folder `shop` and one commit on `main`.
struct Repository {
    place: Place,
}

impl Repository {
    fn new() -> Self {
        let repository = Self {
            place: Place::new(),
        };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        let place = &repository.place;
        place.write("shop/nth.toml", "[project]\nname = \"shop\"\n");
        place.write("shop/main.nth", BASE);
        repository.commit("base");
        repository
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=ana", "-c", "user.email=ana@example.com"])
            .args(["-c", "commit.gpgSign=false"])
            .args(arguments)
            .current_dir(self.place.path("."))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            // The hashes are always the same.
            .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--no-verify", "-m", message]);
    }

    fn replace(&self, from: &str, to: &str) {
        self.place.replace("shop/main.nth", from, to);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(&["diff"]);
        command
            .args(arguments)
            .current_dir(self.place.path("shop"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null");
        command
    }

    fn diff(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--format", "json", "--no-incidents"];
        all.extend(arguments);
        let ran = self.diff(&all);
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }

    /// The state of the repository: what is staged, what is not, and every reference.
    fn state(&self) -> (String, String, String) {
        (
            self.git(&["status", "--porcelain"]),
            self.git(&["for-each-ref"]),
            self.git(&["stash", "list"]),
        )
    }
}

fn ids(document: &Value) -> Vec<&str> {
    let changes = document["changes"].as_array().unwrap();
    changes
        .iter()
        .map(|change| change["id"].as_str().unwrap())
        .collect()
}

#[test]
fn the_working_tree_is_compared_with_the_last_commit() {
    let repository = Repository::new();
    let same = repository.diff(&[]);
    assert_eq!(same.code, 0, "{same:?}");
    insta::assert_snapshot!("no_changes", same.out);

    repository.replace("objective = 99.9%", "objective = 99.5%");
    repository.replace("for      = 5m", "for      = 20m");
    repository.replace("orders wait", "orders wait now");
    repository.place.write("shop/notes.txt", "not staged\n");
    repository.git(&["add", "shop/main.nth"]);
    repository.replace("max(queue) > 10", "max(queue) > 20");
    let (state, files) = (repository.state(), repository.place.files("shop"));
    let changed = repository.diff(&[]);
    assert_eq!(changed.code, 2, "{changed:?}");
    insta::assert_snapshot!("changes", changed.out);
    insta::assert_snapshot!(
        "changes_all",
        repository.diff(&["--all", "--no-incidents"]).out
    );
    insta::assert_snapshot!(
        "changes_text",
        repository.diff(&["--text", "--no-incidents"]).out
    );

    // The same with the branch by its name, and nothing of the repository is touched.
    let by_name = repository.json(&["main"]);
    assert_eq!(by_name["changes"], repository.json(&[])["changes"]);
    assert_eq!(by_name["base"]["name"], "main");
    assert_eq!(
        by_name["base"]["commit"],
        repository.git(&["rev-parse", "HEAD"]).as_str()
    );
    assert_eq!(by_name["head"]["name"], "working tree");
    assert_eq!(repository.state(), state);
    assert_eq!(repository.place.files("shop"), files);
}

#[test]
fn every_format_says_the_same() {
    let repository = Repository::new();
    repository.replace("objective = 99.9%", "objective = 80%");
    repository.replace("orders wait", "orders wait now");
    let schema = jsonschema::validator_for(&nthc::diff::render::json::schema()).unwrap();
    let document = repository.json(&[]);
    let errors: Vec<String> = schema
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(document["complete"], true);
    assert!(ids(&document).contains(&"slo-never-pages"), "{document}");
    for format in ["short", "github", "markdown"] {
        let ran = repository.diff(&["--format", format, "--no-incidents"]);
        assert_eq!(ran.code, 2, "{ran:?}");
        insta::assert_snapshot!(format!("format_{format}"), ran.out);
    }
    let ran = repository.diff(&["--format", "sarif", "--no-incidents"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let sarif: Value = serde_json::from_str(&ran.out).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let rules: Vec<&str> = results
        .iter()
        .map(|result| result["ruleId"].as_str().unwrap())
        .collect();
    assert!(rules.contains(&"slo-never-pages"), "{rules:?}");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"], "shop/main.nth",
        "{}",
        ran.out
    );

    // The page is beside what is printed.
    let ran = repository.diff(&[
        "--html",
        "report.html",
        "--format",
        "short",
        "--no-incidents",
    ]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let page = repository.place.read("shop/report.html");
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.contains("availability"),
        "{page}"
    );
    assert!(!page.contains("<script"), "{page}");
    // A page of another program is not overwritten.
    repository.place.write("shop/mine.html", "<p>mine</p>");
    let ran = repository.diff(&["--html", "mine.html", "--no-incidents"]);
    assert_ne!(ran.code, 2, "{ran:?}");
    assert_eq!(repository.place.read("shop/mine.html"), "<p>mine</p>");
}

#[test]
fn revisions_branches_and_folders_are_compared() {
    let repository = Repository::new();
    repository.git(&["tag", "v1"]);
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    repository.replace("max(queue) > 10", "max(queue) > 20");
    repository.commit("feature");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.replace("objective = 99.9%", "objective = 99.95%");
    repository.commit("main goes on");

    let document = repository.json(&["v1", "main"]);
    assert_eq!(ids(&document), ["objective-raised"]);
    assert_eq!(document["changes"][0]["where"]["file"], "shop/main.nth");
    let both = repository.json(&["main", "feature"]);
    assert_eq!(
        ids(&both),
        ["objective-lowered", "alert-threshold-loosened"]
    );
    // Only what the branch changes.
    let only = repository.json(&["--merge-base", "main", "feature"]);
    assert_eq!(ids(&only), ["alert-threshold-loosened"]);
    assert_eq!(
        only["base"]["commit"],
        repository.git(&["rev-parse", "v1"]).as_str()
    );

    // Folders, from outside of the repository too.
    let elsewhere = Place::new();
    for (path, text) in repository.place.files("shop") {
        elsewhere.write(&format!("old/{path}"), text.replace("99.95%", "99.9%"));
        elsewhere.write(&format!("new/{path}"), &text);
    }
    let ran = run(&mut elsewhere.command(&[
        "diff",
        "./old",
        "./new",
        "--format",
        "json",
        "--no-incidents",
    ]));
    assert_eq!(ran.code, 2, "{ran:?}");
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ids(&document), ["objective-raised"]);
    assert_eq!(document["base"]["name"], "./old");
    let ran = run(&mut elsewhere.command(&["diff", "--merge-base", "./old", "./new"]));
    assert_eq!(ran.code, 64, "{ran:?}");
    insta::assert_snapshot!("merge_base_of_folders", ran.err);
}

#[test]
fn two_environments_of_one_version_are_compared() {
    let repository = Repository::new();
    repository.place.write(
        "shop/environments.nth",
        "environment production { selector = { env = \"production\" } }\nenvironment staging { selector = { env = \"staging\" } }\n",
    );
    repository.replace(
        "  alert backlog {",
        "  in staging { slo availability { objective = 98% } }\n\n  alert backlog {",
    );
    let document = repository.json(&["--env", "staging", "--env", "production"]);
    assert_eq!(document["base"]["environment"], "staging");
    assert_eq!(document["head"]["environment"], "production");
    assert!(ids(&document).contains(&"objective-raised"), "{document}");
    let ran = repository.diff(&["--env", "staging", "--env", "production", "--no-incidents"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    insta::assert_snapshot!("two_environments", ran.out);
    for (arguments, name) in [
        (&["--env", "prod"][..], "unknown_environment"),
        (
            &["--env", "staging", "--env", "staging"],
            "environment_twice",
        ),
        (
            &["--env", "a", "--env", "b", "--env", "c"],
            "three_environments",
        ),
    ] {
        let ran = repository.diff(arguments);
        assert_eq!(ran.code, 64, "{ran:?}");
        insta::assert_snapshot!(name, ran.err);
    }
}

#[test]
fn changes_fail_by_class_and_by_level_unless_they_are_accepted() {
    let repository = Repository::new();
    repository.replace("for      = 5m", "for      = 20m");
    let quick = |arguments: &[&str]| {
        let mut all = vec!["--no-incidents"];
        all.extend(arguments);
        repository.diff(&all)
    };
    assert_eq!(quick(&[]).code, 2);
    assert_eq!(quick(&["--fail-on", "silenced,history"]).code, 2);
    assert_eq!(quick(&["--fail-on", "silenced,loosened"]).code, 10);
    assert_eq!(quick(&["--fail-on", "louder"]).code, 64);

    let manifest = "[project]\nname = \"shop\"\n\n[diff]\n";
    let level = |text: &str| {
        repository
            .place
            .write("shop/nth.toml", format!("{manifest}{text}\n"))
    };
    level("alert-delayed = \"error\"");
    assert_eq!(quick(&[]).code, 10);
    level("alert-delayed = \"allow\"");
    let allowed = quick(&[]);
    assert_eq!(allowed.code, 2, "{allowed:?}");
    insta::assert_snapshot!("allowed", allowed.out);
    level("alert-delaid = \"allow\"");
    let unknown = quick(&[]);
    assert_eq!(unknown.code, 1, "{unknown:?}");
    insta::assert_snapshot!("unknown_change", unknown.err);
    level("alert-delayed = \"error\"");

    let document = repository.json(&[]);
    let fingerprint = document["changes"][0]["fingerprint"].as_str().unwrap();
    let accept = |until: &str, path: &str| {
        repository.place.write(
            path,
            format!(
                "[[accept]]\nfingerprint = \"{fingerprint}\"\nby = \"ana@example.com\"\nreason = \"The queue is slow.\"\nuntil = \
                 {until}\n"
            ),
        );
    };
    accept("2999-12-31", "shop/nth.accepted.toml");
    let accepted = quick(&["--fail-on", "loosened"]);
    assert_eq!(accepted.code, 2, "{accepted:?}");
    insta::assert_snapshot!("accepted", accepted.out);
    accept("2020-12-31", "shop/nth.accepted.toml");
    let expired = quick(&[]);
    assert_eq!(expired.code, 10, "{expired:?}");
    insta::assert_snapshot!("expired", expired.out);
    accept("\"soon\"", "shop/nth.accepted.toml");
    let invalid = quick(&[]);
    assert_eq!(invalid.code, 64, "{invalid:?}");
    insta::assert_snapshot!("accepted_invalid", invalid.err);
    // Another file, and one that does not exist.
    accept("2999-12-31", "shop/other.toml");
    assert_eq!(quick(&["--accepted", "other.toml"]).code, 2);
    assert_eq!(quick(&["--accepted", "gone.toml"]).code, 3);
}

#[test]
fn errors_of_both_versions_have_codes_of_their_own() {
    let repository = Repository::new();
    repository.replace("objective = 99.9%", "objective = 120%");
    let head = repository.diff(&[]);
    assert_eq!(head.code, 1, "{head:?}");
    insta::assert_snapshot!("errors_in_head", format!("{}{}", head.out, head.err));
    let document = repository.json(&[]);
    assert_eq!(document["complete"], false);
    assert_eq!(document["errored"][0]["side"], "head");
    assert_eq!(document["errored"][0]["file"], "shop/main.nth");
    assert_eq!(document["changes"], serde_json::json!([]));

    repository.commit("broken");
    repository.replace("objective = 120%", "objective = 99.9%");
    let base = repository.diff(&[]);
    assert_eq!(base.code, 3, "{base:?}");
    insta::assert_snapshot!("errors_in_base", format!("{}{}", base.out, base.err));
    // With errors in both, those that can be mended now decide.
    repository.replace("objective = 99.9%", "objective = 130%");
    assert_eq!(repository.diff(&[]).code, 1);
}

#[test]
fn what_cannot_be_compared_is_invalid_usage() {
    let repository = Repository::new();
    repository.git(&["tag", "without"]);
    repository.git(&["mv", "shop", "store"]);
    repository.commit("moved");
    std::fs::create_dir_all(repository.place.path("shop")).unwrap();
    let from_store = |arguments: &[&str]| {
        run(repository
            .command(arguments)
            .current_dir(repository.place.path("store")))
    };
    let cases = [
        (from_store(&["without"]), "no_project_at_the_revision"),
        (from_store(&["gone"]), "unknown_revision"),
        (from_store(&["--upload-pack=x"]), "unknown_option"),
        (from_store(&["-x"]), "short_option"),
        (from_store(&["../shop"]), "folder_without_project"),
        (from_store(&["a", "b", "c"]), "three_versions"),
        (repository.diff(&[]), "no_project"),
    ];
    for (ran, name) in cases {
        assert_eq!(ran.code, 64, "{name}: {ran:?}");
        assert_eq!(ran.out, "", "{name}");
        insta::assert_snapshot!(name, ran.err);
    }
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    place.write("main.nth", BASE);
    let ran = run(place
        .command(&["diff"])
        .env("GIT_CEILING_DIRECTORIES", place.path("..")));
    assert_eq!(ran.code, 64, "{ran:?}");
    insta::assert_snapshot!("no_repository", ran.err);
}

#[test]
fn a_name_of_a_branch_and_a_folder_is_ambiguous() {
    let repository = Repository::new();
    repository.git(&["branch", "old"]);
    repository
        .place
        .write("shop/old/nth.toml", "[project]\nname = \"shop\"\n");
    repository
        .place
        .write("shop/old/main.nth", BASE.replace("99.9%", "99%"));
    let ran = repository.diff(&["old"]);
    assert_eq!(ran.code, 64, "{ran:?}");
    insta::assert_snapshot!("ambiguous", ran.err);
    assert!(ids(&repository.json(&["./old", "."])).contains(&"objective-raised"));
}

#[cfg(unix)]
#[test]
fn nothing_in_the_repository_runs() {
    use std::os::unix::fs::PermissionsExt as _;

    let repository = Repository::new();
    let proof = repository.place.path("proof");
    let hook = format!("#!/bin/sh\ntouch '{}'\n", proof.display());
    for name in [
        "post-checkout",
        "post-index-change",
        "pre-commit",
        "reference-transaction",
    ] {
        let path = format!(".git/hooks/{name}");
        repository.place.write(&path, &hook);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(repository.place.path(&path), mode).unwrap();
    }
    repository.replace("for      = 5m", "for      = 20m");
    let ran = repository.diff(&["--no-incidents"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(!proof.exists());
}

#[test]
fn line_ends_make_no_difference() {
    let repository = Repository::new();
    repository
        .place
        .write("shop/main.nth", BASE.replace('\n', "\r\n"));
    repository
        .place
        .write("shop/nth.toml", "[project]\r\nname = \"shop\"\r\n");
    let ran = repository.diff(&[]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn colors_are_for_terminals_that_want_them() {
    let repository = Repository::new();
    repository.replace("for      = 5m", "for      = 20m");
    let with = |name: &str, more: &[&str]| {
        let mut arguments = vec!["--no-incidents"];
        arguments.extend(more);
        let ran = run(repository.command(&arguments).env(name, "1"));
        assert_eq!(ran.code, 2, "{ran:?}");
        ran.out.contains('\u{1b}')
    };
    assert!(!with("OTHER", &[]));
    assert!(with("CLICOLOR_FORCE", &[]));
    let ran = run(repository
        .command(&["--no-incidents"])
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", "1"));
    assert!(!ran.out.contains('\u{1b}'), "{ran:?}");
}

/// The document of a comparison with incidents.
fn searched(repository: &Repository, arguments: &[&str]) -> Value {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    let ran = repository.diff(&all);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

#[test]
fn an_environment_that_is_gone_has_an_incident() {
    let repository = Repository::new();
    let both = "environment production {}\nenvironment staging {}\n";
    repository.place.write("shop/environments.nth", both);
    repository.commit("two environments");
    let one = "environment production {}\n";
    repository.place.write("shop/environments.nth", one);
    let document = searched(&repository, &[]);
    assert_eq!(ids(&document), ["environment-removed"]);
    let witness = &document["changes"][0]["witness"];
    assert_eq!(witness["environment"], "staging", "{document}");
    assert_eq!(witness["after"], "no alert", "{document}");
}

#[test]
fn a_lower_objective_of_a_group_has_an_incident_of_that_group() {
    let repository = Repository::new();
    let grouped = "objective = 99.9%\n    by = [route]\n    group pay { labels = { route = \"/pay \\\"now\\\"\" }  objective = 99.99% }\n  ";
    repository.replace("objective = 99.9% ", grouped);
    repository.commit("by route");
    repository.replace("objective = 99.99%", "objective = 99.5%");
    let document = searched(&repository, &[]);
    assert_eq!(ids(&document), ["group-objective-lowered"], "{document}");
    let change = &document["changes"][0];
    let witness = &change["witness"];
    let incident = witness["incident"].as_str().unwrap();
    assert!(
        incident.contains(r#" of group `{ route = "/pay \"now\"" }` from 03:00"#),
        "{document}"
    );
    assert!(
        witness["before"]
            .as_str()
            .unwrap()
            .starts_with("paged after "),
        "{document}"
    );
    // It is a test of this project, to which an expectation is added.
    let test = witness["test"].as_str().unwrap();
    assert!(
        test.contains(r#"group = { route = "/pay \"now\"" }"#),
        "{test}"
    );
    let quiet =
        r#"expect quiet : silent { slo = checkout.availability  group = { route = "/cart" } }"#;
    let test = test.strip_suffix("}\n").unwrap();
    let file = format!("import main.checkout\n\n{test}\n  {quiet}\n}}\n");
    repository.place.write("shop/incident.nth", file);
    let mut command = repository.place.command(&["test", "--project", "shop"]);
    let ran = run(&mut command);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_rule_of_a_gate_may_have_any_name() {
    let repository = Repository::new();
    let gate = "gate release {\n    deny \"low: budget\" { when = budget(availability) < 20% }\n    deny other { when = firing(page) > 9 }\n  }";
    repository.replace(
        "  alert backlog {",
        &format!("  {gate}\n\n  alert backlog {{"),
    );
    repository.commit("a gate");
    repository.replace("budget(availability) < 20%", "budget(availability) < 10%");
    let document = searched(&repository, &[]);
    assert_eq!(ids(&document), ["gate-condition-loosened"]);
    let change = &document["changes"][0];
    assert!(change["witness"].is_object(), "{document}");
    assert_eq!(change["where"]["line"], 12, "{document}");
}

#[test]
fn a_document_is_shown_as_the_comparison_was() {
    let repository = Repository::new();
    repository.replace("max(queue) > 10", "max(queue) > 20");
    let document = repository.diff(&["--format", "json"]);
    repository.place.write("shop/diff.json", &document.out);
    for format in ["human", "short", "json", "sarif", "github", "markdown"] {
        let direct = repository.diff(&["--format", format]);
        let read = repository.diff(&["--from", "diff.json", "--format", format]);
        assert_eq!(
            (&read.out, read.code),
            (&direct.out, direct.code),
            "{format}"
        );
    }
    let failing = repository.diff(&["--from", "diff.json", "--fail-on", "loosened"]);
    assert_eq!(failing.code, 10, "{failing:?}");
    repository.replace("severity = page", "severity = pag");
    let document = repository.diff(&["--format", "json"]);
    repository.place.write("shop/diff.json", &document.out);
    let read = repository.diff(&["--from", "diff.json", "--format", "json"]);
    assert_eq!((&read.out, read.code), (&document.out, document.code));
    let both = repository.diff(&["HEAD", "--from", "diff.json"]);
    assert_eq!(both.code, 64, "{both:?}");
}

#[test]
fn a_connection_without_a_server_is_invalid_usage() {
    let repository = Repository::new();
    let ran = repository.diff(&["--user", "ana"]);
    assert_eq!(ran.code, 64, "{ran:?}");
    assert!(ran.err.contains("--prometheus <URL>"), "{ran:?}");
}
