//! People, a page at a time, and how they are looked for.
//!
//! A phone, its beginning, its end and its masked form, an invitation code and an
//! identifier are found by index; a phone or a part of it by those only who may
//! see phones in full. For a part of a name, an e-mail address or the
//! middle of a phone people are looked through, so many of them a page: a page
//! that says where the next begins may have fewer rows than were asked for.

use serde_json::{Value, json};
use tokio::task::yield_now;

use super::{error::AdminError, reads::Show, who::Who};
use crate::domain::{
    search::Digits,
    user::{User, UserId},
};

/// Users that are looked through in one transaction.
const WINDOW: usize = 1000;
/// Of these, as many as a page takes.
const WINDOWS: usize = 100;
/// People with one masked phone that are read, however few are asked for: or by
/// how many it takes to find somebody their phones would be put in order.
const MASKED: usize = 500;
/// Digits by which a part of a phone is looked for.
const FEWEST_DIGITS: usize = 4;
/// The most that a phone has.
const MOST_DIGITS: usize = 15;

/// A page, and where the next one begins, if there may be more.
struct Page {
    users: Vec<User>,
    next: Option<UserId>,
}

impl Show<'_> {
    /// A page of all people, or of those whom the text means.
    pub async fn people(
        &self,
        query: Option<&str>,
        banned: bool,
        after: i64,
        limit: usize,
    ) -> Result<Value, AdminError> {
        let page = self.page(query, banned, UserId(after), limit).await?;
        Ok(json!({
            "people": self.list(&page.users),
            "next": page.next.map(|next| next.0),
        }))
    }

    /// All whom the text means, however many are looked through.
    pub async fn found(&self, text: &str, limit: usize) -> Result<Value, AdminError> {
        let (mut found, mut next) = (Vec::new(), Some(UserId(0)));
        while let Some(after) = next.filter(|_| found.len() < limit) {
            let page = self.page(Some(text), false, after, limit).await?;
            found.extend(page.users);
            next = page.next;
        }
        found.truncate(limit);
        Ok(self.list(&found))
    }

    async fn page(
        &self,
        query: Option<&str>,
        banned: bool,
        after: UserId,
        limit: usize,
    ) -> Result<Page, AdminError> {
        let Some(text) = query.map(str::trim).filter(|text| !text.is_empty()) else {
            let users = self.read(move |tx| Ok(tx.users(after, banned, limit)?));
            let users = users.await?;
            let last = users.last().map(|user| user.id);
            let next = last.filter(|_| users.len() == limit);
            return Ok(Page { users, next });
        };
        let mut known = self.known(text, limit).await?;
        known.retain(|user| !banned || user.banned_at.is_some());
        // They are on the first page, wherever they would be come across.
        let mut users = match after {
            UserId(0) => known.clone(),
            _ => Vec::new(),
        };
        if is_number(text) && !known.is_empty() {
            return Ok(Page { users, next: None });
        }
        let most = limit.saturating_sub(users.len()).max(1);
        let Page { users: found, next } = self.look_through(text, banned, after, most).await?;
        let is_new = |user: &User| known.iter().all(|one| one.id != user.id);
        users.extend(found.into_iter().filter(is_new));
        Ok(Page { users, next })
    }

    /// Those whom an index finds.
    async fn known(&self, text: &str, limit: usize) -> Result<Vec<User>, AdminError> {
        let who = Who::parse(text, self.app.config.login.default_region).ok();
        let by_phone = self.by_phone;
        let (who, digits, most) = if by_phone {
            (who, digits(text), limit)
        } else {
            let digits = masked(text).into_iter().collect();
            (who.map(Who::without_phone), digits, MASKED.max(limit))
        };
        self.read(move |tx| {
            let mut known: Vec<User> = Vec::new();
            if let Some(who) = who {
                known.extend(who.find(tx)?);
            }
            for part in &digits {
                for user in tx.users_by_digits(*part, most)? {
                    if known.iter().all(|one| one.id != user.id) {
                        known.push(user);
                    }
                }
            }
            if !by_phone {
                known.sort_unstable_by_key(|user| user.id);
            }
            known.truncate(limit);
            Ok(known)
        })
        .await
    }

    /// Looks through those after one until there are enough, or it has been long.
    async fn look_through(
        &self,
        text: &str,
        banned: bool,
        after: UserId,
        limit: usize,
    ) -> Result<Page, AdminError> {
        let (part, mut last) = (Part::of(text, self.by_phone), after);
        let mut found: Vec<User> = Vec::new();
        for _ in 0..WINDOWS {
            let users = self.read(move |tx| Ok(tx.users(last, banned, WINDOW)?));
            let users = users.await?;
            let is_end = users.len() < WINDOW;
            for user in users {
                last = user.id;
                if part.is_in(&user) {
                    found.push(user);
                }
                if found.len() == limit {
                    let (users, next) = (found, Some(last));
                    return Ok(Page { users, next });
                }
            }
            if is_end {
                let (users, next) = (found, None);
                return Ok(Page { users, next });
            }
            // Requests are answered in between.
            yield_now().await;
        }
        let (users, next) = (found, Some(last));
        Ok(Page { users, next })
    }
}

/// What an index finds of a phone by this text.
fn digits(text: &str) -> Vec<Digits> {
    let parts = || {
        let number = part_of_phone(text)?;
        let (digits, count) = (number.parse().ok()?, u32::try_from(number.len()).ok()?);
        // No phone begins with a zero.
        let first = (!number.starts_with('0')).then_some(Digits::First(digits));
        Some(first.into_iter().chain([Digits::Last { digits, count }]))
    };
    masked(text)
        .into_iter()
        .chain(parts().into_iter().flatten())
        .collect()
}

/// Whether a phone is looked for, and nothing else.
fn is_number(text: &str) -> bool {
    part_of_phone(text).is_some() || masked(text).is_some()
}

/// The digits of what is written like a number, if they are enough.
fn part_of_phone(text: &str) -> Option<String> {
    let is_number = text
        .chars()
        .all(|c| c.is_ascii_digit() || "+-() ".contains(c));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_part = is_number && (FEWEST_DIGITS..=MOST_DIGITS).contains(&digits.len());
    is_part.then_some(digits)
}

/// A phone as the log has it.
fn masked(text: &str) -> Option<Digits> {
    let (first, rest) = text.strip_prefix('+')?.split_once('•')?;
    let last = rest.trim_start_matches('•');
    let hidden = 1 + rest.chars().filter(|c| *c == '•').count();
    let is_masked = first.len() == 4 && last.len() == 2 && hidden + 6 <= MOST_DIGITS;
    is_masked.then_some(())?;
    Some(Digits::Masked {
        first: first.parse().ok()?,
        hidden: u32::try_from(hidden).ok()?,
        last: last.parse().ok()?,
    })
}

/// A part of a name, an e-mail address or a phone.
struct Part {
    text: String,
    digits: Option<String>,
}

impl Part {
    /// What an operator looks for, and whether by phone too.
    fn of(text: &str, by_phone: bool) -> Self {
        Self {
            text: text.to_lowercase(),
            digits: part_of_phone(text).filter(|_| by_phone),
        }
    }

    /// Whether it is one of theirs.
    fn is_in(&self, user: &User) -> bool {
        let texts = [&user.first_name, &user.last_name, &user.email];
        let mut texts = texts.into_iter().map(|text| text.to_lowercase());
        let has_digits = |digits: &String| user.phone.to_string().contains(digits);
        texts.any(|text| text.contains(&self.text)) || self.digits.as_ref().is_some_and(has_digits)
    }
}
