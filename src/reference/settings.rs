//! The reference of `nth.toml`, from the declarations of its settings.

use std::fmt::Write as _;

use super::markdown::{Document, code};
use crate::ir::settings::{DestinationTable, Kind, Setting, SettingsTable as _, TABLES, Table};
use crate::project::schema::{DEPENDENCIES_DOC, DIFF_DOC, LINTS_DOC, PATH_DOC};

/// Writes a table of settings for each table of `nth.toml`, and a complete example.
pub fn tables(document: &mut Document) {
    for table in &TABLES {
        document.heading(3, &format!("`[{}]`", table.name));
        document.paragraph(table.doc);
        let rows = table.settings.iter().map(|setting| row(table, setting));
        document.table(["key", "value", "default", "description"], rows);
    }
    document.heading(3, "`[lints]`");
    document.paragraph(LINTS_DOC);
    document.heading(3, "`[diff]`");
    document.paragraph(DIFF_DOC);
    document.heading(3, "`[dependencies]`");
    document.paragraph(&format!("{DEPENDENCIES_DOC} `path`: {PATH_DOC}"));
    let destinations = DestinationTable::TABLE;
    document.heading(3, "`[destinations.NAME]`");
    document.paragraph(destinations.doc);
    let rows = destinations.settings.iter();
    let rows = rows.map(|setting| row(&destinations, setting));
    document.table(["key", "value", "default", "description"], rows);
    document.heading(3, "All settings");
    document
        .paragraph("Every setting with its default, or an example where the default is no value:");
    document.paragraph(&format!("```toml\n{}```", complete()));
}

fn row(table: &Table, setting: &Setting) -> [String; 4] {
    let choices = setting.kind.choices();
    let value = match choices {
        [] => setting.kind.type_name().to_owned(),
        choices => {
            let names: Vec<String> = choices.iter().map(|choice| quote(choice.name)).collect();
            match setting.kind {
                Kind::ChoiceList(_) => format!("list of {}", names.join(", ")),
                _ => names.join(", "),
            }
        }
    };
    let value = match setting.kind.bounds() {
        Some(bounds) => format!("{value}, {bounds}"),
        None => value,
    };
    let default = match (setting.unset, (table.default)(setting.key)) {
        _ if setting.is_required => "required".to_owned(),
        (Some(unset), _) => unset.to_owned(),
        (None, Some(default)) => code(&default.to_string()),
        (None, None) => String::new(),
    };
    let mut doc = setting.doc.trim().to_owned();
    for choice in choices {
        let _ = write!(doc, " {}: {}", quote(choice.name), choice.doc.trim());
    }
    [code(setting.key), value, default, doc]
}

fn quote(name: &str) -> String {
    code(&format!("\"{name}\""))
}

/// The settings that do not fit those of the complete manifest: `source_tenants` is Mimir's, and that has the ruler of Thanos.
const APART: [(&str, &str); 1] = [("prometheus", "source_tenants")];

/// Returns a manifest that sets everything, except [what is apart](APART).
fn complete() -> String {
    let mut text = String::new();
    for table in &TABLES {
        let _ = writeln!(text, "[{}]", table.name);
        for setting in table.settings {
            let is_apart = APART.contains(&(table.name, setting.key));
            if let Some(sample) = setting.sample(table).filter(|_| !is_apart) {
                let _ = writeln!(text, "{} = {sample}", setting.key);
            }
        }
        text.push('\n');
    }
    text.push_str(
        "[destinations.mimir]\nkind = \"mimir\"\nenvironment = \"production\"\nurl = \"https://mimir.example.com\"\n\
         tenant = \"shop\"\n\n",
    );
    text.push_str("[lints]\nabove-ceiling = \"error\"\nN0509 = \"allow\"\n\n");
    text.push_str("[diff]\nobjective-lowered = \"error\"\n\n");
    text.push_str("[dependencies]\nplatform = { path = \"../platform\" }\n");
    text
}
