//! Exports against what the ledger has.

use std::collections::BTreeMap;
use std::process::Command;

use nth_ledger::{
    Interval, Location, Pull, Replace, Slice, SliceSource, SloKey, Store, StoreOptions,
};

use super::place::Place;
use super::scene::{DAY, END, LEDGER, availability, slices};
use super::server::{nthc, project, start};
use super::support::promtool;

/// A ledger with a day of two environments, of which one is estimated in part, and of a group with a hostile name.
pub fn ledger(place: &Place) -> BTreeMap<SloKey, Vec<Slice>> {
    project(place);
    let location = Location::parse(&place.path(LEDGER).to_string_lossy()).unwrap();
    let mut store = Store::open_or_create(&location, &StoreOptions::default()).unwrap();
    let read = Interval {
        from: END - DAY,
        until: END,
    };
    let mut record = |slo: SloKey, source: SliceSource| {
        let slices = (0..DAY / 300)
            .filter(|slice| slice % 50 != 7)
            .map(|slice| Slice {
                start: read.from + slice * 300,
                bad: if slice % 3 == 0 { 0.5 } else { 0.0 },
                total: f64::from(u32::try_from(slice).unwrap()) + 1.25,
                seen: if slice % 10 == 0 { 120 } else { 300 },
                source,
            });
        let pull = Pull {
            slo,
            slices: slices.collect(),
            read,
        };
        store.record_all(&[pull], Replace::NotWorse).unwrap();
    };
    record(availability(Some("production")), SliceSource::Raw);
    record(availability(Some("staging")), SliceSource::Recorded);
    let mut hostile = availability(Some("production"));
    hostile.slo = "latency".into();
    hostile.group = BTreeMap::from([("region".into(), "=cmd(\"x\"),\n\u{1b}[2J\\".into())]);
    record(hostile, SliceSource::Raw);
    let mut other = availability(Some("production"));
    other.project = "other".into();
    record(other, SliceSource::Raw);
    drop(store);
    let mut all = slices(place, LEDGER);
    assert_eq!(all.len(), 4);
    all.retain(|slo, _| slo.project == "shop");
    all
}

/// A row of CSV: the SLO, and the columns after it.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    for letter in text.chars() {
        match letter {
            // A doubled quote ends and begins again.
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut field)),
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            letter => field.push(letter),
        }
    }
    rows
}

fn expected(all: &BTreeMap<SloKey, Vec<Slice>>) -> Vec<[String; 7]> {
    let of = |(slo, slices): (&SloKey, &Vec<Slice>)| {
        let (environment, name) = (slo.environment.clone().unwrap(), slo.slo.clone());
        slices
            .iter()
            .map(|slice| {
                let start = nth_ledger::timestamp(slice.start).unwrap();
                [
                    environment.clone(),
                    name.clone(),
                    start.to_string(),
                    slice.bad.to_string(),
                    slice.total.to_string(),
                    slice.seen.to_string(),
                    slice.source.name().to_owned(),
                ]
            })
            .collect::<Vec<_>>()
    };
    all.iter().flat_map(of).collect()
}

fn found(text: &str) -> Vec<[String; 7]> {
    let rows = rows(text);
    assert_eq!(
        rows[0].join(","),
        "project,environment,service,slo,group,start,bad,total,seen_seconds,source"
    );
    { rows[1..].iter() }
        .map(|row| {
            assert_eq!((row.len(), &*row[0], &*row[2]), (10, "shop", "checkout"));
            [1, 3, 5, 6, 7, 8, 9].map(|column| row[column].clone())
        })
        .collect()
}

#[test]
fn csv_has_the_slices_of_the_ledger() {
    let place = Place::new();
    let all = ledger(&place);
    let ran = nthc(&place, &["ledger", "export", "--csv", "slices.csv"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "wrote slices.csv: 846 slices of 3 SLOs\n", "")
    );
    let text = place.read("slices.csv");
    assert_eq!(found(&text), expected(&all));
    let standard = nthc(&place, &["ledger", "export", "--csv", "-"]);
    assert_eq!((standard.code, standard.err.as_str()), (0, ""));
    assert_eq!(standard.out, text);

    // A part of it.
    let part = [
        "ledger",
        "export",
        "checkout.availability",
        "--env",
        "staging",
        "--since",
        "6h",
        "--until",
        "2026-10-31T23:00:00Z",
        "--csv",
        "-",
    ];
    let ran = nthc(&place, &part);
    let mut part = all.clone();
    part.retain(|slo, _| *slo == availability(Some("staging")));
    for slices in part.values_mut() {
        slices.retain(|slice| (END - 7 * 3_600..END - 3_600).contains(&slice.start));
    }
    assert_eq!(found(&ran.out), expected(&part));
    assert!(expected(&part).len() > 60);
}

#[test]
fn parquet_is_written_as_a_whole() {
    let place = Place::new();
    ledger(&place);
    for _ in 0..2 {
        // An export replaces an earlier one.
        let ran = nthc(
            &place,
            &[
                "ledger",
                "export",
                "--parquet",
                "slices.parquet",
                "--format",
                "json",
            ],
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(
            report,
            serde_json::json!({"file": "slices.parquet", "slos": 3, "slices": 846})
        );
        let bytes = std::fs::read(place.path("slices.parquet")).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }
    let ran = nthc(&place, &["ledger", "export", "--parquet", "-"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            2,
            "error: cannot write Parquet to standard output\n  help: use a file: `--parquet slices.parquet`\n"
        )
    );
}

#[test]
fn only_an_export_of_the_same_form_is_replaced() {
    let place = Place::new();
    ledger(&place);
    place.write("notes.csv", "mine,yours\n1,2\n");
    place.write("other.parquet", "PAR1 of another program PAR1");
    let export = |option: &str, file: &str| nthc(&place, &["ledger", "export", option, file]);
    assert_eq!(export("--openmetrics", "slices.om").code, 0);
    for (option, file) in [
        ("--csv", "notes.csv"),
        ("--csv", LEDGER),
        ("--parquet", "other.parquet"),
        ("--csv", "slices.om"),
    ] {
        let before = std::fs::read(place.path(file)).unwrap();
        let ran = export(option, file);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.err
                .starts_with(&format!("error: {file} exists and is not an export as ")),
            "{ran:?}"
        );
        assert_eq!(std::fs::read(place.path(file)).unwrap(), before);
    }
    let ran = export("--csv", "gone/slices.csv");
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            3,
            "error: cannot write gone/slices.csv: no such directory\n  help: create it\n"
        )
    );
    // Nothing is left beside them.
    let names = std::fs::read_dir(place.path(".")).unwrap();
    let names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        !names.iter().any(|name| name.starts_with(".nthc-")),
        "{names:?}"
    );
}

#[test]
fn what_there_is_not_is_said() {
    let place = Place::new();
    project(&place);
    let ran = nthc(&place, &["ledger", "export", "--csv", "-"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.starts_with("error: no ledger at nth.ledger.db\n"),
        "{ran:?}"
    );
    ledger(&place);
    let cases: [(&[&str], &str); 3] = [
        (
            &["checkout.availabilty"],
            "error: the ledger has no service or SLO `checkout.availabilty`\n  help: did you mean `checkout.availability`?\n",
        ),
        (
            &["--env", "prod"],
            "error: the ledger has nothing of environment `prod`\n  help: run `nthc ledger pull --env prod` first\n",
        ),
        (
            &["--format", "sarif"],
            "error: unsupported format for an export\n  help: use `--format human`, `--format short` or `--format json`\n",
        ),
    ];
    for (more, message) in cases {
        let all = [&["ledger", "export", "--csv", "slices.csv"], more].concat();
        let ran = nthc(&place, &all);
        assert_eq!((ran.code, ran.err.as_str()), (2, message));
        assert!(!place.path("slices.csv").exists());
    }
    let old = [
        "ledger",
        "export",
        "--csv",
        "-",
        "--until",
        "2020-01-01T00:00:00Z",
    ];
    let ran = nthc(&place, &old);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (0, "warning: the ledger has no slices of that time\n")
    );
    assert_eq!(nthc(&place, &["ledger", "export"]).code, 2);
    let two = ["ledger", "export", "--csv", "a", "--parquet", "b"];
    assert_eq!(nthc(&place, &two).code, 2);
}

/// The values of a query at the end of the day, by environment and SLO.
pub fn values(url: &str, query: &str) -> BTreeMap<(String, String), f64> {
    let mut response = ureq::get(&format!("{url}/api/v1/query"))
        .query("query", query)
        .query("time", END.to_string())
        .call()
        .unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    let series = answer["data"]["result"].as_array().unwrap();
    let value = |one: &serde_json::Value| {
        let label = |name: &str| one["metric"][name].as_str().unwrap_or_default().to_owned();
        let value = one["value"][1].as_str().unwrap().parse().unwrap();
        ((label("environment"), label("slo")), value)
    };
    series.iter().map(value).collect()
}

/// The sums of the slices, as [`values`] has them.
pub fn sums(
    all: &BTreeMap<SloKey, Vec<Slice>>,
    measure: impl Fn(&Slice) -> f64,
) -> BTreeMap<(String, String), f64> {
    all.iter()
        .map(|(slo, slices)| {
            let name = (slo.environment.clone().unwrap(), slo.slo.clone());
            (name, slices.iter().map(&measure).sum())
        })
        .collect()
}

/// Requires that a Prometheus has the slices.
pub fn compare(url: &str, all: &BTreeMap<SloKey, Vec<Slice>>) {
    let estimated = |slice: &Slice| match slice.source {
        SliceSource::Recorded => f64::from(slice.seen),
        _ => 0.0,
    };
    let day = |metric: &str| values(url, &format!("sum_over_time({metric}[1d])"));
    assert_eq!(day("nth_ledger_bad_events"), sums(all, |slice| slice.bad));
    assert_eq!(day("nth_ledger_events"), sums(all, |slice| slice.total));
    assert_eq!(
        day("nth_ledger_seen_seconds"),
        sums(all, |slice| f64::from(slice.seen))
    );
    assert_eq!(day("nth_ledger_estimated_seconds"), sums(all, estimated));
    assert_eq!(
        values(url, "count_over_time(nth_ledger_events[1d])"),
        sums(all, |_| 1.0)
    );
}

#[test]
fn prometheus_reads_open_metrics() {
    let place = Place::new();
    let all = ledger(&place);
    let ran = nthc(&place, &["ledger", "export", "--openmetrics", "slices.om"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "wrote slices.om: 846 slices of 3 SLOs\n")
    );
    if !promtool::available() {
        return;
    }
    let checked = Command::new("promtool")
        .args([
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            "slices.om",
            "blocks",
        ])
        .current_dir(place.path("."))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let other = Place::new();
    let Some(server) = start(&other, &place.read("slices.om")) else {
        return;
    };
    compare(&format!("http://{}", server.address()), &all);
}
