//! The documentation people explore: Swagger UI, ReDoc, the OpenAPI document,
//! and a page for each kind of problem. All of it is inside the binary.

use std::{collections::HashMap, fmt::Write};

use hyper::body::Bytes;
use poem::{
    Request, Response,
    http::{Method, StatusCode, header},
};
use poem_openapi::OpenApiService;

use super::{
    page::Page,
    problem::{self, Kind, Problem},
};

/// The document's own examples, which nobody's key fits.
pub const SMS_TOKEN: &str = concat!(
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..lBm8N4NQxiScPbe6.lU04QuOInUbWA8JrfKh0pEnINGVePqarxy-gz-nUYP4rb0AN",
    "ULa1bz35pi_DAUSYFSf4Xv3aLB3D1wC-OwC96P2cnzjBM3dT2sFNGr3s72BC-sulY2xz2bnfnOqXqg_H.6P_NAUqZst7fY9IzV5ym_A"
);
/// An access token, likewise.
pub const ACCESS: &str = concat!(
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzEzMjI0NDczLCJpYXQiOjE3MTMyMT",
    "U0NzMsImp0aSI6ImQwODNjNzBjNzMzYTQ2NWZhOThhYjlhYmY4NjY2ODgzIiwidXNlcl9pZCI6Mn0.y-KioHdCS1W2KSfJFtDiogx4lwQOa",
    "dbfMBgixBgXscI"
);
/// A refresh token, likewise.
pub const REFRESH: &str = concat!(
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6MTcxMzMwMTg3MywiaWF0IjoxNzEzMj",
    "E1NDczLCJqdGkiOiJjM2I3ZmEzZTM5MzQ0ZTYyOGU3MmY0M2NiOGY2ZGI0OCIsInVzZXJfaWQiOjJ9.1Rmq8K166wSTsRTj8A811bPr7h6T",
    "zwjOIz3b5hFmABU"
);

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What every page begins with. The icon is none, so that no browser asks for one.
const HEAD: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n"
);

/// Every page, by its path without the slash at its end.
pub struct Pages {
    pages: HashMap<String, Page>,
    /// Where the root leads to.
    home: String,
}

impl Pages {
    /// The pages of an API that is described by `document`, and reached under `prefix`.
    pub fn new(document: String, prefix: &str) -> Self {
        let swagger = html(include_str!("swagger.html"), prefix);
        let redoc = html(include_str!("redoc.html"), prefix);
        let index = index(prefix);
        let fixed = [
            (
                "/openapi.json",
                Page::of("application/json", move || document.clone()),
            ),
            ("/swagger", Page::of(HTML, move || swagger.clone())),
            (
                "/swagger/page.js",
                Page::of(SCRIPT, || include_str!("swagger.js")),
            ),
            (
                "/swagger/page.css",
                Page::of(CSS, || include_str!("swagger.css")),
            ),
            ("/swagger/ui.js", Page::of(SCRIPT, swagger_script)),
            ("/swagger/ui.css", Page::of(CSS, swagger_style)),
            ("/redoc", Page::of(HTML, move || redoc.clone()).of_redoc()),
            (
                "/redoc/page.js",
                Page::of(SCRIPT, || include_str!("redoc.js")),
            ),
            ("/redoc/ui.js", Page::of(SCRIPT, redoc_script)),
            ("/problems", Page::of(HTML, move || index.clone())),
            (
                "/problems/page.css",
                Page::of(CSS, || include_str!("problems.css")),
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
        Self {
            pages: fixed.into_iter().chain(problems).collect(),
            home: format!("{prefix}/swagger/"),
        }
    }

    /// Their paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.pages.keys().map(String::as_str).chain(["/"])
    }

    /// The answer to a request for a page; `None` when it is for none.
    pub fn answer(&self, request: &Request) -> Option<Result<Response, Problem>> {
        let path = request.uri().path();
        let page = self.pages.get(path);
        if page.is_none() && path != "/" {
            return None;
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return Some(Err(Problem::new(&problem::METHOD_NOT_ALLOWED)));
        }
        let home = || {
            Response::builder()
                .status(StatusCode::SEE_OTHER)
                .header(header::LOCATION, &self.home)
                .finish()
        };
        Some(Ok(page.map_or_else(home, |page| page.answer(request))))
    }
}

/// A page whose links are to `prefix`.
fn html(page: &str, prefix: &str) -> String {
    HEAD.to_owned() + &page.replace("{prefix}", prefix)
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
