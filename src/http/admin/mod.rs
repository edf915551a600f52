//! The API of operators, under `/admin/api/`, and the pages that use it.
//!
//! It is served by the same code as the API, and is in no document of it: the
//! one has contracts with apps, this one has people and programs that operate
//! the service. What they may do, the rules decide ([`crate::domain::admin`]).

mod access;
mod answer;
mod audit;
mod auth;
mod changes;
mod cookie;
mod events;
mod figures;
mod keys;
mod operators;
mod pages;
mod people;
mod person;
mod place;
mod reason;
mod refused;
mod same_site;
mod series;
mod session;
mod tag;
mod tree;

use std::sync::Arc;

use poem::{EndpointExt, Route};
use poem_openapi::{LicenseObject, OpenApi, OpenApiService};
use serde_json::Value;

pub use self::place::Place;
use super::{page::Pages, pow, spec, surface::Surface};
use crate::app::Reloadable;

/// Where all of it is.
const PATH: &str = "/admin";

/// Whether a path is one of these.
pub fn is_of(path: &str) -> bool {
    let rest = path.strip_prefix(PATH);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// All of it, at `place`. Nobody calls it from another origin.
pub fn surface(service: &Arc<Reloadable>, place: Place, solved: &Arc<pow::Solved>) -> Surface {
    let document = document(&place.base_url);
    let text = document.to_string();
    let home = format!("{}{PATH}/", place.prefix);
    let app = service.current();
    let notice = app.config.pages.notice.as_ref();
    let pages = Pages::of(pages::pages(text, &place.prefix, notice), home);
    let calls = Route::new()
        .at("/*path", open_api())
        .data(Arc::clone(solved))
        .data(Arc::clone(service))
        .data(Arc::new(place));
    Surface::new(&document, &[], calls, pages, &[])
}

/// The document of it, where it is reached at `base_url`.
pub fn document(base_url: &str) -> Value {
    spec::complete(&open_api().spec(), base_url)
}

fn open_api() -> OpenApiService<impl OpenApi, ()> {
    let apis = (
        session::SessionApi,
        people::PeopleApi,
        tree::TreeApi,
        changes::ChangesApi,
        access::AccessApi,
        figures::FiguresApi,
        events::EventsApi::default(),
        operators::OperatorsApi,
        keys::KeysApi,
        audit::AuditApi,
    );
    OpenApiService::new(apis, "invited admin", env!("CARGO_PKG_VERSION"))
        .description(include_str!("about.md"))
        .license(LicenseObject::new("MIT").url("https://spdx.org/licenses/MIT.html"))
}
