//! Lowers the facts of conditions: burn rates, counts, deployments and the budgets of dependencies.

use super::*;
use crate::environment::instead_of_pages;
use crate::schema::names::{field, kind};

impl Lowering<'_> {
    pub(super) fn burn(
        &mut self,
        call: &Call,
        over: ir::Duration,
        block: &Instance,
    ) -> Option<Fact> {
        let objective = self.objective(call)?;
        let Value::Block(slo) = &argument(call, "slo")?.value else {
            return None;
        };
        let is_own = objective.service == self.service.name;
        let recorded = self.recorded(slo, &objective);
        let problem = if recorded.contains(&over) {
            None
        } else if over > objective.window {
            let period = objective.window.to_human();
            Some(format!(
                "`{}` has an error budget over {period}, not over {}",
                objective.slo,
                over.to_human()
            ))
        } else if over < self.least_window() {
            Some(format!("no recording rule covers {}", over.to_human()))
        } else if is_own {
            None
        } else {
            Some(format!(
                "no recording rule of `{}.{}` covers {}",
                objective.service,
                objective.slo,
                over.to_human()
            ))
        };
        if let Some(problem) = problem {
            let windows: Vec<String> = recorded.iter().map(|window| window.to_human()).collect();
            let help = if is_own {
                format!(
                    "use {} to {}",
                    self.least_window().to_human(),
                    objective.window.to_human()
                )
            } else {
                format!(
                    "use a window that the rules of `{}` record: {}",
                    objective.service,
                    windows.join(", ")
                )
            };
            let diagnostic =
                Diag::new(&codes::GATE_WINDOW, problem, place(call, "over")).help(help);
            self.wrong(block, diagnostic);
            return None;
        }
        if is_own {
            self.windows.push((objective.slo.clone(), over));
        }
        Some(Fact::Burn(objective, over))
    }

    /// Returns the shortest window over which an error ratio is recorded.
    fn least_window(&self) -> ir::Duration {
        LEAST_WINDOW.max(burn_rate::least_range(self.surroundings.scrape_interval))
    }

    /// Returns the windows over which an objective's error ratio is recorded for its alerts.
    fn recorded(&self, slo: &BlockRef, objective: &Objective) -> Vec<ir::Duration> {
        let own = self.slos.iter().find(|known| known.name == slo.name);
        let pairs = match own {
            Some(own) if objective.service == self.service.name => own.burn_rate_pairs.clone(),
            _ => {
                let service = BlockRef {
                    item: slo.item,
                    path: Vec::new(),
                    kind: kind::SERVICE.into(),
                    name: objective.service.clone(),
                };
                burn_rates::pairs_at(
                    self.surroundings,
                    &service,
                    slo,
                    (objective.objective, objective.window),
                )
            }
        };
        // For short windows that are computed from recorded counts, the coverage is not recorded.
        let mut windows: Vec<ir::Duration> = pairs
            .iter()
            .flat_map(|pair| [pair.short, pair.long])
            .filter(|window| {
                *window <= nth_model::burn_rate::LONGEST_RAW
                    || pairs.iter().any(|pair| pair.long == *window)
            })
            .chain([self.least_window()])
            .chain(objective.calendar.is_none().then_some(objective.window))
            .collect();
        windows.sort();
        windows.dedup();
        windows
    }

    /// Checks the time over which something is counted.
    pub(super) fn count_fact(
        &mut self,
        call: &Call,
        over: ir::Duration,
        block: &Instance,
    ) -> Option<ir::Duration> {
        let (least, most) = (LEAST_WINDOW, LONGEST_COUNT);
        if (least..=most).contains(&over) {
            return Some(over);
        }
        let diagnostic = Diag::new(
            &codes::GATE_WINDOW,
            format!(
                "window {1} is not supported for `{0}`",
                call.function,
                over.to_human()
            ),
            place(call, "over"),
        )
        .help(format!("use {} to {}", least.to_human(), most.to_human()));
        self.wrong(block, diagnostic);
        None
    }

    /// Warns about a condition on pages in an environment that does not page.
    pub(super) fn warn_of_pages(&mut self, counted: &str, call: &Call, block: &Instance) {
        let Surroundings {
            db,
            workspace,
            environment,
            ..
        } = *self.surroundings;
        let Some(environment) = environment else {
            return;
        };
        let Some(instead) = instead_of_pages(db, workspace, Some(environment)) else {
            return;
        };
        let name = instead.name();
        let diagnostic = Diag::new(
            &codes::GATE_WITHOUT_PAGES,
            format!("`{counted}` is always 0 in `{environment}`, which does not page"),
            call.span,
        )
        .label(match name {
            ir::Severity::TICKET => "counts pages, and alerts there are tickets".to_owned(),
            _ => format!("counts pages, and alerts there have severity `{name}`"),
        })
        .help(format!(
            "replace the condition in `in {environment} {{ … }}`, as with `when = firing({name}) > 0`"
        ));
        self.wrong(block, diagnostic);
    }

    /// Checks that the service has a query for its deployments; reports it otherwise.
    pub(super) fn deployed(&mut self, call: &Call, block: &Instance) -> Option<()> {
        match self.service.get(field::DEPLOYED) {
            Value::None => {
                let diagnostic = Diag::new(
                    &codes::GATE_DEPLOYED,
                    format!("service `{}` has no `deployed` query", self.service.name),
                    call.span,
                )
                .label("requires the time of the last deployment")
                .help(
                    "set `deployed` to a query for the last deployment's Unix time: ``deployed = \
                    `max(deployment_timestamp_seconds)` ``",
                );
                self.wrong(block, diagnostic);
                None
            }
            Value::Error => None,
            _ => Some(()),
        }
    }

    pub(super) fn dependency_budget(&mut self, call: &Call, block: &Instance) -> Option<Operands> {
        let arg = argument(call, "dependency")?;
        let Value::Block(named) = &arg.value else {
            return None;
        };
        let dependency = self
            .service
            .children_of(kind::DEPENDENCY)
            .find(|dependency| dependency.name == named.name)?;
        let shared = match dependency.get(field::SHARED) {
            Value::Block(shared) => Some(&shared.name),
            _ => None,
        };
        let problem = match (dependency.get(field::SERVICE), shared) {
            (Value::None, Some(shared)) => {
                format!("dependency `{shared}`, which services share, has no `slo`")
            }
            (Value::Block(service), _) => {
                let objectives: Vec<Operand> = self
                    .surroundings
                    .children(service, kind::SLO)
                    .iter()
                    .filter_map(|slo| self.objective_at(slo))
                    .map(|objective| Operand::Fact(Fact::Budget(objective)))
                    .collect();
                if !objectives.is_empty() {
                    return Some(Operands(objectives));
                }
                let name = block_name(dependency.get(field::SERVICE))?;
                format!("service `{name}` has no `slo`")
            }
            (Value::None, None) => format!(
                "dependency `{}` is not a service of the project",
                named.name
            ),
            _ => return None,
        };
        let diagnostic = Diag::new(&codes::GATE_DEPENDENCY, problem, arg.span)
            .label("has no error budget")
            .help("name a service with an `slo`: `dependency ledger { service = ledger }`");
        self.wrong(block, diagnostic);
        None
    }
}
