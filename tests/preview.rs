//! `nthc preview` in a browser: what people see before they import anything.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use headless_chrome::Tab;
use headless_chrome::protocol::cdp::Page::CaptureScreenshotFormatOption;
use support::{browser, programs};

/// The server, which ends with the test.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(project: &Path) -> Self {
        Self::with(&["--project".as_ref(), project.as_os_str()])
    }

    fn with(arguments: &[&OsStr]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nthc"))
            .args(["preview", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("nthc starts");
        let stdout = child.stdout.take().expect("its output is read");
        let mut address = String::new();
        BufReader::new(stdout)
            .read_line(&mut address)
            .expect("it tells its address");
        assert!(address.starts_with("http://127.0.0.1:"), "{address:?}");
        Self {
            child,
            address: address.trim().to_owned(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn texts(tab: &Tab, selector: &str) -> Vec<String> {
    let script = format!(
        "JSON.stringify([...document.querySelectorAll({selector:?})].map(one => one.textContent))"
    );
    let found = tab.evaluate(&script, false).expect("the script runs").value;
    let text = found.expect("a value");
    serde_json::from_str(text.as_str().expect("text")).expect("a list")
}

fn number(tab: &Tab, script: &str) -> f64 {
    let found = tab.evaluate(script, false).expect("the script runs").value;
    found.and_then(|value| value.as_f64()).expect("a number")
}

/// The texts of what there is in the panel with that title.
fn in_panel(tab: &Tab, title: &str, selector: &str) -> Vec<String> {
    let script = format!(
        "JSON.stringify([...document.querySelectorAll('.panel')]
            .filter(one => one.querySelector('h3')?.textContent === {title:?})
            .flatMap(one => [...one.querySelectorAll({selector:?})].map(cell => cell.textContent)))"
    );
    let found = tab.evaluate(&script, false).expect("the script runs").value;
    let text = found.expect("a value");
    serde_json::from_str(text.as_str().expect("text")).expect("a list")
}

/// A copy of an example, to be edited.
fn copy(example: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["shop", "platform"] {
        copy_folder(
            &Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("examples")
                .join(name),
            &folder.path().join(name),
        );
    }
    assert!(folder.path().join(example).is_dir());
    folder
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            if entry.file_name() != "build" {
                copy_folder(&entry.path(), &target);
            }
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

#[test]
fn it_shows_what_a_service_promises_and_follows_the_files() {
    let Some(chromium) = programs::find(&["chromium", "chromium-browser", "google-chrome"]) else {
        return;
    };
    let folder = copy("shop");
    let project = folder.path().join("shop");
    let server = Server::start(&project);
    let browser = browser::start(chromium);
    let tab = browser.new_tab().expect("a tab");
    tab.set_default_timeout(Duration::from_secs(30));
    tab.navigate_to(&format!("{}#/service/checkout", server.address))
        .expect("it loads");
    tab.wait_for_element(".card .figures").expect("objectives");
    assert_eq!(texts(&tab, "h1"), ["checkout"]);
    let figures = texts(&tab, ".card .figures b");
    assert!(figures.iter().any(|text| text == "1h26m24s"), "{figures:?}");

    // The dashboard's panels stand side by side, none over another, and are drawn.
    tab.wait_for_element(".panel .plot svg").expect("a graph");
    let overlapping = "(() => {
        const all = [...document.querySelectorAll('.panel')].map(one => one.getBoundingClientRect());
        let found = 0;
        all.forEach((a, i) => all.slice(i + 1).forEach(b => {
            if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) found += 1;
        }));
        return found;
    })()";
    assert_eq!(number(&tab, overlapping), 0.0);
    let drawn = number(&tab, "document.querySelectorAll('.panel .plot > *').length");
    let plots = number(&tab, "document.querySelectorAll('.panel .plot').length");
    assert!(plots > 0.0 && drawn >= plots, "{drawn} of {plots}");

    tab.evaluate(
        "document.querySelector('.dashboard').scrollIntoView()",
        false,
    )
    .expect("the script runs");
    // What is drawn has some colors: an empty page has one.
    let picture = tab
        .capture_screenshot(CaptureScreenshotFormatOption::Png, None, None, true)
        .expect("a screenshot");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("preview.png");
    fs::write(&kept, &picture).expect("the screenshot is kept");
    assert!(picture.len() > 20_000, "{} bytes", picture.len());

    // A saved file is shown at once.
    let source = project.join("services/checkout.nth");
    let text = fs::read_to_string(&source).expect("the source");
    let first = |tab: &Tab| texts(tab, ".card").into_iter().next().unwrap_or_default();
    assert!(!first(&tab).contains("43m12s"), "{}", first(&tab));
    fs::write(
        &source,
        text.replacen("objective = 99.8%", "objective = 99.9%", 1),
    )
    .expect("an edit");
    programs::eventually("the new budget", || {
        first(&tab).contains("43m12s").then_some(())
    });

    // A mistake is told, and what was there before it stays.
    let text = fs::read_to_string(&source).expect("the source");
    fs::write(
        &source,
        format!("{text}\nservice broken {{ tier = nothing }}\n"),
    )
    .expect("an edit");
    tab.wait_for_element("#problems.errors")
        .expect("the mistake");
    let told = texts(&tab, "#problems pre").concat();
    assert!(told.contains("nothing"), "{told}");
    assert!(
        texts(&tab, ".card .figures b")
            .iter()
            .any(|text| text == "43m12s")
    );

    tab.navigate_to(&format!("{}#/graph", server.address))
        .expect("it loads");
    tab.wait_for_element("#graph rect").expect("a graph");
    assert!(
        texts(&tab, "#graph text")
            .iter()
            .any(|text| text == "checkout")
    );
}

#[test]
fn a_table_is_drawn_as_one() {
    let Some(chromium) = programs::find(&["chromium", "chromium-browser", "google-chrome"]) else {
        return;
    };
    let folder = copy("shop");
    let server = Server::start(&folder.path().join("shop"));
    let browser = browser::start(chromium);
    let tab = browser.new_tab().expect("a tab");
    tab.set_default_timeout(Duration::from_secs(30));
    tab.navigate_to(&format!("{}#/objectives", server.address))
        .expect("it loads");
    tab.wait_for_element(".card").expect("objectives");
    let promised = texts(&tab, ".card h3").len();
    tab.evaluate("location.hash = ''", false)
        .expect("the script runs");
    tab.wait_for_element(".panel .rows td").expect("a table");

    let picture = tab
        .capture_screenshot(CaptureScreenshotFormatOption::Png, None, None, true)
        .expect("a screenshot");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("preview-overview.png");
    fs::write(&kept, &picture).expect("the screenshot is kept");

    // The columns are those of the dashboard: in its order, by its names, without those that it leaves out.
    let budgets = "Error budget remaining (lowest first)";
    let rates = "Burn rate (highest first)";
    let columns = [
        "Service",
        "SLO",
        "Error budget remaining",
        "Objective",
        "Period",
        "Team",
        "Tier",
        "Dashboard",
    ];
    assert_eq!(in_panel(&tab, budgets, "th"), columns);
    assert_eq!(
        in_panel(&tab, rates, "th"),
        ["Service", "SLO", "Burn rate", "Team", "Dashboard"]
    );

    // A row for each objective: the least budget first, the fastest burn rate first.
    let sorted = |title: &str| -> Vec<f64> {
        let texts = in_panel(&tab, title, "td.number");
        let number = |text: &String| text.trim_end_matches(" %").parse().expect("a number");
        texts.iter().map(number).collect()
    };
    let (least, fastest) = (sorted(budgets), sorted(rates));
    assert!(promised > 20, "{promised}");
    assert_eq!([least.len(), fastest.len()], [promised; 2]);
    assert!(least.is_sorted(), "{least:?}");
    assert!(fastest.iter().rev().is_sorted(), "{fastest:?}");
    assert!(least.first() < least.last(), "all are alike: {least:?}");

    // A row leads to its service.
    let first = in_panel(&tab, budgets, "td:first-child a").remove(0);
    tab.evaluate("document.querySelector('.rows td a').click()", false)
        .expect("the script runs");
    programs::eventually("the service", || {
        (texts(&tab, "h1") == [first.as_str()]).then_some(())
    });
}

#[test]
fn a_file_is_shown_by_itself_or_with_its_project() {
    let folder = copy("shop");
    let alone = folder.path().join("checkout.nth");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/checkout.nth");
    fs::copy(example, &alone).expect("a copy");
    let model = |server: &Server| -> serde_json::Value {
        let text = programs::fetch(&format!(
            "{}/api/model",
            server.address.trim_end_matches('/')
        ));
        serde_json::from_str(&text.expect("a model")).expect("JSON")
    };
    let names = |model: &serde_json::Value| -> Vec<String> {
        let services = model["services"].as_array().expect("services").iter();
        services
            .map(|service| service["name"].as_str().expect("a name").to_owned())
            .collect()
    };

    let server = Server::with(&[alone.as_os_str()]);
    let shown = model(&server);
    assert_eq!(shown["project"], "checkout");
    assert_eq!(names(&shown), ["checkout"]);
    assert!(shown["services"][0]["dashboard"]["panels"].is_array());
    let text = fs::read_to_string(&alone).expect("the source");
    fs::write(&alone, text.replace("service checkout", "service till")).expect("an edit");
    programs::eventually("the new name", || {
        (names(&model(&server)) == ["till"]).then_some(())
    });

    let of_project = folder.path().join("shop/services/ledger.nth");
    let shown = model(&Server::with(&[of_project.as_os_str()]));
    assert_eq!(shown["project"], "shop");
    assert!(names(&shown).len() > 5, "{:?}", names(&shown));
    let shown = model(&Server::with(&[folder.path().join("shop").as_os_str()]));
    assert_eq!(shown["project"], "shop");

    let missing = Command::new(env!("CARGO_BIN_EXE_nthc"))
        .args(["preview", "--port", "0", "nowhere.nth"])
        .current_dir(folder.path())
        .output()
        .expect("nthc starts");
    assert_eq!(missing.status.code(), Some(3));
    let told = String::from_utf8_lossy(&missing.stderr);
    assert!(told.contains("nowhere.nth"), "{told}");
}
