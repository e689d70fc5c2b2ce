//! The commands and manifests in `docs/ledger.md`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::place::Place;
use super::server::nthc;

/// The contents of the code blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ledger.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut found = Vec::new();
    let mut parts = text.split("\n```");
    parts.next();
    while let Some(block) = parts.next() {
        let (named, body) = block.split_once('\n').unwrap();
        if named == language {
            found.push(format!("{body}\n"));
        }
        // What follows a block is text.
        parts.next();
    }
    found
}

/// Requires that a command exists with all its options.
fn check(words: &[&str]) {
    let place = Place::new();
    let of_command: Vec<&str> = match words {
        [first @ ("ledger" | "incidents"), second, ..]
            if nthc(&place, &[first, second, "--help"]).code == 0
                && !second.starts_with('-')
                && !second.contains('=') =>
        {
            vec![first, second]
        }
        [first, ..] => vec![first],
        [] => panic!("a command without words"),
    };
    let help = nthc(&place, &[&of_command[..], &["--help"]].concat());
    assert_eq!(help.code, 0, "{words:?}");
    for word in words {
        let option = word.split('=').next().unwrap();
        if option.starts_with("--") {
            let is_known = help.out.contains(&format!("{option} "));
            assert!(is_known, "{words:?}: {option}\n{}", help.out);
        }
    }
}

#[test]
fn every_command_of_the_document_exists() {
    let mut seen = Vec::new();
    for block in blocks("sh") {
        for line in block.lines() {
            let command = line.split('#').next().unwrap();
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(words[0], "nthc", "{line}");
            check(&words[1..]);
            seen.push(words[..3].join(" "));
        }
    }
    for name in ["pull", "status", "watch", "export", "push"] {
        assert!(seen.contains(&format!("nthc ledger {name}")), "{seen:?}");
    }
}

#[test]
fn the_manifest_of_a_cron_job_runs_a_pull() {
    let manifests: Vec<Value> = { blocks("yaml").into_iter() }
        .map(|text| yaml_serde::from_str(&text).unwrap())
        .collect();
    let [prometheus, job] = &manifests[..] else {
        panic!("{manifests:?}")
    };
    assert_eq!(
        prometheus["storage"]["tsdb"]["out_of_order_time_window"],
        "31d"
    );
    assert_eq!(
        (job["apiVersion"].as_str(), job["kind"].as_str()),
        (Some("batch/v1"), Some("CronJob"))
    );
    let schedule = job["spec"]["schedule"].as_str().unwrap();
    assert_eq!(schedule.split(' ').count(), 5);
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let arguments = container["args"].as_array().unwrap().iter();
    let arguments: Vec<&str> = arguments.map(|word| word.as_str().unwrap()).collect();
    assert_eq!(arguments[..2], ["ledger", "pull"]);
    check(&arguments);
    // Its variables are those that the command reads.
    let help = nthc(&Place::new(), &["ledger", "pull", "--help"]).out;
    for variable in container["env"].as_array().unwrap() {
        assert!(
            help.contains(variable["name"].as_str().unwrap()),
            "{variable}"
        );
    }
}

#[test]
fn the_units_of_systemd_run_a_pull() {
    let units: BTreeMap<String, String> = { blocks("ini").into_iter() }
        .map(|text| {
            let (name, unit) = text.split_once('\n').unwrap();
            (name.trim_start_matches("# ").to_owned(), unit.to_owned())
        })
        .collect();
    let names: Vec<&str> = units.keys().map(String::as_str).collect();
    // A timer starts the service of its name.
    assert_eq!(names, ["nth-ledger.service", "nth-ledger.timer"]);
    let value = |unit: &str, key: &str| {
        let lines = units[unit].lines();
        let mut found = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        found.next().map(str::to_owned)
    };
    let run = value("nth-ledger.service", "ExecStart").unwrap();
    let words: Vec<&str> = run.split_whitespace().collect();
    assert_eq!(words[..3], ["/usr/local/bin/nthc", "ledger", "pull"]);
    check(&words[1..]);
    assert_eq!(
        value("nth-ledger.service", "Type").as_deref(),
        Some("oneshot")
    );
    assert_eq!(
        value("nth-ledger.timer", "OnCalendar").as_deref(),
        Some("*:0/15")
    );
    assert_eq!(
        value("nth-ledger.timer", "WantedBy").as_deref(),
        Some("timers.target")
    );
}
