//! What editors offer in `exclude` blocks, all of it from the schema.

use serde_json::json;

use crate::completing::complete;
use crate::support::Editor;

const EXCLUDE: &str = "
//- services/checkout.nth
import teams.payments

service checkout {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability {
    objective = 99.9%
    sli : ratio { bad = `errors_total`  total = `events_total` }
  }
}
//- teams/payments.nth
team payments { slack = \"#payments\" }
//- main.nth
import services.checkout
import teams.payments

exclude migration {
  covers = [checkout.availability]
  from   = \"2026-11-27 22:00\"
  until  = \"2026-11-28 02:00\"
  zone   = \"Europe/Berlin\"
  reason = \"planned migration\"
  by     = payments
}
";

/// The project with a cursor before the first occurrence of a text in the exclusion.
fn at(text: &str) -> Editor {
    let (before, main) = EXCLUDE.split_once("//- main.nth").unwrap();
    let main = main.replacen(text, &format!("$0{text}"), 1);
    assert!(main.contains("$0"), "{text}");
    Editor::open(&format!("{before}//- main.nth{main}"))
}

#[test]
fn an_exclusion_is_typed_with_what_it_needs() {
    assert_eq!(
        complete("excl$0").changes("exclude"),
        "exclude ${1:name} {\n  reason = \"$2\"\n  by = $3\n  from = $4\n  until = $5\n  zone = \"$6\"\n  $0\n}\n"
    );
    assert_eq!(
        complete("exclude migration {\n  $0\n}\n").first(6),
        "\
reason               string, required
by                   team | email, required
from                 date-time | time-of-day | time-of-week, required
until                date-time | time-of-day | time-of-week, required
zone                 time-zone, required
covers               list<service | slo>?
"
    );
}

#[test]
fn values_of_an_exclusion_are_completed() {
    let value = |field: &str| complete(&format!("exclude migration {{\n  {field}\n}}\n"));
    let shown = value("by = $0");
    assert!(shown.has("payments"), "{:?}", shown.labels());
    let shown = value("from = $0");
    for literal in ["\"2026-12-31 22:00\"", "sun 09:00"] {
        assert!(shown.has(literal), "{literal}: {:?}", shown.labels());
    }
    let shown = value("covers = [$0]");
    assert!(shown.has("ledger"), "{:?}", shown.labels());
    assert!(value("zone = \"Europe/Ber$0\"").has("Europe/Berlin"));
}

#[test]
fn a_hover_says_what_an_exclusion_affects() {
    let hover = |text: &str| {
        let found = at(text).ask_at_cursor("textDocument/hover", json!({}));
        found["contents"]["value"].as_str().unwrap().to_owned()
    };
    let kind = hover("exclude migration");
    assert!(kind.contains("not charged to error budgets"), "{kind}");
    assert!(kind.contains("custom alerts still fire"), "{kind}");
    let field = hover("covers =");
    assert!(
        field.contains("Default: every SLO of the project"),
        "{field}"
    );
}

#[test]
fn an_outline_has_exclusions_and_names_lead_to_their_blocks() {
    let symbols = at("exclude").ask_of_file("textDocument/documentSymbol", json!({}));
    let found = &symbols[0];
    assert_eq!(found["name"], "migration");
    assert_eq!(found["detail"], "exclude");
    let fields = found["children"].as_array().unwrap().iter();
    let fields: Vec<&str> = fields
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["covers", "from", "until", "zone", "reason", "by"]);
    for (name, file) in [
        ("availability]", "services/checkout.nth"),
        ("checkout.availability", "services/checkout.nth"),
        ("payments\n}", "teams/payments.nth"),
    ] {
        let found = at(name).ask_at_cursor("textDocument/definition", json!({}));
        assert!(found.to_string().contains(file), "{name}: {found}");
    }
}
