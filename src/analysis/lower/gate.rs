//! Lowers gates: typed conditions become trees of facts, limits and times.

mod facts;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::burn_rates;
use super::calendar::{self, Times};
use super::read::{Surroundings, block_name, duration, member, report, text};
use crate::codes;
use crate::db::{Diag, Span, item_name};
use crate::eval::{BlockRef, Call, CallArg, Instance, Runtime, Value};
use crate::schema::names::{field, kind};
use nth_diagnostics::suggest;
use nth_model::gate::{
    Comparison, Condition, Effect, Fact, Gate, Objective, Operand, Override, PromisedBy, Rule,
};
use nth_model::{self as ir, PolicyForm, burn_rate};
use nth_policy as policy;
use nth_syntax::tree::{BinaryOp, UnaryOp};

/// The shortest window over which an error ratio is recorded in addition to the windows of an objective's alerts.
const LEAST_WINDOW: ir::Duration = ir::Duration::minutes(5);

/// The longest time over which deployments and incidents are counted.
const LONGEST_COUNT: ir::Duration = ir::Duration::days(90);

/// The name of the gate of a service that declares none.
const DEFAULT: &str = "default";

/// Lowers the gates of a service, or the default gate of its tier if it declares none. Adds the windows of their burn rates to
/// the objectives, which record them.
pub(super) fn lower(
    service: &Instance,
    surroundings: &Surroundings<'_>,
    slos: &mut [ir::Slo],
    diagnostics: &mut Vec<Diag>,
) -> Vec<Gate> {
    let mut declared = service.children_of(kind::GATE).peekable();
    if declared.peek().is_none() {
        return default_gate(service, surroundings, slos)
            .into_iter()
            .collect();
    }
    let mut lowering = Lowering {
        service,
        surroundings,
        slos,
        windows: Vec::new(),
        diagnostics,
    };
    let gates = declared.map(|gate| lowering.gate(gate)).collect();
    let windows = lowering.windows;
    for (slo, window) in windows {
        if let Some(slo) = slos.iter_mut().find(|known| known.name == slo)
            && !slo.gate_windows.contains(&window)
        {
            slo.gate_windows.push(window);
            slo.gate_windows.sort();
        }
    }
    gates
}

/// The gate that follows from the tier's fields about error budgets, with rules for each objective.
fn default_gate(
    service: &Instance,
    surroundings: &Surroundings<'_>,
    slos: &[ir::Slo],
) -> Option<Gate> {
    let Value::Block(tier) = service.get(field::TIER) else {
        return None;
    };
    let share = |field: &str| match surroundings.field(tier, field) {
        Some(Value::Percent(percent)) => Some(ratio(percent)),
        _ => None,
    };
    let limits = [
        (Effect::Deny, "spent", share(field::GATE_DENIES_BELOW)),
        (Effect::Warn, "low", share(field::GATE_WARNS_BELOW)),
    ];
    let mut rules = Vec::new();
    for (effect, word, limit) in limits {
        let Some(limit) = limit else { continue };
        for slo in slos {
            rules.push(Rule {
                name: format!("{}-{word}", slo.name).into(),
                effect,
                when: Condition::Compare(
                    Operand::Fact(Fact::Budget(objective_of(service, slo))),
                    Comparison::Less,
                    Operand::Limit(limit),
                ),
                description: None,
            });
        }
    }
    (!rules.is_empty()).then(|| Gate {
        name: DEFAULT.into(),
        description: Some(format!("Required by tier {}.", tier.name)),
        holds_without_data: true,
        dry_run: false,
        rules,
        overrides: Vec::new(),
    })
}

fn objective_of(service: &Instance, slo: &ir::Slo) -> Objective {
    Objective {
        service: service.name.clone(),
        slo: slo.name.clone(),
        objective: slo.objective,
        window: slo.window,
        calendar: slo.calendar.as_ref().map(|calendar| calendar.unit),
        by: slo.by().to_vec(),
        contract: None,
    }
}

/// What a contract of an SLO promises.
fn promise_of(service: &Instance, slo: &ir::Slo, contract: &ir::Contract) -> Objective {
    Objective {
        contract: Some(Box::new(PromisedBy {
            name: contract.name.clone(),
            shares_window: contract.has_window_of(slo),
            slo_objective: slo.objective,
        })),
        ..objective_of(service, &contract.as_slo(slo))
    }
}

/// Converts a percentage to a ratio.
fn ratio(percent: Decimal) -> Decimal {
    (percent / Decimal::ONE_HUNDRED).normalize()
}

/// The state of lowering a service's gates.
struct Lowering<'a> {
    service: &'a Instance,
    surroundings: &'a Surroundings<'a>,
    slos: &'a [ir::Slo],
    /// The windows of burn rates of the service's own objectives.
    windows: Vec<(SmolStr, ir::Duration)>,
    diagnostics: &'a mut Vec<Diag>,
}

/// One side of a comparison: one operand, or the minimum of several.
struct Operands(Vec<Operand>);

impl Lowering<'_> {
    fn gate(&mut self, gate: &Instance) -> Gate {
        let of = |kind| gate.children_of(kind);
        let denies = of(kind::DENY).map(|block| (block, Effect::Deny));
        let warns = of(kind::WARN).map(|block| (block, Effect::Warn));
        let rules: Vec<Rule> = denies
            .chain(warns)
            .filter_map(|(block, effect)| {
                Some(Rule {
                    name: block.name.clone(),
                    effect,
                    when: self.condition(block.get(field::WHEN), block)?,
                    description: described(block),
                })
            })
            .collect();
        let overrides = of(kind::OVERRIDE)
            .filter_map(|block| self.overriding(gate, block))
            .collect();
        Gate {
            name: gate.name.clone(),
            description: described(gate),
            holds_without_data: member(gate.get(field::ON_NO_DATA))
                .is_none_or(|chosen| chosen == "deny"),
            dry_run: matches!(gate.get(field::DRY_RUN), Value::Bool(true)),
            rules,
            overrides,
        }
    }

    fn overriding(&mut self, gate: &Instance, block: &Instance) -> Option<Override> {
        let denies: Vec<&str> = gate
            .children_of(kind::DENY)
            .map(|deny| deny.name.as_str())
            .collect();
        if !denies.contains(&block.name.as_str()) {
            let mut diagnostic = Diag::new(
                &codes::GATE_OVERRIDE,
                format!(
                    "override `{}` matches no `deny` in gate `{}`",
                    gate.name, block.name
                ),
                block.head,
            )
            .label("has no effect");
            diagnostic = match suggest::nearest(&block.name, denies.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `override {near}`?")),
                None => diagnostic.help("name the override after the `deny` that it bypasses"),
            };
            report(block, self.diagnostics, diagnostic);
            return None;
        }
        overriding(block)
    }

    /// Reports a diagnostic about a condition.
    fn wrong(&mut self, block: &Instance, diagnostic: Diag) {
        report(block, self.diagnostics, diagnostic);
    }

    /// Lowers a condition; `None` if it has an error.
    fn condition(&mut self, value: &Value, block: &Instance) -> Option<Condition> {
        match value {
            Value::Bool(known) => Some(Condition::Constant(*known)),
            Value::List(items) => Some(Condition::Constant(!items.is_empty())),
            Value::Runtime(Runtime::Unary(UnaryOp::Not, inner), _) => {
                Some(Condition::Not(Box::new(self.condition(inner, block)?)))
            }
            Value::Runtime(Runtime::Binary(op, left, right, span), _) => {
                self.joined(*op, left, right, *span, block)
            }
            Value::Runtime(Runtime::Call(call), _) => self.calendar(call, block),
            _ => None,
        }
    }

    fn joined(
        &mut self,
        op: BinaryOp,
        left: &Value,
        right: &Value,
        span: Span,
        block: &Instance,
    ) -> Option<Condition> {
        let comparison = match op {
            BinaryOp::And | BinaryOp::Or => {
                // Lower both sides first, to report the errors of both.
                let (left, right) = (self.condition(left, block), self.condition(right, block));
                let (left, right) = (left?, right?);
                let mut parts = Vec::new();
                for part in [left, right] {
                    match (op, part) {
                        (BinaryOp::And, Condition::All(inner))
                        | (BinaryOp::Or, Condition::Any(inner)) => parts.extend(inner),
                        (_, part) => parts.push(part),
                    }
                }
                return Some(if op == BinaryOp::And {
                    Condition::All(parts)
                } else {
                    Condition::Any(parts)
                });
            }
            BinaryOp::Less => Comparison::Less,
            BinaryOp::LessOrEqual => Comparison::LessOrEqual,
            BinaryOp::Greater => Comparison::Greater,
            BinaryOp::GreaterOrEqual => Comparison::GreaterOrEqual,
            BinaryOp::Equal => Comparison::Equal,
            BinaryOp::NotEqual => Comparison::NotEqual,
            _ => {
                self.computes(span, block);
                return None;
            }
        };
        let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if is_equality && is_truth(left) && is_truth(right) {
            let (left, right) = (self.condition(left, block)?, self.condition(right, block)?);
            let not = |condition: &Condition| Condition::Not(Box::new(condition.clone()));
            let alike = Condition::Any(vec![
                Condition::All(vec![left.clone(), right.clone()]),
                Condition::All(vec![not(&left), not(&right)]),
            ]);
            return Some(match comparison {
                Comparison::Equal => alike,
                _ => not(&alike),
            });
        }
        let (left, right) = (self.operand(left, block), self.operand(right, block));
        let (Operands(left), Operands(right)) = (left?, right?);
        let counts = |operands: &[Operand]| {
            operands.iter().all(|operand| match operand {
                Operand::Fact(fact) => fact.is_count(),
                Operand::Limit(_) => true,
            })
        };
        if is_equality && !(counts(&left) && counts(&right)) {
            let diagnostic = Diag::new(
                &codes::GATE_COMPUTES,
                "equality is not supported on measured values",
                span,
            )
            .help("compare with `<`, `<=`, `>` or `>=`");
            self.wrong(block, diagnostic);
            return None;
        }
        Some(least(&left, comparison, &right))
    }

    fn computes(&mut self, span: Span, block: &Instance) {
        let diagnostic = Diag::new(
            &codes::GATE_COMPUTES,
            "gate conditions can compare measured values but not compute with them",
            span,
        )
        .help("compare each measured value with a limit or another one, and join comparisons with `and` \
            and `or`");
        self.wrong(block, diagnostic);
    }

    fn operand(&mut self, value: &Value, block: &Instance) -> Option<Operands> {
        let limit = |number: Decimal| Some(Operands(vec![Operand::Limit(number.normalize())]));
        match value {
            Value::Number(number) => limit(*number),
            Value::Percent(percent) => limit(ratio(*percent)),
            Value::Duration(milliseconds) => limit(ir::Duration(*milliseconds).as_seconds()),
            Value::Runtime(Runtime::Call(call), _) => self.measured(call, block),
            Value::Runtime(Runtime::Binary(_, _, _, span), _) => {
                self.computes(*span, block);
                None
            }
            Value::Runtime(Runtime::Unary(..), _) => {
                self.computes(block.span_of(field::WHEN), block);
                None
            }
            _ => None,
        }
    }

    /// Lowers a call to the operands that it measures.
    fn measured(&mut self, call: &Call, block: &Instance) -> Option<Operands> {
        let over = || argument(call, "over").and_then(|arg| duration(&arg.value));
        let fact = match call.function.as_str() {
            "budget" => Fact::Budget(self.objective(call)?),
            "budget_time" => Fact::BudgetTime(self.objective(call)?),
            "burn" => self.burn(call, over()?, block)?,
            "dependency_budget" => return self.dependency_budget(call, block),
            "firing" => {
                let value = &argument(call, "severity")?.value;
                let severity = self.surroundings.severity(value)?;
                if severity.pages() {
                    let counted = format!("firing({})", severity.name());
                    self.warn_of_pages(&counted, call, block);
                }
                Fact::Firing(severity)
            }
            "incidents" => {
                self.warn_of_pages("incidents", call, block);
                Fact::Incidents(self.count_fact(call, over()?, block)?)
            }
            "deploy_age" => {
                self.deployed(call, block)?;
                Fact::DeployAge
            }
            "deploys" => {
                self.deployed(call, block)?;
                Fact::Deploys(self.count_fact(call, over()?, block)?)
            }
            "dependents" => Fact::Dependents,
            _ => return None,
        };
        Some(Operands(vec![Operand::Fact(fact)]))
    }

    /// Returns the objective that a call names, in this service or another one.
    fn objective(&self, call: &Call) -> Option<Objective> {
        match &argument(call, "slo")?.value {
            Value::Block(contract) if contract.kind == kind::CONTRACT => self.promise_at(contract),
            Value::Block(slo) => self.objective_at(slo),
            _ => None,
        }
    }

    /// Returns what a contract promises, of this service or another one.
    fn promise_at(&self, block: &BlockRef) -> Option<Objective> {
        let (_, above) = block.path.split_last()?;
        let (slo_kind, slo_name) = above.last()?;
        if block.item == self.service.head.item {
            let slo = self.slos.iter().find(|slo| slo.name == *slo_name)?;
            let mut contracts = slo.contracts.iter();
            let contract = contracts.find(|contract| contract.name == block.name)?;
            return Some(promise_of(self.service, slo, contract));
        }
        let of = BlockRef {
            item: block.item,
            path: above.to_vec(),
            kind: slo_kind.clone(),
            name: slo_name.clone(),
        };
        let slo = self.objective_at(&of)?;
        let field = |name| self.surroundings.field(block, name);
        let Value::Percent(percent) = field(field::OBJECTIVE)? else {
            return None;
        };
        let (window, calendar) = match (field(field::WINDOW), field(field::CALENDAR)) {
            (_, Some(Value::Enum(_, unit))) => {
                let unit = ir::CalendarUnit::named(&unit)?;
                (unit.nominal(), Some(unit))
            }
            (Some(Value::Duration(window)), _) => (ir::Duration(window), None),
            _ => (slo.window, slo.calendar),
        };
        let zone = |block: &BlockRef| {
            let zone = self.surroundings.field(block, field::ZONE);
            zone.as_ref().and_then(text)
        };
        let inherited = zone(&of).unwrap_or_else(|| "UTC".to_owned());
        let has_zone_of_slo = zone(block).is_none_or(|zone| zone == inherited);
        Some(Objective {
            contract: Some(Box::new(PromisedBy {
                name: block.name.clone(),
                shares_window: (window, calendar) == (slo.window, slo.calendar) && has_zone_of_slo,
                slo_objective: slo.objective,
            })),
            objective: ratio(percent),
            window,
            calendar,
            ..slo
        })
    }

    fn objective_at(&self, block: &BlockRef) -> Option<Objective> {
        if block.item == self.service.head.item {
            let slo = self.slos.iter().find(|slo| slo.name == block.name)?;
            return Some(objective_of(self.service, slo));
        }
        let field = |name| self.surroundings.field(block, name);
        let Value::Percent(percent) = field(field::OBJECTIVE)? else {
            return None;
        };
        let (window, calendar) = match field(field::CALENDAR) {
            Some(Value::Enum(_, unit)) => {
                let unit = ir::CalendarUnit::named(&unit)?;
                (unit.nominal(), Some(unit))
            }
            _ => match field(field::WINDOW)? {
                Value::Duration(window) => (ir::Duration(window), None),
                _ => return None,
            },
        };
        Some(Objective {
            service: item_name(self.surroundings.db, block.item),
            slo: block.name.clone(),
            objective: ratio(percent),
            window,
            calendar,
            by: match field(field::BY) {
                Some(Value::List(names)) => names.iter().filter_map(Value::show).collect(),
                _ => Vec::new(),
            },
            contract: None,
        })
    }

    /// Lowers a calendar condition.
    fn calendar(&mut self, call: &Call, block: &Instance) -> Option<Condition> {
        let value = |name: &str| argument(call, name).map(|arg| &arg.value);
        let zone = text(value("zone")?)?;
        let times = match call.function.as_str() {
            "frozen" => {
                let day = |name: &str| -> Option<Date> { text(value(name)?)?.parse().ok() };
                calendar::dates(day("from")?, day("to")?, zone)
            }
            "weekday" => Ok(calendar::weekdays(zone)),
            "business_hours" => Ok(calendar::business_hours(zone)),
            "between" => {
                let (Value::TimeOfWeek(from), Value::TimeOfWeek(to)) =
                    (value("from")?, value("to")?)
                else {
                    return None;
                };
                calendar::between(*from, *to, zone)
            }
            _ => return None,
        };
        match times {
            Ok(Times { condition, in_utc }) => {
                let forms = self
                    .surroundings
                    .workspace
                    .policy_forms(self.surroundings.db);
                if !in_utc && forms.contains(&PolicyForm::ArgoRollouts) {
                    let diagnostic = Diag::new(
                        &codes::GATE_FORM,
                        format!(
                            "output format `{}` does not support times of the week in a zone other than \
                            UTC",
                            PolicyForm::ArgoRollouts.name()
                        ),
                        place(call, "zone"),
                    )
                    .label("PromQL has no time zones")
                    .help("write it in UTC, or remove the format from `forms` under `[policy]` in \
                        `nth.toml`");
                    self.wrong(block, diagnostic);
                    return None;
                }
                Some(condition)
            }
            Err(problem) => {
                let diagnostic = Diag::new(&codes::GATE_TIMES, problem.message, place(call, "to"))
                    .label(problem.label)
                    .help(problem.help);
                self.wrong(block, diagnostic);
                None
            }
        }
    }
}

fn argument<'a>(call: &'a Call, name: &str) -> Option<&'a CallArg> {
    call.args.iter().find(|arg| arg.name == name)
}

/// The place of an argument, or of the call if the argument is not set.
fn place(call: &Call, name: &str) -> Span {
    argument(call, name).map_or(call.span, |arg| arg.span)
}

/// Iterates over the overrides of a service's gates, with the time of expiry and the diagnostic to report from then on.
pub fn expiring_overrides(service: &Instance) -> impl Iterator<Item = (Timestamp, Diag)> {
    let gates = service.children_of(kind::GATE);
    gates.flat_map(move |gate| {
        gate.children_of(kind::OVERRIDE).filter_map(move |block| {
            let known = overriding(block)?;
            gate.children_of(kind::DENY)
                .find(|deny| deny.name == known.deny)?;
            let end = policy::override_end(known.until, &known.zone).ok()?;
            let diagnostic = Diag::new(
                &codes::GATE_OVERRIDE_EXPIRED,
                format!(
                    "the override of `{}` by {} has expired",
                    known.deny, known.by
                ),
                service.place_of(block, block.span_of(field::UNTIL)),
            )
            .label(format!("ended at the end of this day in {}", known.zone))
            .help("remove the override, or set a later `until` to keep bypassing the deny");
            Some((end, diagnostic))
        })
    })
}

/// Lowers an override.
fn overriding(block: &Instance) -> Option<Override> {
    Some(Override {
        deny: block.name.clone(),
        by: text(block.get(field::BY))?,
        until: text(block.get(field::UNTIL))?.parse().ok()?,
        zone: text(block.get(field::ZONE))?,
        reason: text(block.get(field::REASON))?,
    })
}

fn is_truth(value: &Value) -> bool {
    matches!(
        value,
        Value::Bool(_) | Value::Runtime(_, crate::schema::Ty::Bool)
    )
}

fn described(block: &Instance) -> Option<String> {
    text(block.get(field::DESCRIPTION))
        .or_else(|| block.doc.as_ref().map(|doc| doc.trim().to_owned()))
}

/// Expresses a comparison of two minimums as comparisons of each pair of operands.
fn least(left: &[Operand], comparison: Comparison, right: &[Operand]) -> Condition {
    // A minimum is below a limit if any operand is, and above it if all are.
    let below = matches!(comparison, Comparison::Less | Comparison::LessOrEqual);
    let join = |mut parts: Vec<Condition>, any: bool| match (parts.len(), any) {
        (1, _) => parts.swap_remove(0),
        (_, true) => Condition::Any(parts),
        (_, false) => Condition::All(parts),
    };
    let of_left = |left: &Operand| {
        let parts = right
            .iter()
            .map(|right| Condition::Compare(left.clone(), comparison, right.clone()))
            .collect();
        join(parts, !below)
    };
    join(left.iter().map(of_left).collect(), below)
}
