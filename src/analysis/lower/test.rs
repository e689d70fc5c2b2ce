//! Lowers tests: incidents, and what must follow from them.

mod contradictions;
mod events;
mod expectations;
mod notation;
#[cfg(test)]
mod tests;
mod times;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use super::read::{report, text};
use super::service_model;
use crate::codes;
use crate::db::{Diag, ItemKey, Span, Workspace, item_entry, item_name, name_span};
use crate::eval::{BlockRef, Instance, Value, block_field, instance};
use crate::schema::names::{field, kind};
use events::Happening;
use nth_diagnostics::Severity;
use nth_model as ir;
use nth_model::Duration;
use nth_model::test::{Expectation, Given, History, SloRef, Test};

/// The result of [`test_model`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoweredTest {
    /// The model; `None` if errors prevent one, or if the test is not in the environment.
    pub test: Option<Test>,
    /// The place of the test's kind and name.
    pub place: Span,
    /// The places of its events, in the order of the model.
    pub given: Vec<Span>,
    /// The places of its expectations, in the order of the model.
    pub expect: Vec<Span>,
    /// The diagnostics of the test in this environment.
    pub diagnostics: Vec<Diag>,
}

/// Evaluates and lowers a test in an environment. Reads the models of the services that it names.
#[salsa::tracked(returns(ref))]
pub fn test_model(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Arc<LoweredTest> {
    let evaluated = instance(db, workspace, key, environment.clone());
    let mut lowered = LoweredTest {
        test: None,
        place: name_span(db, key),
        given: Vec::new(),
        expect: Vec::new(),
        diagnostics: evaluated.diagnostics.clone(),
    };
    if let Some(test) = &evaluated.instance {
        lowered.place = test.head;
        let mut lowering = Lowering {
            db,
            workspace,
            environment: environment.as_ref(),
            test,
            diagnostics: Vec::new(),
        };
        let known = lowering.test();
        lowered.diagnostics.append(&mut lowering.diagnostics);
        let has_errors = lowered
            .diagnostics
            .iter()
            .any(|found| found.severity == Severity::Error);
        if let Some((model, given, expect)) = known.filter(|_| !has_errors) {
            lowered.test = Some(model);
            lowered.given = given;
            lowered.expect = expect;
        }
    }
    Arc::new(lowered)
}

/// The state of lowering a test.
struct Lowering<'a> {
    db: &'a dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&'a SmolStr>,
    test: &'a Instance,
    diagnostics: Vec<Diag>,
}

/// A test, with the places of its events and expectations.
type Placed = (Test, Vec<Span>, Vec<Span>);

impl<'a> Lowering<'a> {
    /// Lowers the test; `None` if it has an error that leaves a part without a model.
    fn test(&mut self) -> Option<Placed> {
        let test = self.test;
        self.check_expects_something();
        let given: Vec<Option<Happening<'a>>> = test
            .children_of(kind::GIVEN)
            .map(|block| self.happening(block))
            .collect();
        let happenings: Vec<&Happening<'a>> = given.iter().flatten().collect();
        let expect: Vec<Option<Expectation>> = test
            .children_of(kind::EXPECT)
            .map(|block| self.expectation(block, &happenings))
            .collect();
        let length = self.length(&happenings, &expect);
        self.check_events(&happenings, length);
        self.check_expectations(&expect, length);
        self.check_contradictions(&happenings);
        self.check_contradicting_expectations(&expect);
        let begin = times::begin(test)?;
        let places = |kind: &str| -> Vec<Span> {
            test.children_of(kind)
                .map(|block| test.place_of(block, block.head))
                .collect()
        };
        let model = Test {
            name: test.name.clone(),
            description: text(test.get(field::DESCRIPTION))
                .or_else(|| test.doc.as_ref().map(|doc| doc.trim().to_owned())),
            begin,
            length,
            history: history(test)?,
            given: given
                .into_iter()
                .map(|happening| Some(happening?.given))
                .collect::<Option<Vec<Given>>>()?,
            expect: expect.into_iter().collect::<Option<Vec<Expectation>>>()?,
        };
        Some((model, places(kind::GIVEN), places(kind::EXPECT)))
    }

    /// Reports a test that cannot fail, because it expects nothing.
    fn check_expects_something(&mut self) {
        let test = self.test;
        if test.incomplete || test.children_of(kind::EXPECT).next().is_some() {
            return;
        }
        let found = Diag::new(
            &codes::TEST_EXPECTS_NOTHING,
            format!("test `{}` expects nothing", test.name),
            test.head,
        )
        .help("add what must follow: `expect paged : page { slo = checkout.availability  within = 5m }`")
        .help("or what must not: `expect quiet : silent { service = checkout }`");
        self.wrong(test, found);
    }

    /// Reports a diagnostic about a block of the test.
    fn wrong(&mut self, block: &Instance, diagnostic: Diag) {
        report(block, &mut self.diagnostics, diagnostic);
    }

    /// Returns the name and the model of a service that a block names. `None` if the service has errors, which are reported there,
    /// or does not exist here, which is reported at `place`.
    fn service(&mut self, block: &Instance, item: ItemKey, place: Span) -> Option<&'a ir::Service> {
        let entry = item_entry(self.db, item)?;
        let (name, what) = (entry.name, entry.kind);
        let (problem, label, help) = if item.file.package(self.db) {
            (
                format!("{what} `{name}` belongs to a package"),
                "not built by this project",
                "test it in the project that declares it".to_owned(),
            )
        } else if let Some(environment) = self.environment.filter(|_| self.is_absent(item)) {
            (
                format!("{what} `{name}` is not in `{environment}`"),
                "does not exist there",
                format!(
                    "set `only_in` of the test to environments that have it: `only_in = [{}]`",
                    self.environments_of(item)
                ),
            )
        } else {
            let environment = self.environment.cloned();
            // A rule outside of any service is in the model of its team.
            let owner = match what.as_str() {
                kind::ALERT | kind::RECORDING => self.team_of(item)?,
                _ => item,
            };
            let lowered = service_model(self.db, self.workspace, owner, environment);
            return lowered.service.as_ref();
        };
        let found = Diag::new(&codes::TEST_ELSEWHERE, problem, place)
            .label(label)
            .help(help);
        self.wrong(block, found);
        None
    }

    /// The team of a rule outside of any service.
    fn team_of(&self, rule: ItemKey) -> Option<ItemKey> {
        let environment = self.environment.cloned();
        let evaluated = instance(self.db, self.workspace, rule, environment);
        match evaluated.instance.as_ref()?.get(field::TEAM) {
            Value::Block(team) => Some(team.item),
            _ => None,
        }
    }

    fn only_in(&self, item: ItemKey) -> Option<Vec<SmolStr>> {
        let service = BlockRef {
            item,
            path: Vec::new(),
            kind: kind::SERVICE.into(),
            name: item_name(self.db, item),
        };
        let environment = self.environment.cloned();
        let field = SmolStr::new_static(field::ONLY_IN);
        match block_field(self.db, self.workspace, service, field, environment)? {
            Value::List(items) => Some(items.iter().filter_map(super::read::block_name).collect()),
            _ => None,
        }
    }

    /// True if a service does not exist in the environment.
    fn is_absent(&self, item: ItemKey) -> bool {
        let only_in = self.only_in(item);
        only_in.is_some_and(|names| !names.iter().any(|name| Some(name) == self.environment))
    }

    /// The environments of a service, as in a list.
    fn environments_of(&self, item: ItemKey) -> String {
        let names = self.only_in(item).unwrap_or_default();
        let names = names.iter().map(|name| crate::resolve::quote_name(name));
        names.collect::<Vec<_>>().join(", ")
    }

    /// Returns an SLO that a field names, with its model.
    fn slo(
        &mut self,
        block: &Instance,
        field: &str,
    ) -> Option<(SloRef, &'a ir::Service, &'a ir::Slo)> {
        let Value::Block(named) = block.get(field) else {
            return None;
        };
        let service = self.service(block, named.item, block.span_of(field))?;
        let slo = service.slos.iter().find(|slo| slo.name == named.name)?;
        let found = SloRef {
            service: service.name.clone(),
            slo: slo.name.clone(),
            group: self.group(block, slo)?,
        };
        Some((found, service, slo))
    }

    /// Returns the group of an SLO that a block names; empty for all. `None` if the SLO has no such group, which is reported.
    fn group(&mut self, block: &Instance, slo: &ir::Slo) -> Option<BTreeMap<String, String>> {
        let group = super::read::labels(block.get(field::GROUP));
        let by = slo.by();
        if group.is_empty() || group.keys().eq(by.iter().collect::<BTreeSet<_>>()) {
            return Some(group);
        }
        let (problem, help) = match by {
            [] => (
                format!("SLO `{}` has no groups", slo.name),
                "remove the field, or set `by` in the SLO".to_owned(),
            ),
            by => {
                let labels: Vec<String> =
                    by.iter().map(|label| format!("{label} = \"…\"")).collect();
                (
                    format!(
                        "groups of SLO `{}` have the labels {}",
                        slo.name,
                        by.join(", ")
                    ),
                    format!("write `group = {{ {} }}`", labels.join("  ")),
                )
            }
        };
        let found = Diag::new(&codes::TEST_SUBJECT, problem, block.span_of(field::GROUP))
            .label("expected the labels of one group")
            .help(help);
        self.wrong(block, found);
        None
    }

    /// Returns the model of a service that a field names.
    fn service_in(&mut self, block: &Instance, field: &str) -> Option<&'a ir::Service> {
        match block.get(field) {
            Value::Block(named) => self.service(block, named.item, block.span_of(field)),
            _ => None,
        }
    }
}

/// The past that a test assumes.
fn history(test: &Instance) -> Option<History> {
    match super::read::member(test.get(field::HISTORY))?.as_str() {
        "none" => Some(History::None),
        _ => Some(History::Good),
    }
}

/// Converts a percentage to a ratio.
fn ratio(value: &Value) -> Option<rust_decimal::Decimal> {
    match value {
        Value::Percent(percent) => Some(
            percent
                .checked_div(rust_decimal::Decimal::ONE_HUNDRED)?
                .normalize(),
        ),
        _ => None,
    }
}

/// Returns the sum of two durations.
fn plus(first: Duration, second: Duration) -> Duration {
    Duration(first.0.saturating_add(second.0))
}
