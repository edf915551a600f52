//! Requests that are good once, for whatever the store is: what they need is
//! put there by the store's own transactions.

use std::{
    iter::repeat_n,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use invited::{
    clock::{Clock, SystemClock, dice},
    config::{Config, Layers},
    domain::{
        challenge::{Challenge, ChallengeId, Purpose},
        code::OneTimeCode,
        error::StoreError,
        id,
        ledger::{Asker, Party, Prefix, Sent},
        money::Money,
        phone::Phone,
        session::{Generation, Origin, Policy, Session, SessionId},
        time::Timestamp,
        tx::Tx,
        user::{self, User, UserId},
    },
    token::{
        access::{self, Pair},
        challenge::seal,
        keys::Keys,
    },
};
use rand::{RngExt, rngs::StdRng};

use crate::{
    client::request,
    database::{CODE, DAY},
};

type Requests = Result<Vec<Arc<[u8]>>, StoreError>;

/// Users whose invitation codes are entered.
const REFERRERS: usize = 1000;
/// Phones that nobody has, one after the other, however often it is asked.
static NEWCOMERS: AtomicI64 = AtomicI64::new(0);
/// The last of those who were in a request already, whose challenges they are.
static LAST: AtomicI64 = AtomicI64::new(0);

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Kept,
    First,
    Ask,
    Confirm,
    ConfirmNew,
    Refresh,
    Redeem,
}

impl Kind {
    pub const ALL: [(Self, &'static str, u128); 7] = [
        (Self::Kept, "GET /profile/", 0),
        (Self::First, "GET /profile/ first, of anybody", 10_000),
        (Self::Ask, "POST /login/", 6000),
        (Self::Confirm, "POST /login/sms-confirm/, a user", 6000),
        (Self::ConfirmNew, "POST /login/sms-confirm/, new", 6000),
        (Self::Refresh, "POST /token/refresh/", 10_000),
        (Self::Redeem, "POST /profile/invitation/", 6000),
    ];
}

/// Prepares them in one transaction.
pub struct Preparation<'t> {
    tx: &'t mut dyn Tx,
    keys: &'t Keys,
    policy: Policy,
    rng: StdRng,
    next: i64,
    now: Timestamp,
}

impl<'t> Preparation<'t> {
    pub fn new(tx: &'t mut dyn Tx, keys: &'t Keys) -> Self {
        let (mut rng, now) = (dice(), SystemClock.now());
        let mut policy = Config::read(Layers::default()).unwrap().sessions();
        policy.access_ttl = DAY;
        Self {
            tx,
            keys,
            policy,
            next: id::draw(now, &mut rng),
            rng,
            now,
        }
    }

    pub fn requests(&mut self, kind: Kind, count: usize) -> Requests {
        match kind {
            Kind::Kept => {
                let users = self.users(1, |_| true)?;
                Ok(repeat_n(self.profile(&users[0])?, count).collect())
            }
            Kind::First => self.of_users(count, Self::profile),
            Kind::Refresh => self.of_users(count, Self::refresh),
            Kind::Confirm => self.of_users(count, |this, user| this.confirm(user.phone)),
            Kind::ConfirmNew => (0..count).map(|_| self.confirm(newcomer())).collect(),
            Kind::Ask => Ok((0..count).map(|_| ask(newcomer())).collect()),
            Kind::Redeem => self.redemptions(count),
        }
    }

    fn of_users(
        &mut self,
        count: usize,
        request: impl Fn(&mut Self, &User) -> Result<Arc<[u8]>, StoreError>,
    ) -> Requests {
        let users = self.users(count, |_| true)?;
        users.iter().map(|user| request(self, user)).collect()
    }

    /// So many users who were in no request before; others are added when they are too few.
    fn users(
        &mut self,
        count: usize,
        is_wanted: impl Fn(&User) -> bool,
    ) -> Result<Vec<User>, StoreError> {
        let mut users = Vec::new();
        let mut last = UserId(LAST.load(Ordering::Relaxed));
        while users.len() < count {
            let more = self.tx.users(last, false, count - users.len())?;
            let Some(end) = more.last() else { break };
            last = end.id;
            users.extend(more.into_iter().filter(&is_wanted));
        }
        for _ in users.len()..count {
            let newcomer = self.newcomer()?;
            last = last.max(newcomer.id);
            users.push(newcomer);
        }
        LAST.store(last.0, Ordering::Relaxed);
        Ok(users)
    }

    fn newcomer(&mut self) -> Result<User, StoreError> {
        user::register(&mut *self.tx, newcomer(), 6, self.now, &mut self.rng)
    }

    fn profile(&mut self, of: &User) -> Result<Arc<[u8]>, StoreError> {
        let header = format!("authorization: Bearer {}", self.log_in(of.id)?.access);
        Ok(request("GET", "/profile/", &header, ""))
    }

    fn refresh(&mut self, of: &User) -> Result<Arc<[u8]>, StoreError> {
        let body = format!(r#"{{"refresh":"{}"}}"#, self.log_in(of.id)?.refresh);
        Ok(request(
            "POST",
            "/token/refresh/",
            "accept: application/json",
            &body,
        ))
    }

    fn redemptions(&mut self, count: usize) -> Requests {
        let users = self.users(count, |user| user.redeemed.is_none())?;
        let referrers = (0..REFERRERS).map(|_| self.newcomer());
        let referrers = referrers.collect::<Result<Vec<_>, _>>()?;
        let pairs = users.iter().zip(referrers.iter().cycle());
        let redeem = |(user, referrer): (&User, &User)| {
            let header = format!("authorization: Bearer {}", self.log_in(user.id)?.access);
            let body = format!(r#"{{"invitation_code":"{}"}}"#, referrer.invitation_code);
            Ok(request("POST", "/profile/invitation/", &header, &body))
        };
        pairs.map(redeem).collect()
    }

    fn confirm(&mut self, phone: Phone) -> Result<Arc<[u8]>, StoreError> {
        let code = OneTimeCode::parse(CODE).unwrap();
        let challenge = Challenge {
            id: ChallengeId(self.draw()),
            ..Challenge::of(phone, Purpose::Login, code, None, self.now, self.now + DAY)
        };
        assert!(self.tx.insert_challenge(&challenge)?);
        self.tx.insert_send(&Sent {
            challenge: challenge.id,
            at: self.now,
            asker: Asker {
                party: Party(self.rng.random()),
                known: false,
            },
            prefix: Prefix(self.rng.random()),
            cost: Money::default(),
            network: None,
        })?;
        let header = format!("sms-token: {}", seal(self.keys, &challenge));
        let body = format!(r#"{{"sms_code":"{CODE}"}}"#);
        Ok(request("POST", "/login/sms-confirm/", &header, &body))
    }

    fn log_in(&mut self, user: UserId) -> Result<Pair, StoreError> {
        let session = Session {
            id: SessionId(self.draw()),
            user,
            created_at: self.now,
            used_at: self.now,
            expires_at: self.now + DAY,
            origin: Origin::default(),
            device: None,
            current: Generation::draw(&mut self.rng),
            issued_at: self.now,
            previous: None,
            is_used: true,
        };
        self.tx.insert_session(&session)?;
        Ok(access::issue(self.keys, &session, self.policy))
    }

    fn draw(&mut self) -> i64 {
        self.next += 1;
        self.next
    }
}

fn ask(phone: Phone) -> Arc<[u8]> {
    let body = format!(r#"{{"phone":"+{phone}"}}"#);
    request("POST", "/login/", "accept: application/json", &body)
}

fn newcomer() -> Phone {
    let number = NEWCOMERS.fetch_add(1, Ordering::Relaxed);
    // Beyond those of `invited seed`; neighbours are far apart.
    let number = 79_500_000_000 + number * 7_368_787 % 400_000_000;
    Phone::from_digits(&number.to_string()).unwrap()
}
