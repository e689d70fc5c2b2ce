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

/// The longest query offset: 1m. Long windows have a sample every 3m, which Prometheus shows for 5m. Written 1m late, it
/// still leaves 1m for a late evaluation.
pub const MAX_QUERY_OFFSET: Duration = Duration::minutes(1);

setting_choices! {
    /// What evaluates the rules.
    Ruler, "unknown ruler", "not a ruler";
    /// Prometheus.
    Prometheus = "prometheus",
    /// Thanos Ruler.
    Thanos = "thanos",
    /// The ruler of Mimir or Grafana Cloud.
    Mimir = "mimir",
    /// The ruler of Cortex.
    Cortex = "cortex",
    /// vmalert of VictoriaMetrics.
    VictoriaMetrics = "victoriametrics",
}

setting_choices! {
    /// What Thanos does with a query that not all of its stores have answered.
    PartialResponseStrategy, "unknown partial response strategy", "not a partial response strategy";
    /// The evaluation fails: no alert fires or resolves for missing data.
    Abort = "abort",
    /// The evaluation uses what was answered, with a warning in the log of Thanos.
    Warn = "warn",
}

setting_choices! {
    /// How rule files are wrapped.
    RuleFormat, "unknown rule format", "not a rule format";
    /// Rule files, with `groups:` at the top.
    Plain = "plain",
    /// `PrometheusRule` resources of the Prometheus operator.
    PrometheusRule = "prometheus-rule",
    /// Rule files with a `namespace:` above `groups:`, as `mimirtool rules` and `cortextool rules` read them.
    Namespaced = "namespaced",
}

settings_table! {
    /// Rules, and the Prometheus that evaluates them.
    "prometheus" => PrometheusSettings;

    /// Whether rules are written as plain rule files, as resources of the Prometheus operator, or in a namespace of a ruler.
    format: RuleFormat = RuleFormat::Plain, Kind::Choice(&RuleFormat::CHOICES);

    /// How often the rules are evaluated.
    // Prometheus shows a sample for five minutes. Rules that are evaluated less often have none at times, and alerts on
    // them begin anew each time; and events are counted in slices of three minutes.
    interval: Duration = DEFAULT_INTERVAL, Kind::Duration {
        most: burn_rate::SLICE,
        because: "Prometheus shows a sample for 5m, so one late evaluation would leave alerts without data",
    };

    /// How far in the past the rules are evaluated, so that samples that arrive late are counted. Alerts fire that much
    /// later. Needs Prometheus 2.53. Without it, the ruler's own setting applies, which is 0 in Prometheus.
    query_offset: Option<Duration> = None, Kind::Duration {
        most: MAX_QUERY_OFFSET,
        because: "longer windows are recorded every 3m, and Prometheus shows a sample for 5m",
    }, unset = "the ruler's", example = "\"1m\"";

    /// What evaluates the rules. Each accepts other rule files, so this changes what is written and what is an error.
    ruler: Ruler = Ruler::Prometheus, Kind::Choice(&Ruler::CHOICES), example = "\"thanos\"";

    /// What Thanos Ruler does with a query that not all of its stores have answered. Requires `ruler = "thanos"`:
    /// Prometheus rejects rule files that have it. Without it, Thanos aborts.
    partial_response_strategy: Option<PartialResponseStrategy> = None,
        Kind::Choice(&PartialResponseStrategy::CHOICES), unset = "the ruler's", example = "\"abort\"";

    /// The tenant of the rules in Mimir, Cortex or Thanos. Their files are in a directory of that name, and `nthc apply` writes
    /// to this tenant. An environment can have its own.
    tenant: Option<String> = None, Kind::Text(texts::TENANT), unset = "none", example = "\"shop\"";

    /// The tenants whose series the rules read, the tenant of the rules among them. Requires `ruler = "mimir"` and `tenant`.
    source_tenants: Vec<String> = Vec::new(), Kind::Texts(texts::TENANT),
        unset = "the tenant of the rules", example = "[\"shop\", \"platform\"]";

    /// The scrape interval of the series that the rules read. A rate needs several scrapes in its range.
    // Prometheus forgets a series that had no sample for five minutes, and a rate over them needs two.
    scrape_interval: Duration = DEFAULT_SCRAPE_INTERVAL, Kind::Duration {
        most: Duration::minutes(2),
        because: "a rate over 5m would have too few samples",
    };

    /// The version of the Prometheus that reads the rules, `"2.53"` or `"3"`. Prometheus 2 rejects names with dots and
    /// other characters, so for it they are errors (N0561).
    version: PrometheusVersion = PrometheusVersion::default(), Kind::Text(texts::VERSION);

    /// The most rules of a group. Larger groups are split: the default of Mimir, Cortex and Grafana Cloud is 20. With `ruler =
    /// "mimir"` or `"cortex"`, groups leave room for the rule by which `nthc apply` marks them.
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
    /// The most rules of a group that is generated: one less than the ruler accepts where `nthc apply` adds a rule with its mark.
    pub fn generated_rules_per_group(&self) -> usize {
        let marks = usize::from(matches!(self.ruler, Ruler::Mimir | Ruler::Cortex));
        self.rules_per_group.saturating_sub(marks).max(1)
    }

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
