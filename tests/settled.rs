//! Builds of what did not change: as with a compilation, whatever happened before.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;

use std::fs;
use std::path::PathBuf;

use nthc::output::Hash;
use place::Place;
use proptest::prelude::*;

const TEAMS: &str = r##"team payments {
  slack = "#payments"
}

environment staging {
  selector = { env = "staging" }
  pages    = false
}

environment production {
  selector = { env = "production" }
}
"##;

/// A service.
const SERVICE: &str = r#"import teams.payments

service NAME {
  team     = payments
  tier     = high
  selector = { job = "NAME" }

  slo availability {
    objective = OBJECTIVE

    sli : ratio {
      bad   = `requests_total{code=~"5.."}`
      total = `requests_total`
    }
  }
}
"#;

fn service(name: &str, objective: &str) -> String {
    SERVICE
        .replace("NAME", name)
        .replace("OBJECTIVE", objective)
}

fn project() -> Place {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    place.write("teams/payments.nth", TEAMS);
    place.write("checkout.nth", service("checkout", "99.9%"));
    place.write("search.nth", service("search", "99.5%"));
    place
}

/// The only kept build of a place.
fn kept(place: &Place) -> Option<PathBuf> {
    let mut found = fs::read_dir(place.kept_builds()).ok()?;
    let first = found.next()?.unwrap().path();
    assert!(found.next().is_none(), "several builds are kept");
    Some(first)
}

/// Builds twice. The second build is surely kept: the first one may have been too soon after the files were written.
fn build_twice(place: &Place) {
    for _ in 0..2 {
        let ran = place.run(&["build"]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

/// Changes what is kept of the last build, as if it had been so.
fn forge(place: &Place, change: impl Fn(&mut serde_json::Value)) {
    let path = kept(place).expect("the build is kept");
    let text = fs::read_to_string(&path).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    let (settled, parts) = body.split_once('\n').unwrap();
    let mut settled: serde_json::Value = serde_json::from_str(settled).unwrap();
    change(&mut settled);
    let body = format!("{}\n{parts}", serde_json::to_string(&settled).unwrap());
    let hash = Hash::new(body.as_bytes());
    fs::write(&path, format!("{}\n{body}", hash.as_str())).unwrap();
}

/// Forges the number of files of the last build: a whole compilation counts them again.
fn forge_files(place: &Place) {
    forge(place, |settled| settled["files"] = 12_345.into());
}

/// Without the mark of what is kept, nothing shows that nothing was compiled: so the number of files is changed there.
#[test]
fn a_build_of_what_did_not_change_does_not_compile() {
    let place = project();
    build_twice(&place);
    forge_files(&place);
    let unchanged =
        "built shop for 2 environments: 0 written, 0 removed, 12345 unchanged in build/\n";
    assert_eq!(place.run(&["build"]).err, unchanged);
    let checked = place.run(&["build", "--check"]);
    assert_eq!(
        (checked.code, checked.err.as_str()),
        (0, "build/ is up to date: 12345 unchanged\n")
    );
    // A version of the format that is not known.
    forge(&place, |settled| settled["version"] = 3.into());
    assert!(!place.run(&["build"]).err.contains("12345"));
    forge_files(&place);
    // What is not certain is compiled.
    for args in [
        vec!["build", "--no-cache"],
        vec!["build", "--env", "staging"],
        vec!["build", "--keep-going"],
        vec!["build", "--output", "other"],
    ] {
        let ran = place.run(&args);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!ran.err.contains("12345"), "{ran:?}");
    }
}

#[test]
fn warnings_are_shown_by_every_build() {
    let place = project();
    place.write(
        "checkout.nth",
        service("checkout", "99.9%").replace("tier     = high", "tier     = critical"),
    );
    let first = place.run(&["build"]);
    assert!(first.err.contains("warning"), "{first:?}");
    build_twice(&place);
    assert!(kept(&place).is_some());
    let again = place.run(&["build"]);
    let warnings = |text: &str| text.split("built shop").next().unwrap().to_owned();
    assert_eq!(warnings(&again.err), warnings(&first.err));
    let denied = place.run(&["build", "--deny-warnings"]);
    let compiled = place.run(&["build", "--deny-warnings", "--no-cache"]);
    assert_eq!(denied.code, 1);
    assert_eq!((denied.out, denied.err), (compiled.out, compiled.err));
    let json = place.run(&["build", "--format", "json"]);
    let compiled = place.run(&["build", "--format", "json", "--no-cache"]);
    assert_eq!(json.out, compiled.out);
}

/// A change to a project, to its output, or to what is kept of its builds.
#[derive(Debug, Clone)]
enum Change {
    Nothing,
    Objective(usize, usize),
    Service(bool),
    /// The interval of rules, and the label of pages.
    Settings(bool, bool),
    Rewrite,
    EditOutput(usize),
    RemoveOutput(usize),
    RemoveRecord,
    DamageKept(usize),
}

/// Options of a build.
const OPTIONS: [&[&str]; 5] = [
    &[],
    &["--env", "production"],
    &["--check"],
    &["--deny-warnings"],
    &["--format", "json"],
];

fn change(place: &Place, change: &Change) {
    match change {
        Change::Nothing => {}
        Change::Objective(number, objective) => {
            let name = ["checkout", "search"][number % 2];
            let objective = ["99%", "99.5%", "99.9%"][objective % 3];
            place.write(&format!("{name}.nth"), service(name, objective));
        }
        Change::Service(true) => place.write("stock.nth", service("stock", "99%")),
        Change::Service(false) => {
            let _ = fs::remove_file(place.path("stock.nth"));
        }
        Change::Settings(short, critical) => {
            let interval = if *short { "15s" } else { "1m" };
            let page = if *critical { "critical" } else { "page" };
            place.write(
                "nth.toml",
                format!("[project]\nname = \"shop\"\n\n[prometheus]\ninterval = \"{interval}\"\n\n[severity]\npage = \"{page}\"\n"),
            );
        }
        Change::Rewrite => place.write("search.nth", place.read("search.nth")),
        Change::EditOutput(number) => edit_output(place, *number),
        Change::RemoveOutput(number) => {
            if let Some(name) = nth_output(place, *number) {
                fs::remove_file(place.path(&name)).unwrap();
            }
        }
        Change::RemoveRecord => {
            let _ = fs::remove_file(place.path("build/.nthc-manifest.json"));
        }
        Change::DamageKept(at) => {
            let found = fs::read_dir(place.kept_builds()).into_iter().flatten();
            for path in found.map(|entry| entry.unwrap().path()) {
                let mut bytes = fs::read(&path).unwrap();
                let at = at % bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = byte.wrapping_add(1);
                }
                fs::write(&path, bytes).unwrap();
            }
        }
    }
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => Just(Change::Nothing),
        2 => (0..2_usize, 0..3_usize).prop_map(|(a, b)| Change::Objective(a, b)),
        1 => any::<bool>().prop_map(Change::Service),
        2 => any::<(bool, bool)>().prop_map(|(a, b)| Change::Settings(a, b)),
        1 => Just(Change::Rewrite),
        1 => (0..40_usize).prop_map(Change::EditOutput),
        1 => (0..40_usize).prop_map(Change::RemoveOutput),
        1 => Just(Change::RemoveRecord),
        1 => (0..4_000_usize).prop_map(Change::DamageKept),
    ]
}

/// Builds two projects that are alike, the second from nothing, and compares all that is seen of it.
fn build_alike(quick: &Place, slow: &Place, options: &[&str]) -> Result<(), TestCaseError> {
    let build = [&["build", "--allow-removals"], options].concat();
    let ran = quick.run(&build);
    let compiled = slow.run(&[build.as_slice(), &["--no-cache"]].concat());
    prop_assert_eq!(ran.code, compiled.code, "{:?}", ran);
    prop_assert_eq!(ran.out, compiled.out);
    prop_assert_eq!(ran.err, compiled.err);
    prop_assert_eq!(quick.files("build"), slow.files("build"));
    Ok(())
}

/// Edits a generated file by hand, if there is one.
fn edit_output(place: &Place, number: usize) {
    if let Some(name) = nth_output(place, number) {
        place.write(&name, place.read(&name) + "\n");
    }
}

/// One of the generated files.
fn nth_output(place: &Place, number: usize) -> Option<String> {
    let mut names = place.names("build");
    names.retain(|name| !name.starts_with('.'));
    (!names.is_empty()).then(|| format!("build/{}", names[number % names.len()]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Two projects are changed alike. One is always compiled.
    #[test]
    fn a_build_is_the_same_whatever_happened_before(
        steps in prop::collection::vec((changes(), 0..OPTIONS.len()), 1..8)
    ) {
        let (quick, slow) = (project(), project());
        for (number, (step, options)) in steps.iter().enumerate() {
            // Mostly the plain command.
            let options = OPTIONS[if number % 2 == 0 { 0 } else { *options }];
            change(&quick, step);
            change(&slow, step);
            build_alike(&quick, &slow, options)?;
        }
    }
}

/// The templates of the services of [`shop`].
const TEMPLATES: &str = r#"import teams.payments

/// What every job has.
template service job(depth: number) {
  team     = payments
  tier     = high

  alert backlog {
    when     = `max(backlog_depth) > ${depth}`
    for      = 10m
    severity = ticket
    summary  = "The backlog is ${value} deep."
  }
}
"#;

const RULES: &str = r#"/// Nobody reads what is empty.
rule services-promise-something {
  for s in services {
    require length(s.slos) > 0 else "a service needs an `slo`"
  }
}
"#;

/// One that is about all services at once.
const COUNTING_RULES: &str = r#"rule few-promises {
  for s in services {
    require length(s.slos) <= length(services) else "there are more promises than services"
  }
}
"#;

/// A service, as its author has left it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    depth: u32,
    objective: &'static str,
    /// A line of its runbook.
    todo: u32,
    /// A value that the services use which depend on it.
    most: u32,
    /// The service that it depends on, by its number.
    needs: Option<usize>,
    /// The job that its selector names.
    job: usize,
    is_broken: bool,
    allows: bool,
    recorded: u32,
    slos: usize,
    gate: u32,
    /// The name of its test, if it has one.
    test: Option<&'static str>,
    comment: u32,
}

/// The names of services.
const NAMES: [&str; 6] = ["api", "basket", "checkout", "desk", "events", "files"];

impl Written {
    fn new(number: usize) -> Self {
        Self {
            depth: 100,
            objective: "99%",
            todo: 0,
            most: 7,
            // Two of them depend on others.
            needs: (number == 1 || number == 4).then(|| number - 1),
            job: number,
            is_broken: false,
            allows: false,
            recorded: 0,
            slos: 1,
            gate: 10,
            test: None,
            comment: 0,
        }
    }

    fn text(&self, number: usize) -> String {
        let name = NAMES[number];
        let mut text = String::from("import templates.{job}\nimport teams.payments\n");
        let needs = self.needs.filter(|needed| *needed != number);
        if let Some(needed) = needs {
            // A name may start with that of the project.
            let of_project = if number.is_multiple_of(2) {
                "shop."
            } else {
                ""
            };
            text.push_str(&format!("import {of_project}{}\n", NAMES[needed]));
        }
        text.push_str(&format!(
            "\n/// What others may ask of it.\nlet most = {}\n",
            self.most
        ));
        if self.comment > 0 {
            text.push_str(&format!("\n// Seen {} times.\n", self.comment));
        }
        text.push_str(&format!(
            "\nservice {name} : job(depth: {}) {{\n",
            self.depth
        ));
        if self.allows {
            text.push_str("  // nth: allow(N0825): they are one\n");
        }
        text.push_str(&format!(
            "  selector = {{ job = \"{}\" }}\n",
            NAMES[self.job]
        ));
        for slo in 0..self.slos {
            text.push_str(&format!(
                "\n  slo slo-{slo} {{\n    objective = {}\n    sli : ratio {{\n      bad   = `requests_{slo}_total{{code=~\"5..\"}}`\n      total = `requests_{slo}_total`\n    }}\n  }}\n",
                self.objective
            ));
        }
        if self.recorded > 0 {
            text.push_str(&format!(
                "\n  recording \"{name}:requests:{}\" {{\n    query = `sum(rate(requests_0_total[5m]))`\n  }}\n",
                self.recorded
            ));
        }
        if let Some(needed) = needs {
            text.push_str(&format!(
                "\n  dependency up {{ service = {0}.{0}  criticality = soft }}\n\n  alert asks-too-much {{\n    when     = `sum(rate(asked_total[5m])) > ${{{0}.most}}`\n    severity = ticket\n    summary  = \"It asks too much.\"\n  }}\n",
                NAMES[needed]
            ));
        }
        if self.slos > 0 {
            text.push_str(&format!(
                "\n  gate release {{\n    deny spent {{ when = budget(slo-0) < {}% }}\n  }}\n",
                self.gate
            ));
        }
        text.push_str(&format!(
            "\n  runbook {{\n    section \"To do\" {{\n      text = \"Look at it {} times.\"\n    }}\n  }}\n}}\n",
            self.todo
        ));
        if let Some(test) = self.test {
            text.push_str(&format!(
                "\ntest \"{test}\" {{\n  given few : series {{\n    series = `backlog_depth{{job=\"{name}\"}}`\n    values = \"1x60\"\n  }}\n\n  expect quiet : silent {{ alert = {name}.backlog }}\n}}\n"
            ));
        }
        if self.is_broken {
            text.push_str("service {\n");
        }
        text
    }
}

/// An edit.
#[derive(Debug, Clone)]
enum Edit {
    Depth(usize, u32),
    Objective(usize, usize),
    Todo(usize, u32),
    Most(usize, u32),
    Needs(usize, Option<usize>),
    Job(usize, usize),
    Break(usize),
    Allow(usize),
    Record(usize, u32),
    Slos(usize, usize),
    Gate(usize, u32),
    Test(usize),
    /// Two tests of one name are an error.
    SameTest(usize),
    Comment(usize, u32),
    Template(u32),
    Rules(bool),
    Slack(u32),
    Zone(u32),
    Exists(usize),
    Output(usize),
    Nothing,
}

/// A project while it is edited.
struct Shop {
    services: Vec<Option<Written>>,
}

impl Shop {
    fn new(place: &Place) -> Self {
        place.write("nth.toml", "[project]\nname = \"shop\"\n");
        place.write(
            "teams/payments.nth",
            TEAMS.split("environment").next().unwrap(),
        );
        let (_, environments) = TEAMS.split_once("environment").unwrap();
        place.write("environments.nth", format!("environment{environments}"));
        place.write("templates.nth", TEMPLATES);
        place.write("rules.nth", RULES);
        let shop = Self {
            services: (0..NAMES.len())
                .map(|number| Some(Written::new(number)))
                .collect(),
        };
        for number in 0..NAMES.len() {
            shop.write(place, number);
        }
        shop
    }

    fn write(&self, place: &Place, number: usize) {
        let path = format!("{}.nth", NAMES[number]);
        match &self.services[number] {
            Some(written) => place.write(&path, written.text(number)),
            None => {
                let _ = fs::remove_file(place.path(&path));
            }
        }
    }

    fn edit(&mut self, place: &Place, edit: &Edit) {
        let of = |number: usize| number % NAMES.len();
        let mut change = |number: usize, change: &dyn Fn(&mut Written)| {
            if let Some(written) = &mut self.services[of(number)] {
                change(written);
            }
            of(number)
        };
        let number = match edit {
            Edit::Depth(number, depth) => change(*number, &|written| written.depth = *depth),
            Edit::Objective(number, which) => change(*number, &|written| {
                written.objective = ["99%", "99.0%", "99.5%"][which % 3];
            }),
            Edit::Todo(number, todo) => change(*number, &|written| written.todo = *todo),
            Edit::Most(number, most) => change(*number, &|written| written.most = *most),
            Edit::Needs(number, needed) => {
                change(*number, &|written| written.needs = needed.map(of))
            }
            Edit::Job(number, job) => change(*number, &|written| written.job = of(*job)),
            Edit::Break(number) => change(*number, &|written| written.is_broken ^= true),
            Edit::Allow(number) => change(*number, &|written| written.allows ^= true),
            Edit::Record(number, record) => change(*number, &|written| written.recorded = *record),
            Edit::Slos(number, slos) => change(*number, &|written| written.slos = *slos),
            Edit::Gate(number, gate) => change(*number, &|written| written.gate = *gate),
            Edit::Test(number) => {
                let name = NAMES[of(*number)];
                change(*number, &|written| {
                    written.test = match written.test {
                        Some(_) => None,
                        None => Some(name),
                    }
                })
            }
            Edit::SameTest(number) => change(*number, &|written| written.test = Some("quiet")),
            Edit::Comment(number, comment) => {
                change(*number, &|written| written.comment = *comment)
            }
            Edit::Exists(number) => {
                let number = of(*number);
                self.services[number] = match self.services[number] {
                    Some(_) => None,
                    None => Some(Written::new(number)),
                };
                number
            }
            Edit::Template(minutes) => {
                let text = TEMPLATES.replace("10m", &format!("{minutes}m"));
                return place.write("templates.nth", text);
            }
            Edit::Rules(counts) => {
                let text = if *counts { COUNTING_RULES } else { RULES };
                return place.write("rules.nth", text);
            }
            Edit::Slack(number) => {
                let text = format!("team payments {{\n  slack = \"#payments-{number}\"\n}}\n");
                return place.write("teams/payments.nth", text);
            }
            Edit::Zone(number) => {
                let (_, environments) = TEAMS.split_once("environment").unwrap();
                let text = environments.replace("\"staging\"", &format!("\"staging-{number}\""));
                return place.write("environments.nth", format!("environment{text}"));
            }
            Edit::Output(number) => return edit_output(place, *number),
            Edit::Nothing => return,
        };
        self.write(place, number);
    }
}

fn edits() -> impl Strategy<Value = Edit> {
    let number = || 0..NAMES.len();
    prop_oneof![
        8 => (number(), 1..300_u32).prop_map(|(a, b)| Edit::Depth(a, b)),
        4 => (number(), 0..9_u32).prop_map(|(a, b)| Edit::Todo(a, b)),
        4 => (number(), 1..9_u32).prop_map(|(a, b)| Edit::Most(a, b)),
        3 => (number(), 0..3_u32).prop_map(|(a, b)| Edit::Comment(a, b)),
        2 => (number(), 0..3_usize).prop_map(|(a, b)| Edit::Objective(a, b)),
        2 => (number(), prop::option::of(number())).prop_map(|(a, b)| Edit::Needs(a, b)),
        2 => (number(), number()).prop_map(|(a, b)| Edit::Job(a, b)),
        1 => number().prop_map(Edit::Break),
        1 => number().prop_map(Edit::Allow),
        2 => (number(), 0..3_u32).prop_map(|(a, b)| Edit::Record(a, b)),
        2 => (number(), 0..3_usize).prop_map(|(a, b)| Edit::Slos(a, b)),
        2 => (number(), 5..20_u32).prop_map(|(a, b)| Edit::Gate(a, b)),
        1 => number().prop_map(Edit::Test),
        1 => number().prop_map(Edit::SameTest),
        1 => (1..30_u32).prop_map(Edit::Template),
        1 => any::<bool>().prop_map(Edit::Rules),
        1 => (0..3_u32).prop_map(Edit::Slack),
        1 => (0..3_u32).prop_map(Edit::Zone),
        1 => number().prop_map(Edit::Exists),
        1 => (0..60_usize).prop_map(Edit::Output),
        1 => Just(Edit::Nothing),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Two projects are edited alike. One is always compiled as a whole.
    #[test]
    fn a_part_is_built_as_the_whole_is(
        steps in prop::collection::vec((edits(), prop::option::weighted(0.3, edits())), 1..16)
    ) {
        let (quick, slow) = (Place::new(), Place::new());
        let (mut quick_shop, mut slow_shop) = (Shop::new(&quick), Shop::new(&slow));
        for (first, second) in std::iter::once(&(Edit::Nothing, None)).chain(&steps) {
            for edit in std::iter::once(first).chain(second) {
                quick_shop.edit(&quick, edit);
                slow_shop.edit(&slow, edit);
            }
            build_alike(&quick, &slow, &[])?;
        }
    }
}

/// What reaches no other service is built alone; what others can depend on is not.
#[test]
fn an_edit_builds_what_it_reaches() {
    let edits = [
        (Edit::Depth(0, 77), true),
        (Edit::Todo(2, 5), true),
        (Edit::Comment(2, 1), true),
        (Edit::Test(5), true),
        // `events` imports `desk` by its name in the project, and uses it.
        (Edit::Most(3, 8), true),
        // `basket` depends on `api`: both are built.
        (Edit::Depth(1, 78), true),
        (Edit::Objective(2, 2), false),
        (Edit::Needs(2, Some(5)), false),
        (Edit::Slos(2, 2), false),
        (Edit::Gate(2, 11), false),
        (Edit::Job(2, 5), false),
        (Edit::Allow(2), false),
        (Edit::Template(20), false),
        (Edit::Slack(1), false),
        (Edit::Zone(1), false),
        (Edit::Exists(5), false),
    ];
    for (edit, is_part) in edits {
        let place = Place::new();
        let mut shop = Shop::new(&place);
        build_twice(&place);
        forge_files(&place);
        shop.edit(&place, &edit);
        let checked = place.run(&["build", "--check"]);
        let ran = place.run(&["build", "--allow-removals"]);
        for ran in [&checked, &ran] {
            let report = ran.err.rsplit_once(" unchanged");
            let (unchanged, _) = report.unwrap_or_else(|| panic!("{edit:?}: {ran:?}"));
            let (_, unchanged) = unchanged.rsplit_once(' ').unwrap();
            let unchanged: usize = unchanged.parse().unwrap();
            assert_eq!(unchanged > 12_000, is_part, "{edit:?}: {ran:?}");
        }
        if is_part {
            // Nothing is left for a compilation from nothing.
            let again = place.run(&["build", "--no-cache"]);
            assert!(again.err.contains(" 0 written"), "{edit:?}: {again:?}");
        }
    }
}

/// What one service allows may be about another one, so nothing is built in part if it could change that.
#[test]
fn a_part_is_not_built_where_findings_are_allowed_or_shown() {
    let place = Place::new();
    let mut shop = Shop::new(&place);
    // Both measure the same series.
    shop.edit(&place, &Edit::Job(2, 5));
    build_twice(&place);
    let first = place.run(&["build"]);
    assert!(first.err.contains("measure the same series"), "{first:?}");
    forge_files(&place);
    shop.edit(&place, &Edit::Depth(2, 42));
    let ran = place.run(&["build"]);
    assert!(ran.err.contains("measure the same series"), "{ran:?}");
    assert!(!ran.err.contains("123"), "{ran:?}");
    // The warning is about two other services.
    build_twice(&place);
    forge_files(&place);
    shop.edit(&place, &Edit::Depth(0, 43));
    let ran = place.run(&["build"]);
    assert!(ran.err.contains("measure the same series"), "{ran:?}");
    assert!(ran.err.contains("123"), "{ran:?}");
}

/// What somebody else did to the output in the meantime is noticed as ever.
#[test]
fn a_part_is_not_built_into_an_output_that_changed() {
    let place = Place::new();
    let mut shop = Shop::new(&place);
    build_twice(&place);
    let edited = "build/production/grafana/files.json";
    place.write(edited, place.read(edited) + " ");
    shop.edit(&place, &Edit::Depth(0, 42));
    let ran = place.run(&["build"]);
    let compiled = place.run(&["build", "--no-cache"]);
    assert!(ran.err.contains("edited"), "{ran:?}");
    assert_eq!(compiled.code, 0, "{compiled:?}");
    assert!(!place.read(edited).ends_with(' '));
}
