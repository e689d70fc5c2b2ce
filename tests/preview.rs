//! `nthc preview` in a browser: what people see before they import anything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use headless_chrome::Tab;
use headless_chrome::protocol::cdp::Emulation::{MediaFeature, SetEmulatedMedia};
use headless_chrome::protocol::cdp::Page::CaptureScreenshotFormatOption;
use serde_json::Value;
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
            .filter(one => one.querySelector('h4 span')?.textContent === {title:?})
            .flatMap(one => [...one.querySelectorAll({selector:?})].map(cell => cell.textContent)))"
    );
    let found = tab.evaluate(&script, false).expect("the script runs").value;
    let text = found.expect("a value");
    serde_json::from_str(text.as_str().expect("text")).expect("a list")
}

/// A copy of an example, to be edited.
fn copy(example: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["shop", "platform", "store"] {
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
    tab.wait_for_element(".panel .plot canvas")
        .expect("a graph");
    let overlapping = "(() => {
        const all = [...document.querySelectorAll('.panel:not([hidden])')].map(one => one.getBoundingClientRect());
        let found = 0;
        all.forEach((a, i) => all.slice(i + 1).forEach(b => {
            if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1) found += 1;
        }));
        return found;
    })()";
    assert_eq!(number(&tab, overlapping), 0.0);
    let empty = "[...document.querySelectorAll('.panel[data-drawn] .plot')].filter(one => one.children.length === 0).length";
    assert_eq!(number(&tab, empty), 0.0);
    // What is far below is drawn once it is seen.
    let waiting = "document.querySelectorAll('.panel:not([data-drawn])').length";
    assert!(number(&tab, waiting) > 0.0);

    // Rows of dependencies are closed, as in Grafana, and open with the keyboard.
    let rows = "[...document.querySelectorAll('.row button')].map(one => one.getAttribute('aria-expanded')).join()";
    let is_open = |tab: &Tab| {
        let found = tab.evaluate(rows, false).expect("the script runs").value;
        found
            .and_then(|value| value.as_str().map(str::to_owned))
            .expect("text")
    };
    assert_eq!(is_open(&tab), "true,true,true,false");
    let hidden = "document.querySelectorAll('.panel[hidden]').length";
    assert!(number(&tab, hidden) > 5.0);
    let last = "[...document.querySelectorAll('.row button')].at(-1)";
    tab.evaluate(&format!("{last}.focus()"), false)
        .expect("the script runs");
    tab.press_key("Enter").expect("a key");
    assert_eq!(is_open(&tab), "true,true,true,true");
    assert_eq!(number(&tab, hidden), 0.0);
    assert_eq!(number(&tab, overlapping), 0.0);
    tab.press_key("Enter").expect("a key");

    // Values are read with the keyboard too.
    tab.evaluate("document.querySelector('.plot[tabindex]').focus()", false)
        .expect("the script runs");
    tab.press_key("ArrowLeft").expect("a key");
    tab.wait_for_element(".tooltip:not([hidden]) b")
        .expect("values");

    // The alerts stand below the dashboard.
    tab.wait_for_element("#alerts .alerts td").expect("alerts");
    let order = "document.querySelector('#alerts').getBoundingClientRect().top
        - document.querySelector('.dashboard').getBoundingClientRect().bottom";
    assert!(number(&tab, order) >= 0.0);
    let alerts = texts(&tab, "#alerts .alerts b").concat();
    assert!(
        alerts.contains("SLOErrorBudgetBurn") && alerts.contains("QueueBacklog"),
        "{alerts}"
    );
    let queries = texts(&tab, "#alerts .query").concat();
    assert!(queries.contains("checkout_queue_depth"), "{queries}");
    let runbooks = texts(&tab, "#alerts a[href^='https://runbooks.example.com/']");
    assert!(runbooks.len() > 10, "{runbooks:?}");
    tab.evaluate("document.querySelector('#alerts').scrollIntoView()", false)
        .expect("the script runs");
    programs::eventually("detection times", || {
        let times = texts(&tab, "#alerts .times").concat();
        times.contains("at 100% bad").then_some(())
    });

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
        let number = |text: &String| text.trim_end_matches('%').parse().expect("a number");
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

/// The answer to a question about the shop, in production.
fn asked(server: &Server, question: &str) -> Value {
    let text = programs::fetch(&format!("{}{question}", server.address)).expect("an answer");
    serde_json::from_str(&text).expect("JSON")
}

fn dashboard(server: &Server, name: &str) -> Value {
    asked(
        server,
        &format!("api/dashboard?environment=production&name={name}"),
    )
}

/// The points of each series of a query, and their label.
type Lines = Vec<(Value, Vec<(i64, f64)>)>;

/// The panels of a dashboard by title, each with the series of its queries in the order of their letters.
struct Board {
    panels: Vec<(String, Value, Vec<Lines>)>,
}

impl Board {
    fn new(server: &Server, model: &Value, name: &str) -> Self {
        let document = match name {
            "" => &model["overview"],
            name => {
                let mut services = model["services"].as_array().unwrap().iter();
                &services.find(|one| one["name"] == name).unwrap()["dashboard"]
            }
        };
        let values = dashboard(server, name);
        let mut panels = Vec::new();
        let all = document["panels"].as_array().unwrap().iter();
        let inside = all
            .clone()
            .filter_map(|panel| panel["panels"].as_array())
            .flatten();
        for panel in all.chain(inside) {
            let found = &values["panels"][panel["id"].to_string()];
            let Some(targets) = found["targets"].as_object().filter(|all| !all.is_empty()) else {
                continue;
            };
            let mut letters: Vec<&String> = targets.keys().collect();
            letters.sort();
            let line = |line: &Value| {
                let points = line["points"].as_array().unwrap().iter();
                let points =
                    points.filter_map(|point| Some((point[0].as_i64()?, point[1].as_f64()?)));
                (line["labels"].clone(), points.collect())
            };
            let lines = |letter: &&String| {
                let lines = targets[*letter].as_array().unwrap().iter();
                lines.map(line).collect()
            };
            panels.push((
                panel["title"].as_str().unwrap().to_owned(),
                panel.clone(),
                letters.iter().map(lines).collect(),
            ));
        }
        Self { panels }
    }

    fn panel(&self, title: &str) -> &[Lines] {
        let mut panels = self.panels.iter();
        let found = panels.find(|(known, ..)| known == title);
        &found.unwrap_or_else(|| panic!("no panel {title}")).2
    }

    /// The last value of the first series of a query.
    fn last(&self, title: &str, query: usize) -> f64 {
        last(&self.panel(title)[query][0].1)
    }
}

fn last(points: &[(i64, f64)]) -> f64 {
    points.last().expect("points").1
}

fn is_close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-6 * one.abs().max(other.abs()).max(1.0)
}

#[test]
fn samples_agree_with_one_another() {
    let folder = copy("shop");
    let server = Server::start(&folder.path().join("shop"));
    let model = asked(&server, "api/model?environment=production");
    let checkout = Board::new(&server, &model, "checkout");
    for slo in ["availability", "latency", "settlement"] {
        // A budget only falls, from no more than all of it.
        let over_time = &checkout.panel(&format!("{slo}: error budget over time"))[0][0].1;
        assert!(over_time.len() > 100, "{slo}: {}", over_time.len());
        assert!(over_time[0].1 <= 1.0, "{slo}: {over_time:?}");
        for pair in over_time.windows(2) {
            assert!(pair[1].1 <= pair[0].1 + 1e-4, "{slo}: {pair:?}");
        }
        assert!(
            last(over_time) < over_time[0].1 - 0.05,
            "{slo}: {over_time:?}"
        );
        let left = checkout.last(&format!("{slo}: error budget remaining"), 0);
        assert!(is_close(left, last(over_time)), "{slo}: {left}");
        // What is left of it follows from the SLI and the objective.
        let title = format!("{slo}: objective");
        let (objective, sli) = (checkout.last(&title, 0), checkout.last(&title, 1));
        let expected = 1.0 - (1.0 - sli) / (1.0 - objective);
        assert!(
            (left - expected).abs() < 1e-3,
            "{slo}: {left}, not {expected}"
        );
        assert!(
            is_close(checkout.last(&format!("{slo}: coverage"), 0), 1.0),
            "{slo}"
        );
        // So do the burn rates.
        let (rates, ratios) = (format!("{slo}: burn rate"), format!("{slo}: error ratio"));
        let pairs = checkout.panel(&rates)[0][0].1.iter();
        let ratios = checkout.panel(&ratios);
        let mut compared = 0;
        for ((at, rate), ((other, ratio), (_, budget))) in
            pairs.zip(ratios[0][0].1.iter().zip(&ratios[1][0].1))
        {
            assert_eq!(at, other);
            assert!(
                (rate - ratio / budget).abs() < 1e-3,
                "{slo}: {rate} at {at}"
            );
            compared += 1;
        }
        assert!(compared > 200, "{slo}: {compared}");
    }
    // Statuses add up to all failures, and these are the bad share of all requests.
    let failed = checkout.panel("Failed requests: availability");
    let sum: f64 = failed[1].iter().map(|(_, points)| last(points)).sum();
    assert!(is_close(sum, last(&failed[0][0].1)), "{sum}");
    let share = sum / checkout.last("Requests", 0);
    let ratio = checkout.last("availability: error ratio", 0);
    assert!((share - ratio).abs() < 0.1 * ratio, "{share}, not {ratio}");
    // Requests come and go with the day.
    let requests = checkout.panel("Requests")[0][0]
        .1
        .iter()
        .map(|(_, rate)| *rate);
    let (least, most) = (
        requests.clone().fold(f64::MAX, f64::min),
        requests.fold(0.0, f64::max),
    );
    assert!(most > 1.5 * least && least > 0.0, "{least} to {most}");
    // Quantiles are ordered, around the limit of the SLI.
    let latency = checkout.panel("Latency: latency");
    for at in 0..latency[0][0].1.len() {
        let values: Vec<f64> = latency.iter().map(|lines| lines[0].1[at].1).collect();
        assert!(values.is_sorted_by(|one, next| one < next), "{values:?}");
        assert!(values[0] < 0.25 && values[2] > 0.05, "{values:?}");
    }
    // A share is one.
    for (title, panel, queries) in &checkout.panels {
        let is_share = panel["fieldConfig"]["defaults"]["unit"] == "percentunit";
        let is_budget = title.contains("budget");
        let values = queries.iter().flatten().flat_map(|(_, points)| points);
        for (at, value) in values.filter(|_| is_share && !is_budget) {
            assert!((0.0..=1.0).contains(value), "{title}: {value} at {at}");
        }
    }
    // The same, whenever it is asked for.
    let again = Server::start(&folder.path().join("shop"));
    assert_eq!(
        dashboard(&server, "checkout"),
        dashboard(&again, "checkout")
    );
}

#[test]
fn the_overview_counts_what_its_tables_and_the_alerts_show() {
    let folder = copy("shop");
    let server = Server::start(&folder.path().join("shop"));
    let model = asked(&server, "api/model?environment=production");
    let overview = Board::new(&server, &model, "");
    let budgets = &overview.panel("Error budget remaining (lowest first)")[0];
    let rates = &overview.panel("Burn rate (highest first)")[0];
    let is = |title: &str, expected: f64| {
        let found = overview.last(title, 0);
        assert!(
            is_close(found, expected),
            "{title}: {found}, not {expected}"
        );
    };
    let count = |count: usize| f64::from(u32::try_from(count).unwrap());
    is("SLOs", count(budgets.len()));
    assert_eq!(budgets.len(), rates.len());
    let left = budgets.iter().map(|(_, points)| last(points));
    is(
        "SLOs out of budget",
        count(left.clone().filter(|left| *left <= 0.0).count()),
    );
    is("Lowest remaining budget", left.fold(f64::MAX, f64::min));

    // An alert fires if the burn rates on the service's dashboard say so.
    let mut burning = BTreeSet::new();
    let mut seen = 0;
    for service in model["services"].as_array().unwrap() {
        let name = service["name"].as_str().unwrap();
        let found = dashboard(&server, name);
        let board = Board::new(&server, &model, name);
        for alert in found["alerts"].as_array().unwrap() {
            let threshold = alert["threshold"].as_str().unwrap_or_default();
            let Some(rest) = threshold.strip_prefix("burn rate > ") else {
                continue;
            };
            seen += 1;
            let slo = alert["slo"].as_str().unwrap();
            let is_firing = alert["state"] == "firing";
            let (factor, windows) = rest.split_once("x over ").unwrap();
            let factor: f64 = factor.parse().unwrap();
            if is_firing {
                burning.insert((name.to_owned(), slo.to_owned()));
            }
            let panel = board
                .panels
                .iter()
                .find(|(title, ..)| *title == format!("{slo}: burn rate"));
            let (_, panel, lines) = panel.unwrap();
            let long = windows.split(' ').next().unwrap();
            let targets = panel["targets"].as_array().unwrap();
            let at = targets
                .iter()
                .position(|target| target["legendFormat"] == long);
            let rate = last(&lines[at.unwrap()][0].1);
            if is_firing {
                assert!(rate > factor * 0.99, "{name} {slo} {long}: fires at {rate}");
            } else if rate > factor * 1.05 {
                // The short window says that it is over.
                let short = last(&lines[0][0].1);
                assert!(
                    short < factor,
                    "{name} {slo} {long}: silent at {rate} and {short}"
                );
            }
        }
    }
    assert!(seen > 50, "{seen}");
    is("Burning too fast", count(burning.len()));
    assert!(!burning.is_empty());
}

/// The charts are those of uPlot as it is published.
#[test]
fn what_draws_charts_is_as_it_is_published() {
    let packages = programs::install_folder().join("npm/node_modules/uplot");
    if !packages.is_dir() {
        programs::report_uninstalled("uplot");
        return;
    }
    let vendor = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/preview/page/vendor");
    for (kept, published) in [
        ("uPlot.iife.min.js", "dist/uPlot.iife.min.js"),
        ("uPlot.min.css", "dist/uPlot.min.css"),
        ("uPlot.LICENSE", "LICENSE"),
    ] {
        let (kept, published) = (
            fs::read(vendor.join(kept)),
            fs::read(packages.join(published)),
        );
        assert!(
            kept.unwrap() == published.unwrap(),
            "it differs from that of npm"
        );
    }
}

/// Draws the images of the documentation; `NTH_BLESS=1` keeps them there.
#[test]
fn it_looks_as_in_the_documentation() {
    let Some(chromium) = programs::find(&["chromium", "chromium-browser", "google-chrome"]) else {
        return;
    };
    let folder = copy("shop");
    let shop = Server::start(&folder.path().join("shop"));
    let store = Server::start(&folder.path().join("store"));
    let browser = browser::start_sized(chromium, (1320, 880));
    let tab = browser.new_tab().expect("a tab");
    tab.set_default_timeout(Duration::from_secs(60));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = match std::env::var_os("NTH_BLESS") {
        Some(_) => root.join("docs/images"),
        None => Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned(),
    };
    for (name, server, page, place, is_dark) in [
        (
            "preview.png",
            &shop,
            "service/checkout",
            ".dashboard",
            false,
        ),
        (
            "preview-dark.png",
            &shop,
            "service/checkout",
            ".row:nth-of-type(3)",
            true,
        ),
        (
            "preview-alerts.png",
            &shop,
            "service/checkout",
            "#alerts",
            false,
        ),
        ("preview-overview.png", &shop, "overview", "main", false),
        (
            "preview-groups.png",
            &store,
            "service/storefront",
            ".dashboard",
            false,
        ),
        ("preview-graph.png", &shop, "graph", "main", false),
    ] {
        let theme = MediaFeature {
            name: "prefers-color-scheme".to_owned(),
            value: if is_dark { "dark" } else { "light" }.to_owned(),
        };
        tab.call_method(SetEmulatedMedia {
            media: None,
            features: Some(vec![theme]),
        })
        .expect("a theme");
        tab.navigate_to(&format!("{}#/{page}", server.address))
            .expect("it loads");
        let waits = match page {
            "graph" => "#graph rect",
            "overview" => ".panel .rows td",
            _ => "#alerts .alerts td",
        };
        tab.wait_for_element(waits).expect("it is drawn");
        tab.evaluate(
            &format!("document.querySelector({place:?}).scrollIntoView()"),
            false,
        )
        .expect("the script runs");
        let no_bar = "document.documentElement.style.scrollbarWidth = 'none'";
        tab.evaluate(no_bar, false).expect("the script runs");
        let waiting = "[...document.querySelectorAll('.panel:not([hidden]):not([data-drawn])')]
            .filter(one => one.getBoundingClientRect().top < innerHeight && one.getBoundingClientRect().bottom > 0).length
            + (document.querySelector('#alerts')?.getBoundingClientRect().top < innerHeight
                && [...document.querySelectorAll('.times')].some(one => !one.textContent && one.closest('section').querySelector('th:nth-child(5)').textContent
                    && one.getBoundingClientRect().top < innerHeight) ? 1 : 0)";
        programs::eventually("what is seen", || {
            (number(&tab, waiting) == 0.0).then_some(())
        });
        std::thread::sleep(Duration::from_millis(200));
        let picture = tab
            .capture_screenshot(CaptureScreenshotFormatOption::Png, None, None, true)
            .expect("a screenshot");
        // An empty page has one color and a few hundred bytes.
        assert!(
            (20_000..250_000).contains(&picture.len()),
            "{name}: {} bytes",
            picture.len()
        );
        fs::write(kept.join(name), &picture).expect("the screenshot is kept");
    }
}
