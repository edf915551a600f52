//! Whether a backup can be restored: it is, elsewhere, and somebody logs in.

use std::{
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
};

use rand::{CryptoRng, rngs::StdRng};

use super::{archive, error::BackupError, folder};
use crate::{
    config::Config,
    domain::{
        challenge::Purpose,
        code::OneTimeCode,
        error::StoreError,
        guard::Guard,
        login::{self, Attempt, Confirmation},
        phone::Phone,
        profile,
        proof::{self, Answer, Fixed, OpenError as Unopened, Wanted},
        session::{self, Origin},
        time::Timestamp,
        tx::Tx,
        user::UserId,
        visitor::Visitor,
    },
    store::{Installation, Location, OpenError, Progress, Store, VerifyError},
    token::{key_file, keys::Keys},
};

/// A phone of nobody: there is no country code 999.
const PHONE: u64 = 999_000_000_000;
/// The code that it gets.
const CODE: &str = "0000";

/// A backup that is to be verified.
pub struct Candidate<'a> {
    /// The folder that it is in.
    pub path: &'a Path,
    /// What the service that goes with it is configured to be.
    pub config: &'a Config,
    /// What time it is.
    pub now: Timestamp,
    /// What is drawn.
    pub dice: fn() -> StdRng,
    /// How far it is.
    pub progress: &'a Arc<Progress>,
}

impl Candidate<'_> {
    /// Verifies it in a folder that is made for that and removed afterwards.
    ///
    /// # Errors
    /// When it cannot be restored, or is not to be relied on.
    pub fn verify(&self, scratch: &Path) -> Result<(), BackupError> {
        let made = DirBuilder::new().mode(0o700).create(scratch);
        made.map_err(BackupError::io(scratch))?;
        let verified = self.verify_in(scratch);
        let removed = fs::remove_dir_all(scratch).map_err(BackupError::io(scratch));
        verified.and(removed)
    }

    fn verify_in(&self, scratch: &Path) -> Result<(), BackupError> {
        let keys = self.keys()?;
        let copy = scratch.join("invited.db");
        archive::unpack(&self.path.join(folder::DATABASE), &copy, self.progress)?;
        // As the server does before it serves.
        Store::migrate(&Location::Sqlite(copy.clone())).map_err(|error| self.unopened(error))?;
        Store::verify(&copy, self.progress).map_err(|error| match error {
            VerifyError::Open(error) => self.unopened(error),
            VerifyError::Stopped => BackupError::Stopped,
            VerifyError::Unsound(reason) => self.unsound(reason),
        })?;
        let store = Store::open_verified(&copy).map_err(|error| self.unopened(error))?;
        let Installation {
            keys: known,
            is_occupied,
        } = store.installation();
        let fits = |known: &String| *known == keys.ledger.fingerprint();
        if *is_occupied && !known.as_ref().is_none_or(fits) {
            return Err(self.unsound("its keys are not those of its database".to_owned()));
        }
        self.log_in(&store, keys)
    }

    /// The keys in it.
    ///
    /// # Errors
    /// When there are none, or none that can be used.
    pub fn keys(&self) -> Result<Keys, BackupError> {
        let path = self.path.join(folder::KEYS);
        let stored = key_file::read(&path)?;
        let mut stored = stored.ok_or_else(|| BackupError::NotOne(self.path.to_owned()))?;
        let ledger = stored.ledger.take().ok_or(BackupError::Damaged(path))?;
        Ok(stored.into_keys(|| ledger))
    }

    /// Has somebody log in on it, and reads a profile of those who were there.
    fn log_in(&self, store: &Store, keys: Keys) -> Result<(), BackupError> {
        let hash = move |what: &str, text: &str| keys.fingerprint(what, text);
        let guard = Guard::new(self.config.guard(), Arc::default(), hash);
        let (now, sessions, dice) = (self.now, self.config.sessions(), self.dice);
        let work = move |tx: &mut dyn Tx| log_in(tx, &guard, sessions, now, &mut dice());
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(BackupError::io(self.path))?;
        let played = runtime.block_on(store.write(work));
        played.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            self.unsound(cause.unwrap_or_else(|| error.to_string()))
        })
    }

    fn unsound(&self, reason: String) -> BackupError {
        BackupError::Unsound {
            path: self.path.to_owned(),
            reason,
        }
    }

    fn unopened(&self, error: OpenError) -> BackupError {
        let path = || self.path.join(folder::DATABASE);
        match error {
            OpenError::OtherSchema(_) => BackupError::Newer(self.path.to_owned()),
            OpenError::Foreign(_) => BackupError::NotOne(self.path.to_owned()),
            OpenError::Damaged(_) | OpenError::OtherLog { .. } => BackupError::Damaged(path()),
            OpenError::Io { path, reason } => BackupError::Io { path, reason },
            error => self.unsound(error.to_string()),
        }
    }
}

/// Plays the login of a test number, whom no limit keeps out.
fn log_in(
    tx: &mut dyn Tx,
    guard: &Guard,
    sessions: session::Policy,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(), StoreError> {
    if let Some(user) = tx.users(UserId(0), false, 1)?.pop() {
        profile::read(tx, user)?;
    }
    let failed = || StoreError::Broken("nobody could log in".to_owned());
    let phone = Phone::from_number(PHONE).map_err(|_| failed())?;
    let code = OneTimeCode::parse(CODE).map_err(|_| failed())?;
    let visitor = Visitor::unknown(now, now);
    let fixed = Fixed {
        code: code.clone(),
        until: now + guard.policy.challenges.ttl,
    };
    let wanted = Wanted {
        phone,
        purpose: Purpose::Login,
        fixed: Some(fixed),
        source: None,
        dispatch: None,
        longest: code.digits(),
    };
    let opened = proof::open(tx, guard, &visitor, &wanted, rng).map_err(|error| match error {
        Unopened::Store(error) => error,
        Unopened::Limited(_) => failed(),
    })?;
    let attempt = Attempt {
        answer: Answer {
            challenge: opened.challenge.id,
            phone,
            purpose: Purpose::Login,
            longest: code.digits(),
            guess: code,
        },
        invitation: None,
        origin: Origin::default(),
    };
    match login::confirm(tx, guard, &visitor, &attempt, sessions, rng)? {
        Confirmation::Welcome(welcome) => {
            let user = tx.user(welcome.session.user)?.ok_or_else(failed)?;
            profile::read(tx, user).map(drop)
        }
        Confirmation::Refused(_) | Confirmation::Banned => Err(failed()),
    }
}
