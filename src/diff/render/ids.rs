//! The documentation of the ids of changes.

use std::fmt::Write as _;

use crate::class::Class;
use crate::id::ChangeId;
use crate::render::words::capitalized;

/// Returns the part of `docs/changes.md` that lists the classes and the ids, in Markdown.
pub fn ids_page() -> String {
    let mut page = String::from(
        "## Classes\n\n| class | meaning | an incident can show it |\n|---|---|---|\n",
    );
    for class in Class::ALL {
        let _ = writeln!(
            page,
            "| [{0}](#{0}) | {1} | {2} |",
            class.name(),
            class.meaning(),
            if class.has_witness() { "yes" } else { "no" }
        );
    }
    for class in Class::ALL {
        let _ = write!(
            page,
            "\n## {}\n\n{}\n",
            capitalized(class.name()),
            class.meaning()
        );
        let ids = ChangeId::ALL.into_iter().filter(|id| id.class() == class);
        for id in ids {
            let info = id.info();
            let _ = write!(
                page,
                "\n### {}\n\n{} {}\n",
                info.name, info.summary, info.advice
            );
        }
        if class == Class::Unknown {
            page.push_str(
                "\nA change of another id that an incident would have to show is also unknown if none was found.\n",
            );
        }
    }
    page
}
