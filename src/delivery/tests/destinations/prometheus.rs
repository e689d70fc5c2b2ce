//! Rule files: a real Prometheus, and a server that fails as one may.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use nth_delivery::destinations::prometheus::{Evaluator, Prometheus, PrometheusSettings, Reload};
use nth_delivery::{
    Action, ApplyError, DeliveryError, DesiredObject, Destination, Health, Lease, ObjectKey,
    ObjectKind, Owner, Phase,
};
use serde_json::{Value, json};

use crate::deliver::{carry_out, deliver, plan, plan_adopting};
use crate::owner;
use crate::programs::{Running, fetch, find};
use crate::stub::{Fault, Response, Stub, patient_client};

fn key(name: &str) -> ObjectKey {
    ObjectKey::new(ObjectKind::RuleFile, "", name)
}

fn rules(name: &str, group: &str, expr: &str) -> DesiredObject {
    let content = json!({ "groups": [{
        "name": group,
        "interval": "1s",
        "rules": [
            { "record": "job:up:sum", "expr": expr },
            { "alert": "Down", "expr": "up == 0", "for": "1m", "labels": { "severity": "page" } },
        ],
    }] });
    DesiredObject {
        key: key(name),
        phase: Phase::Recordings,
        content,
        services: vec!["checkout".to_owned()],
    }
}

pub fn settings(folder: &Path) -> PrometheusSettings {
    PrometheusSettings {
        folder: folder.to_owned(),
        reload: Reload::Http,
        evaluator: Evaluator::Prometheus,
    }
}

/// A Prometheus that loads the rules of a folder.
fn start(folder: &Path, rules: &Path) -> Option<Running> {
    let program = find(&["prometheus"])?;
    let config = folder.join("prometheus.yml");
    let text = format!(
        "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [\"{}/*.yaml\"]\n",
        rules.display()
    );
    fs::write(&config, text).unwrap();
    let arguments = |port: u16| {
        vec![
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--web.enable-lifecycle".to_owned(),
        ]
    };
    Some(Running::start(&program, arguments, |port| {
        fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some()
    }))
}

pub fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn names(folder: &Path) -> Vec<String> {
    files(folder).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_real_prometheus_loads_what_is_applied_and_keeps_what_it_cannot_load() {
    let folder = tempfile::tempdir().unwrap();
    let rules_folder = folder.path().join("rules");
    fs::create_dir(&rules_folder).unwrap();
    let foreign =
        "# by hand\ngroups: [{ name: hand, rules: [{ record: a:b, expr: vector(1) }] }]\n";
    fs::write(rules_folder.join("hand.yaml"), foreign).unwrap();
    let Some(server) = start(folder.path(), &rules_folder) else {
        return;
    };
    let client = patient_client(&format!("http://{}", server.address()));
    let prometheus = Prometheus::new(client, &settings(&rules_folder)).unwrap();

    // Creation, until the rules are evaluated.
    let desired = [
        rules("checkout.yaml", "checkout", "vector(2)"),
        rules("search.yaml", "search", "vector(1)"),
    ];
    let applied = deliver(&prometheus, &desired);
    assert_eq!(applied.written, 2);
    assert!(
        applied
            .health
            .iter()
            .all(|one| one.health == Health::Healthy)
    );
    let text = fs::read_to_string(rules_folder.join("checkout.yaml")).unwrap();
    insta::assert_snapshot!(text);

    // The second time nothing is written, and nothing is reloaded.
    let before = prometheus.read_one(&key("checkout.yaml")).unwrap().unwrap();
    let survey = plan(&prometheus, &desired);
    assert!(survey.plan.operations.is_empty());
    assert_eq!(survey.plan.unchanged, 2);

    // Rules that cannot be loaded: the files before are put back, and are what the server has.
    let broken = [
        rules("checkout.yaml", "checkout", "sum(up"),
        rules("new.yaml", "new", "vector(1)"),
    ];
    let survey = plan(&prometheus, &broken);
    let failure = carry_out(&prometheus, &survey).unwrap_err();
    let ApplyError::Delivery {
        error: DeliveryError::Rejected { cause },
        ..
    } = &failure.error
    else {
        panic!("{failure:?}")
    };
    assert!(cause.contains("failed to reload config"), "{cause}");
    assert!(
        cause.contains("put back: `checkout.yaml`, `new.yaml`"),
        "{cause}"
    );
    assert_eq!(
        names(&rules_folder),
        ["checkout.yaml", "hand.yaml", "search.yaml"]
    );
    let after = prometheus.read_one(&key("checkout.yaml")).unwrap().unwrap();
    assert_eq!(after.version, before.version);
    let health = prometheus
        .health(&[key("checkout.yaml"), key("none.yaml")])
        .unwrap();
    assert_eq!(health[0].health, Health::Healthy);
    assert!(matches!(health[1].health, Health::Failing { .. }));

    // Rules that are loaded and fail when they are evaluated.
    let failing = rules(
        "search.yaml",
        "search",
        "vector(1) + on() (vector(1) or label_replace(vector(1), \"a\", \"b\", \"\", \"\"))",
    );
    let survey = plan(&prometheus, &[desired[0].clone(), failing]);
    let failure = carry_out(&prometheus, &survey).unwrap_err();
    let ApplyError::Failing { error, .. } = &failure.error else {
        panic!("{failure:?}")
    };
    assert!(error.starts_with("job:up:sum: "), "{error}");
    assert!(error.contains("many-to-many"), "{error}");

    // Rules that are evaluated and record nothing.
    let mut nothing = rules("search.yaml", "search", "up{job=\"none\"}");
    nothing.content["groups"][0]["rules"][0]["record"] = "job:up:none".into();
    let applied = deliver(&prometheus, &[desired[0].clone(), nothing]);
    assert_eq!(applied.health[0].health, Health::NoData);

    // Deletion. What is not ours is as it was.
    let applied = deliver(&prometheus, &desired[..1]);
    assert_eq!(applied.written, 1);
    assert_eq!(names(&rules_folder), ["checkout.yaml", "hand.yaml"]);
    assert_eq!(
        fs::read_to_string(rules_folder.join("hand.yaml")).unwrap(),
        foreign
    );
    let loaded = fetch(&format!("http://{}/api/v1/rules", server.address())).unwrap();
    assert!(loaded.contains("hand.yaml") && loaded.contains("checkout.yaml"));
    assert!(!loaded.contains("search.yaml"));

    // A run that was killed between the write and the reload.
    let client = patient_client(&format!("http://{}", server.address()));
    let killed = Prometheus::new(client, &settings(&rules_folder)).unwrap();
    let changed = rules("checkout.yaml", "checkout", "sum(up) + 1");
    let before = killed.read_one(&changed.key).unwrap();
    killed.write(&changed, &owner(), before.as_ref()).unwrap();
    drop(killed);
    let health = prometheus.health(&[key("checkout.yaml")]).unwrap();
    assert_eq!(health[0].health, Health::Pending);
    prometheus.finish().unwrap();
    let loaded = fetch(&format!("http://{}/api/v1/rules", server.address())).unwrap();
    assert!(loaded.contains("sum(up) + 1"));
}

/// A server that reports what a Prometheus reports of its reloads, and has no rules.
pub fn quiet() -> (Stub, Arc<Mutex<bool>>) {
    let is_good = Arc::new(Mutex::new(true));
    let state = is_good.clone();
    let stub = Stub::start(
        move |request| match (request.method.as_str(), request.path()) {
            ("GET", "/metrics") => {
                let success = u8::from(*state.lock().unwrap());
                Response::text(
                    200,
                    &format!("prometheus_config_last_reload_successful {success}\n"),
                )
            }
            ("GET", "/api/v1/rules") => Response::json(
                200,
                &json!({ "status": "success", "data": { "groups": null } }),
            ),
            ("POST", "/-/reload") => Response::text(200, ""),
            _ => Response::text(404, "404 page not found"),
        },
    );
    (stub, is_good)
}

#[test]
fn what_is_not_the_servers_answer_is_an_error() {
    let (stub, _) = quiet();
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::new(stub.client(), &settings(folder.path())).unwrap();
    for fault in Fault::ALL {
        stub.fail("GET", "/metrics", fault);
        fault.check(&prometheus.read(&owner(), &[]).unwrap_err());
        stub.fail("GET", "/api/v1/rules", fault);
        fault.check(&prometheus.health(&[]).unwrap_err());
    }
    stub.recover();
    assert!(prometheus.read(&owner(), &[]).unwrap().is_empty());
    // Alertmanager at this URL.
    let other =
        Stub::start(|_| Response::text(200, "alertmanager_config_last_reload_successful 1\n"));
    let wrong = Prometheus::new(other.client(), &settings(folder.path())).unwrap();
    let error = wrong.read(&owner(), &[]).unwrap_err();
    insta::assert_snapshot!(error, @"expected the API, found metrics without `prometheus_config_last_reload_successful`");
}

#[test]
fn files_are_as_before_unless_it_is_unknown_whether_they_are_loaded() {
    for fault in Fault::ALL {
        let (stub, _) = quiet();
        let folder = tempfile::tempdir().unwrap();
        let prometheus = Prometheus::new(stub.client(), &settings(folder.path())).unwrap();
        prometheus
            .write(&rules("a.yaml", "a", "vector(1)"), &owner(), None)
            .unwrap();
        prometheus.finish().unwrap();
        let before = files(folder.path());

        let live = prometheus.read_one(&key("a.yaml")).unwrap();
        prometheus
            .write(&rules("a.yaml", "a", "vector(2)"), &owner(), live.as_ref())
            .unwrap();
        prometheus
            .write(&rules("b.yaml", "b", "vector(2)"), &owner(), None)
            .unwrap();
        let written = files(folder.path());
        stub.fail("POST", "/-/reload", fault);
        let error = prometheus.finish().unwrap_err();
        if fault != Fault::Html {
            fault.check(&error);
        }
        if fault.is_transient() {
            assert_eq!(files(folder.path()), written, "{fault:?}");
            stub.recover();
            prometheus.finish().unwrap();
            assert_eq!(files(folder.path()), written, "{fault:?}");
        } else {
            assert_eq!(files(folder.path()), before, "{fault:?}: {error}");
        }
    }
}

#[test]
fn a_refused_reload_does_not_undo_what_someone_else_did() {
    let (stub, is_good) = quiet();
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::new(stub.client(), &settings(folder.path())).unwrap();
    for name in ["a.yaml", "b.yaml"] {
        prometheus
            .write(&rules(name, name, "vector(1)"), &owner(), None)
            .unwrap();
    }
    fs::write(folder.path().join("b.yaml"), "groups: []\n").unwrap();
    *is_good.lock().unwrap() = false;
    let error = prometheus.finish().unwrap_err();
    insta::assert_snapshot!(error, @"the server rejects it: the reload failed (put back: `a.yaml`; edited meanwhile, left as it is: `b.yaml`)");
    assert_eq!(
        files(folder.path()),
        [("b.yaml".to_owned(), "groups: []\n".to_owned())]
    );
}

#[test]
fn what_bears_no_mark_or_another_one_is_never_touched() {
    let (stub, _) = quiet();
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::new(stub.client(), &settings(folder.path())).unwrap();
    let other = Owner {
        project: "other".to_owned(),
        environment: None,
    };
    let staging = Owner {
        environment: Some("staging".to_owned()),
        ..owner()
    };
    prometheus
        .write(&rules("other.yaml", "o", "vector(1)"), &other, None)
        .unwrap();
    prometheus
        .write(&rules("staging.yaml", "s", "vector(1)"), &staging, None)
        .unwrap();
    fs::write(folder.path().join("hand.yaml"), "groups: []\n").unwrap();
    fs::write(
        folder.path().join("notes.txt"),
        "# nthc: {\"project\":\"shop\"}\n",
    )
    .unwrap();
    prometheus
        .write(&rules("mine.yaml", "m", "vector(1)"), &owner(), None)
        .unwrap();
    // A copy by hand is not ours.
    let mine = folder.path().join("mine.yaml");
    fs::rename(mine, folder.path().join("mine-old.yaml")).unwrap();
    std::os::unix::fs::symlink("hand.yaml", folder.path().join("link.yaml")).unwrap();
    let before = files(folder.path());

    // Read are those of the project, and what is wanted.
    let read = |wanted: &[ObjectKey]| -> Vec<String> {
        let live = prometheus.read(&owner(), wanted).unwrap();
        live.into_iter().map(|live| live.key.name).collect()
    };
    assert_eq!(read(&[]), ["staging.yaml"]);
    assert_eq!(
        read(&[key("hand.yaml"), key("none.yaml")]),
        ["hand.yaml", "staging.yaml"]
    );

    // Nothing is planned for them, also with an empty source.
    let mine = rules("mine.yaml", "m", "vector(1)");
    let survey = plan(
        &prometheus,
        &[
            mine.clone(),
            rules("hand.yaml", "h", "vector(1)"),
            rules("other.yaml", "h", "vector(1)"),
            rules("link.yaml", "h", "vector(1)"),
        ],
    );
    let foreign: BTreeSet<&str> = survey
        .plan
        .foreign
        .iter()
        .map(|one| one.key.name.as_str())
        .collect();
    assert_eq!(
        foreign,
        BTreeSet::from(["hand.yaml", "other.yaml", "link.yaml"])
    );
    assert!(carry_out(&prometheus, &survey).is_err());
    assert_eq!(files(folder.path()), before);

    // And each is refused once more where it would be written.
    for name in ["other.yaml", "staging.yaml", "link.yaml", "hand.yaml"] {
        let live = prometheus.read_one(&key(name)).unwrap().unwrap();
        let written = prometheus.write(&rules(name, "x", "vector(2)"), &owner(), None);
        assert!(
            matches!(written, Err(DeliveryError::Conflict { .. })),
            "{name}"
        );
        if name != "hand.yaml" {
            assert!(
                prometheus
                    .write(&rules(name, "x", "vector(2)"), &owner(), Some(&live))
                    .is_err(),
                "{name}"
            );
        } else {
            assert!(prometheus.delete(&live).is_err());
        }
    }
    assert_eq!(files(folder.path()), before);

    // Adopting by name is an operation of its own.
    let adopt = BTreeSet::from([key("hand.yaml")]);
    let survey = plan_adopting(&prometheus, &[rules("hand.yaml", "h", "vector(1)")], &adopt);
    assert_eq!(survey.plan.operations[0].action, Action::Adopt);
    let live = prometheus.read_one(&key("hand.yaml")).unwrap();
    prometheus
        .write(&survey.desired[0], &owner(), live.as_ref())
        .unwrap();
    let now = prometheus.read_one(&key("hand.yaml")).unwrap().unwrap();
    assert!(now.is_owned_by(&owner()));
}

#[test]
fn a_file_that_was_edited_meanwhile_is_not_replaced() {
    let (stub, _) = quiet();
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::new(stub.client(), &settings(folder.path())).unwrap();
    let path = folder.path().join("a.yaml");
    prometheus
        .write(&rules("a.yaml", "a", "vector(1)"), &owner(), None)
        .unwrap();
    let live = prometheus.read_one(&key("a.yaml")).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    // What was written is in the mark, so an edit is drift without a journal.
    fs::write(&path, text.replace("severity: page", "severity: ticket")).unwrap();
    let survey = plan(&prometheus, &[rules("a.yaml", "a", "vector(1)")]);
    assert_eq!(survey.plan.drift.len(), 1);
    assert_eq!(survey.plan.operations[0].action, Action::Change);
    // A comment only: the content is the same, and the file is not.
    fs::write(&path, format!("{text}# by hand\n")).unwrap();
    let edited = files(folder.path());
    let change = rules("a.yaml", "a", "vector(2)");
    let written = prometheus.write(&change, &owner(), live.as_ref());
    assert!(matches!(written, Err(DeliveryError::Conflict { .. })));
    let deleted = prometheus.delete(live.as_ref().unwrap());
    assert!(matches!(deleted, Err(DeliveryError::Conflict { .. })));
    assert_eq!(files(folder.path()), edited);
    fs::remove_file(&path).unwrap();
    let written = prometheus.write(&change, &owner(), live.as_ref());
    assert!(matches!(written, Err(DeliveryError::Conflict { .. })));
    prometheus.delete(live.as_ref().unwrap()).unwrap();
    assert!(files(folder.path()).is_empty());
    // Permissions stay.
    prometheus.write(&change, &owner(), None).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let live = prometheus.read_one(&key("a.yaml")).unwrap();
    prometheus
        .write(&rules("a.yaml", "a", "vector(3)"), &owner(), live.as_ref())
        .unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[test]
fn names_and_contents_that_are_no_rule_files_are_refused() {
    let (stub, _) = quiet();
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::new(stub.client(), &settings(folder.path())).unwrap();
    for name in [
        "../a.yaml",
        "a/b.yaml",
        ".a.yaml",
        "a.txt",
        "",
        "/etc/a.yaml",
    ] {
        let object = rules(name, "a", "vector(1)");
        assert!(prometheus.normalize(object.clone()).is_err(), "{name}");
        assert!(prometheus.write(&object, &owner(), None).is_err(), "{name}");
        assert!(prometheus.read_one(&object.key).is_err(), "{name}");
    }
    let mut object = rules("a.yaml", "a", "vector(1)");
    object.content = Value::from("groups");
    assert!(prometheus.normalize(object).is_err());
    assert!(Prometheus::new(stub.client(), &settings(&folder.path().join("none"))).is_err());
}

#[test]
fn two_runs_do_not_hold_the_lease_of_a_folder_at_once() {
    let (stub, _) = quiet();
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::new(stub.client(), &settings(folder.path())).unwrap();
    let store = prometheus.lease_store().unwrap();
    let lease = |owner: &Owner, token: &str, expires: &str| Lease {
        owner: owner.clone(),
        holder: "a test".to_owned(),
        token: token.to_owned(),
        expires: expires.parse().unwrap(),
    };
    let first = lease(&owner(), "1", "2026-03-01T10:00:00Z");
    let second = lease(&owner(), "2", "2026-03-01T11:00:00Z");
    assert_eq!(store.read_lease(&owner()).unwrap(), None);
    store.replace_lease(&owner(), None, Some(&first)).unwrap();
    let taken = store.replace_lease(&owner(), None, Some(&second));
    assert!(matches!(taken, Err(DeliveryError::Conflict { .. })));
    assert_eq!(store.read_lease(&owner()).unwrap(), Some(first.clone()));
    // Another owner's is another one.
    let staging = Owner {
        environment: None,
        ..owner()
    };
    let other = lease(&staging, "3", "2026-03-01T10:00:00Z");
    store.replace_lease(&staging, None, Some(&other)).unwrap();
    // Taken over once it has expired, by one of two.
    let third = lease(&owner(), "4", "2026-03-01T12:00:00Z");
    store
        .replace_lease(&owner(), Some(&first), Some(&second))
        .unwrap();
    let late = store.replace_lease(&owner(), Some(&first), Some(&third));
    assert!(matches!(late, Err(DeliveryError::Conflict { .. })));
    let late = store.replace_lease(&owner(), Some(&first), None);
    assert!(matches!(late, Err(DeliveryError::Conflict { .. })));
    store.replace_lease(&owner(), Some(&second), None).unwrap();
    assert_eq!(store.read_lease(&owner()).unwrap(), None);
    assert_eq!(names(folder.path()).len(), 1, "the other owner's");
    // No lease is a rule file.
    assert!(prometheus.read(&owner(), &[]).unwrap().is_empty());

    // Many at once: one takes it.
    let winners: usize = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|number| {
                let lease = lease(&owner(), &number.to_string(), "2026-03-01T10:00:00Z");
                scope.spawn(move || store.replace_lease(&owner(), None, Some(&lease)).is_ok())
            })
            .collect();
        runs.into_iter()
            .map(|run| usize::from(run.join().unwrap()))
            .sum()
    });
    assert_eq!(winners, 1);
}

#[test]
fn thanos_is_asked_by_its_own_metrics_and_a_watched_folder_is_not_reloaded() {
    let stub = Stub::start(|request| match request.path() {
        "/metrics" => Response::text(200, "thanos_rule_config_last_reload_successful 1\n"),
        "/api/v1/rules" => Response::json(200, &json!({ "data": { "groups": [] } })),
        _ => Response::text(404, ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let settings = PrometheusSettings {
        folder: folder.path().to_owned(),
        reload: Reload::Elsewhere,
        evaluator: Evaluator::Thanos,
    };
    let thanos = Prometheus::new(stub.client(), &settings).unwrap();
    thanos
        .write(&rules("a.yaml", "a", "vector(1)"), &owner(), None)
        .unwrap();
    thanos.finish().unwrap();
    assert!(stub.writes().is_empty());
    // Until the sidecar has seen it.
    let health = thanos.health(&[key("a.yaml")]).unwrap();
    assert_eq!(health[0].health, Health::Pending);
}
