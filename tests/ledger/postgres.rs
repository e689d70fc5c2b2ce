//! A ledger in PostgreSQL, where it is installed.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nth_ledger::{Location, Store, StoreOptions};

use super::place::Place;
use super::scene::{fails, pull, shared, slices, slices_of};
use super::server::{nthc, project};

/// A server in a folder, which ends with the test.
struct Postgres {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let _ = program(&self.programs.join("pg_ctl"))
            .args(["-m", "immediate", "stop", "-D"])
            .arg(data)
            .status();
    }
}

/// The folder of the programs of the newest version that Debian has installed.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let newest = versions.pop()?.1;
    newest.join("initdb").is_file().then_some(newest)
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output().unwrap();
    user.stdout == b"0\n"
}

/// A command that does not run as root, which PostgreSQL refuses.
fn program(path: &Path) -> Command {
    let mut command = match is_root() {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
            command.arg(path);
            command
        }
        false => Command::new(path),
    };
    command
        .current_dir("/")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

impl Postgres {
    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
            assert!(!is_ci, "skipped, PostgreSQL not installed");
            println!("skipped, PostgreSQL not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        if is_root() {
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(folder.path())
                .status();
            assert!(owned.unwrap().success());
        }
        let data = folder.path().join("data");
        let created = program(&programs.join("initdb"))
            .args([
                "-U",
                "nth",
                "--auth=trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "-D",
            ])
            .arg(&data)
            .status();
        assert!(created.unwrap().success());
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={}",
            folder.path().display()
        );
        let started = program(&programs.join("pg_ctl"))
            .args(["-w", "-o", &options, "start", "-l"])
            .arg(folder.path().join("log"))
            .arg("-D")
            .arg(&data)
            .status();
        assert!(started.unwrap().success());
        Some(Self {
            folder,
            programs,
            port,
        })
    }
}

#[test]
fn a_ledger_in_postgresql_is_the_same() {
    let (Some(server), Some(postgres)) = (shared(), Postgres::start()) else {
        return;
    };
    let place = Place::new();
    project(&place);
    let location = format!("postgres://nth@127.0.0.1:{}/postgres", postgres.port);
    let url = server.url();
    pull(&place, &url, &["--ledger", "file.db"]);
    let report = pull(&place, &url, &["--ledger", &location]);
    assert_eq!(report["new"].as_u64(), Some(1_440), "{report}");
    let again = pull(&place, &url, &["--ledger", &location]);
    assert_eq!(again["new"].as_u64(), Some(0), "{again}");
    let mut store = Store::open(
        &Location::parse(&location).unwrap(),
        &StoreOptions::default(),
    )
    .unwrap();
    assert_eq!(slices_of(&mut store), slices(&place, "file.db"));
    let export = |ledger: &str| {
        nthc(
            &place,
            &["ledger", "export", "--csv", "-", "--ledger", ledger],
        )
        .out
    };
    assert_eq!(export(&location), export("file.db"));

    // A password is not shown, here of a server that is not there.
    let gone = "postgres://nth:hunter2@127.0.0.1:1/postgres";
    let ran = fails(&place, &url, &["--ledger", gone], 3);
    assert!(!ran.err.contains("hunter2"), "{ran:?}");
}
