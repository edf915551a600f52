//! Profiles as they were shown last: apps ask for them again and again, and
//! mostly nothing has changed. The store tells whether anything may have, so
//! nobody ever sees what is not so any more.

use hyper::body::Bytes;
use quick_cache::{Weighter, sync::Cache};

use crate::domain::{
    session::{Bearer, SessionId},
    tx::Stamp,
};

/// Most bytes that are kept.
const MOST: u64 = 4 * 1024 * 1024;
/// What keeping one takes beside its text.
const OVERHEAD: u64 = 200;
/// Profiles to have room for at first.
const FEW: usize = 1024;

/// What sessions were shown.
pub struct Shown(Cache<SessionId, Profile, Weight>);

#[derive(Clone)]
struct Profile {
    /// Who was shown it. The first use of other tokens has to be written down.
    bearer: Bearer,
    /// The user's stamp before it was read.
    stamp: Stamp,
    body: Bytes,
}

#[derive(Clone)]
struct Weight;

impl Weighter<SessionId, Profile> for Weight {
    fn weight(&self, _: &SessionId, profile: &Profile) -> u64 {
        OVERHEAD + profile.body.len() as u64
    }
}

impl Default for Shown {
    fn default() -> Self {
        Self(Cache::with_weighter(FEW, MOST, Weight))
    }
}

impl Shown {
    /// What the caller was shown, if the user's stamp is still the same.
    pub fn again(&self, bearer: Bearer, stamp: Stamp) -> Option<Bytes> {
        let shown = self.0.get(&bearer.session)?;
        let holds = shown.stamp == stamp && shown.bearer == bearer;
        holds.then_some(shown.body)
    }

    /// Keeps what was read after the stamp was taken.
    pub fn keep(&self, bearer: Bearer, stamp: Stamp, body: Bytes) {
        let profile = Profile {
            bearer,
            stamp,
            body,
        };
        self.0.insert(bearer.session, profile);
    }
}
