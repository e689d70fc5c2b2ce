//! The overview of all services of a project: remaining budgets and burn rates, the worst first.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::project_dashboard_uid;
use crate::series_names::{BUDGET_REMAINING, COVERAGE, CURRENT_BURN_RATE, INFO};
use nth_model::panel::Visualization;
use nth_model::{Duration, Service, Settings};
use nth_promql::{BinaryOp, Expr, Group, MatchOp, Node, build, escape_regex, rewrite};

use super::board::link;
use super::document::{DataSource, Link, Organize, Transformation, Variable};
use super::layout::{Draft, Section};
use super::options::{self, SortBy};
use super::text;
use super::view::{BAD, GOOD, VALUE, View, WARN};

/// The number of series in a graph of the worst.
const WORST: u32 = 10;

/// The label with the uid of the service's dashboard.
const DASHBOARD: &str = "dashboard";

/// The uid of the overview: one for each project and environment.
pub fn uid(settings: &Settings) -> String {
    if settings.shared {
        project_dashboard_uid(settings, "slo-overview")
    } else {
        project_dashboard_uid(settings, &format!("{}-slo-overview", settings.project))
    }
}

/// All services with SLOs, in the order of their names.
pub struct Overview<'a> {
    settings: &'a Settings,
    services: Vec<&'a Service>,
}

impl<'a> Overview<'a> {
    /// Builds the overview; `None` if no service has an SLO.
    pub fn new(services: &[&'a Service], settings: &'a Settings) -> Option<Self> {
        let mut services: Vec<_> = services
            .iter()
            .copied()
            .filter(|service| !service.slos.is_empty())
            .collect();
        services.sort_by(|left, right| left.name.cmp(&right.name));
        (!services.is_empty()).then_some(Self { settings, services })
    }

    /// The variable of service names: those of the project with recorded series.
    pub fn variable(&self) -> Variable {
        let names: Vec<_> = self
            .services
            .iter()
            .map(|service| escape_regex(&service.name))
            .collect();
        let mut info = build::selector(INFO, &self.scope());
        if let Node::Selector(selector) = &mut info.node {
            let service = build::matcher("service", MatchOp::Matches, names.join("|"));
            selector.matchers.push(service);
        }
        rewrite::hide(&mut info, &text::begins_variable);
        Variable {
            kind: "query",
            name: "service",
            label: "Service",
            description: "The services shown.",
            query: format!("label_values({info}, service)"),
            datasource: Some(DataSource::PROMETHEUS),
            current: Some(super::document::Choice {
                text: "All".into(),
                value: "$__all".into(),
            }),
            hide: 0,
            refresh: 2,
            sort: 1,
            multi: true,
            include_all: true,
        }
    }

    /// The sections with their panels.
    pub fn sections(&self) -> Vec<Section> {
        vec![
            Section {
                key: "now".into(),
                title: "Now".into(),
                is_collapsed: false,
                panels: vec![
                    self.count(),
                    self.out_of_budget(),
                    self.burning(),
                    self.least(),
                    self.least_known(),
                    self.budgets(),
                    self.burn_rates(),
                ],
            },
            Section {
                key: "over-time".into(),
                title: "Over time".into(),
                is_collapsed: false,
                panels: vec![self.budgets_over_time(), self.burn_rates_over_time()],
            },
        ]
    }

    fn scope(&self) -> Vec<(&str, &str)> {
        self.settings.scope().collect()
    }

    /// The series of a metric, of all selected services.
    fn series(&self, metric: &str) -> Expr {
        let mut series = build::selector(metric, &self.scope());
        rewrite::hide(&mut series, &text::begins_variable);
        if let Node::Selector(selector) = &mut series.node {
            let service = build::matcher("service", MatchOp::Matches, "$service");
            selector.matchers.insert(0, service);
        }
        series
    }

    /// The value of each SLO: of groups, that of the worst.
    fn values(&self, metric: &str) -> Expr {
        let mut slos = self.services.iter().flat_map(|service| &service.slos);
        let has_groups = slos.any(|slo| slo.grouping.is_some());
        let worst = match metric {
            BUDGET_REMAINING if has_groups => "min",
            _ => "max",
        };
        build::aggregate(
            worst,
            Some(build::by_labels(&["service", "slo"])),
            self.series(metric),
        )
    }

    fn stat(key: &str, title: &str, description: &str, unit: &'static str) -> View {
        // Five of them fill a line of 24 columns.
        let width = if key == "count" { 4 } else { 5 };
        View::new(key, Visualization::Stat, unit, (width, 4)).titled(title, description)
    }

    fn count(&self) -> Draft {
        let count = build::aggregate("count", None, self.values(INFO));
        Self::stat(
            "count",
            "SLOs",
            "Number of SLOs of the selected services.",
            "short",
        )
        .add_query(count, "SLOs")
        .build()
    }

    /// The number of values that fulfill a condition; 0 if none does, and no data if there are no values.
    fn how_many(&self, metric: &str, op: BinaryOp, limit: &str) -> Expr {
        let found = build::compare_bool(op, self.values(metric), build::number(limit));
        build::aggregate("sum", None, found)
    }

    fn out_of_budget(&self) -> Draft {
        let spent = self.how_many(BUDGET_REMAINING, BinaryOp::LessOrEqual, "0");
        Self::stat(
            "spent",
            "SLOs out of budget",
            "Number of SLOs with no error budget remaining.",
            "short",
        )
        .steps([(None, GOOD), (Some(Decimal::ONE), BAD)])
        .add_query(spent, "SLOs out of budget")
        .build()
    }

    /// The number of SLOs for which a burn-rate alert fires: only these have the label `long_window`.
    fn burning(&self) -> Draft {
        let mut alerts = self.series("ALERTS");
        if let Node::Selector(selector) = &mut alerts.node {
            let conditions = [
                build::matcher("alertstate", MatchOp::Equal, "firing"),
                build::matcher("long_window", MatchOp::NotEqual, ""),
            ];
            selector.matchers.extend(conditions);
        }
        let slos = build::by_labels(&["service", "slo"]);
        let firing = build::aggregate("count", None, build::aggregate("max", Some(slos), alerts));
        let none = build::binary(
            BinaryOp::Multiply,
            build::number("0"),
            build::aggregate("count", None, self.values(INFO)),
        );
        Self::stat(
            "burning",
            "Burning too fast",
            "Number of SLOs for which a burn-rate alert fires.",
            "short",
        )
        .steps([(None, GOOD), (Some(Decimal::ONE), WARN)])
        .add_query(
            build::binary(BinaryOp::Or, firing, none),
            "Burning too fast",
        )
        .build()
    }

    fn least(&self) -> Draft {
        let least = build::aggregate("min", None, self.series(BUDGET_REMAINING));
        Self::stat(
            "least",
            "Lowest remaining budget",
            "The remaining error budget of the worst SLO.",
            "percentunit",
        )
        .decimals(1)
        .steps(budget_steps())
        .add_query(least, "Lowest remaining budget")
        .build()
    }

    /// The smallest known share of an SLO window.
    fn least_known(&self) -> Draft {
        let periods: BTreeSet<(Duration, String)> = self
            .services
            .iter()
            .flat_map(|service| service.slos.iter())
            .map(|slo| (slo.window, slo.window_name()))
            .collect();
        let each = periods
            .into_iter()
            .map(|(_, period)| self.series(&format!("{COVERAGE}{period}")));
        let all = build::join(BinaryOp::Or, each)
            .unwrap_or_else(|| self.series(&format!("{COVERAGE}30d")));
        Self::stat(
            "known",
            "Lowest coverage",
            "The lowest share of an SLO window for which the SLI was measured. Error budgets count the \
            rest as no budget consumed.",
            "percentunit",
        )
        .decimals(1)
        .steps([(None, WARN), (Some(Decimal::new(99, 2)), GOOD)])
        .add_query(build::aggregate("min", None, all), "Lowest coverage")
        .build()
    }

    /// Adds the objective and the owner of each SLO as labels.
    fn with_info(&self, values: Expr) -> Expr {
        // A service that changed its team has two series for a few minutes.
        let info = build::aggregate_with(
            "topk",
            Some(build::by_labels(&["service", "slo"])),
            Some(build::number("1")),
            self.series(INFO),
        );
        let mut labels = vec!["environment", "objective", "period", "team", "tier"];
        if self.settings.shared {
            labels.push("project");
        }
        let mut matching = build::on_labels(&["service", "slo"]);
        matching.group = Some(Group {
            left: true,
            labels: build::labels(&labels),
        });
        let joined = build::binary_matching(BinaryOp::Multiply, values, info, matching);
        self.with_dashboard(joined)
    }

    /// Adds the uid of the service's dashboard as a label.
    fn with_dashboard(&self, expr: Expr) -> Expr {
        let environment = self.settings.environment.as_deref();
        let mut parts = vec![expr, build::string(DASHBOARD), build::string("--")];
        if self.settings.shared {
            parts.push(build::string("project"));
        }
        parts.push(build::string("service"));
        if environment.is_some() {
            parts.push(build::string("environment"));
        }
        let mut expr = build::call("label_join", parts);
        for service in &self.services {
            let uid = project_dashboard_uid(self.settings, &service.name);
            let project = self.settings.shared_as();
            let joined: Vec<&str> = project
                .into_iter()
                .chain([service.name.as_str()])
                .chain(environment)
                .collect();
            let joined = joined.join("--");
            if uid != joined {
                // Its name is not a uid: the label is set explicitly.
                let mut name = build::string(escape_regex(&service.name));
                rewrite::hide(&mut name, &text::begins_variable);
                expr = build::call(
                    "label_replace",
                    vec![
                        expr,
                        build::string(DASHBOARD),
                        build::string(uid),
                        build::string("service"),
                        name,
                    ],
                );
            }
        }
        expr
    }

    fn budgets(&self) -> Draft {
        let view = View::new("budgets", Visualization::Table, "percentunit", (14, 14))
            .titled(
                "Error budget remaining (lowest first)",
                "Each SLO's objective and its remaining error budget, at most: time without data counts \
                as no budget consumed. A row links to the service's dashboard.",
            )
            .decimals(1)
            .steps(budget_steps())
            .add_query(self.with_info(self.values(BUDGET_REMAINING)), "{{service}} {{slo}}");
        table(view, "Error budget remaining", false)
    }

    fn burn_rates(&self) -> Draft {
        let what = format!(
            "Burn rate of each SLO over the last {}. A row links to the service's dashboard.",
            self.settings.prometheus.current_window()
        );
        let view = View::new("burn-rates", Visualization::Table, "none", (10, 14))
            .titled("Burn rate (highest first)", what)
            .decimals(2)
            .steps([
                (None, GOOD),
                (Some(Decimal::ONE), WARN),
                (Some(Decimal::from(6)), BAD),
            ])
            .add_query(
                self.with_info(self.values(CURRENT_BURN_RATE)),
                "{{service}} {{slo}}",
            );
        let mut draft = table(view, "Burn rate", true);
        for transformation in &mut draft.panel.transformations {
            for column in ["objective", "period", "tier"] {
                transformation.options.exclude_by_name.insert(column, true);
            }
        }
        draft
    }

    fn budgets_over_time(&self) -> Draft {
        let worst = build::aggregate_with(
            "bottomk",
            None,
            Some(build::number(WORST.to_string())),
            self.values(BUDGET_REMAINING),
        );
        View::new(
            "budgets-over-time",
            Visualization::Timeseries,
            "percentunit",
            (12, 10),
        )
        .titled(
            "Lowest error budgets",
            "The remaining error budgets of the ten worst SLOs over time.",
        )
        .bounds(None, Some(Decimal::ONE))
        .steps(budget_steps())
        .add_query(worst, "{{service}} {{slo}}")
        .build()
    }

    fn burn_rates_over_time(&self) -> Draft {
        let fastest = build::topk(WORST, self.values(CURRENT_BURN_RATE));
        View::new(
            "burn-rates-over-time",
            Visualization::Timeseries,
            "none",
            (12, 10),
        )
        .titled(
            "Highest burn rates",
            "Burn rates of the ten fastest-burning SLOs over time.",
        )
        .bounds(Some(Decimal::ZERO), None)
        .steps([(None, GOOD), (Some(Decimal::ONE), WARN)])
        .add_query(fastest, "{{service}} {{slo}}")
        .build()
    }
}

fn budget_steps() -> [(Option<Decimal>, &'static str); 3] {
    [
        (None, BAD),
        (Some(Decimal::ZERO), WARN),
        (Some(Decimal::new(2, 1)), GOOD),
    ]
}

/// A table with columns in a fixed order, sorted by the value.
fn table(view: View, value: &'static str, desc: bool) -> Draft {
    let mut draft = view.build();
    let columns = [
        "service",
        "slo",
        VALUE,
        "objective",
        "period",
        "team",
        "tier",
        DASHBOARD,
    ];
    let names = [
        ("service", "Service"),
        ("slo", "SLO"),
        (VALUE, value),
        ("objective", "Objective"),
        ("period", "Period"),
        ("team", "Team"),
        ("tier", "Tier"),
        (DASHBOARD, "Dashboard"),
    ];
    draft.panel.transformations = vec![Transformation {
        id: "organize",
        options: Organize {
            exclude_by_name: ["Time", "environment", "project"]
                .map(|column| (column, true))
                .into(),
            index_by_name: columns
                .into_iter()
                .enumerate()
                .map(|(index, column)| (column, index))
                .collect(),
            rename_by_name: BTreeMap::from(names),
        },
    }];
    draft.panel.options = options::table(vec![SortBy {
        display_name: value,
        desc,
    }]);
    if let Some(config) = &mut draft.panel.field_config {
        config.overrides = vec![
            options::color_column(value),
            options::link_column("Dashboard"),
        ];
        config.defaults.links = vec![Link {
            // The only template here: Grafana fills in the uid of the row and the time range.
            url: "/d/${__data.fields.Dashboard}?${__url_time_range}".to_owned(),
            keep_time: false,
            ..link("Dashboard", "dashboard", "Service dashboard", "")
        }];
    }
    draft
}
