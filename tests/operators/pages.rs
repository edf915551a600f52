//! The pages of operators.

use std::{fs, path::Path};

use invited::domain::{
    audit::Action,
    permission::{Permission, Role},
    statistic::Measure,
};
use poem::http::Method;

use crate::harness::{Harness, Reply, operator::ADMIN};

async fn get(harness: &Harness, path: &str, headers: &[(&str, &str)]) -> Reply {
    harness.call(Method::GET, path, headers, None).await
}

/// Every file that a browser loads, by its path in the folder.
fn files(folder: &Path, prefix: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let of_entry = |entry: fs::DirEntry| {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            return files(&entry.path(), &format!("{name}/"));
        }
        let is_served = [".js", ".css"].iter().any(|end| name.ends_with(end));
        Vec::from_iter(is_served.then_some(name))
    };
    entries.flat_map(of_entry).collect()
}

#[tokio::test]
async fn every_file_of_the_pages_is_served_and_loads_nothing_from_elsewhere() {
    let harness = Harness::with(&[ADMIN]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/admin/page");
    let files = files(&folder, "");
    assert!(files.len() > 20, "{files:?}");
    for file in files.iter().map(String::as_str).chain([""]) {
        let path = format!("/admin/{file}");
        let page = get(&harness, &path, &[]).await;
        assert_eq!(page.status, 200, "{path}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; "),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        let known = [("if-none-match", page.header("etag").unwrap())];
        assert_eq!(get(&harness, &path, &known).await.status, 304, "{path}");
    }
}

#[tokio::test]
async fn links_of_the_pages_carry_the_prefix_of_a_proxy() {
    let prefix = ("INVITED_HTTP__PUBLIC_URL", "https://example.com/login");
    let harness = Harness::with(&[ADMIN, prefix]);
    let page = get(&harness, "/admin/", &[]).await.text;
    assert!(page.contains("\"/login/admin/main.js\""), "{page}");
    assert!(!page.contains("{prefix}"), "{page}");
}

#[tokio::test]
async fn what_is_said_on_every_page_is_said_there_as_text() {
    let harness = Harness::with(&[ADMIN, ("INVITED_PAGES__NOTICE", "<b>Demo")]);
    let page = get(&harness, "/admin/", &[]).await.text;
    assert!(page.contains(">&lt;b&gt;Demo</p>"), "{page}");
}

#[tokio::test]
async fn without_operators_there_are_no_pages() {
    let harness = Harness::new();
    for path in ["/admin/", "/admin/main.js", "/admin/api/openapi.json"] {
        assert_eq!(get(&harness, path, &[]).await.status, 404, "{path}");
    }
}

#[test]
fn whatever_the_server_names_has_words_in_both_languages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/admin/page/words");
    let actions = Action::ALL.map(|action| format!("action.{}", action.name()));
    let permissions = Permission::ALL.map(|permission| format!("permission.{}", permission.name()));
    let roles = Role::ALL.map(|role| format!("role.{}", role.name()));
    let measures = Measure::ALL.map(|measure| format!("measure.{}", measure.name()));
    for file in ["en.js", "ru.js"] {
        let words = fs::read_to_string(folder.join(file)).unwrap();
        let names = actions.iter().chain(&permissions).chain(&roles);
        for name in names.chain(&measures) {
            assert!(
                words.contains(&format!("\"{name}\": \"")),
                "{name} in {file}"
            );
        }
    }
}
