//! Uses: in all files, in one, and by services of one another.

use serde_json::{Value, json};

use crate::support::Editor;

fn references(text: &str) -> Vec<String> {
    let mut editor = Editor::open(text);
    let context = json!({ "context": { "includeDeclaration": true } });
    let found = editor.ask_at_cursor("textDocument/references", context);
    editor.show_locations(&found)
}

const SHOP: &str = "
    //- services/checkout.nth
    import services.ledger
    import teams.{payments}
    service checkout {
      team = payments
      selector = { job = \"checkout\" }
      slo availability { objective = 99.8% }
      dependency books { service = ledger }
    }
    //- services/ledger.nth
    import services.checkout
    import teams.{payments}
    service ledger {
      team = payments
      selector = { job = \"ledger\" }
      slo availability { objective = 99.9% }
      gate g { deny d { when = burn(availability) > 6 } }
      dependency checkout { service = checkout  criticality = soft }
    }
    //- teams.nth
    team payments {
      slack = \"#payments\"
    }
    // payments is no use of it
    ";

fn at(needle: &str) -> String {
    assert_eq!(
        SHOP.matches(&needle.replace("$0", "")).count(),
        1,
        "{needle}"
    );
    SHOP.replace(&needle.replace("$0", ""), needle)
}

#[test]
fn in_all_files() {
    assert_eq!(
        references(&at("team pay$0ments {")),
        [
            "services/checkout.nth:2 import teams.{[payments]}",
            "services/checkout.nth:4 team = [payments]",
            "services/ledger.nth:2 import teams.{[payments]}",
            "services/ledger.nth:4 team = [payments]",
            "teams.nth:1 team [payments] {",
        ]
    );
}

#[test]
fn of_nested_blocks() {
    assert_eq!(
        references(&at("burn(avail$0ability)")),
        [
            "services/ledger.nth:6 slo [availability] { objective = 99.9% }",
            "services/ledger.nth:7 gate g { deny d { when = burn([availability]) > 6 } }",
        ]
    );
}

#[test]
fn without_the_declaration() {
    let mut editor = Editor::open(&at("burn(avail$0ability)"));
    let context = json!({ "context": { "includeDeclaration": false } });
    let found = editor.ask_at_cursor("textDocument/references", context);
    assert_eq!(
        editor.show_locations(&found),
        ["services/ledger.nth:7 gate g { deny d { when = burn([availability]) > 6 } }"]
    );
}

#[test]
fn of_what_templates_make_and_services_amend() {
    assert_eq!(
        references(
            "
            //- base.nth
            template service online() {
              slo availability { objective = 99% }
              gate g { deny d { when = burn(availability) > 6 } }
            }
            //- main.nth
            import base.{online}
            service a : online {
              slo avail$0ability { objective = 99.9% }
              in staging { without slo availability }
            }
            service b : online {
              gate h { deny d { when = burn(availability) > 6 } }
            }
            service c { slo availability { objective = 99% } }
            environment staging {}
            "
        ),
        [
            "base.nth:2 slo [availability] { objective = 99% }",
            "base.nth:3 gate g { deny d { when = burn([availability]) > 6 } }",
            "main.nth:3 slo [availability] { objective = 99.9% }",
            "main.nth:4 in staging { without slo [availability] }",
            "main.nth:7 gate h { deny d { when = burn([availability]) > 6 } }",
        ]
    );
}

#[test]
fn of_fields_and_parameters() {
    assert_eq!(
        references(
            "
            extend kind service { cost-cen$0ter: string? }
            service a { cost-center = \"x\" }
            rule r { for s in services where s.cost-center == \"x\" { require s.name != \"b\" } }
            "
        ),
        [
            "main.nth:1 extend kind service { [cost-center]: string? }",
            "main.nth:2 service a { [cost-center] = \"x\" }",
            "main.nth:3 rule r { for s in services where s.[cost-center] == \"x\" { require s.name != \"b\" } }",
        ]
    );
    assert_eq!(
        references(
            "
            //- base.nth
            template service online(job: string) { selector = { job = jo$0b } }
            //- main.nth
            import base
            service a : base.online(job: \"a\")
            "
        ),
        [
            "base.nth:1 template service online([job]: string) { selector = { job = job } }",
            "base.nth:1 template service online(job: string) { selector = { job = [job] } }",
            "main.nth:2 service a : base.online([job]: \"a\")",
        ]
    );
}

#[test]
fn of_an_override_and_what_it_lets_pass() {
    assert_eq!(
        references(
            "
            service a {
              gate g {
                deny fre$0eze { when = weekday(zone: \"UTC\") }
                override freeze { by = \"a@example.com\"  until = \"2026-01-01\"  reason = \"x\" }
              }
            }
            "
        ),
        [
            "main.nth:3 deny [freeze] { when = weekday(zone: \"UTC\") }",
            "main.nth:4 override [freeze] { by = \"a@example.com\"  until = \"2026-01-01\"  reason = \"x\" }",
        ]
    );
}

#[test]
fn of_nothing() {
    let none: [&str; 0] = [];
    assert_eq!(references("// no$0thing\nservice s {}"), none);
    assert_eq!(references("service s { team = nobo$0dy }"), none);
}

#[test]
fn highlights_tell_writes_from_reads() {
    let mut editor = Editor::open(
        "
        template service online(job: string) {
          selector = { job = j$0ob }
          description = \"${job} is online\"
        }
        service a : online(job: \"a\")
        ",
    );
    let found = editor.ask_at_cursor("textDocument/documentHighlight", json!({}));
    let uri = editor.uri("main.nth");
    let shown: Vec<String> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let kind = match one["kind"].as_i64() {
                Some(2) => "read",
                Some(3) => "write",
                _ => "?",
            };
            format!("{kind} {}", editor.show(uri.as_str(), &one["range"]))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "write main.nth:1 template service online([job]: string) {",
            "read main.nth:2 selector = { job = [job] }",
            "read main.nth:3 description = \"${[job]} is online\"",
            "read main.nth:5 service a : online([job]: \"a\")",
        ]
    );
}

#[test]
fn fields_that_are_set_are_written() {
    let mut editor = Editor::open(
        "service s { ti$0er = critical  alert a { description = \"${service.tier.name}\" } }",
    );
    let found = editor.ask_at_cursor("textDocument/documentHighlight", json!({}));
    let kinds: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_i64().unwrap())
        .collect();
    assert_eq!(kinds, [3, 2]);
}

fn calls(editor: &mut Editor, direction: &str, item: &Value) -> Vec<String> {
    let answer = editor.ask(
        &format!("callHierarchy/{direction}Calls"),
        json!({ "item": item }),
    );
    let end = if direction == "incoming" {
        "from"
    } else {
        "to"
    };
    let shown = |call: &Value| {
        let item = &call[end];
        let file = match direction {
            "incoming" => item["uri"].as_str().unwrap().to_owned(),
            _ => editor.uri(&editor.fixture.file).to_string(),
        };
        let ranges = call["fromRanges"].as_array().unwrap().iter();
        let places: Vec<String> = ranges.map(|range| editor.show(&file, range)).collect();
        format!(
            "{} ({}): {}",
            item["name"].as_str().unwrap(),
            item["detail"].as_str().unwrap(),
            places.join("; ")
        )
    };
    answer.as_array().unwrap().iter().map(shown).collect()
}

#[test]
fn services_that_depend_on_one_another() {
    let mut editor = Editor::open(&at("service led$0ger {"));
    let items = editor.ask_at_cursor("textDocument/prepareCallHierarchy", json!({}));
    assert_eq!(items.as_array().unwrap().len(), 1);
    assert_eq!(items[0]["name"], "ledger");
    assert_eq!(
        calls(&mut editor, "incoming", &items[0]),
        [
            "checkout (services.checkout): services/checkout.nth:7 dependency books { service = [ledger] }"
        ]
    );
    assert_eq!(
        calls(&mut editor, "outgoing", &items[0]),
        [
            "checkout (services.checkout): services/ledger.nth:8 dependency checkout { service = [checkout]  criticality = soft }"
        ]
    );
}

#[test]
fn a_dependency_stands_for_its_service() {
    let mut editor = Editor::open(&at("dependency boo$0ks {"));
    let items = editor.ask_at_cursor("textDocument/prepareCallHierarchy", json!({}));
    assert_eq!(items[0]["name"], "ledger");
}

#[test]
fn dependencies_come_through_templates() {
    let mut editor = Editor::open(
        "
        service au$0th {}
        template service online() { dependency login { service = auth } }
        template service regulated() : online {}
        service shop : regulated {}
        ",
    );
    let items = editor.ask_at_cursor("textDocument/prepareCallHierarchy", json!({}));
    assert_eq!(
        calls(&mut editor, "incoming", &items[0]),
        ["shop (main): main.nth:4 service shop : [regulated] {}"]
    );
}

#[test]
fn beside_a_query_that_is_an_argument() {
    assert_eq!(
        references(
            "
            team pay$0ments {}
            template service worker(jobs: selector) { slo ok { sli : ratio { bad = `x_total`  total = jobs } } }
            service mailer : worker(jobs: `mails_total`) { team = payments  selector = { job = \"m\" } }
            "
        ),
        [
            "main.nth:1 team [payments] {}",
            "main.nth:3 service mailer : worker(jobs: `mails_total`) { team = [payments]  selector = { job = \"m\" } }",
        ]
    );
}
