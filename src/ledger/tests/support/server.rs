//! A PostgreSQL server in a temporary folder, which the tests of a process share. Each test has its own database.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use tempfile::TempDir;

/// A running server. It stops when nobody uses it any longer.
pub struct Server {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static DATABASES: AtomicUsize = AtomicUsize::new(0);

/// A database of a server.
pub struct Session {
    server: Arc<Server>,
    name: String,
}

/// Creates an empty database; `None` if PostgreSQL is not installed.
pub fn database() -> Option<Session> {
    let Some(programs) = programs() else {
        super::skip("PostgreSQL");
        return None;
    };
    let server = {
        let mut shared = SHARED
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Server::start(programs));
            *shared = Arc::downgrade(&server);
            server
        })
    };
    let name = format!("ledger{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut client = connect(server.port, "postgres");
    client
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .unwrap();
    Some(Session { server, name })
}

impl Session {
    /// The URL of the database.
    pub fn url(&self) -> String {
        self.url_at(self.server.port)
    }

    /// The URL of the database through another port.
    pub fn url_at(&self, port: u16) -> String {
        format!("postgres://nth@127.0.0.1:{port}/{}", self.name)
    }

    /// The URL of the database for another user.
    pub fn url_as(&self, user: &str) -> String {
        format!(
            "postgres://{user}@127.0.0.1:{}/{}",
            self.server.port, self.name
        )
    }

    /// The port of the server.
    pub fn port(&self) -> u16 {
        self.server.port
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A connection to the database.
    pub fn connect(&self) -> postgres::Client {
        connect(self.server.port, &self.name)
    }
}

fn connect(port: u16, database: &str) -> postgres::Client {
    let url = format!("postgres://nth@127.0.0.1:{port}/{database}");
    postgres::Client::connect(&url, postgres::NoTls).unwrap()
}

/// The folder of the programs: that of Debian's newest version, or of the `PATH`.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let newest = folders.pop().map(|(_, folder)| folder);
    newest
        .into_iter()
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file())
}

impl Server {
    fn start(programs: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        if is_root() {
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(folder.path())
                .status();
            assert!(owned.unwrap().success(), "chown");
        }
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        run(
            &programs.join("initdb"),
            &[
                "-D",
                &text(&data),
                "-U",
                "nth",
                "--auth=trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ],
        );
        // Another program may take the port in the meantime.
        for _ in 0..5 {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            drop(listener);
            let options = format!(
                "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=200",
                text(folder.path())
            );
            let log = text(&folder.path().join("log"));
            let mut started = command(
                &programs.join("pg_ctl"),
                &[
                    "-D",
                    &text(&data),
                    "-w",
                    "-l",
                    &log,
                    "-o",
                    &options,
                    "start",
                ],
            );
            if started.status().unwrap().success() {
                return Self {
                    folder,
                    programs,
                    port,
                };
            }
        }
        panic!("PostgreSQL does not start");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let data = data.to_string_lossy();
        let mut stopped = command(
            &self.programs.join("pg_ctl"),
            &["-D", &data, "-m", "immediate", "-w", "stop"],
        );
        // The folder is removed anyway.
        let _ = stopped.status();
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout.trim_ascii() == b"0"
}

/// A command of the server, which refuses to run as root.
fn command(program: &Path, arguments: &[&str]) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn run(program: &Path, arguments: &[&str]) {
    let status = command(program, arguments).status().unwrap();
    assert!(status.success(), "{}: {status}", program.display());
}
