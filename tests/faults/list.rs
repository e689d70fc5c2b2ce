//! Files that try to take all of a machine's time, memory or stack, each generated from a few lines.

use std::fmt::Write as _;

/// What must come of a build.
pub enum Expected {
    /// It ends in order, with or without warnings.
    Fine,
    /// It ends in order, with this code among the warnings.
    Warned(&'static str),
    /// It ends with this code among the errors.
    Code(&'static str),
}

use Expected::{Code, Fine, Warned};

/// A file that is a bomb, or has been one.
pub struct Bomb {
    /// What it is called.
    pub name: &'static str,
    /// What must come of a build.
    pub expected: Expected,
    /// Its text.
    pub text: fn() -> String,
}

/// A service with its team around statements.
fn service(statements: &str) -> String {
    format!(
        "team payments {{\n  slack = \"#payments\"\n}}\n\nservice checkout {{\n  team = payments\n  selector = {{ job = \"checkout\" }}\n{statements}}}\n"
    )
}

fn alert(name: &str, when: &str) -> String {
    format!(
        "  alert {name} {{\n    when = `{when}`\n    summary = \"It is slow.\"\n    severity = ticket\n  }}\n"
    )
}

/// Lines that are made of their numbers.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "{}", line(number));
        text
    })
}

fn names(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        let _ = write!(text, "\"n{number}\", ");
        text
    })
}

/// A chain of top-level `let`s: the first, and each further one made of the one before.
fn chain(count: usize, first: &str, next: impl Fn(usize) -> String) -> String {
    format!(
        "let a0 = {first}\n{}",
        lines(count, |number| {
            format!("let a{} = {}", number + 1, next(number))
        })
    )
}

fn nested_loops(names_of_each: usize, body: &str) -> String {
    format!(
        "let names = [{}]\n\n{}",
        names(names_of_each),
        service(&format!(
            "  for a in names {{\n    for b in names {{\n{body}    }}\n  }}\n"
        ))
    )
}

/// All of them.
pub fn bombs() -> Vec<Bomb> {
    macro_rules! bombs {
        ($($name:literal, $expected:expr, $text:expr;)*) => {
            vec![$(Bomb { name: $name, expected: $expected, text: || $text }),*]
        };
    }
    bombs! {
        "doubling lists", Code("N0430"),
            chain(28, "[1, 2]", |n| format!("[a{n}, a{n}]"));
        "doubling texts", Code("N0430"),
            chain(28, "\"ab\"", |n| format!("\"${{a{n}}}${{a{n}}}\""));
        "doubling queries", Code("N0431"),
            chain(28, "`up`", |n| format!("`${{a{n}}} + ${{a{n}}}`"));
        "doubling labels", Code("N0430"),
            chain(28, "\"ab\"", |n| format!("\"${{a{n}}}${{a{n}}}\"")) + &service("  labels = { big = a28 }\n");
        "join of long texts", Code("N0430"),
            chain(18, "\"abcd\"", |n| format!("\"${{a{n}}}${{a{n}}}\""))
                + &format!("let all = join([{}], a18)\n", names(200));
        "nested loops of 300 by 300 alerts", Code("N0432"),
            nested_loops(300, &alert("\"slow-${a}-${b}\"", "max(x) > 1"));
        "nested loops of 3,000 by 3,000 turns", Code("N0433"),
            nested_loops(3_000, "      labels = { a = a }\n");
        "loops in forty services of a file", Code("N0434"),
            format!("let names = [{}]\n", names(55)) + &(0..40).fold(String::new(), |text, number| {
                let body = alert("\"slow-${a}-${b}\"", "max(x) > 1");
                let loops = format!("  for a in names {{\n    for b in names {{\n{body}    }}\n  }}\n");
                text + &service(&loops)
                    .replace("payments", &format!("team-{number}"))
                    .replace("checkout", &format!("service-{number}"))
            });
        "chain of 1,900 constants", Code("N0435"),
            chain(1_900, "1", |n| format!("a{n}"));
        "chain of 1,900 constants, last first", Code("N0435"),
            lines(1_900, |n| format!("let a{n} = a{}", n + 1)) + "let a1900 = 1\n";
        "chain of 508 sums", Code("N0435"),
            chain(508, "1", |n| format!("a{n} + 1"));
        "chain of 600 conditions", Code("N0435"),
            chain(600, "1", |n| format!("if true {{ a{n} }} else {{ 2 }}"));
        "chain of 600 queries", Code("N0435"),
            chain(600, "`x`", |n| format!("`max(${{a{n}}})`"));
        "circle of 1,900 constants", Code("N0435"),
            lines(1_900, |n| format!("let a{n} = a{}", (n + 1) % 1_900));
        "chain of 1,900 templates", Code("N0435"),
            "template alert t0 {\n  severity = ticket\n}\n".to_owned() + &lines(1_900, |n| {
                format!("template alert t{} : t{n} {{\n  severity = ticket\n}}", n + 1)
            });
        "chain of 1,000 fields", Code("N0435"),
            "team t {}\nservice s0 { team = t selector = { job = \"x\" } description = \"q\" }\n".to_owned()
                + &lines(1_000, |n| format!(
                    "service s{} {{ team = t selector = {{ job = \"x{n}\" }} description = s{n}.description }}", n + 1
                ));
        "chain of 5,000 values in one body", Code("N0435"),
            service(&(lines(5_000, |n| format!("  let a{n} = a{}", n + 1)) + "  let a5000 = \"x\"\n  description = a0\n"));
        "chain of 1,900 dependencies", Fine,
            "team t {}\n".to_owned() + &lines(1_900, |n| format!(
                "service s{n} {{ team = t selector = {{ job = \"x{n}\" }} dependency s{} {{ service = s{} }} }}", n + 1, n + 1
            )) + "service s1900 { team = t selector = { job = \"last\" } }\n";
        "10,000 imports", Code("N0018"),
            lines(10_000, |_| "import std.http".to_owned());
        "2,000 imports", Code("N0104"),
            lines(2_000, |_| "import std.http".to_owned());
        "10,000 services", Code("N0018"),
            "team t {}\n".to_owned() + &lines(10_000, |n| format!(
                "service s{n} {{ team = t selector = {{ job = \"x{n}\" }} }}"
            ));
        "1,999 services", Fine,
            "team t {}\n".to_owned() + &lines(1_999, |n| format!(
                "service s{n} {{ team = t selector = {{ job = \"x{n}\" }} }}"
            ));
        "100,000 labels", Code("N0018"),
            service(&format!("  labels = {{ {} }}\n", lines(100_000, |n| format!("l{n} = \"x\",").clone())));
        "24,000 labels", Code("N0430"),
            service(&format!("  labels = {{ {} }}\n", lines(24_000, |n| format!("l{n} = \"x\",").clone())));
        "a list of 200,000 elements", Code("N0018"),
            format!("let all = [{}]\nlet found = \"n1\" in all\n", names(200_000));
        "a list of 49,000 elements", Code("N0430"),
            format!("let all = [{}]\nlet found = \"n1\" in all\n", names(49_000));
        "a query of a megabyte", Code("N0431"),
            format!("let q = `{}`\n", vec!["up"; 200_000].join(" + "));
        "a regular expression of a megabyte", Code("N0431"),
            format!("let q = `up{{job=~\"{}\"}}`\n", vec!["abc"; 250_000].join("|"));
        "10,000 interpolations in a megabyte of text", Fine,
            format!("let x = \"y\"\nlet t = \"{}\"\n", format!("{}${{x}}", "z".repeat(90)).repeat(10_000));
        "5,000 alerts of one service", Warned("N0505"),
            service(&(0..5_000).fold(String::new(), |text, n| text + &alert(&format!("slow-{n}"), "max(x) > 1")));
        "an identifier of a megabyte", Code("N0101"),
            format!("let t = {}\n", "x".repeat(1_000_000));
        "100,000 parentheses", Code("N0015"),
            format!("let t = {}1{}\n", "(".repeat(100_000), ")".repeat(100_000));
        "100,000 minus signs", Code("N0015"),
            format!("let t = {}1\n", "-".repeat(100_000));
        "100,000 interpolations in one another", Code("N0015"),
            format!("let t = {}1{}\n", "\"${".repeat(100_000), "}\"".repeat(100_000));
        "a sum of 100,000 numbers", Code("N0015"),
            format!("let t = 1{}\n", " + 1".repeat(100_000));
        "100,000 members", Code("N0015"),
            format!("let t = a{}\n", ".b".repeat(100_000));
        "100,000 blocks in one another", Code("N0015"),
            format!("team a {}{}\n", "{ b ".repeat(100_000), "}".repeat(100_000));
        "30,000 `else if`", Code("N0015"),
            service(&format!("  if 1 == 2 {{ }}{}\n", " else if 1 == 2 { }".repeat(30_000)));
        "20,000 parentheses in a query", Code("N0409"),
            format!("let t = `{}up{}`\n", "(".repeat(20_000), ")".repeat(20_000));
        "20,000 operators in a query", Code("N0409"),
            format!("let t = `up{}`\n", " + up".repeat(20_000));
        "20,000 minus signs in a query", Code("N0409"),
            format!("let t = `{}up`\n", "-".repeat(20_000));
        "4,000 subqueries in one another", Code("N0409"),
            format!("let t = `{}up{}`\n", "max_over_time(".repeat(4_000), "[5m:])".repeat(4_000));
        "two names of half a megabyte", Code("N0101"),
            format!("let {0}y = 1\nlet t = {0}z\n", "x".repeat(500_000));
        "2,000 names of which half are unknown", Code("N0019"),
            lines(1_000, |n| format!("let known-{n} = {n}\nlet t{n} = [konwn-{n}, knwon-{n}]"));
        "18,000 unknown names among 1,900 known ones", Code("N0019"),
            lines(1_000, |n| format!("let known-{n} = {n}"))
                + &lines(900, |n| format!(
                    "let t{n} = [{}]",
                    (0..20).fold(String::new(), |text, more| text + &format!("konwn-{}, ", n * 20 + more))
                ));
        "5,000 recordings of one service", Fine,
            service(&lines(5_000, |n| format!("  recording \"a:b:c{n}\" {{\n    query = `sum(x{n})`\n  }}")));
        "3,000 labels in 200 queries", Code("N0431"),
            "team payments {\n  slack = \"#payments\"\n}\nservice checkout {\n  team = payments\n  selector = {".to_owned()
                + &lines(3_000, |n| format!("l{n} = \"x\","))
                + "}\n" + &(0..200).fold(String::new(), |text, n| text + &alert(&format!("slow-{n}"), &format!("max(x) > {n}"))) + "}\n";
        "large queries in 120 SLOs", Code("N0431"),
            ["x", "y"].iter().fold(String::new(), |text, metric| {
                let labels = (0..900).fold(String::new(), |text, label| text + &format!("l{label}=\"x\","));
                text + &format!("let {metric} = `{metric}{{{labels}}}`\n")
            }) + &service(&lines(120, |n| format!(
                "  slo s{n} {{\n    objective = 99%\n    sli : ratio {{\n      bad = x\n      total = y\n    }}\n  }}"
            )));
        "a rule over 200 by 200 services", Fine,
            "team t {}\n".to_owned() + &lines(200, |n| format!(
                "service s{n} {{ team = t selector = {{ job = \"x{n}\" }} }}"
            )) + "rule all {\n  for a in services {\n    for b in services {\n      require a.name != \"\" else \"no\"\n    }\n  }\n}\n";
        "a rule over 60 services four times", Code("N0433"),
            "team t {}\n".to_owned() + &lines(60, |n| format!(
                "service s{n} {{ team = t selector = {{ job = \"x{n}\" }} }}"
            )) + "rule all {\n  for a in services { for b in services { for c in services { for d in services {\n      require a.name != \"\" else \"no\"\n  } } } }\n}\n";
        "200,000 broken lines", Code("N0018"),
            lines(200_000, |_| "x y".to_owned());
        "40,000 broken statements", Code("N0019"),
            service(&lines(40_000, |_| "  x y".to_owned()));
        "1,900 broken lines", Code("N0019"),
            lines(1_900, |_| "x y".to_owned());
        "a million broken lines", Code("N0018"),
            "x y\n".repeat(500_000);
        "a file of 40 MiB", Code("N0018"),
            "// nothing\n".repeat(4_000_000);
        "5,000 comments that allow nothing", Warned("N0019"),
            service("") + &"// nth: allow(no-runbook)\n".repeat(5_000);
        "20,000 comments in a row", Fine,
            "// nth: allow(no-runbook)\n".to_owned() + &"// more\n".repeat(20_000) + &service("");
        "a line of a megabyte", Code("N0101"),
            format!("let t = [{} nowhere]\n", "1, ".repeat(19_000) + &" ".repeat(900_000));
    }
}
