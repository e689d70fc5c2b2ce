//! A whole runbook, as it is read at three in the morning.

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
        "More than 2.88% of events were bad over both the last 1h and the last 5m: a burn rate above 14.4x for the 99.8% objective",
        "is exhausted in 2d2h; at least 2% of it was consumed in the last 1h",
        "**After 25m:** <payments-lead@example.com>",
        "then the policy repeats 2 times.",
        "### SLOErrorBudgetConsumed availability 75 percent",
        "1h4m48s of the 1h26m24s of full downtime",
        "### QueueBacklog\n",
        "### Settlements fail\n",
    ] {
        assert!(checkout.contains(told), "{told}");
    }
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
