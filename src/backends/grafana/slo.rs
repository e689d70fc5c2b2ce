//! The row of the SLOs: objective, current state and burn rate of each.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::series_names::{
    BUDGET_REMAINING, COVERAGE, CURRENT_BURN_RATE, ERROR_BUDGET, ERROR_RATIO,
    GROSS_BUDGET_REMAINING, LONGEST_RAW, OBJECTIVE, PERIOD_ELAPSED, of_contract,
};
use nth_model::burn_rate::budget_time;
use nth_model::number::percent_text;
use nth_model::panel::Visualization;
use nth_model::text::list;
use nth_model::{Duration, Response, Sli, Slo};
use nth_promql::{BinaryOp, build};

use super::board::Board;
use super::layout::{Draft, Section};
use super::text;
use super::view::{BAD, GOOD, View, WARN};

/// The known share of an SLO window above which the rest is negligible.
const MOSTLY_KNOWN: Decimal = Decimal::from_parts(99, 0, 0, false, 2);

/// The height of the panels of an SLO.
const HEIGHT: u8 = 8;

impl Board<'_> {
    /// A line of panels for each SLO.
    pub fn slo_section(&self) -> Section {
        Section {
            key: "slos".into(),
            title: "SLOs".into(),
            is_collapsed: false,
            panels: self
                .service
                .slos
                .iter()
                .flat_map(|slo| {
                    let panels = [
                        self.objective(slo),
                        self.budget_left(slo),
                        self.coverage(slo),
                        self.burn_down(slo),
                        self.burn_rate(slo),
                        self.error_ratio(slo),
                    ];
                    panels.into_iter().chain(self.contracts(slo))
                })
                .collect(),
        }
    }

    /// The objective, and the share of good events over the SLO window.
    fn objective(&self, slo: &Slo) -> Draft {
        let period = slo.window_name();
        let so_far = slo.window_so_far();
        let kept = build::binary(
            BinaryOp::Subtract,
            build::number("1"),
            self.value(&format!("{ERROR_RATIO}{period}"), slo),
        );
        let what = format!(
            "SLI over the {so_far}. Red below the {} objective. Computed from the part of the \
            {} with data.",
            percent_text(slo.objective),
            slo.window_text(),
        );
        View::new(
            key(slo, "objective"),
            Visualization::Stat,
            "percentunit",
            (4, HEIGHT),
        )
        .titled(title(slo, "objective"), describe(slo, &what))
        .decimals(digits(slo.objective))
        .steps([(None, BAD), (Some(slo.objective), GOOD)])
        .add_query(self.value(OBJECTIVE, slo), legend(slo, "Objective"))
        .add_query(
            kept,
            legend(
                slo,
                &match &slo.calendar {
                    Some(calendar) => format!("This {}", calendar.unit),
                    None => format!("Last {period}"),
                },
            ),
        )
        .build()
    }

    /// The remaining share of the budget over the SLO window.
    fn burn_down(&self, slo: &Slo) -> Draft {
        let what = match &slo.calendar {
            Some(calendar) => format!(
                "Error budget remaining in the last {}. It starts full with each {}; below 0% the SLO is missed.",
                slo.window, calendar.unit
            ),
            None => format!(
                "Error budget remaining in the last {}. It rises when bad {} leave the SLO window; below 0% the \
                SLO is missed.",
                slo.window,
                counted_unit(slo)
            ),
        };
        let view = View::new(
            key(slo, "burn-down"),
            Visualization::Timeseries,
            "percentunit",
            (12, HEIGHT),
        )
        .titled(title(slo, "error budget over time"), describe(slo, &what))
        .bounds(None, Some(Decimal::ONE))
        .steps(budget_steps(slo))
        .last(slo.window)
        .add_query(
            self.value(BUDGET_REMAINING, slo),
            legend(slo, "Error budget remaining"),
        );
        match slo.exclusions.is_empty() {
            true => view,
            false => view.add_query(
                self.value(GROSS_BUDGET_REMAINING, slo),
                legend(slo, "Without exclusions"),
            ),
        }
        .build()
    }

    /// The remaining share of the budget. Colors change at the thresholds of the budget alerts.
    fn budget_left(&self, slo: &Slo) -> Draft {
        let what = format!(
            "Error budget remaining over {}. 100% equals {} of full downtime; below 0% the SLO is \
            missed. Time without data counts as no budget consumed, so at most this is left.{}",
            match &slo.calendar {
                Some(calendar) => format!("the calendar {calendar}"),
                None => slo.window.to_string(),
            },
            budget_time(slo.objective, slo.window).to_human(),
            match &slo.calendar {
                Some(calendar) => format!(
                    " It starts full with each {}, and what remains at its end is gone.",
                    calendar.unit
                ),
                None => String::new(),
            },
        );
        let gross = !slo.exclusions.is_empty();
        let what = if gross {
            format!(
                "{what} Excluded times are not charged; the second value is the remaining budget without exclusions."
            )
        } else {
            what
        };
        let view = View::new(
            key(slo, "budget"),
            Visualization::Gauge,
            "percentunit",
            (4, HEIGHT),
        )
        .titled(title(slo, "error budget remaining"), describe(slo, &what))
        .bounds(Some(Decimal::ZERO), Some(Decimal::ONE))
        .decimals(1)
        .steps(budget_steps(slo))
        .add_query(
            self.value(BUDGET_REMAINING, slo),
            legend(slo, "Error budget remaining"),
        );
        if gross {
            view.add_query(
                self.value(GROSS_BUDGET_REMAINING, slo),
                legend(slo, "Without exclusions"),
            )
            .build()
        } else {
            view.build()
        }
    }

    /// The remaining shares of the error budgets of the contracts of an SLO; `None` if it has none.
    fn contracts(&self, slo: &Slo) -> Option<Draft> {
        if slo.contracts.is_empty() {
            return None;
        }
        let promises: Vec<String> = slo
            .contracts
            .iter()
            .map(|contract| {
                text::markdown(&format!(
                    "{} with {}: {} over {}",
                    contract.name,
                    contract.with,
                    percent_text(contract.objective),
                    match &contract.calendar {
                        Some(calendar) => format!("the calendar {calendar}"),
                        None => contract.window.to_string(),
                    }
                ))
            })
            .collect();
        let what = format!(
            "Error budgets of what is promised outside. Below 0% a contract is broken. Time without data \
            counts as no budget consumed, so at most this is left.\n\n{}",
            promises.join("\n\n")
        );
        let mut by = vec!["contract"];
        by.extend(slo.by().iter().map(String::as_str));
        let left = self.recorded_series(&of_contract(BUDGET_REMAINING), slo);
        let left = build::aggregate("max", Some(build::by_labels(&by)), left);
        let view = View::new(
            key(slo, "contracts"),
            Visualization::Timeseries,
            "percentunit",
            (24, HEIGHT),
        )
        .titled(
            title(slo, "error budget of contracts remaining"),
            describe(slo, &what),
        )
        .bounds(None, Some(Decimal::ONE))
        .decimals(1)
        .steps([(None, BAD), (Some(Decimal::ZERO), GOOD)])
        .add_query(left, legend(slo, "{{contract}}"));
        Some(view.build())
    }

    /// The known share of the SLO window: a new SLO, or one with missing series, knows only a part of it.
    fn coverage(&self, slo: &Slo) -> Draft {
        let period = slo.window_name();
        let what = format!(
            "Share of the {} for which the SLI of the {} was measured. The error budget \
            counts the rest as no budget consumed.",
            slo.window_so_far(),
            counted_unit(slo),
        );
        let view = View::new(
            key(slo, "known"),
            Visualization::Stat,
            "percentunit",
            (4, HEIGHT),
        )
        .titled(title(slo, "coverage"), describe(slo, &what))
        .bounds(Some(Decimal::ZERO), Some(Decimal::ONE))
        .decimals(1)
        .steps([(None, WARN), (Some(MOSTLY_KNOWN), GOOD)])
        .add_query(
            self.value(&format!("{COVERAGE}{period}"), slo),
            legend(slo, &format!("Coverage of {period}")),
        );
        match slo.calendar {
            Some(_) => view.add_query(
                self.value(PERIOD_ELAPSED, slo),
                legend(slo, &format!("Elapsed of {period}")),
            ),
            None => view,
        }
        .build()
    }

    /// The burn rate over each long window of the alerts, with their factors as lines.
    fn burn_rate(&self, slo: &Slo) -> Draft {
        let mut factors: BTreeMap<Decimal, &'static str> = BTreeMap::new();
        let mut windows: Vec<Duration> = Vec::new();
        for pair in &slo.burn_rate_pairs {
            let color = match pair.severity.response() {
                Response::Page => BAD,
                Response::Ticket => WARN,
            };
            factors.entry(pair.factor).or_insert(color);
            windows.push(pair.long);
        }
        windows.sort();
        windows.dedup();
        let alerts: Vec<_> = slo
            .burn_rate_pairs
            .iter()
            .map(|pair| {
                format!(
                    "{}x ({}/{})",
                    nth_model::number::decimal_text(pair.factor),
                    pair.long,
                    pair.short
                )
            })
            .collect();
        let what = if alerts.is_empty() {
            "Burn rate: 1 consumes exactly the whole budget over the SLO window.".to_owned()
        } else {
            format!(
                "Burn rate: 1 consumes exactly the whole budget over the SLO window. Alert thresholds: \
                {}.",
                alerts.join("; ")
            )
        };
        if factors.is_empty() {
            factors.insert(Decimal::ONE, WARN);
        }
        let steps = factors
            .into_iter()
            .map(|(factor, color)| (Some(factor), color));
        let current = self.settings.prometheus.current_window();
        let mut view = View::new(
            key(slo, "burn-rate"),
            Visualization::Timeseries,
            "none",
            (12, HEIGHT),
        )
        .titled(title(slo, "burn rate"), describe(slo, &what))
        .bounds(Some(Decimal::ZERO), None)
        .steps([(None, GOOD)].into_iter().chain(steps))
        .add_query(
            self.value(CURRENT_BURN_RATE, slo),
            legend(slo, &current.to_string()),
        );
        for window in windows.into_iter().filter(|window| *window != current) {
            let ratio = self.value(&format!("{ERROR_RATIO}{window}"), slo);
            // As in the alerts: unknown time in a long window counts as nothing consumed.
            let spent = if window > LONGEST_RAW || !slo.exclusions.is_empty() {
                let known = self.value(&format!("{COVERAGE}{window}"), slo);
                build::binary(BinaryOp::Multiply, ratio, known)
            } else {
                ratio
            };
            let rate = build::binary(BinaryOp::Divide, spent, self.value(ERROR_BUDGET, slo));
            view = view.add_query(rate, legend(slo, &window.to_string()));
        }
        view.build()
    }

    /// The share of bad events, with the budget as a line.
    fn error_ratio(&self, slo: &Slo) -> Draft {
        let budget = slo.error_budget();
        let current = self.settings.prometheus.current_window();
        let what = format!(
            "Share of bad {} over {current}, compared with the allowed {}.",
            counted_unit(slo),
            percent_text(budget)
        );
        View::new(
            key(slo, "errors"),
            Visualization::Timeseries,
            "percentunit",
            (12, HEIGHT),
        )
        .titled(title(slo, "error ratio"), describe(slo, &what))
        .bounds(Some(Decimal::ZERO), None)
        .steps([(None, GOOD), (Some(budget), BAD)])
        .add_query(
            self.value(&format!("{ERROR_RATIO}{current}"), slo),
            legend(slo, &format!("Bad, {current}")),
        )
        .add_query(self.value(ERROR_BUDGET, slo), legend(slo, "Error budget"))
        .build()
    }
}

/// The colors of a remaining budget, which change at the thresholds of the budget alerts.
fn budget_steps(slo: &Slo) -> Vec<(Option<Decimal>, &'static str)> {
    let mut left: Vec<Decimal> = slo
        .budget_alerts
        .iter()
        .map(|alert| (Decimal::ONE - alert.consumed).normalize())
        .collect();
    left.sort();
    left.dedup();
    match (left.first(), left.last()) {
        (Some(least), Some(most)) if least < most => {
            vec![(None, BAD), (Some(*least), WARN), (Some(*most), GOOD)]
        }
        (Some(least), _) => vec![(None, BAD), (Some(*least), GOOD)],
        (None, _) => vec![(None, BAD), (Some(Decimal::ZERO), GOOD)],
    }
}

/// The unit that an SLO counts.
fn counted_unit(slo: &Slo) -> &'static str {
    match slo.sli {
        Sli::TimeSlices { .. } => "time",
        Sli::Events { .. } | Sli::ErrorRatio { .. } => "events",
    }
}

fn key(slo: &Slo, what: &str) -> String {
    format!("{}\0{what}", slo.name)
}

fn title(slo: &Slo, what: &str) -> String {
    format!("{}: {what}", text::literal(&slo.name))
}

/// The SLO's description by its author, and then the panel's description, with the parts of a composite SLO.
fn describe(slo: &Slo, what: &str) -> String {
    let what = match slo.parts.as_slice() {
        [] => what.to_owned(),
        parts => {
            let names: Vec<String> = parts
                .iter()
                .map(|part| text::literal(&part.name()))
                .collect();
            format!("{what} It combines {}.", list(&names, "and"))
        }
    };
    let what = match &slo.grouping {
        Some(grouping) => format!(
            "{what} There is one value for each {}.",
            text::markdown(&grouping.by.join(" and "))
        ),
        None => what,
    };
    match &slo.description {
        Some(description) => format!("{}\n\n{what}", text::markdown(description)),
        None => what,
    }
}

/// The legend of a query of an SLO: of groups, with their labels.
fn legend(slo: &Slo, what: &str) -> String {
    let labels = text::group_references(slo.by());
    match labels.is_empty() {
        true => what.to_owned(),
        false => format!("{labels}: {what}"),
    }
}

/// The decimal places of the objective as a percentage, and one more, so that a missed objective is visible.
fn digits(objective: Decimal) -> u8 {
    let percent = (objective * Decimal::ONE_HUNDRED).normalize();
    u8::try_from(percent.scale()).map_or(4, |scale| scale + 1)
}
