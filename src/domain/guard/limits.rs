//! The limits, each written once: its name in settings and in refusals, its
//! default, and what it bounds of whom.

use crate::domain::limit::{Limit, Named, Subject};

/// What is known of the setting of a limit.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key.
    pub key: &'static str,
    /// The default, as it would be written.
    pub default: &'static str,
    /// What it bounds.
    pub help: &'static str,
}

macro_rules! limits {
    ($(#[doc = $help:literal] $name:ident: $subject:ident = $default:literal;)*) => {
        /// How often what may happen.
        #[derive(Debug, Clone)]
        pub struct Limits {
            $(#[doc = $help] pub $name: Named,)*
        }

        impl Limits {
            /// The setting of each, in order.
            pub const SETTINGS: &'static [Setting] = &[
                $(Setting { key: concat!("limits.", stringify!($name)), default: $default, help: $help },)*
            ];

            /// The limit with this name.
            pub fn of(&self, name: &str) -> Option<&Named> {
                match name {
                    $(stringify!($name) => Some(&self.$name),)*
                    _ => None,
                }
            }

            /// Has every limit read by its key and its default.
            pub fn read<E>(
                mut limit: impl FnMut(&'static str, &'static str) -> Result<Limit, E>,
            ) -> Result<Self, E> {
                Ok(Self {
                    $($name: Named {
                        name: stringify!($name),
                        subject: Subject::$subject,
                        limit: limit(concat!("limits.", stringify!($name)), $default)?,
                    },)*
                })
            }
        }
    };
}

limits! {
    /// Messages sent to one phone; its known devices may have as many again.
    sends_per_phone: Phone = "1/60s, 3/15m, 10/24h";
    /// Wrong guesses of one phone's codes, all tokens together; known devices may guess as often again.
    wrong_guesses_per_phone: Phone = "5/24h, 8/7d, 10/30d";
    /// Wrong guesses of one phone's longer codes, once the short ones are used up.
    wrong_long_guesses_per_phone: Phone = "30/24h";
    /// Failed confirmations from one source address.
    failed_confirmations_per_source: Source = "10/1h, 20/24h";
    /// Confirmations from one source address with tokens that cannot be read.
    unreadable_tokens_per_source: Source = "100/1h";
    /// Messages asked for by one source address.
    sends_per_source: Source = "10/1h, 30/24h";
    /// Messages sent to one prefix: numbers that differ in the last four digits.
    sends_per_prefix: Prefix = "20/1h, 50/24h";
    /// Messages sent in all.
    sends_in_all: Everybody = "5000/24h";
    /// Wrong invitation codes entered by one user.
    wrong_invitation_codes_per_user: User = "10/24h";
    /// Wrong invitation codes entered from one source address.
    wrong_invitation_codes_per_source: Source = "30/24h";
}
