//! Who is calling. The token is checked without the store; whether its
//! session and its user still exist is the first thing that each transaction
//! of a [`Caller`] asks, so that no handler can forget to.

use poem::{Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::problem::{self, Problem};
use crate::{
    app::Context,
    domain::{
        session::{self, Bearer, FreshLogin, Session},
        tx::{Stamp, Tx},
        user::{User, UserId},
    },
    token::{TokenError, access},
};

const SCHEME: &str = "Bearer";

/// A user with a valid access token. What it may do is done in transactions
/// that begin by asking whether it may still.
pub struct Caller {
    app: Context,
    bearer: Bearer,
}

impl Caller {
    /// What the request works with.
    pub fn app(&self) -> &Context {
        &self.app
    }

    /// Who it is.
    pub fn user(&self) -> UserId {
        self.bearer.user
    }

    /// Who it says it is, and in which session.
    pub fn bearer(&self) -> Bearer {
        self.bearer
    }

    /// What stays the same for as long as the user would be shown the same.
    pub fn stamp(&self) -> Stamp {
        self.app.store.stamp(self.bearer.user)
    }

    /// Reads for this user.
    pub async fn read<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut dyn Tx, Session, User) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let bearer = self.bearer;
        self.app
            .store
            .read(move |tx| authorized(tx, bearer, &mut work))
            .await
    }

    /// Reads and writes for this user.
    pub async fn write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut dyn Tx, Session, User) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let bearer = self.bearer;
        self.app
            .store
            .write(move |tx| authorized(tx, bearer, &mut work))
            .await
    }

    /// Reads and writes for this user, if a code has begun the session a short while ago.
    pub async fn write_fresh<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut dyn Tx, FreshLogin) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (policy, at) = (self.app.config.sessions(), self.app.ratchet.now());
        self.write(move |tx, session, user| {
            let login = FreshLogin::of(session, user, policy, at);
            let login = login.ok_or_else(|| Problem::new(&problem::FRESH_LOGIN_REQUIRED))?;
            work(tx, login)
        })
        .await
    }
}

fn authorized<T>(
    tx: &mut dyn Tx,
    bearer: Bearer,
    work: &mut impl FnMut(&mut dyn Tx, Session, User) -> Result<T, Problem>,
) -> Result<T, Problem> {
    match session::authorize(tx, bearer)? {
        Some((session, user)) => work(tx, session, user),
        None => Err(Problem::new(&problem::TOKEN_INVALID)),
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::new(match error {
            TokenError::Invalid => &problem::TOKEN_INVALID,
            TokenError::Expired => &problem::TOKEN_EXPIRED,
        })
    }
}

impl<'a> ApiExtractor<'a> for Caller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some("The `access` token of a login (RFC 6750)."),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("JWT"),
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme(SCHEME, scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let app = request
            .data::<Context>()
            .ok_or_else(|| Problem::new(&problem::INTERNAL))?;
        let token = bearer_token(request)?;
        let bearer = access::verify_access(app.keys(), token, app.now()).map_err(Problem::from)?;
        Ok(Self {
            app: app.clone(),
            bearer,
        })
    }
}

/// The token of `Authorization: Bearer`, RFC 6750, section 2.1.
fn bearer_token(request: &Request) -> Result<&str, Problem> {
    let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
    let (one, another) = (values.next(), values.next());
    if another.is_some() {
        return Err(Problem::new(&problem::TOKEN_INVALID));
    }
    let credentials = one
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '));
    match credentials {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(SCHEME) => Ok(token.trim()),
        _ => Err(Problem::new(&problem::UNAUTHENTICATED)),
    }
}
