//! The pages of the syntax codes: what they say fails does, with that code alone, and what they say is right is.

use crate::codes;

use super::{diagnose, parse};

fn codes_of(text: &str) -> Vec<&'static str> {
    parse(text)
        .items
        .iter()
        .flat_map(|(_, item)| item.errors.iter().map(|error| diagnose(error).code.id))
        .collect()
}

fn fences(page: &str, info: &str) -> Vec<String> {
    page.split("```")
        .skip(1)
        .step_by(2)
        .filter_map(|fence| fence.split_once('\n'))
        .filter(|(found, _)| *found == info)
        .map(|(_, text)| text.to_owned())
        .collect()
}

#[test]
fn examples_do_what_their_pages_say() {
    for code in codes::DECLARED {
        assert!(
            code.page
                .starts_with(&format!("# {} {}\n", code.id, code.slug)),
            "{}",
            code.id
        );
        // No example has an error of the formatter itself, or one that only occurs in a very large file.
        let without_example = [
            &codes::SYNTAX_LAYOUT,
            &codes::FILE_TOO_LARGE,
            &codes::MORE_DIAGNOSTICS,
        ];
        if without_example.iter().any(|without| without.id == code.id) {
            continue;
        }
        let failing = fences(code.page, "nth fails");
        let corrected = fences(code.page, "nth");
        assert!(!failing.is_empty() && !corrected.is_empty(), "{}", code.id);
        for text in failing {
            assert_eq!(codes_of(&text), [code.id], "{text}");
        }
        for text in corrected {
            assert_eq!(codes_of(&text), [""; 0], "{text}");
        }
    }
}

#[test]
fn what_is_said() {
    let mut said = String::new();
    for code in codes::DECLARED {
        for text in fences(code.page, "nth fails") {
            for (start, item) in parse(&text).items {
                for error in &item.errors {
                    let told = diagnose(error);
                    let range = told.primary.span.shifted(start);
                    let shown = &text[range.start as usize..range.end as usize];
                    said.push_str(&format!(
                        "{}: {}\n  at {shown:?}: {}\n",
                        code.id, told.message, told.primary.text
                    ));
                    for label in &told.secondary {
                        said.push_str(&format!("  because: {}\n", label.text));
                    }
                    for note in &told.notes {
                        said.push_str(&format!("  note: {note}\n"));
                    }
                    for help in &told.help {
                        said.push_str(&format!("  help: {help}\n"));
                    }
                    for fix in &told.fixes {
                        said.push_str(&format!("  fix: {}\n", fix.title));
                    }
                }
            }
        }
    }
    insta::assert_snapshot!(said);
}
