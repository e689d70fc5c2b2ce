//! The pages of the importer's codes: what each shows as wrong is told under its code, and what it shows as right is not.

use nthc::diagnostics::codes::ALL;

use super::{imported, markdown, told};

#[test]
fn examples_of_the_pages() {
    let mut screens = String::new();
    for code in ALL.iter().filter(|code| code.slug.starts_with("openslo-")) {
        let fences: Vec<_> = markdown::parse(code.page)
            .unwrap()
            .into_iter()
            .flat_map(|section| section.fences)
            .filter(|fence| fence.language == "yaml")
            .collect();
        assert_eq!(fences.len(), 2, "{}", code.id);
        for fence in fences {
            let import = imported(&fence.body);
            let told = told(&import);
            let fails = fence.has("fails");
            assert_eq!(told.contains(code.id), fails, "{}: {told}", code.id);
            assert!(fails || told.is_empty(), "{}: {told}", code.id);
            if fails {
                screens += &told;
            }
        }
    }
    insta::assert_snapshot!("pages", screens);
}
