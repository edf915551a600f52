//! `invited admin`: who operates the service over HTTP, and with what keys.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::console::{Console, OptionalReason};
use crate::{
    app::admin::{Change, KeyRef, Look},
    cli::failure::Failure,
    domain::{
        permission::{Permissions, Role},
        time::parse_span,
    },
};

#[derive(Args)]
pub struct Operators {
    #[command(flatten)]
    console: Console,
    #[command(flatten)]
    why: OptionalReason,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a user an operator, or give an operator another role.
    ///
    /// The user is named by phone, invitation code or identifier, and has
    /// logged in before: viewers see figures and people, support helps people,
    /// owners do everything.
    Grant {
        who: String,
        /// What for: viewer, support or owner.
        #[arg(long)]
        role: Role,
    },
    /// Take an operator's role; they are logged out at once.
    Revoke { who: String },
    /// List operators.
    List,
    /// Make, list and delete the keys of programs.
    #[command(subcommand)]
    Key(KeyAction),
}

#[derive(Subcommand)]
enum KeyAction {
    /// Make a key, and print its secret, this once.
    Create {
        name: String,
        /// What it is good for, as in figures,people.
        #[arg(long, value_name = "PERMISSIONS")]
        permission: Permissions,
        /// How long it is good, as in 90d; for ever by default.
        #[arg(long, value_name = "SPAN", value_parser = span)]
        expires: Option<Duration>,
    },
    /// List keys.
    List,
    /// Delete a key.
    Delete { name: String },
}

fn span(text: &str) -> Result<Duration, String> {
    parse_span(text)
}

impl Operators {
    pub fn run(self) -> Result<(), Failure> {
        let change = match self.action {
            Action::List => return self.console.look(Look::ListOperators),
            Action::Key(KeyAction::List) => return self.console.look(Look::ListKeys),
            Action::Grant { who, role } => Change::Grant {
                who,
                role: role.name().to_owned(),
            },
            Action::Revoke { who } => Change::Revoke { who },
            Action::Key(KeyAction::Create {
                name,
                permission,
                expires,
            }) => Change::CreateKey {
                name,
                permissions: permission.to_string(),
                expires_in_seconds: expires.map(|life| life.as_secs()),
            },
            Action::Key(KeyAction::Delete { name }) => Change::DeleteKey {
                key: KeyRef::Name(name),
            },
        };
        self.console.change_for(change, self.why)
    }
}
