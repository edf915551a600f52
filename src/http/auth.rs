//! Who is calling. The token is checked without the store; whether its
//! session and its user still exist is the first thing that each transaction
//! of a [`Caller`] asks ([`super::authorized`]), so that no handler can forget to.

use std::sync::Arc;

use poem::{Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use super::{
    authorized::{Ask, Begin, Stop, Work},
    problem::{self, Problem},
};
use crate::{
    app::App,
    domain::{
        lock::Subject,
        session::{self, Bearer, FreshLogin, Session},
        tx::Tx,
        user::{User, UserId},
        version::Version,
    },
    token::{TokenError, access},
};

const SCHEME: &str = "Bearer";

/// A user with a valid access token. What it may do is done in transactions
/// that begin by asking whether it may still.
pub struct Caller {
    app: Arc<App>,
    bearer: Bearer,
}

impl Caller {
    /// What the request works with.
    pub fn app(&self) -> &Arc<App> {
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

    /// What stays the same for as long as the user would be shown the same; `None`
    /// when the session has ended.
    pub async fn version(&self) -> Result<Option<Version>, Problem> {
        Ok(self.app.store.version(self.bearer).await?)
    }

    /// Reads for this user.
    pub async fn read<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut dyn Tx, Session, User) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.read_as(Begin::Read, move |tx: &mut dyn Tx, _, session, user| {
            work(tx, session, user)
        })
        .await
    }

    /// Reads for this user what `ask` asks for, and the version that it is of.
    pub async fn read_versioned<T: Send + 'static>(
        &self,
        ask: Ask,
        mut work: impl FnMut(&mut dyn Tx, User) -> Result<T, Problem> + Send + 'static,
    ) -> Result<(Version, T), Problem> {
        self.read_as(Begin::Ask(ask), move |tx: &mut dyn Tx, version, _, user| {
            Ok((version, work(tx, user)?))
        })
        .await
    }

    async fn read_as<T: Send + 'static>(
        &self,
        begin: Begin,
        work: impl FnMut(&mut dyn Tx, Version, Session, User) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let work = Work::of(self.bearer, begin, work);
        match self.app.store.read(work.clone().run()).await {
            Err(Stop::FirstUse) => self.note_use().await?,
            outcome => return outcome.map_err(Problem::from),
        }
        let again = self.app.store.read(work.run()).await;
        again.map_err(Problem::from)
    }

    /// Reads and writes for this user, and decides on them and on these.
    pub async fn write<T: Send + 'static>(
        &self,
        subjects: &[Subject],
        mut work: impl FnMut(&mut dyn Tx, Session, User) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let own = Subject::User(self.bearer.user);
        let subjects = subjects.iter().copied().chain([own]).collect();
        let work = Work::of(
            self.bearer,
            Begin::Lock(subjects),
            move |tx: &mut dyn Tx, _, session, user| work(tx, session, user),
        );
        match self.app.store.write(work.clone().run()).await {
            Err(Stop::FirstUse) => self.note_use().await?,
            outcome => return outcome.map_err(Problem::from),
        }
        let again = self.app.store.write(work.run()).await;
        again.map_err(Problem::from)
    }

    /// Writes down that the generation of the token is in use, in a transaction
    /// of its own: a refusal of what is asked for does not take that back.
    async fn note_use(&self) -> Result<(), Problem> {
        let bearer = self.bearer;
        let noting = self
            .app
            .store
            .write(move |tx| session::note_use(tx, bearer));
        noting.await.map_err(Problem::from)
    }

    /// Reads and writes for this user, if a code has begun the session a short while ago.
    pub async fn write_fresh<T: Send + 'static>(
        &self,
        subjects: &[Subject],
        mut work: impl FnMut(&mut dyn Tx, FreshLogin) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (policy, at) = (self.app.config.sessions(), self.app.monotonic.now());
        self.write(subjects, move |tx, session, user| {
            let login = FreshLogin::of(session, user, policy, at);
            let login = login.ok_or_else(|| Problem::new(&problem::FRESH_LOGIN_REQUIRED))?;
            work(tx, login)
        })
        .await
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
            .data::<Arc<App>>()
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
pub fn bearer_token(request: &Request) -> Result<&str, Problem> {
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
