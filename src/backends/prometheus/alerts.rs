//! The alerts of an SLO: burn rate, budget, missing data.

mod missing_data;

use rust_decimal::Decimal;

use crate::alerts::{NamedAlert, Origin};
use nth_model::burn_rate::{Pair, SLICE, budget_time};
use nth_model::number::{decimal_text, percent_text};
use nth_model::{BudgetAlert, Contract, Duration, MissingDataCause, Numerator, Sli, ValueFormat};
use nth_promql::{BinaryOp, Expr, MatchOp, Node, build, rewrite};

use super::document::{AlertingRule, Rule};
use super::layout::layout;
use super::metadata::{BUDGET_REMAINING, PERIOD_BURN_RATE};
use super::query::{aggregate_by, at_window, binary, call, number, over_window, positive};
use super::sli::SloContext;
use super::template::{self, Template, label_access};
use crate::series_names::ERROR_RATIO;

/// The share from which an SLO window counts as completely known: a restart of Prometheus loses a slice or two.
const KNOWN_IN_FULL: Decimal = Decimal::from_parts(99, 0, 0, false, 2);

/// The time for which the last recorded value remains valid if nothing is recorded: three slices.
const LASTING: Duration = Duration(3 * SLICE.0);

/// The tolerance of an error ratio below 0 or above 1: counters of one service that are scraped one after the other
/// differ by the events in between.
const SKEW: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// The duration for which an error ratio must be invalid before the alert fires.
const INCONSISTENT_HOLD: Duration = Duration::minutes(15);

/// The number of contributors that a budget alert names.
const CONTRIBUTORS: i64 = 3;

impl SloContext<'_> {
    /// The SLO's alerts: those that are evaluated as often as the project's other rules, and those that are evaluated
    /// once per slice, after the recording rules of slices.
    pub fn alert_rules(&self) -> [Vec<Rule>; 2] {
        let of_slo = |named: &&NamedAlert<'_>| {
            let slo = named.origin.slo();
            slo.is_some_and(|slo| std::ptr::eq(slo, self.slo))
        };
        let rule = |named: &NamedAlert<'_>| match named.origin {
            Origin::Burn(_, pair) => Some(self.burn_alert(named, pair)),
            Origin::Budget(_, alert) => Some(self.budget_alert(named, alert)),
            Origin::Contract(_, contract, alert) => {
                Some(self.with_contract(contract, |of| of.contract_alert(named, contract, alert)))
            }
            Origin::Absence(_, alert) if alert.cause == MissingDataCause::Groups => {
                Some(self.group_limit_alert(named, alert))
            }
            Origin::Absence(_, alert) => Some(self.absence_alert(named, alert)),
            Origin::Inconsistent(_) => Some(self.inconsistency_alert(named)),
            Origin::Own(_) => None,
        };
        let is_fast = |named: &&NamedAlert<'_>| match named.origin {
            Origin::Burn(_, pair) => self.is_fast(&[pair.short, pair.long]),
            Origin::Budget(..)
            | Origin::Contract(..)
            | Origin::Absence(..)
            | Origin::Inconsistent(_)
            | Origin::Own(_) => true,
        };
        let (fast, slow): (Vec<_>, Vec<_>) =
            self.context.alerts.iter().filter(of_slo).partition(is_fast);
        [fast, slow].map(|alerts| alerts.into_iter().filter_map(rule).collect())
    }

    fn alert(
        &self,
        named: &NamedAlert<'_>,
        hold: Duration,
        expr: &Expr,
        labels: &[(&str, String)],
        [summary, description]: [Template; 2],
    ) -> Rule {
        let options = named.options();
        let mut all = self.labels_with(&options.labels);
        all.extend(
            labels
                .iter()
                .map(|(label, value)| ((*label).to_owned(), value.clone())),
        );
        let mut annotations = self.context.links(named, self.slo.runbook_url.as_ref());
        annotations.insert("summary".into(), summary.finish());
        annotations.insert("description".into(), description.finish());
        let own = options.annotations.iter();
        annotations.extend(own.map(|(name, text)| (name.clone(), template::alert_text(text))));
        Rule::Alerting(AlertingRule {
            alert: named.name.clone(),
            expr: layout(expr),
            hold: hold.to_string(),
            keep_firing: options.keep_firing.map(|time| time.to_string()),
            labels: self.context.alert_labels(all, named.origin.severity()),
            annotations,
        })
    }

    /// The first words of every summary: `checkout availability`.
    fn title(&self) -> Template {
        Template::default()
            .text(&self.context.service.name)
            .text(" ")
            .text(&self.slo.name)
    }

    /// The first words of the summary of an alert that fires for a group: `checkout availability (route /cart)`.
    fn group_title(&self) -> Template {
        match self.by() {
            [] => self.title(),
            by => self.title().text(" (").group(by).text(")"),
        }
    }

    /// Adds a text that follows from the objective of the alert's group.
    fn objective_text(&self, template: Template, text: impl Fn(Decimal) -> String) -> Template {
        let own = self.slo.own_objectives().iter();
        let own = own.map(|own| (&own.labels, text(own.objective)));
        template.of_group(own, &text(self.slo.objective))
    }

    /// A query about the SLO as one about the group of the alert, for [`Template::group_query`].
    fn of_alert_group(&self, mut query: Expr) -> String {
        rewrite::each_expr(&mut query, &mut |expr| {
            if let Node::Selector(selector) = &mut expr.node {
                let labels = self.by().iter().enumerate();
                selector.matchers.extend(labels.map(|(index, label)| {
                    build::matcher(label.as_str(), MatchOp::Equal, template::group_value(index))
                }));
            }
        });
        query.to_string()
    }

    /// `99.95% over 30d`
    fn short_objective(&self) -> String {
        format!(
            "{} over {}",
            percent_text(self.slo.objective),
            self.slo.window_text()
        )
    }

    /// Adds the SLO's description by its author, on its own line. Annotations are plain text, which would show the
    /// backticks of Markdown.
    fn in_words(&self, template: Template) -> Template {
        match &self.slo.description {
            Some(description) => template
                .text("\n")
                .text(description.trim().replace('`', "")),
            None => template,
        }
    }

    /// The expression of a burn-rate alert: both windows burn faster than the factor, and for a page there were enough
    /// bad events. Its value is the long window's ratio, as far as it is known.
    pub fn burn_condition(&self, pair: &Pair) -> Expr {
        let above = |window| {
            let threshold = self.by_objective(&format!("{ERROR_RATIO}{window}"), |objective| {
                binary(
                    number(pair.factor),
                    BinaryOp::Multiply,
                    number(Decimal::ONE - objective),
                )
            });
            let ratio = if window == pair.long {
                self.least_error_ratio(window)
            } else {
                self.error_ratio(window)
            };
            binary(ratio, BinaryOp::Greater, threshold)
        };
        let mut expr = binary(above(pair.long), BinaryOp::And, above(pair.short));
        if !self.counts_events() {
            return expr;
        }
        let mut and = |count: Expr, least: u64| {
            let least = number(Decimal::from(least));
            let enough = binary(count, BinaryOp::GreaterOrEqual, least);
            let before = std::mem::replace(&mut expr, number(Decimal::ZERO));
            expr = binary(before, BinaryOp::And, enough);
        };
        if let (Some(least), true) = (self.slo.min_bad_events, pair.declared.pages()) {
            and(call("round", [self.bad_events(pair.long)]), least);
        }
        if let Some(least) = self.slo.min_events {
            and(self.events(pair.long), least);
        }
        expr
    }

    fn burn_alert(&self, named: &NamedAlert<'_>, pair: &Pair) -> Rule {
        let what = if matches!(self.slo.sli, Sli::TimeSlices { .. }) {
            "time"
        } else {
            "events"
        };
        let summary = self
            .group_title()
            .text(format!(
                ": error budget burning over {}x (",
                decimal_text(pair.factor)
            ))
            .value(ValueFormat::Percentage)
            .text(format!(" of {what} bad over {}, objective ", pair.long));
        let summary = self.objective_text(summary, percent_text).text(")");
        let description = Template::default().text(format!(
            "Burn rate is above {}x over the last {} and the last {}. At this rate the whole {} error \
            budget (",
            decimal_text(pair.factor),
            pair.long,
            pair.short,
            self.slo.window_text(),
        ));
        let description = self
            .objective_text(description, |objective| {
                format!(
                    "{} of full downtime at {}",
                    budget_time(objective, self.slo.window).to_human(),
                    percent_text(objective)
                )
            })
            .text(format!(
                ") is exhausted in less than {}; at least {} of it was consumed in the last {}.",
                pair.exhaustion().to_human(),
                percent_text(pair.rounded_budget()),
                pair.long,
            ));
        let labels = [
            ("long_window", pair.long.to_string()),
            ("short_window", pair.short.to_string()),
        ];
        let texts = [summary, self.in_words(description)];
        self.alert(named, pair.hold, &self.burn_condition(pair), &labels, texts)
    }

    /// The expression of a budget alert: at least that share of the budget is consumed, and for a page there were
    /// enough bad events. Its value is the consumed share.
    pub fn budget_condition(&self, alert: &BudgetAlert) -> Expr {
        // A slice that was not recorded, as during a restart of Prometheus, does not change the value.
        let spent = over_window(
            "last_over_time",
            self.recorded_series(PERIOD_BURN_RATE),
            LASTING,
        );
        let spent = binary(
            self.per_group("max", spent),
            BinaryOp::GreaterOrEqual,
            number(alert.consumed),
        );
        match (self.slo.min_bad_events, alert.declared.pages()) {
            (Some(least), true) if self.counts_events() => {
                let bad = call("round", [self.window_bad_events()]);
                let least = number(Decimal::from(least));
                let enough = binary(bad, BinaryOp::GreaterOrEqual, least);
                binary(spent, BinaryOp::And, enough)
            }
            _ => spent,
        }
    }

    fn budget_alert(&self, named: &NamedAlert<'_>, alert: &BudgetAlert) -> Rule {
        let summary = self
            .group_title()
            .text(": at least ")
            .value(ValueFormat::Percentage)
            .text(format!(
                " of the {} error budget consumed",
                self.slo.window_text()
            ));
        let labels = [("budget_consumed", percent_text(alert.consumed))];
        let explanation = self.explanation(Template::default());
        let texts = [summary, self.in_words(explanation)];
        self.alert(
            named,
            alert.declared.default_hold(),
            &self.budget_condition(alert),
            &labels,
            texts,
        )
    }

    /// An alert on the consumed error budget of a contract; `self` is the context of the contract.
    fn contract_alert(
        &self,
        named: &NamedAlert<'_>,
        contract: &Contract,
        alert: &BudgetAlert,
    ) -> Rule {
        let state = match alert.is_exhausted() {
            true => "broken",
            false => "at risk",
        };
        let summary = self
            .group_title()
            .text(format!(": contract {} {state} (at least ", contract.name))
            .value(ValueFormat::Percentage)
            .text(format!(
                " of its {} error budget consumed)",
                self.slo.window_text()
            ));
        let labels = [("budget_consumed", percent_text(alert.consumed))];
        let promise = Template::default().text(format!(
            "Promised to: {} ({}).\n",
            contract.with,
            self.short_objective()
        ));
        let description = self.explanation(promise);
        let description = match &contract.description {
            Some(words) => description.text("\n").text(words.replace('`', "")),
            None => description,
        };
        self.alert(
            named,
            alert.declared.default_hold(),
            &self.budget_condition(alert),
            &labels,
            [summary, description],
        )
    }

    /// The window of the current rate and the contributors: long enough to be stable, short enough to be current.
    fn recent_window(&self) -> Duration {
        let shorts = self
            .slo
            .burn_rate_pairs
            .iter()
            .filter(|pair| pair.declared.pages());
        shorts
            .map(|pair| pair.long)
            .max()
            .unwrap_or_else(|| self.current())
    }

    /// Adds the text about the remaining budget, when it ends, and the top contributors.
    fn explanation(&self, before: Template) -> Template {
        let recent = self.recent_window();
        let budget = self.by_objective(BUDGET_REMAINING, |objective| {
            number(budget_time(objective, self.slo.window).as_seconds())
        });
        let remaining = binary(self.value(BUDGET_REMAINING), BinaryOp::Multiply, budget);
        let left = call(
            "round",
            [call(
                "clamp_min",
                [remaining.clone(), number(Decimal::ZERO)],
            )],
        );
        // Seconds of full downtime left over the share of time that is downtime: the seconds until exhaustion.
        let lasts = binary(
            remaining,
            BinaryOp::Divide,
            positive(self.error_ratio(recent)),
        );
        let lasts = positive(call("round", [lasts]));
        let left = self.of_alert_group(left);
        let code = template::group_query(&left, self.by());
        let template = before
            .action(format!("with {code}"))
            .action(". | first | value | humanizeDuration")
            .text(" left of the ");
        let template = self
            .objective_text(template, |objective| {
                format!(
                    "{} error budget ({} over {})",
                    budget_time(objective, self.slo.window).to_human(),
                    percent_text(objective),
                    self.slo.window_text()
                )
            })
            .text(".\n")
            .action("else")
            .text("Remaining error budget unknown.\n")
            .action("end")
            .action("if ge $value 1.0")
            .text("The whole error budget is consumed.")
            .action("else")
            .group_query(
                &self.of_alert_group(lasts),
                self.by(),
                ValueFormat::Duration,
                [
                    &format!("At the rate of the last {recent}, it will be exhausted in "),
                    ".",
                    &format!("No error budget was consumed in the last {recent}."),
                ],
            )
            .action("end");
        self.contributors(self.add_known_share(template), recent)
    }

    /// `30d`, or `calendar month so far`
    fn window_so_far(&self) -> String {
        let window = self.slo.window_text();
        match self.slo.calendar {
            Some(_) => format!("{window} so far"),
            None => window,
        }
    }

    /// Adds the known share of the SLO window, if that is not all of it.
    fn add_known_share(&self, template: Template) -> Template {
        let known = binary(
            self.window_coverage(),
            BinaryOp::Less,
            number(KNOWN_IN_FULL),
        );
        template.group_query(
            &self.of_alert_group(known),
            self.by(),
            ValueFormat::Percentage,
            [
                "\nOnly ",
                &format!(
                    " of the {} has data; budget consumed without data is not counted.",
                    self.window_so_far()
                ),
                "",
            ],
        )
    }

    /// Adds the label values with most bad events; with most events if no selector tells the bad ones.
    fn contributors(&self, template: Template, recent: Duration) -> Template {
        let labels = &self.slo.breakdown;
        let Sli::Events {
            breakdown: Some(breakdown),
            ..
        } = &self.slo.sli
        else {
            return template;
        };
        if labels.is_empty() {
            return template;
        }
        let rate_by = |labels: &[&str]| at_window(&breakdown.rate_by(labels), recent);
        let names: Vec<&str> = labels.iter().map(String::as_str).collect();
        let by_label = rate_by(&names);
        let all = call("scalar", [rate_by(&[])]);
        let share = positive(binary(by_label, BinaryOp::Divide, all));
        let top = call(
            "sort_desc",
            [aggregate_by(
                "topk",
                &[],
                Some(number(Decimal::from(CONTRIBUTORS))),
                share,
            )],
        );
        let what = match breakdown.is_of_bad_events() {
            true => "Top contributors by bad events",
            false => "Top contributors by event volume",
        };
        let mut template = template
            .text(format!("\n{what}, last {recent} ({}):", labels.join(", ")))
            .action(format!(
                "range {}",
                template::group_query(&self.of_alert_group(top), self.by())
            ))
            .text("\n- ");
        for (index, label) in labels.iter().enumerate() {
            if index > 0 {
                template = template.text(", ");
            }
            // A series without the label has an empty value, which would look like an error.
            let value = label_access(".Labels", label);
            template = template
                .action(format!("with {value}"))
                .action(".")
                .action("else")
                .text(format!("no {label}"))
                .action("end");
        }
        template
            .text(": ")
            .action(".Value | humanizePercentage")
            .action("else")
            .text(" none")
            .action("end")
    }

    /// The expression of the alert on an invalid error ratio: there were more good (or bad) events than events.
    pub fn inconsistency_condition(&self) -> Expr {
        let ratio = || self.error_ratio(self.consistency_window());
        let below = binary(ratio(), BinaryOp::Less, number(-SKEW));
        let above = binary(ratio(), BinaryOp::Greater, number(Decimal::ONE + SKEW));
        binary(below, BinaryOp::Or, above)
    }

    /// The longest window that is recorded from raw series.
    fn consistency_window(&self) -> Duration {
        self.fast_windows()
            .into_iter()
            .next_back()
            .unwrap_or_else(|| self.current())
    }

    fn inconsistency_alert(&self, named: &NamedAlert<'_>) -> Rule {
        let window = self.consistency_window();
        let (counted, all) = match &self.slo.sli {
            Sli::Events {
                numerator: Numerator::Good(good),
                total,
                ..
            } => (format!("good events, {good},"), total.to_string()),
            Sli::Events {
                numerator: Numerator::Bad(bad),
                total,
                ..
            } => (format!("bad events, {bad},"), total.to_string()),
            _ => ("bad events".to_owned(), "all events".to_owned()),
        };
        let summary = self
            .group_title()
            .text(": an error ratio of ")
            .value(ValueFormat::Percentage)
            .text(format!(" over {window} is impossible"));
        let description = Template::default().text(format!(
            "An error ratio is between 0% and 100%, but the {counted} are not a subset of all events, \
            {all}. The recorded values of this SLO ({}) are wrong until this is fixed.",
            self.short_objective(),
        ));
        let texts = [summary, self.in_words(description)];
        self.alert(
            named,
            INCONSISTENT_HOLD,
            &self.inconsistency_condition(),
            &[],
            texts,
        )
    }
}
