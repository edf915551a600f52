//! Imports run one way, as `src/lib.rs` says: between folders, and between files.

mod imports;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use imports::{circles, code, files, imports, module, paths, roots, word};

/// Which modules each module may name.
const ARROWS: [(&str, &[&str]); 13] = [
    ("age", &[]),
    ("domain", &[]),
    ("telemetry", &[]),
    ("files", &[]),
    ("clock", &["domain"]),
    ("token", &["domain", "clock", "files"]),
    ("store", &["domain", "clock", "files"]),
    ("sms", &["domain", "files"]),
    ("tls", &["domain", "files"]),
    (
        "config",
        &["age", "domain", "files", "sms", "store", "telemetry"],
    ),
    (
        "app",
        &[
            "age", "domain", "files", "clock", "token", "store", "sms", "config",
        ],
    ),
    (
        "http",
        &[
            "domain",
            "token",
            "sms",
            "config",
            "app",
            "telemetry",
            "tls",
        ],
    ),
    (
        "cli",
        &[
            "age",
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
            "tls",
        ],
    ),
];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn imports_run_one_way() {
    let src = src();
    let mut seen = 0;
    for file in files(&src) {
        let own = module(file.strip_prefix(&src).unwrap());
        let Some(folder) = own.first().filter(|folder| *folder != "main") else {
            continue;
        };
        let arrows = ARROWS.iter().find(|(name, _)| name == folder);
        let (_, allowed) = arrows.unwrap_or_else(|| panic!("{folder} has no arrows"));
        let text = fs::read_to_string(&file).unwrap();
        for path in paths(&text, &own, &[word("crate::")]) {
            let other = path.first().map_or("", String::as_str);
            seen += 1;
            assert!(
                other == folder || allowed.contains(&other),
                "{} names {other}",
                file.display()
            );
        }
    }
    assert!(seen > 50, "the reader of imports found only {seen}");
}

#[test]
fn files_do_not_import_one_another_in_a_circle() {
    let src = src();
    let imports = imports(&src);
    let count: usize = imports.values().map(BTreeSet::len).sum();
    assert!(count > 300, "the reader of imports found only {count}");
    let circles = circles(&imports);
    assert!(
        circles.is_empty(),
        "these import one another in a circle: {circles:#?}"
    );
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let own = [word("domain"), word("guard"), word("send")];
    let text = "use super::{DAY, alarm, source::{self, memory::Sources}};\n\
                pub mod three;\n\
                use three::Four;\n\
                // use super::nothing;\n\
                use crate::domain::{tx::Tx as T, *};\n\
                fn one() { super::super::id::draw(self::two()) }\n\
                #[cfg(test)]\nmod tests {\n    use super::*;\n}\n";
    let found: BTreeSet<_> = paths(&code(text), &own, &roots(&code(text)))
        .iter()
        .map(|path| path.join("/"))
        .collect();
    let expected = [
        "domain",
        "domain/guard/DAY",
        "domain/guard/alarm",
        "domain/guard/send/three/Four",
        "domain/guard/send/two",
        "domain/guard/source",
        "domain/guard/source/memory/Sources",
        "domain/id/draw",
        "domain/tx/Tx",
    ];
    assert_eq!(found, expected.map(word).into());
    let [one, two, three] = ["one", "two", "three"].map(|name| vec![word(name)]);
    let arrow = |from: &Vec<String>, to: &[&Vec<String>]| {
        (from.clone(), to.iter().map(|to| (*to).clone()).collect())
    };
    let open = [
        arrow(&one, &[&two, &three]),
        arrow(&two, &[&three]),
        arrow(&three, &[]),
    ];
    assert!(circles(&open.clone().into()).is_empty());
    let closed = [open[0].clone(), open[1].clone(), arrow(&three, &[&one])];
    assert_eq!(circles(&closed.into()).len(), 4);
}

#[test]
fn every_module_says_what_it_is() {
    let src = src();
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
