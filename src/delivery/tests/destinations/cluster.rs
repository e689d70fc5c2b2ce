//! A real API server with etcd, on loopback.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nth_delivery::destinations::kubernetes::{
    ClusterAccess, Kubernetes, KubernetesSettings, ResourceType,
};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Method, Request};
use ureq::tls::TlsConfig;

use crate::programs::Running;
use crate::programs::tools::find;

/// Users of the server, by their tokens.
const USERS: &str = "admin-token,admin,1,\"system:masters\"\nreader-token,reader,2\n";

/// A running API server; it ends with the test.
pub struct Cluster {
    server: Running,
    /// Ends after the server.
    _etcd: Running,
    folder: tempfile::TempDir,
    agent: Agent,
}

impl Cluster {
    /// Starts one with the definitions of the Prometheus operator; `None` where it is not installed.
    pub fn start() -> Option<Self> {
        let etcd = find("etcd")?;
        let program = find("kube-apiserver")?;
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path();
        keys(place)?;
        fs::write(place.join("users.csv"), USERS).unwrap();
        let etcd = Running::start(
            &etcd,
            |port| {
                let url = format!("http://127.0.0.1:{port}");
                // Peers have a port of their own, which nobody uses.
                let peers = "http://127.0.0.1:0";
                vec![
                    format!("--data-dir={}", place.join("etcd").display()),
                    format!("--listen-client-urls={url}"),
                    format!("--advertise-client-urls={url}"),
                    format!("--listen-peer-urls={peers}"),
                    "--unsafe-no-fsync".to_owned(),
                ]
            },
            |port| crate::programs::fetch(&format!("http://127.0.0.1:{port}/health")).is_some(),
        );
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(30)))
            .tls_config(TlsConfig::builder().disable_verification(true).build())
            .build()
            .into();
        let arguments = |port: u16| {
            let key = place.join("key.pem").display().to_string();
            vec![
                format!("--etcd-servers=http://{}", etcd.address()),
                "--bind-address=127.0.0.1".to_owned(),
                format!("--secure-port={port}"),
                format!("--cert-dir={}", place.display()),
                format!("--token-auth-file={}", place.join("users.csv").display()),
                "--authorization-mode=RBAC".to_owned(),
                "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
                format!(
                    "--service-account-key-file={}",
                    place.join("public.pem").display()
                ),
                format!("--service-account-signing-key-file={key}"),
                "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
                "--disable-admission-plugins=ServiceAccount".to_owned(),
            ]
        };
        let is_ready = |port: u16| {
            let url = format!("https://127.0.0.1:{port}/readyz");
            let answer = agent
                .get(&url)
                .header("Authorization", "Bearer admin-token")
                .call();
            answer.is_ok_and(|answer| answer.status() == 200)
        };
        let server = Running::start(&program, arguments, is_ready);
        let cluster = Self {
            server,
            _etcd: etcd,
            folder,
            agent,
        };
        cluster.prepare();
        Some(cluster)
    }

    /// Creates the definitions and a namespace, and waits until they are served.
    fn prepare(&self) {
        let definitions = [rules_definition(), routes_definition()];
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        for definition in definitions {
            let (status, answer) = self.send(Method::POST, path, "application/json", &definition);
            assert_eq!(status, 201, "{answer}");
        }
        self.create_namespace("shop");
        crate::programs::eventually("the definitions", || {
            let served = |path: &str| self.get(path).0 == 200;
            (served("/apis/monitoring.coreos.com/v1/prometheusrules")
                && served("/apis/monitoring.coreos.com/v1alpha1/alertmanagerconfigs"))
            .then_some(())
        });
    }

    fn url(&self) -> String {
        format!("https://{}", self.server.address())
    }

    /// A kubeconfig of a user.
    pub fn kubeconfig(&self, token: &str) -> std::path::PathBuf {
        // Several threads write one.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("{token}-{number}.json"));
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{ "name": "test", "cluster": { "server": self.url(), "insecure-skip-tls-verify": true } }],
            "users": [{ "name": "test", "user": { "token": token } }],
            "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test", "namespace": "shop" } }],
        });
        fs::write(&path, config.to_string()).unwrap();
        path
    }

    /// Creates a namespace.
    pub fn create_namespace(&self, name: &str) {
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        let (status, answer) = self.send(
            Method::POST,
            "/api/v1/namespaces",
            "application/json",
            &namespace,
        );
        assert_eq!(status, 201, "{answer}");
    }

    /// The destination for a user, in the namespace of the context.
    pub fn destination(&self, token: &str) -> Kubernetes {
        self.destination_in(token, None)
    }

    /// The destination for a user in a namespace.
    pub fn destination_in(&self, token: &str, namespace: Option<&str>) -> Kubernetes {
        Kubernetes::new(KubernetesSettings {
            access: ClusterAccess {
                kubeconfig: Some(self.kubeconfig(token)),
                ..ClusterAccess::default()
            },
            namespace: namespace.map(str::to_owned),
            types: ResourceType::generated(),
            timeout: Duration::from_secs(30),
        })
        .unwrap()
    }

    /// Sends a request as the administrator.
    pub fn send(&self, method: Method, path: &str, media_type: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url()))
            .header("Authorization", "Bearer admin-token")
            .header("Content-Type", media_type)
            .body(body.to_string())
            .unwrap();
        let request = self
            .agent
            .configure_request(request)
            .allow_non_standard_methods(true)
            .build();
        let mut answer = self.agent.run(request).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (
            answer.status().as_u16(),
            serde_json::from_str(&text).unwrap_or(Value::Null),
        )
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.url());
        let mut answer = self
            .agent
            .get(&url)
            .header("Authorization", "Bearer admin-token")
            .call()
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (
            answer.status().as_u16(),
            serde_json::from_str(&text).unwrap_or(Value::Null),
        )
    }

    /// Changes an object as another program would.
    pub fn patch(&self, path: &str, manager: &str, patch: &Value) -> Value {
        let path = format!("{path}?fieldManager={manager}");
        let (status, answer) =
            self.send(Method::PATCH, &path, "application/merge-patch+json", patch);
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

/// The keys of service accounts, which the server does not start without; `None` where `openssl` is not installed.
fn keys(place: &Path) -> Option<()> {
    let openssl = find("openssl")?;
    let (key, public) = (place.join("key.pem"), place.join("public.pem"));
    let run = |arguments: &[&str]| {
        let status = Command::new(&openssl)
            .args(arguments)
            .output()
            .unwrap()
            .status;
        assert!(status.success());
    };
    let (key, public) = (key.to_str().unwrap(), public.to_str().unwrap());
    run(&[
        "ecparam",
        "-name",
        "prime256v1",
        "-genkey",
        "-noout",
        "-out",
        key,
    ]);
    run(&["ec", "-in", key, "-pubout", "-out", public]);
    Some(())
}

/// The part of the operator's definition of `PrometheusRule` that rules need.
fn rules_definition() -> Value {
    let duration = json!({ "type": "string", "pattern": "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$" });
    let texts = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let rule = json!({ "type": "object", "required": ["expr"], "properties": {
        "alert": { "type": "string" }, "record": { "type": "string" },
        "expr": { "anyOf": [{ "type": "integer" }, { "type": "string" }], "x-kubernetes-int-or-string": true },
        "for": duration, "keep_firing_for": duration, "labels": texts, "annotations": texts,
    } });
    let group = json!({ "type": "object", "required": ["name"], "properties": {
        "name": { "type": "string", "minLength": 1 }, "interval": duration, "limit": { "type": "integer" }, "query_offset": duration,
        "labels": texts, "partial_response_strategy": { "type": "string", "default": "abort" },
        "rules": { "type": "array", "items": rule },
    } });
    let spec = json!({ "type": "object", "properties": { "groups": {
        "type": "array", "items": group, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
    } } });
    definition("PrometheusRule", "prometheusrules", "v1", &spec)
}

fn routes_definition() -> Value {
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    definition(
        "AlertmanagerConfig",
        "alertmanagerconfigs",
        "v1alpha1",
        &open,
    )
}

fn definition(kind: &str, plural: &str, version: &str, spec: &Value) -> Value {
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.monitoring.coreos.com"),
            "annotations": { "api-approved.kubernetes.io": "https://example.com" },
        },
        "spec": {
            "group": "monitoring.coreos.com", "scope": "Namespaced",
            "names": { "kind": kind, "plural": plural, "singular": kind.to_lowercase() },
            "versions": [{
                "name": version, "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "required": ["spec"], "properties": { "spec": spec, "status": open } } },
            }],
        },
    })
}
