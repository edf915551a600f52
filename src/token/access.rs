//! Access and refresh tokens: JWTs (RFC 7519), HS256, exactly one header.
//!
//! The header is compared byte by byte before anything is decoded, which
//! leaves no algorithm to be confused about. Both tokens of a pair follow from
//! the session's stored generation alone, so that the same pair can be issued
//! again when an answer was lost.

use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    LEEWAY, TokenError,
    encoding::{base64, from_base64},
    keys::Keys,
};
use crate::domain::{
    imported_token::ImportedToken,
    session::{Bearer, Generation, Policy, Session, SessionId},
    time::Timestamp,
    user::UserId,
};

/// `{"alg":"HS256","typ":"JWT"}`
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
/// Longer than any token made here; nothing longer is looked at.
const LONGEST: usize = 1024;

/// The two tokens of one generation of a session.
#[derive(Clone)]
pub struct Pair {
    /// For `Authorization: Bearer`.
    pub access: String,
    /// For the next pair.
    pub refresh: String,
    /// Until when the one is good.
    pub access_until: Timestamp,
    /// Until when the other is good.
    pub refresh_until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Claims<User = i64> {
    token_type: Kind,
    exp: i64,
    iat: i64,
    jti: String,
    user_id: User,
    /// None in tokens of an earlier service, and not believed there.
    session_id: Option<i64>,
}

/// A user, as an earlier service wrote it: simplejwt puts it in quotes since 5.5.
#[derive(Deserialize)]
#[serde(untagged)]
enum ImportedUser {
    Number(i64),
    Text(String),
}

impl Claims<ImportedUser> {
    fn plain(self) -> Option<Claims> {
        Some(Claims {
            user_id: match self.user_id {
                ImportedUser::Number(number) => number,
                ImportedUser::Text(text) => text.parse().ok()?,
            },
            token_type: self.token_type,
            exp: self.exp,
            iat: self.iat,
            jti: self.jti,
            session_id: None,
        })
    }
}

/// What a token that is believed was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// A session.
    Own(Bearer),
    /// A user of an earlier service.
    Imported(ImportedToken),
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Access,
    Refresh,
}

/// The pair of the session's current generation.
pub fn issue(keys: &Keys, session: &Session, policy: Policy) -> Pair {
    let token = |kind, jti: u128, until: Timestamp| {
        let claims = Claims {
            token_type: kind,
            exp: until.seconds(),
            iat: session.issued_at.seconds(),
            jti: format!("{jti:032x}"),
            user_id: session.user.0,
            session_id: Some(session.id.0),
        };
        sign(keys, &claims)
    };
    let access_until = session.until(policy.access_ttl, policy);
    let refresh_until = session.until(policy.refresh_ttl, policy);
    let current = session.current;
    Pair {
        access: token(Kind::Access, current.access_jti(), access_until),
        refresh: token(Kind::Refresh, current.refresh_jti(), refresh_until),
        access_until,
        refresh_until,
    }
}

/// Who an access token says is calling.
pub fn verify_access(keys: &Keys, token: &str, now: Timestamp) -> Result<Bearer, TokenError> {
    Ok(match verify(keys, Kind::Access, token, now)? {
        Verified::Own(bearer) => bearer,
        Verified::Imported(token) => Bearer::of_imported(&token),
    })
}

/// Whose refresh token this is.
pub fn verify_refresh(keys: &Keys, token: &str, now: Timestamp) -> Result<Verified, TokenError> {
    verify(keys, Kind::Refresh, token, now)
}

fn sign(keys: &Keys, claims: &Claims) -> String {
    let payload = serde_json::to_vec(claims).expect("claims are plain JSON");
    let mut token = format!("{HEADER}.{}", base64(&payload));
    let key = match claims.token_type {
        Kind::Access => &keys.access.current,
        Kind::Refresh => &keys.refresh.current,
    };
    let signature = crypto::sign(token.as_bytes(), &key.signing(), Algorithm::HS256)
        .expect("HS256 signs with any key");
    token.push('.');
    token.push_str(&signature);
    token
}

fn verify(keys: &Keys, kind: Kind, token: &str, now: Timestamp) -> Result<Verified, TokenError> {
    let ours = token
        .strip_prefix(HEADER)
        .is_some_and(|rest| rest.starts_with('.'));
    if token.len() > LONGEST || !ours {
        return Err(TokenError::Invalid);
    }
    let ring = match kind {
        Kind::Access => &keys.access,
        Kind::Refresh => &keys.refresh,
    };
    let own = ring.iter().find_map(|key| decode(token, &key.verifying()));
    let is_own = own.is_some();
    let imported = || {
        let key = keys.imported.as_ref().filter(|key| key.is_believed(now))?;
        decode(token, &key.verifying()).and_then(Claims::plain)
    };
    let claims = own.or_else(imported).ok_or(TokenError::Invalid)?;
    if claims.token_type != kind || Timestamp::from_seconds(claims.iat) > now + LEEWAY {
        return Err(TokenError::Invalid);
    }
    if Timestamp::from_seconds(claims.exp) + LEEWAY <= now {
        return Err(TokenError::Expired);
    }
    let bits = u128::from_str_radix(&claims.jti, 16).map_err(|_| TokenError::Invalid)?;
    let user = UserId(claims.user_id);
    if !is_own {
        return Ok(Verified::Imported(ImportedToken {
            user,
            jti: bits,
            issued_at: Timestamp::from_seconds(claims.iat),
            expires_at: Timestamp::from_seconds(claims.exp),
        }));
    }
    let session = claims.session_id.ok_or(TokenError::Invalid)?;
    Ok(Verified::Own(Bearer {
        user,
        session: SessionId(session),
        generation: Generation::from_bits(bits),
    }))
}

/// The claims of a token that begins with [`HEADER`] and is signed with the key.
/// (jsonwebtoken's own `decode` would read the header again, and the claims twice.)
fn decode<User: DeserializeOwned>(token: &str, key: &DecodingKey) -> Option<Claims<User>> {
    let (signed, signature) = token.rsplit_once('.')?;
    crypto::verify(signature, signed.as_bytes(), key, Algorithm::HS256)
        .ok()
        .filter(|is_signed| *is_signed)?;
    let payload = signed.strip_prefix(HEADER)?.strip_prefix('.')?;
    serde_json::from_slice(&from_base64(payload)?).ok()
}
