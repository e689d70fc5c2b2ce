//! OpenMetrics, and what promtool makes of it.

use std::collections::BTreeMap;
use std::process::Command;

use nth_ledger::SliceSource;
use nth_ledger::export::{ExportError, Measure, OpenMetricsWriter};

use crate::{START, examples, slice, slo, support};

fn open_metrics() -> String {
    let mut writer = OpenMetricsWriter::new(Vec::new());
    for measure in Measure::ALL {
        writer.start(measure).unwrap();
        for (slo, slices) in examples() {
            writer.write(&slo, &slices).unwrap();
        }
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

#[test]
fn samples_have_the_time_of_the_end_of_their_slice() {
    let text = open_metrics();
    let expected = r#"# HELP nth_ledger_bad_events Bad events of the SLO in the last 5 minutes.
# TYPE nth_ledger_bad_events gauge
nth_ledger_bad_events{environment="production",project="shop",service="checkout",slo="availability"} 3 1790813100
nth_ledger_bad_events{environment="production",project="shop",service="checkout",slo="availability"} 0 1790813400
nth_ledger_bad_events{environment="production",project="shop",service="checkout",slo="availability"} 9007199254740991 1790814000
nth_ledger_bad_events{environment="production",exported_service="payments",project="shop",region="eu \"west\"\\1\n",service="checkout",slo="availability"} 0.25 1790813100
nth_ledger_bad_events{project="shop",service="checkout",slo="latency"} 1 1790813100
# HELP nth_ledger_events All events of the SLO in the last 5 minutes.
"#;
    assert!(text.starts_with(expected), "{text}");
    let end = r#"nth_ledger_estimated_seconds{project="shop",service="checkout",slo="latency"} 0 1790813100
# EOF
"#;
    assert!(text.ends_with(end), "{text}");
    assert!(text.contains("# UNIT nth_ledger_seen_seconds seconds\n"));
}

#[test]
fn names_of_labels_are_valid_and_unique() {
    let write = |group: &[(&str, &str)]| {
        let mut writer = OpenMetricsWriter::new(Vec::new());
        writer.write(
            &slo("a", group),
            &[slice(0, 1.0, 2.0, 300, SliceSource::Raw)],
        )?;
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        Ok(text.lines().next().unwrap().to_owned())
    };
    let expected = r#"nth_ledger_bad_events{_1st="c",_name_="d",environment="production",http_code="a",project="shop",service="checkout",slo="a"} 1 1790813100"#;
    assert_eq!(
        write(&[("http.code", "a"), ("1st", "c"), ("__name_", "d")]).unwrap(),
        expected
    );
    let error: ExportError = write(&[("http.code", "a"), ("http-code", "b")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "duplicate label `http_code` in the group of SLO `production/checkout/a{http-code=\"b\", http.code=\"a\"}`"
    );
}

#[test]
fn promtool_creates_blocks_with_every_sample() {
    let Some(promtool) = support::find("promtool") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("ledger.om"), folder.path().join("data"));
    std::fs::write(&input, open_metrics()).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(&promtool)
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        text(&output.stdout)
    };
    run(&[
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        input.to_str().unwrap(),
        output.to_str().unwrap(),
    ]);
    // Without one, the data are not those of a server.
    std::fs::create_dir_all(output.join("wal")).unwrap();
    let dump = run(&["tsdb", "dump", output.to_str().unwrap()]);
    let mut found: BTreeMap<(&str, i64), Vec<f64>> = BTreeMap::new();
    for line in dump.lines() {
        let (series, rest) = line.rsplit_once('}').unwrap();
        let name = Measure::ALL
            .iter()
            .map(|measure| measure.metric())
            .find(|name| series.contains(&format!("\"{name}\"")))
            .unwrap();
        let (value, time) = rest.trim().split_once(' ').unwrap();
        found
            .entry((name, time.parse().unwrap()))
            .or_default()
            .push(value.parse().unwrap());
    }
    let mut expected: BTreeMap<(&str, i64), Vec<f64>> = BTreeMap::new();
    for (_, slices) in examples() {
        for slice in slices {
            for measure in Measure::ALL {
                let values = expected
                    .entry((measure.metric(), slice.end() * 1_000))
                    .or_default();
                values.push(measure.value(&slice));
            }
        }
    }
    for values in found.values_mut().chain(expected.values_mut()) {
        values.sort_by(f64::total_cmp);
    }
    assert_eq!(found, expected);
    assert!(dump.contains(r#"region="eu \"west\"\\1\n""#), "{dump}");
    assert!(found.contains_key(&("nth_ledger_events", (START + 300) * 1_000)));
}
