//! Objects of a cluster: a real API server, and one that fails as one may.

use std::collections::BTreeSet;
use std::time::Duration;

use nth_delivery::destinations::kubernetes::{
    ClusterAccess, Kubernetes, KubernetesSettings, ResourceType, object_key,
};
use nth_delivery::{
    Action, ApplyError, DeliveryError, DesiredObject, Destination, Health, Lease, ObjectKey, Owner,
    Phase,
};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::cluster::Cluster;
use crate::deliver::{carry_out, deliver, plan, plan_adopting};
use crate::owner;
use crate::stub::{Fault, PATIENCE, Response, Stub};

const RULES: &str = "/apis/monitoring.coreos.com/v1/namespaces/shop/prometheusrules";
const MAPS: &str = "/api/v1/namespaces/shop/configmaps";

fn desired(content: Value) -> DesiredObject {
    let mut key = object_key(&content).unwrap();
    key.namespace.clear();
    DesiredObject {
        key,
        phase: Phase::Recordings,
        content,
        services: Vec::new(),
    }
}

fn rule(name: &str, expr: &str) -> DesiredObject {
    desired(json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
        "metadata": { "name": name, "labels": { "app.kubernetes.io/managed-by": "nthc", "role": "rules" } },
        "spec": { "groups": [{ "name": "g", "interval": "30s", "rules": [
            { "record": "a:b", "expr": expr, "labels": { "l": "m" } },
        ] }] },
    }))
}

fn map(name: &str, text: &str) -> DesiredObject {
    desired(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "labels": { "grafana_dashboard": "1" } },
        "data": { "dashboard.json": text },
    }))
}

fn routes(name: &str) -> DesiredObject {
    let mut object = desired(json!({
        "apiVersion": "monitoring.coreos.com/v1alpha1", "kind": "AlertmanagerConfig",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "route": { "receiver": "a" }, "receivers": [{ "name": "a" }] },
    }));
    object.phase = Phase::Routes;
    object
}

/// A key in the namespace of the context.
fn key(object: &DesiredObject) -> ObjectKey {
    ObjectKey {
        namespace: "shop".to_owned(),
        ..object.key.clone()
    }
}

#[test]
fn a_real_api_server_keeps_what_others_manage() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let kubernetes = cluster.destination("admin-token");
    creation(&cluster, &kubernetes);
    edited(&cluster, &kubernetes);
    foreign(&cluster, &kubernetes);
    raced(&cluster, &kubernetes);
    refused(&cluster, &kubernetes);
    leases(&cluster, &kubernetes);
}

/// Creation, no second write, changes, deletion.
fn creation(cluster: &Cluster, kubernetes: &Kubernetes) {
    let all = [
        rule("checkout", "vector(1)"),
        map("board", "{}"),
        routes("routes"),
    ];
    let applied = deliver(kubernetes, &all);
    assert_eq!(applied.written, 3);
    assert!(
        applied
            .health
            .iter()
            .all(|one| one.health == Health::Unknown)
    );
    let (_, mut object) = cluster.get(&format!("{RULES}/checkout"));
    let managers = object["metadata"]["managedFields"].take();
    assert_eq!(managers.as_array().unwrap().len(), 1);
    assert_eq!(
        (
            managers[0]["manager"].as_str(),
            managers[0]["operation"].as_str()
        ),
        (Some("nthc"), Some("Apply"))
    );
    for changing in ["uid", "resourceVersion", "creationTimestamp"] {
        object["metadata"][changing] = "…".into();
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&object).unwrap());

    // The second time nothing is written, though the server has added a default.
    assert_eq!(
        object["spec"]["groups"][0]["partial_response_strategy"],
        "abort"
    );
    let version = |path: &str| cluster.get(path).1["metadata"]["resourceVersion"].clone();
    let before = version(&format!("{RULES}/checkout"));
    let survey = plan(kubernetes, &all);
    assert!(survey.plan.operations.is_empty(), "{:?}", survey.plan);
    assert!(survey.plan.drift.is_empty());
    assert_eq!(survey.plan.unchanged, 3);
    assert_eq!(version(&format!("{RULES}/checkout")), before);

    // A change and a deletion. A label that is gone from the source is gone.
    let mut changed = rule("checkout", "vector(2)");
    changed.content["metadata"]["labels"] = json!({});
    let applied = deliver(kubernetes, &[changed.clone(), routes("routes")]);
    assert_eq!(applied.written, 2);
    assert_eq!(cluster.get(&format!("{MAPS}/board")).0, 404);
    let (_, object) = cluster.get(&format!("{RULES}/checkout"));
    assert_eq!(
        object["metadata"]["labels"],
        json!({ "app.kubernetes.io/managed-by": "nthc" })
    );
    assert!(
        plan(kubernetes, &[changed, routes("routes")])
            .plan
            .operations
            .is_empty()
    );
}

/// What someone else has changed or added is told with the field and the manager, and kept.
fn edited(cluster: &Cluster, kubernetes: &Kubernetes) {
    let wanted = [rule("edited", "vector(1)"), routes("routes")];
    deliver(kubernetes, &wanted);
    let path = format!("{RULES}/edited");
    // Labels and annotations of others, and a status, are no drift.
    cluster.patch(&path, "admission", &json!({ "metadata": { "annotations": { "prometheus-operator-validated": "true" }, "labels": { "team": "a" } } }));
    cluster.patch(
        &format!("{path}/status"),
        "operator",
        &json!({ "status": { "x": 1 } }),
    );
    let survey = plan(kubernetes, &wanted);
    assert!(survey.plan.operations.is_empty(), "{:?}", survey.plan);

    // A group of their own.
    let own = cluster.get(&path).1["spec"]["groups"][0].clone();
    cluster.patch(
        &path,
        "kubectl-edit",
        &json!({ "spec": { "groups": [own, { "name": "theirs", "rules": [] }] } }),
    );
    let survey = plan(kubernetes, &wanted);
    assert_eq!(survey.plan.drift.len(), 1);
    let changed_by = survey.plan.drift[0].changed_by.clone().unwrap();
    assert_eq!(changed_by.with.as_deref(), Some("kubectl-edit"));
    assert!(changed_by.when.is_some());
    let live = kubernetes.read_one(&key(&wanted[0])).unwrap();
    let error = kubernetes
        .write(&survey.desired[0], &owner(), live.as_ref())
        .unwrap_err();
    insta::assert_snapshot!(error, @"changed by someone else: `.spec.groups[1]` stays as `admission` and `kubectl-edit` manage it");
    assert!(carry_out(kubernetes, &survey).is_err());
    assert_eq!(cluster.get(&path).1["spec"]["groups"][1]["name"], "theirs");

    // Our own field.
    cluster.patch(&path, "kubectl-edit", &json!({ "spec": { "groups": [{ "name": "g", "rules": [{ "record": "a:b", "expr": "vector(9)" }] }] } }));
    let survey = plan(kubernetes, &wanted);
    assert_eq!(survey.plan.operations[0].action, Action::Change);
    let failure = carry_out(kubernetes, &survey).unwrap_err();
    let ApplyError::Delivery { error, .. } = &failure.error else {
        panic!("{failure:?}")
    };
    insta::assert_snapshot!(error, @r#"changed by someone else: `.spec.groups[name="g"].rules` is managed by `kubectl-edit`"#);
    assert_eq!(
        cluster.get(&path).1["spec"]["groups"][0]["rules"][0]["expr"],
        "vector(9)"
    );
    // Whoever takes over the value has nothing to write.
    let mut same = rule("edited", "vector(9)");
    same.content["spec"]["groups"][0]["rules"][0]
        .as_object_mut()
        .unwrap()
        .remove("labels");
    same.content["spec"]["groups"][0]
        .as_object_mut()
        .unwrap()
        .remove("interval");
    let survey = plan(kubernetes, &[same, routes("routes")]);
    assert!(survey.plan.operations.is_empty(), "{:?}", survey.plan);

    // Ours that lost its mark is not ours any more.
    cluster.patch(
        &path,
        "kubectl-edit",
        &json!({ "metadata": { "annotations": { "nth.dev/project": null } } }),
    );
    let survey = plan(kubernetes, &[routes("routes")]);
    assert!(survey.plan.operations.is_empty());
    assert_eq!(
        cluster
            .send(Method::DELETE, &path, "application/json", &json!({}))
            .0,
        200
    );
}

/// What bears no mark or another one is never touched.
fn foreign(cluster: &Cluster, kubernetes: &Kubernetes) {
    let other = Owner {
        project: "other".to_owned(),
        environment: None,
    };
    let staging = Owner {
        environment: Some("staging".to_owned()),
        ..owner()
    };
    let normal = |object: DesiredObject| kubernetes.normalize(object).unwrap();
    kubernetes
        .write(&normal(map("other", "{}")), &other, None)
        .unwrap();
    kubernetes
        .write(&normal(map("staging", "{}")), &staging, None)
        .unwrap();
    // An object of the same build that another program applied.
    let applied = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "gitops", "labels": { "app.kubernetes.io/managed-by": "nthc" } }, "data": { "dashboard.json": "{}" } });
    let gitops = format!("{MAPS}/gitops?fieldManager=argocd-controller");
    assert_eq!(
        cluster
            .send(
                Method::PATCH,
                &gitops,
                "application/apply-patch+yaml",
                &applied
            )
            .0,
        201
    );
    let dump = || {
        ["other", "staging", "gitops"].map(|name| {
            cluster.get(&format!("{MAPS}/{name}")).1["metadata"]["resourceVersion"].clone()
        })
    };
    let before = dump();
    let wanted = [
        map("other", "x"),
        map("staging", "x"),
        map("gitops", "x"),
        routes("routes"),
    ];
    let survey = plan(kubernetes, &wanted);
    assert_eq!(survey.plan.foreign.len(), 3, "{:?}", survey.plan);
    assert!(carry_out(kubernetes, &survey).is_err());
    for object in &survey.desired[..3] {
        let live = kubernetes.read_one(&object.key).unwrap().unwrap();
        // Creating needs that there is nothing.
        let created = kubernetes.write(object, &owner(), None);
        assert!(
            matches!(created, Err(DeliveryError::Conflict { .. })),
            "{created:?}"
        );
        let written = kubernetes.write(object, &owner(), Some(&live));
        assert!(written.is_err(), "{}", object.key);
        if live.owner.is_none() {
            assert!(kubernetes.delete(&live).is_err());
        }
    }
    assert_eq!(dump(), before);
    // A copy by hand is not ours.
    let copied = kubernetes.normalize(map("original", "{}")).unwrap();
    kubernetes.write(&copied, &owner(), None).unwrap();
    let (_, mut copy) = cluster.get(&format!("{MAPS}/original"));
    copy["metadata"] = json!({
        "name": "copy", "labels": copy["metadata"]["labels"], "annotations": copy["metadata"]["annotations"],
    });
    let (status, answer) = cluster.send(Method::POST, MAPS, "application/json", &copy);
    assert_eq!(status, 201, "{answer}");
    let original = kubernetes.read_one(&copied.key).unwrap().unwrap();
    kubernetes.delete(&original).unwrap();
    // Nothing of it is deleted.
    assert!(
        plan(kubernetes, &[routes("routes")])
            .plan
            .operations
            .is_empty()
    );

    // Adopting what another program manages is told; what is equal is shared.
    let adopt = BTreeSet::from([key(&wanted[2])]);
    let survey = plan_adopting(kubernetes, &[map("gitops", "x"), routes("routes")], &adopt);
    let failure = carry_out(kubernetes, &survey).unwrap_err();
    assert!(
        failure
            .error
            .to_string()
            .contains("`.data.dashboard.json` is managed by `argocd-controller`"),
        "{}",
        failure.error
    );
    let survey = plan_adopting(kubernetes, &[map("gitops", "{}"), routes("routes")], &adopt);
    assert_eq!(survey.plan.operations[0].action, Action::Adopt);
    carry_out(kubernetes, &survey).unwrap();
    let live = kubernetes.read_one(&key(&wanted[2])).unwrap().unwrap();
    assert!(live.is_owned_by(&owner()));
    assert_eq!(deliver(kubernetes, &[routes("routes")]).written, 1);
}

/// Changed, deleted or created between the read and the write.
fn raced(cluster: &Cluster, kubernetes: &Kubernetes) {
    let object = kubernetes.normalize(map("raced", "1")).unwrap();
    kubernetes.write(&object, &owner(), None).unwrap();
    let path = format!("{MAPS}/raced");
    let live = kubernetes.read_one(&object.key).unwrap().unwrap();
    cluster.patch(
        &path,
        "kubectl-edit",
        &json!({ "metadata": { "labels": { "x": "y" } } }),
    );
    let next = kubernetes.normalize(map("raced", "2")).unwrap();
    let conflict = |result: Result<(), DeliveryError>| {
        assert!(
            matches!(result, Err(DeliveryError::Conflict { .. })),
            "{result:?}"
        );
    };
    conflict(kubernetes.write(&next, &owner(), Some(&live)));
    conflict(kubernetes.delete(&live));
    conflict(kubernetes.write(&next, &owner(), None));
    assert_eq!(cluster.get(&path).1["data"]["dashboard.json"], "1");
    // Deleted: not created again. Created anew: another object.
    assert_eq!(
        cluster
            .send(Method::DELETE, &path, "application/json", &json!({}))
            .0,
        200
    );
    conflict(kubernetes.write(&next, &owner(), Some(&live)));
    assert_eq!(cluster.get(&path).0, 404);
    kubernetes.delete(&live).unwrap();
    kubernetes.write(&object, &owner(), None).unwrap();
    conflict(kubernetes.write(&next, &owner(), Some(&live)));
    conflict(kubernetes.delete(&live));
    assert_eq!(cluster.get(&path).1["data"]["dashboard.json"], "1");
}

/// What the server does not accept, in its own words.
fn refused(cluster: &Cluster, kubernetes: &Kubernetes) {
    let write = |object: DesiredObject| {
        let object = kubernetes.normalize(object).unwrap();
        kubernetes.write(&object, &owner(), None).unwrap_err()
    };
    let mut unknown = rule("refused", "vector(1)");
    unknown.content["spec"]["groups"][0]["query"] = "x".into();
    let error = write(unknown);
    assert!(matches!(error, DeliveryError::Rejected { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains(".spec.groups[name=\"g\"].query: field not declared in schema"),
        "{error}"
    );
    let mut invalid = rule("refused", "vector(1)");
    invalid.content["spec"]["groups"][0]["interval"] = "often".into();
    let error = write(invalid);
    assert!(matches!(error, DeliveryError::Rejected { .. }), "{error:?}");
    assert!(
        error.to_string().contains("spec.groups[0].interval"),
        "{error}"
    );
    let mut elsewhere = map("refused", "1");
    elsewhere.key.namespace = "none".to_owned();
    elsewhere.content["metadata"]["namespace"] = "none".into();
    insta::assert_snapshot!(write(elsewhere), @r#"the server rejects it: namespaces "none" not found"#);
    let mut large = map("refused", "1");
    large.content["data"]["dashboard.json"] = "x".repeat(4 << 20).into();
    let error = write(large);
    assert!(
        matches!(
            error,
            DeliveryError::LimitExceeded { .. } | DeliveryError::Rejected { .. }
        ),
        "{error:?}"
    );
    // A type that the cluster does not have, in a plan already.
    let argo = desired(
        json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": { "name": "a" }, "spec": {} }),
    );
    let error = kubernetes.read(&owner(), &[key(&argo)]).unwrap_err();
    insta::assert_snapshot!(error, @"cannot deliver Kubernetes object shop/AnalysisTemplate.v1alpha1.argoproj.io/a: the cluster has no `AnalysisTemplate` of `argoproj.io/v1alpha1` in namespaces: install its definition");
    let secret =
        desired(json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "a" } }));
    assert!(kubernetes.normalize(secret).is_err());
    // Users.
    let reader = cluster.destination("reader-token");
    let error = reader.read(&owner(), &[]).unwrap_err();
    insta::assert_snapshot!(error, @r#"not allowed: configmaps is forbidden: User "reader" cannot list resource "configmaps" in API group "" in the namespace "shop""#);
    let nobody = cluster.destination("wrong-token");
    let error = nobody.read_one(&key(&map("a", ""))).unwrap_err();
    insta::assert_snapshot!(error, @"not authorized: Unauthorized");
}

/// The lease is an object of the cluster.
fn leases(cluster: &Cluster, kubernetes: &Kubernetes) {
    let store = kubernetes.lease_store().unwrap();
    let lease = |token: &str| Lease {
        owner: owner(),
        holder: format!("run {token}"),
        token: token.to_owned(),
        expires: "2036-03-01T10:00:00.5Z".parse().unwrap(),
    };
    let (first, second) = (lease("1"), lease("2"));
    // The applies before have given it back.
    assert_eq!(store.read_lease(&owner()).unwrap(), None);
    store.replace_lease(&owner(), None, Some(&first)).unwrap();
    assert_eq!(store.read_lease(&owner()).unwrap(), Some(first.clone()));
    let conflict = |result: Result<(), DeliveryError>| {
        assert!(
            matches!(result, Err(DeliveryError::Conflict { .. })),
            "{result:?}"
        );
    };
    conflict(store.replace_lease(&owner(), None, Some(&second)));
    conflict(store.replace_lease(&owner(), Some(&second), None));
    let (_, list) = cluster.get("/apis/coordination.k8s.io/v1/namespaces/shop/leases");
    assert_eq!(list["items"][0]["spec"]["holderIdentity"], "run 1");
    // An apply of another run waits, and says for whom.
    let survey = plan(kubernetes, &[map("leased", "1"), routes("routes")]);
    let failure = carry_out(kubernetes, &survey).unwrap_err();
    assert!(
        failure.error.to_string().contains("run 1"),
        "{}",
        failure.error
    );
    assert_eq!(cluster.get(&format!("{MAPS}/leased")).0, 404);
    store
        .replace_lease(&owner(), Some(&first), Some(&second))
        .unwrap();
    conflict(store.replace_lease(&owner(), Some(&first), None));
    store.replace_lease(&owner(), Some(&second), None).unwrap();
    assert_eq!(store.read_lease(&owner()).unwrap(), None);
    store.replace_lease(&owner(), None, None).unwrap();
}

/// An API server with one empty list of everything.
fn empty() -> Stub {
    Stub::start(|request| {
        let list = |kind: &str, name: &str| {
            Response::json(
                200,
                &json!({ "resources": [{ "kind": kind, "name": name, "namespaced": true }] }),
            )
        };
        match request.path() {
            "/apis" => Response::json(
                200,
                &json!({ "groups": [
                { "name": "monitoring.coreos.com", "versions": [{ "groupVersion": "monitoring.coreos.com/v1" }] },
            ] }),
            ),
            "/apis/monitoring.coreos.com/v1" => list("PrometheusRule", "prometheusrules"),
            "/api/v1" => list("ConfigMap", "configmaps"),
            path if request.method == "GET" && path.ends_with('s') => {
                Response::json(200, &json!({ "items": [] }))
            }
            _ => Response::json(
                404,
                &json!({ "kind": "Status", "reason": "NotFound", "message": "not found", "details": { "name": "a", "kind": "configmaps" } }),
            ),
        }
    })
}

fn connect(url: &str) -> Kubernetes {
    Kubernetes::new(KubernetesSettings {
        access: ClusterAccess {
            url: Some(url.to_owned()),
            ..ClusterAccess::default()
        },
        namespace: Some("shop".to_owned()),
        types: ResourceType::generated(),
        timeout: PATIENCE,
    })
    .unwrap()
}

#[test]
fn what_is_not_the_api_servers_answer_is_an_error() {
    let stub = empty();
    for fault in Fault::ALL {
        for part in ["/api/v1", "/apis", "/prometheusrules"] {
            let kubernetes = connect(&stub.url());
            stub.fail("GET", part, fault);
            fault.check(&kubernetes.read(&owner(), &[]).unwrap_err());
        }
        stub.recover();
        let kubernetes = connect(&stub.url());
        assert!(kubernetes.read(&owner(), &[]).unwrap().is_empty());
        let object = kubernetes.normalize(map("a", "1")).unwrap();
        assert_eq!(kubernetes.read_one(&object.key).unwrap(), None);
        stub.fail("GET", "configmaps/a", fault);
        fault.check(&kubernetes.read_one(&object.key).unwrap_err());
        fault.check(
            &kubernetes
                .health(std::slice::from_ref(&object.key))
                .unwrap_err(),
        );
        stub.fail("PATCH", "configmaps/a", fault);
        stub.requests();
        fault.check(&kubernetes.write(&object, &owner(), None).unwrap_err());
        // Nothing is repeated here: whoever calls it does.
        assert_eq!(stub.writes().len(), 1, "{fault:?}");
        stub.fail("GET", "/leases", fault);
        let lease = kubernetes.lease_store().unwrap().read_lease(&owner());
        assert!(lease.is_err());
    }
    // What the cluster has no types for is not asked for.
    stub.recover();
    stub.requests();
    connect(&stub.url()).read(&owner(), &[]).unwrap();
    assert!(
        stub.requests()
            .iter()
            .all(|request| !request.target.contains("alertmanagerconfigs"))
    );
}

#[test]
fn a_cluster_that_cannot_be_found_is_an_error() {
    let settings = |access: ClusterAccess| KubernetesSettings {
        access,
        namespace: None,
        types: Vec::new(),
        timeout: Duration::from_secs(1),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let none = ClusterAccess {
        kubeconfig: Some(path.clone()),
        ..ClusterAccess::default()
    };
    let error = Kubernetes::new(settings(none.clone())).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot find a cluster: "),
        "{error}"
    );
    std::fs::write(&path, "{}").unwrap();
    assert!(Kubernetes::new(settings(none)).is_err());
    // Nobody listens there.
    let kubernetes = connect("http://127.0.0.1:9");
    let error = kubernetes.read(&owner(), &[]).unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    // No password is shown.
    let kubernetes = connect("http://user:very-secret@127.0.0.1:9/base/");
    assert_eq!(kubernetes.identity().url, "http://127.0.0.1:9/base");
    assert!(!format!("{kubernetes:?}").contains("very-secret"));
}
