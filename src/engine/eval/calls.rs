//! Calls of functions.

use nth_promql::{Call, Node, Span};

use super::Evaluator;
use crate::error::Error;
use crate::functions;
use crate::value::{Evaluated, Steps};

impl Evaluator<'_> {
    /// Evaluates a call.
    pub(super) fn call(
        &mut self,
        call: &Call,
        span: Span,
        steps: Steps,
    ) -> Result<Evaluated, Error> {
        let name = call.function.as_str();
        if let Some(value) = self.property_of_query(name) {
            return Ok(Evaluated::Scalar(vec![value; steps.count()]));
        }
        if name == "timestamp"
            && let [arg] = call.args.as_slice()
            && let Node::Selector(selector) = &arg.unparenthesised().node
        {
            return self.timestamps(selector, span, steps);
        }
        let ranges = |node: &Node| matches!(node, Node::Range(..) | Node::Subquery(_));
        let range = call
            .args
            .iter()
            .position(|arg| ranges(&arg.unparenthesised().node));
        if let Some(index) = range {
            return self.range_call(call, index, span, steps);
        }
        functions::check_label_names(call)?;
        let args = call
            .args
            .iter()
            .map(|arg| self.eval(arg, steps))
            .collect::<Result<_, _>>()?;
        let name_removal = self.options.name_removal;
        functions::call(call, args, (steps, name_removal), &mut self.annotations)
    }

    /// Returns the value of a function without arguments that tells about the query: `start()`.
    fn property_of_query(&self, function: &str) -> Option<f64> {
        let query = self.query;
        let milliseconds = match function {
            "start" => query.start,
            "end" => query.end,
            "range" => query.end - query.start,
            "step" if query.start == query.end => 0,
            "step" => query.step,
            _ => return None,
        };
        Some(milliseconds as f64 / 1e3)
    }
}
