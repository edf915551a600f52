//! The tables `sends`, `misses`, `alarm`, `dead_codes` and `latest`.

use rusqlite::{Row, params};

use super::{transaction::Transaction, users::at};
use crate::domain::{
    challenge::ChallengeId,
    device::Devices,
    error::StoreError,
    ledger::{Around, Asker, Ledgers, Miss, Network, Party, Prefix, Sent},
    money::Money,
    time::Timestamp,
    user::UserId,
};

impl Ledgers for Transaction<'_> {
    fn sends_to(&mut self, party: Party, most: usize) -> Result<Vec<Timestamp>, StoreError> {
        self.all(
            "SELECT at FROM sends WHERE party = ?1 ORDER BY at DESC LIMIT ?2",
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
            "SELECT at, confirmed, network FROM sends WHERE prefix = ?1 AND known = ?2 ORDER BY at DESC LIMIT ?3",
            params![prefix.0, known, rows(most)],
            |row| {
                Ok(Around {
                    at: at(row, 0)?,
                    is_confirmed: row.get(1)?,
                    network: row.get::<_, Option<i64>>(2)?.map(Network),
                })
            },
        )
    }

    fn sent(&mut self, challenge: ChallengeId) -> Result<Option<Sent>, StoreError> {
        self.one(
            "SELECT id, at, party, known, prefix, cost, network FROM sends WHERE id = ?1",
            [challenge.0],
            sent,
        )
    }

    fn insert_send(&mut self, sent: &Sent) -> Result<(), StoreError> {
        self.change(
            "INSERT INTO sends (id, at, party, known, prefix, cost, network) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                sent.challenge.0,
                sent.at.millis(),
                sent.asker.party.0,
                sent.asker.known,
                sent.prefix.0,
                sent.cost.units(),
                sent.network.map(|network| network.0)
            ],
        )?;
        Ok(())
    }

    fn any_confirmed(&mut self, parties: [Party; 2], after: Timestamp) -> Result<bool, StoreError> {
        let any = self.one(
            "SELECT EXISTS (SELECT 1 FROM sends WHERE party IN (?1, ?2) AND at > ?3 AND confirmed = 1)",
            params![parties[0].0, parties[1].0, after.millis()],
            |row| row.get(0),
        )?;
        Ok(any.unwrap_or(false))
    }

    fn set_send_cost(&mut self, challenge: ChallengeId, cost: Money) -> Result<(), StoreError> {
        self.change(
            "UPDATE sends SET cost = ?2 WHERE id = ?1",
            params![challenge.0, cost.units()],
        )?;
        Ok(())
    }

    fn delete_send(&mut self, challenge: ChallengeId) -> Result<Option<Sent>, StoreError> {
        self.one(
            "DELETE FROM sends WHERE id = ?1 RETURNING id, at, party, known, prefix, cost, network",
            [challenge.0],
            sent,
        )
    }

    fn prune_sends(&mut self, before: Timestamp) -> Result<(), StoreError> {
        // Identifiers are drawn in the order of time, so the oldest need no index of their own.
        self.change(
            "DELETE FROM sends WHERE id IN (SELECT id FROM sends WHERE id > 0 ORDER BY id LIMIT 256) AND at < ?1",
            [before.millis()],
        )?;
        Ok(())
    }

    fn misses(
        &mut self,
        miss: Miss,
        party: Party,
        most: usize,
    ) -> Result<Vec<Timestamp>, StoreError> {
        self.all(
            "SELECT at FROM misses WHERE miss = ?1 AND party = ?2 ORDER BY at DESC LIMIT ?3",
            params![kind(miss), party.0, rows(most)],
            |row| at(row, 0),
        )
    }

    fn insert_miss(&mut self, miss: Miss, party: Party, at: Timestamp) -> Result<(), StoreError> {
        // Two misses of a party are never one, not even within a millisecond.
        self.change(
            "INSERT INTO misses (miss, party, at)
             VALUES (?1, ?2, max(?3, 1 + coalesce((SELECT max(at) FROM misses WHERE miss = ?1 AND party = ?2), 0)))",
            params![kind(miss), party.0, at.millis()],
        )?;
        Ok(())
    }

    fn recharge_devices(&mut self, of: UserId, to: Party) -> Result<(), StoreError> {
        for device in self.devices_of(of)? {
            let from = device.hash.party();
            self.change(
                "UPDATE sends SET party = ?2 WHERE party = ?1",
                [from.0, to.0],
            )?;
            for miss in [Miss::ShortCode, Miss::LongCode] {
                let moved = self.all(
                    "DELETE FROM misses WHERE miss = ?1 AND party = ?2 RETURNING at",
                    params![kind(miss), from.0],
                    |row| at(row, 0),
                )?;
                for at in moved {
                    self.insert_miss(miss, to, at)?;
                }
            }
        }
        Ok(())
    }

    fn forgive(&mut self, party: Party) -> Result<(), StoreError> {
        // The numbers around a phone were sent those messages all the same.
        self.change("UPDATE sends SET party = 0 WHERE party = ?1", [party.0])?;
        for miss in [Miss::ShortCode, Miss::LongCode, Miss::InvitationCode] {
            self.change(
                "DELETE FROM misses WHERE miss = ?1 AND party = ?2",
                [kind(miss), party.0],
            )?;
        }
        Ok(())
    }

    fn prune_misses(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.change(
            "DELETE FROM misses WHERE (miss, party, at) IN (
                 SELECT miss, party, at FROM misses WHERE at < ?1 ORDER BY at LIMIT 64)",
            [before.millis()],
        )?;
        Ok(())
    }

    fn alarm(&mut self) -> Result<Option<Timestamp>, StoreError> {
        self.one("SELECT at FROM alarm WHERE id = 1", [], |row| at(row, 0))
    }

    fn set_alarm(&mut self, since: Option<Timestamp>) -> Result<(), StoreError> {
        match since {
            Some(since) => self.change(
                "INSERT INTO alarm (id, at) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING",
                [since.millis()],
            )?,
            None => self.change("DELETE FROM alarm WHERE id = 1", [])?,
        };
        Ok(())
    }

    fn set_dead_until(&mut self, until: Timestamp) -> Result<(), StoreError> {
        self.change(
            "INSERT INTO dead_codes (id, until) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET until = excluded.until",
            [until.millis()],
        )?;
        Ok(())
    }

    fn mark_time(&mut self, at: Timestamp) -> Result<(), StoreError> {
        self.change(
            "INSERT INTO latest (id, at) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at = max(at, excluded.at)",
            [at.millis()],
        )?;
        Ok(())
    }

    fn latest_time(&mut self) -> Result<Timestamp, StoreError> {
        let latest = self.one(
            "SELECT max(coalesce((SELECT at FROM latest WHERE id = 1), 0), coalesce((SELECT max(at) FROM misses), 0),
                        coalesce((SELECT until FROM dead_codes WHERE id = 1), 0),
                        coalesce((SELECT max(last) FROM counters WHERE counter IN (0, 1, 4, 5)), 0))",
            [],
            |row| at(row, 0),
        )?;
        Ok(latest.unwrap_or_default())
    }
}

fn sent(row: &Row<'_>) -> rusqlite::Result<Sent> {
    Ok(Sent {
        challenge: ChallengeId(row.get(0)?),
        at: at(row, 1)?,
        asker: Asker {
            party: Party(row.get(2)?),
            known: row.get(3)?,
        },
        prefix: Prefix(row.get(4)?),
        cost: Money::from_units(row.get(5)?),
        network: row.get::<_, Option<i64>>(6)?.map(Network),
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
