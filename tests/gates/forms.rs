//! What the forms other than the binary's own decide.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use yaml_serde::Value as Yaml;

use crate::history;
use crate::place::Place;
use crate::support::programs::Running;
use crate::tools;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Allow,
    Warn,
    Deny,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// The Rego files of a build.
pub fn policies(place: &Place) -> Vec<PathBuf> {
    let folder = place.path("build/policy/rego");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// The decision of what policies in Rego gave: a gate that only reports warns, and lets everything pass.
fn rego_verdict(main: &Value) -> Verdict {
    let set = |name: &str| match &main[name] {
        Value::Null => Vec::new(),
        Value::Array(results) => results.clone(),
        other => panic!("{name} is {other}"),
    };
    let warns = |result: &Value| result["dry_run"] == false;
    for result in set("deny").iter().chain(&set("warn")) {
        assert!(
            result["msg"].as_str().is_some_and(|msg| !msg.is_empty()),
            "{result}"
        );
    }
    if !set("deny").is_empty() {
        Verdict::Deny
    } else if set("warn").iter().any(warns) {
        Verdict::Warn
    } else {
        Verdict::Allow
    }
}

/// The policies as regorus has them, loaded once.
pub fn regorus(place: &Place) -> regorus::Engine {
    let mut engine = regorus::Engine::new();
    for file in policies(place) {
        engine.add_policy_from_file(&file).unwrap();
    }
    engine
}

/// What regorus decides.
pub fn by_regorus(engine: &regorus::Engine, facts: &str) -> (Verdict, Value) {
    let mut engine = engine.clone();
    engine.set_input(regorus::Value::from_json_str(facts).unwrap());
    let main = engine.eval_rule("data.main.deny".to_owned()).unwrap();
    let warn = engine.eval_rule("data.main.warn".to_owned());
    let json = |value: regorus::Value| -> Value {
        serde_json::from_str(&value.to_json_str().unwrap()).unwrap_or(Value::Null)
    };
    let warn = warn.map_or(Value::Null, json);
    let main = json!({ "deny": json(main), "warn": warn });
    (rego_verdict(&main), main)
}

/// What OPA decides; nothing where there is none.
pub fn by_opa(opa: &Path, place: &Place, facts: &str) -> (Verdict, Value) {
    place.write("facts.json", facts);
    let output = Command::new(opa)
        .args(["eval", "--format", "json", "--strict", "--data"])
        .arg(place.path("build/policy/rego"))
        .arg("--input")
        .arg(place.path("facts.json"))
        .arg("data.main")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let main = answer["result"][0]["expressions"][0]["value"].clone();
    (rego_verdict(&main), main)
}

/// A measurement of a metric of an `AnalysisTemplate`, for the program that is Argo Rollouts' own code.
pub struct Measurements {
    /// The lines that it reads.
    lines: Vec<Value>,
    /// Which case and metric each is of, and whether the metric is one that only reports.
    of: Vec<(usize, bool)>,
}

impl Measurements {
    pub fn new() -> Self {
        Self {
            lines: Vec::new(),
            of: Vec::new(),
        }
    }

    /// Takes the measurements of a template at a moment.
    pub fn take(&mut self, case: usize, template: &str, prometheus: &Running, at: i64) {
        let template: Yaml = yaml_serde::from_str(template).unwrap();
        let dry_run = template["spec"].get("dryRun").is_some();
        let metrics = template["spec"]["metrics"].as_sequence().unwrap();
        assert!(!metrics.is_empty());
        for metric in metrics {
            let text = |key: &str| metric[key].as_str().unwrap().to_owned();
            let query = metric["provider"]["prometheus"]["query"].as_str().unwrap();
            assert!(!query.contains("{{"), "{query}");
            let result = history::query(prometheus, query, at);
            self.lines.push(json!({
                "result": result,
                "successCondition": text("successCondition"),
                "failureCondition": text("failureCondition"),
            }));
            self.of.push((case, dry_run));
        }
    }

    /// What Argo Rollouts makes of each case; nothing where its code is not there.
    pub fn verdicts(self, cases: usize) -> Option<Vec<Verdict>> {
        let program = tools::find("argo-rollouts-evaluate")?;
        let phases = phases(&program, &self.lines);
        let mut verdicts = vec![Verdict::Allow; cases];
        for ((case, dry_run), phase) in self.of.into_iter().zip(phases) {
            let verdict = match phase.as_str() {
                "Successful" => Verdict::Allow,
                // The rollout pauses until somebody goes on.
                "Inconclusive" => Verdict::Warn,
                "Failed" => Verdict::Deny,
                other => panic!("case {case}: {other}"),
            };
            if !dry_run {
                verdicts[case] = verdicts[case].max(verdict);
            }
        }
        Some(verdicts)
    }
}

/// The phases of measurements.
pub fn phases(program: &Path, lines: &[Value]) -> Vec<String> {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        use std::io::Write as _;
        stdin.write_all(input.as_bytes()).unwrap();
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let phases: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(phases.len(), lines.len());
    phases
}

/// The conditions alone, on answers that no query of a template gives: none of them lets a deployment pass.
#[test]
fn no_answer_but_a_zero_passes_an_analysis() {
    let Some(program) = tools::find("argo-rollouts-evaluate") else {
        return;
    };
    let place = crate::built(crate::cases::SOURCE);
    let template: Yaml =
        yaml_serde::from_str(&place.read("build/policy/argo-rollouts/healthy/plain.yaml")).unwrap();
    for metric in template["spec"]["metrics"].as_sequence().unwrap() {
        let name = metric["name"].as_str().unwrap();
        let line = |result: Value| {
            json!({
                "result": result,
                "successCondition": metric["successCondition"].as_str(),
                "failureCondition": metric["failureCondition"].as_str(),
            })
        };
        let given = [
            json!([]),
            json!([null]),
            json!([0, 0]),
            json!([1]),
            json!([0.5]),
            json!([0]),
        ];
        let found = phases(&program, &given.map(line));
        let counts = if name.starts_with("deny-") {
            "Failed"
        } else {
            "Inconclusive"
        };
        let expected = ["Failed", "Failed", "Failed", counts, counts, "Successful"];
        assert_eq!(found, expected, "{name}");
    }
}
