//! The table `sessions`.

use rusqlite::{Row, named_params, params};

use super::{
    transaction::{Transaction, unreadable},
    users::{at, user},
    versions::Invalidated,
};
use crate::domain::{
    device::DeviceHash,
    error::StoreError,
    session::{Generation, Origin, Session, SessionId, Sessions},
    time::Timestamp,
    user::{User, UserId},
};

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, user_id, created_at, used_at, expires_at, user_agent, ip,
                    current_generation, issued_at, previous_generation, device, is_used
             FROM sessions WHERE ",
            $condition
        )
    };
}

impl Sessions for Transaction<'_> {
    fn session_and_user(&mut self, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        self.one(
            "SELECT users.id, phone, invitation_code, first_name, last_name, email, referrer_id, redeemed_at,
                    users.created_at, banned_at, sessions.id, user_id, sessions.created_at, used_at, expires_at, user_agent, ip,
                    current_generation, issued_at, previous_generation, device, is_used
             FROM sessions JOIN users ON users.id = user_id WHERE sessions.id = ?1",
            [id.0],
            |row| Ok((session_from(row, 10)?, user(row)?)),
        )
    }

    fn insert_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.insert(session).map(drop)
    }

    fn add_session(&mut self, session: &Session, most: usize) -> Result<bool, StoreError> {
        let kept = i64::try_from(most.saturating_sub(1)).unwrap_or(i64::MAX);
        let ended = self.change(
            "DELETE FROM sessions WHERE id IN (
                 SELECT id FROM sessions WHERE user_id = ?1 ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET ?2)",
            params![session.user.0, kept],
        )?;
        if ended > 0 {
            self.invalidated.push(Invalidated::User(session.user));
        }
        self.insert(session)
    }

    fn update_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.change(
            "UPDATE sessions SET used_at = :used_at, expires_at = :expires_at, current_generation = :current,
                                 issued_at = :issued_at, previous_generation = :previous, is_used = :is_used
             WHERE id = :id",
            named_params! {
                ":id": session.id.0,
                ":used_at": session.used_at.millis(),
                ":expires_at": session.expires_at.millis(),
                ":current": bytes(session.current),
                ":issued_at": session.issued_at.millis(),
                ":previous": session.previous.map(bytes),
                ":is_used": session.is_used,
            },
        )?;
        Ok(())
    }

    fn note_session_use(
        &mut self,
        id: SessionId,
        generation: Generation,
    ) -> Result<(), StoreError> {
        self.change(
            "UPDATE sessions SET is_used = 1 WHERE id = ?1 AND current_generation = ?2",
            params![id.0, bytes(generation)],
        )?;
        Ok(())
    }

    fn sessions_of(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.all(
            select!("user_id = ?1 AND expires_at > ?2 ORDER BY created_at DESC, id DESC"),
            [user.0, now.millis()],
            session,
        )
    }

    fn delete_session(&mut self, user: UserId, id: SessionId) -> Result<bool, StoreError> {
        let ended = self.change(
            "DELETE FROM sessions WHERE id = ?1 AND user_id = ?2",
            [id.0, user.0],
        )?;
        if ended > 0 {
            self.invalidated.push(Invalidated::User(user));
        }
        Ok(ended > 0)
    }

    fn delete_sessions_of(&mut self, user: UserId) -> Result<(), StoreError> {
        self.change("DELETE FROM sessions WHERE user_id = ?1", [user.0])?;
        self.invalidated.push(Invalidated::User(user));
        Ok(())
    }

    fn delete_other_sessions(&mut self, user: UserId, kept: SessionId) -> Result<(), StoreError> {
        self.change(
            "DELETE FROM sessions WHERE user_id = ?1 AND id <> ?2",
            params![user.0, kept.0],
        )?;
        self.invalidated.push(Invalidated::User(user));
        Ok(())
    }

    fn prune_sessions(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.change(
            "DELETE FROM sessions WHERE id IN (
                 SELECT id FROM sessions WHERE expires_at < ?1 ORDER BY expires_at LIMIT 256)",
            [before.millis()],
        )?;
        Ok(())
    }
}

impl Transaction<'_> {
    /// Adds a session; `false` when the identifier is taken.
    fn insert(&mut self, session: &Session) -> Result<bool, StoreError> {
        let inserted = self.change(
            "INSERT INTO sessions (id, user_id, created_at, used_at, expires_at, user_agent, ip,
                                   current_generation, issued_at, previous_generation, device, is_used)
             VALUES (:id, :user, :created_at, :used_at, :expires_at, :user_agent, :ip, :current, :issued_at, :previous,
                     :device, :is_used)
             ON CONFLICT (id) DO NOTHING",
            named_params! {
                ":id": session.id.0,
                ":user": session.user.0,
                ":created_at": session.created_at.millis(),
                ":used_at": session.used_at.millis(),
                ":expires_at": session.expires_at.millis(),
                ":user_agent": session.origin.user_agent,
                ":ip": session.origin.ip.map(|ip| ip.to_string()),
                ":current": bytes(session.current),
                ":issued_at": session.issued_at.millis(),
                ":previous": session.previous.map(bytes),
                ":device": session.device.map(|hash| hash.0),
                ":is_used": session.is_used,
            },
        )?;
        Ok(inserted == 1)
    }
}

fn bytes(generation: Generation) -> [u8; 16] {
    generation.refresh_jti().to_be_bytes()
}

fn generation(column: usize, bytes: &[u8]) -> rusqlite::Result<Generation> {
    let bytes = bytes.try_into().map_err(|_| unreadable(column))?;
    Ok(Generation::from_bits(u128::from_be_bytes(bytes)))
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    session_from(row, 0)
}

/// The session whose columns begin at `first`.
fn session_from(row: &Row<'_>, first: usize) -> rusqlite::Result<Session> {
    let column = |number| first + number;
    let ip: Option<String> = row.get(column(6))?;
    let current: Vec<u8> = row.get(column(7))?;
    let previous: Option<Vec<u8>> = row.get(column(9))?;
    let device: Option<Vec<u8>> = row.get(column(10))?;
    let hash = |bytes: Vec<u8>| bytes.try_into().map_err(|_| unreadable(column(10)));
    Ok(Session {
        id: SessionId(row.get(column(0))?),
        user: UserId(row.get(column(1))?),
        created_at: at(row, column(2))?,
        used_at: at(row, column(3))?,
        expires_at: at(row, column(4))?,
        origin: Origin {
            user_agent: row.get(column(5))?,
            ip: ip
                .map(|ip| ip.parse().map_err(|_| unreadable(column(6))))
                .transpose()?,
        },
        device: device.map(hash).transpose()?.map(DeviceHash),
        current: generation(column(7), &current)?,
        issued_at: at(row, column(8))?,
        previous: previous
            .map(|bytes| generation(column(9), &bytes))
            .transpose()?,
        is_used: row.get(column(11))?,
    })
}
