//! What a client has at hand: a line to the server, the messages that were
//! sent, somebody to be invited by, and the tally.

use std::sync::mpsc::Sender;

use serde_json::{Value, json};

use super::{site::Site, tally::Tally};
use crate::harness::line::{Line, Lost, Told};

/// Somebody whose code the others enter: phone and invitation code.
pub struct Referrer {
    pub phone: String,
    pub code: String,
}

pub struct Desk<'a> {
    line: Line,
    pub site: &'a Site,
    pub tally: &'a Tally,
    pub referrers: &'a [Referrer],
    /// Hears of each answer.
    pub answered: Option<Sender<()>>,
}

/// Why a client went no further.
#[derive(Debug)]
pub enum Stop {
    /// No answer.
    Lost(Lost),
    /// 503.
    Unavailable(Told),
    /// Something that must not be; the tally knows.
    Wrong,
}

impl<'a> Desk<'a> {
    pub fn new(address: &str, site: &'a Site, tally: &'a Tally, referrers: &'a [Referrer]) -> Self {
        Self {
            line: Line::to(address),
            site,
            tally,
            referrers,
            answered: None,
        }
    }

    /// Asks, and expects a certain status.
    pub fn expect(
        &mut self,
        status: u16,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Told, Stop> {
        let told = self.line.call(method, path, headers, body);
        let told = told.map_err(Stop::Lost)?;
        if told.status == status {
            // Nobody listens any more once the fault has struck.
            self.answered.as_ref().map(|answered| answered.send(()));
            Ok(told)
        } else if told.status == 503 {
            Err(Stop::Unavailable(told))
        } else {
            self.tally.lose(format!("{method} {path}: {told:?}"));
            Err(Stop::Wrong)
        }
    }

    /// Asks while nothing is wrong: there is an answer.
    pub fn answer(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Told {
        let told = self.line.call(method, path, headers, body);
        told.unwrap_or_else(|lost| panic!("{method} {path}: {lost:?}"))
    }

    pub fn profile(&mut self, access: &str) -> Told {
        let bearer = format!("Bearer {access}");
        self.answer(
            "GET",
            "/profile/",
            &[("authorization", &bearer)],
            &Value::Null,
        )
    }

    pub fn confirm(&mut self, token: &str, code: &str) -> Told {
        self.line.confirm(token, code).unwrap()
    }

    pub fn exchange(&mut self, refresh: &str) -> Told {
        self.answer(
            "POST",
            "/token/refresh/",
            &[],
            &json!({ "refresh": refresh }),
        )
    }

    pub fn log_in(&mut self, phone: &str) -> Told {
        let asked = self.answer("POST", "/login/", &[], &json!({ "phone": phone }));
        let code = self.site.code(phone);
        self.confirm(&asked.text("sms-token"), &code)
    }

    pub fn invitation_code(&self, phone: &str) -> &'a str {
        let mut referrers = self.referrers.iter();
        &referrers
            .find(|referrer| referrer.phone == phone)
            .unwrap()
            .code
    }
}
