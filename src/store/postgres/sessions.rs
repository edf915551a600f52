//! The table `sessions`.

use super::{
    row::{Read, Row, Unreadable, at},
    transaction::Transaction,
    user_row::user,
    value::{Value, params},
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

/// Adds a session, of the parameters that [`values`] are.
macro_rules! insert {
    () => {
        "INSERT INTO sessions (id, user_id, created_at, used_at, expires_at, user_agent, ip,
                               current_generation, issued_at, previous_generation, device, is_used)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    };
}

impl Sessions for Transaction<'_> {
    fn session_and_user(&mut self, id: SessionId) -> Result<Option<(Session, User)>, StoreError> {
        self.one(
            "SELECT users.id, phone, invitation_code, first_name, last_name, email, referrer_id, redeemed_at,
                    users.created_at, banned_at, sessions.id, user_id, sessions.created_at, used_at, expires_at, user_agent, ip,
                    current_generation, issued_at, previous_generation, device, is_used
             FROM sessions JOIN users ON users.id = user_id WHERE sessions.id = $1",
            params![id.0],
            |row| Ok((session_from(row, 10)?, user(row)?)),
        )
    }

    fn insert_session(&mut self, session: &Session) -> Result<(), StoreError> {
        let sql = concat!(insert!(), " ON CONFLICT (id) DO NOTHING");
        self.queue(sql, values(session))
    }

    fn add_session(&mut self, session: &Session, most: usize) -> Result<bool, StoreError> {
        let kept = i64::try_from(most.saturating_sub(1)).unwrap_or(i64::MAX);
        let sql = concat!(
            "WITH surplus AS (
                 DELETE FROM sessions WHERE id = ANY(ARRAY(
                     SELECT id FROM sessions WHERE user_id = $2 ORDER BY used_at DESC, id DESC OFFSET $13)))
             ",
            insert!()
        );
        let values = values(session).into_iter().chain(params![kept]);
        self.queue(sql, values.collect())?;
        Ok(true)
    }

    fn update_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.queue(
            "UPDATE sessions SET used_at = $2, expires_at = $3, current_generation = $4, issued_at = $5,
                                 previous_generation = $6, is_used = $7
             WHERE id = $1",
            params![
                session.id.0,
                session.used_at.millis(),
                session.expires_at.millis(),
                bytes(session.current),
                session.issued_at.millis(),
                session.previous.map(bytes),
                session.is_used,
            ],
        )
    }

    fn note_session_use(
        &mut self,
        id: SessionId,
        generation: Generation,
    ) -> Result<(), StoreError> {
        self.queue(
            "UPDATE sessions SET is_used = TRUE WHERE id = $1 AND current_generation = $2",
            params![id.0, bytes(generation)],
        )
    }

    fn sessions_of(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.all(
            select!("user_id = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC"),
            params![user.0, now.millis()],
            session,
        )
    }

    fn delete_session(&mut self, user: UserId, id: SessionId) -> Result<bool, StoreError> {
        let ended = self.change(
            "DELETE FROM sessions WHERE id = $1 AND user_id = $2",
            params![id.0, user.0],
        )?;
        Ok(ended > 0)
    }

    fn delete_sessions_of(&mut self, user: UserId) -> Result<(), StoreError> {
        self.queue("DELETE FROM sessions WHERE user_id = $1", params![user.0])
    }

    fn delete_other_sessions(&mut self, user: UserId, kept: SessionId) -> Result<(), StoreError> {
        self.queue(
            "DELETE FROM sessions WHERE user_id = $1 AND id <> $2",
            params![user.0, kept.0],
        )
    }

    fn prune_sessions(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.queue(
            "DELETE FROM sessions WHERE id = ANY(ARRAY(
                 SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT 256 FOR UPDATE SKIP LOCKED))",
            params![before.millis()],
        )
    }
}

fn values(session: &Session) -> Vec<Value> {
    params![
        session.id.0,
        session.user.0,
        session.created_at.millis(),
        session.used_at.millis(),
        session.expires_at.millis(),
        session.origin.user_agent.as_str(),
        session.origin.ip.map(|ip| ip.to_string()),
        bytes(session.current),
        session.issued_at.millis(),
        session.previous.map(bytes),
        session.device.map(|hash| hash.0),
        session.is_used,
    ]
}

fn bytes(generation: Generation) -> [u8; 16] {
    generation.refresh_jti().to_be_bytes()
}

fn generation(column: usize, bytes: Vec<u8>) -> Read<Generation> {
    let bytes = bytes.try_into().map_err(|_| Unreadable(column))?;
    Ok(Generation::from_bits(u128::from_be_bytes(bytes)))
}

fn session(row: &Row<'_>) -> Read<Session> {
    session_from(row, 0)
}

/// The session whose columns begin at `first`.
fn session_from(row: &Row<'_>, first: usize) -> Read<Session> {
    let column = |number| first + number;
    let ip: Option<String> = row.get(column(6))?;
    let previous: Option<Vec<u8>> = row.get(column(9))?;
    let device: Option<Vec<u8>> = row.get(column(10))?;
    let hash = |bytes: Vec<u8>| bytes.try_into().map_err(|_| Unreadable(column(10)));
    Ok(Session {
        id: SessionId(row.get(column(0))?),
        user: UserId(row.get(column(1))?),
        created_at: at(row, column(2))?,
        used_at: at(row, column(3))?,
        expires_at: at(row, column(4))?,
        origin: Origin {
            user_agent: row.get(column(5))?,
            ip: ip
                .map(|ip| ip.parse().map_err(|_| Unreadable(column(6))))
                .transpose()?,
        },
        device: device.map(hash).transpose()?.map(DeviceHash),
        current: generation(column(7), row.get(column(7))?)?,
        issued_at: at(row, column(8))?,
        previous: previous
            .map(|bytes| generation(column(9), bytes))
            .transpose()?,
        is_used: row.get(column(11))?,
    })
}
