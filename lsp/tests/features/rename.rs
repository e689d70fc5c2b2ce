//! New names.

use serde_json::json;

use crate::support::{Editor, Fixture, capabilities};

/// What becomes of the files, or why nothing does.
fn rename(text: &str, new: &str) -> String {
    let mut editor = Editor::open(text);
    match editor.try_ask_at_cursor("textDocument/rename", json!({ "newName": new })) {
        Ok(edit) => editor.show_edited(&edit),
        Err(refused) => format!("refused: {}", refused["message"].as_str().unwrap()),
    }
}

fn prepare(text: &str) -> String {
    let mut editor = Editor::open(text);
    match editor.try_ask_at_cursor("textDocument/prepareRename", json!({})) {
        Ok(found) => {
            let file = editor.uri(&editor.fixture.file);
            let place = editor.show(file.as_str(), &found["range"]);
            format!("{}: {place}", found["placeholder"].as_str().unwrap())
        }
        Err(refused) => format!("refused: {}", refused["message"].as_str().unwrap()),
    }
}

fn unindented(text: &str) -> String {
    let fixture = Fixture::new(text);
    fixture
        .files
        .iter()
        .map(|(file, text)| format!("//- {file}\n{}\n", text.trim_end()))
        .collect()
}

#[test]
fn in_all_files() {
    assert_eq!(
        rename(
            "
            //- main.nth
            import teams.{payments}
            service checkout { team = pay$0ments  description = \"payments\" } // payments
            //- teams.nth
            team payments {}
            ",
            "money"
        ),
        unindented(
            "
            //- main.nth
            import teams.{money}
            service checkout { team = money  description = \"payments\" } // payments
            //- teams.nth
            team money {}
            "
        )
    );
}

#[test]
fn what_is_called_like_its_module_is_written_after_it() {
    let text = "
        //- main.nth
        import services.ledger
        service checkout { dependency ledger { service = led$0ger } }
        //- services/ledger.nth
        service ledger {}
        ";
    let there = "
        //- main.nth
        import services.ledger
        service checkout { dependency ledger { service = ledger.books } }
        //- services/ledger.nth
        service books {}
        ";
    assert_eq!(rename(text, "books"), unindented(there));
    let back = there.replace("ledger.books", "ledger.bo$0oks");
    assert_eq!(rename(&back, "ledger"), unindented(&text.replace("$0", "")));
}

#[test]
fn what_templates_make_is_renamed_with_what_amends_it() {
    let text = "
        //- base.nth
        template service online() {
          slo availability { objective = 99% }
        }
        //- main.nth
        import base.{online}
        service a : online {
          slo avail$0ability { objective = 99.9% }
          gate g { deny d { when = burn(availability) > 6 } }
          in staging { without slo availability }
        }
        service b : online { slo availability { window = 7d } }
        service c { slo availability { objective = 99% } }
        environment staging {}
        ";
    let expected = "
        //- base.nth
        template service online() {
          slo up { objective = 99% }
        }
        //- main.nth
        import base.{online}
        service a : online {
          slo up { objective = 99.9% }
          gate g { deny d { when = burn(up) > 6 } }
          in staging { without slo up }
        }
        service b : online { slo up { window = 7d } }
        service c { slo availability { objective = 99% } }
        environment staging {}
        ";
    assert_eq!(rename(text, "up"), unindented(expected));
}

#[test]
fn names_in_queries_and_texts() {
    let text = "
        service s {
          let de$0ep = 1000
          alert a { when = `max(x) > ${deep}`  summary = \"more than ${deep}\" }
        }
        ";
    let expected = "
        service s {
          let limit = 1000
          alert a { when = `max(x) > ${limit}`  summary = \"more than ${limit}\" }
        }
        ";
    assert_eq!(rename(text, "limit"), unindented(expected));
    let text = "
        service s {
          recording \"s:depth:max\" { query = `max(depth)` }
          alert a { when = `s:dep$0th:max > 5` }
        }
        ";
    let expected = "
        service s {
          recording \"s:depth:high\" { query = `max(depth)` }
          alert a { when = `s:depth:high > 5` }
        }
        ";
    assert_eq!(rename(text, "s:depth:high"), unindented(expected));
    assert_eq!(
        rename(text, "no metric"),
        "refused: `no metric` is not allowed in `main.nth`, line 3: use letters, digits and `_`, with `-` inside"
    );
}

#[test]
fn names_that_are_no_identifiers_are_quoted_where_they_can_be() {
    assert_eq!(
        rename("service check$0out {}", "Legacy.Checkout \"2\""),
        "//- main.nth\nservice \"Legacy.Checkout \\\"2\\\"\" {}\n"
    );
    assert_eq!(
        rename("team $0t {}\nservice s { team = t }", "my team"),
        "//- main.nth\nteam \"my team\" {}\nservice s { team = \"my team\" }\n"
    );
    assert_eq!(
        rename(
            "team \"my team\" {}\nservice s { team = \"my t$0eam\" }\nservice r { team = \"my team\" }",
            "ours"
        ),
        "//- main.nth\nteam \"ours\" {}\nservice s { team = \"ours\" }\nservice r { team = \"ours\" }\n"
    );
    assert_eq!(
        rename(
            "
            //- main.nth
            import lib.{shop}
            import lib
            service a : shop(\"a\")
            service b : lib.shop(\"b\")
            //- lib.nth
            template service sh$0op(job: string) { selector = { job = job } }
            ",
            "the shop"
        ),
        unindented(
            "
            //- main.nth
            import lib.{\"the shop\"}
            import lib
            service a : \"the shop\"(\"a\")
            service b : lib.\"the shop\"(\"b\")
            //- lib.nth
            template service \"the shop\"(job: string) { selector = { job = job } }
            "
        )
    );
    assert_eq!(
        rename(
            "service s { slo a$0 {} gate g { deny d { when = budget(a) < 1% } } }",
            "my slo"
        ),
        "//- main.nth\nservice s { slo \"my slo\" {} gate g { deny d { when = budget(\"my slo\") < 1% } } }\n"
    );
    assert_eq!(
        rename("let $0x = 1\nservice s { alert a { for = x } }", "in"),
        "refused: `in` is not allowed in `main.nth`, line 1: use letters, digits and `_`, with `-` inside"
    );
    assert_eq!(
        rename("team $0t {}", " "),
        "refused: a name needs at least one letter"
    );
}

#[test]
fn lines_of_windows_stay() {
    let fixture = Fixture::new("team t {}\n// 🛒\nservice s { team = $0t }\n").with_crlf();
    let mut editor = Editor::start(fixture, json!({ "capabilities": capabilities() }));
    let edit = editor.ask_at_cursor("textDocument/rename", json!({ "newName": "team-a" }));
    assert_eq!(
        editor.edited(&edit)["main.nth"],
        "team team-a {}\r\n// 🛒\r\nservice s { team = team-a }\r\n"
    );
}

#[test]
fn edits_have_the_versions_of_open_documents() {
    let mut editor = Editor::open("team $0t {}");
    editor.change("main.nth", "team t {}\n");
    let edit = editor.ask_at_cursor("textDocument/rename", json!({ "newName": "u" }));
    assert_eq!(edit["documentChanges"][0]["textDocument"]["version"], 2);
}

#[test]
fn an_alias_is_its_files_own() {
    let text = "
        //- a.nth
        import std.http as web
        service a { slo x : w$0eb.availability }
        //- b.nth
        import std.http as web
        service b { slo x : web.availability }
        ";
    let expected = "
        //- a.nth
        import std.http as h
        service a { slo x : h.availability }
        ";
    assert_eq!(rename(text, "h"), unindented(expected));
}

#[test]
fn what_would_collide_is_refused() {
    assert_eq!(
        rename("service $0a {}\nservice b {}", "b"),
        "refused: the name is already used: duplicate service `b`"
    );
    assert_eq!(
        rename("//- a.nth\nservice $0a {}\n//- b.nth\nservice b {}", "B"),
        "refused: the name is already used: service `b` would overwrite the output file of another"
    );
    let shadowed = "
        service s {
          let $0x = 5m
          for y in [1] {
            alert \"a-${y}\" { for = x }
          }
        }
        ";
    assert_eq!(
        rename(shadowed, "y"),
        "refused: with that name, `x` in `main.nth`, line 4, would have another meaning or none"
    );
    let amended = "
        //- base.nth
        template service online() { alert down { when = `up < 1` } }
        //- main.nth
        import base.{online}
        service s : online { alert $0late { when = `up < 2` } }
        ";
    assert_eq!(
        rename(amended, "down"),
        "refused: with that name, `late` in `main.nth`, line 2, would have another meaning or none"
    );
}

#[test]
fn what_is_not_ones_own_is_refused() {
    assert_eq!(
        prepare("service s { ti$0er = critical }"),
        "refused: `tier` is declared in the standard library's module `std.prelude`"
    );
    assert_eq!(
        prepare("import std.http\nservice s { slo a : http.lat$0ency }"),
        "refused: `latency` is declared in the standard library's module `std.http`"
    );
    assert_eq!(
        prepare(
            "import std.redis\nservice s { dependency r : redis(\"x\") { without alert memory$0-near-limit } }"
        ),
        "refused: `memory-near-limit` is declared in the standard library's module `std.redis`"
    );
    assert_eq!(
        prepare("//- a.nth\nteam t {}\n//- b.nth\nimport $0a.{t}"),
        "refused: a module is named after its file: rename the file `a.nth`"
    );
    let package = "
        //- nth.toml
        [project]
        name = \"demo\"
        [dependencies]
        platform = { path = \"platform\" }
        //- platform/nth.toml
        [project]
        name = \"platform\"
        //- platform/tiers.nth
        tier gold { availability = 99%  latency = 1s }
        //- main.nth
        import platform.tiers.{gold}
        service s { tier = go$0ld }
        ";
    assert_eq!(
        prepare(package),
        "refused: `gold` belongs to another package: it is declared in `platform/tiers.nth`"
    );
}

#[test]
fn what_has_no_name_of_its_own_is_refused() {
    assert_eq!(
        prepare("service s { alert a { description = \"${serv$0ice.name}\" } }"),
        "refused: `service` is the enclosing service: rename it at its own name"
    );
    assert_eq!(
        prepare("metric $0x_total { type = counter }"),
        "refused: `x_total` is a metric name of Prometheus: another name would be another metric"
    );
    assert_eq!(
        prepare("service s { for r in [\"eu\"] { alert \"lag-$0${r}\" { when = `up < 1` } } }"),
        "refused: the name `lag-${r}` is computed from values, and includes `lag-${r}`"
    );
    assert_eq!(
        prepare("// a co$0mment\nservice s {}"),
        "refused: no name at this position can be renamed"
    );
    assert_eq!(
        prepare("team pay$0ments {}"),
        "payments: main.nth:1 team [payments] {}"
    );
}

#[test]
fn text_that_cannot_be_read_may_hold_the_name() {
    assert_eq!(
        rename(
            "
            team $0t {}
            service s {
              team = t
              slo a { objective = }
            }
            ",
            "u"
        ),
        "refused: `main.nth`, line 4, has syntax errors, and `t` may be used there: fix them first"
    );
}

#[test]
fn the_manifests_team_is_refused() {
    assert_eq!(
        prepare(
            "
            //- nth.toml
            [project]
            name = \"demo\"
            [alertmanager]
            default_team = \"payments\"
            //- main.nth
            team pay$0ments { slack = \"#p\" }
            "
        ),
        "refused: `nth.toml` names `payments` as the default team: change it there first"
    );
}

#[test]
fn a_packages_name_changes_in_the_projects_that_are_open_too() {
    let text = "
        //- nth.toml
        [project]
        name = \"demo\"
        [dependencies]
        platform = { path = \"platform\" }
        //- main.nth
        import platform.tiers.{gold}
        service s { tier = gold }
        //- platform/nth.toml
        [project]
        name = \"platform\"
        //- platform/tiers.nth
        tier go$0ld { availability = 99%  latency = 1s }
        ";
    let mut editor = Editor::open(text);
    editor.open_file("main.nth");
    let context = json!({ "context": { "includeDeclaration": true } });
    let found = editor.ask_at_cursor("textDocument/references", context);
    assert_eq!(
        editor.show_locations(&found),
        [
            "platform/tiers.nth:1 tier [gold] { availability = 99%  latency = 1s }",
            "main.nth:1 import platform.tiers.{[gold]}",
            "main.nth:2 service s { tier = [gold] }",
        ]
    );
    let edit = editor.ask_at_cursor("textDocument/rename", json!({ "newName": "best" }));
    let edited = editor.edited(&edit);
    assert_eq!(edited.len(), 2);
    assert_eq!(
        edited["main.nth"],
        "import platform.tiers.{best}\nservice s { tier = best }\n"
    );
    assert_eq!(
        edited["platform/tiers.nth"],
        "tier best { availability = 99%  latency = 1s }\n"
    );
}

#[test]
fn names_with_others_in_their_holes() {
    assert_eq!(
        rename(
            "service s { for r$0 in [\"eu\"] { alert \"lag-${r}\" { when = `up < 1` } } }",
            "region"
        ),
        "//- main.nth\nservice s { for region in [\"eu\"] { alert \"lag-${region}\" { when = `up < 1` } } }\n"
    );
}

#[test]
fn names_with_hyphens_in_holes() {
    assert_eq!(
        rename(
            "service s { let de$0ep = 9  alert a { when = `max(x) > ${deep}` } }",
            "too-deep"
        ),
        "//- main.nth\nservice s { let too-deep = 9  alert a { when = `max(x) > ${too-deep}` } }\n"
    );
}
