//! What an edit changes.

use std::path::Path;

use crate::place::Place;

#[test]
fn an_edit_changes_the_lines_of_its_panel_alone() {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/checkout.nth"),
    )
    .unwrap();
    let own = "  panel depth { title = \"Depth\"  query = `max(checkout_queue_depth)` }\n  panel age { title = \"Age\"  query = `max(checkout_queue_age)` }\n\n  alert queue-backlog";
    place.write("checkout.nth", text.replace("  alert queue-backlog", own));
    let build = |place: &Place| {
        let ran = place.run(&["build"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        place.files("build")
    };
    let before = build(&place);
    place.replace("checkout.nth", "\"Depth\"", "\"Orders that wait\"");
    let after = build(&place);
    for (path, text) in &before {
        if path != "grafana/checkout.json" && path.contains('/') {
            assert_eq!(text, &after[path], "{path}");
        }
    }
    let [old, new] = [&before, &after].map(|files| &files["grafana/checkout.json"]);
    let changed: Vec<_> = similar::TextDiff::from_lines(old.as_str(), new.as_str())
        .iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .map(|change| change.to_string().trim().to_owned())
        .collect();
    // The title, and the legend, which is the title where a query has no labels.
    assert_eq!(
        changed,
        [
            "\"title\": \"Depth\",",
            "\"title\": \"Orders that wait\",",
            "\"legendFormat\": \"Depth\",",
            "\"legendFormat\": \"Orders that wait\",",
        ]
    );
}
