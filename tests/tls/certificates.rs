//! Certificates to try, and a client that believes one of them.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use invited::clock::{Clock, SystemClock};
use openssl::{
    asn1::Asn1Time,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{HasPublic, PKey, PKeyRef, Private},
    ssl::{Ssl, SslContext, SslMethod, SslStream, SslVerifyMode, SslVersion},
    x509::{X509, X509Name, extension::SubjectAlternativeName},
};

use crate::harness::server::put;

pub const DAY: i64 = 86_400;

/// A certificate of this name with its key, that is good from and until then
/// (seconds from now).
pub fn issue(name: &str, from: i64, until: i64) -> (X509, PKey<Private>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    (certify(name, &key, &key, from, until), key)
}

/// The same for a key that somebody else has.
pub fn certify<T: HasPublic>(
    name: &str,
    key: &PKeyRef<T>,
    signer: &PKey<Private>,
    from: i64,
    until: i64,
) -> X509 {
    let mut subject = X509Name::builder().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let now = SystemClock.now().seconds();
    let at = |seconds| Asn1Time::from_unix(now + seconds).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_issuer_name(&subject).unwrap();
    builder.set_not_before(&at(from)).unwrap();
    builder.set_not_after(&at(until)).unwrap();
    builder.set_pubkey(key).unwrap();
    let names = SubjectAlternativeName::new()
        .dns(name)
        .build(&builder.x509v3_context(None, None));
    builder.append_extension(names.unwrap()).unwrap();
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    builder.build()
}

/// Puts a fresh pair there.
pub fn place(folder: &Path, name: &str, days: i64) -> X509 {
    let (certificate, key) = issue(name, -DAY, days * DAY);
    put(
        &folder.join("key.pem"),
        key.private_key_to_pem_pkcs8().unwrap(),
    );
    put(&folder.join("cert.pem"), certificate.to_pem().unwrap());
    certificate
}

/// A client that believes one certificate, and speaks these protocols.
pub fn connect(
    address: &str,
    believed: &X509,
    versions: [SslVersion; 2],
    protocols: &[u8],
) -> Option<SslStream<TcpStream>> {
    let mut context = SslContext::builder(SslMethod::tls_client()).unwrap();
    context.cert_store_mut().add_cert(believed.clone()).unwrap();
    context.set_verify(SslVerifyMode::PEER);
    context.set_min_proto_version(Some(versions[0])).unwrap();
    context.set_max_proto_version(Some(versions[1])).unwrap();
    // Or this client would not speak what the server has to refuse.
    context.set_cipher_list("DEFAULT:@SECLEVEL=0").unwrap();
    context.set_alpn_protos(protocols).unwrap();
    let mut ssl = Ssl::new(&context.build()).unwrap();
    ssl.set_hostname("localhost").unwrap();
    ssl.param_mut().set_host("localhost").unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    ssl.connect(stream).ok()
}

pub const TLS: [SslVersion; 2] = [SslVersion::TLS1_2, SslVersion::TLS1_3];
pub const HTTP: &[u8] = b"\x08http/1.1";

/// Sends, and reads an answer without a body or one that is known to end so.
pub fn ask(stream: &mut SslStream<TcpStream>, request: &str, end: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    while !text.ends_with(end) {
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "{text}");
        text.push_str(std::str::from_utf8(&piece[..read]).unwrap());
    }
    text
}

/// Whether the server shows this certificate now.
pub fn shows(address: &str, certificate: &X509) -> bool {
    connect(address, certificate, TLS, HTTP).is_some()
}
