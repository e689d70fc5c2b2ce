//! Dashboards and folders, by both APIs of the Grafana of the tests.

use std::collections::BTreeSet;

use nth_delivery::destinations::grafana::{Grafana, GrafanaSettings, folder_uid};
use nth_delivery::{
    Action, DeliveryError, DesiredObject, Destination, Health, ObjectKey, ObjectKind, Owner, Phase,
};
use serde_json::{Value, json};

use crate::deliver::{carry_out, deliver, plan, plan_adopting};
use crate::grafana_server::{Shared, mark, resource, start};
use crate::owner;
use crate::programs::tools::find_shared;
use crate::stub::{Fault, Stub};

fn settings() -> GrafanaSettings {
    GrafanaSettings {
        namespace: "default".to_owned(),
        organization: Some(1),
        owner: owner(),
    }
}

fn grafana(stub: &Stub) -> Grafana {
    Grafana::new(stub.client(), settings())
}

fn document(uid: &str, title: &str) -> Value {
    json!({
        "id": null, "uid": uid, "title": title, "tags": ["service:checkout"], "editable": false, "schemaVersion": 42,
        "time": { "from": "now-24h", "to": "now" }, "templating": { "list": [] }, "annotations": { "list": [] }, "links": [],
        "panels": [{ "id": 1, "type": "timeseries", "title": "Hit ratio", "gridPos": { "h": 8, "w": 12, "x": 0, "y": 0 }, "targets": [] }],
    })
}

fn dashboard(uid: &str, title: &str) -> DesiredObject {
    DesiredObject {
        key: ObjectKey::new(ObjectKind::Dashboard, folder_uid(&owner()), uid),
        phase: Phase::Dashboards,
        content: json!({ "dashboard": document(uid, title) }),
        services: Vec::new(),
    }
}

fn folder(title: &str) -> DesiredObject {
    DesiredObject {
        key: ObjectKey::new(ObjectKind::Folder, "", folder_uid(&owner())),
        phase: Phase::Dashboards,
        content: json!({ "title": title }),
        services: Vec::new(),
    }
}

fn key(uid: &str) -> ObjectKey {
    ObjectKey::new(ObjectKind::Dashboard, "", uid)
}

/// Puts a dashboard there by hand.
fn by_hand(store: &Shared, uid: &str, tags: &[String]) {
    let mut spec = document(uid, uid);
    spec["tags"] = json!(tags);
    store.lock().unwrap().put(false, uid, spec, "", "alice");
}

/// Everything that is there.
fn dump(store: &Shared) -> String {
    let store = store.lock().unwrap();
    format!("{:?}{:?}", store.dashboards, store.folders)
}

#[test]
fn dashboards_are_created_once_changed_and_deleted() {
    for is_new in [false, true] {
        let (stub, store) = start(is_new);
        let grafana = grafana(&stub);
        let all = [folder("Shop"), dashboard("a", "A"), dashboard("b", "B")];
        let applied = deliver(&grafana, &all);
        assert_eq!(applied.written, 3);
        assert!(
            applied
                .health
                .iter()
                .all(|one| one.health == Health::Healthy)
        );
        {
            let store = store.lock().unwrap();
            assert_eq!(store.dashboards["a"].folder, folder_uid(&owner()));
            assert_eq!(
                store.dashboards["a"].spec["tags"],
                json!([
                    "service:checkout",
                    mark("shop/production", "a")[0],
                    mark("shop/production", "a")[1]
                ])
            );
            assert_eq!(store.folders.len(), 1);
            check_schema(
                &store.dashboards["a"].spec,
                &resource("a", &store.dashboards["a"], false),
                is_new,
            );
        }

        // The second time nothing is written. Never is anything forced, or left to a dry run.
        let requests = stub.requests();
        assert!(
            requests
                .iter()
                .all(|request| !request.target.contains("dryRun"))
        );
        assert!(
            requests
                .iter()
                .all(|request| request.json()["overwrite"] != true)
        );
        assert_eq!(
            requests
                .iter()
                .any(|request| request.target.contains("/apis/dashboard")),
            is_new
        );
        // Another process knows nothing yet.
        let survey = plan(&self::grafana(&stub), &all);
        assert!(survey.plan.operations.is_empty(), "{:?}", survey.plan);
        assert_eq!(survey.plan.unchanged, 3);
        assert!(stub.writes().is_empty());

        // A change, a new title of the folder, a deletion.
        let next = [folder("Shop (production)"), dashboard("a", "A 2")];
        let survey = plan(&grafana, &next);
        assert_eq!(carry_out(&grafana, &survey).unwrap().written, 3);
        {
            let store = store.lock().unwrap();
            assert_eq!(store.dashboards.len(), 1);
            assert_eq!(store.dashboards["a"].version, 2);
            assert_eq!(store.dashboards["a"].spec["title"], "A 2");
            assert_eq!(
                store.folders[&folder_uid(&owner())].spec["title"],
                "Shop (production)"
            );
        }
        assert!(plan(&grafana, &next).plan.operations.is_empty());
    }
}

/// Checks what the server of the tests keeps and returns against Grafana's published schemas.
fn check_schema(spec: &Value, object: &Value, is_new: bool) {
    let Some(folder) = find_shared("grafana") else {
        return;
    };
    let check = |file: &str, definition: &str, value: &Value| {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let mut schema: Value = serde_json::from_str(&text).unwrap();
        schema["$ref"] = format!("#/definitions/{definition}").into();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{file}: {errors:?}");
    };
    let mut spec = spec.clone();
    // It is a number or missing there.
    spec.as_object_mut().unwrap().remove("id");
    check("dashboard.jsonschema.json", "Dashboard", &spec);
    if is_new {
        check("resource.jsonschema.json", "Manifest", object);
    }
}

#[test]
fn what_bears_no_mark_or_another_one_is_never_touched() {
    for is_new in [false, true] {
        let (stub, store) = start(is_new);
        let tags = |owners: &[&str], uid: &str| -> Vec<String> {
            let tags = owners.iter().flat_map(|owner| mark(owner, uid));
            tags.collect()
        };
        by_hand(&store, "hand", &[]);
        by_hand(&store, "tagged", &["nthc".to_owned()]);
        by_hand(&store, "other", &tags(&["other"], "other"));
        by_hand(&store, "staging", &tags(&["shop/staging"], "staging"));
        by_hand(&store, "both", &tags(&["shop/production", "other"], "both"));
        // Grafana keeps the tags of a copy.
        by_hand(&store, "copied", &tags(&["shop/production"], "original"));
        let before = dump(&store);
        let grafana = grafana(&stub);
        let names = ["hand", "tagged", "other", "staging", "both", "copied"];
        let wanted: Vec<DesiredObject> = names.iter().map(|name| dashboard(name, name)).collect();
        let survey = plan(&grafana, &wanted);
        assert_eq!(survey.plan.foreign.len(), 6, "{:?}", survey.plan);
        assert!(carry_out(&grafana, &survey).is_err());
        for object in &survey.desired {
            let mut object = object.clone();
            object.content["folder"] = "".into();
            let live = grafana.read_one(&object.key).unwrap().unwrap();
            // Creating needs that there is nothing.
            let created = grafana.write(&object, &owner(), None);
            assert!(
                matches!(created, Err(DeliveryError::Conflict { .. })),
                "{created:?}"
            );
            match &live.owner {
                Some(_) => assert!(grafana.write(&object, &owner(), Some(&live)).is_err()),
                None => assert!(grafana.delete(&live).is_err()),
            }
        }
        assert_eq!(dump(&store), before);
        // Read are those of the project.
        let read: Vec<String> = grafana
            .read(&owner(), &[])
            .unwrap()
            .into_iter()
            .map(|live| live.key.name)
            .collect();
        assert_eq!(read, ["staging"]);

        // Adopting is an operation of its own.
        let mut adopted = dashboard("hand", "hand");
        adopted.key.namespace.clear();
        let survey = plan_adopting(&grafana, &[adopted], &BTreeSet::from([key("hand")]));
        assert_eq!(survey.plan.operations[0].action, Action::Adopt);
        carry_out(&grafana, &survey).unwrap();
        let live = grafana.read_one(&key("hand")).unwrap().unwrap();
        assert!(live.is_owned_by(&owner()));
    }
}

#[test]
fn what_was_edited_meanwhile_is_kept_and_told() {
    for is_new in [false, true] {
        let (stub, store) = start(is_new);
        let grafana = grafana(&stub);
        let all = [folder("Shop"), dashboard("a", "A"), dashboard("b", "B")];
        deliver(&grafana, &all);
        let live = grafana.read_one(&key("a")).unwrap().unwrap();
        let live_folder = grafana.read_one(&folder("").key).unwrap().unwrap();
        // By hand, as the frontend saves: members that it does not know are dropped, tags stay.
        let mut edited = store.lock().unwrap().dashboards["a"].spec.clone();
        edited["title"] = "by hand".into();
        store.lock().unwrap().put(false, "a", edited, "", "alice");
        store.lock().unwrap().put(
            true,
            &folder_uid(&owner()),
            json!({ "title": "by hand" }),
            "",
            "alice",
        );
        let before = dump(&store);
        let change = grafana.normalize(dashboard("a", "A 2")).unwrap();
        let conflict = |result: Result<(), DeliveryError>| {
            assert!(
                matches!(result, Err(DeliveryError::Conflict { .. })),
                "{result:?}"
            );
        };
        conflict(grafana.write(&change, &owner(), Some(&live)));
        conflict(grafana.delete(&live));
        let title = grafana.normalize(folder("Other")).unwrap();
        conflict(grafana.write(&title, &owner(), Some(&live_folder)));
        conflict(grafana.write(&title, &owner(), None));
        conflict(grafana.delete(&live_folder));
        assert_eq!(dump(&store), before);

        // In a plan it is a change, with who did it; and where the server keeps annotations, drift.
        let survey = plan(&grafana, &all);
        let now = survey
            .live
            .iter()
            .find(|live| live.key == key("a"))
            .unwrap();
        let changed_by = now.changed_by.clone().unwrap();
        assert_eq!(changed_by.who.as_deref(), Some("alice"));
        assert!(changed_by.when.is_some());
        assert_eq!(survey.plan.operations.len(), 2);
        let drifted: Vec<&str> = survey
            .plan
            .drift
            .iter()
            .map(|drift| drift.key.name.as_str())
            .collect();
        assert_eq!(drifted.contains(&"a"), is_new, "{drifted:?}");

        // Deleted meanwhile: not created again by a change.
        let live = grafana.read_one(&key("b")).unwrap().unwrap();
        store.lock().unwrap().dashboards.remove("b");
        let change = grafana.normalize(dashboard("b", "B 2")).unwrap();
        conflict(grafana.write(&change, &owner(), Some(&live)));
        assert!(!store.lock().unwrap().dashboards.contains_key("b"));
        grafana.delete(&live).unwrap();
    }
}

#[test]
fn a_folder_with_someone_elses_dashboard_is_not_deleted() {
    for is_new in [false, true] {
        let (stub, store) = start(is_new);
        let grafana = grafana(&stub);
        let mut root = dashboard("root", "Root");
        root.key.namespace.clear();
        deliver(
            &grafana,
            &[folder("Shop"), dashboard("a", "A"), root.clone()],
        );
        let uid = folder_uid(&owner());
        store
            .lock()
            .unwrap()
            .put(false, "theirs", document("theirs", "Theirs"), &uid, "alice");
        let survey = plan(&grafana, std::slice::from_ref(&root));
        assert_eq!(survey.plan.deletions(), 2);
        let failure = carry_out(&grafana, &survey).unwrap_err();
        assert!(
            failure.error.to_string().contains("it is not empty"),
            "{}",
            failure.error
        );
        let names = |store: &Shared| -> Vec<String> {
            store.lock().unwrap().dashboards.keys().cloned().collect()
        };
        assert_eq!(names(&store), ["root", "theirs"]);
        // Once it is empty.
        store.lock().unwrap().dashboards.remove("theirs");
        assert_eq!(deliver(&grafana, &[root]).written, 1);
        assert!(store.lock().unwrap().folders.is_empty());
    }
}

#[test]
fn faults_change_nothing_and_a_lost_answer_is_no_second_write() {
    for is_new in [false, true] {
        for fault in Fault::ALL {
            let (stub, store) = start(is_new);
            for path in ["/api/org", "/apis", "/api/search"] {
                let fresh = grafana(&stub);
                stub.fail("GET", path, fault);
                let read = fresh.read(&owner(), &[]);
                // An older Grafana does not know this path.
                let is_older = path == "/apis" && matches!(fault, Fault::NotFound | Fault::Html);
                match read {
                    Ok(live) => assert!(is_older && live.is_empty(), "{fault:?} {path}"),
                    Err(error) => fault.check(&error),
                }
            }
            stub.recover();
            let grafana = grafana(&stub);
            deliver(&grafana, &[folder("Shop"), dashboard("a", "A")]);
            let before = dump(&store);
            let live = grafana.read_one(&key("a")).unwrap().unwrap();
            let change = grafana.normalize(dashboard("a", "A 2")).unwrap();
            let read_path = if is_new { "/dashboards/a" } else { "/uid/a" };
            stub.fail("GET", read_path, fault);
            fault.check(&grafana.read_one(&key("a")).unwrap_err());
            fault.check(&grafana.health(&[key("a")]).unwrap_err());
            let (method, part) = if is_new {
                ("PUT", "/dashboards/a")
            } else {
                ("POST", "/dashboards/db")
            };
            stub.fail(method, part, fault);
            stub.requests();
            fault.check(&grafana.write(&change, &owner(), Some(&live)).unwrap_err());
            assert_eq!(stub.writes().len(), 1, "nothing is repeated here");
            stub.fail("DELETE", "", fault);
            fault.check(&grafana.delete(&live).unwrap_err());
            assert_eq!(dump(&store), before, "{fault:?}");
        }
        // The answer is lost, and the write is done: an apply finds it so.
        let (stub, store) = start(is_new);
        let grafana = grafana(&stub);
        let (method, part) = if is_new {
            ("POST", "/dashboards")
        } else {
            ("POST", "/dashboards/db")
        };
        stub.fail(method, part, Fault::LostAfter);
        let mut root = dashboard("a", "A");
        root.key.namespace.clear();
        let applied = deliver(&grafana, &[root]);
        assert_eq!(applied.written, 1);
        assert_eq!(store.lock().unwrap().dashboards["a"].version, 1);
    }
}

#[test]
fn what_grafana_refuses_is_said_in_its_words() {
    for is_new in [false, true] {
        let (stub, store) = start(is_new);
        let grafana = grafana(&stub);
        // A folder that does not exist.
        let lonely = grafana.normalize(dashboard("a", "A")).unwrap();
        let error = grafana.write(&lonely, &owner(), None).unwrap_err();
        assert_eq!(error.to_string(), "the server rejects it: folder not found");
        // The same title.
        let mut root = dashboard("a", "hand");
        root.key.namespace.clear();
        let root = grafana.normalize(root).unwrap();
        by_hand(&store, "hand", &[]);
        if !is_new {
            let error = grafana.write(&root, &owner(), None).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the server rejects it: A dashboard with the same name in the folder already exists"
            );
        }
        store.lock().unwrap().dashboards.clear();
        // What something else manages.
        grafana.write(&root, &owner(), None).unwrap();
        {
            let mut store = store.lock().unwrap();
            let stored = store.dashboards.get_mut("a").unwrap();
            stored.is_provisioned = true;
            stored
                .annotations
                .insert("grafana.app/managedBy".to_owned(), "repo".into());
        }
        let live = grafana.read_one(&key("a")).unwrap().unwrap();
        let error = grafana.write(&root, &owner(), Some(&live)).unwrap_err();
        let manager = if is_new { "repo" } else { "provisioning files" };
        assert_eq!(
            error.to_string(),
            format!("cannot deliver dashboard a: in Grafana it is managed by {manager}")
        );
        assert!(grafana.delete(&live).is_err());
        // What the newer API cannot convert.
        store
            .lock()
            .unwrap()
            .dashboards
            .get_mut("a")
            .unwrap()
            .is_unconvertible = true;
        assert_eq!(grafana.read_one(&key("a")).is_err(), is_new);
        // An account that may only look.
        store.lock().unwrap().dashboards.clear();
        store.lock().unwrap().is_viewer = true;
        let error = grafana.write(&root, &owner(), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not allowed: 403: You'll need additional permissions to perform this action."
        );
    }
    // Another organization.
    let (stub, store) = start(true);
    store.lock().unwrap().organization = 2;
    let error = grafana(&stub).read(&owner(), &[]).unwrap_err();
    assert_eq!(error.to_string(), "expected tenant `1`, found `2`");
    // A path below Grafana's that is its page.
    let client = crate::stub::client(&format!("{}/grafana", stub.url()));
    let error = Grafana::new(client, settings())
        .read(&owner(), &[])
        .unwrap_err();
    assert!(
        matches!(error, DeliveryError::NotTheApi { .. }),
        "{error:?}"
    );
}

#[test]
fn names_and_contents_that_grafana_cannot_hold_are_refused() {
    let (stub, store) = start(true);
    let target = grafana(&stub);
    for uid in ["", "a b", "a/b", &"x".repeat(41)] {
        assert!(target.normalize(dashboard(uid, "A")).is_err(), "{uid}");
        assert!(target.read_one(&key(uid)).is_err(), "{uid}");
    }
    let mut other = dashboard("a", "A");
    other.content["dashboard"]["uid"] = "b".into();
    assert!(target.normalize(other).is_err());
    let mut empty = dashboard("a", "A");
    empty.content = json!({});
    assert!(target.normalize(empty).is_err());
    let mut elsewhere = folder("Shop");
    elsewhere.key.name = "shop".to_owned();
    let error = target.normalize(elsewhere).unwrap_err();
    assert!(error.to_string().contains(&folder_uid(&owner())), "{error}");
    assert!(target.normalize(folder("")).is_err());
    let mut rules = dashboard("a", "A");
    rules.key.kind = ObjectKind::RuleFile;
    assert!(target.normalize(rules).is_err());

    // An owner that is too long for a tag is known by its hash, also where annotations are not kept.
    store.lock().unwrap().keeps_annotations = false;
    let long = Owner {
        project: "p".repeat(60),
        environment: None,
    };
    let grafana = Grafana::new(
        stub.client(),
        GrafanaSettings {
            owner: long.clone(),
            ..settings()
        },
    );
    let mut root = dashboard("a", "A");
    root.key.namespace.clear();
    let object = grafana.normalize(root).unwrap();
    grafana.write(&object, &long, None).unwrap();
    let live = grafana.read_one(&key("a")).unwrap().unwrap();
    assert!(live.is_owned_by(&long));
    assert_eq!(live.hash, object.hash());
    assert_eq!(live.applied, None);
    assert_eq!(grafana.read(&long, &[]).unwrap().len(), 1);
    assert!(grafana.lease_store().is_none());
    // To others it is someone else's.
    let seen = target.read_one(&key("a")).unwrap().unwrap();
    assert!(seen.owner.is_some_and(|found| found != owner()));
}

#[test]
fn ours_are_found_behind_thousands_of_others() {
    let (stub, store) = start(false);
    for number in 0..5_001 {
        let uid = format!("a{number}");
        by_hand(&store, &uid, &mark("other", &uid));
    }
    by_hand(&store, "ours", &mark("shop/production", "ours"));
    stub.requests();
    let read = grafana(&stub).read(&owner(), &[]).unwrap();
    assert_eq!(read.len(), 1);
    assert!(read[0].is_owned_by(&owner()));
    // Those of others are not read one by one.
    let requests = stub.requests();
    assert_eq!(requests.len(), 6, "{requests:?}");
}
