//! `invited completions`: prints what a shell reads to complete commands and flags.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::{failure::Failure, terminal::print};

#[derive(Args)]
pub struct Completions {
    shell: Shell,
}

impl Completions {
    pub fn run(&self, mut command: Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        generate(self.shell, &mut command, "invited", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
