//! Writes seed inputs for fuzzers, taken from the examples, the suites and the docs: `seeds FOLDER`.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io, process};

use nthc::output::{Hash, Record};

/// The laws with the file extensions and fence languages of their inputs.
const LAWS: [(&str, &[&str]); 7] = [
    ("nth", &["syntax"]),
    ("promql", &["promql"]),
    ("toml", &["manifest", "catalogue"]),
    ("lock", &["catalogue"]),
    ("yaml", &["import"]),
    ("yml", &["import"]),
    ("json", &["answer", "import", "record"]),
];

/// The folders with input texts.
const FOLDERS: [&str; 5] = ["docs", "examples", "stdlib", "src", "tests"];

/// The maximum size in bytes; longer inputs slow fuzzers down.
const LONGEST: u64 = 16 * 1024;

fn main() {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: seeds FOLDER");
        process::exit(2);
    };
    if let Err(cause) = write(Path::new(&folder)) {
        eprintln!("seeds: {cause}");
        process::exit(1);
    }
}

fn write(folder: &Path) -> io::Result<()> {
    let mut seeds = Seeds::default();
    for from in FOLDERS {
        walk(Path::new(from), &mut |path| seeds.read(path))?;
    }
    seeds.add("json", &String::from_utf8_lossy(&record()?));
    for (law, _) in nth_laws::LAWS {
        copy_findings(law, &folder.join(law))?;
    }
    for (law, texts) in seeds.0 {
        let folder = folder.join(law);
        fs::create_dir_all(&folder)?;
        for text in &texts {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            fs::write(folder.join(format!("seed-{:016x}", hasher.finish())), text)?;
        }
        println!("{:>6} {law}", texts.len());
    }
    Ok(())
}

/// Returns the record of a build that wrote one file.
fn record() -> io::Result<Vec<u8>> {
    let mut record = Record::new("shop");
    let path = "prometheus/shop.yaml".to_owned();
    record.files.insert(path, Hash::new(b"groups: []\n"));
    record.to_bytes()
}

/// Inputs that once broke a law are good starting points.
fn copy_findings(law: &str, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let findings = Path::new("tests/laws/findings").join(law);
    if !findings.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(findings)? {
        let found = entry?;
        let name = found.file_name();
        let copy = folder.join(format!("found-{}", name.to_string_lossy()));
        fs::copy(found.path(), copy)?;
    }
    Ok(())
}

fn walk(folder: &Path, read: &mut impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    for path in paths {
        match path.symlink_metadata()? {
            data if data.is_dir() => walk(&path, read)?,
            data if data.is_file() && data.len() <= 16 * LONGEST => read(&path)?,
            _ => {}
        }
    }
    Ok(())
}

#[derive(Default)]
struct Seeds(BTreeMap<&'static str, Vec<String>>);

impl Seeds {
    fn read(&mut self, path: &Path) -> io::Result<()> {
        let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else {
            return Ok(());
        };
        let is_wanted =
            extension == "md" || LAWS.iter().any(|(language, _)| *language == extension);
        if !is_wanted {
            return Ok(());
        }
        let Ok(text) = fs::read_to_string(path) else {
            return Ok(());
        };
        match extension {
            "md" => self.fences(&text),
            _ => self.add(extension, &text),
        }
        Ok(())
    }

    fn fences(&mut self, page: &str) {
        let mut open: Option<(String, String)> = None;
        for line in page.lines() {
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(info)) => {
                    let language = info.split_whitespace().next().unwrap_or_default();
                    open = Some((language.to_owned(), String::new()));
                }
                (Some((language, text)), Some(_)) => {
                    self.add(language, text);
                    open = None;
                }
                (Some((_, text)), None) => {
                    text.push_str(line);
                    text.push('\n');
                }
                (None, None) => {}
            }
        }
    }

    fn add(&mut self, language: &str, text: &str) {
        if text.len() as u64 > LONGEST {
            return;
        }
        let laws = LAWS.iter().find(|(name, _)| *name == language);
        for law in laws.map_or(&[][..], |(_, laws)| *laws) {
            self.0.entry(*law).or_default().push(text.to_owned());
        }
        if language == "nth" {
            // Text between backticks is PromQL.
            for query in text.split('`').skip(1).step_by(2) {
                self.add("promql", query);
            }
        }
    }
}
