//! Alerts on what is not measured: missing series, and more groups than the limit of an SLO.

use rust_decimal::Decimal;

use super::super::document::Rule;
use super::super::query::{aggregate, binary, call, number, on_nothing};
use super::super::sli::{SloContext, presence};
use super::super::template::Template;
use crate::alerts::NamedAlert;
use crate::series_names::GROUPS;
use nth_model::{MissingDataAlert, MissingDataCause, Sli, ValueFormat};
use nth_promql::{BinaryOp, Expr};

impl SloContext<'_> {
    /// The expression of a missing-data alert: nothing is measured, or there are too many groups to measure.
    pub fn missing_data_condition(&self, alert: &MissingDataAlert) -> Expr {
        if alert.cause == MissingDataCause::Groups {
            return self.too_many_groups();
        }
        let absent = call("absent", [presence(self)]);
        let Some(up) = &alert.up else {
            return absent;
        };
        // If no target has these labels, none is up.
        let up = binary(
            aggregate("max", up.clone()),
            BinaryOp::Equal,
            number(Decimal::ONE),
        );
        let none_up = match alert.cause {
            MissingDataCause::Data => BinaryOp::Unless,
            MissingDataCause::Series | MissingDataCause::Groups => BinaryOp::And,
        };
        let absent = on_nothing(absent, none_up, up);
        match (&self.slo.sli, alert.cause) {
            (
                Sli::Events {
                    bucket: Some(bucket),
                    total_series: Some(total),
                    ..
                },
                MissingDataCause::Data,
            ) => {
                let events = aggregate("group", total.clone());
                let no_bucket = call("absent", [bucket.clone()]);
                binary(
                    absent,
                    BinaryOp::Or,
                    on_nothing(no_bucket, BinaryOp::And, events),
                )
            }
            _ => absent,
        }
    }

    /// The number of groups, if it exceeds the limit: of those that are measured now, and of those in the SLO window. It is
    /// one series, so the limit does not apply to it.
    fn too_many_groups(&self) -> Expr {
        let limit = self
            .slo
            .grouping
            .as_ref()
            .map_or(0, |grouping| grouping.limit);
        let above = |count| {
            let limit = number(Decimal::from(limit));
            binary(count, BinaryOp::Greater, limit)
        };
        let measured = above(aggregate("count", self.measured_groups()));
        let recorded = above(aggregate("max", self.recorded_series(GROUPS)));
        binary(measured, BinaryOp::Or, recorded)
    }

    pub(super) fn group_limit_alert(
        &self,
        named: &NamedAlert<'_>,
        alert: &MissingDataAlert,
    ) -> Rule {
        let limit = self
            .slo
            .grouping
            .as_ref()
            .map_or(0, |grouping| grouping.limit);
        let summary = self
            .title()
            .text(": ")
            .value(ValueFormat::Rounded)
            .text(format!(" groups, and the limit is {limit}"));
        let description = Template::default().text(format!(
            "The SLO has more groups ({}) than its limit of {limit}, so Prometheus fails its rules: nothing \
            is recorded, and no other alert for it can fire. Find out which label values are new, and remove \
            them from the metric or from the SLI. Or raise `group_limit`.",
            self.by().join(", "),
        ));
        let texts = [summary, self.in_words(description)];
        self.alert(named, alert.hold, &self.too_many_groups(), &[], texts)
    }

    pub(super) fn absence_alert(&self, named: &NamedAlert<'_>, alert: &MissingDataAlert) -> Rule {
        let summary = self.title().text(format!(": no data for {}", alert.hold));
        let mut description = format!(
            "The SLI series for this SLO ({}) has been missing for {}, so no other alert for it can \
            fire. ",
            self.short_objective(),
            alert.hold,
        );
        description.push_str(match alert.cause {
            MissingDataCause::Data | MissingDataCause::Groups => "The service may be down or no longer scraped, or the metric was renamed.",
            MissingDataCause::Series => {
                "The service's targets are up: there were no events in that time, or the metric was \
                renamed."
            }
        });
        if let (
            Sli::Events {
                bucket: Some(bucket),
                ..
            },
            MissingDataCause::Data,
        ) = (&self.slo.sli, alert.cause)
        {
            description.push_str(&format!(
                " Or the histogram has no such bucket: {bucket}. Then it is unknown which events are \
                good."
            ));
        }
        let description = Template::default().text(description);
        let texts = [summary, self.in_words(description)];
        // The label that distinguishes the two alerts if both have the same severity.
        let labels: &[(&str, String)] = match alert.cause {
            MissingDataCause::Data | MissingDataCause::Groups => &[],
            MissingDataCause::Series => &[("targets", "up".to_owned())],
        };
        self.alert(
            named,
            alert.hold,
            &self.missing_data_condition(alert),
            labels,
            texts,
        )
    }
}
