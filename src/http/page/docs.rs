//! The documentation people explore: Swagger UI, ReDoc, the OpenAPI document,
//! and a page for each kind of problem. All of it is inside the binary.

use std::fmt::Write;

use hyper::body::Bytes;
use poem_openapi::OpenApiService;

use super::content::{CSS, HTML, Page, SCRIPT, html};
use crate::http::problem::{self, Kind};

/// Pages of an API that is described by `document` and reached under `prefix`,
/// by their paths without the slash at their end.
pub fn pages(document: String, prefix: &str) -> Vec<(String, Page)> {
    let swagger = html(include_str!("docs/swagger.html"), prefix);
    let redoc = html(include_str!("docs/redoc.html"), prefix);
    let index = index(prefix);
    let fixed = [
        (
            "/openapi.json",
            Page::of("application/json", move || document.clone()),
        ),
        ("/swagger", Page::of(HTML, move || swagger.clone())),
        (
            "/swagger/page.js",
            Page::of(SCRIPT, || include_str!("docs/swagger.js")),
        ),
        (
            "/swagger/page.css",
            Page::of(CSS, || include_str!("docs/swagger.css")),
        ),
        ("/swagger/ui.js", Page::of(SCRIPT, swagger_script)),
        ("/swagger/ui.css", Page::of(CSS, swagger_style)),
        ("/redoc", Page::of(HTML, move || redoc.clone()).of_redoc()),
        (
            "/redoc/page.js",
            Page::of(SCRIPT, || include_str!("docs/redoc.js")),
        ),
        ("/redoc/ui.js", Page::of(SCRIPT, redoc_script)),
        ("/problems", Page::of(HTML, move || index.clone())),
        (
            "/problems/page.css",
            Page::of(CSS, || include_str!("docs/problems.css")),
        ),
    ];
    let fixed = fixed.map(|(path, page)| (path.to_owned(), page));
    let problems = problem::ALL.iter().map(|kind| {
        let page = problem_page(kind, prefix);
        (
            format!("/problems/{}", kind.code),
            Page::of(HTML, move || page.clone()),
        )
    });
    fixed.into_iter().chain(problems).collect()
}

/// Swagger UI's own style.
fn swagger_style() -> Bytes {
    let page = OpenApiService::new((), "", "").swagger_ui_html();
    inside(&page, "<style", page.find("</style>"))
}

/// Swagger UI's own script.
fn swagger_script() -> Bytes {
    script(&OpenApiService::new((), "", "").swagger_ui_html())
}

/// ReDoc's own script.
fn redoc_script() -> Bytes {
    script(&OpenApiService::new((), "", "").redoc_html())
}

/// The script in a page's head. What is in it looks like tags as well, so its
/// end is looked for from behind.
fn script(page: &str) -> Bytes {
    let body = page.rfind("<body>");
    inside(
        page,
        "<script",
        body.and_then(|body| page[..body].rfind("</script>")),
    )
}

/// What is in the first element that begins so, until `end`.
fn inside(page: &str, begin: &str, end: Option<usize>) -> Bytes {
    let tag = page.find(begin).unwrap_or_default();
    let from = page[tag..].find('>').map(|at| tag + at + 1);
    let text = from.zip(end).and_then(|(from, end)| page.get(from..end));
    Bytes::copy_from_slice(text.unwrap_or_default().as_bytes())
}

/// What the `type` of a problem points to.
fn problem_page(kind: &Kind, prefix: &str) -> String {
    let Kind {
        code,
        status,
        title,
        detail,
    } = kind;
    let page = format!(
        "<title>{title}</title>\n<link rel=\"stylesheet\" href=\"{{prefix}}/problems/page.css\">\n</head>\n<body>\n\
         <h1>{title}</h1>\n<p>{detail}</p>\n<p>Status <code>{status}</code>, code <code>{code}</code>.</p>\n\
         <p><a href=\"{{prefix}}/problems/\">All problems</a></p>\n</body>\n</html>\n"
    );
    html(&page, prefix)
}

/// Every kind of problem.
fn index(prefix: &str) -> String {
    let mut page = "<title>Problems</title>\n<link rel=\"stylesheet\" href=\"{prefix}/problems/page.css\">\n</head>\n<body>\n\
                    <h1>What a call may be refused for</h1>\n<ul>\n".to_owned();
    for Kind {
        code,
        status,
        title,
        ..
    } in problem::ALL
    {
        let _ = writeln!(
            page,
            "<li>{status} <a href=\"{{prefix}}/problems/{code}/\"><code>{code}</code></a> {title}</li>"
        );
    }
    html(&(page + "</ul>\n</body>\n</html>\n"), prefix)
}
