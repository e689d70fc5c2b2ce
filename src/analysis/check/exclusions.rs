//! Checks of exclusions across a project: what they cover, whether they overlap, and how much of an SLO window they take.

use std::collections::{BTreeMap, HashSet};

use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, ItemKey, Span};
use crate::lower::LoweredExclusion;
use nth_model::exclude::Exclusion;
use nth_model::{Duration, Service};

/// An exclusion takes more of an SLO window than this share: one tenth.
const LARGEST_SHARE: i64 = 10;

/// A service with its SLOs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    item: ItemKey,
    service: SmolStr,
    /// The names and windows.
    slos: Vec<(SmolStr, Duration)>,
}

impl Covered {
    /// Collects the SLOs of a service.
    pub fn new(item: ItemKey, service: &Service) -> Self {
        let slos = service.slos.iter();
        Self {
            item,
            service: service.name.clone(),
            slos: slos.map(|slo| (slo.name.clone(), slo.window)).collect(),
        }
    }

    /// What exclusions can cover, without places.
    pub fn facts(&self) -> String {
        let Self {
            item: _,
            service,
            slos,
        } = self;
        format!("{service:?} {slos:?}")
    }
}

/// The exclusions and the services of a project in an environment.
pub struct Scene<'a> {
    /// The exclusions, in the order of files and their text.
    pub exclusions: Vec<&'a LoweredExclusion>,
    /// The services.
    pub services: Vec<&'a Covered>,
}

/// An exclusion with the SLOs that it covers.
struct Known<'a> {
    lowered: &'a LoweredExclusion,
    exclusion: &'a Exclusion,
    slos: Vec<Slo<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Slo<'a> {
    service: &'a str,
    name: &'a str,
    window: Duration,
}

impl<'a> Scene<'a> {
    fn known(&self) -> Vec<Known<'a>> {
        let known = self.exclusions.iter().filter_map(|lowered| {
            let slos = self.services.iter().flat_map(|service| {
                service
                    .slos
                    .iter()
                    .filter(|(slo, _)| lowered.is_covering(service.item, slo))
                    .map(|(name, window)| Slo {
                        service: &service.service,
                        name,
                        window: *window,
                    })
            });
            Some(Known {
                lowered,
                exclusion: lowered.exclusion.as_ref()?,
                slos: slos.collect(),
            })
        });
        known.collect()
    }
}

/// Returns the diagnostics about the exclusions of a project in each environment. Those that cover nothing are only known if
/// `is_complete`: all environments are in `scenes`.
pub fn findings(scenes: &[Scene<'_>], is_complete: bool) -> Vec<Diag> {
    let known: Vec<Vec<Known<'_>>> = scenes.iter().map(Scene::known).collect();
    let mut found = Vec::new();
    for scene in &known {
        for (number, later) in scene.iter().enumerate() {
            found.extend(too_long(later));
            let earlier = scene.iter().take(number);
            found.extend(earlier.filter_map(|earlier| overlap(earlier, later)));
        }
        found.extend(together_too_long(scene));
    }
    if is_complete {
        found.extend(covering_nothing(&known));
    }
    found
}

/// Reports exclusions that cover no SLO in any environment.
fn covering_nothing(scenes: &[Vec<Known<'_>>]) -> Vec<Diag> {
    let all = || scenes.iter().flatten();
    let useful: HashSet<Span> = all()
        .filter(|known| !known.slos.is_empty())
        .map(|known| known.lowered.place)
        .collect();
    let mut seen = HashSet::new();
    all()
        .filter(|known| !useful.contains(&known.lowered.place) && seen.insert(known.lowered.place))
        .map(|known| {
            let lowered = known.lowered;
            Diag::new(
                &codes::EXCLUSION_COVERS_NOTHING,
                format!("exclusion `{}` covers no SLO", known.exclusion.name),
                lowered.scope,
            )
            .label(match lowered.covers {
                Some(_) => "the project builds no SLO of these",
                None => "the project has no SLO",
            })
            .help("list services or SLOs of the project in `covers`, or remove the exclusion")
        })
        .collect()
}

/// Reports an exclusion that takes much of an SLO window: of the shortest one.
fn too_long(known: &Known<'_>) -> Option<Diag> {
    let slo = known.slos.iter().min_by_key(|slo| slo.window)?;
    let window = i64::try_from(slo.window.0 / 1000).ok()?;
    let seconds = known.exclusion.seconds_in(window).ok()?;
    if seconds.checked_mul(LARGEST_SHARE)? <= window {
        return None;
    }
    let taken = Duration(u64::try_from(seconds).ok()?.checked_mul(1000)?);
    Some(
        Diag::new(
            &codes::EXCLUSION_TOO_LONG,
            format!(
                "exclusion `{}` takes {} of the {} SLO window of `{}.{}`",
                known.exclusion.name,
                taken.to_human(),
                slo.window.to_human(),
                slo.service,
                slo.name
            ),
            known.lowered.until,
        )
        .label("more than a tenth of the SLO window")
        .help("exclude less time, or list only the affected SLOs in `covers`"),
    )
}

/// Reports an SLO of which several exclusions together take much of its window, and none alone: at the last of them, the SLO of
/// which most is taken.
fn together_too_long(scene: &[Known<'_>]) -> Vec<Diag> {
    let mut by_slo: BTreeMap<(&str, &str, Duration), Vec<&Known<'_>>> = BTreeMap::new();
    for known in scene {
        for slo in &known.slos {
            let key = (slo.service, slo.name, slo.window);
            by_slo.entry(key).or_default().push(known);
        }
    }
    let mut reported = HashSet::new();
    let mut found = Vec::new();
    for ((service, name, length), all) in by_slo {
        let (Some(last), true) = (all.last(), all.len() > 1) else {
            continue;
        };
        let Ok(window) = i64::try_from(length.0 / 1000) else {
            continue;
        };
        let is_much = |seconds: i64| seconds.saturating_mul(LARGEST_SHARE) > window;
        let alone = all
            .iter()
            .any(|known| known.exclusion.seconds_in(window).is_ok_and(is_much));
        let exclusions: Vec<&Exclusion> = all.iter().map(|known| known.exclusion).collect();
        let seconds = Exclusion::seconds_of_all(&exclusions, window).unwrap_or_default();
        let places: Vec<Span> = all.iter().map(|known| known.lowered.place).collect();
        if alone || !is_much(seconds) || !reported.insert(places) {
            continue;
        }
        let taken = Duration(
            u64::try_from(seconds)
                .unwrap_or_default()
                .saturating_mul(1000),
        );
        let mut diagnostic = Diag::new(
            &codes::EXCLUSIONS_TOO_LONG,
            format!(
                "{} exclusions take {} of the {} SLO window of `{service}.{name}`",
                all.len(),
                taken.to_human(),
                length.to_human(),
            ),
            last.lowered.until,
        )
        .label("together more than a tenth of the SLO window")
        .help("exclude less time, or list only the affected SLOs in `covers`");
        for other in all.iter().rev().skip(1) {
            diagnostic = diagnostic.because(other.lowered.place, "another exclusion");
        }
        found.push(diagnostic);
    }
    found
}

/// Reports two exclusions that apply to an SLO at the same time.
fn overlap(earlier: &Known<'_>, later: &Known<'_>) -> Option<Diag> {
    let own: HashSet<&Slo<'_>> = earlier.slos.iter().collect();
    let shared: Vec<&Slo<'_>> = later.slos.iter().filter(|slo| own.contains(slo)).collect();
    let first = shared.first()?;
    let (one, other) = (earlier.exclusion, later.exclusion);
    let both = other.first_overlap(one).ok()??;
    let slos = match shared.len() {
        1 => format!("affected: SLO `{}.{}`", first.service, first.name),
        count => format!(
            "affected: SLO `{}.{}`, and {} more",
            first.service,
            first.name,
            count - 1
        ),
    };
    Some(
        Diag::new(
            &codes::EXCLUSION_OVERLAP,
            format!(
                "exclusion `{}` overlaps exclusion `{}`",
                other.name, one.name
            ),
            later.lowered.from,
        )
        .label(format!(
            "both apply from {} to {} ({})",
            other.local_text(both.start),
            other.local_text(both.end),
            other.zone
        ))
        .because(earlier.lowered.place, "the other exclusion")
        .note(slos)
        .help("end one of them where the other begins, or let them cover different SLOs"),
    )
}
