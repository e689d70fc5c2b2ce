//! The alerts that follow from an SLO: burn rate, budget, absence.

use rust_decimal::Decimal;

use crate::backends::alerts::{Named, Origin};
use crate::ir::burn_rate::{Pair, budget_time};
use crate::ir::number::{decimal_text, percent_text};
use crate::ir::{AbsenceAlert, BudgetAlert, Duration, Numerator, Severity, Sli, ValueFormat};
use crate::promql::{BinaryOp, Expr, Node};

use super::document::{AlertingRule, Rule};
use super::layout::layout;
use super::metadata::{BUDGET_REMAINING, PERIOD_BURN_RATE};
use super::query::{aggregate, aggregate_by, at_window, binary, call, number, over, positive};
use super::sli::{CURRENT, SloContext, presence};
use super::template::{Template, label_access, quote};

/// How many contributors a budget alert names.
const CONTRIBUTORS: i64 = 3;

impl SloContext<'_> {
    /// The SLO's alerts.
    pub fn alert_rules(&self) -> Vec<Rule> {
        let of_slo = |named: &&Named<'_>| {
            let slo = named.origin.slo();
            slo.is_some_and(|slo| std::ptr::eq(slo, self.slo))
        };
        let rule = |named: &Named<'_>| match named.origin {
            Origin::Burn(_, pair) => Some(self.burn_alert(named, pair)),
            Origin::Budget(_, alert) => Some(self.budget_alert(named, alert)),
            Origin::Absence(_, alert) => Some(self.absence_alert(named, alert)),
            Origin::Own(_) => None,
        };
        let alerts = self.of.alerts.iter();
        alerts.filter(of_slo).filter_map(rule).collect()
    }

    fn alert(
        &self,
        named: &Named<'_>,
        hold: Duration,
        expr: &Expr,
        labels: &[(&str, String)],
        [summary, description]: [Template; 2],
    ) -> Rule {
        let mut all = self.labels();
        all.extend(
            labels
                .iter()
                .map(|(label, value)| ((*label).to_owned(), value.clone())),
        );
        let mut annotations = self.of.links(named, self.slo.runbook_url.as_ref());
        annotations.insert("summary".into(), summary.finish());
        annotations.insert("description".into(), description.finish());
        Rule::Alerting(AlertingRule {
            alert: named.name.clone(),
            expr: layout(expr),
            hold: hold.to_string(),
            keep_firing: None,
            labels: self.of.alert_labels(all, named.origin.severity()),
            annotations,
        })
    }

    /// `checkout availability`, the first words of every summary.
    fn title(&self) -> Template {
        Template::default()
            .text(&self.of.service.name)
            .text(" ")
            .text(&self.slo.name)
    }

    /// `99.95% over 30d`
    fn promise(&self) -> String {
        format!(
            "{} over {}",
            percent_text(self.slo.objective),
            self.slo.window
        )
    }

    /// What the SLO promises in its author's words, on a line of its own.
    fn in_words(&self, template: Template) -> Template {
        match &self.slo.description {
            Some(description) => template.text("\n").text(description.trim()),
            None => template,
        }
    }

    /// Holds while both windows burn faster than the factor. The expression's value is the long window's ratio.
    pub fn burns(&self, pair: &Pair) -> Expr {
        let above = |window| {
            let threshold = binary(
                number(pair.factor),
                BinaryOp::Multiply,
                number(self.slo.error_budget()),
            );
            binary(self.error_ratio(window), BinaryOp::Greater, threshold)
        };
        let mut expr = binary(above(pair.long), BinaryOp::And, above(pair.short));
        if let (Some(least), true) = (self.slo.min_events, self.counts_events()) {
            let enough = binary(
                self.events(pair.long),
                BinaryOp::GreaterOrEqual,
                number(Decimal::from(least)),
            );
            expr = binary(expr, BinaryOp::And, enough);
        }
        expr
    }

    fn burn_alert(&self, named: &Named<'_>, pair: &Pair) -> Rule {
        let what = if matches!(self.slo.sli, Sli::TimeSlices { .. }) {
            "time"
        } else {
            "events"
        };
        let summary = self
            .title()
            .text(": ")
            .value(ValueFormat::Percentage)
            .text(format!(
                " of {what} bad in {}, objective {}",
                pair.long,
                percent_text(self.slo.objective)
            ));
        let description = Template::default().text(format!(
            "Over the last {} and the last {}, the error budget of {} burns at more than {}× the sustainable rate. \
             If that goes on, all of it, {} of full outage, is spent in less than {}; {} went within {}.",
            pair.long,
            pair.short,
            self.promise(),
            decimal_text(pair.factor),
            budget_time(self.slo.objective, self.slo.window).to_human(),
            pair.exhaustion().to_human(),
            percent_text(pair.budget),
            pair.long,
        ));
        let labels = [
            ("long_window", pair.long.to_string()),
            ("short_window", pair.short.to_string()),
        ];
        let texts = [summary, self.in_words(description)];
        self.alert(
            named,
            pair.severity.default_hold(),
            &self.burns(pair),
            &labels,
            texts,
        )
    }

    /// Holds while that share of the budget is spent. The expression's value is the share that is.
    pub fn is_spent(&self, alert: &BudgetAlert) -> Expr {
        let spent = aggregate("max", self.recorded(PERIOD_BURN_RATE));
        binary(spent, BinaryOp::GreaterOrEqual, number(alert.consumed))
    }

    fn budget_alert(&self, named: &Named<'_>, alert: &BudgetAlert) -> Rule {
        let summary = self
            .title()
            .text(": ")
            .value(ValueFormat::Percentage)
            .text(format!(" of the {} error budget is spent", self.slo.window));
        let labels = [("budget_consumed", percent_text(alert.consumed))];
        let texts = [summary, self.in_words(self.explanation())];
        self.alert(
            named,
            alert.severity.default_hold(),
            &self.is_spent(alert),
            &labels,
            texts,
        )
    }

    /// The window over which "at this rate" is said, and contributors are looked for: long enough not to jump,
    /// short enough to be of now.
    fn recent(&self) -> Duration {
        let shorts = self
            .slo
            .burn_rate_pairs
            .iter()
            .filter(|pair| pair.severity == Severity::Page);
        shorts.map(|pair| pair.long).max().unwrap_or(CURRENT)
    }

    /// What is left of the budget, when it ends, and who spends it.
    fn explanation(&self) -> Template {
        let budget = budget_time(self.slo.objective, self.slo.window);
        let recent = self.recent();
        let remaining = binary(
            aggregate("max", self.recorded(BUDGET_REMAINING)),
            BinaryOp::Multiply,
            number(budget.as_seconds()),
        );
        let left = call(
            "round",
            [call(
                "clamp_min",
                [remaining.clone(), number(Decimal::ZERO)],
            )],
        );
        // Seconds of full outage left over the share of the time that is outage: the seconds they last.
        let lasts = binary(
            remaining,
            BinaryOp::Divide,
            positive(self.error_ratio(recent)),
        );
        let lasts = positive(call("round", [lasts]));
        let template = Template::default()
            .text(format!(
                "Of the {} of full outage that {} allows, ",
                budget.to_human(),
                self.promise()
            ))
            .query(
                &left.to_string(),
                ValueFormat::Duration,
                "",
                " is left.\n",
                "an unknown part is left.\n",
            )
            .action("if ge $value 1.0")
            .text("All of it is spent.")
            .action("else")
            .query(
                &lasts.to_string(),
                ValueFormat::Duration,
                &format!("At the rate of the last {recent}, it is spent in "),
                ".",
                &format!("In the last {recent}, none of it was spent."),
            )
            .action("end");
        self.contributors(template, recent)
    }

    /// Adds the label values with most bad events (of good-event SLIs, most events).
    fn contributors(&self, template: Template, recent: Duration) -> Template {
        let labels = &self.slo.breakdown;
        let Sli::Events {
            breakdown_series: Some(source),
            numerator,
            ..
        } = &self.slo.sli
        else {
            return template;
        };
        if labels.is_empty() {
            return template;
        }
        let rate = match &source.unparenthesised().node {
            Node::Selector(_) => over("rate", source.clone(), recent),
            _ => at_window(source, recent),
        };
        let by_label = aggregate_by("sum", labels, None, rate.clone());
        let all = call("scalar", [aggregate("sum", rate)]);
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
        let what = match numerator {
            Numerator::Bad(_) => "Most bad events",
            Numerator::Good(_) => "Most events, good and bad,",
        };
        let mut template = template
            .text(format!(
                "\n{what} of the last {recent}, by {}:",
                labels.join(", ")
            ))
            .action(format!("range query {}", quote(&top.to_string())))
            .text("\n- ");
        for (index, label) in labels.iter().enumerate() {
            if index > 0 {
                template = template.text(", ");
            }
            // A series without the label has an empty value, which would read as a slip.
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

    /// Holds while nothing is measured.
    pub fn is_absent(&self) -> Expr {
        call("absent", [presence(self)])
    }

    fn absence_alert(&self, named: &Named<'_>, alert: &AbsenceAlert) -> Rule {
        let summary = self.title().text(format!(": no data for {}", alert.hold));
        let description = Template::default().text(format!(
            "The series that this SLO ({}) is measured by has been missing for {}, and no other alert of it \
             can fire until it is back. The service may be down, no longer scraped, or its metric renamed.",
            self.promise(),
            alert.hold,
        ));
        let texts = [summary, self.in_words(description)];
        self.alert(named, alert.hold, &self.is_absent(), &[], texts)
    }
}
