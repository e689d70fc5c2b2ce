//! What was promised outside, from the ledger: kept, broken, or unknown.

use serde_json::Value;

use super::place::Place;
use super::scene::{END, pull, shared};
use super::server::{SERVICE, nthc, project};

/// Of all requests, 0.4% fail.
const CONTRACTS: &str = "
service orders {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability {
    objective = 99.9%
    sli : ratio {
      bad   = `http_requests_total{status=\"500\"}`
      total = `http_requests_total`
    }

    contract kept {
      with      = \"Customers | of the *Pro* plan\"
      objective = 99%
      window    = 3d
      remedy    = \"Nothing.\"
    }
    contract broken {
      with      = \"Example Bank\"
      objective = 99.7%
      window    = 3d
      remedy    = \"A tenth of the month's fee.\"
    }
    contract monthly {
      with      = \"Others\"
      objective = 99%
      calendar  = month
    }
    contract weekly {
      with      = \"Others\"
      objective = 99%
      calendar  = week
      zone      = \"America/New_York\"
    }
    contract quarterly {
      with      = \"Others\"
      objective = 99%
      calendar  = quarter
    }
  }

  slo grouped {
    objective = 99.9%
    by        = [instance]
    sli : ratio {
      bad   = `http_requests_total{status=\"500\"}`
      total = `http_requests_total`
    }

    contract partner { with = \"Example Bank\"  objective = 99% }
  }
}
";

fn results(report: &Value) -> Vec<(String, String)> {
    let rows = report["contracts"].as_array().unwrap().iter();
    rows.map(|row| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        (text("contract"), text("kept"))
    })
    .collect()
}

#[test]
fn contracts_are_kept_broken_or_unknown() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    project(&place);
    place.write("checkout.nth", format!("{SERVICE}{CONTRACTS}"));
    pull(&place, &server.url(), &[]);
    // An SLO that the ledger has under another name only.
    let renamed = format!("{SERVICE}{CONTRACTS}").replace("slo grouped", "slo renamed");
    place.write("checkout.nth", renamed);
    let month = ["report", "--month", "2026-10", "--contracts"];
    let ran = nthc(&place, &[&month[..], &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let expected = [
        ("kept", "kept"),
        ("broken", "broken"),
        // Five days of it are known.
        ("monthly", "unknown"),
        // The weeks whose middle is in October; the last of them goes on in November.
        ("weekly", "unknown"),
        ("weekly", "unknown"),
        ("weekly", "unknown"),
        ("weekly", "unknown"),
        ("weekly", "open"),
        ("quarterly", "open"),
    ];
    let expected = expected.map(|(name, kept)| (name.to_owned(), kept.to_owned()));
    assert_eq!(results(&report), expected, "{report:#}");
    let broken = &report["contracts"][1];
    assert_eq!(broken["until"], END);
    assert_eq!(broken["remedy"], "A tenth of the month's fee.");
    let measured = broken["measured"].as_f64().unwrap();
    assert!((measured - 0.996).abs() < 0.0001, "{measured}");
    // 0.3% of three days, and 0.4% of them.
    assert_eq!(broken["budget_ms"], 777_600);
    let bad = broken["bad_ms"].as_i64().unwrap();
    assert!((1_020_000..1_050_000).contains(&bad), "{bad}");
    assert!(report["contracts"][0].get("remedy").is_none());
    // A month of 31d, of which five days are known.
    assert_eq!(report["contracts"][2]["seconds"], 31 * 86_400);
    // Nothing of what is only for those inside.
    assert!(!ran.out.contains("0.999"), "{ran:?}");
    assert!(
        ran.err.contains(
            "note: contract orders.renamed.partner is not in the report: the ledger has no counts of its SLO"
        ),
        "{ran:?}"
    );

    let shown = nthc(&place, &month);
    assert_eq!(shown.code, 0, "{shown:?}");
    insta::assert_snapshot!("contracts", shown.out);
    // The whole report has them, too.
    let whole = nthc(
        &place,
        &["report", "--month", "2026-10", "--html", "report.html"],
    );
    assert!(whole.out.contains("## Contracts\n"), "{whole:?}");
    assert!(whole.out.contains("**broken**"), "{whole:?}");
    let page = std::fs::read_to_string(place.path("report.html")).unwrap();
    assert!(page.contains("<h2>Contracts</h2>"), "{page}");
    assert!(page.contains("Customers | of the *Pro* plan"), "{page}");
    // Each period of a longer report.
    let year = nthc(
        &place,
        &[
            "report",
            "--period",
            "2026-Q4",
            "--contracts",
            "--format",
            "json",
        ],
    );
    let year: Value = serde_json::from_str(&year.out).unwrap();
    let months = results(&year);
    let months = months.iter().filter(|(name, _)| name == "monthly").count();
    assert_eq!(months, 1, "{year:#}");
    assert_eq!(year["period"]["is_complete"], false);
}

#[test]
fn a_project_without_contracts_says_so() {
    let Some(server) = shared() else { return };
    let place = Place::new();
    project(&place);
    pull(&place, &server.url(), &[]);
    let ran = nthc(&place, &["report", "--month", "2026-10", "--contracts"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("No SLO of this report has a contract.\n"),
        "{ran:?}"
    );
    let both = nthc(&place, &["report", "--contracts", "--html", "report.html"]);
    assert_eq!(both.code, 2, "{both:?}");
}
