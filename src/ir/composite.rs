//! Composite SLOs: several SLOs as one.

use rust_decimal::Decimal;

use super::test::SloRef;

/// A part of a composite SLO.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Part {
    /// The SLO whose SLI is combined with those of the other parts.
    pub slo: SloRef,
    /// Its weight in the mean; `None` where every part must be good.
    pub weight: Option<Decimal>,
    /// Its own objective, between 0 and 1.
    pub objective: Decimal,
}

impl Part {
    /// The SLO with its service, as sources name it: `checkout.availability`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.slo.service, self.slo.slo)
    }
}

/// The objective that a composite SLO has if each part just meets its own: the product of the parts' objectives if all must be
/// good, as for independent failures, or else their mean by weight. `None` without parts, or if it has too many digits.
pub fn ceiling(parts: &[Part]) -> Option<Decimal> {
    let mut product = Decimal::ONE;
    let mut sum = Decimal::ZERO;
    let mut weights = Decimal::ZERO;
    for part in parts {
        match part.weight {
            None => product = product.checked_mul(part.objective)?,
            Some(weight) => {
                sum = sum.checked_add(weight.checked_mul(part.objective)?)?;
                weights = weights.checked_add(weight)?;
            }
        }
    }
    match (parts, weights.is_zero()) {
        ([], _) => None,
        (_, true) => Some(product),
        (_, false) => sum.checked_div(weights),
    }
}
