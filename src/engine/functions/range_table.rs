//! The functions of a range vector by name.

use super::{integral, over_time, range, rate, regression};
use crate::annotations::Annotations;
use crate::error::Error;
use crate::value::{Point, Window};

/// A function of the samples of one series in a range. The floats are its scalar arguments, in order.
pub(crate) type RangeFunction = fn(&Window<'_>, &[f64], &mut Annotations) -> Result<Point, Error>;

/// Returns the range function of a name. `absent_over_time` is none, because its result does not depend on one series.
pub(crate) fn range_function(name: &str) -> Option<RangeFunction> {
    Some(match name {
        "avg_over_time" => over_time::avg,
        "changes" => range::changes,
        "count_over_time" => range::count,
        "delta" => rate::delta,
        "deriv" => regression::deriv,
        "double_exponential_smoothing" => regression::double_exponential_smoothing,
        "first_over_time" => range::first,
        "idelta" => rate::idelta,
        "increase" => rate::increase,
        "integral" => integral::integral,
        "irate" => rate::irate,
        "last_over_time" => range::last,
        "mad_over_time" => over_time::mad,
        "max_over_time" => over_time::max,
        "min_over_time" => over_time::min,
        "predict_linear" => regression::predict_linear,
        "present_over_time" => range::present,
        "quantile_over_time" => over_time::quantile,
        "rate" => rate::rate,
        "resets" => range::resets,
        "stddev_over_time" => over_time::stddev,
        "stdvar_over_time" => over_time::stdvar,
        "sum_over_time" => over_time::sum,
        "ts_of_first_over_time" => range::time_of_first,
        "ts_of_last_over_time" => range::time_of_last,
        "ts_of_max_over_time" => over_time::time_of_max,
        "ts_of_min_over_time" => over_time::time_of_min,
        _ => return None,
    })
}
