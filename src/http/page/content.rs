//! What there is to look at with a browser: texts that stay the same for as
//! long as the server runs. Each is compressed once, and sent only to those
//! who do not have it yet.

use std::{io::Write, sync::OnceLock};

use flate2::{Compression, write::GzEncoder};
use hyper::body::Bytes;
use poem::{
    Request, Response, ResponseBuilder,
    http::{HeaderName, StatusCode, header},
};
use sha2::{Digest, Sha256};

use crate::token::encoding::base64;

/// A page.
pub const HTML: &str = "text/html; charset=utf-8";
/// Its style.
pub const CSS: &str = "text/css; charset=utf-8";
/// Its script.
pub const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What every page begins with. The icon is none, so that no browser asks for one.
const HEAD: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n"
);

/// What pages may load (CSP Level 3): what this server has. Nobody may frame them.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The same for ReDoc, which writes styles into the page and searches in a worker of its own.
const REDOC: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                     connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Pages of what stands in a folder beside the file that names it, each under
/// its path there.
macro_rules! files {
    ($kind:expr, $path:literal, $folder:literal; $($name:literal),* $(,)?) => {
        [$((concat!($path, $name), Page::of($kind, || include_str!(concat!($folder, $name))))),*]
    };
}
pub(crate) use files;

/// A text, which is made when it is first asked for.
pub struct Page {
    kind: &'static str,
    policy: &'static str,
    make: Box<dyn Fn() -> Bytes + Send + Sync>,
    text: OnceLock<Text>,
}

struct Text {
    plain: Bytes,
    gzip: Bytes,
    tag: String,
}

impl Page {
    /// Of a media type.
    pub fn of<T: Into<Bytes>>(
        kind: &'static str,
        make: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        Self {
            kind,
            policy: POLICY,
            make: Box::new(move || make().into()),
            text: OnceLock::new(),
        }
    }

    /// The same, as ReDoc needs it.
    pub fn of_redoc(self) -> Self {
        let policy = REDOC;
        Self { policy, ..self }
    }

    /// The answer to a GET.
    pub fn answer(&self, request: &Request) -> Response {
        let Text { plain, gzip, tag } = self.text.get_or_init(|| Text::of((self.make)()));
        let response = head(self.policy)
            .content_type(self.kind)
            // Kept, and asked for again each time.
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::ETAG, format!("W/{tag}"))
            .header(header::VARY, "accept-encoding");
        let is_same = |known: &str| known == "*" || known.trim_start_matches("W/") == tag;
        if words(request, header::IF_NONE_MATCH).any(is_same) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        if words(request, header::ACCEPT_ENCODING).any(is_gzip) {
            let response = response.header(header::CONTENT_ENCODING, "gzip");
            return response.body(gzip.clone());
        }
        response.body(plain.clone())
    }
}

impl Text {
    fn of(plain: Bytes) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        // Into memory, which does not fail.
        let gzip = encoder.write_all(&plain).and_then(|()| encoder.finish());
        Self {
            tag: format!("\"{}\"", base64(&Sha256::digest(&plain)[..12])),
            gzip: gzip.unwrap_or_default().into(),
            plain,
        }
    }
}

/// The beginning of an answer that is looked at, and may load what `policy` says.
pub fn head(policy: &str) -> ResponseBuilder {
    Response::builder()
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::REFERRER_POLICY, "no-referrer")
}

/// A page whose links are to `prefix`.
pub fn html(page: &str, prefix: &str) -> String {
    HEAD.to_owned() + &page.replace("{prefix}", prefix)
}

/// What a header lists.
fn words(request: &Request, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = request.headers().get_all(name).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',').map(str::trim))
}

/// Whether a coding that is accepted (RFC 9110, section 12.5.3) is gzip.
fn is_gzip(coding: &str) -> bool {
    let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
    let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
    name.trim().eq_ignore_ascii_case("gzip") && weight.parse().is_ok_and(|weight: f32| weight > 0.0)
}
