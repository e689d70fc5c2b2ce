//! Lowers composite SLIs: the error ratios of several SLOs as one.

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::buckets::Buckets;
use super::read::{Surroundings, report};
use super::sli;
use crate::codes;
use crate::db::{BlockRef, Diag};
use crate::eval::{Instance, Value, instance};
use crate::schema::names::{field, kind};
use nth_model::composite::Part;
use nth_model::test::SloRef;
use nth_model::{Numerator, Sli};
use nth_promql::{BinaryOp, Expr, build};

/// A composite SLI, with its parts in the order of their declaration.
pub(super) struct Composite {
    /// The combined error ratio, and the events that weigh its slices.
    pub sli: Sli,
    /// The combined SLOs.
    pub parts: Vec<Part>,
}

/// A part with what its SLI says over `$window`.
struct Read {
    part: Part,
    /// The share of its events that are good, or bad.
    share: Share,
    /// The rate of its events.
    total: Option<Expr>,
}

enum Share {
    Good(Expr),
    Bad(Expr),
}

impl Share {
    fn good(self) -> Expr {
        match self {
            Self::Good(share) => share,
            Self::Bad(share) => rest(share),
        }
    }

    fn bad(self) -> Expr {
        match self {
            Self::Bad(share) => share,
            Self::Good(share) => rest(share),
        }
    }
}

/// 1 minus a share.
fn rest(share: Expr) -> Expr {
    build::binary(BinaryOp::Subtract, build::number("1"), share)
}

/// Returns whether the SLI is a composite one.
pub(super) fn is_composite(sli: &Instance) -> bool {
    matches!(sli.variant.as_deref(), Some(kind::ALL_OF | kind::WEIGHTED))
}

/// Lowers a composite SLI; `None` if that is not possible, which is reported here, or where a part is declared.
pub(super) fn lower(
    sli: &Instance,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<Composite> {
    let is_weighted = sli.variant.as_deref() == Some(kind::WEIGHTED);
    let declared: Vec<&Instance> = sli.children_of(kind::PART).collect();
    if declared.len() < 2 {
        let message = match declared.as_slice() {
            [] => "a composite SLI without parts",
            _ => "a composite SLI with a single part",
        };
        let diagnostic = Diag::new(&codes::COMPOSITE_PARTS, message, sli.head)
            .label("expected at least two parts")
            .help("name each SLO: `part payment { slo = payments.availability }`");
        report(sli, diagnostics, diagnostic);
        return None;
    }
    let mut seen: Vec<&BlockRef> = Vec::new();
    let mut read = Vec::new();
    for part in &declared {
        let Value::Block(slo) = part.get(field::SLO) else {
            continue;
        };
        if let Some(fault) = fault(part, slo, &seen, is_weighted) {
            report(part, diagnostics, fault);
            continue;
        }
        seen.push(slo);
        read.extend(read_part(part, slo, is_weighted, surroundings, diagnostics));
    }
    if read.len() < declared.len() {
        return None;
    }
    let total = match sli.get(field::TOTAL) {
        Value::None => read.iter().find_map(|one| one.total.clone()),
        _ => Some(sli::events(sli, field::TOTAL, &[], diagnostics)?),
    };
    let parts: Vec<Part> = read.iter().map(|one| one.part.clone()).collect();
    let ratio = if is_weighted {
        mean(read)?
    } else {
        let good = read.into_iter().map(|one| one.share.good());
        rest(good.reduce(|product, share| build::binary(BinaryOp::Multiply, product, share))?)
    };
    Some(Composite {
        sli: Sli::ErrorRatio { ratio, total },
        parts,
    })
}

/// The mean of the bad shares, by weight.
fn mean(parts: Vec<Read>) -> Option<Expr> {
    let number = |value: Decimal| build::number(nth_model::number::decimal_text(value));
    let mut weights = Decimal::ZERO;
    let mut sum: Option<Expr> = None;
    for one in parts {
        let weight = one.part.weight?;
        weights = weights.checked_add(weight)?;
        let bad = one.share.bad();
        let weighed = if weight == Decimal::ONE {
            bad
        } else {
            build::binary(BinaryOp::Multiply, number(weight), bad)
        };
        sum = Some(match sum {
            Some(sum) => build::binary(BinaryOp::Add, sum, weighed),
            None => weighed,
        });
    }
    Some(build::binary(BinaryOp::Divide, sum?, number(weights)))
}

/// Diagnostic about a part that repeats another or has a weight without effect.
fn fault(part: &Instance, slo: &BlockRef, seen: &[&BlockRef], is_weighted: bool) -> Option<Diag> {
    if seen.contains(&slo) {
        return Some(
            Diag::new(
                &codes::COMPOSITE_PARTS,
                format!("SLO `{}` is two parts of a composite SLI", slo.name),
                part.span_of(field::SLO),
            )
            .help("remove one of the parts; in `weighted`, set `weight = 2` to count it twice"),
        );
    }
    (!is_weighted && *part.get(field::WEIGHT) != Value::None).then(|| {
        Diag::new(
            &codes::COMPOSITE_PARTS,
            "`weight` has no effect in `all-of`: every part must be good",
            part.span_of(field::WEIGHT),
        )
        .help("remove it, or write `sli : weighted`")
    })
}

/// Reads the SLI of a part; `None` if it has errors, which are reported where it is declared, or cannot be combined.
fn read_part(
    part: &Instance,
    named: &BlockRef,
    is_weighted: bool,
    surroundings: &Surroundings<'_>,
    diagnostics: &mut Vec<Diag>,
) -> Option<Read> {
    let environment = surroundings.environment.cloned();
    let evaluated = instance(
        surroundings.db,
        surroundings.workspace,
        named.item,
        environment.clone(),
    );
    let service = evaluated.instance.as_ref()?;
    let slo = service
        .children_of(kind::SLO)
        .find(|slo| slo.name == named.name)?;
    let sli = slo.children_of(kind::SLI).next()?;
    let buckets = Buckets::new(
        surroundings.db,
        surroundings.workspace,
        environment,
        service,
    );
    let lowered = if is_composite(sli) {
        None
    } else {
        // Its diagnostics are those of its own service.
        Some(sli::lower(slo, sli, &[], &buckets, &mut Vec::new())?)
    };
    let (share, total) = match lowered {
        Some(Sli::Events {
            numerator,
            total,
            bucket,
            ..
        }) => (share(numerator, &total, bucket.is_some()), Some(total)),
        Some(Sli::ErrorRatio { ratio, total }) => (Share::Bad(ratio), total),
        other => {
            let what = match other {
                None => "is a composite SLO itself",
                Some(_) => "counts time slices, which have no ratio over a window of events",
            };
            let help = match other {
                None => format!("name the parts of `{}` instead", named.name),
                Some(_) => {
                    "combine SLOs that count events, or write its ratio in an `error-ratio` SLI"
                        .to_owned()
                }
            };
            let diagnostic = Diag::new(
                &codes::COMPOSITE_PARTS,
                format!("SLO `{}` cannot be a part: it {what}", named.name),
                part.span_of(field::SLO),
            )
            .help(help);
            report(part, diagnostics, diagnostic);
            return None;
        }
    };
    let weight = match part.get(field::WEIGHT) {
        Value::Number(weight) => weight.normalize(),
        _ => Decimal::ONE,
    };
    let Value::Percent(objective) = slo.get(field::OBJECTIVE) else {
        return None;
    };
    Some(Read {
        part: Part {
            slo: SloRef {
                service: service.name.clone(),
                slo: slo.name.clone(),
                group: std::collections::BTreeMap::new(),
            },
            weight: is_weighted.then_some(weight),
            objective: objective.checked_div(Decimal::ONE_HUNDRED)?.normalize(),
        },
        share,
        total,
    })
}

/// The share of events that are good or bad. Without events it has no sample.
fn share(numerator: Numerator, total: &Expr, has_bucket: bool) -> Share {
    let or_zero = |expr| build::binary(BinaryOp::Or, expr, build::vector("0"));
    let all = build::binary(BinaryOp::Greater, total.clone(), build::number("0"));
    let of_all = |part| build::binary(BinaryOp::Divide, part, all.clone());
    match numerator {
        Numerator::Bad(bad) => Share::Bad(of_all(or_zero(bad))),
        // A histogram has its buckets whenever it has events.
        Numerator::Good(good) if has_bucket => Share::Good(of_all(good)),
        Numerator::Good(good) => Share::Good(of_all(or_zero(good))),
    }
}

/// Diagnostic about an objective above what the parts allow if each just meets its own.
pub(super) fn above_ceiling(
    slo: &Instance,
    sli: &Instance,
    objective: Decimal,
    parts: &[Part],
) -> Option<Diag> {
    let ceiling = nth_model::composite::ceiling(parts)?;
    if objective <= ceiling {
        return None;
    }
    let percent = |share: Decimal| (share * Decimal::ONE_HUNDRED).normalize();
    let factors: Vec<String> = parts
        .iter()
        .map(|part| {
            let SloRef { service, slo, .. } = &part.slo;
            format!("`{service}.{slo}` has {}%", percent(part.objective))
        })
        .collect();
    let how = match parts.first().and_then(|part| part.weight) {
        None => "product",
        Some(_) => "mean",
    };
    let ceiling =
        percent(ceiling.round_dp_with_strategy(8, rust_decimal::RoundingStrategy::ToZero));
    let mut diagnostic = Diag::new(
        &codes::ABOVE_CEILING,
        format!(
            "an objective of {}% is above {ceiling}%, the {how} of its parts' objectives: {}",
            percent(objective),
            nth_diagnostics::text::list(&factors, "and")
        ),
        slo.place_of(slo, slo.span_of(field::OBJECTIVE)),
    )
    .label("higher than its parts allow");
    for part in sli.children_of(kind::PART) {
        diagnostic = diagnostic.because(slo.place_of(part, part.span_of(field::SLO)), "a part");
    }
    Some(diagnostic.help("lower it, or raise the objectives of the parts"))
}

/// Diagnostic about groups of a composite SLO: its parts are counted together, so nothing distinguishes them.
pub(super) fn grouped(slo: &Instance) -> Option<Diag> {
    let Value::List(labels) = slo.get(field::BY) else {
        return None;
    };
    (!labels.is_empty()).then(|| {
        Diag::new(
            &codes::COMPOSITE_PARTS,
            "a composite SLO cannot be grouped",
            slo.span_of(field::BY),
        )
        .label("the events of all groups of its parts are counted together")
        .help("remove `by`, or group the SLOs of the parts instead")
    })
}

/// Diagnostic about a `part` in an SLI that is not a composite one.
pub(super) fn stray_part(sli: &Instance) -> Option<Diag> {
    let part = sli.children_of(kind::PART).next()?;
    let variant: SmolStr = sli.variant.clone().unwrap_or_default();
    Some(
        Diag::new(
            &codes::COMPOSITE_PARTS,
            format!("`part` is not allowed in an SLI of the variant `{variant}`"),
            part.head,
        )
        .help("write `sli : all-of` or `sli : weighted`"),
    )
}
