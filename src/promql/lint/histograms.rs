//! Lints of quantiles of histograms without the label `le`.

use super::super::error::Error;
use super::super::tree::*;
use super::Lint;
use super::facts::Facts;
use crate::codes;

impl Lint<'_> {
    /// Reports `histogram_quantile(0.99, sum(rate(x_bucket[5m])))`.
    pub(super) fn histogram(&mut self, call: &Call, arguments: &[Facts]) {
        let number = match call.function.as_str() {
            "histogram_quantile" => 1,
            "histogram_fraction" => 2,
            "histogram_quantiles" => 0,
            _ => return,
        };
        let (Some(arg), Some(of)) = (call.args.get(number), arguments.get(number)) else {
            return;
        };
        // A native histogram has its buckets in the sample.
        if of.labels.may.has("le") || of.buckets != Some(true) {
            return;
        }
        let mut error = Error::new(
            &codes::QUANTILE_WITHOUT_LE,
            format!(
                "`{}` needs the `le` label, which was aggregated away",
                call.function
            ),
            arg.span,
        )
        .label("without `le` the result is empty")
        .help("keep `le` in the aggregation of the buckets: `sum by (le) (rate(x_bucket[5m]))`");
        if let Some((span, text)) = fix(arg) {
            error = error.suggest(span, text);
        }
        self.report(error);
    }
}

/// Returns the edit that keeps `le`, if the aggregation that removes it is outermost.
fn fix(expr: &Expr) -> Option<(Span, String)> {
    let Node::Aggregate(aggregate) = &expr.unparenthesised().node else {
        return None;
    };
    let at = |end: u32| Span { start: end, end };
    match &aggregate.grouping {
        None => Some((at(aggregate.op_span.end), " by (le) ".to_owned())),
        Some(grouping) if !grouping.without => {
            let last = grouping.labels.last()?;
            Some((at(last.span.end), ", le".to_owned()))
        }
        Some(_) => None,
    }
}
