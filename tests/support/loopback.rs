//! HTTP servers on loopback with responses that a test defines byte by byte.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A received request.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// The request line.
    pub line: String,
    /// The headers, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl ReceivedRequest {
    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the time of a query, or a digit if there is none.
    pub fn time(&self) -> &str {
        let field = self
            .body
            .split('&')
            .find_map(|field| field.strip_prefix("time="));
        field.unwrap_or("0")
    }
}

/// The reaction of a server.
pub enum Act {
    /// Sends these bytes and closes the connection.
    Send(Vec<u8>),
    /// Sends the first bytes, and then the second ones repeatedly with a pause, while the client reads.
    Forever(Vec<u8>, Vec<u8>, Duration),
    /// Sends nothing while the client waits.
    Silence,
}

/// Returns a complete response.
pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    Act::Send([head.as_bytes(), body].concat())
}

/// A server that runs until the test ends.
pub struct Loopback {
    /// Its URL.
    pub url: String,
    /// Its port.
    pub port: u16,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
}

impl Loopback {
    /// Starts a server that reacts to each request as `act` returns.
    pub fn new(act: impl Fn(&ReceivedRequest) -> Act + Send + Sync + 'static) -> Self {
        Self::over(act, Some)
    }

    /// Starts a server whose connections are wrapped by `accept`, for example in TLS.
    pub fn over<S: Read + Write + 'static>(
        act: impl Fn(&ReceivedRequest) -> Act + Send + Sync + 'static,
        accept: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, act) = (requests.clone(), Arc::new((act, accept)));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, act) = (log.clone(), act.clone());
                thread::spawn(move || {
                    let (act, accept) = &*act;
                    if let Some(mut stream) = accept(stream)
                        && let Some(request) = receive(&mut stream)
                    {
                        log.lock().unwrap().push(request.clone());
                        send(&mut stream, act(&request));
                    }
                });
            }
        });
        Self {
            url: format!("http://127.0.0.1:{port}"),
            port,
            requests,
        }
    }

    /// Returns the requests so far.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.requests.lock().unwrap().clone()
    }
}

/// Reads a request.
pub fn receive(stream: &mut impl Read) -> Option<ReceivedRequest> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(ReceivedRequest {
        line: line.trim_end().to_owned(),
        headers,
        // Compressed bodies are not text.
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// Sends the response; the client may have closed the connection.
fn send(stream: &mut impl Write, act: Act) {
    match act {
        Act::Send(bytes) => {
            let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
        }
        Act::Forever(head, again, pause) => {
            let mut sent = stream.write_all(&head);
            while sent.is_ok() {
                sent = stream.write_all(&again).and_then(|()| stream.flush());
                thread::sleep(pause);
            }
        }
        Act::Silence => loop {
            thread::park();
        },
    }
}
