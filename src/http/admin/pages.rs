//! The pages of operators, and the document of the API that they use: plain
//! modules, which browsers load as they stand in the folder beside this file.

use crate::{
    config::Name,
    http::page::{
        content::{CSS, HTML, Page, SCRIPT, files, html},
        markup::Markup,
    },
};

/// What the operator has said on every page.
const NOTICE: &str = "<p class=\"banner\">{notice}</p>";

/// All of them, by their paths without the slash at their end. `document`
/// describes the API, and `prefix` is what a proxy puts in front of every path.
pub fn pages(document: String, prefix: &str, notice: Option<&Name>) -> Vec<(String, Page)> {
    let notice = notice.map_or_else(String::new, |notice| {
        let mut markup = Markup::of(vec![("notice", notice.as_str())]);
        markup.add(NOTICE);
        markup.finish()
    });
    let index = html(include_str!("page/index.html"), prefix).replace("{notice}", &notice);
    let made = [
        ("/admin", Page::of(HTML, move || index.clone())),
        (
            "/admin/api/openapi.json",
            Page::of("application/json", move || document.clone()),
        ),
    ];
    let styles = files!(CSS, "/admin/", "page/"; "page.css", "uplot.css");
    let scripts = files!(SCRIPT, "/admin/", "page/";
        "main.js", "api.js", "chart.js", "dom.js", "form.js", "table.js", "uplot.js", "words.js",
        "words/en.js", "words/ru.js",
        "tree/drawing.js", "tree/forest.js", "tree/gestures.js", "tree/layout.js", "tree/list.js",
        "tree/viewport.js",
        "views/acts.js", "views/audit.js", "views/events.js", "views/figures.js",
        "views/gateways.js", "views/keys.js", "views/login.js", "views/operators.js",
        "views/overview.js", "views/people.js", "views/person.js", "views/tree.js",
    );
    let all = made.into_iter().chain(styles).chain(scripts);
    all.map(|(path, page)| (path.to_owned(), page)).collect()
}
