//! The unit in which a metric counts time: its source, and the sources that contradict it.

use super::{Known, Metric, base_name};
use nth_units::DurationUnit;
pub use nth_units::metric_unit::MetricUnit;
use nth_units::metric_unit::{unit_in_name, unit_in_word};

/// A source of a histogram's unit, the most trusted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The SLI's `unit`.
    Field,
    /// A `metric` block.
    Declaration,
    /// The metadata in the catalog.
    Catalogue,
    /// The metric's name.
    Name,
}

/// The unit of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistogramUnit<'t> {
    /// The unit of its bounds.
    pub unit: DurationUnit,
    /// The source of the unit; `None` if seconds are assumed.
    pub source: Option<Source>,
    /// A source that contradicts it, with its unit.
    pub against: Option<(Source, MetricUnit<'t>)>,
}

impl<'t> HistogramUnit<'t> {
    /// Resolves the units of all sources: the most trusted unit of time wins.
    pub fn resolve(said: [(Source, Option<MetricUnit<'t>>); 4]) -> Self {
        let told = || {
            said.iter()
                .filter_map(|(source, said)| Some((*source, (*said)?)))
        };
        let first = told().find_map(|(source, said)| match said {
            MetricUnit::Time(unit) => Some((source, unit)),
            MetricUnit::Other(_) => None,
        });
        let unit = first.map_or(DurationUnit::Seconds, |(_, unit)| unit);
        Self {
            unit,
            source: first.map(|(source, _)| source),
            against: told().find(|(_, said)| *said != MetricUnit::Time(unit)),
        }
    }
}

/// The unit of the histogram that a latency SLI reads. `field` is the unit that the SLI sets, `name` the name of the
/// histogram or of one of its series.
pub fn histogram_unit<'k>(
    known: Option<&'k Known>,
    name: &'k str,
    field: Option<DurationUnit>,
) -> HistogramUnit<'k> {
    fn find<'k>(get: impl Fn(&str) -> Option<&'k Metric>, name: &str) -> Option<&'k str> {
        let metric = get(name).or_else(|| get(base_name(name)))?;
        metric.unit.as_deref()
    }
    let declared = known.and_then(|known| find(|name| known.declared.get(name), name));
    let pulled = known.and_then(|known| {
        let section = known.section.as_ref()?;
        find(|name| section.metrics.get(name), name)
    });
    HistogramUnit::resolve([
        (Source::Field, field.map(MetricUnit::Time)),
        (Source::Declaration, declared.map(member_unit)),
        (Source::Catalogue, pulled.and_then(unit_in_metadata)),
        (Source::Name, unit_in_name(name)),
    ])
}

/// The unit in a metric's metadata: `ms`, `seconds`. `None` if it is not known.
pub fn unit_in_metadata(unit: &str) -> Option<MetricUnit<'_>> {
    match unit {
        // UCUM, as in OpenTelemetry.
        "min" => Some(MetricUnit::Other("minutes")),
        "h" => Some(MetricUnit::Other("hours")),
        "d" => Some(MetricUnit::Other("days")),
        "By" => Some(MetricUnit::Other("bytes")),
        _ => unit_in_word(unit),
    }
}

/// The unit of a member of the prelude's `unit`.
pub fn member_unit(member: &str) -> MetricUnit<'_> {
    DurationUnit::from_name(member).map_or(MetricUnit::Other(member), MetricUnit::Time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use DurationUnit::{Microseconds, Milliseconds, Seconds};

    #[test]
    fn units_are_written_in_several_ways() {
        for (text, said) in [
            ("ms", Some(MetricUnit::Time(Milliseconds))),
            ("seconds", Some(MetricUnit::Time(Seconds))),
            ("s", Some(MetricUnit::Time(Seconds))),
            ("us", Some(MetricUnit::Time(Microseconds))),
            ("min", Some(MetricUnit::Other("minutes"))),
            ("By", Some(MetricUnit::Other("bytes"))),
            ("{request}", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(unit_in_metadata(text), said, "{text}");
        }
    }

    #[test]
    fn the_most_trusted_holds_and_others_are_told() {
        let of = |field, declared, catalogue, name| {
            HistogramUnit::resolve([
                (Source::Field, field),
                (Source::Declaration, declared),
                (Source::Catalogue, catalogue),
                (Source::Name, name),
            ])
        };
        let time = |unit| Some(MetricUnit::Time(unit));
        let found = of(None, time(Milliseconds), None, time(Seconds));
        assert_eq!(
            (found.unit, found.source),
            (Milliseconds, Some(Source::Declaration))
        );
        assert_eq!(
            found.against,
            Some((Source::Name, MetricUnit::Time(Seconds)))
        );
        let found = of(time(Seconds), None, time(Seconds), None);
        assert_eq!((found.unit, found.source), (Seconds, Some(Source::Field)));
        assert_eq!(found.against, None);
        let found = of(None, Some(MetricUnit::Other("bytes")), None, time(Seconds));
        assert_eq!((found.unit, found.source), (Seconds, Some(Source::Name)));
        assert_eq!(
            found.against,
            Some((Source::Declaration, MetricUnit::Other("bytes")))
        );
        let found = of(None, None, None, None);
        assert_eq!(
            (found.unit, found.source, found.against),
            (Seconds, None, None)
        );
    }
}
