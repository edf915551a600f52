//! New tokens for old.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use super::{
    client::Client,
    examples,
    json::{Body, Fields, FromFields},
    problem::{self, Problem, seconds},
    refusal::{ANY, BODY, Groups, Refusal, Refusals},
    reply::Reply,
    tag::Tag,
    types::example,
};
use crate::{
    app::App,
    domain::{
        rotation::{self, Rotation},
        time::Timestamp,
    },
    token::access::{self, Pair, Verified},
};

/// The call that exchanges refresh tokens.
pub struct TokenApi;

/// A refresh token to be exchanged.
#[derive(Object)]
#[oai(example)]
pub struct RefreshRequest {
    /// The refresh token.
    refresh: String,
}

impl FromFields for RefreshRequest {
    type Read = String;

    fn from_fields(fields: &mut Fields) -> Option<String> {
        fields.text("refresh")
    }
}

example!(RefreshRequest {
    refresh: examples::REFRESH.to_owned(),
});

/// The next pair of tokens.
#[derive(Object, Serialize)]
#[oai(example)]
pub struct RefreshReply {
    /// For `Authorization: Bearer`.
    access: String,
    /// For the next pair.
    refresh: String,
    /// Seconds until `access` expires.
    expires_in: u64,
    /// Seconds until `refresh` expires.
    refresh_expires_in: u64,
}

impl RefreshReply {
    fn of(pair: Pair, now: Timestamp) -> Self {
        Self {
            access: pair.access,
            refresh: pair.refresh,
            expires_in: seconds(pair.access_until.since(now)),
            refresh_expires_in: seconds(pair.refresh_until.since(now)),
        }
    }
}

example!(RefreshReply {
    access: examples::ACCESS.to_owned(),
    refresh: examples::REFRESH.to_owned(),
    expires_in: 9000,
    refresh_expires_in: 86_400,
});

/// What `POST /token/refresh/` may refuse.
pub struct Refresh;

impl Refusals for Refresh {
    const KINDS: Groups = &[
        BODY,
        &[
            &problem::TOKEN_INVALID,
            &problem::TOKEN_EXPIRED,
            &problem::REFRESH_REUSED,
        ],
        ANY,
    ];
}

#[OpenApi]
impl TokenApi {
    /// Exchange a refresh token
    ///
    /// A refresh token is good once. Within ten seconds, and after that for as
    /// long as neither token of its successor was ever used, it yields the same
    /// successor again, so that an answer that was lost can be asked for again.
    /// Otherwise its reuse ends the session.
    #[oai(
        path = "/token/refresh/",
        method = "post",
        tag = "Tag::Sessions",
        operation_id = "refresh_tokens"
    )]
    async fn refresh(
        &self,
        app: Data<&Arc<App>>,
        body: Body<RefreshRequest>,
        client: Client,
    ) -> Result<Reply<RefreshReply>, Refusal<Refresh>> {
        let app = app.0;
        let (visitor, mut rng) = (client.visitor(app, None), app.dice());
        let now = visitor.now;
        let verified = access::verify_refresh(app.keys(), &body.0, now);
        let token = verified.map_err(Problem::from)?;
        let origin = client.origin;
        let policy = app.config.sessions();
        let rotation = app
            .store
            .write(move |tx| {
                let rotation = match &token {
                    Verified::Own(bearer) => {
                        rotation::rotate(tx, &visitor, *bearer, policy, &mut rng)
                    }
                    Verified::Imported(token) => {
                        rotation::exchange(tx, &visitor, token, &origin, policy, &mut rng)
                    }
                };
                rotation.map_err(Problem::from)
            })
            .await?;
        match rotation {
            Rotation::Granted(session) => {
                let pair = access::issue(app.keys(), &session, policy);
                Ok(Reply::of(&RefreshReply::of(pair, now)))
            }
            Rotation::Reused => Err(Problem::new(&problem::REFRESH_REUSED).into()),
            Rotation::Gone => Err(Problem::new(&problem::TOKEN_INVALID).into()),
        }
    }
}
