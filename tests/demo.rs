//! The demo: real programs, started by its script, and an alert that fires after the service is broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/mod.rs"]
#[allow(dead_code, reason = "each test file uses its own part")]
mod support;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::programs::{eventually, fetch, find};

/// The demo, which ends with the programs that it started.
struct Demo {
    script: Child,
    folder: tempfile::TempDir,
}

impl Drop for Demo {
    fn drop(&mut self) {
        // The script ends what it started.
        let _ = Command::new("kill")
            .arg(self.script.id().to_string())
            .status();
        let _ = self.script.wait();
    }
}

impl Demo {
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

fn script(arguments: &[&str], ports: &[(&str, u16)]) -> Command {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = Path::new(env!("CARGO_BIN_EXE_nthc"))
        .parent()
        .unwrap()
        .to_owned();
    let mut folders = vec![built];
    folders.extend(
        ["prometheus", "alertmanager", "cortex"]
            .iter()
            .filter_map(|name| Some(find(&[name])?.parent()?.to_owned())),
    );
    let path = std::env::var_os("PATH").unwrap();
    folders.extend(std::env::split_paths(&path));
    let mut command = Command::new(manifest.join("examples/demo/run"));
    command
        .args(arguments)
        .env("PATH", std::env::join_paths(folders).unwrap())
        .stdin(Stdio::null());
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "NO_COLOR",
    ] {
        command.env_remove(name);
    }
    for (name, port) in ports {
        command.env(name, port.to_string());
    }
    command
}

#[test]
fn what_the_demo_breaks_pages() {
    for program in ["prometheus", "alertmanager", "cortex", "python3", "curl"] {
        if find(&[program]).is_none() {
            return;
        }
    }
    let names = [
        "PROMETHEUS_PORT",
        "ALERTMANAGER_PORT",
        "CORTEX_PORT",
        "SERVICE_PORT",
        "PREVIEW_PORT",
    ];
    // All at once, so that they differ.
    let listeners = names.map(|name| (name, TcpListener::bind("127.0.0.1:0").unwrap()));
    let ports: Vec<(&str, u16)> = listeners
        .iter()
        .map(|(name, listener)| (*name, listener.local_addr().unwrap().port()))
        .collect();
    drop(listeners);
    let port = |name: &str| ports.iter().find(|(known, _)| *known == name).unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let started = script(&[], &ports)
        .env("DEMO_FOLDER", folder.path())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut demo = Demo {
        script: started,
        folder,
    };
    eventually("the preview of the demo", || {
        let ended = demo.script.try_wait().unwrap();
        assert!(ended.is_none(), "{}", demo.log());
        demo.log().contains("preview is ready").then_some(())
    });
    let said = demo.log();
    assert!(
        said.contains("adopt Alertmanager configuration alertmanager.yml"),
        "{said}"
    );
    assert!(said.contains("demo: 5 in sync"), "{said}");
    let alerts = || {
        let url = format!(
            "http://127.0.0.1:{}/api/v2/alerts",
            port("ALERTMANAGER_PORT")
        );
        fetch(&url).unwrap_or_default()
    };
    assert!(!alerts().contains("More than a tenth"), "{}", alerts());
    let broken = script(&["break"], &ports).output().unwrap();
    assert!(broken.status.success(), "{broken:?}");
    eventually("the page of the demo", || {
        alerts()
            .contains("More than a tenth of all requests fail")
            .then_some(())
    });
}

/// The version of a module that the tests build, as its images are tagged.
fn pinned(go_mod: &str, module: &str) -> String {
    let text = std::fs::read_to_string(in_repository(go_mod)).unwrap();
    let line = { text.lines() }
        .find(|line| line.contains(&format!("{module} v")))
        .unwrap();
    let version = line.split(" v").nth(1).unwrap();
    let version = version.split_whitespace().next().unwrap();
    // Prometheus 3.16.0 is the module v0.316.0.
    match version
        .strip_prefix("0.3")
        .filter(|_| module.ends_with("prometheus"))
    {
        Some(rest) => format!("v3.{rest}"),
        None => format!("v{version}"),
    }
}

fn in_repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_compose_file_starts_what_the_script_starts() {
    let text = std::fs::read_to_string(in_repository("examples/demo/compose.yaml")).unwrap();
    let mut compose: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
    compose.apply_merge().unwrap();
    let services = compose["services"].as_mapping().unwrap();
    let names: Vec<&str> = services.keys().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "prepare",
            "service",
            "prometheus",
            "alertmanager",
            "cortex",
            "deliver",
            "preview"
        ]
    );
    for (name, service) in services {
        for (on, _) in { service["depends_on"].as_mapping() }.into_iter().flatten() {
            assert!(names.contains(&on.as_str().unwrap()), "{name:?}: {on:?}");
        }
        // Everything listens on the loopback address.
        let network = service["network_mode"].as_str();
        assert_eq!(network == Some("host"), name.as_str() != Some("prepare"));
        for volume in service["volumes"].as_sequence().unwrap() {
            let from = volume.as_str().unwrap().split(':').next().unwrap();
            assert!(from == "." || !compose["volumes"][from].is_null(), "{from}");
        }
    }
    for (name, tag) in [
        (
            "prometheus",
            pinned("tests/tools/go.mod", "prometheus/prometheus"),
        ),
        (
            "alertmanager",
            pinned("tests/tools/amtool/go.mod", "prometheus/alertmanager"),
        ),
        (
            "cortex",
            pinned("tests/tools/cortex/go.mod", "cortexproject/cortex"),
        ),
    ] {
        let image = compose["services"][name]["image"].as_str().unwrap();
        assert!(image.ends_with(&format!(":{tag}")), "{image} is not {tag}");
    }
    // Its files are there, and their places are replaced as the script replaces them.
    let script = std::fs::read_to_string(in_repository("examples/demo/run")).unwrap();
    for file in ["demo.nth", "nth.toml", "cortex.yaml", "service.py"] {
        assert!(
            in_repository("examples/demo").join(file).is_file(),
            "{file}"
        );
        assert!(text.contains(&format!("/source/{file}")), "{file}");
        assert!(script.contains(file), "{file}");
    }
    for port in ["9090", "9093", "9009", "8080", "7084"] {
        assert!(text.contains(port) && script.contains(port), "{port}");
    }
}
