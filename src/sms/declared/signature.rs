//! How requests and reports show whose they are.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use reqwest::header::HeaderMap;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::{
    domain::time::Timestamp,
    sms::{report::Post, secret::Secret},
};

/// What a webhook's secret begins with.
const PREFIX: &str = "whsec_";
/// Seconds that the time of a signed report may be from ours, either way.
const TOLERANCE: u64 = 300;

/// The key that a webhook's secret holds (Standard Webhooks, "Signature scheme").
pub fn webhook_key(secret: &Secret) -> Option<Vec<u8>> {
    let encoded = secret.reveal().strip_prefix(PREFIX)?;
    let key = STANDARD.decode(encoded).ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

/// A webhook's signature: of its identifier, its time and its body.
pub fn webhook(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    format!(
        "v1,{}",
        STANDARD.encode(signed(key, id, timestamp, body).finalize().into_bytes())
    )
}

fn signed(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac
}

/// Whether a time that was signed is now, or nearly so. What is older may be
/// somebody's copy (Standard Webhooks, "Verifying the timestamp").
fn is_recent(timestamp: &str, now: Timestamp) -> bool {
    let seconds = timestamp.parse::<i64>();
    seconds.is_ok_and(|seconds| now.seconds().abs_diff(seconds) <= TOLERANCE)
}

/// Whether a webhook is from now, and one of its signatures right.
pub fn is_webhook(secret: &Secret, post: &Post<'_>) -> bool {
    let (headers, body) = (post.headers, post.body);
    let (Some(key), Some(id), Some(timestamp), Some(signatures)) = (
        webhook_key(secret),
        text(headers, "webhook-id"),
        text(headers, "webhook-timestamp"),
        text(headers, "webhook-signature"),
    ) else {
        return false;
    };
    is_recent(timestamp, post.at)
        && signatures
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .any(|signature| {
                signed(&key, id, timestamp, body)
                    .verify_slice(&signature)
                    .is_ok()
            })
}

/// Twilio signs the address and, in the order of their names, every field with
/// its value ("Validating Signatures from Twilio", in its security guide).
pub fn is_twilio(secret: &Secret, headers: &HeaderMap, url: &str, fields: &Value) -> bool {
    let sorted: BTreeMap<&String, &str> = fields
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name, value.as_str()?)))
        .collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.reveal().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    let signature = text(headers, "x-twilio-signature").and_then(|text| STANDARD.decode(text).ok());
    signature.is_some_and(|signature| mac.verify_slice(&signature).is_ok())
}

/// Telegram signs time and body with the hash of the account's token (Gateway
/// API, "Checking report integrity").
pub fn is_telegram(secret: &Secret, post: &Post<'_>) -> bool {
    let (headers, body) = (post.headers, post.body);
    let (Some(timestamp), Some(signature)) = (
        text(headers, "x-request-timestamp"),
        text(headers, "x-request-signature"),
    ) else {
        return false;
    };
    let key = Sha256::digest(secret.reveal().as_bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b"\n");
    mac.update(body);
    is_recent(timestamp, post.at)
        && unhex(signature).is_some_and(|signature| mac.verify_slice(&signature).is_ok())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits =
        text.bytes().all(|digit| digit.is_ascii_hexdigit()) && text.len().is_multiple_of(2);
    let bytes = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok());
    if digits { bytes.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn posted<'a>(headers: &'a HeaderMap, body: &'a [u8], at: i64) -> Post<'a> {
        Post {
            query: "",
            body,
            headers,
            at: Timestamp::from_seconds(at),
        }
    }

    #[test]
    fn a_time_that_is_none_is_not_recent() {
        let now = Timestamp::from_seconds(1_713_215_473);
        for wrong in [
            "",
            "now",
            "1713215473.0",
            "-1",
            "9223372036854775807",
            "99999999999999999999",
        ] {
            assert!(!is_recent(wrong, now), "{wrong}");
        }
    }

    #[test]
    fn a_webhook_is_signed_as_the_specification_has_it() {
        // The example of the specification's own libraries.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let (id, timestamp, body) = (
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            br#"{"test": 2432232314}"#,
        );
        let signature = webhook(&webhook_key(&secret).unwrap(), id, timestamp, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let of = |signature: &str| {
            headers(&[
                ("webhook-id", id),
                ("webhook-timestamp", timestamp),
                ("webhook-signature", signature),
            ])
        };
        let is_genuine = |headers: &HeaderMap, body: &[u8], at: i64| {
            is_webhook(&secret, &posted(headers, body, at))
        };
        let (right, at) = (of(&signature), 1_614_265_330);
        let among = of(&format!("v1,AAAA v1a,x {signature}"));
        assert!(is_genuine(&among, body, at));
        assert!(!is_genuine(&of("v1,AAAA"), body, at));
        assert!(!is_genuine(&right, b"{}", at));
        assert!(!is_genuine(&HeaderMap::new(), body, at));
        for (off, believed) in [(300, true), (-300, true), (301, false), (-301, false)] {
            assert_eq!(is_genuine(&right, body, at + off), believed, "{off}");
        }
        for wrong in [
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_",
            "whsec_AAAA",
            "whsec_?",
        ] {
            assert!(
                webhook_key(&Secret::new(wrong.to_owned())).is_none(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn telegrams_signature_is_checked() {
        let (secret, body) = (
            Secret::new("AAE:token".to_owned()),
            br#"{"request_id":"1"}"#,
        );
        // printf '1713215473\n{"request_id":"1"}' | openssl dgst -sha256 -mac hmac -macopt hexkey:$(printf 'AAE:token' | sha256sum | cut -c1-64)
        let right = "e51c54885484da9e9480ba69ef1f923990cbcd6568ab37e777f7109c38bddc03";
        let of = |signature: &str| {
            headers(&[
                ("x-request-timestamp", "1713215473"),
                ("x-request-signature", signature),
            ])
        };
        let is_genuine = |headers: &HeaderMap, body: &[u8], at: i64| {
            is_telegram(&secret, &posted(headers, body, at))
        };
        let at = 1_713_215_473;
        assert!(is_genuine(&of(right), body, at + 300));
        assert!(!is_genuine(&of(right), body, at + 301), "a copy");
        for forged in ["", "00", "0g", &right.replace(&right[..2], "zz")] {
            assert!(!is_genuine(&of(forged), body, at), "{forged}");
        }
        assert!(!is_genuine(&of(right), b"{}", at));
    }

    #[test]
    fn twilios_signature_is_checked() {
        let secret = Secret::new("12345".to_owned());
        let fields = |sid: &str| serde_json::json!({ "MessageStatus": "delivered", "MessageSid": sid, "To": "+79123456789" });
        // printf 'https://example.com/hook/MessageSidSM1MessageStatusdeliveredTo+79123456789' | openssl dgst -sha1 -hmac 12345 -binary | base64
        let right = "SWIbPoCQEqTrKAZMgyEVFoheexg=";
        let check = |signature: &str, sid: &str| {
            let headers = headers(&[("x-twilio-signature", signature)]);
            is_twilio(&secret, &headers, "https://example.com/hook/", &fields(sid))
        };
        assert!(check(right, "SM1"));
        for forged in ["", "AAAA", "not base64"] {
            assert!(!check(forged, "SM1"), "{forged}");
        }
        assert!(!check(right, "SM2"));
    }
}
