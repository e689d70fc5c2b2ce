//! Semantic tokens: what editors color each word as.

use serde_json::{Value, json};

use crate::support::{Editor, Fixture, capabilities};

/// The tokens of an answer, each as its place, its length, its type and its modifiers.
fn decoded(editor: &Editor, data: &Value) -> Vec<(u64, u64, u64, String)> {
    let legend = &editor.greeting()["capabilities"]["semanticTokensProvider"]["legend"];
    let numbers: Vec<u64> = data
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_u64)
        .collect();
    let (mut line, mut character) = (0, 0);
    let mut tokens = Vec::new();
    for token in numbers.chunks(5) {
        if token[0] > 0 {
            line += token[0];
            character = 0;
        }
        character += token[1];
        let kind = legend["tokenTypes"][usize::try_from(token[3]).unwrap()]
            .as_str()
            .unwrap();
        let modifiers = legend["tokenModifiers"].as_array().unwrap();
        let set = modifiers
            .iter()
            .enumerate()
            .filter(|(bit, _)| token[4] & (1 << bit) != 0);
        let mut shown = kind.to_owned();
        for (_, name) in set {
            shown.push('.');
            shown.push_str(name.as_str().unwrap());
        }
        tokens.push((line, character, token[2], shown));
    }
    tokens
}

/// Each token as `word type.modifier`, a line of the text a line.
fn shown(editor: &Editor, data: &Value) -> String {
    let text = &editor.fixture.files[&editor.fixture.file];
    let lines: Vec<Vec<u16>> = text
        .split('\n')
        .map(|line| line.encode_utf16().collect())
        .collect();
    let mut out = String::new();
    let mut last = None;
    for (line, character, length, kind) in decoded(editor, data) {
        let (from, to) = (
            usize::try_from(character).unwrap(),
            usize::try_from(character + length).unwrap(),
        );
        let word = String::from_utf16(&lines[usize::try_from(line).unwrap()][from..to]).unwrap();
        if let Some(last) = last {
            out.push(if last == line { ' ' } else { '\n' });
        }
        out.push_str(&format!("{word}:{kind}"));
        last = Some(line);
    }
    out
}

fn full(editor: &mut Editor) -> Value {
    editor.ask_of_file("textDocument/semanticTokens/full", json!({}))
}

fn of(fixture: &str) -> String {
    let mut editor = Editor::open(fixture);
    let answer = full(&mut editor);
    shown(&editor, &answer["data"])
}

#[test]
fn words_of_the_language() {
    assert_eq!(
        of("
            // A comment.
            import std.http as web
            let wait = 5m
            template alert late(after: duration = wait, who: string) {
              when = `x > 1`
              for  = after
              severity = page
              summary = \"${who} waits ${value}\"
            }
        "),
        "// A comment.:comment\n\
         import:keyword std:namespace http:namespace as:keyword web:namespace.defaultLibrary\n\
         let:keyword wait:variable.declaration.definition.readonly =:operator 5m:number\n\
         template:keyword alert:type.defaultLibrary late:class.declaration.definition \
         after:parameter.declaration.definition.readonly duration:type.defaultLibrary =:operator wait:variable.readonly \
         who:parameter.declaration.definition.readonly string:type.defaultLibrary\n\
         when:property.defaultLibrary =:operator `:string x:variable >:operator 1:number `:string\n\
         for:property.defaultLibrary =:operator after:parameter.readonly\n\
         severity:property.defaultLibrary =:operator page:variable.readonly.defaultLibrary\n\
         summary:property.defaultLibrary =:operator \":string who:parameter.readonly  waits :string value:function.defaultLibrary \":string"
    );
}

#[test]
fn words_of_queries() {
    assert_eq!(
        of("let x = `sum by (job) (rate(http_requests_total{code=~\"5..\"}[${5m}] offset 1h))`\n"),
        "let:keyword x:variable.declaration.definition.readonly =:operator `:string sum:function.defaultLibrary \
         by:keyword.defaultLibrary job:property rate:function.defaultLibrary http_requests_total:variable code:property \
         =~:operator \"5..\":string 5m:number offset:keyword.defaultLibrary 1h:number `:string"
    );
}

#[test]
fn words_of_selectors() {
    assert_eq!(
        of("let x = { job =~ \"web-.*\", pod !~ \"a\", zone != \"b\", env = \"c\" }\n"),
        "let:keyword x:variable.declaration.definition.readonly =:operator job:property =~:operator \"web-.*\":string \
         pod:property !~:operator \"a\":string zone:property !=:operator \"b\":string env:property =:operator \
         \"c\":string"
    );
}

#[test]
fn texts_over_several_lines_are_split_unless_the_client_knows_them() {
    let fixture = "let x = \"\"\"\n  one 🦀\n  two\n  \"\"\"\n";
    assert_eq!(
        of(fixture),
        "let:keyword x:variable.declaration.definition.readonly =:operator \"\"\":string\none 🦀:string\ntwo:string\n\"\"\":string"
    );
    let mut can = capabilities();
    can["textDocument"]["semanticTokens"] = json!({
        "requests": {}, "tokenTypes": [], "tokenModifiers": [], "formats": ["relative"],
        "multilineTokenSupport": true,
    });
    let mut editor = Editor::start(Fixture::new(fixture), json!({ "capabilities": can }));
    let answer = full(&mut editor);
    let tokens = decoded(&editor, &answer["data"]);
    let whole = "\"\"\"\n  one 🦀\n  two\n  \"\"\"".encode_utf16().count() as u64;
    assert_eq!(tokens.last(), Some(&(0, 8, whole, "string".to_owned())));
}

#[test]
fn a_range_has_the_tokens_of_the_whole() {
    let fixture = "let a = 1\nlet b = \"x\" // why\nlet c = `sum(x)`\n";
    let mut editor = Editor::open(fixture);
    let whole = full(&mut editor);
    let whole = decoded(&editor, &whole["data"]);
    let range =
        json!({ "start": { "line": 1, "character": 0 }, "end": { "line": 2, "character": 0 } });
    let part = editor.ask_of_file(
        "textDocument/semanticTokens/range",
        json!({ "range": range }),
    );
    let part = decoded(&editor, &part["data"]);
    let expected: Vec<_> = whole.into_iter().filter(|(line, ..)| *line == 1).collect();
    assert_eq!(part, expected);
    assert_eq!(part.len(), 5);
}

#[test]
fn only_what_changed_is_sent() {
    let mut editor = Editor::open("let a = 1\nlet b = 2\n");
    let before = full(&mut editor);
    editor.change("main.nth", "let a = 1\nlet b = \"x\"\n");
    let previous = json!({ "previousResultId": before["resultId"] });
    let delta = editor.ask_of_file("textDocument/semanticTokens/full/delta", previous.clone());
    let edits = delta["edits"].as_array().unwrap();
    assert_eq!(edits.len(), 1);
    assert_eq!(edits[0]["deleteCount"], 5);
    let mut patched: Vec<Value> = before["data"].as_array().unwrap().clone();
    let start = usize::try_from(edits[0]["start"].as_u64().unwrap()).unwrap();
    patched.splice(
        start..start + 5,
        edits[0]["data"].as_array().unwrap().clone(),
    );
    assert_eq!(Value::from(patched), full(&mut editor)["data"]);
    // The name is the last answer's now, and an older one gets everything.
    let again = editor.ask_of_file("textDocument/semanticTokens/full/delta", previous);
    assert!(again["data"].is_array(), "{again}");
    let previous = json!({ "previousResultId": again["resultId"] });
    let same = editor.ask_of_file("textDocument/semanticTokens/full/delta", previous);
    assert_eq!(same["edits"], json!([]));
}

#[test]
fn damaged_texts_have_colors() {
    assert_eq!(
        of(
            "service checkout {\n  slo availability {\n    objective = 99.\n    when = `sum(rate(x\n"
        ),
        "service:type.defaultLibrary checkout:variable.declaration.definition.readonly\n\
         slo:type.defaultLibrary availability:variable.declaration.definition.readonly\n\
         objective:property.defaultLibrary =:operator 99:number\n\
         when:property =:operator `:string sum:function.defaultLibrary rate:function.defaultLibrary x:variable"
    );
    assert_eq!(of("//- main.nth\n"), "");
}

#[test]
fn windows_line_ends_are_no_part_of_a_token() {
    let fixture = Fixture::new("let a = 1 // why\nlet b = \"\"\"\n  x\n  \"\"\"$0\n").with_crlf();
    let mut editor = Editor::start(fixture, json!({ "capabilities": capabilities() }));
    let answer = full(&mut editor);
    let text = shown(&editor, &answer["data"]);
    assert!(!text.contains('\r'), "{text}");
    assert!(text.contains("// why:comment"), "{text}");
}

/// All sources there are: tokens are in order, do not overlap, stay in the text, and end at its words' ends; so do those of
/// texts that end somewhere in the middle.
#[test]
fn tokens_are_in_order_and_never_overlap() {
    use nth_ide::features::semantic_tokens::tokens;
    use nth_ide::features::source::Source;
    use nthc::syntax::tree::TextRange;

    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut looked_at = 0;
    for folder in ["examples/shop", "examples/platform"] {
        let folder = root.join(folder);
        let loaded = nthc::project::load(&folder, &folder).unwrap();
        let session = nthc::compile::session(&loaded.project.input(None));
        for file in session.files().iter().chain(session.standard_library()) {
            let source = Source {
                db: &session.db,
                workspace: session.workspace,
                settings: &loaded.project.settings,
                file: *file,
            };
            let text = source.text();
            let found = tokens(&source, TextRange::new(0, text.len()));
            let mut end = 0;
            for token in &found {
                let place = format!("{}: {token:?}", file.path(&session.db));
                assert!(
                    end <= token.range.start && token.range.start < token.range.end,
                    "{place}"
                );
                let word = text.get(token.range.start as usize..token.range.end as usize);
                let word = word.unwrap_or_else(|| panic!("{place} is no text"));
                assert!(
                    !word.starts_with(char::is_whitespace)
                        || word.contains('\n')
                        || token.kind.number() == 8,
                    "{place} {word:?}"
                );
                end = token.range.end;
            }
            looked_at += found.len();
            // Any range has what the whole has there.
            for start in (0..text.len())
                .step_by(997)
                .filter(|at| text.is_char_boundary(*at))
            {
                let stop =
                    (start + 400..).find(|at| *at >= text.len() || text.is_char_boundary(*at));
                let range = TextRange::new(start, stop.unwrap_or(text.len()).min(text.len()));
                let part = tokens(&source, range);
                let expected: Vec<_> = found
                    .iter()
                    .filter(|token| token.range.start < range.end && range.start < token.range.end)
                    .copied()
                    .collect();
                assert_eq!(part, expected, "{} {range:?}", file.path(&session.db));
            }
        }
    }
    assert!(looked_at > 10_000, "{looked_at}");
}

#[test]
fn texts_that_end_anywhere_have_tokens_in_order() {
    use nth_ide::features::semantic_tokens::tokens;
    use nth_ide::features::source::Source;
    use nthc::compile::SourceInput;
    use nthc::syntax::tree::TextRange;

    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/checkout.nth");
    let whole = std::fs::read_to_string(path).unwrap();
    let input = SourceInput {
        module: "main".to_owned(),
        path: "main.nth".to_owned(),
        text: whole.as_str().into(),
        package: false,
    };
    let mut session = nthc::session::Session::new(nthc::db::Database::default(), &[input]);
    let settings = nthc::project::default_settings("main");
    let file = session.files()[0];
    for cut in (0..whole.len())
        .step_by(23)
        .filter(|at| whole.is_char_boundary(*at))
    {
        session.edit(file, whole[..cut].into());
        let source = Source {
            db: &session.db,
            workspace: session.workspace,
            settings: &settings,
            file,
        };
        let mut end = 0;
        for token in tokens(&source, TextRange::new(0, cut)) {
            assert!(
                end <= token.range.start && token.range.start < token.range.end,
                "{cut} {token:?}"
            );
            assert!(token.range.end as usize <= cut, "{cut} {token:?}");
            end = token.range.end;
        }
        // Nothing else may fail on it either.
        for at in [cut, cut.saturating_sub(1), cut / 2] {
            let at = u32::try_from(at).unwrap();
            let _ = nth_ide::features::hover::hover(&source, at);
        }
        let hints = nth_ide::features::inlay_hints::HintSettings::default();
        let _ = nth_ide::features::inlay_hints::hints(&source, TextRange::new(0, cut), &hints);
    }
}
