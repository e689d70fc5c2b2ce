//! Alertmanager's configuration in a real Cortex.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use nth_delivery::destinations::alertmanager_api::AlertmanagerApi;
use nth_delivery::{
    Clock as _, DeliveryError, DesiredObject, Destination, Health, ObjectKey, Owner, Phase,
    RetryPolicy, SourceState, Survey, SystemClock,
};
use serde_json::{Value, json};

use crate::proxy::Trouble;
use crate::server::{Server, Tenant};
use crate::support::world::{Run, World, folder, look, look_with, owner, plan_of};

/// The Alertmanager of a tenant.
struct Routes<'a> {
    tenant: &'a Tenant,
    api: AlertmanagerApi,
}

impl World for Routes<'_> {
    fn destination(&self) -> &dyn Destination {
        &self.api
    }

    fn put(&self, _: &ObjectKey, _: Option<&Owner>, content: &Value) {
        let (status, text) = self
            .tenant
            .send("POST", "/api/v1/alerts", &content.to_string());
        assert_eq!(status, 201, "{text}");
    }

    fn remove(&self, _: &ObjectKey) {
        assert_eq!(self.tenant.send("DELETE", "/api/v1/alerts", "").0, 200);
    }

    fn dump(&self) -> BTreeMap<String, String> {
        let (_, text) = self.tenant.send("GET", "/api/v1/alerts", "");
        BTreeMap::from([("alertmanager".to_owned(), text)])
    }

    fn writes(&self) -> Option<usize> {
        self.tenant.writes()
    }
}

const SECRET: &str = "s3cret-of-the-webhook";

fn wanted(receiver: &str) -> Vec<DesiredObject> {
    let config = format!(
        "# The routes of the shop.\nroute:\n  receiver: {receiver}\n  group_wait: 30s\nreceivers:\n- name: {receiver}\n  webhook_configs:\n  - url: http://127.0.0.1:1/{SECRET}\ntemplates: [nthc.tmpl]\n"
    );
    let templates = json!({"nthc.tmpl": "{{ define \"x\" }}\u{2028}{{ end }}\n"});
    vec![DesiredObject {
        key: AlertmanagerApi::key(),
        phase: Phase::Routes,
        content: json!({"config": config, "templates": templates}),
        services: Vec::new(),
    }]
}

fn apply(world: &Routes<'_>, survey: &Survey) -> String {
    apply_and_wait(world, survey, Duration::from_secs(30))
}

fn apply_and_wait(world: &Routes<'_>, survey: &Survey, health: Duration) -> String {
    let plan = plan_of(survey, SystemClock.now());
    let folder = folder();
    let journal = folder.path().join("journal");
    let mut run = Run::new(world, &SystemClock, &journal);
    run.health = health;
    run.retry = RetryPolicy {
        first: Duration::from_millis(10),
        ..RetryPolicy::default()
    };
    let end = run.apply(&plan, &survey.desired).0.words();
    assert!(!end.contains(SECRET), "{end}");
    assert!(!plan.to_json().unwrap().contains(SECRET));
    assert!(
        !std::fs::read_to_string(&journal)
            .unwrap_or_default()
            .contains(SECRET)
    );
    end
}

#[test]
fn a_configuration_is_written_once_and_loaded() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let tenant = server.tenant();
    let world = Routes {
        api: tenant.alertmanager(&[SECRET]),
        tenant: &tenant,
    };
    let survey = look(&world, wanted("a"));
    assert_eq!(apply(&world, &survey), "done: 1 written, 0 before");
    let keys = [AlertmanagerApi::key()];
    assert_eq!(world.api.health(&keys).unwrap()[0].health, Health::Healthy);
    let writes = world.writes();
    let again = look(&world, wanted("a"));
    assert_eq!(again.plan.unchanged, 1);
    assert_eq!(apply(&world, &again), "done: 0 written, 0 before");
    assert_eq!(world.writes(), writes);
    assert_eq!(
        apply(&world, &look(&world, wanted("b"))),
        "done: 1 written, 0 before"
    );
    let (_, status) = tenant.send("GET", "/alertmanager/api/v2/status", "");
    assert!(status.contains("receiver: b"), "{status}");
    // An edit that leaves the mark.
    let text = world.dump()["alertmanager"].replace("group_wait: 30s", "group_wait: 9s");
    assert_eq!(tenant.send("POST", "/api/v1/alerts", &text).0, 201);
    assert_eq!(look(&world, wanted("b")).plan.drift.len(), 1);
}

#[test]
fn a_configuration_of_someone_else_is_not_touched() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let tenant = server.tenant();
    let world = Routes {
        api: tenant.alertmanager(&[SECRET]),
        tenant: &tenant,
    };
    let foreign = json!({"alertmanager_config": "route: {receiver: x}\nreceivers: [{name: x}]\n"});
    world.put(&AlertmanagerApi::key(), None, &foreign);
    let before = world.dump();
    let end = apply(&world, &look(&world, wanted("a")));
    assert!(
        end.contains("Alertmanager configuration alertmanager of Alertmanager API"),
        "{end}"
    );
    assert!(end.contains("is not managed by nthc"), "{end}");
    assert_eq!(world.dump(), before);
    let other = "# nthc: {\"project\":\"bank\"}\nroute: {receiver: x}\nreceivers: [{name: x}]\n";
    world.put(
        &AlertmanagerApi::key(),
        None,
        &json!({"alertmanager_config": other}),
    );
    let adopt = BTreeSet::from([AlertmanagerApi::key()]);
    let adopted = || look_with(&world, wanted("a"), SourceState::Complete, &adopt);
    assert!(apply(&world, &adopted()).contains("belongs to bank"));
    world.put(&AlertmanagerApi::key(), None, &foreign);
    assert_eq!(apply(&world, &adopted()), "done: 1 written, 0 before");
    assert_eq!(look(&world, wanted("a")).plan.unchanged, 1);
}

#[test]
fn what_the_server_does_not_accept_is_an_error_without_secrets() {
    let Some(server) = Server::start("{alertmanager_max_config_size_bytes: 2000}") else {
        return;
    };
    let tenant = server.tenant();
    let world = Routes {
        api: tenant.alertmanager(&[SECRET]),
        tenant: &tenant,
    };
    let write = |config: &str| {
        let object = DesiredObject {
            content: json!({"config": config, "templates": {}}),
            ..wanted("a").remove(0)
        };
        let error = world.api.write(&object, &owner(), None).unwrap_err();
        assert!(!error.to_string().contains(SECRET), "{error}");
        error
    };
    let error = write(
        "receivers: [{name: a, pagerduty_configs: [{routing_key_file: /k}]}]\nroute: {receiver: a}",
    );
    assert!(matches!(error, DeliveryError::Rejected { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("setting PagerDuty routing_key_file"),
        "{error}"
    );
    let error = write(&format!("receivers: {SECRET}"));
    assert!(matches!(error, DeliveryError::Rejected { .. }), "{error}");
    let large = format!(
        "# {}\nroute: {{receiver: a}}\nreceivers: [{{name: a}}]",
        "x".repeat(2_000)
    );
    let error = write(&large);
    assert!(
        matches!(error, DeliveryError::LimitExceeded { .. }),
        "{error}"
    );
    let mut object = wanted("a");
    object[0].content["config"] = large.into();
    let excess = &look(&world, object).plan.excesses[0];
    assert_eq!(excess.limit, "alertmanager_max_config_size_bytes");
    assert!(world.dump()["alertmanager"].contains("not found"));
}

#[test]
fn troubles_with_each_request_are_survived() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    for trouble in [
        Trouble::LostBefore,
        Trouble::LostAfter,
        Trouble::Error500,
        Trouble::Slow,
    ] {
        let tenant = server.hasty_tenant();
        let world = Routes {
            api: tenant.alertmanager(&[SECRET]),
            tenant: &tenant,
        };
        // Read, write, read all, and twice what is loaded.
        for at in 0..5 {
            let receiver = format!("receiver-{at}");
            let survey = look(&world, wanted(&receiver));
            tenant.proxy.arm(at, trouble);
            let health = Duration::from_secs(if at < 3 { 0 } else { 30 });
            let end = apply_and_wait(&world, &survey, health);
            assert_eq!(end, "done: 1 written, 0 before", "{trouble:?} at {at}");
            assert!(world.dump()["alertmanager"].contains(&receiver));
        }
    }
}
