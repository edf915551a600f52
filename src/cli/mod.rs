//! The command line: one file a command.

mod acme;
mod admin;
mod backup;
mod beside;
mod completions;
mod config;
mod demo;
mod doctor;
mod export;
mod failure;
mod help;
mod import;
mod install;
mod installation;
mod keys;
mod listen;
mod listeners;
mod man;
mod migrate;
mod openapi;
mod progress;
mod reload;
mod restore;
mod seed;
mod serve;
mod service_manager;
mod settings;
mod simulate;
mod sms;
mod terminal;
mod tls;
mod transfer;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::{failure::Failure, terminal::tell};
use crate::{clock, telemetry};

/// A referral service with login by phone number.
#[derive(Parser)]
#[command(
    version = help::VERSION.as_str(),
    about,
    arg_required_else_help = true,
    disable_help_subcommand = false
)]
struct Cli {
    /// What to log: a level (error, warn, info, debug) or a filter like invited=debug [default: info]
    #[arg(long, global = true, env = "INVITED_LOG")]
    log: Option<String>,
    /// How lines of the log are written.
    #[arg(
        long,
        global = true,
        env = "INVITED_LOG_FORMAT",
        default_value = "human"
    )]
    log_format: telemetry::Format,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API.
    Serve(serve::Serve),
    /// Bring the database's schema up to date, or move everything to another database.
    Migrate(migrate::Migrate),
    /// Serve everything with a month of made-up people, to look at.
    Demo(demo::Demo),
    /// Fill a database with made-up people who invited one another.
    Seed(seed::Seed),
    /// Take in the users of another service, with their codes and referrers.
    Import(import::Import),
    /// Print everybody, as a file that can be imported.
    Export(export::Export),
    /// Print the OpenAPI document.
    Openapi(openapi::Openapi),
    /// Show or renew the server's keys.
    Keys(keys::Keys),
    /// Make a backup that was verified, while the server runs or without it.
    Backup(backup::Backup),
    /// Restore a backup where there is nothing.
    Restore(restore::Restore),
    /// Find, show and help people, while the server runs or without it.
    User(admin::Users),
    /// List and end sessions.
    Session(admin::Sessions),
    /// Show and put right who invited whom.
    Invitation(admin::Invitations),
    /// Show and reset the limits of a phone.
    Limits(admin::Limits),
    /// Say who operates the service over HTTP (`http.admin`), and with what keys.
    Admin(admin::Operators),
    /// Show what operators did.
    Audit(admin::Audit),
    /// Show what happened on each day: codes, messages, logins, invitations, costs.
    Stats(admin::Stats),
    /// Say why a request was refused, by the id that its answer names.
    Why(admin::Why),
    /// Say what has to be set right, a line each; exit code 1 if anything has to.
    Doctor(doctor::Doctor),
    /// Play attacks against this installation's limits, and print what would come of them.
    Simulate(simulate::Simulate),
    /// Try, check and list the gateways that messages go through.
    Sms(sms::Sms),
    /// Print every setting with its default, as a configuration file; check one.
    Config(config::Config),
    /// Have systemd serve the API at boot.
    Install(install::Install),
    /// Print completions for a shell.
    Completions(completions::Completions),
    /// Print the manual page, or write a page a command.
    Man(man::Man),
}

impl Command {
    /// Refuses what would write down or compare a time that cannot be.
    fn require_clock(&self) -> Result<(), Failure> {
        match self {
            Self::Openapi(_)
            | Self::Simulate(_)
            | Self::Config(_)
            | Self::Doctor(_)
            | Self::Install(_)
            | Self::Completions(_)
            | Self::Man(_) => Ok(()),
            _ => clock::require_sane().map_err(Failure::of),
        }
    }
}

/// Runs the command of the process's arguments. Exit code 2 means that the
/// arguments or the configuration are to blame, 1 everything else.
pub fn run() -> ExitCode {
    let command = help::plain(Cli::command());
    let matches = command.clone().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let outcome = log_filter(cli.log.as_deref())
        .and_then(|filter| telemetry::start(&filter, cli.log_format))
        .map_err(Failure::misconfigured)
        .and_then(|log| cli.command.require_clock().map(|()| log))
        .and_then(|_log| match cli.command {
            Command::Serve(serve) => serve.run(cli.log),
            Command::Migrate(migrate) => migrate.run(),
            Command::Demo(demo) => demo.run(cli.log),
            Command::Seed(seed) => seed.run(),
            Command::Import(import) => import.run(),
            Command::Export(export) => export.run(),
            Command::Openapi(openapi) => openapi.run(),
            Command::Keys(keys) => keys.run(),
            Command::Backup(backup) => backup.run(),
            Command::Restore(restore) => restore.run(),
            Command::User(users) => users.run(),
            Command::Session(sessions) => sessions.run(),
            Command::Invitation(invitations) => invitations.run(),
            Command::Limits(limits) => limits.run(),
            Command::Admin(operators) => operators.run(),
            Command::Audit(audit) => audit.run(),
            Command::Stats(stats) => stats.run(),
            Command::Why(why) => why.run(),
            Command::Doctor(doctor) => doctor.run(),
            Command::Simulate(simulate) => simulate.run(),
            Command::Sms(sms) => sms.run(),
            Command::Config(config) => config.run(),
            Command::Install(install) => install.run(),
            Command::Completions(completions) => completions.run(command),
            Command::Man(man) => man.run(command),
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&format!("invited: {}\n", failure.sentence));
            ExitCode::from(if failure.misconfigured { 2 } else { 1 })
        }
    }
}

/// What is logged until a configuration is read.
fn log_filter(flag: Option<&str>) -> Result<telemetry::Filter, String> {
    let filter = flag.unwrap_or("info").parse();
    filter.map_err(|reason: String| format!("--log {reason}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_variables_of_flags_are_known_to_the_settings() {
        fn of(command: &clap::Command, names: &mut BTreeSet<String>) {
            let variables = command.get_arguments().filter_map(clap::Arg::get_env);
            names.extend(variables.map(|name| name.to_str().unwrap().to_owned()));
            command
                .get_subcommands()
                .for_each(|command| of(command, names));
        }
        let mut names = BTreeSet::new();
        of(&Cli::command(), &mut names);
        // It is a setting as well.
        assert!(names.remove("INVITED_LOG"));
        assert!(names.iter().eq(&settings::FLAG_VARIABLES), "{names:?}");
    }
}
