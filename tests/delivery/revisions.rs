//! Commits, uncommitted changes, and the way back.

use std::process::Command;

use super::scene::{Scene, scene};

fn git(scene: &Scene, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(["-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(scene.place.path("."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Commits the sources, and returns the commit.
fn commit(scene: &Scene) -> String {
    git(scene, &["add", "nth.toml", "checkout.nth", "search.nth"]);
    git(scene, &["commit", "--quiet", "--message", "change"]);
    git(scene, &["rev-parse", "HEAD"])
}

/// A scene in a repository, with its first commit.
fn repository() -> Option<(Scene, String)> {
    let scene = scene()?;
    git(&scene, &["init", "--quiet"]);
    let first = commit(&scene);
    Some((scene, first))
}

fn plan_revision(scene: &Scene) -> Option<String> {
    let planned = scene.nthc(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&planned.out).unwrap();
    plan.get("revision")
        .map(|revision| revision.as_str().unwrap().to_owned())
}

#[test]
fn sources_that_differ_from_the_commit_have_no_revision() {
    let Some((scene, first)) = repository() else {
        return;
    };
    assert_eq!(plan_revision(&scene), Some(first.clone()));
    // Files that no source is made of do not matter.
    scene.place.write("notes.txt", "a");
    assert_eq!(plan_revision(&scene), Some(first.clone()));
    scene
        .place
        .write("more.nth", "team more { slack = \"#more\" }\n");
    assert_eq!(plan_revision(&scene), None);
    std::fs::remove_file(scene.place.path("more.nth")).unwrap();
    scene.place.replace("checkout.nth", "99.9%", "99.5%");
    assert_eq!(plan_revision(&scene), None);
    scene.place.replace("checkout.nth", "99.5%", "99.9%");
    scene
        .place
        .replace("nth.toml", "interval = \"1s\"", "interval = \"2s\"");
    assert_eq!(plan_revision(&scene), None);
    let of_revision = scene.nthc(&["plan", "--revision", "HEAD", "--format", "json"]);
    assert!(of_revision.out.contains(&first), "{of_revision:?}");
}

#[test]
fn a_rollback_goes_to_what_was_applied_whole() {
    let Some((scene, first)) = repository() else {
        return;
    };
    assert_eq!(scene.deliver(&[]).code, 0);
    let nothing = scene.nthc(&["rollback"]);
    assert_eq!(nothing.code, 2, "{nothing:?}");
    assert!(
        nothing.err.contains("no other revision was applied"),
        "{nothing:?}"
    );

    // Changes that were never committed are applied: the way back is to the commit.
    scene.place.replace("checkout.nth", "99.9%", "99.5%");
    assert_eq!(scene.deliver(&[]).code, 0);
    let back = scene.nthc(&["rollback"]);
    assert!(
        back.err
            .starts_with(&format!("rolling back to revision {first}\n")),
        "{back:?}"
    );

    // A second commit, of which nothing has to be applied, and a third one that Prometheus refuses.
    let second = commit(&scene);
    assert_eq!(scene.deliver(&[]).code, 0);
    scene.place.replace("checkout.nth", "99.5%", "98%");
    let third = commit(&scene);
    let planned = scene.nthc(&["plan", "--out", "plan.json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    scene.place.write("rules/own.yaml", "groups: broken\n");
    let failed = scene.nthc(&["apply", "plan.json", "--auto-approve", "--wait", "0s"]);
    assert_eq!(failed.code, 3, "{failed:?}");
    scene.place.write("rules/own.yaml", "groups: []\n");
    let back = scene.nthc(&["rollback"]);
    assert!(
        back.err
            .starts_with(&format!("rolling back to revision {second}\n")),
        "{third}: {back:?}"
    );

    // The sources may be broken, and the environment need not be named.
    scene.place.write("checkout.nth", "service {");
    let mut command = scene.place.command(&["rollback"]);
    let back = super::place::run(&mut command);
    assert!(
        back.err
            .starts_with(&format!("rolling back to revision {second}\n")),
        "{back:?}"
    );
}

#[test]
fn what_diff_calls_silenced_is_only_applied_if_that_is_allowed() {
    let Some((scene, _)) = repository() else {
        return;
    };
    assert_eq!(scene.deliver(&[]).code, 0);
    // The alert has its name and its labels, and cannot fire any more.
    scene.place.replace(
        "checkout.nth",
        "max(queue_length) > 100",
        "count(queue_length) < 0",
    );
    let planned = scene.nthc(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&planned.out).unwrap();
    let silenced = plan["silenced"].as_array().unwrap();
    assert_eq!(silenced.len(), 1, "{silenced:?}");
    assert!(
        silenced[0]
            .as_str()
            .unwrap()
            .starts_with("alert checkout.queue_full: "),
        "{silenced:?}"
    );
    let refused = scene.deliver(&[]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.err.contains("alert checkout.queue_full: "),
        "{refused:?}"
    );
    assert_eq!(scene.deliver(&["--allow", "silenced"]).code, 0);
}
