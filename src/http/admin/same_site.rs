//! What pages of other sites have browsers send is refused (CSRF). `SameSite`
//! keeps the cookie from them, but not from other hosts of the same domain.

use std::sync::Arc;

use poem::{
    FromRequest, Request, RequestBody,
    http::{HeaderName, header, uri::Authority},
};

use super::place::Place;
use crate::http::problem::{self, Problem};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a request that another site's page made. What says nothing of where
/// it comes from is not a browser's.
pub fn check(request: &Request, place: &Place) -> Result<(), Problem> {
    let text = |name| {
        let value = request.headers().get(name)?;
        Some(value.to_str().unwrap_or_default())
    };
    let is_own = match (text(FETCH_SITE), text(header::ORIGIN)) {
        (Some(site), _) => ["same-origin", "none"].contains(&site),
        (None, Some(origin)) => {
            let authority = request.uri().authority().map(Authority::as_str);
            let host = authority.or_else(|| text(header::HOST));
            let of_origin = origin.split_once("://").map(|(_, host)| host);
            origin == place.origin() || (of_origin.is_some() && of_origin == host)
        }
        (None, None) => true,
    };
    is_own
        .then_some(())
        .ok_or_else(|| Problem::new(&problem::FORBIDDEN))
}

/// That a request is not another site's, where nobody is logged in yet; and
/// where that is.
pub struct SameSite(pub Arc<Place>);

impl<'a> FromRequest<'a> for SameSite {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let place = request.data::<Arc<Place>>();
        let place = place.ok_or_else(|| Problem::new(&problem::INTERNAL))?;
        check(request, place)?;
        Ok(Self(Arc::clone(place)))
    }
}
