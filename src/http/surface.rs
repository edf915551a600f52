//! What is served under one set of rules: calls, the pages beside them, and who
//! may call from another origin. The API is one, that of operators another.

use poem::{Endpoint, EndpointExt, Response, endpoint::BoxEndpoint};
use serde_json::Value;

use super::{cors::Cors, page::Pages, route::Routes, spec};
use crate::config::Origin;

/// Calls and pages.
pub struct Surface {
    /// Who may call from elsewhere.
    pub cors: Cors,
    /// Texts that stay the same.
    pub pages: Pages,
    /// Every path there is.
    pub routes: Routes,
    /// What handles the calls.
    pub calls: BoxEndpoint<'static, Response>,
}

impl Surface {
    /// The calls that `document` describes and those at `others`, paths with
    /// their methods, handled by `calls`; and the pages beside them.
    pub fn new(
        document: &Value,
        others: &[(&str, &str)],
        calls: impl Endpoint + 'static,
        pages: Pages,
        origins: &[Origin],
    ) -> Self {
        let owned = |(path, methods): &(&str, &str)| ((*path).to_owned(), (*methods).to_owned());
        let mut operations = spec::methods(document);
        operations.extend(others.iter().map(owned));
        Self {
            cors: Cors::new(origins.iter().map(Origin::as_str), document),
            routes: Routes::of(operations, &pages),
            calls: calls.map_to_response().boxed(),
            pages,
        }
    }
}
