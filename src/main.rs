//! Parse, run, report, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    invited::cli::run()
}
