//! The functions and aggregations of PromQL, as of Prometheus 3.16.
//!
//! Names, argument types and result types are from `promql/parser/functions.go` and `lex.go` in Prometheus.

use super::types::Type::{self, InstantVector, RangeVector, Scalar, String};

/// A function.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name. Names are case-sensitive.
    pub name: &'static str,
    /// The types of its arguments. The last one also applies to all further ones.
    pub args: &'static [Type],
    /// The minimum number of arguments.
    pub min_args: usize,
    /// The maximum number of arguments; `None` if there is no limit.
    pub max_args: Option<usize>,
    /// The type of its result.
    pub result: Type,
    /// True if it requires `--enable-feature=promql-experimental-functions`.
    pub experimental: bool,
    /// Its documentation, in one sentence.
    pub doc: &'static str,
}

/// An aggregation.
#[derive(Debug, PartialEq, Eq)]
pub struct Aggregation {
    /// Its name in lower case. Names are not case-sensitive.
    pub name: &'static str,
    /// The type of the argument before the vector; `None` if it has none.
    pub param: Option<Type>,
    /// True if it requires `--enable-feature=promql-experimental-functions`.
    pub experimental: bool,
    /// Its documentation, in one sentence.
    pub doc: &'static str,
}

/// Returns the function of a name.
pub fn function(name: &str) -> Option<&'static Function> {
    let at = FUNCTIONS
        .binary_search_by(|function| function.name.cmp(name))
        .ok()?;
    FUNCTIONS.get(at)
}

/// Returns the aggregation of a name, ignoring case.
pub fn aggregation(name: &str) -> Option<&'static Aggregation> {
    AGGREGATIONS
        .iter()
        .find(|aggregation| aggregation.name.eq_ignore_ascii_case(name))
}

impl Function {
    /// Returns the type of the argument at `index`, counted from 0; `None` if it takes fewer.
    pub fn arg(&self, index: usize) -> Option<Type> {
        self.args.get(index).or(self.args.last()).copied()
    }

    /// Formats the signature: `round(instant vector, scalar?)`.
    pub fn signature(&self) -> std::string::String {
        let mut args: Vec<_> = self
            .args
            .iter()
            .enumerate()
            .map(|(index, of)| {
                if index < self.min_args {
                    of.to_string()
                } else {
                    format!("{of}?")
                }
            })
            .collect();
        if self.max_args.is_none_or(|most| most > self.args.len()) {
            args.push("…".to_owned());
        }
        format!("{}({})", self.name, args.join(", "))
    }
}

macro_rules! functions {
    ($($name:literal ($($arg:ident),*) $min:literal $max:expr, $result:ident $experimental:literal $doc:literal;)*) => {
        /// All functions, sorted by name.
        pub static FUNCTIONS: &[Function] = &[$(Function {
            name: $name,
            args: &[$($arg),*],
            min_args: $min,
            max_args: $max,
            result: $result,
            experimental: $experimental,
            doc: $doc,
        }),*];
    };
}

functions! {
    "abs" (InstantVector) 1 Some(1), InstantVector false "The absolute value of each sample.";
    "absent" (InstantVector) 1 Some(1), InstantVector false "1 if the vector has no series, otherwise \
        empty.";
    "absent_over_time" (RangeVector) 1 Some(1), InstantVector false "1 if the range has no samples, \
        otherwise empty.";
    "acos" (InstantVector) 1 Some(1), InstantVector false "The arc cosine of each value, in radians.";
    "acosh" (InstantVector) 1 Some(1), InstantVector false "The inverse hyperbolic cosine of each value.";
    "asin" (InstantVector) 1 Some(1), InstantVector false "The arc sine of each value, in radians.";
    "asinh" (InstantVector) 1 Some(1), InstantVector false "The inverse hyperbolic sine of each value.";
    "atan" (InstantVector) 1 Some(1), InstantVector false "The arc tangent of each value, in radians.";
    "atanh" (InstantVector) 1 Some(1), InstantVector false "The inverse hyperbolic tangent of each value.";
    "avg_over_time" (RangeVector) 1 Some(1), InstantVector false "The average of each series' values \
        over the range.";
    "ceil" (InstantVector) 1 Some(1), InstantVector false "Each value, rounded up to a whole number.";
    "changes" (RangeVector) 1 Some(1), InstantVector false "The number of times each series' value \
        changed in the range.";
    "clamp" (InstantVector, Scalar, Scalar) 3 Some(3), InstantVector false "Each value, limited to the \
        bounds min and max.";
    "clamp_max" (InstantVector, Scalar) 2 Some(2), InstantVector false "Each value, but at most max.";
    "clamp_min" (InstantVector, Scalar) 2 Some(2), InstantVector false "Each value, but at least min.";
    "cos" (InstantVector) 1 Some(1), InstantVector false "The cosine of each value, given in radians.";
    "cosh" (InstantVector) 1 Some(1), InstantVector false "The hyperbolic cosine of each value.";
    "count_over_time" (RangeVector) 1 Some(1), InstantVector false "The number of samples of each \
        series in the range.";
    "day_of_month" (InstantVector) 0 Some(1), InstantVector false "The day of the month of each time, from 1 to 31, in UTC.";
    "day_of_week" (InstantVector) 0 Some(1), InstantVector false "The day of the week of each time, from 0 for Sunday to 6, in UTC.";
    "day_of_year" (InstantVector) 0 Some(1), InstantVector false "The day of the year of each time, from 1 to 366, in UTC.";
    "days_in_month" (InstantVector) 0 Some(1), InstantVector false "The number of days in the month of \
        each time, in UTC.";
    "deg" (InstantVector) 1 Some(1), InstantVector false "Radians to degrees.";
    "delta" (RangeVector) 1 Some(1), InstantVector false "The difference between the start and the end \
        of the range, for each gauge.";
    "deriv" (RangeVector) 1 Some(1), InstantVector false "The slope of each gauge over the range, per second, by linear regression.";
    "double_exponential_smoothing" (RangeVector, Scalar, Scalar) 3 Some(3), InstantVector true "Each gauge, smoothed with a factor for the level and one for the trend.";
    "end" () 0 Some(0), Scalar true "The end of the query's range, as a Unix time.";
    "exp" (InstantVector) 1 Some(1), InstantVector false "e to the power of each value.";
    "first_over_time" (RangeVector) 1 Some(1), InstantVector false "The oldest value of each series in the range.";
    "floor" (InstantVector) 1 Some(1), InstantVector false "Each value, rounded down to a whole number.";
    "histogram_avg" (InstantVector) 1 Some(1), InstantVector false "The average of the observations in \
        each native histogram.";
    "histogram_count" (InstantVector) 1 Some(1), InstantVector false "The number of observations in each native histogram.";
    "histogram_fraction" (Scalar, Scalar, InstantVector) 3 Some(3), InstantVector false "The estimated \
        fraction of the observations between two values.";
    "histogram_quantile" (Scalar, InstantVector) 2 Some(2), InstantVector false "The estimated quantile, from 0 to 1, of the observations in each histogram.";
    "histogram_quantiles" (InstantVector, String, Scalar, Scalar) 3 Some(12), InstantVector true "Several \
        estimated quantiles of each histogram, distinguished by a label.";
    "histogram_stddev" (InstantVector) 1 Some(1), InstantVector false "The estimated standard deviation of the observations in each native histogram.";
    "histogram_stdvar" (InstantVector) 1 Some(1), InstantVector false "The estimated variance of the observations in each native histogram.";
    "histogram_sum" (InstantVector) 1 Some(1), InstantVector false "The sum of the observations in each native histogram.";
    "hour" (InstantVector) 0 Some(1), InstantVector false "The hour of the day of each time, from 0 to 23, in UTC.";
    "idelta" (RangeVector) 1 Some(1), InstantVector false "The difference between the last two samples \
        of each gauge in the range.";
    "increase" (RangeVector) 1 Some(1), InstantVector false "The increase of each counter over the \
        range, adjusted for resets.";
    "info" (InstantVector, InstantVector) 1 Some(2), InstantVector true "The vector with the labels of matching info series added.";
    "integral" (RangeVector, Scalar) 1 Some(2), InstantVector true "The area under each series over the range, with time in seconds.";
    "irate" (RangeVector) 1 Some(1), InstantVector false "The increase per second of each counter \
        between its last two samples in the range.";
    "label_join" (InstantVector, String, String, String) 3 None, InstantVector false "The vector with a \
        label set to others joined by a separator.";
    "label_replace" (InstantVector, String, String, String, String) 5 Some(5), InstantVector false "The vector with a label set from another that matches a regular expression.";
    "last_over_time" (RangeVector) 1 Some(1), InstantVector false "The newest value of each series in the range.";
    "ln" (InstantVector) 1 Some(1), InstantVector false "The natural logarithm of each value.";
    "log10" (InstantVector) 1 Some(1), InstantVector false "The logarithm to the base 10 of each value.";
    "log2" (InstantVector) 1 Some(1), InstantVector false "The logarithm to the base 2 of each value.";
    "mad_over_time" (RangeVector) 1 Some(1), InstantVector true "The median of each series' absolute deviations from its median over the range.";
    "max_of" (Scalar, Scalar) 2 Some(2), Scalar true "The larger of two scalars.";
    "max_over_time" (RangeVector) 1 Some(1), InstantVector false "The largest value of each series in the range.";
    "min_of" (Scalar, Scalar) 2 Some(2), Scalar true "The smaller of two scalars.";
    "min_over_time" (RangeVector) 1 Some(1), InstantVector false "The smallest value of each series in the range.";
    "minute" (InstantVector) 0 Some(1), InstantVector false "The minute of the hour of each time, from 0 to 59, in UTC.";
    "month" (InstantVector) 0 Some(1), InstantVector false "The month of each time, from 1 to 12, in UTC.";
    "pi" () 0 Some(0), Scalar false "The number π.";
    "predict_linear" (RangeVector, Scalar) 2 Some(2), InstantVector false "The predicted value of each \
        gauge after so many seconds, by linear regression.";
    "present_over_time" (RangeVector) 1 Some(1), InstantVector false "1 for each series that has a sample in the range.";
    "quantile_over_time" (Scalar, RangeVector) 2 Some(2), InstantVector false "The quantile, from 0 to 1, of each series' values over the range.";
    "rad" (InstantVector) 1 Some(1), InstantVector false "Degrees to radians.";
    "range" () 0 Some(0), Scalar true "The length of the query's range, in seconds.";
    "rate" (RangeVector) 1 Some(1), InstantVector false "The average increase per second of each \
        counter over the range, adjusted for resets.";
    "resets" (RangeVector) 1 Some(1), InstantVector false "The number of counter resets in the range.";
    "round" (InstantVector, Scalar) 1 Some(2), InstantVector false "Each value, rounded to the nearest \
        integer or multiple of the second argument.";
    "scalar" (InstantVector) 1 Some(1), Scalar false "The value of a vector's only series; NaN unless \
        there is exactly one.";
    "sgn" (InstantVector) 1 Some(1), InstantVector false "The sign of each value: 1, 0 or -1.";
    "sin" (InstantVector) 1 Some(1), InstantVector false "The sine of each value, given in radians.";
    "sinh" (InstantVector) 1 Some(1), InstantVector false "The hyperbolic sine of each value.";
    "sort" (InstantVector) 1 Some(1), InstantVector false "The series sorted by value, ascending.";
    "sort_by_label" (InstantVector, String) 1 None, InstantVector true "The series in the natural order of the labels' values.";
    "sort_by_label_desc" (InstantVector, String) 1 None, InstantVector true "The series in the reverse natural order of the labels' values.";
    "sort_desc" (InstantVector) 1 Some(1), InstantVector false "The series sorted by value, descending.";
    "sqrt" (InstantVector) 1 Some(1), InstantVector false "The square root of each value.";
    "start" () 0 Some(0), Scalar true "The start of the query's range, as a Unix time.";
    "start_timestamp" (InstantVector) 1 Some(1), InstantVector true "The time at which each counter or histogram started counting.";
    "stddev_over_time" (RangeVector) 1 Some(1), InstantVector false "The standard deviation of each series' values over the range.";
    "stdvar_over_time" (RangeVector) 1 Some(1), InstantVector false "The variance of each series' values over the range.";
    "step" () 0 Some(0), Scalar true "The time between two evaluations of the query, in seconds.";
    "sum_over_time" (RangeVector) 1 Some(1), InstantVector false "The sum of each series' values over the range.";
    "tan" (InstantVector) 1 Some(1), InstantVector false "The tangent of each value, given in radians.";
    "tanh" (InstantVector) 1 Some(1), InstantVector false "The hyperbolic tangent of each value.";
    "time" () 0 Some(0), Scalar false "The evaluation time, as a Unix time.";
    "timestamp" (InstantVector) 1 Some(1), InstantVector false "The timestamp of each sample, as a Unix \
        time.";
    "ts_of_first_over_time" (RangeVector) 1 Some(1), InstantVector true "The time of the oldest sample of each series in the range.";
    "ts_of_last_over_time" (RangeVector) 1 Some(1), InstantVector true "The time of the newest sample of each series in the range.";
    "ts_of_max_over_time" (RangeVector) 1 Some(1), InstantVector true "The time of the last of the largest samples of each series in the range.";
    "ts_of_min_over_time" (RangeVector) 1 Some(1), InstantVector true "The time of the last of the smallest samples of each series in the range.";
    "vector" (Scalar) 1 Some(1), InstantVector false "The scalar as a vector with one series that has no labels.";
    "year" (InstantVector) 0 Some(1), InstantVector false "The year of each time, in UTC.";
}

macro_rules! aggregations {
    ($($name:literal $param:expr, $experimental:literal $doc:literal;)*) => {
        /// All aggregations, sorted by name.
        pub static AGGREGATIONS: &[Aggregation] =
            &[$(Aggregation { name: $name, param: $param, experimental: $experimental, doc: $doc }),*];
    };
}

aggregations! {
    "avg" None, false "The average of the values in each group.";
    "bottomk" Some(Scalar), false "The k series with the smallest values in each group.";
    "count" None, false "The number of series in each group.";
    "count_values" Some(String), false "The number of series with each value, distinguished by a label.";
    "group" None, false "1 for each group.";
    "limit_ratio" Some(Scalar), true "A fixed share of the series in each group, selected by their \
        labels.";
    "limitk" Some(Scalar), true "k series of each group, selected by their labels.";
    "max" None, false "The largest value in each group.";
    "min" None, false "The smallest value in each group.";
    "quantile" Some(Scalar), false "The quantile, from 0 to 1, of the values in each group.";
    "stddev" None, false "The standard deviation of the values in each group.";
    "stdvar" None, false "The variance of the values in each group.";
    "sum" None, false "The sum of the values in each group.";
    "topk" Some(Scalar), false "The k series with the largest values in each group.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(
            AGGREGATIONS
                .windows(2)
                .all(|pair| pair[0].name < pair[1].name)
        );
    }

    #[test]
    fn docs_are_sentences() {
        let docs = FUNCTIONS
            .iter()
            .map(|f| f.doc)
            .chain(AGGREGATIONS.iter().map(|a| a.doc));
        for doc in docs {
            assert!(doc.ends_with('.') && doc.len() < 100, "{doc}");
        }
    }

    #[test]
    fn signatures() {
        let signature = |name| function(name).map(Function::signature).unwrap_or_default();
        assert_eq!(signature("round"), "round(instant vector, scalar?)");
        assert_eq!(signature("time"), "time()");
        assert_eq!(
            signature("label_join"),
            "label_join(instant vector, string, string, string?, …)"
        );
        assert_eq!(signature("hour"), "hour(instant vector?)");
    }
}
