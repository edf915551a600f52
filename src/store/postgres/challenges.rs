//! The table `challenges`.

use super::{
    row::{Read, Row, Unreadable, at, phone},
    transaction::Transaction,
    value::{number, params},
};
use crate::domain::{
    challenge::{Challenge, ChallengeId, Challenges, Purpose, SourceHash},
    code::OneTimeCode,
    error::StoreError,
    ledger::{Asker, Party},
    phone::Phone,
    time::Timestamp,
    user::UserId,
};

/// In place of a user whose phone is to be changed: an operator logs in.
const NOBODY: i64 = 0;

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT challenges.id, phone, phone_of_user, code, created_at, expires_at, wrong_guesses, spent,
                 party, known, source, coalesce(sends.at < (SELECT until FROM dead_codes WHERE id = 1), FALSE)
             FROM challenges LEFT JOIN sends ON sends.id = challenges.id WHERE ",
            $condition
        )
    };
}

impl Challenges for Transaction<'_> {
    fn challenge(&mut self, id: ChallengeId) -> Result<Option<Challenge>, StoreError> {
        self.one(select!("challenges.id = $1"), params![id.0], challenge)
    }

    fn live_challenges(
        &mut self,
        phone: Phone,
        guesses: u32,
        now: Timestamp,
    ) -> Result<Vec<Challenge>, StoreError> {
        self.all(
            select!("phone = $1 AND expires_at > $2 AND NOT spent AND wrong_guesses < $3 ORDER BY expires_at, challenges.id"),
            params![number(phone), now.millis(), guesses],
            challenge,
        )
    }

    fn insert_challenge(&mut self, challenge: &Challenge) -> Result<bool, StoreError> {
        let phone_of_user = match challenge.purpose {
            Purpose::Login => None,
            Purpose::OperatorLogin => Some(NOBODY),
            Purpose::PhoneChange(user) => Some(user.0),
        };
        let inserted = self.change(
            "INSERT INTO challenges (id, phone, phone_of_user, code, created_at, expires_at, source)
             SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT EXISTS (SELECT 1 FROM sends WHERE id = $1)
                 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE id = $1)
             ON CONFLICT (id) DO NOTHING",
            params![
                challenge.id.0,
                number(challenge.phone),
                phone_of_user,
                challenge.code.reveal(),
                challenge.created_at.millis(),
                challenge.expires_at.millis(),
                challenge.source.map(|source| source.0),
            ],
        )?;
        Ok(inserted == 1)
    }

    fn count_wrong_guess(&mut self, id: ChallengeId) -> Result<(), StoreError> {
        self.queue(
            "UPDATE challenges SET wrong_guesses = wrong_guesses + 1 WHERE id = $1",
            params![id.0],
        )
    }

    fn set_challenge_code(
        &mut self,
        id: ChallengeId,
        code: &OneTimeCode,
    ) -> Result<(), StoreError> {
        self.queue(
            "UPDATE challenges SET code = $2 WHERE id = $1",
            params![id.0, code.reveal()],
        )
    }

    fn spend_challenges(&mut self, phone: Phone) -> Result<(), StoreError> {
        self.queue(
            "UPDATE challenges SET spent = TRUE WHERE phone = $1 AND NOT spent",
            params![number(phone)],
        )
    }

    fn confirm_challenge(&mut self, phone: Phone, id: ChallengeId) -> Result<(), StoreError> {
        self.queue(
            "WITH spent AS (UPDATE challenges SET spent = TRUE WHERE phone = $1 AND NOT spent)
             UPDATE sends SET confirmed = TRUE WHERE id = $2",
            params![number(phone), id.0],
        )
    }

    fn delete_challenge(&mut self, id: ChallengeId) -> Result<(), StoreError> {
        self.queue("DELETE FROM challenges WHERE id = $1", params![id.0])
    }

    fn prune_challenges(&mut self, before: Timestamp) -> Result<(), StoreError> {
        // Each lasts as long as any other, and identifiers are drawn in the order of time.
        self.queue(
            "DELETE FROM challenges WHERE id = ANY(ARRAY(
                 SELECT id FROM challenges
                 WHERE id = ANY(ARRAY(SELECT id FROM challenges WHERE id > 0 ORDER BY id LIMIT 256)) AND expires_at < $1
                 FOR UPDATE SKIP LOCKED))",
            params![before.millis()],
        )
    }
}

fn challenge(row: &Row<'_>) -> Read<Challenge> {
    let asker = match row.get::<Option<i64>>(8)? {
        Some(party) => Some(Asker {
            party: Party(party),
            known: row.get(9)?,
        }),
        None => None,
    };
    Ok(Challenge {
        id: ChallengeId(row.get(0)?),
        phone: phone(row, 1)?,
        purpose: match row.get(2)? {
            None => Purpose::Login,
            Some(NOBODY) => Purpose::OperatorLogin,
            Some(user) => Purpose::PhoneChange(UserId(user)),
        },
        code: OneTimeCode::parse(row.text(3)?).map_err(|_| Unreadable(3))?,
        created_at: at(row, 4)?,
        expires_at: at(row, 5)?,
        wrong_guesses: row.get(6)?,
        spent: row.get(7)?,
        asker,
        source: row.get::<Option<i64>>(10)?.map(SourceHash),
        is_of_dead_codes: row.get(11)?,
    })
}
