//! The tables `users`, `retired_users` and `deleted_referrers`.
//!
//! What a user is shown gets a new version in the statement that changes it, or
//! in one of its own where it is shown to another. Where too many are shown it to
//! look for them, the shared version grows.

use super::{
    row::{at, phone},
    transaction::Transaction,
    user_row::{select, user},
    value::{Value, number, params},
};
use crate::domain::{
    code::InvitationCode,
    error::StoreError,
    family::FamilyId,
    lock::Subject,
    person::{Change, Email, Name},
    phone::Phone,
    time::Timestamp,
    user::{Invitee, Redeemed, User, UserId, Users},
};

/// Adds a user whose identifier and code were never taken.
macro_rules! insert {
    ($conflict:literal) => {
        concat!(
            "INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at)
             SELECT $1, $2, $3, $4, $5, $6, $7
             WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = $1)
               AND NOT EXISTS (SELECT 1 FROM users WHERE invitation_code = $3)
               AND NOT EXISTS (SELECT 1 FROM retired_users WHERE id = $1)
               AND NOT EXISTS (SELECT 1 FROM retired_users WHERE invitation_code = $3)
             ON CONFLICT ",
            $conflict,
            " DO NOTHING"
        )
    };
}

impl Users for Transaction<'_> {
    fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        self.one(select!("id = $1"), params![id.0], user)
    }

    fn user_by_phone(&mut self, phone: Phone) -> Result<Option<User>, StoreError> {
        self.one(select!("phone = $1"), params![number(phone)], user)
    }

    fn user_by_invitation_code(
        &mut self,
        code: InvitationCode,
    ) -> Result<Option<User>, StoreError> {
        self.one(
            select!("invitation_code = $1"),
            params![code.as_str()],
            user,
        )
    }

    fn insert_user(&mut self, user: &User) -> Result<bool, StoreError> {
        let mut inserted = self.change(insert!(""), row(user))?;
        if inserted == 0 {
            // Now what another transaction added at the same moment is seen, too: all
            // that can be in the way still is a phone that is taken, which is an error.
            inserted = self.change(insert!("(id)"), row(user))?;
        }
        if inserted == 1 {
            self.count_account(user.id)?;
        }
        Ok(inserted == 1)
    }

    fn change_profile(&mut self, id: UserId, change: &Change) -> Result<(), StoreError> {
        self.queue(
            "UPDATE users SET first_name = coalesce($2, first_name), last_name = coalesce($3, last_name),
                              email = coalesce($4, email), version = version + 1
             WHERE id = $1",
            params![
                id.0,
                change.first_name.as_ref().map(Name::as_str),
                change.last_name.as_ref().map(Name::as_str),
                change.email.as_ref().map(Email::as_str),
            ],
        )
    }

    fn change_phone(&mut self, id: UserId, phone: Phone) -> Result<(), StoreError> {
        self.queue(
            "UPDATE users SET phone = $2 WHERE id = $1",
            params![id.0, number(phone)],
        )?;
        self.raise_shared_version()
    }

    fn set_referrer(
        &mut self,
        id: UserId,
        referrer: UserId,
        family: FamilyId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.queue(
            "UPDATE users SET version = version + 1 WHERE id = $1",
            params![referrer.0],
        )?;
        // Of a referrer who is not there, no number: the row is refused then.
        self.queue(
            "UPDATE users SET referrer_id = $2, redeemed_at = $3, family_id = $4, version = version + 1,
                 referral_number = 1 + (
                     SELECT GREATEST((SELECT max(invitees.referral_number) FROM users AS invitees
                                      WHERE invitees.referrer_id = $2), referrers.last_number_gone)
                     FROM users AS referrers WHERE referrers.id = $2)
             WHERE id = $1",
            params![id.0, referrer.0, at.millis(), family.0],
        )?;
        self.count_invited(referrer, 1)
    }

    // The last number given less those who left: no counting, and no counter
    // that every invitation would have to rewrite.
    fn relations(&mut self, id: UserId) -> Result<(Option<Phone>, u64), StoreError> {
        let relations = self.one(
            "SELECT GREATEST((SELECT max(invitees.referral_number) FROM users AS invitees
                              WHERE invitees.referrer_id = $1), last_number_gone) - invitees_gone,
                    (SELECT referrers.phone FROM users AS referrers WHERE referrers.id = users.referrer_id)
             FROM users WHERE id = $1",
            params![id.0],
            |row| {
                let is_there = row.get::<Option<i64>>(1)?.is_some();
                let referrer = is_there.then(|| phone(row, 1)).transpose()?;
                Ok((referrer, row.get::<i64>(0)?))
            },
        )?;
        let (referrer, count) = relations.unwrap_or_default();
        Ok((referrer, u64::try_from(count).unwrap_or(0)))
    }

    fn invitees(
        &mut self,
        id: UserId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<Invitee>, StoreError> {
        self.all(
            "SELECT referral_number, phone, redeemed_at FROM users
             WHERE referrer_id = $1 AND referral_number > $2 ORDER BY referral_number LIMIT $3",
            params![id.0, after, i64::try_from(limit).unwrap_or(i64::MAX)],
            |row| {
                Ok(Invitee {
                    number: row.get(0)?,
                    phone: phone(row, 1)?,
                    at: at(row, 2)?,
                })
            },
        )
    }

    fn delete_user(&mut self, user: &User) -> Result<(), StoreError> {
        let referrer = user.redeemed.map(|redeemed| redeemed.referrer);
        let both = [Some(user.id), referrer].into_iter().flatten();
        self.decide_on(&both.map(Subject::User).collect::<Vec<_>>())?;
        self.leave_referrer(user)?;
        // Those that can still be answered stay: their guesses are counted on.
        self.queue(
            "DELETE FROM challenges WHERE phone_of_user = $1",
            params![user.id.0],
        )?;
        self.queue(
            "DELETE FROM challenges WHERE phone = $1 AND spent",
            params![number(user.phone)],
        )?;
        self.count_deleted(user.id)?;
        self.queue("DELETE FROM users WHERE id = $1", params![user.id.0])?;
        self.queue(
            "INSERT INTO deleted_referrers (id)
             SELECT $1::BIGINT WHERE EXISTS (SELECT 1 FROM users WHERE referrer_id = $1)",
            params![user.id.0],
        )?;
        self.queue(
            "INSERT INTO retired_users (id, invitation_code) VALUES ($1, $2)",
            params![user.id.0, user.invitation_code.as_str()],
        )?;
        self.raise_shared_version()
    }

    fn set_banned(&mut self, id: UserId, since: Option<Timestamp>) -> Result<(), StoreError> {
        self.queue(
            "UPDATE users SET banned_at = $2, version = version + 1 WHERE id = $1",
            params![id.0, since.map(Timestamp::millis)],
        )
    }

    fn clear_referrer(&mut self, user: &User) -> Result<(), StoreError> {
        self.leave_referrer(user)?;
        if let Some(Redeemed { referrer, .. }) = user.redeemed {
            self.count_invited(referrer, -1)?;
        }
        self.queue(
            "UPDATE users SET referrer_id = NULL, redeemed_at = NULL, referral_number = NULL, version = version + 1
             WHERE id = $1",
            params![user.id.0],
        )
    }

    fn users(&mut self, after: UserId, banned: bool, most: usize) -> Result<Vec<User>, StoreError> {
        let sql = if banned {
            select!("id > $1 AND banned_at IS NOT NULL ORDER BY id LIMIT $2")
        } else {
            select!("id > $1 ORDER BY id LIMIT $2")
        };
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.all(sql, params![after.0, most], user)
    }

    fn any_user(&mut self) -> Result<bool, StoreError> {
        let any = self.one("SELECT id FROM users LIMIT 1", params![], |_| Ok(()))?;
        Ok(any.is_some())
    }
}

impl Transaction<'_> {
    /// One invitee less, whose number is not given again.
    fn leave_referrer(&self, user: &User) -> Result<(), StoreError> {
        let Some(Redeemed { referrer, .. }) = user.redeemed else {
            return Ok(());
        };
        self.queue(
            "UPDATE users SET invitees_gone = invitees_gone + 1, version = version + 1,
                 last_number_gone = GREATEST(last_number_gone,
                     (SELECT invitees.referral_number FROM users AS invitees WHERE invitees.id = $2))
             WHERE id = $1",
            params![referrer.0, user.id.0],
        )
    }
}

fn row(user: &User) -> Vec<Value> {
    params![
        user.id.0,
        number(user.phone),
        user.invitation_code.as_str(),
        user.first_name.as_str(),
        user.last_name.as_str(),
        user.email.as_str(),
        user.created_at.millis(),
    ]
}
