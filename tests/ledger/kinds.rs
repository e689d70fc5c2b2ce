//! SLIs of every kind: which are exact, and which are estimates.

use nth_ledger::SliceSource;

use super::place::Place;
use super::scene::{DAY, END, LEDGER, Samples, arguments, pull, slices};
use super::server::{SERVICE, nthc, project, start};

const KINDS: &str = "
service orders {
  team     = payments
  selector = { job = \"checkout\" }

  slo freshness {
    objective = 99%
    sli : time-slices { good = `min(queue_age) < 10` }
  }

  slo provider {
    objective = 99%
    sli : error-ratio { ratio = `max(avg_over_time(failure_ratio[$window]))` }
  }
}
";

#[test]
fn each_slice_says_where_its_counts_come_from() {
    let place = Place::new();
    project(&place);
    place.write("checkout.nth", format!("{SERVICE}{KINDS}"));
    let from = END - DAY;
    let mut samples = Samples::default();
    samples.service(from, END, "");
    for minute in 0..=DAY / 60 {
        // Bad in each tenth minute; unknown in the last hour.
        let at = from + minute * 60;
        if at <= END - 3_600 {
            let age = if minute % 10 == 0 { 60 } else { 1 };
            samples.add("queue_age", "job=\"checkout\"", age, at);
        }
    }
    let recorded = "project=\"shop\",service=\"orders\",slo=\"provider\"";
    for slice in 1..=DAY / 180 {
        let at = from + slice * 180;
        samples.add("slo:sli_bad_events:increase3m", recorded, 3, at);
        samples.add("slo:sli_total_events:increase3m", recorded, 180, at);
        samples.add("slo:sli_known_time:seconds", recorded, 180, at);
    }
    let other = Place::new();
    let Some(server) = start(&other, &samples.text()) else {
        return;
    };
    let url = format!("http://{}", server.address());
    let report = pull(&place, &url, &["--since", "1d"]);
    let estimated: Vec<&str> = { report["estimated"].as_array().unwrap().iter() }
        .map(|one| one["slo"].as_str().unwrap())
        .collect();
    assert_eq!(estimated, ["orders.provider"], "{report}");
    let all = slices(&place, LEDGER);
    let of = |name: &str| all.iter().find(|(key, _)| key.slo == name).unwrap().1;
    assert!(
        of("availability")
            .iter()
            .all(|slice| slice.source == SliceSource::Raw)
    );
    let freshness = of("freshness");
    assert!(
        freshness
            .iter()
            .all(|slice| slice.source == SliceSource::TimeSlices)
    );
    let sum: f64 = freshness.iter().map(|slice| slice.total).sum();
    let bad: f64 = freshness.iter().map(|slice| slice.bad).sum();
    // Evaluations of 23 hours, and of the five minutes in which Prometheus still finds the last sample.
    assert!(
        (23.0 * 60.0 - 1.0..=23.0 * 60.0 + 6.0).contains(&sum),
        "{sum}"
    );
    assert!((bad - sum / 10.0).abs() < 7.0, "{bad} of {sum}");
    assert!(
        !freshness
            .iter()
            .any(|slice| slice.start > END - 3_000 && slice.seen > 0)
    );

    let human = nthc(&place, &arguments(&url, &["--since", "1d"]));
    assert!(
        human.err.contains(
            "note: orders.provider is estimated from recording rules: it is a ratio that counts no events\n"
        ),
        "{human:?}"
    );
    let provider = of("provider");
    assert!(
        provider.len() > 280,
        "{} {report} {human:?}",
        provider.len()
    );
    assert!(
        provider
            .iter()
            .all(|slice| slice.source == SliceSource::Recorded)
    );
    let status = nthc(&place, &["ledger", "status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let share = |name: &str| {
        let slos = status["slos"].as_array().unwrap();
        let found = slos.iter().find(|slo| slo["slo"]["slo"] == name).unwrap();
        found["estimated"].as_f64().unwrap()
    };
    assert_eq!(
        ["availability", "freshness", "provider"].map(share),
        [0.0, 0.0, 1.0]
    );
}
