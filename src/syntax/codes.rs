//! The codes of syntax errors.

use nth_diagnostics::declare_codes;

pub use nth_diagnostics::codes::*;

declare_codes! {
    "../../";
    Error SYNTAX_BAD_VALUE "N0001" "bad-value" "A value could not be read.";
    Error SYNTAX_MISSING_VALUE "N0002" "missing-value" "A value is missing.";
    Error SYNTAX_MISSING_EQUALS "N0003" "missing-equals" "A name is not followed by `=`.";
    Error SYNTAX_INCOMPLETE_STATEMENT "N0004" "incomplete-statement" "A name alone is not a statement.";
    Error SYNTAX_TRAILING_DOT "N0005" "trailing-dot" "No name follows a dot.";
    Error SYNTAX_OPEN_STRING "N0006" "open-string" "A string is never closed.";
    Error SYNTAX_OPEN_QUERY "N0007" "open-query" "A query is never closed.";
    Error SYNTAX_MISSING_BRACE "N0008" "missing-brace" "A brace is missing.";
    Error SYNTAX_STRAY_BRACE "N0009" "stray-brace" "A brace closes nothing.";
    Error SYNTAX_MISSING_DELIMITER "N0010" "missing-delimiter" "A parenthesis, bracket or comma is missing.";
    Error SYNTAX_UNEXPECTED_TEXT "N0011" "unexpected-text" "Text is in the place of a block or a field.";
    Error SYNTAX_MISSING_NAME "N0012" "missing-name" "A name or a type is missing.";
    Error SYNTAX_BAD_LITERAL "N0013" "bad-literal" "A number, unit or time is invalid.";
    Error SYNTAX_BAD_ESCAPE "N0014" "bad-escape" "A string has an unknown escape.";
    Error SYNTAX_TOO_DEEP "N0015" "too-deep" "Text is nested too deeply.";
    Warning SYNTAX_STRAY_DOC "N0016" "stray-doc" "A doc comment documents nothing.";
    Error SYNTAX_LAYOUT "N0017" "layout" "The formatter would change more than white space.";
    Error FILE_TOO_LARGE "N0018" "file-too-large" "A file is too large to be read.";
}
