//! What a service promises, held against what it depends on and who answers for it.
//!
//! Other items are read field by field, so that only what is compared here reaches a service from them.

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::dependencies::{hard_services, place};
use crate::db::{Diag, ItemKey, Workspace};
use crate::diagnostics::codes;
use crate::eval::{BlockRef, Instance, Value, block_children, block_field, instance};

/// The objective that multiplies along dependencies: a request that fails there fails here. Others, of latency or
/// freshness, have thresholds of their own and do not.
const AVAILABILITY: &str = "availability";

/// A product with more decimals than this is shown rounded down.
const SHOWN_DECIMALS: u32 = 8;

/// What is wrong between a service and the other items that it names.
#[salsa::tracked(returns(ref))]
pub fn service_facts(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Vec<Diag> {
    let evaluated = instance(db, workspace, key, environment.clone());
    let Some(service) = &evaluated.instance else {
        return Vec::new();
    };
    let facts = Facts {
        db,
        workspace,
        environment,
        service,
    };
    let mut found: Vec<Diag> = facts.ceiling().into_iter().collect();
    facts.runbooks(&mut found);
    found
}

struct Facts<'db> {
    db: &'db dyn salsa::Database,
    workspace: Workspace,
    environment: Option<SmolStr>,
    service: &'db Instance,
}

impl Facts<'_> {
    fn field(&self, block: &BlockRef, field: &str) -> Value {
        let environment = self.environment.clone();
        block_field(
            self.db,
            self.workspace,
            block.clone(),
            field.into(),
            environment,
        )
        .unwrap_or(Value::Error)
    }

    fn children(&self, block: &BlockRef, kind: &str) -> Vec<BlockRef> {
        let environment = self.environment.clone();
        block_children(
            self.db,
            self.workspace,
            block.clone(),
            kind.into(),
            environment,
        )
    }

    /// Whether the service's tier sets a field of truth.
    fn tier_says(&self, field: &str) -> bool {
        match self.service.get("tier") {
            Value::Block(tier) => self.field(tier, field) == Value::Bool(true),
            _ => false,
        }
    }

    /// The objective of availability of another service, in percent.
    fn promise_of(&self, service: &BlockRef) -> Option<Decimal> {
        let slos = self.children(service, "slo");
        let slo = slos.iter().find(|slo| slo.name == AVAILABILITY)?;
        match self.field(slo, "objective") {
            Value::Percent(percent) => Some(percent),
            _ => None,
        }
    }

    /// An objective above the product of those of the services that this one cannot work without. One of them that
    /// has no such objective is left out, which only raises the ceiling.
    fn ceiling(&self) -> Option<Diag> {
        let slo = self
            .service
            .children_of("slo")
            .find(|slo| slo.name == AVAILABILITY)?;
        let Value::Percent(objective) = slo.get("objective") else {
            return None;
        };
        let mut ceiling = Decimal::ONE_HUNDRED;
        let mut seen = vec![self.service.head.item];
        let mut promises = Vec::new();
        for (dependency, other) in hard_services(self.service) {
            if seen.contains(&other.item) {
                continue;
            }
            seen.push(other.item);
            if let Some(promise) = self.promise_of(other) {
                ceiling = ceiling
                    .checked_mul(promise)?
                    .checked_div(Decimal::ONE_HUNDRED)?;
                promises.push((dependency, other, promise.normalize()));
            }
        }
        if *objective <= ceiling {
            return None;
        }
        let what = match promises.as_slice() {
            [(_, other, _)] => format!("{}, that of `{}`", shown(ceiling), other.name),
            _ => {
                let factors: Vec<_> = promises
                    .iter()
                    .map(|(_, other, promise)| format!("`{}` {promise}%", other.name))
                    .collect();
                format!("{}, the product of {}", shown(ceiling), and(&factors))
            }
        };
        let mut diagnostic = Diag::new(
            &codes::ABOVE_CEILING,
            format!("an objective of {}% is above {what}", objective.normalize()),
            place(self.service, slo, "objective"),
        )
        .label("more than what it depends on promises");
        for (dependency, other, promise) in promises {
            diagnostic = diagnostic.because(
                place(self.service, dependency, "service"),
                format!("`{}` promises {promise}%", other.name),
            );
        }
        Some(diagnostic.help(
            "promise less, or say `criticality = soft` where the service works without the other",
        ))
    }

    /// Alerts that page without saying what to do, where the tier asks for it. Those that one text makes are told once.
    fn runbooks(&self, found: &mut Vec<Diag>) {
        let service = self.service;
        let known = service.incomplete
            || *service.get("runbook_url") != Value::None
            || service.children_of("runbook").next().is_some()
            || self.workspace.runbooks(self.db);
        if known || !self.tier_says("runbook_expected") {
            return;
        }
        let of_dependencies = service
            .children_of("dependency")
            .flat_map(|dependency| dependency.children_of("alert"));
        let mut seen = Vec::new();
        for alert in service.children_of("alert").chain(of_dependencies) {
            let place = place(service, alert, "severity");
            if !pages(alert)
                || alert.incomplete
                || *alert.get("runbook_url") != Value::None
                || seen.contains(&place)
            {
                continue;
            }
            seen.push(place);
            found.push(
                Diag::new(
                    &codes::NO_RUNBOOK,
                    format!("the alert `{}` of `{}` pages without a runbook", alert.name, service.name),
                    place,
                )
                .label("whoever is woken is not told what to do")
                .help("set `runbook_url` on the alert or the service, write a `runbook` block, or set `runbooks` under `[urls]` in `nth.toml`"),
            );
        }
    }
}

/// Whether a block says that somebody is woken.
fn pages(alert: &Instance) -> bool {
    matches!(alert.get("severity"), Value::Enum(_, member) if member == "page")
}

/// A percentage, exact where it has few decimals, else rounded down so that what is above it looks so too.
fn shown(percent: Decimal) -> String {
    let percent = percent.normalize();
    if percent.scale() <= SHOWN_DECIMALS {
        return format!("{percent}%");
    }
    let rounded = percent.trunc_with_scale(SHOWN_DECIMALS).normalize();
    format!("about {rounded}%")
}

/// `a`, `a and b`, `a, b and c`.
fn and(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rust_decimal::Decimal;

    use super::{and, shown};

    fn percent(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_product_is_exact_or_rounded_down() {
        assert_eq!(shown(percent("99.8500500")), "99.85005%");
        assert_eq!(shown(percent("99.85005001")), "99.85005001%");
        assert_eq!(shown(percent("99.9499999999")), "about 99.94999999%");
    }

    #[test]
    fn items_are_listed_as_one_speaks() {
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(and(&items[..1]), "a");
        assert_eq!(and(&items[..2]), "a and b");
        assert_eq!(and(&items), "a, b and c");
    }
}
