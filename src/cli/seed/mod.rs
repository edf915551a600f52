//! `invited seed`: fills a database with made-up people who invited one
//! another, the same ones every time, to look at and to measure with.

mod names;
pub mod person;

use std::{
    error::Error,
    pin::Pin,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use clap::Args;
use futures_util::FutureExt;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};

use self::person::Named;
use super::{failure::Failure, progress::progress, settings::Settings, terminal::tell};
use crate::{
    domain::{
        code::InvitationCode,
        error::StoreError,
        id, invitation,
        lock::Subject,
        phone::Phone,
        time::Timestamp,
        tx::Tx,
        user::{User, UserId},
    },
    store::Store,
};

/// People in one transaction.
const BATCH: u64 = 20_000;
/// Most people: Russian mobile numbers, with room to be scattered in.
const MOST: u64 = 10_000_000;
/// 2024-01-01T00:00:00Z: when the first of them logged in.
const BEGINNING: Timestamp = Timestamp::from_seconds(1_704_067_200);
/// Between two first logins. Identifiers are random within 128 ms, so people
/// who come a second apart never draw the same.
const INTERVAL: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct Seed {
    #[command(flatten)]
    settings: Settings,
    /// How many people (at most 10 million).
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=MOST))]
    users: u64,
    /// How many of them entered somebody's invitation code [default: half].
    #[arg(long, value_name = "R")]
    referrals: Option<u64>,
    /// Add to a database that has users already.
    #[arg(long)]
    force: bool,
}

impl Seed {
    pub fn run(&self) -> Result<(), Failure> {
        let referrals = self.referrals.unwrap_or(self.users / 2);
        if referrals >= self.users {
            return Err(Failure::misconfigured(
                "--referrals must be less than --users: somebody came by themself",
            ));
        }
        let location = self.settings.read()?.server.database;
        Store::migrate(&location)?;
        let store = Store::open_to_fill(&location)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::of(format!("cannot start: {error}")))?;
        let failed = |error: StoreError| Failure::of(format!("seeding failed: {error}"));
        let occupied = runtime
            .block_on(store.read(|tx| tx.any_user()))
            .map_err(failed)?;
        if occupied && !self.force {
            return Err(Failure::of(
                "the database has users already: name another, or add to this one with --force",
            ));
        }
        let mut stop = stop(&runtime)?;
        let bar = progress(self.users);
        let population = Arc::new(RwLock::new(Population {
            total: self.users,
            made: 0,
            referrals,
            inviters: Vec::new(),
        }));
        loop {
            let present = Arc::clone(&population);
            let growth = runtime.block_on(store.write(move |tx| {
                tx.lock(&[Subject::Invitations])?;
                read(&present).grow(tx)
            }));
            let growth = growth.map_err(|error| read(&population).unfinished(&reason(&error)))?;
            let mut population = population.write().unwrap_or_else(PoisonError::into_inner);
            population.add(growth);
            bar.set_position(population.made);
            if population.made == population.total {
                break;
            }
            // Asked between two transactions, so that it is known what is kept.
            if runtime
                .block_on(async { stop.as_mut().now_or_never() })
                .is_some()
            {
                return Err(population.unfinished("stopped"));
            }
        }
        bar.finish();
        tell(&format!(
            "{} people, {referrals} of them invited\n",
            self.users
        ));
        Ok(())
    }
}

/// Ready when the process is asked to stop.
pub fn stop(runtime: &Runtime) -> Result<Pin<Box<impl Future<Output = ()> + use<>>>, Failure> {
    let _inside = runtime.enter();
    let listen = |kind| signal(kind).map_err(|error| Failure::of(format!("cannot start: {error}")));
    let (mut interrupted, mut terminated) = (
        listen(SignalKind::interrupt())?,
        listen(SignalKind::terminate())?,
    );
    Ok(Box::pin(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    }))
}

/// A failure of the store, with what the machine says of it.
fn reason(error: &StoreError) -> String {
    match error.source() {
        Some(cause) => format!("seeding failed ({error}: {cause})"),
        None => format!("seeding failed ({error})"),
    }
}

fn read(population: &RwLock<Population>) -> std::sync::RwLockReadGuard<'_, Population> {
    population.read().unwrap_or_else(PoisonError::into_inner)
}

/// The people so far: enough to go on from.
struct Population {
    total: u64,
    made: u64,
    /// How many of those to come are invited.
    referrals: u64,
    /// Those who invite others, the popular ones several times.
    inviters: Vec<UserId>,
}

/// What one transaction adds to a population.
struct Growth {
    made: u64,
    referrals: u64,
    inviters: Vec<UserId>,
}

impl Population {
    fn add(&mut self, growth: Growth) {
        self.made += growth.made;
        self.referrals -= growth.referrals;
        self.inviters.extend(growth.inviters);
    }

    /// Says what there is when it ends before all of them are made.
    fn unfinished(&self, why: &str) -> Failure {
        let left = self.total - self.made;
        let referrals = self.referrals.min(left - 1);
        Failure::of(format!(
            "{why}: {} of {} people are in the database, each of them whole; to add as many as are missing, run \
             `invited seed --force --users {left} --referrals {referrals}`",
            self.made, self.total
        ))
    }

    /// Adds the next batch of people to the store.
    fn grow(&self, tx: &mut dyn Tx) -> Result<Growth, StoreError> {
        let mut rng = StdRng::seed_from_u64(2024 + self.made);
        let mut growth = Growth {
            made: 0,
            referrals: 0,
            inviters: Vec::new(),
        };
        while growth.made < BATCH.min(self.total - self.made) {
            let number = self.made + growth.made;
            let now = BEGINNING + INTERVAL * u32::try_from(number).unwrap_or(u32::MAX);
            let person = person(tx, number, now, &mut rng)?;
            // So drawn, exactly as many are invited as were asked for.
            let to_come = self.referrals - growth.referrals;
            if number > 0 && rng.random_range(0..self.total - number) < to_come {
                let referrer = self.inviter(&growth, &mut rng);
                invitation::bind(tx, person, referrer, now)?;
                growth.referrals += 1;
                // Who has invited some will invite more.
                if rng.random_bool(0.5) {
                    growth.inviters.push(referrer);
                }
            }
            growth.inviters.push(person);
            growth.made += 1;
        }
        Ok(growth)
    }

    fn inviter(&self, growth: &Growth, rng: &mut StdRng) -> UserId {
        let (old, new) = (self.inviters.len(), growth.inviters.len());
        let at = rng.random_range(0..old + new);
        if at < old {
            self.inviters[at]
        } else {
            growth.inviters[at - old]
        }
    }
}

/// Makes somebody up and adds them to the store.
fn person(
    tx: &mut dyn Tx,
    number: u64,
    now: Timestamp,
    rng: &mut StdRng,
) -> Result<UserId, StoreError> {
    let named = Named::draw(number, rng);
    id::draw_free("user", now, rng, |id, rng| {
        let phone = Phone::from_digits(
            &(79_000_000_000 + rng.random_range(0..400_000_000_u64)).to_string(),
        );
        let user = User {
            id: UserId(id),
            phone: phone.expect("eleven digits from 7 are a phone"),
            invitation_code: InvitationCode::draw(*InvitationCode::LENGTHS.start(), rng),
            first_name: named.first_name.clone(),
            last_name: named.last_name.clone(),
            email: named.email.clone(),
            redeemed: None,
            created_at: now,
            banned_at: None,
        };
        let is_free = tx.user_by_phone(user.phone)?.is_none() && tx.insert_user(&user)?;
        Ok(is_free.then_some(user.id))
    })
}
