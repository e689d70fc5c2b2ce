//! Prints what a pull of many SLOs from a real Prometheus takes:
//! `cargo run --release -p nth-cli --example ledger_pull -- target/release/nthc 1000 1`.
//!
//! The arguments are the program, the number of SLOs, and the days of history. It needs `prometheus` and `promtool`, and a free port.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The end of the history: 2026-11-01T00:00:00Z.
const END: i64 = 1_793_491_200;
const UNTIL: &str = "2026-11-01T00:00:00Z";
const DAY: i64 = 86_400;

/// The SLOs of a service.
const SLOS: usize = 4;

/// The server, which ends with the program.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The project: each service has four SLOs, each of a handler.
fn project(folder: &Path, slos: usize) {
    let manifest =
        "[project]\nname = \"shop\"\n\n[prometheus]\ninterval = \"1m\"\nscrape_interval = \"1m\"\n";
    fs::write(folder.join("nth.toml"), manifest).unwrap();
    let mut text = "team payments { slack = \"#payments\" }\n".to_owned();
    for service in 0..slos.div_ceil(SLOS) {
        let _ = writeln!(
            text,
            "\nservice s{service} {{\n  team = payments\n  selector = {{ job = \"s{service}\" }}"
        );
        for slo in 0..SLOS.min(slos - service * SLOS) {
            let _ = writeln!(
                text,
                "  slo h{slo} {{\n    objective = 99.9%\n    sli : ratio {{\n      bad = `http_requests_total{{handler=\"h{slo}\",status=~\"5..\"}}`\n    \
                 total = `http_requests_total{{handler=\"h{slo}\"}}`\n    }}\n  }}"
            );
        }
        text.push_str("}\n");
    }
    fs::write(folder.join("services.nth"), text).unwrap();
}

/// What was scraped every minute, as OpenMetrics.
fn samples(path: &Path, slos: usize, days: i64) -> usize {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let from = END - days * DAY;
    let services = slos.div_ceil(SLOS);
    let mut written = 0;
    let mut series = |name: &str, labels: &str, value: &dyn Fn(i64) -> i64| {
        for minute in 0..=days * 1_440 {
            let at = from + minute * 60;
            writeln!(file, "{name}{{{labels}}} {} {at}", value(minute)).unwrap();
            written += 1;
        }
    };
    for name in ["up", "process_start_time_seconds"] {
        for service in 0..services {
            let labels = format!("job=\"s{service}\",instance=\"a\"");
            let start = from - 30;
            series(name, &labels, &|_| if name == "up" { 1 } else { start });
        }
    }
    for service in 0..services {
        for slo in 0..SLOS {
            let labels = format!("job=\"s{service}\",instance=\"a\",handler=\"h{slo}\"");
            series(
                "http_requests_total",
                &format!("{labels},status=\"200\""),
                &|minute| minute * 50,
            );
            series(
                "http_requests_total",
                &format!("{labels},status=\"500\""),
                &|minute| minute / 40,
            );
        }
    }
    writeln!(file, "# EOF").unwrap();
    file.flush().unwrap();
    written
}

fn serve(folder: &Path) -> (Server, String) {
    fs::write(folder.join("prometheus.yml"), "global: {}\n").unwrap();
    let blocks = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
        .args(["--max-block-duration=1536h", "samples.om", "data"])
        .current_dir(folder)
        .status()
        .expect("promtool runs");
    assert!(blocks.success());
    fs::remove_file(folder.join("samples.om")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let child = Command::new("prometheus")
        .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
        .arg("--storage.tsdb.retention.time=100y")
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prometheus runs");
    let server = Server(child);
    let url = format!("http://127.0.0.1:{port}");
    for _ in 0..600 {
        if ureq::get(&format!("{url}/-/ready")).call().is_ok() {
            return (server, url);
        }
        sleep(Duration::from_millis(100));
    }
    panic!("Prometheus does not start");
}

/// The sum of a metric of the server about its API.
fn measured(url: &str, name: &str) -> f64 {
    let mut response = ureq::get(&format!("{url}/metrics")).call().unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    let lines = text
        .lines()
        .filter(|line| line.starts_with(name) && line.contains("/api/v1/"));
    lines
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

fn size(folder: &Path) -> u64 {
    let files = ["nth.ledger.db", "nth.ledger.db-wal"];
    files
        .iter()
        .filter_map(|name| fs::metadata(folder.join(name)).ok())
        .map(|file| file.len())
        .sum()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let program = arguments
        .next()
        .unwrap_or_else(|| "target/release/nthc".to_owned());
    let program: PathBuf = fs::canonicalize(program).expect("the path of nthc");
    let slos: usize = arguments
        .next()
        .map_or(1_000, |text| text.parse().expect("a number of SLOs"));
    let days: i64 = arguments
        .next()
        .map_or(1, |text| text.parse().expect("a number of days"));
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), slos);
    let written = samples(&folder.path().join("samples.om"), slos, days);
    let (_server, url) = serve(folder.path());
    println!("{slos} SLOs, {days} d, {written} samples in Prometheus");
    let since = format!("{days}d");
    for what in ["first pull", "the same again"] {
        let requests = measured(&url, "prometheus_http_requests_total");
        let bytes = measured(&url, "prometheus_http_response_size_bytes_sum");
        let began = Instant::now();
        let output = Command::new(&program)
            .args([
                "ledger",
                "pull",
                "--prometheus",
                &url,
                "--until",
                UNTIL,
                "--since",
                &since,
            ])
            .args(["--format", "json"])
            .current_dir(folder.path())
            .env_remove("NTH_LEDGER")
            .output()
            .expect("nthc runs");
        let seconds = began.elapsed().as_secs_f64();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        println!(
            "{what}: {seconds:.1} s, {:.0} requests, {:.1} MB of responses (as sent), {} new slices, {} unchanged, {:.1} MB on disk",
            measured(&url, "prometheus_http_requests_total") - requests,
            (measured(&url, "prometheus_http_response_size_bytes_sum") - bytes) / 1e6,
            report["new"],
            report["unchanged"],
            size(folder.path()) as f64 / 1e6,
        );
    }
}
