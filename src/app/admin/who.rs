//! How operators name people: by phone, by invitation code, or by identifier.

use super::error::AdminError;
use crate::domain::{
    code::InvitationCode,
    error::StoreError,
    lock::Subject,
    phone::Phone,
    region::Region,
    tx::Tx,
    user::{User, UserId},
};

/// Somebody, as an operator names them: all that the name may be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Who {
    phone: Option<Phone>,
    code: Option<InvitationCode>,
    id: Option<UserId>,
}

impl From<UserId> for Who {
    fn from(id: UserId) -> Self {
        let id = Some(id);
        Self {
            id,
            ..Self::default()
        }
    }
}

impl Who {
    /// Reads a name, of which `phone:`, `code:` or `id:` may say what it is.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(text: &str, region: Region) -> Result<Self, AdminError> {
        let text = text.trim();
        let phone = |text: &str| Phone::parse(text, region).ok();
        let code = |text: &str| InvitationCode::parse(text).ok();
        let id = |text: &str| text.parse().ok().map(UserId);
        let nobody = Self::default();
        let who = match text.split_once(':') {
            Some(("phone", text)) => Self {
                phone: phone(text),
                ..nobody
            },
            Some(("code", text)) => Self {
                code: code(text),
                ..nobody
            },
            Some(("id", text)) => Self {
                id: id(text),
                ..nobody
            },
            _ => Self {
                phone: phone(text),
                code: code(text),
                id: id(text),
            },
        };
        if who.phone.is_none() && who.code.is_none() && who.id.is_none() {
            let what = "is not a phone, an invitation code or an identifier";
            return Err(AdminError::Invalid(format!("\"{text}\" {what}")));
        }
        Ok(who)
    }

    /// The same, for whoever may not see phones: trying them one by one would
    /// tell what is hidden.
    pub fn without_phone(self) -> Self {
        Self {
            phone: None,
            ..self
        }
    }

    /// The phone, where only a phone will do.
    ///
    /// # Errors
    /// When it is not one.
    pub fn new_phone(self) -> Result<Phone, AdminError> {
        self.phone
            .ok_or_else(|| AdminError::Invalid("the new phone is not a phone".to_owned()))
    }

    /// The identifier of a user who may be gone.
    ///
    /// # Errors
    /// When it names nobody, or the store fails.
    pub fn past(self, tx: &mut dyn Tx) -> Result<UserId, AdminError> {
        let found = self.find(tx)?.map(|user| user.id);
        found.or(self.id).ok_or_else(nobody)
    }

    /// The user, if there is one: whoever has the phone, else the code, else the identifier.
    ///
    /// # Errors
    /// When the store fails.
    pub fn find(self, tx: &mut dyn Tx) -> Result<Option<User>, StoreError> {
        if let Some(phone) = self.phone
            && let Some(user) = tx.user_by_phone(phone)?
        {
            return Ok(Some(user));
        }
        if let Some(code) = self.code
            && let Some(user) = tx.user_by_invitation_code(code)?
        {
            return Ok(Some(user));
        }
        self.id.map_or(Ok(None), |id| tx.user(id))
    }

    /// The user, where there has to be one.
    ///
    /// # Errors
    /// When there is none, or the store fails.
    pub fn require(self, tx: &mut dyn Tx) -> Result<User, AdminError> {
        self.find(tx)?.ok_or_else(nobody)
    }

    /// The same, where something is decided on the user.
    ///
    /// # Errors
    /// When there is none, or the store fails.
    pub fn decide_on(self, tx: &mut dyn Tx) -> Result<User, AdminError> {
        let user = self.require(tx)?;
        tx.lock(&[Subject::User(user.id)])?;
        // What was read before may be over.
        self.require(tx)
    }

    /// A phone and its user, if it is a user's.
    ///
    /// # Errors
    /// When it names nobody, or the store fails.
    pub fn phone(self, tx: &mut dyn Tx) -> Result<(Phone, Option<UserId>), AdminError> {
        match (self.find(tx)?, self.phone) {
            (Some(user), _) => Ok((user.phone, Some(user.id))),
            (None, Some(phone)) => Ok((phone, None)),
            (None, None) => Err(nobody()),
        }
    }
}

fn nobody() -> AdminError {
    AdminError::Missing("there is no such user")
}
