//! A text with placeholders in it: `{{…}}` is filled for each message, `${…}` once,
//! when it is read. What fills a placeholder is escaped as the place demands where
//! the text goes; it is never pasted.

use std::{collections::BTreeMap, net::IpAddr};

use super::{report_url::ReportUrl, spec::Flaw, variables::Variables};
use crate::{
    domain::code::OneTimeCode,
    sms::{
        message::Message,
        secret::{MASK, Secret},
    },
};

/// What a message fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// `+79123456789`
    ToE164,
    /// `79123456789`
    ToDigits,
    /// The code alone.
    Code,
    /// The whole message.
    Text,
    /// Seconds that the code lives.
    Ttl,
    /// Minutes that it lives, a part of one counted as one.
    TtlMinutes,
    /// The same for each repetition of one message.
    RequestId,
    /// The address of whoever asked, if it is one of the Internet.
    Ip,
    /// `ru`, `en`
    Language,
}

const PLACEHOLDERS: [(&str, Placeholder); 9] = [
    ("to_e164", Placeholder::ToE164),
    ("to_digits", Placeholder::ToDigits),
    ("code", Placeholder::Code),
    ("text", Placeholder::Text),
    ("ttl_s", Placeholder::Ttl),
    ("ttl_min", Placeholder::TtlMinutes),
    ("request_id", Placeholder::RequestId),
    ("ip", Placeholder::Ip),
    ("language", Placeholder::Language),
];

/// What needs it is left out when nobody could report.
const REPORT_URL: &str = "{{report_url}}";

impl Placeholder {
    /// What fills it.
    pub fn filling(self, message: &Message) -> String {
        match self {
            Self::ToE164 => message.to.e164(),
            Self::ToDigits => message.to.to_string(),
            Self::Code => {
                let code = message.code.as_ref().map(OneTimeCode::reveal);
                code.unwrap_or_default().to_owned()
            }
            Self::Text => message.text.clone(),
            Self::Ttl => message.ttl.as_secs().to_string(),
            Self::TtlMinutes => message.ttl.as_secs().div_ceil(60).to_string(),
            Self::RequestId => message.request_id.clone(),
            Self::Ip => {
                let ip = message.ip.filter(|ip| is_public(*ip));
                ip.map(|ip| ip.to_string()).unwrap_or_default()
            }
            Self::Language => message.language.tag().to_owned(),
        }
    }
}

/// Whether an address can be somebody's on the Internet. Providers refuse
/// others (RFC 1918, RFC 6598, RFC 4193).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || is_shared)
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local())
        }
    }
}

#[derive(Debug, Clone)]
enum Piece {
    Plain(String),
    /// From the operator, so it is escaped like what fills a placeholder.
    Given(String),
    Secret(Secret),
    /// Our own, which the provider is to know and nobody else.
    Private(ReportUrl),
    Placeholder(Placeholder),
}

/// Whether secrets are filled in, or only shown to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// To be sent.
    Secrets,
    /// To be read by people.
    Masks,
}

/// The text.
#[derive(Debug, Clone, Default)]
pub struct Template {
    pieces: Vec<Piece>,
    /// Whether its member is left out when nothing fills it.
    is_optional: bool,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// The end of a sentence that begins with where the text stands.
    pub fn read(text: &str, variables: &Variables<'_>) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = next(rest) {
            let (before, opened) = rest.split_at(start);
            if !before.is_empty() {
                pieces.push(Piece::Plain(before.to_owned()));
            }
            let is_placeholder = opened.starts_with('{');
            let close = if is_placeholder { "}}" } else { "}" };
            let (inner, after) = opened[2..]
                .split_once(close)
                .ok_or_else(|| format!("opens {} without {close}", &opened[..2]))?;
            pieces.push(if is_placeholder {
                placeholder(inner.trim(), variables)?
            } else {
                given(inner.trim(), variables)?
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Plain(rest.to_owned()));
        }
        let is_unreachable = variables.report_url.as_str().is_empty() && text.contains(REPORT_URL);
        if is_unreachable {
            pieces.clear();
        }
        // What is nothing but one of these is of no use without it.
        let is_bare = matches!(
            pieces.as_slice(),
            [Piece::Placeholder(Placeholder::Ip | Placeholder::Code)]
        );
        let is_optional = is_unreachable || is_bare;
        Ok(Self {
            pieces,
            is_optional,
        })
    }

    /// Reads the texts of a table's members; `section` is where the table stands.
    pub fn members(
        texts: &BTreeMap<String, String>,
        section: &str,
        variables: &Variables<'_>,
    ) -> Result<Vec<(String, Self)>, Flaw> {
        let read = |(name, text): (&String, &String)| match Self::read(text, variables) {
            Ok(template) => Ok((name.clone(), template)),
            Err(reason) => Err(Flaw::member(section, name, reason)),
        };
        texts.iter().map(read).collect()
    }

    /// The text for a message, with `escape` for what is filled in.
    pub fn fill(&self, message: &Message, show: Show, escape: fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            Piece::Given(text) => escape(text),
            Piece::Secret(secret) if show == Show::Secrets => escape(secret.reveal()),
            Piece::Private(url) if show == Show::Secrets => escape(url.as_str()),
            Piece::Secret(_) | Piece::Private(_) => MASK.to_owned(),
            Piece::Placeholder(placeholder) => escape(&placeholder.filling(message)),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// The text for a place that escapes by itself; `None` when its member is
    /// to be left out.
    pub fn text(&self, message: &Message, show: Show) -> Option<String> {
        let text = self.fill(message, show, str::to_owned);
        (!self.is_optional || !text.is_empty()).then_some(text)
    }

    /// The text with the same in every placeholder.
    pub fn fill_all(&self, filling: &str) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            _ => filling.to_owned(),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// The placeholder that is all of it.
    pub fn only_placeholder(&self) -> Option<Placeholder> {
        match self.pieces.as_slice() {
            [Piece::Placeholder(placeholder)] => Some(*placeholder),
            _ => None,
        }
    }

    /// Whether it has such a placeholder.
    pub fn has(&self, placeholder: Placeholder) -> bool {
        let is_it = |piece: &Piece| matches!(piece, Piece::Placeholder(own) if *own == placeholder);
        self.pieces.iter().any(is_it)
    }

    /// Where it tells providers to report.
    pub fn report_urls(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Private(url) => Some(url.as_str()).filter(|url| !url.is_empty()),
            _ => None,
        })
    }

    /// The secrets in it.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Secret(secret) => Some(secret),
            _ => None,
        })
    }
}

/// Where the next placeholder opens.
fn next(text: &str) -> Option<usize> {
    [text.find("{{"), text.find("${")]
        .into_iter()
        .flatten()
        .min()
}

fn placeholder(name: &str, variables: &Variables<'_>) -> Result<Piece, String> {
    match name {
        "sender" => return given("sender", variables),
        "report_url" => return Ok(Piece::Private(variables.report_url.clone())),
        _ => {}
    }
    let found = PLACEHOLDERS.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, placeholder)| Piece::Placeholder(*placeholder))
        .ok_or_else(|| {
            let known: Vec<_> = PLACEHOLDERS.iter().map(|(name, _)| *name).collect();
            format!(
                "has {{{{{name}}}}}, which is not a placeholder: there are {}, sender and report_url",
                known.join(", ")
            )
        })
}

fn given(name: &str, variables: &Variables<'_>) -> Result<Piece, String> {
    Ok(match variables.value(name)? {
        (text, true) => Piece::Secret(Secret::new(text)),
        (text, false) => Piece::Given(text),
    })
}
