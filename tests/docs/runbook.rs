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
        "| availability | 99.8% of events over 30 d | 86 min 24 s |",
        "more than 2.88% of the events were bad: 14.4 times what 99.8% over 30 d allows",
        "is gone in 2 d 2 h; at least 2% of it went within 1 h",
        "**After 25 min:** <payments-lead@example.com>",
        "then it begins again, 2 times.",
        "### SLOErrorBudgetConsumed availability 75 percent",
        "64 min 48 s of the 86 min 24 s of full outage",
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
        "Nothing: it has no objective",
        "**Nobody is on call**: the service has no escalation. Try `#t`.",
        "It has no alert: nobody is told when it fails.",
        "Nothing in this project needs it.",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(pages["docs/s2.md"].contains("It needs nothing that is written down."));
}

#[test]
fn a_page_depends_on_nothing_but_the_source() {
    assert_eq!(built::hostile().pages(), built::hostile().pages());
}
