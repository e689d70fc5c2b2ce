//! The services of `examples/shop`, and tests of them.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use nth_analysis::db::Database;
use nth_analysis::session::{Configuration, Session, SourceInput};
use nth_analysis::suppressions::Levels;
use nth_model::test::{Event, Given, History, SloRef, Test};
use nth_model::{Duration, Project, Service, Settings, Team, default_settings};
use nth_simulate::{AlertTimeline, Plan, Simulation, labels_by_hand, services_of, simulate};

/// The services and teams of the project in production, with its settings.
pub struct Shop {
    pub services: Vec<Service>,
    pub teams: Vec<Team>,
    pub settings: Settings,
}

impl Shop {
    pub fn project(&self) -> Project<'_> {
        Project::new(&self.services, &self.teams)
    }

    pub fn service(&self, name: &str) -> &Service {
        self.services
            .iter()
            .find(|service| service.name == name)
            .unwrap()
    }
}

/// Reads the sources below a folder of `examples`. The modules of a package begin with its name.
fn sources(folder: &str, package: Option<&str>) -> Vec<SourceInput> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(folder);
    let mut waiting = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|kind| kind == "nth") {
                let below = path.strip_prefix(&root).unwrap().with_extension("");
                let parts = below.iter().map(|part| part.to_str().unwrap());
                let module: Vec<&str> = package.into_iter().chain(parts).collect();
                found.push(SourceInput {
                    module: module.join("."),
                    path: path.display().to_string(),
                    text: fs::read_to_string(&path).unwrap().into(),
                    package: package.is_some(),
                });
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}

/// Compiles the project once.
pub fn shop() -> &'static Shop {
    static SHOP: OnceLock<Shop> = OnceLock::new();
    SHOP.get_or_init(|| {
        let files = [sources("shop", None), sources("platform", Some("platform"))].concat();
        let settings = default_settings("shop");
        let mut session = Session::new(Database::default(), &files);
        session.configure(&Configuration::new(&settings, None, Levels::default()));
        let environment = Some("production".into());
        let (services, teams) = session.with_project(&environment, |project, _| {
            (
                project.services().cloned().collect(),
                project.teams().cloned().collect(),
            )
        });
        Shop {
            services,
            teams,
            settings: Settings {
                environment,
                ..settings
            },
        }
    })
}

pub fn slo(name: &str) -> SloRef {
    let (service, slo) = name.split_once('.').unwrap();
    SloRef {
        service: service.into(),
        slo: slo.into(),
        group: std::collections::BTreeMap::new(),
    }
}

/// Something that happens from a minute on, for some minutes.
pub fn given(from: u64, length: u64, event: Event) -> Given {
    Given {
        name: "x".into(),
        from: Duration::minutes(from),
        length: Some(Duration::minutes(length)),
        event,
    }
}

/// A test that lasts for some minutes. It begins on a Monday at noon.
pub fn test(minutes: u64, given: Vec<Given>) -> Test {
    Test {
        name: "test".into(),
        description: None,
        begin: 1_704_715_200,
        length: Duration::minutes(minutes),
        history: History::Good,
        given,
        expect: Vec::new(),
    }
}

/// Runs a test with the services that it names.
pub fn run(test: &Test) -> Simulation {
    let shop = shop();
    let services = services_of(test, &shop.project()).unwrap();
    let by_hand = labels_by_hand(test).unwrap();
    let plan =
        Plan::new(&services, &shop.settings, &by_hand).unwrap_or_else(|error| panic!("{error}"));
    simulate(&plan, test).unwrap_or_else(|error| panic!("{error}"))
}

/// Lists the alerts that fired: when each began to fire and ended, in minutes, and its threshold.
pub fn fired(simulation: &Simulation) -> Vec<String> {
    simulation.alerts.iter().flat_map(lines).collect()
}

fn lines(alert: &AlertTimeline) -> Vec<String> {
    let minutes = |millis: i64| format!("{}", millis as f64 / 60_000.0);
    let threshold = ["long_window", "budget_consumed", "targets"]
        .map(|label| alert.labels.get(label))
        .join("");
    let of = alert.slo.as_deref().unwrap_or("-");
    let periods = alert
        .periods
        .iter()
        .filter_map(|period| Some((period.firing?, period.ended)));
    periods
        .map(|(firing, ended)| {
            let ended = ended.map_or("…".to_owned(), minutes);
            let severity = alert
                .severity
                .as_ref()
                .map_or("none".to_owned(), |severity| {
                    format!("{:?}", severity.response())
                });
            let firing = minutes(firing);
            let line = format!(
                "{firing}–{ended} {} {severity} {}.{of} {threshold}",
                alert.name, alert.service
            );
            line.trim_end().to_owned()
        })
        .collect()
}
