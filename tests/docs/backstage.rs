//! Entities of Backstage, judged by the package with which Backstage reads them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::node;
use crate::support::programs;

/// Reads entities as JSON, and fails with everything that is wrong with them.
const SCRIPT: &str = r#"
const model = require(process.argv[1]);
const entities = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const policy = model.EntityPolicies.allOf([
  new model.SchemaValidEntityPolicy(),
  new model.DefaultNamespaceEntityPolicy(),
  new model.NoForeignRootFieldsEntityPolicy(),
  new model.FieldFormatEntityPolicy(),
]);
const validators = [
  model.componentEntityV1alpha1Validator,
  model.resourceEntityV1alpha1Validator,
  model.groupEntityV1alpha1Validator,
  model.userEntityV1alpha1Validator,
];
(async () => {
  const names = new Set();
  for (const entity of entities) {
    await policy.enforce(entity);
    const known = await Promise.all(validators.map(one => one.check(entity)));
    if (known.filter(Boolean).length !== 1) throw new Error(`no kind takes ${JSON.stringify(entity)}`);
    const name = model.stringifyEntityRef(entity);
    if (names.has(name)) throw new Error(`twice: ${name}`);
    names.add(name);
  }
  for (const entity of entities) {
    const to = [...(entity.spec.dependsOn || []), ...(entity.spec.members || []), ...(entity.spec.memberOf || [])];
    for (const reference of to.concat(entity.spec.owner || [])) {
      if (!names.has(reference.toLowerCase())) throw new Error(`${reference} is no entity`);
    }
  }
  console.log(names.size);
})().catch(error => { console.error(error.message); process.exit(1); });
"#;

/// A project with every kind of entity, and with names that Backstage does not accept.
const MAIN: &str = r#"
import std.postgresql

team _people {
  email    = "people@example.com"
  managers = ["lee+x@example.com"]

  schedule primary {
    zone    = "Europe/London"
    members = ["ana@example.com"]
  }
}

/// The orders: "quoted" and # more.
dependency orders-db : postgresql(instance: "orders-db:9187") { team = _people }

service a-name-that-is-much-longer-than-any-name-that-backstage-accepts-in-its-catalog {
  team     = _people
  selector = { job = "a" }
  logs_url = "https://logs.example.com/a"

  dependency db { shared = orders-db }

  dependency other { service = Other_ }

  dependency cache { technology = "Redis" }
}

service Other_ {
  team     = _people
  selector = { job = "b" }
}
"#;

fn build(folder: &Path) -> Vec<serde_json::Value> {
    fs::write(folder.join("main.nth"), MAIN).unwrap();
    let manifest = "[project]\nname = \"shop\"\ntargets = [\"backstage\"]\n\n[backstage]\ngroups = true\n\n[urls]\n\
        runbooks = \"https://runbooks.example.com\"\ndashboards = \"https://grafana.example.com\"\n";
    fs::write(folder.join("nth.toml"), manifest).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_nthc"))
        .args(["build", "--project"])
        .arg(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = fs::read_to_string(folder.join("build/backstage/catalog-info.yaml")).unwrap();
    let parts = text.split("\n---\n").skip(1);
    parts
        .map(|part| yaml_serde::from_str(part).unwrap())
        .collect()
}

/// The package; without it the test is skipped and says so, and in CI it fails.
fn package() -> Option<PathBuf> {
    let package = programs::install_folder().join("npm/node_modules/@backstage/catalog-model");
    if package.is_dir() {
        return Some(package);
    }
    programs::report_uninstalled("@backstage/catalog-model");
    None
}

#[test]
fn entities_are_what_backstage_reads() {
    let folder = tempfile::tempdir().unwrap();
    let entities = build(folder.path());
    let Some(package) = package() else {
        return;
    };
    let input = serde_json::to_string(&entities).unwrap();
    let arguments = ["-e", SCRIPT, &package.display().to_string()];
    let Some(output) = node::run(&arguments, &input, |_| {}) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{input}");
    // Two services, a database and a cache, a team and two people.
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "7");
}
