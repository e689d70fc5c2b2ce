//! The tables of `docs/performance.md`.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::thread;

use crate::measured::Cost;

const BEGIN: &str = "<!-- tables: written by `NTH_BLESS=1 cargo bench --bench process` -->\n\n";
const END: &str = "\n<!-- end of tables -->";

/// What was measured with one number of services.
pub struct Sized {
    pub services: usize,
    /// What each step took.
    pub steps: Vec<(&'static str, Cost)>,
    /// What was counted.
    pub counts: Vec<(&'static str, u64)>,
}

impl Sized {
    pub fn new(services: usize) -> Self {
        Self {
            services,
            steps: Vec::new(),
            counts: Vec::new(),
        }
    }
}

/// Returns all tables as Markdown.
pub fn tables(results: &[Sized]) -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut text = format!(
        "Measured on {}, {}.\n",
        processor(),
        match cores {
            1 => "1 core".to_owned(),
            cores => format!("{cores} cores"),
        }
    );
    type Part = (&'static str, fn(&Cost) -> f64, fn(f64) -> String);
    let parts: [Part; 3] = [
        ("Time", |cost| cost.wall, seconds),
        ("CPU time of all cores", |cost| cost.cpu, seconds),
        ("Peak memory", |cost| cost.memory, mebibytes),
    ];
    for (title, part, show) in parts {
        let rows = names(results, |result| &result.steps);
        let value = |result: &Sized, name: &str| {
            let (_, cost) = result.steps.iter().find(|(known, _)| *known == name)?;
            Some(part(cost))
        };
        table(&mut text, title, results, &rows, value, show);
    }
    let rows = names(results, |result| &result.counts);
    #[allow(clippy::cast_precision_loss)]
    let value = |result: &Sized, name: &str| {
        let (_, count) = result.counts.iter().find(|(known, _)| *known == name)?;
        Some(*count as f64)
    };
    table(&mut text, "Output", results, &rows, value, |count| {
        thousands(&format!("{count:.0}"))
    });
    text
}

/// The names of all rows, in their order.
fn names<T>(results: &[Sized], of: impl Fn(&Sized) -> &[(&'static str, T)]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (name, _) in results.iter().flat_map(of) {
        if !names.contains(name) {
            names.push(*name);
        }
    }
    names
}

fn table(
    text: &mut String,
    title: &str,
    results: &[Sized],
    rows: &[&'static str],
    value: impl Fn(&Sized, &str) -> Option<f64>,
    show: impl Fn(f64) -> String,
) {
    let mut head = format!("| {title} |");
    let mut line = "|---|".to_owned();
    for result in results {
        let services = thousands(&result.services.to_string());
        write!(head, " {services} |").expect("a text takes all");
        line.push_str("---:|");
    }
    writeln!(text, "\n{head} growth |\n{line}---:|").expect("a text takes all");
    for name in rows {
        let mut row = format!("| {name} |");
        for result in results {
            let cell = value(result, name).map_or_else(|| "–".to_owned(), &show);
            write!(row, " {cell} |").expect("a text takes all");
        }
        let growth = growth(results, |result| value(result, name));
        writeln!(text, "{row} {growth} |").expect("a text takes all");
    }
}

/// The value per service of the largest project, divided by that of the next smaller one.
#[allow(clippy::cast_precision_loss)]
fn growth(results: &[Sized], value: impl Fn(&Sized) -> Option<f64>) -> String {
    let each = |result: &Sized| Some(value(result)? / result.services as f64);
    let [.., smaller, largest] = results else {
        return "–".to_owned();
    };
    match (each(smaller), each(largest)) {
        (Some(smaller), Some(largest)) if smaller > 0.0 => format!("{:.2}", largest / smaller),
        _ => "–".to_owned(),
    }
}

/// Writes the tables into the page.
///
/// # Errors
///
/// If the page cannot be read or written, or has no place for them.
pub fn write(page: &Path, tables: &str) -> io::Result<()> {
    let text = fs::read_to_string(page)?;
    let missing = || io::Error::other("the page has no place for the tables");
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    fs::write(page, format!("{before}{BEGIN}{tables}{END}{after}"))
}

/// Returns a time for reading.
pub fn seconds(time: f64) -> String {
    match time {
        time if time < 1.0 => format!("{:.0} ms", time * 1e3),
        time if time < 100.0 => format!("{time:.2} s"),
        time => format!("{time:.0} s"),
    }
}

fn mebibytes(memory: f64) -> String {
    format!("{} MiB", thousands(&format!("{memory:.0}")))
}

/// Separates thousands.
fn thousands(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    });
    model.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}
