//! A small HTTP server of the tests: one thread for each connection, one request each.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nth_delivery::DeliveryError;
use nth_delivery::http::HttpClient;
use serde_json::Value;
use ureq::Agent;

/// The longest wait of a client of the tests for an answer.
pub const PATIENCE: Duration = Duration::from_millis(400);

/// The token of every client.
pub const TOKEN: &str = "token-of-the-tests";

/// What came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// The path with the query.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// A parameter of the query, as it is.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then_some(value)
        })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Response {
    /// A status, a media type, a body and more headers.
    Body(u16, &'static str, String, Vec<(&'static str, String)>),
    /// Nothing: the connection is closed.
    Lost,
    /// Nothing for longer than a client waits.
    Slow,
}

impl Response {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::Body(status, "application/json", body.to_string(), Vec::new())
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self::Body(status, "text/plain", body.to_owned(), Vec::new())
    }

    pub fn html(status: u16) -> Self {
        let page = "<!DOCTYPE html><html><body>Sign in</body></html>".to_owned();
        Self::Body(status, "text/html; charset=UTF-8", page, Vec::new())
    }
}

/// Ways in which any API fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Unauthorized,
    Forbidden,
    NotFound,
    Html,
    Login,
    RateLimited,
    Broken,
    Proxy,
    Slow,
    Lost,
    /// The request is done, and the answer is lost.
    LostAfter,
}

impl Fault {
    /// All that are seen before anything is done.
    pub const ALL: [Self; 10] = [
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Html,
        Self::Login,
        Self::RateLimited,
        Self::Broken,
        Self::Proxy,
        Self::Slow,
        Self::Lost,
    ];

    pub fn response(self) -> Response {
        match self {
            Self::Unauthorized => Response::text(401, "invalid token"),
            Self::Forbidden => Response::text(403, "no permission"),
            Self::NotFound => Response::text(404, "404 page not found"),
            Self::Html => Response::html(200),
            Self::Login => Response::Body(
                302,
                "text/html",
                String::new(),
                vec![("Location", "https://login.example.com/?back=1".to_owned())],
            ),
            Self::RateLimited => Response::Body(
                429,
                "text/plain",
                "slow down".to_owned(),
                vec![("Retry-After", "7".to_owned())],
            ),
            Self::Broken => Response::text(500, "out of disk"),
            Self::Proxy => Response::html(502),
            Self::Slow => Response::Slow,
            Self::Lost | Self::LostAfter => Response::Lost,
        }
    }

    /// Checks that an error says what happened, and that it may be repeated or not.
    pub fn check(self, error: &DeliveryError) {
        let is_right = match self {
            Self::Unauthorized => matches!(error, DeliveryError::Unauthorized { .. }),
            Self::Forbidden => matches!(error, DeliveryError::Forbidden { .. }),
            Self::NotFound | Self::Html | Self::Login => {
                matches!(error, DeliveryError::NotTheApi { .. })
            }
            Self::RateLimited => error.retry_after() == Some(Duration::from_secs(7)),
            Self::Broken | Self::Proxy | Self::Slow | Self::Lost | Self::LostAfter => {
                matches!(error, DeliveryError::Unavailable { .. })
            }
        };
        assert!(is_right, "{self:?}: {error:?}");
        assert!(!error.to_string().contains(TOKEN), "{error}");
    }

    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Broken
                | Self::Proxy
                | Self::Slow
                | Self::Lost
                | Self::LostAfter
        )
    }
}

/// Which requests fail, and how.
type Faults = Arc<Mutex<Option<(String, String, Fault)>>>;

/// A running server. It ends with the test.
pub struct Stub {
    port: u16,
    is_ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    requests: Arc<Mutex<Vec<Request>>>,
    faults: Faults,
}

impl Stub {
    /// Starts a server that answers with `handler`.
    pub fn start(handler: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_ended = Arc::new(AtomicBool::new(false));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let faults: Faults = Arc::default();
        let handler = Arc::new(handler);
        let thread = {
            let (is_ended, requests, faults) = (is_ended.clone(), requests.clone(), faults.clone());
            thread::spawn(move || {
                for stream in listener.incoming() {
                    if is_ended.load(Ordering::SeqCst) {
                        break;
                    }
                    let Ok(stream) = stream else { continue };
                    let (requests, faults) = (requests.clone(), faults.clone());
                    let handler = handler.clone();
                    thread::spawn(move || serve(stream, &*handler, &requests, &faults));
                }
            })
        };
        Self {
            port,
            is_ended,
            thread: Some(thread),
            requests,
            faults,
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A client with the token.
    pub fn client(&self) -> HttpClient {
        client(&self.url())
    }

    /// Makes requests with a method and a part of the path fail.
    pub fn fail(&self, method: &str, part: &str, fault: Fault) {
        *self.faults.lock().unwrap() = Some((method.to_owned(), part.to_owned(), fault));
    }

    /// Makes no request fail.
    pub fn recover(&self) {
        *self.faults.lock().unwrap() = None;
    }

    /// The requests since the last call.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// The methods and paths of the writes since the last call.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.requests();
        requests
            .iter()
            .filter(|request| request.is_write())
            .map(|request| format!("{} {}", request.method, request.path()))
            .collect()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.is_ended.store(true, Ordering::SeqCst);
        // Wakes the thread, which then ends.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A client with the token for a URL.
pub fn client(url: &str) -> HttpClient {
    let agent: Agent = Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .build()
        .into();
    patient(agent, url)
}

/// A client that waits for a real server.
pub fn patient_client(url: &str) -> HttpClient {
    let agent: Agent = Agent::config_builder()
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    patient(agent, url)
}

fn patient(agent: Agent, url: &str) -> HttpClient {
    let headers = [("Authorization".to_owned(), format!("Bearer {TOKEN}"))];
    HttpClient::new(agent, url, &headers, vec![TOKEN.to_owned()]).unwrap()
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        method,
        target,
        headers,
        body: Vec::new(),
    };
    let length = request
        .header("content-length")
        .map_or(0, |text| text.parse().unwrap());
    request.body = vec![0; length];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

fn serve(
    mut stream: TcpStream,
    handler: &(impl Fn(&Request) -> Response + ?Sized),
    requests: &Mutex<Vec<Request>>,
    faults: &Faults,
) {
    let Some(request) = read_request(&stream) else {
        return;
    };
    requests.lock().unwrap().push(request.clone());
    let fault = {
        let faults = faults.lock().unwrap();
        faults.as_ref().and_then(|(method, part, fault)| {
            let is_hit = *method == request.method && request.target.contains(part.as_str());
            is_hit.then_some(*fault)
        })
    };
    let response = match fault {
        None => handler(&request),
        Some(Fault::LostAfter) => {
            handler(&request);
            Response::Lost
        }
        Some(fault) => fault.response(),
    };
    match response {
        Response::Lost => {}
        Response::Slow => thread::sleep(PATIENCE * 2),
        Response::Body(status, media_type, body, headers) => {
            let mut head = format!(
                "HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n",
                body.len()
            );
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            // The client may not wait any more.
            let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
        }
    }
}
