//! The PagerDuty target: what the examples and projects made for it give is what PagerDuty's provider takes, and stays where
//! it is when something else comes or goes. `tests/tools/tofu-validate` asks the provider itself.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;
#[path = "pagerduty/schema.rs"]
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use place::Place;
use schema::SHAPES;
use serde_json::{Map, Value};

/// A project with a bit of everything, of which a snapshot is kept.
const SMALL: &str = r#"/// Charges customers.
team payments {
  members  = ["kim@example.com"]
  managers = ["lea@example.com"]

  support-hours {
    zone = "Europe/Berlin"
    days = [monday, tuesday, wednesday, thursday, friday]
    from = 08:00
    to   = 17:30
  }

  schedule primary {
    zone     = "Europe/Berlin"
    rotation = weekly
    handoff  = mon 09:00
    start    = "2026-03-24"
    members  = ["ana@example.com", "raj@example.com"]

    layer nights {
      rotation = daily
      handoff  = mon 18:00
      start    = "2026-07-01"
      members  = ["mo@example.com"]

      hours night {
        from = 22:00
        to   = 06:00
      }
    }
  }

  escalation default {
    step first { notify = primary }
    step lead  { notify = ["lea@example.com", "ana@example.com"]  after = 10m }
  }
}

/// Takes the money.
service checkout {
  team     = payments
  tier     = critical
  selector = { job = "checkout" }

  dependency ledger { service = ledger }
}

service ledger {
  team     = payments
  selector = { job = "ledger" }
}
"#;

/// Texts that are code to Terraform, to PagerDuty's conditions or to JSON.
const HOSTILE: &str = r#"/// Costs ${var.price} and %{if true}more%{endif} "quoted"
team taxes {
  escalation "a/b <c> & d\\" {
    description = "line\nline $\${y} %%{z}"

    step first { notify = "o.hara+x@example.com" }
  }
}

team "its \${x}" {
  schedule "1st" {
    zone    = "Asia/Kathmandu"
    members = ["o_hara@example.com", "o.hara@example.com"]
  }
}

/// Says 'no' and <b>${local.x}</b>
service "a'b\\\${c}" {
  team     = taxes
  selector = { job = "x" }
}
"#;

/// Objects that exist, in all ways, and people who are called.
const ADOPTED: &str = r#"team payments {
  orchestration_import = "b4745a03-4f72-4654-8f72-a8b5c9d0e1f2:c5856b14-5083-4765-9083-b9c6dae1f203"
  renamed_from         = ["cash", "billing"]

  schedule primary {
    zone             = "Europe/London"
    members          = ["ana@example.com", "raj@example.com"]
    pagerduty_import = "PSCHED1"
    renamed_from     = ["daytime"]

    override holiday {
      member = "kim@example.com"
      from   = "2099-12-24 18:00"
      to     = "2099-12-27 09:00"
    }

    override summer {
      member = "lea@example.com"
      from   = "2099-07-01 00:00"
      to     = "2099-07-15 00:00"
    }
  }

  schedule secondary { pagerduty_id = "PSCHED2" }

  escalation default {
    pagerduty_import = { critical = "PPOLIC1", other_alerts = "PPOLIC2", low = "PPOLIC3" }

    step first  { notify = primary }
    step second { notify = secondary }
  }

  escalation night { pagerduty_id = "PPOLIC4" }

  contact ana {
    email     = "ana@example.com"
    phone     = "+44 20 7946 0000"
    pagerduty = [sms, phone]
  }

  contact vendor {
    email     = "noc@example.com"
    phone     = "+1 (202) 555-0100"
    pagerduty = [phone]
  }
}

team platform {
  pagerduty_id = "PTEAM01"
  members      = ["mo@example.com"]

  schedule primary {
    zone    = "Europe/London"
    members = ["zoe@example.com"]
  }
}

service checkout {
  team             = payments
  tier             = critical
  pagerduty_import = "PSERVI1.PINTEG1"
  renamed_from     = ["shop"]
  selector         = { job = "checkout" }

  dependency gateway { service = gateway }
  dependency ledger { service = ledger }
}

service ledger {
  team       = payments
  escalation = payments.night
  selector   = { job = "ledger" }
}

service gateway {
  team         = payments
  pagerduty_id = "PSERVI2"
  selector     = { job = "gateway" }

  dependency archive { service = archive }
  dependency ledger { service = ledger }
}

service archive {
  team         = platform
  pagerduty_id = "PSERVI3"
  selector     = { job = "archive" }
}
"#;

/// The files of PagerDuty of a project, by path below the output folder.
fn built(manifest: &str, source: &str) -> BTreeMap<String, Value> {
    let place = Place::new();
    place.write("nth.toml", manifest);
    place.write("main.nth", source);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    files(&place.path("build"))
}

const MANIFEST: &str = "[project]\nname = \"shop\"\n";

/// All files of PagerDuty below a folder.
fn files(folder: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(within) = folders.pop() {
        for entry in std::fs::read_dir(&within).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(".tf.json") {
                let text = std::fs::read_to_string(&path).unwrap();
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                found.insert(name.to_owned(), serde_json::from_str(&text).unwrap());
            }
        }
    }
    found
}

/// The examples, built, and the projects above: files by what they are a module of.
fn modules() -> BTreeMap<String, Vec<Value>> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let place = Place::new();
    let out = place.path("out");
    let shop = examples.join("shop");
    let ran = place.run(&[
        "build",
        "--project",
        shop.to_str().unwrap(),
        "--output",
        out.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut all = files(&out);
    assert!(!all.is_empty());
    for (name, source) in [("small", SMALL), ("hostile", HOSTILE), ("adopted", ADOPTED)] {
        let made = built(MANIFEST, source).into_iter();
        all.extend(made.map(|(path, file)| (format!("{name}/{path}"), file)));
    }
    let mut modules: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (path, file) in all {
        let (folder, _) = path.rsplit_once('/').unwrap();
        modules.entry(folder.to_owned()).or_default().push(file);
    }
    assert!(modules.len() >= 4, "{:?}", modules.keys());
    modules
}

/// What is made and looked up in a module, by type and address.
fn things(files: &[Value]) -> BTreeMap<(String, String), &Value> {
    let mut found = BTreeMap::new();
    for file in files {
        for (section, prefix) in [("resource", ""), ("data", "data.")] {
            for (kind, all) in object(file.get(section)) {
                for (address, body) in object(Some(all)) {
                    let key = (format!("{prefix}{kind}"), address.clone());
                    assert!(found.insert(key.clone(), body).is_none(), "{key:?} twice");
                }
            }
        }
    }
    found
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

/// Every string in a value.
fn strings<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| strings(field, found)),
        _ => {}
    }
}

/// The interpolations of a template: what is between `${` and `}`, where the `$` is not escaped by another.
fn interpolations(template: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find("${") {
        let after = rest.get(at + 2..).unwrap();
        if rest.get(..at).unwrap().ends_with('$') {
            rest = after;
            continue;
        }
        let (inside, next) = after.split_once('}').expect("an end");
        found.push(inside);
        rest = next;
    }
    found
}

#[test]
fn every_reference_is_of_something_in_the_files() {
    let mut seen = 0;
    for (module, files) in modules() {
        let things = things(&files);
        for file in &files {
            let mut texts = Vec::new();
            strings(file, &mut texts);
            for text in texts {
                assert!(
                    !text.replace("%%{", "").contains("%{"),
                    "{module}: a directive in {text}"
                );
                for reference in interpolations(text) {
                    assert_eq!(text, format!("${{{reference}}}"), "{module}: text around");
                    let (data, path) = match reference.strip_prefix("data.") {
                        Some(path) => ("data.", path),
                        None => ("", reference),
                    };
                    let mut parts = path.splitn(3, '.');
                    let kind = format!("{data}{}", parts.next().unwrap());
                    let address = parts.next().unwrap().to_owned();
                    assert!(
                        matches!(parts.next(), Some("id" | "parameters[0].routing_key")),
                        "{reference}"
                    );
                    assert!(
                        things.contains_key(&(kind, address)),
                        "{module}: nothing is at {reference}"
                    );
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 200, "{seen}");
}

/// Holds a body against the table; what is a list of blocks is one block or several.
fn fits(of: &str, body: &Value, checked: &mut BTreeSet<String>) {
    if let Value::Array(items) = body {
        items.iter().for_each(|item| fits(of, item, checked));
        return;
    }
    let Value::Object(fields) = body else {
        panic!("{of} is {body}");
    };
    let shape = SHAPES
        .iter()
        .find(|shape| shape.of == of)
        .unwrap_or_else(|| panic!("{of} is not in the table"));
    checked.insert(of.to_owned());
    for required in shape.required {
        assert!(fields.contains_key(*required), "{of} lacks {required}");
    }
    for (name, value) in fields {
        assert!(
            shape.required.contains(&name.as_str()) || shape.optional.contains(&name.as_str()),
            "{of} has no {name}"
        );
        let inner = format!("{of}.{name}");
        let is_block = SHAPES.iter().any(|shape| shape.of == inner);
        let holds_objects = value.is_object()
            || value
                .as_array()
                .is_some_and(|items| items.iter().any(Value::is_object));
        assert_eq!(is_block, holds_objects, "{inner}");
        if is_block {
            fits(&inner, value, checked);
        }
    }
}

#[test]
fn every_resource_has_what_the_provider_asks_for() {
    let mut checked = BTreeSet::new();
    for files in modules().values() {
        for ((kind, _), body) in things(files) {
            fits(&kind, body, &mut checked);
        }
    }
    let unused: Vec<&str> = SHAPES
        .iter()
        .map(|shape| shape.of)
        .filter(|of| !checked.contains(*of) && *of != "data.pagerduty_escalation_policy")
        .collect();
    assert_eq!(unused, [""; 0], "nothing tries these rows of the table");
}

fn number(value: &Value, field: &str) -> u64 {
    value.get(field).and_then(Value::as_u64).unwrap()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[test]
fn numbers_and_names_are_within_the_limits() {
    for files in modules().values() {
        for ((kind, address), body) in things(files) {
            let first = address.chars().next().unwrap();
            assert!(first.is_ascii_alphabetic() || first == '_', "{address}");
            assert!(
                address
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'),
                "{address}"
            );
            if let Some(name) = body.get("name").and_then(Value::as_str) {
                let shown = name.replace("$${", "${").replace("%%{", "%{");
                assert!(
                    shown.chars().count() <= 100 && !shown.ends_with(' '),
                    "{name}"
                );
                assert!(!shown.contains(['\\', '/', '&', '<', '>', '\n']), "{name}");
            }
            match kind.as_str() {
                "pagerduty_escalation_policy" => {
                    assert!(number(body, "num_loops") <= 9);
                    assert!((1..=20).contains(&list(body, "rule").len()));
                    for rule in list(body, "rule") {
                        let targets = list(rule, "target").len();
                        assert!((1..=10).contains(&targets));
                        let least = if targets > 1 { 5 } else { 1 };
                        assert!(number(rule, "escalation_delay_in_minutes") >= least);
                    }
                }
                "pagerduty_schedule" => {
                    for layer in list(body, "layer") {
                        let turn = number(layer, "rotation_turn_length_seconds");
                        assert!((3600..=31_536_000).contains(&turn));
                        assert!(!list(layer, "users").is_empty());
                        for restriction in list(layer, "restriction") {
                            let length = number(restriction, "duration_seconds");
                            let daily = restriction.get("type").unwrap() == "daily_restriction";
                            let most = if daily { 86_399 } else { 604_799 };
                            assert!((1..=most).contains(&length));
                            assert_eq!(daily, restriction.get("start_day_of_week").is_none());
                        }
                    }
                }
                "pagerduty_service" => {
                    let rule = body.get("incident_urgency_rule").unwrap();
                    let by_hours = rule.get("type").unwrap() == "use_support_hours";
                    assert_eq!(by_hours, rule.get("urgency").is_none());
                    assert_eq!(by_hours, body.get("support_hours").is_some());
                    assert_eq!(by_hours, body.get("scheduled_actions").is_some());
                }
                _ => {}
            }
        }
    }
}

/// All that a small project makes, as one text.
fn whole(files: &BTreeMap<String, Value>) -> String {
    files
        .iter()
        .map(|(path, file)| format!("{path}\n{}\n", serde_json::to_string_pretty(file).unwrap()))
        .collect()
}

#[test]
fn a_small_project_is_read_well() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("pagerduty/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("small", whole(&built(MANIFEST, SMALL))));
}

#[test]
fn texts_stay_texts() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("pagerduty/snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("hostile", whole(&built(MANIFEST, HOSTILE))));
}

/// A reference to an object that is managed elsewhere is its ID, and nothing of that object is written.
#[test]
fn what_is_managed_elsewhere_stays_as_it_is() {
    let all = by_address(ADOPTED);
    let of = |kind: &str, address: &str| all.get(&(kind.to_owned(), address.to_owned()));
    let targets: Vec<&Value> = list(
        of("pagerduty_escalation_policy", "payments--default--critical").unwrap(),
        "rule",
    )
    .iter()
    .map(|rule| &rule["target"][0]["id"])
    .collect();
    assert_eq!(
        targets,
        ["${pagerduty_schedule.payments--primary.id}", "PSCHED2"]
    );
    for (kind, address) in [
        ("pagerduty_schedule", "payments--secondary"),
        ("pagerduty_escalation_policy", "payments--night--standard"),
        ("pagerduty_service", "gateway"),
        ("pagerduty_service_integration", "gateway"),
        ("pagerduty_event_orchestration_service", "gateway"),
        ("pagerduty_team", "platform"),
        ("pagerduty_team_membership", "platform--zoe_at_example_com"),
        // Both ends are managed elsewhere.
        ("pagerduty_service_dependency", "gateway--archive"),
        // Nobody needs this person.
        ("data.pagerduty_user", "mo_at_example_com"),
    ] {
        assert_eq!(of(kind, address), None, "{kind}.{address}");
    }
    let ledger = of("pagerduty_service", "ledger").unwrap();
    assert_eq!(ledger["escalation_policy"], "PPOLIC4");
    let schedule = of("pagerduty_schedule", "platform--primary").unwrap();
    assert_eq!(schedule["teams"], serde_json::json!(["PTEAM01"]));
    let router = of("pagerduty_event_orchestration_router", "payments").unwrap();
    let routes: Vec<&Value> = list(&router["set"], "rule")
        .iter()
        .map(|rule| &rule["actions"]["route_to"])
        .collect();
    assert!(routes.contains(&&Value::from("PSERVI2")), "{routes:?}");
    let ends = |address: &str| {
        let found = of("pagerduty_service_dependency", address).unwrap();
        let id = |end: &str| found["dependency"][end]["id"].as_str().unwrap().to_owned();
        [id("dependent_service"), id("supporting_service")]
    };
    assert_eq!(
        ends("checkout--gateway"),
        ["${pagerduty_service.checkout.id}", "PSERVI2"]
    );
    assert_eq!(
        ends("gateway--ledger"),
        ["PSERVI2", "${pagerduty_service.ledger.id}"]
    );
}

#[test]
fn an_override_is_a_last_layer_with_an_end() {
    let all = by_address(ADOPTED);
    let key = (
        "pagerduty_schedule".to_owned(),
        "payments--primary".to_owned(),
    );
    let layers = list(&all[&key], "layer");
    let short: Vec<_> = layers
        .iter()
        .map(|layer| {
            let text = |field: &str| layer.get(field).and_then(Value::as_str);
            (text("name").unwrap(), text("start").unwrap(), text("end"))
        })
        .collect();
    // In the order of time, each with the offset of its day.
    assert_eq!(
        short,
        [
            ("primary", "2026-01-05T09:00:00+00:00", None),
            (
                "summer",
                "2099-07-01T00:00:00+01:00",
                Some("2099-07-15T00:00:00+01:00")
            ),
            (
                "holiday",
                "2099-12-24T18:00:00+00:00",
                Some("2099-12-27T09:00:00+00:00")
            ),
        ]
    );
    assert_eq!(
        layers[2]["users"],
        serde_json::json!(["${data.pagerduty_user.kim_at_example_com.id}"])
    );
}

#[test]
fn a_contact_method_has_the_country_by_itself() {
    let all = by_address(ADOPTED);
    let of = |address: &str| {
        let kind = "pagerduty_user_contact_method";
        let found = &all[&(kind.to_owned(), address.to_owned())];
        let text = |field: &str| found[field].as_str().unwrap().to_owned();
        (text("type"), number(found, "country_code"), text("address"))
    };
    let expected =
        |kind: &str, country, number: &str| (kind.to_owned(), country, number.to_owned());
    assert_eq!(
        of("phone--ana_at_example_com"),
        expected("phone_contact_method", 44, "2079460000")
    );
    assert_eq!(
        of("sms--ana_at_example_com"),
        expected("sms_contact_method", 44, "2079460000")
    );
    assert_eq!(
        of("phone--noc_at_example_com"),
        expected("phone_contact_method", 1, "2025550100")
    );
    // A person who is only called is no member of the team.
    let membership = ("pagerduty_team_membership", "payments--noc_at_example_com");
    assert!(!all.contains_key(&(membership.0.to_owned(), membership.1.to_owned())));
    // Numbers are in no other file.
    let place = Place::new();
    place.write("nth.toml", MANIFEST);
    place.write("main.nth", ADOPTED);
    assert_eq!(place.run(&["build"]).code, 0);
    for (path, text) in place.files("build") {
        let may = path == "pagerduty/contacts.tf.json";
        assert_eq!(may, text.contains("2079460000"), "{path}");
    }
}

/// The blocks of a kind: pairs of two fields.
fn pairs(
    files: &BTreeMap<String, Value>,
    path: &str,
    block: &str,
    fields: [&str; 2],
) -> Vec<(String, String)> {
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    list(&files[path], block)
        .iter()
        .map(|one| (text(one, fields[0]), text(one, fields[1])))
        .collect()
}

#[test]
fn imports_are_written_for_the_root_module() {
    let expected = [
        ("pagerduty_schedule.payments--primary", "PSCHED1"),
        (
            "pagerduty_event_orchestration.payments",
            "b4745a03-4f72-4654-8f72-a8b5c9d0e1f2",
        ),
        (
            "pagerduty_event_orchestration_integration.payments",
            "b4745a03-4f72-4654-8f72-a8b5c9d0e1f2:c5856b14-5083-4765-9083-b9c6dae1f203",
        ),
        // No service is of tier `low`.
        ("pagerduty_escalation_policy.payments--default", "PPOLIC2"),
        (
            "pagerduty_escalation_policy.payments--default--critical",
            "PPOLIC1",
        ),
        ("pagerduty_service.checkout", "PSERVI1"),
        ("pagerduty_service_integration.checkout", "PSERVI1.PINTEG1"),
    ];
    let version = |files: &BTreeMap<String, Value>| {
        let version = &files["pagerduty/main.tf.json"]["terraform"]["required_version"];
        version.as_str().unwrap().to_owned()
    };
    let files = built(MANIFEST, ADOPTED);
    let found = pairs(&files, "pagerduty/imports.tf.json", "import", ["to", "id"]);
    let short: Vec<(&str, &str)> = found.iter().map(|(to, id)| (&**to, &**id)).collect();
    assert_eq!(short, expected);
    assert_eq!(version(&files), ">= 1.5");
    let manifest = format!("{MANIFEST}\n[pagerduty]\nmodule = \"oncall\"\n");
    let files = built(&manifest, ADOPTED);
    assert!(!files.contains_key("pagerduty/imports.tf.json"));
    let found = pairs(
        &files,
        "pagerduty/root/imports.tf.json",
        "import",
        ["to", "id"],
    );
    for ((to, _), (expected, _)) in found.iter().zip(expected) {
        assert_eq!(*to, format!("module.oncall.{expected}"));
    }
    assert_eq!(version(&files), ">= 1.1");
    assert_eq!(version(&built(MANIFEST, SMALL)), ">= 1.0");
}

/// What stands at each address.
fn by_address(source: &str) -> BTreeMap<(String, String), Value> {
    let files: Vec<Value> = built(MANIFEST, source).into_values().collect();
    things(&files)
        .into_iter()
        .map(|(key, body)| (key, body.clone()))
        .collect()
}

#[test]
fn who_comes_and_goes_leaves_the_others_where_they_are() {
    let before = by_address(SMALL);
    let with_member = SMALL.replace("[\"kim@", "[\"aaa@example.com\", \"kim@");
    let with_service = format!(
        "service aardvark {{\n  team     = payments\n  tier     = high\n  selector = {{ job = \"a\" }}\n}}\n\n{SMALL}"
    );
    let with_team = format!(
        "team aardvarks {{\n  schedule primary {{\n    zone    = \"Etc/UTC\"\n    members = [\"zoe@example.com\"]\n  }}\n}}\n\n{SMALL}"
    );
    for (changed, more) in [(with_member, 2), (with_service, 4), (with_team, 4)] {
        assert_ne!(changed, SMALL);
        let after = by_address(&changed);
        assert_eq!(after.len(), before.len() + more);
        for (key, body) in &before {
            let now = after.get(key).unwrap_or_else(|| panic!("{key:?} is gone"));
            // The router of the team names its services.
            if key.0 != "pagerduty_event_orchestration_router" {
                assert_eq!(now, body, "{key:?}");
            }
        }
    }
    // What is renamed moves alone.
    let renamed = by_address(&SMALL.replace("ledger", "books"));
    let gone: BTreeSet<&str> = before
        .keys()
        .filter(|key| !renamed.contains_key(key))
        .map(|(_, address)| address.as_str())
        .collect();
    assert_eq!(gone, BTreeSet::from(["checkout--ledger", "ledger"]));
}

#[test]
fn environments_live_in_one_account() {
    let source = format!("environment production {{ }}\n\nenvironment staging {{ }}\n\n{SMALL}");
    let names = |manifest: &str| -> Vec<String> {
        let files = built(manifest, &source);
        let names = files
            .iter()
            .filter(|(path, _)| path.ends_with("services.tf.json"))
            .map(|(_, file)| {
                let name = file.pointer("/resource/pagerduty_service/checkout/name");
                name.unwrap().as_str().unwrap().to_owned()
            });
        names.collect()
    };
    assert_eq!(
        names(MANIFEST),
        ["checkout (production)", "checkout (staging)"]
    );
    let manifest = format!(
        "{MANIFEST}\n[pagerduty]\nname_prefix = \"nth \"\nenvironment_in_names = \"never\"\n"
    );
    assert_eq!(names(&manifest), ["nth checkout", "nth checkout"]);
}

#[test]
fn services_without_an_escalation_have_the_one_that_is_there() {
    let source = "team payments {\n  slack = \"#payments\"\n}\n\nservice checkout {\n  team     = payments\n  selector = { job = \"checkout\" }\n}\n";
    assert!(built(MANIFEST, source).is_empty());
    let manifest = format!(
        "{MANIFEST}\n[pagerduty]\nescalation_policy = \"Everybody\"\nprovider_version = \"= 3.32.4\"\n"
    );
    let files = built(&manifest, source);
    let of = |file: &str, path: &str| {
        let file = files.get(&format!("pagerduty/{file}.tf.json")).unwrap();
        file.pointer(path)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    assert_eq!(
        of(
            "services",
            "/resource/pagerduty_service/checkout/escalation_policy"
        )
        .as_deref(),
        Some("${data.pagerduty_escalation_policy.Everybody.id}")
    );
    assert_eq!(
        of(
            "lookups",
            "/data/pagerduty_escalation_policy/Everybody/name"
        )
        .as_deref(),
        Some("Everybody")
    );
    assert_eq!(
        of("main", "/terraform/required_providers/pagerduty/version").as_deref(),
        Some("= 3.32.4")
    );
}

/// The page that woke nobody: its tier had a low urgency, which came before what the alert asked for.
#[test]
fn urgency_follows_the_severity_whatever_the_tier() {
    for tier in ["critical", "high", "standard", "low"] {
        let source = format!(
            "team a {{\n  slack = \"#a\"\n  schedule p {{ zone = \"Etc/UTC\"  members = [\"x@example.com\"] }}\n  \
             escalation default {{ step s {{ notify = p }} }}\n}}\n\n\
             service s {{\n  team = a\n  tier = {tier}\n  selector = {{ job = \"s\" }}\n  \
             alert gone {{ when = `max(q) > 1`  severity = page  summary = \"x\" }}\n}}\n"
        );
        let all = by_address(&source);
        let of = |kind: &str| all[&(kind.to_owned(), "s".to_owned())].clone();
        let rule = of("pagerduty_service")["incident_urgency_rule"].clone();
        assert_eq!(rule["type"], "constant");
        assert_eq!(rule["urgency"], "severity_based");
        let rules = of("pagerduty_event_orchestration_service");
        let set = rules["set"]["rule"].as_array().unwrap();
        let meant: Vec<(&str, &str)> = set
            .iter()
            .map(|rule| {
                let condition = rule["condition"]["expression"].as_str().unwrap();
                (condition, rule["actions"]["severity"].as_str().unwrap())
            })
            .collect();
        assert_eq!(
            meant,
            [
                ("event.custom_details.severity matches 'page'", "critical"),
                ("event.custom_details.severity matches 'ticket'", "warning"),
            ]
        );
    }
}

#[test]
fn support_hours_are_quiet_outside_and_by_severity_inside() {
    let services = by_address(SMALL);
    for service in ["checkout", "ledger"] {
        let key = ("pagerduty_service".to_owned(), service.to_owned());
        let rule = &services[&key]["incident_urgency_rule"];
        assert_eq!(rule["type"], "use_support_hours");
        assert_eq!(rule["during_support_hours"]["urgency"], "severity_based");
        assert_eq!(rule["outside_support_hours"]["urgency"], "low");
        assert_eq!(services[&key]["scheduled_actions"][0]["to_urgency"], "high");
    }
}

/// The catch-all of a default team that owns nothing.
#[test]
fn the_default_team_gets_what_is_no_teams() {
    let source = format!(
        "{SMALL}\nteam platform {{\n  escalation default {{\n    step first {{ notify = \"kim@example.com\" }}\n  }}\n}}\n"
    );
    let router = |manifest: &str| {
        let files: Vec<Value> = built(manifest, &source).into_values().collect();
        let router = ("pagerduty_event_orchestration_router", "platform");
        let found = things(&files)
            .get(&(router.0.to_owned(), router.1.to_owned()))
            .map(|router| (*router).clone());
        let service = ("pagerduty_service", "platform--other");
        let has = things(&files).contains_key(&(service.0.to_owned(), service.1.to_owned()));
        assert_eq!(found.is_some(), has);
        found
    };
    assert!(router(MANIFEST).is_none());
    let manifest = format!("{MANIFEST}\n[alertmanager]\ndefault_team = \"platform\"\n");
    let router = router(&manifest).unwrap();
    let rules = router["set"]["rule"].as_array().unwrap();
    let to = |rule: &Value| rule["actions"]["route_to"].as_str().unwrap().to_owned();
    // The other team is not told of tickets.
    assert_eq!(
        rules.iter().map(to).collect::<Vec<_>>(),
        [
            "${pagerduty_service.checkout.id}",
            "${pagerduty_service.ledger.id}",
            "${pagerduty_service.platform--other.id}",
            "${pagerduty_service.platform--other.id}",
        ]
    );
}

/// A team whose services each name their escalation has none for what is no service's.
#[test]
fn other_alerts_have_the_escalation_that_is_there() {
    let source = "team a {\n  escalation x {\n    step s { notify = \"x@example.com\" }\n  }\n\n  escalation y {\n    step s { notify = \"y@example.com\" }\n  }\n}\n\nservice s {\n  team       = a\n  escalation = a.x\n  selector   = { job = \"s\" }\n}\n";
    let router = |manifest: &str| {
        let files: Vec<Value> = built(manifest, source).into_values().collect();
        let all = things(&files);
        let policy = "data.pagerduty_escalation_policy";
        let looked_up = all.contains_key(&(policy.to_owned(), "Everybody".to_owned()));
        let router = "pagerduty_event_orchestration_router";
        let rules = &all[&(router.to_owned(), "a".to_owned())]["set"]["rule"];
        (rules.as_array().unwrap().len(), looked_up)
    };
    assert_eq!(router(MANIFEST), (1, false));
    let manifest = format!("{MANIFEST}\n[pagerduty]\nescalation_policy = \"Everybody\"\n");
    assert_eq!(router(&manifest), (3, true));
}

#[test]
fn settings_that_cannot_be_are_told() {
    let place = Place::new();
    place.write(
        "nth.toml",
        format!("{MANIFEST}\n[pagerduty]\nprovider_version = \"${{x}}\"\nenvironment_in_names = \"maybe\"\nescalation_policy = \" \"\ntoken = \"x\"\n"),
    );
    place.write("main.nth", SMALL);
    let ran = place.run(&["check", "--format", "short"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let told: Vec<&str> = ran
        .err
        .lines()
        .filter(|line| line.contains("error"))
        .collect();
    let codes = told.iter().filter(|line| line.contains("N0603")).count();
    assert_eq!(codes, 3, "{told:?}");
    assert!(told.iter().any(|line| line.contains("N0602")), "{told:?}");
}

/// What Terraform itself makes of texts, where it is installed: each output is the text that was escaped.
#[test]
fn terraform_reads_the_syntax() {
    let found = ["tofu", "terraform"].into_iter().find(|program| {
        Command::new(program)
            .arg("version")
            .output()
            .is_ok_and(|ran| ran.status.success())
    });
    let Some(program) = found else {
        eprintln!("skipped, tofu not installed");
        return;
    };
    let place = Place::new();
    let files = built(MANIFEST, HOSTILE);
    let services = &files["pagerduty/services.tf.json"];
    let escalations = &files["pagerduty/escalations.tf.json"];
    let mut outputs = Map::new();
    for (number, text) in [
        find_field(services, "description"),
        find_field(escalations, "description"),
    ]
    .into_iter()
    .enumerate()
    {
        outputs.insert(
            format!("text{number}"),
            serde_json::json!({ "value": text }),
        );
    }
    let document = serde_json::json!({ "output": outputs });
    place.write("main.tf.json", document.to_string());
    let folder = place.path("");
    let run = |arguments: &[&str]| {
        let ran = Command::new(program)
            .args(arguments)
            .current_dir(&folder)
            .env_remove("TF_CLI_CONFIG_FILE")
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        String::from_utf8(ran.stdout).unwrap()
    };
    run(&["apply", "-auto-approve", "-input=false", "-no-color"]);
    let said: Value = serde_json::from_str(&run(&["output", "-json"])).unwrap();
    let text = |name: &str| said[name]["value"].as_str().unwrap().to_owned();
    assert_eq!(text("text0"), "Says 'no' and <b>${local.x}</b>");
    assert_eq!(text("text1"), "line\nline $${y} %%{z}");
}

/// Terraform itself follows moves from every combination of former names, and imports what the file names, where it is
/// installed. A resource that is built into it stands for PagerDuty's, which needs an account.
#[test]
fn terraform_moves_and_imports() {
    let found = ["tofu", "terraform"].into_iter().find(|program| {
        Command::new(program)
            .arg("version")
            .output()
            .is_ok_and(|ran| ran.status.success())
    });
    let Some(program) = found else {
        eprintln!("skipped, tofu not installed");
        return;
    };
    let files = built(MANIFEST, ADOPTED);
    let stand_in = |text: &str| {
        let (_, address) = text.split_once('.').unwrap();
        format!("terraform_data.{address}")
    };
    let schedules = |path: &str, block: &str, fields| {
        let mut pairs = pairs(&files, path, block, fields);
        let at = |text: &str| text.starts_with("pagerduty_schedule.");
        pairs.retain(|(from, to)| at(from) || at(to));
        pairs
    };
    let moved = schedules("pagerduty/moved.tf.json", "moved", ["from", "to"]);
    // Three names of the team, two of each of its schedules that are managed here.
    assert_eq!(moved.len(), 3 * 2 - 1);
    let moves: Vec<Value> = moved
        .iter()
        .map(|(from, to)| serde_json::json!({ "from": stand_in(from), "to": stand_in(to) }))
        .collect();
    let now = "payments--primary";
    let run = |place: &Place, arguments: &[&str]| {
        let ran = Command::new(program)
            .args(arguments)
            .args(["-input=false", "-no-color"])
            .current_dir(place.path(""))
            .env_remove("TF_CLI_CONFIG_FILE")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        let failed = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success(), "{said}{failed}");
        said
    };
    // One that was never moved, and one in the middle of the chain.
    for (from, _) in [moved.first().unwrap(), &moved[3]] {
        let place = Place::new();
        let before = stand_in(from);
        let (_, before) = before.split_once('.').unwrap();
        let write = |address: &str, moves: &[Value]| {
            let resource =
                serde_json::json!({ "terraform_data": { address: { "input": "kept" } } });
            let document = serde_json::json!({ "resource": resource, "moved": moves });
            place.write("main.tf.json", document.to_string());
        };
        write(before, &[]);
        run(&place, &["apply", "-auto-approve"]);
        write(now, &moves);
        let said = run(&place, &["plan"]);
        assert!(
            said.contains(&format!(
                "terraform_data.{before} has moved to terraform_data.{now}"
            )),
            "{said}"
        );
        assert!(
            said.contains("0 to add, 0 to change, 0 to destroy"),
            "{said}"
        );
    }
    let place = Place::new();
    let imports: Vec<Value> = schedules("pagerduty/imports.tf.json", "import", ["to", "id"])
        .iter()
        .map(|(to, id)| serde_json::json!({ "to": stand_in(to), "id": id }))
        .collect();
    let resource = serde_json::json!({ "terraform_data": { now: {} } });
    let document = serde_json::json!({ "resource": resource, "import": imports });
    place.write("main.tf.json", document.to_string());
    let said = run(&place, &["plan"]);
    assert!(said.contains("1 to import, 0 to add"), "{said}");
    assert!(said.contains("PSCHED1"), "{said}");
}

/// The first string of that name in a file.
fn find_field(value: &Value, name: &str) -> String {
    fn find<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
        match value {
            Value::Object(fields) => fields
                .get(name)
                .and_then(Value::as_str)
                .or_else(|| fields.values().find_map(|field| find(field, name))),
            Value::Array(items) => items.iter().find_map(|item| find(item, name)),
            _ => None,
        }
    }
    find(value, name).unwrap().to_owned()
}
