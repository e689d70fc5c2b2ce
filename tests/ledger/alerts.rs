//! Alerts that fired, and times of which that is unknown. And what a pull that fails leaves behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nth_ledger::{AlertReads, Deployment, Interval};

use super::place::Place;
use super::scene::{
    ALWAYS, DAY, DAYS, END, LEDGER, Samples, availability, fails, open, pull, shared, slices,
};
use super::server::{SERVICE, forward, nthc, project, start};
use super::support::loopback::{Loopback, answer};

const JSON: &str = "Content-Type: application/json\r\n";

fn reads(place: &Place) -> AlertReads {
    open(place, LEDGER).alert_reads("shop", None).unwrap()
}

#[test]
fn a_partial_answer_about_alerts_is_an_error_and_is_read_again() {
    let Some(real) = shared() else { return };
    let place = Place::new();
    project(&place);
    let url = real.url();
    let to = url.clone();
    let server = Loopback::new(move |request| match request.body.contains("ALERTS") {
        true => answer(
            "200 OK",
            JSON,
            r#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}"#,
        ),
        false => forward(&to, request),
    });
    let ran = fails(&place, &server.url, &[], 3);
    assert!(
        ran.err
            .starts_with("error: cannot query the alerts that fired at "),
        "{ran:?}"
    );
    assert!(ran.err.contains("partial"), "{ran:?}");
    // Slices and objectives are there, and can be judged.
    assert_eq!(
        slices(&place, LEDGER).values().map(Vec::len).sum::<usize>(),
        1_440
    );
    let objectives = open(&place, LEDGER)
        .objectives(&availability(None))
        .unwrap();
    assert_eq!(objectives.len(), 1);
    assert_eq!(objectives[0].valid_from, END - DAYS * DAY);
    assert_eq!(reads(&place), AlertReads::default());
    // The next pull reads the alerts of all the time, although it reads the slices of a day only.
    pull(&place, &url, &[]);
    let whole = Interval {
        from: END - DAYS * DAY,
        until: END,
    };
    assert_eq!(reads(&place).asked, [whole]);
    // That server evaluates no rules.
    assert_eq!(reads(&place).known, []);
    let report = nthc(&place, &["report", "--month", "2026-10"]);
    assert!(
        report.out.contains("Pages: unknown. Tickets: unknown."),
        "{report:?}"
    );
    assert!(!report.out.contains("no page"), "{report:?}");
}

#[test]
fn alerts_are_known_while_rules_are_evaluated() {
    let place = Place::new();
    project(&place);
    let mut samples = Samples::default();
    samples.service(END - 2 * DAY, END, "");
    let objective = "service=\"checkout\",slo=\"availability\"";
    let alert = "alertname=\"CheckoutAvailability\",alertstate=\"firing\",service=\"checkout\",slo=\"availability\",severity=\"page\"";
    // The rules exist since yesterday noon; an alert fires at midnight, for twenty minutes.
    let since = END - 36 * 3_600;
    for minute in 0..=36 * 60 {
        let at = since + minute * 60;
        // A constant, in parts of a million to be a whole number.
        samples.add("slo:objective:ratio", objective, 1, at);
        if (END - DAY..END - DAY + 1_200).contains(&at) {
            samples.add("ALERTS", alert, 1, at);
        }
    }
    let other = Place::new();
    let Some(server) = start(&other, &samples.text()) else {
        return;
    };
    let url = format!("http://{}", server.address());
    pull(&place, &url, &["--since", "2d"]);
    let known = reads(&place).known;
    let [only] = known[..] else {
        panic!("{known:?}")
    };
    // To the hour.
    assert!(
        (only.from - since).abs() <= 3_600 && only.until == END,
        "{only:?}"
    );
    let episodes = open(&place, LEDGER).episodes(ALWAYS).unwrap();
    assert_eq!(episodes.len(), 1);
    let [day, month] = [&["--period", "2026-W44"][..], &["--month", "2026-10"]].map(|period| {
        let ran = nthc(&place, &[&["report"], period].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
    });
    assert!(
        month.contains("Pages: at least 1 (0 useful). Tickets: unknown."),
        "{month}"
    );
    assert!(day.contains("Tickets: unknown."), "{day}");
}

#[test]
fn a_deployment_that_is_recorded_late_is_compared() {
    let place = Place::new();
    project(&place);
    let mut samples = Samples::default();
    for version in ["v1", "v2"] {
        samples.service(END - 2 * DAY, END, &format!("version=\"{version}\","));
    }
    let other = Place::new();
    let Some(server) = start(&other, &samples.text()) else {
        return;
    };
    let url = format!("http://{}", server.address());
    pull(&place, &url, &["--since", "2d"]);
    let started = END - 36 * 3_600;
    let deployment = |key: &str, version: &str| Deployment {
        key: key.into(),
        project: "shop".into(),
        environment: None,
        service: "checkout".into(),
        started,
        finished: Some(started + 600),
        version: Some(version.into()),
        previous: Some("v1".into()),
        source: "pipeline".into(),
        url: None,
        by: None,
        rolled_back: None,
    };
    let mut store = open(&place, LEDGER);
    store.record_deployment(&deployment("late", "v2")).unwrap();
    store
        .record_deployment(&deployment("unknown", "v9"))
        .unwrap();
    // It ended before the day that is read again.
    let asked = Arc::new(AtomicBool::new(false));
    let (log, to) = (asked.clone(), url.clone());
    let proxy = Loopback::new(move |request| {
        if request.body.contains("version") {
            log.store(true, Ordering::Relaxed);
        }
        forward(&to, request)
    });
    let more = ["--since", "2d", "--version-label", "version"];
    pull(&place, &proxy.url, &more);
    let counts = store.version_counts(&availability(None), "late").unwrap();
    // Ten minutes of both versions, with fifty requests a minute of two instances.
    assert_eq!(counts.len(), 20, "{counts:?}");
    assert!(
        counts.iter().all(|count| count.total == 100.0),
        "{counts:?}"
    );
    assert!(asked.swap(false, Ordering::Relaxed));
    // Once it has been read, it is not asked for again, even if there was nothing.
    pull(&place, &proxy.url, &more);
    assert!(!asked.load(Ordering::Relaxed));
}

/// A second service, of which the server has nothing.
fn two_services(place: &Place) {
    project(place);
    let basket = "
service basket {
  team     = payments
  selector = { job = \"basket\" }

  slo availability : http.availability { objective = 99.9% }
}
";
    place.write("checkout.nth", format!("{SERVICE}{basket}"));
}

#[test]
fn an_slo_alone_that_lost_its_samples_is_named() {
    let Some(real) = shared() else { return };
    let place = Place::new();
    two_services(&place);
    let url = real.url();
    pull(&place, &url, &[]);
    // As if the ledger had seen it.
    let mut store = open(&place, LEDGER);
    let mut basket = availability(None);
    basket.service = "basket".into();
    let seen = slices(&place, LEDGER)[&availability(None)].clone();
    store.record(&basket, &seen, END).unwrap();
    drop(store);
    let ran = nthc(&place, &super::scene::arguments(&url, &[]));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err.contains(
            "warning: the server has no samples of basket.availability before 2026-11-01T00:00:00Z, where the ledger ends: what \
             follows may be unknown\n"
        ),
        "{ran:?}"
    );
    assert!(!ran.err.contains("checkout.availability before"), "{ran:?}");
    // A server that keeps less has removed them.
    let server = Loopback::new(move |request| match request.line.contains("runtimeinfo") {
        true => answer(
            "200 OK",
            JSON,
            r#"{"status":"success","data":{"storageRetention":"1h"}}"#,
        ),
        false => forward(&url, request),
    });
    let ran = fails(&place, &server.url, &[], 2);
    assert!(
        ran.err.starts_with(
            "error: the ledger of basket.availability ends at 2026-11-01T00:00:00Z, and the server no longer has the samples that \
             follow; it keeps samples since about "
        ),
        "{ran:?}"
    );
    assert!(ran.err.contains("--accept-gap"), "{ran:?}");
    pull(&place, &server.url, &["--accept-gap"]);
}
