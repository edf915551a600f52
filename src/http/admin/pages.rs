//! The pages of operators, and the document of the API that they use.

use crate::http::page::content::Page;

/// All of them, by their paths without the slash at their end. `document`
/// describes the API, and `prefix` is what a proxy puts in front of every path.
pub fn pages(document: String, _prefix: &str) -> Vec<(String, Page)> {
    let document = Page::of("application/json", move || document.clone());
    vec![("/admin/api/openapi.json".to_owned(), document)]
}
