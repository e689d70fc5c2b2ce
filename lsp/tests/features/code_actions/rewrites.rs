use super::*;

#[test]
fn texts_on_one_line_and_on_several() {
    let one = "team a {\n  description = \"one$0\\n  two ${1} \\\"three\\\"\"\n}\n";
    let several = "team a {
  description = \"\"\"
    one
      two ${1} \"three\"
    \"\"\"
}
";
    assert_eq!(after(one, "Write the text on several lines"), several);
    let cursor = several.replace("two", "two$0");
    assert_eq!(
        after(&cursor, "Write the text on one line"),
        one.replace("$0", "")
    );
}

#[test]
fn a_text_that_cannot_be_written_otherwise_stays() {
    let text = "let a = \"  ind$0ented\"\n";
    assert_eq!(titles(text, &["refactor.rewrite"]), Vec::<String>::new());
}

#[test]
fn blocks_on_one_line_and_on_several() {
    let one = "team a { slack = \"#a\"$0  email = \"a@example.com\" }\n";
    let several = "team a {\n  slack = \"#a\"\n  email = \"a@example.com\"\n}\n";
    assert_eq!(after(one, "Put on separate lines"), several);
    assert_eq!(
        after(&several.replace("team a", "team$0 a"), "Put on one line"),
        one.replace("$0", "")
    );
    let list = "let a = [1, $02, 3]\n";
    let lines = "let a = [\n  1,\n  2,\n  3,\n]\n";
    assert_eq!(after(list, "Put on separate lines"), lines);
    assert_eq!(
        after(&lines.replace("2,", "2,$0"), "Put on one line"),
        list.replace("$0", "")
    );
}

#[test]
fn comments_keep_their_lines() {
    let text = "team a {\n  // Why.\n  slack$0 = \"#a\"\n}\n";
    assert!(!titles(text, &["refactor"]).contains(&"Put on one line".to_owned()));
}

#[test]
fn statements_are_wrapped_in_an_environment() {
    let text = "
service a {
  tier = critical

  $0alert b {
    when = `up == 0`
    steps = \"\"\"
      One.
      \"\"\"
  }$0
}
";
    assert_eq!(
        after(text, "Wrap in `in staging { … }`"),
        "service a {
  tier = critical

  in staging {
    alert b {
      when = `up == 0`
      steps = \"\"\"
        One.
        \"\"\"
    }
  }
}
"
    );
}

#[test]
fn a_field_is_set_otherwise_in_an_environment() {
    let text = "service a {\n  slo b {\n    objective = 99$0%\n    window    = 7d\n  }\n}\n";
    assert_eq!(
        after(text, "Override `objective` in `staging`"),
        "service a {
  slo b {
    objective = 99%
    window    = 7d

    in staging {
      objective = 99%
    }
  }
}
"
    );
    // Behind a value on the same line, `in` would be an operator of it.
    let text = "service a {\n  slo b { objective = 99%$0 }\n}\n";
    assert_eq!(
        after(text, "Override `objective` in `staging`"),
        "service a {\n  slo b {\n    objective = 99%\n    in staging {\n      objective = 99%\n    }\n  }\n}\n"
    );
    let text = "service a {\n  tier = low$0\n\n  in staging {\n    urgency = low\n  }\n}\n";
    assert_eq!(
        after(text, "Override `tier` in `staging`"),
        "service a {\n  tier = low\n\n  in staging {\n    urgency = low\n    tier    = low\n  }\n}\n"
    );
}
