//! The page that people log in and invite with, the reference client of the API.
//!
//! It is made of plain modules that are served as they stand in the folder
//! beside this file. What the operator configured reaches it as a style and a
//! module of their own, since the policy of pages forbids both inside of them.

use serde_json::json;

use super::content::{CSS, HTML, Page, SCRIPT, files, html};
use crate::{
    config::{Config, Name},
    domain::region::Region,
};

/// Its pages, by their paths without the slash at their end.
pub fn pages(config: &Config) -> Vec<(String, Page)> {
    let (page, style, script) = (
        html(include_str!("app/index.html"), config.prefix()),
        style(config),
        script(config),
    );
    let made = [
        ("/", Page::of(HTML, move || page.clone())),
        ("/app/brand.css", Page::of(CSS, move || style.clone())),
        ("/app/brand.js", Page::of(SCRIPT, move || script.clone())),
    ];
    let styles = files!(CSS, "/app/", "app/"; "app.css");
    let scripts = files!(SCRIPT, "/app/", "app/"; "main.js", "account.js", "api.js", "code.js", "dom.js", "home.js", "invitations.js", "login.js", "phone.js", "session.js", "words.js");
    let logo = config.pages.logo.clone();
    let logo = logo.map(|logo| ("/app/logo", Page::of(logo.kind, move || logo.bytes.clone())));
    let all = made.into_iter().chain(styles).chain(scripts).chain(logo);
    all.map(|(path, page)| (path.to_owned(), page)).collect()
}

/// The operator's colour, and what can be read on it.
fn style(config: &Config) -> String {
    let color = config.pages.color;
    let text = if color.is_light() { "#000" } else { "#fff" };
    format!(
        ":root {{ --accent: {}; --on-accent: {text} }}\n",
        color.css()
    )
}

/// What the page is to know of the service, as a module.
fn script(config: &Config) -> String {
    let brand = json!({
        "name": config.name(),
        // Whether a number without a plus is one of Russia.
        "russian_numbers": config.login.default_region == Region::RU,
        "logo": config.pages.logo.is_some(),
        "notice": config.pages.notice.as_ref().map(Name::as_str),
        // Whether a message can be read at `/app/message/`.
        "shows_messages": config.is_for_development(),
    });
    format!("export default {brand};\n")
}
