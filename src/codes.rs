//! The codes of projects, outputs and imports; and the list of all codes.

use std::sync::LazyLock;

use nth_diagnostics::declare_codes;

pub use nth_analysis::codes::*;

declare_codes! {
    "../";
    Warning NO_ALERT_NAMESPACE "N0547" "no-alert-namespace" "An `AlertmanagerConfig` has no namespace, so no alert matches it.";
    Error PROJECT_MANIFEST_SYNTAX "N0601" "manifest-syntax" "`nth.toml` is not well-formed TOML.";
    Error PROJECT_UNKNOWN_SETTING "N0602" "unknown-setting" "`nth.toml` has an unknown table or key.";
    Error PROJECT_MISSING_SETTING "N0604" "missing-setting" "`nth.toml` lacks a required key.";
    Error PROJECT_MISSING_PACKAGE "N0605" "missing-package" "A dependency's directory has no `nth.toml`.";
    Error PROJECT_PACKAGE_CYCLE "N0606" "package-cycle" "Packages depend on each other in a cycle.";
    Error PROJECT_PACKAGE_NAME "N0607" "package-name" "A package is imported under a name that is not its own.";
    Error PROJECT_NOT_UTF8 "N0608" "not-utf8" "A source file is not UTF-8.";
    Error PROJECT_BAD_MODULE_NAME "N0609" "bad-module-name" "A source file's path cannot be a module name.";
    Error PROJECT_MODULE_COLLISION "N0610" "module-collision" "Two modules would have the same name.";
    Error PROJECT_BAD_CATALOGUE "N0611" "bad-catalog" "The metric catalog cannot be read.";
    Error ALERTMANAGER_BASE "N0612" "alertmanager-base" "An existing Alertmanager configuration cannot be used as a base.";
    Error OWNERSHIP_FILE "N0613" "ownership-file" "A file with owners does not exist or cannot be read.";
    Error OUTPUT_FOREIGN_FILE "N0620" "foreign-file" "A file that no build wrote is in the place of a generated file.";
    Error OUTPUT_BAD_RECORD "N0621" "bad-build-record" "The record of generated files cannot be read.";
    Error OUTPUT_UNSAFE_PATH "N0622" "unsafe-output-path" "A file would be written outside of the output directory.";
    Error OUTPUT_OTHER_PROJECT "N0623" "other-project-output" "The output directory belongs to another project.";
    Error OUTPUT_COLLISION "N0624" "output-collision" "Two files would be written to the same path.";
    Warning OUTPUT_EDITED_FILE "N0625" "edited-output" "A file that a build wrote was edited by hand.";
    Error PROJECT_LINK_REFUSED "N0626" "link-refused" "A link among the sources is dangling, or points outside of the project or into another one.";
    Warning PROJECT_LINKED_TWICE "N0627" "linked-twice" "A link among the sources points to sources that are already read.";
    Warning PROJECT_IGNORED_SOURCES "N0628" "ignored-sources" "A line of a `.gitignore` keeps sources from being read.";
    Error PROJECT_NO_SOURCES "N0630" "no-sources" "A project has no sources, so its output would be empty.";
    Error OUTPUT_MANY_REMOVALS "N0631" "many-removals" "A build would remove more than a fifth of the files that earlier builds wrote.";
    Error PROJECT_SOURCES_IN_OUTPUT "N0632" "sources-in-output" "Sources are in the output directory, where they are not read.";
    Error PROJECT_OUTPUT_LINK "N0633" "output-link" "The output directory is a link out of the project.";
    Error OPENSLO_SYNTAX "N0640" "openslo-syntax" "An OpenSLO file is not well-formed YAML.";
    Error OPENSLO_UNKNOWN_FIELD "N0641" "openslo-unknown-field" "An OpenSLO document has a field that the format does not define.";
    Error OPENSLO_BAD_VALUE "N0642" "openslo-bad-value" "A field of an OpenSLO document is missing, or its value breaks a rule of the format.";
    Error OPENSLO_MISSING_REFERENCE "N0643" "openslo-missing-reference" "An OpenSLO document refers to an object that none of the files defines.";
    Error OPENSLO_NOT_EXPRESSIBLE "N0644" "openslo-not-expressible" "An OpenSLO document contains something that `.nth` cannot express.";
    Warning OPENSLO_LEFT_OUT "N0645" "openslo-not-imported" "A part of an OpenSLO document is not imported.";
    Warning OPENSLO_NO_MAIL_SERVER "N0646" "openslo-no-mail-server" "An email notification target is imported, but the project has no SMTP server.";
    Error TOO_LARGE "N0650" "too-large" "A document is larger than its consumer allows.";
    Error TOO_MANY_GROUPS "N0651" "too-many-groups" "A project has more rule groups than its ruler allows.";
    Error SHARED_WINDOWS "N0652" "shared-windows" "Sync windows of several environments share one Argo CD project.";
    Error BASE_COLLISION "N0653" "base-collision" "A generated name is also in the existing Alertmanager configuration.";
    Error UNSUPPORTED_BY_TARGET "N0654" "unsupported-by-target" "The program that reads a generated file cannot do what the source says.";
    Error UNWRITABLE "N0701" "unwritable" "A document could not be written in its format.";
}

/// All codes of all crates, in the order of their numbers.
pub static ALL: LazyLock<Vec<&'static Code>> = LazyLock::new(|| {
    let mut all: Vec<&Code> = nth_analysis::codes::all()
        .chain(DECLARED.iter().copied())
        .collect();
    all.sort_unstable_by_key(|code| code.id);
    all
});
