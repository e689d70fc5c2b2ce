//! From raw series over the rules that a build writes to decisions and budgets.

use serde_json::Value;

use crate::history::{History, evaluated_anew, query};
use crate::support::programs::eventually;
use crate::{built, check, nthc};

const SOURCE: &str = r#"team payments { }

template service guarded(job: string) {
  team     = payments
  selector = { job = job }

  slo availability {
    objective = 99.5%

    sli : ratio { bad = `requests_total{code="500"}`  total = `requests_total` }

    contract customers { with = "Customers"  objective = 99% }
    contract monthly { with = "Customers"  objective = 99%  window = 28d }
  }

  gate promised {
    deny broken { when = budget(availability.customers) < 10% }
    deny little { when = budget_time(availability.monthly) < 1h }
  }

  gate production {
    deny spent { when = budget(availability) < 10% }
    warn fast { when = burn(availability, over: 2h) > 6 }
  }

  gate open {
    on_no_data = allow

    deny spent { when = budget(availability) < 10% }
    deny firing { when = firing(page) > 0 or incidents(over: 1d) > 5 }
  }
}

service healthy : guarded("healthy") { }

service spent : guarded("spent") { }

service silent : guarded("silent") { }

service young : guarded("young") { }
"#;

#[test]
fn what_the_rules_record_decides() {
    let place = built(SOURCE);
    let now = jiff::Timestamp::now().as_second();
    let mut history = History::default();
    // Of 4,000 requests in 30 s, 2 fail of the one service, and 40 of the other: an error ratio of 0.05 % and of 1 %.
    for (job, bad) in [("healthy", 2), ("spent", 40)] {
        for (code, each) in [("200", 4_000 - bad), ("500", bad)] {
            let labels = [("job", job), ("code", code)];
            let begin = now - 3 * 3_600;
            history.add("requests_total", &labels, (begin, now, 30), |at| {
                ((at - begin) / 30 * i64::from(each)).to_string()
            });
        }
        // What the rules recorded in the month before.
        let month = (now - 30 * 86_400, now, 180);
        add_slices(&mut history, job, month, |_| bad * 6);
    }
    // Two hours old, of which all requests of twelve minutes failed.
    let two_hours = (now - 7_200, now, 180);
    add_slices(&mut history, "young", two_hours, |at| {
        let ago = now - at;
        if (3_600..3_600 + 720).contains(&ago) {
            24_000
        } else {
            0
        }
    });
    // The rules are loaded later on.
    std::fs::create_dir_all(place.path("rules")).unwrap();
    let Some(prometheus) = history.serve(&place.path("run"), &place.path("rules")) else {
        return;
    };
    let url = format!("http://{}", prometheus.address());

    let before = budgets(&place, &url);
    assert_eq!(before["healthy"]["source"], "indicator", "{before:#?}");
    assert_eq!(before["silent"]["source"], Value::Null);
    // Of the month, the series that are measured know three hours. What is not known counts as nothing spent.
    for (service, errors) in [("healthy", 0.0005), ("spent", 0.01)] {
        let budget = &before[service];
        let known: f64 = budget["known"].as_str().unwrap().parse().unwrap();
        assert!((0.0035..0.005).contains(&known), "{budget:#}");
        near(&budget["ratio"], 1.0 - errors);
        near(&budget["budget_left"], 1.0 - errors * known / 0.005);
    }
    let shown = nthc(&place, &["budget", "spent", "--prometheus", &url]);
    assert!(shown.out.contains("at most 99."), "{shown:?}");
    assert!(
        shown
            .err
            .contains("3 with a window that is only partly covered by data"),
        "{shown:?}"
    );

    for entry in std::fs::read_dir(place.path("build/prometheus")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        // Each second, lest the test wait for half a minute.
        assert!(text.contains("interval: 30s") && text.contains("interval: 3m"));
        place.write(
            &format!("rules/{name}"),
            text.replace("interval: 30s", "interval: 1s")
                .replace("interval: 3m", "interval: 1s"),
        );
    }
    let reload = ureq::post(format!("{url}/-/reload")).send_empty().unwrap();
    assert_eq!(reload.status(), 200);
    eventually("budgets that the rules record", || {
        let now = jiff::Timestamp::now().as_second();
        let recorded = query(&prometheus, "slo:period_error_budget_remaining:ratio", now);
        (recorded.len() == 3).then_some(())
    });
    // Groups are evaluated one by one, at times of their own, and read what others recorded.
    for _ in 0..3 {
        evaluated_anew(&prometheus);
    }

    let decide =
        |service: &str, gate: &str| check(&place, &[service, "--gate", gate, "--prometheus", &url]);
    let (code, healthy) = decide("healthy", "production");
    assert_eq!(code, 0, "{healthy:#}");
    near(&healthy["rules"][0]["checks"][0]["number"], 0.9);
    // The window is one that only the gate asks for.
    near(&healthy["rules"][1]["checks"][0]["number"], 0.1);
    let (code, spent) = decide("spent", "production");
    assert_eq!(code, 2, "{spent:#}");
    assert_eq!(
        spent["reasons"],
        serde_json::json!([
            "spent denies: budget(availability) < 10%: budget(availability) is -100%"
        ])
    );
    // Of two hours with twelve bad minutes, 10 % are bad: far more than 0.5 %, and still a twentieth of a month's budget.
    let (code, young) = decide("young", "production");
    assert_eq!(code, 1, "{young:#}");
    near(&young["rules"][0]["checks"][0]["number"], 0.944_4);
    let known = &young["rules"][0]["checks"][0]["known"][0];
    assert_eq!(known["window"], "30d");
    assert_eq!(known["shown"], "0.28%", "{young:#}");
    assert_eq!(young["verdict"], "warn");
    let (code, silent) = decide("silent", "production");
    assert_eq!(code, 2, "{silent:#}");
    assert_eq!(
        silent["reasons"],
        serde_json::json!([
            "spent denies: no data for budget(availability)",
            "fast warns: no data for burn(availability, over: 2h)",
        ])
    );
    let (code, open) = decide("silent", "open");
    assert_eq!(code, 0, "{open:#}");
    // The rules of a service are there though it has no data: that none of its alerts fires is known.
    assert_eq!(open["rules"][1]["checks"][0]["number"], "0", "{open:#}");
    assert_eq!(open["rules"][1]["checks"][1]["number"], "0", "{open:#}");
    // The alerts of the service that has none left begin to fire once they held for long enough; till then, none does.
    let (_, spent) = decide("spent", "open");
    assert_eq!(spent["rules"][1]["checks"][0]["number"], "0", "{spent:#}");

    let after = budgets(&place, &url);
    let healthy = &after["healthy"];
    assert_eq!(healthy["source"], "rules", "{after:#?}");
    near(&healthy["objective"], 0.995);
    near(&healthy["ratio"], 0.9995);
    near(&healthy["known"], 1.0);
    near(&healthy["budget_left"], 0.9);
    // 90 % of 216 min.
    near(&healthy["budget_left_seconds"], 0.9 * 216.0 * 60.0);
    near(&healthy["burn_rate"], 0.1);
    assert_eq!(healthy["burn_rate_over"], "1h");
    // 90 % of the budget last 27 d at the rate that all of it is for 30 d, and ten times that at a tenth of it.
    near(&healthy["exhausted_in_seconds"], 270.0 * 86_400.0);
    near(&after["spent"]["budget_left"], -1.0);
    assert_eq!(after["spent"]["exhausted_in_seconds"], "0");
    assert_eq!(after["silent"]["budget_left"], Value::Null);
    // Of a contract, by its own objective and over its own window.
    for contract in ["customers", "monthly"] {
        let of = |service: &str| &after[&format!("{service}:{contract}")];
        assert_eq!(of("healthy")["source"], "rules", "{after:#?}");
        near(&of("healthy")["objective"], 0.99);
        near(&of("healthy")["budget_left"], 0.95);
        assert!(below(&of("spent")["budget_left"], 0.01), "{after:#?}");
        assert_eq!(of("silent")["budget_left"], Value::Null);
    }
    assert_eq!(after["healthy:monthly"]["window"], "28d");
    // 95% of the 28d of which 1% may be bad.
    near(
        &after["healthy:monthly"]["budget_left_seconds"],
        0.95 * 28.0 * 864.0,
    );
    let (code, promised) = decide("healthy", "promised");
    assert_eq!(code, 0, "{promised:#}");
    near(&promised["rules"][0]["checks"][0]["number"], 0.95);
    near(
        &promised["rules"][1]["checks"][0]["number"],
        0.95 * 28.0 * 864.0,
    );
    let (code, promised) = decide("spent", "promised");
    assert_eq!(code, 2, "{promised:#}");
    let reason = promised["reasons"][0].as_str().unwrap();
    assert!(
        reason.starts_with("broken denies: budget(availability.customers) < 10%: "),
        "{promised:#}"
    );

    let shown = nthc(
        &place,
        &["budget", "healthy", "silent", "--prometheus", &url],
    );
    assert_eq!(shown.code, 0, "{shown:?}");
    let lines: Vec<&str> = shown.out.lines().collect();
    let cells = |line: &str| -> Vec<String> {
        line.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        cells(lines[1]),
        [
            "healthy",
            "availability",
            "99.5%",
            "30d",
            "100%",
            "99.95%",
            "90%, 3h14m24s",
            "0.1x over 1h",
            "270d",
            "rules"
        ],
        "{shown:?}"
    );
    assert_eq!(
        cells(lines[2])[1..7],
        [
            "availability (contract customers)",
            "99%",
            "30d",
            "100%",
            "99.95%",
            "95%, 6h50m24s"
        ],
        "{shown:?}"
    );
    assert_eq!(cells(lines[4])[6], "no data", "{shown:?}");
    assert_eq!(shown.err, "3 without data\n");
}

/// Adds what rules recorded of each slice of three minutes, in which there were 24,000 requests.
fn add_slices(
    history: &mut History,
    service: &str,
    range: (i64, i64, usize),
    bad: impl Fn(i64) -> i32,
) {
    let labels = [
        ("service", service),
        ("slo", "availability"),
        ("window", "3m"),
    ];
    history.add("slo:sli_bad_events:increase3m", &labels, range, |at| {
        bad(at).to_string()
    });
    history.add("slo:sli_total_events:increase3m", &labels, range, |_| {
        "24000".to_owned()
    });
    history.add("slo:sli_known_time:seconds", &labels, range, |_| {
        "180".to_owned()
    });
}

/// The budgets that the binary writes as JSON, by service, and after a colon by contract.
fn budgets(place: &crate::place::Place, url: &str) -> std::collections::BTreeMap<String, Value> {
    let ran = nthc(place, &["budget", "--prometheus", url, "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let of = |budget: &Value| {
        let service = budget["service"].as_str().unwrap();
        let name = match budget.get("contract") {
            Some(contract) => format!("{service}:{}", contract.as_str().unwrap()),
            None => service.to_owned(),
        };
        (name, budget.clone())
    };
    told["objectives"]
        .as_array()
        .unwrap()
        .iter()
        .map(of)
        .collect()
}

/// Whether a number, which is exact and so a text, is below another one.
fn below(found: &Value, limit: f64) -> bool {
    let number = found.as_str().and_then(|number| number.parse::<f64>().ok());
    number.is_some_and(|number| number < limit)
}

/// That a number, which is exact and so a text, is another one but for what floats and the last samples do to it.
fn near(found: &Value, wanted: f64) {
    let number: f64 = found
        .as_str()
        .unwrap_or_else(|| panic!("{found}"))
        .parse()
        .unwrap();
    assert!(
        (number - wanted).abs() <= wanted.abs() * 0.001,
        "{number} is not {wanted}"
    );
}
