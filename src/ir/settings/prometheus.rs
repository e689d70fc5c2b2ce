//! `[prometheus]`: how rule files are written, and what evaluates them.

use std::collections::BTreeMap;

use super::{Kind, setting_choices, settings_table, texts};
use crate::{Duration, PrometheusVersion, burn_rate};

/// The default evaluation interval of rules: 30s, half of Prometheus's own default, so that the 5m window of a page
/// contains ten samples.
pub const DEFAULT_INTERVAL: Duration = Duration(30_000);

/// The default scrape interval: 15s, as in the configuration that comes with Prometheus. A longer default would report
/// valid ranges as too short.
pub const DEFAULT_SCRAPE_INTERVAL: Duration = Duration(15_000);

setting_choices! {
    /// How rule files are wrapped.
    RuleFormat, "unknown rule format", "not a rule format";
    /// Rule files, with `groups:` at the top.
    Plain = "plain",
    /// `PrometheusRule` resources of the Prometheus operator.
    PrometheusRule = "prometheus-rule",
}

settings_table! {
    /// Rules, and the Prometheus that evaluates them.
    "prometheus" => PrometheusSettings;

    /// Whether rules are written as plain rule files or as resources of the Prometheus operator.
    format: RuleFormat = RuleFormat::Plain, Kind::Choice(&RuleFormat::CHOICES);

    /// How often the rules are evaluated.
    // Prometheus shows a sample for five minutes. Rules that are evaluated less often have none at times, and alerts on
    // them begin anew each time; and events are counted in slices of three minutes.
    interval: Duration = DEFAULT_INTERVAL, Kind::Duration {
        most: burn_rate::SLICE,
        because: "Prometheus shows a sample for 5m, so one late evaluation would leave alerts without data",
    };

    /// The scrape interval of the series that the rules read. A rate needs several scrapes in its range.
    // Prometheus forgets a series that had no sample for five minutes, and a rate over them needs two.
    scrape_interval: Duration = DEFAULT_SCRAPE_INTERVAL, Kind::Duration {
        most: Duration::minutes(2),
        because: "a rate over 5m would have too few samples",
    };

    /// The version of the Prometheus that reads the rules, `"2.53"` or `"3"`. Prometheus 2 rejects names with dots and
    /// other characters, so for it they are errors (N0561).
    version: PrometheusVersion = PrometheusVersion::default(), Kind::Text(texts::VERSION);

    /// The most rules of a group. Larger groups are split: the default of Mimir, Cortex and Grafana Cloud is 20.
    rules_per_group: usize = 20, Kind::Count;

    /// The most groups of rules of one environment: more are an error. The default of Mimir and Cortex is 70 per tenant.
    max_groups: Option<usize> = None, Kind::Count, unset = "any number", example = "70";

    /// The namespace of the resources.
    namespace: Option<String> = None, Kind::Text(texts::NAMESPACE), unset = "none", example = "\"monitoring\"";

    /// Labels of the resources, by which a Prometheus selects them.
    labels: BTreeMap<String, String> = BTreeMap::new(), Kind::Labels,
        unset = "none", example = "{ release = \"kube-prometheus\" }";
}

impl PrometheusSettings {
    /// The shortest reliable range over raw series: four scrapes, so that a rate has two samples even if two scrapes in
    /// a row fail.
    pub fn least_range(&self) -> Duration {
        burn_rate::least_range(self.scrape_interval)
    }

    /// The window of the current state of an objective: 5m, or the shortest range that the scrape interval allows.
    pub fn current_window(&self) -> Duration {
        burn_rate::CURRENT.max(self.least_range())
    }
}
