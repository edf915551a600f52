//! A problem as it is written.

use poem_openapi::Object;
use serde::Serialize;

/// What one member of a request is refused for.
#[derive(Debug, Clone, Serialize, Object)]
pub struct FieldError {
    /// Where: a JSON pointer as a URI fragment (RFC 6901, section 6).
    pub pointer: String,
    /// Why.
    pub detail: String,
}

/// A problem as it is written, RFC 9457, section 3.1.
#[derive(Serialize, Object)]
#[oai(rename = "Problem", skip_serializing_if_is_none)]
pub struct Body {
    /// A page that describes this kind of problem.
    #[serde(rename = "type")]
    #[oai(rename = "type")]
    pub kind: String,
    /// What it is, for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do about it.
    pub detail: String,
    /// Stable and machine-readable.
    pub code: String,
    /// The request, as in the header `X-Request-Id`.
    pub request_id: String,
    /// 422: what is wrong with which member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldError>>,
    /// 429 and 503: seconds to wait, as in the header `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// 429: the limit that was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// `sms_code_invalid`: guesses that will still be evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<u32>,
    /// `forbidden`: the permission that is missing, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// 429, where proof of work is asked for: what to work on. See the header `pow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
}
