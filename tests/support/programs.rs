//! Programs that are run by tests and end with them.

#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

#[path = "../tools/mod.rs"]
pub mod tools;

pub use tools::{find_any as find, installed, skipped};

/// How long a program may take until it answers. It takes a second or two; a busy build server more.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A server that is killed when it is no longer needed, also where the test fails.
pub struct Running {
    child: Child,
    /// Where it listens.
    pub port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts a server on a free port of loopback and waits until it is ready. `arguments` are those for a port.
    pub fn start(
        program: &Path,
        arguments: impl Fn(u16) -> Vec<String>,
        is_ready: impl Fn(u16) -> bool,
    ) -> Self {
        // Another program may take the port in between; then the server ends, and is started on another one.
        for _ in 0..5 {
            let port = free_port();
            let child = Command::new(program)
                .args(arguments(port))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
            let mut running = Self { child, port };
            if running.await_ready(&is_ready).expect("its state is known") {
                return running;
            }
        }
        panic!("{} does not start", program.display());
    }

    /// Whether it got ready, and did not end before.
    fn await_ready(&mut self, is_ready: impl Fn(u16) -> bool) -> io::Result<bool> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if self.child.try_wait()?.is_some() {
                return Ok(false);
            }
            if is_ready(self.port) {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(false)
    }

    /// Where it listens, `127.0.0.1:9090`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// Asks again and again until there is an answer.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(300));
    }
}

/// The body of a page, where it is there and the answer is a good one.
pub fn fetch(url: &str) -> Option<String> {
    ureq::get(url).call().ok()?.body_mut().read_to_string().ok()
}
