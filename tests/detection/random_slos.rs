//! Random SLOs: objectives, windows, kinds of SLI and intervals.

use std::fmt::{self, Display, Formatter};

use nthc::ir::panel::Histogram;
use nthc::ir::{Duration, DurationUnit, Service, Settings, burn_rate};

use crate::{models, service};

/// An SLO with the settings of its project.
pub struct RandomSlo {
    /// The kind of SLI, by its name in [`models::every_sli`].
    pub kind: &'static str,
    /// A service with this SLO alone.
    pub service: Service,
    /// The settings.
    pub settings: Settings,
}

/// Objectives, between which random ones are.
const OBJECTIVES: [(u64, u64); 3] = [(9000, 9900), (9900, 9990), (9990, 9999)];

/// SLO windows, in days.
const WINDOWS: [u64; 4] = [7, 28, 30, 90];

/// Intervals of rules, in seconds. Each divides three minutes, so that rules over short and over long windows are due together.
const INTERVALS: [u64; 4] = [30, 60, 90, 180];

/// Intervals of scrapes, in seconds.
const SCRAPES: [u64; 4] = [15, 30, 60, 120];

/// The first SLOs of a seed with the shortest window.
pub fn over_a_week(seed: u64, count: usize) -> Vec<RandomSlo> {
    let every = WINDOWS.len();
    all(seed, count * every)
        .into_iter()
        .step_by(every)
        .collect()
}

/// The SLOs of a seed. Each run of four has every window.
pub fn all(seed: u64, count: usize) -> Vec<RandomSlo> {
    let mut random = Random(seed);
    let kinds = models::every_sli();
    let number = |text: u64| format!("0.{text:04}");
    (0..count)
        .map(|index| {
            let (kind, sli) = &kinds[random.below(kinds.len())];
            let (least, most) = OBJECTIVES[random.below(OBJECTIVES.len())];
            let objective = least + random.next() % (most - least + 1);
            let window = Duration::days(WINDOWS[index % WINDOWS.len()]);
            let interval = match *kind {
                // Each evaluation is a time slice, and promtool evaluates all rules equally often.
                "freshness" => 180,
                _ => INTERVALS[random.below(INTERVALS.len())],
            };
            let mut settings = models::settings(Duration::seconds(interval));
            let scrape = Duration::seconds(SCRAPES[random.below(SCRAPES.len())]);
            settings.prometheus.scrape_interval = scrape;
            let mut slo = models::slo("availability", &number(objective), sli.clone());
            slo.window = window;
            slo.histogram = (*kind == "native-latency").then(|| Histogram {
                series: models::query(r#"http_request_duration_seconds{job="checkout"}"#),
                native: true,
                under: Duration(300),
                unit: DurationUnit::Seconds,
            });
            slo.burn_rate_pairs = burn_rate::pairs(window, burn_rate::least_range(scrape))
                .into_iter()
                .filter(|pair| pair.can_fire(slo.objective))
                .collect();
            RandomSlo {
                kind,
                service: service(slo),
                settings,
            }
        })
        .collect()
}

impl Display for RandomSlo {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let slo = &self.service.slos[0];
        write!(
            f,
            "{}, {} over {}, rules every {}, scrapes every {}",
            self.kind,
            slo.objective,
            slo.window,
            self.settings.prometheus.interval,
            self.settings.prometheus.scrape_interval
        )
    }
}

/// Sebastiano Vigna's SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("it is small")
    }
}
