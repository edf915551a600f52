//! Reads which files import which, from their text.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// For each module with a file of its own, those that it imports.
pub type Imports = BTreeMap<Vec<String>, BTreeSet<Vec<String>>>;

/// The files below a folder.
pub fn files(of: &Path) -> Vec<PathBuf> {
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

/// One part of a path.
pub fn word(text: &str) -> String {
    text.to_owned()
}

fn first_word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The module that a file is: its path in the crate.
pub fn module(place: &Path) -> Vec<String> {
    let mut path: Vec<_> = place
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if ["mod", "lib"].contains(&path.last().unwrap().as_str()) {
        path.pop();
    }
    path
}

/// The code of a file, without comments and without the tests at its end.
pub fn code(text: &str) -> String {
    let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// What paths in code may begin with: `crate`, `self`, `super` or a module that
/// is declared there.
pub fn roots(code: &str) -> Vec<String> {
    let declared = code.lines().filter_map(|line| {
        let (_, name) = line.strip_suffix(';')?.split_once("mod ")?;
        Some(format!("{name}::"))
    });
    let roots = ["crate::", "self::", "super::"].map(word);
    roots.into_iter().chain(declared).collect()
}

/// Every path in code that begins with one of `roots`, resolved against `own`,
/// with groups written out.
pub fn paths(code: &str, own: &[String], roots: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for root in roots {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || ['_', ':'].contains(&before) {
                continue;
            }
            let mut base = match root.as_str() {
                "crate::" => Vec::new(),
                _ => own.to_vec(),
            };
            let mut rest = &code[at..];
            rest = rest
                .trim_start_matches("crate::")
                .trim_start_matches("self::");
            while let Some(further) = rest.strip_prefix("super::") {
                base.pop();
                rest = further;
            }
            write_out(rest, base, &mut found);
        }
    }
    found
}

/// Adds what one path, or a group of them, names below `base`, and returns what follows.
fn write_out<'t>(text: &'t str, mut base: Vec<String>, found: &mut Vec<Vec<String>>) -> &'t str {
    let mut rest = text.trim_start();
    if let Some(group) = rest.strip_prefix('{') {
        rest = group.trim_start();
        while !rest.is_empty() && !rest.starts_with('}') {
            rest = write_out(rest, base.clone(), found);
            let separator = |character: char| character == ',' || character.is_whitespace();
            rest = rest.trim_start_matches(separator);
        }
        return rest.strip_prefix('}').unwrap_or(rest);
    }
    let word = first_word(rest);
    rest = &rest[word.len()..];
    let was_named = !["", "self"].contains(&word.as_str());
    base.extend(was_named.then_some(word));
    if let Some(further) = rest.strip_prefix("::") {
        return write_out(further, base, found);
    }
    found.push(base);
    // A glob, or another name: up to the end of this path.
    rest.trim_start_matches(|character| !['{', '}', ',', ';', '\n'].contains(&character))
}

/// Which modules with a file of their own each such module imports.
pub fn imports(src: &Path) -> Imports {
    let rust = files(src);
    let rust = rust
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "rs"));
    let texts: BTreeMap<_, _> = rust
        .map(|file| {
            (
                module(file.strip_prefix(src).unwrap()),
                fs::read_to_string(file).unwrap(),
            )
        })
        .collect();
    let file_of = |path: Vec<String>| {
        (1..=path.len())
            .rev()
            .map(|length| path[..length].to_vec())
            .find(|path| texts.contains_key(path))
    };
    texts
        .iter()
        .map(|(own, text)| {
            let others = paths(&code(text), own, &roots(&code(text)))
                .into_iter()
                .filter_map(file_of);
            (own.clone(), others.filter(|other| other != own).collect())
        })
        .collect()
}

/// Every module that imports itself in the end, beside one that it does so by.
pub fn circles(imports: &Imports) -> BTreeSet<String> {
    let reaches = |from: &Vec<String>, to: &Vec<String>| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(next) = open.pop() {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                open.extend(&imports[next]);
            }
        }
        false
    };
    imports
        .iter()
        .flat_map(|(own, others)| others.iter().map(move |other| (own, other)))
        .filter(|(own, other)| reaches(other, own))
        .map(|(own, other)| format!("{} imports {}", own.join("/"), other.join("/")))
        .collect()
}
