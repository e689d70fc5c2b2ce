//! The configuration of Alertmanager: a real one, and a server that fails as one may.

use std::fs;
use std::path::Path;

use nth_delivery::destinations::alertmanager::{Alertmanager, AlertmanagerSettings, Reload};
use nth_delivery::{
    ApplyError, DeliveryError, DesiredObject, Destination, Health, ObjectKey, ObjectKind, Owner,
    Phase,
};
use serde_json::{Value, json};

use crate::deliver::{carry_out, deliver, plan};
use crate::owner;
use crate::programs::tools;
use crate::programs::{Running, fetch};
use crate::stub::{Fault, Response, Stub, patient_client};

fn key() -> ObjectKey {
    ObjectKey::new(ObjectKind::AlertmanagerConfig, "", "alertmanager.yml")
}

fn config(receiver: &str) -> DesiredObject {
    let content = json!({
        "alertmanager_config": {
            "templates": ["nthc.tmpl"],
            "route": { "receiver": receiver, "group_by": ["service"] },
            "receivers": [{
                "name": "payments",
                "webhook_configs": [{ "url": "http://127.0.0.1:9/hook" }],
                "pagerduty_configs": [{ "routing_key_file": "/secrets/key", "description": "{{ template \"nthc.title\" . }}" }],
            }],
        },
        "template_files": { "nthc.tmpl": "{{ define \"nthc.title\" }}{{ .CommonLabels.service }}{{ end }}\n" },
    });
    DesiredObject {
        key: key(),
        phase: Phase::Routes,
        content,
        services: Vec::new(),
    }
}

fn settings(folder: &Path) -> AlertmanagerSettings {
    AlertmanagerSettings {
        folder: folder.to_owned(),
        file: "alertmanager.yml".to_owned(),
        reload: Reload::Http,
    }
}

fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// An Alertmanager with the configuration of a folder.
fn start(folder: &Path) -> Option<Running> {
    let program = tools::find("alertmanager")?;
    let arguments = |port: u16| {
        vec![
            format!(
                "--config.file={}",
                folder.join("alertmanager.yml").display()
            ),
            format!("--storage.path={}", folder.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--cluster.listen-address=".to_owned(),
        ]
    };
    Some(Running::start(&program, arguments, |port| {
        fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some()
    }))
}

#[test]
fn a_real_alertmanager_loads_what_is_applied_and_keeps_what_it_cannot_load() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // It is adopted: Alertmanager does not start without a configuration.
    let by_hand = "route: { receiver: a }\nreceivers: [{ name: a, webhook_configs: [{ url: 'http://127.0.0.1:9/very-secret' }] }]\n";
    fs::write(folder.join("alertmanager.yml"), by_hand).unwrap();
    let Some(server) = start(folder) else { return };
    let client = patient_client(&format!("http://{}", server.address()));
    let alertmanager = Alertmanager::new(client, &settings(folder)).unwrap();
    let status = || fetch(&format!("http://{}/api/v2/status", server.address())).unwrap();

    let survey = plan(&alertmanager, &[config("payments")]);
    assert_eq!(survey.plan.foreign.len(), 1);
    assert!(survey.live[0].owner.is_none());
    assert!(!survey.live[0].content.to_string().contains("very-secret"));
    assert!(carry_out(&alertmanager, &survey).is_err());
    assert_eq!(text(folder, "alertmanager.yml"), by_hand);

    let live = alertmanager.read_one(&key()).unwrap();
    alertmanager
        .write(&survey.desired[0], &owner(), live.as_ref())
        .unwrap();
    let health = alertmanager.health(&[key()]).unwrap();
    assert_eq!(health[0].health, Health::Pending);
    alertmanager.finish().unwrap();
    let health = alertmanager.health(&[key()]).unwrap();
    assert_eq!(health[0].health, Health::Healthy);
    assert!(status().contains("payments"));
    let written = format!(
        "{}---\n{}",
        text(folder, "alertmanager.yml"),
        text(folder, "nthc.tmpl")
    );
    insta::assert_snapshot!(written);

    // The second time nothing is written.
    let survey = plan(&alertmanager, &[config("payments")]);
    assert!(survey.plan.operations.is_empty());
    assert_eq!(survey.plan.unchanged, 1);

    // Alertmanager's own words for what it cannot load; the files before are put back.
    let mut broken = config("nobody");
    broken.content["template_files"]["nthc.tmpl"] =
        "{{ define \"nthc.title\" }}changed{{ end }}\n".into();
    let survey = plan(&alertmanager, &[broken]);
    let failure = carry_out(&alertmanager, &survey).unwrap_err();
    let ApplyError::Delivery {
        error: DeliveryError::Rejected { cause },
        ..
    } = &failure.error
    else {
        panic!("{failure:?}")
    };
    assert!(cause.contains("undefined receiver \"nobody\""), "{cause}");
    assert!(
        cause.contains("put back: `alertmanager.yml`, `nthc.tmpl`"),
        "{cause}"
    );
    assert!(
        plan(&alertmanager, &[config("payments")])
            .plan
            .operations
            .is_empty()
    );
    let health = alertmanager.health(&[key()]).unwrap();
    assert_eq!(health[0].health, Health::Healthy);

    // A changed template alone is a change.
    let mut other = config("payments");
    other.content["template_files"]["nthc.tmpl"] =
        "{{ define \"nthc.title\" }}changed{{ end }}\n".into();
    assert_eq!(deliver(&alertmanager, &[other]).written, 1);
}

fn quiet() -> Stub {
    Stub::start(|request| match (request.method.as_str(), request.path()) {
        ("GET", "/metrics") => {
            Response::text(200, "alertmanager_config_last_reload_successful 1\n")
        }
        ("POST", "/-/reload") => Response::text(200, ""),
        _ => Response::text(404, "404 page not found"),
    })
}

#[test]
fn faults_of_the_server_leave_the_files_as_they_are_loaded() {
    for fault in Fault::ALL {
        let stub = quiet();
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let alertmanager = Alertmanager::new(stub.client(), &settings(folder)).unwrap();
        stub.fail("GET", "/metrics", fault);
        fault.check(&alertmanager.read(&owner(), &[]).unwrap_err());
        stub.fail("POST", "/-/reload", fault);
        alertmanager
            .write(&config("payments"), &owner(), None)
            .unwrap();
        let error = alertmanager.finish().unwrap_err();
        let is_there = folder.join("alertmanager.yml").exists();
        assert_eq!(is_there, folder.join("nthc.tmpl").exists(), "{fault:?}");
        assert_eq!(is_there, fault.is_transient(), "{fault:?}: {error}");
        if is_there {
            stub.recover();
            alertmanager.finish().unwrap();
        }
    }
}

#[test]
fn what_was_edited_or_is_not_ours_is_not_replaced() {
    let stub = quiet();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let alertmanager = Alertmanager::new(stub.client(), &settings(folder)).unwrap();
    // A template of someone else.
    fs::write(folder.join("nthc.tmpl"), "{{ define \"x\" }}{{ end }}\n").unwrap();
    let written = alertmanager.write(&config("payments"), &owner(), None);
    assert!(matches!(written, Err(DeliveryError::Unsupported { .. })));
    assert!(!folder.join("alertmanager.yml").exists());
    fs::remove_file(folder.join("nthc.tmpl")).unwrap();

    alertmanager
        .write(&config("payments"), &owner(), None)
        .unwrap();
    let live = alertmanager.read_one(&key()).unwrap().unwrap();
    assert_eq!(live.hash, config("payments").hash());
    // A template that was edited meanwhile.
    let template = text(folder, "nthc.tmpl");
    fs::write(
        folder.join("nthc.tmpl"),
        format!("{template}{{{{/* by hand */}}}}\n"),
    )
    .unwrap();
    let written = alertmanager.write(&config("other"), &owner(), Some(&live));
    assert!(matches!(written, Err(DeliveryError::Conflict { .. })));
    // Another project's.
    let live = alertmanager.read_one(&key()).unwrap();
    let other = Owner {
        project: "other".to_owned(),
        environment: None,
    };
    let written = alertmanager.write(&config("payments"), &other, live.as_ref());
    assert!(matches!(written, Err(DeliveryError::Unsupported { .. })));
    assert!(alertmanager.read(&other, &[]).unwrap().is_empty());
    assert!(alertmanager.delete(live.as_ref().unwrap()).is_err());
}

#[test]
fn a_configuration_with_a_secret_or_without_its_templates_is_refused() {
    let stub = quiet();
    let folder = tempfile::tempdir().unwrap();
    let alertmanager = Alertmanager::new(stub.client(), &settings(folder.path())).unwrap();
    assert_eq!(
        alertmanager.normalize(config("payments")).unwrap().hash(),
        config("payments").hash()
    );
    let mut secret = config("payments");
    secret.content["alertmanager_config"]["global"] =
        json!({ "smtp_auth_password": "very-secret" });
    let error = alertmanager.normalize(secret).unwrap_err();
    insta::assert_snapshot!(error, @"cannot deliver Alertmanager configuration alertmanager.yml: it contains an inline secret: name a file with it instead");
    let mut unnamed = config("payments");
    unnamed.content["template_files"] = json!({ "../other.tmpl": "x" });
    let error = alertmanager.normalize(unnamed).unwrap_err();
    insta::assert_snapshot!(error, @"cannot deliver Alertmanager configuration alertmanager.yml: the template `../other.tmpl` is not named in `templates`");
    let mut empty = config("payments");
    empty.content = Value::Null;
    assert!(alertmanager.normalize(empty).is_err());
    let mut elsewhere = config("payments");
    elsewhere.key.name = "other.yml".to_owned();
    assert!(alertmanager.normalize(elsewhere).is_err());
    let mut settings = settings(folder.path());
    settings.file = "../a.yml".to_owned();
    assert!(Alertmanager::new(stub.client(), &settings).is_err());
}
