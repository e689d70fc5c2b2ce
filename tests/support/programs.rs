//! Programs that tests start, and that end with them.

#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

#[path = "../tools/mod.rs"]
pub mod tools;

pub use tools::{find_any as find, install_folder, report_uninstalled};

/// The timeout for the first answer of a program. It usually takes a second or two, and longer on a busy build server.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A server process that is killed on drop, also when the test fails.
pub struct Running {
    child: Child,
    /// Its port.
    pub port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts a server on a free loopback port and waits until it is ready. `arguments` returns the arguments for a port.
    pub fn start(
        program: &Path,
        arguments: impl Fn(u16) -> Vec<String>,
        is_ready: impl Fn(u16) -> bool,
    ) -> Self {
        // Another program may take the port in the meantime; the server then exits, and is started on another port.
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

    /// Waits until the server is ready. Returns false if it exits before.
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

    /// Returns its address, `127.0.0.1:9090`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// Returns a port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// Calls `ask` repeatedly until it returns an answer.
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

/// Returns the body of a page; `None` if the request fails.
pub fn fetch(url: &str) -> Option<String> {
    ureq::get(url).call().ok()?.body_mut().read_to_string().ok()
}
