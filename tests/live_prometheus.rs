//! From a real Prometheus with real exporters to rules that it takes: pull, build, coverage.
//!
//! It needs `prometheus`, `promtool`, `node_exporter`, `redis_exporter` and `redis-server`, by these names or by those of
//! Debian's packages. Everything listens on loopback alone, keeps its files in a temporary folder, and ends with the test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use nthc::catalogue::Lock;
use place::{Place, Ran, run};
use serde_json::Value;
use support::exposition::{self, Scraped};
use support::programs::{Running, eventually, fetch, find};
use support::promtool;

const LOCK: &str = "nth.metrics.lock";

/// Templates with signals that these exporters have in any version, and in each one that none has.
const TECHNOLOGIES: &str = include_str!("live/technologies.nth");

/// The project's service. `PROMETHEUS`, `NODE` and `REDIS` stand for the addresses that are scraped.
const SHOP: &str = include_str!("live/shop.nth");

/// What a Prometheus answers to a question of its API, which must succeed.
fn ask(prometheus: &Running, path: &str) -> Value {
    let url = format!("http://{}/api/v1/{path}", prometheus.address());
    let text = ureq::get(&url)
        .config()
        .http_status_as_error(false)
        .build()
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["status"], "success", "{path}: {text}");
    answer["data"].clone()
}

fn query(prometheus: &Running, promql: &str) -> Vec<Value> {
    let mut encoded = String::new();
    for byte in promql.bytes() {
        let _ = write!(encoded, "%{byte:02X}");
    }
    let data = ask(prometheus, &format!("query?query={encoded}"));
    match data["resultType"].as_str().unwrap() {
        "vector" => data["result"].as_array().unwrap().clone(),
        _ => vec![data["result"].clone()],
    }
}

/// A Prometheus that scrapes once a second. `configuration` is what stands in its file besides, for its own address.
fn prometheus(program: &Path, folder: &Path, configuration: impl Fn(&str) -> String) -> Running {
    let config = folder.join("prometheus.yml");
    let arguments = |port: u16| {
        let address = format!("127.0.0.1:{port}");
        let global = "global: { scrape_interval: 1s, evaluation_interval: 1s }\n";
        std::fs::write(&config, format!("{global}{}", configuration(&address))).unwrap();
        vec![
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address={address}"),
            "--web.enable-lifecycle".to_owned(),
        ]
    };
    Running::start(program, arguments, |port| {
        fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some()
    })
}

/// Waits until this many targets were scraped.
fn await_scrapes(prometheus: &Running, targets: usize) {
    eventually("scrapes of all targets", || {
        let up = query(prometheus, "up == 1");
        (up.len() == targets).then_some(())
    });
}

fn pull(place: &Place, prometheus: &Running, more: &[&str]) -> Ran {
    let url = format!("http://{}", prometheus.address());
    let mut command = place.command(&["metrics", "pull", "--prometheus", &url]);
    command.args(more);
    for name in [
        "ALL_PROXY",
        "HTTP_PROXY",
        "all_proxy",
        "http_proxy",
        "NTH_PROMETHEUS_TOKEN",
        "NTH_PROMETHEUS_USER",
        "NTH_PROMETHEUS_PASSWORD",
    ] {
        command.env_remove(name);
    }
    run(&mut command)
}

/// The programs that the test needs.
struct Programs {
    prometheus: PathBuf,
    node: PathBuf,
    redis: PathBuf,
    redis_server: PathBuf,
}

impl Programs {
    fn find() -> Option<Self> {
        Some(Self {
            prometheus: find(&["prometheus"])?,
            node: find(&["prometheus-node-exporter", "node_exporter"])?,
            redis: find(&["prometheus-redis-exporter", "redis_exporter"])?,
            redis_server: find(&["redis-server"])?,
        })
    }
}

#[test]
fn what_real_exporters_say_becomes_rules_that_prometheus_takes() {
    let Some(programs) = Programs::find() else {
        return;
    };
    if !promtool::available() {
        return;
    }
    let place = Place::project();
    let folder = |name: &str| {
        let path = place.path(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    };
    let answers = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_ok();
    let says_metrics = |port: u16| fetch(&format!("http://127.0.0.1:{port}/metrics")).is_some();
    let data = folder("run/redis");
    let redis_server = Running::start(
        &programs.redis_server,
        |port| {
            let arguments = [
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--dir",
                &data.display().to_string(),
                "--save",
                "",
            ];
            arguments.map(str::to_owned).to_vec()
        },
        answers,
    );
    let redis = Running::start(
        &programs.redis,
        |port| {
            vec![
                format!("--redis.addr=redis://{}", redis_server.address()),
                format!("--web.listen-address=127.0.0.1:{port}"),
            ]
        },
        says_metrics,
    );
    let node = Running::start(
        &programs.node,
        |port| vec![format!("--web.listen-address=127.0.0.1:{port}")],
        says_metrics,
    );
    let built = place.path("build/prometheus");
    // A rule, an Alertmanager and a store that are not there: a Prometheus has metrics of these only where it has them.
    place.write(
        "run/first.yaml",
        "groups: [ { name: first, interval: 1s, rules: [ { alert: Always, expr: vector(1) } ] } ]\n",
    );
    let server = prometheus(&programs.prometheus, &folder("run/prometheus"), |address| {
        let job = |name: &str, target: &str| {
            format!(
                "  - {{ job_name: {name}, static_configs: [ {{ targets: [ '{target}' ] }} ] }}\n"
            )
        };
        format!(
            "rule_files: [ ../first.yaml, '{}/*.yaml' ]\n\
             alerting: {{ alertmanagers: [ {{ static_configs: [ {{ targets: [ '127.0.0.1:1' ] }} ] }} ] }}\n\
             remote_write: [ {{ url: 'http://127.0.0.1:1/write' }} ]\n\
             scrape_configs:\n{}{}{}",
            built.display(),
            job("prometheus", address),
            job("node", &node.address()),
            job("redis", &redis.address())
        )
    });
    await_scrapes(&server, 3);
    // What it says of its rules it says once they ran, and of the time between scrapes after the second of a target.
    for late in [
        "prometheus_rule_group_last_duration_seconds",
        "prometheus_target_interval_length_seconds_count",
    ] {
        eventually(late, || (!query(&server, late).is_empty()).then_some(()));
    }

    let shop = SHOP
        .replace("PROMETHEUS", &server.address())
        .replace("NODE", &node.address())
        .replace("REDIS", &redis.address());
    std::fs::remove_file(place.path("services/checkout.nth")).unwrap();
    place.write("services/shop.nth", shop);
    place.write("technologies.nth", TECHNOLOGIES);

    // Without a catalogue nothing is known, and everything is built.
    let before = coverage(&place);
    let signals = &before["signals"];
    assert!(signals["total"].as_u64() > Some(50), "{before}");
    assert_eq!(signals["unclaimed"], signals["total"], "{before}");

    let ran = pull(&place, &server, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err.ends_with(&format!("{LOCK} is created\n")),
        "{ran:?}"
    );
    // Programs show some metrics only after a while: a Prometheus those of the questions that it was asked. Once there
    // is nothing new, the same bytes are told as such.
    let (mut text, mut pulls) = (place.read(LOCK), 1);
    eventually("a pull without changes", || {
        let ran = pull(&place, &server, &[]);
        assert_eq!(ran.code, 0, "{ran:?}");
        pulls += 1;
        let now = place.read(LOCK);
        let is_unchanged = ran.err.ends_with(&format!("{LOCK} is unchanged\n"));
        assert_eq!(is_unchanged, now == text, "{ran:?}");
        text = now;
        is_unchanged.then_some(())
    });
    println!(
        "the catalogue stands after {pulls} pulls, {} bytes",
        text.len()
    );

    let after = coverage(&place);
    let mut told = BTreeMap::new();
    for block in after["environments"][0]["services"][0]["blocks"]
        .as_array()
        .unwrap()
    {
        let signals = block["signals"].as_array().unwrap();
        let missing: BTreeSet<&str> = signals
            .iter()
            .filter(|signal| signal["state"] != "found")
            .map(|signal| signal["signal"].as_str().unwrap())
            .collect();
        let name = block["dependency"].as_str().unwrap();
        println!(
            "{name} ({}): {} of {} signals",
            block["technology"].as_str().unwrap(),
            signals.len() - missing.len(),
            signals.len()
        );
        told.insert(name, (signals.len(), missing));
    }
    let expected = BTreeMap::from([
        ("host", (5, BTreeSet::from(["absent"]))),
        ("metrics", (6, BTreeSet::from(["absent"]))),
        ("sessions", (5, BTreeSet::from(["absent"]))),
        ("std-node", (17, unknown_to_the_kernel())),
        ("std-prometheus", (14, BTreeSet::new())),
        // It is no replica.
        ("std-redis", (15, BTreeSet::from(["primary-link"]))),
    ]);
    let incomplete = expected
        .values()
        .filter(|(_, missing)| !missing.is_empty())
        .count();
    assert_eq!(told, expected, "{after}");
    // The second name of `memory` is the one that redis_exporter uses.
    let short = place.run(&["metrics", "coverage", "--format", "short"]);
    assert!(
        short
            .out
            .contains("shop.sessions.memory: found: redis_memory_used_bytes"),
        "{short:?}"
    );

    // So is a metric that an alert reads past the signals: the misspelt one is not there, the objective's is.
    let states: BTreeMap<&str, &str> = after["environments"][0]["services"][0]["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| {
            (
                metric["metric"].as_str().unwrap(),
                metric["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(states["prometheus_http_requests_totel"], "absent");
    let absent = states.values().filter(|state| **state != "present").count();
    assert_eq!(absent, 1, "{states:?}");
    assert_eq!(states["prometheus_http_requests_total"], "present");

    let ran = place.run(&["build", "--format", "short"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    // What is missing is told, once for each dependency.
    assert_eq!(ran.err.matches("N0908").count(), incomplete, "{ran:?}");
    let rules = place.read("build/prometheus/shop.yaml");
    promtool::check_rules(&rules);
    // What reads a missing signal is not made.
    assert!(!rules.contains("never_there"), "{rules}");

    // Prometheus itself takes them, and can answer every one.
    let url = format!("http://{}/-/reload", server.address());
    let reloaded = ureq::post(&url).send_empty().unwrap();
    assert_eq!(reloaded.status(), 200);
    let groups = ask(&server, "rules");
    let loaded: Vec<&Value> = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|group| group["name"] != "first")
        .flat_map(|group| group["rules"].as_array().unwrap())
        .collect();
    let document: yaml_serde::Value = yaml_serde::from_str(&rules).unwrap();
    let written: usize = document["groups"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|group| group["rules"].as_sequence().unwrap().len())
        .sum();
    assert_eq!(loaded.len(), written);
    assert!(written > 10, "{rules}");
    for rule in &loaded {
        query(&server, rule["query"].as_str().unwrap());
    }
    // The alerts that compare nothing but what is there see it.
    let alerts: BTreeMap<&str, &str> = loaded
        .iter()
        .filter(|rule| rule["type"] == "alerting")
        .map(|rule| {
            (
                rule["name"].as_str().unwrap(),
                rule["query"].as_str().unwrap(),
            )
        })
        .collect();
    for (alert, fires) in [
        ("SessionsAnswers", true),
        ("SessionsGone", false),
        ("HostIdles", true),
        ("MetricsScrapes", true),
    ] {
        let promql = alerts
            .get(alert)
            .unwrap_or_else(|| panic!("no {alert} in {:?}", alerts.keys()));
        let result = query(&server, promql);
        assert_eq!(!result.is_empty(), fires, "{alert}: {promql}: {result:?}");
    }
}

/// The signals of a machine that this one's kernel tells nothing of, as it may in a container.
fn unknown_to_the_kernel() -> BTreeSet<&'static str> {
    let lacks = |path: &str| !Path::new(path).exists();
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let mut missing = BTreeSet::new();
    if lacks("/proc/pressure/cpu") {
        missing.insert("cpu-waiting");
    }
    if lacks("/proc/sys/net/netfilter/nf_conntrack_count") {
        missing.extend(["tracked-connections", "tracked-connections-limit"]);
    }
    if !read("/proc/vmstat").contains("oom_kill ") {
        missing.insert("oom-kills");
    }
    // The exporter leaves out memory, loops and floppies.
    let is_disk = |line: &str| {
        let name = line.split_ascii_whitespace().nth(2).unwrap_or_default();
        !["ram", "loop", "fd"]
            .iter()
            .any(|other| name.starts_with(other))
    };
    if !read("/proc/diskstats").lines().any(is_disk) {
        missing.insert("disk-busy");
    }
    missing
}

fn coverage(place: &Place) -> Value {
    let ran = place.run(&["metrics", "coverage", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

/// A server that answers `/NAME` with the scrape of that name.
fn serve_scrapes() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut request = String::new();
                reader.read_line(&mut request).unwrap();
                let mut line = String::new();
                while reader.read_line(&mut line).unwrap() > 2 {
                    line.clear();
                }
                let name = request.split(' ').nth(1).unwrap().trim_start_matches('/');
                let body = exposition::text(name);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain; version=0.0.4\r\n\
                     Content-Length: {}\r\n\r\n",
                    body.len()
                );
                // The client may be gone.
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(body.as_bytes());
            });
        }
    });
    address
}

/// The sections that `tests/exporters.rs` makes of a scrape are those of a real pull, byte for byte.
#[test]
fn what_is_made_of_a_scrape_is_what_a_pull_writes() {
    let Some(program) = find(&["prometheus"]) else {
        return;
    };
    let mut names: BTreeSet<String> = exposition::names();
    // Names in quotes are read by Prometheus 3 alone, which is not what Debian has; samples with a time are too old by now.
    let is_unreadable = |line: &str| {
        let values = line.rsplit_once('}').map(|(_, values)| values);
        let has_time = values.is_some_and(|values| values.split_whitespace().count() > 1);
        !line.starts_with('#') && (line.starts_with("{\"") || has_time)
    };
    names.retain(|name| !exposition::text(name).lines().any(is_unreadable));
    let address = serve_scrapes();
    let mut configuration = String::from("scrape_configs:\n");
    for name in &names {
        let _ = writeln!(
            configuration,
            "  - {{ job_name: {name}, metrics_path: /{name}, static_configs: [ {{ targets: [ '{address}' ] }} ] }}"
        );
    }
    let place = Place::project();
    std::fs::create_dir(place.path("run")).unwrap();
    let server = prometheus(&program, &place.path("run"), |_| configuration.clone());
    await_scrapes(&server, names.len());

    let mut scraped = Scraped::default();
    for name in &names {
        let target = [("job", name.as_str()), ("instance", address.as_str())];
        let target = target.map(|(label, value)| (label.to_owned(), value.to_owned()));
        let said = exposition::parse(&exposition::text(name)).unwrap();
        scraped.add(&BTreeMap::from(target), &said);
    }
    let mut expected = Lock::default();
    let mut asked = Vec::new();
    for name in &names {
        let selector = format!("{{job=\"{name}\"}}");
        let section = scraped.section(&selector);
        assert!(section.metrics.len() > 5, "{name}");
        asked.extend(["--selector".to_owned(), selector.clone()]);
        expected.sections_mut(None).insert(selector, section);
    }
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let ran = pull(&place, &server, &asked);
    assert_eq!(ran.code, 0, "{ran:?}");
    let pulled = place.read(LOCK);
    let made = expected.to_text().unwrap();
    let differs = pulled
        .lines()
        .zip(made.lines())
        .find(|(pulled, made)| pulled != made);
    assert_eq!(differs, None);
    assert!(pulled == made, "one is longer");
}
