//! From a plan to rules that are evaluated, and back.

use super::scene::{CHECKOUT, scene};

#[test]
fn what_is_built_is_what_runs() {
    let Some(scene) = scene() else { return };
    let planned = scene.nthc(&["plan", "--check"]);
    assert_eq!(planned.code, 1, "{planned:?}");
    assert_eq!(
        scene.place.names("rules"),
        ["own.yaml"],
        "a plan changes nothing"
    );
    insta::assert_snapshot!("plan", scene.said(&["plan"]));
    insta::assert_snapshot!("status_before", scene.said(&["status"]));

    let applied = scene.deliver(&[]);
    assert_eq!(applied.code, 0, "{applied:?}");
    let rules = scene.rules();
    assert!(rules.len() > 40, "{rules:?}");
    assert!(rules.iter().all(|(_, health)| health != "err"), "{rules:?}");
    assert!(
        rules.iter().any(|(name, _)| name == "QueueFull"),
        "{rules:?}"
    );
    let status = scene.nthc(&["status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let objects = status["objects"].as_array().unwrap();
    assert_eq!(objects.len(), 2, "{objects:?}");
    assert!(
        objects.iter().all(|object| object["state"] == "in-sync"),
        "{objects:?}"
    );

    // A second time, nothing is written.
    let before = scene.place.files("rules");
    let again = scene.deliver(&[]);
    assert_eq!((again.code, again.out.as_str()), (0, ""), "{again:?}");
    assert!(again.err.contains("nothing to apply"), "{again:?}");
    assert_eq!(scene.place.files("rules"), before);
    assert_eq!(scene.nthc(&["plan", "--check"]).code, 0);
}

#[test]
fn an_alert_is_only_taken_away_if_that_is_allowed() {
    let Some(scene) = scene() else { return };
    assert_eq!(scene.deliver(&[]).code, 0);
    let cut = CHECKOUT.find("  alert queue_full").unwrap();
    scene.place.write(
        "checkout.nth",
        format!("{}}}\n", CHECKOUT.get(..cut).unwrap()),
    );
    insta::assert_snapshot!("plan_silences", scene.said(&["plan"]));
    let refused = scene.deliver(&[]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert_eq!(
        refused.err,
        "error: not applied, as it silences: QueueFull of checkout (ticket) is no longer evaluated\n  help: pass \
         `--allow silenced` if that is intended\n"
    );
    assert!(scene.rules().iter().any(|(name, _)| name == "QueueFull"));
    let allowed = scene.deliver(&["--allow", "silenced"]);
    assert_eq!(allowed.code, 0, "{allowed:?}");
    assert!(!scene.rules().iter().any(|(name, _)| name == "QueueFull"));

    // A service that is gone is deleted, as often as is allowed.
    scene.place.write("search.nth", "import std.http\n");
    let refused = scene.deliver(&["--allow", "silenced"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("1 deletion"), "{refused:?}");
    let names = scene.place.names("rules");
    let allowed = scene.deliver(&["--allow", "silenced", "--max-deletes", "1"]);
    assert_eq!(allowed.code, 0, "{allowed:?}");
    assert_eq!(scene.place.names("rules").len(), names.len() - 1);
}

#[test]
fn nothing_is_applied_that_was_not_reviewed() {
    let Some(scene) = scene() else { return };
    let nobody = scene.said(&["apply"]);
    let first = scene.nthc(&["plan", "--out", "plan.json"]);
    assert_eq!(first.code, 0, "{first:?}");
    // The sources change after the review.
    scene.place.replace("checkout.nth", "99.9%", "99.5%");
    let apply = ["apply", "plan.json", "--auto-approve", "--wait", "0s"];
    let changed = scene.said(&apply);
    assert_eq!(scene.place.names("rules"), ["own.yaml"]);
    scene.place.replace("checkout.nth", "99.5%", "99.9%");
    // The same plan for the other environment.
    let other = super::place::run(&mut scene.place.command(&[
        "apply",
        "plan.json",
        "--auto-approve",
        "--env",
        "staging",
    ]));
    assert_eq!(other.code, 2, "{other:?}");
    scene.place.write("broken.json", "{\"version\": 7}");
    let version = scene.said(&["apply", "broken.json", "--auto-approve"]);
    insta::assert_snapshot!(
        "refusals",
        format!(
            "Without a terminal: {nobody}\nOther sources: {changed}\nAnother version: {version}"
        )
    );
    assert_eq!(scene.place.names("rules"), ["own.yaml"]);
    assert_eq!(scene.nthc(&apply).code, 0);
}

#[test]
fn a_project_with_errors_changes_nothing() {
    let Some(scene) = scene() else { return };
    assert_eq!(scene.deliver(&[]).code, 0);
    let before = scene.place.files("rules");
    scene.place.replace("checkout.nth", "99.9%", "199.9%");
    for command in [
        &["plan"][..],
        &["status"],
        &["apply", "plan.json", "--auto-approve"],
    ] {
        let ran = scene.nthc(command);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains("error["), "{ran:?}");
    }
    assert_eq!(scene.place.files("rules"), before);
}

#[test]
fn an_apply_ends_when_its_rules_are_evaluated() {
    let Some(scene) = scene() else { return };
    let start = CHECKOUT.find("  slo availability").unwrap();
    let end = CHECKOUT.find("  alert queue_full").unwrap();
    let alone = format!("{}{}", &CHECKOUT[..start], &CHECKOUT[end..]);
    scene.place.write("checkout.nth", alone);
    scene.place.write("search.nth", "");
    let planned = scene.nthc(&["plan", "--out", "plan.json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let applied = scene.said(&["apply", "plan.json", "--auto-approve", "--wait", "60s"]);
    assert_eq!(scene.rules(), [("QueueFull".to_owned(), "ok".to_owned())]);
    insta::assert_snapshot!("applied", format!("{applied}\n{}", scene.said(&["status"])));
}

#[test]
fn a_rollback_applies_an_earlier_revision() {
    let Some(scene) = scene() else { return };
    let git = |arguments: &[&str]| {
        let ran = std::process::Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
            .args(arguments)
            .current_dir(scene.place.path("."))
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "nth.toml", "checkout.nth", "search.nth"]);
    git(&["commit", "--quiet", "-m", "first"]);
    let nothing = scene.said(&["rollback"]);
    assert!(
        nothing.contains("no other revision was applied"),
        "{nothing}"
    );
    assert_eq!(scene.deliver(&[]).code, 0);
    let first = scene.place.files("rules");
    scene
        .place
        .replace("checkout.nth", "for      = 5m", "for      = 15m");
    git(&["commit", "--quiet", "-am", "second"]);
    // In the words of `nthc diff`, with an incident.
    let planned = scene.said(&["plan"]);
    let (_, meaning) = planned.split_once("what it means since revision ").unwrap();
    assert!(meaning.contains("queue_full"), "{planned}");
    assert!(meaning.contains("loosened"), "{planned}");
    assert_eq!(scene.deliver(&[]).code, 0);
    assert_ne!(scene.place.files("rules"), first);
    // Nobody can be asked here, so the plan is a file.
    let asked = scene.said(&["rollback"]);
    assert!(asked.contains("rolling back to revision "), "{asked}");
    assert!(asked.contains("nobody can be asked"), "{asked}");
    let planned = scene.nthc(&["plan", "--revision", "HEAD~1", "--out", "plan.json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let apply = ["apply", "plan.json", "--auto-approve", "--wait", "0s"];
    let other = scene.nthc(&apply);
    assert_eq!(other.code, 3, "{other:?}");
    let back = scene.nthc(&[&apply[..], &["--revision", "HEAD~1"]].concat());
    assert_eq!(back.code, 0, "{back:?}");
    assert_eq!(scene.place.files("rules"), first);
}
