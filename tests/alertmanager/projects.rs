//! The projects that the tests build.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use nthc::backends::alertmanager::Alertmanager;
use nthc::backends::{Artifact, Target as _};
use nthc::compile::{Input, SourceInput, compile, session};
use nthc::diagnostics::Severity as Level;
use nthc::ir::{EscalationRef, Project, Service, Settings, Team};
use nthc::project::{default_settings, load};

/// Texts that YAML, Go's templates and Slack would take for theirs, each in its own way.
const TEXTS: &str = r##"team one {
  slack = "#{{ .CommonLabels.team }} & <!channel>"

  escalation default {
    step first { notify = "ana@example.com" }
  }
}

team two {
  receiver one : slack { channel = "no" }
  receiver two : slack { channel = "{{ template \"nope\" }}{" }
  receiver key : pagerduty { routing_key_file = "/etc/{{ .X }}/key: #1" }
}

team three {
  receiver oncall : pagerduty { }
}

template service sold {
  selector = { job = "x" }

  slo availability {
    objective = 99.9%
    sli : ratio {
      bad   = `http_requests_total{status=~"5.."}`
      total = `http_requests_total`
    }
  }
}

service up : sold {
  team = two
}

service first : sold {
  team = one

  dependency up { service = up }
}

service second : sold {
  team = two

  dependency up { service = up }
}

service elsewhere : sold {
  team = three
}
"##;

/// Names that matchers and regular expressions would take for theirs. They can be declared, and not yet be named elsewhere.
const NAMES: [(&str, &str); 6] = [
    ("one", "a\"b{{ .X }}|c\\d: #e\nf"),
    ("two", ".*"),
    ("three", "../../etc/x"),
    ("up", "up.stream|{{x}}\""),
    ("first", "on"),
    ("second", "(second\\"),
];

/// A project of hostile names and texts, in which a service's pages wake another team.
pub fn hostile() -> Modeled {
    let mut project = single_with(TEXTS, default_settings("hostile"));
    let rename = |name: &mut smol_str::SmolStr| {
        let new = NAMES.iter().find(|(old, _)| old == name);
        if let Some((_, new)) = new {
            *name = (*new).into();
        }
    };
    for team in &mut project.teams {
        rename(&mut team.name);
    }
    for service in &mut project.services {
        if service.name == "elsewhere" {
            service.escalation = Some(EscalationRef {
                team: "one".into(),
                name: "default".into(),
            });
        }
        rename(&mut service.name);
        service.team.iter_mut().for_each(rename);
        let needed = service.dependencies.iter_mut();
        needed.filter_map(|on| on.service.as_mut()).for_each(rename);
        let woken = service.escalation.iter_mut();
        woken
            .map(|escalation| &mut escalation.team)
            .for_each(rename);
    }
    project
}

/// A project in memory, with its models.
pub struct Modeled {
    pub settings: Settings,
    pub services: Vec<Service>,
    pub teams: Vec<Team>,
}

impl Modeled {
    fn of(input: &Input, environment: Option<&str>) -> Self {
        let session = session(input);
        let lowered = session.models(environment);
        let environment = environment.map(Into::into);
        let teams = session.teams(&lowered, &environment);
        let severities = session
            .settings_in(&input.settings, &environment)
            .severities;
        let settings = Settings {
            environment,
            severities,
            ..input.settings.clone()
        };
        Self {
            settings,
            services: lowered
                .iter()
                .filter_map(|lowered| lowered.service.clone())
                .collect(),
            teams: teams
                .iter()
                .filter_map(|lowered| lowered.team.clone())
                .collect(),
        }
    }

    /// An example in an environment.
    pub fn example(name: &str, environment: Option<&str>) -> Self {
        let root = examples().join(name);
        let loaded = load(&root, &examples()).unwrap();
        assert!(loaded.diagnostics.is_empty());
        Self::of(&loaded.project.input(environment), environment)
    }

    /// What the target makes of it.
    pub fn files(&self) -> Vec<Artifact> {
        let project = Project::new(&self.services, &self.teams);
        Alertmanager
            .project_artifacts(&project, &self.settings)
            .unwrap()
    }

    /// The file of that name.
    pub fn file(&self, name: &str) -> String {
        let path = format!("alertmanager/{name}");
        let mut files = self.files().into_iter();
        files.find(|file| file.path == path).unwrap().contents
    }

    pub fn service(&mut self, name: &str) -> &mut Service {
        let mut services = self.services.iter_mut();
        services.find(|service| service.name == name).unwrap()
    }

    pub fn team(&mut self, name: &str) -> &mut Team {
        self.teams
            .iter_mut()
            .find(|team| team.name == name)
            .unwrap()
    }

    /// Writes the configuration into a folder and gives its path.
    pub fn write(&self, folder: &Path) -> PathBuf {
        for file in self.files() {
            let name = file.path.strip_prefix("alertmanager/").unwrap();
            std::fs::write(folder.join(name), file.contents).unwrap();
        }
        folder.join("alertmanager.yml")
    }
}

/// A project of one file, with settings.
pub fn single_with(text: &str, settings: Settings) -> Modeled {
    let input = Input {
        settings,
        files: vec![SourceInput {
            module: "main".into(),
            path: "main.nth".into(),
            text: Arc::from(text),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    };
    let compilation = compile(&input);
    let errors: Vec<_> = compilation
        .diagnostics
        .iter()
        .filter(|found| found.severity == Level::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    Modeled::of(&input, None)
}

pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// What a build of an example writes, in a folder that is removed in the end.
pub fn build(arguments: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_nthc"))
        .arg("build")
        .args(arguments)
        .arg("--output")
        .arg(folder.path())
        .current_dir(examples())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder
}

/// The files below a folder, by path, sorted.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension != "json")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path, text);
            }
        }
    }
    found
}
