//! A month of `examples/shop`, with planted incidents and deployments: the report adds up, and is drawn.

use std::fs;
use std::path::Path;

use headless_chrome::protocol::cdp::Page::CaptureScreenshotFormatOption;
use jiff::Timestamp;
use nth_ledger::{
    Deployment, Interval, NamedIncident, Pull, Replace, SLICE_SECONDS, Slice, SliceSource, SloKey,
    Store, Version, VersionCounts,
};
use serde_json::{Value, json};

use super::place::{Place, Ran};
use super::scene::{DAY, END, LEDGER, UNTIL, open};
use super::server::nthc;
use super::support::loopback::{Act, Loopback, ReceivedRequest, answer};
use super::support::{browser, programs};

/// The start of the ledger: 2026-09-01T00:00:00Z, so that the month has one before it.
const START: i64 = END - 61 * DAY;

/// The zone of the report.
const ZONE: &str = "Europe/London";

fn at(text: &str) -> i64 {
    let moment: Timestamp = format!("2026-{text}:00Z").parse().unwrap();
    moment.as_second()
}

/// A time in which some of the events of an SLO are bad.
struct Outage {
    slo: &'static str,
    time: Interval,
    /// How many of a thousand.
    bad: u32,
    /// Whether somebody is paged five minutes after it began.
    is_paged: bool,
}

fn outage(slo: &'static str, from: &str, until: &str, bad: u32, is_paged: bool) -> Outage {
    let time = Interval {
        from: at(from),
        until: at(until),
    };
    Outage {
        slo,
        time,
        bad,
        is_paged,
    }
}

fn outages() -> Vec<Outage> {
    vec![
        outage(
            "payment-gateway.authorisation",
            "10-08T13:10",
            "10-08T13:40",
            400,
            true,
        ),
        outage(
            "checkout.availability",
            "10-08T13:15",
            "10-08T13:40",
            150,
            true,
        ),
        outage(
            "checkout.availability",
            "10-14T09:35",
            "10-14T10:25",
            240,
            true,
        ),
        outage("search.latency", "10-21T14:05", "10-21T16:10", 400, false),
        outage(
            "orders-db.available",
            "10-27T02:00",
            "10-27T02:15",
            1_000,
            true,
        ),
    ]
}

/// A number below `most` that belongs to a moment and a text.
fn mixed(text: &str, at: i64, most: u32) -> u32 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes().chain(at.to_be_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let hash = (hash ^ (hash >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from((hash >> 33) % u64::from(most)).unwrap()
}

/// The slices of an SLO, of which so many of a million may be bad.
fn slices(slo: &SloKey, allowed: f64) -> Vec<Slice> {
    let name = format!("{}.{}", slo.service, slo.slo);
    let is_checked =
        ["available", "reachable", "freshness", "replication"].contains(&slo.slo.as_str());
    let size = 400 + mixed(&name, 0, 4_000);
    // One SLO has too many errors at all times.
    let pace = match name.as_str() {
        "recommendations.latency" => 1.2,
        _ => f64::from(8 + mixed(&name, 2, 13)) / 100.0,
    };
    let planted = outages();
    let mut owed = 0.0;
    let mut all = Vec::new();
    for number in 0..(END - START) / SLICE_SECONDS {
        let start = START + number * SLICE_SECONDS;
        // Nobody scraped the storefront for six hours.
        if slo.service == "storefront" && (at("10-19T03:00")..at("10-19T09:00")).contains(&start) {
            continue;
        }
        let hour = u32::try_from(start.rem_euclid(DAY) / 3_600).unwrap();
        let by_day = if (6..22).contains(&hour) { 10 } else { 3 };
        let total = match is_checked {
            true => 10,
            false => (size * by_day / 10 + mixed(&name, start, size / 5)).max(1),
        };
        let outage = planted
            .iter()
            .find(|one| one.slo == name && one.time.from <= start && start < one.time.until);
        let bad = match outage {
            Some(outage) => total * outage.bad / 1_000,
            None if is_checked => 0,
            None => {
                owed += f64::from(total) * allowed * pace * f64::from(mixed(&name, -start, 200))
                    / 100.0;
                let whole = (0..total)
                    .take_while(|count| f64::from(*count) + 1.0 <= owed)
                    .count();
                owed -= whole as f64;
                u32::try_from(whole).unwrap()
            }
        };
        all.push(Slice {
            start,
            bad: f64::from(bad),
            total: f64::from(total),
            seen: 300,
            source: match is_checked {
                true => SliceSource::TimeSlices,
                false => SliceSource::Raw,
            },
        });
    }
    all
}

/// Each service is deployed on Tuesdays and Thursdays; two deployments are bad, and one that is rolled back.
fn deployments(services: &[String]) -> Vec<Deployment> {
    let deployment = |service: &str, started: i64, version: String| Deployment {
        key: format!("pipeline/{service}/{version}"),
        project: "shop".into(),
        environment: Some("production".into()),
        service: service.into(),
        started,
        finished: Some(started + 300),
        version: Some(version),
        previous: None,
        source: "pipeline".into(),
        url: None,
        by: None,
        rolled_back: None,
    };
    let mut all = Vec::new();
    for service in services {
        let minute = i64::from(mixed(service, 1, 50));
        let mut own = Vec::new();
        for day in 0..61 {
            // 2026-09-01 is a Tuesday.
            if day % 7 == 0 || day % 7 == 2 {
                let started = START + day * DAY + 11 * 3_600 + minute * 60;
                own.push(deployment(service, started, format!("1.{day}")));
            }
        }
        let bad = match service.as_str() {
            "checkout" => Some(("10-14T09:30", "10-14T10:20")),
            "search" => Some(("10-21T14:00", "10-21T16:05")),
            _ => None,
        };
        if let Some((started, rolled_back)) = bad {
            let mut one = deployment(service, at(started), "1.43-rc".into());
            one.rolled_back = Some(at(rolled_back));
            one.finished = Some(at(started) + 600);
            own.push(one);
        }
        own.sort_by_key(|one| one.started);
        let versions: Vec<Option<String>> = own.iter().map(|one| one.version.clone()).collect();
        for (one, before) in own.iter_mut().skip(1).zip(versions) {
            one.previous = before;
        }
        all.extend(own);
    }
    all
}

/// Both versions of the bad deployment of checkout, of which the new one fails.
fn versions(slo: &SloKey) -> Vec<VersionCounts> {
    let started = at("10-14T09:30");
    let count = |minute: i64, version: Version, bad: u32, total: u32| VersionCounts {
        slo: slo.clone(),
        deployment: "pipeline/checkout/1.43-rc".into(),
        stratum: started + minute * 60,
        version,
        bad: f64::from(bad),
        total: f64::from(total),
    };
    let minutes = 0..10;
    minutes
        .flat_map(|minute| {
            let few = u32::from(minute % 4 == 0);
            [
                count(minute, Version::Old, few, 300),
                count(minute, Version::New, 72, 300),
            ]
        })
        .collect()
}

/// A Prometheus that evaluates the rules of the shop and has no samples of its services.
fn respond(request: &ReceivedRequest) -> Act {
    let matrix = |result: Vec<Value>| {
        let data = json!({"resultType": "matrix", "result": result});
        let body = json!({"status": "success", "data": data});
        answer(
            "200 OK",
            "Content-Type: application/json\r\n",
            body.to_string(),
        )
    };
    let field = |name: &str| {
        let fields = request
            .body
            .split('&')
            .filter_map(|field| field.split_once('='));
        let mut fields = fields.filter(|(known, _)| *known == name);
        fields.next().map(|(_, value)| value.to_owned())
    };
    let query = field("query").unwrap_or_default();
    let second = |name: &str| {
        let value = field(name).and_then(|value| value.parse::<f64>().ok());
        value.unwrap_or_default() as i64
    };
    let (start, end, step) = (second("start"), second("end"), second("step"));
    let steps = || (0..=(end - start) / step.max(1)).map(move |number| start + number * step);
    let series = |labels: Value, is_in: &dyn Fn(i64) -> bool| {
        let values: Vec<Value> = steps()
            .filter(|at| is_in(*at))
            .map(|at| json!([at, "1"]))
            .collect();
        json!({"metric": labels, "values": values})
    };
    if query.contains("ALERTS") {
        let paged = outages().into_iter().filter(|outage| outage.is_paged);
        let all = paged.map(|outage| {
            let (service, slo) = outage.slo.split_once('.').unwrap();
            let labels = json!({"alertname": "BudgetBurn", "alertstate": "firing", "service": service,
                "slo": slo, "severity": "page", "environment": "production"});
            let (from, until) = (outage.time.from + 300, outage.time.until + 300);
            series(labels, &|at| (from..until).contains(&at))
        });
        return matrix(all.collect());
    }
    if query.contains("objective") {
        return matrix(vec![series(json!({}), &|_| true)]);
    }
    matrix(Vec::new())
}

fn copied(from: &Path, place: &Place, to: &str) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = format!("{to}/{}", path.file_name().unwrap().to_string_lossy());
        match path.is_dir() {
            true if path.ends_with("build") => {}
            true => copied(&path, place, &to),
            false => place.write(&to, fs::read(&path).unwrap()),
        }
    }
}

fn run(place: &Place, arguments: &[&str]) -> Ran {
    let project = place.path("shop");
    let project = project.to_string_lossy();
    let ran = nthc(place, &[arguments, &["--project", &project]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

/// The ledger of the shop: all of its SLOs in two months.
fn ledger(place: &Place) -> Store {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for name in ["shop", "platform"] {
        copied(&examples.join(name), place, name);
    }
    let server = Loopback::new(respond);
    let file = place.path(LEDGER);
    let file = file.to_string_lossy();
    let pull = [
        "ledger",
        "pull",
        "--prometheus",
        &server.url,
        "--env",
        "production",
        "--until",
        UNTIL,
        "--since",
        "61d",
        "--ledger",
        &file,
    ];
    run(place, &pull);
    let mut store = open(place, LEDGER);
    let slos = store.slos().unwrap();
    let mut services: Vec<String> = Vec::new();
    for slo in &slos {
        services.push(slo.service.clone());
        let objective = store.objectives(slo).unwrap()[0].objective.to_string();
        let allowed = 1.0 - objective.parse::<f64>().unwrap();
        let pull = Pull {
            slo: slo.clone(),
            slices: slices(slo, allowed),
            read: Interval {
                from: START,
                until: END,
            },
        };
        store.record_all(&[pull], Replace::Always).unwrap();
        if (slo.service.as_str(), slo.slo.as_str()) == ("checkout", "availability") {
            store.record_version_counts(&versions(slo)).unwrap();
        }
    }
    services.dedup();
    for deployment in deployments(&services) {
        store.record_deployment(&deployment).unwrap();
    }
    for (id, title, services, from, until) in [
        (
            "INC-311",
            "card network refuses payments",
            &["checkout", "payment-gateway"][..],
            "10-08T13:10",
            "10-08T13:40",
        ),
        (
            "INC-318",
            "failover of orders-db",
            &["orders-db"],
            "10-27T02:00",
            "10-27T02:15",
        ),
    ] {
        let incident = NamedIncident {
            id: id.into(),
            project: "shop".into(),
            environment: Some("production".into()),
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            title: title.into(),
            from: at(from),
            until: Some(at(until)),
            url: None,
            by: None,
        };
        store.record_incident(&incident).unwrap();
    }
    store
}

#[test]
fn a_month_of_the_shop_adds_up_and_is_drawn() {
    let place = Place::new();
    let mut store = ledger(&place);
    let slos = store.slos().unwrap();
    let file = place.path(LEDGER);
    let file = file.to_string_lossy().into_owned();
    let html = place.path("report.html");
    let html = html.to_string_lossy().into_owned();
    let report = [
        "report",
        "--month",
        "2026-10",
        "--env",
        "production",
        "--zone",
        ZONE,
        "--ledger",
        &file,
    ];
    let text = run(&place, &[&report[..], &["--html", &html]].concat()).out;
    // The beginning: what to talk about, the teams and the SLOs.
    let (summary, _) = text.split_once("\n## catalogue-import").unwrap();
    insta::assert_snapshot!("shop", summary);

    let document = run(&place, &[&report[..], &["--format", "json"]].concat()).out;
    let document: Value = serde_json::from_str(&document).unwrap();
    let reported = document["slos"].as_array().unwrap();
    assert_eq!(reported.len(), slos.len());
    assert!(slos.len() >= 20, "{}", slos.len());
    let within = Interval {
        from: document["period"]["from"].as_i64().unwrap(),
        until: document["period"]["until"].as_i64().unwrap(),
    };
    // October has an hour more in London.
    assert_eq!(within.seconds(), 31 * DAY + 3_600);
    for (slo, key) in reported.iter().zip(&slos) {
        let name = format!("{}.{}", key.service, key.slo);
        assert_eq!(slo["slo"]["slo"], key.slo, "{name}");
        let account = &slo["account"];
        let part = |of: &Value, field: &str| {
            of[field]
                .as_i64()
                .unwrap_or_else(|| panic!("{name}: {field}: {of}"))
        };
        let rows = |field: &str| slo[field].as_array().unwrap().clone();
        let causes: i64 = ["compared_ms", "onset_ms", "incidents_ms", "unexplained_ms"]
            .map(|field| part(account, field))
            .iter()
            .sum();
        let (budget, spent, left) = (
            part(account, "budget_ms"),
            part(account, "spent_ms"),
            part(account, "left_ms"),
        );
        assert_eq!(causes, spent, "{name}");
        assert_eq!(spent + left, budget, "{name}");
        let days = rows("days");
        assert_eq!(days.len(), 31, "{name}");
        let of_days: i64 = days.iter().map(|day| part(day, "spent_ms")).sum();
        assert_eq!(of_days, spent, "{name}");
        assert_eq!(part(days.last().unwrap(), "left_ms"), left, "{name}");
        let of_deployments: i64 = rows("deployments")
            .iter()
            .filter_map(|row| row["consumed"]["ms"].as_i64())
            .sum();
        let charged = part(account, "compared_ms") + part(account, "onset_ms");
        assert_eq!(of_deployments, charged, "{name}");
        let of_incidents: i64 = rows("incidents")
            .iter()
            .map(|row| part(row, "own_ms"))
            .sum();
        assert_eq!(of_incidents, part(account, "incidents_ms"), "{name}");
        // And it is what the ledger has, to the second.
        let all = store.slices(key, within).unwrap();
        let bad: f64 = all.iter().map(|slice| slice.bad).sum();
        let total: f64 = all.iter().map(|slice| slice.total).sum();
        let objective = store.objectives(key).unwrap()[0].objective.to_string();
        let allowed = 1.0 - objective.parse::<f64>().unwrap();
        let truth = within.seconds() as f64 * allowed * 1_000.0;
        assert!(
            (budget as f64 - truth).abs() <= 1_000.0,
            "{name}: {budget}, not {truth}"
        );
        let seen: f64 = all.iter().map(|slice| f64::from(slice.seen)).sum();
        let truth = seen * 1_000.0 * bad / total;
        assert!(
            (spent as f64 - truth).abs() <= 1_000.0,
            "{name}: {spent}, not {truth}"
        );
    }

    let bytes = fs::metadata(&html).unwrap().len();
    assert!(bytes < 400_000, "{bytes} bytes");
    let Some(chromium) = programs::find(&["chromium", "chromium-browser", "google-chrome"]) else {
        return;
    };
    let browser = browser::start_sized(chromium, (1_100, 1_700));
    let tab = browser.new_tab().unwrap();
    tab.navigate_to(&format!("file://{html}")).unwrap();
    tab.wait_until_navigated().unwrap();
    let number = |script: &str| {
        let value = tab.evaluate(script, false).unwrap().value.unwrap();
        value.as_u64().unwrap()
    };
    let sections = number("document.querySelectorAll('section.slo').length");
    assert_eq!(usize::try_from(sections).unwrap(), slos.len());
    // Nothing is wider than the page, and every plot has a size.
    let wider =
        number("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert_eq!(wider, 0);
    let plots = number(
        "[...document.querySelectorAll('.plots svg')].filter(one => one.getBoundingClientRect().height > 20).length",
    );
    assert_eq!(plots, 2 * sections);
    // The picture of the documentation: the report of a team, down to the causes of an SLO.
    let of_team = place.path("payments.html");
    let of_team = of_team.to_string_lossy().into_owned();
    run(
        &place,
        &[&report[..], &["--team", "payments", "--html", &of_team]].concat(),
    );
    tab.navigate_to(&format!("file://{of_team}")).unwrap();
    tab.wait_until_navigated().unwrap();
    assert_eq!(number("document.querySelectorAll('section.slo').length"), 9);
    let picture = tab
        .capture_screenshot(CaptureScreenshotFormatOption::Png, None, None, true)
        .unwrap();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-page.png");
    fs::write(&kept, &picture).unwrap();
    assert!(picture.len() > 50_000, "{} bytes", picture.len());
}
