//! The documentation people explore: Swagger UI, ReDoc, the OpenAPI document,
//! and a page for each kind of problem. All of it is inside the binary.

use std::sync::LazyLock;

use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Response, Result, Route,
    endpoint::make_sync,
    get,
    http::{Method, header},
    web::Path,
};
use poem_openapi::OpenApiService;

use super::{hooks, problem};

/// What is served beside the operations of the document, and the methods it knows.
pub const PAGES: [(&str, &str); 6] = [
    ("/", "GET, HEAD"),
    ("/openapi.json", "GET, HEAD"),
    ("/swagger/", "GET, HEAD"),
    ("/redoc/", "GET, HEAD"),
    ("/problems/{code}/", "GET, HEAD"),
    ("/hooks/sms/{gateway}/{secret}/", "GET, HEAD, POST"),
];

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

/// What every page begins with. The icon is none, so that no browser asks for one.
const HEAD: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n"
);

/// Swagger UI's own style and script, and a body of ours: what an answer
/// brings is put where the next call needs it.
static SWAGGER: LazyLock<String> = LazyLock::new(|| {
    let page = OpenApiService::new((), "", "").swagger_ui_html();
    format!(
        "{HEAD}<title>invited API</title>\n{}{}",
        assets(&page),
        include_str!("swagger.html")
    )
});

/// ReDoc's own style and script, without the font that it would fetch from elsewhere.
static REDOC: LazyLock<String> = LazyLock::new(|| {
    let page = OpenApiService::new((), "", "").redoc_html();
    format!(
        "{HEAD}<title>invited API</title>\n{}{}",
        assets(&page),
        include_str!("redoc.html")
    )
});

/// From the first style to the end of the head. What is in the scripts
/// looks like tags as well, so the head's end is looked for from behind.
fn assets(page: &str) -> &str {
    let from = page.find("<style").unwrap_or(0);
    let to = page.rfind("<body>").unwrap_or(page.len());
    &page[from..to]
}

/// The pages, in front of `api`.
pub fn around(
    api: impl IntoEndpoint<Endpoint: 'static>,
    document: String,
    swagger: String,
) -> impl Endpoint<Output = Response> {
    let json = move |_| {
        Response::builder()
            .content_type("application/json")
            .body(document.clone())
    };
    Route::new()
        .at("/openapi.json", get(make_sync(json)))
        .at("/swagger", get(make_sync(|_| html(SWAGGER.as_str()))))
        .at("/redoc", get(make_sync(|_| html(REDOC.as_str()))))
        .at("/problems/:code", get(problem_page))
        .at(
            "/hooks/sms/:gateway/:secret",
            get(hooks::sms).post(hooks::sms),
        )
        .at("/*path", api)
        .around(move |pages, request| {
            let swagger = swagger.clone();
            async move {
                // The catch-all above would answer for the root as well.
                if request.uri().path() == "/"
                    && matches!(*request.method(), Method::GET | Method::HEAD)
                {
                    return Ok(see_other(&swagger));
                }
                pages.call(request).await
            }
        })
        .map_to_response()
}

fn see_other(to: &str) -> Response {
    Response::builder()
        .status(poem::http::StatusCode::SEE_OTHER)
        .header(header::LOCATION, to)
        .finish()
}

fn html(page: &'static str) -> Response {
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .body(page)
}

/// What the `type` of a problem points to.
#[poem::handler]
fn problem_page(Path(code): Path<String>) -> Result<Response> {
    let Some(kind) = problem::ALL.iter().find(|kind| kind.code == code) else {
        return Err(problem::Problem::new(&problem::NOT_FOUND).into());
    };
    let problem::Kind {
        code,
        status,
        title,
        detail,
    } = kind;
    let page = format!(
        "{HEAD}<title>{title}</title>\n\
         <style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }}</style>\n\
         </head>\n<h1>{title}</h1>\n<p>{detail}</p>\n<p>Status <code>{status}</code>, code <code>{code}</code>.</p>\n</html>\n"
    );
    Ok(Response::builder()
        .content_type("text/html; charset=utf-8")
        .body(page))
}
