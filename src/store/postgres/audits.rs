//! The table `audits`.

use std::cmp::Reverse;

use super::{
    row::{Read, Row, Unreadable, at},
    transaction::Transaction,
    value::params,
};
use crate::domain::{
    audit::{Action, Audit, AuditId, Audits},
    error::StoreError,
    user::UserId,
};

impl Audits for Transaction<'_> {
    fn insert_audit(&mut self, audit: &Audit) -> Result<bool, StoreError> {
        let inserted = self.change(
            "INSERT INTO audits (id, at, actor, action, user_id, detail, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO NOTHING",
            params![
                audit.id.0,
                audit.at.millis(),
                audit.actor.as_str(),
                audit.action.name(),
                audit.user.map(|user| user.0),
                audit.detail.as_str(),
                audit.reason.as_str(),
            ],
        )?;
        Ok(inserted == 1)
    }

    fn set_audit_detail(&mut self, id: AuditId, detail: &str) -> Result<(), StoreError> {
        self.queue(
            "UPDATE audits SET detail = $2 WHERE id = $1",
            params![id.0, detail],
        )
    }

    fn audits(
        &mut self,
        user: Option<UserId>,
        before: Option<AuditId>,
        most: usize,
    ) -> Result<Vec<Audit>, StoreError> {
        let before = before.map_or(i64::MAX, |before| before.0);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = match user {
            Some(user) => self.all(
                "SELECT id, at, actor, action, user_id, detail, reason FROM audits
                 WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
                params![user.0, before, most],
                audit,
            ),
            None => self.all(
                "SELECT id, at, actor, action, user_id, detail, reason FROM audits
                 WHERE id < $1 ORDER BY id DESC LIMIT $2",
                params![before, most],
                audit,
            ),
        };
        let mut rows = rows?;
        // Identifiers know the second only.
        rows.sort_by_key(|row| (Reverse(row.at), Reverse(row.id)));
        Ok(rows)
    }
}

fn audit(row: &Row<'_>) -> Read<Audit> {
    let name = row.text(3)?;
    let action = Action::ALL.into_iter().find(|action| action.name() == name);
    Ok(Audit {
        id: AuditId(row.get(0)?),
        at: at(row, 1)?,
        actor: row.get(2)?,
        action: action.ok_or(Unreadable(3))?,
        user: row.get::<Option<i64>>(4)?.map(UserId),
        detail: row.get(5)?,
        reason: row.get(6)?,
    })
}
