//! Inlay hints for what a block has without setting it.

use nthc::eval::{BlockRef, Value};
use nthc::ir::Duration;
use nthc::schema::names::{field, kind};
use nthc::syntax::tree::{Block, Expr, Statement};
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::{Hint, HintSettings};
use crate::features::hover::{budget_time, chosen_metric, find_signal};
use crate::features::human;
use crate::features::source::{Differing, Placed, Source, inner_environment};

/// Adds the hints of a block, without those of nested blocks.
pub fn hints(
    source: &Source<'_>,
    placed: &Placed<'_>,
    block: &Block,
    settings: &HintSettings,
    out: &mut Vec<Hint>,
) {
    let notes = source.notes(placed.key);
    let reference = notes
        .bodies
        .iter()
        .find(|body| body.range == block.body.range && body.kind == block.kind.text)
        .and_then(|body| body.block.as_ref());
    let Some(reference) = reference else { return };
    let here = Here {
        source,
        placed,
        block,
        reference,
        environment: inner_environment(&placed.item.node, block.range.start),
    };
    match block.kind.text.as_str() {
        kind::SLO => here.objective(settings, out),
        kind::SIGNAL if settings.signals => here.signal(out),
        kind::SERVICE if settings.defaults => here.default_of(field::TIER, out),
        kind::ALERT if settings.defaults => here.alert(out),
        _ => {}
    }
}

struct Here<'a, 's> {
    source: &'a Source<'s>,
    placed: &'a Placed<'s>,
    block: &'a Block,
    reference: &'a BlockRef,
    /// The environment of the `in` block around it.
    environment: Option<SmolStr>,
}

impl Here<'_, '_> {
    /// The value that the block's own body sets for a field.
    fn own_field(&self, field: &str) -> Option<&Expr> {
        let mut set = self.block.body.statements.iter().rev();
        set.find_map(|statement| match statement {
            Statement::Field(found) if found.name.text == field => Some(&found.value),
            _ => None,
        })
    }

    /// Evaluates `ask` in the environment that the block is for, or in all.
    fn evaluate<T: PartialEq>(
        &self,
        question: impl Fn(&Option<SmolStr>) -> Option<T>,
    ) -> Differing<T> {
        match &self.environment {
            Some(_) => question(&self.environment)
                .map(|answer| (Vec::new(), answer))
                .into_iter()
                .collect(),
            None => self.source.everywhere(question),
        }
    }

    fn field(&self, field: &str, environment: &Option<SmolStr>) -> Option<&Value> {
        let instance = self.source.instance(self.reference, environment)?;
        Some(instance.get(field))
    }

    fn window(&self, environment: &Option<SmolStr>) -> Option<Duration> {
        match self.field(field::WINDOW, environment)? {
            Value::Duration(milliseconds) => Some(Duration(*milliseconds)),
            _ => None,
        }
    }

    /// Adds a hint after the block's head.
    fn behind_head(&self, found: Differing<String>, out: &mut Vec<Hint>) {
        let head = self.placed.absolute(self.block.head);
        let about = self
            .block
            .name
            .as_ref()
            .map_or(head, |name| self.placed.absolute(name.range));
        if let Some(label) = join_environments(found) {
            out.push(Hint {
                at: head.end,
                label,
                is_parameter: false,
                about: about.start,
            });
        }
    }

    /// Adds "budget 21m36s" after an objective, or the objective itself after the head of a block that inherits it.
    fn objective(&self, settings: &HintSettings, out: &mut Vec<Hint>) {
        let is_own_window = self.own_field(field::WINDOW).is_some();
        let leaves = |percent: Decimal, environment: &Option<SmolStr>| {
            let window = self.window(environment)?;
            let mut words = Vec::new();
            if settings.window && !is_own_window {
                words.push(format!("over {}", human::duration(window)));
            }
            if settings.budget {
                let time = budget_time(percent, window)?;
                words.push(format!("budget {}", human::duration(time)));
            }
            (!words.is_empty()).then(|| words.join(" "))
        };
        match self.own_field(field::OBJECTIVE) {
            Some(expr) => {
                let values = &self.source.notes(self.placed.key).values;
                let place = values.iter().find(|value| value.range == expr.range);
                let Some(Value::Percent(percent)) = place.map(|place| &place.value) else {
                    return;
                };
                let found = self.evaluate(|environment| leaves(*percent, environment));
                let range = self.placed.absolute(expr.range);
                if let Some(label) = join_environments(found) {
                    out.push(Hint {
                        at: range.end,
                        label,
                        is_parameter: false,
                        about: range.start,
                    });
                }
            }
            None if settings.defaults => {
                let found = self.evaluate(|environment| {
                    let Value::Percent(percent) = self.field(field::OBJECTIVE, environment)? else {
                        return None;
                    };
                    let mut words = human::percent(*percent);
                    if let Some(leaves) = leaves(*percent, environment) {
                        words = format!("{words} {leaves}");
                    }
                    Some(words)
                });
                self.behind_head(found, out);
            }
            None => {}
        }
    }

    fn signal(&self, out: &mut Vec<Hint>) {
        let found = self.evaluate(|environment| {
            let signal = find_signal(self.source, self.reference, environment)?;
            Some(match signal.resolution {
                nthc::ir::Resolution::Missing => "no metric".to_owned(),
                nthc::ir::Resolution::Found(_) | nthc::ir::Resolution::Unknown(_) => {
                    format!("= {}", chosen_metric(signal)?)
                }
            })
        });
        self.behind_head(found, out);
    }

    /// Adds the value of a field that the body does not set.
    fn default_of(&self, field: &str, out: &mut Vec<Hint>) {
        if self.own_field(field).is_some() {
            return;
        }
        let found = self.evaluate(|environment| {
            let shown = self.field(field, environment)?.show()?;
            Some(format!("{field} = {shown}"))
        });
        self.behind_head(found, out);
    }

    /// Adds "ticket, for 15m": severity and hold time of an alert, unless its body sets them.
    fn alert(&self, out: &mut Vec<Hint>) {
        let name = match self.reference.path.as_slice() {
            [(_, dependency), _] => format!("{dependency}-{}", self.reference.name),
            _ => self.reference.name.to_string(),
        };
        let found = self.evaluate(|environment| {
            let service = self.source.service(self.reference.item, environment)?;
            let mut alerts = service.alerts.iter();
            let alert = alerts.find(|alert| alert.name == name.as_str())?;
            let mut words = Vec::new();
            if self.own_field(field::SEVERITY).is_none() {
                words.push(alert.severity.name().to_owned());
            }
            if self.own_field(field::FOR).is_none() {
                words.push(format!("for {}", human::duration(alert.hold())));
            }
            (!words.is_empty()).then(|| words.join(", "))
        });
        self.behind_head(found, out);
    }
}

/// Values per environment, with their names: "99.9%, staging: 98.5%".
fn join_environments(found: Differing<String>) -> Option<String> {
    let words = found.into_iter().map(|(environments, words)| {
        if environments.is_empty() {
            words
        } else {
            format!("{}: {words}", environments.join(", "))
        }
    });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join("; "))
}
