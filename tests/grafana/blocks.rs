//! The selectors that the blocks of the examples have, as the compiler evaluates them: what a dashboard's queries must
//! carry.

use std::collections::BTreeMap;
use std::path::Path;

use nthc::backends::dashboard_uid_in;
use nthc::compile;
use nthc::eval::{Instance, Value, instance};
use nthc::project::{self, Loaded};
use nthc::promql::MatchOp;

use crate::dashboards::HOSTILE;
use crate::place::Place;

/// Labels and their values.
pub(crate) type Labels = BTreeMap<String, String>;

/// The selectors of a service and its dependencies.
#[derive(Debug, Default)]
pub(crate) struct Selectors {
    /// The service's own.
    pub(crate) own: Labels,
    /// Those of its dependencies, by the titles of their rows.
    pub(crate) dependencies: BTreeMap<String, Labels>,
}

/// The selectors by the project of a dashboard and its uid.
pub(crate) fn selectors() -> BTreeMap<(&'static str, String), Selectors> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"hostile\"\n");
    place.write("main.nth", HOSTILE);
    let load = |folder: &Path| project::load(folder, folder).unwrap();
    let projects: [(&'static str, Loaded); 4] = [
        ("shop", load(&examples.join("shop"))),
        ("platform", load(&examples.join("platform"))),
        (
            "checkout",
            project::load_file(&examples.join("checkout.nth"), &examples).unwrap(),
        ),
        ("hostile", load(&place.path("."))),
    ];
    let mut found = BTreeMap::new();
    for (name, loaded) in projects {
        let input = loaded.project.input(None);
        let session = compile::session(&input);
        let declared = session.check(None).environments;
        let mut environments: Vec<Option<String>> = declared.into_iter().map(Some).collect();
        if environments.is_empty() {
            environments.push(None);
        }
        for environment in environments {
            for key in session.services() {
                let asked = environment.as_deref().map(Into::into);
                let evaluated = instance(&session.db, session.workspace, key, asked);
                let service = evaluated.instance.as_ref().unwrap();
                let uid = dashboard_uid_in(environment.as_deref(), &service.name);
                let before = found.insert((name, uid), of(service));
                assert!(before.is_none(), "{name}: {}", service.name);
            }
        }
    }
    found
}

fn of(service: &Instance) -> Selectors {
    let dependencies = service.children_of("dependency").map(|dependency| {
        let technology = match dependency.get("technology") {
            Value::String(text) => text.to_string(),
            _ => "Dependency".to_owned(),
        };
        (
            format!("{technology}: {}", dependency.name),
            labels(dependency),
        )
    });
    Selectors {
        own: labels(service),
        dependencies: dependencies.collect(),
    }
}

fn labels(block: &Instance) -> Labels {
    match block.get("selector") {
        Value::Matchers(matchers) => matchers
            .iter()
            .map(|(name, op, value)| {
                assert_eq!(op, MatchOp::Equal, "{name}");
                (name.to_string(), value.show().unwrap())
            })
            .collect(),
        _ => Labels::new(),
    }
}
