//! Mermaid, in a browser, reads and draws every graph, and what it draws shows every name as it was written.

use std::collections::BTreeSet;
use std::time::Duration;

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use serde::Deserialize;

use crate::built::{self, Built};
use crate::node;
use crate::support::{browser, programs};

/// What Mermaid made of a graph.
#[derive(Debug, Deserialize)]
struct Drawn {
    /// What its parser said, where it refused.
    error: Option<String>,
    /// Whether it drew the picture that stands for a mistake.
    is_error: bool,
    /// The texts of the nodes, groups and arrows.
    labels: Vec<String>,
    /// Elements in the drawing that no label makes.
    strangers: Vec<String>,
}

/// The graphs of a project's pages, each with its page.
fn graphs(built: &Built) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (path, text) in built.pages() {
        let mut graph: Option<String> = None;
        for event in Parser::new(&text) {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language)))
                    if language.as_ref() == "mermaid" =>
                {
                    graph = Some(String::new());
                }
                Event::Text(text) => {
                    if let Some(graph) = &mut graph {
                        graph.push_str(&text);
                    }
                }
                Event::End(TagEnd::CodeBlock) => {
                    found.extend(graph.take().map(|graph| (path.clone(), graph)));
                }
                _ => {}
            }
        }
    }
    found
}

/// Has Mermaid draw graphs as GitHub does, with its strict level of security.
fn draw(graphs: &[&str]) -> Option<Vec<Drawn>> {
    let script = node::packages()?.join("mermaid/dist/mermaid.min.js");
    let chromium = programs::find(&["chromium", "chromium-browser", "google-chrome"])?;
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let html = format!(
        "<!doctype html><meta charset=utf-8><body><script src=\"file://{}\"></script>",
        script.display()
    );
    std::fs::write(&page, html).unwrap();
    let browser = browser::start(chromium);
    let tab = browser.new_tab().expect("a tab");
    tab.set_default_timeout(Duration::from_secs(120));
    tab.navigate_to(&format!("file://{}", page.display()))
        .and_then(|tab| tab.wait_until_navigated())
        .expect("it loads");
    let graphs = serde_json::to_string(graphs).unwrap();
    let script = format!(
        "(async () => {{
            mermaid.initialize({{ startOnLoad: false, securityLevel: 'strict' }});
            const drawn = [];
            for (const [number, graph] of {graphs}.entries()) {{
                const one = {{ error: null, is_error: false, labels: [], strangers: [] }};
                drawn.push(one);
                try {{
                    await mermaid.parse(graph);
                    const {{ svg }} = await mermaid.render('g' + number, graph);
                    const place = document.createElement('div');
                    place.innerHTML = svg;
                    one.is_error = svg.includes('aria-roledescription=\"error\"');
                    one.labels = [...place.querySelectorAll('.nodeLabel, .edgeLabel p, .cluster-label span')].map(label => {{
                        label.querySelectorAll('br').forEach(end => end.replaceWith('\\n'));
                        return label.textContent;
                    }});
                    one.strangers = [...place.querySelectorAll('script, img, a, b, i, em, strong, ul, ol, li, code, h1, details')]
                        .map(stranger => stranger.outerHTML);
                }} catch (error) {{
                    one.error = String(error);
                }}
            }}
            return JSON.stringify(drawn);
        }})()"
    );
    let told = tab.evaluate(&script, true).expect("the script runs");
    let told = told.value.expect("a value");
    Some(serde_json::from_str(told.as_str().expect("text")).expect("drawings"))
}

/// The labels of every graph of a project, where each was drawn without fault.
fn labels(built: &Built, at_least: usize) -> Option<BTreeSet<String>> {
    labels_of(built, graphs(built), at_least)
}

fn labels_of(
    built: &Built,
    graphs: Vec<(String, String)>,
    at_least: usize,
) -> Option<BTreeSet<String>> {
    assert!(graphs.len() >= at_least, "{}: {}", built.name, graphs.len());
    let texts: Vec<&str> = graphs.iter().map(|(_, graph)| graph.as_str()).collect();
    let drawn = draw(&texts)?;
    assert_eq!(drawn.len(), graphs.len());
    let mut labels = BTreeSet::new();
    for ((path, graph), drawn) in graphs.iter().zip(drawn) {
        let at = format!("{}: {path}:\n{graph}\n{drawn:?}", built.name);
        assert_eq!(drawn.error, None, "{at}");
        assert!(!drawn.is_error, "{at}");
        assert!(drawn.strangers.is_empty(), "{at}");
        assert!(!drawn.labels.is_empty(), "{at}");
        labels.extend(drawn.labels.iter().map(|label| label.trim().to_owned()));
    }
    Some(labels)
}

#[test]
fn the_graphs_of_the_examples_are_drawn() {
    for (built, least) in built::examples().iter().zip([20, 0]) {
        if graphs(built).is_empty() && least == 0 {
            continue;
        }
        let Some(labels) = labels(built, least) else {
            return;
        };
        for name in ["checkout", "orders-db"] {
            let shown = |label: &String| label.lines().next() == Some(name);
            assert!(labels.iter().any(shown), "{name}: {labels:?}");
        }
    }
}

#[test]
fn hostile_names_are_shown_as_they_are() {
    let Some(labels) = labels(&built::hostile(), 2) else {
        return;
    };
    for name in [
        "pay|ment \"gate`way`\" <b>[x](y)</b> {{ x }} ${y}%%{z",
        "cache \"one\" | <br/> %%{init: {}}%%\nRedis",
        "1. list - end style: x;\nPostgre\"SQL\" <!-- | --> `x`",
        "owners",
    ] {
        assert!(labels.contains(name), "{name}: {labels:#?}");
    }
}

#[test]
fn large_projects_stay_within_what_is_drawn() {
    // 60 services are too many for one graph, and 50 teams too many for the one of teams.
    let built = built::large(60, 50);
    let index = &built.pages()["docs/README.md"];
    assert!(index.contains("The project has 60 services with 174 dependencies among them"));
    assert!(index.contains("It shows the 40 of 50 teams with the most services."));
    assert!(built.pages()["docs/s0.md"].contains("The graph is limited to 40 services"));
    // The others are like the first: large graphs take a second or two each.
    let mut graphs = graphs(&built);
    graphs.retain(|(path, _)| ["docs/README.md", "docs/s0.md"].contains(&path.as_str()));
    let Some(labels) = labels_of(&built, graphs, 2) else {
        return;
    };
    assert!(labels.contains("team0\n2 services"), "{labels:?}");
}

#[test]
fn mermaid_refuses_what_is_no_graph() {
    let Some(drawn) = draw(&[
        "flowchart LR\n  n0[\"a\"b\"]\n",
        "flowchart LR\n  n0[\"`**x**`\"]\n",
    ]) else {
        return;
    };
    assert!(drawn[0].error.is_some(), "{drawn:?}");
    assert!(!drawn[1].strangers.is_empty(), "{drawn:?}");
}
