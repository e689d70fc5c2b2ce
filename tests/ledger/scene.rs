//! Some days of a service with two instances, the Prometheus that has scraped it, and what is asked of both.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use nth_ledger::{Interval, LedgerError, Location, Slice, SloKey, Store, StoreOptions};
use serde_json::Value;

use super::place::{Place, Ran};
use super::server::{nthc, start};
use super::support::programs::Running;

/// The end of the days: 2026-11-01T00:00:00Z, in seconds since 1970.
pub const END: i64 = super::month::END;

/// The end as an argument.
pub const UNTIL: &str = "2026-11-01T00:00:00Z";

/// The days.
pub const DAYS: i64 = 5;

/// A day in seconds.
pub const DAY: i64 = 86_400;

/// Samples by metric and series, in the order of time.
#[derive(Default)]
pub struct Samples(BTreeMap<&'static str, BTreeMap<String, String>>);

impl Samples {
    /// Adds a sample. `labels` are without braces.
    pub fn add(&mut self, name: &'static str, labels: &str, value: i64, at: i64) {
        let series = self.0.entry(name).or_default();
        let lines = series.entry(labels.to_owned()).or_default();
        let _ = writeln!(lines, "{name}{{{labels}}} {value} {at}");
    }

    /// All samples as OpenMetrics.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, of_name) in &self.0 {
            let kind = match name.ends_with("_total") {
                true => "counter",
                false => "gauge",
            };
            let _ = writeln!(text, "# TYPE {} {kind}", name.trim_end_matches("_total"));
            for lines in of_name.values() {
                text.push_str(lines);
            }
        }
        text.push_str("# EOF\n");
        text
    }

    /// Adds what is scraped of the service every minute: of a hundred requests a minute, one in five minutes fails. `more` are more
    /// labels, with a comma at the end of each.
    pub fn service(&mut self, from: i64, until: i64, more: &str) {
        let started = from - 30;
        for instance in ["a", "b"] {
            let labels = format!("{more}job=\"checkout\",instance=\"{instance}\"");
            for minute in 0..=(until - from) / 60 {
                let at = from + minute * 60;
                self.add("up", &labels, 1, at);
                self.add("process_start_time_seconds", &labels, started, at);
                let bad = minute / 5;
                for (status, value) in [("200", minute * 50 - bad), ("500", bad)] {
                    let labels = format!("{labels},status=\"{status}\"");
                    self.add("http_requests_total", &labels, value, at);
                }
            }
        }
    }
}

/// A Prometheus with the days of the service, which the tests share.
pub struct Shared {
    server: Running,
    _place: Place,
}

static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());

impl Shared {
    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }
}

/// Returns the Prometheus; `None` if a program is missing.
pub fn shared() -> Option<Arc<Shared>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(running) = shared.upgrade() {
        return Some(running);
    }
    let place = Place::new();
    let mut samples = Samples::default();
    samples.service(END - DAYS * DAY, END, "");
    let server = start(&place, &samples.text())?;
    let running = Arc::new(Shared {
        server,
        _place: place,
    });
    *shared = Arc::downgrade(&running);
    Some(running)
}

/// The arguments of a pull of the days.
pub fn arguments<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["ledger", "pull", "--prometheus", url, "--until", UNTIL];
    if !more.contains(&"--since") {
        all.extend(["--since", "5d"]);
    }
    all.extend(more);
    all
}

/// Pulls the days, which must succeed, and returns the report.
pub fn pull(place: &Place, url: &str, more: &[&str]) -> Value {
    let mut all = arguments(url, more);
    all.extend(["--format", "json"]);
    let ran = nthc(place, &all);
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

/// Pulls the days, which must fail with a code.
pub fn fails(place: &Place, url: &str, more: &[&str], code: i32) -> Ran {
    let ran = nthc(place, &arguments(url, more));
    assert_eq!(ran.code, code, "{ran:?}");
    assert_eq!(ran.out, "", "{ran:?}");
    ran
}

/// Opens a ledger of a place.
pub fn open(place: &Place, file: &str) -> Store {
    let location = Location::parse(&place.path(file).to_string_lossy()).unwrap();
    Store::open(&location, &StoreOptions::default()).unwrap()
}

/// All of time.
pub const ALWAYS: Interval = Interval {
    from: 0,
    until: END + 1_000 * DAY,
};

/// All slices of a ledger, by SLO.
pub fn slices_of(store: &mut Store) -> BTreeMap<SloKey, Vec<Slice>> {
    let slos = store.slos().unwrap();
    let mut read = |slo: SloKey| {
        let slices = store.slices(&slo, ALWAYS).unwrap();
        (slo, slices)
    };
    slos.into_iter().map(&mut read).collect()
}

/// All slices of the ledger of a place, by SLO.
pub fn slices(place: &Place, file: &str) -> BTreeMap<SloKey, Vec<Slice>> {
    slices_of(&mut open(place, file))
}

/// The number of slices of a ledger that another process writes, which may not be there yet.
pub fn count(place: &Place, file: &str) -> usize {
    let location = Location::parse(&place.path(file).to_string_lossy()).unwrap();
    match Store::open(&location, &StoreOptions::default()) {
        Ok(mut store) => {
            let all = slices_of(&mut store);
            all.values().map(Vec::len).sum()
        }
        Err(LedgerError::NotFound) => 0,
        Err(error) => panic!("{error}"),
    }
}

/// The name of the default ledger.
pub const LEDGER: &str = "nth.ledger.db";

/// The SLO of the service.
pub fn availability(environment: Option<&str>) -> SloKey {
    SloKey {
        project: "shop".into(),
        environment: environment.map(str::to_owned),
        service: "checkout".into(),
        slo: "availability".into(),
        group: BTreeMap::new(),
    }
}
