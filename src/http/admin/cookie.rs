//! The cookie of an operator's session (RFC 6265bis): no script reads it, no
//! other site sends it, and over TLS no other host of the domain replaces it.

use poem::{
    IntoResponse, Request, Response,
    http::{HeaderValue, header},
};
use poem_openapi::{
    ApiResponse,
    registry::{MetaResponses, Registry},
};

use super::place::Place;

/// What it is called, without what browsers look at in front.
pub const NAME: &str = "invited_operator";

/// Its name and path. `__Host-` is the strictest that browsers know, and wants
/// it sent to every path; under a prefix those are other people's.
fn name_and_path(place: &Place) -> (String, String) {
    let path = format!("{}/admin/", place.prefix);
    match (place.is_encrypted, place.prefix.is_empty()) {
        (false, _) => (NAME.to_owned(), path),
        (true, true) => (format!("__Host-{NAME}"), "/".to_owned()),
        (true, false) => (format!("__Secure-{NAME}"), path),
    }
}

fn header_of(place: &Place, value: &str, more: &str) -> HeaderValue {
    let (name, path) = name_and_path(place);
    let secure = if place.is_encrypted { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Strict{secure}{more}");
    HeaderValue::try_from(text).expect("a cookie is plain text")
}

/// Sets it, for as long as the browser is open.
pub fn set(place: &Place, value: &str) -> HeaderValue {
    header_of(place, value, "")
}

/// Takes it away.
pub fn clear(place: &Place) -> HeaderValue {
    header_of(place, "", "; Max-Age=0")
}

/// Its value. Where there are two, somebody else may have set the one.
pub fn read<'r>(request: &'r Request, place: &Place) -> Option<&'r str> {
    let (name, _) = name_and_path(place);
    let lines = request.headers().get_all(header::COOKIE).iter();
    let pairs = lines.filter_map(|line| line.to_str().ok());
    let pairs = pairs.flat_map(|line| line.split(';'));
    let mut values = pairs.filter_map(|pair| {
        let (given, value) = pair.trim().split_once('=')?;
        (given == name).then_some(value)
    });
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// An answer that sets or clears it.
pub struct WithCookie<A>(pub A, pub HeaderValue);

impl<A: IntoResponse> IntoResponse for WithCookie<A> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.headers_mut().insert(header::SET_COOKIE, self.1);
        response
    }
}

impl<A: ApiResponse> ApiResponse for WithCookie<A> {
    fn meta() -> MetaResponses {
        A::meta()
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }
}
