//! The service's own `deployed` query: the time of the last deployment, in seconds since 1970.
//!
//! Each change of the value to a later one is a deployment. It has no version, so that the same artifact again cannot be told
//! from a new one.

use std::fmt;

use nth_ledger::Deployment;

use crate::key::key;
use crate::series::{Series, time};
use crate::{Reading, Scope};

/// The name of the source.
pub const SOURCE: &str = "deployed";

/// A value of the query that is no time.
#[derive(Debug, Clone, PartialEq)]
pub struct NotATime {
    /// The service.
    pub service: String,
    /// The value.
    pub value: f64,
}

impl fmt::Display for NotATime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the `deployed` query of service `{}` is not a time in seconds: {}",
            self.service, self.value
        )
    }
}

impl std::error::Error for NotATime {}

/// The query whose range answer [`read`] takes: the latest of all series of the service's `deployed`.
pub fn query(deployed: &str) -> String {
    format!("max({deployed})")
}

/// Reads the answer for a service. `from` is the start of the range and `now` its end, in seconds since 1970. A deployment
/// before `from` is none of the range.
///
/// # Errors
///
/// If a value is no time.
pub fn read(
    series: &[Series],
    service: &str,
    from: i64,
    now: i64,
    scope: &Scope,
) -> Result<Reading, NotATime> {
    let mut reading = Reading::default();
    let mut samples: Vec<(i64, f64)> = series
        .iter()
        .flat_map(|series| series.samples.iter().copied())
        // NaN and infinities are missing data.
        .filter(|(_, value)| value.is_finite())
        .collect();
    samples.sort_by_key(|(at, _)| *at);
    let mut last: Option<i64> = None;
    for (_, value) in samples {
        let Some(started) = time(value, now) else {
            let service = service.to_owned();
            return Err(NotATime { service, value });
        };
        // A smaller value is that of a series whose newer sibling is gone.
        if last.is_some_and(|last| started <= last) {
            continue;
        }
        last = Some(started);
        if started < from {
            continue;
        }
        reading.deployments.push(Deployment {
            key: key(scope, SOURCE, &[service], started),
            project: scope.project.clone(),
            environment: scope.environment.clone(),
            service: service.to_owned(),
            started,
            finished: None,
            version: None,
            previous: None,
            source: SOURCE.to_owned(),
            url: None,
            by: None,
            rolled_back: None,
        });
    }
    Ok(reading)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tests::{lines, scope};

    const NINE: i64 = 1_795_251_600;

    fn read_values(values: &[f64]) -> Result<Reading, NotATime> {
        let at = |index: usize| NINE + i64::try_from(index).unwrap() * 3_600;
        let samples = values.iter().enumerate();
        let samples = samples.map(|(index, value)| (at(index), *value)).collect();
        let series = Series {
            samples,
            ..Series::default()
        };
        read(&[series], "checkout", NINE, NINE + 86_400, &scope())
    }

    #[test]
    fn each_later_value_is_a_deployment() {
        let nine = 1_795_251_600.0;
        let reading = read_values(&[
            nine - 50.0,
            nine - 50.0,
            nine + 3_700.5,
            f64::NAN,
            nine - 50.0,
            nine + 3_700.5,
            nine + 9_000.0,
        ]);
        assert_eq!(
            lines(&reading.unwrap()),
            [
                "deployed:shop:production:checkout:1795255300 checkout - from - 10:01:40",
                "deployed:shop:production:checkout:1795260600 checkout - from - 11:30:00",
            ]
        );
        assert_eq!(read_values(&[]).unwrap(), Reading::default());
    }

    #[test]
    fn milliseconds_are_an_error() {
        for value in [1_795_251_600_000.0, 1.0, 1_795_251_600.0 + 200_000.0] {
            let error = read_values(&[value]).unwrap_err().to_string();
            assert!(error.starts_with(
                "the `deployed` query of service `checkout` is not a time in seconds: "
            ));
        }
    }
}
