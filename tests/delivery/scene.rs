//! A project with two environments, and a Prometheus that loads what is delivered of one.

use super::place::{Place, Ran, run};
use super::support::programs::{Running, fetch, find};

/// Two services of a team.
pub const CHECKOUT: &str = "\
import std.http

environment production { }
environment staging { }

team payments { slack = \"#payments\" }

service checkout {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability : http.availability { objective = 99.9% }

  alert queue_full {
    summary  = \"The queue is full\"
    when     = `max(queue_length) > 100`
    for      = 5m
    severity = ticket
  }
}
";

/// The other one.
pub const SEARCH: &str = "\
import checkout.payments
import std.http

service search {
  team     = payments
  selector = { job = \"search\" }

  slo availability : http.availability { objective = 99% }
}
";

/// The folder that Prometheus loads, and where the project is.
pub struct Scene {
    pub place: Place,
    server: Running,
}

/// Starts a Prometheus that loads `rules/*.yaml`, beside the project; `None` if it is not installed.
pub fn scene() -> Option<Scene> {
    let program = find(&["prometheus"])?;
    let place = Place::new();
    place.write(
        "prometheus.yml",
        "global: { evaluation_interval: 1s, scrape_interval: 1s }\nrule_files: [rules/*.yaml]\n",
    );
    place.write("data/none", "");
    place.write("rules/own.yaml", "groups: []\n");
    let arguments = |port: u16| {
        vec![
            format!("--config.file={}", place.path("prometheus.yml").display()),
            format!("--storage.tsdb.path={}", place.path("data").display()),
            "--web.enable-lifecycle".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ]
    };
    let server = Running::start(&program, arguments, |port| {
        fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some()
    });
    let scene = Scene { place, server };
    scene.settings("shop");
    scene.place.write("checkout.nth", CHECKOUT);
    scene.place.write("search.nth", SEARCH);
    Some(scene)
}

impl Scene {
    /// Writes the settings of a project of this name.
    pub fn settings(&self, name: &str) {
        let url = format!("http://{}", self.server.address());
        let text = format!(
            "[project]\nname = \"{name}\"\n\n[prometheus]\ninterval = \"1s\"\nscrape_interval = \"1s\"\n\n\
             [destinations.prometheus]\nkind = \"prometheus\"\nenvironment = \"production\"\nurl = \"{url}\"\n\
             directory = \"rules\"\n"
        );
        self.place.write("nth.toml", text);
    }

    /// Runs a command of the project for production.
    pub fn nthc(&self, arguments: &[&str]) -> Ran {
        let mut all = arguments.to_vec();
        all.extend(["--env", "production"]);
        run(self
            .place
            .command(&all)
            .env_remove("http_proxy")
            .env_remove("HTTP_PROXY")
            .env("USER", "somebody")
            .env_remove("HOSTNAME")
            .env_remove("GITHUB_REPOSITORY"))
    }

    /// What a command prints, with its exit code, without the port.
    pub fn said(&self, arguments: &[&str]) -> String {
        let ran = self.nthc(arguments);
        let text = format!("exit code {}\n{}{}", ran.code, ran.out, ran.err);
        let folder = self.place.path(".").display().to_string();
        let folder = folder.trim_end_matches("/.").to_owned();
        text.replace(&self.server.address(), "127.0.0.1:PORT")
            .replace(&folder, "PROJECT")
    }

    /// Plans into a file and applies it, without waiting: some rules are evaluated every three minutes only.
    pub fn deliver(&self, more: &[&str]) -> Ran {
        let planned = self.nthc(&["plan", "--out", "plan.json"]);
        assert_eq!(planned.code, 0, "{planned:?}");
        let mut all = vec!["apply", "plan.json", "--auto-approve", "--wait", "0s"];
        all.extend(more);
        self.nthc(&all)
    }

    /// The rules that Prometheus evaluates: their names with their health.
    pub fn rules(&self) -> Vec<(String, String)> {
        let url = format!("http://{}/api/v1/rules", self.server.address());
        let answer: serde_json::Value = serde_json::from_str(&fetch(&url).unwrap()).unwrap();
        let groups = answer["data"]["groups"].as_array().unwrap().clone();
        groups
            .iter()
            .flat_map(|group| group["rules"].as_array().unwrap().clone())
            .map(|rule| {
                let text = |name: &str| rule[name].as_str().unwrap().to_owned();
                (text("name"), text("health"))
            })
            .collect()
    }
}
