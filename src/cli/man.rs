//! `invited man`: manual pages, made of what the commands say of themselves.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::{Man as Page, generate_to};

use super::{failure::Failure, terminal::print};

#[derive(Args)]
pub struct Man {
    /// A folder for a page a command, as in /usr/local/share/man/man1; without
    /// it, the first page is printed.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Man {
    pub fn run(&self, command: Command) -> Result<(), Failure> {
        if let Some(folder) = &self.folder {
            let name = folder.display();
            let failed =
                |error| Failure::of(format!("the pages cannot be written to {name}: {error}"));
            generate_to(command, folder).map_err(failed)?;
            return print(&format!("wrote the pages to {name}\n"));
        }
        let mut page = Vec::new();
        let rendered = Page::new(command).render(&mut page);
        rendered.map_err(|error| Failure::of(format!("cannot print: {error}")))?;
        print(&String::from_utf8_lossy(&page))
    }
}
