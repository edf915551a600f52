//! The JSON objects of requests, read strictly.
//!
//! poem-openapi's own reader takes numbers for strings and the last of two
//! equal keys, and its errors repeat what was sent; so requests are read here,
//! while its types keep describing them in the document.

use std::{ops::RangeInclusive, time::Duration};

use hyper::body::Bytes;
use poem::{
    Request, RequestBody,
    error::ReadBodyError,
    http::{HeaderMap, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::Type,
};

use super::{
    problem::{self, FieldError, Problem},
    strict::Json,
};

pub const CONTENT_TYPE: &str = "application/json";
/// Most bytes of a body.
const MOST: usize = 16 * 1024;
/// How long a body may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The JSON object of a request.
pub struct Body<T: FromFields>(pub T::Read);

/// A request as the document describes it, and how it is read.
pub trait FromFields: Type {
    /// What comes of reading it.
    type Read: Send;

    /// Whether no body at all is an empty object.
    const OPTIONAL: bool = false;

    /// Takes the members; `None` when one is amiss, which is noted in `fields`.
    fn from_fields(fields: &mut Fields) -> Option<Self::Read>;
}

/// The members of a JSON object, being read.
#[derive(Default)]
pub struct Fields {
    members: Vec<(String, Json)>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// A string that must be there.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            Some(Json::Text(text)) => Some(text),
            Some(_) => self.refuse(name, "must be a string"),
            None => self.refuse(name, "is required"),
        }
    }

    /// A string that must be there and mean something.
    pub fn parsed<T, E>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<T, E>,
        otherwise: &str,
    ) -> Option<T> {
        let text = self.text(name)?;
        parse(&text).ok().or_else(|| self.refuse(name, otherwise))
    }

    /// A string that may be absent or `null`.
    pub fn optional_text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            Some(Json::Text(text)) => Some(text),
            Some(Json::Null) | None => None,
            Some(_) => self.refuse(name, "must be a string"),
        }
    }

    /// A string that may be absent, and is cleared by `null`.
    pub fn clearable_text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            Some(Json::Text(text)) => Some(text),
            Some(Json::Null) => Some(String::new()),
            None => None,
            Some(_) => self.refuse(name, "must be a string or null"),
        }
    }

    /// Strings, which must be there.
    pub fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let text = |item| match item {
            Json::Text(text) => Some(text),
            _ => None,
        };
        match self.take(name) {
            Some(Json::Array(items)) => {
                let texts: Option<_> = items.into_iter().map(text).collect();
                texts.or_else(|| self.refuse(name, "must be strings"))
            }
            Some(_) => self.refuse(name, "must be an array"),
            None => self.refuse(name, "is required"),
        }
    }

    /// A whole number within bounds, which may be absent or `null`.
    pub fn optional_number(&mut self, name: &str, bounds: RangeInclusive<u64>) -> Option<u64> {
        let number = match self.take(name) {
            Some(Json::Null) | None => return None,
            Some(Json::Number(number)) => u64::try_from(number).ok(),
            Some(_) => None,
        };
        let number = number.filter(|number| bounds.contains(number));
        number.or_else(|| self.refuse(name, "must be a whole number within the documented bounds"))
    }

    /// A truth value, `false` when absent.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        match self.take(name) {
            Some(Json::Bool(value)) => Some(value),
            Some(_) => self.refuse(name, "must be true or false"),
            None => Some(false),
        }
    }

    /// Notes those of `names` that are missing. To be asked before they are taken.
    pub fn require(&mut self, names: &[&str]) {
        for name in names {
            if !self.members.iter().any(|(member, _)| member == name) {
                self.refuse::<()>(name, "is required");
            }
        }
    }

    /// Notes what is wrong with a member.
    pub fn refuse<T>(&mut self, name: &str, detail: &str) -> Option<T> {
        self.errors.push(FieldError {
            pointer: format!("#/{name}"),
            detail: detail.to_owned(),
        });
        None
    }

    fn take(&mut self, name: &str) -> Option<Json> {
        let at = self.members.iter().position(|(key, _)| key == name)?;
        Some(self.members.swap_remove(at).1)
    }
}

impl<'a, T: FromFields> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType {
            content_type: CONTENT_TYPE,
            schema: T::schema_ref(),
        }];
        Some(MetaRequest {
            description: None,
            content,
            required: !T::OPTIONAL,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let mut fields = read(request, body, T::OPTIONAL).await?;
        match T::from_fields(&mut fields) {
            Some(value) if fields.errors.is_empty() => Ok(Self(value)),
            _ => Err(Problem::with_errors(&problem::VALIDATION_FAILED, fields.errors).into()),
        }
    }
}

async fn read(
    request: &Request,
    body: &mut RequestBody,
    optional: bool,
) -> Result<Fields, Problem> {
    let body = body.take().map_err(|_| Problem::new(&problem::INTERNAL))?;
    if optional && body.is_empty() {
        return Ok(Fields::default());
    }
    if !is_plain_json(request.headers()) {
        return Err(Problem::new(&problem::UNSUPPORTED_MEDIA_TYPE));
    }
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > MOST as u64) {
        return Err(Problem::new(&problem::PAYLOAD_TOO_LARGE));
    }
    let bytes = arrive(body, MOST, TIMEOUT).await?;
    if optional && bytes.is_empty() {
        return Ok(Fields::default());
    }
    match serde_json::from_slice(&bytes) {
        Ok(Json::Object(members)) => Ok(Fields {
            members,
            errors: Vec::new(),
        }),
        Ok(_) => Err(Problem::at(
            &problem::VALIDATION_FAILED,
            "#",
            "must be an object",
        )),
        Err(_) => Err(Problem::new(&problem::MALFORMED_JSON)),
    }
}

/// The whole body, in time and not too large.
pub async fn arrive(body: poem::Body, most: usize, timeout: Duration) -> Result<Bytes, Problem> {
    let arrived = tokio::time::timeout(timeout, body.into_bytes_limit(most)).await;
    arrived
        .map_err(|_| Problem::new(&problem::REQUEST_TIMEOUT))?
        .map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => Problem::new(&problem::PAYLOAD_TOO_LARGE),
            _ => Problem::new(&problem::MALFORMED_REQUEST),
        })
}

/// `application/json`, with no other parameter than `charset=utf-8`, not encoded.
pub fn is_plain_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(Ok(one)), None) = (types.next().map(|value| value.to_str()), types.next()) else {
        return false;
    };
    let mut parts = one.split(';').map(str::trim);
    parts
        .next()
        .is_some_and(|essence| essence.eq_ignore_ascii_case(CONTENT_TYPE))
        && parts.all(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.eq_ignore_ascii_case("charset")
                    && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            })
        })
        && !headers.contains_key(header::CONTENT_ENCODING)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_body_that_drips_is_cut_off_by_its_total() {
        let dripping = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Some((Ok::<_, std::io::Error>("x"), ()))
        });
        let body = poem::Body::from_bytes_stream(dripping);
        let refused = arrive(body, MOST, Duration::from_millis(50)).await;
        assert_eq!(refused.unwrap_err().kind().code, "request_timeout");
    }
}
