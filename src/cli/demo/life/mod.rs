//! What happens in a demo's month: people come, by themselves or invited, come
//! back, mistype, and leave; somebody tries numbers in a row, and an operator
//! sees to what has to be seen to.

mod acts;
mod login;

use std::{collections::BTreeMap, time::Duration};

use rand::{RngExt, rngs::StdRng};

use super::{days::Month, gateways::Gateway, people::Person, play::Play};
use crate::{
    app::statistics::Statistics,
    config::Config,
    domain::{
        challenge::Challenge,
        cohort,
        delivery::Reported,
        error::StoreError,
        lock::Subject,
        phone::Phone,
        time::Timestamp,
        user::{User, UserId},
    },
    store::Store,
    token::keys::Keys,
};

/// The operator's number, which is a test number, and its code.
pub const OPERATOR: &str = "79990000001";
pub const OPERATOR_CODE: &str = "1234";

/// How often somebody asks again who got no code.
const RETRIES: u32 = 3;

/// What came of the month.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums {
    /// People who are there.
    pub people: u64,
    /// How many entered a code.
    pub invited: u64,
}

/// Has a month that ends at `now` happen in a store that is empty.
pub async fn live(
    store: &Store,
    config: &Config,
    keys: &Keys,
    now: Timestamp,
    people: u32,
    seed: u64,
) -> Result<Sums, StoreError> {
    let (config, keys) = (config.clone(), keys.clone());
    let living = store.write(move |tx| {
        tx.lock(&[Subject::Invitations])?;
        let play = Play::new(tx, config.clone(), &keys, seed);
        Life::new(play, Month::until(now), people).pass()
    });
    let (sums, statistics): (Sums, Statistics) = living.await?;
    statistics.save(store).await?;
    Ok(sums)
}

/// Who somebody is among the people.
type Who = usize;

/// How somebody goes about logging in.
#[derive(Debug, Clone, Copy)]
struct Attempt {
    who: Who,
    /// How often they are still to be wrong before they are right.
    mistakes: u32,
    /// How often they still ask again.
    retries: u32,
}

impl Attempt {
    fn of(who: Who, mistakes: u32) -> Self {
        let retries = RETRIES;
        Self {
            who,
            mistakes,
            retries,
        }
    }
}

enum Event {
    /// Somebody asks for a code.
    Ask(Attempt),
    /// A gateway tells what became of a message.
    Report(&'static Gateway, Challenge, Reported),
    /// Somebody types a code.
    Confirm(Attempt, Challenge),
    /// Somebody who has an account logs in once more, and is wrong so often.
    Return(u32),
    /// Somebody enters a code that they were given, some time after their login.
    Redeem(Who),
    /// Somebody tries codes that nobody has.
    Guess,
    /// Somebody deletes their account.
    Leave,
    /// Somebody asks for a code of a number, in a row of such.
    Harvest(u64),
    /// The operator bans somebody.
    Ban,
    /// The operator takes a ban back.
    Unban(UserId),
    /// The operator clears what keeps a phone out.
    Unlock(Phone),
}

struct Life<'t> {
    play: Play<'t>,
    month: Month,
    people: Vec<Person>,
    /// What is to come, in order.
    events: BTreeMap<(Timestamp, u32), Event>,
    scheduled: u32,
    /// Those who invite others, the popular ones several times.
    inviters: Vec<Who>,
    invited: u64,
}

impl<'t> Life<'t> {
    /// What is to come of so many people.
    fn new(mut play: Play<'t>, month: Month, people: u32) -> Self {
        let operator = Person {
            phone: Phone::from_digits(OPERATOR).expect("a test number is a phone"),
            ..Person::draw(&mut play.rng)
        };
        let mut life = Self {
            people: vec![operator],
            play,
            month,
            events: BTreeMap::new(),
            scheduled: 0,
            inviters: Vec::new(),
            invited: 0,
        };
        life.schedule(month.begin, Event::Ask(Attempt::of(0, 0)));
        for who in 1..=people as usize {
            let person = Person::draw(&mut life.play.rng);
            life.people.push(person);
            life.often(1, |rng| Event::Ask(Attempt::of(who, mistakes(rng))));
        }
        life.often(people * 3 / 2, |rng| Event::Return(mistakes(rng)));
        life.often(people / 60 + 1, |_| Event::Return(12));
        life.often(people / 25 + 1, |_| Event::Guess);
        life.often(people / 40 + 1, |_| Event::Leave);
        life.often(people / 80 + 2, |_| Event::Ban);
        for number in 0..90 {
            let night = month.at(20, 3) + Duration::from_secs(40) * number;
            life.schedule(night, Event::Harvest(number.into()));
        }
        life
    }

    /// Schedules something as often, whenever something may go on.
    fn often(&mut self, times: u32, event: impl Fn(&mut StdRng) -> Event) {
        for _ in 0..times {
            let at = self.month.draw(&mut self.play.rng);
            let event = event(&mut self.play.rng);
            self.schedule(at, event);
        }
    }

    fn schedule(&mut self, at: Timestamp, event: Event) {
        self.scheduled += 1;
        self.events.insert((at, self.scheduled), event);
    }

    fn later(&mut self, wait: Duration, event: Event) {
        self.schedule(self.play.now + wait, event);
    }

    fn seconds(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_secs(self.play.rng.random_range(range))
    }

    fn pass(mut self) -> Result<(Sums, Statistics), StoreError> {
        while let Some(((at, _), event)) = self.events.pop_first() {
            if at > self.month.end {
                break;
            }
            self.play.now = at;
            self.happen(event)?;
        }
        let people = cohort::people(self.play.tx)?;
        let invited = self.invited;
        Ok((Sums { people, invited }, self.play.statistics))
    }

    fn happen(&mut self, event: Event) -> Result<(), StoreError> {
        match event {
            Event::Ask(attempt) => self.ask(attempt),
            Event::Report(gateway, challenge, reported) => {
                self.play.report(gateway, &challenge, reported)
            }
            Event::Confirm(attempt, challenge) => self.confirm(attempt, challenge),
            Event::Return(mistakes) => match self.anybody()? {
                Some((who, _)) => self.ask(Attempt::of(who, mistakes)),
                None => Ok(()),
            },
            Event::Redeem(who) => self.redeem(who),
            Event::Guess => self.guess(),
            Event::Leave => self.leave(),
            Event::Harvest(number) => self.harvest(number),
            Event::Ban => self.ban(),
            Event::Unban(user) => self.unban(user),
            Event::Unlock(phone) => self.unlock(phone),
        }
    }

    fn operator(&self) -> UserId {
        self.people[0].account.unwrap_or(UserId(0))
    }

    /// Somebody who may log in, other than the operator.
    fn anybody(&mut self) -> Result<Option<(Who, User)>, StoreError> {
        let has_account = |who: &Who| self.people[*who].account.is_some();
        let here: Vec<_> = (1..self.people.len()).filter(has_account).collect();
        if here.is_empty() {
            return Ok(None);
        }
        let who = here[self.play.rng.random_range(0..here.len())];
        let user = self.user(who)?.filter(|user| user.banned_at.is_none());
        Ok(user.map(|user| (who, user)))
    }

    fn user(&mut self, who: Who) -> Result<Option<User>, StoreError> {
        match self.people[who].account {
            Some(id) => self.play.tx.user(id),
            None => Ok(None),
        }
    }
}

/// How often somebody is wrong before they are right.
fn mistakes(rng: &mut StdRng) -> u32 {
    match rng.random_range(0..100) {
        0..2 => 3,
        2..10 => 1,
        _ => 0,
    }
}
