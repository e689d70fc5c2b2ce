//! `nthc metrics pull`, from end to end: the binary against servers that answer well and badly.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use place::{Place, Ran, run};
use serde_json::{Value, json};

const LOCK: &str = "nth.metrics.lock";

/// A request as the server saw it.
#[derive(Debug, Clone)]
struct Request {
    line: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// What the server does about it.
enum Reply {
    /// Answers with a status and a body.
    With(u16, String),
    /// Announces more than it sends.
    Short(String),
    /// Says nothing and keeps the connection.
    Silence,
    /// The same in the middle of the body.
    Stall(String),
}

/// A server on a free port, until the test ends.
struct Server {
    url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    fn new(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), seen.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (answer.clone(), log.clone());
                thread::spawn(move || serve(stream, &*answer, &log));
            }
        });
        Self { url, seen }
    }

    fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&Request) -> Reply, log: &Mutex<Vec<Request>>) {
    let Some(request) = receive(&stream) else {
        return;
    };
    log.lock().unwrap().push(request.clone());
    let (status, body, length) = match answer(&request) {
        Reply::With(status, body) => {
            let length = body.len();
            (status, body, length)
        }
        Reply::Short(body) => {
            let length = body.len() + 100;
            (200, body, length)
        }
        Reply::Stall(body) => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{body}");
            let _ = stream.write_all(head.as_bytes());
            loop {
                thread::park();
            }
        }
        Reply::Silence => loop {
            thread::park();
        },
    };
    let head = format!(
        "HTTP/1.1 {status} Status\r\nLocation: /login\r\nConnection: close\r\n\
         Content-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\n\r\n"
    );
    // The client may be gone.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body.as_bytes());
}

fn receive(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        line: line.trim_end().to_owned(),
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}

fn success(data: &Value) -> Reply {
    let body = json!({"status": "success", "data": data}).to_string();
    Reply::With(200, body)
}

/// A Prometheus with metrics of the job `checkout`, and none else.
fn healthy(request: &Request) -> Reply {
    if request.line == "GET /api/v1/metadata HTTP/1.1" {
        return success(&json!({
            "http_requests_total": [{"type": "counter", "help": "Requests.", "unit": ""}],
            "latency_seconds": [{"type": "histogram", "help": "Latency.", "unit": ""}],
        }));
    }
    if request.line == "GET /api/v1/status/flags HTTP/1.1" {
        return success(&json!({"enable-feature": "", "web.listen-address": "0.0.0.0:9090"}));
    }
    assert_eq!(request.line, "POST /api/v1/series HTTP/1.1");
    assert_eq!(
        request.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    if !request.body.contains("%22checkout%22") {
        return success(&json!([]));
    }
    let mut data = vec![json!({"__name__": "latency_seconds_count", "job": "checkout"})];
    for bound in ["+Inf", "0.1", "10", "2"] {
        data.push(json!({"__name__": "latency_seconds_bucket", "job": "checkout", "le": bound}));
    }
    for code in ["200", "500"] {
        data.push(json!({"__name__": "http_requests_total", "job": "checkout", "code": code}));
    }
    // The order is the server's own affair.
    if request.headers.contains_key("authorization") {
        data.reverse();
    }
    success(&Value::Array(data))
}

/// A command without what the machine's own environment may say.
fn pull_command(place: &Place, url: &str, more: &[&str]) -> Command {
    let mut command = place.command(&["metrics", "pull", "--prometheus", url]);
    command.args(more);
    for name in [
        "ALL_PROXY",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "all_proxy",
        "https_proxy",
        "http_proxy",
        "NTH_PROMETHEUS_CA",
        "NTH_PROMETHEUS_CERT",
        "NTH_PROMETHEUS_KEY",
        "NTH_PROMETHEUS_PASSWORD_FILE",
        "NTH_PROMETHEUS_TOKEN_FILE",
        "NTH_PROMETHEUS_TOKEN",
        "NTH_PROMETHEUS_USER",
        "NTH_PROMETHEUS_PASSWORD",
    ] {
        command.env_remove(name);
    }
    command
}

fn pull(place: &Place, url: &str, more: &[&str]) -> Ran {
    run(&mut pull_command(place, url, more))
}

#[test]
fn a_pull_writes_what_the_selectors_match() {
    let place = Place::project();
    let server = Server::new(healthy);
    let before = UNIX_EPOCH.elapsed().unwrap();
    let ran = pull(&place, &server.url, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert_eq!(
        ran.err,
        format!(
            "pulled 2 metrics of 1 selector from {}: {LOCK} is created\n",
            server.url
        )
    );
    insta::assert_snapshot!(place.read(LOCK));
    // Metadata, flags, and the series of the selector.
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    // Series of which the first sample is of this second are among them.
    let end = requests[2].body.rsplit_once("end=").unwrap().1;
    assert!(end.parse::<u64>().unwrap() > before.as_secs(), "{end}");

    // Again, in another order: the same bytes, and the file is not touched.
    let written = std::fs::metadata(place.path(LOCK))
        .unwrap()
        .modified()
        .unwrap();
    let text = place.read(LOCK);
    let ran = run(pull_command(&place, &server.url, &[]).env("NTH_PROMETHEUS_TOKEN", "t"));
    assert!(
        ran.err.ends_with("nth.metrics.lock is unchanged\n"),
        "{ran:?}"
    );
    assert_eq!(place.read(LOCK), text);
    let now = std::fs::metadata(place.path(LOCK))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(now, written);
}

#[test]
fn each_environment_has_its_own_sections() {
    let place = Place::project();
    place.write(
        "services/environments.nth",
        "environment production { selector = { env = \"production\" } }\n\
         environment staging { selector = { env = \"staging\" } }\n",
    );
    let server = Server::new(healthy);
    assert_eq!(pull(&place, &server.url, &["--env", "staging"]).code, 0);
    let staging = place.read(LOCK);
    assert!(
        staging.contains("[environments.staging.'{env=\"staging\",job=\"checkout\"}']"),
        "{staging}"
    );
    assert!(!staging.contains("production"), "{staging}");

    // A selector by hand goes beside them, and stays in pulls of the project.
    let node = "{job=\"checkout\", node=~\"a.*\"}";
    let ran = pull(&place, &server.url, &["--selector", node]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = pull(&place, &server.url, &["--env", "production"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let by_parts = place.read(LOCK);
    assert!(by_parts.starts_with(&staging[..80]));
    for part in [
        "[environments.staging.'",
        "[environments.production.'",
        "[selectors.'{job=\"checkout\",node=~\"a.*\"}']\nused_by = []\n",
    ] {
        assert!(by_parts.contains(part), "{by_parts}");
    }
    let before = server.requests().len();
    assert_eq!(pull(&place, &server.url, &[]).code, 0);
    assert_eq!(place.read(LOCK), by_parts);
    assert_eq!(server.requests().len() - before, 5);

    let ran = pull(&place, &server.url, &["--env", "stagin"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("unknown environment `stagin`"), "{ran:?}");
    assert_eq!(place.read(LOCK), by_parts);
}

#[test]
fn a_selector_with_expressions_has_a_section() {
    let place = Place::project();
    place.write(
        "services/checkout.nth",
        r##"
import teams.payments
service checkout {
  team     = payments
  selector = { job =~ "checkout|check-.*", job != "check-out" }
  alert errors {
    when     = `sum(rate(http_requests_total{code="500"}[5m])) > 1`
    severity = ticket
  }
}
service everything {
  team     = payments
  selector = { job != "other" }
  alert down {
    when     = `count(up == 0) > 1`
    severity = ticket
  }
}
"##,
    );
    let server = Server::new(|request| {
        let mut request = request.clone();
        if request.body.contains("match") {
            // The selector that Prometheus rejects is not sent.
            assert!(!request.body.contains("other"), "{}", request.body);
            request.body = "%22checkout%22".to_owned();
        }
        healthy(&request)
    });
    let ran = pull(&place, &server.url, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let text = place.read(LOCK);
    let section =
        "[selectors.'{job=~\"checkout|check-.*\",job!=\"check-out\"}']\nused_by = [\"checkout\"]\n";
    assert!(text.contains(section), "{text}");
    // The label has several values, so it is listed with them.
    assert!(text.contains("job"), "{text}");

    // Builds check the queries with that section.
    let checked = run(&mut place.command(&["check"]));
    assert_eq!(checked.code, 0, "{checked:?}");
    let source = place.read("services/checkout.nth");
    place.write(
        "services/checkout.nth",
        source.replace("code=\"500\"", "cod=\"500\""),
    );
    let checked = run(&mut place.command(&["check"]));
    assert!(
        checked.err.contains("N0902") && checked.err.contains("job=~\"checkout|check-.*\""),
        "{checked:?}"
    );
}

#[test]
fn a_bad_answer_leaves_the_file_as_it_was() {
    let place = Place::project();
    place.write(LOCK, "version = 1\n");
    let after_metadata = |reply: fn() -> Reply| {
        Server::new(move |request| match healthy(request) {
            reply if request.line.contains("metadata") => reply,
            _ => reply(),
        })
    };
    let mut told = String::new();
    let cases: [(&str, Server, &[&str]); 17] = [
        (
            "500",
            Server::new(|_| Reply::With(500, "<h1>oops</h1>".into())),
            &[],
        ),
        (
            "503 for series",
            after_metadata(|| {
                let error = r#"{"status":"error","errorType":"timeout","error":"query timed out\u001b[2J"}"#;
                Reply::With(503, error.into())
            }),
            &[],
        ),
        (
            "400",
            after_metadata(|| {
                let error = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
                Reply::With(400, error.into())
            }),
            &[],
        ),
        ("401", Server::new(|_| Reply::With(401, "no".into())), &[]),
        (
            "a redirect",
            Server::new(|_| Reply::With(302, String::new())),
            &[],
        ),
        (
            "a page",
            Server::new(|_| Reply::With(200, "<html>Sign in</html>".into())),
            &[],
        ),
        (
            "half a JSON",
            after_metadata(|| {
                Reply::With(
                    200,
                    r#"{"status":"success","data":[{"__name__":"up"},"#.into(),
                )
            }),
            &[],
        ),
        (
            "half a body",
            after_metadata(|| Reply::Short(r#"{"status":"success""#.into())),
            &[],
        ),
        (
            "another shape",
            after_metadata(|| success(&json!({"up": 1}))),
            &[],
        ),
        (
            "a status of error",
            after_metadata(|| Reply::With(200, r#"{"status":"error","error":"no store"}"#.into())),
            &[],
        ),
        (
            "a part of a cluster",
            after_metadata(|| {
                Reply::With(
                    200,
                    r#"{"status":"success","isPartial":true,"data":[]}"#.into(),
                )
            }),
            &[],
        ),
        (
            "a store that is down",
            after_metadata(|| {
                let warning = r#"{"status":"success","data":[],"warnings":["store-2 is down"]}"#;
                Reply::With(200, warning.into())
            }),
            &[],
        ),
        (
            "an error beside success",
            after_metadata(|| {
                let error = r#"{"status":"success","data":[],"error":"query timed out"}"#;
                Reply::With(200, error.into())
            }),
            &[],
        ),
        (
            "203",
            after_metadata(|| Reply::With(203, r#"{"status":"success","data":[]}"#.into())),
            &[],
        ),
        (
            "206",
            after_metadata(|| Reply::With(206, r#"{"status":"success","data":[]}"#.into())),
            &[],
        ),
        (
            "silence",
            after_metadata(|| Reply::Silence),
            &["--timeout", "300ms"],
        ),
        (
            "silence in the middle",
            after_metadata(|| Reply::Stall("{".into())),
            &["--timeout", "300ms"],
        ),
    ];
    for (name, server, more) in cases {
        let ran = pull(&place, &server.url, more);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{name}: {ran:?}");
        assert_eq!(place.read(LOCK), "version = 1\n", "{name}");
        told += &format!("{name}\n{}", ran.err.replace(&server.url, "http://server"));
    }
    insta::assert_snapshot!(told);
    let files = place.names(".");
    assert!(
        !files.iter().any(|name| name.contains(".nthc-")),
        "{files:?}"
    );
}

#[test]
fn what_passes_is_asked_again() {
    let place = Place::project();
    let failures = Mutex::new(2);
    let server = Server::new(move |request| {
        let mut left = failures.lock().unwrap();
        if *left > 0 {
            *left -= 1;
            return Reply::With(503, String::new());
        }
        healthy(request)
    });
    let ran = pull(&place, &server.url, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(server.requests().len(), 5);
}

/// A Prometheus with these flags, in which one instance of two counts errors before there are any.
fn with_errors(flags: fn() -> Reply) -> Server {
    Server::new(move |request| {
        if request.line.contains("flags") {
            return flags();
        }
        if request.line.contains("metadata") {
            return success(&json!({
                "http_requests_total": [{"type": "counter", "help": "Requests.", "unit": ""}],
                "http_request_duration": [{"type": "histogram", "help": "", "unit": "ms"}],
            }));
        }
        let series = |instance: &str, status: &str| {
            json!({
                "__name__": "http_requests_total",
                "job": "checkout",
                "instance": instance,
                "status": status,
            })
        };
        success(&json!([
            series("a:1", "200"),
            series("a:1", "500"),
            series("b:1", "200"),
            {"__name__": "http_request_duration_bucket", "job": "checkout", "le": "250"},
            {"__name__": "http_request_duration_bucket", "job": "checkout", "le": "+Inf"},
        ]))
    })
}

#[test]
fn series_of_errors_that_begin_with_one_are_recorded() {
    let place = Place::project();
    let server = with_errors(|| success(&json!({"enable-feature": ""})));
    let ran = pull(&place, &server.url, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let lock = place.read(LOCK);
    insta::assert_snapshot!(lock);

    let checked = place.run(&["check", "--format", "short"]);
    assert!(
        checked.err.contains(
            "warning[N0911]: not every target under `{job=\"checkout\"}` exposes the series of `bad` \
             before the first error"
        ),
        "{checked:?}"
    );
    let coverage = place.run(&["metrics", "coverage"]);
    assert!(
        coverage.out.contains(
            "  series of errors\n    availability  targets     the first error of some targets is not"
        ),
        "{}",
        coverage.out
    );
    let short = place.run(&["metrics", "coverage", "--format", "short"]);
    assert!(
        short.out.contains(
            "checkout: errors of availability: targets: the first error of some targets is not counted\n"
        ),
        "{}",
        short.out
    );
    // A file of an older compiler is read, and pulled anew it says more.
    place.write(LOCK, lock.replace("version = 2", "version = 3"));
    assert_eq!(pull(&place, &server.url, &[]).code, 3);
    place.write(LOCK, "version = 1\n");
    assert_eq!(pull(&place, &server.url, &[]).code, 0);
    assert_eq!(place.read(LOCK), lock);
}

#[test]
fn where_first_samples_count_nothing_is_recorded_of_errors() {
    let place = Place::project();
    let server = with_errors(|| {
        success(&json!({"enable-feature": "exemplar-storage,created-timestamp-zero-ingestion"}))
    });
    assert_eq!(pull(&place, &server.url, &[]).code, 0);
    assert!(!place.read(LOCK).contains("initialized"));

    // What has no flags to tell, as other servers with this API, is taken to lose first samples.
    let server = with_errors(|| Reply::With(404, "404 page not found".into()));
    assert_eq!(pull(&place, &server.url, &[]).code, 0);
    assert!(place.read(LOCK).contains("initialized = \"targets\""));
}

#[test]
fn nobody_listens() {
    let place = Place::project();
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}");
    let ran = pull(&place, &url, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err.starts_with(&format!(
            "error: cannot query the metadata of targets at {url}: "
        )),
        "{ran:?}"
    );
    assert!(!place.path(LOCK).exists());
}

#[test]
fn a_prometheus_without_any_of_it_is_the_wrong_one() {
    let place = Place::project();
    place.write(LOCK, "version = 1\n");
    let server = Server::new(|request| {
        if request.line.contains("metadata") {
            success(&json!({}))
        } else {
            success(&json!([]))
        }
    });
    let ran = pull(&place, &server.url, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("match {job=\"checkout\"}"), "{ran:?}");
    assert_eq!(place.read(LOCK), "version = 1\n");
}

#[test]
fn secrets_come_from_the_environment_and_are_not_told() {
    let place = Place::project();
    let server = Server::new(|request| match request.headers.get("authorization") {
        Some(known) if known == "Bearer hunter2" => healthy(request),
        _ => Reply::With(403, String::new()),
    });
    let with = |pairs: &[(&str, &str)], url: &str| {
        let mut command = pull_command(&place, url, &[]);
        command.envs(pairs.iter().copied());
        run(&mut command)
    };
    assert_eq!(
        with(&[("NTH_PROMETHEUS_TOKEN", "hunter2")], &server.url).code,
        0
    );
    for request in server.requests() {
        assert_eq!(request.headers["authorization"], "Bearer hunter2");
    }
    assert!(!place.read(LOCK).contains("hunter2"));

    let pair = [
        ("NTH_PROMETHEUS_USER", "ana"),
        ("NTH_PROMETHEUS_PASSWORD", "hunter2"),
    ];
    let refused = with(&pair, &server.url);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("status 403"), "{refused:?}");
    // `ana:hunter2`
    let last = server.requests().pop().unwrap();
    assert_eq!(last.headers["authorization"], "Basic YW5hOmh1bnRlcjI=");
    let in_address = with(&[], "http://ana:hunter2@127.0.0.1:1");
    assert_eq!(in_address.code, 2);
    for ran in [refused, in_address] {
        assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
        assert!(!format!("{ran:?}").contains("aHVudGVyMg"), "{ran:?}");
    }
}

#[test]
fn what_is_wrong_here_is_told_before_anything_is_asked() {
    let server = Server::new(healthy);
    let place = Place::new();
    assert_eq!(pull(&place, &server.url, &[]).code, 2);

    let place = Place::project();
    let ran = pull(&place, &server.url, &["--selector", "rate(x[5m])"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    place.write(LOCK, "version = 1\n<<<<<<< HEAD\n");
    let ran = pull(&place, &server.url, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.err
            .starts_with("error: cannot read nth.metrics.lock: line 2: "),
        "{ran:?}"
    );
    place.write(LOCK, "version = 1\n");
    place.write("services/bad.nth", "service a {\n  objective = @@\n}\n");
    let ran = pull(&place, &server.url, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("no metrics were pulled: "), "{ran:?}");
    assert_eq!(place.read(LOCK), "version = 1\n");
    assert!(server.requests().is_empty());
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that exposes metrics in the text format, and a Prometheus that scrapes it.
#[test]
fn a_prometheus_is_understood() {
    if Command::new("prometheus")
        .arg("--version")
        .output()
        .is_err()
    {
        println!("skipped, prometheus not installed");
        return;
    }
    let target = Server::new(|_| {
        Reply::With(
            200,
            "# HELP http_requests_total Requests.\n\
             # TYPE http_requests_total counter\n\
             http_requests_total{code=\"200\"} 3\n\
             http_requests_total{code=\"500\"} 1\n\
             # HELP latency_seconds Latency.\n\
             # TYPE latency_seconds histogram\n\
             latency_seconds_bucket{le=\"0.1\"} 1\n\
             latency_seconds_bucket{le=\"+Inf\"} 4\n\
             latency_seconds_sum 3.5\n\
             latency_seconds_count 4\n"
                .into(),
        )
    });
    let place = Place::project();
    let address = target.url.trim_start_matches("http://");
    place.write(
        "prometheus/prometheus.yml",
        format!(
            "global: {{ scrape_interval: 1s }}\n\
             scrape_configs:\n  - job_name: checkout\n    static_configs: [{{ targets: ['{address}'] }}]\n"
        ),
    );
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let folder = place.path("prometheus");
    let _prometheus = Running(
        Command::new("prometheus")
            .arg(format!(
                "--config.file={}",
                folder.join("prometheus.yml").display()
            ))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let url = format!("http://127.0.0.1:{port}");
    let patience = Instant::now() + Duration::from_secs(60);
    let ran = loop {
        let ran = pull(&place, &url, &[]);
        let is_scraped = ran.code == 0 && place.read(LOCK).contains("http_requests_total");
        if is_scraped || Instant::now() > patience {
            break ran;
        }
        thread::sleep(Duration::from_millis(500));
    };
    assert_eq!(ran.code, 0, "{ran:?}");
    let lock = place.read(LOCK);
    for part in [
        "metrics.http_requests_total]\ntype = \"counter\"\nhelp = \"Requests.\"\n",
        "code = [\"200\", \"500\"]\n",
        "metrics.latency_seconds]\ntype = \"histogram\"\nhelp = \"Latency.\"\n",
        "buckets = [\"0.1\", \"+Inf\"]\n",
        "metrics.up]\ntype = ",
    ] {
        assert!(lock.contains(part), "{lock}");
    }
}
