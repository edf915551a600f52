//! Profiles as they were answered last: apps ask for them again and again, and
//! mostly nothing has changed. The store tells whether anything may have, so
//! nobody ever sees what is not so any more.

use hyper::body::Bytes;
use quick_cache::{Weighter, sync::Cache};

use crate::domain::{
    session::{Bearer, SessionId},
    version::Version,
};

/// Most bytes that are kept.
const MOST: u64 = 4 * 1024 * 1024;
/// What keeping one takes beside its text.
const OVERHEAD: u64 = 200;
/// Profiles to have room for at first.
const FEW: usize = 1024;

/// The profile that each session was answered last.
pub struct ProfileCache(Cache<SessionId, CachedProfile, Weight>);

#[derive(Clone)]
struct CachedProfile {
    /// Who asked for it. The first use of other tokens has to be written down.
    bearer: Bearer,
    /// The user's version before it was read.
    version: Version,
    body: Bytes,
}

#[derive(Clone)]
struct Weight;

impl Weighter<SessionId, CachedProfile> for Weight {
    fn weight(&self, _: &SessionId, profile: &CachedProfile) -> u64 {
        OVERHEAD + profile.body.len() as u64
    }
}

impl Default for ProfileCache {
    fn default() -> Self {
        Self(Cache::with_weighter(FEW, MOST, Weight))
    }
}

impl ProfileCache {
    /// Whether anything was answered to the caller that is kept.
    pub fn has(&self, bearer: Bearer) -> bool {
        let cached = self.0.get(&bearer.session);
        cached.is_some_and(|cached| cached.bearer == bearer)
    }

    /// What the caller was answered last, if the user's version is still the same.
    pub fn get(&self, bearer: Bearer, version: Version) -> Option<Bytes> {
        let cached = self.0.get(&bearer.session)?;
        let holds = cached.version == version && cached.bearer == bearer;
        holds.then_some(cached.body)
    }

    /// Keeps what was read after the version was taken.
    pub fn put(&self, bearer: Bearer, version: Version, body: Bytes) {
        let profile = CachedProfile {
            bearer,
            version,
            body,
        };
        self.0.insert(bearer.session, profile);
    }
}
