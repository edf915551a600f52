//! Links that invite: whoever opens one sees who invites, and goes on to the
//! user's page, or to the operator's app, with the code.
//!
//! Phones are offered the app, and are not sent there at once: an app that is
//! not installed has no address, iOS opens apps for those only who tap a link,
//! and whoever is invited, and messengers that make a preview, shall see by whom.

mod apps;
mod qr;
mod view;

use std::sync::Arc;

use poem::{
    Request, Response, Result, Route, get,
    http::{Method, StatusCode, header},
    web::Data,
};
use serde_json::json;

use self::view::{Invitation, View};
use super::content::{HTML, POLICY, head};
use crate::{
    app::App,
    config::{AppLink, Config, ShowReferrer},
    domain::{code::InvitationCode, invitation, user::User},
    http::{
        client::{Client, language},
        json::CONTENT_TYPE,
        problem::{self, Problem},
    },
    sms::language::Language,
};

/// The page, as the log writes its path.
const PAGE: &str = "/i/{code}/";
/// Every path, as the log writes it.
pub const PATTERNS: [&str; 5] = [
    PAGE,
    "/i/{code}/qr.svg",
    "/i/{code}/qr.png",
    apps::ANDROID,
    apps::IOS,
];

/// Adds the links to what is served.
pub fn routed(route: Route) -> Route {
    route
        .at("/i/:code", get(look))
        .at("/i/:code/qr.svg", get(svg))
        .at("/i/:code/qr.png", get(png))
        .at(apps::ANDROID, get(apps::android))
        .at(apps::IOS, get(apps::ios))
}

/// The link with a code, as people pass it on.
pub fn link(config: &Config, code: InvitationCode) -> String {
    format!("{}/i/{code}/", config.base_url())
}

/// Who is told in words, and in which, why a link cannot be shown.
pub fn reader(route: Option<&str>, request: &Request, app: &App) -> Option<Language> {
    let looks = [Method::GET, Method::HEAD].contains(request.method());
    let is_reader = route == Some(PAGE) && looks && !wants_json(request);
    is_reader.then(|| language(request, app))
}

/// The same answer, in words.
pub fn in_words(app: &App, language: Language, mut response: Response) -> Response {
    let page = View::of(&app.config, language).problem(response.status());
    let (head, body) = shown(page).into_parts();
    response.headers_mut().extend(head.headers);
    response.set_body(body);
    response
}

/// Says who invites.
#[poem::handler]
async fn look(request: &Request, client: Client, app: Data<&Arc<App>>) -> Result<Response> {
    let code = code(request, &app)?;
    if let Some(redirect) = redirect(request, &app, code) {
        return Ok(redirect);
    }
    let (service, visitor) = (Arc::clone(&app), client.visitor(&app, None));
    let looking = app
        .store
        .read(move |tx| invitation::look(tx, &service.guard, &visitor, code));
    let looked = looking.await.map_err(Problem::from)?;
    let referrer = looked.map_err(Problem::from)?;
    let config = &app.config;
    let from = told(config.referral.show_referrer, &referrer);
    if wants_json(request) {
        let response = Response::builder().content_type(CONTENT_TYPE);
        return Ok(response.body(json!({ "invited_by": from }).to_string()));
    }
    let app_link = app_link(config, &client.origin.user_agent);
    let invitation = Invitation {
        link: link(config, code),
        from,
        app: app_link.map(|app| app.with_code(code.as_str())),
        code,
    };
    Ok(shown(
        View::of(config, client.language).invitation(&invitation),
    ))
}

#[poem::handler]
fn svg(request: &Request, Data(app): Data<&Arc<App>>) -> Result<Response> {
    picture(request, app, "image/svg+xml", |link| qr::svg(link).into())
}

#[poem::handler]
fn png(request: &Request, Data(app): Data<&Arc<App>>) -> Result<Response> {
    picture(request, app, "image/png", qr::png)
}

/// The QR code of a link. That is asked of no database: every code has one.
fn picture(
    request: &Request,
    app: &App,
    kind: &str,
    draw: impl Fn(&str) -> Vec<u8>,
) -> Result<Response> {
    let code = code(request, app)?;
    if let Some(redirect) = redirect(request, app, code) {
        return Ok(redirect);
    }
    let response = Response::builder()
        .content_type(kind)
        .header(header::CACHE_CONTROL, "public, max-age=86400, immutable");
    Ok(response.body(draw(&link(&app.config, code))))
}

/// The code in the path, as people spell it.
fn code(request: &Request, app: &App) -> Result<InvitationCode, Problem> {
    let longest = *app.config.referral.code_length;
    let read = |code| InvitationCode::parse(code).and_then(|code| code.within(longest));
    let code = request.raw_path_param("code");
    let code = code.and_then(|code| read(code).ok());
    code.ok_or_else(|| Problem::new(&problem::INVITATION_NOT_FOUND))
}

/// Sends whoever spelled a code in another way to the one that it is known by.
fn redirect(request: &Request, app: &App, code: InvitationCode) -> Option<Response> {
    if request.raw_path_param("code") == Some(code.as_str()) {
        return None;
    }
    let file = request
        .uri()
        .path()
        .splitn(4, '/')
        .nth(3)
        .unwrap_or_default();
    let location = format!("{}/i/{code}/{file}", app.config.prefix());
    let response = Response::builder().status(StatusCode::PERMANENT_REDIRECT);
    Some(response.header(header::LOCATION, location).finish())
}

/// Whether it is the user's page that asks, to name the referrer at the login.
fn wants_json(request: &Request) -> bool {
    let accepted = request.headers().get(header::ACCEPT);
    accepted.is_some_and(|accepted| accepted.as_bytes() == b"application/json")
}

/// A page about a link. Links are for those who were given them, so no search
/// engine shall keep one.
fn shown(page: String) -> Response {
    let response = head(POLICY).content_type(HTML);
    response.header("x-robots-tag", "noindex").body(page)
}

/// What whoever has the link may know of the referrer.
fn told(setting: ShowReferrer, referrer: &User) -> Option<String> {
    match setting {
        ShowReferrer::Name if !referrer.first_name.is_empty() => Some(referrer.first_name.clone()),
        ShowReferrer::Name | ShowReferrer::Phone => Some(referrer.phone.masked()),
        ShowReferrer::Nothing => None,
    }
}

/// Where the app is for a browser that calls itself so. Of iPads those are not
/// known that pass for computers.
fn app_link<'c>(config: &'c Config, user_agent: &str) -> Option<&'c AppLink> {
    let is_one_of = |names: &[&str]| names.iter().any(|name| user_agent.contains(name));
    let referral = &config.referral;
    let own = if is_one_of(&["Android"]) {
        &referral.link_to_android
    } else if is_one_of(&["iPhone", "iPad", "iPod"]) {
        &referral.link_to_ios
    } else {
        return None;
    };
    own.as_ref().or(referral.link_to.as_ref())
}
