//! For how long an attack is played, and with how much.

use clap::Args;

#[derive(Args, Clone, Copy)]
pub struct Options {
    /// For how long.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub days: u32,
    /// How many requests a day an attacker makes at most.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub requests: u32,
    /// How many prefixes of 10 000 numbers earn from messages.
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub prefixes: u32,
    /// How many people have an invitation code to be hit.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub users: u32,
}
