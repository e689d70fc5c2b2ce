//! A proxy of the tests, which loses connections and answers in the place of the server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is closed before the server has the request.
    LostBefore,
    /// The server answers, and the connection is closed before the answer comes.
    LostAfter,
    /// 500 instead of the server's answer.
    Error500,
    /// 429 with `Retry-After: 7`, before the server has the request.
    TooMany,
    /// The server answers after the client has given up.
    Slow,
    /// 401, as by a gateway.
    Unauthorized,
    /// A page of HTML with 200, as by a login.
    LoginPage,
    /// A redirect to a login on another server.
    Redirect,
    /// 404, as if the API were not there.
    NotThere,
}

/// Longer than the time after which clients of the tests give up.
const SLOW: Duration = Duration::from_millis(700);

#[derive(Default)]
struct State {
    /// The method and the path of each request.
    requests: Vec<String>,
    /// At which request, counted from the arming, something happens.
    armed: Option<(usize, Trouble)>,
    /// True once the server has answered a request whose answer is kept for a while.
    keeps_answer: bool,
    /// Happens to each request whose path starts so.
    always: Option<(String, Trouble)>,
    /// The limits that Mimir publishes, in JSON, if Cortex shall look like Mimir.
    mimir: Option<String>,
}

/// Where Mimir has what Cortex has at `/api/v1/rules`.
const MIMIR_RULES: &str = "/prometheus/config/v1/rules";

pub struct Proxy {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Starts a proxy to the server at a port of loopback.
    pub fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A client that goes away ends its thread.
                    let _ = serve(client, server, &state);
                });
            }
        });
        Self { url, state }
    }

    /// Lets something happen to the request `at`, counted from now.
    pub fn arm(&self, at: usize, trouble: Trouble) {
        let mut state = self.state.lock().unwrap();
        state.requests.clear();
        state.armed = Some((at, trouble));
        state.keeps_answer = false;
    }

    /// Lets something happen to each request whose path starts so.
    pub fn always(&self, path: &str, trouble: Trouble) {
        self.state.lock().unwrap().always = Some((path.to_owned(), trouble));
    }

    /// Lets Cortex look like Mimir: its paths, and the limits that it publishes.
    pub fn look_like_mimir(&self, limits: &str) {
        self.state.lock().unwrap().mimir = Some(limits.to_owned());
    }

    /// Returns true once the server has answered a slow request, since the last arming.
    pub fn keeps_answer(&self) -> bool {
        self.state.lock().unwrap().keeps_answer
    }

    /// The requests since the last arming.
    pub fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

/// Answers one request, and closes the connection.
fn serve(mut client: TcpStream, server: u16, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request = head.lines().next().unwrap();
    let request = request.trim_end_matches(" HTTP/1.1").to_owned();
    let trouble = {
        let mut state = state.lock().unwrap();
        let number = state.requests.len();
        state.requests.push(request.clone());
        let path = request.split_once(' ').unwrap().1;
        let always = state.always.as_ref();
        let always = always.filter(|(start, _)| path.starts_with(start.as_str()));
        let armed = state.armed.filter(|(at, _)| *at == number);
        armed
            .map(|(_, trouble)| trouble)
            .or(always.map(|(_, trouble)| *trouble))
    };
    let mimir = state.lock().unwrap().mimir.clone();
    let path = request.split_once(' ').unwrap().1.to_owned();
    if let Some(limits) = &mimir {
        head = head.replacen(MIMIR_RULES, "/api/v1/rules", 1);
        let own = if path.starts_with("/api/v1/user_limits") {
            Some(("200 OK", limits.as_str()))
        } else if path.starts_with("/api/v1/rules") || path.starts_with("/config") {
            Some(("404 Not Found", "404 page not found\n"))
        } else {
            None
        };
        if let Some((status, body)) = own {
            client.write_all(&answer_of(status, "", body))?;
            return client.shutdown(Shutdown::Write);
        }
    }
    let forward = || -> std::io::Result<Vec<u8>> {
        let mut upstream = TcpStream::connect(("127.0.0.1", server))?;
        upstream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
        upstream.write_all(&body)?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = match trouble {
        None => forward()?,
        Some(Trouble::LostBefore) => return client.shutdown(Shutdown::Both),
        Some(Trouble::LostAfter) => {
            forward()?;
            return client.shutdown(Shutdown::Both);
        }
        Some(Trouble::Error500) => {
            forward()?;
            answer_of("500 Internal Server Error", "", "storage is unavailable\n")
        }
        Some(Trouble::TooMany) => {
            answer_of("429 Too Many Requests", "Retry-After: 7\r\n", "slow down\n")
        }
        Some(Trouble::Slow) => {
            let answer = forward()?;
            state.lock().unwrap().keeps_answer = true;
            std::thread::sleep(SLOW);
            answer
        }
        Some(Trouble::Unauthorized) => answer_of("401 Unauthorized", "", "token expired\n"),
        Some(Trouble::LoginPage) => answer_of(
            "200 OK",
            "Content-Type: text/html; charset=utf-8\r\n",
            "<!doctype html><title>Sign in</title>",
        ),
        Some(Trouble::Redirect) => answer_of(
            "302 Found",
            "Location: http://127.0.0.1:1/login?token=s3cret\r\n",
            "",
        ),
        Some(Trouble::NotThere) => answer_of("404 Not Found", "", "404 page not found\n"),
    };
    client.write_all(&answer)?;
    client.shutdown(Shutdown::Write)
}

/// An answer of the proxy itself.
fn answer_of(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}
