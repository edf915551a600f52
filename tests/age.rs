//! Files that are encrypted as age does: read back, by age's own too, and refused
//! where anything of them is not as it was written.

use std::{
    io::{Read, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use invited::age::{AgeError, Identity, Recipient, decrypt, encrypt};
use rand::{SeedableRng, rngs::StdRng};
use tempfile::TempDir;

use crate::{
    backup::{names, phones, populated, sentence},
    harness::{
        postgres::sqlite_only,
        server::{command, put},
    },
};

/// What `age-keygen` told, twice.
const ANNA: (&str, &str) = (
    "age1ducwj8c3y70w2kzslylkgefmtst39nqsgu3yv9kkjcn32ky954mqe99vhn",
    "AGE-SECRET-KEY-10X72EUQ76YFERM0V2AYS806HCPGVYD3URL606NFJ0XGGDEV4WAQQZMX5TC",
);
const BORIS: (&str, &str) = (
    "age19y7aw3fl3337vrccwhuxcy0lc7edk4fsqm9wjtz27479dww04e2qa09ww2",
    "AGE-SECRET-KEY-1CFT6PAT59GCGA9789N7AWKMZUPX8C7QCWAGRHA4D44CEA5DCTZES6SHFHR",
);
/// What `age` made of `hello` for Anna.
const HELLO: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBqOG9KTnJDRGxETk9tR0pVWVJ6RDJvK080RHNFSEdzNXFPTTJtWDYxengwCmV1aFJGL0E4YXVHUlBjcjBOK1R4am9oODMxbVBFOTFvUmtsWG1lL1k5YWcKLS0tIEVDMFEvc0NkL2VvV0tMV2NSVzN5K005UXJtdTExUDQ4UmRUd25EZU5HOFkKnQCeOUMRytttRTYkNPCXkFl/4Q4sdj48PTLatR01a+e+2CP6+Q==";
const CHUNK: usize = 65_536;

fn sealed(text: &[u8], recipients: &[&str]) -> Vec<u8> {
    let recipients: Vec<Recipient> = recipients.iter().map(|key| key.parse().unwrap()).collect();
    let mut rng = StdRng::seed_from_u64(7);
    let mut encryptor = encrypt(Vec::new(), &recipients, &mut rng).unwrap();
    // In pieces that are not chunks.
    for piece in text.chunks(10_007) {
        encryptor.write_all(piece).unwrap();
    }
    encryptor.finish().unwrap()
}

/// What is read of it; `None` for what is refused.
fn opened(sealed: &[u8], identity: &str) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut decryptor = decrypt(sealed, &[identity.parse::<Identity>().unwrap()]).ok()?;
    decryptor.read_to_end(&mut text).ok()?;
    Some(text)
}

/// The head of a file, and what follows it.
fn split(sealed: &[u8]) -> (String, Vec<u8>) {
    let footer = sealed
        .windows(4)
        .position(|window| window == b"--- ")
        .unwrap();
    let end = footer
        + sealed[footer..]
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap();
    let (head, payload) = sealed.split_at(end + 1);
    (str::from_utf8(head).unwrap().to_owned(), payload.to_vec())
}

#[test]
fn every_recipient_reads_what_was_written_and_nobody_else() {
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 200_000] {
        let text: Vec<u8> = (0..length)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect();
        let file = sealed(&text, &[ANNA.0, BORIS.0]);
        assert_eq!(opened(&file, ANNA.1), Some(text.clone()), "{length}");
        assert_eq!(opened(&file, BORIS.1), Some(text.clone()), "{length}");
        let for_anna = sealed(&text, &[ANNA.0]);
        let refused = decrypt(&for_anna[..], &[BORIS.1.parse().unwrap()]);
        assert!(matches!(refused, Err(AgeError::NoMatch)), "{length}");
    }
}

#[test]
fn what_age_wrote_is_read() {
    let hello = BASE64_STANDARD.decode(HELLO).unwrap();
    assert_eq!(opened(&hello, ANNA.1).unwrap(), b"hello");
    assert_eq!(opened(&hello, BORIS.1), None);
}

#[test]
fn no_byte_can_be_changed_and_none_taken_away() {
    let file = sealed(b"hello", &[ANNA.0, BORIS.0]);
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert_eq!(opened(&changed, BORIS.1), None, "{at}");
        assert_eq!(opened(&file[..at], BORIS.1), None, "{at}");
    }
    assert_eq!(opened(&[&file[..], b"x"].concat(), BORIS.1), None);
}

#[test]
fn chunks_cannot_be_left_out_doubled_exchanged_or_added() {
    let text: Vec<u8> = vec![7; 3 * CHUNK];
    let (head, payload) = split(&sealed(&text, &[ANNA.0]));
    let (nonce, chunks) = payload.split_at(16);
    let chunks: Vec<_> = chunks.chunks(CHUNK + 16).collect();
    let of = |order: &[usize]| {
        let chunks: Vec<_> = order.iter().flat_map(|at| chunks[*at]).copied().collect();
        opened(&[head.as_bytes(), nonce, &chunks].concat(), ANNA.1)
    };
    assert_eq!(of(&[0, 1, 2]), Some(text));
    for order in [
        &[][..],
        &[0],
        &[0, 1],
        &[1, 2],
        &[2],
        &[0, 0, 2],
        &[1, 0, 2],
        &[0, 1, 2, 2],
    ] {
        assert_eq!(of(order), None, "{order:?}");
    }
    // The last chunk is one of no bytes, which only an empty file has.
    let (_, empty) = split(&sealed(b"", &[ANNA.0]));
    assert_eq!(empty.len(), 16 + 16);
}

#[test]
fn heads_that_the_format_does_not_have_are_refused() {
    let file = sealed(b"hello", &[ANNA.0]);
    let (head, payload) = split(&file);
    let with = |head: &str| opened(&[head.as_bytes(), &payload[..]].concat(), ANNA.1);
    assert!(with(&head).is_some());
    let share = head.lines().nth(1).unwrap();
    let body = head.lines().nth(2).unwrap();
    let low_order = format!("-> X25519 {}", "A".repeat(43));
    for (what, head) in [
        ("another version", head.replace("/v1", "/v2")),
        ("other ends of lines", head.replace('\n', "\r\n")),
        ("no stanza", head.replace(&format!("{share}\n{body}\n"), "")),
        ("no arguments", head.replace(share, "->")),
        (
            "an empty argument",
            head.replace(share, &share.replace("X25519 ", "X25519  ")),
        ),
        (
            "one more argument",
            head.replace(share, &format!("{share} x")),
        ),
        (
            "a control character",
            head.replace("X25519", "X25519\u{7f}"),
        ),
        ("another kind", head.replace("X25519", "x25519")),
        ("a share of low order", head.replace(share, &low_order)),
        ("padding", head.replace(body, &format!("{body}="))),
        ("a short body", head.replace(body, &body[..40])),
        ("no body", head.replace(&format!("{body}\n"), "")),
        ("a long line", head.replace(body, &format!("{body}{body}"))),
        (
            "a stanza that was added",
            head.replace("--- ", "-> grease x\n\n--- "),
        ),
        (
            "no checksum",
            head.split("--- ").next().unwrap().to_owned() + "---\n",
        ),
        ("a longer checksum", head.trim_end().to_owned() + "A\n"),
        ("a space at the end", head.trim_end().to_owned() + " \n"),
        (
            "too much",
            head.replace(
                "--- ",
                &format!("-> x\n{}--- ", "A".repeat(64) + "\n").repeat(20_000),
            ),
        ),
    ] {
        assert_eq!(with(&head), None, "{what}");
    }
}

#[test]
fn keys_are_read_as_they_were_written_and_others_refused() {
    assert!(ANNA.0.to_uppercase().parse::<Recipient>().is_ok());
    for text in [
        "",
        "age1",
        &ANNA.0[1..],
        &ANNA.0.replace('h', "j"),
        ANNA.1,
        "ssh-ed25519 AAAA",
    ] {
        assert!(text.parse::<Recipient>().is_err(), "{text}");
    }
    assert!(ANNA.0.parse::<Identity>().is_err());
    assert_eq!(format!("{:?}", ANNA.1.parse::<Identity>()), "Ok(***)");
}

#[test]
fn an_encrypted_backup_is_restored_by_whoever_has_a_key() {
    sqlite_only!("backups of its file");
    let folder = populated("50");
    let mut backup = command(folder.path());
    backup
        .args(["backup", "to"])
        .env("INVITED_BACKUP__RECIPIENT", BORIS.0);
    assert!(backup.output().unwrap().status.success());
    let name = names(&folder.path().join("to")).remove(0);
    let made = folder.path().join("to").join(name);
    assert_eq!(
        names(&made),
        ["invited.db.zst.age", "invited.keys.json.age"]
    );
    let there = TempDir::new().unwrap();
    let restore = |identity: &[&str]| {
        let mut restore = command(there.path());
        restore
            .arg("restore")
            .arg(&made)
            .args(identity)
            .output()
            .unwrap()
    };
    let refused = |identity: &[&str], why: &str| {
        let said = sentence(restore(identity));
        assert!(said.contains(why), "{said}");
        let left = names(there.path());
        assert!(left.iter().all(|name| name.starts_with("key")), "{left:?}");
    };
    refused(
        &[],
        "is encrypted: name the file with the key that it is encrypted to by --identity",
    );
    let key = |text: &str| put(&there.path().join("key"), text);
    let identity = ["--identity", "key"];
    refused(&identity, "cannot be read: No such file");
    key("# nothing\n");
    refused(&identity, "is not a key file of age");
    key(ANNA.1);
    refused(
        &identity,
        "cannot be decrypted: it is encrypted to other keys",
    );
    key(&format!(
        "# created: today\n# public key: {}\n{}\n",
        BORIS.0, BORIS.1
    ));
    damage_and_refuse(&made, &|| refused(&identity, "is damaged"));
    assert!(restore(&identity).status.success());
    assert_eq!(phones(there.path()), phones(folder.path()));
}

/// Has each file of a backup refused while one bit of it is not what it was.
fn damage_and_refuse(backup: &Path, refused: &dyn Fn()) {
    for file in names(backup) {
        let path = backup.join(file);
        let bytes = std::fs::read(&path).unwrap();
        let mut damaged = bytes.clone();
        damaged[bytes.len() - 20] ^= 1;
        put(&path, damaged);
        refused();
        put(&path, bytes);
    }
}
