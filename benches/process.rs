//! Measures the command as people run it, from the start of the process to its end, on projects as people write them. Prints the
//! tables of `docs/performance.md`: `cargo bench --bench process`, with numbers of services as arguments after `--` (1, 10, 100,
//! 1000 and 10000 by default). `NTH_BLESS=1` writes them into the page.
//!
//! Times are medians, of the process as a whole and of all cores; memory is the highest of all runs. Measured in the same run:
//! copying the output with `cp -r`, and the same SLOs by Sloth, if `tests/tools/install` has built it. Compare only results of
//! one run.

#![allow(clippy::expect_used)]

#[path = "support/measured.rs"]
mod measured;
#[path = "support/project.rs"]
mod project;
#[path = "support/tables.rs"]
mod tables;
#[path = "../tests/tools/mod.rs"]
mod tools;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use measured::{Cost, Step};
use tables::Sized;

/// The sizes that the page shows.
const SIZES: [usize; 5] = [1, 10, 100, 1000, 10_000];

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        // What Cargo adds.
        .filter(|argument| argument != "--bench")
        .collect();
    if let Some(unknown) = arguments
        .iter()
        .find(|argument| !argument.parse::<usize>().is_ok_and(|size| size > 0))
    {
        eprintln!("{unknown}: expected numbers of services");
        std::process::exit(2);
    }
    let mut sizes = project::sizes(&arguments, &SIZES);
    sizes.sort_unstable();
    sizes.dedup();
    let results: Vec<Sized> = sizes.into_iter().map(measure).collect();
    let text = tables::tables(&results);
    print!("{text}");
    if std::env::var_os("NTH_BLESS").is_some() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
        tables::write(&page, &text).expect("the page is written");
    }
}

/// What the steps of one project need.
struct Desk {
    /// The folder of everything, which is removed at the end.
    place: PathBuf,
    /// The project.
    shop: PathBuf,
    /// Where the command keeps what it may use again.
    caches: PathBuf,
    services: usize,
}

impl Desk {
    /// Measures the command with these arguments. `before` is done before each run, and is not measured.
    fn nthc(&self, arguments: &[&str], before: impl Fn(usize)) -> Cost {
        let nthc = Path::new(env!("CARGO_BIN_EXE_nthc"));
        self.program(nthc, arguments, &self.shop, before)
    }

    fn program(
        &self,
        program: &Path,
        arguments: &[&str],
        folder: &Path,
        before: impl Fn(usize),
    ) -> Cost {
        let step = Step {
            program,
            arguments,
            folder,
            caches: &self.caches,
            // What `nthc diff` says if there are changes.
            code: if arguments.contains(&"diff") { 2 } else { 0 },
        };
        measured::cost(&step, measured::runs(self.services), before)
    }
}

fn measure(services: usize) -> Sized {
    let place = tempfile::tempdir().expect("a temporary folder");
    let shop = project::write(place.path(), services).expect("the project is written");
    let desk = Desk {
        caches: place.path().join("caches"),
        place: place.path().to_path_buf(),
        shop,
        services,
    };
    let mut result = Sized::new(services);
    let mut step = |name: &'static str, cost: Cost| {
        eprintln!(
            "{services} services, {name}: {}",
            tables::seconds(cost.wall)
        );
        result.steps.push((name, cost));
    };
    let output = desk.shop.join("build");
    let text = |path: &Path| path.to_string_lossy().into_owned();

    step("`nthc --version`", desk.nthc(&["--version"], |_| {}));
    step("`nthc check`", desk.nthc(&["check"], |_| {}));
    step("`nthc fmt --check`", desk.nthc(&["fmt", "--check"], |_| {}));
    step("`nthc test`", desk.nthc(&["test", "--quiet"], |_| {}));
    step(
        "`nthc build`, no output and no cache",
        desk.nthc(&["build"], |_| {
            remove(&output);
            remove(&desk.caches);
        }),
    );
    step(
        "`nthc build`, nothing changed",
        desk.nthc(&["build"], |_| {}),
    );
    step(
        "`nthc build --no-cache`, nothing changed",
        desk.nthc(&["build", "--no-cache"], |_| {}),
    );
    let edited = project::service_path(&desk.shop, services / 2);
    step(
        "`nthc build`, a service edited",
        desk.nthc(&["build"], |run| edit(&edited, "let deep = ", run)),
    );
    // The project before that edit.
    let old = project::write(&desk.place.join("old"), services).expect("the project is written");
    step(
        "`nthc diff`, a service edited",
        desk.nthc(&["diff", &text(&old), "."], |_| {}),
    );
    let templates = project::templates_path(&desk.shop);
    step(
        "`nthc build`, a template edited",
        desk.nthc(&["build"], |run| edit(&templates, "min_events = ", run)),
    );
    let tiers = project::tiers_path(&desk.shop);
    step(
        "`nthc build`, a tier edited",
        desk.nthc(&["build"], |run| edit(&tiers, "= 99.", run)),
    );
    let copy = desk.place.join("copy");
    step(
        "`cp -r` of the output",
        desk.program(
            Path::new("cp"),
            &["-r", &text(&output), &text(&copy)],
            &desk.place,
            |_| remove(&copy),
        ),
    );
    remove(&copy);
    beside_sloth(&desk, &mut step, &mut result.counts);
    let (files, bytes) = size(&output).expect("the output");
    result
        .counts
        .splice(0..0, [("files", files), ("bytes", bytes)]);
    result
}

/// Writes another number in each run.
fn edit(path: &Path, from: &str, run: usize) {
    let text = fs::read_to_string(path).expect("the source");
    let text = project::with_number(&text, from, 200 + run);
    fs::write(path, text).expect("the source is edited");
}

fn remove(folder: &Path) {
    // Not there before the first run.
    let _ = fs::remove_dir_all(folder);
}

/// Measures the same SLO for each service by both programs: rules for Prometheus and nothing else.
fn beside_sloth(
    desk: &Desk,
    step: &mut impl FnMut(&'static str, Cost),
    counts: &mut Vec<(&'static str, u64)>,
) {
    let Some(sloth) = tools::locate(&["sloth"]) else {
        eprintln!("skipped, sloth not installed: run `tests/tools/install truth`");
        return;
    };
    let rules = desk.place.join("rules");
    let specs = desk.place.join("specs");
    write_slos(desk.services, &rules, &specs).expect("the SLOs are written");
    let (ours, theirs) = (rules.join("build"), desk.place.join("generated"));
    let fresh = |folder: &Path| {
        remove(folder);
        fs::create_dir_all(folder).expect("a folder");
    };
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let nthc = Path::new(env!("CARGO_BIN_EXE_nthc"));
    step(
        "rules of one SLO a service: `nthc build --no-cache`",
        desk.program(nthc, &["build", "--no-cache"], &rules, |_| fresh(&ours)),
    );
    let arguments = ["generate", "-i", &text(&specs), "-o", &text(&theirs)];
    step(
        "rules of one SLO a service: `sloth generate`",
        desk.program(&sloth, &arguments, &desk.place, |_| fresh(&theirs)),
    );
    for (name, folder) in [
        ("rules of one SLO a service: `nthc`", &ours),
        ("rules of one SLO a service: `sloth`", &theirs),
    ] {
        counts.push((name, count_rules(folder).expect("the rules")));
    }
}

/// Writes one SLO for each service, with the alerts of the SRE workbook, as sources and as specifications of Sloth.
fn write_slos(services: usize, rules: &Path, specs: &Path) -> io::Result<()> {
    fs::create_dir_all(rules)?;
    fs::create_dir_all(specs)?;
    fs::write(
        rules.join("nth.toml"),
        "[project]\nname = \"rules\"\ntargets = [\"prometheus\"]\n",
    )?;
    for number in 0..services {
        let name = project::name(number);
        let source = format!(
            r#"team team-{number} {{}}

service {name} {{
  team     = team-{number}
  tier     = high
  selector = {{ job = "{name}" }}

  slo availability {{
    objective      = 99.9%
    budget_tickets = []
    absence_alerts = false

    sli : ratio {{
      bad   = `requests_total{{code=~"5.."}}`
      total = `requests_total`
    }}
  }}
}}
"#
        );
        fs::write(rules.join(format!("{name}.nth")), source)?;
        let specification = format!(
            r#"version: prometheus/v1
service: {name}
slos:
- name: availability
  objective: 99.9
  sli:
    events:
      error_query: sum(rate(requests_total{{job="{name}",code=~"5.."}}[{{{{.window}}}}]))
      total_query: sum(rate(requests_total{{job="{name}"}}[{{{{.window}}}}]))
  alerting:
    name: Burn
    page_alert: {{labels: {{severity: page}}}}
    ticket_alert: {{labels: {{severity: ticket}}}}
"#
        );
        fs::write(specs.join(format!("{name}.yaml")), specification)?;
    }
    Ok(())
}

/// The number of rules in all files below a folder.
fn count_rules(folder: &Path) -> io::Result<u64> {
    let mut rules = 0;
    for file in files(folder)? {
        let text = fs::read_to_string(file)?;
        let is_rule = |line: &&str| {
            let line = line.trim_start().trim_start_matches("- ");
            line.starts_with("record: ") || line.starts_with("alert: ")
        };
        rules += text.lines().filter(is_rule).count() as u64;
    }
    Ok(rules)
}

/// The number and the bytes of all files below a folder.
fn size(folder: &Path) -> io::Result<(u64, u64)> {
    let files = files(folder)?;
    let mut bytes = 0;
    for file in &files {
        bytes += fs::metadata(file)?.len();
    }
    Ok((files.len() as u64, bytes))
}

/// All files below a folder.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}
