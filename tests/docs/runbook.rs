//! A whole runbook, as it is read at three in the morning.

use serde_json::Value;

use crate::built;

/// The page of the shop's checkout, without what repeats: one alert of each sort.
#[test]
fn a_whole_runbook() {
    let shop = &built::examples()[0];
    let pages = shop.pages();
    insta::assert_snapshot!("settlement", pages["production/docs/settlement.md"]);
    insta::assert_snapshot!("index", pages["production/docs/README.md"]);
}

#[test]
fn numbers_are_exact_and_lead_to_the_next_person() {
    let shop = &built::examples()[0];
    let checkout = &shop.pages()["production/docs/checkout.md"];
    for told in [
        "| availability | 99.8% of events over 30d | 1h26m24s |",
        "the 99.8% objective allows 1h26m24s of full downtime in 30d",
        "| 1h and 5m | page | more than 2.88% (14.4x) | at least 2% in 1h | 2d2h | Roll back what was released",
        "**After 25m:** <payments-lead@example.com>",
        "then the policy repeats 2 times.",
        "### SLOErrorBudgetConsumed availability\n",
        "- 75% (ticket): 1h4m48s of full downtime consumed, 21m36s left",
        "### QueueBacklog\n",
        "### Settlements fail\n",
    ] {
        assert!(checkout.contains(told), "{told}");
    }
}

/// What the sections share stands once, and each still has its alert's expression.
#[test]
fn a_page_is_short_and_complete() {
    let shop = &built::examples()[0];
    let checkout = &shop.pages()["production/docs/checkout.md"];
    assert!(checkout.lines().count() < 400, "{checkout}");
    for shared in [
        "Check hard dependencies: [ledger](ledger.md)",
        "Check whether the service is running.",
        "`ALERTS{",
    ] {
        let lines = checkout.lines().filter(|line| line.contains(shared));
        assert_eq!(lines.count(), 1, "{shared}");
    }

    let rules = shop.folder().join("production/prometheus/checkout.yaml");
    let rules: Value = yaml_serde::from_str(&std::fs::read_to_string(rules).unwrap()).unwrap();
    let rules = rules["groups"].as_array().unwrap();
    let rules = rules
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap());
    let mut compared = 0;
    for rule in rules.filter(|rule| rule.get("alert").is_some()) {
        let query = nthc::promql::parse(rule["expr"].as_str().unwrap())
            .unwrap()
            .to_string();
        // Those on the consumed budget differ by the share, which a table has.
        let query = match rule["labels"].get("budget_consumed") {
            Some(share) => {
                let share = share.as_str().unwrap();
                assert!(checkout.contains(&format!("- {share} (")), "{share}");
                query.split(" >= ").next().unwrap().to_owned()
            }
            None => query,
        };
        assert!(
            checkout.contains(&format!("`{query}`")),
            "{}: {query}",
            rule["alert"]
        );
        compared += 1;
    }
    assert_eq!(compared, 41);
}

/// The first query of a section on a burn rate shows where the bad events come from.
#[test]
fn burn_rates_begin_with_the_indicator() {
    let shop = &built::examples()[0];
    let checkout = &shop.pages()["production/docs/checkout.md"];
    let firsts: Vec<&str> = checkout
        .split("\n### ")
        .filter(|section| section.starts_with("SLOErrorBudgetBurn"))
        .map(|section| {
            let item = section.lines().find(|line| line.starts_with("- ")).unwrap();
            item.rsplit_once(": `").unwrap().1
        })
        .collect();
    insta::assert_snapshot!(firsts.join("\n"));
}

#[test]
fn what_is_missing_is_said() {
    let large = built::large(3, 2);
    let pages = large.pages();
    let page = &pages["docs/s0.md"];
    for told in [
        "This service has no SLO",
        "**No one is on call**: the service has no escalation. Contact `#t`.",
        "This service has no alerts.",
        "No service in this project depends on it.",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(pages["docs/s2.md"].contains("No dependencies are declared."));
}

#[test]
fn a_page_depends_on_nothing_but_the_source() {
    assert_eq!(built::hostile().pages(), built::hostile().pages());
}
