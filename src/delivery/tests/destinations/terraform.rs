//! Terraform or OpenTofu, with resources of `terraform_data`, which need no provider; and a program that stands for it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nth_delivery::destinations::terraform::{
    Terraform, TerraformSettings, planned_changes, planned_deletions,
};
use nth_delivery::{
    DeliveryError, DesiredObject, Destination, Health, LiveObject, ObjectKey, ObjectKind, Phase,
};
use serde_json::{Value, json};

use crate::owner;
use crate::programs::find;

const SECRET: &str = "a-very-secret-key";

fn key() -> ObjectKey {
    ObjectKey::new(ObjectKind::TerraformRoot, "", "pagerduty")
}

fn desired(files: Value) -> DesiredObject {
    DesiredObject {
        key: key(),
        phase: Phase::Routes,
        content: json!({ "files": files }),
        services: Vec::new(),
    }
}

fn settings(root: &Path, program: Option<PathBuf>) -> TerraformSettings {
    TerraformSettings {
        name: "pagerduty".to_owned(),
        root: root.to_owned(),
        program,
        workspace: None,
        plan_file: Some(root.join("reviewed.tfplan")),
        owner: owner(),
        timeout: Duration::from_secs(60),
    }
}

/// A root module with these inputs of resources.
fn module(root: &Path, inputs: &[(&str, &str)]) -> Value {
    let resources: serde_json::Map<String, Value> = inputs
        .iter()
        .map(|(name, input)| ((*name).to_owned(), json!({ "input": input })))
        .collect();
    let document = json!({
        "variable": { "key": { "type": "string", "sensitive": true, "default": SECRET } },
        "resource": { "terraform_data": resources },
    });
    fs::write(root.join("main.tf.json"), document.to_string()).unwrap();
    document
}

fn live(terraform: &Terraform) -> LiveObject {
    let mut read = terraform.read(&owner(), &[key()]).unwrap();
    assert_eq!(read.len(), 1);
    read.remove(0)
}

fn words(live: &LiveObject) -> Vec<String> {
    planned_changes(&live.content)
        .iter()
        .map(|change| {
            let text = |name: &str| change[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}", text("action"), text("address"))
        })
        .collect()
}

fn real() -> Option<PathBuf> {
    find(&["tofu", "terraform"])
}

#[test]
fn the_reviewed_plan_is_applied_and_the_next_has_no_changes() {
    let Some(program) = real() else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let document = module(root, &[("a", "x"), ("b", "${var.key}")]);
    let terraform = Terraform::new(settings(root, Some(program.clone()))).unwrap();
    let wanted = terraform
        .normalize(desired(json!({ "main.tf.json": document })))
        .unwrap();

    let before = live(&terraform);
    assert_eq!(
        words(&before),
        ["create terraform_data.a", "create terraform_data.b"]
    );
    assert!(before.is_owned_by(&owner()));
    assert!(!before.content.to_string().contains(SECRET));
    let plan = root.join("reviewed.tfplan");
    let mode = fs::metadata(&plan).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);

    // Another process applies what was reviewed.
    let other = Terraform::new(settings(root, Some(program.clone()))).unwrap();
    let again = other.read_one(&key()).unwrap().unwrap();
    assert_eq!(again.hash, before.hash);
    other.write(&wanted, &owner(), Some(&again)).unwrap();
    other.finish().unwrap();
    assert!(!plan.exists());

    let after = other.read_one(&key()).unwrap().unwrap();
    assert_eq!(after.hash, wanted.hash());
    let health = other.health(&[key()]).unwrap();
    assert_eq!(health[0].health, Health::Healthy);
    assert!(planned_changes(&live(&terraform).content).is_empty());

    // An update, a removal; a value copied from a sensitive one stays hidden.
    module(root, &[("b", "${var.key}-2")]);
    let changed = live(&terraform);
    assert_eq!(
        words(&changed),
        ["delete terraform_data.a", "update terraform_data.b"]
    );
    assert_eq!(planned_deletions(&changed.content), 1);
    assert!(!changed.content.to_string().contains(SECRET));
}

#[test]
fn a_plan_is_not_applied_once_something_else_has_changed() {
    let Some(program) = real() else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    module(root, &[("a", "x")]);
    let terraform = Terraform::new(settings(root, Some(program.clone()))).unwrap();
    let wanted = terraform.normalize(desired(json!({}))).unwrap();
    let reviewed = live(&terraform);

    // Someone plans again, and something else.
    module(root, &[("a", "y")]);
    let newer = live(&terraform);
    assert_ne!(newer.hash, reviewed.hash);
    let refused = terraform.write(&wanted, &owner(), Some(&reviewed));
    assert!(matches!(refused, Err(DeliveryError::Conflict { .. })));

    // Someone applies meanwhile, so the state is another, and still not as desired.
    let kept = fs::read(root.join("reviewed.tfplan")).unwrap();
    module(root, &[("other", "x")]);
    let mut theirs = settings(root, Some(program));
    theirs.plan_file = Some(root.join("theirs.tfplan"));
    let theirs = Terraform::new(theirs).unwrap();
    let planned = live(&theirs);
    theirs.write(&wanted, &owner(), Some(&planned)).unwrap();
    module(root, &[("a", "y"), ("other", "x")]);
    fs::write(root.join("reviewed.tfplan"), kept).unwrap();
    let refused = terraform.write(&wanted, &owner(), Some(&newer));
    let Err(DeliveryError::Conflict { cause }) = refused else {
        panic!("{refused:?}")
    };
    assert!(cause.contains("Saved plan is stale"), "{cause}");
    assert_eq!(words(&live(&terraform)), ["create terraform_data.a"]);

    // An apply that was killed after its end is done.
    let reviewed = live(&terraform);
    let kept = fs::read(root.join("reviewed.tfplan")).unwrap();
    terraform.write(&wanted, &owner(), Some(&reviewed)).unwrap();
    fs::write(root.join("reviewed.tfplan"), kept).unwrap();
    terraform.write(&wanted, &owner(), Some(&reviewed)).unwrap();
    let now = terraform.read_one(&key()).unwrap().unwrap();
    assert_eq!(now.hash, wanted.hash());
}

#[test]
fn what_is_in_the_folder_is_what_was_built() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    module(root, &[("a", "x")]);
    let program = stand_in(root, "exit 3");
    let terraform = Terraform::new(settings(root, Some(program))).unwrap();
    let error = terraform
        .normalize(desired(json!({ "main.tf.json": { "resource": {} } })))
        .unwrap_err();
    insta::assert_snapshot!(error, @"cannot deliver Terraform root pagerduty: `main.tf.json` in its folder is not what was built: run `nthc build` first");
    let outside = desired(json!({ "../main.tf.json": {} }));
    assert!(terraform.normalize(outside).is_err());
    let mut other = desired(json!({}));
    other.key.name = "other".to_owned();
    assert!(terraform.normalize(other).is_err());
    // Nothing is run for a module that was not built, and none is ever destroyed.
    assert!(terraform.read(&owner(), &[]).unwrap().is_empty());
    let object = LiveObject::new(key(), Some(owner()), json!({ "changes": [] }));
    let error = terraform.delete(&object).unwrap_err();
    assert!(matches!(error, DeliveryError::Unsupported { .. }));
}

/// A program that stands for Terraform: `init` succeeds, and these lines decide on the rest.
fn stand_in(root: &Path, lines: &str) -> PathBuf {
    let path = root.join("terraform");
    let script = format!("#!/bin/sh\n[ \"$1\" = init ] && exit 0\n{lines}\n");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn failure(lines: &str) -> DeliveryError {
    let folder = tempfile::tempdir().unwrap();
    let program = stand_in(folder.path(), lines);
    let mut settings = settings(folder.path(), Some(program));
    settings.timeout = Duration::from_millis(1500);
    let terraform = Terraform::new(settings).unwrap();
    let error = terraform.read(&owner(), &[key()]).unwrap_err();
    let left: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".tfplan"))
        .collect();
    if lines.contains("exit 1") {
        assert!(left.is_empty(), "{left:?}");
    }
    error
}

#[test]
fn a_program_that_fails_is_an_error_in_its_own_words() {
    let unauthorized = failure(
        r#"[ "$1" = plan ] && { printf '╷\n│ Error: POST https://api.pagerduty.com/services: 401 \033[31mUnauthorized\n╵\n' >&2; exit 1; }"#,
    );
    insta::assert_snapshot!(unauthorized, @"terraform fails: Error: POST https://api.pagerduty.com/services: 401 [31mUnauthorized");
    let silent = failure("exit 1");
    insta::assert_snapshot!(silent, @"terraform fails: it reports no cause");
    let locked = failure("echo 'Error: Error acquiring the state lock' >&2; exit 1");
    assert!(matches!(locked, DeliveryError::Conflict { .. }));
    let page = failure(r#"[ "$1" = plan ] && exit 2; echo '<html>'"#);
    insta::assert_snapshot!(page, @"unexpected answer: `terraform show -json` writes no JSON");
    let newer = failure(r#"[ "$1" = plan ] && exit 2; echo '{"format_version":"9.0"}'"#);
    insta::assert_snapshot!(newer, @"unexpected answer: a plan of format `9.0`, which this nthc does not know");
    let errored =
        failure(r#"[ "$1" = plan ] && exit 2; echo '{"format_version":"1.0","errored":true}'"#);
    insta::assert_snapshot!(errored, @"terraform fails: the plan has errors");
    let slow = failure(r#"[ "$1" = plan ] && exec sleep 60"#);
    assert!(slow.is_transient(), "{slow}");

    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none");
    let error = Terraform::new(settings(&missing, Some("terraform".into()))).unwrap_err();
    assert!(matches!(error, DeliveryError::Io { .. }));
    let terraform = Terraform::new(settings(folder.path(), Some(missing))).unwrap();
    let error = terraform.read(&owner(), &[key()]).unwrap_err();
    assert!(matches!(error, DeliveryError::Program { .. }));
}
