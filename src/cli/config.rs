//! `invited config`: prints every setting with its default.

use super::{failure::Failure, terminal::print};
use crate::config::Config;

pub fn run() -> Result<(), Failure> {
    print(&Config::sample())
}
