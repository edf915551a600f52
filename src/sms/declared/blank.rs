//! A text with holes in it: `{{…}}` is filled for each message, `${…}` once,
//! when it is read. What fills a hole is escaped as the place demands where
//! the text goes; it is never pasted.

use std::net::IpAddr;

use super::{report_url::ReportUrl, terms::Terms};
use crate::{
    domain::code::OneTimeCode,
    sms::{
        Message,
        secret::{MASK, Secret},
    },
};

/// What a message fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hole {
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

const HOLES: [(&str, Hole); 9] = [
    ("to_e164", Hole::ToE164),
    ("to_digits", Hole::ToDigits),
    ("code", Hole::Code),
    ("text", Hole::Text),
    ("ttl_s", Hole::Ttl),
    ("ttl_min", Hole::TtlMinutes),
    ("request_id", Hole::RequestId),
    ("ip", Hole::Ip),
    ("language", Hole::Language),
];

/// What needs it is left out when nobody could report.
const REPORT_URL: &str = "{{report_url}}";

impl Hole {
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
    /// From the operator, so it is escaped like what fills a hole.
    Given(String),
    Secret(Secret),
    /// Our own, which the provider is to know and nobody else.
    Private(ReportUrl),
    Hole(Hole),
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
pub struct Blank {
    pieces: Vec<Piece>,
    /// Whether its member is left out when nothing fills it.
    is_optional: bool,
}

impl Blank {
    /// Reads a text.
    ///
    /// # Errors
    /// The end of a sentence that begins with where the text stands.
    pub fn read(text: &str, terms: &Terms<'_>) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = next(rest) {
            let (before, opened) = rest.split_at(start);
            if !before.is_empty() {
                pieces.push(Piece::Plain(before.to_owned()));
            }
            let is_hole = opened.starts_with('{');
            let close = if is_hole { "}}" } else { "}" };
            let (inner, after) = opened[2..]
                .split_once(close)
                .ok_or_else(|| format!("opens {} without {close}", &opened[..2]))?;
            pieces.push(if is_hole {
                hole(inner.trim(), terms)?
            } else {
                given(inner.trim(), terms)?
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Plain(rest.to_owned()));
        }
        let is_unreachable = terms.report_url.get().is_empty() && text.contains(REPORT_URL);
        if is_unreachable {
            pieces.clear();
        }
        // What is nothing but one of these is of no use without it.
        let is_bare = matches!(pieces.as_slice(), [Piece::Hole(Hole::Ip | Hole::Code)]);
        let is_optional = is_unreachable || is_bare;
        Ok(Self {
            pieces,
            is_optional,
        })
    }

    /// The text for a message, with `escape` for what is filled in.
    pub fn fill(&self, message: &Message, show: Show, escape: fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            Piece::Given(text) => escape(text),
            Piece::Secret(secret) if show == Show::Secrets => escape(secret.reveal()),
            Piece::Private(url) if show == Show::Secrets => escape(&url.get()),
            Piece::Secret(_) | Piece::Private(_) => MASK.to_owned(),
            Piece::Hole(hole) => escape(&hole.filling(message)),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// The text for a place that escapes by itself; `None` when its member is
    /// to be left out.
    pub fn text(&self, message: &Message, show: Show) -> Option<String> {
        let text = self.fill(message, show, str::to_owned);
        (!self.is_optional || !text.is_empty()).then_some(text)
    }

    /// The text with the same in every hole.
    pub fn fill_all(&self, filling: &str) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            _ => filling.to_owned(),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// The hole that is all of it.
    pub fn only_hole(&self) -> Option<Hole> {
        match self.pieces.as_slice() {
            [Piece::Hole(hole)] => Some(*hole),
            _ => None,
        }
    }

    /// Whether it has such a hole.
    pub fn has(&self, hole: Hole) -> bool {
        let is_it = |piece: &Piece| matches!(piece, Piece::Hole(own) if *own == hole);
        self.pieces.iter().any(is_it)
    }

    /// Where it tells providers to report.
    pub fn report_urls(&self) -> impl Iterator<Item = String> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Private(url) => Some(url.get()).filter(|url| !url.is_empty()),
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

/// Where the next hole opens.
fn next(text: &str) -> Option<usize> {
    [text.find("{{"), text.find("${")]
        .into_iter()
        .flatten()
        .min()
}

fn hole(name: &str, terms: &Terms<'_>) -> Result<Piece, String> {
    match name {
        "sender" => return given("sender", terms),
        "report_url" => return Ok(Piece::Private(terms.report_url.clone())),
        _ => {}
    }
    let found = HOLES.iter().find(|(known, _)| *known == name);
    found.map(|(_, hole)| Piece::Hole(*hole)).ok_or_else(|| {
        let known: Vec<_> = HOLES.iter().map(|(name, _)| *name).collect();
        format!(
            "has {{{{{name}}}}}, which is no placeholder: there are {}, sender and report_url",
            known.join(", ")
        )
    })
}

fn given(name: &str, terms: &Terms<'_>) -> Result<Piece, String> {
    Ok(match terms.value(name)? {
        (text, true) => Piece::Secret(Secret::new(text)),
        (text, false) => Piece::Given(text),
    })
}
