//! What the pages on threats and faults say: every test that they name exists. And what of it is shown through the
//! programs themselves.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};

use place::{Place, with_stdin};

const MANIFEST: &str = "[project]\nname = \"p\"\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The tests that a page names in its code: `file: function`.
fn named(page: &str) -> BTreeSet<(String, String)> {
    page.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.split_once(": "))
        .filter(|(file, _)| file.ends_with(".rs"))
        .map(|(file, name)| (file.to_owned(), name.to_owned()))
        .collect()
}

/// Whether a file has a test of the name: a function below an attribute that makes it one.
fn has_test(file: &str, name: &str) -> bool {
    let is_marked = |above: &[&str]| {
        above
            .iter()
            .rev()
            .map(|line| line.trim())
            .take_while(|line| line.starts_with("#[") || line.starts_with("//") || *line == ")]")
            .any(|line| line == "#[test]" || line.starts_with("#[tokio::test"))
    };
    let lines: Vec<&str> = file.lines().collect();
    lines.iter().enumerate().any(|(at, line)| {
        let line = line.trim_start();
        let line = line.strip_prefix("async ").unwrap_or(line);
        let rest = line.strip_prefix("fn ").and_then(|l| l.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with('(')) && is_marked(&lines[..at])
    })
}

#[test]
fn every_test_that_is_named_exists() {
    for (page, at_least) in [("docs/security.md", 50), ("docs/faults.md", 5)] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let named = named(&text);
        assert!(named.len() >= at_least, "{page} names {}", named.len());
        let missing: Vec<String> = named
            .iter()
            .filter(|(file, name)| {
                !fs::read_to_string(root().join(file)).is_ok_and(|text| has_test(&text, name))
            })
            .map(|(file, name)| format!("{file}: {name}"))
            .collect();
        assert!(missing.is_empty(), "{page} names no test: {missing:#?}");
        // A row without a test says nothing.
        let rows = text.lines().filter(|line| line.starts_with('|'));
        for row in rows.filter(|row| !row.starts_with("|-") && !row.contains("| Test |")) {
            assert!(row.contains(".rs: "), "{page}: a row without a test: {row}");
        }
    }
}

#[test]
fn what_is_no_test_is_found() {
    let file = "#[test]\nfn one() {}\n\nfn two() {}\n\n#[tokio::test(flavor = \"x\")]\n/// Why.\nasync fn three() {}\n";
    assert!(has_test(file, "one") && has_test(file, "three"));
    assert!(!has_test(file, "two") && !has_test(file, "on") && !has_test(file, "four"));
    let named = named("| a | `src/a.rs: one`, `docs/b.md: c` and `x: y` | `b/c.rs: d` |");
    let expected = [("b/c.rs", "d"), ("src/a.rs", "one")];
    assert!(
        named
            .iter()
            .map(|(file, name)| (file.as_str(), name.as_str()))
            .eq(expected)
    );
}

/// A source whose texts command a terminal: to clear it, to name its window, to hide and to turn around what follows.
const COMMANDS: &str =
    "/// \u{1b}]0;t\u{7} \u{9b}8m\nteam t {\n slack = \"#\u{1b}[2J\u{202e}\u{7f}\"\n}\n";

#[test]
fn a_diff_brings_no_commands_to_a_terminal() {
    let place = Place::new();
    place.write("nth.toml", MANIFEST);
    place.write("main.nth", COMMANDS);
    let ran = place.run(&["fmt", "--check", "--color", "always"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let mut left = ran.out.as_str();
    let mut shown = String::new();
    // Only styles are left, which end where they began.
    while let Some((before, after)) = left.split_once('\u{1b}') {
        shown.push_str(before);
        let (style, rest) = after.split_once('m').unwrap();
        assert!(
            style.starts_with('[') && style[1..].chars().all(|c| c.is_ascii_digit() || c == ';'),
            "{ran:?}"
        );
        left = rest;
    }
    shown.push_str(left);
    assert!(
        !shown.contains(|c: char| c != '\n' && c.is_control()) && !shown.contains('\u{202e}'),
        "{shown:?}"
    );
    assert!(shown.contains("+  slack = \"#\u{241b}[2J"), "{shown:?}");
}

#[test]
fn what_is_formatted_for_an_editor_keeps_every_character() {
    let place = Place::new();
    let ran = with_stdin(&mut place.command(&["fmt", "-"]), COMMANDS.as_bytes());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, COMMANDS.replace("\n slack", "\n  slack"));
    // A diff is what `patch` takes, wherever no terminal shows it.
    let ran = with_stdin(
        &mut place.command(&["fmt", "--check", "-"]),
        COMMANDS.as_bytes(),
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("- slack = \"#\u{1b}[2J\u{202e}\u{7f}\"\n"));
}

#[cfg(unix)]
#[test]
fn a_file_name_is_no_workflow_command() {
    let place = Place::new();
    place.write("nth.toml", MANIFEST);
    place.write("a\n::stop-commands::x\n\u{1b}[2J.nth", "team t {\n");
    let ran = place.run(&["check", "--format", "github"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("a%0A%3A%3Astop-commands"), "{ran:?}");
    for format in ["github", "human", "short"] {
        let ran = place.run(&["check", "--format", format]);
        for line in ran.out.lines().chain(ran.err.lines()) {
            let is_command = line.trim_start().starts_with("::");
            let is_ours = line.starts_with("::error file=a%0A");
            assert!(!is_command || is_ours, "{line:?}");
            assert!(!line.contains('\u{1b}'), "{line:?}");
        }
    }
    let ran = place.run(&["fmt", "--check"]);
    for line in ran.out.lines().chain(ran.err.lines()) {
        assert!(!line.trim_start().starts_with("::"), "{line:?}");
    }
}

/// Variables of the environment that nobody asks for reach neither output nor messages.
#[test]
fn the_environment_is_part_of_no_output() {
    const SECRET: &str = "hunter2-hunter2";
    let place = Place::project();
    for args in [
        &["build"][..],
        &["check", "--format", "sarif"],
        &["check", "--format", "json"],
        &["metrics", "coverage"],
        &[
            "gate",
            "check",
            "no.such",
            "--prometheus",
            "http://127.0.0.1:1",
        ],
    ] {
        let mut command = place.command(args);
        for name in [
            "GITHUB_TOKEN",
            "NTH_PROMETHEUS_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            command.env(name, SECRET);
        }
        let ran = place::run(&mut command);
        assert!(!format!("{ran:?}").contains("hunter2"), "{args:?}: {ran:?}");
    }
    let files = place.files("build");
    assert!(!files.is_empty());
    assert!(files.values().all(|text| !text.contains("hunter2")));
}

/// A preview of a new project, which ends with the test.
struct Preview {
    child: Child,
    port: u16,
    _place: Place,
}

impl Preview {
    fn start() -> Self {
        let place = Place::project();
        let mut child = place
            .command(&["preview", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        let port = address
            .trim()
            .strip_prefix("http://127.0.0.1:")
            .and_then(|rest| rest.strip_suffix('/'))
            .unwrap_or_else(|| panic!("it listens elsewhere: {address:?}"));
        Self {
            child,
            port: port.parse().unwrap(),
            _place: place,
        }
    }

    /// The answer to a request, headers and all.
    fn ask(&self, line: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!("{line} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A page that has a name of its own point to this machine gets nothing.
#[test]
fn the_preview_answers_this_machine_alone() {
    let preview = Preview::start();
    let port = preview.port;
    for own in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        "localhost".to_owned(),
    ] {
        let answer = preview.ask("GET /api/model", &format!("Host: {own}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{own}: {answer}");
        assert!(answer.contains("\"shop\""), "{own}: {answer}");
    }
    for foreign in [
        format!("Host: evil.example:{port}\r\n"),
        format!("Host: localhost.evil.example:{port}\r\n"),
        format!("Host: 127.0.0.1.evil.example:{port}\r\n"),
        "Host: 0.0.0.0\r\n".to_owned(),
        "Host: \r\n".to_owned(),
        String::new(),
        format!("Host: evil.example\r\nX-Forwarded-Host: localhost:{port}\r\n"),
    ] {
        for path in ["/", "/app.js", "/api/model", "/events"] {
            let answer = preview.ask(&format!("GET {path}"), &foreign);
            assert!(
                answer.starts_with("HTTP/1.1 403 ") || answer.starts_with("HTTP/1.1 400 "),
                "{foreign:?} {path}: {answer}"
            );
            assert!(!answer.contains("shop"), "{foreign:?} {path}: {answer}");
        }
    }
}

#[test]
fn the_preview_serves_its_own_files_and_no_others() {
    let preview = Preview::start();
    let host = "Host: localhost\r\n";
    for path in [
        "/nth.toml",
        "/../nth.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/app.js/../../nth.toml",
        "/.git/config",
    ] {
        let answer = preview.ask(&format!("GET {path}"), host);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    let page = preview.ask("GET /", host).to_lowercase();
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self'; ",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
    ] {
        assert!(page.contains(header), "{header}: {page}");
    }
    assert!(!page.contains("access-control-allow-origin"), "{page}");
    // Without a Prometheus that the user named, none is asked.
    let asked = "{\"expr\":\"up\"}";
    let headers = format!(
        "{host}Content-Type: application/json\r\nContent-Length: {}\r\n",
        asked.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", preview.port)).unwrap();
    write!(
        stream,
        "POST /api/values HTTP/1.1\r\n{headers}Connection: close\r\n\r\n{asked}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

/// The page makes its elements of nodes and texts: nothing in it reads a text as markup, as a script or as an address.
#[test]
fn no_text_becomes_markup_in_the_preview() {
    let folder = root().join("src/preview/page");
    let mut read = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "js") {
            continue;
        }
        read += 1;
        let script = fs::read_to_string(&path).unwrap();
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "DOMParser",
            "createContextualFragment",
            "srcdoc",
            "eval(",
            "Function(",
            "javascript:",
        ] {
            assert!(!script.contains(way), "{}: {way}", path.display());
        }
        // Links stay in the page. Only the link to a runbook does not, whose address is one of the web.
        for (at, _) in script.match_indices("href:") {
            let target = script[at + "href:".len()..].trim_start();
            let checked = r"if (!/^https?:\/\//.test(address)) return address;";
            let is_runbook = target.starts_with("address, rel: \"noreferrer\"")
                && script[..at].trim_end().ends_with("return h(\"a\", {")
                && script.contains(checked);
            let is_within = target.starts_with("`#/");
            assert!(is_within || is_runbook, "{}: {target}", path.display());
        }
    }
    assert!(read > 5);
}
