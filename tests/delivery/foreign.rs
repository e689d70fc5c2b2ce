//! What others wrote or changed.

use super::scene::scene;

const FILE: &str = "shop--production--checkout.yaml";

#[test]
fn a_change_by_hand_is_drift() {
    let Some(scene) = scene() else { return };
    assert_eq!(scene.deliver(&[]).code, 0);
    let reviewed = scene.nthc(&["plan", "--out", "old.json"]);
    assert_eq!(reviewed.code, 0, "{reviewed:?}");
    let file = format!("rules/{FILE}");
    let text = scene.place.read(&file);
    let edited = text.replacen("for: 5m", "for: 50m", 1);
    assert_ne!(text, edited);
    scene.place.write(&file, edited);
    insta::assert_snapshot!("status_drifted", scene.said(&["status"]));
    // What it says to write keeps it: only the text that says how long the condition held changes.
    scene
        .place
        .replace("checkout.nth", "for      = 5m", "for      = 50m");
    let kept = scene.nthc(&["plan"]);
    assert!(kept.out.contains("\"description\""), "{kept:?}");
    assert!(!kept.out.contains("\"for\""), "{kept:?}");
    scene
        .place
        .replace("checkout.nth", "for      = 50m", "for      = 5m");
    insta::assert_snapshot!("plan_drifted", scene.said(&["plan", "--out", "drift.json"]));
    // It is edited once more after the review.
    scene
        .place
        .write(&file, text.replacen("for: 5m", "for: 55m", 1));
    let meanwhile = scene.nthc(&["apply", "drift.json", "--auto-approve"]);
    assert_eq!(meanwhile.code, 3, "{meanwhile:?}");
    assert!(
        meanwhile.err.contains("has changed since the plan"),
        "{meanwhile:?}"
    );
    assert!(meanwhile.err.contains("plan again"), "{meanwhile:?}");
    assert!(scene.place.read(&file).contains("for: 55m"));
    assert_eq!(scene.deliver(&[]).code, 0);
    assert_eq!(scene.place.read(&file), text);
}

#[test]
fn a_file_of_somebody_else_stays() {
    let Some(scene) = scene() else { return };
    let file = format!("rules/{FILE}");
    let own = "groups:\n- name: own\n  rules:\n  - {record: own, expr: vector(1)}\n";
    scene.place.write(&file, own);
    let refused = scene.said(&["plan", "--out", "plan.json"]);
    insta::assert_snapshot!("plan_foreign", refused);
    let apply = ["apply", "plan.json", "--auto-approve", "--wait", "0s"];
    assert_eq!(scene.nthc(&apply).code, 3);
    assert_eq!(scene.place.read(&file), own);
    assert_eq!(scene.place.names("rules").len(), 2);
    // By its name, it is taken over.
    let name = format!("rule file {FILE}");
    let adopted = scene.nthc(&["plan", "--adopt", &name, "--out", "plan.json"]);
    assert_eq!(adopted.code, 0, "{adopted:?}");
    assert_eq!(scene.nthc(&apply).code, 0);
    assert!(scene.place.read(&file).starts_with("# nthc: "));
    // A name of nothing that is built.
    let unknown = scene.nthc(&["plan", "--adopt", "rule file other.yaml"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
}

#[test]
fn two_projects_share_a_server() {
    let Some(scene) = scene() else { return };
    assert_eq!(scene.deliver(&[]).code, 0);
    let first = scene.place.files("rules");
    scene.settings("other");
    assert_eq!(scene.deliver(&[]).code, 0);
    let both = scene.place.files("rules");
    assert!(
        first
            .iter()
            .all(|(name, text)| both.get(name) == Some(text))
    );
    assert!(both.len() > first.len());
    // The second one goes, the first one stays.
    scene.place.write(
        "checkout.nth",
        "environment production { }\nenvironment staging { }\n",
    );
    scene.place.write("search.nth", "");
    let empty = scene.said(&["plan"]);
    insta::assert_snapshot!("plan_empty", empty);
    let planned = scene.nthc(&["plan", "--allow-empty", "--out", "plan.json"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let gone = scene.nthc(&[
        "apply",
        "plan.json",
        "--auto-approve",
        "--allow",
        "silenced",
        "--max-deletes",
        "100",
    ]);
    assert_eq!(gone.code, 0, "{gone:?}");
    assert_eq!(scene.place.files("rules"), first);
}
