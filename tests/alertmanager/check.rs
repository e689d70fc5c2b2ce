//! What is written is what Alertmanager takes, whatever names and texts there are.

use std::path::Path;
use std::process::Command;

use crate::projects::{Modeled, build, files, hostile, single_with};
use crate::tools;

fn accepts(amtool: &Path, file: &Path) {
    let output = Command::new(amtool)
        .arg("check-config")
        .arg(file)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    // The template file is one that is found beside it.
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains(" - 1 templates"), "{told}");
}

#[test]
fn every_example_is_accepted() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let mut checked = 0;
    for arguments in [
        &["--project", "shop"][..],
        &["--project", "platform"],
        &["checkout.nth"],
    ] {
        let built = build(arguments);
        let configurations = files(built.path()).into_keys();
        for path in configurations.filter(|path| path.ends_with("alertmanager.yml")) {
            accepts(&amtool, &path);
            checked += 1;
        }
    }
    // The shop and its platform have two environments each.
    assert_eq!(checked, 5);
}

#[test]
fn hostile_names_are_accepted_as_they_are() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let project = hostile();
    let file = project.write(folder.path());
    accepts(&amtool, &file);
    let text = std::fs::read_to_string(&file).unwrap();
    let document: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
    let receivers = document["receivers"].as_sequence().unwrap();
    let channels: Vec<&str> = receivers
        .iter()
        .filter_map(|receiver| receiver["slack_configs"].as_sequence())
        .flatten()
        .map(|slack| slack["channel"].as_str().unwrap())
        .collect();
    assert!(channels.contains(&r##"#{{ "{{" }} .CommonLabels.team }} & <!channel>"##));
    assert!(channels.contains(&r#"{{ "{{" }} template "nope" }}{{ "{" }}"#));
    let keys: Vec<&str> = receivers
        .iter()
        .filter_map(|receiver| receiver["pagerduty_configs"].as_sequence())
        .flatten()
        .map(|config| config["routing_key_file"].as_str().unwrap())
        .collect();
    assert!(keys.contains(&"/etc/{{ .X }}/key: #1"), "{keys:?}");
    assert!(keys.iter().all(|key| !key.contains("..")), "{keys:?}");
}

#[test]
fn hostile_mail_is_accepted_as_it_is() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let mut settings = nthc::project::default_settings("shop");
    let target = &mut settings.alertmanager;
    target.smarthost = Some("mail.example.com:587".to_owned());
    target.from = Some("Alerts {{ .X }} <alerts@example.com>".to_owned());
    target.username = Some("yes".to_owned());
    target.require_tls = false;
    let source = "team t { email = \"a@example.com\" }\n";
    let project = single_with(source, settings);
    let folder = tempfile::tempdir().unwrap();
    accepts(&amtool, &project.write(folder.path()));
    let text = project.file("alertmanager.yml");
    let document: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
    let global = &document["global"];
    assert_eq!(global["smtp_auth_username"].as_str(), Some("yes"));
    assert_eq!(
        global["smtp_from"].as_str(),
        Some(r#"Alerts {{ "{{" }} .X }} <alerts@example.com>"#)
    );
    assert_eq!(global["smtp_require_tls"].as_bool(), Some(false));
}

#[test]
fn a_build_is_the_same_every_time() {
    let first = Modeled::example("shop", Some("production"));
    let again = Modeled::example("shop", Some("production"));
    assert_eq!(first.files(), again.files());
    let mut turned = Modeled::example("shop", Some("production"));
    turned.services.reverse();
    turned.teams.reverse();
    assert_eq!(first.files(), turned.files());
}

#[test]
fn the_files_of_a_small_project() {
    let project = single_with(
        include_str!("small.nth"),
        nthc::project::default_settings("small"),
    );
    for file in project.files() {
        let name = file.path.replace('/', "_");
        insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, file.contents);
        });
    }
}
