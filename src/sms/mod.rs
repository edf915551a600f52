//! How a code reaches a phone: one trait, one file a gateway.
//!
//! A gateway is an open set, hence a trait object, chosen by name when the
//! server starts. It is always called outside of any transaction.

mod console;
mod file;
pub mod text;

use std::{path::PathBuf, str::FromStr, sync::Arc};

use async_trait::async_trait;

use crate::domain::{code::OneTimeCode, phone::Phone, time::Timestamp};

/// A message with a one-time code. `Debug` is not derived: it would show the code.
pub struct Message {
    /// Whom it is for.
    pub to: Phone,
    /// What it says, code included.
    pub text: String,
    /// The code alone, for gateways with templates of their own.
    pub code: OneTimeCode,
    /// When it was asked for.
    pub at: Timestamp,
}

/// A gateway took the message.
#[derive(Default)]
pub struct Receipt {
    /// The code that the provider chose in place of ours, as flash calls do.
    pub code: Option<OneTimeCode>,
}

/// A gateway did not take the message, or nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmsError {
    /// The provider will not send to this number.
    #[error("the gateway rejected the number")]
    Rejected,
    /// Wrong credentials, no money, an unknown sender: a matter for the operator.
    #[error("the gateway is misconfigured")]
    Misconfigured,
    /// Too much at once; later it may go.
    #[error("the gateway asked for patience")]
    Throttled,
    /// It certainly was not sent, for a reason that may pass.
    #[error("the message was not sent")]
    NotSent,
    /// It may have been sent: no answer, or one that says nothing.
    #[error("it is not known whether the message was sent")]
    Unknown,
}

/// A carrier's way in.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Hands a message over.
    async fn deliver(&self, message: &Message) -> Result<Receipt, SmsError>;
}

/// Which gateway, as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Prints to the terminal.
    Console,
    /// Appends to a file.
    File(PathBuf),
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "console" => Ok(Self::Console),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            _ => Err("is no gateway: write \"console\" or \"file:PATH\"".to_owned()),
        }
    }
}

/// Opens the chosen gateway.
///
/// # Errors
/// A sentence for the operator.
pub fn open(choice: &Choice) -> Result<Arc<dyn Gateway>, String> {
    match choice {
        Choice::Console => match console::Console::open() {
            Ok(console) => Ok(Arc::new(console)),
            Err(error) => Err(format!("the terminal cannot be used: {error}")),
        },
        Choice::File(path) => match file::File::open(path) {
            Ok(file) => Ok(Arc::new(file)),
            Err(error) => Err(format!("{} cannot be written: {error}", path.display())),
        },
    }
}
