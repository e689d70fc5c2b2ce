//! Members that a project adds to an enum: `extend enum service-type { training }`.

use smol_str::SmolStr;

use super::{EXTENSIBLE_ENUMS, Schema};
use crate::codes;
use crate::db::{Diag, ItemKey, Span};
use nth_diagnostics::suggest;
use nth_syntax::tree::EnumDecl;

/// Adds the members of an `extend enum`, and reports those that cannot be added.
pub(super) fn extend(schema: &mut Schema, key: ItemKey, decl: &EnumDecl) {
    let place = |range| Span { item: key, range };
    let name = &decl.name.text;
    // The syntax error is enough.
    if name.is_empty() {
        return;
    }
    let Some(known) = schema.enums.get_mut(name) else {
        let span = place(decl.name.range);
        let diagnostic = Diag::new(&codes::UNKNOWN_TYPE, format!("unknown enum `{name}`"), span);
        let enums = schema.enums.keys().map(SmolStr::as_str);
        schema
            .diagnostics
            .push(match suggest::nearest(name, enums) {
                Some(near) => crate::resolve::did_you_mean(diagnostic, span, near),
                None => diagnostic.help(extensible()),
            });
        return;
    };
    if !EXTENSIBLE_ENUMS.contains(&name.as_str()) {
        schema.diagnostics.push(
            Diag::new(
                &codes::PRELUDE_ONLY,
                format!("a project cannot extend enum `{name}`"),
                place(decl.name.range),
            )
            .because(known.span, "declared here")
            .help(extensible()),
        );
        return;
    }
    for (member, doc) in &decl.members {
        if known.members.contains_key(&member.text) {
            let first = known.extensions.get(&member.text).copied();
            schema.diagnostics.push(
                Diag::new(
                    &codes::DUPLICATE_NAME,
                    format!("duplicate member `{}` in enum `{name}`", member.text),
                    place(member.range),
                )
                .because(first.unwrap_or(known.span), "first declared here"),
            );
            continue;
        }
        known.members.insert(member.text.clone(), doc.clone());
        known
            .extensions
            .insert(member.text.clone(), place(member.range));
    }
}

fn extensible() -> String {
    let names: Vec<String> = EXTENSIBLE_ENUMS
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    format!("extend {}", names.join(" or "))
}
