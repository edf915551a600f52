//! The tables `sends`, `misses`, `alarm`, `dead_codes` and `latest`.

use super::{
    row::{Read, Row, at},
    transaction::Transaction,
    value::params,
};
use crate::domain::{
    challenge::ChallengeId,
    error::StoreError,
    ledger::{Around, Asker, Ledgers, Miss, Network, Party, Prefix, Sent},
    money::Money,
    time::Timestamp,
    user::UserId,
};

impl Ledgers for Transaction<'_> {
    fn sends_to(&mut self, party: Party, most: usize) -> Result<Vec<Timestamp>, StoreError> {
        self.all(
            "SELECT at FROM sends WHERE party = $1 ORDER BY at DESC LIMIT $2",
            params![party.0, rows(most)],
            |row| at(row, 0),
        )
    }

    fn sends_around(
        &mut self,
        prefix: Prefix,
        known: bool,
        most: usize,
    ) -> Result<Vec<Around>, StoreError> {
        self.all(
            "SELECT at, confirmed, network FROM sends WHERE prefix = $1 AND known = $2 ORDER BY at DESC LIMIT $3",
            params![prefix.0, known, rows(most)],
            |row| {
                Ok(Around {
                    at: at(row, 0)?,
                    is_confirmed: row.get(1)?,
                    network: row.get::<Option<i64>>(2)?.map(Network),
                })
            },
        )
    }

    fn sent(&mut self, challenge: ChallengeId) -> Result<Option<Sent>, StoreError> {
        self.one(
            "SELECT id, at, party, known, prefix, cost, network FROM sends WHERE id = $1",
            params![challenge.0],
            sent,
        )
    }

    fn insert_send(&mut self, sent: &Sent) -> Result<(), StoreError> {
        self.queue(
            "INSERT INTO sends (id, at, party, known, prefix, cost, network) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![
                sent.challenge.0,
                sent.at.millis(),
                sent.asker.party.0,
                sent.asker.known,
                sent.prefix.0,
                sent.cost.units(),
                sent.network.map(|network| network.0)
            ],
        )
    }

    fn any_confirmed(&mut self, parties: [Party; 2], after: Timestamp) -> Result<bool, StoreError> {
        let any = self.one(
            "SELECT EXISTS (SELECT 1 FROM sends WHERE party IN ($1, $2) AND at > $3 AND confirmed)",
            params![parties[0].0, parties[1].0, after.millis()],
            |row| row.get(0),
        )?;
        Ok(any.unwrap_or(false))
    }

    fn set_send_cost(&mut self, challenge: ChallengeId, cost: Money) -> Result<(), StoreError> {
        self.queue(
            "UPDATE sends SET cost = $2 WHERE id = $1",
            params![challenge.0, cost.units()],
        )
    }

    fn delete_send(&mut self, challenge: ChallengeId) -> Result<Option<Sent>, StoreError> {
        self.one(
            "DELETE FROM sends WHERE id = $1 RETURNING id, at, party, known, prefix, cost, network",
            params![challenge.0],
            sent,
        )
    }

    fn prune_sends(&mut self, before: Timestamp) -> Result<(), StoreError> {
        // Identifiers are drawn in the order of time, so the oldest need no index of
        // their own. Those that stay are not locked.
        self.queue(
            "DELETE FROM sends WHERE id = ANY(ARRAY(
                 SELECT id FROM sends WHERE id = ANY(ARRAY(SELECT id FROM sends WHERE id > 0 ORDER BY id LIMIT 256)) AND at < $1
                 FOR UPDATE SKIP LOCKED))",
            params![before.millis()],
        )
    }

    fn misses(
        &mut self,
        miss: Miss,
        party: Party,
        most: usize,
    ) -> Result<Vec<Timestamp>, StoreError> {
        self.all(
            "SELECT at FROM misses WHERE miss = $1 AND party = $2 ORDER BY at DESC LIMIT $3",
            params![kind(miss), party.0, rows(most)],
            |row| at(row, 0),
        )
    }

    fn insert_miss(&mut self, miss: Miss, party: Party, at: Timestamp) -> Result<(), StoreError> {
        // Two misses of a party are never one, not even within a millisecond.
        self.queue(
            "INSERT INTO misses (miss, party, at)
             VALUES ($1, $2, GREATEST($3, 1 + coalesce((SELECT max(at) FROM misses WHERE miss = $1 AND party = $2), 0)))",
            params![kind(miss), party.0, at.millis()],
        )
    }

    /// Databases on servers are younger than the versions that did so.
    fn recharge_devices(&mut self, _: UserId, _: Party) -> Result<(), StoreError> {
        Ok(())
    }

    fn forgive(&mut self, party: Party) -> Result<(), StoreError> {
        // The numbers around a phone were sent those messages all the same.
        self.queue(
            "UPDATE sends SET party = 0 WHERE party = $1",
            params![party.0],
        )?;
        let all = [Miss::ShortCode, Miss::LongCode, Miss::InvitationCode].map(kind);
        self.queue(
            "DELETE FROM misses WHERE miss = ANY($1) AND party = $2",
            params![all.to_vec(), party.0],
        )
    }

    fn prune_misses(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.queue(
            "DELETE FROM misses WHERE (miss, party, at) IN (
                 SELECT miss, party, at FROM misses WHERE at < $1 ORDER BY at LIMIT 64 FOR UPDATE SKIP LOCKED)",
            params![before.millis()],
        )
    }

    fn alarm(&mut self) -> Result<Option<Timestamp>, StoreError> {
        self.one("SELECT at FROM alarm WHERE id = 1", params![], |row| {
            at(row, 0)
        })
    }

    fn set_alarm(&mut self, since: Option<Timestamp>) -> Result<(), StoreError> {
        match since {
            Some(since) => self.queue(
                "INSERT INTO alarm (id, at) VALUES (1, $1) ON CONFLICT (id) DO NOTHING",
                params![since.millis()],
            ),
            None => self.queue("DELETE FROM alarm WHERE id = 1", params![]),
        }
    }

    fn set_dead_until(&mut self, until: Timestamp) -> Result<(), StoreError> {
        // The clock of another node may be ahead.
        self.queue(
            "INSERT INTO dead_codes (id, until) VALUES (1, $1)
             ON CONFLICT (id) DO UPDATE SET until = GREATEST(dead_codes.until, excluded.until)",
            params![until.millis()],
        )
    }

    fn mark_time(&mut self, at: Timestamp) -> Result<(), StoreError> {
        self.queue(
            "INSERT INTO latest (id, at) VALUES (1, $1)
             ON CONFLICT (id) DO UPDATE SET at = GREATEST(latest.at, excluded.at)",
            params![at.millis()],
        )
    }

    fn latest_time(&mut self) -> Result<Timestamp, StoreError> {
        let latest = self.one(
            "SELECT GREATEST(0, (SELECT at FROM latest WHERE id = 1), (SELECT max(at) FROM misses),
                             (SELECT until FROM dead_codes WHERE id = 1),
                             (SELECT max(last) FROM counters WHERE counter IN (0, 1, 4, 5)))",
            params![],
            |row| at(row, 0),
        )?;
        Ok(latest.unwrap_or_default())
    }
}

fn sent(row: &Row<'_>) -> Read<Sent> {
    Ok(Sent {
        challenge: ChallengeId(row.get(0)?),
        at: at(row, 1)?,
        asker: Asker {
            party: Party(row.get(2)?),
            known: row.get(3)?,
        },
        prefix: Prefix(row.get(4)?),
        cost: Money::from_units(row.get(5)?),
        network: row.get::<Option<i64>>(6)?.map(Network),
    })
}

fn rows(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// What the column `miss` says. Never to be changed.
fn kind(miss: Miss) -> i64 {
    match miss {
        Miss::ShortCode => 0,
        Miss::LongCode => 1,
        Miss::InvitationCode => 2,
    }
}
