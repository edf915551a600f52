//! What is answered over HTTP where the API is served over HTTPS: where to go
//! instead. That is the configured address, whatever host was asked for. An
//! issuer of certificates finds its proofs here.

use std::sync::Arc;

use poem::{
    Endpoint, Request, Response,
    endpoint::make_sync,
    http::{StatusCode, header},
};

use super::server::Plain;
use crate::{config::Config, tls::acme::Challenges};

/// Answers with a proof, or sends the request to the same path of `http.public_url`.
pub fn endpoint(
    config: &Config,
    challenges: Arc<Challenges>,
) -> Plain<impl Endpoint<Output = Response> + use<>> {
    let base = config.base_url();
    Plain(make_sync(move |request: Request| {
        if let Some(proof) = challenges.answer(request.uri().path()) {
            return Response::builder()
                .content_type("application/octet-stream")
                .body(proof);
        }
        let path = request.uri().path_and_query();
        let path = path.map_or("/", |path| path.as_str());
        // Of `OPTIONS *` there is no path.
        let path = if path.starts_with('/') { path } else { "/" };
        Response::builder()
            .status(StatusCode::PERMANENT_REDIRECT)
            .header(header::LOCATION, format!("{base}{path}"))
            .finish()
    }))
}
