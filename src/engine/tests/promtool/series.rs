//! Random series in the notation of promtool's tests.

use std::fmt::Write as _;

use crate::random::Random;

/// The number of values of each series.
const VALUES: usize = 61;

/// Returns lines of labels and values: counters with resets, gauges, special values, classic and native histograms, all with gaps
/// and staleness markers.
pub fn all(random: &mut Random) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for job in ["api", "db"] {
        for instance in ["0", "1", "2"] {
            let labels = format!("job=\"{job}\", instance=\"{instance}\"");
            for code in ["200", "404", "500"] {
                let series = format!("requests_total{{{labels}, code=\"{code}\"}}");
                lines.push((series, counter(random)));
            }
            lines.push((format!("memory{{{labels}}}"), gauge(random)));
            lines.push((format!("limit{{{labels}}}"), gauge(random)));
            let version = random.pick(&["1.0", "1.1", "2.0"]);
            let info = format!("build_info{{{labels}, version=\"{version}\"}}");
            lines.push((info, format!("1x{}", VALUES - 1)));
        }
        let classic = classic(random);
        for (name, values) in classic {
            let (suffix, label) = name;
            lines.push((format!("latency_{suffix}{{job=\"{job}\"{label}}}"), values));
        }
        lines.push((
            format!("sizes{{job=\"{job}\"}}"),
            native(random, Layout::Exponential, ""),
        ));
        let hint = " counter_reset_hint:gauge";
        lines.push((
            format!("sizes_now{{job=\"{job}\"}}"),
            native(random, Layout::Exponential, hint),
        ));
        lines.push((
            format!("waits{{job=\"{job}\"}}"),
            native(random, Layout::Custom, ""),
        ));
        lines.push((format!("mixed{{job=\"{job}\"}}"), mixed(random)));
    }
    for (kind, values) in [
        ("nan", "NaN"),
        ("infinite", "Inf"),
        ("negative", "-Inf"),
        ("zero", "0"),
        ("large", "1e300"),
        ("small", "1e-300"),
        ("half", "0.5"),
    ] {
        lines.push((
            format!("special{{kind=\"{kind}\"}}"),
            [values; VALUES].join(" "),
        ));
    }
    let changing = ["NaN", "Inf", "-Inf", "0", "-0", "1", "-1.5", "1e300", "2.5"];
    let values: Vec<&str> = (0..VALUES).map(|_| random.pick(&changing)).collect();
    lines.push(("special{kind=\"changing\"}".to_owned(), values.join(" ")));
    lines
}

/// Joins values with gaps and staleness markers between them.
fn with_gaps(random: &mut Random, mut value: impl FnMut(&mut Random) -> String) -> String {
    let mut text = String::new();
    for _ in 0..VALUES {
        // The value also advances where there is none.
        let next = value(random);
        let next = match random.below(100) {
            0..8 => "_".to_owned(),
            8..11 => "stale".to_owned(),
            _ => next,
        };
        let _ = write!(text, " {next}");
    }
    text.trim_start().to_owned()
}

fn counter(random: &mut Random) -> String {
    let mut value = random.below(1000) as f64;
    with_gaps(random, |random| {
        value = if random.chance(4) {
            0.0
        } else {
            value + random.below(400) as f64 / 4.0
        };
        value.to_string()
    })
}

fn gauge(random: &mut Random) -> String {
    with_gaps(random, |random| {
        let value = random.below(32_000) as f64 / 16.0 - 1000.0;
        value.to_string()
    })
}

type Named = ((&'static str, String), String);

/// Returns the buckets, the sum and the count of a classic histogram.
fn classic(random: &mut Random) -> Vec<Named> {
    let bounds = ["0.1", "0.5", "1", "5", "+Inf"];
    let mut columns = vec![Vec::new(); bounds.len() + 2];
    let mut counts = [0.0; 5];
    let mut sum = 0.0;
    for _ in 0..VALUES {
        if random.chance(4) {
            counts = [0.0; 5];
            sum = 0.0;
        }
        let mut total = 0.0;
        for (count, column) in counts.iter_mut().zip(&mut columns) {
            *count += random.below(20) as f64;
            total += *count;
            column.push(total.to_string());
        }
        sum += random.below(100) as f64 / 8.0;
        columns[5].push(sum.to_string());
        columns[6].push(total.to_string());
    }
    let names = bounds
        .iter()
        .map(|bound| ("bucket", format!(", le=\"{bound}\"")));
    let names = names.chain([("sum", String::new()), ("count", String::new())]);
    names
        .zip(columns)
        .map(|(name, values)| (name, values.join(" ")))
        .collect()
}

/// The buckets of native histograms.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    /// Exponential ones with zero and negative buckets.
    Exponential,
    /// Custom ones.
    Custom,
}

/// Counts that grow, and how they are written.
struct Growing {
    layout: Layout,
    schema: u64,
    zero: u64,
    positive: Vec<u64>,
    negative: Vec<u64>,
    sum: f64,
}

impl Growing {
    fn new(random: &mut Random, layout: Layout) -> Self {
        let custom = layout == Layout::Custom;
        let buckets = if custom {
            4
        } else {
            1 + random.below(4) as usize
        };
        Self {
            layout,
            schema: random.below(3),
            zero: random.below(3),
            positive: (0..buckets).map(|_| random.below(10)).collect(),
            negative: if custom {
                vec![]
            } else {
                (0..2).map(|_| random.below(5)).collect()
            },
            sum: 0.0,
        }
    }

    fn grow(&mut self, random: &mut Random) {
        if self.layout == Layout::Exponential && random.chance(10) {
            self.positive.push(1);
        }
        self.zero += random.below(2);
        for count in self.positive.iter_mut().chain(&mut self.negative) {
            *count += random.below(4);
        }
        self.sum += random.below(200) as f64 / 8.0 - 4.0;
    }

    fn notation(&self, hint: &str) -> String {
        let list = |counts: &[u64]| {
            let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
            counts.join(" ")
        };
        let observed: u64 = self.positive.iter().chain(&self.negative).sum();
        let positive = list(&self.positive);
        match self.layout {
            Layout::Custom => format!(
                "{{{{schema:-53 count:{observed} sum:{} custom_values:[1 2 5] buckets:[{positive}]{hint}}}}}",
                self.sum
            ),
            Layout::Exponential => format!(
                "{{{{schema:{} count:{} sum:{} z_bucket:{} z_bucket_w:0.001 offset:-1 buckets:[{positive}] n_offset:1 n_buckets:[{}]{hint}}}}}",
                self.schema,
                observed + self.zero,
                self.sum,
                self.zero,
                list(&self.negative),
            ),
        }
    }
}

fn native(random: &mut Random, layout: Layout, hint: &str) -> String {
    let mut current = Growing::new(random, layout);
    with_gaps(random, |random| {
        if random.chance(5) {
            current = Growing::new(random, layout);
        }
        current.grow(random);
        current.notation(hint)
    })
}

/// Returns floats and histograms in one series.
fn mixed(random: &mut Random) -> String {
    let mut current = Growing::new(random, Layout::Exponential);
    let mut histograms = false;
    with_gaps(random, |random| {
        histograms ^= random.chance(15);
        current.grow(random);
        if histograms {
            current.notation("")
        } else {
            current.sum.to_string()
        }
    })
}
