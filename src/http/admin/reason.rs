//! Why somebody does something, as the audit keeps it.

use percent_encoding::percent_decode;
use poem::{Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef, Registry},
    types::Type,
};

use crate::{
    domain::text::{is_blank, is_control},
    http::problem::{self, Problem},
};

/// Most characters of it.
const LONGEST: usize = 300;

/// The header `X-Reason`: percent-encoded, since a header is ASCII.
pub struct Reason(pub String);

impl<'a> ApiExtractor<'a> for Reason {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;

    type ParamType = String;
    type ParamRawType = String;

    fn register(registry: &mut Registry) {
        <String as Type>::register(registry);
    }

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(String::schema_ref())
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        options: ExtractParamOptions<String>,
    ) -> poem::Result<Self> {
        let mut values = request.headers().get_all(options.name).iter();
        let one = values.next().filter(|_| values.next().is_none());
        let reason = one.and_then(|value| decoded(value.as_bytes()));
        let expected = "must say why, once, in percent-encoded UTF-8 of at most 300 characters";
        let at = format!("#/{}", options.name);
        let reason =
            reason.ok_or_else(|| Problem::at(&problem::VALIDATION_FAILED, &at, expected))?;
        Ok(Self(reason))
    }
}

fn decoded(bytes: &[u8]) -> Option<String> {
    let text = percent_decode(bytes).decode_utf8().ok()?;
    let text = text.trim();
    let is_reason = !text.chars().all(is_blank)
        && text.chars().count() <= LONGEST
        && !text.contains(is_control);
    is_reason.then(|| text.to_owned())
}
