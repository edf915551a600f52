//! The head of a file: its key, wrapped for each recipient, and a checksum that
//! only they can make.

use std::io::{BufRead, Read};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD as BASE64};
use rand::CryptoRng;
use subtle::ConstantTimeEq;

use super::{
    crypto::{self, FileKey, Key},
    error::AgeError,
    key::{Identity, Recipient},
};

const VERSION: &str = "age-encryption.org/v1\n";
const KIND: &str = "X25519";
const END: &str = "---";
/// Characters of a line of base64.
const COLUMNS: usize = 64;
/// Bytes of a head, at most.
const LONGEST: u64 = 1 << 20;
/// Bytes of a wrapped key.
const WRAPPED: usize = size_of::<FileKey>() + crypto::TAG;

/// The key of a file, wrapped.
struct Stanza {
    arguments: Vec<String>,
    body: Vec<u8>,
}

/// Writes one.
pub fn write(
    recipients: &[Recipient],
    file_key: &FileKey,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, AgeError> {
    let mut text = VERSION.to_owned();
    for recipient in recipients {
        let mut secret = Key::default();
        rng.fill_bytes(&mut secret);
        let (share, body) = recipient.wrap(file_key, &secret)?;
        // It is shorter than a line.
        let (share, body) = (BASE64.encode(share), BASE64.encode(body));
        text = format!("{text}-> {KIND} {share}\n{body}\n");
    }
    text.push_str(END);
    let mac = BASE64.encode(mac(file_key, &text));
    Ok(format!("{text} {mac}\n").into_bytes())
}

/// Reads one, and finds the key of the file.
pub fn read(from: &mut impl BufRead, identities: &[Identity]) -> Result<FileKey, AgeError> {
    let mut lines = Lines {
        from: &mut from.take(LONGEST),
        text: String::new(),
    };
    if lines.next()? != VERSION.trim_end() {
        return Err(AgeError::Malformed);
    }
    let mut found = None;
    let mut is_empty = true;
    loop {
        let line = lines.next()?;
        if let Some(footer) = line.strip_prefix(END) {
            let known = footer.strip_prefix(' ').and_then(decode);
            let known = known.filter(|_| !is_empty).ok_or(AgeError::Malformed)?;
            let key = found.ok_or(AgeError::NoMatch)?;
            let end = lines.text.len() - footer.len() - 1;
            let is_made_by_those = mac(&key, &lines.text[..end]).ct_eq(known.as_slice());
            return Some(key)
                .filter(|_| is_made_by_those.into())
                .ok_or(AgeError::Malformed);
        }
        let stanza = lines.stanza(&line)?;
        is_empty = false;
        if found.is_none() {
            found = unwrap(&stanza, identities)?;
        }
    }
}

fn mac(file_key: &FileKey, text: &str) -> Key {
    let key = crypto::derive(file_key, &[], b"header");
    crypto::mac(&key, &[text.as_bytes()])
}

fn unwrap(stanza: &Stanza, identities: &[Identity]) -> Result<Option<FileKey>, AgeError> {
    let [kind, arguments @ ..] = stanza.arguments.as_slice() else {
        return Err(AgeError::Malformed);
    };
    if kind != KIND {
        return Ok(None);
    }
    let share = match arguments {
        [share] => decode(share).and_then(|share| Key::try_from(share).ok()),
        _ => None,
    };
    let share = share.filter(|_| stanza.body.len() == WRAPPED);
    let share = share.ok_or(AgeError::Malformed)?;
    for identity in identities {
        if let Some(key) = identity.unwrap(&share, &stanza.body)? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

/// The lines of a head, and all of them up to here.
struct Lines<'a, R> {
    from: &'a mut R,
    text: String,
}

impl<R: BufRead> Lines<'_, R> {
    /// The next, without its end.
    fn next(&mut self) -> Result<String, AgeError> {
        let mut line = Vec::new();
        self.from.read_until(b'\n', &mut line)?;
        let line = String::from_utf8(line).map_err(|_| AgeError::Malformed)?;
        self.text.push_str(&line);
        let line = line.strip_suffix('\n').ok_or(AgeError::Malformed)?;
        Ok(line.to_owned())
    }

    fn stanza(&mut self, first: &str) -> Result<Stanza, AgeError> {
        let arguments = first.strip_prefix("-> ").ok_or(AgeError::Malformed)?;
        let arguments: Vec<_> = arguments.split(' ').map(str::to_owned).collect();
        let is_word =
            |word: &String| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
        let (mut body, mut is_over) = (Vec::new(), !arguments.iter().all(is_word));
        if is_over {
            return Err(AgeError::Malformed);
        }
        while !is_over {
            let line = self.next()?;
            let bytes = decode(&line).filter(|_| line.len() <= COLUMNS);
            body.extend(bytes.ok_or(AgeError::Malformed)?);
            is_over = line.len() < COLUMNS;
        }
        Ok(Stanza { arguments, body })
    }
}
