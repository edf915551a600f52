//! What happens, told to whoever watches as it happens.
//!
//! It costs nothing while nobody does, and whoever counts something never waits
//! for those who watch: so many events are kept for them, and who is slower than
//! that is told how many were missed.

use serde_json::{Value, json};
use tokio::sync::{
    broadcast::{Receiver, Sender, error::RecvError},
    watch,
};

use crate::domain::{
    money::Money, phone::Phone, statistic::Measure, time::Timestamp, user::UserId,
};

/// How many are kept for whoever is slow.
const KEPT: usize = 256;

/// Something that is counted.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// What.
    pub measure: Measure,
    /// When.
    pub at: Timestamp,
    /// To which phone.
    pub phone: Option<Phone>,
    /// To whom.
    pub user: Option<UserId>,
    /// Of which gateway or limit; empty where there is no such thing.
    pub of: &'a str,
    /// What it cost.
    pub cost: Money,
}

impl Happened<'_> {
    /// Something of which nothing else is known.
    pub fn at(measure: Measure, at: Timestamp) -> Self {
        Self {
            measure,
            at,
            phone: None,
            user: None,
            of: "",
            cost: Money::default(),
        }
    }

    /// It was of this phone.
    pub fn of_phone(self, phone: Phone) -> Self {
        let phone = Some(phone);
        Self { phone, ..self }
    }

    /// It was of this user.
    pub fn of_user(self, user: UserId) -> Self {
        let user = Some(user);
        Self { user, ..self }
    }
}

impl From<Happened<'_>> for Event {
    fn from(happened: Happened<'_>) -> Self {
        Self {
            at: happened.at,
            kind: Kind::of(happened.measure),
            phone: happened.phone,
            user: happened.user,
            detail: happened.of.to_owned(),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// To which phone.
    pub phone: Option<Phone>,
    /// To whom.
    pub user: Option<UserId>,
    /// The gateway or the limit, or what the alarm is about.
    pub detail: String,
}

/// What an event is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(&'static str);

impl Kind {
    /// Codes begin to be guessed, or no longer are.
    pub const ALARM: Self = Self("alarm");

    /// One of what is counted.
    fn of(measure: Measure) -> Self {
        Self(match measure {
            Measure::Accounts => "account",
            Measure::Invitations => "invitation",
            measure => measure.name(),
        })
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// What happens.
pub struct Events {
    told: Sender<Event>,
    ended: watch::Sender<bool>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            told: Sender::new(KEPT),
            ended: watch::Sender::default(),
        }
    }
}

impl Events {
    /// Tells of something, if anybody listens.
    pub fn tell(&self, event: impl FnOnce() -> Event) {
        if self.told.receiver_count() > 0 {
            // The last of them may have gone meanwhile.
            let _ = self.told.send(event());
        }
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        Listener {
            told: self.told.subscribe(),
            ended: self.ended.subscribe(),
        }
    }

    /// Tells of nothing more: or a server would wait for those who watch it stop.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }
}

/// Somebody who listens.
pub struct Listener {
    told: Receiver<Event>,
    ended: watch::Receiver<bool>,
}

/// What somebody who listens hears next.
#[derive(Debug, Clone)]
pub enum Heard {
    /// Something happened.
    Event(Event),
    /// So many events are lost: they came faster than they were heard.
    Missed(u64),
}

impl Listener {
    /// Waits for the next event; `None` once the service has ended.
    pub async fn next(&mut self) -> Option<Heard> {
        let told = tokio::select! {
            told = self.told.recv() => told,
            _ = self.ended.wait_for(|ended| *ended) => return None,
        };
        match told {
            Ok(event) => Some(Heard::Event(event)),
            Err(RecvError::Lagged(missed)) => Some(Heard::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Heard {
    /// What it is called.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Event(event) => event.kind.name(),
            Self::Missed(_) => "missed",
        }
    }

    /// As whoever may see no phone in full is told of it.
    pub fn json(&self) -> Value {
        match self {
            Self::Event(event) => json!({
                "at": event.at.second().rfc3339(),
                "kind": event.kind.name(),
                "phone": event.phone.map(Phone::masked),
                "user": event.user.map(|user| user.0),
                "detail": event.detail,
            }),
            Self::Missed(count) => json!({ "kind": self.kind(), "count": count }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_nobody_listens_no_event_is_made() {
        let events = Events::default();
        events.tell(|| unreachable!("somebody listens"));
        drop(events.listen());
        events.tell(|| unreachable!("somebody listens still"));
    }
}
