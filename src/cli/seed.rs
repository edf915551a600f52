//! `invited seed`.

use super::{Failure, Settings};

#[derive(clap::Args)]
pub struct Seed {
    #[command(flatten)]
    settings: Settings,
}

impl Seed {
    pub fn run(&self) -> Result<(), Failure> {
        self.settings.read()?;
        Err(Failure::of("to come"))
    }
}
