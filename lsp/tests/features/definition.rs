//! To declarations, types and what is based on something.

use serde_json::{Value, json};

use crate::support::{Editor, Fixture, capabilities};

fn go(method: &str, text: &str) -> Vec<String> {
    let mut editor = Editor::open(text);
    let found = editor.ask_at_cursor(&format!("textDocument/{method}"), json!({}));
    editor.show_locations(&found)
}

fn definition(text: &str) -> Vec<String> {
    go("definition", text)
}

const TWO_FILES: &str = "
    //- teams/payments.nth
    team payments { slack = \"#payments\" }
    //- main.nth
    import teams.payments
    service checkout {
      team = payments
      selector = { job = \"checkout\" }
    }
    ";

#[test]
fn a_block_in_another_file() {
    let text = TWO_FILES.replace("team = payments", "team = pay$0ments");
    let expected = ["teams/payments.nth:1 team [payments] { slack = \"#payments\" }"];
    assert_eq!(definition(&text), expected);
    assert_eq!(go("declaration", &text), expected);
    let mut windows = Editor::start(
        Fixture::new(&text).with_crlf(),
        json!({ "capabilities": capabilities() }),
    );
    let found = windows.ask_at_cursor("textDocument/definition", json!({}));
    assert_eq!(windows.show_locations(&found), expected);
}

#[test]
fn a_module_is_its_file() {
    let text = TWO_FILES.replace("import teams.payments", "import teams.$0payments");
    assert_eq!(
        definition(&text),
        ["teams/payments.nth:1 []team payments { slack = \"#payments\" }"]
    );
}

#[test]
fn templates_of_the_standard_library() {
    let found = definition(
        "
        import std.http
        service checkout {
          slo latency : http.lat$0ency(under: 300ms)
        }
        ",
    );
    assert_eq!(found, ["std/http.nth: template slo [latency]("]);
    let found = definition(
        "
        import std.http
        service checkout {
          slo latency : http.latency(und$0er: 300ms)
        }
        ",
    );
    assert_eq!(
        found,
        ["std/http.nth: [under]: duration = service.tier.latency,"]
    );
}

#[test]
fn from_the_standard_library_into_itself() {
    let mut editor = Editor::open("import std.h$0ttp\n");
    let found = editor.ask_at_cursor("textDocument/definition", json!({}));
    let uri = found[0]["uri"].as_str().unwrap().to_owned();
    let text = editor.text_of(&uri);
    let document = json!({ "uri": uri, "languageId": "nth", "version": 1, "text": text });
    editor.notify("textDocument/didOpen", json!({ "textDocument": document }));
    let at = text.find("service.status_label, regex").unwrap() + "service.st".len();
    let params = json!({
        "textDocument": { "uri": uri },
        "position": crate::support::position(&text, at),
    });
    let found = editor.ask("textDocument/definition", params);
    assert_eq!(
        editor.show_locations(&found),
        ["std/prelude.nth: [status_label]: label-name = status"]
    );
}

#[test]
fn kinds_fields_members_and_functions_are_the_preludes() {
    let one = |text: &str| definition(text).join("\n");
    assert_eq!(one("serv$0ice s {}"), "std/prelude.nth: kind [service] {");
    assert_eq!(
        one("service s { ti$0er = critical }"),
        "std/prelude.nth: [tier]: tier = standard"
    );
    assert_eq!(
        one("service s { tier = crit$0ical }"),
        "std/prelude.nth: tier [critical] {"
    );
    assert_eq!(
        one("service s { alert a { severity = pa$0ge } }"),
        "std/prelude.nth: severity [page] {"
    );
    assert_eq!(
        one("service s { slo a {} gate g { deny d { when = bur$0n(a) > 6 } } }"),
        "std/prelude.nth: function [burn](slo: slo, over: duration = 1h) -> number"
    );
    assert_eq!(
        one("service s { slo a {} gate g { deny d { when = burn(a, ov$0er: 1h) > 6 } } }"),
        "std/prelude.nth: function burn(slo: slo, [over]: duration = 1h) -> number"
    );
}

#[test]
fn names_of_bodies() {
    assert_eq!(
        definition(
            "
            service s {
              let deep = 1000
              alert a { when = `max(x) > ${de$0ep}` }
            }
            "
        ),
        ["main.nth:2 let [deep] = 1000"]
    );
    assert_eq!(
        definition(
            "
            service s {
              for region in [\"eu\", \"us\"] {
                alert \"drop-${reg$0ion}\" { when = `up{region=\"${region}\"} < 1` }
              }
            }
            "
        ),
        ["main.nth:2 for [region] in [\"eu\", \"us\"] {"]
    );
}

#[test]
fn what_is_amended_comes_from_its_template() {
    let text = "
        //- base.nth
        template service online() {
          alert crash-loop { when = `up < 1` }
        }
        //- main.nth
        import base.{online}
        service s : online {
          in staging {
            without alert crash$0-loop
          }
        }
        environment staging {}
        ";
    assert_eq!(
        definition(text),
        ["base.nth:2 alert [crash-loop] { when = `up < 1` }"]
    );
    let amended = text.replace(
        "without alert crash$0-loop",
        "alert cr$0ash-loop { for = 5m }",
    );
    assert_eq!(
        definition(&amended),
        ["base.nth:2 alert [crash-loop] { when = `up < 1` }"]
    );
    let environment = text
        .replace("crash$0-loop", "crash-loop")
        .replace("in staging", "in stag$0ing");
    assert_eq!(
        definition(&environment),
        ["main.nth:7 environment [staging] {}"]
    );
}

#[test]
fn metrics_in_queries() {
    let text = "
        metric queue_depth { type = gauge }
        service s {
          recording \"s:depth:max\" { query = `max(queue_depth)` }
          alert a { when = `s:dep$0th:max > 5` }
        }
        ";
    assert_eq!(
        definition(text),
        ["main.nth:3 recording [\"s:depth:max\"] { query = `max(queue_depth)` }"]
    );
    let declared = text.replace("$0", "").replace("max(queue", "max(que$0ue");
    assert_eq!(
        definition(&declared),
        ["main.nth:1 metric [queue_depth] { type = gauge }"]
    );
}

#[test]
fn nothing_to_go_to() {
    let none: [&str; 0] = [];
    assert_eq!(definition("// serv$0ice\nservice s {}"), none);
    assert_eq!(definition("service s { team = nobo$0dy }"), none);
    assert_eq!(
        definition("service s { description = \"che$0ckout\" }"),
        none
    );
    assert_eq!(definition("service s {}\n$0"), none);
    assert_eq!(definition("$0"), none);
}

#[test]
fn half_typed_text() {
    assert_eq!(
        definition(
            "
            team payments { slack = \"#p\" }
            service s {
              team = pay$0ments
              slo a {
            "
        ),
        ["main.nth:1 team [payments] { slack = \"#p\" }"]
    );
}

#[test]
fn clients_that_know_links_get_the_whole_block() {
    let mut known = capabilities();
    known["textDocument"]["definition"]["linkSupport"] = json!(true);
    let text = TWO_FILES.replace("team = payments", "team = pay$0ments");
    let mut editor = Editor::start(Fixture::new(&text), json!({ "capabilities": known }));
    let found = editor.ask_at_cursor("textDocument/definition", json!({}));
    let link = &found[0];
    let own = editor.uri("main.nth");
    assert_eq!(
        editor.show(own.as_str(), &link["originSelectionRange"]),
        "main.nth:3 team = [payments]"
    );
    let there = link["targetUri"].as_str().unwrap();
    assert_eq!(
        editor.show(there, &link["targetRange"]),
        "teams/payments.nth:1 [team payments { slack = \"#payments\" }]"
    );
    assert_eq!(
        editor.show(there, &link["targetSelectionRange"]),
        "teams/payments.nth:1 team [payments] { slack = \"#payments\" }"
    );
}

#[test]
fn clients_with_virtual_documents_get_their_addresses() {
    let greeting = json!({
        "capabilities": capabilities(),
        "initializationOptions": { "virtualDocuments": true },
    });
    let mut editor = Editor::start(Fixture::new("serv$0ice s {}"), greeting);
    let found = editor.ask_at_cursor("textDocument/definition", json!({}));
    assert_eq!(found[0]["uri"], "nth-std:///std/prelude.nth");
}

#[test]
fn from_values_to_their_types() {
    let types = |text: &str| go("typeDefinition", text);
    assert_eq!(
        types("service s { alert a { severity = pa$0ge } }"),
        ["std/prelude.nth: kind [severity] {"]
    );
    assert_eq!(
        types("service s { alert a { sever$0ity = page } }"),
        ["std/prelude.nth: kind [severity] {"]
    );
    assert_eq!(
        types("team t {}\nservice s { team = $0t }"),
        ["std/prelude.nth: kind [team] {"]
    );
    assert_eq!(
        types("service s { t$0eam = t }"),
        ["std/prelude.nth: kind [team] {"]
    );
    assert_eq!(
        types(
            "
            import std.http
            service s {
              slo fast : http.latency
              gate g { deny d { when = burn(fa$0st) > 6 } }
            }
            "
        ),
        ["std/http.nth: template slo [latency]("]
    );
    let none: [&str; 0] = [];
    assert_eq!(types("service s { alert a { for = 1$00m } }"), none);
}

#[test]
fn from_parameters_to_their_types() {
    assert_eq!(
        go(
            "typeDefinition",
            "template alert loud(how: severity) { severity = ho$0w }"
        ),
        ["std/prelude.nth: kind [severity] {"]
    );
}

#[test]
fn what_is_based_on_a_template() {
    let text = "
        //- base.nth
        template service onl$0ine() { alert crash-loop { when = `up < 1` } }
        template service regulated() : online { tier = critical }
        //- main.nth
        import base.{online, regulated}
        service a : online {}
        service b : regulated {}
        service c : online { alert crash-loop { for = 5m } }
        ";
    assert_eq!(
        go("implementation", text),
        [
            "base.nth:2 template service [regulated]() : online { tier = critical }",
            "main.nth:2 service [a] : online {}",
            "main.nth:4 service [c] : online { alert crash-loop { for = 5m } }",
        ]
    );
    let nested = text
        .replace("$0", "")
        .replacen("crash-loop", "cra$0sh-loop", 1);
    assert_eq!(
        go("implementation", &nested),
        ["main.nth:4 service c : online { alert [crash-loop] { for = 5m } }"]
    );
    let kind = text.replace("$0", "").replace("service a", "serv$0ice a");
    assert_eq!(
        go("implementation", &kind)
            .into_iter()
            .filter(|line| !line.starts_with("std/"))
            .collect::<Vec<_>>(),
        ["base.nth:1 template service [online]() { alert crash-loop { when = `up < 1` } }"]
    );
}

#[test]
fn a_hierarchy_of_bases() {
    let mut editor = Editor::open(
        "
        template service online() {}
        template service regulated() : online {}
        service pay$0ments : regulated {}
        ",
    );
    let names = |answer: &Value| -> Vec<String> {
        let items = answer.as_array().unwrap().iter();
        items
            .map(|item| {
                format!(
                    "{}: {}",
                    item["name"].as_str().unwrap(),
                    item["detail"].as_str().unwrap()
                )
            })
            .collect()
    };
    let items = editor.ask_at_cursor("textDocument/prepareTypeHierarchy", json!({}));
    assert_eq!(names(&items), ["payments: service in main"]);
    let above = editor.ask("typeHierarchy/supertypes", json!({ "item": items[0] }));
    assert_eq!(names(&above), ["regulated: template service in main"]);
    let above = editor.ask("typeHierarchy/supertypes", json!({ "item": above[0] }));
    assert_eq!(names(&above), ["online: template service in main"]);
    let below = editor.ask("typeHierarchy/subtypes", json!({ "item": above[0] }));
    assert_eq!(names(&below), ["regulated: template service in main"]);
    let top = editor.ask("typeHierarchy/supertypes", json!({ "item": above[0] }));
    assert_eq!(names(&top), ["service: kind in std.prelude"]);
}
