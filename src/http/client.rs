//! What is known of whoever sent a request: address, name, opaque headers.

use std::sync::Arc;

use poem::{FromRequest, Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaParamIn, MetaSchemaRef, Registry},
    types::Type,
};

use super::{
    forwarded, pow,
    problem::{self, Problem},
};
use crate::{
    app::{App, delivery::Reader},
    domain::{
        device::{DeviceSecret, Epoch, Presented},
        session::Origin,
        source::{Charged, Source},
        text::is_control,
        visitor::Visitor,
    },
    sms::language::Language,
    token::encoding::from_base64,
};

/// Most characters of a client's name that are kept.
const LONGEST_NAME: usize = 200;

/// Where a request came from.
pub struct Client {
    /// As its user will recognise it.
    pub origin: Origin,
    /// What it reads.
    pub language: Language,
    /// Whether it brought the work that lets it off its source's limits.
    worked: bool,
}

impl Client {
    /// Where it came from, whether or not that is held against anybody.
    pub fn source(&self) -> Option<Source> {
        self.origin.ip.map(Source::from)
    }

    /// Who reads what it has sent to a phone.
    pub fn reader(&self) -> Reader {
        Reader {
            language: self.language,
            ip: self.origin.ip,
        }
    }

    /// Who this is to the limits, at this instant.
    pub fn visitor(&self, app: &App, device: Option<TokenHeader>) -> Visitor {
        let secret = |token: String| from_base64(&token)?.try_into().ok();
        let at = app.monotonic.now();
        Visitor {
            source: self.source().filter(|_| !self.worked),
            charged: Charged::default(),
            device: Presented {
                secret: device
                    .and_then(|header| header.0)
                    .and_then(secret)
                    .map(DeviceSecret),
                epoch: Epoch(app.keys().epoch),
                at,
            },
            now: app.now(),
            at,
        }
    }
}

impl<'a> FromRequest<'a> for Client {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        let name = request
            .headers()
            .get(header::USER_AGENT)
            .map(|name| String::from_utf8_lossy(name.as_bytes()));
        let name = name.unwrap_or_default();
        let app = request
            .data::<Arc<App>>()
            .ok_or_else(|| Problem::new(&problem::INTERNAL))?;
        let origin = Origin {
            user_agent: name
                .chars()
                .filter(|c| !is_control(*c))
                .take(LONGEST_NAME)
                .collect(),
            ip: forwarded::address(app, request),
        };
        let worked = origin
            .ip
            .is_some_and(|ip| pow::is_done(app, ip.into(), request));
        Ok(Self {
            origin,
            language: language(request, app),
            worked,
        })
    }
}

/// What whoever sent a request reads; what is configured, if it does not say so.
pub fn language(request: &Request, app: &App) -> Language {
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| Language::accepted(value.to_str().ok()?));
    accepted.unwrap_or(app.config.sms.language)
}

/// A token in a header of its own. Sent twice or as no text it becomes `""`,
/// which is a token of nobody.
pub struct TokenHeader(pub Option<String>);

impl<'a> ApiExtractor<'a> for TokenHeader {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];

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
        let token = match (values.next(), values.next()) {
            (None, _) => None,
            (Some(one), None) => Some(one.to_str().unwrap_or_default().trim().to_owned()),
            (Some(_), Some(_)) => Some(String::new()),
        };
        Ok(Self(token))
    }
}
