//! The Prometheus, and the project whose service it has scraped.

use std::path::Path;
use std::process::Command;

use super::place::{Place, Ran, run};
use super::support::loopback::{Act, ReceivedRequest, answer};
use super::support::programs::{Running, fetch, find};
use super::support::promtool;

/// The service.
pub const SERVICE: &str = "\
import std.http

team payments { slack = \"#payments\" }

service checkout {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability : http.availability { objective = 99.9% }
}
";

/// Writes the project.
pub fn project(place: &Place) {
    let manifest =
        "[project]\nname = \"shop\"\n\n[prometheus]\ninterval = \"1m\"\nscrape_interval = \"1m\"\n";
    place.write("nth.toml", manifest);
    place.write("checkout.nth", SERVICE);
}

/// Starts a Prometheus with samples as OpenMetrics; `None` if a program is missing.
pub fn start(place: &Place, samples: &str) -> Option<Running> {
    start_with(place, samples, "global: {}\n", &[])
}

/// The same with a configuration and more options.
pub fn start_with(
    place: &Place,
    samples: &str,
    configuration: &str,
    more: &[&str],
) -> Option<Running> {
    let program = find(&["prometheus"])?;
    if !promtool::available() {
        return None;
    }
    place.write("data/none", "");
    place.write("prometheus.yml", configuration);
    if !samples.is_empty() {
        place.write("samples.om", samples);
        let blocks = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
            .args(["--max-block-duration=1536h", "samples.om", "data"])
            .current_dir(place.path("."))
            .output()
            .unwrap();
        assert!(blocks.status.success(), "{blocks:?}");
    }
    Some(serve(&program, place, more))
}

fn serve(program: &Path, place: &Place, more: &[&str]) -> Running {
    let arguments = |port: u16| {
        let mut all = vec![
            format!("--config.file={}", place.path("prometheus.yml").display()),
            format!("--storage.tsdb.path={}", place.path("data").display()),
            "--storage.tsdb.retention.time=100y".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        all.extend(more.iter().map(|option| (*option).to_owned()));
        all
    };
    Running::start(program, arguments, |port| {
        fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some()
    })
}

/// Sends a request to a real server, and returns its response.
pub fn forward(to: &str, request: &ReceivedRequest) -> Act {
    let mut words = request.line.split(' ');
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let url = format!("{to}{path}");
    let sent = match method {
        Some("GET") => ureq::get(&url).call(),
        _ => ureq::post(&url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .send(&request.body),
    };
    let text = sent.unwrap().body_mut().read_to_string().unwrap();
    answer("200 OK", "Content-Type: application/json\r\n", text)
}

/// Runs a command of the project without variables of a connection.
pub fn nthc(place: &Place, arguments: &[&str]) -> Ran {
    run(&mut command(place, arguments))
}

/// The command that [`nthc`] runs.
pub fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    for name in [
        "ALL_PROXY",
        "HTTP_PROXY",
        "all_proxy",
        "http_proxy",
        "NTH_GRAFANA_TOKEN",
        "NTH_GRAFANA_TOKEN_FILE",
        "NTH_LEDGER",
        "NTH_PROMETHEUS_TOKEN",
        "NTH_PROMETHEUS_USER",
        "NTH_PROMETHEUS_PASSWORD",
    ] {
        command.env_remove(name);
    }
    command
}
