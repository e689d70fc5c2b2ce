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
