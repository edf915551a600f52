//! What a link shows, in Russian and in English.

use poem::http::StatusCode;

use super::super::markup::{Markup, Value};
use crate::{
    config::{Config, Name},
    domain::code::InvitationCode,
    sms::language::Language,
};

const PICTURE: &str = "<meta property=\"og:url\" content=\"{link}\">\n\
    <meta property=\"og:image\" content=\"{link}qr.png\">\n";
const BODY: &str = "</head>\n<body>\n";
const NOTICE: &str = "<p class=\"banner\">{notice}</p>\n";
const HEADER: &str = "<header>\n<p class=\"brand\">";
const LOGO: &str = "<img src=\"{prefix}/app/logo\" alt=\"\">";
const NAMED: &str = "<h1><bdi>{from}</bdi>{invites}</h1>\n";
const UNNAMED: &str = "<h1>{title}</h1>\n";
const APP: &str = "<a class=\"primary\" href=\"{app}\">{open}</a>\n\
    <a href=\"{prefix}/?invitation={code}\">{stay}</a>\n";
const LOGIN: &str = "<a class=\"primary\" href=\"{prefix}/?invitation={code}\">{accept}</a>\n";
const QR: &str = "<img class=\"qr\" src=\"{prefix}/i/{code}/qr.svg\" width=\"176\" height=\"176\" alt=\"{qr}\">\n";

/// An invitation, as whoever has its link may see it.
pub struct Invitation {
    /// Its code.
    pub code: InvitationCode,
    /// The link itself.
    pub link: String,
    /// Who invites, if that is told.
    pub from: Option<String>,
    /// Where the app is, for phones that are to have it.
    pub app: Option<String>,
}

/// What pages say.
struct Words {
    /// A heading, after the name of whoever invites.
    invites: &'static str,
    /// A heading where that is not told.
    invited: &'static str,
    /// What to do, around the name of the service.
    about: [&'static str; 2],
    code: &'static str,
    accept: &'static str,
    open: &'static str,
    stay: &'static str,
    qr: &'static str,
    home: &'static str,
    /// Headings and explanations of what there may be instead.
    unknown: [&'static str; 2],
    limited: [&'static str; 2],
    failed: [&'static str; 2],
}

const RUSSIAN: Words = Words {
    invites: " приглашает вас",
    invited: "Вас приглашают",
    about: [
        "Войдите в ",
        " по номеру телефона: код приглашения подставится сам.",
    ],
    code: "Код приглашения",
    accept: "Принять приглашение",
    open: "Открыть в приложении",
    stay: "Продолжить в браузере",
    qr: "QR-код этой ссылки",
    home: "Войти без приглашения",
    unknown: [
        "Такого приглашения нет",
        "Возможно, в ссылке опечатка или она больше не действует. Попросите прислать её ещё раз.",
    ],
    limited: [
        "Попробуйте позже",
        "Из вашей сети открыли слишком много неверных ссылок, поэтому сейчас приглашения не показываются.",
    ],
    failed: [
        "Что-то пошло не так",
        "Сейчас приглашение открыть не удаётся. Попробуйте через минуту.",
    ],
};

const ENGLISH: Words = Words {
    invites: " invites you",
    invited: "You are invited",
    about: [
        "Log in to ",
        " with your phone number: the invitation code is filled in for you.",
    ],
    code: "Invitation code",
    accept: "Accept the invitation",
    open: "Open in the app",
    stay: "Go on in the browser",
    qr: "QR code of this link",
    home: "Log in without an invitation",
    unknown: [
        "There is no such invitation",
        "The link may be mistyped, or it is not valid any more. Ask for it to be sent again.",
    ],
    limited: [
        "Try again later",
        "Too many wrong links were opened from your network, so no invitations are shown for now.",
    ],
    failed: [
        "Something went wrong",
        "The invitation cannot be opened now. Try again in a minute.",
    ],
};

/// A page under way.
pub struct View<'c> {
    config: &'c Config,
    language: Language,
    words: &'static Words,
}

impl<'c> View<'c> {
    /// Pages of a service that is configured so, for those who read this.
    pub fn of(config: &'c Config, language: Language) -> Self {
        let words = match language {
            Language::Russian => &RUSSIAN,
            Language::English => &ENGLISH,
        };
        Self {
            config,
            language,
            words,
        }
    }

    /// Who invites, and how to go on.
    pub fn invitation(&self, invitation: &Invitation) -> String {
        let (words, from) = (self.words, invitation.from.as_deref());
        // The direction of the name is its own affair, here and in the heading.
        let named = from.map(|from| format!("\u{2068}{from}\u{2069}{}", words.invites));
        let title = named.as_deref().unwrap_or(words.invited);
        let about = words.about.join(self.config.name());
        let values = [
            ("about", &*about),
            ("from", from.unwrap_or_default()),
            ("invites", words.invites),
            ("code", invitation.code.as_str()),
            ("label", words.code),
            ("link", &invitation.link),
            ("app", invitation.app.as_deref().unwrap_or_default()),
            ("open", words.open),
            ("stay", words.stay),
            ("accept", words.accept),
            ("qr", words.qr),
        ];
        let mut page = self.begin(title, &values);
        page.add(include_str!("preview.html"));
        // Previews are made elsewhere, where only a public address leads here.
        if self.config.http.public_url.is_some() {
            page.add(PICTURE);
        }
        self.begin_card(&mut page);
        page.add(if from.is_some() { NAMED } else { UNNAMED });
        page.add(include_str!("invitation.html"));
        page.add(if invitation.app.is_some() { APP } else { LOGIN });
        page.add(QR);
        page.add(include_str!("end.html"));
        page.finish()
    }

    /// Why there is nothing to be seen: of what nobody may know more, no more is said.
    pub fn problem(&self, status: StatusCode) -> String {
        let [title, explanation] = match status {
            StatusCode::NOT_FOUND => self.words.unknown,
            StatusCode::TOO_MANY_REQUESTS => self.words.limited,
            _ => self.words.failed,
        };
        let values = [("explanation", explanation), ("home", self.words.home)];
        let mut page = self.begin(title, &values);
        self.begin_card(&mut page);
        page.add(include_str!("problem.html"));
        page.add(include_str!("end.html"));
        page.finish()
    }

    fn begin<'v>(&'v self, title: &'v str, values: &[Value<'v>]) -> Markup<'v> {
        let notice = self.config.pages.notice.as_ref();
        let all = [
            ("language", self.language.tag()),
            ("prefix", self.config.prefix()),
            ("service", self.config.name()),
            ("notice", notice.map_or("", Name::as_str)),
            ("title", title),
        ];
        let mut page = Markup::of([&all, values].concat());
        page.add(include_str!("begin.html"));
        page
    }

    fn begin_card(&self, page: &mut Markup<'_>) {
        page.add(BODY);
        if self.config.pages.notice.is_some() {
            page.add(NOTICE);
        }
        page.add(HEADER);
        if self.config.pages.logo.is_some() {
            page.add(LOGO);
        }
        page.add(include_str!("card.html"));
    }
}
