//! What links of invitations say of their owners, and which apps they lead to.

use std::str::FromStr;

use super::value::{optional, written_as_text};

written_as_text!(ShowReferrer, AppLink, AndroidApp, IosApp);
optional!(AppLink);

/// What a link tells everybody of whoever invites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShowReferrer {
    /// The first name, or else the masked phone.
    Name,
    /// The masked phone.
    Phone,
    /// That somebody does.
    Nothing,
}

impl FromStr for ShowReferrer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "name" => Ok(Self::Name),
            "phone" => Ok(Self::Phone),
            "nothing" => Ok(Self::Nothing),
            _ => Err("must be one of name, phone, nothing".to_owned()),
        }
    }
}

/// Where a link takes a phone that has, or shall have, the operator's app: the
/// address of a store or of the app, with `{code}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppLink(String);

impl AppLink {
    /// Schemes of browsers, which no app can have.
    const TAKEN: [&str; 8] = [
        "about",
        "blob",
        "data",
        "file",
        "ftp",
        "http",
        "javascript",
        "vbscript",
    ];

    /// The address for this invitation code, whose letters need no escape anywhere.
    pub fn with_code(&self, code: &str) -> String {
        self.0.replace("{code}", code)
    }
}

impl FromStr for AppLink {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte)
            })
            && !Self::TAKEN.contains(&scheme);
        // What may stand in an address (RFC 3986, section 2).
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
        let without_code = rest.replace("{code}", "");
        if !is_scheme || rest == without_code || !without_code.bytes().all(is_plain) {
            return Err("is not an address for apps: write https:// or the scheme of an app, and {code} where the invitation code belongs, as in \"https://play.google.com/store/apps/details?id=org.example.app&referrer={code}\"".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// An Android app that may open links, by its package and the certificate that
/// signs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AndroidApp {
    /// The name of its package.
    pub package: String,
    /// SHA-256 of the certificate: 32 bytes as pairs of hex digits with colons between.
    pub fingerprint: String,
}

impl FromStr for AndroidApp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (package, fingerprint) = text.split_once('=').unwrap_or_default();
        let (package, fingerprint) = (package.trim(), fingerprint.trim().to_ascii_uppercase());
        let is_byte =
            |pair: &str| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        let pairs = fingerprint.split(':');
        if !is_dotted(package) || pairs.clone().count() != 32 || !pairs.clone().all(is_byte) {
            return Err("is not an Android app: write its package, =, and the SHA-256 fingerprint of its certificate, as in \"org.example.app=14:6D:E9:...\"".to_owned());
        }
        let package = package.to_owned();
        Ok(Self {
            package,
            fingerprint,
        })
    }
}

/// An iOS app that may open links, by the identifier that Apple knows it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IosApp(String);

impl IosApp {
    /// `TEAM.bundle.identifier`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IosApp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (team, bundle) = text.split_once('.').unwrap_or_default();
        let is_team = team.len() == 10
            && team
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if is_team && is_dotted(bundle) {
            return Ok(Self(text.to_owned()));
        }
        Err("is not an iOS app: write its team and its bundle, as in \"ABCDE12345.org.example.app\"".to_owned())
    }
}

/// Whether it is a name of several parts, as packages and bundles have.
fn is_dotted(name: &str) -> bool {
    let is_part = |part: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !part.is_empty() && part.bytes().all(is_plain)
    };
    name.contains('.') && name.split('.').all(is_part)
}
