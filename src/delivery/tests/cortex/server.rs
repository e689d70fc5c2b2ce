//! A Cortex, and tenants in it.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nth_delivery::destinations::alertmanager_api::{AlertmanagerApi, AlertmanagerApiSettings};
use nth_delivery::destinations::ruler::{Ruler, RulerApi, RulerSettings};
use nth_delivery::{Destination, ObjectKey, Owner};
use serde_json::{Value, json};
use ureq::Agent;

use crate::proxy::Proxy;
use crate::support::world::World;

/// Returns the path of Cortex, which `tests/tools/install` builds, or `None`, with a message. In CI, where everything must run, it
/// panics.
fn find() -> Option<PathBuf> {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| manifest.join("../../target"), PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(target.join("tools/bin"))
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join("cortex"))
        .find(|program| program.is_file());
    if found.is_none() {
        let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
        let why = "cortex not installed: run tests/tools/install";
        assert!(!is_ci, "skipped, {why}");
        println!("skipped, {why}");
    }
    found
}

pub struct Server {
    process: Child,
    pub port: u16,
    _folder: tempfile::TempDir,
    tenants: AtomicUsize,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts a Cortex with these limits of each tenant, in YAML. `None` without Cortex on this machine.
    pub fn start(limits: &str) -> Option<Self> {
        let program = find()?;
        // Another process may take a port in between.
        for _ in 0..5 {
            if let Some(server) = Self::try_start(&program, limits) {
                return Some(server);
            }
        }
        panic!("Cortex does not start");
    }

    fn try_start(program: &PathBuf, limits: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let free = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap().port()
        };
        let (port, grpc) = (free(), free());
        let config = format!(
            r#"auth_enabled: true
server: {{http_listen_address: 127.0.0.1, http_listen_port: {port}, grpc_listen_address: 127.0.0.1, grpc_listen_port: {grpc}, log_level: error}}
distributor: {{shard_by_all_labels: true, ring: &r {{instance_addr: 127.0.0.1, kvstore: {{store: inmemory}}}}}}
ingester: {{lifecycler: {{address: 127.0.0.1, min_ready_duration: 0s, final_sleep: 0s, num_tokens: 16, ring: {{kvstore: {{store: inmemory}}, replication_factor: 1}}}}}}
storage: {{engine: blocks}}
blocks_storage: {{backend: filesystem, filesystem: {{dir: data/blocks}}, tsdb: {{dir: data/tsdb}}, bucket_store: {{sync_dir: data/sync}}}}
compactor: {{data_dir: data/compactor, sharding_ring: *r}}
store_gateway: {{sharding_ring: *r}}
ruler: {{enable_api: true, rule_path: data/tmp, evaluation_interval: 1s, poll_interval: 1s, ring: *r}}
ruler_storage: {{backend: filesystem, filesystem: {{dir: data/rules}}}}
alertmanager: {{enable_api: true, data_dir: data/am, external_url: http://127.0.0.1:{port}/alertmanager, poll_interval: 1s, cluster: {{listen_address: ""}}}}
alertmanager_storage: {{backend: filesystem, filesystem: {{dir: data/amc}}}}
limits: {limits}
"#
        );
        std::fs::write(folder.path().join("cortex.yaml"), config).unwrap();
        let mut process = Command::new(program)
            .arg("-config.file=cortex.yaml")
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let agent = agent(HASTY);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if process.try_wait().unwrap().is_some() {
                return None;
            }
            let ready = agent.get(format!("http://127.0.0.1:{port}/ready")).call();
            if ready.is_ok_and(|answer| answer.status() == 200) {
                return Some(Self {
                    process,
                    port,
                    _folder: folder,
                    tenants: AtomicUsize::new(0),
                });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = process.kill();
        let _ = process.wait();
        None
    }

    /// A tenant of its own, behind a proxy of its own.
    pub fn tenant(&self) -> Tenant {
        self.tenant_with(PATIENT)
    }

    /// A tenant whose clients give up before a slow proxy answers.
    pub fn hasty_tenant(&self) -> Tenant {
        self.tenant_with(HASTY)
    }

    fn tenant_with(&self, timeout: Duration) -> Tenant {
        let number = self.tenants.fetch_add(1, Ordering::Relaxed);
        let proxy = Proxy::start(self.port);
        let name = format!("tenant-{number}");
        Tenant {
            ruler: ruler_with(agent(timeout), &proxy.url, RulerApi::Cortex, Some(&name)),
            timeout,
            direct: format!("http://127.0.0.1:{}", self.port),
            name,
            proxy,
        }
    }
}

/// The time after which a client gives up, which a busy machine does not need.
const PATIENT: Duration = Duration::from_secs(20);
/// The same for clients that give up before a slow proxy answers.
const HASTY: Duration = Duration::from_millis(500);

fn agent(timeout: Duration) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .build()
        .into()
}

pub fn ruler(url: &str, api: RulerApi, tenant: Option<&str>) -> Ruler {
    ruler_with(agent(PATIENT), url, api, tenant)
}

fn ruler_with(agent: Agent, url: &str, api: RulerApi, tenant: Option<&str>) -> Ruler {
    let settings = RulerSettings {
        api,
        tenant: tenant.map(str::to_owned),
        protected: vec!["platform*".to_owned()],
    };
    Ruler::new(agent, url, &[], Vec::new(), settings).unwrap()
}

pub struct Tenant {
    pub name: String,
    pub proxy: Proxy,
    pub ruler: Ruler,
    /// The URL of the server without the proxy.
    direct: String,
    timeout: Duration,
}

impl Tenant {
    /// The tenant in what looks like Mimir, with these limits.
    pub fn in_mimir(mut self, limits: &str) -> Self {
        self.proxy.look_like_mimir(limits);
        self.ruler = ruler(&self.proxy.url, RulerApi::Mimir, Some(&self.name));
        self
    }

    pub fn alertmanager(&self, secrets: &[&str]) -> AlertmanagerApi {
        let secrets = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        let settings = AlertmanagerApiSettings {
            tenant: Some(self.name.clone()),
            ..AlertmanagerApiSettings::default()
        };
        AlertmanagerApi::new(agent(self.timeout), &self.proxy.url, &[], secrets, settings).unwrap()
    }

    /// Sends a request without the proxy; returns the status and the body.
    pub fn send(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.direct))
            .header("X-Scope-OrgID", &self.name)
            .body(body.to_owned())
            .unwrap();
        let mut answer = agent(PATIENT).run(request).unwrap();
        let status = answer.status().as_u16();
        (status, answer.body_mut().read_to_string().unwrap())
    }
}

impl World for Tenant {
    fn destination(&self) -> &dyn Destination {
        &self.ruler
    }

    fn put(&self, key: &ObjectKey, owner: Option<&Owner>, content: &Value) {
        let mut group = content.clone();
        group["name"] = key.name.clone().into();
        if let Some(owner) = owner {
            // As the documentation says, by another program than the one that is tested.
            let mut labels = json!({
                "project": owner.project,
                "rule_namespace": key.namespace,
                "rule_group": key.name,
            });
            if let Some(environment) = &owner.environment {
                labels["environment"] = environment.clone().into();
            }
            let mark =
                json!({"record": "nthc_rule_group_info", "expr": "vector(1)", "labels": labels});
            group["rules"].as_array_mut().unwrap().push(mark);
        }
        let path = format!("/api/v1/rules/{}", key.namespace);
        assert_eq!(self.send("POST", &path, &group.to_string()).0, 202);
    }

    fn remove(&self, key: &ObjectKey) {
        let path = format!("/api/v1/rules/{}/{}", key.namespace, key.name);
        assert_eq!(self.send("DELETE", &path, "").0, 202);
    }

    fn dump(&self) -> BTreeMap<String, String> {
        let (status, text) = self.send("GET", "/api/v1/rules", "");
        if status == 404 && text == "no rule groups found\n" {
            return BTreeMap::new();
        }
        assert_eq!(status, 200, "{text}");
        let all: BTreeMap<String, Vec<Value>> = yaml_serde::from_str(&text).unwrap();
        let mut groups = BTreeMap::new();
        for (namespace, of_namespace) in all {
            for group in of_namespace {
                if namespace != "nthc-lease" {
                    let name = group["name"].as_str().unwrap();
                    groups.insert(format!("{namespace}/{name}"), group.to_string());
                }
            }
        }
        groups
    }

    fn writes(&self) -> Option<usize> {
        let requests = self.proxy.requests();
        let writes = requests
            .iter()
            .filter(|request| !request.starts_with("GET ") && !request.contains("/nthc-lease"));
        Some(writes.count())
    }
}
