//! The commands of operators: of a running server they are asked over its
//! socket; without one the database is opened here, under its lock.

mod console;
mod operators;
mod table;

use clap::{Args, Subcommand};

use self::console::Reason;
pub use self::{
    console::{Console, OptionalReason, ask, is_running},
    operators::Operators,
    table::table,
};
use super::failure::Failure;
use crate::{
    app::admin::{Change, Look},
    domain::statistic::Span,
};

/// Rows of a list, unless more are wanted.
const LIMIT: usize = 50;

#[derive(Args)]
pub struct Users {
    #[command(flatten)]
    console: Console,
    #[command(subcommand)]
    action: UserAction,
}

/// A user is named by phone, invitation code or identifier (phone:, code: or
/// id: before it says which).
#[derive(Subcommand)]
enum UserAction {
    /// List users, in the order in which they came.
    List {
        /// Only those who are banned.
        #[arg(long)]
        banned: bool,
        /// Go on after this identifier.
        #[arg(long, value_name = "ID", default_value_t = 0)]
        after: i64,
        #[arg(long, value_name = "ROWS", default_value_t = LIMIT)]
        limit: usize,
    },
    /// Find users by phone, code, identifier, or a part of a name, an e-mail address or a phone.
    ///
    /// Four digits of a phone are enough, and so is a masked one, as in the log.
    Find {
        text: String,
        #[arg(long, value_name = "ROWS", default_value_t = LIMIT)]
        limit: usize,
    },
    /// Show a user with sessions, devices, limits and the latest of the audit.
    Show { who: String },
    /// Log a user out everywhere, and in no more.
    Ban {
        who: String,
        #[command(flatten)]
        why: Reason,
    },
    /// Let a banned user log in again.
    Unban {
        who: String,
        #[command(flatten)]
        why: Reason,
    },
    /// Delete an account with its personal data, as its user could.
    Delete {
        who: String,
        #[command(flatten)]
        why: Reason,
    },
    /// Print all that is known of one person, as JSON.
    Export {
        who: String,
        #[command(flatten)]
        why: Reason,
    },
    /// End every session of a user, and forget the devices.
    Logout {
        who: String,
        #[command(flatten)]
        why: Reason,
    },
    /// Clear what keeps a phone out: its messages and wrong guesses count no more.
    Unlock {
        who: String,
        #[command(flatten)]
        why: Reason,
    },
    /// Give an account another phone. Everybody who is logged in is logged out.
    MovePhone {
        who: String,
        phone: String,
        #[command(flatten)]
        why: Reason,
    },
}

#[derive(Args)]
pub struct Sessions {
    #[command(flatten)]
    console: Console,
    #[command(subcommand)]
    action: SessionAction,
}

#[derive(Subcommand)]
enum SessionAction {
    /// List a user's sessions.
    List { who: String },
    /// End one session.
    End {
        #[arg(allow_negative_numbers = true)]
        id: i64,
        #[command(flatten)]
        why: Reason,
    },
}

#[derive(Args)]
pub struct Invitations {
    #[command(flatten)]
    console: Console,
    #[command(subcommand)]
    action: InvitationAction,
}

#[derive(Subcommand)]
enum InvitationAction {
    /// Show who invited a user, and whom the user invited.
    Show { who: String },
    /// Put right who invited a user.
    Fix {
        who: String,
        /// Who did.
        #[arg(long, value_name = "WHO", required_unless_present = "nobody")]
        referrer: Option<String>,
        /// Nobody did.
        #[arg(long, conflicts_with = "referrer")]
        nobody: bool,
        #[command(flatten)]
        why: Reason,
    },
}

#[derive(Args)]
pub struct Limits {
    #[command(flatten)]
    console: Console,
    #[command(subcommand)]
    action: LimitsAction,
}

#[derive(Subcommand)]
enum LimitsAction {
    /// Show how a phone stands with its limits, whether or not it is a user's.
    Show { phone: String },
    /// Let them begin anew.
    Reset {
        phone: String,
        #[command(flatten)]
        why: Reason,
    },
}

#[derive(Args)]
pub struct Audit {
    #[command(flatten)]
    console: Console,
    /// Only what was done to this user.
    who: Option<String>,
    #[arg(long, value_name = "ROWS", default_value_t = LIMIT)]
    limit: usize,
}

#[derive(Args)]
pub struct Stats {
    #[command(flatten)]
    console: Console,
    /// How many days, today among them.
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    days: u32,
    /// The last 24 hours, an hour a row.
    #[arg(long, conflicts_with = "days")]
    hours: bool,
    /// People by the week in which they came, and how many they invited since.
    #[arg(long, conflicts_with_all = ["days", "hours"])]
    cohorts: bool,
}

#[derive(Args)]
pub struct Why {
    #[command(flatten)]
    console: Console,
    /// The `request_id` of the answer, or its header `X-Request-Id`.
    request_id: String,
}

impl Why {
    pub fn run(self) -> Result<(), Failure> {
        let request_id = self.request_id;
        self.console.look(Look::Why { request_id })
    }
}

impl Users {
    pub fn run(self) -> Result<(), Failure> {
        let console = self.console;
        match self.action {
            UserAction::List {
                banned,
                after,
                limit,
            } => console.look(Look::ListUsers {
                after,
                banned,
                limit,
            }),
            UserAction::Find { text, limit } => console.look(Look::FindUsers { text, limit }),
            UserAction::Show { who } => console.look(Look::ShowUser { who }),
            UserAction::Ban { who, why } => console.change(Change::BanUser { who }, why),
            UserAction::Unban { who, why } => console.change(Change::UnbanUser { who }, why),
            UserAction::Delete { who, why } => console.change(Change::DeleteUser { who }, why),
            UserAction::Export { who, why } => {
                let export = Change::ExportUser { who };
                console.with_json().change(export, why)
            }
            UserAction::Logout { who, why } => console.change(Change::LogOutUser { who }, why),
            UserAction::Unlock { who, why } => console.change(Change::UnlockUser { who }, why),
            UserAction::MovePhone { who, phone, why } => {
                console.change(Change::MovePhone { who, phone }, why)
            }
        }
    }
}

impl Sessions {
    pub fn run(self) -> Result<(), Failure> {
        match self.action {
            SessionAction::List { who } => self.console.look(Look::ListSessions { who }),
            SessionAction::End { id, why } => self.console.change(Change::EndSession { id }, why),
        }
    }
}

impl Invitations {
    pub fn run(self) -> Result<(), Failure> {
        match self.action {
            InvitationAction::Show { who } => self.console.look(Look::ShowInvitation { who }),
            InvitationAction::Fix {
                who, referrer, why, ..
            } => {
                let fix = Change::FixInvitation { who, referrer };
                self.console.change(fix, why)
            }
        }
    }
}

impl Limits {
    pub fn run(self) -> Result<(), Failure> {
        match self.action {
            LimitsAction::Show { phone } => self.console.look(Look::ShowLimits { phone }),
            LimitsAction::Reset { phone, why } => {
                self.console.change(Change::ResetLimits { phone }, why)
            }
        }
    }
}

impl Audit {
    pub fn run(self) -> Result<(), Failure> {
        let (who, limit) = (self.who, self.limit);
        self.console.look(Look::Audit {
            who,
            before: None,
            limit,
        })
    }
}

impl Stats {
    pub fn run(self) -> Result<(), Failure> {
        let days = self.days;
        self.console.look(if self.cohorts {
            Look::Cohorts
        } else if self.hours {
            Look::Series { span: Span::Day }
        } else {
            Look::Stats { days }
        })
    }
}
