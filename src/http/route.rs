//! The paths that are served, as they are documented: what a refusal's `Allow`
//! names, and what the log may say of a path. The path itself may hold a
//! secret or an id.

use std::collections::HashMap;

use poem::{
    Request,
    http::{HeaderValue, Uri},
};

use super::{
    page::Pages,
    problem::{self, Problem},
};

/// A path that is served.
pub struct Route {
    /// As the document writes it, `/profile/sessions/{id}/`.
    pub pattern: &'static str,
    /// The methods it knows, as `Allow` lists them.
    pub methods: HeaderValue,
}

/// Every path that is served.
pub struct Routes {
    /// Those without parameters, by their path without the slash at its end.
    plain: HashMap<&'static str, Route>,
    /// Those with parameters.
    others: Vec<Route>,
}

impl Routes {
    /// Operations, as paths with their methods, and the pages beside them.
    pub fn of(operations: Vec<(String, String)>, pages: &Pages) -> Self {
        let pages = pages.paths().map(|path| (path, "GET, HEAD"));
        let pages = pages.map(|(pattern, methods)| (pattern.to_owned(), methods.to_owned()));
        let operations = operations.into_iter().chain(pages);
        let (mut plain, mut others) = (HashMap::new(), Vec::new());
        for (pattern, methods) in operations {
            let methods = HeaderValue::try_from(methods).expect("methods are plain words");
            // The log names it when the request is long gone.
            let pattern: &'static str = pattern.leak();
            let route = Route { pattern, methods };
            if pattern.contains('{') {
                others.push(route);
            } else {
                plain.insert(bare(pattern), route);
            }
        }
        Self { plain, others }
    }

    /// The route of a request, whose path is spelled plainly.
    pub fn find(&self, request: &Request) -> Option<&Route> {
        let path = bare(request.uri().path());
        let has_parameters = || self.others.iter().find(|route| fits(route.pattern, path));
        self.plain.get(path).or_else(has_parameters)
    }
}

fn bare(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut parts, mut given) = (bare(pattern).split('/'), path.split('/'));
    loop {
        match (parts.next(), given.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) if part.starts_with('{') || part == given => {}
            _ => return false,
        }
    }
}

/// Leaves one spelling of each path: without the slash at its end, which is as
/// good as with it. Empty and dot segments and escapes name nothing here, and
/// a redirect would lose a request's body. An invitation code alone may be
/// typed in Cyrillic, which browsers escape.
pub fn spell_plainly(uri: &mut Uri) -> Result<(), Problem> {
    let path = uri.path();
    let has_code = path.starts_with("/i/");
    let odd =
        |segment: &str| ["", ".", ".."].contains(&segment) || segment.contains('%') && !has_code;
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    let named = trimmed
        .strip_prefix('/')
        .is_none_or(|segments| !segments.split('/').any(odd));
    if !named || !path.starts_with('/') {
        return Err(Problem::new(&problem::NOT_FOUND));
    }
    if trimmed.len() == path.len() || trimmed.is_empty() {
        return Ok(());
    }
    let plain = match uri.query() {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    };
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = Some(
        plain
            .parse()
            .map_err(|_| Problem::new(&problem::NOT_FOUND))?,
    );
    *uri = Uri::from_parts(parts).map_err(|_| Problem::new(&problem::NOT_FOUND))?;
    Ok(())
}
