//! Text of a user in a dashboard is text.

use crate::dashboards::{built, dashboards};
use crate::schema_files::{items, panels, targets};

/// Whether Grafana would fill in a variable other than those that are meant.
fn has_variable(text: &str) -> bool {
    let meant = [
        "${datasource}",
        "$service",
        "$__rate_interval",
        "${__data.fields.Dashboard}",
        "${__url_time_range}",
        "$__all",
    ];
    let mut rest = text.to_owned();
    for variable in meant {
        rest = rest.replace(variable, "");
    }
    let bytes: Vec<u8> = rest.bytes().collect();
    bytes.windows(2).any(|pair| {
        pair == b"[["
            || (pair[0] == b'$' && (pair[1].is_ascii_alphanumeric() || b"_{".contains(&pair[1])))
    })
}

#[test]
fn text_of_a_user_is_no_template() {
    let all = dashboards();
    let (path, hostile) = all
        .iter()
        .find(|(path, _)| path.starts_with("hostile/grafana/a"))
        .unwrap();
    for item in items(hostile) {
        for key in ["title", "description"] {
            let text = item[key].as_str().unwrap_or_default();
            assert!(
                !has_variable(text) && !text.contains("$service"),
                "{path}: {text}"
            );
            assert!(
                !text.contains("<script>")
                    && !text.contains("**Never**")
                    && !text.contains("[link]"),
                "{text}"
            );
        }
        for target in targets(item) {
            let legend = target["legendFormat"].as_str().unwrap();
            assert!(
                !has_variable(legend) && !legend.contains("$service"),
                "{legend}"
            );
            assert!(!has_variable(target["expr"].as_str().unwrap()), "{target}");
        }
    }
    let panel = panels(hostile).last().unwrap();
    assert_eq!(panel["title"], "Costs $\u{2060}5 of $\u{2060}service");
    assert_eq!(
        panel["targets"][0]["legendFormat"],
        "{\u{2060}{x}} $\u{2060}service {{x}}"
    );
    assert_eq!(
        panel["targets"][0]["expr"],
        r#"sum by (x) (rate(y_total{z=~"\x24service|\x5b[service]]|e$",job="\x24service",path="\x5b[datasource]]"}[$__rate_interval]))"#
    );
    for (path, text) in built() {
        if path.ends_with("slo-overview.json") {
            assert!(text.lines().all(|line| !has_variable(line)), "{path}");
        }
    }
}
