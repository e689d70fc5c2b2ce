//! Alerts whose condition compares nothing and is one all the same: from the source to promtool's evaluation.

use nthc::compile::compile;

use crate::support::promtool::{self, Test, TestFile, no_samples, scalar, series};

const SOURCE: &str = r#"
team payments { }

service web {
  team     = payments
  selector = { job = "web" }

  alert target-gone {
    when    = `group by (instance) (up offset 1h) unless group by (instance) (up)`
    for     = 5m
    summary = "${labels.instance} is gone."
  }

  alert job-failed {
    when    = `job_failed{condition="true"} and on (job_name) job_owner`
    for     = 5m
    summary = "${labels.job_name} failed."
  }

  alert dead-man {
    when = `vector(1)`
    for  = 5m
  }
}
"#;

fn rules() -> String {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[project]\nname = \"shop\"\n";
    std::fs::write(folder.path().join("nth.toml"), manifest).unwrap();
    std::fs::write(folder.path().join("main.nth"), SOURCE).unwrap();
    let loaded = nthc::project::load(folder.path(), folder.path()).unwrap();
    let compilation = compile(&loaded.project.input(None));
    let found: Vec<&str> = compilation
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.message.as_str())
        .collect();
    assert!(found.is_empty(), "{found:?}");
    let file = compilation
        .artifacts
        .into_iter()
        .find(|artifact| artifact.path == "prometheus/web.yaml");
    file.unwrap().contents
}

#[test]
fn series_that_come_and_go_make_alerts_fire() {
    if !promtool::available() {
        return;
    }
    let firing =
        |name: &str| format!("count(ALERTS{{alertname=\"{name}\",alertstate=\"firing\"}})");
    let test = Test {
        name: "conditions without a comparison".to_owned(),
        interval: "1m".to_owned(),
        input_series: vec![
            series(r#"up{instance="a",job="web"}"#, "1x120"),
            series(r#"up{instance="b",job="web"}"#, "1x30 stale _x90"),
            series(
                r#"job_failed{condition="true",job="web",job_name="nightly"}"#,
                "_x60 1x60",
            ),
            series(r#"job_owner{job="web",job_name="nightly"}"#, "1x120"),
        ],
        promql_expr_test: vec![
            no_samples(firing("TargetGone"), "20m"),
            scalar(firing("TargetGone"), "70m", 1.0),
            no_samples(firing("TargetGone"), "110m"),
            no_samples(firing("JobFailed"), "50m"),
            scalar(firing("JobFailed"), "80m", 1.0),
            scalar(firing("DeadMan"), "20m", 1.0),
        ],
        ..Test::default()
    };
    let file = TestFile {
        evaluation_interval: "1m".to_owned(),
        tests: vec![test],
        ..TestFile::default()
    };
    promtool::test_rules(&rules(), file).unwrap();
}
