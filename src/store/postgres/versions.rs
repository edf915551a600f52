//! Whether what a user is shown may have changed: a column of theirs, and a row
//! for everybody, which is raised where too many are shown it to look for them.

use super::{
    row::{Read, Row},
    transaction::Transaction,
    value::params,
};
use crate::domain::{
    error::StoreError,
    session::Bearer,
    user::{UserId, Version, Versions},
};

impl Versions for Transaction<'_> {
    fn version(&mut self, id: UserId) -> Result<Version, StoreError> {
        let version = self.one(
            "SELECT users.version + shared_version.version FROM users CROSS JOIN shared_version
             WHERE users.id = $1 AND shared_version.id = 1",
            params![id.0],
            version,
        )?;
        Ok(version.unwrap_or(Version(0)))
    }
}

impl Transaction<'_> {
    /// The version of a user whose session has not ended.
    pub fn version_in_session(&self, bearer: Bearer) -> Result<Option<Version>, StoreError> {
        self.one(
            "SELECT users.version + shared_version.version
             FROM sessions JOIN users ON users.id = sessions.user_id CROSS JOIN shared_version
             WHERE sessions.id = $1 AND sessions.user_id = $2 AND shared_version.id = 1",
            params![bearer.session.0, bearer.user.0],
            version,
        )
    }
}

fn version(row: &Row<'_>) -> Read<Version> {
    Ok(Version(row.get::<i64>(0)?.unsigned_abs()))
}
