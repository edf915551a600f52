//! The challenge token (`sms-token`): a JWE (RFC 7516), `dir` and A256GCM.
//!
//! josekit takes authentication tags that were cut short, down to one byte.
//! So a token is looked at from outside first: its length, its five parts,
//! our very header, no encrypted key, a 12-byte nonce, a 16-byte tag, all in
//! canonical base64url. Only then is it decrypted.

use josekit::jwe::{Dir, JweHeader};
use serde::{Deserialize, Serialize};

use super::{LEEWAY, TokenError, encoding::from_base64, keys::Keys};
use crate::domain::{
    challenge::{Challenge, ChallengeId},
    phone::Phone,
    time::Timestamp,
};

/// `{"alg":"dir","enc":"A256GCM"}`
const HEADER: &str = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0";
const LONGEST: usize = 2048;
const NONCE: usize = 12;
const TAG: usize = 16;

/// What a token that was opened says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The challenge it stands for.
    pub challenge: ChallengeId,
    /// The phone it was made for; the challenge's own record has the last word.
    pub phone: Phone,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    sms_code: String,
    phone: String,
    challenge: i64,
    iat: i64,
    exp: i64,
}

/// The token of a challenge.
pub fn seal(keys: &Keys, challenge: &Challenge) -> String {
    let payload = Payload {
        sms_code: challenge.code.reveal().to_owned(),
        phone: challenge.phone.to_string(),
        challenge: challenge.id.0,
        iat: challenge.created_at.seconds(),
        exp: challenge.expires_at.seconds(),
    };
    let payload = serde_json::to_vec(&payload).expect("the payload is plain JSON");
    let mut header = JweHeader::new();
    // In this order: the header's bytes are part of what is compared.
    header.set_algorithm("dir");
    header.set_content_encryption("A256GCM");
    let encrypter = Dir
        .encrypter_from_bytes(keys.challenge.current.bytes())
        .expect("a key is 32 bytes");
    josekit::jwe::serialize_compact(&payload, &header, &encrypter)
        .expect("A256GCM seals any payload")
}

/// What the token says, if this server made it and it has not expired.
pub fn open(keys: &Keys, token: &str, now: Timestamp) -> Result<Opened, TokenError> {
    if !is_well_formed(token) {
        return Err(TokenError::Invalid);
    }
    let payload = keys.challenge.iter().find_map(|key| {
        let decrypter = Dir
            .decrypter_from_bytes(key.bytes())
            .expect("a key is 32 bytes");
        let (payload, _) = josekit::jwe::deserialize_compact(token, &decrypter).ok()?;
        serde_json::from_slice::<Payload>(&payload).ok()
    });
    let payload = payload.ok_or(TokenError::Invalid)?;
    if Timestamp::from_seconds(payload.iat) > now + LEEWAY {
        return Err(TokenError::Invalid);
    }
    if Timestamp::from_seconds(payload.exp) <= now {
        return Err(TokenError::Expired);
    }
    let phone = Phone::from_digits(&payload.phone).map_err(|_| TokenError::Invalid)?;
    Ok(Opened {
        challenge: ChallengeId(payload.challenge),
        phone,
    })
}

fn is_well_formed(token: &str) -> bool {
    let length = |part: &str| from_base64(part).map(|bytes| bytes.len());
    let mut parts = token.split('.');
    token.len() <= LONGEST
        && parts.next() == Some(HEADER)
        && parts.next() == Some("")
        && parts.next().and_then(length) == Some(NONCE)
        && parts.next().and_then(length).is_some_and(|bytes| bytes > 0)
        && parts.next().and_then(length) == Some(TAG)
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        clock::dice,
        domain::{challenge::Purpose, code::OneTimeCode},
        token::encoding::base64,
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_713_215_473);

    fn sealed(keys: &Keys) -> String {
        let challenge = Challenge {
            id: ChallengeId(17),
            phone: Phone::from_digits("79123456789").unwrap(),
            purpose: Purpose::Login,
            code: OneTimeCode::parse("0042").unwrap(),
            created_at: NOW,
            expires_at: NOW + Duration::from_mins(3),
            wrong_guesses: 0,
            spent: false,
            asker: None,
            source: None,
            is_of_dead_codes: false,
        };
        seal(keys, &challenge)
    }

    #[test]
    fn a_token_has_the_documents_form_and_tells_nothing() {
        let keys = Keys::draw(&mut dice());
        let token = sealed(&keys);
        let parts: Vec<_> = token.split('.').collect();
        assert_eq!(
            from_base64(parts[0]).unwrap(),
            br#"{"alg":"dir","enc":"A256GCM"}"#
        );
        assert_eq!(parts.len(), 5);
        assert_eq!(parts[1], "");
        assert_eq!(
            (
                from_base64(parts[2]).unwrap().len(),
                from_base64(parts[4]).unwrap().len()
            ),
            (12, 16)
        );
        assert!(is_well_formed(&token));
    }

    #[test]
    fn a_token_is_good_for_its_life_and_not_a_second_longer() {
        let keys = Keys::draw(&mut dice());
        let token = sealed(&keys);
        let opened = open(&keys, &token, NOW + Duration::from_secs(179)).unwrap();
        assert_eq!(
            (opened.challenge, opened.phone.to_string()),
            (ChallengeId(17), "79123456789".to_owned())
        );
        assert_eq!(
            open(&keys, &token, NOW + Duration::from_mins(3)),
            Err(TokenError::Expired)
        );
        assert_eq!(
            open(&keys, &token, NOW - Duration::from_mins(1)),
            Err(TokenError::Invalid)
        );
        assert_eq!(
            open(&Keys::draw(&mut dice()), &token, NOW),
            Err(TokenError::Invalid)
        );
    }

    #[test]
    fn a_tag_that_was_cut_short_is_not_even_tried() {
        let keys = Keys::draw(&mut dice());
        let token = sealed(&keys);
        let (rest, tag) = token.rsplit_once('.').unwrap();
        let tag = from_base64(tag).unwrap();
        for length in 0..16 {
            let cut = format!("{rest}.{}", base64(&tag[..length]));
            assert!(!is_well_formed(&cut), "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_changed_token_opens(at in 0_usize..200, to in "[A-Za-z0-9_.=-]") {
            let keys = Keys::draw(&mut dice());
            let token = sealed(&keys);
            let mut changed: Vec<char> = token.chars().collect();
            let at = at % changed.len();
            changed[at] = to.chars().next().unwrap();
            let changed: String = changed.into_iter().collect();
            prop_assert_eq!(open(&keys, &changed, NOW).is_ok(), changed == token);
        }

        #[test]
        fn no_text_opens_or_panics(text in "\\PC{0,80}") {
            prop_assert_eq!(open(&Keys::draw(&mut dice()), &text, NOW), Err(TokenError::Invalid));
        }
    }
}
