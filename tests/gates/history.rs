//! A real Prometheus with samples of the past in it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::programs::{Running, eventually, fetch, find};
use crate::tools;

/// Samples of the past, as OpenMetrics writes them.
#[derive(Default)]
pub struct History {
    families: std::collections::BTreeMap<String, String>,
}

impl History {
    /// Adds samples of a series: at every `step` seconds from `from` to `to`, in seconds since 1970.
    pub fn add(
        &mut self,
        metric: &str,
        labels: &[(&str, &str)],
        (from, to, step): (i64, i64, usize),
        value: impl Fn(i64) -> String,
    ) {
        let labels: Vec<_> = labels
            .iter()
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        let labels = labels.join(",");
        let text = self.families.entry(metric.to_owned()).or_default();
        for time in (from..=to).step_by(step) {
            let _ = writeln!(text, "{metric}{{{labels}}} {} {time}", value(time));
        }
    }

    /// A Prometheus that has these samples, or nothing where there is none to start. Its rules are those in `rules`.
    pub fn serve(&self, folder: &Path, rules: &Path) -> Option<Running> {
        let program = find(&["prometheus"])?;
        let promtool = tools::find("promtool")?;
        std::fs::create_dir_all(folder).unwrap();
        let mut text: String = self.families.values().map(String::as_str).collect();
        text.push_str("# EOF\n");
        let file = folder.join("history.om");
        std::fs::write(&file, text).unwrap();
        let data = folder.join("data");
        let output = Command::new(promtool)
            .args([
                "tsdb",
                "create-blocks-from",
                "--max-block-duration=366d",
                "openmetrics",
            ])
            .arg(&file)
            .arg(&data)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let config = folder.join("prometheus.yml");
        std::fs::write(
            &config,
            format!(
                "global: {{ evaluation_interval: 1s }}\nrule_files: [ '{}/*.yaml' ]\n",
                rules.display()
            ),
        )
        .unwrap();
        let arguments = |port: u16| {
            vec![
                format!("--config.file={}", config.display()),
                format!("--storage.tsdb.path={}", data.display()),
                "--storage.tsdb.retention.time=100y".to_owned(),
                format!("--web.listen-address=127.0.0.1:{port}"),
                "--web.enable-lifecycle".to_owned(),
            ]
        };
        Some(Running::start(&program, arguments, |port| {
            fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some()
        }))
    }
}

/// Waits until every group of rules has been evaluated after now.
pub fn evaluated_anew(prometheus: &Running) {
    let now = jiff::Timestamp::now();
    let url = format!("http://{}/api/v1/rules", prometheus.address());
    eventually("an evaluation of all rules", || {
        let answer: serde_json::Value = serde_json::from_str(&fetch(&url)?).ok()?;
        let groups = answer["data"]["groups"].as_array()?;
        let evaluated = |group: &serde_json::Value| {
            let last = group["lastEvaluation"].as_str()?;
            Some(last.parse::<jiff::Timestamp>().ok()? > now)
        };
        let all = groups.iter().all(|group| evaluated(group) == Some(true));
        (all && !groups.is_empty()).then_some(())
    });
}

/// The samples' values that a query gives at a moment; `None` for NaN.
pub fn query(prometheus: &Running, promql: &str, at: i64) -> Vec<Option<f64>> {
    let url = format!("http://{}/api/v1/query", prometheus.address());
    let time = at.to_string();
    let answer = ureq::post(&url)
        .config()
        .http_status_as_error(false)
        .build()
        .send_form([("query", promql), ("time", time.as_str())])
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["status"], "success", "{promql}: {answer}");
    assert_eq!(answer["data"]["resultType"], "vector", "{promql}");
    let samples = answer["data"]["result"].as_array().unwrap();
    let value = |sample: &serde_json::Value| {
        let value: f64 = sample["value"][1].as_str().unwrap().parse().unwrap();
        (!value.is_nan()).then_some(value)
    };
    samples.iter().map(value).collect()
}
