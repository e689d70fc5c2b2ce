//! Recording rules of values of an SLO under other names, beside its own.

use nth_model::{SloRecording, SloValue};
use nth_promql::Expr;

use super::document::{RecordingRule, Rule};
use super::layout::layout;
use super::metadata::{BUDGET_REMAINING, PERIOD_BURN_RATE};
use super::sli::SloContext;
use crate::series_names::{
    CURRENT_BURN_RATE, ERROR_BUDGET, ERROR_RATIO, INFO, LONGEST_RAW, OBJECTIVE,
};

impl SloContext<'_> {
    /// The rules that are evaluated at the SLO's interval, and those that are evaluated once per slice. Each reads a rule of the SLO
    /// in the same group.
    pub fn renamed_rules(&self) -> [Vec<Rule>; 2] {
        let all = self.slo.recordings.iter();
        let (fast, slow): (Vec<_>, Vec<_>) = all.partition(|recording| match recording.value {
            SloValue::ErrorRatio(window) => window.is_some_and(|window| window <= LONGEST_RAW),
            SloValue::ErrorBudget | SloValue::BurnRate | SloValue::Info => true,
            SloValue::Objective | SloValue::BudgetConsumed | SloValue::BudgetRemaining => false,
        });
        [fast, slow].map(|rules| {
            let rules = rules.into_iter();
            rules
                .map(|recording| self.renamed_rule(recording))
                .collect()
        })
    }

    fn renamed_rule(&self, recording: &SloRecording) -> Rule {
        let (value, window) = self.recorded_value(recording.value);
        let mut labels = self.labels_with(&recording.labels);
        if recording.value == SloValue::Info {
            labels.extend(self.info_labels());
        }
        match window {
            Some(window) => labels.insert("window".into(), window),
            None => labels.remove("window"),
        };
        Rule::Recording(RecordingRule {
            record: recording.record.to_string(),
            expr: layout(&value),
            labels,
        })
    }

    /// The expression of a value, and the name of its window, if it has one.
    fn recorded_value(&self, value: SloValue) -> (Expr, Option<String>) {
        match value {
            SloValue::ErrorRatio(Some(window)) => {
                (self.error_ratio(window), Some(window.to_string()))
            }
            SloValue::ErrorRatio(None) => {
                let series = self.window_series(ERROR_RATIO);
                (self.value(&series), Some(self.slo.window_name()))
            }
            SloValue::Objective => (self.value(OBJECTIVE), None),
            SloValue::ErrorBudget => (self.value(ERROR_BUDGET), None),
            SloValue::BurnRate => (self.value(CURRENT_BURN_RATE), None),
            SloValue::BudgetConsumed => (self.value(PERIOD_BURN_RATE), None),
            SloValue::BudgetRemaining => (self.value(BUDGET_REMAINING), None),
            SloValue::Info => (self.whole_value(INFO), None),
        }
    }
}
