//! Edits that may change the meaning of a project: whether they do is what a build says.

use std::sync::Arc;

use proptest::test_runner::TestRng;
use regex::{Captures, Regex};

use super::pieces::{body, split, word};
use super::preserving::{below, one};
use super::projects::Project;

/// The names of the edits.
const NAMES: [&str; 21] = [
    "number",
    "duration",
    "percentage",
    "severity",
    "switch",
    "criticality",
    "comparison",
    "condition",
    "matcher",
    "metric",
    "text",
    "field removed",
    "block removed",
    "block added",
    "item removed",
    "name",
    "team",
    "tier",
    "list",
    "setting",
    "setting added",
];

/// A random edit and its name; `None` if it finds nothing to edit.
pub fn edit(project: &Project, rng: &mut TestRng) -> Option<(&'static str, Project)> {
    let mut edited = project.clone();
    let name = *one(rng, &NAMES)?;
    match name {
        "number" => replace(
            &mut edited,
            rng,
            r"([<>=*(,\[]) ?(\d+)([ ,)\]`])",
            |found, rng| {
                let number: u64 = found[2].parse().ok()?;
                let number = one(rng, &[number * 2 + 1, number / 2, number + 1]).copied()?;
                Some(format!("{} {number}{}", &found[1], &found[3]))
            },
        ),
        "duration" => replace(
            &mut edited,
            rng,
            r"\b(\d+)(ms|s|m|h|d|w)\b",
            |found, rng| {
                let number: u64 = found[1].parse().ok()?;
                let number = one(rng, &[number * 2, number + 1, number.div_ceil(2)]).copied()?;
                Some(format!("{number}{}", &found[2]))
            },
        ),
        "percentage" => replace(&mut edited, rng, r"\b(\d+)(\.\d+)?%", |found, rng| {
            let changed = one(rng, &["90%", "99%", "99.5%", "99.99%", "50%", "75%", "3%"])?;
            (*changed != &found[0]).then(|| (*changed).to_owned())
        }),
        "severity" => replace(
            &mut edited,
            rng,
            r"\b((?:severity|absence) *= |on *= \[|firing\()(page|ticket)\b",
            |found, _| {
                let other = if &found[2] == "page" {
                    "ticket"
                } else {
                    "page"
                };
                Some(format!("{}{other}", &found[1]))
            },
        ),
        "switch" => replace(&mut edited, rng, r"= (true|false)\b", |found, _| {
            Some(format!("= {}", &found[1] != "true"))
        }),
        "criticality" => replace(&mut edited, rng, r"= (soft|hard)\b", |found, _| {
            Some(format!(
                "= {}",
                if &found[1] == "soft" { "hard" } else { "soft" }
            ))
        }),
        "comparison" => replace(&mut edited, rng, r" (<=|>=|<|>|==) ", |_, rng| {
            Some(format!(" {} ", one(rng, &["<", ">", "<=", ">=", "=="])?))
        }),
        "condition" => replace(&mut edited, rng, r" (and|or|unless) ", |_, rng| {
            Some(format!(" {} ", one(rng, &["and", "or", "unless"])?))
        }),
        "matcher" => replace(
            &mut edited,
            rng,
            r#"(=|=~|!=|!~)"([\w.|]+)"([,}])"#,
            |found, rng| {
                let (op, value) = (&found[1], &found[2]);
                Some(match below(rng, 2) {
                    0 => format!("{op}\"{value}x\"{}", &found[3]),
                    _ => format!(
                        "{}\"{value}\"{}",
                        if op == "=" { "!=" } else { "=" },
                        &found[3]
                    ),
                })
            },
        ),
        "metric" => replace(
            &mut edited,
            rng,
            r"\b(\w+_(?:total|seconds|depth|bytes|ratio|timestamp_seconds))\b([{\[)` ])",
            |found, _| Some(format!("other_{}{}", &found[1], &found[2])),
        ),
        "text" => replace(&mut edited, rng, r#""([^"\n]{2,})""#, |found, _| {
            Some(format!("\"x{}\"", &found[1]))
        }),
        "field removed" => replace(&mut edited, rng, r"(?m)^ +[\w-]+ += .*\n", |_, _| {
            Some(String::new())
        }),
        "block removed" => blocks(&mut edited, rng, |pieces, rng| {
            let place = below(rng, pieces.len());
            (place < pieces.len()).then(|| {
                pieces.remove(place);
            })
        }),
        "block added" => blocks(&mut edited, rng, |pieces, rng| {
            pieces.push((*one(rng, &ADDED)?).to_owned());
            Some(())
        }),
        "item removed" => {
            let file = below(rng, project.files.len());
            let (head, mut pieces) = split(&project.files[file].text, 0);
            let place = below(rng, pieces.len());
            (place < pieces.len() && word(&pieces[place]) != "import").then(|| {
                pieces.remove(place);
                edited.set(file, format!("{head}{}", pieces.join("\n")));
            })
        }
        "name" => replace(
            &mut edited,
            rng,
            r"(?m)^( *(?:service|slo|alert|gate|deny|warn|dependency|recording|panel|row|section|receiver|step|layer|schedule) )([\w-]+)",
            |found, _| Some(format!("{}{}-x", &found[1], &found[2])),
        ),
        "team" => team(&mut edited, rng),
        "tier" => replace(&mut edited, rng, r"\btier( *)= \w+", |found, rng| {
            let tier = one(rng, &["critical", "high", "standard", "low"])?;
            Some(format!("tier{}= {tier}", &found[1]))
        }),
        "list" => replace(&mut edited, rng, r"= \[([^\]\n]*)\]", |found, rng| {
            let mut all: Vec<&str> = found[1].split(", ").collect();
            all.remove(below(rng, all.len()));
            Some(format!("= [{}]", all.join(", ")))
        }),
        "setting" => setting(&mut edited, rng),
        _ => setting_added(&mut edited, rng),
    }?;
    (edited.texts() != project.texts()).then_some((name, edited))
}

/// Replaces a random match in the code of all files.
fn replace(
    project: &mut Project,
    rng: &mut TestRng,
    pattern: &str,
    to: impl Fn(&Captures<'_>, &mut TestRng) -> Option<String>,
) -> Option<()> {
    let pattern = Regex::new(pattern).unwrap();
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (file, source) in project.files.iter().enumerate() {
        let places = pattern.find_iter(&source.text).filter(|place| {
            let line = source.text[..place.start()]
                .rfind('\n')
                .map_or(0, |at| at + 1);
            let line = source.text[line..].trim_start();
            !line.starts_with("//") && !line.starts_with("import")
        });
        found.extend(places.map(|place| (file, place.start())));
    }
    let (file, at) = *one(rng, &found)?;
    let text = project.files[file].text.to_string();
    let captures = pattern.captures_at(&text, at)?;
    let whole = captures.get(0)?;
    let new = to(&captures, rng)?;
    project.set(
        file,
        format!("{}{new}{}", &text[..whole.start()], &text[whole.end()..]),
    );
    Some(())
}

/// Edits the list of blocks of a random service, template or team.
fn blocks(
    project: &mut Project,
    rng: &mut TestRng,
    edit: impl Fn(&mut Vec<String>, &mut TestRng) -> Option<()>,
) -> Option<()> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (file, source) in project.files.iter().enumerate() {
        let (_, pieces) = split(&source.text, 0);
        let places = (0..pieces.len()).filter(|index| {
            let piece = &pieces[*index];
            ["service", "template", "team"].contains(&word(piece)) && body(piece).is_some()
        });
        found.extend(places.map(|index| (file, index)));
    }
    let (file, item) = *one(rng, &found)?;
    let (head, mut pieces) = split(&project.files[file].text, 0);
    let piece = &mut pieces[item];
    let (start, inner, close) = body(piece)?;
    let (_, mut inner) = split(inner, 2);
    edit(&mut inner, rng)?;
    *piece = format!("{start}{}{close}", inner.concat());
    project.set(file, format!("{head}{}", pieces.join("\n")));
    Some(())
}

/// Blocks that a service can have.
const ADDED: [&str; 9] = [
    "  alert added { when = `max(added_depth) > 1` }\n",
    "  slo added { objective = 99%  sli : ratio { bad = `added_total{outcome=\"error\"}`  total = `added_total` } }\n",
    "  slo added { objective = 90%  sli : time-slices { good = `max(added_depth) < 1` } }\n",
    "  recording \"added:depth:max\" { query = `max(added_depth)` }\n",
    "  gate added { deny on-fire { when = firing(page) > 0 } }\n",
    "  dependency added { technology = \"Paper\" }\n",
    "  panel added { title = \"Added\"  query = `max(added_depth)` }\n",
    "  support-hours { zone = \"Europe/Paris\" }\n",
    "  receiver added : slack { channel = \"#added\"  on = [page] }\n",
];

/// Gives a service to another team.
fn team(project: &mut Project, rng: &mut TestRng) -> Option<()> {
    let declared = Regex::new(r"(?m)^team (\w+)").unwrap();
    let mut teams: Vec<(String, String)> = Vec::new();
    for file in project.files.iter().filter(|file| !file.package) {
        let found = declared.captures_iter(&file.text);
        teams.extend(found.map(|found| (file.module.clone(), found[1].to_owned())));
    }
    let (module, name) = one(rng, &teams)?.clone();
    let owned = Regex::new(r"(?m)^(  team *= )\w+$").unwrap();
    let services: Vec<usize> = (0..project.files.len())
        .filter(|file| owned.is_match(&project.files[*file].text))
        .collect();
    let file = *one(rng, &services)?;
    let text = owned
        .replace(&project.files[file].text, format!("${{1}}{name}"))
        .into_owned();
    let import = format!("import {module}.{{{name}}}\n");
    let (head, pieces) = split(&text, 0);
    let pieces = pieces.join("\n");
    let import = if pieces.contains(&import) {
        ""
    } else {
        import.as_str()
    };
    project.files[file].text = Arc::from(format!("{head}{import}{pieces}"));
    Some(())
}

/// Changes or removes a line of `nth.toml`.
fn setting(project: &mut Project, rng: &mut TestRng) -> Option<()> {
    let lines: Vec<&str> = project.manifest.lines().collect();
    let settings: Vec<usize> = (0..lines.len())
        .filter(|line| lines[*line].contains(" = ") && !lines[*line].starts_with("platform"))
        .collect();
    let chosen = *one(rng, &settings)?;
    let line = lines[chosen];
    let changed = match below(rng, 2) {
        0 => String::new(),
        _ => match line.split_once(" = ")? {
            (key, "true") => format!("{key} = false"),
            (key, "false") => format!("{key} = true"),
            (key, "\"30s\"" | "\"60s\"" | "\"1m\"") => format!("{key} = \"45s\""),
            (key, "\"plain\"") => format!("{key} = \"prometheus-rule\""),
            (key, "\"json\"") => format!("{key} = \"configmap\""),
            (key, text) if text.starts_with('"') => {
                format!("{key} = {}x\"", text.trim_end_matches('"'))
            }
            _ => String::new(),
        },
    };
    let mut lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
    lines[chosen] = changed;
    project.manifest = lines.join("\n") + "\n";
    Some(())
}

/// Adds a setting to `nth.toml`.
fn setting_added(project: &mut Project, rng: &mut TestRng) -> Option<()> {
    let (table, setting) = one(
        rng,
        &[
            ("project", "targets = [\"prometheus\", \"alertmanager\"]"),
            (
                "project",
                "targets = [\"grafana\", \"docs\", \"policy\", \"openslo\"]",
            ),
            ("project", "shared = true"),
            ("prometheus", "scrape_interval = \"30s\""),
            ("prometheus", "rules_per_group = 5"),
            ("prometheus", "interval = \"2m\""),
            ("severity", "page = \"critical\""),
            ("severity", "ticket = \"warning\""),
            ("grafana", "folder = \"Other\""),
            ("grafana", "tags = [\"x\"]"),
            ("alertmanager", "inhibit_dependents = false"),
            ("alertmanager", "smarthost = \"other.example.com:25\""),
            ("urls", "runbooks = \"https://other.example.com\""),
            ("urls", "dashboards = \"https://other.example.com\""),
            ("policy", "forms = [\"json\", \"argo-rollouts\"]"),
            ("kubernetes", "server_side_apply = true"),
        ],
    )?;
    let header = format!("[{table}]\n");
    project.manifest = match project.manifest.contains(&header) {
        true => project
            .manifest
            .replace(&header, &format!("{header}{setting}\n")),
        false => format!("{}\n{header}{setting}\n", project.manifest),
    };
    Some(())
}
