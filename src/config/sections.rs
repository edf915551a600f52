//! The sections of the configuration, a line a setting.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use super::{
    admin::AdminAt,
    brand::{Color, Logo},
    layers::{ConfigError, Layers, variable},
    origin::{Origin, PublicUrl},
    referral::{AndroidApp, AppLink, IosApp, ShowReferrer},
    target::Target,
    value::{AppHash, Count, ForwardingHeader, Host, Name},
};
use crate::{
    age::Recipient,
    domain::{
        destination::Destinations,
        money::{self, Price},
        region::Region,
        retention::Retention,
    },
    sms::{choice::Choice, language::Language},
    store,
    telemetry::Filter,
};

/// What is known of one setting.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// `section.key`, as in TOML.
    pub key: &'static str,
    /// The default, as it would be written.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
}

impl Entry {
    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        variable(self.key)
    }
}

/// Declares a section: its struct, its reader and its entries, from one list.
macro_rules! section {
    ($(#[$about:meta])* $name:ident $prefix:literal { $(#[doc = $help:literal] $field:ident: $kind:ty = $default:literal;)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $(#[doc = $help] pub $field: $kind,)*
        }

        impl $name {
            pub(super) const ENTRIES: &'static [Entry] = &[
                $(Entry { key: concat!($prefix, stringify!($field)), default: $default, help: $help },)*
            ];

            pub(super) fn read(layers: &mut Layers) -> Result<Self, ConfigError> {
                Ok(Self { $($field: layers.take(concat!($prefix, stringify!($field)), $default)?,)* })
            }
        }
    };
}

section! {
    /// Where the server is and what it keeps.
    Server "" {
        /// The address to listen on; port 0 takes any free one.
        listen: SocketAddr = "127.0.0.1:8080";
        /// The database: the path of an SQLite file, or the URL of a PostgreSQL server that several nodes share, as in `postgres://invited@db1,db2/invited?target_session_attrs=read-write&sslmode=verify-full&sslrootcert=/etc/invited/ca.pem`.
        database: store::Location = "invited.db";
        /// The key file; by default `invited.keys.json` beside the database.
        keys: Option<PathBuf> = "";
        /// What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`, `off`), and others for parts of the program, as in `warn,invited=debug`.
        log: Filter = "info";
    }
}

section! {
    /// What lets a client off some of the limits.
    Relief "limits." {
        /// Bits of work that let a request off its source's limits (20 take a phone about a second); 0 asks for none.
        proof_of_work: Count<0, 32> = "0";
    }
}

section! {
    /// What messages may cost.
    Budget "budget." {
        /// What a message costs by prefix, in a currency of yours, as in `+79=2.50, +44=0.04`.
        prices: Vec<Price> = "";
        /// What may be spent, as in `500/1h, 5000/24h, 100000/30d`; known devices may spend as much again.
        amounts: money::Budget = "off";
        /// Hundredths of an amount after which a warning is logged.
        warn_at: Count<1, 100> = "80";
    }
}

section! {
    /// How long tokens live.
    Tokens "tokens." {
        /// Life of an access token.
        access_ttl: Duration = "9000s";
        /// Life of a refresh token, and of a session that is not used.
        refresh_ttl: Duration = "86400s";
        /// Life of an sms-token and its code.
        sms_token_ttl: Duration = "180s";
        /// How long an exchanged refresh token yields the same successor again, even if that was used.
        refresh_grace: Duration = "10s";
        /// Life of a session, however much it is used.
        session_ttl: Duration = "90d";
    }
}

section! {
    /// How people log in.
    Login "login." {
        /// Digits of a one-time code (4 to 10).
        code_length: Count<4, 10> = "4";
        /// Guesses evaluated for one sms-token.
        guesses_per_token: Count<1, 100> = "3";
        /// Live sms-tokens of one phone; its known devices may have as many again.
        live_tokens_per_phone: Count<1, 100> = "3";
        /// Numbers that may be sent to: +, leading digits, a # for each further digit; with ! in front, numbers that may not.
        destinations: Destinations = "+79#########, !+7940";
        /// How long after a login by code the phone may be changed.
        fresh_for: Duration = "15m";
        /// The country whose domestic forms are understood, as in 8 912 345-67-89.
        default_region: Region = "RU";
    }
}

section! {
    /// What is around the server.
    Http "http." {
        /// Networks (CIDR) of proxies that are believed when they name their clients.
        trusted_proxies: Vec<ipnet::IpNet> = "";
        /// The header in which trusted proxies name their clients: `x-forwarded-for`, `forwarded` (RFC 7239) or `x-real-ip`.
        client_address: ForwardingHeader = "x-forwarded-for";
        /// Origins that may call the API from a browser or an app's web view (CORS), as in `https://example.com, capacitor://localhost`.
        allowed_origins: Vec<Origin> = "";
        /// Where clients and providers reach this server, as in `https://example.com/login` (a proxy takes the path away); without it nobody can report.
        public_url: Option<PublicUrl> = "";
        /// Where figures are told (`/metrics`, OpenMetrics), as in `127.0.0.1:9464`: for whoever reaches it; none by default.
        metrics: Option<SocketAddr> = "";
        /// Where operators work (`/admin/`): `off`, `on` beside the API, or an address of its own, as in `127.0.0.1:8081`.
        admin: AdminAt = "off";
        /// Connections at once, as far as the system's limit of open files allows; over HTTP/2 each open request beside another counts as one.
        connections: Count<1, 1_000_000> = "4096";
        /// Connections at once from one source address that is not a trusted proxy.
        connections_per_source: Count<1, 1_000_000> = "1024";
        /// Whether `/` is a page to log in and invite with, and links of invitations lead to pages: `on`, or `off`, where `/` leads to the documentation instead.
        pages: bool = "on";
    }
}

section! {
    /// Whose the page is that people log in with.
    Pages "pages." {
        /// What the page calls your service; by default as messages do.
        name: Option<Name> = "";
        /// The colour of its buttons, as in `#0b7a75`; what is written on them is black or white, whichever can be read.
        color: Color = "#0b7a75";
        /// A picture that stands for your service: an SVG or PNG file of at most 64 KiB; none by default.
        logo: Option<Logo> = "";
        /// A line on top of every page, as of works to come; none by default.
        notice: Option<Name> = "";
    }
}

section! {
    /// How connections are encrypted.
    Tls "tls." {
        /// The certificate that `listen` speaks HTTPS with: a file in PEM, with those that lead to its issuer; by default it speaks HTTP.
        certificate: Option<PathBuf> = "";
        /// The private key of that certificate: a file in PEM.
        key: Option<PathBuf> = "";
        /// An address that speaks HTTP, as in `0.0.0.0:80`, and sends everybody to `http.public_url`; none by default.
        redirect: Option<SocketAddr> = "";
        /// How long browsers shall remember to speak HTTPS with this host (HSTS, RFC 6797); empty does not ask them to.
        hsts: Option<Duration> = "180d";
        /// Hosts to have a certificate issued for by itself (ACME), as in `login.example.org`: agrees to the issuer's terms, and needs `tls.redirect`.
        acme: Vec<Host> = "";
        /// An e-mail address that the issuer can write to; none by default.
        acme_contact: Option<Name> = "";
        /// Who issues: the address of its directory.
        acme_directory: PublicUrl = "https://acme-v02.api.letsencrypt.org/directory";
    }
}

section! {
    /// How codes reach phones.
    Sms "sms." {
        /// `console` prints messages, `file:PATH` appends them as JSON lines, a name is a gateway of `invited sms list`.
        gateway: Choice = "console";
        /// The name of your service, as messages say it.
        service_name: Name = "invited";
        /// What messages are written in where the client's Accept-Language says nothing: `ru` or `en`.
        language: Language = "ru";
        /// Your own words in Russian, as in `{code} - код для {service}`.
        text_ru: Option<Name> = "";
        /// Your own words in English.
        text_en: Option<Name> = "";
        /// Whether a phone is told that its account has moved to another: `on` or `off`.
        notices: bool = "on";
        /// The web host that browsers fill the code in for (WebOTP); none by default.
        webotp_host: Option<Host> = "";
        /// The hash of the Android app that reads the message by itself (SMS Retriever); none by default.
        app_hash: Option<AppHash> = "";
    }
}

section! {
    /// Invitation codes, and what links with them lead to.
    Referral "referral." {
        /// Letters and digits of a new invitation code (6 to 8); shorter ones stay good, so raise it when hundreds of millions are taken, and never lower it again.
        code_length: Count<6, 8> = "6";
        /// What a link tells of whoever invites: `name` (the first name, or else the masked phone), `phone` (that, masked), or `nothing`.
        show_referrer: ShowReferrer = "name";
        /// Where a link takes phones, with `{code}` in it: an app's own address, or a page of yours, as in `https://example.com/app?code={code}`; none by default.
        link_to: Option<AppLink> = "";
        /// The same for Android alone, as in `https://play.google.com/store/apps/details?id=org.example.app&referrer={code}`.
        link_to_android: Option<AppLink> = "";
        /// The same for iPhones and iPads alone, as in `https://apps.apple.com/app/id123456789?ct={code}`.
        link_to_ios: Option<AppLink> = "";
        /// Android apps that may open links (`/.well-known/assetlinks.json`): package and SHA-256 fingerprint of the certificate, as in `org.example.app=14:6D:E9:...`.
        android_apps: Vec<AndroidApp> = "";
        /// iOS apps that may open links (`/.well-known/apple-app-site-association`): team and bundle, as in `ABCDE12345.org.example.app`.
        ios_apps: Vec<IosApp> = "";
    }
}

section! {
    /// Where traces go.
    Otel "otel." {
        /// The collector of OpenTelemetry that traces are sent to (OTLP over HTTP), as in `http://127.0.0.1:4318`, by a build with `--features otel`; none by default.
        endpoint: Option<PublicUrl> = "";
    }
}

section! {
    /// How a database on a server is used.
    Store "store." {
        /// A node's most connections to the database's server.
        connections: Count<1, 256> = "16";
        /// Whether statements are prepared once a connection: `on`, or `off` behind a pooler in transaction mode, which gives each transaction another connection.
        statement_cache: bool = "on";
        /// A file with nothing but the password for the database's server; by default the URL has it, if one is asked for.
        password_file: Option<PathBuf> = "";
    }
}

section! {
    /// Backups that the server makes by itself.
    Backup "backup." {
        /// Where they go: folders, which must be there, and buckets of S3-compatible stores, as in `/mnt/backups, s3://bucket/prefix`; none are made by default.
        to: Vec<Target> = "";
        /// How often.
        every: Duration = "6h";
        /// How long: the last one of each day, week and month, for so many of them; or `all`.
        keep: Retention = "7d, 4w, 12m";
        /// Whom they are encrypted to: age recipients, as `age-keygen` tells them (`age1...`); by default they are not encrypted.
        recipient: Vec<Recipient> = "";
        /// The address of the store that buckets are of; by default it is Amazon S3. Its keys are the variables `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
        endpoint: Option<PublicUrl> = "";
        /// The region that the buckets are in.
        region: Name = "us-east-1";
    }
}
