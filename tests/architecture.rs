//! Imports run one way, as `src/lib.rs` says.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Which modules each module may name.
const ARROWS: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("telemetry", &[]),
    ("files", &[]),
    ("clock", &["domain"]),
    ("token", &["domain", "clock", "files"]),
    ("store", &["domain", "files"]),
    ("sms", &["domain", "files"]),
    ("config", &["domain", "files", "sms", "store"]),
    (
        "app",
        &["domain", "clock", "token", "store", "sms", "config"],
    ),
    ("http", &["domain", "token", "sms", "config", "app"]),
    (
        "cli",
        &[
            "domain",
            "files",
            "clock",
            "token",
            "store",
            "sms",
            "config",
            "app",
            "http",
            "telemetry",
        ],
    ),
];

fn files(of: &Path) -> Vec<PathBuf> {
    let inside = |entry: fs::DirEntry| {
        if entry.path().is_dir() {
            files(&entry.path())
        } else {
            vec![entry.path()]
        }
    };
    fs::read_dir(of)
        .unwrap()
        .flat_map(|entry| inside(entry.unwrap()))
        .collect()
}

/// The modules that a file names after `crate::`, in groups or alone.
fn named(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if !rest.starts_with('{') {
            names.insert(first_word(rest));
            continue;
        }
        let mut depth = 0;
        for (at, character) in rest.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            if depth == 1 && matches!(character, '{' | ',') {
                names.insert(first_word(rest[at + 1..].trim_start()));
            }
        }
    }
    names.remove("");
    names
}

fn first_word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn imports_run_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for file in files(&src) {
        let place = file.strip_prefix(&src).unwrap();
        let module = place
            .iter()
            .next()
            .unwrap()
            .to_str()
            .unwrap()
            .trim_end_matches(".rs");
        if ["main", "lib"].contains(&module) {
            continue;
        }
        let arrows = ARROWS.iter().find(|(name, _)| *name == module);
        let (_, allowed) = arrows.unwrap_or_else(|| panic!("{module} has no arrows"));
        for other in named(&fs::read_to_string(&file).unwrap()) {
            seen += 1;
            assert!(
                other == module || allowed.contains(&other.as_str()),
                "{} names {other}",
                place.display()
            );
        }
    }
    assert!(seen > 50, "the reader of imports found only {seen}");
}

#[test]
fn every_module_says_what_it_is() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in files(&src)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
    {
        assert!(
            fs::read_to_string(&file).unwrap().starts_with("//! "),
            "{}",
            file.display()
        );
    }
}
