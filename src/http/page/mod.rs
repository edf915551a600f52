//! What there is to look at with a browser. All of it is inside the binary.

mod app;
pub mod content;
mod docs;
pub mod invite;
pub mod markup;

use std::collections::HashMap;

use poem::{
    Request, Response,
    http::{Method, StatusCode, header},
};

use self::content::Page;
use super::problem::{self, Problem};
use crate::config::Config;

/// Every page, by its path without the slash at its end.
pub struct Pages {
    pages: HashMap<String, Page>,
    /// Where the root leads to where it is not a page itself.
    home: String,
}

impl Pages {
    /// The pages of an API that is described by `document`, as they are configured.
    pub fn new(document: String, config: &Config) -> Self {
        let prefix = config.prefix();
        let docs = docs::pages(document, prefix).into_iter();
        let app = config.http.pages.then(|| app::pages(config));
        Self {
            pages: docs.chain(app.into_iter().flatten()).collect(),
            home: format!("{prefix}/swagger/"),
        }
    }

    /// These, by their paths without the slash at their end; the root leads to `home`.
    pub fn of(pages: impl IntoIterator<Item = (String, Page)>, home: String) -> Self {
        let pages = pages.into_iter().collect();
        Self { pages, home }
    }

    /// Their paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let has_pages = self.pages.contains_key("/");
        let home = (!has_pages).then_some("/");
        let links = invite::PATTERNS.into_iter().filter(move |_| has_pages);
        let pages = self.pages.keys().map(String::as_str);
        pages.chain(home).chain(links)
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
