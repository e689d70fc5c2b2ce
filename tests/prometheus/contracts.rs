//! Contracts in the rules: their error budgets, and when their alerts fire. The time begins on a Thursday.

use nthc::ir::exclude::{Approver, Exclusion, Times};
use nthc::ir::{BudgetAlert, Contract, Duration, Grouping, Severity, Slo, burn_rate};

use crate::models::{bad_based, query, slo};
use crate::scenario::{STEP, assert_rules, firing, input, kinds};
use crate::support::promtool::{self, no_samples, scalar, series};

/// An SLO over 3d, of which promtool holds the samples of a query, with 99.9%.
fn short(sli: nthc::ir::Sli, contracts: Vec<Contract>) -> Slo {
    let mut slo = slo("target", "0.999", sli);
    slo.window = Duration::days(3);
    slo.burn_rate_pairs = burn_rate::pairs(slo.window, Duration::MINUTE);
    slo.contracts = contracts;
    slo
}

fn alert(consumed: &str, severity: &Severity) -> BudgetAlert {
    BudgetAlert {
        consumed: consumed.parse().expect("a share"),
        severity: severity.clone(),
        declared: severity.clone(),
    }
}

/// 99% over a window, with a ticket at 80% and a page at 100%.
fn contract(name: &str, window: Duration) -> Contract {
    Contract {
        name: name.into(),
        with: "Customers of the Pro plan".into(),
        description: None,
        objective: "0.99".parse().expect("an objective"),
        window,
        calendar: None,
        alerts: vec![
            alert("0.8", &Severity::ticket()),
            alert("1", &Severity::page()),
        ],
        remedy: None,
    }
}

fn at_risk(contract: &str) -> String {
    let labels = format!(
        r#"alertname="SLOContractAtRisk",contract="{contract}",severity="ticket",budget_consumed="80%""#
    );
    firing(&labels)
}

fn broken(contract: &str) -> String {
    let labels = format!(
        r#"alertname="SLOContractBroken",contract="{contract}",severity="page",budget_consumed="100%""#
    );
    firing(&labels)
}

/// The consumed share of a contract's budget, in whole percent.
fn consumed(contract: &str) -> String {
    format!(r#"round(100 * max(slo:contract_period_burn_rate:ratio{{contract="{contract}"}}))"#)
}

#[test]
fn a_contract_is_at_risk_and_then_broken() {
    if !promtool::available() {
        return;
    }
    let parts = [
        (0.0, Duration::hours(3)),
        (1.0, Duration::hours(1)),
        (0.0, Duration::hours(4)),
    ];
    let some = kinds().into_iter();
    for (kind, sli) in some.filter(|(kind, _)| ["good", "time slices"].contains(kind)) {
        let slo = short(sli, vec![contract("customers", Duration::days(3))]);
        assert_rules(
            kind,
            &slo,
            STEP,
            input(kind, &parts, STEP),
            vec![
                // The first 34m of 43m12s are consumed at 3h34m.
                no_samples(at_risk("customers"), "3h36m"),
                no_samples(broken("customers"), "3h45m"),
                // After 15m of the ticket, and 2m of the page.
                scalar(at_risk("customers"), "4h", 1.0),
                scalar(broken("customers"), "4h", 1.0),
                // 60m of 43m12s, and of the 4m19s of the SLO.
                scalar(format!("{} > bool 135", consumed("customers")), "8h", 1.0),
                scalar(format!("{} < bool 142", consumed("customers")), "8h", 1.0),
                scalar("max(slo:period_burn_rate:ratio) > bool 13.5", "8h", 1.0),
                scalar("max(slo:contract_objective:ratio)", "8h", 0.99),
                scalar("max(slo:objective:ratio)", "8h", 0.999),
                scalar(r#"count({__name__=~"slo:.+",contract!=""})"#, "8h", 3.0),
                scalar(
                    r#"max(slo_contract_info{contract="customers",objective="99%",period="3d"})"#,
                    "8h",
                    1.0,
                ),
            ],
        );
    }
}

#[test]
fn each_contract_has_the_budget_of_its_own_window() {
    if !promtool::available() {
        return;
    }
    let parts = [
        (0.0, Duration::hours(3)),
        (1.0, Duration::hours(1)),
        (0.0, Duration::hours(4)),
    ];
    let slo = short(
        bad_based(),
        vec![
            contract("shorter", Duration::days(2)),
            contract("longer", Duration::days(4)),
        ],
    );
    assert_rules(
        "windows",
        &slo,
        STEP,
        input("bad", &parts, STEP),
        vec![
            // 60m of 28m48s.
            scalar(format!("{} > bool 200", consumed("shorter")), "8h", 1.0),
            scalar(format!("{} < bool 212", consumed("shorter")), "8h", 1.0),
            scalar(broken("shorter"), "4h30m", 1.0),
            // 60m of 57m36s.
            scalar(format!("{} > bool 101", consumed("longer")), "8h", 1.0),
            scalar(format!("{} < bool 107", consumed("longer")), "8h", 1.0),
            scalar(
                r#"round(max(slo:contract_sli_coverage:ratio2d{contract="shorter"}), 0.01)"#,
                "8h",
                0.17,
            ),
            // The SLO has none of them.
            no_samples("slo:sli_error:ratio_rate2d", "8h"),
            scalar("count(slo:period_burn_rate:ratio)", "8h", 1.0),
        ],
    );
}

#[test]
fn a_young_slo_breaks_no_contract() {
    if !promtool::available() {
        return;
    }
    // All that is known is bad, and that is a tenth of the budget.
    let parts = [(1.0, Duration::minutes(5)), (0.0, Duration::hours(2))];
    let slo = short(bad_based(), vec![contract("customers", Duration::days(3))]);
    assert_rules(
        "young",
        &slo,
        STEP,
        input("bad", &parts, STEP),
        vec![
            no_samples(r#"ALERTS{alertname=~"SLOContract.*"}"#, "10m"),
            no_samples(r#"ALERTS{alertname=~"SLOContract.*"}"#, "2h"),
            scalar("max(slo:sli_error:ratio_rate3d) > bool 0.03", "2h", 1.0),
            scalar(format!("{} < bool 13", consumed("customers")), "2h", 1.0),
        ],
    );
}

#[test]
fn a_contract_leaves_out_what_the_slo_leaves_out() {
    if !promtool::available() {
        return;
    }
    let parts = [
        (0.0, Duration::hours(3)),
        (1.0, Duration::hours(2)),
        (0.0, Duration::hours(4)),
    ];
    let mut slo = short(
        bad_based(),
        vec![
            contract("same", Duration::days(3)),
            contract("other", Duration::days(2)),
        ],
    );
    slo.exclusions = vec![Exclusion {
        name: "maintenance".into(),
        times: Times::Once {
            from: 3 * 3600,
            until: 5 * 3600,
        },
        zone: "UTC".into(),
        reason: "maintenance".into(),
        by: Approver::Team("payments".into()),
    }];
    let gross = |contract: &str| {
        format!(r#"max(slo:contract_period_burn_rate_gross:ratio{{contract="{contract}"}})"#)
    };
    assert_rules(
        "excluded",
        &slo,
        STEP,
        input("bad", &parts, STEP),
        vec![
            no_samples(r#"ALERTS{alertname=~"SLOContract.*"}"#, "9h"),
            scalar(format!("abs({}) < bool 2", consumed("same")), "9h", 1.0),
            scalar(format!("abs({}) < bool 2", consumed("other")), "9h", 1.0),
            // 2h of 43m12s, and of 28m48s.
            scalar(format!("round({}, 0.1)", gross("same")), "9h", 2.8),
            scalar(format!("round({}, 0.1)", gross("other")), "9h", 4.2),
        ],
    );
}

#[test]
fn each_group_has_the_contract_by_itself() {
    if !promtool::available() {
        return;
    }
    let sli = nthc::ir::Sli::Events {
        numerator: nthc::ir::Numerator::Bad(query(
            r#"sum by (route) (rate(http_requests_total{code=~"5..",job="checkout"}[$window]))"#,
        )),
        total: query(r#"sum by (route) (rate(http_requests_total{job="checkout"}[$window]))"#),
        total_series: None,
        bucket: None,
        breakdown: None,
    };
    let mut slo = short(sli, vec![contract("customers", Duration::days(3))]);
    slo.grouping = Some(Grouping {
        by: vec!["route".into()],
        limit: 100,
        objectives: Vec::new(),
    });
    // Each 30s for 8h: `/a` fails for its second hour.
    let counter = |route: &str, code: &str, values: &str| {
        series(
            format!(r#"http_requests_total{{code="{code}",job="checkout",route="{route}"}}"#),
            values.to_owned(),
        )
    };
    assert_rules(
        "groups",
        &slo,
        STEP,
        vec![
            counter("/a", "200", "0+600x119 72000+0x119 72000+600x720"),
            counter("/a", "500", "0+0x119 0+600x119 72000+0x720"),
            counter("/b", "200", "0+600x960"),
            counter("/b", "500", "0+0x960"),
        ],
        vec![
            scalar(
                firing(r#"alertname="SLOContractBroken",route="/a""#),
                "3h",
                1.0,
            ),
            scalar(firing(r#"alertname="SLOContractBroken""#), "3h", 1.0),
            scalar(
                r#"max(slo:contract_period_burn_rate:ratio{route="/b"})"#,
                "3h",
                0.0,
            ),
            scalar("count(slo:contract_objective:ratio)", "3h", 2.0),
        ],
    );
}
