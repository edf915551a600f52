//! Who is calling: an operator by the cookie of a session, or a program by a
//! service key. Who that is and what they may do is asked again by whatever is
//! done for them ([`Actor::identify`]).

use std::sync::Arc;

use poem::{FromRequest, Request, RequestBody};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};
use serde_json::Value;

use super::{cookie, place::Place, same_site};
use crate::{
    app::{
        App,
        admin::{self, Actor, AdminError, Change, Command, Look},
    },
    domain::source::Deed,
    http::{
        auth::bearer_token,
        client::Client,
        json::is_plain_json,
        problem::{self, Problem},
    },
};

const SESSION: &str = "OperatorSession";
const KEY: &str = "ServiceKey";

/// Somebody who operates the service.
pub struct Caller {
    app: Arc<App>,
    actor: Actor,
}

impl Caller {
    /// What the request works with.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// In whose name it asks.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Shows something.
    pub async fn look(&self, look: Look) -> Result<Value, AdminError> {
        self.perform(Command::Look(look), String::new()).await
    }

    /// Changes something.
    pub async fn change(&self, change: Change, reason: String) -> Result<Value, AdminError> {
        self.perform(Command::Change(change), reason).await
    }

    async fn perform(&self, command: Command, reason: String) -> Result<Value, AdminError> {
        let request = admin::Request {
            command,
            reason,
            full: true,
        };
        admin::perform(&self.app, &self.actor, request).await
    }
}

impl<'a> ApiExtractor<'a> for Caller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = |ty, description| MetaSecurityScheme {
            ty,
            description: Some(description),
            name: None,
            key_in: None,
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        let cookie = "The cookie of a login; over TLS its name begins with `__Host-` or `__Secure-`. \
                      What changes something needs `Content-Type: application/json`.";
        let cookie = MetaSecurityScheme {
            name: Some(cookie::NAME),
            key_in: Some("cookie"),
            ..scheme("apiKey", cookie)
        };
        let key = MetaSecurityScheme {
            scheme: Some("bearer"),
            ..scheme("http", "A service key (RFC 6750).")
        };
        registry.create_security_scheme(SESSION, cookie);
        registry.create_security_scheme(KEY, key);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SESSION, KEY]
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let (app, place) = (request.data::<Arc<App>>(), request.data::<Arc<Place>>());
        let (Some(app), Some(place)) = (app, place) else {
            return Err(Problem::new(&problem::INTERNAL).into());
        };
        let app = Arc::clone(app);
        if let Some(session) = cookie::read(request, place).filter(|_| !has_key(request)) {
            check(request, place)?;
            let actor = Actor::of_session(session);
            let actor = actor.ok_or_else(|| Problem::new(&problem::UNAUTHENTICATED))?;
            actor.enter(&app).await.map_err(Problem::from)?;
            return Ok(Self { app, actor });
        }
        let entered = match Actor::of_key(bearer_token(request)?) {
            Some(actor) => actor.enter(&app).await.map(|()| actor),
            None => Err(AdminError::Unauthenticated),
        };
        match entered {
            Ok(actor) => Ok(Self { app, actor }),
            Err(AdminError::Unauthenticated) => {
                let client = <Client as FromRequest>::from_request(request, body).await?;
                Err(unknown_key(&app, &client).into())
            }
            Err(error) => Err(Problem::from(error).into()),
        }
    }
}

/// Whether it shows a key, which counts for more than a cookie that the browser sends by itself.
fn has_key(request: &Request) -> bool {
    request.headers().contains_key("authorization")
}

/// What changes something by a cookie is not another site's, and no form's.
fn check(request: &Request, place: &Place) -> Result<(), Problem> {
    if request.method().is_safe() {
        return Ok(());
    }
    same_site::check(request, place)?;
    let is_json = is_plain_json(request.headers());
    is_json
        .then_some(())
        .ok_or_else(|| Problem::new(&problem::UNSUPPORTED_MEDIA_TYPE))
}

/// Nobody guesses a key; whoever shows many that are none is slowed down all the same.
fn unknown_key(app: &App, client: &Client) -> Problem {
    let (visitor, deed) = (client.visitor(app, None), Deed::UnreadableToken);
    if let Some(reached) = app.guard.source_reached(&visitor, deed) {
        return Problem::limited(&problem::RATE_LIMITED, reached);
    }
    app.guard.blame_source(&visitor, deed);
    Problem::new(&problem::UNAUTHENTICATED)
}
