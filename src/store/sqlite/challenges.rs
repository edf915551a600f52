//! The table `challenges`.

use rusqlite::{Row, params};

use super::{
    transaction::{Transaction, unreadable},
    users::{at, number, phone},
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
                 party, known, source, coalesce(sends.at < (SELECT until FROM dead_codes WHERE id = 1), 0)
             FROM challenges LEFT JOIN sends ON sends.id = challenges.id WHERE ",
            $condition
        )
    };
}

impl Challenges for Transaction<'_> {
    fn challenge(&mut self, id: ChallengeId) -> Result<Option<Challenge>, StoreError> {
        self.one(select!("challenges.id = ?1"), [id.0], challenge)
    }

    fn live_challenges(
        &mut self,
        phone: Phone,
        guesses: u32,
        now: Timestamp,
    ) -> Result<Vec<Challenge>, StoreError> {
        self.all(
            select!("phone = ?1 AND expires_at > ?2 AND spent = 0 AND wrong_guesses < ?3 ORDER BY expires_at, challenges.id"),
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
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (SELECT 1 FROM sends WHERE id = ?1)
                 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE id = ?1)
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
        self.change(
            "UPDATE challenges SET wrong_guesses = wrong_guesses + 1 WHERE id = ?1",
            [id.0],
        )?;
        Ok(())
    }

    fn set_challenge_code(
        &mut self,
        id: ChallengeId,
        code: &OneTimeCode,
    ) -> Result<(), StoreError> {
        self.change(
            "UPDATE challenges SET code = ?2 WHERE id = ?1",
            params![id.0, code.reveal()],
        )?;
        Ok(())
    }

    fn spend_challenges(&mut self, phone: Phone) -> Result<(), StoreError> {
        self.change(
            "UPDATE challenges SET spent = 1 WHERE phone = ?1 AND spent = 0",
            [number(phone)],
        )?;
        Ok(())
    }

    fn confirm_challenge(&mut self, phone: Phone, id: ChallengeId) -> Result<(), StoreError> {
        self.spend_challenges(phone)?;
        self.change("UPDATE sends SET confirmed = 1 WHERE id = ?1", [id.0])?;
        Ok(())
    }

    fn delete_challenge(&mut self, id: ChallengeId) -> Result<(), StoreError> {
        self.change("DELETE FROM challenges WHERE id = ?1", [id.0])?;
        Ok(())
    }

    fn prune_challenges(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.change(
            "DELETE FROM challenges WHERE id IN (
                 SELECT id FROM challenges WHERE expires_at < ?1 ORDER BY expires_at LIMIT 256)",
            [before.millis()],
        )?;
        Ok(())
    }
}

fn challenge(row: &Row<'_>) -> rusqlite::Result<Challenge> {
    let asker = match row.get::<_, Option<i64>>(8)? {
        Some(party) => Some(Asker {
            party: Party(party),
            known: row.get(9)?,
        }),
        None => None,
    };
    let code: String = row.get(3)?;
    Ok(Challenge {
        id: ChallengeId(row.get(0)?),
        phone: phone(row, 1)?,
        purpose: match row.get(2)? {
            None => Purpose::Login,
            Some(NOBODY) => Purpose::OperatorLogin,
            Some(user) => Purpose::PhoneChange(UserId(user)),
        },
        code: OneTimeCode::parse(&code).map_err(|_| unreadable(3))?,
        created_at: at(row, 4)?,
        expires_at: at(row, 5)?,
        wrong_guesses: row.get(6)?,
        spent: row.get(7)?,
        asker,
        source: row.get::<_, Option<i64>>(10)?.map(SourceHash),
        is_of_dead_codes: row.get(11)?,
    })
}
