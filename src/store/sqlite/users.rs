//! The tables `users`, `retired_users` and `deleted_referrers`.

use rusqlite::{Row, named_params, params};

use super::{
    transaction::{Transaction, unreadable},
    versions::Invalidated,
};
use crate::domain::{
    code::InvitationCode,
    error::StoreError,
    family::FamilyId,
    person::{Change, Email, Name},
    phone::Phone,
    time::Timestamp,
    user::{Invitee, Redeemed, User, UserId, Users},
};

/// All that [`user`] reads, of the rows that the condition picks.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, phone, invitation_code, first_name, last_name, email, referrer_id, redeemed_at, created_at,
                    banned_at
             FROM users WHERE ",
            $condition
        )
    };
}
pub(super) use select;

impl Users for Transaction<'_> {
    fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        self.one(select!("id = ?1"), [id.0], user)
    }

    fn user_by_phone(&mut self, phone: Phone) -> Result<Option<User>, StoreError> {
        self.one(select!("phone = ?1"), [number(phone)], user)
    }

    fn user_by_invitation_code(
        &mut self,
        code: InvitationCode,
    ) -> Result<Option<User>, StoreError> {
        self.one(select!("invitation_code = ?1"), [code.as_str()], user)
    }

    fn insert_user(&mut self, user: &User) -> Result<bool, StoreError> {
        let inserted = self.change(
            "INSERT INTO users (id, phone, invitation_code, first_name, last_name, email, created_at)
             SELECT :id, :phone, :code, :first_name, :last_name, :email, :created_at
             WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = :id)
               AND NOT EXISTS (SELECT 1 FROM users WHERE invitation_code = :code)
               AND NOT EXISTS (SELECT 1 FROM retired_users WHERE id = :id)
               AND NOT EXISTS (SELECT 1 FROM retired_users WHERE invitation_code = :code)",
            named_params! {
                ":id": user.id.0,
                ":phone": number(user.phone),
                ":code": user.invitation_code.as_str(),
                ":first_name": user.first_name,
                ":last_name": user.last_name,
                ":email": user.email,
                ":created_at": user.created_at.millis(),
            },
        )?;
        if inserted == 1 {
            self.count_account(user.id)?;
        }
        Ok(inserted == 1)
    }

    fn change_profile(&mut self, id: UserId, change: &Change) -> Result<(), StoreError> {
        self.change(
            "UPDATE users SET first_name = coalesce(?2, first_name), last_name = coalesce(?3, last_name),
                              email = coalesce(?4, email)
             WHERE id = ?1",
            params![
                id.0,
                change.first_name.as_ref().map(Name::as_str),
                change.last_name.as_ref().map(Name::as_str),
                change.email.as_ref().map(Email::as_str),
            ],
        )?;
        self.invalidated.push(Invalidated::User(id));
        Ok(())
    }

    fn change_phone(&mut self, id: UserId, phone: Phone) -> Result<(), StoreError> {
        self.change(
            "UPDATE users SET phone = ?2 WHERE id = ?1",
            params![id.0, number(phone)],
        )?;
        self.invalidated.push(Invalidated::Everybody);
        Ok(())
    }

    fn set_referrer(
        &mut self,
        id: UserId,
        referrer: UserId,
        family: FamilyId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(
            "UPDATE users SET referrer_id = ?2, redeemed_at = ?3, family_id = ?4, referral_number = 1 + max(
                 coalesce((SELECT max(referral_number) FROM users WHERE referrer_id = ?2), 0),
                 (SELECT last_number_gone FROM users WHERE id = ?2))
             WHERE id = ?1",
            params![id.0, referrer.0, at.millis(), family.0],
        )?;
        self.count_invited(referrer, 1)?;
        self.invalidated
            .extend([id, referrer].map(Invalidated::User));
        Ok(())
    }

    // The last number given less those who left: no counting, and no counter
    // that every invitation would have to rewrite.
    fn relations(&mut self, id: UserId) -> Result<(Option<Phone>, u64), StoreError> {
        let relations = self.one(
            "SELECT max(coalesce((SELECT max(referral_number) FROM users WHERE referrer_id = ?1), 0), last_number_gone)
                    - invitees_gone, (SELECT phone FROM users AS referrers WHERE referrers.id = users.referrer_id)
             FROM users WHERE id = ?1",
            [id.0],
            |row| {
                let is_there = row.get::<_, Option<i64>>(1)?.is_some();
                let referrer = is_there.then(|| phone(row, 1)).transpose()?;
                Ok((referrer, row.get::<_, i64>(0)?))
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
             WHERE referrer_id = ?1 AND referral_number > ?2 ORDER BY referral_number LIMIT ?3",
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
        self.leave_referrer(user)?;
        // Those that can still be answered stay: their guesses are counted on.
        self.change(
            "DELETE FROM challenges WHERE phone_of_user = ?1",
            [user.id.0],
        )?;
        self.change(
            "DELETE FROM challenges WHERE phone = ?1 AND spent = 1",
            [number(user.phone)],
        )?;
        self.count_deleted(user.id)?;
        self.change("DELETE FROM users WHERE id = ?1", [user.id.0])?;
        self.change(
            "INSERT INTO deleted_referrers SELECT ?1 WHERE EXISTS (SELECT 1 FROM users WHERE referrer_id = ?1)",
            [user.id.0],
        )?;
        self.change(
            "INSERT INTO retired_users (id, invitation_code) VALUES (?1, ?2)",
            params![user.id.0, user.invitation_code.as_str()],
        )?;
        self.invalidated.push(Invalidated::Everybody);
        self.erases = true;
        Ok(())
    }

    fn set_banned(&mut self, id: UserId, since: Option<Timestamp>) -> Result<(), StoreError> {
        self.change(
            "UPDATE users SET banned_at = ?2 WHERE id = ?1",
            params![id.0, since.map(Timestamp::millis)],
        )?;
        self.invalidated.push(Invalidated::User(id));
        Ok(())
    }

    fn clear_referrer(&mut self, user: &User) -> Result<(), StoreError> {
        self.leave_referrer(user)?;
        if let Some(Redeemed { referrer, .. }) = user.redeemed {
            self.count_invited(referrer, -1)?;
        }
        self.change(
            "UPDATE users SET referrer_id = NULL, redeemed_at = NULL, referral_number = NULL WHERE id = ?1",
            [user.id.0],
        )?;
        self.invalidated.push(Invalidated::User(user.id));
        Ok(())
    }

    fn users(&mut self, after: UserId, banned: bool, most: usize) -> Result<Vec<User>, StoreError> {
        let sql = if banned {
            select!("id > ?1 AND banned_at IS NOT NULL ORDER BY id LIMIT ?2")
        } else {
            select!("id > ?1 ORDER BY id LIMIT ?2")
        };
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.all(sql, [after.0, most], user)
    }

    fn any_user(&mut self) -> Result<bool, StoreError> {
        Ok(self
            .one("SELECT 1 FROM users WHERE id > 0 LIMIT 1", [], |_| Ok(()))?
            .is_some())
    }
}

impl Transaction<'_> {
    /// One invitee less, whose number is not given again.
    fn leave_referrer(&mut self, user: &User) -> Result<(), StoreError> {
        if let Some(Redeemed { referrer, .. }) = user.redeemed {
            self.change(
                "UPDATE users SET invitees_gone = invitees_gone + 1, last_number_gone = max(last_number_gone,
                     (SELECT referral_number FROM users WHERE id = ?2))
                 WHERE id = ?1",
                [referrer.0, user.id.0],
            )?;
            self.invalidated.push(Invalidated::User(referrer));
        }
        Ok(())
    }
}

/// A phone as the store holds it: one integer of at most 15 digits.
pub fn number(phone: Phone) -> i64 {
    i64::try_from(phone.number()).expect("15 digits fit an i64")
}

/// The phone in a column.
pub fn phone(row: &Row<'_>, column: usize) -> rusqlite::Result<Phone> {
    let number = u64::try_from(row.get::<_, i64>(column)?);
    let phone = number.ok().map(Phone::from_number);
    phone.and_then(Result::ok).ok_or_else(|| unreadable(column))
}

/// The instant in a column.
pub fn at(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_millis)
}

/// The user whose columns come first.
pub fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let code = row.get_ref(2)?.as_str()?;
    let redeemed = match row.get::<_, Option<i64>>(6)? {
        Some(referrer) => Some(Redeemed {
            referrer: UserId(referrer),
            at: at(row, 7)?,
        }),
        None => None,
    };
    Ok(User {
        id: UserId(row.get(0)?),
        phone: phone(row, 1)?,
        invitation_code: InvitationCode::stored(code).ok_or_else(|| unreadable(2))?,
        first_name: row.get(3)?,
        last_name: row.get(4)?,
        email: row.get(5)?,
        redeemed,
        created_at: at(row, 8)?,
        banned_at: row.get::<_, Option<i64>>(9)?.map(Timestamp::from_millis),
    })
}
