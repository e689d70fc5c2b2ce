//! `nthc metrics coverage` and what `build` says of signals, from end to end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;

use place::Place;
use serde_json::{Value, json};

const SERVICES: &str = r#"
team payments { }

template dependency postgresql(instance: string) {
  technology = "PostgreSQL"
  selector   = { instance = instance }

  signal connections {
    any_of = [`pg_stat_activity_count`, `pg_stat_database_numbackends`]
    hint   = "Run postgres_exporter against this server."
  }
  signal locks {
    any_of = [`pg_locks_count{mode="exclusive"}`, `pg_locks`, `pg_locks_by_mode_and_database`]
    hint   = "Switch on the collector of locks with --collector.locks, and scrape it again. It needs the role pg_monitor."
  }

  alert connections-near-limit { when = `sum(${connections}) / sum(pg_settings_max_connections) > 0.8` }
  alert locks-held { when = `sum(${locks}) > 100` }

  panel locks { title = "Locks"  query = `sum(${locks}) / max(pg_up)` }
}

service checkout {
  team     = payments
  selector = { job = "checkout" }

  signal depth { any_of = [`queue_depth`, `jobs_waiting{state="ready"}`] }

  dependency orders-db : postgresql("orders-db:9187") { }
  dependency cache {
    signal hits { any_of = [`cache_hits_total`]  type = counter }
  }

  slo latency {
    objective = 99%

    sli : latency {
      histogram = `http_request_duration_seconds_bucket`
      under     = 1s
    }
  }

  slo availability {
    objective = 99%

    sli : ratio {
      bad   = `http_requests_total{code=~"5.."}`
      total = `http_requests_total`
    }
  }

  recording "job:work:sum" { query = `sum(${depth}) + sum(go_goroutines)` }

  alert work { when = `job:work:sum > 100` }
  alert node { when = unscoped(`max(node_load1{job="node"}) > 100`) }
}

service mail {
  team     = payments
  selector = { job = "mail" }

  alert down { when = `up == 0` }
}

service payouts {
  team     = payments
  selector = { job = "payouts" }

  signal depth { any_of = [`queue_depth`, `jobs_waiting`] }
}
"#;

const LOCK: &str = r#"
version = 1

[selectors.'{job="checkout"}'.metrics.jobs_waiting]
type = "gauge"
labels = ["job", "state"]

[selectors.'{job="checkout"}'.metrics.http_requests_total]
type = "counter"
labels = ["code", "job"]

[selectors.'{job="checkout"}'.metrics.http_request_duration_seconds]
type = "histogram"
suffixes = ["_bucket", "_count", "_sum"]
labels = ["job"]
buckets = ["1.0", "+Inf"]

[selectors.'{instance="orders-db:9187"}'.metrics.pg_stat_database_numbackends]
type = "gauge"
labels = ["instance"]

[selectors.'{job="node"}'.metrics.node_load1]
type = "gauge"
labels = ["job"]
"#;

/// A project with some signals that have a metric, some that have none, and one of which nothing is known.
fn project() -> Place {
    let place = bare();
    place.write("nth.metrics.lock", LOCK);
    place
}

/// The same without a catalogue.
fn bare() -> Place {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    place.write("services.nth", SERVICES);
    place
}

fn json_of(place: &Place, arguments: &[&str]) -> Value {
    let ran = place.run(&[&["metrics", "coverage", "--format", "json"], arguments].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_person_reads_it_in_eighty_columns() {
    let place = project();
    let ran = place.run(&["metrics", "coverage"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for line in ran.out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    insta::assert_snapshot!("table", ran.out);
    assert_eq!(
        ran.err,
        "signals: 2 of 5 found, 2 missing, 1 not pulled\n\
         run `nthc metrics pull` to check signals that were not pulled\n"
    );
    let short = place.run(&["metrics", "coverage", "--format", "short"]);
    assert_eq!(short.code, 0);
    insta::assert_snapshot!("short", short.out);
}

#[test]
fn colors_are_for_terminals() {
    let place = project();
    let plain = place.run(&["metrics", "coverage"]);
    assert!(!plain.out.contains('\u{1b}'), "{plain:?}");
    let colored = place.run(&["metrics", "coverage", "--color", "always"]);
    assert!(colored.out.contains("\u{1b}[31mmissing"), "{colored:?}");
    assert_eq!(
        anstream::adapter::strip_str(&colored.out).to_string(),
        plain.out
    );
}

#[test]
fn a_program_reads_it_as_json() {
    let place = project();
    let found = json_of(&place, &[]);
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&found).unwrap());
    let one = json_of(&place, &["payouts"]);
    let services = one["environments"][0]["services"].as_array().unwrap();
    assert_eq!(services.len(), 1);
    assert_eq!(services[0]["service"], "payouts");
    assert_eq!(one["technologies"], json!([]));
    assert_eq!(
        one["signals"],
        json!({"found": 0, "missing": 0, "unclaimed": 1, "total": 1, "percent": "0.0"})
    );
}

#[test]
fn a_share_that_is_too_small_fails() {
    let place = project();
    let run = |least: &str, service: &str| {
        place.run(&["metrics", "coverage", service, "--fail-under", least])
    };
    // Of `checkout`, 2 of 4 are found.
    let ran = run("50", "checkout");
    assert_eq!(ran.code, 0, "{ran:?}");
    for least in ["50.1", "100%"] {
        assert_eq!(run(least, "checkout").code, 1, "{least}");
    }
    let ran = run("100", "checkout");
    assert_eq!(
        ran.err,
        "signals: 2 of 4 found, 2 missing\n\
         coverage is 50.0%, below --fail-under 100%\n"
    );
    // Nothing is claimed of `payouts`: that is not found.
    assert_eq!(run("1", "payouts").code, 1);
    // `mail` has no signals: all of none are found.
    assert_eq!(run("100", "mail").code, 0);
    for wrong in ["101", "-1", "all", ""] {
        assert_eq!(run(wrong, "mail").code, 2, "{wrong}");
    }
    let json = place.run(&[
        "metrics",
        "coverage",
        "--format",
        "json",
        "--fail-under",
        "100",
    ]);
    assert_eq!((json.code, json.err.as_str()), (1, ""));
    assert!(serde_json::from_str::<Value>(&json.out).is_ok());
}

#[test]
fn what_is_not_there_is_told() {
    let place = project();
    let ran = place.run(&["metrics", "coverage", "chekout"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            2,
            "error: unknown service `chekout`\n  help: did you mean `checkout`?\n"
        )
    );
    let ran = place.run(&["metrics", "coverage", "warehouse"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            2,
            "error: unknown service `warehouse`\n  \
             help: run `nthc metrics coverage` without arguments for all services\n"
        )
    );
    assert_eq!(place.run(&["metrics", "coverage", "--env", "x"]).code, 2);
    for format in ["sarif", "github"] {
        assert_eq!(
            place.run(&["metrics", "coverage", "--format", format]).code,
            2
        );
    }
    place.replace("services.nth", "bad   = ", "badd  = ");
    let ran = place.run(&["metrics", "coverage"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("cannot compute coverage: "), "{ran:?}");
}

#[test]
fn without_a_catalogue_nothing_is_claimed() {
    let place = bare();
    let found = json_of(&place, &[]);
    assert_eq!(found["catalogue"], false);
    assert_eq!(
        found["signals"],
        json!({"found": 0, "missing": 0, "unclaimed": 5, "total": 5, "percent": "0.0"})
    );
    let built = place.run(&["build"]);
    assert_eq!(built.code, 0);
    assert!(
        !built.err.contains("signals:") && !built.err.contains("N0908"),
        "{built:?}"
    );
    place.write("metrics.nth", "metric jobs_waiting { type = gauge }\n");
    let declared = json_of(&place, &[]);
    // That of `checkout` and that of `payouts`.
    assert_eq!(declared["signals"]["found"], 2);
}

#[test]
fn environments_stand_side_by_side() {
    let place = bare();
    place.write(
        "environments.nth",
        "environment production { selector = { env = \"production\" } }\n\
         environment staging { }\n",
    );
    let section = |name: &str, selector: &str, metric: &str| {
        format!("[environments.{name}.'{selector}'.metrics.{metric}]\ntype = \"gauge\"\n")
    };
    let lock = [
        "version = 1\n".to_owned(),
        section(
            "production",
            "{env=\"production\",job=\"payouts\"}",
            "jobs_waiting",
        ),
        section("staging", "{job=\"payouts\"}", "up"),
    ];
    place.write("nth.metrics.lock", lock.concat());
    let found = json_of(&place, &["payouts"]);
    let states: Vec<(&Value, &Value)> = found["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|environment| {
            let signal = &environment["services"][0]["blocks"][0]["signals"][0];
            (&environment["environment"], &signal["state"])
        })
        .collect();
    assert_eq!(
        states,
        [
            (&json!("production"), &json!("found")),
            (&json!("staging"), &json!("missing"))
        ]
    );
    assert_eq!(found["signals"]["percent"], "50.0");
    let one = json_of(&place, &["payouts", "--env", "production"]);
    assert_eq!(one["environments"].as_array().unwrap().len(), 1);
    assert_eq!(one["signals"]["percent"], "100.0");
    let ran = place.run(&["metrics", "coverage", "payouts"]);
    assert!(
        ran.out
            .contains("payouts in production: 1 of 1 signals found\n"),
        "{ran:?}"
    );
    assert!(
        ran.out
            .contains("  payouts          1        1           0   50.0%\n"),
        "{ran:?}"
    );
}

#[test]
fn a_build_says_so_where_something_is_missing_or_unknown() {
    let place = project();
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err
            .contains(" in build/\nsignals: 2 of 5 found (details: nthc metrics coverage)\n"),
        "{ran:?}"
    );
    assert_eq!(ran.out, "");
    // The same in the machine's formats that keep the last lines for themselves.
    let json = place.run(&["build", "--format", "json"]);
    assert!(!json.err.contains("signals:"), "{json:?}");
    let denied = place.run(&["build", "--deny-warnings"]);
    assert_eq!(denied.code, 1);

    // Where all of them have a metric, there is nothing to say.
    let complete = r#"
[selectors.'{job="payouts"}'.metrics.queue_depth]
type = "gauge"

[selectors.'{job="checkout"}'.metrics.cache_hits_total]
type = "counter"

[selectors.'{instance="orders-db:9187"}'.metrics.pg_locks]
type = "gauge"
"#;
    place.write("nth.metrics.lock", format!("{LOCK}{complete}"));
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.err.contains("signals:"), "{ran:?}");
    let all = place.run(&["metrics", "coverage", "--fail-under", "100"]);
    assert_eq!((all.code, all.err.as_str()), (0, "signals: 5 of 5 found\n"));
}

#[test]
fn shares_are_exact_and_shown_rounded_down() {
    let place = bare();
    place.write(
        "services.nth",
        "team payments { }\n\nservice big {\n  team     = payments\n  selector = { job = \"big\" }\n\n  \
         signal a { any_of = [`a`] }\n  signal b { any_of = [`b`] }\n  signal c { any_of = [`c`] }\n}\n",
    );
    let found =
        |name: &str| format!("[selectors.'{{job=\"big\"}}'.metrics.{name}]\ntype = \"gauge\"\n");
    place.write(
        "nth.metrics.lock",
        format!("version = 1\n{}{}", found("a"), found("b")),
    );
    assert_eq!(json_of(&place, &[])["signals"]["percent"], "66.6");
    for (least, code) in [("66.66", 0), ("66.666666666", 0), ("66.67", 1)] {
        let ran = place.run(&["metrics", "coverage", "--fail-under", least]);
        assert_eq!(ran.code, code, "{least}: {ran:?}");
    }
}
