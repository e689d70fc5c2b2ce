use std::sync::Arc;
fn main() {
    let root = std::env::args().nth(1).unwrap();
    let mut files = vec![];
    fn walk(d: &std::path::Path, root: &std::path::Path, files: &mut Vec<nthc::compile::SourceInput>) {
        let mut es: Vec<_> = std::fs::read_dir(d).unwrap().map(|e| e.unwrap().path()).collect();
        es.sort();
        for p in es {
            if p.is_dir() { walk(&p, root, files) } else if p.extension().is_some_and(|e| e == "nth") {
                let rel = p.strip_prefix(root).unwrap().with_extension("");
                files.push(nthc::compile::SourceInput { module: rel.to_string_lossy().replace('/', "."), path: p.strip_prefix(root).unwrap().display().to_string(), text: Arc::from(std::fs::read_to_string(&p).unwrap()) });
            }
        }
    }
    walk(root.as_ref(), root.as_ref(), &mut files);
    let settings = nthc::ir::Settings { project: "x".into(), environment: None, prometheus: nthc::ir::PrometheusSettings { format: nthc::ir::RuleFormat::Plain, interval: nthc::ir::Duration(30000), namespace: None, resource_labels: Default::default() }, severity_labels: Default::default(), runbook_base_url: None, dashboard_base_url: None };
    let c = nthc::compile::compile(&nthc::compile::Input { settings, files, environment: None });
    nthc::diagnostics::render::render(&c.diagnostics, &c.sources, nthc::diagnostics::render::Format::Human, false, &mut std::io::stdout()).unwrap();
    for a in c.artifacts { println!("--- {}\n{}", a.path, a.contents); }
}
