//! Rules in a real Cortex: tenants, limits, health, names, leases.

use std::collections::BTreeSet;
use std::time::Duration;

use nth_delivery::destinations::ruler::RulerApi;
use nth_delivery::{
    Clock as _, ContentHash, DeliveryError, DesiredObject, Destination as _, Health, LiveObject,
    ObjectKey, ObjectKind, Phase, RetryPolicy, SourceState, SystemClock,
};
use serde_json::{Value, json};

use crate::proxy::Trouble;
use crate::server::{Server, ruler};
use crate::support::clock::TestClock;
use crate::support::world::{
    Run, World as _, desired, folder, group, key, look, look_with, other_environment,
    other_project, owner, plan_of, seed,
};

fn object(namespace: &str, name: &str, content: Value) -> DesiredObject {
    DesiredObject {
        key: ObjectKey::new(ObjectKind::RuleGroup, namespace, name),
        phase: Phase::Recordings,
        content,
        services: Vec::new(),
    }
}

#[test]
fn what_is_not_the_tenants_api_is_never_nothing() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let tenant = server.tenant();
    seed(&tenant);
    let without = ruler(&tenant.proxy.url, RulerApi::Cortex, None);
    let error = without.read(&owner(), &[]).unwrap_err();
    assert_eq!(error.to_string(), "not authorized: 401: no org id");
    let error = without.read_one(&key("same")).unwrap_err();
    assert!(matches!(error, DeliveryError::Unauthorized { .. }));
    // A tenant without rules, which Cortex reports with 404.
    let empty = ruler(&tenant.proxy.url, RulerApi::Cortex, Some("empty"));
    assert_eq!(empty.read(&owner(), &[]).unwrap(), []);
    assert_eq!(empty.read_one(&key("same")).unwrap(), None);
    for (path, error) in [
        (
            "/prometheus",
            "expected the API, found 404: 404 page not found",
        ),
        ("/ready", "expected the API, found 404: 404 page not found"),
    ] {
        let elsewhere = ruler(
            &format!("{}{path}", tenant.proxy.url),
            RulerApi::Cortex,
            Some("empty"),
        );
        // `/prometheus/api/v1/rules` is another API: its document is no list of groups.
        let found = elsewhere.read_one(&key("same")).unwrap_err();
        assert_eq!(found.to_string(), error);
        assert!(elsewhere.read(&owner(), &[]).is_err());
    }
    // A server of Mimir's paths has none at Cortex's, and the other way around.
    let mimir = ruler(&tenant.proxy.url, RulerApi::Mimir, Some(&tenant.name));
    assert!(mimir.read(&owner(), &[]).is_err());
    for (trouble, found) in [
        (Trouble::LoginPage, "a page of HTML"),
        (Trouble::Redirect, "a redirect to http://127.0.0.1:1/login"),
    ] {
        tenant.proxy.always("/", trouble);
        let error = tenant.ruler.read(&owner(), &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("expected the API, found {found}")
        );
    }
}

#[test]
fn a_plan_of_one_tenant_is_not_applied_to_another() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let (ours, other) = (server.tenant(), server.tenant());
    seed(&ours);
    seed(&other);
    let before = other.dump();
    let clock = TestClock::new();
    let survey = look(&ours, desired());
    let plan = plan_of(&survey, clock.now());
    let folder = folder();
    let journal = folder.path().join("journal");
    let (end, calls) = Run::new(&other, &clock, &journal).apply(&plan, &survey.desired);
    assert!(
        end.words()
            .starts_with("the plan has ruler http://127.0.0.1:"),
        "{}",
        end.words()
    );
    assert!(calls.is_empty());
    let (end, _) = Run::new(&ours, &clock, &journal).apply(&plan, &survey.desired);
    assert!(end.is_done());
    assert_eq!(other.dump(), before);
}

#[test]
fn limits_are_those_of_the_server() {
    let limits = "{ruler_max_rules_per_rule_group: 3, ruler_max_rule_groups_per_tenant: 9}";
    let Some(server) = Server::start(limits) else {
        return;
    };
    let tenant = server.tenant();
    let clock = TestClock::new();
    let folder = folder();
    let journal = folder.path().join("journal");
    let rules = |count: usize| {
        let rules: Vec<Value> = (0..count)
            .map(|number| json!({"record": format!("r{number}"), "expr": "vector(1)"}))
            .collect();
        json!({"rules": rules})
    };
    // With the mark, two rules are three.
    for (count, excess) in [(2, None), (3, Some(4))] {
        let wanted = vec![object("shop", "a", rules(count))];
        let found = look(&tenant, wanted.clone()).plan.excesses;
        let needed = found.first().map(|excess| (excess.allowed, excess.needed));
        assert_eq!(needed, excess.map(|needed| (3, needed)));
    }
    // What the server does not publish, it enforces: the same limits.
    for path in ["/config", "/runtime_config"] {
        tenant.proxy.always(path, Trouble::NotThere);
    }
    tenant.proxy.always("/config", Trouble::Unauthorized);
    let survey = look(&tenant, vec![object("shop", "a", rules(3))]);
    assert_eq!(survey.plan.excesses, []);
    let plan = plan_of(&survey, clock.now());
    let (end, _) = Run::new(&tenant, &clock, &journal).apply(&plan, &survey.desired);
    let words = end.words();
    assert!(
        words.contains("a limit of the server is exceeded: per-user rules per rule group limit (limit: 3 actual: 4) exceeded"),
        "{words}"
    );
    assert!(tenant.dump().is_empty());
    // Nine groups: seven of ours, the lease, and the one that Cortex counts twice when it is replaced.
    tenant.proxy.always("/nowhere", Trouble::NotThere);
    let groups = |count: usize, expr: &str| -> Vec<DesiredObject> {
        let names = (0..count).map(|number| format!("g{number}"));
        names
            .map(|name| object("shop", &name, group(expr)))
            .collect()
    };
    for (count, is_allowed) in [(7, true), (8, false)] {
        let survey = look(&tenant, groups(count, "vector(1)"));
        assert_eq!(survey.plan.excesses.is_empty(), is_allowed, "{count}");
    }
    let apply = |wanted| {
        let survey = look(&tenant, wanted);
        let plan = plan_of(&survey, clock.now());
        let (end, _) = Run::new(&tenant, &clock, &journal).apply(&plan, &survey.desired);
        end.words()
    };
    for expr in ["vector(1)", "vector(2)"] {
        assert_eq!(apply(groups(7, expr)), "done: 7 written, 0 before");
    }
    // The eighth could be created, and then none could be changed.
    tenant.proxy.always("/config", Trouble::NotThere);
    assert_eq!(apply(groups(8, "vector(2)")), "done: 1 written, 0 before");
    let end = apply(groups(8, "vector(3)"));
    assert!(
        end.contains("per-user rule groups limit (limit: 9 actual: 10) exceeded, 8 left"),
        "{end}"
    );
}

#[test]
fn mimir_has_paths_of_its_own_and_publishes_its_limits() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let limits = |rules: u64| format!("{{\"ruler_max_rules_per_rule_group\": {rules}}}");
    let tenant = server.tenant().in_mimir(&limits(1));
    seed(&tenant);
    let excesses = look(&tenant, desired()).plan.excesses;
    // Each of the four has a rule and the mark.
    let needed = excesses
        .iter()
        .map(|excess| (excess.allowed, excess.needed));
    assert_eq!(needed.collect::<Vec<_>>(), [(1, 2); 4]);
    tenant.proxy.look_like_mimir(&limits(2));
    let clock = SystemClock;
    let survey = look(&tenant, desired());
    let plan = plan_of(&survey, clock.now());
    let folder = folder();
    let journal = folder.path().join("journal");
    let mut run = Run::new(&tenant, &clock, &journal);
    run.health = Duration::from_secs(30);
    let (end, _) = run.apply(&plan, &survey.desired);
    assert_eq!(end.words(), "done: 4 written, 0 before");
    assert_eq!(look(&tenant, desired()).plan.unchanged, 4);
}

#[test]
fn an_apply_waits_until_the_rules_are_evaluated() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let tenant = server.tenant();
    seed(&tenant);
    let clock = SystemClock;
    let folder = folder();
    let journal = folder.path().join("journal");
    let keys: Vec<ObjectKey> = desired().into_iter().map(|object| object.key).collect();
    let apply = |wanted: Vec<DesiredObject>| {
        let survey = look(&tenant, wanted);
        let plan = plan_of(&survey, clock.now());
        let mut run = Run::new(&tenant, &clock, &journal);
        run.health = Duration::from_secs(30);
        run.retry = RetryPolicy {
            first: Duration::from_millis(10),
            ..RetryPolicy::default()
        };
        run.apply(&plan, &survey.desired).0.words()
    };
    assert_eq!(apply(desired()), "done: 4 written, 0 before");
    // Another process, which did not write them.
    let fresh = ruler(&tenant.proxy.url, RulerApi::Cortex, Some(&tenant.name));
    // What the apply did not write, it did not wait for.
    let written: Vec<ObjectKey> = keys.into_iter().filter(|one| one.name != "same").collect();
    for one in fresh.health(&written).unwrap() {
        assert_eq!(one.health, Health::Healthy, "{}", one.key);
    }
    // What reads a series that does not exist is evaluated, and records nothing.
    let mut nothing = desired();
    nothing[2].content = group("missing_metric * 2");
    nothing[2].content["rules"][0]["labels"] = json!({"quotes": "a \"b\"\n"});
    assert_eq!(apply(nothing), "done: 1 written, 0 before");
    let health = fresh.health(&written).unwrap();
    let health = health.into_iter().map(|one| (one.key.name, one.health));
    let expected = [
        ("alerts", Health::Healthy),
        ("changed", Health::Healthy),
        ("created", Health::NoData),
    ];
    let expected = expected.map(|(name, health)| (name.to_owned(), health));
    assert_eq!(health.collect::<Vec<_>>(), expected);
    let missing = fresh.health(&[key("gone")]).unwrap();
    assert!(matches!(&missing[0].health, Health::Failing { error } if error.contains("not exist")));
    // Cortex accepts it, and cannot evaluate it.
    let both = r#"(vector(1) or label_replace(vector(1), "a", "b", "", ""))"#;
    let mut wanted = desired();
    wanted[1].content = group(&format!("{both} + on() {both}"));
    let end = apply(wanted);
    assert!(
        end.starts_with("rule group shop/changed of ruler http://127.0.0.1:")
            && end.contains("is applied and fails: shop:thing:ratio: ")
            && end.contains("found duplicate series"),
        "{end}"
    );
}

#[test]
fn a_group_comes_back_as_it_was_written() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let tenant = server.tenant();
    let clock = TestClock::new();
    let odd = json!({
        "interval": "90s",
        "limit": 5,
        "query_offset": "0s",
        "labels": {"team": "on"},
        "rules": [
            {"record": "a:b", "expr": "sum by (x) (rate(foo{a=\"\\\\d\"}[5m]))\n", "labels": {"l": "1", "m": "yes"}},
            {
                "alert": "A",
                "expr": "a:b > 0.001",
                "for": "0s",
                "keep_firing_for": "3600s",
                "labels": {"severity": "page"},
                "annotations": {"summary": "\u{2028}{{ $value }}\u{7f}\u{85}\nü \"'#: - 😀", "empty": ""},
            },
        ],
    });
    let wanted = vec![
        object("shop/eu", "slo: a/b.c", odd.clone()),
        object("ü?#%", "…", odd),
    ];
    let folder = folder();
    let journal = folder.path().join("journal");
    let survey = look(&tenant, wanted.clone());
    let plan = plan_of(&survey, clock.now());
    let (end, _) = Run::new(&tenant, &clock, &journal).apply(&plan, &survey.desired);
    assert_eq!(end.words(), "done: 2 written, 0 before");
    let again = look(&tenant, wanted.clone());
    assert_eq!(again.plan.unchanged, 2);
    assert!(again.plan.operations.is_empty());
    // Deleted by the same names.
    let nothing = look_with(
        &tenant,
        Vec::new(),
        SourceState::CompleteAndMayBeEmpty,
        &BTreeSet::new(),
    );
    let plan = plan_of(&nothing, clock.now());
    let (end, _) = Run::new(&tenant, &clock, &journal).apply(&plan, &nothing.desired);
    assert_eq!(end.words(), "done: 2 written, 0 before");
    assert!(tenant.dump().is_empty());
    for (namespace, name) in [("..", "a"), ("a", ""), ("nthc-lease", "a")] {
        let bad = object(namespace, name, group("vector(1)"));
        let error = tenant.ruler.normalize(bad).unwrap_err();
        assert!(matches!(error, DeliveryError::Unsupported { .. }));
    }
}

#[test]
fn what_is_not_ours_is_not_touched() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let clock = TestClock::new();
    let folder = folder();
    for (number, other) in [None, Some(other_project()), Some(other_environment())]
        .into_iter()
        .enumerate()
    {
        // Before the plan: the plan cannot be applied.
        let tenant = server.tenant();
        seed(&tenant);
        tenant.put(&key("created"), other.as_ref(), &group("vector(50)"));
        let before = tenant.dump();
        let survey = look(&tenant, desired());
        let plan = plan_of(&survey, clock.now());
        let journal = folder.path().join(format!("before-{number}"));
        let (end, calls) = Run::new(&tenant, &clock, &journal).apply(&plan, &survey.desired);
        assert!(end.words().starts_with("rule group shop/created of ruler "));
        assert!(calls.is_empty());
        assert_eq!(tenant.dump(), before);
        // Since the plan, and with what the plan expects or wants.
        for (name, expr) in [
            ("created", "vector(3)"),
            ("changed", "vector(1)"),
            ("gone", "vector(1)"),
        ] {
            let tenant = server.tenant();
            seed(&tenant);
            let survey = look(&tenant, desired());
            let plan = plan_of(&survey, clock.now());
            tenant.put(&key(name), other.as_ref(), &group(expr));
            let theirs = tenant.dump()[&format!("shop/{name}")].clone();
            let journal = folder.path().join(format!("{name}-{number}"));
            let (end, _) = Run::new(&tenant, &clock, &journal).apply(&plan, &survey.desired);
            assert!(
                end.words().contains("has changed since the plan"),
                "{}",
                end.words()
            );
            assert_eq!(tenant.dump()[&format!("shop/{name}")], theirs);
        }
    }
}

#[test]
fn of_two_applies_at_once_one_writes() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let tenant = server.tenant();
    seed(&tenant);
    let survey = look(&tenant, desired());
    let plan = plan_of(&survey, SystemClock.now());
    let folder = folder();
    tenant.proxy.arm(usize::MAX, Trouble::LostBefore);
    let ends: Vec<String> = std::thread::scope(|scope| {
        let threads = ["ana@ci", "ben@laptop", "cleo@ci"].map(|holder| {
            let (tenant, plan, survey) = (&tenant, &plan, &survey);
            let journal = folder.path().join(holder);
            scope.spawn(move || {
                let mut run = Run::new(tenant, &SystemClock, &journal);
                run.holder = holder;
                run.settle = Duration::from_millis(300);
                run.apply(plan, &survey.desired).0.words()
            })
        });
        threads.map(|thread| thread.join().unwrap()).into()
    });
    // Who comes when all is done finds it done; who was too slow to take the lease in one step lets the other one go on.
    let is_known = |end: &String| {
        ["done: ", "ruler "]
            .iter()
            .any(|start| end.starts_with(start))
            && ["written", "applies at this moment", "the lease is lost"]
                .iter()
                .any(|words| end.contains(words))
    };
    assert!(ends.iter().all(is_known), "{ends:?}");
    assert!(ends.iter().any(|end| end.starts_with("done: ")), "{ends:?}");
    assert_eq!(look(&tenant, desired()).plan.unchanged, 4);
    assert_eq!(tenant.writes(), Some(4));
}

#[test]
fn a_protected_namespace_is_not_changed() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let tenant = server.tenant();
    let place = ObjectKey::new(ObjectKind::RuleGroup, "platform-core", "a");
    tenant.put(&place, Some(&owner()), &group("vector(1)"));
    let before = tenant.dump();
    let wanted = object("platform-core", "a", group("vector(2)"));
    let protected = DeliveryError::Protected { key: place.clone() };
    assert_eq!(
        tenant.ruler.normalize(wanted.clone()),
        Err(protected.clone())
    );
    let written = tenant.ruler.write(&wanted, &owner(), None);
    assert_eq!(written, Err(protected.clone()));
    let live = LiveObject::new(place, Some(owner()), Value::Null);
    assert_eq!(tenant.ruler.delete(&live), Err(protected));
    assert_eq!(tenant.dump(), before);
}

#[test]
fn an_edit_by_hand_is_drift_without_a_journal() {
    let Some(server) = Server::start("{}") else {
        return;
    };
    let tenant = server.tenant();
    let clock = TestClock::new();
    let folder = folder();
    let journal = folder.path().join("journal");
    let survey = look(&tenant, desired());
    let plan = plan_of(&survey, clock.now());
    let (end, _) = Run::new(&tenant, &clock, &journal).apply(&plan, &survey.desired);
    assert!(end.is_done());
    assert_eq!(look(&tenant, desired()).plan.drift, []);
    // Someone loads a group, edits it, and leaves the mark.
    let (_, text) = tenant.send("GET", "/api/v1/rules/shop/created", "");
    let edited = text.replace("vector(3)", "vector(33)");
    assert_ne!(edited, text);
    assert_eq!(tenant.send("POST", "/api/v1/rules/shop", &edited).0, 202);
    let drift = look(&tenant, desired()).plan.drift;
    assert_eq!(drift.len(), 1);
    assert_eq!(drift[0].key, key("created"));
    let normal = tenant.ruler.normalize(desired()[2].clone()).unwrap();
    assert_eq!(drift[0].applied, ContentHash::compute(&normal.content));
}
