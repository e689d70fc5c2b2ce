//! A real Alertmanager, and a server that takes what it sends.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use crate::programs::{Running, eventually, fetch};
use crate::tools;

/// An Alertmanager with a configuration; `None` where none is installed. It keeps its data in `folder`.
pub fn alertmanager(config: &Path, folder: &Path) -> Option<Running> {
    let program = tools::find("alertmanager")?;
    let arguments = |port: u16| {
        vec![
            format!("--config.file={}", config.display()),
            format!("--storage.path={}", folder.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            // It talks to no other.
            "--cluster.listen-address=".to_owned(),
        ]
    };
    let is_ready = |port: u16| fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some();
    Some(Running::start(&program, arguments, is_ready))
}

/// Tells an Alertmanager of alerts.
pub fn post(server: &Running, alerts: &Value) {
    let url = format!("http://{}/api/v2/alerts", server.address());
    ureq::post(&url)
        .header("Content-Type", "application/json")
        .send(alerts.to_string())
        .unwrap();
}

/// Alerts as a new Alertmanager with a configuration knows them once it has looked at all of them; `None` where none is
/// installed.
///
/// It answers before its inhibitions have seen what it was told, but they see alerts in the order in which these were
/// posted: two more alerts, of which the last inhibits the other, say when all have been seen.
pub fn known(config: &Path, folder: &Path, alerts: Vec<Value>) -> Option<Vec<Value>> {
    let mut document: Value =
        yaml_serde::from_str(&std::fs::read_to_string(config).unwrap()).unwrap();
    let rules = &mut document["inhibit_rules"];
    if rules.is_null() {
        *rules = json!([]);
    }
    rules.as_array_mut().unwrap().push(json!({
        "source_matchers": ["seen=\"last\""],
        "target_matchers": ["seen=\"all\""],
    }));
    let config = folder.join("told-when-all-are-seen.yml");
    std::fs::write(&config, yaml_serde::to_string(&document).unwrap()).unwrap();
    let server = alertmanager(&config, folder)?;
    let count = alerts.len() + 2;
    let mut posted = alerts;
    posted.extend(["all", "last"].map(|seen| json!({ "labels": { "seen": seen } })));
    post(&server, &Value::from(posted));
    let url = format!("http://{}/api/v2/alerts", server.address());
    let ask = || {
        let alerts: Vec<Value> = serde_json::from_str(&fetch(&url)?).ok()?;
        (alerts.len() == count).then_some(alerts)
    };
    let is_inhibited = |alert: &Value| {
        alert["labels"]["seen"] == "all" && alert["status"]["state"] == "suppressed"
    };
    eventually("its inhibitions", || {
        ask()?.iter().any(is_inhibited).then_some(())
    });
    let mut known = ask().unwrap();
    known.retain(|alert| alert["labels"].get("seen").is_none());
    Some(known)
}

/// What was posted: the path and the body.
pub type Posted = (String, Value);

/// A server on loopback that takes JSON. It listens until the test ends.
pub struct Sink {
    pub port: u16,
    posted: Arc<Mutex<Vec<Posted>>>,
    headers: Arc<Mutex<Vec<Header>>>,
}

/// A header of a request: the path, the name in lower case, and the value.
type Header = (String, String, String);

impl Sink {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let posted: Arc<Mutex<Vec<Posted>>> = Arc::default();
        let headers: Arc<Mutex<Vec<Header>>> = Arc::default();
        let (kept, kept_headers) = (Arc::clone(&posted), Arc::clone(&headers));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, headers) = (Arc::clone(&kept), Arc::clone(&kept_headers));
                thread::spawn(move || serve(stream, &kept, &headers));
            }
        });
        Self {
            port,
            posted,
            headers,
        }
    }

    /// The value of a header of the first request to a path.
    pub fn header(&self, path: &str, name: &str) -> Option<String> {
        let headers = self.headers.lock().unwrap();
        let mut found = headers.iter();
        let found = found.find(|(to, known, _)| to == path && known == name)?;
        Some(found.2.clone())
    }

    /// All that was posted to a path so far, in order.
    pub fn all(&self, path: &str) -> Vec<Value> {
        let posted = self.posted.lock().unwrap();
        let posted = posted.iter().filter(|(to, _)| to == path);
        posted.map(|(_, body)| body.clone()).collect()
    }

    /// The first thing that is posted to a path and that `wanted` holds for.
    pub fn wait_for(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(path, || {
            let posted = self.posted.lock().unwrap();
            let mut found = posted.iter();
            let found = found.find(|(to, body)| to == path && wanted(body))?;
            Some(found.1.clone())
        })
    }
}

/// Requests of one connection, one after the other.
fn serve(stream: TcpStream, posted: &Mutex<Vec<Posted>>, headers: &Mutex<Vec<Header>>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some((name, value)) = line.trim().split_once(':') {
                let header = (name.to_ascii_lowercase(), value.trim().to_owned());
                let mut headers = headers.lock().unwrap();
                headers.push((path.clone(), header.0, header.1));
            }
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        posted.lock().unwrap().push((path, body));
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
